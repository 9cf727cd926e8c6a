"""A sheet of measured cells from the run folder of a shift: how long the worker and the operator took, what was handed
over, what reality said.

Four cells. *judge*: find the case, read it, choose the answer. *hand over*: takes no time; catches the share of the worker's
doubts that it noticed, and sends those cases to review. *reply*: carry the answer out. *review*: a person works a case that was
handed over from beginning to end. ``judge``, ``hand over`` and ``reply`` can each be a person's or AI's, from what both did in the
same run.

Hand-overs are a property of who judges. The sheet has no arrow that depends on that, so a doubt is an error of ``judge``
that ``hand over`` catches: a person who judges leaves none of those, and nothing goes to review.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from crewless.company.discover.fit import fit
from crewless.company.sheet.model import (
    Arrival,
    Arrow,
    Calendar,
    Cell,
    Duration,
    Gateway,
    Performer,
    Pool,
    Sheet,
    WorkProfile,
    check,
    repeated_week,
)
from crewless.core.errors import BadInput
from crewless.core.events import read_events
from crewless.core.results import REVIEW, WORK, HandledCase, decision_times_s, read_handled

_INSTANT = Duration(kind="constant", numbers=(0.0,))
_BUSY = 0.8
"""Utilisation of the worker that is assumed where the queue was full from the start, so that arrivals are unknown."""


@dataclass(frozen=True, kw_only=True)
class MeasuredWork:
    """What one performer did in a run, in seconds. Shape (cases,) each."""

    judge: np.ndarray
    reply: np.ndarray
    """Reply times of the answered cases."""
    answered: int
    wrong: int
    """Answered, and reality says no."""
    handed_over: int
    whole: np.ndarray = field(default_factory=lambda: np.array([]))
    """Seconds from beginning to end, of those that were answered."""


def sheet_of_run(folder: Path) -> tuple[Sheet, list[str]]:
    """The sheet, and lines that say what it was made of.

    Raises:
        BadInput: there is no run in the folder, or it holds no worker's case.
    """
    if not (folder / "events.jsonl").is_file():
        raise BadInput(f"{folder} is not a run folder", alternatives=["a folder that `crewless demo` or `work` made"])
    handled = read_handled(folder)
    ai = _worker(folder, handled)
    person = _operator(folder)
    if not len(ai.judge):
        raise BadInput(f"{folder} contains no case that a worker judged", alternatives=["a run of `demo` or `work`"])
    lines = [
        f"AI: {len(ai.judge)} cases, judge {_of(ai.judge)}, reply {_of(ai.reply)}, {ai.handed_over} handed over, "
        f"{ai.wrong} of {ai.answered} answers wrong"
    ]
    if person:
        lines.append(
            f"person: {len(person.judge)} recorded cases, judge {_of(person.judge)}, reply {_of(person.reply)}, "
            f"{person.wrong} of {person.answered} answers wrong"
        )
    review, calendar = _review(folder, handled, person, lines)
    arrival = _arrival(handled, ai, lines)
    role = str(_config(folder).get("task") or WORK)
    return check(_sheet(role, ai, person, review, calendar, arrival)), lines


def measured_worker(folder: Path) -> WorkProfile:
    """How the AI worker of a shift did a whole case: its time and its silent errors, of the cases that it answered.

    Raises:
        BadInput: there is no run in the folder, or no case that its worker answered.
    """
    if not (folder / "events.jsonl").is_file():
        raise BadInput(f"{folder} is not a run folder", alternatives=["a folder that `crewless demo` or `work` made"])
    ai = _worker(folder, read_handled(folder))
    if not ai.answered:
        raise BadInput(f"{folder} contains no case that a worker answered", alternatives=["a run of `demo` or `work`"])
    return WorkProfile(resource="worker", duration=_hours(ai.whole), error=ai.wrong / ai.answered)


def _of(seconds: np.ndarray) -> str:
    return f"{seconds.mean():.1f} s" if len(seconds) else "never seen"


def _worker(folder: Path, handled: Sequence[HandledCase]) -> MeasuredWork:
    """From the run's events and receipts; what a mixed shift measured around a case counts as part of it."""
    spans = {one.case: one.left_s - one.taken_s for one in handled}
    begun: dict[str, float] = {}
    judge, reply, wrong, over = [], [], 0, 0
    found: list[tuple[str, str, float]] = []
    for event in read_events(folder / "events.jsonl"):
        if event.cell != WORK:
            continue
        if event.kind == "start":
            begun[event.case] = event.t
        elif event.kind == "verdict" and event.outcome in ("right", "wrong", "handed_over") and event.case in begun:
            span = spans.get(event.case, event.t - begun[event.case])
            found.append((event.case, event.outcome, span))
    # A case that is handed over ends when it has been judged: that many steps are reading.
    reading = [
        steps for case, outcome, _ in found if outcome == "handed_over" and (steps := decision_times_s(folder, case))
    ]
    count = int(np.median([len(steps) for steps in reading])) if reading else 0
    for case, outcome, span in found:
        if outcome == "handed_over":
            judge.append(span)
            over += 1
            continue
        steps = decision_times_s(folder, case)
        took = steps[count - 1] if 0 < count <= len(steps) else 0.0
        judge.append(min(took, span))
        reply.append(max(0.0, span - took))
        wrong += outcome == "wrong"
    return MeasuredWork(
        judge=np.array(judge), reply=np.array(reply), answered=len(reply), wrong=wrong, handed_over=over,
        whole=np.array([span for _, outcome, span in found if outcome != "handed_over"]),
    )  # fmt: skip


