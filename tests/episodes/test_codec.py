import json

import pytest

from crewless.core.errors import BadInput
from crewless.core.messages import Action, Applied, Box, Case, Decision, Element, Observation, Point, Verdict
from crewless.episodes import codec

ACTION = Action(verb="drag", point=Point(1, 2), to=Point(3, 4), element=5, seconds=0.1)


@pytest.mark.parametrize(
    ("message", "back"),
    [
        (ACTION, codec.action_from),
        (Decision(action=ACTION, confidence=1 / 3, scores={"a": 0.25}, why="ü"), codec.decision_from),
        (Applied(action=ACTION, dispatched_s=1e9 + 0.1, changed_s=2.5, note="n"), codec.applied_from),
        (Case(id="7", slots={"ticket": "7"}), codec.case_from),
        (Verdict(case="7", outcome="wrong", claimed_done=True, evidence={"before": {"status": 1}}), codec.verdict_from),
        (
            Observation(
                elements=(Element(text="x", box=Box(1, 2, 3, 4), kind="radio", state=frozenset({"checked"})),),
                width=5,
                height=6,
                t_s=0.5,
                frame_index=7,
                pointer=Point(8, 9),
            ),
            codec.observation_from,
        ),
    ],
)
def test_a_message_comes_back_from_json_as_it_was(message, back):
    assert back(json.loads(codec.dumps(codec.to_json(message)))) == message


def test_fields_that_hold_their_default_are_left_out():
    assert codec.to_json(Action(verb="done")) == {"verb": "done"}


def test_what_is_not_a_message_is_refused():
    with pytest.raises(BadInput, match="not Action"):
        codec.action_from({"verb": "click", "wings": 2})
    with pytest.raises(BadInput, match="not Case"):
        codec.case_from({})
