"""Worlds on many machines, by Ray: the same numbers as on one, and finished work is never done twice.

Work is cut into shards of worlds. A shard is a pure function of the model, its number and its seed, so it does not matter
where it runs, nor how often: the result is the same to the last bit. Each finished shard is written to a folder before it
counts; when a machine dies Ray starts its unfinished shards elsewhere, and a whole run that was killed goes on with what
the folder lacks. The folder must be reachable from the machine that calls; results travel there by Ray.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.worlds import Worlds, WorldSnapshot, model_digest
from crewless.core.errors import BadInput, BodyFailure, CheckpointMismatch, MissingTool

Control = Callable[[Worlds, int, np.random.Generator], np.ndarray]
"""What the worlds of a shard are asked for in a step: (worlds, step, chance) to shape (num_worlds, nu). It must be importable on
every machine, and take its chance from the generator, which belongs to the shard."""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """How the work is cut and placed."""

    num_worlds: int
    shard: int = 256
    """Worlds in a shard: one unit of work on one core."""
    steps: int = 100
    """Control steps."""
    substeps: int = 28
    seed: int = 0
    address: str | None = None
    """Address of the cluster's head. None: a running cluster or, without one, this machine alone."""
    retries: int = 4
    """So often a shard is begun again after its machine died."""

    def shards(self) -> list[int]:
        """How many worlds each shard holds. Raises BadInput."""
        if min(self.num_worlds, self.shard, self.steps, self.substeps) < 1:
            raise BadInput(
                f"{self.num_worlds} worlds in shards of {self.shard}, {self.steps} steps of {self.substeps}",
                alternatives=["1 or more of each"],
            )
        whole, rest = divmod(self.num_worlds, self.shard)
        return [self.shard] * whole + ([rest] if rest else [])


def run_shard(model: mujoco.MjModel, config: ClusterConfig, number: int, control: Control) -> WorldSnapshot:
    """One shard on one thread, here."""
    worlds = Worlds(model, config.shards()[number], substeps=config.substeps, threads=1)
    chance = np.random.default_rng([config.seed, number])
    for step in range(config.steps):
        worlds.step(control(worlds, step, chance))
    return worlds.snapshot()


def run_here(model: mujoco.MjModel, config: ClusterConfig, control: Control) -> list[WorldSnapshot]:
    """All shards, one after another, in this process."""
    return [run_shard(model, config, number, control) for number in range(len(config.shards()))]


def run_on_cluster(
    model: mujoco.MjModel, config: ClusterConfig, control: Control, folder: Path
) -> Iterator[tuple[int, WorldSnapshot]]:
    """Yield shards as they are finished, those first that the folder already holds.

    Args:
        model: compiled; it travels as MuJoCo's binary form, so every machine needs the same MuJoCo.
        config: how the work is cut.
        control: what the worlds are asked for.
        folder: where finished shards are kept.

    Raises:
        MissingTool: Ray is not installed.
        CheckpointMismatch: the folder holds shards of another model.
        BodyFailure: a shard's machine died more often than ``retries``; what was finished is in the folder.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingTool("Ray is not installed", alternatives=["pip install 'crewless[ray]'"]) from error
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    digest, counts = model_digest(model), config.shards()
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    for number in range(len(counts)):
        path = folder / f"shard-{number}.npz"
        if not path.exists():
            missing.append(number)
            continue
        kept = WorldSnapshot.load(path)
        if kept.model != digest or len(kept.state) != counts[number] or kept.step != config.steps:
            raise CheckpointMismatch(f"{path.name} is of another run", alternatives=["an empty folder"])
        yield number, kept
    if not missing:
        return
    if not ray.is_initialized():
        ray.init(address=config.address, log_to_driver=False, include_dashboard=False)
    remote = ray.remote(num_cpus=1, max_retries=config.retries)(_remote_shard)
    shared = ray.put(_packed(model))
    waiting: dict[Any, int] = {remote.remote(shared, config, number, control): number for number in missing}
    while waiting:
        (done, *_), _ = ray.wait(list(waiting), num_returns=1)
        number = waiting.pop(done)
        try:
            snapshot = ray.get(done)
        except ray.exceptions.RayError as error:
            raise BodyFailure(
                f"shard {number} was lost: {type(error).__name__}",
                alternatives=["run again: the folder keeps the rest"],
            ) from error
        snapshot.save(folder / f"shard-{number}.npz")
        yield number, snapshot


def _packed(model: mujoco.MjModel) -> np.ndarray:
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer


def _remote_shard(packed: np.ndarray, config: ClusterConfig, number: int, control: Control) -> WorldSnapshot:
    model = mujoco.MjModel.from_binary_path("model.mjb", {"model.mjb": packed.tobytes()})
    return run_shard(model, config, number, control)


def random_targets(worlds: Worlds, step: int, chance: np.random.Generator) -> np.ndarray:
    """Targets anywhere in the actuators' ranges: a control that exercises everything."""
    low, high = worlds.model.actuator_ctrlrange.T
    return chance.uniform(low, high, (worlds.num_worlds, worlds.model.nu))