def _operator(folder: Path) -> MeasuredWork | None:
    """From the recordings of whoever was watched; the same rule for where reading ends."""
    from crewless.episodes import open_dataset

    path = folder / "episodes" / "operator"
    if not path.is_dir():
        return None
    dataset = open_dataset(path)
    episodes = [one for one in dataset.episodes if one.outcome in ("right", "wrong", "handed_over")]
    given_up = [len(dataset.segments(one.index)) for one in episodes if one.outcome == "handed_over"]
    count = int(np.median(given_up)) if given_up else 0
    judge, reply, wrong = [], [], 0
    for one in episodes:
        segments = dataset.segments(one.index)
        if one.outcome == "handed_over":
            judge.append(one.duration_s)
            continue
        took = segments[count].start_s if 0 < count < len(segments) else 0.0
        judge.append(took)
        reply.append(max(0.0, one.duration_s - took))
        wrong += one.outcome == "wrong"
    if not judge:
        return None
    return MeasuredWork(
        judge=np.array(judge), reply=np.array(reply), answered=len(reply), wrong=wrong, handed_over=len(given_up)
    )


def _review(
    folder: Path, handled: Sequence[HandledCase], person: MeasuredWork | None, lines: list[str]
) -> tuple[tuple[Duration, float], tuple[tuple[float, float], ...]]:
    """(Duration and error of the review, the person's week)."""
    config = _config(folder)
    works, rests = (float(config.get(name, 0.0)) for name in ("person_works_s", "person_rests_s"))
    reviewed = [one for one in handled if one.handed_over]
    if reviewed and works > 0:
        spans = [_worked(one.review_taken_s, one.review_left_s, works, rests) for one in reviewed]
        # Who says that a case is nobody's is right to do so.
        wrong = sum(one.outcome == "wrong" for one in reviewed)
        lines.append(
            f"review: {len(spans)} cases by the person, {np.mean(spans):.1f} s each, {wrong} wrong; "
            f"{works:g} s at work and {rests:g} s away"
        )
        week = repeated_week(0.0, works / 3600, (works + rests) / 3600) if rests else ()
        return (_hours(np.array(spans)), wrong / len(spans)), week
    if person and len(person.reply):
        whole = float(person.judge.mean()) + person.reply
        lines.append("review: none was recorded; assumed to take as long as the operator needs for a whole case")
        return (_hours(whole), person.wrong / max(1, person.answered)), ()
    lines.append("review: no whole case was recorded; assumed to take two minutes each, edit it")
    return (Duration(kind="constant", numbers=(2 / 60,)), 0.0), ()


