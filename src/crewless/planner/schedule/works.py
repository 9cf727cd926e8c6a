"""A factory's work for the first units of every line: what a robot tends and what a station does alone, and what feeds what."""

import math
from dataclasses import dataclass

from crewless.core.errors import BadInput
from crewless.planner.blueprint.model import Blueprint, Line, Process


@dataclass(kw_only=True)
class WorkItem:
    """One station's work on one unit, the part that a robot tends or the part that the station does alone; or a load that a
    robot brings.

    Attributes:
        name: ``station#unit``, with ``tend`` or ``run`` behind it where there are both.
        unit: ``line#unit``.
        after: names of what must have ended.
        work_s: seconds, expected repeats included.
        by_hand: a robot must be there.
        source: the station from which a load is brought to ``station``; empty: nothing is brought. Its ``work_s`` is that of
            picking up and dropping, without the walk between.
        feeds: the operation that waits for the load.
    """

    name: str
    unit: str
    station: str
    line: str
    after: list[str]
    work_s: float
    by_hand: bool
    source: str = ""
    feeds: str = ""


def works_of(blueprint: Blueprint, units: int) -> tuple[list[WorkItem], dict[str, float]]:
    """Every line's operations in order, each after what it needs; and part to units that must lie ready.

    Units keep their order at a station. What lies ready is used first, then what is made here, in the order in which units
    are begun.

    Raises:
        BadInput: less than one unit.
    """
    if units < 1:
        raise BadInput(f"{units} units per line make no shift", alternatives=["1 or more"])
    process = {each.name: each for each in blueprint.processes}
    lines: dict[str, list[Line]] = {}
    for line in blueprint.lines:
        lines.setdefault(line.process, []).append(line)
    works: list[WorkItem] = []
    first: dict[tuple[str, int], WorkItem] = {}
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
                    work = WorkItem(
                        name=label, unit=f"{line.name}#{unit}", station=station.name, line=line.name, after=after,
                        work_s=seconds, by_hand=by_hand,
                    )  # fmt: skip
                    works.append(work)
                    first.setdefault((line.name, unit), work)
                    after = [label]
                    before = free[position] = label
            last[line.name, unit] = before
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
