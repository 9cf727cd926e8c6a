"""Scheduling: one model, list schedules, search, bounds, and the list schedule of a large fleet."""

from crewless.planner.schedule.problem import Mode, Operation, Precedence, Problem, Resource, Schedule
from crewless.planner.schedule.read import read_fjsp, read_rcpsp
from crewless.planner.schedule.solve import schedule

__all__ = [
    "Mode",
    "Operation",
    "Precedence",
    "Problem",
    "Resource",
    "Schedule",
    "read_fjsp",
    "read_rcpsp",
    "schedule",
]
