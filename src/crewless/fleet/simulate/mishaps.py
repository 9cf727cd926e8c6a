"""What goes wrong in a simulated run, drawn from a seed: robots and stations fail, motors overheat, zones are closed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class MishapConfig:
    """How much goes wrong."""

    failed_share: float = 0.0
    """Chance that a piece of work comes to nothing, 0 to 1."""
    late_share: float = 0.0
    """Share of robots that take twice as long; as many take half as long."""
    robots_die: int = 0
    """Robots that die where they stand."""
    stations_die: int = 0
    """Stations that break for good; their work moves to parallel lines, and is refused where there is none."""
    motors_hot: int = 0
    """Motors that are suddenly too hot."""
    zones_closed: int = 0
    """Pieces of an aisle that are closed for ten minutes."""
    zones_guarded: int = 0
    """Pieces of an aisle, three cells long, that one robot at a time may enter, from the beginning on."""

    def __post_init__(self) -> None:
        if not 0 <= self.failed_share < 1:
            raise BadInput(f"a failure share of {self.failed_share}", alternatives=["0 or more, less than 1"])
        if not 0 <= self.late_share <= 0.5:
            raise BadInput(f"a late share of {self.late_share}", alternatives=["0 to 0.5"])
        for name in ("robots_die", "stations_die", "motors_hot", "zones_closed", "zones_guarded"):
            if getattr(self, name) < 0:
                raise BadInput(f"{name} is {getattr(self, name)}", alternatives=["0 or more"])


ZONE_KINDS = frozenset({"close", "open", "guard"})
"""What the control decides; the rest happens to robots and stations."""


@dataclass(frozen=True, kw_only=True, order=True)
class Mishap:
    """One thing that happens."""

    at_s: float
    kind: str
    """robot, station, motor; of zones: close, open or guard."""
    name: str
    """Name of the robot or station, or number of the zone."""


def draw(
    config: MishapConfig, robots: Sequence[str], stations: Sequence[str], planned_s: float, seed: int
) -> list[Mishap]:
    """All mishaps of a run in order of time, between 5 and 80 % of the planned time; narrow places are there from the beginning.

    Raises:
        BadInput: every robot would die.
    """
    if robots and config.robots_die >= len(robots):
        raise BadInput(f"{config.robots_die} of {len(robots)} robots die", alternatives=[f"at most {len(robots) - 1}"])
    source = random.Random(seed * 7919 + 1)

    def when() -> float:
        return planned_s * source.uniform(0.05, 0.8)

    dying = source.sample(list(robots), min(config.robots_die, len(robots)))
    happens = [Mishap(at_s=when(), kind="robot", name=name) for name in dying]
    broken = source.sample(list(stations), min(config.stations_die, len(stations)))
    happens += [Mishap(at_s=when(), kind="station", name=name) for name in broken]
    if robots:
        happens += [
            Mishap(at_s=when(), kind="motor", name=source.choice(list(robots))) for _ in range(config.motors_hot)
        ]
    for number in range(config.zones_closed):
        at_s = when()
        happens += [
            Mishap(at_s=at_s, kind="close", name=str(number)),
            Mishap(at_s=at_s + 600.0, kind="open", name=str(number)),
        ]
    happens += [Mishap(at_s=0.0, kind="guard", name=str(number)) for number in range(config.zones_guarded)]
    return sorted(happens)
