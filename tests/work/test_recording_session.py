"""Recording a person's display and the scripted operator, and reading back what was recorded."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from crewless.body.screen import ScreenBody
from crewless.body.screen.input_driver import InputDriver
from crewless.cli.commands.record import RecordConfig, _person
from crewless.core.errors import BadInput, CrewlessError
from crewless.core.events import read_events
from crewless.core.messages import Case, Verdict
from crewless.core.runs import RunFolder
from crewless.episodes import open_dataset
from crewless.tasks.helpdesk import HelpdeskConfig, HelpdeskTask
from crewless.work.learning import read_recordings
from crewless.work.recording_session import EpisodeRecording, record_operator

pytestmark = [pytest.mark.screen]


@pytest.fixture(scope="module")
def desk() -> Iterator[ScreenBody]:
    """A display where somebody sits: a white terminal, which shows what is typed."""
    with ScreenBody() as body:
        body.launch(["xterm", "-geometry", "100x40+0+0", "-bg", "white", "-e", "cat"])
        yield body


def test_a_person_is_recorded_case_by_case_and_what_is_hidden_never_reaches_the_disk(
    desk: ScreenBody, tmp_path, capsys
):
    person = InputDriver(desk.display)
    asked: list[str] = []
    answers = iter(["17", "done", "18", "done", ""])

    def ask(prompt: str) -> str:
        asked.append(prompt)
        answer = next(answers)
        if answer == "done":
            person.type("hello there")
            desk.settle()
            time.sleep(0.3)
        return answer

    hidden = RecordConfig(display=desk.display, out=tmp_path, slot="order", who="ann", hide=("0,0,80,60",))
    assert _person(hidden, ask) == 0
    person.close()
    assert "2 cases recorded" in capsys.readouterr().out
    assert asked[0].startswith("order of the next case")
    dataset = open_dataset(tmp_path / "episodes")
    assert [episode.case for episode in dataset.episodes] == [
        Case(id="17", slots={"order": "17"}),
        Case(id="18", slots={"order": "18"}),
    ]
    for episode in (0, 1):
        verdict = dataset.verdict(episode)
        assert verdict is not None
        assert (verdict.outcome, verdict.evidence["judge"]) == ("right", "ann")
        typed = "".join(event.char for event in dataset.events(episode) if event.kind == "key_down")
        assert typed == "hello there"
        frames = [frame.pixels for frame in dataset.frames(episode)]
        assert frames
        assert not any(pixels[0:60, 0:80].any() for pixels in frames)
        assert all((pixels[100:200, 100:400] > 200).any() for pixels in frames), "the rest is seen"


def test_a_box_that_is_not_on_the_screen_hides_nothing_and_is_refused(desk: ScreenBody, tmp_path):
    for box in ("-5,0,80,60", "0,0,1281,60", "1280,0,1300,60"):
        with pytest.raises(BadInput, match="is not on the screen"):
            _person(RecordConfig(display=desk.display, out=tmp_path, hide=(box,)), lambda prompt: "")


def test_somebody_who_says_nothing_more_ends_the_recording(desk: ScreenBody, tmp_path, capsys):
    def ask(prompt: str) -> str:
        raise EOFError

    assert _person(RecordConfig(display=desk.display, out=tmp_path), ask) == 0
    assert "0 cases recorded" in capsys.readouterr().out


def test_a_recorder_that_is_gone_is_said_to_who_works_and_not_in_the_tap_s_thread(desk: ScreenBody, tmp_path):
    recording = EpisodeRecording(desk.display, desk.ring.path, tmp_path)
    recording.start(Case(id="1"), "ann")
    os.kill(recording._recorder.pid, signal.SIGKILL)
    person = InputDriver(desk.display)
    person.type("x")
    time.sleep(0.3)
    person.close()
    assert recording._tap.alive()
    with pytest.raises(CrewlessError, match="the recorder's process"):
        recording.stop(Verdict(case="1", outcome="right", claimed_done=True))
    recording.close()
    recording.close()


@pytest.mark.browser
def test_the_operator_s_tickets_are_recorded_judged_and_can_be_learnt_from(tmp_path):
    task, run = HelpdeskTask(HelpdeskConfig(num_cases=2, none_share=0)), RunFolder(tmp_path / "run")
    heard = []
    task.setup(tmp_path)
    try:
        results = record_operator(task, run, tmp_path / "episodes", task.cases(), on_result=heard.append)
    finally:
        task.teardown()
    assert heard == results
    assert [(one.case, one.verdict.outcome) for one in results] == [("1", "right"), ("2", "right")]
    assert [(e.case, e.kind, e.resource) for e in read_events(run.events.path)] == [
        (case, kind, "operator") for case in ("1", "2") for kind in ("start", "verdict")
    ]
    told = []
    found = read_recordings([tmp_path / "episodes"], lambda what, share: told.append(share))
    assert [(one.case.id, one.verdict) for one in found] == [("1", "right"), ("2", "right")]
    for one in found:
        verbs = [action.verb for _, action in one.steps]
        assert "type" in verbs
        assert verbs.count("click") >= 4
        assert [action.text for _, action in one.steps if action.verb == "type"] == [one.case.id]
        assert all(seen.elements for seen, _ in one.steps)
    assert told[-1] == 1.0


def test_no_episode_is_nothing_to_learn_from(tmp_path):
    with pytest.raises(BadInput):
        read_recordings([tmp_path])
