"""Rows of texts, from whatever file, become visits: what each life cycle means, who is nobody, and what is left out is counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Literal

from crewless.company.discover.log import Log, Visit, make_log
from crewless.company.discover.times import DateOrder, Times, said
from crewless.core.errors import BadInput

Handling = Literal["refuse", "drop"]
NOBODY = {
    "", "null", "(null)", "<null>", "nan", "none", "n/a", "na", "#n/a", "nil", "-", "--", "?", "unknown", "undefined", "missing",
    "not available", "no resource", "empty", "(empty)",
}  # fmt: skip
"""What stands in a column of people, or of roles, where there is nobody. In lower case."""
STARTS = {"start", "started", "begin", "begun"}
ENDS = {"complete", "completed", "end", "ended", "finish", "finished", "ate_abort", "pi_abort", "verdict", "handover"}
"""Whatever ends the work on a step, an abort too. ``verdict`` and ``handover`` are Crewless's own."""
_CALLED_OFF = {"ate_abort", "pi_abort"}
"""They end only what had begun."""
_BETWEEN = {
    "schedule", "scheduled", "assign", "assigned", "reassign", "suspend", "suspended", "resume", "resumed", "withdraw",
    "manualskip", "autoskip", "unknown",
}  # fmt: skip
"""The rest of the life cycle of IEEE 1849-2016: nobody works on it then. What is suspended is in work until it ends."""


@dataclass(frozen=True, kw_only=True)
class ReadConfig:
    """How a log's file is read."""

    unfinished: Handling = "drop"
    """Steps that have a start and no end, and ends of what was never begun: left out and counted, or refused by name."""
    bad_rows: Handling = "refuse"
    """Rows without a case, an activity or a time, with one that cannot be read, or that end before they start."""
    dates: DateOrder = "guess"
    """Whether the day or the month comes first in dates such as 01/02/2026."""


@dataclass(slots=True, kw_only=True)
class RawEvent:
    """A row of a log as it is written; empty texts for what it does not say."""

    case: str
    activity: str
    start: str = ""
    end: str = ""
    resource: str = ""
    role: str = ""
    lifecycle: str = ""
    cost: str = ""
    instance: str = ""
    where: str = ""


def log_of_rows(
    rows: Sequence[RawEvent],
    name: str,
    config: ReadConfig | None = None,
    *,
    lifecycle: str = "",
    decimal_comma: bool = False,
    notes: Sequence[str] = (),
) -> Log:
    """The log.

    Args:
        rows: what the file holds, in its order.
        name: of the file, for errors.
        config: how it is read.
        lifecycle: how the column of life cycles is called, empty when there is none.
        decimal_comma: numbers are written as 12,50.
        notes: what the reader itself has to say.

    Raises:
        BadInput: a row that cannot be, where those are refused; nothing left. Names the row and the value.
    """
    return _Reading(name, config or ReadConfig(), decimal_comma, notes).log(rows, lifecycle)


def has_life_cycle(values: Iterable[str], called: str) -> bool:
    """Whether a column says where in its life a step is, and not something of the business that is only called so."""
    counts = Counter(value.strip().lower() for value in values)
    counts.pop("", None)
    total, edges = counts.total(), sum(counts[one] for one in STARTS | ENDS)
    known = edges + sum(counts[one] for one in _BETWEEN)
    if "cycle" not in called.lower() and "transition" not in called.lower():
        return known == total and bool(STARTS & set(counts)) and bool(ENDS & set(counts))
    return bool(edges) and 2 * known >= total


