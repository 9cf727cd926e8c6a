import crewless.tasks.manipulation  # noqa: F401, I001  chooses how to draw before mujoco is imported
import mujoco
import numpy as np
import pytest

from crewless.body.robot.hand import set_options
from crewless.core.messages import Action
from crewless.core.perception import Blind
from crewless.core.case_loop import work_case
from crewless.tasks.manipulation import ConnectorTask, ManipulationConfig
from crewless.tasks.manipulation.connector import (
    GRIP_M,
    HOME_M,
    PIN_M,
    add_plug,
    add_socket,
    pin,
    push_on_socket_n,
    socket_axes,
)
from crewless.tasks.manipulation.stage import given

LEVEL = {"socket_x": 0.2, "socket_y": 0.0, "socket_z": 0.12, "socket_yaw": 0.0, "socket_tilt": 0.0}
HOME_AT_M = 0.0227
TIP_M = GRIP_M[0] / 2 + PIN_M


class Bench:
    """Plug and socket without weight and without a hand; what pushes the plug is a force on it."""

    def __init__(self):
        spec = mujoco.MjSpec()
        set_options(spec)
        spec.option.gravity = [0, 0, 0]
        add_plug(spec, "thing", (0, 0, 0.12))
        add_socket(spec, "socket")
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        assert self.model.joint("thing").qposadr[0] == 0

    def put(self, depth_m, *, beside_m=0.0, roll=0.0):
        mujoco.mj_resetData(self.model, self.data)
        put(self.model, self.data, LEVEL, depth_m, beside_m=beside_m, roll=roll)
        mujoco.mj_forward(self.model, self.data)

    def push(self, force_n, seconds=0.8):
        """A force along the hole that grows over half of the time; how deep the pin then is, m.

        A soft hand's springs (500 N/m, 0.5 N m/rad) keep the plug beside and turned as it is, as far as the socket lets them.
        """
        data, plug = self.data, self.model.body("thing").id
        start, quat, turn = data.qpos[:3].copy(), data.qpos[3:7].copy(), np.empty(3)
        steps = round(seconds / self.model.opt.timestep)
        for step in range(steps):
            force = 500.0 * (start - data.qpos[:3]) - 6.0 * data.qvel[:3]
            force[0] = min(1.0, 2 * step / steps) * force_n - 6.0 * data.qvel[0]
            mujoco.mju_subQuat(turn, quat, data.qpos[3:7])
            data.xfrc_applied[plug, :3] = force
            data.xfrc_applied[plug, 3:] = data.xmat[plug].reshape(3, 3) @ (0.5 * turn - 2e-3 * data.qvel[3:6])
            mujoco.mj_step(self.model, data)
        return pin(data, LEVEL)[0]


def put(model, data, place, depth_m, *, beside_m=0.0, roll=0.0):
    """The plug before or in the socket, its pin so deep and so far beside the axis."""
    axes, quat = socket_axes(place), np.empty(4)
    mujoco.mju_mat2Quat(quat, axes.ravel())
    turned = np.empty(4)
    mujoco.mju_mulQuat(turned, quat, np.array([np.cos(roll / 2), np.sin(roll / 2), 0, 0]))
    mouth = np.array([place["socket_x"], place["socket_y"], place["socket_z"]])
    first = model.joint("thing").qposadr[0]
    data.qpos[first : first + 3] = mouth + axes @ [depth_m - TIP_M, beside_m, 0.0]
    data.qpos[first + 3 : first + 7] = turned
    data.qvel[:] = 0


@pytest.fixture(scope="module")
def bench():
    return Bench()


def test_the_catch_lets_the_pin_in_between_22_and_40_n(bench):
    bench.put(-0.008)
    assert bench.push(22.0) < 0.016
    bench.put(-0.008)
    assert bench.push(40.0) > HOME_M
    assert bench.push(0.0) == pytest.approx(HOME_AT_M, abs=0.0005), "and lies in its groove"


def test_the_catch_holds_35_n_and_gives_way_to_60(bench):
    bench.put(HOME_AT_M)
    assert bench.push(-35.0) > HOME_M
    bench.put(HOME_AT_M)
    assert bench.push(-60.0) < 0.0


def test_the_lips_lead_a_pin_in_that_comes_3_mm_beside_and_stop_one_at_12_mm(bench):
    bench.put(-0.010, beside_m=0.003)
    assert bench.push(40.0) > HOME_M
    bench.put(-0.010, beside_m=0.012)
    assert bench.push(30.0) < 0.005


def test_the_key_stops_a_plug_that_is_turned_by_half_a_radian(bench):
    bench.put(-0.008, roll=0.1)
    assert bench.push(40.0) > HOME_M
    # The key begins 14.5 mm behind the tip: it meets the socket's face when the pin is about so deep.
    for roll in (0.5, np.pi):
        bench.put(-0.008, roll=roll)
        assert bench.push(40.0) < 0.018


