"""Records demonstrations of jobs, learns each job from them, and works unseen cases of it: how many are right, how many silently wrong?

    python -m benchmarks.jobs --jobs invoice_entry,rows_rule --demos 20 --cases 50 --style scripted
    python -m benchmarks.jobs --jobs all --record-only DIR --demos 20 --style person
    python -m benchmarks.jobs --jobs all --recorded DIR --drift scale_125

Recordings are kept below ``DIR/JOB/STYLE``; what is there already is not recorded again.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.jobs.drift import DRIFTS
from benchmarks.jobs.job import Job
from benchmarks.jobs.steps import STYLES
from benchmarks.jobs.suite import JOBS, job_named
from benchmarks.jobs.task import JobTask, JobTaskConfig
from crewless.core.cache import keep_compiled_code_here
from crewless.core.errors import CrewlessError
from crewless.core.runs import RunFolder
from crewless.episodes import open_dataset
from crewless.work.recording_session import OperatorResult, record_operator


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; 2 when it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.jobs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", default="all", help=f"names with commas between, of: {', '.join(JOBS)}")
    parser.add_argument("--demos", type=int, default=20)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--style", default="scripted", choices=list(STYLES))
    parser.add_argument("--drift", default="plain", help=f"one of: {', '.join(DRIFTS)}")
    parser.add_argument("--record-only", type=Path, help="record into this folder and stop")
    options = parser.parse_args(argv)
    keep_compiled_code_here()
    try:
        jobs = list(JOBS.values()) if options.jobs == "all" else [job_named(name) for name in options.jobs.split(",")]
        for job in jobs:
            if reason := job.lacks():
                print(f"{job.name}: left out, {reason}", flush=True)
            elif options.record_only is not None:
                record(job, options.style, options.demos, options.record_only)
    except CrewlessError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def record(job: Job, style: str, count: int, folder: Path) -> Path:
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


def _say(result: OperatorResult) -> None:
    evidence = "" if result.verdict.outcome == "right" else f" {dict(result.verdict.evidence)}"
    print(f"  {result.case} {result.verdict.outcome} {result.seconds:.1f} s{evidence}", flush=True)
