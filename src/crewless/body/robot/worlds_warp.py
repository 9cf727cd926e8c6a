"""Many worlds on a GPU by mujoco-warp, behind the same calls as :class:`crewless.body.robot.worlds.Worlds`.

What is the same: the order of a world's state, the steps, parameters of each world's own, snapshots (one that a processor wrote
can be gone on from here, and the other way round), and what happens to a world that goes wrong. What differs:

- numbers have 32 bits, so worlds with contacts leave the processor's path after a while, as any two roundings do;
- nothing is live: ``state``, ``qpos`` and the others are copies, which cannot be written; :meth:`WarpWorlds.put_state` writes;
- room for contacts and constraints is set aside when the worlds are made. What does not fit is left out of the physics, and
  counted in ``overflows``.

It runs on the device ``cpu`` too, slowly: that is for tests.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them; the arguments of a kernel are declared by calls.
# pyright: reportAttributeAccessIssue=false, reportInvalidTypeForm=false

import functools
import importlib
from pathlib import Path
from typing import Any, Literal

import mujoco
import numpy as np

from crewless.body.robot.worlds import Worlds, WorldsBase, WorldSnapshot, check_snapshot, checked_parameter
from crewless.core.errors import BadInput, MissingTool

Backend = Literal["cpu", "warp"]

_STATE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
_INERTIAL = ("body_subtreemass", "body_invweight0", "dof_invweight0", "tendon_invweight0", "actuator_acc0")
_DERIVED = {
    **dict.fromkeys(("body_mass", "body_inertia", "body_ipos", "body_iquat", "dof_armature"), _INERTIAL),
    **dict.fromkeys(("actuator_armature", "tendon_armature", "actuator_gear"), _INERTIAL),
    "geom_size": ("geom_aabb", "geom_rbound"),
}
"""Constants that follow from a field, and so differ from world to world when it does."""
_SHARED = (
    *("body_pos", "body_quat", "qpos0", "qpos_spring", "eq_data", "tendon_stiffness", "tendon_damping"),
    *("cam_", "light_", "mat_", "hfield_", "geom_aabb", "geom_rbound", "geom_dataid", "geom_matid", "geom_rgba"),
    *_INERTIAL,
)
"""Fields, by their names' beginnings, on which more depends than is followed here."""
_DROPPED = ("NEFC", "NJMAX_NNZ", "BROADPHASE", "NARROWPHASE", "CCD")
"""Overflows after which something is missing from the physics; the others are limits of iterations."""


def open_worlds(
    model: mujoco.MjModel,
    num_worlds: int,
    *,
    substeps: int,
    backend: Backend = "cpu",
    dump_folder: Path | None = None,
    **special: Any,
) -> "Worlds | WarpWorlds":
    """Worlds on the processors or on a GPU; what is not named here goes to :class:`Worlds` or :class:`WarpWorlds`.

    Raises:
        BadInput: another backend, impossible numbers, or a model with something that mujoco-warp cannot do.
        MissingTool: mujoco-warp is not installed.
    """
    if backend == "cpu":
        return Worlds(model, num_worlds, substeps=substeps, dump_folder=dump_folder, **special)
    if backend == "warp":
        return WarpWorlds(model, num_worlds, substeps=substeps, dump_folder=dump_folder, **special)
    raise BadInput(f"worlds on {backend!r}", alternatives=["cpu", "warp"])


@functools.cache
def load_warp() -> tuple[Any, Any]:
    """The modules warp and mujoco_warp. Raises MissingTool."""
    try:
        wp = importlib.import_module("warp")
        # Not a line for each of its hundred modules.
        wp.config.log_level = wp.LOG_WARNING
        return wp, importlib.import_module("mujoco_warp")
    except ImportError as error:
        raise MissingTool("mujoco-warp is not installed", alternatives=["pip install 'crewless[warp]'"]) from error


@functools.cache
def _broken_kernel() -> Any:
    wp, _ = load_warp()

    @wp.kernel(enable_backward=False)
    def broken_worlds(values: wp.array2d(dtype=float), broken: wp.array(dtype=int)):
        world, item = wp.tid()
        # MuJoCo's own bound for positions, speeds and accelerations (mjMAXVAL); not a number is not below it either.
        if not (wp.abs(values[world, item]) <= 1.0e10):
            broken[world] = 1

    return broken_worlds


