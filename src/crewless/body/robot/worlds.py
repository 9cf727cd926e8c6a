"""Many simulated robots at once: one model, one row of state for each world, stepped on all processors.

A world is its row of MuJoCo's integration state (positions, speeds, activations, delays, the solver's warm start,
controls), nothing else is kept: a small robot takes a few kilobytes, and a world's future depends on its row and its
parameters alone. So the result is the same to the last bit at any number of threads, in any order, and after a restart
from a :class:`WorldSnapshot`.

A world that goes wrong (a number that is not finite, an error of the physics) is dumped to a file as it was before the
step, put back to its start, and counted. The others go on as if nothing had happened.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from mujoco import batch

from crewless.body.robot.incidents import Incident, Incidents, load_incident, parameters_in, read_arrays
from crewless.core.errors import BadInput, CheckpointMismatch

__all__ = [
    "Incident",
    "WorldSnapshot",
    "Worlds",
    "WorldsBase",
    "check_counts",
    "check_snapshot",
    "checked_parameter",
    "load_incident",
    "model_digest",
]

_FATAL = [int(getattr(mujoco.mjtWarning, f"mjWARN_BAD{what}")) for what in ("QPOS", "QVEL", "QACC", "CTRL")]
"""Warnings after which a world's numbers mean nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorldSnapshot:
    """Everything that the worlds' future depends on."""

    model: str
    """Which model it belongs to: :func:`model_digest`."""
    step: int
    state: np.ndarray
    """Shape (num_worlds, num_state)."""
    start: np.ndarray
    """Shape (num_worlds, num_state): where a world that goes wrong is put back to."""
    restarts: np.ndarray
    """Shape (num_worlds,)."""
    parameters: dict[str, np.ndarray] = field(default_factory=dict)
    """Per-world model fields by name, each of shape (num_worlds, ...)."""

    def save(self, path: Path) -> None:
        """Write it as one file, whole or not at all."""
        buffer = io.BytesIO()
        fields: dict[str, Any] = {f"parameter.{name}": values for name, values in self.parameters.items()}
        np.savez(
            buffer,
            model=self.model,
            step=self.step,
            state=self.state,
            start=self.start,
            restarts=self.restarts,
            **fields,
        )
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(buffer.getvalue())
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "WorldSnapshot":
        """Read it back. Raises CorruptRecording."""
        stored = read_arrays(path, {"model", "step", "state", "start", "restarts"})
        return cls(
            model=str(stored["model"]),
            step=int(stored["step"]),
            state=stored["state"],
            start=stored["start"],
            restarts=stored["restarts"],
            parameters=parameters_in(stored),
        )


def model_digest(model: mujoco.MjModel) -> str:
    """A name that changes with anything in the model (SHA-256 of MuJoCo's own binary form)."""
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return hashlib.sha256(buffer.tobytes()).hexdigest()


def check_counts(num_worlds: int, substeps: int) -> None:
    """Raises BadInput."""
    if num_worlds < 1:
        raise BadInput(f"{num_worlds} worlds", alternatives=["1 or more"])
    if substeps < 1:
        raise BadInput(f"{substeps} physics steps in a control step", alternatives=["1 or more"])


def checked_parameter(name: str, values: np.ndarray) -> np.ndarray:
    """The values of a model field as numbers. Raises BadInput for one that is not finite, and for a negative mass."""
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        raise BadInput(f"{name}: {np.count_nonzero(~np.isfinite(values))} values are not finite")
    if name == "body_mass" and (values < 0).any():
        raise BadInput(f"body_mass {values.min():g} kg", alternatives=["0 or more"])
    return values


def check_snapshot(snapshot: WorldSnapshot, digest: str, shape: tuple[int, ...], parameters: set[str]) -> None:
    """Whether worlds of a model, a shape of state and parameters of their own can go on from it. Raises CheckpointMismatch."""
    if snapshot.model != digest:
        raise CheckpointMismatch(f"the snapshot is of model {snapshot.model[:12]}, not {digest[:12]}")
    if snapshot.state.shape != shape:
        raise CheckpointMismatch(f"the snapshot holds {len(snapshot.state)} worlds, not {shape[0]}")
    missing = parameters - set(snapshot.parameters)
    if missing:
        raise CheckpointMismatch(f"the snapshot's worlds do not differ in {', '.join(sorted(missing))}; these do")


class WorldsBase:
    """What worlds have in common wherever they are stepped: which model, how many, how far they are, and what went wrong."""

    def __init__(
        self, model: mujoco.MjModel, num_worlds: int, substeps: int, dump_folder: Path | None, max_dumps: int
    ) -> None:
        check_counts(num_worlds, substeps)
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self.model = model
        self.digest = model_digest(model)
        self.num_worlds = num_worlds
        self.substeps = substeps
        self.steps = 0
        self._book = Incidents(self.digest, num_worlds, folder=dump_folder, max_dumps=max_dumps)
        self._parameters: dict[str, np.ndarray] = {}

    @property
    def incidents(self) -> list[Incident]:
        """Every world that went wrong, in order."""
        return self._book.all

    @property
    def restarts(self) -> np.ndarray:
        """Shape (num_worlds,), live: how often each world was put back to its start."""
        return self._book.restarts

    @property
    def control_period_s(self) -> float:
        """Simulated seconds in one control step."""
        return self.substeps * self.model.opt.timestep


