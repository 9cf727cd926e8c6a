"""A design's numbers, by formula; the simulated model is held against them in ``benchmarks/robot_design.py``."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.anthropometry import mass_kg
from crewless.body.robot.design import BODY_GROUPS, HAND_GROUPS, Design, drive
from crewless.body.robot.hand import hand, hand_drive_groups
from crewless.body.robot.humanoid import group_of, humanoid, humanoid_drives
from crewless.body.robot.limits import closing_s, continuous_w, drives_of, fingertip_n, standing_w

AMPLITUDE_RAD = 0.2
"""Amplitude of the sine wave for which a bandwidth is stated."""
PAYLOAD_KG = 10.0
LOAD_S = 600.0
"""The load case: ten kilograms for ten minutes."""


@dataclass(frozen=True, kw_only=True)
class DriveFigures:
    """One row of the report: a group of equal drives, as its joint sees them."""

    group: str
    count: int
    motor: str
    ratio: float
    efficiency: float
    peak_nm: float
    continuous_nm: float
    peak_s: float | None
    """How long the peak torque may be held from cold; None: without limit."""
    speed_rad_s: float
    inertia_kg_m2: float
    """Reflected."""
    backlash_rad: float
    bandwidth_hz: float
    bound_by: str
    """What limits the bandwidth."""
    mass_kg: float
    continuous_w: float
    """Drawn at the continuous torque, standing, hot."""


@dataclass(frozen=True, kw_only=True)
class LoadFigures:
    """One drive in the load case."""

    name: str
    torque_nm: float
    share: float
    """The load as a share of the continuous torque."""
    winding_c: float
    """After the ten minutes."""
    limit_c: float
    limit_s: float | None
    """When it passes its limit, from cold, s; None: not within the ten minutes."""
    power_w: float


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Everything that the report shows."""

    design: Design
    drives: tuple[DriveFigures, ...]
    fingertips: dict[str, tuple[float, float]]
    """Peak and continuous force, N."""
    closing_s: float
    mass_kg: float
    hand_kg: float
    """Hand and forearm."""
    standing_w: float
    continuous_w: float
    load: tuple[LoadFigures, ...]
    """Carrying 10 kg on level forearms for ten minutes; empty for a hand alone."""
    load_w: float
    runtime_h: float | None
    """In the load case, on the battery."""


def figures(design: Design) -> Figures:
    """Reckon a design that :func:`crewless.body.robot.limits.check` has let pass."""
    load = carry(design) if design.body else ()
    load_w = standing_w(design) + sum(one.power_w for one in load)
    return Figures(
        design=design,
        drives=tuple(_group_figures(design)),
        fingertips={
            finger: (fingertip_n(finger, design, peak=True), fingertip_n(finger, design, peak=False))
            for finger in design.hand.fingers
        },
        closing_s=closing_s(design),
        mass_kg=design.mass_kg if design.body else mass_kg("hand", design.mass_kg) + mass_kg("forearm", design.mass_kg),
        hand_kg=mass_kg("hand", design.mass_kg) + mass_kg("forearm", design.mass_kg),
        standing_w=standing_w(design),
        continuous_w=continuous_w(design),
        load=load,
        load_w=load_w,
        runtime_h=design.body.battery_wh / load_w if design.body else None,
    )


def joint_inertias(design: Design) -> dict[str, float]:
    """What each actuator moves in the zero pose, its own rotor left out, kg m^2: the mass matrix's diagonal.

    For a curl, that of the middle joint.
    """
    spec = hand(design) if design.body is None else humanoid(replace(design, body=replace(design.body, base="fixed")))
    for actuator in spec.actuators:
        actuator.armature = 0.0
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    full = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, full)
    found = {}
    for number in range(model.nu):
        name = model.actuator(number).name
        joint = name.replace("_curl", "_middle")
        found[name] = float(full[(at := model.joint(joint).dofadr[0]), at])
    return found


