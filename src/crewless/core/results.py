"""What a run folder says of each case. ``work`` writes it; ``company`` reads it and knows nothing else of ``work``.

Three places hold it. The event log: a ``start`` and a ``verdict`` for each cell that a case went through, with a
:class:`CaseResult` in the worker's verdict. The metrics: one :class:`HandledCase` for each case of a mixed shift. The
receipts: a JSON file for each case, with the steps of whoever worked it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.core.events import Event, read_events
from crewless.core.messages import Outcome
from crewless.core.runs import RunFolder

INBOX = "inbox"
"""The cell in which a case arrives."""
WORK = "work"
"""The cell in which a worker works a case."""
REVIEW = "review"
"""The cell of those who take what a worker hands over."""

_HANDLED = "handled"
"""The ``kind`` of a line of metrics that holds a :class:`HandledCase`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """What became of one case."""

    case: str
    who: str
    outcome: Outcome
    silent_wrong: bool
    seconds: float
    cpu_s: float = 0.0
    rss_mb: float = 0.0
    steps: int = 0
    reason: str = ""
    collected: Sequence[str] | None = None
    """What an archive reader read: the case's text and its outcome."""
    judged: Mapping[str, Any] | None = None
    """What the judgement made of the case's text: values, confidence, and the text as it was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandledCase:
    """One case of a mixed shift. Seconds from the beginning of the shift; nan where it did not come to that."""

    case: str
    outcome: Outcome
    """What reality said in the end."""
    silent_wrong: bool
    handed_over: bool
    """By the worker."""
    arrived_s: float
    taken_s: float
    left_s: float
    """The worker was done with it, and its work judged."""
    review_taken_s: float
    review_left_s: float

    @property
    def lead_s(self) -> float:
        """From its arrival until nobody worked on it any more."""
        return (self.review_left_s if self.handed_over else self.left_s) - self.arrived_s


def result_data(result: CaseResult) -> dict[str, Any]:
    """The data of the event that holds a result: under one key, so that no name collides with an event's own columns."""
    return {"result": asdict(result)}


def results_of(run: RunFolder, who: str) -> list[CaseResult]:
    """Every result of this worker that the run's log holds."""
    return [
        CaseResult(**event.data["result"])
        for event in _events(run)
        if event.kind == "verdict" and event.resource == who
    ]


def finished_cases(run: RunFolder, who: str) -> set[str]:
    """The cases that this worker has a verdict for in this run's log."""
    return {event.case for event in _events(run) if event.kind == "verdict" and event.resource == who}


def interrupted_cases(run: RunFolder, who: str) -> set[str]:
    """The cases that this worker had begun and that have no verdict in this run's log."""
    begun = {event.case for event in _events(run) if event.kind == "start" and event.resource == who}
    return begun - finished_cases(run, who)


def begun_with(run: RunFolder, who: str, case: str) -> str:
    """The fingerprint of the system of record with which this worker last began a case; empty when none was kept."""
    starts = [e for e in _events(run) if e.kind == "start" and e.resource == who and e.case == case]
    return str(starts[-1].data.get("record", "")) if starts else ""


def _events(run: RunFolder) -> Iterator[Event]:
    return read_events(run.events.path) if run.events.path.exists() else iter(())


def add_handled(run: RunFolder, one: HandledCase) -> None:
    """Append a case of a mixed shift to the run's metrics. Raises StorageFull."""
    run.metric(kind=_HANDLED, **asdict(one))


def read_handled(folder: Path) -> list[HandledCase]:
    """Every case of a mixed shift that the run folder's metrics hold, by arrival; none: it was no mixed shift.

    Raises:
        BadInput: a line of the metrics cannot be read; names it.
    """
    path = folder / "metrics.jsonl"
    names = [field.name for field in fields(HandledCase)]
    found: list[HandledCase] = []
    if path.is_file():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            try:
                values = json.loads(line)
                if values.get("kind") == _HANDLED:
                    found.append(HandledCase(**{name: values[name] for name in names}))
            except (ValueError, KeyError, AttributeError) as error:
                raise BadInput(f"{path}:{number} is not a metric: {error}") from error
    return sorted(found, key=lambda one: one.arrived_s)


def receipt_name(case: str) -> str:
    """The name of a case's receipt, without its ending: one that no other case has, and most cases' own."""
    plain = "".join(c if (c.isascii() and c.isalnum()) or c in "-_" else "_" for c in case)
    taken = plain != case or case in ("", "index")
    return f"{plain[:80]}-{hashlib.sha256(case.encode()).hexdigest()[:8]}" if taken or len(case) > 80 else case


def decision_times_s(folder: Path, case: str) -> list[float]:
    """When each of the worker's decisions of a case was made, in seconds from the first; by its receipt. None: no receipt.

    Raises:
        BadInput: the file is no receipt.
    """
    path = folder / "receipts" / f"{receipt_name(case)}.json"
    if not path.is_file():
        return []
    try:
        times = [float(step["t_s"]) for step in json.loads(path.read_text())["steps"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is not a receipt: {error}") from error
    return [t - times[0] for t in times]
