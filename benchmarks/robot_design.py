"""The simulated robot against the report's formulas: fingertip force, joint speed, winding temperature.

python -m benchmarks.robot_design

Forces: a straight finger against a rigid post, read from the contact. Speeds: the fastest that a joint gets in a step over
its whole range, without gravity. Temperatures: a finger that presses for a while, and ten kilograms on level forearms for
ten minutes, held as a real robot holds them: what gravity asks of each joint is fed forward, so that the arms stay where the
report reckons them. The torques are the simulation's own.
"""

import math
import time
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np

from benchmarks.report import report
from crewless.body.robot.design import BodyDesign, Design, drive
from crewless.body.robot.hand import CONTROL_SUBSTEPS, TIMESTEP_S, hand_drives, hand_scene
from crewless.body.robot.humanoid import humanoid, humanoid_drives
from crewless.body.robot.limits import fingertip_n, reach_m
from crewless.body.robot.report.figures import LOAD_S, PAYLOAD_KG, carry
from crewless.body.robot.winding import Windings

PERIOD_S = CONTROL_SUBSTEPS * TIMESTEP_S


def row(what: str, of: str, unit: str, reckoned: float, simulated: float) -> dict[str, Any]:
    """One comparison."""
    off = 100.0 * abs(simulated - reckoned) / abs(reckoned)
    return {"what": what, "of": of, "unit": unit, "reckoned": reckoned, "simulated": simulated, "off_percent": off}


def pressing(finger: str) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """A hand whose straight finger lies with the middle of its pad against a post."""
    spec = hand_scene(replace(Design(), body=None))
    spec.option.gravity = [0, 0, 0]
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    site = data.site(f"{finger}_tip")
    out = site.xmat.reshape(3, 3)[:, 2]
    pad = model.geom(f"{finger}_pad")
    # The post's foremost point touches the pad: over the site, one radius of the pad and one of the post away.
    centre = site.xpos - 0.8 * pad.size[0] * out
    spec.worldbody.add_geom(
        name="post", type=mujoco.mjtGeom.mjGEOM_SPHERE, pos=list(centre + (pad.size[0] + 0.01) * out), size=[0.01, 0, 0],
        # Of steel, not of the stuff that hands touch: the finger is to stay where the lever was measured.
        solref=[0.002, 1], solimp=[0.99, 0.999, 0.0001, 0.5, 2], priority=2, condim=1,
    )  # fmt: skip
    # Only the finger's base joint presses, as the report reckons: the others, the wrist too, are bolted, or they would give way.
    for other in spec.joints:
        if other.name != f"{finger}_base":
            spec.add_equality(
                type=mujoco.mjtEq.mjEQ_JOINT, name1=other.name, objtype=mujoco.mjtObj.mjOBJ_JOINT, solref=[0.004, 1]
            )
    model = spec.compile()
    return model, mujoco.MjData(model)