def test_the_push_on_the_socket_is_the_push_on_the_plug(bench):
    bench.put(HOME_AT_M)
    bench.push(40.0)
    assert push_on_socket_n(bench.model, bench.data) == pytest.approx(40.0, abs=1.0)
    bench.push(-8.0)
    assert push_on_socket_n(bench.model, bench.data) == 0.0


@pytest.fixture
def laid(tmp_path):
    """The task with its first case laid out: task, body, verifier, case, what was before."""
    task = ConnectorTask(ManipulationConfig(num_cases=2, seed=5))
    task.setup(tmp_path)
    body, verifier, case = task.open(), task.verifier(), task.cases()[0]
    yield task, body, verifier, case, verifier.before(case)
    body.close()


def test_a_case_has_the_plug_on_its_block_and_the_socket_where_the_slots_say(laid):
    _, body, _, case, before = laid
    place, data = given(case), body.data
    assert data.body("thing").xpos == pytest.approx([place["x"], place["y"], 0.05])
    assert data.body("socket").xpos == pytest.approx([place["socket_x"], place["socket_y"], place["socket_z"]])
    assert data.body("socket").xmat.reshape(3, 3) == pytest.approx(socket_axes(place))
    into = data.body("socket").xmat.reshape(3, 3)[:, 0]
    assert np.arctan2(into[1], into[0]) == pytest.approx(place["socket_yaw"])
    assert np.arcsin(-into[2]) == pytest.approx(place["socket_tilt"])
    assert body.model.body("thing").mass[0] == pytest.approx(place["mass"])
    assert -2000.0 * body.model.joint("socket_left").qpos_spring[0] == pytest.approx(place["catch"])
    assert not before["right"]
    assert before["touched_by"] == ["block"]
    assert before["depth_m"] < -0.05


@pytest.mark.parametrize(
    ("depth_m", "beside_m", "outcome"),
    [(HOME_AT_M, 0.0, "right"), (HOME_AT_M, 0.04, "wrong"), (-0.004, 0.0, "wrong"), (0.012, 0.0, "wrong")],
    ids=["home", "as deep, but beside the socket", "touching its lips", "in front of the catch"],
)
def test_only_a_plug_that_is_home_is_right(laid, depth_m, beside_m, outcome):
    _, body, verifier, case, before = laid
    put(body.model, body.data, given(case), depth_m, beside_m=beside_m)
    mujoco.mj_forward(body.model, body.data)
    verdict = verifier.judge(case, before, claimed_done=True)
    assert verdict.outcome == outcome, verdict.evidence


def test_a_plug_that_is_home_but_still_in_the_hand_is_not_right_yet(laid):
    task, body, verifier, case, before = laid
    for targets in task.script(body, given(case)):
        body.act(Action(verb="move", joints=tuple(targets)))
        if pin(body.data, given(case))[0] > HOME_M + 0.001:
            break
    verdict = verifier.judge(case, before, claimed_done=True)
    assert verdict.outcome == "wrong"
    assert verdict.evidence["depth_after_1_s_m"] > HOME_M
    assert any(name.startswith("right_") for name in verdict.evidence["touched_by"])


def test_a_socket_that_was_pushed_with_150_n_is_broken_even_with_the_plug_home(laid):
    _, body, verifier, case, before = laid
    put(body.model, body.data, given(case), HOME_AT_M)
    body.data.xfrc_applied[body.model.body("thing").id, :3] = 150.0 * socket_axes(given(case))[:, 0]
    body.act(Action(verb="wait", seconds=0.2))
    body.data.xfrc_applied[:] = 0.0
    body.act(Action(verb="wait", seconds=0.5))
    verdict = verifier.judge(case, before, claimed_done=True)
    assert verdict.evidence["right"]
    assert verdict.evidence["harm"]
    assert verdict.outcome == "wrong"
    assert not verifier.before(case)["harm"], "the next case begins whole"


def test_the_oracle_plugs_in_with_less_than_its_limit_and_lets_go(laid):
    task, body, verifier, _, _ = laid
    oracle = task.oracle(body)
    for case in task.cases():
        before = verifier.before(case)
        work = work_case(body, Blind(), oracle, case, max_steps=task.max_steps)
        verdict = verifier.judge(case, before, claimed_done=work.claimed_done)
        assert verdict.outcome == "right", verdict.evidence
        assert verdict.evidence["touched_by"] == ["socket", "socket_left", "socket_right"]
        assert 15.0 < verdict.evidence["push_n"] < 45.0


def test_a_hand_that_sees_the_socket_2_mm_beside_still_plugs_in(laid):
    task, body, verifier, case, before = laid
    seen = {**given(case), "socket_y": given(case)["socket_y"] + 0.002}
    for targets in task.script(body, seen):
        body.act(Action(verb="move", joints=tuple(targets)))
    assert verifier.judge(case, before, claimed_done=True).outcome == "right"
