"""A humanoid of a person's lengths and masses that carries two hands.

The pelvis is the root; x points forward, y to the left, z up. Joints, all in rad and 0 when it stands with its arms hanging:

    waist_yaw  waist_roll  waist_pitch  neck_yaw  neck_pitch
    <side>_hip_yaw  <side>_hip_roll  <side>_hip_pitch  <side>_knee  <side>_ankle_pitch  <side>_ankle_roll
    <side>_shoulder_pitch  <side>_shoulder_roll  <side>_shoulder_yaw  <side>_elbow
    and those of the hand, with the prefix <side>_ (see hand.py)

Each has an actuator of its name (a finger's ``curl`` for two), whose control is the joint's angle. A segment weighs what a
person's does: its motors, and structure for the rest.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from dataclasses import replace

import mujoco
import numpy as np

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.anthropometry import (
    FOOT_HEIGHT,
    HIP_HALF_BREADTH,
    SEGMENTS,
    SHOULDER_HALF_BREADTH,
    length_m,
    mass_kg,
)
from crewless.body.robot.design import Design, drive
from crewless.body.robot.hand import hand, hand_drives, set_options
from crewless.core.errors import BadInput

SIDES = ("right", "left")
RANGES = {
    "waist_yaw": (-0.8, 0.8),
    "waist_roll": (-0.4, 0.4),
    "waist_pitch": (-0.4, 1.0),
    "neck_yaw": (-1.2, 1.2),
    "neck_pitch": (-0.7, 0.8),
    "hip_yaw": (-0.7, 0.7),
    "hip_roll": (-0.4, 0.8),
    "hip_pitch": (-2.0, 0.5),
    "knee": (0.0, 2.4),
    "ankle_pitch": (-0.8, 0.6),
    "ankle_roll": (-0.35, 0.35),
    "shoulder_pitch": (-3.0, 1.0),
    "shoulder_roll": (-0.2, 2.6),
    "shoulder_yaw": (-1.4, 1.4),
    "elbow": (-2.5, 0.0),
}
"""rad; about a person's (Kapandji 2007, "The physiology of the joints")."""

_GROUPS = {
    "waist": ("waist_yaw", "waist_roll", "waist_pitch"),
    "neck": ("neck_yaw", "neck_pitch"),
    "hip": ("hip_yaw", "hip_roll", "hip_pitch"),
    "knee": ("knee",),
    "ankle": ("ankle_pitch", "ankle_roll"),
    "shoulder": ("shoulder_pitch", "shoulder_roll", "shoulder_yaw"),
    "elbow": ("elbow",),
}
_GROUP_OF = {joint: group for group, joints in _GROUPS.items() for joint in joints}
_AXES = {
    "waist_yaw": (0, 0, 1),
    "waist_roll": (1, 0, 0),
    "waist_pitch": (0, 1, 0),
    "neck_yaw": (0, 0, 1),
    "neck_pitch": (0, 1, 0),
    "hip_yaw": (0, 0, 1),
    "hip_roll": (1, 0, 0),
    "hip_pitch": (0, 1, 0),
    "knee": (0, 1, 0),
    "ankle_pitch": (0, 1, 0),
    "ankle_roll": (1, 0, 0),
    "shoulder_pitch": (0, 1, 0),
    "shoulder_roll": (1, 0, 0),
    "shoulder_yaw": (0, 0, 1),
    "elbow": (0, 1, 0),
}
_HOME = {
    # Where a joint's motor sits. Heavy ones sit towards the trunk, as a person's muscles do.
    "pelvis": ("waist_yaw", "waist_roll", "waist_pitch"),
    "upper_trunk": (
        "neck_yaw",
        *(f"{side}_{joint}" for side in SIDES for joint in ("shoulder_pitch", "shoulder_roll", "shoulder_yaw")),
    ),
    "head": ("neck_pitch",),
    "upper_arm": ("elbow",),
    "thigh": ("hip_yaw", "hip_roll", "hip_pitch", "knee"),
    "shank": ("ankle_pitch", "ankle_roll"),
}
_SHELL = [0.87, 0.87, 0.89, 1.0]
_FRAME = [0.27, 0.30, 0.36, 1.0]
_COLD = [0.25, 0.45, 0.85, 1.0]


