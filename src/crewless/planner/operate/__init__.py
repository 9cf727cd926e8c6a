"""A schedule for a built factory, and the fleet that carries it out."""

from crewless.planner.operate.fleet import Outcome, run_shift
from crewless.planner.operate.shift import Operation, Shift, read_schedule, schedule_shift

__all__ = ["Operation", "Outcome", "Shift", "read_schedule", "run_shift", "schedule_shift"]
