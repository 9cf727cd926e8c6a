"""A shift: which station works on which unit when, with how many robots, what feeds what, and how far from the best that is.

The units of a line are alike, so their order at a station is given; what is searched is the order in which the robots, fewer
than the stations, tend them. That is a project with one scarce resource, for :mod:`crewless.planner.schedule`.
"""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from crewless.core.errors import BadInput
from crewless.planner import schedule as scheduling
from crewless.planner.blueprint.model import Blueprint, Line, Process, parse
from crewless.planner.layout.aisles import make_aisles
from crewless.planner.traffic.grid import distances

SPEED_M_S = 1.5
"""Of a robot on the floor: an assumption."""
_SAMPLED = 40
"""Stations between which the mean walk is measured."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One station's work on one unit: the part that a robot tends, or the part that the station does alone."""

    name: str
    unit: str
    station: str
    line: str
    after: tuple[str, ...]
    work_s: float
    """Seconds of work, expected repeats included."""
    start_s: float
    end_s: float
    by_hand: bool
    """A robot must be there; its mean walk is part of the planned time."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Operations in order of their planned start."""

    blueprint: str
    robots: int
    walk_s: float
    """Mean walk between two stations, planned for every operation that is tended."""
    makespan_s: float
    lower_bound_s: float
    """No schedule of these operations with so many robots is shorter (proved)."""
    gap: float
    """(makespan - lower bound) / makespan."""
    method: str
    operations: tuple[Operation, ...]
    buffers: dict[str, float] = field(default_factory=dict)
    """Part to units that must lie ready at the beginning, because the shift uses more than it makes."""


@dataclass
class _Work:
    name: str
    unit: str
    station: str
    line: str
    after: list[str]
    work_s: float
    by_hand: bool


def schedule_shift(blueprint: Blueprint, units_per_line: int = 2, *, rounds: int = 10, seed: int = 0) -> Shift:
    """Schedule the next ``units_per_line`` units of every line.

    Args:
        blueprint: what was built.
        units_per_line: how many units each line begins.
        rounds: of the search; a fixed number, so that a seed gives the same schedule on every machine.
        seed: of the search.
    """
    if units_per_line < 1:
        raise BadInput(f"{units_per_line} units a line make no shift", alternatives=["1 or more"])
    if rounds < 1:
        raise BadInput(f"{rounds} rounds find no schedule", alternatives=["1 or more"])
    works, buffers = _works(blueprint, units_per_line)
    robots = max(1, blueprint.balance.robots)
    walk_s = _mean_walk_s(blueprint)
    planned = [math.ceil(each.work_s + walk_s * each.by_hand) for each in works]
    index = {each.name: number for number, each in enumerate(works)}
    problem = scheduling.Problem(
        operations=tuple(
            scheduling.Operation(
                modes=(scheduling.Mode(duration=seconds, demands=((0, 1),) if each.by_hand else ()),), name=each.name
            )
            for each, seconds in zip(works, planned, strict=True)
        ),
        resources=(scheduling.Resource(capacity=robots, name=blueprint.robot.name),),
        precedences=tuple(
            scheduling.Precedence(before=index[before], after=number)
            for number, each in enumerate(works)
            for before in each.after
        ),
    )
    # The budget is only a guard: rounds end the search long before, on any machine.
    found = scheduling.schedule(problem, iterations=rounds, seed=seed, budget_s=600.0)
    operations = [
        Operation(
            name=each.name, unit=each.unit, station=each.station, line=each.line, after=tuple(each.after),
            work_s=each.work_s, start_s=float(start), end_s=float(start + seconds), by_hand=each.by_hand,
        )
        for each, start, seconds in zip(works, found.starts, planned, strict=True)
    ]  # fmt: skip
    operations.sort(key=lambda one: (one.start_s, one.name))
    return Shift(
        blueprint=blueprint.goal.name, robots=robots, walk_s=walk_s, makespan_s=float(found.makespan),
        lower_bound_s=float(found.lower_bound), gap=found.gap, method=found.method, operations=tuple(operations),
        buffers=buffers,
    )  # fmt: skip