def humanoid(design: Design | None = None) -> mujoco.MjSpec:
    """The robot on a floor, standing, with a light and the camera ``head`` between its eyes.

    Raises BadInput: the design has no body, or the motors of a segment outweigh it.
    """
    design = design or Design()
    body = design.body
    if body is None:
        raise BadInput("the design has a hand alone", alternatives=["body: {}"])
    _check_masses(design)
    spec = mujoco.MjSpec()
    spec.modelname = design.name
    set_options(spec)
    spec.memory = 8 * 1024 * 1024
    world = spec.worldbody
    world.add_light(pos=[1.5, -1.0, 3.0], dir=[-0.5, 0.3, -1.0], castshadow=False)
    world.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[5, 5, 0.1], rgba=[0.75, 0.77, 0.8, 1])
    h = design.height_m
    pelvis_m = length_m("thigh", h) + length_m("shank", h) + FOOT_HEIGHT * h
    pelvis = world.add_body(name="pelvis", pos=[0, 0, pelvis_m])
    if body.base == "free":
        pelvis.add_freejoint(name="root")
    _segment(pelvis, "pelvis", [0, 0, 0], [0, 0, length_m("pelvis", h) * 0.8], 0.075, design, width=0.08)
    chest = _add_trunk(spec, pelvis, design)
    for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
        _add_leg(spec, pelvis, side, sign, design)
    for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
        _add_arm(spec, chest, side, sign, design)
    for first, second in (("pelvis", "chest"), ("pelvis", "right_thigh"), ("pelvis", "left_thigh")):
        spec.add_exclude(bodyname1=first, bodyname2=second)
    return spec


def humanoid_drives(design: Design) -> list[Drive]:
    """The drives in the order of the model's actuators."""
    order = [*_GROUPS["waist"], *_GROUPS["neck"]]
    for side in SIDES:
        order += [f"{side}_{joint}" for group in ("hip", "knee", "ankle") for joint in _GROUPS[group]]
    drives = [_drive_of(design, name) for name in order]
    for side in SIDES:
        drives += [_drive_of(design, f"{side}_{joint}") for group in ("shoulder", "elbow") for joint in _GROUPS[group]]
        drives += [replace(one, name=f"{side}_{one.name}") for one in hand_drives(design)]
    return drives


def segment_motors(design: Design) -> dict[str, float]:
    """What the drives in each segment weigh, kg; one side for limbs."""
    carried = dict.fromkeys(SEGMENTS, 0.0)
    for segment, joints in _HOME.items():
        carried[segment] = sum(_drive_of(design, joint).mass_kg for joint in joints)
    carried["middle_trunk"] = battery_kg(design)
    carried["forearm"] = sum(one.mass_kg for one in hand_drives(design))
    return carried


def battery_kg(design: Design) -> float:
    """The pack's mass: its energy over what a kilogram holds. It sits in the middle of the trunk."""
    return design.body.battery_wh / design.body.battery_wh_kg if design.body else 0.0


def _drive_of(design: Design, name: str) -> Drive:
    joint = name.split("_", 1)[1] if name.split("_", 1)[0] in SIDES else name
    return drive(design, _GROUP_OF[joint], name=name)


def _check_masses(design: Design) -> None:
    for segment, motors_kg in segment_motors(design).items():
        whole = mass_kg(segment, design.mass_kg)
        if motors_kg > 0.75 * whole:
            raise BadInput(
                f"{motors_kg:.2f} kg of drives{' and battery' if segment == 'middle_trunk' else ''} in a "
                f"{segment.replace('_', ' ')} of {whole:.2f} kg",
                alternatives=[f"at most {0.75 * whole:.2f} kg", "smaller motors", "a heavier robot"],
            )


