import crewless.tasks.manipulation  # noqa: F401, I001  chooses how to draw before mujoco is imported
import mujoco
import numpy as np
import pytest

from crewless.body.robot.hand import hand_scene
from crewless.tasks.manipulation.control import CONTROL_S, Aim, Kinematics, path


@pytest.fixture(scope="module")
def kinematics():
    return Kinematics(hand_scene().compile())


def test_a_path_begins_and_ends_at_rest_and_half_way_in_the_middle():
    # s(1/2) = 10/8 - 15/16 + 6/32 = 1/2
    steps = np.array(list(path(np.zeros(1), np.ones(1), 20 * CONTROL_S)))
    assert len(steps) == 20
    assert steps[9, 0] == pytest.approx(0.5)
    assert steps[-1, 0] == 1.0
    assert steps[0, 0] < 0.002


def test_a_curl_bends_two_joints_as_their_springs_share_it(kinematics):
    # q = c T / k with c = 1, 0.7 and k = 0.02, 0.0225: 50 T and 31.1 T; 1 = 50 T + 0.7 * 31.1 T gives T = 1 / 71.78.
    model = kinematics.model
    targets = np.zeros(model.nu)
    targets[model.actuator("index_curl").id] = 1.0
    kinematics.put(targets)
    assert kinematics.data.joint("index_middle").qpos[0] == pytest.approx(50 / 71.78, abs=1e-3)
    assert kinematics.data.joint("index_tip").qpos[0] == pytest.approx(31.11 / 71.78, abs=1e-3)


def test_inverse_kinematics_finds_a_place_that_forward_kinematics_gave_and_keeps_within_the_ranges(kinematics):
    rng = np.random.default_rng(0)
    free = kinematics.index(["index_spread", "index_base", "index_curl", "wrist_flexion"])
    for _ in range(5):
        targets = np.zeros(kinematics.model.nu)
        targets[free] = kinematics.low[free] + rng.uniform(0.2, 0.8, 4) * (kinematics.high - kinematics.low)[free]
        kinematics.put(targets)
        found, error_m = kinematics.solve(
            {"index_tip": Aim(point=kinematics.site("index_tip"))}, 0 * targets, free=free
        )
        assert error_m < 1e-3
        assert (found >= kinematics.low).all()
        assert (found <= kinematics.high).all()
    _, error_m = kinematics.solve({"index_tip": Aim(point=np.array([1.0, 0.0, 0.0]))}, 0 * targets, free=free)
    assert error_m > 0.5, "what is out of reach is said to be"


def test_nothing_of_the_simulation_is_touched(kinematics):
    data = mujoco.MjData(kinematics.model)
    mujoco.mj_forward(kinematics.model, data)
    before = data.qpos.copy()
    kinematics.follow(data)
    kinematics.put(np.full(kinematics.model.nu, 0.1))
    assert np.array_equal(data.qpos, before)
