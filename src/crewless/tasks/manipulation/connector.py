"""A solar panel's connector as physics: a plug with a pin and a key, a socket that guides both, and a catch of two sprung balls.

The balls sit in the socket and ride over the pin until they drop into its groove, as the hooks of the usual panel connectors do
into their windows. Nothing is switched on when the pin is home: spring, ball and groove hold it, and enough pull draws it out.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

GRIP_M = (0.048, 0.026, 0.020)
"""The plug's body between its front and its cable, with flats to hold it by; about the usual connector's size, an assumption."""
PIN_M, PIN_RADIUS_M = 0.0285, 0.004
"""Length and radius of the pin; an assumption (makers differ)."""
PLAY_M = 0.001
"""Room between the pin and each wall of the hole, and between the key and each wall of its slot."""
HOME_M = 0.021
"""The pin must be so deep. At 22.5 mm its groove lies between the balls, at 23.5 mm the body meets the socket's lips."""
MASS_KG = 0.045

_TIP_M = GRIP_M[0] / 2 + PIN_M
_GROOVE_M, _STEP_M, _SHOULDER_M, _NECK_RADIUS_M = 0.011, 0.0025, 0.0042, 0.0025
"""Where the groove's middle is, from the tip; the step before it and the middle of the round shoulder behind it, from there; what
is left of the pin in the groove. The ball meets a round nose going in and the step's edge coming out, so it holds better than
it opposes."""
_KEY_M, _KEY_RADIUS_M, _KEY_UP_M = 0.014, 0.0015, 0.0075
"""The key, a rib along the pin: so long from the body's front, so thick, its middle so far above the pin's."""
_WALL_M, _DEPTH_M, _SLOT_M = 0.012, 0.030, 0.0105
"""Thickness of the socket's walls, depth of its hole, and how deep the key's slot goes."""
_LEAN_RAD, _LIP_M, _LIP_HALF_M = 0.61, 0.006, 0.0015
"""The lips before the hole: they lean outwards by 35 degrees; their length and half their thickness."""
_BALL_RADIUS_M, _BALL_AT_M, _BALL_REST_M = 0.0025, 0.012, 0.0047
"""The catch: a ball's radius, how deep in the hole it sits, how far from the axis it rests."""
_SPRING_N_M = 2000.0
CATCH_N = 10.0
"""How hard a ball's spring presses at rest. With 10 N the catch gives way at about 32 N going in and 45 N coming out; makers
give about 50 N for both, at most and at least (an assumption)."""
_PLASTIC = {
    "friction": [0.3, 0.005, 0.0001],
    "condim": 4,
    "solref": [0.005, 1.0],
    "solimp": [0.98, 0.995, 0.0005, 0.5, 2.0],
}
"""Polyamide slides well on itself (0.2 to 0.4). Much stiffer than MuJoCo's usual contact, under which a plug of 45 g yields by
millimetres to 30 N: the play would be none."""
_STEEL = {**_PLASTIC, "friction": [0.15, 0.005, 0.0001], "priority": 1}


def add_plug(spec: Any, name: str, pos: tuple[float, float, float]) -> None:
    """The plug on a free joint of its name: body, a stub of cable, the pin along x with its groove, and the key above it."""
    body = spec.worldbody.add_body(name=name, pos=list(pos))
    body.add_freejoint(name=name)
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=[side / 2 for side in GRIP_M], mass=0.76 * MASS_KG,
        rgba=[0.9, 0.55, 0.2, 1.0], **{**_PLASTIC, "friction": [0.6, 0.005, 0.0001]},
    )  # fmt: skip
    front, groove = GRIP_M[0] / 2, _TIP_M - _GROOVE_M
    pieces = (
        (front - PIN_RADIUS_M, groove - _SHOULDER_M, PIN_RADIUS_M, 0.0),
        (front, _TIP_M - _NECK_RADIUS_M, _NECK_RADIUS_M, 0.0),
        (front, front + _KEY_M - _KEY_RADIUS_M, _KEY_RADIUS_M, _KEY_UP_M),
        (-front - 0.018, -front, 0.003, 0.0),
    )
    dark = {"rgba": [0.15, 0.15, 0.17, 1.0], "mass": 0.04 * MASS_KG, **_PLASTIC}
    head = [groove + _STEP_M, 0, 0, _TIP_M - PIN_RADIUS_M, 0, 0]
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, fromto=head, size=[PIN_RADIUS_M, 0, 0], **dark)
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, pos=head[3:], size=[PIN_RADIUS_M, 0, 0], **dark)
    for begin, end, radius, up in pieces:
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[begin, 0, up, end, 0, up], size=[radius, 0, 0], **dark,
        )  # fmt: skip


