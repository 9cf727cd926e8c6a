"""A five-finger hand of 22 degrees of freedom, its motors in the forearm, driven through tendons; wrist and forearm roll.

Frames: the palm looks along +z, the fingers point along +y from the wrist, the right hand's thumb stands at +x (a left hand
is its mirror image). Joints, all in rad and 0 with the flat hand:

    forearm_roll  wrist_deviation  wrist_flexion                                                        3
    thumb_opposition  thumb_abduction  thumb_spread  thumb_base  thumb_tip                              5
    <finger>_spread  <finger>_base  <finger>_middle  <finger>_tip   for index, middle, ring, little    16
    little_arch                                                                                         1

Each has an actuator of its name, but for ``<finger>_middle`` and ``<finger>_tip``: one tendon over both pulleys, the actuator
``<finger>_curl``, bends them together, and the tip goes on when the middle has met something. An actuator's control is its
joint's angle; a curl's is middle + 0.7 tip. Positive spreads towards the little finger;
positive rolls turn the palm up.

With ``hand.backlash`` in the design every drive has a hinge ``<actuator>_rotor`` besides, to which the actuator belongs; the joint
follows it within the gear's play (tendon ``<actuator>_play``).

Sites: ``<finger>_tip`` in the middle of the fingertip's pad, z out of the pad; ``palm`` on the palm, z out of it; ``grasp``
where a thing to be held is best put.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import math

import mujoco
import numpy as np

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.anthropometry import METACARPALS_M, PHALANGES_M, STATURE_M, TIP_TISSUE_M, length_m, mass_kg
from crewless.body.robot.design import FINGERS, Design, drive
from crewless.core.errors import BadInput

TIMESTEP_S = 1.0 / 504.0
"""28 physics steps to a control at 18 Hz and 14 to a frame at 36 Hz."""
CONTROL_SUBSTEPS = 28
TIP_SHARE = 0.7
"""Radius of the tip joint's pulley over the middle joint's: people bend them at about 2 to 3 (Rijpkema and Girard 1991)."""

RANGES = {
    "forearm_roll": (-1.5, 1.5),
    "wrist_deviation": (-0.45, 0.45),
    "wrist_flexion": (-1.1, 1.1),
    "thumb_opposition": (0.0, 1.75),
    "thumb_abduction": (-0.5, 0.6),
    "thumb_spread": (-0.35, 0.35),
    "thumb_base": (-0.1, 1.1),
    "thumb_tip": (-0.2, 1.4),
    "spread": (-0.35, 0.35),
    "base": (-0.3, 1.6),
    "middle": (0.0, 1.75),
    "tip": (0.0, 1.3),
    "arch": (0.0, 0.5),
}
"""By joint, or by its kind in a finger; rad. About a person's (Kapandji 2007, "The physiology of the joints", volume 1)."""

_HEADS_X_M = {"index": 0.027, "middle": 0.005, "ring": -0.016, "little": -0.036}
"""Where the knuckles stand across the palm; an assumption from a palm's breadth of 85 mm."""
_CARPUS_M = 0.020
_PALM_FRICTION = (0.9, 0.01, 0.0005)
_PHALANX_DENSITY = 1500.0
"""Aluminium bones, polymer shells and the pulleys; an assumption."""
_SKIN = [0.87, 0.87, 0.89, 1.0]
_FRAME = [0.27, 0.30, 0.36, 1.0]
_PAD = [0.16, 0.18, 0.22, 1.0]
_COLD = [0.25, 0.45, 0.85, 1.0]
_SEEN, _FELT = 2, 0
"""Geom groups: motors are only seen, everything else collides; both are drawn."""


