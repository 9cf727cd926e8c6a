"""A Gymnasium environment around a :class:`RobotBody`: bring a fingertip to a point.

For whoever brings a learner of their own. It is driven like any body, by joint targets at 18 Hz, and feels what its motors feel:
how warm they are.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from typing import Any, ClassVar

import gymnasium
import mujoco
import numpy as np

from crewless.body.robot.design import Design
from crewless.body.robot.hand import hand_drives, hand_scene
from crewless.body.robot.robot_body import RobotBody, RobotBodyConfig
from crewless.body.robot.winding import Windings
from crewless.core.errors import BadInput
from crewless.core.messages import Action
from crewless.core.services import SERVICES

REACHED_M = 0.01
"""A fingertip this near its goal has arrived."""
COLDEST_C, HOTTEST_C = -60.0, 1085.0
"""What a winding's temperature reads at most; it is copper, which melts at the second."""
_MAX_STEPS = 90
_SETTLED_S = 1.5


class FingertipReachEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """The index finger's tip is to come within 1 cm of a goal that it can reach. The hand is a design's, palm upwards.

    Observation: float32 of shape (nq + nv + nu + 6,), which is 77 for the whole hand:

    ===============  =====  =========================  ========
    what             unit   bounds                     how many
    ===============  =====  =========================  ========
    joint angles     rad    none                       nq
    joint speeds     rad/s  none                       nv
    windings         deg C  COLDEST_C to HOTTEST_C     nu
    the tip          m      none                       3
    the goal         m      none                       3
    ===============  =====  =========================  ========

    Action: shape (nu,), -1 to 1, each actuator's range. Reward: minus the distance in metres. An episode ends at the goal,
    and is cut off after five simulated seconds. ``info`` has ``distance_m`` and ``overheated``, how many windings are over their
    limit: nothing stops them, as in :class:`RobotBody`.

    Args:
        render_mode: ``rgb_array`` for the camera's picture, or None.
        design: the hand's; the default when None. It must have an index finger.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 18}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, render_mode: str | None = None, design: Design | None = None) -> None:
        if render_mode not in (None, "rgb_array"):
            raise BadInput(f"render_mode {render_mode!r}", alternatives=["rgb_array", "None"])
        design = design or Design()
        if "index" not in design.hand.fingers:
            raise BadInput(f"a hand of {', '.join(design.hand.fingers)}", alternatives=["one with an index finger"])
        assert self.metadata["render_fps"] == SERVICES["control"].rate_hz
        self.render_mode = render_mode
        model = hand_scene(design).compile()
        size = (320, 240) if render_mode else (16, 16)
        self._windings = Windings(hand_drives(design))
        self._body = RobotBody(model, config=RobotBodyConfig(width=size[0], height=size[1]), windings=self._windings)
        self._tip = model.site("index_tip").id
        self._low, self._high = model.actuator_ctrlrange.T
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (model.nu,), np.float32)
        kinds = [(model.nq + model.nv, np.inf, -np.inf), (model.nu, HOTTEST_C, COLDEST_C), (6, np.inf, -np.inf)]
        high, low = (np.concatenate([np.full(row[0], row[side]) for row in kinds]) for side in (1, 2))
        self.observation_space = gymnasium.spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)
        self.temperatures = slice(model.nq + model.nv, model.nq + model.nv + model.nu)
        """Where the windings stand in an observation, in the order of the actuators."""
        self._goal = np.zeros(3)
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A flat, cold hand and a new goal: where the tip is in the end for targets drawn from the middle of their ranges."""
        super().reset(seed=seed, options=options)
        share = self.np_random.uniform(0.2, 0.8, self._low.shape)
        self._goal = self._tip_for(self._low + share * (self._high - self._low))
        self._body.reset()
        self._steps = 0
        return self._observe(), self._info()

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One control period. Raises BadInput for another number of joints."""
        share = (np.clip(np.asarray(action, float), -1, 1) + 1) / 2
        if share.shape != self._low.shape:
            raise BadInput(f"an action of shape {share.shape}", alternatives=[str(self._low.shape)])
        self._body.act(Action(verb="move", joints=tuple(self._low + share * (self._high - self._low))))
        self._steps += 1
        info = self._info()
        reached = bool(info["distance_m"] < REACHED_M)
        return self._observe(), -info["distance_m"], reached, self._steps >= _MAX_STEPS, info

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """The newest picture, shape (240, 320, 3), uint8, RGB; None without a render mode."""
        return self._body.frame().pixels.copy() if self.render_mode else None

    def close(self) -> None:
        """Give the camera back."""
        self._body.close()

    def _tip_for(self, targets: np.ndarray) -> np.ndarray:
        """Where the tip comes to rest for these targets, in a simulation of its own."""
        model = self._body.model
        data = mujoco.MjData(model)
        data.ctrl[:] = targets
        mujoco.mj_step(model, data, round(_SETTLED_S / model.opt.timestep))
        return data.site_xpos[self._tip].copy()

    def _info(self) -> dict[str, Any]:
        distance = np.linalg.norm(self._body.data.site_xpos[self._tip] - self._goal)
        return {"distance_m": float(distance), "overheated": int(self._windings.overheated.sum())}

    def _observe(self) -> np.ndarray:
        data = self._body.data
        warm = np.clip(self._windings.celsius, COLDEST_C, HOTTEST_C)
        return np.concatenate([data.qpos, data.qvel, warm, data.site_xpos[self._tip], self._goal]).astype(np.float32)
