"""An event log as columns: who did which step of which case, from when to when. The readers make it; discovery reads it.

Times are seconds since 1970 on the log's own clock: the time zone of its first row, so that calendars come out in the hours
that people worked in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from math import isfinite
from typing import Literal

import numpy as np

from crewless.core.errors import BadInput

Unfinished = Literal["refuse", "drop"]
_FORMATS = (
    "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M",
)  # fmt: skip
"""What is tried besides ISO 8601; the first that fits every value of a column is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One row: a step of a case that was done. ``start`` is nan where the log only says when it ended."""

    case: str
    activity: str
    start: float
    end: float
    resource: str = ""
    role: str = ""
    cost: float = 0.0
    where: str = ""
    """The row, for an error: ``row 7`` of a CSV file, a trace of an XES file."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Log:
    """Visits, ordered by case and start. Every array has the shape (num_visits,)."""

    cases: tuple[str, ...]
    activities: tuple[str, ...]
    resources: tuple[str, ...]
    roles: tuple[str, ...]
    """Role of each resource; empty where the log names none."""
    case: np.ndarray
    activity: np.ndarray
    resource: np.ndarray
    start: np.ndarray
    end: np.ndarray
    cost: np.ndarray
    estimated: bool = False
    """The log named no starts: a visit is taken to start when its case and its resource were free."""

    def __len__(self) -> int:
        return len(self.case)

    def of(self, chosen: np.ndarray) -> "Log":
        """The same log with the chosen visits only (a mask); names stay as they are."""
        columns = ("case", "activity", "resource", "start", "end", "cost")
        return replace(self, **{name: getattr(self, name)[chosen] for name in columns})

    def case_times(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Index, first start and last end of every case that has visits, by first start."""
        index = np.unique(self.case)
        first, last = np.full(len(self.cases), np.inf), np.full(len(self.cases), -np.inf)
        np.minimum.at(first, self.case, self.start)
        np.maximum.at(last, self.case, self.end)
        index = index[np.argsort(first[index], kind="stable")]
        return index, first[index], last[index]

    def halves(self) -> tuple["Log", "Log"]:
        """Whole cases: the half that began first, and the half that began later, to be held out."""
        index, _, _ = self.case_times()
        early = np.isin(self.case, index[: len(index) // 2])
        return self.of(early), self.of(~early)

    def traces(self) -> Iterator[tuple[int, np.ndarray]]:
        """(case, positions of its visits in order of their starts)."""
        bounds = np.flatnonzero(np.diff(self.case)) + 1
        for positions in np.split(np.arange(len(self)), bounds):
            if len(positions):
                yield int(self.case[positions[0]]), positions

    def variants(self) -> dict[tuple[str, ...], int]:
        """Sequence of activities to how many cases took it."""
        found: dict[tuple[str, ...], int] = defaultdict(int)
        for _, positions in self.traces():
            found[tuple(self.activities[a] for a in self.activity[positions])] += 1
        return dict(found)


def make_log(visits: Iterable[Visit], name: str) -> Log:
    """The columns of ``visits``.

    Raises:
        BadInput: no visits, or one that ends before it starts; names the row and the values.
    """
    rows = list(visits)
    if not rows:
        raise BadInput(f"{name} contains no visits", alternatives=["a log with at least one finished step"])
    for row in rows:
        if row.end < row.start:
            raise BadInput(
                f"{name}, {row.where}: {row.activity!r} of case {row.case!r} ends at {said(row.end)}, before it starts "
                f"at {said(row.start)}",
                alternatives=["times in order", "--columns start=NAME end=NAME"],
            )
    estimated = any(not isfinite(row.start) for row in rows)
    if estimated:
        rows = _with_starts(rows)
    cases = {c: i for i, c in enumerate(dict.fromkeys(row.case for row in rows))}
    activities = {a: i for i, a in enumerate(sorted({row.activity for row in rows}))}
    resources = {r: i for i, r in enumerate(sorted({row.resource for row in rows}))}
    roles: dict[str, dict[str, int]] = {r: defaultdict(int) for r in resources}
    for row in rows:
        roles[row.resource][row.role] += 1
    rows.sort(key=lambda row: (cases[row.case], row.start, row.end))
    return Log(
        cases=tuple(cases),
        activities=tuple(activities),
        resources=tuple(resources),
        roles=tuple(max(found, key=lambda role: found[role]) for found in roles.values()),
        case=np.array([cases[row.case] for row in rows]),
        activity=np.array([activities[row.activity] for row in rows]),
        resource=np.array([resources[row.resource] for row in rows]),
        start=np.array([row.start for row in rows]),
        end=np.array([row.end for row in rows]),
        cost=np.array([row.cost for row in rows]),
        estimated=estimated,
    )


def _with_starts(rows: Sequence[Visit]) -> list[Visit]:
    """A missing start becomes the moment at which case and resource had both been free (the rule of Chapela-Campa and
    Dumas, "Repairing activity start times to improve business process simulation", 2021, without their outliers)."""
    case_free: dict[str, float] = {}
    free: dict[str, float] = {}
    found = []
    for row in sorted(rows, key=lambda row: row.end):
        start = row.start
        if not isfinite(start):
            before = [t for t in (case_free.get(row.case), free.get(row.resource) if row.resource else None) if t]
            start = min(row.end, max(before)) if row.case in case_free else row.end
        case_free[row.case] = free[row.resource] = row.end
        found.append(replace(row, start=start))
    return found


def said(t: float) -> str:
    """A time as text."""
    return (datetime(1970, 1, 1) + timedelta(seconds=t)).isoformat(sep=" ", timespec="milliseconds")


class Times:
    """Turns the texts of one log's times into seconds, all on the clock of the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._zone: timezone | None = None
        self._formats: list[str] | None = None

    def learn(self, values: Iterable[str]) -> None:
        """Find the format of a column that is not ISO 8601: the first that fits all of it."""
        odd = [value for value in dict.fromkeys(values) if value and not self._iso(value)]
        if odd:
            self._formats = [form for form in _FORMATS if all(_fits(value, form) for value in odd)]

    def seconds(self, value: str, where: str) -> float:
        """Raises BadInput that names row and value."""
        moment = self._iso(value)
        if moment is None and self._formats:
            moment = datetime.strptime(value, self._formats[0])
        if moment is None:
            raise BadInput(
                f"{self._name}, {where}: {value!r} is not a time",
                alternatives=["2026-01-31T09:30:00+01:00", "seconds since 1970"],
            )
        if moment.tzinfo is not None:
            if self._zone is None:
                self._zone = timezone(moment.utcoffset() or timedelta())
            moment = moment.astimezone(self._zone).replace(tzinfo=None)
        return (moment - datetime(1970, 1, 1)).total_seconds()

    def _iso(self, value: str) -> datetime | None:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
        try:
            number = float(value)
            if 1e8 < number < 1e14:  # Years 1973 to 5138 in seconds; above 1e11 it is milliseconds.
                return datetime(1970, 1, 1) + timedelta(seconds=number / 1000 if number > 1e11 else number)
        except ValueError:
            pass
        return None


def _fits(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


class Pairing:
    """Joins the starts and the ends of a log that has a row for each, first in first out for the same step of a case."""

    def __init__(self, name: str, unfinished: Unfinished) -> None:
        self._name, self._unfinished = name, unfinished
        self._open: dict[tuple[str, ...], list[Visit]] = defaultdict(list)
        self._seen_starts: set[str] = set()
        self.visits: list[Visit] = []

    def start(self, key: tuple[str, ...], visit: Visit) -> None:
        """The step ``key`` of a case begins."""
        self._open[key].append(visit)
        self._seen_starts.add(visit.activity)

    def end(self, key: tuple[str, ...], visit: Visit) -> None:
        """It ends. Raises BadInput when it had never begun although other visits of the activity had."""
        begun = self._open.get(key)
        if begun:
            first = begun.pop(0)
            self.visits.append(replace(visit, start=first.start, resource=visit.resource or first.resource))
        elif visit.activity in self._seen_starts and self._unfinished == "refuse":
            raise BadInput(
                f"{self._name}, {visit.where}: {visit.activity!r} of case {visit.case!r} ends at {said(visit.end)} "
                "and has no start",
                alternatives=["--unfinished drop leaves such rows out"],
            )
        elif visit.activity not in self._seen_starts:
            self.visits.append(visit)

    def finish(self) -> list[Visit]:
        """Every visit. Raises BadInput when one has no end."""
        left = [visit for begun in self._open.values() for visit in begun]
        if left and self._unfinished == "refuse":
            one = left[0]
            raise BadInput(
                f"{self._name}, {one.where}: {one.activity!r} of case {one.case!r}, started at {said(one.start)}, has no end"
                + (f"; {len(left) - 1} more like it" if len(left) > 1 else ""),
                alternatives=["--unfinished drop leaves such rows out"],
            )
        return self.visits
