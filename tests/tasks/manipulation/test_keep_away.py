import numpy as np
import pytest
from pettingzoo.test import parallel_api_test

from crewless.core.errors import BadInput
from crewless.tasks.manipulation.keep_away import CHASER, KEEPER, KeepAwayEnv, chase, flee


def play(env, seed, keeper):
    seen, _ = env.reset(seed=seed)
    rewards = {KEEPER: 0.0, CHASER: 0.0}
    over = {}
    while env.agents:
        seen, reward, _, over, _ = env.step({KEEPER: keeper(seen[KEEPER]), CHASER: chase(seen[CHASER])})
        rewards = {agent: rewards[agent] + reward[agent] for agent in rewards}
    return over[KEEPER], rewards


def test_pettingzoos_own_check_finds_nothing():
    parallel_api_test(KeepAwayEnv(1.0), num_cycles=30)


def test_who_flees_keeps_and_who_stays_is_caught_and_the_game_is_zero_sum():
    env = KeepAwayEnv(4.0)
    kept, rewards = play(env, 1, flee)
    assert kept
    assert rewards[KEEPER] == pytest.approx(1.0)
    caught, lost = play(env, 1, lambda _: np.zeros(3, np.float32))
    assert not caught
    assert lost[KEEPER] < 0
    assert lost[KEEPER] == -lost[CHASER]


def test_the_same_seed_plays_the_same_game_and_bad_actions_are_refused():
    env = KeepAwayEnv(1.0)
    assert play(env, 5, flee) == play(env, 5, flee)
    env.reset(seed=1)
    with pytest.raises(BadInput, match="three numbers"):
        env.step({KEEPER: np.zeros(2), CHASER: np.zeros(3)})
    with pytest.raises(BadInput, match=r"0\.5 to 600"):
        KeepAwayEnv(0)
