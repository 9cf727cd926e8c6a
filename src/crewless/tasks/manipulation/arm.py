"""The humanoid's right arm, waist included, steered by where its palm should be.

Inverse kinematics follows a path of palm poses with least jerk, one step each period of the control stream. The drives'
own position loops are the arm's impedance: under weight they give way. What of that stays is measured and added to the targets (an
integral); in contact this can be frozen, so that the arm yields as the loops do and does not press harder and harder.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from crewless.body.robot.robot_body import RobotBody
from crewless.tasks.manipulation.control import CONTROL_S, Aim, Kinematics, path

JOINTS = (
    "waist_yaw", "waist_roll", "waist_pitch", "right_shoulder_pitch", "right_shoulder_roll", "right_shoulder_yaw",
    "right_elbow", "right_forearm_roll", "right_wrist_deviation", "right_wrist_flexion",
)  # fmt: skip
_TURN_WEIGHT_M = 0.15
"""Metres of error that one radian of the palm's turning counts for: about the length of what it holds."""
_INTEGRAL = 0.25
"""Share of a joint's error that is added each control period: gone in a quarter of a second, slow against the loops (60 rad/s)."""
_STARTS = ((0.25, 0.0, 0.15), (0.6, 0.25, 0.6), (0.6, 0.0, 0.6), (-0.1, 0.0, 0.15), (0.25, 0.25, 0.6))
"""Where the inverse kinematics begins, one after the other until it arrives: the waist's yaw beyond the palm's azimuth (the right shoulder
then stands behind it), its pitch, the shoulder's roll; rad."""
_LOOKS_DOWN_RAD = 0.52
"""So far below straight ahead the humanoid's camera looks."""
_INTEGRAL_MOST_RAD = 0.15
"""A loop's error at its drive's whole torque (see Drive.gains): more would not help."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pose:
    """Where something is and how it is turned."""

    place: np.ndarray
    """Shape (3,), m."""
    turn: np.ndarray
    """Shape (3, 3): its axes as columns."""

    def __matmul__(self, other: "Pose") -> "Pose":
        """What is ``other`` in this frame, in the frame that this is given in."""
        return Pose(place=self.place + self.turn @ other.place, turn=self.turn @ other.turn)

    def inverse(self) -> "Pose":
        """The outer frame in this one."""
        return Pose(place=-self.turn.T @ self.place, turn=self.turn.T)

    def moved(self, by_m: Sequence[float]) -> "Pose":
        """Shifted along its own axes."""
        return Pose(place=self.place + self.turn @ np.asarray(by_m), turn=self.turn)

    def lifted(self, by_m: float) -> "Pose":
        """Shifted straight up."""
        return Pose(place=self.place + [0.0, 0.0, by_m], turn=self.turn)

    @property
    def angle(self) -> float:
        """How far it is turned about whatever axis, rad."""
        return float(np.arccos(np.clip((np.trace(self.turn) - 1.0) / 2.0, -1.0, 1.0)))

    def toward(self, other: "Pose", share: float) -> "Pose":
        """A share of the way to another in a straight line, turning about one axis."""
        turn = _part_turn(self.turn, other.turn, share)
        return Pose(place=self.place + share * (other.place - self.place), turn=turn)

    def around(self, other: "Pose", share: float) -> "Pose":
        """A share of the way to another around the world's vertical axis, where the robot stands."""
        ends = np.array([[np.arctan2(y, x), np.hypot(x, y), z] for x, y, z in (self.place, other.place)])
        azimuth, radius, height = ends[0] + share * (ends[1] - ends[0])
        place = np.array([radius * np.cos(azimuth), radius * np.sin(azimuth), height])
        return Pose(place=place, turn=_part_turn(self.turn, other.turn, share))


def pose_of(data: mujoco.MjData, body: str) -> Pose:
    """A body's pose in the world."""
    return Pose(place=data.body(body).xpos.copy(), turn=data.body(body).xmat.reshape(3, 3).copy())