def hand(design: Design | None = None) -> mujoco.MjSpec:
    """The hand alone, its elbow bolted to the world's origin, forearm along +y.

    Raises BadInput: the motors outweigh the forearm, or the palm would weigh nothing.
    """
    design = design or Design()
    spec = mujoco.MjSpec()
    spec.modelname = design.name
    set_options(spec)
    scale = design.height_m / STATURE_M
    mirror = 1.0 if design.hand.side == "right" else -1.0
    elbow = spec.worldbody.add_body(name="elbow")
    forearm = _add_forearm(spec, elbow, design)
    wrist = forearm.add_body(name="wrist", pos=[0, length_m("forearm", design.height_m), 0])
    wrist.add_geom(
        type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.016 * scale, 0, 0], mass=0.03, rgba=_FRAME, contype=0, conaffinity=0
    )
    _drive_joint(spec, wrist, design, "wrist", "wrist_deviation", [0, 0, mirror], load=_palm_load(design))
    palm = wrist.add_body(name="palm")
    _drive_joint(spec, palm, design, "wrist", "wrist_flexion", [1, 0, 0], load=_palm_load(design))
    _add_palm(palm, design, scale, mirror)
    for finger in design.hand.fingers:
        if finger == "thumb":
            _add_thumb(spec, palm, design, scale, mirror)
        else:
            _add_finger(spec, palm, finger, design, scale, mirror)
    palm.geoms[0].mass = _palm_mass(spec, design)
    for body in ("forearm", "wrist"):
        spec.add_exclude(bodyname1=body, bodyname2="palm")
    return spec


def set_options(spec: mujoco.MjSpec) -> None:
    """Time step, integrator and contacts that the models of this package share."""
    spec.compiler.degree = False
    spec.option.timestep = TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    # A world that has gone wrong is dumped and counted by Worlds; MuJoCo's silent reset would hide it.
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    spec.memory = 1024 * 1024
    spec.visual.quality.offsamples = 0
    spec.visual.quality.shadowsize = 0


def hand_scene(
    design: Design | None = None, *, elbow_m: tuple[float, float, float] = (0.0, -0.34, 0.16)
) -> mujoco.MjSpec:
    """The hand palm upwards over a floor with a light and the camera ``head``: where tasks put their things."""
    design = design or Design()
    spec = hand(design)
    spec.body("elbow").pos = list(elbow_m)
    world = spec.worldbody
    world.add_light(pos=[0.2, -0.3, 0.9], dir=[-0.2, 0.3, -0.9], castshadow=False)
    world.add_camera(name="head", pos=[0.0, -0.34, 0.62], xyaxes=[1, 0, 0, 0, 0.77, 0.64])
    world.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1], rgba=[0.75, 0.77, 0.8, 1])
    return spec


