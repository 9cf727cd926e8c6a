"""Sheets discovered from one half of real logs, simulated, and set beside the half that was held out.

python -m benchmarks.company_discovery [--data FOLDER] [--replications 10]

The real logs are those of the folder; beside them stand logs made in the shape of six public ones (:mod:`benchmarks.company_logs`).

Whole cases, split in time (the half that began first is learnt from) and, for logs that change with time, dealt in turn. From an
empty start the sheet is simulated as long as the held-out half went on arriving. The held-out half is only reported: nothing
is chosen by it. What the two halves of the log differ by themselves stands beside it.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.stats import wasserstein_distance

from benchmarks.company_logs import SHAPES, write_log
from benchmarks.report import report
from crewless.company.discover import read_log
from crewless.company.discover.calibration import simulated_cases
from crewless.company.discover.log import Log
from crewless.company.discover.sheet_of_log import discover
from crewless.company.sheet.model import WEEK_H, Sheet
from crewless.core.errors import CrewlessError

DATA = Path(__file__).parents[2] / "shared" / "data" / "eventlogs"
"""Beside the checkout; the logs are not part of it."""
COLUMNS = [
    "log", "split", "half", "cases", "lead mean, h", "simulated", "median, h", "median off by", "p95, h", "p95 off by",
    "relative EMD", "halves' own EMD", "cases a week", "simulated a week", "off by", "fitness", "precision", "delay factor",
    "discover cpu_s",
]  # fmt: skip


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--replications", type=int, default=10)
    chosen = options.parse_args()
    paths = sorted(chosen.data.glob("*.csv.gz"))
    if not paths:
        print(f"{chosen.data} holds no event logs: those made here alone")
    rows = []
    with TemporaryDirectory() as folder:
        paths += [write_log(shape, Path(folder)) for shape in SHAPES]
        for path in paths:
            try:
                rows += measured(path, made=path.suffix == ".csv", replications=chosen.replications)
            except CrewlessError as error:
                print(f"{path.name}: {error}")
                return 1
    notes = [
        "lead: first start to last end; EMD: earth mover's distance of lead times, as a share of the mean of the half",
        "halves' own EMD: between the two halves of the real log",
        "off by: simulated over the log's, less one; to reach for whole logs: throughput within 10 %, median and p95 within 25 %",
        "whole: learnt from and compared with as a whole; logs from receipt on were made in the shape of public ones",
        "throughput: cases that end while cases still arrive, a week of that time",
    ]
    report("company_discovery", rows, COLUMNS, notes)
    known = [row for row in rows if row["split"] == "whole"]
    limits = {"median off by": 0.25, "p95 off by": 0.25, "off by": 0.1}
    return 0 if all(abs(row[what]) <= limit for row in known for what, limit in limits.items()) else 1


def measured(path: Path, *, made: bool, replications: int) -> list[dict[str, Any]]:
    """The rows of one log. Raises CrewlessError."""
    log = read_log(path)
    splits: list[tuple[str, tuple[Log, Log | None]]] = [("whole", (log, None))]
    splits += [] if made else [("in time", log.halves()), ("every other case", every_other(log))]
    rows = []
    for split, (train, held_out) in splits:
        began_s = time.process_time()
        found = discover(train)
        spent_s = time.process_time() - began_s
        for name, half in (("learnt from", train), ("held out", held_out)):
            if half is not None:
                rows.append({
                    "log": path.name.split("_")[0].split(".")[0], "split": split, "half": name,
                    "fitness": found.conformance.fitness, "precision": found.conformance.precision,
                    "delay factor": found.calibration.delay_factor,
                    "discover cpu_s": spent_s, **compare(found.sheet, half, train, replications),
                })  # fmt: skip
    return rows


def every_other(log: Log) -> tuple[Log, Log]:
    """Cases in order of their first starts, dealt in turn: halves of the same times, each with half of the load."""
    index, _, _ = log.case_times()
    chosen = np.isin(log.case, index[::2])
    return log.of(chosen), log.of(~chosen)


def compare(sheet: Sheet, half: Log, train: Log, replications: int) -> dict[str, float]:
    """The sheet against one half of a log: a row's figures."""
    first, last = times_of(half)
    window = float(first.max() - first.min())
    leads, ended = [], []
    for seed in range(replications):
        arrived, left = simulated_cases(sheet, window, seed)
        inside = arrived <= window
        leads.append((left - arrived)[inside])
        ended.append(float((left <= window).sum()))
    lead = last - first
    mine, theirs = np.concatenate(leads), float((last <= first.max()).sum()) / window * WEEK_H
    own = np.subtract(*times_of(train)[::-1])
    weekly = float(np.mean(ended)) / window * WEEK_H
    return {
        "cases": len(lead), "lead mean, h": float(lead.mean()), "simulated": float(mine.mean()),
        "median, h": float(np.median(lead)), "median off by": float(np.median(mine) / np.median(lead)) - 1,
        "p95, h": float(np.quantile(lead, 0.95)), "p95 off by": float(np.quantile(mine, 0.95) / np.quantile(lead, 0.95)) - 1,
        "relative EMD": float(wasserstein_distance(lead, mine)) / float(lead.mean()),
        "halves' own EMD": float(wasserstein_distance(own, lead)) / float(lead.mean()),
        "cases a week": theirs, "simulated a week": weekly, "off by": weekly / theirs - 1,
    }  # fmt: skip


def times_of(log: Log) -> tuple[np.ndarray, np.ndarray]:
    """First start and last end of each case, in hours, by first start."""
    _, first, last = log.case_times()
    return first / 3600, last / 3600


if __name__ == "__main__":
    raise SystemExit(main())
