"""Sheets discovered from one half of real logs, simulated, and set beside the half that was held out.

python -m benchmarks.company_discovery [--data FOLDER] [--replications 10]

Whole cases, split in time (the half that began first is learnt from) and, for logs that change with time, dealt in turn. From an
empty start the sheet is simulated as long as the held-out half went on arriving. The held-out half is only reported: nothing
is chosen by it. What the two halves of the log differ by themselves stands beside it.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.stats import wasserstein_distance

from benchmarks.report import report
from crewless.company.discover import read_log
from crewless.company.discover.log import Log
from crewless.company.discover.sheet_of_log import discover
from crewless.company.sheet.model import WEEK_H, Sheet
from crewless.core.errors import CrewlessError

DATA = Path(__file__).parents[2] / "shared" / "data" / "eventlogs"
"""Beside the checkout; the logs are not part of it."""
COLUMNS = [
    "log", "split", "half", "cases", "lead mean, h", "simulated", "relative EMD", "halves' own EMD", "cases a week",
    "simulated a week", "off by", "fitness", "precision", "discover cpu_s",
]  # fmt: skip


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--replications", type=int, default=10)
    chosen = options.parse_args()
    logs = sorted(chosen.data.glob("*.csv.gz"))
    if not logs:
        print(f"left out, {chosen.data} holds no event logs")
        return 0
    rows = []
    for path in logs:
        try:
            log = read_log(path)
            for split, (train, held_out) in (("in time", log.halves()), ("every other case", every_other(log))):
                began_s = time.process_time()
                found = discover(train)
                spent_s = time.process_time() - began_s
                for name, half in (("learnt from", train), ("held out", held_out)):
                    rows.append({
                        "log": path.name.split("_")[0].split(".")[0], "split": split, "half": name,
                        "fitness": found.conformance.fitness, "precision": found.conformance.precision,
                        "discover cpu_s": spent_s, **compare(found.sheet, half, train, chosen.replications),
                    })  # fmt: skip
        except CrewlessError as error:
            print(f"{path.name}: {error}")
            return 1
    notes = [
        "lead: first start to last end; EMD: earth mover's distance of lead times, as a share of the mean of the half",
        "halves' own EMD: between the two halves of the real log",
        "throughput: cases that end while cases still arrive, a week of that time; to reach: within 10 % of the held-out half",
    ]
    report("company_discovery", rows, COLUMNS, notes)
    return 0 if all(abs(row["off by"]) <= 0.1 for row in rows if row["half"] == "held out") else 1


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
        arrived, left = simulated(sheet, window, seed)
        inside = arrived <= window
        leads.append((left - arrived)[inside])
        ended.append(float((left <= window).sum()))
    lead = last - first
    mine, theirs = np.concatenate(leads), float((last <= first.max()).sum()) / window * WEEK_H
    own = np.subtract(*times_of(train)[::-1])
    weekly = float(np.mean(ended)) / window * WEEK_H
    return {
        "cases": len(lead), "lead mean, h": float(lead.mean()), "simulated": float(mine.mean()),
        "relative EMD": float(wasserstein_distance(lead, mine)) / float(lead.mean()),
        "halves' own EMD": float(wasserstein_distance(own, lead)) / float(lead.mean()),
        "cases a week": theirs, "simulated a week": weekly, "off by": weekly / theirs - 1,
    }  # fmt: skip


def times_of(log: Log) -> tuple[np.ndarray, np.ndarray]:
    """First start and last end of each case, in hours, by first start."""
    _, first, last = log.case_times()
    return first / 3600, last / 3600


def simulated(sheet: Sheet, window: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of one replication, from the first start on. Cases go on arriving after the window, so that those within it
    end among others as they would have."""
    from crewless.company.simulate.visits import simulate_visits

    visits = simulate_visits(sheet, (3 * window + 1000) / WEEK_H, seed=seed)
    count = int(visits.case.max()) + 1
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, visits.case, visits.begun_h)
    np.maximum.at(last, visits.case, visits.ended_h)
    there = np.isfinite(first)
    origin = first[there].min()
    return first[there] - origin, last[there] - origin


if __name__ == "__main__":
    raise SystemExit(main())
