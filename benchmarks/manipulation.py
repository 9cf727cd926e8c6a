"""Oracles on every manipulation task: 100 seeds each, and a policy that does nothing.

python -m benchmarks.manipulation [--seeds 100] [--tasks fingertip_reach pinch_lift ...]

Each seed is a case of its own. The verdict is the verifier's, from the physics. carry is judged too with a policy that keeps
the arm where it is, which must overheat. keep_away: the keeper's oracle and a keeper that stays, against the chaser's oracle.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report
from crewless.core.case_loop import work_case
from crewless.core.conformance import Idle
from crewless.core.perception import Blind
from crewless.core.policy import Policy
from crewless.tasks.manipulation import TASKS
from crewless.tasks.manipulation.carry import CarryTask, KeepStill
from crewless.tasks.manipulation.keep_away import CHASER, KEEPER, KeepAwayEnv, chase, flee
from crewless.tasks.manipulation.stage import ManipulationConfig

SLOW = "100 seeds of every task: about a quarter of an hour"


def judged(kind: type, seeds: int) -> list[dict[str, Any]]:
    """A row for each policy on one task."""
    task = kind(ManipulationConfig(num_cases=seeds, seed=1000))
    with tempfile.TemporaryDirectory() as folder:
        task.setup(Path(folder))
        body = task.open(scripted=True)
        verifier = task.verifier()
        policies: dict[str, Policy] = {"oracle": task.oracle(body), "nothing": Idle()}
        if isinstance(task, CarryTask):
            policies["keeps the arm still"] = KeepStill(task.seconds)
        rows = []
        try:
            for name, policy in policies.items():
                began_s, outcomes = time.process_time(), []
                for case in task.cases():
                    before = verifier.before(case)
                    work = work_case(body, Blind(), policy, case, max_steps=task.max_steps)
                    outcomes.append(verifier.judge(case, before, claimed_done=work.claimed_done).outcome)
                rows.append(_row(task.name, name, outcomes.count("right"), seeds, began_s))
        finally:
            body.close()
            task.teardown()
    return rows


def keep_away(seeds: int) -> list[dict[str, Any]]:
    """The keeper's oracle, and a keeper that stays where it is."""
    env, rows = KeepAwayEnv(), []
    for name, policy in (("oracle", flee), ("nothing", lambda _: np.zeros(3, np.float32))):
        began_s, kept = time.process_time(), 0
        for seed in range(seeds):
            seen, _ = env.reset(seed=1000 + seed)
            over: dict[str, bool] = {}
            while env.agents:
                seen, _, _, over, _ = env.step({KEEPER: policy(seen[KEEPER]), CHASER: chase(seen[CHASER])})
            kept += over[KEEPER]
        rows.append(_row("keep_away", name, kept, seeds, began_s))
    return rows


def _row(task: str, policy: str, right: int, seeds: int, began_s: float) -> dict[str, Any]:
    share = right / seeds
    reached = share >= 0.9 if policy == "oracle" else share <= 0.02
    cpu_s = (time.process_time() - began_s) / seeds
    row = {"task": task, "policy": policy, "right": share, "seeds": seeds, "reached": reached, "cpu_s_a_case": cpu_s}
    print(f"  {task}, {policy}: {right} of {seeds}, {cpu_s:.2f} CPU s each", flush=True)
    return row


def main() -> None:
    kinds = {kind.name: kind for kind in TASKS}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--tasks", nargs="*", default=[*kinds, "keep_away"], choices=[*kinds, "keep_away"])
    options = parser.parse_args()
    rows = []
    for name in options.tasks:
        rows += keep_away(options.seeds) if name == "keep_away" else judged(kinds[name], options.seeds)
    notes = [
        "to reach: oracle 90 %, nothing 2 % at most, keeps the arm still 2 % at most",
        "no hardware was used",
    ]
    columns = ("task", "policy", "right", "seeds", "reached", "cpu_s_a_case")
    # A part of the tasks keeps a file of its own, so that the parts do not write over each other.
    variant = "" if len(options.tasks) == len(kinds) + 1 else "-".join(options.tasks)
    report("manipulation", rows, columns, notes, variant=variant)


if __name__ == "__main__":
    main()
