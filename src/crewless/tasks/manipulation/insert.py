"""The oracle of the connector: a grasp that bears the push, and a hand that moves by what is left between the plug and its socket.

A plug turns and slides in the fingers when it is taken, by 46 degrees and 9 mm here, and gives way again when it is pushed. So
nothing is assumed of how it lies in the hand: in every control period its whole pose is compared with where it should be, and
gantry and wrist together move the palm by a share of what is left (an integral controller in space). Along the hole the force
decides, not the place: the hand goes on while the gantry feels less than a limit (Hogan 1985's impedance control, with its
steady state set by the force).
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import dataclasses
from collections.abc import Iterator, Mapping

import mujoco
import numpy as np

from crewless.body.robot.robot_body import RobotBody
from crewless.tasks.manipulation.connector import GRIP_M, HOME_M, pin, socket_axes, tip
from crewless.tasks.manipulation.control import CONTROL_S, Aim, Kinematics, hold, path
from crewless.tasks.manipulation.gantry import AXES, hover
from crewless.tasks.manipulation.grasp import FINGERS, Grasp, Trial, pinches, plan
from crewless.tasks.manipulation.lift import on_gantry
from crewless.tasks.manipulation.shapes import Shape, ShapePart
from crewless.tasks.manipulation.stage import Script

WRIST = ("forearm_roll", "wrist_deviation", "wrist_flexion")
PUSH_N = 45.0
"""The hand pushes no harder. The catch gives way at about 32 N; makers allow about 50."""
_CAUGHT_M = HOME_M + 0.0012
_LIFT_M = 0.09
_FORWARD_M = 0.010
"""The hand takes the plug so far behind its middle: the fingertips stay clear of the socket."""
_SQUEEZE_M = 0.022
_BEARS_KG = 2.5
"""The planner shakes a plug of this weight, so that the grasp bears the push of the catch from any side."""
_planned: list[tuple[Trial, Grasp]] = []


def grasp_of_plug() -> tuple[Trial, Grasp]:
    """How the plug is taken: by thumb and three fingers, near the palm. Planned once, because the plug is always the same.

    Its pin points to the palm's -x, which is the world's +x when the hand looks down.
    """
    if not _planned:
        shape = Shape(name="plug", kind="box", mass_kg=_BEARS_KG, parts=(ShapePart(kind="box", size_m=GRIP_M),))
        trial = Trial(shape)
        forward = np.array([_FORWARD_M, 0.0, 0.0])
        found = plan(
            trial,
            ways=lambda one: (
                dataclasses.replace(way, centre_m=way.centre_m - forward)
                for way in pinches(one, _SQUEEZE_M)
                if way.fingers == 3 and way.quat[0] > 0.9 and way.centre_m[2] < 0.05
            ),
            enough_m=0.006,
        )
        assert found is not None
        _planned.append((trial, found))
    return _planned[0]


def plug_in(body: RobotBody, given: Mapping[str, float]) -> Script:
    """Take the plug from its block, line it up before the socket, push until it is caught, let go and draw back."""
    trial, grasp = grasp_of_plug()
    kinematics = Kinematics(body.model)
    gantry = kinematics.index([f"right_{axis}" for axis in AXES])
    opened, closed = on_gantry(kinematics, trial, grasp)
    little = kinematics.index(["right_little_base", "right_little_curl"])
    for targets in (opened, closed):
        targets[little] = -0.2, 0.0  # out of the socket's way
    thing = body.data.body("thing").xpos.copy()
    low = hover(kinematics, grasp.centre_m, thing, given["yaw"], opened)
    high = hover(kinematics, grasp.centre_m, thing + [0.0, 0.0, _LIFT_M], given["yaw"], low)
    gripped, lifted = closed.copy(), closed.copy()
    gripped[gantry], lifted[gantry] = low[gantry], high[gantry]
    yield from path(body.data.ctrl.copy(), high, 1.2)
    yield from path(high, low, 0.8)
    yield from path(low, gripped, 0.7)
    yield from hold(gripped, 0.3)
    yield from path(gripped, lifted, 0.9)

    hand = Guide(body, kinematics, given, lifted)
    yield from hand.line_up(0.030, seconds=4.0, speed_m_s=0.15)
    yield from hand.line_up(0.010, seconds=2.0, speed_m_s=0.04)
    yield from hand.push(seconds=6.0)
    yield from hand.ease_off(0.8)

    released = hand.targets.copy()
    fingers = np.setdiff1d(np.arange(body.model.nu), hand.free)
    released[fingers] = opened[fingers]
    yield from path(hand.targets, released, 0.8)
    # The thumb would hook the plug on the way back: it is straightened first, and the fingers with it.
    spread = released.copy()
    spread[kinematics.index([f"right_{finger}_base" for finger in ("thumb", *FINGERS[:3])])] = 0.0
    spread[kinematics.index([f"right_{finger}_curl" for finger in FINGERS[:3]])] = 0.2
    yield from path(released, spread, 0.6)
    away = spread.copy()
    away[gantry[:3]] -= _LIFT_M * body.data.body("right_palm").xmat.reshape(3, 3)[:, 2]
    yield from path(spread, away, 0.8)


class Guide:
    """Moves gantry and wrist so that the plug in the hand goes where it should.

    Args:
        body: the robot, whose simulation is read.
        kinematics: of the same model.
        given: the case.
        targets: shape (nu,), where the actuators are told to be now.
    """

    def __init__(
        self, body: RobotBody, kinematics: Kinematics, given: Mapping[str, float], targets: np.ndarray
    ) -> None:
        self.body, self.kinematics, self.given, self.targets = body, kinematics, given, targets.copy()
        self.free = kinematics.index([f"right_{name}" for name in (*AXES, *WRIST)])
        """Numbers of the actuators that are moved: the gantry's, then the wrist's."""
        self._axes = socket_axes(given)

    def caught(self) -> bool:
        """Whether the pin is so deep that the catch has it."""
        return float(pin(self.body.data, self.given)[0]) > _CAUGHT_M

    def line_up(self, back_m: float, *, seconds: float, speed_m_s: float) -> Iterator[np.ndarray]:
        """The pin's tip on the hole's axis, so far before its mouth, the plug turned as the socket is."""
        for _ in range(round(seconds / CONTROL_S)):
            move, turn = self._left(-back_m)
            if np.linalg.norm(move) < 0.0005 and np.linalg.norm(turn) < 0.015:
                break
            yield self._step(_cut(0.5 * move, speed_m_s * CONTROL_S), _cut(0.5 * turn, 0.05))

    def push(self, *, seconds: float) -> Iterator[np.ndarray]:
        """Inwards while the gantry feels less than the limit; ends when the pin is caught, or gets no deeper for a second."""
        deepest, still = -np.inf, 0
        for _ in range(round(seconds / CONTROL_S)):
            depth = pin(self.body.data, self.given)[0]
            still = 0 if depth > deepest + 0.0003 else still + 1
            deepest = max(deepest, depth)
            if self.caught() or still * CONTROL_S > 1.0:
                return
            move, turn = self._left(0.0)
            # Fingers and gantry together give way by about 0.1 mm to a newton, and more than that at once would ring.
            inwards = np.clip(1e-4 * (PUSH_N - self._pushing_n()), -0.001, 0.0015)
            # In the hole the walls lead; to go on correcting would only press on one of them.
            share = 0.3 if depth < 0.004 else 0.0
            yield self._step(np.array([inwards, *_cut(share * move[1:], 0.001)]), _cut(share * turn, 0.02))

    def ease_off(self, seconds: float) -> Iterator[np.ndarray]:
        """Until the hand neither pushes nor pulls: what springs in it would pull the pin out when it opens."""
        for _ in range(round(seconds / CONTROL_S)):
            yield self._step(np.array([-np.clip(6e-5 * self._pushing_n(), -3e-4, 3e-4), 0.0, 0.0]), np.zeros(3))

    def _pushing_n(self) -> float:
        """What the gantry's slides push inwards along the hole, less what they carry, N."""
        data = self.body.data
        weight = np.array(
            [0.0, 0.0, 9.81 * self.body.model.body_subtreemass[self.body.model.body("right_carriage").id]]
        )
        return float(self._axes[:, 0] @ (data.actuator_force[self.free[:3]] - weight))

    def _left(self, depth_m: float) -> tuple[np.ndarray, np.ndarray]:
        """What brings the tip to a depth on the axis (m, the socket's frame), and what turns the plug as the socket is (rad, the world's)."""
        data = self.body.data
        want, turn = np.empty(4), np.empty(3)
        mujoco.mju_mat2Quat(want, self._axes.ravel())
        mujoco.mju_subQuat(turn, want, data.body("thing").xquat)
        move = np.array([depth_m, 0.0, 0.0]) - pin(data, self.given)
        return move, data.body("thing").xmat.reshape(3, 3) @ turn

    def _step(self, move: np.ndarray, turn: np.ndarray) -> np.ndarray:
        """Targets that move the palm from where it is told to be: along the socket's axes, and about the pin's tip."""
        kinematics, quat, spin = self.kinematics, np.empty(4), np.empty(9)
        kinematics.put(self.targets)
        palm = kinematics.data.site("right_palm")
        angle = float(np.linalg.norm(turn))
        mujoco.mju_axisAngle2Quat(quat, turn / max(angle, 1e-12), angle)
        mujoco.mju_quat2Mat(spin, quat)
        turned, about = spin.reshape(3, 3), tip(self.body.data)
        axes = turned @ palm.xmat.reshape(3, 3)
        aim = Aim(
            point=about + turned @ (palm.xpos - about) + self._axes @ move,
            normal=axes[:, 2],
            up=axes[:, 1],
            turn_weight=0.1,
        )
        self.targets, _ = kinematics.solve({"right_palm": aim}, self.targets, free=self.free, steps=3, rest_weight=0.0)
        return self.targets


def _cut(vector: np.ndarray, most: float) -> np.ndarray:
    return vector * min(1.0, most / max(float(np.linalg.norm(vector)), 1e-12))
