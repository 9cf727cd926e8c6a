"""The first units of every line: which station works on which unit when, as a list schedule by line."""

import json
from dataclasses import dataclass
from pathlib import Path

from crewless.core.errors import BadInput
from crewless.planner.blueprint.model import Blueprint, parse


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One station's work on one unit."""

    name: str
    unit: str
    station: str
    line: str
    after: tuple[str, ...]
    planned_s: float
    start_s: float


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Operations in order of their planned start."""

    blueprint: str
    robots: int
    operations: tuple[Operation, ...]


def schedule_shift(blueprint: Blueprint, units_per_line: int = 2) -> Shift:
    """A permutation flow shop on every line: unit n enters a station when unit n - 1 has left it, and feeders fill first.

    A line starts once each part that it consumes has been made once.
    """
    if units_per_line < 1:
        raise BadInput(f"{units_per_line} units a line make no shift", alternatives=["1 or more"])
    process = {p.name: p for p in blueprint.processes}
    makers = {p.makes: p.name for p in blueprint.processes}
    by_process: dict[str, list] = {}
    for line in blueprint.lines:
        by_process.setdefault(line.process, []).append(line)
    first_out: dict[str, tuple[float, str]] = {}
    operations: list[Operation] = []

    def fill(name: str) -> None:
        if name in first_out:
            return
        feeders = [makers[c] for c in process[name].consumes if c in makers and makers[c] in by_process]
        for feeder in feeders:
            fill(feeder)
        begin = max((first_out[f][0] for f in feeders), default=0.0)
        waits = tuple(first_out[f][1] for f in feeders)
        for line in by_process[name]:
            free = [begin] * len(line.stations)
            last_unit: list[str] = [""] * len(line.stations)
            for unit in range(1, units_per_line + 1):
                ready, before = begin, waits if unit == 1 else ()
                for k, station in enumerate(line.stations):
                    start = max(ready, free[k])
                    label = f"{station.name}#{unit}"
                    after = (*before, *((last_unit[k],) if last_unit[k] else ()))
                    operations.append(
                        Operation(
                            name=label, unit=f"{line.name}#{unit}", station=station.name, line=line.name,
                            after=after, planned_s=station.load_s, start_s=start,
                        )
                    )  # fmt: skip
                    ready = free[k] = start + station.load_s
                    last_unit[k], before = label, (label,)
                if name not in first_out:
                    first_out[name] = (ready, last_unit[-1])

    for name in by_process:
        fill(name)
    operations.sort(key=lambda one: (one.start_s, one.name))
    return Shift(blueprint=blueprint.goal.name, robots=blueprint.balance.robots, operations=tuple(operations))


def read_schedule(path: Path) -> Shift:
    """Read back what ``plan schedule`` wrote. Raises BadInput."""
    try:
        return parse(Shift, json.loads(path.read_bytes()), str(path))
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read the schedule {path}: {error}") from error
