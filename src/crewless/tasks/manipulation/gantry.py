"""A hand that hangs on a gantry over a table: three slides and a turn stand for an arm that is strong and exact.

The gantry is ideal (position servos without heat); the hand's own motors are the design's. Its slides and its turn are the
actuators ``right_gantry_x``, ``..._y``, ``..._z`` and ``..._yaw``; the hand's have the same prefix. The hand's palm looks down.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from typing import Any

import mujoco
import numpy as np

from crewless.body.robot.hand import hand, set_options
from crewless.tasks.manipulation.control import Aim, Kinematics

AXES = ("gantry_x", "gantry_y", "gantry_z", "gantry_yaw")
_ELBOW_M = (0.0, -0.34, 0.0)
_HEIGHT_M = 0.30


def table_scene(
    *,
    prefix: str = "right_",
    spec: Any = None,
    at_m: tuple[float, float] = (0.0, 0.0),
    yaw: float = 0.0,
) -> "mujoco.MjSpec":
    """A table (the plane z = 0), light, the camera ``head``, and a hand over it; a second call with ``spec`` adds another hand.

    Args:
        prefix: before every name of this hand and its gantry.
        spec: a scene to add to; a new one when None.
        at_m: where the gantry's middle is.
        yaw: how it is turned about the vertical, rad.
    """
    if spec is None:
        spec = _table()
    base = spec.worldbody.add_body(
        name=f"{prefix}gantry", pos=[*at_m, _HEIGHT_M], quat=[np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
    )
    carriage = base.add_body(name=f"{prefix}carriage")
    carriage.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.03, 0.03, 0.02], pos=[0, -0.34, 0.08], mass=2.0, contype=0, conaffinity=0, rgba=[0.5, 0.5, 0.55, 1]
    )  # fmt: skip
    limits = {"x": (-0.35, 0.35), "y": (-0.35, 0.35), "z": (-0.25, 0.3), "yaw": (-1.2, 1.2)}
    axes = {"x": [1, 0, 0], "y": [0, 1, 0], "z": [0, 0, 1], "yaw": [0, 0, 1]}
    for axis, (low, high) in limits.items():
        turn = axis == "yaw"
        name = f"{prefix}gantry_{axis}"
        kind = mujoco.mjtJoint.mjJNT_HINGE if turn else mujoco.mjtJoint.mjJNT_SLIDE
        carriage.add_joint(name=name, type=kind, axis=axes[axis], range=[low, high], armature=0.02 if turn else 1.0)
        servo = spec.add_actuator(
            name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT, ctrlrange=[low, high],
            forcerange=[-60.0, 60.0] if turn else [-600.0, 600.0],
        )  # fmt: skip
        servo.set_to_position(kp=600.0 if turn else 2e4, kv=30.0 if turn else 600.0)
    child = hand()
    frame = carriage.add_frame()
    frame.pos = list(_ELBOW_M)
    frame.quat = [0.0, 0.0, 1.0, 0.0]
    spec.attach(child, frame=frame, prefix=prefix)
    return spec


def hover(
    kinematics: Kinematics,
    centre_m: np.ndarray,
    at_m: np.ndarray,
    yaw: float,
    targets: np.ndarray,
    prefix: str = "right_",
) -> np.ndarray:
    """Gantry targets that bring a point of the palm's frame to a point of the world, the palm looking down.

    Args:
        kinematics: of the scene.
        centre_m: shape (3,), in the palm's frame.
        at_m: shape (3,), in the world.
        yaw: of the hand about the vertical, rad.
        targets: shape (nu,): the other actuators, and where to begin.
        prefix: of the hand's names.

    Returns:
        ``targets`` with the gantry's replaced.
    """
    model = kinematics.model
    axes = np.array([[-np.cos(yaw), -np.sin(yaw), 0.0], [-np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, -1.0]])
    offset = model.site_pos[model.site(f"{prefix}palm").id]
    aim = Aim(point=at_m - axes @ centre_m + axes @ offset, normal=axes[:, 2], up=axes[:, 1], turn_weight=0.1)
    free = kinematics.index([f"{prefix}{axis}" for axis in AXES])
    found, _ = kinematics.solve({f"{prefix}palm": aim}, targets, free=free, steps=40, rest_weight=0.0)
    return found


def _table() -> Any:
    """The table alone."""
    spec = mujoco.MjSpec()
    set_options(spec)
    spec.memory = 1024 * 1024
    world = spec.worldbody
    world.add_light(pos=[0.2, -0.3, 1.2], dir=[-0.2, 0.3, -1.2], castshadow=False)
    # From the far side: the forearm would hide the fingers.
    world.add_camera(name="head", pos=[0.0, 0.62, 0.4], xyaxes=[-1, 0, 0, 0, -0.42, 0.9])
    world.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1], rgba=[0.75, 0.77, 0.8, 1], condim=4
    )
    return spec
