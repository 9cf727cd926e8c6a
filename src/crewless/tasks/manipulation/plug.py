"""Plug a solar panel's connector in: take the plug from its rest, bring the pin before the socket, push until it snaps in, let go.

The connector is physics: a pin with a millimetre of play in a chamfered hole, and two sprung balls in the socket that ride over
the pin and catch its groove, as the hooks of the usual panel connectors do. Nothing is switched on when the pin is home.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.body import RobotBody
from crewless.tasks.manipulation.control import CONTROL_S, Aim, Kinematics, hold, path
from crewless.tasks.manipulation.gantry import AXES, hover, table_scene
from crewless.tasks.manipulation.grasp import Grasp, Trial, pinches, plan
from crewless.tasks.manipulation.lift import on_gantry, place
from crewless.tasks.manipulation.shapes import Part, Shape
from crewless.tasks.manipulation.stage import ManipulationTask, Script, ahead, touching

GRIP_M = (0.048, 0.026, 0.020)
"""The plug's body between its front and its cable, with two broad flats; about the usual connector's, an assumption."""
PIN_M, PIN_RADIUS_M = 0.0285, 0.004
"""Length and radius of the pin; an assumption (makers differ)."""
PLAY_M = 0.001
"""Room between the pin and each wall of the hole."""
HOME_M = 0.021
"""The pin must be so deep: at 22.5 mm its groove lies between the balls, at 23.5 mm the body meets the socket's lips."""
HEIGHT_M = 0.11
"""Of the hole over the table."""
MASS_KG = 0.045
HARM_N = 100.0
"""Pushed harder than this along the hole, the contact counts as bent; an assumption: plugging in takes 25 N, 50 N at most in data sheets."""

_TIP_M = GRIP_M[0] / 2 + PIN_M
_GROOVE_M, _GROOVE_HALF_M, _NECK_RADIUS_M = 0.011, 0.0045, 0.0025
"""Where the groove is, from the tip; half of what its two rounded shoulders stand apart; what is left of the pin in it."""
_DEPTH_M = 0.030
_BALL_RADIUS_M, _BALL_AT_M, _BALL_REST_M = 0.0025, 0.012, 0.0047
"""Of the latch: a ball's radius, how deep in the hole it sits, how far from the axis it rests."""
_SPRING_N_M, _PRELOAD_N = 6000.0, 20.0
_REST_M = (0.016, 0.012, 0.040)
"""The block that the plug lies on."""
_PLASTIC = {"friction": [0.3, 0.005, 0.0001], "condim": 4, "solref": [0.005, 1.0]}
"""Polyamide on polyamide slides well; stiffer than MuJoCo's usual contact, because a millimetre matters here."""


