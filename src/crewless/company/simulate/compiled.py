"""A sheet compiled to arrays, which the event loop reads. A choice of performers changes four of them."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crewless.company.sheet.model import WEEK_H, Arrow, Calendar, Cell, Duration, Performer, Sheet, check
from crewless.company.simulate.draws import KINDS
from crewless.core.errors import BadInput

CELL, XOR, AND, OR, START, END, TERMINATE = range(7)
_KINDS = {"xor": XOR, "event": XOR, "and": AND, "or": OR, "start": START, "end": END, "terminate": TERMINATE}
WEEKS_PER_YEAR = 365.25 / 7


class CompiledSheet(NamedTuple):
    """Nodes are numbered, cells first. Hours and dollars throughout."""

    kind: NDArray[np.int8]
    """Shape (nodes,)."""
    out_first: NDArray[np.int32]
    """Shape (nodes + 1,); the arrows are sorted by source."""
    target: NDArray[np.int32]
    """Shape (arrows,)."""
    chance: NDArray[np.float64]
    """Shape (arrows,); after xor cumulative."""
    delay: NDArray[np.int32]
    """Shape (arrows,); a duration, or -1."""
    in_first: NDArray[np.int32]
    """Shape (nodes + 1,)."""
    in_arrow: NDArray[np.int32]
    """Shape (arrows,); the arrows sorted by target."""
    d_kind: NDArray[np.int8]
    d_first: NDArray[np.int32]
    d_number: NDArray[np.float64]
    pool: NDArray[np.int32]
    """Shape (cells,), like all up to ``m_agree``."""
    queue: NDArray[np.int32]
    work: NDArray[np.int32]
    error: NDArray[np.float64]
    catch: NDArray[np.float64]
    cost: NDArray[np.float64]
    rework: NDArray[np.int32]
    """A cell, or -1: whoever made the error."""
    inside: NDArray[np.bool_]
    """Whether the cell stands between a split in parallel and its join: who is sent back there returns to where it was
    found, for alone it would wait in the join for ever."""
    capacity: NDArray[np.int32]
    m_people: NDArray[np.int32]
    """0: no meeting."""
    m_hours: NDArray[np.float64]
    m_probability: NDArray[np.float64]
    m_agree: NDArray[np.float64]
    """Probability that all agree in a round: of one, to the power of the people."""
    members: NDArray[np.int32]
    """Shape (pools,), like all up to ``leave``."""
    calendar: NDArray[np.int32]
    queue_first: NDArray[np.int32]
    """Shape (pools + 1,); the queues of a pool, the most urgent first."""
    rate: NDArray[np.float64]
    handover: NDArray[np.float64]
    sick: NDArray[np.float64]
    """Probability that a member is sick on a day."""
    leave: NDArray[np.float64]
    """Probability that a member is away in a week."""
    c_first: NDArray[np.int32]
    """Shape (calendars + 1,); calendar 0 is always open and has no intervals."""
    opens: NDArray[np.float64]
    closes: NDArray[np.float64]
    worked: NDArray[np.float64]
    """Shape (intervals,); open hours of the week before the interval."""
    week: NDArray[np.float64]
    """Shape (calendars,); open hours of a week."""
    arrival: int
    arrival_calendar: int
    starts: NDArray[np.int32]
    reach: NDArray[np.uint8]
    """Shape (nodes, nodes), or (0, 0) when there is no or-join: whether a case at the one can still come to the other,
    without passing through it."""
    has_join: bool


def compile_sheet(sheet: Sheet, choice: Mapping[str, Performer] | None = None) -> CompiledSheet:
    """The sheet with the cells of ``choice`` done by others than it says.

    Raises:
        BadInput: what ``check`` refuses; a performer that a cell has no work for; a meeting of more people than there are.
    """
    check(sheet)
    between = sheet.arrival.between
    if between.kind != "lognormal" and max(between.numbers) <= 0:
        raise BadInput(
            f"arrival: {between.kind} {between.numbers} is not a time between cases", alternatives=["more than 0"]
        )
    cells = chosen(sheet, choice or {})
    names = [c.name for c in cells] + [g.name for g in sheet.gateways]
    place = {name: i for i, name in enumerate(names)}
    kind = np.array([CELL] * len(cells) + [_KINDS[g.kind] for g in sheet.gateways], np.int8)
    durations = _Durations()
    arrows = sorted(sheet.arrows, key=lambda a: place[a.source])
    source = np.array([place[a.source] for a in arrows], np.int32)
    target = np.array([place[a.target] for a in arrows], np.int32)
    in_arrow = np.argsort(target, kind="stable").astype(np.int32)
    out_first = _firsts(source, len(names))
    in_first = _firsts(target, len(names))
    pools = {r.name: i for i, r in enumerate(sheet.resources)}
    calendars = {"": 0} | {c.name: i for i, c in enumerate(sheet.calendars, 1)}
    works = [cell.work() for cell in cells]
    pool = np.array([pools[w.resource] for w in works], np.int32)
    m_people = _meetings(sheet, cells)
    queue, queue_first = _queues(cells, pool, len(pools))
    week = [_merged(c) for c in sheet.calendars]
    intervals = [(a, b) for one in week for a, b in one]
    or_join = bool(((kind == OR) & (np.diff(in_first) > 1)).any())
    meetings = [cell.meeting for cell in cells]
    year = [_days_open(sheet, r.calendar) * WEEKS_PER_YEAR for r in sheet.resources]
    return CompiledSheet(
        kind=kind,
        out_first=out_first,
        target=target,
        chance=_chances(arrows, kind, out_first),
        delay=np.array([-1 if _is_zero(a.delay) else durations.add(a.delay) for a in arrows], np.int32),
        in_first=in_first,
        in_arrow=in_arrow,
        pool=pool,
        queue=queue,
        work=np.array([durations.add(w.duration) for w in works], np.int32),
        error=np.array([w.error for w in works], float),
        catch=np.array([w.catch for w in works], float),
        cost=np.array([w.cost for w in works], float),
        rework=np.array([place[c.rework] if c.rework else -1 for c in cells], np.int32),
        inside=_inside(kind, out_first, target, in_first)[: len(cells)],
        capacity=np.array([c.capacity or 2**31 - 1 for c in cells], np.int32),
        m_people=m_people,
        m_hours=np.array([m.hours if m else 0.0 for m in meetings], float),
        m_probability=np.array([m.probability if m else 0.0 for m in meetings], float),
        m_agree=np.array([m.agree**m.people if m else 1.0 for m in meetings], float),
        members=np.array([r.count for r in sheet.resources], np.int32),
        calendar=np.array([_calendar(sheet, calendars, r.calendar) for r in sheet.resources], np.int32),
        queue_first=queue_first,
        rate=np.array([r.cost_per_hour for r in sheet.resources], float),
        handover=np.array([r.handover for r in sheet.resources], float),
        sick=np.array([r.sick_days_per_year / y for r, y in zip(sheet.resources, year, strict=True)], float),
        leave=np.array([r.leave_days_per_year / y for r, y in zip(sheet.resources, year, strict=True)], float),
        c_first=np.cumsum([0, 0, *map(len, week)]).astype(np.int32),
        opens=np.array([a for a, _ in intervals], float),
        closes=np.array([b for _, b in intervals], float),
        worked=np.array(
            [h for one in week for h in list(accumulate((b - a for a, b in one), initial=0.0))[:-1]], float
        ),
        week=np.array([WEEK_H, *(sum(b - a for a, b in one) for one in week)], float),
        arrival=durations.add(sheet.arrival.between),
        arrival_calendar=_calendar(sheet, calendars, sheet.arrival.calendar),
        starts=np.flatnonzero(kind == START).astype(np.int32),
        reach=_reach(kind, out_first, target) if or_join else np.zeros((0, 0), np.uint8),
        has_join=or_join or bool(((kind == AND) & (np.diff(in_first) > 1)).any()),
        **durations.arrays(),
    )


def chosen(sheet: Sheet, choice: Mapping[str, Performer]) -> list[Cell]:
    """The cells, each done by whom ``choice`` says, else by whom the sheet says. Raises BadInput."""
    from dataclasses import replace

    rows = {cell.name: row for row, cell in enumerate(sheet.cells)}
    cells = list(sheet.cells)
    for name, performer in choice.items():
        if name not in rows:
            raise BadInput(f"there is no cell {name!r}", alternatives=rows)
        cell = cells[rows[name]]
        if performer not in cell.works:
            where = f"cells row {rows[name] + 1} ({name})"
            raise BadInput(
                f"{where}: the sheet does not say how {performer!r} does it", alternatives=sorted(cell.works)
            )
        cells[rows[name]] = replace(cell, performer=performer)
    return cells


class _Durations:
    def __init__(self) -> None:
        self.known: dict[Duration, int] = {}

    def add(self, duration: Duration) -> int:
        return self.known.setdefault(duration, len(self.known))

    def arrays(self) -> dict[str, NDArray]:
        return {
            "d_kind": np.array([KINDS.index(d.kind) for d in self.known], np.int8),
            "d_first": np.cumsum([0, *(len(d.numbers) for d in self.known)]).astype(np.int32),
            "d_number": np.array([n for d in self.known for n in d.numbers], float),
        }


def _is_zero(duration: Duration) -> bool:
    return duration.kind == "constant" and duration.numbers == (0.0,)


def _firsts(sorted_or_not: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(np.bincount(sorted_or_not, minlength=count))]).astype(np.int32)


def _chances(arrows: Sequence[Arrow], kind: NDArray, out_first: NDArray) -> NDArray[np.float64]:
    chance = np.array([a.probability for a in arrows], float)
    for node in np.flatnonzero(kind == XOR):
        part = slice(out_first[node], out_first[node + 1])
        chance[part] = np.cumsum(chance[part])
        chance[out_first[node + 1] - 1] = 2.0  # Rounding never leaves a case without a way.
        last = np.flatnonzero([a.probability > 0 for a in arrows[part]])[-1]
        chance[out_first[node] + last : out_first[node + 1]] = 2.0
    return chance


def _meetings(sheet: Sheet, cells: Sequence[Cell]) -> NDArray[np.int32]:
    people = np.zeros(len(cells), np.int32)
    members = {r.name: r.count for r in sheet.resources}
    for i, cell in enumerate(cells):
        if cell.meeting and cell.performer == "person":
            people[i], name = cell.meeting.people, cell.work().resource
            if members[name] < people[i]:
                raise BadInput(
                    f"cells row {i + 1} ({cell.name}): a meeting of {people[i]}, and {name} has {members[name]} members",
                    alternatives=[f"{members[name]} people at most", "more members"],
                )
    return people


def _queues(cells: Sequence[Cell], pool: NDArray, pools: int) -> tuple[NDArray, NDArray]:
    levels: list[set[int]] = [set() for _ in range(pools)]
    for i, cell in enumerate(cells):
        levels[pool[i]].add(cell.priority)
    first = np.cumsum([0, *map(len, levels)]).astype(np.int32)
    ordered = [sorted(one, reverse=True) for one in levels]
    queue = [first[pool[i]] + ordered[pool[i]].index(cell.priority) for i, cell in enumerate(cells)]
    return np.array(queue, np.int32), first


def _merged(calendar: Calendar) -> list[tuple[float, float]]:
    """Intervals without seams: shift 0-24 and shift 24-48 are one."""
    merged: list[tuple[float, float]] = []
    for start, end in calendar.week:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _calendar(sheet: Sheet, calendars: Mapping[str, int], name: str) -> int:
    """Its number; 0 for one that never closes."""
    number = calendars[name]
    week = _merged(sheet.calendars[number - 1]) if number else []
    return 0 if week in ([], [(0.0, WEEK_H)]) else number


def _days_open(sheet: Sheet, name: str) -> int:
    week = next((c.week for c in sheet.calendars if c.name == name), ())
    return sum(any(start < 24 * d + 24 and end > 24 * d for start, end in week) for d in range(7)) or 7


def _inside(kind: NDArray, out_first: NDArray, target: NDArray, in_first: NDArray) -> NDArray[np.bool_]:
    """Whether more splits than joins lie before a node, on the shortest way from a start."""
    depth = np.full(len(kind), -1)
    todo = [int(node) for node in np.flatnonzero(kind == START)]
    depth[todo] = 0
    for node in todo:
        arrows = range(out_first[node], out_first[node + 1])
        splits = len(arrows) > 1 and kind[node] != XOR
        for arrow in arrows:
            to = target[arrow]
            if depth[to] < 0:
                joins = kind[to] in (AND, OR) and in_first[to + 1] - in_first[to] > 1
                depth[to] = max(0, depth[node] + splits - joins)
                todo.append(int(to))
    return depth > 0


def _reach(kind: NDArray, out_first: NDArray, target: NDArray) -> NDArray[np.uint8]:
    """By depth-first search from every node, stopped at the node that is sought; only or-joins are ever asked for."""
    nodes = len(kind)
    reach = np.zeros((nodes, nodes), np.uint8)
    for join in np.flatnonzero(kind == OR):
        before: list[list[int]] = [[] for _ in range(nodes)]
        for node in range(nodes):
            for arrow in range(out_first[node], out_first[node + 1]):
                before[target[arrow]].append(node)
        todo = [int(join)]
        while todo:
            for node in before[todo.pop()]:
                if node != join and not reach[node, join]:
                    reach[node, join] = 1
                    todo.append(node)
    return reach