def _add_forearm(spec: mujoco.MjSpec, elbow: "mujoco.MjsBody", design: Design) -> "mujoco.MjsBody":
    """The forearm with a cylinder for each motor where it sits, in rings from the elbow."""
    length = length_m("forearm", design.height_m)
    forearm = elbow.add_body(name="forearm")
    mirror = 1.0 if design.hand.side == "right" else -1.0
    drives = hand_drives(design)
    motors_kg, whole_kg = sum(one.mass_kg for one in drives), mass_kg("forearm", design.mass_kg)
    # A quarter of the forearm is left for its frame, bearings and cables.
    if motors_kg > 0.75 * whole_kg:
        raise BadInput(
            f"{len(drives)} drives of {motors_kg:.2f} kg in a forearm of {whole_kg:.2f} kg",
            alternatives=[f"at most {0.75 * whole_kg:.2f} kg", "smaller motors", "a heavier robot"],
        )
    forearm.add_geom(
        name="forearm",
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0, 0.03, 0, 0, length - 0.035, 0],
        size=[0.040 * design.height_m / STATURE_M, 0, 0],
        mass=whole_kg - motors_kg,
        rgba=[*_SKIN[:3], 0.25],
        group=_FELT,
    )
    per_ring = 7
    for number, one in enumerate(drives):
        angle = math.tau * (number % per_ring) / per_ring
        along = 0.055 + 0.065 * (number // per_ring)
        across = 0.028
        forearm.add_geom(
            name=f"motor:{one.name}",
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            pos=[across * math.cos(angle), along, across * math.sin(angle)],
            quat=[math.sqrt(0.5), math.sqrt(0.5), 0, 0],
            size=[one.motor.diameter_m / 2.0, 0.028, 0],
            mass=one.mass_kg,
            rgba=_COLD,
            contype=0,
            conaffinity=0,
            group=_SEEN,
        )
    _drive_joint(spec, forearm, design, "roll", "forearm_roll", [0, mirror, 0], load=0.003)
    return forearm


def hand_drive_groups(design: Design) -> dict[str, str]:
    """Every drive of a hand and its group, in the order of the actuators."""
    names = {"forearm_roll": "roll", "wrist_deviation": "wrist", "wrist_flexion": "wrist"}
    for finger in design.hand.fingers:
        if finger == "thumb":
            names |= {f"thumb_{joint}": "thumb" for joint in ("opposition", "abduction", "spread", "base", "tip")}
            continue
        if finger == "little" and design.hand.palm_arch:
            names["little_arch"] = "arch"
        names |= {f"{finger}_spread": "spread", f"{finger}_base": "base", f"{finger}_curl": "curl"}
    return names


def hand_drives(design: Design) -> list[Drive]:
    """The drives of a hand in the order of its actuators."""
    return [
        drive(design, group, name=name, length_m=_cable_m(design)) for name, group in hand_drive_groups(design).items()
    ]


def _palm_load(design: Design) -> float:
    """Inertia of the hand about its wrist, kg m^2: its mass at its centre, and again as much about it."""
    reach = 0.79 * length_m("hand", design.height_m)
    return 2.0 * mass_kg("hand", design.mass_kg) * reach**2


def _add_palm(palm: "mujoco.MjsBody", design: Design, scale: float, mirror: float) -> None:
    box, capsule = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CAPSULE
    skin = {"rgba": _FRAME, "friction": list(_PALM_FRICTION), "group": _FELT, "condim": 4}
    arch = "little" in design.hand.fingers and design.hand.palm_arch
    left = -0.026 if arch else -0.044
    middle, half = 0.5 * (0.036 + left) * scale * mirror, 0.5 * (0.036 - left) * scale
    # The first geom takes what mass the palm has left; see _palm_mass.
    palm.add_geom(
        name="palm", type=box, pos=[middle, 0.045 * scale, -0.004], size=[half, 0.036 * scale, 0.009], mass=0.1, **skin
    )
    # The ball of the thumb and the pads before the knuckles: where a grasped thing rests.
    palm.add_geom(
        name="palm_pad",
        type=capsule,
        fromto=[0.028 * scale * mirror, 0.074 * scale, 0.0, -0.02 * scale * mirror, 0.068 * scale, 0.0],
        size=[0.009 * scale, 0, 0],
        mass=0.015,
        **skin,
    )
    palm.add_site(name="palm", pos=[0.0, 0.048 * scale, 0.006], size=[0.004] * 3, rgba=[0.1, 0.6, 0.3, 1], group=4)
    palm.add_site(
        name="grasp", pos=[0.0, 0.075 * scale, 0.040 * scale], size=[0.004] * 3, rgba=[0.9, 0.5, 0.1, 0.4], group=4
    )


def _add_finger(
    spec: mujoco.MjSpec, palm: "mujoco.MjsBody", finger: str, design: Design, scale: float, mirror: float
) -> None:
    """Three phalanges; the little finger's on a metacarpal that moves."""
    bones = [bone * scale for bone in PHALANGES_M[finger]]
    radii = [r * scale * (0.92 if finger == "little" else 1.0) for r in (0.0088, 0.0082, 0.0076)]
    place = [_HEADS_X_M[finger] * scale * mirror, (_CARPUS_M + METACARPALS_M[finger]) * scale, 0.0]
    parent = palm
    if finger == "little" and design.hand.palm_arch:
        root = [-0.022 * scale * mirror, _CARPUS_M * scale, -0.004]
        bone = palm.add_body(name="little_metacarpal", pos=root)
        to = [place[k] - root[k] for k in range(3)]
        bone.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0.1 * to[0], 0.1 * to[1], 0.0, 0.8 * to[0], 0.8 * to[1], to[2]],
            size=[0.009 * scale, 0, 0],
            density=_PHALANX_DENSITY,
            rgba=_FRAME,
            friction=list(_PALM_FRICTION),
            condim=4,
            group=_FELT,
        )
        _drive_joint(spec, bone, design, "arch", "little_arch", [0.8, 0.6 * mirror, 0], load=2e-4, kind="arch")
        parent, place = bone, to
        spec.add_exclude(bodyname1="little_metacarpal", bodyname2="ring_0") if "ring" in design.hand.fingers else None
    load = _chain_inertia(bones, radii)
    for number, length in enumerate(bones):
        link = parent.add_body(name=f"{finger}_{number}", pos=place)
        if number == 0:
            _drive_joint(spec, link, design, "spread", f"{finger}_spread", [0, 0, mirror], load=load[0], kind="spread")
            _drive_joint(spec, link, design, "base", f"{finger}_base", [1, 0, 0], load=load[0], kind="base")
            spec.add_exclude(bodyname1="palm", bodyname2=link.name)
        else:
            kind = ("middle", "tip")[number - 1]
            link.add_joint(
                name=f"{finger}_{kind}",
                type=mujoco.mjtJoint.mjJNT_HINGE,
                axis=[1, 0, 0],
                range=list(RANGES[kind]),
                # The extension springs that keep the two joints together while nothing is touched.
                stiffness=[0.02 if kind == "middle" else 0.0225, 0, 0],
                damping=[0.004, 0, 0],
                armature=2e-6,
            )
        _add_phalanx(link, finger, number, length, radii[number], design, last=number == 2)
        parent, place = link, [0.0, length, 0.0]
    cable = spec.add_tendon(name=f"{finger}_curl", limited=False)
    cable.wrap_joint(f"{finger}_middle", 1.0)
    cable.wrap_joint(f"{finger}_tip", TIP_SHARE)
    high = RANGES["middle"][1] + TIP_SHARE * RANGES["tip"][1]
    one = drive(design, "curl", name=f"{finger}_curl", length_m=_cable_m(design))
    target, transmission = cable.name, mujoco.mjtTrn.mjTRN_TENDON
    if design.hand.backlash:
        target = _add_rotor(spec, one, {f"{finger}_middle": 1.0, f"{finger}_tip": TIP_SHARE})
        transmission = mujoco.mjtTrn.mjTRN_JOINT
    one.add(
        spec,
        target=target,
        transmission=transmission,
        low=0.0,
        high=high,
        load_kg_m2=load[1],
    )