class WarpWorlds(WorldsBase):
    """``num_worlds`` copies of one robot on a GPU; see :class:`crewless.body.robot.worlds.Worlds` for what is the same.

    Args:
        model: compiled. MuJoCo's silent reset of a diverged simulation is switched off in it, and the device has none.
        num_worlds: how many.
        substeps: physics steps in one control step.
        device: ``cuda:0``, ``cpu``; the first GPU, or where there is none the processor, when None.
        contacts: room for contacts, a world's share; one world may use more when others use less.
        constraints: room for constraints (a contact needs 1 to 6, a joint at its limit 1) in each world.
        dump_folder: where a world that goes wrong is written to; not kept when None.
        max_dumps: so that a model which always diverges cannot fill the disk. Later incidents are counted all the same.

    Raises:
        BadInput: impossible numbers, another device, or a model with something that mujoco-warp cannot do.
        MissingTool: mujoco-warp is not installed.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        num_worlds: int,
        *,
        substeps: int,
        device: str | None = None,
        contacts: int = 48,
        constraints: int = 128,
        dump_folder: Path | None = None,
        max_dumps: int = 100,
    ) -> None:
        super().__init__(model, num_worlds, substeps, dump_folder, max_dumps)
        if contacts < 1 or constraints < 1:
            raise BadInput(f"room for {contacts} contacts and {constraints} constraints", alternatives=["1 or more"])
        wp, mw = load_warp()
        try:
            self.device = wp.get_device(device)
        except (ValueError, RuntimeError) as error:
            known = [str(one) for one in wp.get_devices()]
            raise BadInput(f"there is no device {device!r}", alternatives=known) from error
        self.overflows = np.zeros(num_worlds, np.int64)
        """Shape (num_worlds,): control steps in which a contact or a constraint found no room."""
        self._wp, self._mw = wp, mw
        self._dropped = 0
        for name in _DROPPED:
            self._dropped |= int(mw.OverflowType[name])
        self._host = _as_warp_takes_it(model)
        self._graph: Any = None
        data = mujoco.MjData(model)
        self._first = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
        mujoco.mj_getState(model, data, self._first, mujoco.mjtState.mjSTATE_INTEGRATION)
        with wp.ScopedDevice(self.device):
            self._put_model()
            self._data = mw.make_data(self._host, nworld=num_worlds, nconmax=contacts, njmax=constraints)
            self._before = wp.zeros((num_worlds, len(self._first)), dtype=float)
            self._start = wp.zeros((num_worlds, len(self._first)), dtype=float)
            self._broken = wp.zeros(num_worlds, dtype=int)
            self._mask = wp.zeros(num_worlds, dtype=bool)
        self.reset()

    @property
    def state(self) -> np.ndarray:
        """Shape (num_worlds, num_state), a copy: MuJoCo's integration state of every world."""
        with self._wp.ScopedDevice(self.device):
            self._mw.get_state(self._warp_model, self._data, self._before, _STATE)
            return _copy(self._before)

    @property
    def qpos(self) -> np.ndarray:
        """Shape (num_worlds, nq), a copy: metres, radians, unit quaternions."""
        return _copy(self._data.qpos)

    @property
    def qvel(self) -> np.ndarray:
        """Shape (num_worlds, nv), a copy: m/s, rad/s."""
        return _copy(self._data.qvel)

    @property
    def control(self) -> np.ndarray:
        """Shape (num_worlds, nu), a copy: in the actuators' units."""
        return _copy(self._data.ctrl)

    def output(self, name: str) -> np.ndarray:
        """A field of MjData for every world, such as ``site_xpos`` or ``sensordata``, as it is now: a copy.

        Shape (num_worlds, ...). Raises BadInput for a name that mujoco-warp does not have for each world.
        """
        field: Any = getattr(self._data, name, None)
        if not isinstance(field, self._wp.array) or field.shape[:1] != (self.num_worlds,):
            raise BadInput(f"mujoco-warp has no field {name!r} for each world")
        return _copy(field)

    def vary(self, name: str, values: np.ndarray) -> None:
        """Give every world its own value of a model field, such as ``body_mass`` or ``geom_friction``.

        Constants that MuJoCo derives from it follow. Must come before the steps that it is to change.

        Args:
            name: a field of MjModel, or ``opt.<name>``.
            values: shape (num_worlds, ...) or anything that broadcasts to it.

        Raises:
            BadInput: no such field, one that cannot differ here, another shape, or a number that is not finite.
        """
        values = checked_parameter(name, values)
        holder, leaf = self._warp_model, name
        if name.startswith("opt."):
            holder, leaf = self._warp_model.opt, name.removeprefix("opt.")
        old: Any = getattr(holder, leaf, None)
        shared = leaf.startswith(_SHARED) or not isinstance(old, self._wp.array)
        if shared or not _batched(type(holder), leaf):
            raise BadInput(
                f"{name!r} cannot differ from world to world with mujoco-warp", alternatives=['backend="cpu"']
            )
        shape = (self.num_worlds, *old.numpy().shape[1:])
        try:
            whole = np.broadcast_to(values, shape).astype(np.float32)
        except ValueError as error:
            raise BadInput(f"{name}: shape {values.shape} is not {shape}") from error
        with self._wp.ScopedDevice(self.device):
            self._parameters[name] = whole
            self._put_model()
            self._mw.set_const(self._warp_model, self._data)

    def reset(self, ids: np.ndarray | None = None) -> None:
        """Put worlds (all when None) to the model's own start, and make that the place where they are put back to."""
        self.put_state(self._first, ids)
        self.mark_start(ids)

    def put_state(self, state: np.ndarray, ids: np.ndarray | None = None) -> None:
        """Put worlds (all when None) into states: shape (num_worlds or len(ids), num_state), or one for all of them."""
        chosen = np.arange(self.num_worlds) if ids is None else np.asarray(ids)
        whole = np.zeros((self.num_worlds, len(self._first)), np.float32)
        whole[chosen] = state
        with self._wp.ScopedDevice(self.device):
            self._set(self._wp.array(whole, dtype=float), chosen)
            self._mw.forward(self._warp_model, self._data)

    def mark_start(self, ids: np.ndarray | None = None) -> None:
        """From now on worlds that go wrong are put back to the state that they have now."""
        chosen = np.arange(self.num_worlds) if ids is None else np.asarray(ids)
        with self._wp.ScopedDevice(self.device):
            self._only(chosen)
            self._mw.get_state(self._warp_model, self._data, self._start, _STATE, self._mask)

    def step(self, control: np.ndarray | None = None) -> np.ndarray:
        """One control step of every world.

        Args:
            control: shape (num_worlds, nu) or broadcastable; None keeps what ``control`` holds.

        Returns:
            The worlds that went wrong in this step and are at their start again, ascending; mostly empty.
        """
        wp, mw, model, data = self._wp, self._mw, self._warp_model, self._data
        with wp.ScopedDevice(self.device):
            if control is not None:
                data.ctrl.assign(np.broadcast_to(np.asarray(control, np.float32), data.ctrl.shape))
            mw.get_state(model, data, self._before, _STATE)
            self._broken.zero_()
            data.overflow.zero_()
            self._find_broken(self._before)
            self._advance()
            for field in (data.qpos, data.qvel, data.qacc, data.act, data.ctrl):
                self._find_broken(field)
            self.overflows += (data.overflow.numpy() & self._dropped) != 0
            wrong = np.flatnonzero(self._broken.numpy())
            if len(wrong):
                before = self._before.numpy()
                for world in wrong:
                    self._book.record(int(world), self.steps, "not finite", before[world].copy(), self._parameters)
                self._set(self._start, wrong)
                # Everything that is computed from the state; those of the others come out as they were.
                mw.forward(model, data)
        self.steps += 1
        return wrong

    def snapshot(self) -> WorldSnapshot:
        """A copy of everything that the future depends on."""
        return WorldSnapshot(
            model=self.digest,
            step=self.steps,
            state=self.state,
            start=_copy(self._start),
            restarts=self.restarts.copy(),
            parameters={name: values.copy() for name, values in self._parameters.items()},
        )

    def restore(self, snapshot: WorldSnapshot) -> None:
        """Go on from a snapshot as if nothing had been in between; one of the other backend is rounded to 32 bits.

        Raises:
            CheckpointMismatch: it is of another model, or of another number of worlds.
        """
        check_snapshot(snapshot, self.digest, self._before.shape, set(self._parameters))
        for name, values in snapshot.parameters.items():
            self.vary(name, values)
        self.put_state(snapshot.state)
        self._start.assign(snapshot.start.astype(np.float32))
        self.restarts[...] = snapshot.restarts
        self.steps = snapshot.step

    def memory_bytes(self) -> int:
        """What the worlds occupy on the device: every array that has a row for each of them, and the shared contacts."""
        return sum(_bytes_of(part, self._wp) for part in (self._data, self._before, self._start, self._warp_model))

    def _put_model(self) -> None:
        """The model on the device, with what differs from world to world so far; changed arrays make a graph useless."""
        sizes = {}
        for name in self._parameters:
            if not name.startswith("opt."):
                sizes |= dict.fromkeys((name, *_DERIVED.get(name, ())), self.num_worlds)
        try:
            self._warp_model = self._mw.put_model(self._host, batch_sizes=sizes)
        except NotImplementedError as error:
            raise BadInput(f"mujoco-warp cannot step this model: {error}", alternatives=['backend="cpu"']) from error
        # Overflows are counted, not printed from within a kernel.
        self._warp_model.opt.warn_overflow = 0
        for name, values in self._parameters.items():
            holder, leaf = self._warp_model, name
            if name.startswith("opt."):
                holder, leaf = self._warp_model.opt, name.removeprefix("opt.")
            setattr(holder, leaf, self._wp.array(values, dtype=getattr(holder, leaf).dtype))
        self._graph = None

    def _advance(self) -> None:
        """A control step's physics; on a GPU recorded once and then launched as one graph."""
        if not self.device.is_cuda:
            for _ in range(self.substeps):
                self._mw.step(self._warp_model, self._data)
            return
        if self._graph is None:
            # Kernels are compiled by a first run, which a recording does not permit.
            kept = self._wp.clone(self._before)
            self._mw.step(self._warp_model, self._data)
            self._set(kept, np.arange(self.num_worlds))
            with self._wp.ScopedCapture() as capture:
                for _ in range(self.substeps):
                    self._mw.step(self._warp_model, self._data)
            self._graph = capture.graph
        self._wp.capture_launch(self._graph)

    def _only(self, ids: np.ndarray) -> None:
        mask = np.zeros(self.num_worlds, bool)
        mask[ids] = True
        self._mask.assign(mask)

    def _set(self, state: Any, ids: np.ndarray) -> None:
        self._only(ids)
        self._mw.set_state(self._warp_model, self._data, state, _STATE, self._mask)

    def _find_broken(self, values: Any) -> None:
        if values.size:
            self._wp.launch(_broken_kernel(), dim=values.shape, inputs=[values], outputs=[self._broken])


def _as_warp_takes_it(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy for mujoco-warp, which has no reset of diverged worlds, and refuses the flag that switches it off.

    The flag against MuJoCo's own convex collisions means only one thing to it: two boxes meet by the same algorithm as on the
    processor. By its other one the contact's normal is the other box's when they are tilted against each other.
    """
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    copy = mujoco.MjModel.from_binary_path("model.mjb", {"model.mjb": buffer.tobytes()})
    copy.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    copy.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_NATIVECCD)
    return copy


def _copy(array: Any) -> np.ndarray:
    """To the host; a write would be lost, so it is refused."""
    copy = np.array(array.numpy())
    copy.setflags(write=False)
    return copy


def _batched(kind: type, name: str) -> bool:
    """Whether mujoco-warp declares a field as one that may have a row for each world."""
    declared = kind.__annotations__.get(name)
    return not isinstance(declared, type) and (getattr(declared, "shape", None) or ("",))[0] == "*"


def _bytes_of(part: Any, wp: Any) -> int:
    if isinstance(part, wp.array):
        return int(part.capacity or 0)
    if hasattr(part, "__dataclass_fields__"):
        return sum(_bytes_of(getattr(part, name), wp) for name in part.__dataclass_fields__)
    return 0
