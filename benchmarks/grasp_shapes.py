"""The hand closes on thirty everyday shapes and holds them for five seconds against gravity in six directions.

python -m benchmarks.grasp_shapes

The thing is presented without weight where the planner wants it; the hand, bolted down, closes; then gravity acts in each of
six directions, each time from where it has closed. Held: in no direction does the middle of the thing move 30 mm in the
palm's frame or lose contact. The planner tries grasps in a simulation of its own, shorter; the five seconds are not its business.
"""

import time
from typing import Any

import crewless.tasks.manipulation  # noqa: F401  chooses how to draw before mujoco is imported
from benchmarks.report import report
from crewless.body.robot.body import winding_rise_k
from crewless.tasks.manipulation.grasp import LOST_M, Trial, plan
from crewless.tasks.manipulation.shapes import SHAPES, Shape

SECONDS = 5.0


def held(shape: Shape) -> dict[str, Any]:
    """Plan, close, shake."""
    began_s = time.process_time()
    trial = Trial(shape)
    grasp = plan(trial)
    planned_s = time.process_time() - began_s
    row = {"shape": shape.name, "kind": shape.kind, "mass_kg": shape.mass_kg, "plan_cpu_s": planned_s}
    if grasp is None or not trial.close(grasp):
        return {**row, "way": "none", "directions": 0, "held": False}
    warm = winding_rise_k(trial.model, trial.data).max()
    slips = trial.shake(SECONDS)
    directions = int((slips < LOST_M).sum())
    return {
        **row, "way": grasp.way, "directions": directions, "held": directions == len(slips),
        "worst_slip_mm": float(slips.max() * 1e3), "winding_rise_k": float(warm),
    }  # fmt: skip


def main() -> None:
    rows = []
    for shape in SHAPES:
        rows.append(held(shape))
        print(f"  {shape.name}: {'held' if rows[-1]['held'] else 'not held'}", flush=True)
    share = sum(row["held"] for row in rows) / len(rows)
    directions = sum(row["directions"] for row in rows) / (6 * len(rows))
    notes = [
        f"held in all six directions: {share:.0%} of {len(rows)} shapes; of all directions {directions:.0%}; to reach: 80 %",
        f"{SECONDS:g} s in each direction; a simple planner; no hardware was used",
    ]
    columns = ("shape", "mass_kg", "way", "directions", "worst_slip_mm", "held", "plan_cpu_s")
    report("grasp_shapes", rows, columns, notes)


if __name__ == "__main__":
    main()