class Arm:
    """Turns poses of the right palm into targets for every actuator.

    Args:
        body: the robot; its state is read, never written.
    """

    def __init__(self, body: RobotBody) -> None:
        self.kinematics = Kinematics(body.model)
        self.kinematics.follow(body.data)
        self.free = self.kinematics.index(JOINTS)
        self.fingers = np.array(
            [
                number
                for number in range(body.model.nu)
                if number not in self.free and body.model.actuator(number).name.startswith("right_")
            ]
        )
        """Actuators of the hand."""
        self.targets = body.data.ctrl.copy()
        """Where the joints should be, shape (nu,); what is sent differs by the correction."""
        self._began, self.rest = self.targets.copy(), self.targets.copy()
        """The posture that the inverse kinematics stays near where it may choose."""
        self.off_m = 0.0
        """What the last solution missed its place by."""
        self._data = body.data
        self._neck = self.kinematics.index(("neck_yaw", "neck_pitch"))
        self._extra = np.zeros(len(self.free))
        self._palm_site = body.model.site_pos[body.model.site("right_palm").id].copy()

    def prefer(self, palm: Pose) -> np.ndarray:
        """Stay near a posture from now on that has the palm in this pose: found from the one that the arm began with, facing the pose, or another.

        Returns:
            The posture, shape (nu,). How far it is off, at best, is in ``off_m``.
        """
        best, least_m, off_m = self.rest, np.inf, np.inf
        for further, bow, lift in _STARTS:
            start = self._began.copy()
            start[self.free[[0, 2, 4]]] = np.arctan2(palm.place[1], palm.place[0]) + further, bow, lift
            self.rest = np.clip(start, self.kinematics.low, self.kinematics.high)
            found = self.solve(palm, start=self.rest, steps=80)
            self.kinematics.put(found)
            turned = (pose_of(self.kinematics.data, "right_palm").inverse() @ palm).angle
            missed_m = self.off_m + _TURN_WEIGHT_M * turned
            if missed_m < least_m:
                best, least_m, off_m = found, missed_m, self.off_m
            if least_m < 0.002:
                break
        self.rest, self.off_m = best, off_m
        return best.copy()

    def solve(self, palm: Pose, *, start: np.ndarray | None = None, steps: int = 8) -> np.ndarray:
        """Targets that bring the palm to a pose, from a posture (where the targets are now when None). Shape (nu,)."""
        point = palm.place + palm.turn @ self._palm_site
        aim = Aim(point=point, normal=palm.turn[:, 2], up=palm.turn[:, 1], turn_weight=_TURN_WEIGHT_M)
        start = self.targets if start is None else start
        found, self.off_m = self.kinematics.solve(
            {"right_palm": aim}, start, rest=self.rest, free=self.free, steps=steps, rest_weight=5e-3
        )
        return found

    def follow(
        self,
        palm: Callable[[float], Pose],
        seconds: float,
        *,
        grip: np.ndarray | None = None,
        yielding: bool = False,
    ) -> Iterator[np.ndarray]:
        """Bring the palm along a path.

        Args:
            palm: its pose for a share of the way, 0 to 1; asked once a period, so it may look at the simulation.
            seconds: how long the way takes.
            grip: shape (nu,): the fingers' targets at the end; as they are when None.
            yielding: add nothing more to what holds against weight.
        """
        fingers = self.targets[self.fingers].copy()
        ends = fingers if grip is None else grip[self.fingers]
        for share in path(np.zeros(1), np.ones(1), seconds):
            wanted = self.solve(palm(float(share[0])))
            wanted[self.fingers] = fingers + share[0] * (ends - fingers)
            yield self._send(wanted, yielding)

    def take_posture(self, targets: np.ndarray, seconds: float) -> Iterator[np.ndarray]:
        """Joint by joint to a posture, shape (nu,)."""
        for row in path(self.targets.copy(), targets, seconds):
            yield self._send(row, False)

    def hold(self, seconds: float, *, yielding: bool = False) -> Iterator[np.ndarray]:
        """Stay."""
        for _ in range(round(seconds / CONTROL_S)):
            yield self._send(self.targets, yielding)

    def _send(self, targets: np.ndarray, yielding: bool) -> np.ndarray:
        if not yielding:
            error = self.targets[self.free] - self._data.actuator_length[self.free]
            most = _INTEGRAL_MOST_RAD
            self._extra = np.clip(self._extra + _INTEGRAL * error, -most, most)
        neck = self.targets[self._neck]
        targets[self._neck] = neck + 0.1 * (self._gaze() - neck)
        self.targets = targets
        sent = targets.copy()
        sent[self.free] += self._extra
        return sent

    def _gaze(self) -> np.ndarray:
        """The neck's yaw and pitch that bring the palm into the middle of the picture, so that there is something to see. Shape (2,), rad."""
        chest, palm = pose_of(self._data, "chest"), self._data.body("right_palm").xpos
        x, y, z = chest.turn.T @ (palm - self._data.body("head").xpos)
        wanted = np.array([np.arctan2(y, x), np.arctan2(-z, np.hypot(x, y)) - _LOOKS_DOWN_RAD])
        return np.clip(wanted, self.kinematics.low[self._neck], self.kinematics.high[self._neck])


def _part_turn(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    """A share of the turn from one orientation to another about a fixed axis. Shape (3, 3)."""
    first, last, turned, speed = np.empty(4), np.empty(4), np.empty(9), np.empty(3)
    mujoco.mju_mat2Quat(first, start.flatten())
    mujoco.mju_mat2Quat(last, end.flatten())
    mujoco.mju_subQuat(speed, last, first)
    mujoco.mju_quatIntegrate(first, speed, share)
    mujoco.mju_quat2Mat(turned, first)
    return turned.reshape(3, 3)