class ConnectorTask(ManipulationTask):
    """A plug lies on a block, a socket stands beside it; the plug is in when its pin is home and stays there without the hand.

    Slots: the plug's ``x``, ``y``, m, ``yaw``, rad; the socket's mouth ``socket_x``, ``socket_y``, m, and which way its hole
    leads, ``socket_yaw``, rad.
    """

    name = "connector"
    max_steps = 400
    _push_n = 0.0

    def spec(self) -> "mujoco.MjSpec":
        """The hand on a gantry, the plug on its block, and the socket."""
        spec = table_scene()
        add_plug(spec)
        add_socket(spec)
        rest = spec.worldbody.add_body(name="rest", pos=[0.0, 0.0, _REST_M[2] / 2], mocap=True)
        rest.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, size=[side / 2 for side in _REST_M], rgba=[0.6, 0.62, 0.66, 1.0], condim=4
        )
        return spec

    def draw(self, rng: np.random.Generator) -> Mapping[str, float]:
        """The plug within 12 cm, the socket before it."""
        return {
            "x": rng.uniform(-0.12, -0.02), "y": rng.uniform(-0.06, 0.06), "yaw": rng.uniform(-0.4, 0.4),
            "socket_x": rng.uniform(0.12, 0.18), "socket_y": rng.uniform(-0.08, 0.08), "socket_yaw": rng.uniform(-0.3, 0.3),
        }  # fmt: skip

    def lay(self, model: mujoco.MjModel, data: mujoco.MjData, given: Mapping[str, float]) -> None:
        """Plug, block and socket at their places."""
        place(model, data, "thing", (given["x"], given["y"], _REST_M[2] + GRIP_M[2] / 2), given["yaw"])
        for name, x, y, z, yaw in (
            ("rest", given["x"], given["y"], _REST_M[2] / 2, given["yaw"]),
            ("socket", given["socket_x"], given["socket_y"], HEIGHT_M, given["socket_yaw"]),
        ):
            number = model.body(name).mocapid[0]
            data.mocap_pos[number] = [x, y, z]
            data.mocap_quat[number] = [np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]

    def begin(self, body: RobotBody) -> None:
        """From now on remember the hardest push on the socket."""
        self._push_n = 0.0
        body.watch = self._feel

    def _feel(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._push_n = max(self._push_n, push_on_socket_n(model, data))

    def script(self, body: RobotBody, given: Mapping[str, float]) -> Script:
        """Take the plug, line it up, push it in, let go."""
        return plug_in(body, given)

    def read(self, body: RobotBody, given: Mapping[str, float]) -> dict[str, Any]:
        """How deep the pin is now and a second later, how far beside the axis, what touches the plug, how hard it was pushed."""
        later = ahead(body, 1.0)
        tips = [pin(data, given) for data in (body.data, later)]
        beside = [float(np.hypot(tip[1], tip[2])) for tip in tips]
        touched = touching(body.model, later, "thing")
        held = any(name.startswith("right_") for name in touched)
        inside = min(float(tip[0]) for tip in tips) > HOME_M and max(beside) < PLAY_M + PIN_RADIUS_M
        return {
            "right": inside and not held and "socket" in touched,
            "depth_m": tips[0][0], "depth_after_1_s_m": tips[1][0], "beside_axis_m": beside[0],
            "touched_by": sorted(touched), "push_n": self._push_n, "harm": self._push_n > HARM_N,
        }  # fmt: skip


def add_plug(spec: Any, name: str = "thing") -> None:
    """The plug on a free joint: its body, a stub of its cable, and the pin with its groove, the pin along x."""
    body = spec.worldbody.add_body(name=name, pos=[0.0, 0.0, _REST_M[2] + GRIP_M[2] / 2])
    body.add_freejoint(name=name)
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=[side / 2 for side in GRIP_M], mass=0.8 * MASS_KG,
        rgba=[0.9, 0.55, 0.2, 1.0], friction=[0.6, 0.005, 0.0001], condim=4,
    )  # fmt: skip
    front, groove = GRIP_M[0] / 2, _TIP_M - _GROOVE_M
    pieces = (
        (groove + _GROOVE_HALF_M, _TIP_M - PIN_RADIUS_M, PIN_RADIUS_M),
        (front - PIN_RADIUS_M, groove - _GROOVE_HALF_M, PIN_RADIUS_M),
        (front, _TIP_M - PIN_RADIUS_M, _NECK_RADIUS_M),
        (-front - 0.018, -front, 0.003),
    )
    for begin, end, radius in pieces:
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[begin, 0, 0, end, 0, 0], size=[radius, 0, 0],
            mass=0.05 * MASS_KG, rgba=[0.15, 0.15, 0.17, 1.0], **_PLASTIC,
        )  # fmt: skip


def add_socket(spec: Any, name: str = "socket") -> None:
    """Four walls about a square hole along x, lips that lean outwards, a floor, and two balls on springs that reach into the hole."""
    socket = spec.worldbody.add_body(name=name, pos=[0.2, 0, HEIGHT_M], mocap=True)
    wide, room = 0.012, PIN_RADIUS_M + PLAY_M
    box, looks = mujoco.mjtGeom.mjGEOM_BOX, {"rgba": [0.2, 0.25, 0.35, 1.0], **_PLASTIC}
    lean, half = np.radians(35), 0.003
    for axis, sign in ((1, 1), (1, -1), (2, 1), (2, -1)):
        pos, size = np.array([_DEPTH_M / 2, 0.0, 0.0]), np.array([_DEPTH_M / 2, wide, wide])
        pos[axis] = sign * (room + wide / 2)
        size[axis] = wide / 2
        socket.add_geom(type=box, pos=pos.tolist(), size=size.tolist(), **looks)
        mouth = np.array([-half * np.cos(lean), 0.0, 0.0])
        mouth[axis] = sign * (room + half * np.sin(lean) + 0.0015)
        flat = np.array([half, wide, wide])
        flat[axis] = 0.0015
        turn, quat = np.zeros(3), np.empty(4)
        turn[3 - axis] = -sign if axis == 1 else sign
        mujoco.mju_axisAngle2Quat(quat, turn, lean)
        socket.add_geom(type=box, pos=mouth.tolist(), size=flat.tolist(), quat=quat.tolist(), **looks)
    socket.add_geom(type=box, pos=[_DEPTH_M + 0.004, 0, 0], size=[0.004, 0.017, 0.017], **looks)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ball = socket.add_body(name=f"{name}_{side}", pos=[_BALL_AT_M, sign * _BALL_REST_M, 0.0])
        # The armature is the spring's and its seat's mass; it keeps the spring's period well above a time step.
        ball.add_joint(
            name=f"{name}_{side}", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, sign, 0], range=[0.0, 0.003],
            stiffness=[_SPRING_N_M, 0, 0], springref=-_PRELOAD_N / _SPRING_N_M, damping=[10.0, 0, 0], armature=0.02,
        )  # fmt: skip
        ball.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[_BALL_RADIUS_M, 0, 0], mass=0.004, rgba=[0.8, 0.8, 0.85, 1], **_PLASTIC
        )  # fmt: skip


