"""What is to be done, what was assigned to whom, and what is done: a fold over the event log and nothing else, so that a
control that was killed is the same control after reading its log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec

from crewless.core.errors import BadInput
from crewless.core.events import Event, read_events

Status = Literal["waiting", "assigned", "done", "refused", "cancelled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Carry:
    """What an operation brings to its station; the load has the operation's name."""

    part: str
    kg: float
    source: str = ""
    """The station where it lies ready."""
    made_by: str = ""
    """The operation that makes it: it lies where that was done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetOperation:
    """One piece of work at one station by one robot."""

    name: str
    skill: str
    station_kind: str
    duration_s: float
    after: tuple[str, ...] = ()
    """Operations that must be done before."""
    rank: float = 0.0
    """Its place in the schedule, for instance its planned start: of what is ready, the least goes first."""
    carry: Carry | None = None
    """The robot fetches this and drops it at the station (VDA 5050: pick, drop); None: it works there."""
    robot: str = ""
    """Whom the schedule means; another does it who is free when that one is not, or much nearer."""
    charge_needed: float = 0.0
    """Share of a full battery that a robot must have to begin it, what it keeps in reserve included; 0: not known."""
    motor_below_c: float = 0.0
    """Degrees Celsius: a robot whose motors are warmer becomes too hot in it, and is sent only where no other is free; 0: not
    known."""


@dataclass(kw_only=True, slots=True)
class Progress:
    """How far one operation is."""

    status: Status = "waiting"
    attempt: int = 0
    """Number of the last assignment; each assignment has its own."""
    robot: str = ""
    station: str = ""
    failures: int = 0
    tried: set[str] = field(default_factory=set[str])
    """Robots that it has failed on or that gave it back."""
    robots: set[str] = field(default_factory=set[str])
    """All that it was ever assigned to."""


def order_of(operation: str, attempt: int) -> str:
    """The identifier of the order, and of its action, by which an operation is assigned."""
    return f"{operation}#{attempt}"


class OperationLedger:
    """The progress of all operations, changed by events only."""

    def __init__(self, operations: Sequence[FleetOperation]) -> None:
        self.operations: dict[str, FleetOperation] = {each.name: each for each in operations}
        if len(self.operations) != len(operations):
            raise BadInput("two operations have the same name")
        self.progress = {name: Progress() for name in self.operations}
        self.followers: dict[str, list[str]] = {name: [] for name in self.operations}
        self._missing: dict[str, int] = {}
        for each in operations:
            for before in each.after:
                if before not in self.operations:
                    raise BadInput(f"operation {each.name} comes after {before!r}, which does not exist")
                self.followers[before].append(each.name)
            self._missing[each.name] = len(set(each.after))
        self.tail_s = self._tails()
        self.open = len(self.operations)
        """Operations that are neither done nor refused nor cancelled."""
        self.ready = {name for name, missing in self._missing.items() if missing == 0}

    def replay(self, log: Path) -> None:
        """Take over what a control before wrote. A log that is not there is one of a control that never began."""
        if log.is_file():
            for event in read_events(log):
                self.fold(event)

    def fold(self, event: Event) -> None:
        """One event. Notes and what is not about an operation change nothing."""
        if event.kind == "note" and event.outcome in ("added", "moved"):
            self._change(event)
            return
        progress = self.progress.get(event.case)
        if progress is None or event.kind not in ("start", "end") or progress.status == "done":
            return
        if event.kind == "start":
            progress.status, progress.robot, progress.station = "assigned", event.resource, event.cell
            progress.attempt = int(event.data["attempt"])
            progress.robots.add(event.resource)
            self.ready.discard(event.case)
            return
        outcome = event.outcome
        if outcome == "done":
            self.open -= progress.status not in ("refused", "cancelled")
            progress.status = "done"
            self.ready.discard(event.case)
            for follower in set(self.followers[event.case]):
                self._missing[follower] -= 1
                if self._missing[follower] == 0 and self.progress[follower].status == "waiting":
                    self.ready.add(follower)
        elif outcome in ("refused", "cancelled"):
            self.open -= progress.status not in ("refused", "cancelled")
            progress.status = outcome
            self.ready.discard(event.case)
        else:
            progress.status = "waiting"
            progress.failures += outcome == "failed"
            if event.data.get("blame"):
                progress.tried.add(progress.robot)
            if self._missing[event.case] == 0:
                self.ready.add(event.case)

    def _change(self, event: Event) -> None:
        """The plan was changed: one more operation, or one that is to be done elsewhere."""
        data = dict(event.data)
        if event.outcome == "moved" and event.case in self.operations:
            self.operations[event.case] = replace(
                self.operations[event.case], station_kind=data["station_kind"], skill=data["skill"]
            )
        elif event.outcome == "added" and event.case not in self.operations:
            self._add(msgspec.convert(data["operation"], FleetOperation), data["before"])

    def _add(self, operation: FleetOperation, before: Sequence[str]) -> None:
        name = operation.name
        self.operations[name], self.progress[name] = operation, Progress()
        self.followers[name] = list(before)
        self._missing[name] = sum(self.progress[each].status != "done" for each in set(operation.after))
        self.open += 1
        self.tail_s[name] = operation.duration_s + max((self.tail_s[each] for each in before), default=0.0)
        for each in set(operation.after):
            self.followers[each].append(name)
        for each in set(before):
            self._missing[each] += 1
            self.ready.discard(each)
        if self._missing[name] == 0:
            self.ready.add(name)

    def names(self, status: Status) -> Iterable[str]:
        """All operations in a status."""
        return [name for name, progress in self.progress.items() if progress.status == status]

    def _tails(self) -> dict[str, float]:
        """The longest chain of work that hangs on each operation, in seconds: the priority of list scheduling (Graham 1969;
        critical path). Raises BadInput that names a cycle."""
        before = {name: len(set(each.after)) for name, each in self.operations.items()}
        sequence = [name for name, count in before.items() if count == 0]
        for name in sequence:
            for follower in set(self.followers[name]):
                before[follower] -= 1
                if before[follower] == 0:
                    sequence.append(follower)
        if len(sequence) < len(self.operations):
            stuck = sorted(set(self.operations) - set(sequence))
            raise BadInput(f"the operations wait for each other in a cycle: {', '.join(stuck[:5])}")
        tail_s: dict[str, float] = {}
        for name in reversed(sequence):
            tail_s[name] = self.operations[name].duration_s + max(
                (tail_s[f] for f in self.followers[name]), default=0.0
            )
        return tail_s
