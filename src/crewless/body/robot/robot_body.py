"""A simulated robot as a body: cameras at the frame rate, joint targets at the control rate, physics in between.

No hardware is used. Simulated time passes only while the robot acts or settles, so a slow policy does not miss anything;
``paced`` holds it back to real time, as a recording or a benchmark needs it.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from crewless.body.robot.camera import Camera
from crewless.body.robot.senses import Senses
from crewless.body.robot.winding import Windings
from crewless.core.clock import Ratekeeper
from crewless.core.errors import ActionUncertain, BadInput, BodyFailure
from crewless.core.messages import Action, Applied, Frame, Point
from crewless.core.photons import FrameRing
from crewless.core.services import SERVICES

_FRAME_S = SERVICES["frame"].period_s
_FRAMES_PER_CONTROL = round(SERVICES["control"].period_s / _FRAME_S)


@dataclass(frozen=True, kw_only=True)
class RobotBodyConfig:
    """How a robot is seen and driven."""

    camera: str = "head"
    """A camera of the model."""
    width: int = 640
    height: int = 480
    slots: int = 8
    """How many frames the ring holds."""
    paced: bool = False
    """Keep to real time; late and lost periods are counted in ``RobotBody.pace``. On a busy machine the thread that acts should
    :func:`crewless.core.realtime.go_first`."""
    quiet_rad_s: float = 0.02
    """settle: slower than this everywhere is quiet (m/s for sliding joints)."""
    draw_every: int = 1
    """The camera takes every so manieth frame; those between repeat its last picture. For long work that nobody watches."""
    dump_folder: Path | None = None
    """Where the state is written when the physics breaks; not kept when None."""


def winding_rise_k(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Each actuator's winding above the ambient temperature, shape (nu,), K; 0 where no heat is modelled.

    MuJoCo's ``<dcmotor>`` keeps it as an activation, the last one of the actuator.
    """
    rise_k = np.zeros(model.nu)
    hot = (model.actuator_dyntype == int(mujoco.mjtDyn.mjDYN_DCMOTOR)) & (model.actuator_actnum > 0)
    rise_k[hot] = data.act[(model.actuator_actadr + model.actuator_actnum - 1)[hot]]
    return rise_k


