from dataclasses import replace

import mujoco
import numpy as np
import pytest

from crewless.body.robot.design import Design, HandDesign
from crewless.body.robot.hand import hand, hand_drives, hand_scene
from crewless.body.robot.humanoid import humanoid
from crewless.body.robot.robot_body import RobotBody, RobotBodyConfig
from crewless.body.robot.worlds import model_digest
from crewless.core.messages import Action

LOOSE = Design(hand=HandDesign(backlash=True))
PLAY_RAD = {one.name: one.backlash_rad for one in hand_drives(LOOSE)}


@pytest.fixture(scope="module")
def loose():
    spec = hand(LOOSE)
    # The springs that straighten a finger press its joints against one side of the teeth; without them the play is seen.
    for joint in ("ring_middle", "ring_tip"):
        spec.joint(joint).stiffness = [0.0, 0.0, 0.0]
    model = spec.compile()
    model.opt.gravity[:] = 0.0
    return model


def joint_angle(model, data, name):
    """A drive's joint, or what its tendon makes of its two."""
    if name.endswith("_curl"):
        return float(data.ten_length[model.tendon(name).id])
    return float(data.joint(name).qpos[0])


def pushed(model, name, joint, torque_nm):
    """The angle of the joint and of the motor when a torque has pushed the joint for two seconds."""
    data = mujoco.MjData(model)
    data.ctrl[:] = 0.3 * model.actuator_ctrlrange[:, 1]
    mujoco.mj_step(model, data, 504)
    data.qfrc_applied[model.joint(joint).dofadr[0]] = torque_nm
    mujoco.mj_step(model, data, 1008)
    return joint_angle(model, data, name), float(data.actuator_length[model.actuator(name).id])


@pytest.mark.parametrize(
    ("name", "joint"),
    [("index_base", "index_base"), ("wrist_flexion", "wrist_flexion"), ("ring_curl", "ring_middle")],
)
def test_a_joint_is_loose_by_the_gears_play_and_no_more(loose, name, joint):
    (up, motor_up), (down, motor_down) = (pushed(loose, name, joint, torque) for torque in (5e-3, -5e-3))
    # What the motor itself gives way, 2 t / kp, is not play.
    assert (up - down) - (motor_up - motor_down) == pytest.approx(PLAY_RAD[name], rel=0.06)
    # With a hundred times the torque it goes on only as the motor gives way, and by what teeth and cable would stretch.
    (up, motor_up), (down, motor_down) = (pushed(loose, name, joint, torque) for torque in (0.2, -0.2))
    assert (up - down) - (motor_up - motor_down) < 2.5 * PLAY_RAD[name]


def test_within_the_play_the_motor_is_not_felt(loose):
    data = mujoco.MjData(loose)
    dof = loose.joint("index_base").dofadr[0]
    data.qfrc_applied[dof] = 1e-3
    mujoco.mj_forward(loose, data)
    # The finger alone: no motor's inertia, no friction, no position loop.
    alone = np.zeros((1, loose.nv))
    mujoco.mj_solveM(loose, data, alone, data.qfrc_applied[None])
    assert data.qacc[dof] == pytest.approx(alone[0, dof], rel=1e-6)
    assert abs(data.qacc[loose.joint("index_base_rotor").dofadr[0]]) < 1e-6 * data.qacc[dof]
    rigid = hand().compile()
    rigid.opt.gravity[:] = 0.0
    tight = mujoco.MjData(rigid)
    tight.qfrc_applied[rigid.joint("index_base").dofadr[0]] = 1e-3
    mujoco.mj_forward(rigid, tight)
    assert data.qacc[dof] > 3 * tight.qacc[rigid.joint("index_base").dofadr[0]], "the rotor weighs more than the finger"


def test_without_the_option_nothing_changes_and_with_it_the_whole_robot_still_obeys():
    assert model_digest(hand().compile()) == model_digest(hand(replace(LOOSE, hand=HandDesign())).compile())
    model = humanoid(replace(LOOSE, body=replace(LOOSE.body, base="fixed"))).compile()
    data = mujoco.MjData(model)
    data.ctrl[model.actuator("right_index_base").id] = 1.0
    mujoco.mj_step(model, data, 504)
    assert data.joint("right_index_base").qpos[0] == pytest.approx(1.0, abs=0.04)
    assert np.abs(data.qvel).max() < 0.1


def test_a_file_of_the_model_opens_and_is_as_loose():
    spec = hand(LOOSE)
    model = spec.compile()
    again = mujoco.MjModel.from_xml_string(spec.to_xml())
    assert (again.nv, again.nu, again.ntendon) == (model.nv, model.nu, model.ntendon)
    np.testing.assert_allclose(again.tendon_range, model.tendon_range, rtol=1e-5)
    np.testing.assert_allclose(again.body_mass, model.body_mass, rtol=1e-4)


def test_a_body_feels_the_rotor_and_not_the_joint():
    model = hand_scene(LOOSE).compile()
    body = RobotBody(model, config=RobotBodyConfig(width=16, height=16))
    joint, motor = body.data.joint("index_base"), model.actuator("index_base").id
    for _ in range(9):
        body.act(Action(verb="wait", seconds=1 / 18))
    # Its weight rests on one side of the teeth.
    assert body.proprioception()[0][motor] == pytest.approx(body.data.joint("index_base_rotor").qpos[0], abs=1e-6)
    assert abs(joint.qpos[0] - body.proprioception()[0][motor]) == pytest.approx(PLAY_RAD["index_base"] / 2, rel=0.3)
    body.close()
