"""The worker's loop, with a body, a perception and a policy that only write down what was asked of them."""

import time

import numpy as np
import pytest

from crewless.core.case_loop import work_case
from crewless.core.errors import DisplayDied
from crewless.core.messages import Action, Applied, Case, Decision, Frame, Observation, Point

CASE = Case(id="7", slots={"ticket": "7"})
CLICK = Action(verb="click", point=Point(1, 1))


class Fakes:
    """Body, perception and policy in one, so that the order of calls is one list."""

    def __init__(self, *actions: Action, dies_at: int | None = None):
        self.actions = list(actions)
        self.dies_at = dies_at
        self.calls: list[str] = []

    def frame(self):
        self.calls.append("frame")
        return Frame(pixels=np.zeros((4, 4, 3), np.uint8), t_s=0.0, index=self.calls.count("frame"))

    def act(self, action):
        self.calls.append(f"act {action.verb}")
        if self.dies_at == self.calls.count(f"act {action.verb}"):
            raise DisplayDied("display :9 is gone")
        return Applied(action=action, dispatched_s=time.monotonic(), note="corrected")

    def settle(self, timeout_s=5.0):
        return self.frame()

    def close(self): ...

    def perceive(self, frame):
        self.calls.append("perceive")
        return Observation(elements=(), width=4, height=4, t_s=0.0, frame_index=frame.index)

    def reset(self, case=None):
        self.calls.append(f"reset {case.id}" if case else "forget")

    def decide(self, observation):
        self.calls.append("decide")
        return Decision(action=self.actions.pop(0) if self.actions else CLICK)

    def applied(self, applied):
        self.calls.append(f"applied {applied.note}")


def work(fakes, **options):
    return work_case(fakes, fakes, fakes, CASE, **options)


def test_a_case_goes_frame_perceive_decide_act_applied_until_done():
    fakes = Fakes(CLICK, Action(verb="done"))
    result = work(fakes)
    look = ["frame", "perceive", "decide"]
    assert fakes.calls == ["reset 7", *look, "act click", "applied corrected", *look]
    assert (result.claimed_done, result.reason) == (True, "")
    assert [step.applied is None for step in result.steps] == [False, True]
    assert [step.observation.frame_index for step in result.steps] == [1, 2]


def test_a_hand_over_carries_its_reason_and_claims_nothing():
    result = work(Fakes(Action(verb="hand_over", text="two teams are as likely")))
    assert (result.claimed_done, result.reason) == (False, "two teams are as likely")


def test_a_policy_that_never_ends_is_stopped_and_claims_nothing():
    result = work(Fakes(), max_steps=5)
    assert (result.claimed_done, result.reason, len(result.steps)) == (False, "not finished after 5 actions", 5)


def test_each_step_is_reported_when_it_is_made():
    seen = []
    fakes = Fakes(CLICK, Action(verb="done"))
    result = work(fakes, on_step=seen.append)
    assert tuple(seen) == result.steps


def test_a_body_that_dies_is_neither_done_nor_handed_over():
    with pytest.raises(DisplayDied, match=":9"):
        work(Fakes(dies_at=2))


GIVE_UP = Action(verb="hand_over", text="no")


@pytest.mark.parametrize(
    ("actions", "touched"),
    [
        ([GIVE_UP], False),
        ([Action(verb="wait", seconds=1), Action(verb="scroll", amount=2), GIVE_UP], False),
        ([Action(verb="scroll", amount=2), CLICK, GIVE_UP], True),
        ([Action(verb="key", text="F5"), GIVE_UP], True),
        ([Action(verb="move", joints=(0.1,)), GIVE_UP], True),
    ],
)
def test_whatever_was_clicked_typed_or_moved_counts_as_touched(actions: list[Action], touched: bool):
    assert work(Fakes(*actions)).touched is touched


@pytest.mark.parametrize("said", [True, False])
def test_a_policy_that_knows_what_it_has_touched_is_believed(said: bool):
    fakes = Fakes(CLICK, GIVE_UP)
    fakes.touched = said
    assert work(fakes).touched is said