def contact_n(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    """The normal force on the post, N."""
    total, force = 0.0, np.zeros(6)
    for number in range(data.ncon):
        if model.geom("post").id in data.contact[number].geom:
            mujoco.mj_contactForce(model, data, number, force)
            total += force[0]
    return total


def forces() -> list[dict[str, Any]]:
    """Peak fingertip forces."""
    rows = []
    for finger in Design().hand.fingers:
        model, data = pressing(finger)
        joint = f"{finger}_base"
        data.ctrl[model.actuator(joint).id] = model.actuator(joint).ctrlrange[1]
        mujoco.mj_step(model, data, round(0.4 / TIMESTEP_S))
        rows.append(
            row("fingertip force", finger, "N", fingertip_n(finger, Design(), peak=True), contact_n(model, data))
        )
    return rows


def speeds() -> list[dict[str, Any]]:
    """The fastest of a step over the whole range."""
    spec = humanoid(Design(body=BodyDesign(base="fixed")))
    spec.option.gravity = [0, 0, 0]
    model = spec.compile()
    rows = []
    for group, joint in (
        ("spread", "right_ring_spread"),
        ("base", "right_index_base"),
        ("curl", "right_index_curl"),
        ("thumb", "right_thumb_opposition"),
        ("wrist", "right_wrist_flexion"),
        ("roll", "right_forearm_roll"),
        ("elbow", "right_elbow"),
        ("shoulder", "right_shoulder_pitch"),
        ("knee", "right_knee"),
        ("neck", "neck_yaw"),
    ):
        number = model.actuator(joint).id
        fastest = 0.0
        # Both ways, since the load may have to be sped up for long.
        for first, then in ((0, 1), (1, 0)):
            data = mujoco.MjData(model)
            data.ctrl[number] = model.actuator_ctrlrange[number][first]
            mujoco.mj_step(model, data, round(3.0 / TIMESTEP_S))
            data.ctrl[number] = model.actuator_ctrlrange[number][then]
            for _ in range(round(1.5 / TIMESTEP_S)):
                mujoco.mj_step(model, data)
                fastest = max(fastest, abs(float(data.actuator_velocity[number])))
        rows.append(row("joint speed", group, "rad/s", drive(Design(), group, name=group).no_load_speed_rad_s, fastest))
    return rows


def pressed_heat() -> list[dict[str, Any]]:
    """The rise of a finger's winding while it presses, at the peak and at the continuous torque."""
    design = replace(Design(), body=None)
    one = drive(design, "base", name="index_base")
    rows = []
    for name, torque, seconds in (("peak", one.peak_torque_nm, 10.0), ("continuous", one.continuous_torque_nm, 600.0)):
        model, data = pressing("index")
        windings = Windings(hand_drives(design))
        number = model.actuator("index_base").id
        stiffness = float(model.actuator_gainprm[number][4])
        lead = torque / stiffness
        for _ in range(round(seconds / PERIOD_S)):
            # As a force controller would: the target leads the joint by what gives the torque, also from a warm winding.
            lead += 0.3 * (torque - float(data.actuator_force[number])) / stiffness
            data.ctrl[number] = data.joint("index_base").qpos[0] + lead
            mujoco.mj_step(model, data, CONTROL_SUBSTEPS)
            windings.step(data.actuator_force, PERIOD_S, data.act)
        reckoned = float(one.held(torque, np.array([seconds]))[0, 0]) - one.ambient_c
        what = f"winding's rise after {seconds:g} s"
        rows.append(row(what, f"index base, {name} torque", "K", reckoned, float(windings.winding_k[number])))
    return rows


def carried_heat() -> list[dict[str, Any]]:
    """Ten kilograms on level forearms for ten minutes."""
    design = Design(body=BodyDesign(base="fixed"))
    spec = humanoid(design)
    for side in ("right", "left"):
        palm = spec.body(f"{side}_palm")
        site = spec.site(f"{side}_palm")
        weight = palm.add_body(name=f"{side}_weight", pos=site.pos)
        weight.mass, weight.inertia, weight.explicitinertial = 0.5 * PAYLOAD_KG, [0.005] * 3, True
        # Left out, MuJoCo takes the body's place in its parent for it, and the weight lies twice as far out.
        weight.ipos = [0.0, 0.0, 0.0]
    model = spec.compile()
    data = mujoco.MjData(model)
    posture = np.zeros(model.nu)
    for side in ("right", "left"):
        for joint, angle in (("elbow", -math.pi / 2), ("forearm_roll", 1.5)):
            data.joint(f"{side}_{joint}").qpos[0] = angle
            posture[model.actuator(f"{side}_{joint}").id] = angle
    drives = humanoid_drives(design)
    windings = Windings(drives)
    stiffness = model.actuator_gainprm[:, 4]
    # The degree of freedom of each actuator that has a joint; a curl has two, carries next to nothing, and holds by itself.
    single = np.flatnonzero(model.actuator_trntype == int(mujoco.mjtTrn.mjTRN_JOINT))
    dofs = model.jnt_dofadr[model.actuator_trnid[single, 0]]
    trim = np.zeros(model.nu)
    worst_rad = 0.0
    mujoco.mj_forward(model, data)
    for _ in range(round(LOAD_S / PERIOD_S)):
        wanted = np.zeros(model.nu)
        wanted[single] = data.qfrc_bias[dofs]
        wanted += stiffness * (posture - data.actuator_length)
        # A warm winding gives less than its loop asks for, as on a real robot: what is missing is asked for besides.
        trim[single] += 0.1 * (wanted - data.actuator_force)[single] / stiffness[single]
        data.ctrl[:] = posture + trim
        data.ctrl[single] += data.qfrc_bias[dofs] / stiffness[single]
        mujoco.mj_step(model, data, CONTROL_SUBSTEPS)
        windings.step(data.actuator_force, PERIOD_S, data.act)
        worst_rad = max(worst_rad, float(np.abs(posture - data.actuator_length)[single].max()))
    print(f"  the arms were held within {math.degrees(worst_rad):.2f} degrees of the reported posture", flush=True)
    rows = []
    for one in carry(design):
        if one.share > 0.4 and not one.name.startswith("left_"):
            number = model.actuator(one.name).id
            what = f"winding's rise, {PAYLOAD_KG:g} kg for {LOAD_S:g} s"
            reckoned = one.winding_c - drives[number].ambient_c
            rows.append(
                row(
                    what,
                    one.name.removeprefix("right_").replace("_", " "),
                    "K",
                    reckoned,
                    float(windings.winding_k[number]),
                )
            )
    return rows


def main() -> None:
    """Compare and report."""
    start_s = time.process_time()
    rows = forces() + speeds() + pressed_heat() + carried_heat()
    worst = max(rows, key=lambda one: one["off_percent"])
    rows.append({"what": "worst", "of": worst["of"], "off_percent": worst["off_percent"]})
    report(
        "robot_design",
        rows,
        ["what", "of", "unit", "reckoned", "simulated", "off_percent"],
        [
            "to reach: within 5 percent. No hardware was used: both sides rest on the same motor table",
            f"a pad is touched in its middle, {1000 * reach_m('index', Design()):.1f} mm from the index's base joint",
            f"{time.process_time() - start_s:.0f} CPU seconds",
        ],
    )


if __name__ == "__main__":
    main()
