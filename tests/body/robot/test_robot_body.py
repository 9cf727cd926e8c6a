import time

import numpy as np
import pytest

from crewless.body.robot.robot_body import RobotBody, RobotBodyConfig
from crewless.body.robot.simple import simple_hand
from crewless.core.conformance import check_body
from crewless.core.errors import ActionUncertain, BadInput, BodyFailure
from crewless.core.messages import Action, Case
from crewless.episodes import Recorder, open_dataset

SMALL = RobotBodyConfig(width=64, height=48)


@pytest.fixture
def body(model):
    body = RobotBody(model, config=SMALL)
    yield body
    body.close()


def move(body, share):
    low, high = body.model.actuator_ctrlrange.T
    return Action(verb="move", joints=tuple(low + share * (high - low)))


def test_the_robot_keeps_the_same_contract_as_the_screen(model):
    check_body(lambda: RobotBody(model, config=SMALL))


def test_a_move_takes_a_control_period_of_two_frames_and_the_joints_follow(body):
    before = body.frame().pixels.copy()
    index = body.frame().index
    for _ in range(18):
        body.act(move(body, 0.15))
    assert body.data.time == pytest.approx(1.0)
    assert body.frame().index == index + 36
    target, reached = body.data.ctrl, body.proprioception()[0]
    spread = [body.model.actuator(f"{finger}_spread").id for finger in ("index", "middle")]
    np.testing.assert_allclose(reached[spread], target[spread], atol=0.05)
    assert (before != body.frame().pixels).any()
    assert body.lost == 0


def test_targets_beyond_the_range_are_cut_and_it_is_said(body):
    action = Action(verb="move", joints=(9.0,) * body.model.nu)
    applied = body.act(action)
    assert applied.action == action
    assert applied.note == "20 of 20 targets cut to their range"
    assert np.array_equal(body.data.ctrl, body.model.actuator_ctrlrange[:, 1])


@pytest.mark.parametrize(
    "action",
    [
        Action(verb="move", joints=(0.0,) * 3),
        Action(verb="move", joints=(float("nan"),) * 20),
        Action(verb="wait", seconds=-1),
        Action(verb="type", text="hello"),
    ],
)
def test_what_a_hand_cannot_do_is_refused_and_nothing_moves(body, action):
    before = body.data.time
    with pytest.raises(BadInput):
        body.act(action)
    assert body.data.time == before


def test_a_camera_that_stops_says_so_is_counted_and_loses_no_physics(body):
    body.act(move(body, 0.5))
    body._camera.close()
    body.act(move(body, 0.5))
    with pytest.raises(BodyFailure, match="'head' has stopped"):
        body.frame()
    assert body.lost == 2
    assert body.data.time == pytest.approx(2 / 18)
    seen = body.ring.count
    body.restart_camera()
    assert body.frame().index == seen


def test_broken_physics_is_dumped_and_never_retried_blindly(model, tmp_path):
    body = RobotBody(model, config=RobotBodyConfig(width=64, height=48, dump_folder=tmp_path / "dumps"))
    body.data.qvel[0] = np.nan
    with pytest.raises(ActionUncertain, match=r"body-0\.npz"):
        body.act(move(body, 0.5))
    assert np.isnan(np.load(tmp_path / "dumps/body-0.npz")["state"]).sum() == 1
    body.close()


def test_a_time_step_that_does_not_fit_the_frame_rate_and_an_unknown_camera_are_refused(model):
    spec = simple_hand()
    spec.option.timestep = 0.002
    with pytest.raises(BadInput, match="does not divide"):
        RobotBody(spec.compile())
    with pytest.raises(BadInput, match=r"'tail'.*head"):
        RobotBody(model, config=RobotBodyConfig(camera="tail"))


def test_an_episode_is_recorded_as_the_screens_are_and_replays_to_the_same_bits(model, tmp_path):
    body = RobotBody(model, config=RobotBodyConfig(width=64, height=48, paced=True))
    with Recorder(body.ring.path, tmp_path / "set") as recorder:
        body.reset()
        recorder.start(Case(id="1"), "scripted", "wave")
        for step in range(9):
            recorder.applied(body.act(move(body, 0.5 + 0.4 * np.sin(step))))
        ended = body.data.qpos.copy()
        time.sleep(0.2)
        recorded = recorder.stop("done")
    body.close()
    assert recorded.rows >= 18
    again = RobotBody(model, config=SMALL)
    for _, applied in open_dataset(tmp_path / "set").applied(0):
        again.act(applied.action)
    assert np.array_equal(again.data.qpos, ended)
    again.close()


def test_whoever_watches_every_physics_step_changes_nothing(body):
    ends, times_s = [], []
    for watch in (None, lambda model, data: times_s.append(data.time)):
        body.watch_steps = watch
        body.reset()
        body.act(move(body, 0.3))
        ends.append(body.data.qpos.copy())
    assert np.array_equal(*ends)
    steps = round(1.0 / 18.0 / body.model.opt.timestep)
    assert np.allclose(times_s, body.model.opt.timestep * np.arange(1, steps + 1))
