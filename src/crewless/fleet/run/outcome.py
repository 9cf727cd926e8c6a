"""What a run of a plan came to."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FleetOutcome:
    """Counts by the site's own record where it is in this process, else as the control knows them."""

    done: int
    lost: int
    """Operations that were not done and not refused or cancelled."""
    refused: int
    """What cannot be done any more, because its station broke or what it waits for is refused."""
    done_twice: int | None
    """None: known to the site alone, which is another process."""
    failures: int
    """Tries that came to nothing and were repeated."""
    makespan_s: float
    planned_s: float
    lower_bound_s: float
    units: dict[str, int]
    """Part to units that were made."""
    carried: int = 0
    """How many of the operations done were transports of loads, between lines or from stock."""
    steps: int = 0
    conflicts: int = 0
    """Robots that shared a cell, swapped or drove against an aisle, over all steps; judged by independent code."""
    recharges: int = 0
    cooling_stops: int = 0
    rescued: int = 0
    """Robots that ran empty and were given a full battery by others."""
    joined: int = 0
    """Robots that were made on the way and worked."""
    energy_kwh: float = 0.0
    """Drawn from the robots' batteries."""
