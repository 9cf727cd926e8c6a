"""A Gymnasium environment around a :class:`RobotBody`: bring a fingertip to a point.

For whoever brings a learner of their own. It is driven like any body, by joint targets at 18 Hz.
"""

from typing import Any, ClassVar

import gymnasium
import numpy as np

from crewless.body.robot.body import RobotBody, RobotConfig
from crewless.body.robot.simple import simple_hand
from crewless.core.errors import BadInput
from crewless.core.messages import Action
from crewless.core.services import SERVICES

REACHED_M = 0.01
"""A fingertip this near its goal has arrived."""
_MAX_STEPS = 90


class FingertipReachEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """The index finger's tip is to come within 1 cm of a goal that it can reach.

    Observation: joint angles (rad), their speeds (rad/s), the tip and the goal (m), as float32 of shape (46,).
    Action: shape (20,), -1 to 1, each joint's range. Reward: minus the distance in metres. An episode ends at the goal,
    and is cut off after five simulated seconds.

    Args:
        render_mode: ``rgb_array`` for the camera's picture, or None.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 18}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, render_mode: str | None = None) -> None:
        if render_mode not in (None, "rgb_array"):
            raise BadInput(f"render_mode {render_mode!r}", alternatives=["rgb_array", "None"])
        assert self.metadata["render_fps"] == SERVICES["control"].rate_hz
        self.render_mode = render_mode
        spec = simple_hand()
        spec.delete(spec.body("block"))
        model = spec.compile()
        size = (320, 240) if render_mode else (16, 16)
        self._body = RobotBody(model, config=RobotConfig(width=size[0], height=size[1]))
        self._tip = model.site("index_tip").id
        self._low, self._high = model.actuator_ctrlrange.T
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (model.nu,), np.float32)
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (model.nq + model.nv + 6,), np.float32)
        self._goal = np.zeros(3)
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Straight fingers and a new goal: where the tip is for joint angles drawn from the middle of their ranges."""
        super().reset(seed=seed, options=options)
        share = self.np_random.uniform(0.2, 0.8, self._low.shape)
        self._goal = self._tip_for(self._low + share * (self._high - self._low))
        self._body.reset()
        self._steps = 0
        return self._observe(), {"distance_m": self._distance_m()}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One control period. Raises BadInput for another number of joints."""
        share = (np.clip(np.asarray(action, float), -1, 1) + 1) / 2
        if share.shape != self._low.shape:
            raise BadInput(f"an action of shape {share.shape}", alternatives=[str(self._low.shape)])
        self._body.act(Action(verb="move", joints=tuple(self._low + share * (self._high - self._low))))
        self._steps += 1
        distance_m = self._distance_m()
        reached = bool(distance_m < REACHED_M)
        return self._observe(), -distance_m, reached, self._steps >= _MAX_STEPS, {"distance_m": distance_m}

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """The newest picture, shape (240, 320, 3), uint8, RGB; None without a render mode."""
        return self._body.frame().pixels.copy() if self.render_mode else None

    def close(self) -> None:
        """Give the camera back."""
        self._body.close()

    def _tip_for(self, joints: np.ndarray) -> np.ndarray:
        import mujoco

        body = self._body
        body.data.qpos[:] = joints
        mujoco.mj_kinematics(body.model, body.data)  # pyright: ignore[reportAttributeAccessIssue]
        return body.data.site_xpos[self._tip].copy()

    def _distance_m(self) -> float:
        return float(np.linalg.norm(self._body.data.site_xpos[self._tip] - self._goal))

    def _observe(self) -> np.ndarray:
        data = self._body.data
        return np.concatenate([data.qpos, data.qvel, data.site_xpos[self._tip], self._goal]).astype(np.float32)
