"""Records demonstrations of jobs, learns each job from them, and works unseen cases of it: how many are right, how many silently wrong?

    python -m benchmarks.jobs --jobs invoice_entry,rows_rule --demos 20 --cases 50 --style scripted
    python -m benchmarks.jobs --jobs all --record-only DIR --demos 20 --style person
    python -m benchmarks.jobs --jobs all --folder DIR --drift scale_125,dark
    python -m benchmarks.jobs --jobs all --folder DIR --drift traps --cases 10

Recordings are kept below ``FOLDER/JOB/STYLE`` and what was learnt beside them; what is there is not recorded again. Everything is
worked with receipts below ``FOLDER/JOB/work-...``.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.jobs.drift import DRIFTS, drift_named
from benchmarks.jobs.job import JobKind
from benchmarks.jobs.server import WebProgram
from benchmarks.jobs.steps import STYLES
from benchmarks.jobs.suite import JOBS, job_named
from benchmarks.jobs.task import JobTask, JobTaskConfig
from benchmarks.report import report
from crewless.core.cache import keep_compiled_code_here
from crewless.core.errors import BadInput, CrewlessError
from crewless.core.results import CaseResult
from crewless.core.runs import RunFolder
from crewless.episodes import open_dataset
from crewless.work.recording_session import OperatorResult, record_operator

COLUMNS = (
    "job", "drift", "demos", "cases", "right", "wrong", "silent", "handed", "error", "bogus", "explained", "learn_s", "median_s", "usual_reason",
)  # fmt: skip
_GROUPS = {
    "drifts": [name for name in DRIFTS if not name.startswith(("trap_", "look_")) and name != "plain"],
    "looks": [name for name in DRIFTS if name.startswith("look_")],
    "traps": [name for name in DRIFTS if name.startswith("trap_")],
}


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One job as it is learnt and worked."""

    job: JobKind
    style: str
    demos: int
    cases: int
    skip: int
    folder: Path
    keep_learnt: bool
    promise: float
    """The share of silently wrong cases that the worker is allowed."""

    @property
    def worker(self) -> Path:
        """What was learnt."""
        return self.folder / self.job.name / f"learnt-{self.style}-{self.demos}"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; 2 when it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.jobs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", default="all", help=f"names with commas between, of: {', '.join(JOBS)}")
    parser.add_argument("--demos", type=int, default=20)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument(
        "--skip", type=int, default=0, help="unseen cases that are left out: those that faults were found on"
    )
    parser.add_argument("--part", default="", help="added to the result's name, where several runs share the jobs")
    parser.add_argument("--style", default="scripted", choices=list(STYLES))
    parser.add_argument(
        "--drift", default="plain", help=f"names with commas between, of: {', '.join([*_GROUPS, *DRIFTS])}"
    )
    parser.add_argument("--promise", type=float, default=0.02, help="silently wrong cases that are allowed, 0 to 1")
    parser.add_argument("--folder", type=Path, help="where recordings, jobs and work are kept; none: nowhere")
    parser.add_argument("--keep-learnt", action="store_true", help="work with what was learnt there before")
    parser.add_argument("--record-only", type=Path, help="record into this folder and stop")
    options = parser.parse_args(argv)
    keep_compiled_code_here()
    temporary = None if options.folder or options.record_only else tempfile.mkdtemp(prefix="jobs-")
    folder = options.record_only or options.folder or Path(temporary or "")
    try:
        jobs = list(JOBS.values()) if options.jobs == "all" else [job_named(name) for name in options.jobs.split(",")]
        drifts = [name for word in options.drift.split(",") for name in _GROUPS.get(word, [word])]
        for name in drifts:
            drift_named(name)
        rows: list[dict[str, Any]] = []
        lacking = {job.name: reason for job in jobs if (reason := job.lacks())}
        for name, reason in lacking.items():
            print(f"{name}: left out, {reason}", flush=True)
        for job in jobs:
            if job.name in lacking:
                continue
            record(job, options.style, options.demos, folder)
            if options.record_only is None:
                run = JobRun(
                    job=job, style=options.style, demos=options.demos, cases=options.cases, skip=options.skip, folder=folder,
                    promise=options.promise, keep_learnt=options.keep_learnt,
                )  # fmt: skip
                rows += learn_and_work(run, drifts)
                _report(rows, options, lacking)
    except CrewlessError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return 0


def record(job: JobKind, style: str, count: int, folder: Path) -> Path:
    """Record the operator on the first cases of a job that are not recorded yet; the dataset's folder."""
    dataset = folder / job.name / style
    there = {info.case.id for info in open_dataset(dataset).episodes} if (dataset / "meta").exists() else set[str]()
    task = JobTask(job, JobTaskConfig(num_cases=count, style=style))
    cases = [case for case in task.cases() if case.id not in there]
    if not cases:
        return dataset
    print(f"{job.name} {style}: {len(cases)} cases to record", flush=True)
    with tempfile.TemporaryDirectory(prefix="jobs-") as place:
        run = RunFolder(Path(place))
        task.setup(run.path)
        try:
            record_operator(task, run, dataset, cases, on_result=_say)
        finally:
            task.teardown()
    return dataset


