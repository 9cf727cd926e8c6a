"""How many machines an academy of a given size needs, from what was measured on this one."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import gc
import math
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from crewless.body.robot.worlds import Worlds
from crewless.core.errors import BadInput
from crewless.core.services import SERVICES


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredSpeed:
    """What one world costs."""

    steps_per_cpu_s: float
    """Control steps a second of one core."""
    bytes_per_world: float
    """Memory by which the process grows for one more world that has masses and frictions of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """What a target needs."""

    machines: int
    memory_gib: float
    """Memory of all worlds together."""
    hours: float
    cost_usd: float
    bound_by: str
    """``memory`` when the worlds do not fit on fewer machines, ``time`` when fewer would take too long."""


def measure(model: mujoco.MjModel, *, substeps: int, seconds: float = 2.0, num_worlds: int = 256) -> MeasuredSpeed:
    """Step worlds with random targets on one thread for a while, and make many to see what one takes.

    The cost of a step depends on what touches what: this is the cost for random targets, not for a certain task.
    """
    few = Worlds(model, num_worlds, substeps=substeps, threads=1)
    rng = np.random.default_rng(0)
    low, high = model.actuator_ctrlrange.T
    few.step(rng.uniform(low, high, (num_worlds, model.nu)))
    steps, began_s = 0, time.process_time()
    while time.process_time() - began_s < seconds:
        few.step(rng.uniform(low, high, (num_worlds, model.nu)))
        steps += num_worlds
    speed = steps / (time.process_time() - began_s)
    many = 20_000
    gc.collect()
    before = _resident_bytes()
    worlds = Worlds(model, many, substeps=1, threads=1)
    worlds.vary("body_mass", np.tile(model.body_mass, (many, 1)))
    worlds.vary("geom_friction", np.tile(model.geom_friction, (many, 1, 1)))
    worlds.snapshot()
    return MeasuredSpeed(steps_per_cpu_s=speed, bytes_per_world=max(1.0, (_resident_bytes() - before) / many))


def size(
    measured: MeasuredSpeed,
    *,
    num_worlds: float,
    steps_per_world: float,
    cores: int,
    memory_gib: float,
    usd_per_hour: float,
    hours: float,
) -> Size:
    """The fewest machines on which the worlds fit and are done in time.

    Args:
        measured: what one world costs.
        num_worlds: how many are resident at once.
        steps_per_world: control steps that each is to make.
        cores: of one machine; linear in cores, which holds as far as memory bandwidth does.
        memory_gib: of one machine; a fifth of it is left to the system and the learner.
        usd_per_hour: of one machine.
        hours: the longest that it may take.

    Raises:
        BadInput: a number that is not positive.
    """
    given = {
        "worlds": num_worlds,
        "steps": steps_per_world,
        "cores": cores,
        "memory": memory_gib,
        "hours": hours,
    }
    for name, value in given.items():
        if not 0 < value < math.inf:
            raise BadInput(f"--{name} {value:g}", alternatives=["a number above 0"])
    if not 0 <= usd_per_hour < math.inf:
        raise BadInput(f"--usd-per-hour {usd_per_hour:g}", alternatives=["0 or more"])
    total_gib = num_worlds * measured.bytes_per_world / 2**30
    cpu_hours = num_worlds * steps_per_world / measured.steps_per_cpu_s / 3600
    for_memory = math.ceil(total_gib / (0.8 * memory_gib))
    for_time = math.ceil(cpu_hours / cores / hours)
    machines = max(1, for_memory, for_time)
    took = cpu_hours / cores / machines
    return Size(
        machines=machines,
        memory_gib=total_gib,
        hours=took,
        cost_usd=took * machines * usd_per_hour,
        bound_by="memory" if for_memory > for_time else "time",
    )


def simulated_hours(steps: float) -> float:
    """Hours of a robot's life in that many control steps."""
    return steps * SERVICES["control"].period_s / 3600


def _resident_bytes() -> int:
    """What the process holds now: the peak would hide whatever fits under an earlier one."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
