"""An event log as columns: who did which step of which case, from when to when. The readers make it; discovery reads it.

Times are seconds since 1970 on the log's own clock: the time zone of its first row, so that calendars come out in the hours
that people worked in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from crewless.company.discover.times import said
from crewless.core.errors import BadInput

_CUT = 2.0
"""An estimated duration above so many times the median of its activity is an outlier."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One row: a step of a case that was done. ``start`` is nan where the log only says when it ended, ``end`` where it only says
    when it began."""

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
    """Starts, or ends, that the log does not name were estimated: a visit is taken to start when its case and its resource were
    free, and to end when either goes on to something else."""
    notes: tuple[str, ...] = ()
    """What was left out or guessed when it was read, with how often."""

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

    def span(self) -> tuple[float, float]:
        """First start and last end, seconds."""
        return float(self.start.min()), float(self.end.max())

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


def make_log(visits: Iterable[Visit], name: str, notes: Sequence[str] = ()) -> Log:
    """The columns of ``visits``.

    Raises:
        BadInput: no visits, or one that ends before it starts; names the row and the values.
    """
    rows, said_of = list(visits), list(notes)
    if not rows:
        raise BadInput(f"{name} contains no visits", alternatives=["a log with at least one finished step"])
    for row in rows:
        if row.end < row.start:
            raise BadInput(
                f"{name}, {row.where}: {row.activity!r} of case {row.case!r} ends at {said(row.end)}, before it starts "
                f"at {said(row.start)}",
                alternatives=["times in order", "--columns start=NAME end=NAME", "--bad-rows drop"],
            )
    no_start = sum(not isfinite(row.start) for row in rows)
    no_end = sum(not isfinite(row.end) for row in rows)
    if no_end:
        rows = _with_ends(rows)
        said_of.append(
            f"{_without(no_end, len(rows), 'end')}: taken to last until their case or their doer began something else"
        )
    if no_start:
        rows = _with_starts(rows)
        said_of.append(
            f"{_without(no_start, len(rows), 'start')}: taken to start when their case and their doer were free, and to take "
            "at most twice as long as half of their kind do"
        )
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
        estimated=bool(no_start or no_end),
        notes=tuple(said_of),
    )


def _without(count: int, total: int, what: str) -> str:
    return f"{count:,} of {total:,} visits have no {what}" if count < total else f"the log names no {what}s"


def _with_starts(rows: Sequence[Visit]) -> list[Visit]:
    """A missing start becomes the moment at which case and resource had both been free (the rule of Chapela-Campa and
    Dumas, "Repairing activity start times to improve business process simulation", 2021). What takes more than twice the median
    of its activity's estimates is an outlier, as there, and is cut to it: the rest was waiting."""
    case_free: dict[str, float] = {}
    free: dict[str, float] = {}
    found, guessed = [], []
    hours: dict[str, list[float]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.end):
        start = row.start
        guess = not isfinite(start)
        if guess:
            before = [t for t in (case_free.get(row.case), free.get(row.resource) if row.resource else None) if t]
            start = min(row.end, max(before)) if row.case in case_free else row.end
        if start < row.end:
            hours[row.activity].append(row.end - start)
        case_free[row.case] = free[row.resource] = row.end
        found.append(replace(row, start=start))
        guessed.append(guess)
    most = {activity: _CUT * float(np.median(taken)) for activity, taken in hours.items()}
    return [
        replace(row, start=max(row.start, row.end - most.get(row.activity, 0.0))) if guess else row
        for row, guess in zip(found, guessed, strict=True)
    ]


def _with_ends(rows: Sequence[Visit]) -> list[Visit]:
    """The mirror of it: a missing end becomes the moment at which the case or its doer began something else, whichever came
    first; of what nothing follows, the start."""
    case_next: dict[str, float] = {}
    doer_next: dict[str, float] = {}
    found = []
    for row in sorted(rows, key=lambda row: row.start if isfinite(row.start) else row.end, reverse=True):
        end = row.end
        if not isfinite(end):
            after = [t for t in (case_next.get(row.case), doer_next.get(row.resource) if row.resource else None) if t]
            end = max(row.start, min(after)) if row.case in case_next else row.start
        case_next[row.case] = doer_next[row.resource] = row.start if isfinite(row.start) else row.end
        found.append(replace(row, end=end))
    return found[::-1]
