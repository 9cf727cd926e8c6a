"""A shift: cases from a task's queue, worked through the screen, each judged from outside and receipted.

A case is taken, the system of record is read, somebody works the case, the record is read again. What the worker says of
its own work decides nothing but whether a wrong result was a *silent* one. Verdicts are in the event log before the next
case begins, so a shift that was killed goes on where it stopped; the case that was under way then is taken up again when the record
is to the letter as it was when the case began, and else left to a person. When body, worker or the task's program die under a
case, they are started anew and the record is looked at; the case is handed out again only when nothing of it was done.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from crewless.core.body import Body
from crewless.core.errors import ActionUncertain, BadInput, BodyFailure, ProgramCrashed
from crewless.core.messages import Case, Verdict
from crewless.core.results import WORK, CaseResult, begun_with, finished_cases, interrupted_cases, result_data
from crewless.core.runs import RunFolder
from crewless.core.task import Task
from crewless.core.verifier import Verifier
from crewless.policy.judgement import check_share
from crewless.work.oracle_worker import OracleWorker
from crewless.work.receipts import Receipt, write_receipt
from crewless.work.screens import open_screen
from crewless.work.worker import Report, Worker
from crewless.work.worker_proc import WorkerConfig


@dataclass(frozen=True, kw_only=True)
class RunnerConfig:
    """How a shift is worked."""

    checkpoint: Path | None = None
    """What the worker has learnt; the oracle needs none."""
    policy: str = "skill"
    """skill, archive, a baseline (see :class:`~crewless.work.worker_proc.WorkerConfig`), or oracle: the task's own script, in this
    process and unsealed."""
    max_silent_wrong: float = 0.02
    abstain: bool = True
    who: str = "worker"
    restarts: int = 1
    """How often a case is handed out again after its body died and reality shows that nothing of it was done."""
    aftermath_s: float = 2.0
    """How long the program may still be writing after the body died or a wrong case was claimed done, before the record is
    believed."""
    reads: bool = False
    """The worker only looks at cases that are already done: it is right when nothing at all has changed."""
    receipts: bool = True
    case_timeout_s: float = 90.0
    unsealed: bool = False
    """Work even where the kernel cannot keep the worker to its screen."""


class CaseRecording(Protocol):
    """Whoever keeps the episodes of a shift."""

    def start(self, case: Case, who: str) -> None:
        """The case begins."""
        ...

    def note(self, kind: str, data: Mapping[str, Any], *, t_s: float) -> None:
        """A message worth keeping, and its monotonic time."""
        ...

    def stop(self, verdict: Verdict) -> None:
        """The case has been judged."""
        ...

    def close(self) -> None:
        """No more cases will come."""
        ...


class Runner:
    """Works cases one after another with one sealed worker; starts body and worker anew when they die.

    Raises:
        BadInput: ``max_silent_wrong`` is no share of cases, or there is no checkpoint. :meth:`start`: the task's ``record`` lies
            where a worker may read, or the task is not worked on a screen.
    """

    def __init__(
        self,
        task: Task,
        run: RunFolder,
        config: RunnerConfig,
        *,
        recording: Callable[[Body], CaseRecording] | None = None,
    ) -> None:
        check_share(config.max_silent_wrong)
        if config.checkpoint is None and config.policy != "oracle":
            raise BadInput(
                f"the policy {config.policy!r} needs a checkpoint", alternatives=["crewless train", "oracle"]
            )
        self.task, self.run, self.config = task, run, config
        self._make_recording = recording
        self._verifier: Verifier = task.verifier()
        self._body: Any = None
        self._worker: Worker | OracleWorker | None = None
        self._recording: CaseRecording | None = None
        self._interrupted = interrupted_cases(run, config.who)
        self._untouched: set[str] = set()
        """Of those: nothing had been done in the record."""

    def work(
        self,
        cases: Iterable[Case],
        *,
        on_result: Callable[[CaseResult], None] | None = None,
        on_step: Callable[[Case, dict[str, Any]], None] | None = None,
    ) -> list[CaseResult]:
        """Work the cases that this run's event log holds no verdict for. Returns one result for each of them.

        Raises:
            BodyFailure: a worker cannot be started at all.
            RecordUnreachable: the system of record cannot be read; nothing more is worked without a judge.
        """
        judged = finished_cases(self.run, self.config.who)
        results = []
        if self._interrupted:
            # Before anything is worked: the record is to be as it was.
            cases = list(cases)
            self._untouched = self._untouched_of([case for case in cases if case.id in self._interrupted])
        for case in cases:
            if case.id in judged:
                continue
            result = self._one(case, on_step)
            results.append(result)
            if on_result is not None:
                on_result(result)
        return results

    def close(self) -> None:
        """End the worker, its recording, its body and the judge's look at the record."""
        self._stop()
        getattr(self._verifier, "close", lambda: None)()

    def _stop(self) -> None:
        with contextlib.ExitStack() as ending:
            for part in (self._body, self._recording, self._worker):
                if part is not None:
                    ending.callback(part.close)
            self._worker = self._recording = self._body = None

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> "Worker | OracleWorker":
        """Make sure that a body and a sealed worker are there, and live."""
        if self._worker is not None:
            try:
                self._check_body()
            except BodyFailure:
                self._stop()
        if self._worker is None:
            self._stop()
            oracle = self.config.policy == "oracle"
            self._body = self.task.open(scripted=True) if oracle else open_screen(self.task)
            if self._make_recording is not None:
                self._recording = self._make_recording(self._body)
            self._worker = OracleWorker(self.task, self._body) if oracle else self._sealed()
        return self._worker

    def _sealed(self) -> Worker:
        assert self.config.checkpoint is not None
        return Worker(
            WorkerConfig(
                display=self._body.display,
                ring=str(self._body.ring.path),
                checkpoint=str(self.config.checkpoint.resolve()),
                policy=self.config.policy,
                max_silent_wrong=self.config.max_silent_wrong,
                abstain=self.config.abstain,
                max_steps=int(getattr(self.task, "max_steps", WorkerConfig.max_steps)),
                forbidden=tuple(str(path) for path in getattr(self.task, "record", ())),
                unsealed=self.config.unsealed,
            )
        )

    @property
    def body(self) -> Any:
        """The body that the worker drives now, or None."""
        return self._body

    def _one(self, case: Case, on_step: Callable[[Case, dict[str, Any]], None] | None) -> CaseResult:
        restarts: list[str] = []
        if case.id in self._interrupted:
            self._interrupted.discard(case.id)
            if case.id not in self._untouched:
                return self._look_at(case)
            restarts.append("an earlier shift was killed under it, and the system of record is as it was before")
            self._event(case, "note", outcome="resumed", data={"why": restarts[-1]})
        try:
            revived = self._revive()
        except BodyFailure as error:
            return self._not_begun(case, str(error))
        if revived:
            # What the last case left on the screen is of a program that is gone.
            self._stop()
            self._event(case, "note", outcome="revived", data={"why": revived})
        # The body first: a judge of physics lays the case out on it.
        self.start()
        for attempt in range(self.config.restarts + 1):
            worker = self.start()
            # Anew for each attempt: others may have worked meanwhile.
            before = self._verifier.before(case)
            first = self._photo()
            self._event(case, "start", data={"attempt": attempt, "record": self._fingerprint(before)})
            if self._recording is not None:
                self._recording.start(case, self.config.who)

            steps: list[dict[str, Any]] = []
            began_s = time.monotonic()

            def heard(step: dict[str, Any], steps: list[dict[str, Any]] = steps) -> None:
                self._check_body()
                steps.append(step)
                if self._recording is not None:
                    self._recording.note("decision", step["decision"], t_s=step["t_s"])
                    if step["applied"] is not None:
                        self._recording.note("applied", step["applied"], t_s=step["applied"]["dispatched_s"])
                if on_step is not None:
                    on_step(case, step)

            try:
                report = worker.work(case, timeout_s=self.config.case_timeout_s, on_step=heard)
                if not report.claimed_done:
                    self._check_body()
                    if revived := self._revive():
                        raise ProgramCrashed(revived)
            except (BodyFailure, ActionUncertain) as error:
                died, seconds = True, time.monotonic() - began_s
                lives = self._lives()
                # What was sent last may still be on its way into the record: untouched is believed only after a while.
                time.sleep(self.config.aftermath_s)
                report = Report(
                    case=case.id, claimed_done=False, reason=str(error), seconds=seconds, cpu_s=0.0, rss_mb=0.0, steps=steps
                )  # fmt: skip
            else:
                died, lives = False, True
            claimed = report.claimed_done and not self.config.reads
            verdict = self._verifier.judge(case, before, claimed_done=claimed)
            if claimed and verdict.outcome == "wrong":
                # A worker may say done while its last click is still on its way: what is in the record in the end counts.
                time.sleep(self.config.aftermath_s)
                verdict = self._verifier.judge(case, before, claimed_done=claimed)
            untouched = verdict.outcome == "handed_over"
            if report.claimed_done and self.config.reads and untouched:
                verdict = replace(verdict, outcome="right", claimed_done=True)
            if died:
                verdict = self._after_death(case, before, report.reason, untouched=untouched)
            if self._recording is not None:
                self._recording.stop(verdict)
            last = self._photo()
            if died or (not report.claimed_done and report.touched):
                self._stop()
            if died and untouched and lives and attempt < self.config.restarts:
                self._event(case, "note", outcome="restarted", data={"why": report.reason})
                restarts.append(report.reason)
                continue
            return self._finish(case, verdict, report, first, last, restarts)
        raise AssertionError("unreachable: the last attempt always returns")

    def _after_death(self, case: Case, before: Mapping[str, Any], reason: str, *, untouched: bool) -> Verdict:
        """What reality says of a case whose body died: finished after all, or an error for a person to look at."""
        verdict = self._verifier.judge(case, before, claimed_done=True)
        if verdict.outcome == "right":
            return verdict
        evidence = {**verdict.evidence, "body": reason, "untouched": untouched}
        return Verdict(case=case.id, outcome="error", claimed_done=False, evidence=evidence)

    def _revive(self) -> str:
        """Start the task's program anew if it has ended; what was done. Raises BodyFailure when it does not start."""
        return str(getattr(self.task, "revive", str)())

    def _lives(self) -> bool:
        """Whether the task's program lives, if need be anew."""
        try:
            self._revive()
        except BodyFailure:
            return False
        return True

    def _not_begun(self, case: Case, reason: str) -> CaseResult:
        """A case that nobody could begin, for the program does not start: it is handed over as it came."""
        verdict = Verdict(case=case.id, outcome="handed_over", claimed_done=False, evidence={"program": reason})
        report = Report(case=case.id, claimed_done=False, reason=reason, seconds=0.0, cpu_s=0.0, rss_mb=0.0)
        return self._finish(case, verdict, report, None, None)

    def _fingerprint(self, before: Mapping[str, Any]) -> str:
        """What the record holds, as the judge sees it; empty when this judge cannot say."""
        return str(getattr(self._verifier, "fingerprint", lambda before: "")(before))

    def _untouched_of(self, cases: Sequence[Case]) -> set[str]:
        """Those of the interrupted cases for which the record is to the letter as it was when they were begun."""
        begun = {case.id: begun_with(self.run, self.config.who, case.id) for case in cases}
        for look in range(2 if any(begun.values()) else 0):
            # What was sent last may still be on its way into the record.
            time.sleep(self.config.aftermath_s if look else 0.0)
            before = self._verifier.before(cases[0])
            now = self._fingerprint(before)
            self._verifier.judge(cases[0], before, claimed_done=False)  # nobody works it yet
            begun = {case: then for case, then in begun.items() if then and then == now}
        return {case for case, then in begun.items() if then}

    def _look_at(self, case: Case) -> CaseResult:
        """A case that was under way when an earlier shift was killed: what was done of it is for a person to see."""
        reason = "was in progress when an earlier shift was killed; check the system of record before working it again"
        verdict = Verdict(case=case.id, outcome="error", claimed_done=False, evidence={"interrupted": reason})
        report = Report(case=case.id, claimed_done=False, reason=reason, seconds=0.0, cpu_s=0.0, rss_mb=0.0)
        return self._finish(case, verdict, report, None, None)

    def _finish(
        self,
        case: Case,
        verdict: Verdict,
        report: Report,
        first: np.ndarray | None,
        last: np.ndarray | None,
        restarts: Sequence[str] = (),
    ) -> CaseResult:
        result = CaseResult(
            case=case.id,
            who=self.config.who,
            outcome=verdict.outcome,
            silent_wrong=verdict.silent_wrong,
            seconds=report.seconds,
            cpu_s=report.cpu_s,
            rss_mb=report.rss_mb,
            steps=len(report.steps),
            reason=report.reason,
            collected=report.collected,
            judged=report.judged,
        )
        if self.config.receipts:
            write_receipt(
                self.run.folder("receipts"),
                Receipt(
                    verdict=verdict,
                    who=self.config.who,
                    seconds=result.seconds,
                    reason=report.reason,
                    steps=report.steps,
                    restarts=restarts,
                    before=first,
                    after=last,
                ),
            )
        self._event(case, "verdict", outcome=verdict.outcome, data=result_data(result))
        return result

    def _event(self, case: Case, kind: str, *, outcome: str = "", data: Mapping[str, Any]) -> None:
        self.run.events.add(case=case.id, cell=WORK, resource=self.config.who, kind=kind, outcome=outcome, **data)

    def _check_body(self) -> None:
        """Raises BodyFailure. The worker cannot tell a browser that has died from a screen that stays empty; its owner can."""
        if self._body is not None:
            self._body.frame()

    def _photo(self) -> np.ndarray | None:
        try:
            return None if self._body is None else np.array(self._body.frame().pixels)
        except BodyFailure:
            return None


def summarise(results: Sequence[CaseResult]) -> dict[str, Any]:
    """The numbers of a shift: counts, shares and seconds a case."""
    done = [r.seconds for r in results if r.outcome in ("right", "wrong")]
    count = max(1, len(results))
    return {
        "cases": len(results),
        **{name: sum(r.outcome == name for r in results) for name in ("right", "wrong", "handed_over", "error")},
        "silent_wrong": sum(r.silent_wrong for r in results),
        "right_share": sum(r.outcome == "right" for r in results) / count,
        "silent_wrong_share": sum(r.silent_wrong for r in results) / count,
        "handed_over_share": sum(r.outcome == "handed_over" for r in results) / count,
        "seconds_median": float(np.median(done)) if done else None,
        "seconds_p95": float(np.percentile(done, 95)) if done else None,
    }
