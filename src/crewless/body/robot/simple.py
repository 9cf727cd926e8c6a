"""A plain five-finger hand with position servos, and a block: a model of the right size for whoever needs one to step.

Its motors are ideal. A hand whose every number follows from motors, gears and heat is a design's business.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import mujoco

FINGERS = ("thumb", "index", "middle", "ring", "little")
JOINTS = ("spread", "base", "middle", "tip")
_LENGTHS_M = (0.045, 0.028, 0.022)
"""Phalanges from the palm outwards, about those of an adult's index finger (Buryanov and Kotiuk 2010, table 1)."""
_RADIUS_M = 0.009
TIMESTEP_S = 1.0 / 504.0
"""28 physics steps to a control at 18 Hz and 14 to a frame at 36 Hz: both rates are kept without a remainder."""
CONTROL_SUBSTEPS = 28
"""Physics steps in a period of the control stream."""


def simple_hand() -> mujoco.MjSpec:
    """A hand of 20 hinges, palm upwards, with a 5 cm block of 60 g on a free joint above it (26 degrees of freedom).

    Returns:
        The specification. Joints and actuators are ``<finger>_<joint>``, fingertip sites ``<finger>_tip``, the block
        ``block``, the camera ``head``.
    """
    spec = mujoco.MjSpec()
    spec.modelname = "simple hand"
    spec.compiler.degree = False
    spec.option.timestep = TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    # A world that has gone wrong is dumped and counted by Worlds; MuJoCo's silent reset would hide it.
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    spec.memory = 256 * 1024
    spec.visual.quality.offsamples = 0
    spec.visual.quality.shadowsize = 0
    world = spec.worldbody
    world.add_light(pos=[0.2, -0.3, 0.8], dir=[-0.2, 0.3, -0.8], castshadow=False)
    world.add_camera(name="head", pos=[0.0, -0.3, 0.32], xyaxes=[1, 0, 0, 0, 0.69, 0.72])
    world.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1], rgba=[0.75, 0.77, 0.8, 1])
    palm = world.add_body(name="palm", pos=[0, 0, 0.05])
    palm.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[0.045, 0.045, 0.012],
        rgba=[0.3, 0.33, 0.4, 1],
        friction=[1.0, 0.01, 0.0001],
    )
    for index, finger in enumerate(FINGERS[1:]):
        _add_finger(spec, palm, finger, [-0.033 + 0.022 * index, 0.045, 0.0], [1, 0, 0, 0])
    # The thumb stands at the palm's near edge and opposes the others: turned by half a turn about the vertical.
    _add_finger(spec, palm, "thumb", [0.0, -0.05, 0.0], [0, 0, 0, 1])
    block = world.add_body(name="block", pos=[0, 0, 0.09])
    block.add_freejoint(name="block")
    block.add_geom(
        name="block",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[0.025] * 3,
        mass=0.06,
        rgba=[0.9, 0.55, 0.2, 1],
        friction=[1.0, 0.01, 0.0001],
    )
    return spec


def _add_finger(spec: mujoco.MjSpec, palm: "mujoco.MjsBody", finger: str, pos: list[float], quat: list[float]) -> None:
    """Hang a chain of three phalanges with four hinges on the palm, each hinge with a position servo."""
    parent, place = palm, pos
    for number, length_m in enumerate(_LENGTHS_M):
        link = parent.add_body(name=f"{finger}_{number}", pos=place, quat=quat if number == 0 else [1, 0, 0, 0])
        if number == 0:
            _add_hinge(spec, link, f"{finger}_spread", axis=[0, 0, 1], low=-0.35, high=0.35)
        _add_hinge(spec, link, f"{finger}_{JOINTS[number + 1]}", axis=[1, 0, 0], low=-0.2, high=1.6)
        link.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0, 0.006, 0, 0, length_m, 0],
            size=[_RADIUS_M, 0, 0],
            density=1500,
            rgba=[0.86, 0.86, 0.88, 1],
            friction=[1.0, 0.01, 0.0001],
        )
        if number == 0:
            # The palm does not move, so MuJoCo takes it for the world and would let the knuckle rub on it.
            spec.add_exclude(bodyname1="palm", bodyname2=link.name)
        parent, place = link, [0, length_m, 0]
    parent.add_site(name=f"{finger}_tip", pos=[0, _LENGTHS_M[-1], 0], size=[0.004] * 3, rgba=[0.1, 0.6, 0.3, 1])


def _add_hinge(
    spec: mujoco.MjSpec, link: "mujoco.MjsBody", name: str, *, axis: list[float], low: float, high: float
) -> None:
    link.add_joint(
        name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, range=[low, high], damping=[0.02, 0, 0], armature=2e-4
    )
    servo = spec.add_actuator(
        name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT, ctrlrange=[low, high], forcerange=[-1.0, 1.0]
    )
    servo.set_to_position(kp=1.5, kv=0.05)
