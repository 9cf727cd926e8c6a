"""Many robots on one GPU by mujoco-warp: steps a second, how many fit, and whether they go where the processor's go.

python -m benchmarks.worlds_gpu [--model hand] [--worlds 1024 8192 65536] [--resident 1000000]

Ends with exit code 2 where there is no CUDA device. ``--device cpu`` runs all of it on the processor, which says nothing of speed:
it shows that the benchmark itself works.
"""

import argparse
import ctypes
import gc
import sys
import time
from typing import Any

import mujoco
import numpy as np

from benchmarks.report import report
from crewless.body.robot.hand import hand_scene
from crewless.body.robot.simple import CONTROL_SUBSTEPS, simple_hand
from crewless.body.robot.worlds import Worlds
from crewless.body.robot.worlds_warp import WarpWorlds, load_warp
from crewless.core.errors import MissingTool

SLOW = "it needs a CUDA device, and minutes to compile for it"
MODELS = {"simple": simple_hand, "hand": hand_scene}


def targets(model: mujoco.MjModel, num_worlds: int, steps: int) -> np.ndarray:
    """Targets that wander from a third of the ranges. Shape (steps, num_worlds, nu)."""
    rng = np.random.default_rng(0)
    low, high = model.actuator_ctrlrange.T
    walk = low + (high - low) / 3 + np.cumsum(rng.normal(0, 0.1, (steps, num_worlds, model.nu)) * (high - low), axis=0)
    return np.clip(walk, low, high).astype(np.float32)


def parity(model: mujoco.MjModel, device: str, num_worlds: int, steps: int) -> dict[str, Any]:
    """How far the device's worlds are from the processor's at the end, same start and same targets."""
    ours = WarpWorlds(model, num_worlds, substeps=CONTROL_SUBSTEPS, device=device)
    theirs = Worlds(model, num_worlds, substeps=CONTROL_SUBSTEPS)
    for control in targets(model, num_worlds, steps):
        ours.step(control)
        theirs.step(control)
    off = np.abs(ours.qpos - theirs.qpos).max(axis=1)
    return {
        "what": f"off the processor after {steps} steps",
        "worlds": num_worlds,
        "median": float(np.median(off)),
        "p90": float(np.quantile(off, 0.9)),
        "largest": float(off.max()),
        "mean_speed_ratio": float(np.abs(ours.qvel).mean() / np.abs(theirs.qvel).mean()),
        "overflows": int(ours.overflows.sum()),
        "restarts": int(ours.restarts.sum()),
    }


def speed(model: mujoco.MjModel, device: str, num_worlds: int, steps: int) -> dict[str, Any]:
    """Steps a second of all worlds together; two steps before do not count, in which kernels are compiled."""
    worlds = WarpWorlds(model, num_worlds, substeps=CONTROL_SUBSTEPS, device=device)
    plan = targets(model, min(num_worlds, 1024), steps + 2)
    plan = np.tile(plan, (1, -(-num_worlds // plan.shape[1]), 1))[:, :num_worlds]
    for control in plan[:2]:
        worlds.step(control)
    began_s = time.perf_counter()
    for control in plan[2:]:
        # It reads back which worlds went wrong, so it has ended when it returns.
        worlds.step(control)
    control_hz = num_worlds * steps / (time.perf_counter() - began_s)
    return {
        "what": "speed",
        "worlds": num_worlds,
        "control_steps_per_s": control_hz,
        "physics_steps_per_s": control_hz * CONTROL_SUBSTEPS,
        "bytes_per_world": worlds.memory_bytes() / num_worlds,
        "overflows": int(worlds.overflows.sum()),
        "restarts": int(worlds.restarts.sum()),
    }


def resident(model: mujoco.MjModel, device: str, aim: int) -> dict[str, Any]:
    """The most worlds, up to ``aim``, that the device holds and steps once: doubled until they do not fit, then halved between."""
    fits, fails, count = 0, aim + 1, min(aim, 16384)
    per_world = 0.0
    while fits < fails - 1 and (fails > aim or fails - fits > fits // 16):
        worlds = None
        try:
            worlds = WarpWorlds(model, count, substeps=1, device=device)
            worlds.step()
            per_world, fits = worlds.memory_bytes() / count, count
        except (RuntimeError, MemoryError) as error:
            print(f"  {count} worlds do not fit: {str(error).splitlines()[0]}", flush=True)
            fails = count
        del worlds
        gc.collect()
        count = min(2 * fits, aim) if fails > aim else (fits + fails) // 2
    return {"what": f"resident, aim {aim}", "worlds": fits, "bytes_per_world": per_world}


def has_cuda_driver() -> bool:
    """Whether this machine's CUDA driver can be loaded and counts a device, without asking warp, which complains at length."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


def main() -> None:
    """Parity, speed, room, on the device there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=sorted(MODELS), default="hand")
    parser.add_argument("--worlds", type=int, nargs="+", default=[1024, 8192, 65536])
    parser.add_argument("--steps", type=int, default=18, help="control steps that are timed")
    parser.add_argument("--parity-worlds", type=int, default=64)
    parser.add_argument("--resident", type=int, default=1_000_000, help="the most that is tried")
    parser.add_argument("--device", help="cuda:0 and so on; cpu to try the benchmark itself")
    options = parser.parse_args()
    if options.device is None and not has_cuda_driver():
        print("worlds_gpu: there is no CUDA device here; nothing was measured", file=sys.stderr)
        raise SystemExit(2)
    try:
        wp, _ = load_warp()
    except MissingTool as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
    device = options.device or "cuda:0"
    model = MODELS[options.model]().compile()
    print(f"  compiling for {wp.get_device(device).name}: minutes the first time", flush=True)
    rows = [parity(model, device, options.parity_worlds, options.steps)]
    rows += [speed(model, device, count, options.steps) for count in options.worlds]
    rows.append(resident(model, device, options.resident))
    columns = (
        *("what", "worlds", "control_steps_per_s", "physics_steps_per_s", "bytes_per_world"),
        *("median", "p90", "largest", "mean_speed_ratio", "overflows", "restarts"),
    )
    notes = [
        f"aim: 1,000,000 resident. Device {wp.get_device(device).name}, model {options.model}, {CONTROL_SUBSTEPS} physics steps a control step",
        "median, p90, largest: over the worlds, the joint (rad, m) that is farthest from the processor's; 32 bits against 64",
        "no hardware was used",
    ]
    variant = ""
    if not wp.get_device(device).is_cuda:
        variant = f"cpu-{options.model}"
        notes.append("on the processor, only to show that the benchmark works: its speed says nothing of a GPU")
    report("worlds_gpu", rows, columns, notes, variant=variant)


if __name__ == "__main__":
    main()
