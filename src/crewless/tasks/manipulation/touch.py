"""The first things that a hand learns: bring a fingertip to a point, and take a posture."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.hand import RANGES, hand_scene
from crewless.body.robot.robot_body import RobotBody
from crewless.tasks.manipulation.control import Aim, Kinematics, hold, path
from crewless.tasks.manipulation.stage import ManipulationTask, Script

REACHED_M = 0.005
"""A fingertip this near its goal has arrived."""
MATCHED_RAD = 0.08
"""A joint this near its angle has it."""
_STILL_RAD_S = 0.2


class FingertipReachTask(ManipulationTask):
    """The index finger's pad is to come to a point in the air, and to rest there.

    Slots: ``x``, ``y``, ``z``, m.
    """

    name = "fingertip_reach"
    max_steps = 60

    def spec(self) -> "mujoco.MjSpec":
        """The hand, palm upwards, and a mark where the goal is."""
        return hand_scene()

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """A point where the pad can be: the place that it has for angles from the middle of the joints' ranges."""
        kinematics = Kinematics(self._compiled())
        targets = np.zeros(kinematics.model.nu)
        for name in ("index_spread", "index_base", "index_curl", "wrist_flexion", "wrist_deviation"):
            number = kinematics.model.actuator(name).id
            low, high = kinematics.low[number], kinematics.high[number]
            targets[number] = low + (high - low) * rng.uniform(0.2, 0.8)
        kinematics.put(targets)
        return dict(zip("xyz", kinematics.site("index_tip"), strict=True))

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """Inverse kinematics, a smooth path, and a few corrections by what is left of the error."""
        kinematics = Kinematics(body.model)
        goal = np.array([given[axis] for axis in "xyz"])
        free = kinematics.index(("index_spread", "index_base", "index_curl", "wrist_flexion", "wrist_deviation"))
        start, aim = np.zeros(body.model.nu), goal.copy()
        targets = start
        for seconds in (0.9, 0.4, 0.4, 0.4):
            wanted, _ = kinematics.solve({"index_tip": Aim(point=aim)}, targets, free=free, rest_weight=1e-4)
            yield from path(targets, wanted, seconds)
            yield from hold(wanted, 0.15)
            targets = wanted
            aim = aim + goal - body.data.site("index_tip").xpos

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """How far the pad is from the goal, and how fast it moves."""
        goal = np.array([given[axis] for axis in "xyz"])
        distance = float(np.linalg.norm(body.data.site("index_tip").xpos - goal))
        speed = float(np.abs(body.data.qvel).max())
        return {"right": distance < REACHED_M and speed < _STILL_RAD_S, "distance_m": distance, "speed_rad_s": speed}

    def _compiled(self) -> mujoco.MjModel:
        if self.model is None:
            self.model = self.spec().compile()
        return self.model


class PoseMatchTask(ManipulationTask):
    """Every joint of the fingers is to take an angle, as a hand does that signs a letter.

    Slots: a joint's name, rad.
    """

    name = "pose_match"
    max_steps = 60

    def spec(self) -> "mujoco.MjSpec":
        """The hand, palm upwards."""
        return hand_scene()

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """A posture in which no finger is in another's way: fingers bent together or apart, the thumb beside them."""
        posture = {"thumb_abduction": rng.uniform(0.1, 0.5), "thumb_base": rng.uniform(0.0, 0.3)}
        posture |= {"thumb_tip": rng.uniform(0.0, 0.7), "thumb_opposition": rng.uniform(0.0, 0.5)}
        spread = rng.uniform(-0.15, 0.15)
        for finger in ("index", "middle", "ring", "little"):
            posture[f"{finger}_spread"] = spread
            posture[f"{finger}_base"] = rng.uniform(0.0, 0.8) * RANGES["base"][1]
            posture[f"{finger}_curl"] = rng.uniform(0.1, 1.6)
        return posture

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """The angles are the actuators' targets; what gravity and friction leave over is added once more."""
        targets = np.zeros(body.model.nu)
        for name, angle in given.items():
            targets[body.model.actuator(name).id] = angle
        yield from path(np.zeros(body.model.nu), targets, 1.0)
        wanted = targets.copy()
        for _ in range(3):
            yield from hold(wanted, 0.3)
            wanted = np.clip(wanted + 0.7 * (targets - body.proprioception()[0]), *body.model.actuator_ctrlrange.T)

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """The largest error of a joint that was asked for."""
        data = body.data
        errors = {name: abs(float(data.actuator(name).length[0]) - angle) for name, angle in given.items()}
        worst = max(errors, key=lambda name: errors[name])
        return {"right": errors[worst] < MATCHED_RAD, "worst_joint": worst, "worst_rad": errors[worst]}
