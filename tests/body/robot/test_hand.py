import mujoco
import numpy as np
import pytest

from crewless.body.robot.design import FINGERS, Design, HandDesign
from crewless.body.robot.hand import hand, hand_scene


@pytest.fixture(scope="module")
def scene():
    return hand_scene().compile()


def run(model, targets, seconds):
    data = mujoco.MjData(model)
    for name, value in targets.items():
        data.ctrl[model.actuator(name).id] = value
    mujoco.mj_step(model, data, round(seconds / model.opt.timestep))
    return data


def test_the_hand_has_22_degrees_of_freedom_wrist_and_roll_three_and_21_motors(scene):
    names = {scene.joint(number).name for number in range(scene.njnt)}
    assert len(names - {"forearm_roll", "wrist_deviation", "wrist_flexion"}) == 22
    assert (scene.nq, scene.nu, scene.ntendon) == (25, 21, 4)
    assert {scene.site(f"{finger}_tip").name for finger in FINGERS}


def test_a_hand_weighs_what_a_persons_does(scene):
    # de Leva: 0.61 % and 1.62 % of 80 kg; the wrist's ball of 30 g is not in either.
    palm, forearm = (scene.body_subtreemass[scene.body(name).id] for name in ("palm", "forearm"))
    assert palm == pytest.approx(0.488)
    assert forearm - palm == pytest.approx(1.296 + 0.03)


def test_joints_go_where_they_are_told_and_hold_still(scene):
    data = run(scene, {"index_base": 1.0, "thumb_opposition": 1.2, "wrist_flexion": 0.3, "little_arch": 0.3}, 2.0)
    for joint, angle in (("index_base", 1.0), ("thumb_opposition", 1.2), ("wrist_flexion", 0.3), ("little_arch", 0.3)):
        assert data.joint(joint).qpos[0] == pytest.approx(angle, abs=0.03)
    assert np.abs(data.qvel).max() < 0.02


def test_a_curl_bends_middle_and_tip_as_their_springs_share(scene):
    # No contact: k1 q1 = t, k2 q2 = 0.7 t, so q2 / q1 = 0.7 x 0.02 / 0.0225 = 0.622; the phalanx's weight adds a little.
    data = run(scene, {"ring_curl": 1.5}, 2.0)
    middle, tip = data.joint("ring_middle").qpos[0], data.joint("ring_tip").qpos[0]
    assert middle + 0.7 * tip == pytest.approx(1.5, abs=0.03)
    assert tip / middle == pytest.approx(0.622, abs=0.12)


def test_the_tip_goes_on_when_the_middle_phalanx_is_held(scene):
    free = run(scene, {"ring_curl": 1.2}, 2.0).joint("ring_tip").qpos[0]
    spec = hand_scene()
    spec.joint("ring_middle").range = [0.0, 0.3]
    held = run(spec.compile(), {"ring_curl": 1.2}, 2.0).joint("ring_tip").qpos[0]
    assert held > free + 0.4


def test_the_fist_closes_and_nothing_shakes(scene):
    closed = {f"{finger}_{joint}": value for finger in FINGERS[1:] for joint, value in (("base", 1.5), ("curl", 2.3))}
    data = run(scene, closed, 2.0)
    palm = data.site("palm").xpos
    for finger in FINGERS[1:]:
        assert np.linalg.norm(data.site(f"{finger}_tip").xpos - palm) < 0.05
    assert np.abs(data.qvel).max() < 0.1
    assert not any(warning.number for warning in data.warning)


@pytest.mark.parametrize("finger", FINGERS[1:])
def test_the_thumb_meets_every_fingertip(scene, finger):
    from scipy.optimize import minimize

    joints = ["thumb_opposition", "thumb_abduction", "thumb_spread", "thumb_base", "thumb_tip"]
    joints += [f"{finger}_{joint}" for joint in ("spread", "base", "middle", "tip")]
    places = [scene.joint(joint).qposadr[0] for joint in joints]
    bounds = [tuple(scene.joint(joint).range) for joint in joints]
    data = mujoco.MjData(scene)

    def apart(angles):
        data.qpos[places] = angles
        mujoco.mj_kinematics(scene, data)
        return 1e4 * np.sum((data.site("thumb_tip").xpos - data.site(f"{finger}_tip").xpos) ** 2)

    start = [1.4, 0.0, 0.0, 0.3, 0.3, 0.0, 1.0, 0.8, 0.5]
    found = minimize(apart, start, bounds=bounds, method="L-BFGS-B")
    assert np.sqrt(found.fun / 1e4) < 0.004


def test_a_left_hand_is_the_mirror_image():
    right, left = (hand(Design(hand=HandDesign(side=side))).compile() for side in ("right", "left"))
    poses = []
    for model in (right, left):
        data = mujoco.MjData(model)
        for joint, angle in (
            ("index_base", 0.7),
            ("thumb_opposition", 1.0),
            ("ring_spread", 0.2),
            ("little_arch", 0.4),
        ):
            data.joint(joint).qpos[0] = angle
        mujoco.mj_kinematics(model, data)
        poses.append(np.array([data.site(f"{finger}_tip").xpos for finger in FINGERS]))
    np.testing.assert_allclose(poses[0] * [-1, 1, 1], poses[1], atol=1e-9)


def test_fewer_fingers_make_a_smaller_hand():
    model = hand(Design(hand=HandDesign(fingers=("thumb", "index", "middle")))).compile()
    assert (model.nq, model.nu) == (3 + 5 + 8, 3 + 5 + 6)


def test_the_model_opens_from_its_xml(tmp_path):
    spec = hand_scene()
    model = spec.compile()
    (tmp_path / "hand.xml").write_text(spec.to_xml())
    again = mujoco.MjModel.from_xml_path(str(tmp_path / "hand.xml"))
    assert (again.nq, again.nu, again.na) == (model.nq, model.nu, model.na)
    np.testing.assert_allclose(again.actuator_gainprm, model.actuator_gainprm, rtol=1e-4)
    np.testing.assert_allclose(again.body_mass, model.body_mass, rtol=1e-4)
