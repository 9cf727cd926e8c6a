"""The typed sheet: cells, gateways, arrows, resources, calendars, arrival; and the check that it can be run.

Times are in hours; hour 0 of a week is Monday 00:00. An arrow joins two nodes by name. A node is a cell or a gateway.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from crewless.core.errors import BadInput

WEEK_H = 168.0
Performer = Literal["person", "ai", "robot"]
PERFORMERS: tuple[Performer, ...] = ("person", "ai", "robot")
GATEWAYS = ("xor", "and", "or", "event", "start", "end", "terminate")
"""``event`` is BPMN's event-based gateway: the first event to come takes its arrow, so it is simulated as ``xor``. ``terminate`` is an
end that ends the whole case: what else of it waits or is in work is called off, and who works on it is free."""
ENDS = ("end", "terminate")
PARAMETERS = {
    "constant": 1, "exponential": 1, "uniform": 2, "triangular": 3, "normal": 2, "lognormal": 2, "gamma": 2,
    "weibull": 2,
}  # fmt: skip
"""How many numbers each distribution takes; see :class:`Duration`. A ``table`` takes two or more."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """A distribution of hours.

    ``constant`` value; ``exponential`` mean; ``uniform`` low, high; ``triangular`` low, high, mode; ``normal`` mean,
    standard deviation (cut at 0); ``lognormal`` mean and standard deviation of the logarithm; ``gamma`` and ``weibull``
    shape, scale; ``table`` equally spaced quantiles.
    """

    kind: str = "constant"
    numbers: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """People who must agree before the case goes on."""

    people: int
    hours: float
    probability: float = 1.0
    """That a visit to the cell needs the meeting."""
    agree: float = 1.0
    """Probability that one participant agrees in a round."""


@dataclass(frozen=True, kw_only=True)
class WorkProfile:
    """How one kind of performer does a cell."""

    resource: str
    duration: Duration
    error: float = 0.0
    """Probability that a visit leaves an error in the case."""
    catch: float = 0.0
    """Probability that a visit finds an error that an earlier cell has left."""
    cost: float = 0.0
    """Cost of one visit in dollars, in addition to the hours of the resource."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One step. ``works`` says how each performer that is able would do it; ``performer`` is the one that does."""

    name: str
    role: str = ""
    performer: Performer = "person"
    works: dict[Performer, WorkProfile] = field(default_factory=dict)
    rework: str = ""
    """Cell to which a caught error sends the case back; empty: the cell that made it."""
    meeting: Meeting | None = None
    """Held, by members of the person's resource, after the work when a person does it; AI and robots ask nobody."""
    priority: int = 0
    """Higher is begun first among the cells of a resource; nothing under way is interrupted."""
    capacity: int = 0
    """Cases that the cell holds, waiting or in work; one that comes when it is full is turned away. 0: no limit."""

    def work(self) -> WorkProfile:
        """The work profile of the performer that does the cell."""
        return self.works[self.performer]


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A node that takes no time: a split, a join, a start or an end."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """From node to node. ``probability`` counts after ``xor``, ``event`` and ``or``."""

    source: str
    target: str
    probability: float = 1.0
    delay: Duration = field(default_factory=Duration)
    label: str = ""
    """What the branch is called: ``approved``."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Working intervals of a week, in hours from Monday 00:00; empty: always."""

    name: str
    week: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool of members who can do the same work."""

    name: str
    count: int = 1
    calendar: str = ""
    """Empty: always there."""
    cost_per_hour: float = 0.0
    sick_days_per_year: float = 0.0
    leave_days_per_year: float = 0.0
    """Working days that each member is away by plan, in blocks of a week."""
    handover: float = 0.0
    """Hours that a member needs to read into a case that comes from another resource."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Hours between new cases, counted in the open hours of the calendar."""

    between: Duration = field(default_factory=lambda: Duration(kind="exponential", numbers=(1.0,)))
    calendar: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The company. :func:`check` proves that it can be run."""

    cells: tuple[Cell, ...]
    gateways: tuple[Gateway, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    resources: tuple[Pool, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    arrival: Arrival = field(default_factory=Arrival)


def repeated_week(start: float, end: float, every: float) -> tuple[tuple[float, float], ...]:
    """The interval from ``start`` to ``end``, again each ``every`` hours until the week is over."""
    count = int((WEEK_H - start - 1e-9) // every) + 1
    starts = [start + i * every for i in range(count)]
    return tuple((s, end if s == start else min(s + (end - start), WEEK_H)) for s in starts)


def check(sheet: Sheet) -> Sheet:
    """The same sheet, when it can be run.

    Raises:
        BadInput: a name that is twice there or unknown, a number that cannot be, probabilities that do not add to one,
            an arrow that hangs, a node without a way in, or one from which no end can be reached. Names row and value.
    """
    _distinct("node", [n.name for n in (*sheet.cells, *sheet.gateways)])
    resources = _distinct("resource", [r.name for r in sheet.resources])
    calendars = _distinct("calendar", [c.name for c in sheet.calendars])
    cells = {cell.name for cell in sheet.cells}
    for row, calendar in enumerate(sheet.calendars, 1):
        _check_week(f"calendars row {row} ({calendar.name})", calendar.week)
    for row, resource in enumerate(sheet.resources, 1):
        where = f"resources row {row} ({resource.name})"
        _known(where, "calendar", resource.calendar, calendars)
        if resource.count < 1:
            raise BadInput(f"{where}: count {resource.count}", alternatives=["1 or more"])
        away = {"sick_days_per_year": resource.sick_days_per_year, "leave_days_per_year": resource.leave_days_per_year}
        _positive(where, cost_per_hour=resource.cost_per_hour, handover=resource.handover, **away)
        if sum(away.values()) > 200:
            raise BadInput(f"{where}: away {sum(away.values()):g} days of a year", alternatives=["200 at most"])
    _known("arrival", "calendar", sheet.arrival.calendar, calendars)
    _check_duration("arrival", sheet.arrival.between)
    for row, cell in enumerate(sheet.cells, 1):
        _check_cell(f"cells row {row} ({cell.name})", cell, resources, cells)
    for row, gateway in enumerate(sheet.gateways, 1):
        if gateway.kind not in GATEWAYS:
            raise BadInput(f"gateways row {row} ({gateway.name}): kind {gateway.kind!r}", alternatives=GATEWAYS)
    _check_flow(sheet)
    return sheet


def _distinct(what: str, names: list[str]) -> set[str]:
    seen: set[str] = set()
    for row, name in enumerate(names, 1):
        if not name or name in seen:
            raise BadInput(
                f"{what} {row}: the name {name!r} is empty or already used", alternatives=["a name of its own"]
            )
        seen.add(name)
    return seen


def _known(where: str, what: str, name: str, names: Iterable[str]) -> None:
    if name and name not in names:
        raise BadInput(f"{where}: there is no {what} {name!r}", alternatives=sorted(names))


def _positive(where: str, **values: float) -> None:
    for name, value in values.items():
        if not (isfinite(value) and value >= 0):
            raise BadInput(f"{where}: {name} {value}", alternatives=["a number of 0 or more"])


def _share(where: str, **values: float) -> None:
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise BadInput(f"{where}: {name} {value} is not a probability", alternatives=["0 to 1"])


def _check_week(where: str, week: tuple[tuple[float, float], ...]) -> None:
    before = 0.0
    for start, end in week:
        if not before <= start < end <= WEEK_H:
            raise BadInput(f"{where}: {start:g} to {end:g}", alternatives=["rising intervals within 0 and 168"])
        before = end


def _check_duration(where: str, duration: Duration) -> None:
    kind, numbers = duration.kind, duration.numbers
    if kind not in PARAMETERS and kind != "table":
        raise BadInput(f"{where}: there is no distribution {kind!r}", alternatives=[*PARAMETERS, "table"])
    wrong = len(numbers) < 2 if kind == "table" else len(numbers) != PARAMETERS[kind]
    signed = 1 if kind in ("normal", "lognormal") else 0
    if wrong or not all(map(isfinite, numbers)) or any(n < 0 for n in numbers[signed:]):
        raise BadInput(f"{where}: a {kind} distribution cannot have the numbers {numbers}")
    rising = tuple(numbers[i] for i in (0, 2, 1)) if kind == "triangular" else numbers
    if kind in ("uniform", "triangular", "table") and list(rising) != sorted(rising):
        raise BadInput(f"{where}: the numbers {numbers} of a {kind} distribution do not rise")


def _check_cell(where: str, cell: Cell, resources: set[str], cells: set[str]) -> None:
    if cell.performer not in cell.works:
        raise BadInput(
            f"{where}: the sheet does not say how {cell.performer!r} does it", alternatives=sorted(cell.works)
        )
    _known(where, "rework cell", cell.rework, cells)
    if cell.capacity < 0:
        raise BadInput(f"{where}: capacity {cell.capacity}", alternatives=["0 for no limit", "1 or more"])
    for performer, work in cell.works.items():
        if performer not in PERFORMERS:
            raise BadInput(f"{where}: performer {performer!r}", alternatives=PERFORMERS)
        if work.resource not in resources:
            raise BadInput(f"{where}: there is no resource {work.resource!r}", alternatives=sorted(resources))
        _check_duration(f"{where}, {performer}", work.duration)
        _share(where, error=work.error, catch=work.catch)
        _positive(where, cost=work.cost)
    if cell.meeting:
        _positive(where, hours=cell.meeting.hours)
        _share(where, probability=cell.meeting.probability, agree=cell.meeting.agree)
        if cell.meeting.people < 2 or cell.meeting.agree == 0:
            raise BadInput(
                f"{where}: {cell.meeting.people} people who agree with probability {cell.meeting.agree:g} never end it"
            )


def _check_flow(sheet: Sheet) -> None:
    kinds = {cell.name: "cell" for cell in sheet.cells} | {g.name: g.kind for g in sheet.gateways}
    if not kinds or "start" not in kinds.values() or not set(ENDS) & set(kinds.values()):
        raise BadInput("the sheet has no start or no end", alternatives=["one gateway of kind start, one of kind end"])
    out: dict[str, list[Arrow]] = {name: [] for name in kinds}
    into: dict[str, list[Arrow]] = {name: [] for name in kinds}
    for row, arrow in enumerate(sheet.arrows, 1):
        where = f"arrows row {row} ({arrow.source} to {arrow.target})"
        for name in (arrow.source, arrow.target):
            if name not in kinds:
                raise BadInput(f"{where}: it is not connected: there is no node {name!r}", alternatives=sorted(kinds))
        _share(where, probability=arrow.probability)
        _check_duration(where, arrow.delay)
        out[arrow.source].append(arrow)
        into[arrow.target].append(arrow)
    lost = set(kinds) - _reached({n for n, k in kinds.items() if k in ENDS}, into, kinds)
    if lost:
        raise BadInput(f"cases cannot finish: no end is reachable from {', '.join(sorted(lost))}")
    for name, kind in kinds.items():
        total = sum(arrow.probability for arrow in out[name])
        if kind in ("xor", "event") and abs(total - 1) > 1e-6:
            raise BadInput(f"{name}: the probabilities of its arrows add up to {total:g}", alternatives=["1"])
        if (kind in ENDS) != (not out[name]) or (kind == "start") != (not into[name]):
            raise BadInput(f"{name} ({kind}) has {len(into[name])} arrows in and {len(out[name])} out")


def _reached(names: set[str], into: dict[str, list[Arrow]], kinds: dict[str, str]) -> set[str]:
    """Nodes from which one of ``names`` is reached by arrows that are ever taken."""
    found, todo = set(names), list(names)
    while todo:
        for arrow in into[todo.pop()]:
            taken = arrow.probability > 0 or kinds[arrow.source] not in ("xor", "event", "or")
            if taken and arrow.source not in found:
                found.add(arrow.source)
                todo.append(arrow.source)
    return found
