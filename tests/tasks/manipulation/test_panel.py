import numpy as np
import pytest

from crewless.core.messages import Action
from crewless.tasks.manipulation import ManipulationConfig, PanelPlaceTask
from crewless.tasks.manipulation.arm import Pose, pose_of
from crewless.tasks.manipulation.panel import LOAD_LIMIT_N, MASS_KG, goal_of, put_panel, rails_at
from crewless.tasks.manipulation.stage import given, touching


@pytest.fixture
def scene(tmp_path):
    """A case laid out: the task, its robot, its case, and a way to ask the judge who is told that it was done."""
    task = PanelPlaceTask(ManipulationConfig(num_cases=1, seed=4))
    task.setup(tmp_path)
    body, verifier, case = task.open(), task.verifier(), task.cases()[0]
    before = verifier.before(case)
    yield task, body, given(case), lambda: verifier.judge(case, before, claimed_done=True)
    body.close()


def turned(axis, degrees):
    """About an axis (Rodrigues)."""
    x, y, z = np.array(axis, float) / np.linalg.norm(axis)
    cross, angle = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]), np.radians(degrees)
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return Pose(place=np.zeros(3), turn=turn)


def lay(scene, pose):
    """The case anew, but the panel lies elsewhere."""
    task, body, numbers, _ = scene

    def start(model, data):
        task.lay(model, data, numbers)
        put_panel(model, data, pose)

    body.reset(start)
    task.begin(body)


def test_the_oracle_is_right_only_once_its_hand_has_let_go(scene):
    task, body, numbers, judge = scene
    seen = set()
    for period, row in enumerate(task.script(body, numbers)):
        body.act(Action(verb="move", joints=tuple(row)))
        touched = touching(body.model, body.data, "panel")
        by_hand = any(name.startswith("right_") for name in touched)
        seen.add(("hand" if by_hand else "alone", *sorted(touched & {"rack", "mount"})))
        if by_hand and period % 12 == 0:
            assert judge().outcome == "wrong"
    # In the rack, taken there, in the air, on the mount but still held, alone on the mount.
    assert {("alone", "rack"), ("hand", "rack"), ("hand",), ("hand", "mount"), ("alone", "mount")} <= seen
    verdict = judge()
    assert verdict.outcome == "right"
    # Gripped firmly, and no glass is broken.
    assert 40.0 < verdict.evidence["heaviest_load_n"] < LOAD_LIMIT_N
    assert 0.05 < verdict.evidence["hottest_share_of_limit"] < 1.0


def test_a_panel_that_lies_on_the_rails_is_judged_by_10_mm_and_3_degrees(scene):
    _, body, numbers, judge = scene
    goal = goal_of(numbers)
    for pose, outcome in (
        (goal, "right"),
        (goal.moved([0.008, 0.004, 0.0]), "right"),
        (goal.moved([0.008, 0.008, 0.0]), "wrong"),
        (goal @ turned([0, 0, 1], 2.0), "right"),
        (goal @ turned([0, 0, 1], 4.0), "wrong"),
    ):
        lay(scene, pose)
        body.act(Action(verb="wait", seconds=0.2))
        assert judge().outcome == outcome


def test_a_panel_over_the_mount_or_leaning_on_it_is_wrong(scene):
    _, body, numbers, judge = scene
    goal = goal_of(numbers)
    lay(scene, goal.moved([0.0, 0.0, 0.006]))
    assert judge().outcome == "wrong", "it is not at rest"
    # Its near edge before the stops, its back on the rails' ends.
    lay(scene, goal.moved([-0.15, 0.0, 0.02]) @ turned([0, 1, 0], -35.0))
    body.act(Action(verb="wait", seconds=1.0))
    assert judge().outcome == "wrong"
    # Beside its place: on one rail and the edge of the other's stop.
    lay(scene, goal.moved([-0.012, 0.0, 0.012]) @ turned([0, 1, 0], -3.0))
    body.act(Action(verb="wait", seconds=1.0))
    assert judge().outcome == "wrong"


def test_a_panel_that_was_dropped_onto_its_place_is_broken(scene):
    _, body, numbers, judge = scene
    lay(scene, goal_of(numbers).lifted(0.02))
    body.act(Action(verb="wait", seconds=2.0))
    verdict = judge()
    assert verdict.evidence["heaviest_load_n"] > LOAD_LIMIT_N
    assert verdict.evidence["harm"]
    assert verdict.outcome == "wrong"


def test_the_panel_weighs_what_its_parts_do_and_feels_its_own_weight(scene):
    task, body, numbers, _ = scene
    assert task.spec().compile().body("panel").mass[0] == pytest.approx(MASS_KG)
    body.act(Action(verb="wait", seconds=0.5))
    felt_n = body.data.sensor("panel_load").data[0]
    assert felt_n == pytest.approx(9.81 * numbers["mass"], rel=0.02), "the level rack bears it"


def test_the_rails_slope_towards_the_robot(scene):
    _, _, numbers, _ = scene
    mount = rails_at(numbers, "mount")
    far, near = mount.moved([0.1, 0, 0]).place, mount.moved([-0.1, 0, 0]).place
    assert far[2] - near[2] == pytest.approx(0.2 * np.sin(numbers["mount_tilt"]))
    assert np.hypot(*far[:2]) > np.hypot(*near[:2])


def test_poses_compose_and_come_back():
    pose = Pose(place=np.array([0.1, -0.2, 0.3]), turn=turned([1, 2, 3], 40.0).turn)
    there = pose @ pose.inverse()
    assert np.allclose(there.place, 0.0)
    assert there.angle == pytest.approx(0.0, abs=1e-6)
    assert turned([0, 0, 1], 30.0).angle == pytest.approx(np.radians(30.0))
    ends = [Pose(place=np.array([x, y, 0.0]), turn=np.eye(3)) for x, y in ((1.0, 0.0), (0.0, 1.0))]
    assert np.allclose(ends[0].around(ends[1], 0.5).place, [0.5**0.5, 0.5**0.5, 0.0])
    assert np.allclose(ends[0].toward(ends[1], 0.5).place, [0.5, 0.5, 0.0])


def test_the_robot_keeps_its_hand_in_the_picture(scene):
    task, body, numbers, _ = scene
    camera = body.model.camera("head").id
    for period, row in enumerate(task.script(body, numbers)):
        body.act(Action(verb="move", joints=tuple(row)))
        if period == 60:
            break
    look = -body.data.cam_xmat[camera].reshape(3, 3)[:, 2]
    to_hand = pose_of(body.data, "right_palm").place - body.data.cam_xpos[camera]
    angle = np.degrees(np.arccos(look @ to_hand / np.linalg.norm(to_hand)))
    assert angle < 15.0