def _worked(start: float, end: float, works: float, rests: float) -> float:
    """Seconds at work between two moments of a shift."""

    def until(t: float) -> float:
        rounds, into = divmod(t, works + rests)
        return rounds * works + min(into, works)

    return until(end) - until(start)


def _arrival(handled: Sequence[HandledCase], ai: MeasuredWork, lines: list[str]) -> Arrival:
    if len(handled) > 1:
        gaps = np.diff([one.arrived_s for one in handled])
        lines.append(f"arrivals: measured, {gaps.mean():.1f} s apart")
        return Arrival(between=_hours(gaps))
    whole = float(ai.judge.mean()) + float(ai.reply.sum()) / len(ai.judge)
    lines.append(
        f"arrivals: the queue was full from the start, so they are unknown; assumed such that the worker is busy "
        f"{_BUSY:.0%} of the time, edit them"
    )
    return Arrival(between=Duration(kind="exponential", numbers=(float(f"{whole / _BUSY / 3600:.6g}"),)))


def _config(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _hours(seconds: np.ndarray) -> Duration:
    return fit(seconds / 3600).duration if len(seconds) else _INSTANT


def _sheet(
    role: str,
    ai: MeasuredWork,
    person: MeasuredWork | None,
    review: tuple[Duration, float],
    week: tuple[tuple[float, float], ...],
    arrival: Arrival,
) -> Sheet:
    cases = len(ai.judge)
    silent = ai.wrong / cases
    doubts = ai.handed_over / cases
    made = silent + doubts
    works: dict[str, dict[Performer, WorkProfile]] = {
        "judge": {"ai": WorkProfile(resource="worker", duration=_hours(ai.judge), error=made)},
        "hand over": {"ai": WorkProfile(resource="worker", duration=_INSTANT, catch=doubts / made if made else 0.0)},
        "reply": {"ai": WorkProfile(resource="worker", duration=_hours(ai.reply))},
    }
    if person:
        error = person.wrong / max(1, person.answered)
        works["judge"]["person"] = WorkProfile(resource="person", duration=_hours(person.judge), error=error)
        works["hand over"]["person"] = WorkProfile(resource="person", duration=_INSTANT)
        works["reply"]["person"] = WorkProfile(resource="person", duration=_hours(person.reply))
    # Whoever has judged a case ends it before the next: what comes later is more urgent.
    cells = [
        Cell(
            name=name, role=role, performer="ai", works=by, rework=REVIEW if name == "hand over" else "",
            priority={"hand over": 2, "reply": 1}.get(name, 0),
        )
        for name, by in works.items()
    ]  # fmt: skip
    by: dict[Performer, WorkProfile] = {"person": WorkProfile(resource="person", duration=review[0], error=review[1])}
    cells.append(Cell(name=REVIEW, role=role, works=by))
    flow = [
        ("start", "judge", 1.0), ("judge", "hand over", 1.0), ("hand over", "answer", 1.0), ("answer", "reply", 1.0),
        ("answer", REVIEW, 0.0), ("reply", "end", 1.0), (REVIEW, "end", 1.0),
    ]  # fmt: skip
    return Sheet(
        cells=tuple(cells),
        gateways=tuple(Gateway(name=n, kind=k) for n, k in (("start", "start"), ("answer", "xor"), ("end", "end"))),
        arrows=tuple(Arrow(source=a, target=b, probability=p) for a, b, p in flow),
        resources=(Pool(name="worker"), Pool(name="person", calendar="breaks" if week else "")),
        calendars=(Calendar(name="breaks", week=week),) if week else (),
        arrival=arrival,
    )
