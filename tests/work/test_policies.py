"""Recordings reach a sealed worker by a file."""

import gzip

import pytest

from crewless.core.errors import BadInput, CorruptRecording
from crewless.core.messages import Action, Box, Case, Demonstration, Element, Observation, Point
from crewless.work.policies import BASELINES, load_baseline, load_demonstrations, save_demonstrations

ELEMENT = Element(
    text='Größe "1" ✓', box=Box(1, 2, 30, 40), kind="checkbox", label="a", state=frozenset({"checked"}), confidence=0.5
)
SCREEN = Observation(
    elements=(ELEMENT,), width=64, height=48, t_s=1.1, frame_index=3, pointer=Point(5, 6), lines_read=1, cpu_s=0.1
)
STEPS = tuple(
    (SCREEN, action)
    for action in (
        Action(verb="type", point=Point(5, 6), text="17", source="ticket", element=0),
        Action(verb="drag", point=Point(1, 1), to=Point(2, 2)),
        Action(verb="scroll", amount=-3),
        Action(verb="wait", seconds=0.15),
    )
)


def shown(case: str = "17", verdict="right") -> Demonstration:
    return Demonstration(case=Case(id=case, slots={"ticket": case}), steps=STEPS, last=SCREEN, verdict=verdict)


def test_what_is_saved_is_what_is_loaded(tmp_path):
    demonstrations = [shown(), shown("18", None), Demonstration(case=Case(id="19"), steps=(), last=SCREEN)]
    assert load_demonstrations(save_demonstrations(demonstrations, tmp_path)) == demonstrations


DAMAGED = {
    "not gzip": b"not gzip",
    "broken in the middle": gzip.compress(b"x" * 500)[:14] + bytes(8),
    "torn": gzip.compress(b"half a line")[:-6],
    "a text": gzip.compress(b'"text"\n'),
    "a list": gzip.compress(b"[]\n"),
    "nothing in it": gzip.compress(b"{}\n"),
    "half a step": gzip.compress(b'{"case":{"id":"1"},"steps":[[{}]],"last":{}}\n'),
    "not UTF-8": gzip.compress(b"\xff\xfe\n"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_a_corrupt_recording_that_names_it(tmp_path, damage):
    (tmp_path / "demonstrations.jsonl.gz").write_bytes(DAMAGED[damage])
    with pytest.raises(CorruptRecording, match=r"demonstrations\.jsonl\.gz"):
        load_baseline("coordinates", tmp_path)


def test_no_file_is_a_corrupt_recording(tmp_path):
    with pytest.raises(CorruptRecording, match=r"demonstrations\.jsonl\.gz"):
        load_demonstrations(tmp_path)


def test_only_recordings_that_reality_does_not_call_wrong_are_replayed(tmp_path):
    save_demonstrations([shown("1", "wrong"), shown("2"), shown("3", "handed_over"), shown("4", None)], tmp_path)
    assert [one.case.id for one in load_baseline("coordinates", tmp_path).demonstrations] == ["2", "4"]


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "nothing"])
def test_nothing_to_replay_is_said(tmp_path, name):
    save_demonstrations([shown("1", "wrong")], tmp_path)
    with pytest.raises(BadInput, match="none of the 1 recordings"):
        load_baseline(name, tmp_path)


@pytest.mark.parametrize("name", ["nothing", "coordinates", "text_match"])
def test_a_baseline_works_a_case(tmp_path, name):
    save_demonstrations([shown()], tmp_path)
    policy = load_baseline(name, tmp_path)
    policy.reset(Case(id="5", slots={"ticket": "5"}))
    decided = []
    while not decided or decided[-1].verb != "done":
        decided.append(policy.decide(SCREEN).action)
    assert [action.verb for action in decided] == ([] if name == "nothing" else [a.verb for _, a in STEPS]) + ["done"]
    assert [action.text for action in decided if action.verb == "type"] == ([] if name == "nothing" else ["5"])


def test_an_unknown_baseline_is_named_with_the_known_ones(tmp_path):
    with pytest.raises(BadInput, match=r"'guess'.*coordinates"):
        load_baseline("guess", tmp_path)
