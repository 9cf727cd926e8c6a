import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from crewless.body.robot.gym_env import FingertipReachEnv
from crewless.core.errors import BadInput


@pytest.fixture
def env():
    env = FingertipReachEnv(render_mode="rgb_array")
    yield env
    env.close()


# Angles and speeds have no bounds by nature, which the checker finds worth a warning.
@pytest.mark.filterwarnings("ignore:.*observation space (minimum|maximum) value is -?infinity.*:UserWarning")
def test_gymnasiums_own_checker_finds_nothing(env):
    check_env(env, skip_render_check=True)
    assert env.render().shape == (240, 320, 3)


def reach(env, seed):
    """Inverse kinematics by damped least squares on a copy of the model; True when the tip arrives."""
    observation, _ = env.reset(seed=seed)
    model, data = env._body.model, mujoco.MjData(env._body.model)
    goal, site, jacobian = observation[-3:], env._tip, np.zeros((3, model.nv))
    for _ in range(200):
        mujoco.mj_forward(model, data)
        mujoco.mj_jacSite(model, data, jacobian, None, site)
        error = goal - data.site_xpos[site]
        step = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-4 * np.eye(3), error)
        data.qpos[:] = np.clip(data.qpos + 0.5 * step, env._low, env._high)
    for _ in range(90):
        _, _, reached, cut, _ = env.step(2 * (data.qpos - env._low) / (env._high - env._low) - 1)
        if reached or cut:
            return reached
    return False


def test_inverse_kinematics_reaches_and_still_hands_do_not(env):
    assert sum(reach(env, seed) for seed in range(10)) >= 9
    still = 0
    for seed in range(10):
        env.reset(seed=seed)
        results = [env.step(-2 * env._low / (env._high - env._low) - 1) for _ in range(20)]
        still += any(result[2] for result in results)
    assert still == 0


def test_another_number_of_joints_and_another_mode_are_refused(env):
    with pytest.raises(BadInput, match=r"\(3,\)"):
        env.step(np.zeros(3))
    with pytest.raises(BadInput, match="ascii"):
        FingertipReachEnv(render_mode="ascii")