def _add_thumb(spec: mujoco.MjSpec, palm: "mujoco.MjsBody", design: Design, scale: float, mirror: float) -> None:
    """A metacarpal on a saddle of two axes, two phalanges; turned about itself so that its pad meets the fingers'."""
    bones = [bone * scale for bone in (METACARPALS_M["thumb"], *PHALANGES_M["thumb"])]
    radii = [0.0105 * scale, 0.0095 * scale, 0.0088 * scale]
    load = _chain_inertia(bones, radii)
    quat, turn = np.empty(4), np.empty(4)
    mujoco.mju_axisAngle2Quat(quat, np.array([0.0, 0.0, -1.0]), 0.75 * mirror)
    mujoco.mju_axisAngle2Quat(turn, np.array([0.0, -1.0, 0.0]), 0.9 * mirror)
    mujoco.mju_mulQuat(quat, quat.copy(), turn)
    opposition, back = np.empty(3), np.empty(4)
    mujoco.mju_negQuat(back, quat)
    mujoco.mju_rotVecQuat(opposition, np.array([0.0, -mirror, 0.0]), back)
    link, place = palm, [0.030 * scale * mirror, 0.022 * scale, 0.002]
    for number, length in enumerate(bones):
        link = link.add_body(name=f"thumb_{number}", pos=place, quat=quat if number == 0 else [1, 0, 0, 0])
        if number == 0:
            _drive_joint(spec, link, design, "thumb", "thumb_opposition", list(opposition), load=load[0])
            _drive_joint(spec, link, design, "thumb", "thumb_abduction", [0, 0, mirror], load=load[0])
            spec.add_exclude(bodyname1="palm", bodyname2=link.name)
        elif number == 1:
            _drive_joint(spec, link, design, "thumb", "thumb_spread", [0, 0, mirror], load=load[1])
            _drive_joint(spec, link, design, "thumb", "thumb_base", [1, 0, 0], load=load[1])
            spec.add_exclude(bodyname1="palm", bodyname2=link.name)
        else:
            _drive_joint(spec, link, design, "thumb", "thumb_tip", [1, 0, 0], load=load[2])
        _add_phalanx(link, "thumb", number, length, radii[number], design, last=number == 2)
        place = [0.0, length, 0.0]


