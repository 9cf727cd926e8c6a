from dataclasses import replace

import mujoco
import numpy as np
import pytest

from crewless.body.robot.actuators.motor_table import motor
from crewless.body.robot.design import BodyDesign, Design, DriveChoice
from crewless.body.robot.humanoid import humanoid, humanoid_drives
from crewless.core.errors import BadInput


@pytest.fixture(scope="module")
def model():
    return humanoid().compile()


def test_it_is_180_cm_and_80_kg_and_carries_two_hands(model):
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    head = model.geom("head").id
    top = data.geom_xpos[head][2] + model.geom_size[head][:2].sum()
    assert top == pytest.approx(1.80, abs=0.005)
    # The elbows' and the wrists' balls, 0.16 kg, come on top of the table's shares.
    assert model.body_subtreemass[model.body("pelvis").id] == pytest.approx(80.0, abs=0.2)
    assert model.njnt - 1 == 5 + 2 * (6 + 4 + 25)
    assert data.site("right_index_tip").xpos[1] < 0 < data.site("left_index_tip").xpos[1]


def test_the_drives_are_in_the_actuators_order(model):
    assert [one.name for one in humanoid_drives(Design())] == [model.actuator(n).name for n in range(model.nu)]


def test_a_segments_centre_and_inertia_are_the_tables(model):
    # de Leva: the shank's centre at 44.59 % of 0.4340 m from the knee, radii 0.255, 0.249, 0.103 of its length.
    shank = model.body("right_shank").id
    length, mass = 0.4340 * 1.8 / 1.741, 0.0433 * 80
    assert model.body_mass[shank] == pytest.approx(mass)
    reach = length - 0.03
    assert model.body_ipos[shank][2] == pytest.approx(-0.4459 * reach)
    np.testing.assert_allclose(model.body_inertia[shank], mass * (np.array([0.255, 0.249, 0.103]) * length) ** 2)


def test_it_stands(model):
    data = mujoco.MjData(model)
    start = data.qpos[2]
    mujoco.mj_step(model, data, 504)
    assert data.qpos[2] == pytest.approx(start, abs=0.01)
    assert np.abs(data.qvel).max() < 0.05
    assert not any(warning.number for warning in data.warning)


def test_both_sides_angles_mean_the_same(model):
    data = mujoco.MjData(model)
    joints = (
        "shoulder_pitch",
        "shoulder_roll",
        "shoulder_yaw",
        "elbow",
        "hip_roll",
        "hip_yaw",
        "wrist_flexion",
        "forearm_roll",
        "index_base",
    )
    for side in ("right", "left"):
        for number, joint in enumerate(joints):
            data.joint(f"{side}_{joint}").qpos[0] = (
                0.1 + 0.05 * number - (0.8 if joint in ("shoulder_pitch", "elbow") else 0.0)
            )
    mujoco.mj_kinematics(model, data)
    for name in ("index_tip", "thumb_tip", "palm"):
        right, left = data.site(f"right_{name}").xpos, data.site(f"left_{name}").xpos
        np.testing.assert_allclose(right * [1, -1, 1], left, atol=1e-9)
    np.testing.assert_allclose(data.body("right_foot").xpos * [1, -1, 1], data.body("left_foot").xpos, atol=1e-9)


def test_a_fixed_base_has_no_free_joint():
    model = humanoid(Design(body=BodyDesign(base="fixed"))).compile()
    assert model.nq == model.nv == 75
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, 252)
    assert np.abs(data.qpos).max() < 0.1
    assert np.abs(data.qvel).max() < 0.1


def test_motors_that_outweigh_their_segment_are_refused():
    heavy = DriveChoice(motor="flat85-48", ratio=100, gear="harmonic", current_a=35.0)
    assert motor("flat85-48").mass_kg > 1.0
    with pytest.raises(BadInput, match=r"in a shank of 3.46 kg \(try: at most 2.60 kg"):
        humanoid(Design(body=BodyDesign(drives={"ankle": heavy})))
    with pytest.raises(BadInput, match="a hand alone"):
        humanoid(replace(Design(), body=None))