def socket_axes(given: Mapping[str, float]) -> np.ndarray:
    """The socket's frame, x going in. Shape (3, 3), columns."""
    yaw = given["socket_yaw"]
    return np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])


def pin(data: mujoco.MjData, given: Mapping[str, float]) -> np.ndarray:
    """The pin's tip in the socket's frame, its mouth the origin, x going in. Shape (3,), m."""
    tip = data.body("thing").xpos + data.body("thing").xmat.reshape(3, 3) @ [_TIP_M, 0.0, 0.0]
    return socket_axes(given).T @ (tip - [given["socket_x"], given["socket_y"], HEIGHT_M])


def push_on_socket_n(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    """How hard everything together pushes the socket inwards along its hole, N."""
    socket, push, force = model.body("socket").id, np.zeros(3), np.empty(6)
    for number in range(data.ncon):
        bodies = model.geom_bodyid[data.contact.geom[number]]
        owner = model.body_rootid[bodies] == socket
        if owner[0] != owner[1]:
            mujoco.mj_contactForce(model, data, number, force)
            # A contact's force is what its first geom does to its second.
            push += (1.0 if owner[1] else -1.0) * data.contact.frame[number].reshape(3, 3).T @ force[:3]
    return max(0.0, float(data.body("socket").xmat.reshape(3, 3)[:, 0] @ push))


_PLAN: list[tuple[Trial, Grasp]] = []


def planned() -> tuple[Trial, Grasp]:
    """How the plug is taken. It is always the same, so it is planned once. Its pin points to the palm's -x, the world's +x."""
    if not _PLAN:
        shape = Shape(name="plug", kind="box", mass_kg=MASS_KG, parts=(Part(kind="box", size_m=GRIP_M),))
        trial = Trial(shape)
        want = lambda one: (w for w in pinches(one, 0.022) if w.fingers == 2 and w.quat[0] > 0.9 and w.centre_m[1] > 0.1 and w.centre_m[2]<0.05)
        grasp = next(want(trial))
        _PLAN.append((trial, grasp))
    return _PLAN[0]


LIFT_M = 0.09
PUSH_N = 45.0
WRIST = ("right_wrist_deviation", "right_wrist_flexion", "right_forearm_roll")


def plug_in(body: RobotBody, given: Mapping[str, float]) -> Script:
    trial, grasp = planned()
    kinematics = Kinematics(body.model)
    gantry = kinematics.index([f"right_{axis}" for axis in AXES])
    opened, closed = on_gantry(kinematics, trial, grasp)
    for finger in ("ring", "little"):
        for targets in (opened, closed):
            targets[kinematics.index([f"right_{finger}_base", f"right_{finger}_curl"])] = [-0.2, 0.0]
    thing = body.data.body("thing").xpos.copy()
    low = hover(kinematics, grasp.centre_m, thing, given["yaw"], opened)
    high = hover(kinematics, grasp.centre_m, thing + [0.0, 0.0, LIFT_M], given["yaw"], low)
    gripped, lifted = closed.copy(), closed.copy()
    gripped[gantry], lifted[gantry] = low[gantry], high[gantry]
    yield from path(body.data.ctrl.copy(), high, 1.2)
    yield from path(high, low, 0.8)
    yield from path(low, gripped, 0.7)
    yield from hold(gripped, 0.3)
    yield from path(gripped, lifted, 0.9)
    arm = Arm(body, kinematics, given, lifted)
    yield from arm.line_up(0.03, 4.0, 0.15)
    for attempt in range(3):
        yield from arm.line_up(0.010, 2.0, 0.04)
        yield from arm.push(4.0)
        if arm.depth() > 0.0222:
            break
        yield from arm.back()
    yield from arm.relax()
    # Let go, then up.
    targets = arm.targets
    fingers = np.setdiff1d(np.arange(body.model.nu), np.concatenate([gantry, kinematics.index(WRIST)]))
    free = targets.copy()
    free[fingers] = opened[fingers]
    yield from path(targets, free, 0.8)
    away = free.copy()
    away[gantry[2]] += 0.10
    yield from path(free, away, 0.8)


class Arm:
    """The gantry and the wrist, moved by what is seen of the plug."""

    def __init__(self, body, kinematics, given, targets):
        self.body, self.kinematics, self.given, self.targets = body, kinematics, given, targets.copy()
        self.free = kinematics.index([*(f"right_{axis}" for axis in AXES), *WRIST])
        self.axes = socket_axes(given)
        self.gantry = self.free[:3]

    def depth(self) -> float:
        return float(pin(self.body.data, self.given)[0])

    def force(self) -> np.ndarray:
        """The gantry's push in the socket's frame, N (3,)."""
        return self.axes.T @ self.body.data.actuator_force[self.gantry]

    def left(self, depth):
        data = self.body.data
        move = np.array([depth, 0.0, 0.0]) - pin(data, self.given)
        have = data.body("thing").xmat.reshape(3, 3)[:, 0]
        want = self.axes[:, 0]
        turn = np.cross(have, want)
        return move, turn

    def step(self, move, turn):
        """move in socket frame, m; turn about the pin's tip in world, rad."""
        kin = self.kinematics
        kin.put(self.targets)
        site = kin.model.site("right_palm").id
        at, R = kin.data.site_xpos[site].copy(), kin.data.site_xmat[site].reshape(3, 3).copy()
        data = self.body.data
        tip = data.body("thing").xpos + data.body("thing").xmat.reshape(3, 3) @ [_TIP_M, 0.0, 0.0]
        quat, spin = np.empty(4), np.empty(9)
        angle = np.linalg.norm(turn)
        mujoco.mju_axisAngle2Quat(quat, turn / max(angle, 1e-12), angle)
        mujoco.mju_quat2Mat(spin, quat)
        spin = spin.reshape(3, 3)
        R = spin @ R
        aim = Aim(point=tip + spin @ (at - tip) + self.axes @ move, normal=R[:, 2], up=R[:, 1], turn_weight=0.1)
        self.targets, _ = kin.solve({"right_palm": aim}, self.targets, free=self.free, steps=3, rest_weight=0.0)
        return self.targets

    def line_up(self, back, seconds, speed):
        for _ in range(round(seconds / CONTROL_S)):
            move, turn = self.left(-back)
            if np.linalg.norm(move) < 0.0005 and np.linalg.norm(turn) < 0.012:
                break
            yield self.step(_clip(0.5 * move, speed * CONTROL_S), _clip(0.5 * turn, 0.04))

    def push(self, seconds):
        best, still = -1.0, 0
        for _ in range(round(seconds / CONTROL_S)):
            depth = self.depth()
            if depth > 0.0222:
                return
            still = 0 if depth > best + 0.0003 else still + 1
            best = max(best, depth)
            if still > 16:
                return
            move, turn = self.left(0.03)
            move = _clip(0.3 * move, 0.001)
            force = self.force()[0]
            move[0] = np.clip(0.0015 * (PUSH_N - force) / 15.0, -0.001, 0.0015)
            yield self.step(move, _clip(0.3 * turn, 0.02))

    def back(self):
        for _ in range(12):
            move, turn = self.left(0.0)
            yield self.step(np.array([-0.0015, *_clip(0.3 * move[1:], 0.001)]), _clip(0.3 * turn, 0.02))

    def relax(self):
        for _ in range(15):
            force = self.force()
            force[2] = 0
            yield self.step(np.array([-0.0003 * np.clip(force[0], -5, 5) / 5, 0.0, 0.0]), np.zeros(3))


def _clip(v, most):
    n = np.linalg.norm(v)
    return v * min(1.0, most / max(n, 1e-12))