class RobotBody:
    """Keeps the contract of :class:`crewless.core.body.Body`.

    Args:
        model: compiled; a whole number of its time steps must make a frame period. Its actuators hold targets by
            themselves (position servos, motors with a controller): that loop runs at every physics step.
        config: size, camera, pace.
        start: puts the simulation where the case begins; the model's own start when None.
        windings: the temperatures of the drives, in the order of the actuators; they are kept beside the simulation and
            put into it every frame period. Without them :meth:`proprioception` has what MuJoCo's own thermal model says.
        senses: the sensors of the drives, in the same order; :meth:`proprioception` then gives their readings instead of the
            true values. They change nothing of the physics.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        *,
        config: RobotBodyConfig | None = None,
        start: Callable[[mujoco.MjModel, mujoco.MjData], None] | None = None,
        windings: Windings | None = None,
        senses: Senses | None = None,
    ) -> None:
        if senses is not None and senses.count != model.nu:
            raise BadInput(f"sensors of {senses.count} drives", alternatives=[f"{model.nu}, one an actuator"])
        if windings is not None and len(windings.ambient_c) != model.nu:
            raise BadInput(
                f"windings of {len(windings.ambient_c)} drives", alternatives=[f"{model.nu}, one an actuator"]
            )
        self.windings = windings
        self.senses = senses
        self.config = config or RobotBodyConfig()
        self._steps_per_frame = round(_FRAME_S / model.opt.timestep)
        if not math.isclose(self._steps_per_frame * model.opt.timestep, _FRAME_S, rel_tol=1e-6):
            raise BadInput(
                f"a time step of {model.opt.timestep:g} s does not divide a frame period of {_FRAME_S:g} s",
                alternatives=[f"{_FRAME_S / n:.9f}" for n in (7, 14, 28)],
            )
        self.model, self.data = model, mujoco.MjData(model)
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self._start = start
        self.watch: Callable[[mujoco.MjModel, mujoco.MjData], None] | None = None
        """Called after each frame period with the simulation, which it must not change: for whoever judges a whole stretch."""
        self.watch_steps: Callable[[mujoco.MjModel, mujoco.MjData], None] | None = None
        """The same after each physics step, for what lasts no longer, such as a blow. It costs time."""
        if senses is not None:
            senses.begin(model.opt.timestep, self._steps_per_frame)
        self._closed, self._unseen = False, 0
        self.lost = 0
        """Frames that the camera failed to take. Each left a gap in the ring's indices."""
        self._camera = Camera(model, name=self.config.camera, height=self.config.height, width=self.config.width)
        self._camera_error: BodyFailure | None = None
        self.ring = FrameRing.create(self.config.height, self.config.width, slots=self.config.slots)
        if self.config.paced:
            # A frame that waits for fresh pages would be late.
            self.ring.touch()
        self.pace = Ratekeeper(1.0 / _FRAME_S) if self.config.paced else None
        self.reset()

    def reset(self, start: Callable[[mujoco.MjModel, mujoco.MjData], None] | None = None) -> None:
        """Back to where the case begins; takes a frame.

        Args:
            start: from now on cases begin where this puts the simulation; as before when None.
        """
        self._start = start or self._start
        mujoco.mj_resetData(self.model, self.data)
        if self.windings is not None:
            self.windings.reset()
        if self._start is not None:
            self._start(self.model, self.data)
        mujoco.mj_forward(self.model, self.data)
        if self.senses is not None:
            self.senses.reset(self._true_proprioception())
        if self.pace is not None:
            self.pace = Ratekeeper(1.0 / _FRAME_S)
        self._see(fresh=True)

    def frame(self) -> Frame:
        """The newest photons. Raises BodyFailure when the camera has stopped or the body is closed."""
        self._require_open()
        if self._camera_error is not None:
            raise self._camera_error
        frame = self.ring.latest()
        if frame is None:
            raise BodyFailure("the camera has not taken a frame yet")
        return frame

    def act(self, action: Action) -> Applied:
        """move: hold these joint targets for one control period. wait: let time pass with the targets as they are.

        Targets beyond an actuator's range are cut to it, and ``note`` says so: ``action.joints`` stays what was asked.

        Raises:
            BadInput: another verb, another number of targets, a target that is no number.
            BodyFailure: the body is closed.
            ActionUncertain: the physics broke while the action ran; the state before it is dumped.
        """
        self._require_open()
        note = ""
        if action.verb == "move":
            targets, note = self._targets(action.joints)
            frames = _FRAMES_PER_CONTROL
            dispatched_s = time.monotonic()
            self.data.ctrl[:] = targets
        elif action.verb == "wait":
            if not 0 <= action.seconds < math.inf:
                raise BadInput(f"wait for {action.seconds} s", alternatives=["0 or more"])
            frames, dispatched_s = math.ceil(action.seconds / _FRAME_S - 1e-9), time.monotonic()
        else:
            raise BadInput(f"a robot cannot {action.verb!r}", alternatives=["move", "wait"])
        changed_s = None
        for _ in range(frames):
            self._advance()
            changed_s = changed_s or time.monotonic()
        return Applied(
            action=action, dispatched_s=dispatched_s, changed_s=changed_s, settled_s=time.monotonic(), note=note
        )

    def settle(self, timeout_s: float = 5.0) -> Frame:
        """Let simulated time pass until nothing moves, at most ``timeout_s`` of it and of real time."""
        self._require_open()
        until_s = time.monotonic() + timeout_s
        for _ in range(math.ceil(timeout_s / _FRAME_S)):
            if np.abs(self.data.qvel).max(initial=0.0) < self.config.quiet_rad_s or time.monotonic() >= until_s:
                break
            self._advance()
        return self.frame()

    def proprioception(self) -> np.ndarray:
        """What the robot feels of itself: each actuator's length, speed, force, and its winding's warmth.

        Shape (4, nu); rad, rad/s, N m, and K above the ambient temperature, which is 0 for an actuator without a thermal
        model. Sliding joints have m, m/s and N. With ``senses`` it is what the sensors read at the end of the last frame period,
        the same until the next; without them the truth.
        """
        return self._true_proprioception() if self.senses is None else self.senses.readings.copy()

    def _true_proprioception(self) -> np.ndarray:
        data = self.data
        warmth = winding_rise_k(self.model, data) if self.windings is None else self.windings.winding_k
        return np.stack([data.actuator_length, data.actuator_velocity, data.actuator_force, warmth])

    def restart_camera(self) -> None:
        """Open the camera again after it stopped; the physics has not noticed. Raises BodyFailure."""
        self._require_open()
        self._camera.close()
        size = {"height": self.config.height, "width": self.config.width}
        self._camera = Camera(self.model, name=self.config.camera, **size)
        self._camera_error = None
        self._see(fresh=True)

    def close(self) -> None:
        """Give the camera and the ring back. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._camera.close()
            self.ring.close()

    def _require_open(self) -> None:
        if self._closed:
            raise BodyFailure("the robot is closed")

    def _targets(self, joints: tuple[float, ...]) -> tuple[np.ndarray, str]:
        targets = np.asarray(joints, dtype=float)
        if targets.shape != (self.model.nu,):
            raise BadInput(f"{len(joints)} joint targets", alternatives=[f"{self.model.nu}, one for each actuator"])
        if not np.isfinite(targets).all():
            raise BadInput(f"joint target {np.flatnonzero(~np.isfinite(targets))[0]} is not a finite number")
        low, high = np.where(self.model.actuator_ctrllimited[:, None] > 0, self.model.actuator_ctrlrange, np.inf).T
        low = np.where(np.isinf(low), -np.inf, low)
        cut = np.clip(targets, low, high)
        beyond = int((cut != targets).sum())
        return cut, f"{beyond} of {len(cut)} targets cut to their range" if beyond else ""

    def _advance(self) -> None:
        """One frame period of physics, and the frame at its end."""
        size = mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_INTEGRATION)
        before = np.empty(size)
        mujoco.mj_getState(self.model, self.data, before, mujoco.mjtState.mjSTATE_INTEGRATION)
        if self.senses is None:
            self._step(self._steps_per_frame)
        else:
            self._step_and_sense(self.senses)
        if not (np.isfinite(self.data.qpos).all() and np.isfinite(self.data.qvel).all()):
            raise ActionUncertain(f"the physics broke at {self.data.time:.3f} s{self._dump(before)}")
        if self.windings is not None:
            self.windings.step(self.data.actuator_force, _FRAME_S, self.data.act)
        if self.pace is not None:
            late = self.pace.keep()
            self.lost += late
            self.ring.skip(late)
        self._see()
        if self.watch is not None:
            self.watch(self.model, self.data)

    def _step(self, steps: int) -> None:
        if self.watch_steps is None:
            mujoco.mj_step(self.model, self.data, steps)
            return
        for _ in range(steps):
            mujoco.mj_step(self.model, self.data)
            self.watch_steps(self.model, self.data)

    def _step_and_sense(self, senses: Senses) -> None:
        """The same steps to the last bit, with a look at the sensors on the way: what is read late was measured earlier."""
        left = self._steps_per_frame
        for stop in senses.stops:
            self._step(left - stop)
            senses.sample(stop, self._true_proprioception())
            left = stop

    def _dump(self, before: np.ndarray) -> str:
        if self.config.dump_folder is None:
            return ""
        self.config.dump_folder.mkdir(parents=True, exist_ok=True)
        path = self.config.dump_folder / f"body-{len(list(self.config.dump_folder.glob('body-*.npz')))}.npz"
        np.savez(path, state=before)
        return f"; the state before it is in {path.name}"

    def _see(self, *, fresh: bool = False) -> None:
        if self._camera_error is None:
            self._unseen = 0 if fresh else (self._unseen + 1) % self.config.draw_every
            try:
                pixels = self._camera.take(self.data) if self._unseen == 0 else None
            except BodyFailure as error:
                self._camera_error = error
            else:
                centre = Point(self.config.width // 2, self.config.height // 2)
                self.ring.publish(pixels, t_s=time.monotonic(), pointer=centre)
                return
        self.lost += 1
        self.ring.skip(1)
