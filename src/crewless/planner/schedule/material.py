"""How material gets from where it is made or lies ready to where it is used.

Decided, and assumed: **within a line a conveyor moves the workpiece** from station to station, in no time and without fail.
**Between lines, and from stock, robots carry**: a robot walks to where the part lies, picks it up, walks to the first station of
the line that uses it, and drops it there (the actions ``pick`` and ``drop`` of VDA 5050). Stock of a part that lines make lies at the
ends of these lines, near to where it is used, but spread so that not all is fetched at one of them. Bought material (cells, glass,
screws) is where it is used: its supply is not simulated.

Each carriage is an operation of its own, planned, promised, repeated and recorded like any other, so a load is neither lost nor
delivered twice.
"""

import math
from collections.abc import Sequence
from typing import Protocol

from crewless.fleet.plan import PlannedLoad
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule.works import WorkItem

PAYLOAD_KG = 30.0
"""A robot carries so much at once: an assumption. More goes in several trips."""
_SPREAD_M = 10.0
"""A load of stock lies at a line's end that is further away by so much for each load that lies at the nearer one already: an
assumption."""
HANDLE_S = 8.0
"""To pick up or to drop a load: an assumption."""


class Piece(Protocol):
    """A station's work on a unit: of a schedule, or of a problem that is to be scheduled."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def station(self) -> str: ...  # noqa: D102
    @property
    def line(self) -> str: ...  # noqa: D102
    @property
    def after(self) -> Sequence[str]: ...  # noqa: D102


def brought(blueprint: Blueprint, works: Sequence[WorkItem]) -> list[WorkItem]:
    """The loads of works that are to be scheduled, as further works."""
    by_name = {one.name: one for one in works}
    return [
        WorkItem(
            name=each.name, unit=by_name[each.operation].unit, station=each.station, line=by_name[each.operation].line,
            after=[each.made_by] if each.made_by else [], work_s=2 * HANDLE_S, by_hand=True,
            source=by_name[each.made_by].station if each.made_by else each.source, feeds=each.operation,
        )
        for each in loads_for(blueprint, works)
    ]  # fmt: skip


def loads_for(blueprint: Blueprint, pieces: Sequence[Piece]) -> tuple[PlannedLoad, ...]:
    """All that is carried for these pieces of work, by name; when, and by whom, is not planned yet."""
    makes = {process.name: process.makes for process in blueprint.processes}
    consumes = {process.name: process.consumes for process in blueprint.processes}
    process = {line.name: line.process for line in blueprint.lines}
    mass_kg = {part.name: part.mass_kg for part in blueprint.parts}
    middle = {
        each.station: (each.x_m + each.width_m / 2, each.y_m + each.depth_m / 2) for each in blueprint.layout.places
    }
    ends: dict[str, list[str]] = {}
    """Part to the last stations of the lines that make it."""
    for line in blueprint.lines:
        ends.setdefault(makes[line.process], []).append(line.stations[-1].name)
    by_name = {one.name: one for one in pieces}
    fetched: dict[str, int] = {}
    """Station to loads of stock that lie there."""
    found: list[PlannedLoad] = []

    def add(one: Piece, name: str, part: str, amount: float, source: str, made_by: str) -> None:
        found.append(PlannedLoad(
            name=name, part=part, kg=amount * mass_kg[part], source=source, made_by=made_by, station=one.station,
            operation=one.name,
        ))  # fmt: skip

    # By name, so that a schedule's rows and the works that it was made from say the same.
    for one in sorted(pieces, key=lambda each: each.name):
        before = [by_name[name] for name in one.after]
        if any(each.unit == one.unit for each in before):
            continue  # the conveyor brings it
        made = [each for each in before if each.line != one.line]
        count: dict[str, int] = {}
        for each in made:
            part = makes[process[each.line]]
            count[part] = count.get(part, 0) + 1
            add(one, f"{each.unit} to {one.unit}", part, 1.0, "", each.name)
        for part, amount in sorted(consumes[process[one.line]].items()):
            rest = amount - count.get(part, 0)
            if part not in ends or rest <= 1e-9:
                continue
            trips = max(1, math.ceil(rest * mass_kg[part] / PAYLOAD_KG - 1e-9))
            for trip in range(1, trips + 1):
                source = min(
                    ends[part],
                    key=lambda each: (
                        math.dist(middle[each], middle[one.station]) + _SPREAD_M * fetched.get(each, 0),
                        each,
                    ),
                )
                fetched[source] = fetched.get(source, 0) + 1
                name = f"{part} to {one.unit}" + (f" ({trip})" if trips > 1 else "")
                add(one, name, part, rest / trips, source, "")
    return tuple(sorted(found, key=lambda each: each.name))
