"""10,000 robots that drive, turn and wait on a warehouse grid for 5,000 steps; every step judged by independent code."""

import argparse
import time

import numpy as np

from benchmarks.report import report
from crewless.fleet.traffic.check import check_step
from crewless.fleet.traffic.grid import distances, warehouse
from crewless.fleet.traffic.pibt import Traffic, step

SLOW = "10,000 robots for 5,000 steps, several minutes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", type=int, nargs="*", default=[10_000])
    parser.add_argument("--steps", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = [measure(robots, options.steps, options.seed) for robots in options.robots]
    report(
        "traffic", rows,
        ["robots", "cells", "steps", "median_cpu_ms", "p99_cpu_ms", "conflicts", "goals_per_step", "goals_per_step_last_fifth",
         "longest_still_steps", "robots_without_goal_in_last_half"],
        ["goals: 2,000 cells along the one-way aisles; a robot that arrives gets another at once",
         "CPU milliseconds of planning and moving; the judge's own time is not counted",
         f"livelock: {'none' if all(not row['livelock'] for row in rows) else 'YES'} (the last fifth yields >= 80 % of the "
         "second fifth, and no robot stands still to the end for 1,000 steps)"],
    )  # fmt: skip


def measure(robots: int, steps: int, seed: int) -> dict:
    floor = warehouse(seed=seed)
    rng = np.random.default_rng(seed)
    distance = distances(floor, floor.stations)
    places = np.argwhere(floor.free)
    traffic = Traffic(
        floor=floor, cell=rng.choice(len(places), robots, replace=False).astype(np.int32),
        heading=rng.integers(0, 4, robots).astype(np.int32), seed=seed,
    )  # fmt: skip
    goal = rng.integers(0, len(distance), robots).astype(np.int32)
    spent, arrivals, conflicts, longest = [], [], 0, 0
    last_arrival = np.zeros(robots, np.int64)
    before = np.column_stack([places[traffic.cell], traffic.heading])
    for now in range(steps):
        start = time.process_time()
        step(traffic, goal, distance)
        spent.append(time.process_time() - start)
        after = np.column_stack([places[traffic.cell], traffic.heading])
        conflicts += check_step(floor.free, before, after, one_way=floor.one_way).total
        before = after
        there = np.flatnonzero(distance[goal, traffic.cell] == 0)
        goal[there] = rng.integers(0, len(distance), len(there))
        last_arrival[there] = now
        arrivals.append(len(there))
        longest = max(longest, int(traffic.blocked_steps.max()))
    fifth = max(1, steps // 5)
    late, early = float(np.mean(arrivals[-fifth:])), float(np.mean(arrivals[fifth : 2 * fifth]))
    return {
        "robots": robots, "cells": len(places), "steps": steps,
        "median_cpu_ms": 1e3 * float(np.median(spent)), "p99_cpu_ms": 1e3 * float(np.quantile(spent[1:], 0.99)),
        "conflicts": conflicts, "goals_per_step": float(np.mean(arrivals)), "goals_per_step_last_fifth": late,
        "longest_still_steps": longest, "robots_without_goal_in_last_half": int((last_arrival < steps // 2).sum()),
        "livelock": bool(late < 0.8 * early or traffic.blocked_steps.max() >= 1000),
    }  # fmt: skip


if __name__ == "__main__":
    main()
