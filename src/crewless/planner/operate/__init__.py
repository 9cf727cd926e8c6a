"""A schedule for a built factory, and a simulated shift that carries it out."""

from crewless.planner.operate.shift import Operation, Shift, read_schedule, run_shift, schedule_shift

__all__ = ["Operation", "Shift", "read_schedule", "run_shift", "schedule_shift"]