class _Reading:
    def __init__(self, name: str, config: ReadConfig, decimal_comma: bool, notes: Sequence[str]) -> None:
        self.name, self.config, self.decimal_comma = name, config, decimal_comma
        self.notes = list(notes)
        self.times = Times(name, config.dates)
        self.bad: list[str] = []
        self.nobody: Counter[str] = Counter()

    def log(self, rows: Sequence[RawEvent], lifecycle: str) -> Log:
        self.times.learn(text for row in rows for text in (row.start, row.end))
        if self.times.guess:
            self.notes.append(self.times.guess)
        if lifecycle and not has_life_cycle((row.lifecycle for row in rows), lifecycle):
            others = Counter(row.lifecycle for row in rows if row.lifecycle)
            if {one.lower() for one in others} - {"complete"}:
                words = ", ".join(word for word, _ in others.most_common(4))
                self.notes.append(f"{lifecycle!r} ({words}) is not a life cycle of steps: every row is a separate step")
            lifecycle = ""
        found = self._by_events(rows) if lifecycle else list(self._by_rows(rows))
        if self.bad:
            self.notes.append(
                f"{len(self.bad):,} of {len(rows):,} rows cannot be read and were left out: {self.bad[0]}"
            )
        if self.nobody:
            words = ", ".join(repr(word) for word, _ in self.nobody.most_common(4))
            self.notes.append(f"{self.nobody.total():,} rows name nobody ({words})")
        return make_log(found, self.name, self.notes)

    def _by_rows(self, rows: Sequence[RawEvent]) -> Iterator[Visit]:
        """Each row is a visit. Where there are starts and ends, one without an end was not finished."""
        ends = any(row.end for row in rows)
        open_rows = 0
        for row in rows:
            if row.start and not row.end and ends:
                self._refuse_unfinished(
                    row.where, f"{row.activity!r} of case {row.case!r} has no end (it is {row.end!r})"
                )
                open_rows += 1
                continue
            try:
                visit = self._visit(row, self._time(row.start, row.where), self._time(row.end, row.where))
                if not (isfinite(visit.start) or isfinite(visit.end)):
                    raise self._error(row, "it has no time")
                if visit.end < visit.start:
                    raise self._error(row, f"it ends at {said(visit.end)}, before it starts at {said(visit.start)}")
            except BadInput as error:
                self._drop(error)
                continue
            yield visit
        if open_rows:
            self.notes.append(f"{open_rows:,} of {len(rows):,} rows have a start and no end and were left out")

    def _by_events(self, rows: Sequence[RawEvent]) -> list[Visit]:
        """A row for each start and each end: joined within their case in order of time, first in first out for each step."""
        events: list[tuple[float, bool, RawEvent, Visit]] = []
        between: Counter[str] = Counter()
        for row in rows:
            transition = row.lifecycle.strip().lower() or "complete"
            if transition not in STARTS and transition not in ENDS:
                between[row.lifecycle.strip()] += 1
                continue
            try:
                text = row.end or row.start
                t = self._time(text, row.where)
                if not isfinite(t):
                    raise self._error(row, "it has no time")
                begins = transition in STARTS
                # A row of an end that names its start too is whole.
                start = self._time(row.start, row.where) if row.start and row.end and not begins else nan
                visit = self._visit(row, t if begins else start, t)
                if visit.end < visit.start:
                    raise self._error(row, f"it ends at {said(visit.end)}, before it starts at {said(visit.start)}")
            except BadInput as error:
                self._drop(error)
                continue
            events.append((t, not begins, row, visit))
        if between:
            words = ", ".join(f"{word} {count:,}" for word, count in between.most_common(6))
            self.notes.append(f"{between.total():,} rows neither start nor end a step and were left out ({words})")
        cases = {case: at for at, case in enumerate(dict.fromkeys(row.case for _, _, row, _ in events))}
        events.sort(key=lambda one: (cases[one[2].case], one[0], one[1]))
        return self._paired(events)

    def _paired(self, events: Sequence[tuple[float, bool, RawEvent, Visit]]) -> list[Visit]:
        ends = any(is_end for _, is_end, _, _ in events)
        begun_somewhere = {row.activity for _, is_end, row, _ in events if not is_end}
        waiting: dict[tuple[str, str, str], list[Visit]] = defaultdict(list)
        done: set[tuple[str, str, str]] = set()
        found: list[Visit] = []
        again = called_off = without = 0
        for _, is_end, row, visit in events:
            key = (row.case, row.activity, row.instance)
            if not is_end:
                if ends:
                    waiting[key].append(visit)
                else:
                    found.append(replace(visit, end=nan))
                continue
            if waiting[key]:
                first = waiting[key].pop(0)
                doer = {"resource": visit.resource or first.resource, "role": visit.role or first.role}
                found.append(replace(visit, start=first.start, cost=visit.cost or first.cost, **doer))
            elif isfinite(visit.start) or row.activity not in begun_somewhere:
                if row.lifecycle.lower() in _CALLED_OFF:
                    called_off += 1
                    continue
                found.append(visit)
            else:
                self._refuse_unfinished(
                    row.where, f"{row.activity!r} of case {row.case!r} ends at {said(visit.end)} and was never begun"
                )
                if row.lifecycle.lower() in _CALLED_OFF:
                    called_off += 1
                elif key in done:
                    again += 1
                else:
                    without += 1
                    found.append(visit)
            done.add(key)
        left = [visit for one in waiting.values() for visit in one]
        for visit in left[:1]:
            more = f"; {len(left) - 1} more like it" if len(left) > 1 else ""
            self._refuse_unfinished(
                visit.where,
                f"{visit.activity!r} of case {visit.case!r}, started at {said(visit.start)}, has no end{more}",
            )
        counted = (
            (len(left), "were begun and never ended and were left out"),
            (again, "had ended before and end once more without a start: the first end counts"),
            (without, "end and were never begun, though others of their kind were: kept"),
            (called_off, "were called off before they had begun and were left out"),
        )
        self.notes += [f"{count:,} steps {what}" for count, what in counted if count]
        return found

    def _refuse_unfinished(self, where: str, what: str) -> None:
        if self.config.unfinished == "refuse":
            raise BadInput(f"{self.name}, {where}: {what}", alternatives=["--unfinished drop leaves such rows out"])

    def _drop(self, error: BadInput) -> None:
        if self.config.bad_rows == "refuse":
            raise error
        self.bad.append(str(error).split(";")[0].split("\n")[0].removeprefix(f"{self.name}, "))

    def _error(self, row: RawEvent, what: str) -> BadInput:
        return BadInput(
            f"{self.name}, {row.where}: {row.activity!r} of case {row.case!r}: {what}",
            alternatives=["--columns start=NAME end=NAME", "--bad-rows drop leaves such rows out"],
        )

    def _time(self, text: str, where: str) -> float:
        return self.times.seconds(text, where) if text.strip() else nan

    def _visit(self, row: RawEvent, start: float, end: float) -> Visit:
        for what, value in (("case", row.case), ("activity", row.activity)):
            if not value.strip():
                raise BadInput(
                    f"{self.name}, {row.where}: the {what} is empty",
                    alternatives=["--bad-rows drop leaves such rows out"],
                )
        return Visit(
            case=row.case.strip(),
            activity=" ".join(row.activity.split()),
            start=start,
            end=end,
            resource=self._somebody(row.resource),
            role="" if row.role.strip().lower() in NOBODY else row.role.strip(),
            cost=self._cost(row) if row.cost.strip() else 0.0,
            where=row.where,
        )

    def _somebody(self, text: str) -> str:
        text = text.strip()
        if text.lower() in NOBODY:
            if text:
                self.nobody[text] += 1
            return ""
        return text

    def _cost(self, row: RawEvent) -> float:
        """12.50, 1,234.50, € 12,50, 1.234,50."""
        text = row.cost.strip().strip("€$£ \u00a0").replace("\u00a0", "").replace(" ", "")
        comma, point = text.rfind(","), text.rfind(".")
        if comma >= 0 and (comma > point >= 0 or (point < 0 and (self.decimal_comma or len(text) - comma != 4))):
            text = text.replace(".", "").replace(",", ".")
        try:
            return float(text.replace(",", ""))
        except ValueError:
            raise BadInput(
                f"{self.name}, {row.where}: the cost {row.cost!r} is not a number",
                alternatives=["12.50", "--bad-rows drop leaves such rows out"],
            ) from None
