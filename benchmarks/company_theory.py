"""The simulation against queueing theory: how often the true value lies outside the 95 % batch-means interval, over 20 seeds."""

import argparse
import time
from math import comb

import numpy as np

from benchmarks.report import report
from crewless.company.simulate.compiled import compile_sheet
from crewless.company.simulate.engine import CASE_COLUMNS, CELL_COLUMNS
from crewless.company.simulate.replications import SimulateConfig, run_replication
from crewless.company.simulate.statistics import ratio_interval
from crewless.company.simulate.theory import QueueingModel, solved

BATCHES = 30
VISITS, WAIT = CELL_COLUMNS.index("visits"), CELL_COLUMNS.index("waiting_h")
ARRIVED, TURNED = CASE_COLUMNS.index("arrived"), CASE_COLUMNS.index("turned_away")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--cases", type=float, default=600_000, help="cases that arrive in one run")
    options = parser.parse_args()
    began = time.process_time()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    rows = [row for at, case in enumerate(solved()) for row in measure(case, seeds, options.cases, 1000 * at)]
    misses, trials = sum(row["misses"] for row in rows), sum(row["seeds"] for row in rows)
    report(
        "company_theory", rows,
        ["system", "value", "theory", "simulated", "misses", "seeds", "chance_of_as_many"],
        [f"all: {misses} of {trials} outside; chance of as many or more, were each outside in 5 %: {tail(misses, trials):.3g}",
         "rows of one system come from the same runs; the rows are tested one by one, the whole is for the eye",
         f"{BATCHES} batches after a warm-up of one tenth, {options.cases:,.0f} arrivals a run; waits in hours",
         f"{time.process_time() - began:.0f} CPU s"],
    )  # fmt: skip


def measure(case: QueueingModel, seeds: range, arrivals: float, apart: int = 0) -> list[dict]:
    """A row for each value that theory knows. ``apart`` gives each system random numbers of its own."""
    program = compile_sheet(case.sheet)
    weeks = arrivals * case.sheet.arrival.between.numbers[0] / 168
    names = [cell.name for cell in case.sheet.cells]
    found: dict[str, list] = {}
    for seed in seeds:
        config = SimulateConfig(weeks=0.9 * weeks, warmup_weeks=0.1 * weeks, batches=BATCHES, seed=apart + seed)
        cases, cells, _, _ = run_replication(program, config, 0)
        for name, wait in case.waits_h.items():
            at = names.index(name)
            value = f"wait at {name}" if len(names) > 1 else "wait"
            found.setdefault(value, [wait]).append(ratio_interval(cells[1:, at, WAIT], cells[1:, at, VISITS]))
        if case.turned_away is not None:
            found.setdefault("turned away", [case.turned_away]).append(
                ratio_interval(cases[1:, TURNED], cases[1:, ARRIVED])
            )
    rows = []
    for value, (theory, *intervals) in found.items():
        misses = sum(theory not in one for one in intervals)
        rows.append({
            "system": case.name, "value": value, "theory": theory,
            "simulated": float(np.mean([one.mean for one in intervals])), "misses": misses, "seeds": len(intervals),
            "chance_of_as_many": tail(misses, len(intervals)),
        })  # fmt: skip
    return rows


def tail(misses: int, trials: int, chance: float = 0.05) -> float:
    """Probability of at least so many misses, each with ``chance``."""
    return 1 - sum(comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(misses))


if __name__ == "__main__":
    main()
