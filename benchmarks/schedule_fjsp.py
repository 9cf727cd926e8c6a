"""Reference instances (fjsp): makespan over best known, every schedule checked apart. --budget-s is processor time."""

import argparse
import csv
from pathlib import Path

from benchmarks.report import report
from benchmarks.schedule_checker import check_fjsp
from crewless.planner.schedule import read_fjsp, schedule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with best_known.csv")
    parser.add_argument("--budget-s", type=float, default=10.0)
    parser.add_argument("--limit", type=int, default=60, help="the first so many of the sample")
    arguments = parser.parse_args()
    with (arguments.data / "best_known.csv").open() as file:
        known = {row["instance"]: row for row in csv.DictReader(file)}
    names = [name for name, row in known.items() if row["set"] in ("Brandimarte", "rdata_la")]
    rows = []
    for name in names[: arguments.limit]:
        path = arguments.data / name
        problem = read_fjsp(path)
        told = schedule(problem, budget_s=arguments.budget_s, seed=1)
        machines = [o.modes[m].demands[0][0] for o, m in zip(problem.operations, told.assignments, strict=True)]
        checked = check_fjsp(path, told.starts, machines)
        assert checked == told.makespan
        best = int(known[name]["best_known_makespan"])
        rows.append({"instance": name, "makespan": checked, "best_known": best, "lower_bound": told.lower_bound,
                     "over_percent": 100 * (checked / best - 1), "cpu_s": told.cpu_s})  # fmt: skip
    mean = sum(row["over_percent"] for row in rows) / len(rows)
    rows.append({"instance": f"mean of {len(rows)}", "over_percent": mean})
    report("schedule_fjsp", rows, ["instance", "makespan", "best_known", "lower_bound", "over_percent", "cpu_s"])


if __name__ == "__main__":
    main()
