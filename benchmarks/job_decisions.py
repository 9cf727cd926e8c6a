"""What a decision of a learnt job costs, perception aside: each job is worked on the screens of its recordings.

    python -m benchmarks.job_decisions --folder DIR [--jobs all]

The folder is one that ``python -m benchmarks.jobs --folder DIR`` has recorded and learnt in. The screens come as they were recorded, each
shown three times, so that the worker looks, waits and acts as it does at work; CPU time of ``decide`` alone.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.jobs.suite import JOBS, job_named
from benchmarks.report import report
from crewless.policy.job.policy import JobPolicy
from crewless.policy.job.store import load_job
from crewless.work.learning import read_recordings

_LOOKS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.job_decisions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--jobs", default="all")
    options = parser.parse_args(argv)
    names = list(JOBS) if options.jobs == "all" else [job_named(name).name for name in options.jobs.split(",")]
    rows: list[dict[str, Any]] = []
    for name in names:
        worker = options.folder / name / "learnt-scripted-20"
        if not worker.exists():
            print(f"{name}: left out, nothing was learnt in {worker}")
            continue
        learnt, _ = load_job(worker, task=name)
        policy = JobPolicy(learnt, abstain=False)
        taken: list[float] = []
        for demonstration in read_recordings([options.folder / name / "scripted"])[:8]:
            policy.reset(demonstration.case)
            screens = [seen for seen, _ in demonstration.steps] + [demonstration.last]
            for seen in (seen for seen in screens for _ in range(_LOOKS)):
                began = time.process_time()
                over = policy.decide(seen).action.verb in ("done", "hand_over")
                taken.append(1000 * (time.process_time() - began))
                if over:
                    break
        taken.sort()
        rows.append(
            {
                "job": name, "decisions": len(taken), "median_cpu_ms": round(taken[len(taken) // 2], 2),
                "p95_cpu_ms": round(taken[int(0.95 * len(taken))], 2), "most_cpu_ms": round(taken[-1], 1),
            }
        )  # fmt: skip
    worst = max(row["p95_cpu_ms"] for row in rows)
    report(
        "job_decisions",
        rows,
        ("job", "decisions", "median_cpu_ms", "p95_cpu_ms", "most_cpu_ms"),
        [f"largest 95th percentile {worst} CPU ms; to reach: 15"],
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
