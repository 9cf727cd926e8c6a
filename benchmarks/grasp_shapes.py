"""The hand closes on thirty everyday shapes and holds them for five seconds against gravity in six directions.

python -m benchmarks.grasp_shapes [--unseen SEED]

``--unseen`` draws thirty other balls, rods, boxes and discs from a seed instead, which the planner was not made with.

The thing is presented without weight where the planner wants it; the hand, bolted down, closes; then gravity acts in each of
six directions, each time from where it has closed. Held: in no direction does the middle of the thing move 30 mm in the
palm's frame or lose contact. The planner tries grasps in a simulation of its own, shorter; the five seconds are not its business.
"""

import argparse
import time
from typing import Any, Literal

import numpy as np

import crewless.tasks.manipulation  # noqa: F401  chooses how to draw before mujoco is imported
from benchmarks.report import report
from crewless.body.robot.robot_body import winding_rise_k
from crewless.tasks.manipulation.grasp import LOST_M, Trial, plan
from crewless.tasks.manipulation.shapes import SHAPES, Shape, ShapePart

SECONDS = 5.0
KINDS: tuple[Literal["sphere", "cylinder", "box", "disc"], ...] = ("sphere", "cylinder", "box", "disc")


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


def unseen(seed: int) -> list[Shape]:
    """Thirty shapes between the same bounds: densities of 200 to 2,000 kg/m^3, 10 g to 2 kg."""
    rng = np.random.default_rng(seed)
    shapes = []
    while len(shapes) < 30:
        kind, thick = KINDS[len(shapes) % 4], float(np.exp(rng.uniform(np.log(0.008), np.log(0.11))))
        long = float(rng.uniform(max(thick, 0.04), 0.12))
        sides = {"sphere": (thick,) * 3, "cylinder": (long, thick, thick), "box": (long, thick, rng.uniform(0.5, 1.0) * thick), "disc": (long, long, max(0.005, 0.2 * thick))}[kind]  # fmt: skip
        mass = float(np.clip(rng.uniform(200, 2000) * np.prod(sides) * (1.0 if kind == "box" else 0.7), 0.01, 2.0))
        size = (float(sides[0]), float(sides[1]), float(sides[2]))
        part = ShapePart(kind="cylinder" if kind == "disc" else kind, size_m=size)
        name = f"{kind} " + " x ".join(f"{1e3 * side:.0f}" for side in sides) + " mm"
        shapes.append(Shape(name=name, kind=kind, mass_kg=mass, parts=(part,)))
    return shapes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unseen", type=int)
    options = parser.parse_args()
    rows = []
    for shape in SHAPES if options.unseen is None else unseen(options.unseen):
        rows.append(held(shape))
        print(f"  {shape.name}: {'held' if rows[-1]['held'] else 'not held'}", flush=True)
    share = sum(row["held"] for row in rows) / len(rows)
    directions = sum(row["directions"] for row in rows) / (6 * len(rows))
    notes = [
        f"held in all six directions: {share:.0%} of {len(rows)} shapes; of all directions {directions:.0%}; to reach: 80 %",
        f"{SECONDS:g} s in each direction; a simple planner; no hardware was used",
    ]
    columns = ("shape", "mass_kg", "way", "directions", "worst_slip_mm", "held", "plan_cpu_s")
    report("grasp_shapes", rows, columns, notes, variant="" if options.unseen is None else "unseen")


if __name__ == "__main__":
    main()
