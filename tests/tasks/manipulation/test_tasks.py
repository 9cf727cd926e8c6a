import dataclasses

import numpy as np
import pytest

from crewless.core.case_loop import work_case
from crewless.core.conformance import check_task
from crewless.core.errors import BadInput, RecordUnreachable
from crewless.core.messages import Action, Applied, Case, Decision
from crewless.core.perception import Blind
from crewless.tasks.manipulation import TASKS, CarryTask, ManipulationConfig, PinchLiftTask
from crewless.tasks.manipulation.carry import KeepStill
from crewless.tasks.manipulation.grasp import Grasp, Trial, TrialConfig, plan
from crewless.tasks.manipulation.shapes import SHAPES

ONE = ManipulationConfig(num_cases=1, seed=3)


@pytest.mark.parametrize("kind", [kind for kind in TASKS if kind is not CarryTask], ids=lambda kind: kind.name)
def test_the_oracle_passes_and_doing_nothing_fails(kind, tmp_path):
    check_task(lambda: kind(ONE), tmp_path, max_steps=kind.max_steps)


def test_carrying_passes_with_the_coolest_posture(tmp_path):
    check_task(lambda: CarryTask(ONE, seconds=90), tmp_path, max_steps=300)


def test_carrying_as_it_began_overheats_the_shoulder(tmp_path):
    task = CarryTask(ONE, seconds=120)
    task.setup(tmp_path)
    body, verifier, case = task.open(), task.verifier(), task.cases()[0]
    before = verifier.before(case)
    work = work_case(body, Blind(), KeepStill(task.seconds), case, max_steps=task.max_steps)
    verdict = verifier.judge(case, before, claimed_done=work.claimed_done)
    body.close()
    assert verdict.silent_wrong
    assert verdict.evidence["hottest"] == "right_shoulder_pitch"
    assert verdict.evidence["hottest_share_of_limit"] > 1.0
    assert verdict.evidence["carried_s"] >= 120


class Touch:
    """Closes the fingers where they are, in the air."""

    def __init__(self, nu):
        self._left, self._nu = 20, nu

    def reset(self, case: Case) -> None:
        self._left = 20

    def decide(self, observation) -> Decision:
        self._left -= 1
        done = self._left < 0
        return Decision(action=Action(verb="done") if done else Action(verb="move", joints=(0.3,) * self._nu))

    def applied(self, applied: Applied) -> None:
        pass


def test_moving_without_lifting_is_wrong_when_claimed_and_judging_twice_says_the_same(tmp_path):
    task = PinchLiftTask(ONE)
    task.setup(tmp_path)
    body, verifier, case = task.open(), task.verifier(), task.cases()[0]
    before = verifier.before(case)
    work_case(body, Blind(), Touch(body.model.nu), case)
    state = body.data.qpos.copy()
    first, second = (verifier.judge(case, before, claimed_done=True) for _ in range(2))
    assert first.outcome == second.outcome == "wrong"
    assert first.evidence == second.evidence
    assert np.array_equal(state, body.data.qpos), "the judge changes nothing"
    assert verifier.judge(case, before, claimed_done=False).outcome == "handed_over"
    body.close()


def test_cases_come_from_the_seed_and_hold_numbers_only(tmp_path):
    tasks = [PinchLiftTask(ManipulationConfig(num_cases=3, seed=seed)) for seed in (1, 1, 2)]
    for task in tasks:
        task.setup(tmp_path)
    same, again, other = (task.cases() for task in tasks)
    assert same == again
    assert same != other
    assert all(float(value) == float(value) for case in same for value in case.slots.values())


def test_what_cannot_be_posed_is_refused(tmp_path):
    with pytest.raises(BadInput, match="num_cases is 0"):
        PinchLiftTask(ManipulationConfig(num_cases=0))
    with pytest.raises(RecordUnreachable, match="not been set up"):
        PinchLiftTask().open()
    with pytest.raises(BadInput, match="1 to 36000"):
        CarryTask(seconds=0)
    with pytest.raises(RecordUnreachable, match="no robot is open"):
        PinchLiftTask().verifier().before(Case(id="1"))


def test_the_planner_holds_a_pencil_and_a_full_jar_against_gravity():
    for name in ("rod 5 x 100 mm", "rod 90 x 120 mm"):
        trial = Trial(next(shape for shape in SHAPES if shape.name == name))
        grasp = plan(trial, finalists=2)
        assert grasp is not None
        assert trial.close(grasp)
        assert np.isfinite(trial.shake(1.0)).all()


def test_a_box_is_taken_from_a_table_in_another_world_than_it_was_planned_in():
    box = next(shape for shape in SHAPES if shape.name == "box 40 x 40 x 40 mm")
    planner = Trial(box, TrialConfig(table=True))
    grasp = plan(planner, finalists=1)
    assert grasp is not None
    other = TrialConfig(friction=0.75, mass=1.2, shift_m=(0.003, 0.004, 1.0), turn_rad=0.087, table=True)
    judge = Trial(box, other)
    thing = judge.model.body("thing").id
    assert judge.model.body_mass[thing] == pytest.approx(1.2 * planner.model.body_mass[thing])
    assert judge.model.body_inertia[thing] == pytest.approx(1.2 * planner.model.body_inertia[thing])
    assert judge.model.geom_friction[:, 0] == pytest.approx(0.75 * planner.model.geom_friction[:, 0])
    assert judge.close(grasp)
    assert np.isfinite(judge.shake(0.5)).all()
    # A hand that does not close leaves it on the table, and so does one that comes down where nothing lies.
    assert not judge.close(dataclasses.replace(grasp, closed=grasp.opened))
    beside = Trial(box, dataclasses.replace(other, shift_m=(0.12, 0.0, 0.0)))
    assert not beside.close(grasp)


def test_a_thing_on_a_table_lies_there_by_its_weight_until_it_is_lifted():
    ball = next(shape for shape in SHAPES if shape.name == "ball 40 mm")
    trial = Trial(ball, TrialConfig(table=True))
    open_hand = np.zeros(trial.model.nu)
    still = Grasp(
        way="none",
        centre_m=np.array([0.0, 0.1, 0.12]),
        quat=np.array([1.0, 0, 0, 0]),
        opened=open_hand,
        closed=open_hand,
    )
    assert not trial.close(still, seconds=0.2)
    # It sank with the table by 15 cm, away from the palm.
    assert trial.where()[2] == pytest.approx(0.12 + 0.15, abs=0.005)


def test_thirty_shapes_of_five_kinds_from_10_g_to_2_kg():
    assert len(SHAPES) == len({shape.name for shape in SHAPES}) == 30
    assert {shape.kind for shape in SHAPES} == {"sphere", "cylinder", "box", "disc", "tool"}
    assert min(shape.mass_kg for shape in SHAPES) == 0.01
    assert max(shape.mass_kg for shape in SHAPES) == 2.0
    thin = [min(shape.grip_m) for shape in SHAPES]
    assert min(thin) == pytest.approx(0.005)
    assert max(max(shape.grip_m) for shape in SHAPES) == pytest.approx(0.12)