def learn_and_work(run: JobRun, drifts: Sequence[str]) -> list[dict[str, Any]]:
    """Learn the job and work unseen cases of it under each drift; a row for each."""
    base: dict[str, Any] = {"job": run.job.name, "demos": run.demos, "style": run.style}
    try:
        kept = run.keep_learnt and run.worker.exists()
        base |= {} if kept else learn(run)
    except BadInput as error:
        print(f"{run.job.name}: not learnt, {error}", flush=True)
        return [
            {**base, "drift": drift, "cases": 0, "usual_reason": f"not learnt: {error.message}"} for drift in drifts
        ]
    # Drift and traps are the web server's; programs in windows of their own do not have them.
    web = isinstance(run.job.program, WebProgram)
    return [{**base, **work(run, drift)} for drift in drifts if web or drift == "plain"]


def learn(run: JobRun) -> dict[str, Any]:
    """Learn a job from its first recordings. Raises BadInput."""
    from crewless.training.learn_job import learn_job, save_learning
    from crewless.work.learning import read_recordings

    dataset = run.folder / run.job.name / run.style
    began_s = time.monotonic()
    found = read_recordings([dataset])[: run.demos]
    read_s = time.monotonic() - began_s
    learning = learn_job(found, task=run.job.name)
    shutil.rmtree(run.worker, ignore_errors=True)
    save_learning(learning, run.worker)
    account = learning.account
    print(f"{run.job.name}: {account.explained} of {account.actions} actions explained", flush=True)
    return {
        "read_s": round(read_s, 1), "learn_s": round(time.monotonic() - began_s - read_s, 1),
        "explained": round(account.explained / max(1, account.actions), 3),
        "problems": [f"{case}: {problem}" for case, problem in account.problems[:5]],
    }  # fmt: skip


def work(run: JobRun, drift: str) -> dict[str, Any]:
    """Work unseen cases under a drift; what became of them."""
    from crewless.work.runner import Runner, RunnerConfig

    place = run.folder / run.job.name / f"work-{run.style}-{run.demos}-{drift}"
    shutil.rmtree(place, ignore_errors=True)
    shift = RunFolder(place)
    task = JobTask(run.job, JobTaskConfig(num_cases=run.cases, skip=run.skip, unseen=True, drift=drift))
    task.setup(shift.path)
    began_s = time.monotonic()
    try:
        config = RunnerConfig(checkpoint=run.worker, max_silent_wrong=run.promise)
        with Runner(task, shift, config) as runner:
            results = runner.work(task.cases(), on_result=lambda result: _say_result(run.job.name, drift, result))
    finally:
        task.teardown()
    bogus = {case: int(verdict.evidence.get("bogus", 0)) for case, verdict in task.verdicts.items()}
    return {"drift": drift, **count(results, bogus), "shift_s": round(time.monotonic() - began_s, 1)}


def count(results: Sequence[CaseResult], bogus: dict[str, int]) -> dict[str, Any]:
    """The numbers of a shift."""
    outcomes = Counter(result.outcome for result in results)
    seconds = sorted(result.seconds for result in results if result.outcome in ("right", "wrong"))
    reasons = Counter(result.reason for result in results if result.reason)
    return {
        "cases": len(results), "right": outcomes["right"], "wrong": outcomes["wrong"],
        "silent": sum(result.silent_wrong for result in results), "handed": outcomes["handed_over"], "error": outcomes["error"],
        "bogus": sum(bogus.values()), "median_s": round(seconds[len(seconds) // 2], 1) if seconds else None,
        "usual_reason": reasons.most_common(1)[0][0][:70] if reasons else "",
        "reasons": dict(reasons.most_common(8)),
        "wrong_cases": [result.case for result in results if result.outcome == "wrong"],
    }  # fmt: skip


def _report(rows: Sequence[dict[str, Any]], options: argparse.Namespace, lacking: dict[str, str]) -> None:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    notes = [
        f"commit {found.stdout.strip() or 'unknown'}; load average {os.getloadavg()[0]:.1f}; {options.style} demonstrations",
        "silent: claimed done and wrong. bogus: rows or saves that nobody asked for.",
        *(f"{name} was left out: {reason}" for name, reason in lacking.items()),
    ]
    whole = [row for row in rows if row["cases"] and row["drift"] == "plain"]
    shares = sorted(row["right"] / row["cases"] for row in whole if not job_named(row["job"]).judged)
    if shares:
        notes.insert(0, f"jobs without judgement: worst {shares[0]:.0%} right, mean {sum(shares) / len(shares):.1%}")
    parts = (
        options.style,
        options.demos,
        options.drift.replace(",", "-"),
        f"skip{options.skip}" if options.skip else "",
        options.part,
    )
    variant = "-".join(str(part) for part in parts if part)
    report("jobs", rows, COLUMNS, notes, variant=variant)


def _say(result: OperatorResult) -> None:
    evidence = "" if result.verdict.outcome == "right" else f" {dict(result.verdict.evidence)}"
    print(f"  {result.case} {result.verdict.outcome} {result.seconds:.1f} s{evidence}", flush=True)


def _say_result(job: str, drift: str, result: CaseResult) -> None:
    word = "SILENT WRONG" if result.silent_wrong else result.outcome
    print(f"  {job} {drift} {result.case} {word} {result.seconds:.1f} s {result.reason[:120]}", flush=True)
