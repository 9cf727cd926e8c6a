"""A schedule for a built factory, and the fleet that carries it out."""

from crewless.planner.operate.fleet import Outcome, Shopfloor, run_shift
from crewless.planner.operate.mishaps import MishapConfig
from crewless.planner.operate.shift import Operation, Shift, check_stations, hours, read_schedule, schedule_shift

__all__ = [
    "MishapConfig",
    "Operation",
    "Outcome",
    "Shift",
    "Shopfloor",
    "check_stations",
    "hours",
    "read_schedule",
    "run_shift",
    "schedule_shift",
]
