"""Learning a job: from demonstrations to a folder that a worker reads, with what was and was not understood."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from crewless.core.errors import BadInput
from crewless.core.messages import Demonstration
from crewless.policy.job.policy import LearntJob
from crewless.policy.job.program import Job
from crewless.policy.job.store import Account, save_job
from crewless.training.induce.alignment import Alignment
from crewless.training.induce.draft import JUDGED, Draft
from crewless.training.induce.induce import induce
from crewless.training.induce.intents import Trace, is_entry
from crewless.training.induce.judging import judgements_of
from crewless.training.induce.replay import Replayed, replay
from crewless.training.induce.traces import trace_of
from crewless.training.ledger import hash_of, hash_together

Progress = Callable[[str, float], None]
_STRANGER = 0.5
"""A demonstration of which more than this share stands alone is of another job."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Learning:
    """What was learnt."""

    learnt: LearntJob
    account: Account
    replays: tuple[Replayed, ...]
    """Of each demonstration, by a job that was learnt without it."""


def learn_job(
    demonstrations: Sequence[Demonstration], *, task: str = "", archive: Sequence[tuple[str, str]] = (), processes: int | None = None,
    progress: Progress | None = None,
) -> Learning:  # fmt: skip
    """Learn a job from demonstrations of it, and try it on each of them by a job that was learnt from the others.

    Args:
        demonstrations: recorded cases; those that reality called wrong, or that were handed over, are left out.
        task: written into the account.
        archive: texts and answers of cases that were solved before; they serve a job that judges one thing.
        processes: how many at once; None: one for each core.
        progress: hears what is happening and the share that is done, 0 to 1.

    Raises:
        BadInput: fewer than two can be learnt from, they are of several jobs, or lack a slot that others have.
    """
    tell = progress or (lambda what, share: None)
    began_s = time.perf_counter()
    kept = [d for d in demonstrations if d.verdict in (None, "right") and d.steps]
    if len(kept) < 2:
        raise BadInput(
            f"{len(kept)} of {len(demonstrations)} demonstrations can be learnt from",
            alternatives=["at least 2 that were right, better 20"],
        )
    _check_slots(kept)
    tell("what was meant", 0.0)
    traces = [trace_of(demonstration) for demonstration in kept]
    tell("what it has in common", 0.1)
    job, draft = induce(traces, name=task)
    _check_one_job(draft.alignment, kept)
    replays = _left_out(
        traces, draft, processes, lambda share: tell("trying it on what was left out", 0.2 + 0.7 * share)
    )
    tell("learning what is judged", 0.92)
    judgements = judgements_of(draft.judged, archive)
    account = Account(
        task=task, cases=tuple(dict.fromkeys(d.case.id for d in demonstrations)), data=hash_together([hash_of(d) for d in kept]),
        actions=sum(one.actions for one in replays), explained=sum(one.explained for one in replays),
        whole=sum(not one.problem for one in replays), misread=sum(one.misread for one in replays),
        problems=tuple((d.case.id, one.problem) for d, one in zip(kept, replays, strict=True) if one.problem),
        seconds=round(time.perf_counter() - began_s, 1),
    )  # fmt: skip
    tell("learnt", 1.0)
    return Learning(learnt=LearntJob(job=job, judgements=judgements), account=account, replays=tuple(replays))


def save_learning(learning: Learning, folder: Path) -> Path:
    """Write what was learnt. Returns the folder. Raises StorageFull."""
    return save_job(learning.learnt, learning.account, folder)


def answers_of(draft: Draft, number: int) -> dict[str, str]:
    """What a demonstration judged, by name."""
    return {
        name: source.values[number] for name, source in draft.sources.items()
        if source.visit == JUDGED and number in source.values
    }  # fmt: skip


def _left_out(
    traces: Sequence[Trace], draft: Draft, processes: int | None, tell: Callable[[float], None]
) -> list[Replayed]:  # fmt: skip
    """Of each trace the replay by a job that was induced without it."""
    count = len(traces)
    answers = [answers_of(draft, number) for number in range(count)]
    workers = max(1, min(processes or len(os.sched_getaffinity(0)), count // 4))
    found: list[Replayed] = []
    if workers == 1:
        for number in range(count):
            found.append(_one_left_out(traces, number, answers[number]))
            tell((number + 1) / count)
        return found
    demonstrations = [trace.demonstration for trace in traces]
    # Threads of onnxruntime or openvino would not survive a fork.
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start, initargs=(demonstrations, answers)
    )
    try:
        for done, one in enumerate(pool.map(_in_process, range(count)), 1):
            found.append(one)
            tell(done / count)
    finally:
        pool.shutdown(cancel_futures=True)
    return found


_TRACES: list[Trace] = []
_ANSWERS: list[Mapping[str, str]] = []


def _start(demonstrations: Sequence[Demonstration], answers: Sequence[Mapping[str, str]]) -> None:
    _TRACES[:] = [trace_of(demonstration) for demonstration in demonstrations]
    _ANSWERS[:] = list(answers)


def _in_process(number: int) -> Replayed:
    return _one_left_out(_TRACES, number, _ANSWERS[number])


def _one_left_out(traces: Sequence[Trace], number: int, answers: Mapping[str, str]) -> Replayed:
    others = [trace for at, trace in enumerate(traces) if at != number]
    job: Job = induce(others)[0]
    return replay(job, traces[number], answers)


def _check_slots(demonstrations: Sequence[Demonstration]) -> None:
    names = {name for d in demonstrations for name in d.case.slots}
    lacking = [(d.case.id, sorted(names - {n for n, v in d.case.slots.items() if v})) for d in demonstrations]
    lacking = [(case, missing) for case, missing in lacking if missing]
    if lacking:
        case, missing = lacking[0]
        raise BadInput(
            f"case {case} has no {', '.join(missing)}, which other demonstrations have"
            + (f" ({len(lacking)} cases lack something)" if len(lacking) > 1 else ""),
            alternatives=["demonstrations whose cases give the same slots"],
        )


def _check_one_job(alignment: Alignment, demonstrations: Sequence[Demonstration]) -> None:
    """Raises BadInput when the demonstrations fall apart into several jobs."""
    count = len(demonstrations)
    shared = [0] * count
    total = [0] * count
    for column in alignment.columns:
        for d, intents in column.members.items():
            if not is_entry(intents[0]):
                total[d] += 1
                shared[d] += len(column.members) >= max(2.0, 0.5 * count)
    strangers = [d for d in range(count) if total[d] and shared[d] < _STRANGER * total[d]]
    if not strangers:
        return
    names = ", ".join(demonstrations[d].case.id for d in strangers[:6]) + (" ..." if len(strangers) > 6 else "")
    raise BadInput(
        f"{len(strangers)} of {count} demonstrations do another job than the others: {names}",
        alternatives=["demonstrations of one job in one folder"],
    )