def add_socket(spec: Any, name: str) -> None:
    """The socket, which a case can put anywhere: walls about a square hole along x, lips, a floor, a slot above for the key,
    the catch."""
    socket = spec.worldbody.add_body(name=name, pos=[0.2, 0.0, 0.12], mocap=True)
    looks = {"type": mujoco.mjtGeom.mjGEOM_BOX, "rgba": [0.2, 0.25, 0.35, 1.0], **_PLASTIC}
    room, slot = PIN_RADIUS_M + PLAY_M, _KEY_RADIUS_M + PLAY_M
    quat = np.empty(4)
    # Which way a wall lies from the hole, from where to where it goes along the other axis, where it begins and whether it has a lip.
    walls = (
        (1, 1, (-_WALL_M, _WALL_M), 0.0, True),
        (1, -1, (-_WALL_M, _WALL_M), 0.0, True),
        (2, -1, (-_WALL_M, _WALL_M), 0.0, True),
        (2, 1, (slot, _WALL_M), 0.0, True),
        (2, 1, (-_WALL_M, -slot), 0.0, True),
        (2, 1, (-slot, slot), _SLOT_M, False),
    )
    for axis, sign, (low, high), begin, lip in walls:
        other = 3 - axis
        pos, size = np.zeros(3), np.zeros(3)
        pos[[0, axis, other]] = (begin + _DEPTH_M) / 2, sign * (room + _WALL_M / 2), (low + high) / 2
        size[[0, axis, other]] = (_DEPTH_M - begin) / 2, _WALL_M / 2, (high - low) / 2
        socket.add_geom(pos=pos.tolist(), size=size.tolist(), **looks)
        if not lip:
            continue
        pos[[0, axis]] = (
            -_LIP_M / 2 * np.cos(_LEAN_RAD),
            sign * (room + _LIP_M / 2 * np.sin(_LEAN_RAD) + _LIP_HALF_M),
        )
        size[[0, axis]] = _LIP_M / 2, _LIP_HALF_M
        turn = np.zeros(3)
        turn[other] = -sign if axis == 1 else sign
        mujoco.mju_axisAngle2Quat(quat, turn, _LEAN_RAD)
        socket.add_geom(pos=pos.tolist(), size=size.tolist(), quat=quat.tolist(), **looks)
    socket.add_geom(pos=[_DEPTH_M + 0.004, 0, 0], size=[0.004, room + _WALL_M, room + _WALL_M], **looks)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ball = socket.add_body(name=f"{name}_{side}", pos=[_BALL_AT_M, sign * _BALL_REST_M, 0.0])
        # The armature stands for the seat and the spring; it keeps the period of the swing well above a time step.
        ball.add_joint(
            name=f"{name}_{side}", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, sign, 0], range=[0.0, 0.003],
            stiffness=[_SPRING_N_M, 0, 0], springref=-CATCH_N / _SPRING_N_M, damping=[10.0, 0, 0], armature=0.02,
        )  # fmt: skip
        ball.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[_BALL_RADIUS_M, 0, 0], mass=0.004,
            rgba=[0.8, 0.8, 0.85, 1.0], **_STEEL,
        )  # fmt: skip


def set_up(model: mujoco.MjModel, data: mujoco.MjData, plug: str, socket: str, mass_kg: float, catch_n: float) -> None:
    """Give a plug another mass and a socket's catch other springs: whoever lays a case out chooses the connector."""
    body = model.body(plug).id
    model.body_inertia[body] *= mass_kg / model.body_mass[body]
    model.body_mass[body] = mass_kg
    for side in ("left", "right"):
        model.qpos_spring[model.joint(f"{socket}_{side}").qposadr[0]] = -catch_n / _SPRING_N_M
    mujoco.mj_setConst(model, data)


def socket_quat(given: Mapping[str, float]) -> np.ndarray:
    """How a case's socket is turned: first tilted about its own y axis, then about the vertical. Shape (4,)."""
    yaw, tilt, both = given["socket_yaw"] / 2, given["socket_tilt"] / 2, np.empty(4)
    mujoco.mju_mulQuat(
        both, np.array([np.cos(yaw), 0.0, 0.0, np.sin(yaw)]), np.array([np.cos(tilt), 0.0, np.sin(tilt), 0.0])
    )
    return both


def socket_axes(given: Mapping[str, float]) -> np.ndarray:
    """The axes of a case's socket, x going in, as columns. Shape (3, 3)."""
    axes = np.empty(9)
    mujoco.mju_quat2Mat(axes, socket_quat(given))
    return axes.reshape(3, 3)


def tip(data: mujoco.MjData) -> np.ndarray:
    """The pin's tip in the world. Shape (3,), m."""
    return data.body("thing").xpos + data.body("thing").xmat.reshape(3, 3)[:, 0] * _TIP_M


def pin(data: mujoco.MjData, given: Mapping[str, float]) -> np.ndarray:
    """The pin's tip in the socket's frame: how deep it is, and how far beside the axis both ways. Shape (3,), m."""
    return socket_axes(given).T @ (tip(data) - [given["socket_x"], given["socket_y"], given["socket_z"]])


def push_on_socket_n(model: mujoco.MjModel, data: mujoco.MjData, name: str = "socket") -> float:
    """How hard everything together pushes the socket inwards along its hole, N; 0 when it is pulled."""
    socket, push, force = model.body(name).id, np.zeros(3), np.empty(6)
    for number in range(data.ncon):
        inside = model.body_rootid[model.geom_bodyid[data.contact.geom[number]]] == socket
        if inside[0] != inside[1]:
            mujoco.mj_contactForce(model, data, number, force)
            # The force is what the first geom does to the second, in the contact's frame (rows).
            push += (1.0 if inside[1] else -1.0) * data.contact.frame[number].reshape(3, 3).T @ force[:3]
    return max(0.0, float(data.body(name).xmat.reshape(3, 3)[:, 0] @ push))