def _segment(
    link: "mujoco.MjsBody",
    segment: str,
    start: list[float],
    end: list[float],
    radius: float,
    design: Design,
    *,
    width: float = 0.0,
    name: str | None = None,
) -> None:
    """A segment's shell as a capsule (two beside each other with ``width``) and its mass and inertia by the table."""
    row, whole = SEGMENTS[segment], mass_kg(segment, design.mass_kg)
    offsets = (-width, width) if width else (0.0,)
    for number, offset in enumerate(offsets):
        link.add_geom(
            name=f"{name or link.name}{number or ''}",
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[start[0], start[1] + offset, start[2], end[0], end[1] + offset, end[2]],
            size=[radius * design.height_m / 1.8, 0, 0],
            mass=0.0,
            rgba=_SHELL if segment in ("upper_trunk", "head", "thigh", "upper_arm") else _FRAME,
            friction=[0.9, 0.01, 0.0005],
        )
    link.explicitinertial = True
    link.mass = whole
    share = row.centre if start[2] > end[2] else 1.0 - row.centre
    link.ipos = [start[k] + share * (end[k] - start[k]) for k in range(3)]
    length = length_m(segment, design.height_m)
    # Radii about the sagittal (x), transverse (y) and longitudinal (z) axes.
    link.inertia = [whole * (gyration * length) ** 2 for gyration in row.gyration]


def _add_trunk(spec: mujoco.MjSpec, pelvis: "mujoco.MjsBody", design: Design) -> "mujoco.MjsBody":
    h = design.height_m
    waist = pelvis.add_body(name="waist", pos=[0, 0, length_m("pelvis", h)])
    for joint in _GROUPS["waist"]:
        _joint(spec, waist, joint, design, load=0.25 * design.mass_kg * 0.1)
    _segment(waist, "middle_trunk", [0, 0, 0.02], [0, 0, length_m("middle_trunk", h)], 0.085, design, width=0.055)
    chest = waist.add_body(name="chest", pos=[0, 0, length_m("middle_trunk", h)])
    _segment(chest, "upper_trunk", [0, 0, 0.0], [0, 0, length_m("upper_trunk", h) * 0.75], 0.1, design, width=0.085)
    spec.add_exclude(bodyname1="waist", bodyname2="chest")
    neck_m = (
        FOOT_HEIGHT * h
        + 0.03
        + sum(length_m(segment, h) for segment in ("shank", "thigh", "pelvis", "middle_trunk", "upper_trunk"))
    )
    head = chest.add_body(name="head", pos=[0, 0, length_m("upper_trunk", h) + 0.03])
    for joint in _GROUPS["neck"]:
        _joint(spec, head, joint, design, load=0.06)
    _segment(head, "head", [0, 0, 0.03], [0, 0, h - neck_m - 0.085 * h / 1.8], 0.085, design)
    head.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[0.075, 0, 0.105],
        size=[0.018, 0.055, 0.03],
        mass=0.0,
        rgba=[0.1, 0.11, 0.13, 1],
        contype=0,
        conaffinity=0,
    )
    head.add_camera(name="head", pos=[0.1, 0, 0.105], xyaxes=[0, -1, 0, 0.5, 0, 0.87], fovy=70.0)
    return chest


def _add_leg(spec: mujoco.MjSpec, pelvis: "mujoco.MjsBody", side: str, sign: float, design: Design) -> None:
    h = design.height_m
    thigh = pelvis.add_body(name=f"{side}_thigh", pos=[0, sign * HIP_HALF_BREADTH * h * 1.15, 0])
    for joint in _GROUPS["hip"]:
        _joint(spec, thigh, f"{side}_{joint}", design, load=1.5, sign=sign)
    _segment(thigh, "thigh", [0, 0, -0.04], [0, 0, -length_m("thigh", h) + 0.03], 0.068, design)
    shank = thigh.add_body(name=f"{side}_shank", pos=[0, 0, -length_m("thigh", h)])
    _joint(spec, shank, f"{side}_knee", design, load=0.4)
    _segment(shank, "shank", [0, 0, 0.0], [0, 0, -length_m("shank", h) + 0.03], 0.05, design)
    foot = shank.add_body(name=f"{side}_foot", pos=[0, 0, -length_m("shank", h)])
    for joint in _GROUPS["ankle"]:
        _joint(spec, foot, f"{side}_{joint}", design, load=0.03, sign=sign)
    whole, length = mass_kg("foot", design.mass_kg), length_m("foot", h)
    foot.add_geom(
        name=f"{side}_foot",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[0.19 * length, 0, -FOOT_HEIGHT * h + 0.018],
        size=[0.5 * length, 0.048, 0.018],
        mass=whole,
        rgba=_FRAME,
        friction=[1.0, 0.02, 0.001],
        condim=4,
    )
    spec.add_exclude(bodyname1=f"{side}_shank", bodyname2=f"{side}_foot")


