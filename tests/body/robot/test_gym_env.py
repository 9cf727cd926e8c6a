from dataclasses import replace

import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from crewless.body.robot.design import Design
from crewless.body.robot.gym_env import COLDEST_C, HOTTEST_C, FingertipReachEnv
from crewless.core.errors import BadInput


@pytest.fixture(scope="module")
def env():
    env = FingertipReachEnv(render_mode="rgb_array")
    yield env
    env.close()


# Angles and speeds have no bounds by nature, which the checker finds worth a warning.
@pytest.mark.filterwarnings("ignore:.*observation space (minimum|maximum) value is -?infinity.*:UserWarning")
def test_gymnasiums_own_checker_finds_nothing(env):
    check_env(env, skip_render_check=True)
    assert env.render().shape == (240, 320, 3)


def angles_for(model, targets):
    """The joints' angles for the actuators' targets; a curl's goes to middle and tip as their springs divide it. Shape (nq,)."""
    angles = np.zeros(model.nq)
    for number, target in enumerate(targets):
        name = model.actuator(number).name
        if not name.endswith("_curl"):
            angles[model.joint(name).qposadr[0]] = target
            continue
        # Springs of 0.02 and 0.0225 N m / rad on pulleys of 1 and 0.7: tip / middle = 0.7 * 0.02 / 0.0225.
        share = 0.7 * 0.02 / 0.0225
        middle = target / (1 + 0.7 * share)
        angles[model.joint(name.replace("curl", "middle")).qposadr[0]] = middle
        angles[model.joint(name.replace("curl", "tip")).qposadr[0]] = share * middle
    return angles


def reach(env, seed):
    """Inverse kinematics by damped least squares on a copy of the model; True when the tip arrives."""
    observation, _ = env.reset(seed=seed)
    model, data = env._body.model, mujoco.MjData(env._body.model)
    goal, site, jacobian = observation[-3:], env._tip, np.zeros((3, model.nv))
    spread = np.stack([angles_for(model, row) for row in np.eye(model.nu)], axis=1)
    targets = np.zeros(model.nu)
    for _ in range(200):
        data.qpos[:] = angles_for(model, targets)
        mujoco.mj_forward(model, data)
        mujoco.mj_jacSite(model, data, jacobian, None, site)
        moves = jacobian @ spread
        step = moves.T @ np.linalg.solve(moves @ moves.T + 1e-4 * np.eye(3), goal - data.site_xpos[site])
        targets = np.clip(targets + 0.5 * step, env._low, env._high)
    for _ in range(90):
        _, _, reached, cut, _ = env.step(2 * (targets - env._low) / (env._high - env._low) - 1)
        if reached or cut:
            return reached
    return False


def test_inverse_kinematics_reaches_and_still_hands_do_not(env):
    assert sum(reach(env, seed) for seed in range(10)) >= 9
    still = 0
    for seed in range(10):
        env.reset(seed=seed)
        results = [env.step(-2 * env._low / (env._high - env._low) - 1) for _ in range(5)]
        still += any(result[2] for result in results)
    assert still == 0


def test_the_observation_has_the_windings_temperatures_in_degrees(env):
    cold, _ = env.reset(seed=1)
    np.testing.assert_allclose(cold[env.temperatures], Design().ambient_c)
    low, high = env.observation_space.low[env.temperatures], env.observation_space.high[env.temperatures]
    assert (low == np.float32(COLDEST_C)).all()
    assert (high == np.float32(HOTTEST_C)).all()
    assert len(low) == env.action_space.shape[0]
    # A finger that is thrown to and fro for a second gets warm; another that is held does not.
    moved, held = (env._body.model.actuator(name).id for name in ("index_base", "ring_spread"))
    still = -2 * env._low / (env._high - env._low) - 1
    rise = np.zeros(len(env._low))
    for step in range(18):
        still[moved] = 1.0 if step // 3 % 2 == 0 else -1.0
        warm, *_, info = env.step(still)
        rise = np.maximum(rise, warm[env.temperatures] - cold[env.temperatures])
    assert rise[moved] > 0.5
    assert abs(rise[held]) < 0.1 * rise[moved]
    np.testing.assert_allclose(warm[env.temperatures], env._windings.celsius, rtol=1e-6)
    assert info["overheated"] == 0


def test_another_number_of_joints_another_mode_and_a_hand_without_its_finger_are_refused(env):
    with pytest.raises(BadInput, match=r"\(3,\)"):
        env.step(np.zeros(3))
    with pytest.raises(BadInput, match="ascii"):
        FingertipReachEnv(render_mode="ascii")
    two = Design(hand=replace(Design().hand, fingers=("thumb", "middle")))
    with pytest.raises(BadInput, match="index finger"):
        FingertipReachEnv(design=two)
