"""Turn a cube in the hand: it stays between thumb and fingers and rolls over their pads."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.hand import hand_scene
from crewless.body.robot.robot_body import RobotBody
from crewless.tasks.manipulation.control import Aim, Kinematics, hold, path
from crewless.tasks.manipulation.grasp import FINGERS, Grasp, Trial, pinches, plan
from crewless.tasks.manipulation.shapes import Shape, ShapePart
from crewless.tasks.manipulation.stage import ManipulationTask, Script, ahead, touching

MATCHED_RAD = 0.1
"""The cube's turn must be so near to what was asked for."""
_SIDE_M = 0.03
_MASS_KG = 0.04
_REACH = 2.5
_SQUEEZE_M = 0.005
"""So deep inside the cube the pads are asked to be: firm enough to hold it, soft enough to roll."""
_CUBE = Shape(
    name="cube", kind="box", mass_kg=_MASS_KG, parts=(ShapePart(kind="box", size_m=(_SIDE_M, _SIDE_M, _SIDE_M)),)
)


class CubeRotateTask(ManipulationTask):
    """A cube of 3 cm is held between thumb, index and middle finger; turn it about the axis across the palm, without dropping it.

    Slots: ``turn``, rad, from where it is; positive lifts the side at the fingers. The case begins with the cube held, as the planner's pinch has closed on it.
    """

    name = "cube_rotate"
    max_steps = 150
    _start: np.ndarray | None = None
    """How the cube lay in the palm when the case began."""
    _trial: tuple[Trial, Grasp] | None = None

    def spec(self) -> "mujoco.MjSpec":
        """The hand, palm upwards, and the cube."""
        spec = hand_scene()
        _CUBE.add(spec, "thing", (0.0, 0.0, 0.5))
        return spec

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """A turn of 10 to 22 degrees, one way or the other."""
        return {"turn": rng.choice([-1.0, 1.0]) * rng.uniform(0.17, 0.38)}

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """Close on the cube in a simulation of the planner's, and begin from there."""
        trial, grasp = self._held()
        names = [model.joint(number).name for number in range(model.njnt)]
        for name in names:
            own, other = model.joint(name), trial.model.joint(name)
            size = 7 if name == "thing" else 1
            data.qpos[own.qposadr[0] : own.qposadr[0] + size] = trial.data.qpos[
                other.qposadr[0] : other.qposadr[0] + size
            ]
        shift = model.body_pos[model.body("elbow").id] - trial.model.body_pos[trial.model.body("elbow").id]
        first = model.joint("thing").qposadr[0]
        data.qpos[first : first + 3] += shift
        data.ctrl[:] = grasp.closed
        self._start = None

    def begin(self, body: RobotBody) -> None:
        """Remember how the cube lay in the palm."""
        self._start = _in_palm(body.data)

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """Move the pads about the cube's middle as they would if they were glued to it, squeezing on; correct by what is seen."""
        _, grasp = self._held()
        kinematics = Kinematics(body.model)
        kinematics.follow(body.data)
        targets = grasp.closed.copy()
        yield from hold(targets, 0.3)
        kinematics.put(targets)
        palm = body.data.body("palm")
        axis = palm.xmat.reshape(3, 3)[:, 0].copy()
        tips = [f"{finger}_tip" for finger in ("thumb", *FINGERS[: grasp.fingers])]
        centre = body.data.body("thing").xpos.copy()
        arms = {tip: kinematics.site(tip) - centre for tip in tips}
        names = [f"thumb_{joint}" for joint in ("opposition", "abduction", "spread", "base", "tip")]
        names += [f"{finger}_{joint}" for finger in FINGERS[: grasp.fingers] for joint in ("spread", "base", "curl")]
        free = kinematics.index(names)
        assert self._start is not None
        asked = given["turn"]
        for seconds in (1.2, 0.5, 0.5, 0.5, 0.5):
            # The pads give way and roll, so they are moved as if they stood farther out than they do.
            aims = {
                tip: Aim(point=centre + arm + _REACH * (_turned(arm, axis, asked) - arm)) for tip, arm in arms.items()
            }
            wanted, _ = kinematics.solve(aims, targets, free=free, rest_weight=1e-4, steps=60)
            yield from path(targets, wanted, seconds)
            yield from hold(wanted, 0.25)
            targets = wanted
            left = given["turn"] - _about_x(self._start, _in_palm(body.data))
            if abs(left) < 0.3 * MATCHED_RAD:
                break
            asked = float(np.clip(asked + left, -1.2, 1.2))
        yield from hold(targets, 0.3)

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """How far it has turned about the axis across the palm now and a second later, and what touches it."""
        start = self._start if self._start is not None else _in_palm(body.data)
        later = ahead(body, 1.0)
        turns = [_about_x(start, _in_palm(data)) for data in (body.data, later)]
        held = all(
            len(bodies) >= 2 and not bodies & {"world", "palm"}
            for bodies in (touching(body.model, data, "thing") for data in (body.data, later))
        )
        right = held and all(abs(turn - given["turn"]) < MATCHED_RAD for turn in turns)
        return {
            "right": right,
            "turned_rad": turns[0],
            "turned_after_1_s_rad": turns[1],
            "held": held,
            "harm": not held,
        }

    def _held(self) -> tuple[Trial, Grasp]:
        """The planner's simulation as it has closed on the cube, and the grasp; always the same one."""
        if self._trial is None:
            trial = Trial(_CUBE)
            grasp = plan(trial, ways=lambda one: (way for way in pinches(one, _SQUEEZE_M) if way.fingers == 2))
            assert grasp is not None
            trial.close(grasp)
            self._trial = trial, grasp
        return self._trial


def _in_palm(data: mujoco.MjData) -> np.ndarray:
    """The cube's axes in the palm's frame. Shape (3, 3)."""
    return data.body("palm").xmat.reshape(3, 3).T @ data.body("thing").xmat.reshape(3, 3)


def _about_x(start: np.ndarray, now: np.ndarray) -> float:
    """The turn about the palm's x axis from one orientation to another, rad."""
    turn = now @ start.T
    return float(np.arctan2(turn[2, 1] - turn[1, 2], turn[1, 1] + turn[2, 2]))


def _turned(arm: np.ndarray, axis: np.ndarray, angle: float) -> np.ndarray:
    """A vector turned about an axis (Rodrigues)."""
    return arm * np.cos(angle) + np.cross(axis, arm) * np.sin(angle) + axis * (axis @ arm) * (1 - np.cos(angle))