def _add_arm(spec: mujoco.MjSpec, chest: "mujoco.MjsBody", side: str, sign: float, design: Design) -> None:
    h = design.height_m
    upper = chest.add_body(
        name=f"{side}_upper_arm", pos=[0, sign * SHOULDER_HALF_BREADTH * h, length_m("upper_trunk", h) * 0.8]
    )
    for joint in _GROUPS["shoulder"]:
        _joint(spec, upper, f"{side}_{joint}", design, load=0.5, sign=sign)
    _segment(upper, "upper_arm", [0, 0, 0.0], [0, 0, -length_m("upper_arm", h) + 0.045], 0.048, design)
    spec.add_exclude(bodyname1="chest", bodyname2=f"{side}_upper_arm")
    lower = upper.add_body(name=f"{side}_elbow_link", pos=[0, 0, -length_m("upper_arm", h)])
    lower.add_geom(
        name=f"{side}_elbow",
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[0.042, 0, 0],
        mass=0.05,
        rgba=_FRAME,
        contype=0,
        conaffinity=0,
    )
    _joint(spec, lower, f"{side}_elbow", design, load=0.2)
    # The hand's forearm points along its +y and its palm along +z; here down, and the palm towards the thigh.
    frame = lower.add_frame(quat=_hanging(sign))
    attached = hand(replace(design, hand=replace(design.hand, side=side)))
    attached.memory = spec.memory
    spec.attach(attached, prefix=f"{side}_", frame=frame)
    spec.add_exclude(bodyname1=f"{side}_upper_arm", bodyname2=f"{side}_forearm")


def _hanging(sign: float) -> list[float]:
    """Turns +y to -z and +z to the robot's middle (the thumb then points forward)."""
    # Columns: where the hand's x, y, z go. Right hand: x forward, y down, z to the left.
    x, y, z = ([1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0])
    if sign > 0:
        # A left hand's thumb is at -x.
        x, z = [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, np.array([x, y, z]).T.flatten())
    return quat.tolist()


def _joint(
    spec: mujoco.MjSpec, link: "mujoco.MjsBody", name: str, design: Design, *, load: float, sign: float = -1.0
) -> None:
    """A hinge with its drive; axes of roll and yaw are mirrored for the left side, so that both sides' angles mean the same."""
    joint = name.split("_", 1)[1] if name.split("_", 1)[0] in SIDES else name
    axis = [float(value) for value in _AXES[joint]]
    if name != joint and joint.endswith(("_roll", "_yaw")):
        # Positive lifts the limb away from the middle, and turns it outwards.
        axis = [sign * value for value in axis]
    low, high = RANGES[joint]
    link.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, range=[low, high])
    made = _drive_of(design, name)
    turn = np.empty(4)
    mujoco.mju_quatZ2Vec(turn, np.array(axis))
    link.add_geom(
        name=f"motor:{name}",
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        # Beside the joint, on its axis, where it can be seen; its mass is in the segment's.
        pos=[0.05 * value for value in axis],
        quat=turn,
        size=[made.motor.diameter_m / 2.0, 0.02, 0],
        mass=0.0,
        rgba=_COLD,
        contype=0,
        conaffinity=0,
        group=2,
    )
    made.add(spec, target=name, transmission=mujoco.mjtTrn.mjTRN_JOINT, low=low, high=high, load_kg_m2=load)
