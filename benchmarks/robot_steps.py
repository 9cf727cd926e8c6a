"""How many control steps a second of processor time buys, and how much memory a robot takes.

python -m benchmarks.robot_steps [--resident 10000]

The same hand, the same states and the same controls for all: 64 hands holding a block, random targets that change at
18 Hz. They take turns, a round each, so that a machine that slows down slows all of them.
"""

import argparse
import resource
import subprocess
import sys
import time
from typing import Any

import gymnasium
import mujoco
import numpy as np
from gymnasium.envs.mujoco.mujoco_env import MujocoEnv

from benchmarks.report import report
from crewless.body.robot.simple import simple_hand
from crewless.body.robot.worlds import Worlds

NUM_WORLDS, SUBSTEPS, ROUNDS, WARM, PER_ROUND = 64, 28, 6, 18, 3


class GymnasiumHand(MujocoEnv):
    """The hand in Gymnasium's own MuJoCo environment, with the least that an environment has to compute."""

    metadata = {"render_modes": ["human", "rgb_array", "depth_array", "rgbd_tuple"]}

    def __init__(self, path: str, frame_skip: int) -> None:
        timestep_s = mujoco.MjModel.from_xml_path(path).opt.timestep
        self.metadata = {**self.metadata, "render_fps": round(1 / (timestep_s * frame_skip))}
        super().__init__(path, frame_skip, observation_space=None)
        size = self.model.nq + self.model.nv
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float64)

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Positions and speeds, no reward."""
        self.do_simulation(action, self.frame_skip)
        return np.concatenate([self.data.qpos, self.data.qvel]), 0.0, False, False, {}

    def reset_model(self) -> np.ndarray:
        """Positions and speeds as they are."""
        return np.concatenate([self.data.qpos, self.data.qvel])


def plan(model: mujoco.MjModel, steps: int) -> np.ndarray:
    """Targets of shape (steps, NUM_WORLDS, nu): a slow random walk in the joints' ranges."""
    rng = np.random.default_rng(0)
    low, high = model.actuator_ctrlrange.T
    walk = np.cumsum(rng.normal(scale=0.08, size=(steps, NUM_WORLDS, model.nu)), axis=0) + 0.3
    return low + (high - low) * np.clip(walk, 0, 1)


def speeds(folder: str) -> list[dict[str, Any]]:
    """Control steps per CPU second of each way to step the same hands."""
    spec = simple_hand()
    model = spec.compile()
    path = f"{folder}/hand.xml"
    spec.to_file(path)
    targets = plan(model, WARM + ROUNDS * PER_ROUND)
    worlds = Worlds(model, NUM_WORLDS, substeps=SUBSTEPS, threads=1)
    raw = [mujoco.MjData(model) for _ in range(NUM_WORLDS)]
    envs = {skip: GymnasiumHand(path, skip) for skip in (1, SUBSTEPS)}
    for env in envs.values():
        env.model.opt.disableflags = model.opt.disableflags
        env.reset(seed=0)
    spent = dict.fromkeys(("worlds", "raw mj_step", "Gymnasium, 28 substeps", "Gymnasium, 1 substep"), 0.0)
    reference = np.zeros((NUM_WORLDS, model.nq))
    for control in targets[:WARM]:
        worlds.step(control)
    for round_ in range(ROUNDS):
        part = targets[WARM + round_ * PER_ROUND :][:PER_ROUND]
        begin = worlds.qpos.copy(), worlds.qvel.copy(), worlds.output("qacc_warmstart").copy()
        began_s = time.process_time()
        for control in part:
            worlds.step(control)
        spent["worlds"] += time.process_time() - began_s
        for world, data in enumerate(raw):
            data.qpos[:], data.qvel[:], data.qacc_warmstart[:] = (values[world] for values in begin)
        began_s = time.process_time()
        for control in part:
            for data, own in zip(raw, control, strict=True):
                data.ctrl[:] = own
                for _ in range(SUBSTEPS):
                    mujoco.mj_step(model, data)
        spent["raw mj_step"] += time.process_time() - began_s
        reference = np.array([data.qpos for data in raw])
        for skip, name in ((SUBSTEPS, "Gymnasium, 28 substeps"), (1, "Gymnasium, 1 substep")):
            env = envs[skip]
            for world in range(NUM_WORLDS):
                env.set_state(begin[0][world], begin[1][world])
                env.data.qacc_warmstart[:] = begin[2][world]
                began_s = time.process_time()
                for control in part:
                    for _ in range(SUBSTEPS // skip):
                        env.step(control[world])
                spent[name] += time.process_time() - began_s
    assert np.array_equal(reference, worlds.qpos), "the worlds and the loop must have simulated the same"
    steps = ROUNDS * PER_ROUND * NUM_WORLDS
    return [
        {
            "way": name,
            "control_steps_per_cpu_s": steps / cpu_s,
            "physics_steps_per_cpu_s": steps * SUBSTEPS / cpu_s,
            "worlds_over_it": cpu_s / spent["worlds"],
        }
        for name, cpu_s in spent.items()
    ]


def resident(num_worlds: int) -> dict[str, Any]:
    """Make that many robots, step them all, and say how much memory the process grew by for each."""
    model = simple_hand().compile()
    Worlds(model, 8, substeps=1, threads=1).step()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_s = time.process_time()
    worlds = Worlds(model, num_worlds, substeps=SUBSTEPS, threads=1)
    worlds.vary("body_mass", np.tile(model.body_mass, (num_worlds, 1)))
    worlds.vary("geom_friction", np.tile(model.geom_friction, (num_worlds, 1, 1)))
    worlds.step()
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    return {
        "way": f"{num_worlds} resident, each with its masses and frictions",
        "memory_kb_each": grown_kb / num_worlds,
        "memory_mb_all": grown_kb / 1024,
        "cpu_s_for_one_step_of_all": time.process_time() - began_s,
    }


def main() -> None:
    import json
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resident", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = speeds(folder)
    # In a process of its own: what the first part has used and given back would hide what the robots need.
    code = f"import json; from benchmarks.robot_steps import resident; print(json.dumps(resident({options.resident})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows.append(json.loads(done.stdout.splitlines()[-1]))
    columns = ("way", "control_steps_per_cpu_s", "physics_steps_per_cpu_s", "worlds_over_it", "memory_kb_each", "memory_mb_all", "cpu_s_for_one_step_of_all")  # fmt: skip
    notes = [
        "to reach: worlds over raw 0.95; worlds over Gymnasium 1.8; memory 1024 KB each",
        "one thread; a control step is 28 physics steps at 504 Hz; the plain hand of 26 degrees of freedom with a block",
        "Gymnasium computes contact forces (mj_rnePostConstraint) after every call; with 1 substep that is every physics step",
        "no hardware was used",
    ]
    report("robot_steps", rows, columns, notes)


if __name__ == "__main__":
    main()
