"""Scheduling: one model, list schedules, search, bounds, and the list schedule of a large fleet."""

from crewless.planner.schedule.problem import Mode, Operation, Precedence, Problem, Resource, Schedule
from crewless.planner.schedule.read import is_instance, read_fjsp, read_instance, read_rcpsp
from crewless.planner.schedule.solve import schedule

__all__ = [
    "Mode",
    "Operation",
    "Precedence",
    "Problem",
    "Resource",
    "Schedule",
    "is_instance",
    "read_fjsp",
    "read_instance",
    "read_rcpsp",
    "schedule",
]