def carry(design: Design, payload_kg: float = PAYLOAD_KG) -> tuple[LoadFigures, ...]:
    """The drives of trunk and arms while a payload lies on both palms, elbows at right angles: gravity and J^T F.

    The torque of a joint that stands still is what holds the weights beyond it (Craig 2005, "Introduction to robotics",
    section 5.9). Temperatures by the two nodes, from cold.
    """
    if design.body is None:
        return ()
    model = humanoid(replace(design, body=replace(design.body, base="fixed"))).compile()
    data = mujoco.MjData(model)
    for side in ("right", "left"):
        data.joint(f"{side}_elbow").qpos[0] = -math.pi / 2
        # Palms up.
        data.joint(f"{side}_forearm_roll").qpos[0] = 1.5
    mujoco.mj_forward(model, data)
    needed = data.qfrc_bias.copy()
    for side in ("right", "left"):
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, jacobian, None, model.site(f"{side}_palm").id)
        needed -= jacobian.T @ np.array([0.0, 0.0, -0.5 * payload_kg * 9.81])
    rows = []
    for one in humanoid_drives(design):
        if one.name.endswith("_curl") or any(part in one.name for part in ("hip", "knee", "ankle")):
            continue
        torque = abs(float(needed[model.joint(one.name).dofadr[0]]))
        rows.append(_loaded(one, torque))
    return tuple(rows)


def too_hot(load: tuple[LoadFigures, ...]) -> str:
    """The drives that pass their limit in the load case, with when and how far, in words; empty when there are none.

    Both sides carry the same and are said once.
    """
    over = {one.name.removeprefix("right_").removeprefix("left_").replace("_", " "): one for one in load}
    return ", ".join(
        f"{name} (limit of {one.limit_c:.0f} C after {one.limit_s:.0f} s, then {one.winding_c:.0f} C)"
        for name, one in over.items()
        if one.limit_s is not None
    )


def _loaded(one: Drive, torque_nm: float) -> LoadFigures:
    times_s = np.linspace(0.0, LOAD_S, 601)
    winding_c = one.held(torque_nm, times_s)[:, 0]
    celsius, over = float(winding_c[-1]), np.flatnonzero(winding_c > one.motor.max_winding_c)
    return LoadFigures(
        name=one.name,
        torque_nm=torque_nm,
        share=torque_nm / one.continuous_torque_nm,
        winding_c=celsius,
        limit_c=one.motor.max_winding_c,
        limit_s=float(times_s[over[0]]) if len(over) else None,
        power_w=one.power_w(torque_nm, 0.0, celsius) - one.stage.quiescent_w,
    )


def _group_figures(design: Design) -> Iterator[DriveFigures]:
    moved = joint_inertias(design)
    members: dict[str, list[str]] = {}
    for one in drives_of(design):
        bare = one.name.removeprefix("right_").removeprefix("left_")
        group = hand_drive_groups(design).get(bare) or group_of(one.name)
        members.setdefault(group, []).append(one.name)
    for group in (*HAND_GROUPS, *BODY_GROUPS):
        if group not in members:
            continue
        one = drive(design, group, name=group)
        load = max(moved[name] for name in members[group])
        limits = one.bandwidth_hz(load, AMPLITUDE_RAD)
        seconds = one.heat.seconds_to_limit(one.peak_current_a)
        bound = min(limits, key=lambda name: limits[name])
        yield DriveFigures(
            group=group,
            count=len(members[group]),
            motor=one.motor.name,
            ratio=one.ratio,
            efficiency=one.efficiency,
            peak_nm=one.peak_torque_nm,
            continuous_nm=one.continuous_torque_nm,
            peak_s=seconds if math.isfinite(seconds) else None,
            speed_rad_s=one.no_load_speed_rad_s,
            inertia_kg_m2=one.reflected_inertia_kg_m2,
            backlash_rad=one.backlash_rad,
            bandwidth_hz=limits[bound],
            bound_by=bound,
            mass_kg=one.mass_kg,
            continuous_w=one.power_w(one.continuous_torque_nm, 0.0, one.motor.max_winding_c),
        )