class Worlds(WorldsBase):
    """``num_worlds`` copies of one robot, each with parameters of its own.

    Args:
        model: compiled. MuJoCo's silent reset of a diverged simulation is switched off in it.
        num_worlds: how many.
        substeps: physics steps in one control step.
        threads: 0 for all processors.
        dump_folder: where a world that goes wrong is written to; not kept when None.
        max_dumps: so that a model which always diverges cannot fill the disk. Later incidents are counted all the same.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        num_worlds: int,
        *,
        substeps: int,
        threads: int = 0,
        dump_folder: Path | None = None,
        max_dumps: int = 100,
    ) -> None:
        super().__init__(model, num_worlds, substeps, dump_folder, max_dumps)
        if threads < 0:
            raise BadInput(f"{threads} threads", alternatives=["1 or more", "0 for all processors"])
        self._batch = batch.Batch(model, num_worlds, threads, False)
        self.state = self._batch.state
        """Shape (num_worlds, num_state), live: MuJoCo's integration state of every world."""
        self.qpos = self._batch.bind("qpos")
        """Shape (num_worlds, nq), live: metres, radians, unit quaternions."""
        self.qvel = self._batch.bind("qvel")
        """Shape (num_worlds, nv), live: m/s, rad/s."""
        self.control = self._batch.bind("ctrl")
        """Shape (num_worlds, nu), live: in the actuators' units."""
        self._batch.reset()
        self._start = self.state.copy()

    def output(self, name: str) -> np.ndarray:
        """A field of MjData for every world, such as ``site_xpos`` or ``sensordata``; renewed by each step.

        Fields of the state, such as ``xfrc_applied``, can be written; what is computed from the state is read-only.

        Shape (num_worlds, ...). Raises BadInput for a name that MjData does not have.
        """
        try:
            return self._batch.bind(name)
        except (AttributeError, ValueError, KeyError) as error:
            raise BadInput(f"MjData has no field {name!r} for each world: {error}") from error

    def vary(self, name: str, values: np.ndarray) -> None:
        """Give every world its own value of a model field, such as ``body_mass`` or ``geom_friction``.

        Constants that MuJoCo derives from it follow. Must come before the steps that it is to change.

        Args:
            name: a field of MjModel, or ``opt.<name>``.
            values: shape (num_worlds, ...) or anything that broadcasts to it.

        Raises:
            BadInput: no such field, another shape, or a number that is not finite.
        """
        values = checked_parameter(name, values)
        try:
            live = self._batch.expand(name)
        except (AttributeError, ValueError, KeyError) as error:
            raise BadInput(f"{name!r} cannot differ from world to world: {error}") from error
        try:
            live[...] = values
        except ValueError as error:
            raise BadInput(f"{name}: shape {values.shape} is not {live.shape}") from error
        self._parameters[name] = live
        self._batch.set_const()

    def reset(self, ids: np.ndarray | None = None) -> None:
        """Put worlds (all when None) to the model's own start, and make that the place where they are put back to."""
        self._batch.reset(ids)
        self.mark_start(ids)

    def put_state(self, state: np.ndarray, ids: np.ndarray | None = None) -> None:
        """Put worlds (all when None) into states: shape (num_worlds or len(ids), num_state), or one for all of them."""
        self.state[slice(None) if ids is None else ids] = state
        self._batch.forward(ids)

    def mark_start(self, ids: np.ndarray | None = None) -> None:
        """From now on worlds that go wrong are put back to the state that they have now."""
        chosen = slice(None) if ids is None else ids
        self._start[chosen] = self.state[chosen]

    def step(self, control: np.ndarray | None = None) -> np.ndarray:
        """One control step of every world.

        Args:
            control: shape (num_worlds, nu) or broadcastable; None keeps what ``control`` holds.

        Returns:
            The worlds that went wrong in this step and are at their start again, ascending; mostly empty.
        """
        if control is not None:
            self.control[...] = control
        before = self.state.copy()
        sane = np.isfinite(before).all(axis=1)
        self._batch.warning[...] = 0
        failed = np.zeros(self.num_worlds, bool)
        try:
            self._batch.step(None if sane.all() else np.flatnonzero(sane), nstep=self.substeps)
        except batch.SimulationError as error:
            failed[error.ids] = True
        warned = (self._batch.warning[:, _FATAL, 1] > 0).any(axis=1)
        wrong = np.flatnonzero(failed | warned | ~sane | ~np.isfinite(self.state).all(axis=1))
        for world in wrong:
            why = "an error of the physics" if failed[world] else "not finite"
            self._book.record(int(world), self.steps, why, before[world], self._parameters)
            self.state[world] = self._start[world]
        if len(wrong):
            self._batch.forward(wrong)
        self.steps += 1
        return wrong

    def snapshot(self) -> WorldSnapshot:
        """A copy of everything that the future depends on."""
        return WorldSnapshot(
            model=self.digest,
            step=self.steps,
            state=self.state.copy(),
            start=self._start.copy(),
            restarts=self.restarts.copy(),
            parameters={name: values.copy() for name, values in self._parameters.items()},
        )

    def restore(self, snapshot: WorldSnapshot) -> None:
        """Go on from a snapshot as if nothing had been in between.

        Raises:
            CheckpointMismatch: it is of another model, or of another number of worlds.
        """
        check_snapshot(snapshot, self.digest, self.state.shape, set(self._parameters))
        for name, values in snapshot.parameters.items():
            self.vary(name, values)
        self.state[...] = snapshot.state
        self._start[...] = snapshot.start
        self.restarts[...] = snapshot.restarts
        self.steps = snapshot.step
        self._batch.forward()
