"""Goal -> running factory: each example designed, checked, scheduled and run twice; the two event logs are compared."""

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

from benchmarks.report import report
from crewless.fleet.run.simulated import run_plan
from crewless.fleet.simulate.mishaps import MishapConfig
from crewless.planner.blueprint.checker import check
from crewless.planner.blueprint.designer import design
from crewless.planner.goal import load_goal
from crewless.planner.schedule.shift import schedule_shift

EXAMPLES = Path(__file__).parents[1] / "examples/factory"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goals", nargs="*", default=sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for path in [EXAMPLES / f"{name}.yaml" for name in options.goals]:
            logs, cpu_s, wall_s, row = [], [], [], {}
            for number in range(2):
                began_s, began_wall_s = time.process_time(), time.monotonic()
                blueprint = design(load_goal(path))
                broken = sum(not one.ok for one in check(blueprint))
                shift = schedule_shift(blueprint, 3)
                log = Path(folder) / f"{path.stem}-{number}" / "events.jsonl"
                outcome = run_plan(shift, log, mishaps=MishapConfig(failed_share=0.02))
                cpu_s.append(time.process_time() - began_s)
                wall_s.append(time.monotonic() - began_wall_s)
                logs.append(hashlib.sha256(log.read_bytes()).hexdigest())
                stations = sum(len(line.stations) for line in blueprint.lines)
                gap = sum(len(line.stations) - line.bound for line in blueprint.lines)
                before, after = blueprint.layout.transport_before_tonne_m, blueprint.layout.transport_tonne_m
                row = {
                    "goal": path.stem, "lines": len(blueprint.lines), "stations": stations, "stations over bound": gap,
                    "robots": blueprint.balance.robots, "broken checks": broken, "transport saved": 1 - after / before,
                    "operations": outcome.done, "carried": outcome.carried, "lost": outcome.lost, "twice": outcome.done_twice,
                    "schedule gap": shift.gap, "makespan over plan": outcome.makespan_s / outcome.planned_s,
                    "conflicts": outcome.conflicts, "recharges": outcome.recharges, "cooled": outcome.cooling_stops,
                }  # fmt: skip
            rows.append({**row, "cpu_s": max(cpu_s), "wall_s": max(wall_s), "same log": logs[0] == logs[1]})
    columns = list(rows[0])
    report("factory", rows, columns, ["catalogue figures are assumptions; robots are simulated, no hardware was used"])
    good = all(
        row["same log"] and not row["broken checks"] and not row["lost"] and not row["twice"] and not row["conflicts"]
        for row in rows
    )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