def _works(blueprint: Blueprint, units: int) -> tuple[list[_Work], dict[str, float]]:
    """Every line's operations in order, each after what it needs; and the parts that must lie ready."""
    process = {each.name: each for each in blueprint.processes}
    lines: dict[str, list[Line]] = {}
    for line in blueprint.lines:
        lines.setdefault(line.process, []).append(line)
    works: list[_Work] = []
    first: dict[tuple[str, int], _Work] = {}
    """The first operation of each unit."""
    last: dict[tuple[str, int], str] = {}
    for line in blueprint.lines:
        free: list[str] = [""] * len(line.stations)
        for unit in range(1, units + 1):
            before = ""
            for position, station in enumerate(line.stations):
                hand_s = min(station.load_s, station.robots * line.cycle_s)
                alone_s = station.load_s - hand_s
                parts = [("tend", hand_s, True), ("run", alone_s, False)]
                parts = [part for part in parts if part[1] > 1e-6]
                after = [name for name in dict.fromkeys((before, free[position])) if name]
                for what, seconds, by_hand in parts:
                    label = f"{station.name}#{unit}" + (f" {what}" if len(parts) > 1 else "")
                    work = _Work(label, f"{line.name}#{unit}", station.name, line.name, after, seconds, by_hand)
                    works.append(work)
                    first.setdefault((line.name, unit), work)
                    after = [label]
                    before = free[position] = label
            last[line.name, unit] = before
    # What lies ready is used first, then what the shift makes, in the order in which units are begun.
    buffers: dict[str, float] = {}
    for part, maker in ((each.makes, each) for each in blueprint.processes if each.name in lines):
        made = [last[line.name, unit] for unit in range(1, units + 1) for line in lines[maker.name]]
        users = [
            (first[line.name, unit], user.consumes[part])
            for user in _users(part, process, lines)
            for unit in range(1, units + 1)
            for line in lines[user.name]
        ]
        ready = max(0.0, sum(amount for _, amount in users) - len(made))
        if ready:
            buffers[part] = ready
        used = -ready
        for work, amount in users:
            begun = max(0, math.ceil(used - 1e-9))
            used += amount
            work.after += made[begun : max(0, math.ceil(used - 1e-9))]
    return works, buffers


def _users(part: str, process: dict[str, Process], lines: dict[str, list[Line]]) -> list[Process]:
    return [each for each in process.values() if part in each.consumes and each.name in lines]


def _mean_walk_s(blueprint: Blueprint) -> float:
    aisles = make_aisles(blueprint)
    tended = [station.name for line in blueprint.lines for station in line.stations if station.robots > 0]
    tended = tended[:: max(1, len(tended) // _SAMPLED)]
    if len(tended) < 2:
        return 0.0
    cells = np.array([aisles.bays[name][0] for name in tended], np.int32)
    between = distances(aisles.floor, cells)[:, cells]
    return float(between.sum() / (len(cells) * (len(cells) - 1))) * aisles.cell_m / SPEED_M_S


def check_stations(shift: Shift, blueprint: Blueprint) -> None:
    """Raises BadInput that names a station which the schedule has and the blueprint has not."""
    stations = {station.name for line in blueprint.lines for station in line.stations}
    for one in shift.operations:
        if one.station not in stations:
            raise BadInput(
                f"the schedule of {shift.blueprint!r} names station {one.station!r}, which the blueprint has not",
                alternatives=[f"a schedule of {blueprint.goal.name!r}"],
            )


def read_schedule(path: Path) -> Shift:
    """Read back what ``plan schedule`` wrote. Raises BadInput."""
    try:
        shift: Shift = parse(Shift, json.loads(path.read_bytes()), str(path))
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read the schedule {path}: {error}") from error
    if not shift.operations:
        raise BadInput(f"the schedule {path} holds no operation")
    return shift