def _add_phalanx(
    link: "mujoco.MjsBody", finger: str, number: int, length: float, radius: float, design: Design, *, last: bool
) -> None:
    end = length + TIP_TISSUE_M - radius if last else length
    link.add_geom(
        name=f"{finger}_pad" if last else f"{finger}_{number}",
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0, 0.3 * radius, 0, 0, end, 0],
        size=[radius, 0, 0],
        density=_PHALANX_DENSITY,
        rgba=_PAD if last else _SKIN,
        friction=[design.hand.pad_friction, 0.01, 0.0005] if last else list(_PALM_FRICTION),
        # Soft skin: the pad's friction holds whatever the thing's own, and a pad resists turning on it.
        priority=1 if last else 0,
        condim=4,
        solref=[0.008, 1.0],
        group=_FELT,
    )
    if last:
        link.add_site(
            name=f"{finger}_tip", pos=[0, end, 0.8 * radius], size=[0.004] * 3, rgba=[0.1, 0.6, 0.3, 1], group=4
        )


def _drive_joint(
    spec: mujoco.MjSpec,
    link: "mujoco.MjsBody",
    design: Design,
    group: str,
    name: str,
    axis: list[float],
    *,
    load: float,
    kind: str | None = None,
) -> None:
    low, high = RANGES[kind or name]
    link.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, range=[low, high])
    one = drive(design, group, name=name, length_m=_cable_m(design))
    target = _add_rotor(spec, one, {name: 1.0}) if design.hand.backlash else name
    one.add(spec, target=target, transmission=mujoco.mjtTrn.mjTRN_JOINT, low=low, high=high, load_kg_m2=load)


def _add_rotor(spec: mujoco.MjSpec, one: Drive, joints: dict[str, float]) -> str:
    """The drive's rotor as a hinge of its own, and a tendon that lets it and its joints differ by half the play either way.

    The drive's inertia and friction stay with the rotor, as the rotor's encoder does: within the play the joint is loose. It turns
    as fast as the joint, as all of a drive's values are the joint's; where it sits does not matter, for nothing of it is outside.

    Returns:
        The hinge's name.
    """
    name, half = f"{one.name}_rotor", one.backlash_rad / 2.0
    rotor = spec.body("elbow").add_body(
        name=name, explicitinertial=True, mass=1e-6, inertia=[1e-9] * 3, ipos=[0.0, 0.0, 0.0]
    )
    rotor.add_joint(
        name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 1, 0], limited=mujoco.mjtLimited.mjLIMITED_FALSE
    )
    play = spec.add_tendon(
        name=f"{one.name}_play",
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        range=[-half, half],
        # As stiff as two physics steps allow: teeth give little.
        solref_limit=[2.0 * TIMESTEP_S, 1.0],
        solimp_limit=[0.95, 0.99, 0.1 * half, 0.5, 2.0],
    )
    for joint, share in joints.items():
        play.wrap_joint(joint, share)
    play.wrap_joint(name, -1.0)
    return name


def _cable_m(design: Design) -> float:
    """One run of a finger's tendon: from the middle of the forearm to the knuckles."""
    return 0.6 * length_m("forearm", design.height_m) + length_m("hand", design.height_m)


def _chain_inertia(bones: list[float], radii: list[float]) -> list[float]:
    """Inertia of a straight finger about each of its joints, kg m^2, phalanges as rods: m l^2 / 12 + m d^2."""
    found = []
    for first in range(len(bones)):
        total, at = 0.0, 0.0
        for length, radius in zip(bones[first:], radii[first:], strict=True):
            mass = _PHALANX_DENSITY * math.pi * radius**2 * length
            total += mass * (length**2 / 12.0 + (at + length / 2.0) ** 2)
            at += length
        found.append(total)
    return found


def _palm_mass(spec: mujoco.MjSpec, design: Design) -> float:
    """What is left of the hand's mass for the palm's box."""
    probe = spec.copy()
    probe.geom("palm").mass = 1e-6
    model = probe.compile()
    palm = model.body("palm").id
    rest = mass_kg("hand", design.mass_kg) - float(model.body_subtreemass[palm]) + 1e-6
    if rest <= 0.02:
        raise BadInput(
            f"the fingers leave {1000 * rest:.0f} g of a hand of {1000 * mass_kg('hand', design.mass_kg):.0f} g for its palm",
            alternatives=["a heavier robot", "fewer fingers"],
        )
    return rest


def fingers_of(design: Design) -> tuple[str, ...]:
    """In the order of the body, thumb first."""
    return tuple(finger for finger in FINGERS if finger in design.hand.fingers)
