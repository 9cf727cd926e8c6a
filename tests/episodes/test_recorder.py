import os
import signal
import time

import numpy as np
import pytest
from screens import HEIGHT, WIDTH, Publisher, click, form, keys

from crewless.core.errors import BadInput, BodyFailure, CrewlessError
from crewless.core.messages import Action, Box, Case, Decision, Verdict
from crewless.core.photons import FrameRing
from crewless.episodes import Recorder, open_dataset

FIELD = Box(12, 60, 300, 91)
SECRET = "hunter2!"


@pytest.fixture
def ring():
    ring = FrameRing.create(HEIGHT, WIDTH)
    yield ring
    ring.close()


@pytest.fixture
def screen(ring):
    publisher = Publisher(ring)
    publisher.show(form())
    return publisher


def everything(folder) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_what_is_shown_and_done_is_read_back_exactly(ring, screen, tmp_path):
    with Recorder(ring.path, tmp_path / "set") as recorder:
        recorder.start(Case(id="17", slots={"ticket": "17"}), "operator", "answer the ticket")
        first = len(screen.published) - 1
        for event in click(40, 75, time.monotonic()):
            recorder.event(event)
        screen.hold(4)
        for text in ("o", "ok"):
            screen.show(form(text))
            screen.hold(4)
        for event in keys("ok"):
            recorder.event(event)
        recorder.decision(Decision(action=Action(verb="done"), confidence=0.75, why="saved"))
        recorded = recorder.stop("done")
        recorder.set_verdict(0, Verdict(case="17", outcome="right", claimed_done=True))
    assert (recorded.index, recorded.lost, recorded.distinct) == (0, 0, 3)
    assert recorded.rows == len(screen.published) - first
    dataset = open_dataset(tmp_path / "set")
    [info] = dataset.episodes
    assert (info.case, info.who, info.outcome, info.num_frames) == (
        Case(id="17", slots={"ticket": "17"}),
        "operator",
        "right",
        recorded.rows,
    )
    for frame in dataset.frames(0):
        assert np.array_equal(frame.pixels, screen.published[first + frame.index])
    assert [step.action.verb for step in dataset.steps(0)] == ["click", "type"]
    assert dataset.steps(0)[1].action.text == "ok"
    [(_, decision)] = dataset.decisions(0)
    assert (decision.confidence, decision.why) == (0.75, "saved")


@pytest.mark.parametrize("box", [FIELD, None])
def test_a_secret_is_nowhere_in_the_dataset(ring, screen, tmp_path, box):
    with Recorder(ring.path, tmp_path / "set") as recorder:
        recorder.start(Case(id="1"), "operator")
        screen.hold(3)
        recorder.secret(True, box)
        for end in range(1, len(SECRET) + 1):
            for event in keys(SECRET[end - 1]):
                recorder.event(event)
            screen.show(form(SECRET[:end]))
            screen.hold(1)
        screen.show(form("cleared"))
        recorder.secret(False)
        recorder.decision(Decision(action=Action(verb="type", text=SECRET), why=f"the password is {SECRET}"))
        screen.hold(5)
        recorder.stop("done")
    assert SECRET.encode() not in everything(tmp_path)
    dataset = open_dataset(tmp_path / "set")
    assert [step.action.text for step in dataset.steps(0)] == ["\u2588"], "neither the letters nor their number"
    inside = np.s_[FIELD.y0 : FIELD.y1, FIELD.x0 : FIELD.x1]
    allowed = [form(text)[:, :, 2::-1][inside] for text in ("", "cleared")]
    for frame in dataset.frames(0):
        seen = frame.pixels[inside]
        assert not seen.any() or any(np.array_equal(seen, picture) for picture in allowed)
    assert (dataset.controls(0)[:, 6] != 0).sum() <= 1


def test_a_secret_that_begins_before_the_episode_and_a_note_with_any_name(ring, screen, tmp_path):
    with Recorder(ring.path, tmp_path / "set") as recorder:
        recorder.secret(True)
        screen.show(form(SECRET))
        recorder.start(Case(id="1"), "operator")
        for event in keys(SECRET):
            recorder.event(event)
        screen.hold(2)
        recorder.note("stop", {"said": f"my {SECRET}"})
        recorder.stop("done")
    dataset = open_dataset(tmp_path / "set")
    assert SECRET.encode() not in everything(tmp_path)
    assert [note["data"] for note in dataset.notes(0, "stop")] == [{"said": "my \u2588"}]
    assert not any(frame.pixels.any() for frame in dataset.frames(0)), "nothing was seen before the secret began"


def test_what_is_held_back_is_recorded_by_what_is_known_when_the_hold_ends(ring, screen, tmp_path):
    with Recorder(ring.path, tmp_path / "set") as recorder:
        recorder.start(Case(id="1"), "operator")
        screen.hold(5)
        recorder.hold(time.monotonic())
        screen.show(form(SECRET))
        screen.hold(20)  # far longer than it stays behind by itself
        recorder.mark(FIELD)
        recorder.hold(None)
        screen.hold(5)
        recorded = recorder.stop("done")
    frames = [frame.pixels for frame in open_dataset(tmp_path / "set").frames(0)]
    inside = np.s_[FIELD.y0 : FIELD.y1, FIELD.x0 : FIELD.x1]
    assert recorded.lost == 0
    assert recorded.rows == 1 + 5 + 1 + 20 + 5
    assert all(
        not pixels[inside].any() or np.array_equal(pixels[inside], form("")[:, :, 2::-1][inside]) for pixels in frames
    )
    assert not frames[-1][inside].any()


def test_what_the_ring_cannot_hold_for_so_long_is_lost_and_counted_not_shown(ring, screen, tmp_path):
    with Recorder(ring.path, tmp_path / "set") as recorder:
        recorder.start(Case(id="1"), "operator")
        screen.hold(5)
        recorder.hold(time.monotonic())
        for count in range(30):
            screen.show(form(SECRET[: count % 8 + 1]))
        recorded = recorder.stop("done")
    first, *others = [frame.pixels for frame in open_dataset(tmp_path / "set").frames(0)]
    assert recorded.lost >= 30
    assert all(np.array_equal(pixels, first) for pixels in others)
    assert np.array_equal(first, form("")[:, :, 2::-1])


def test_a_marked_region_is_black_from_the_first_frame(ring, tmp_path):
    rows = Box(0, 48, WIDTH, 96)  # whole tiles of 16 pixels
    screen = Publisher(ring)
    screen.show(form("4111 1111"))
    with Recorder(ring.path, tmp_path / "set", regions=[rows]) as recorder:
        recorder.start(Case(id="1"), "operator")
        screen.hold(2)
        screen.show(form("4111 1111", title="Other"))
        screen.show(form("4111 1112", title="Other"))
        recorded = recorder.stop("done")
    assert recorded.distinct == 2, "a change inside the region alone is no change"
    frames = list(open_dataset(tmp_path / "set").frames(0))
    assert not any(frame.pixels[rows.y0 : rows.y1].any() for frame in frames)
    want = form("", title="Other")[:, :, 2::-1]
    assert np.array_equal(frames[-1].pixels[: rows.y0], want[: rows.y0])


def test_frames_that_the_capture_missed_are_counted_and_keep_their_place(ring, screen, tmp_path):
    with Recorder(ring.path, tmp_path / "set") as recorder:
        recorder.start(Case(id="1"), "operator")
        screen.hold(3)
        ring.skip(4)
        screen.show(form("after"))
        recorded = recorder.stop("done")
    assert recorded.lost == 4
    assert recorded.rows == 1 + 3 + 4 + 1
    last = open_dataset(tmp_path / "set").last_frame(0)
    assert last.index == recorded.rows - 1
    assert np.array_equal(last.pixels, form("after")[:, :, 2::-1])


def test_a_killed_recorder_loses_only_the_running_episode(ring, screen, tmp_path):
    recorder = Recorder(ring.path, tmp_path / "set")
    recorder.start(Case(id="1"), "operator")
    screen.hold(2)
    recorder.stop("done")
    recorder.start(Case(id="2"), "operator")
    screen.hold(2)
    os.kill(recorder.pid, signal.SIGKILL)
    with pytest.raises(CrewlessError, match="has ended"):
        recorder.stop("done")
    recorder.close()
    assert [info.case.id for info in open_dataset(tmp_path / "set").episodes] == ["1"]
    with Recorder(ring.path, tmp_path / "set") as recorder:
        assert recorder.start(Case(id="3"), "operator") == 1
        screen.hold(1)
        recorder.stop("done")
    assert [info.case.id for info in open_dataset(tmp_path / "set").episodes] == ["1", "3"]


def test_what_cannot_be_done_is_said_with_the_alternative(ring, screen, tmp_path):
    with pytest.raises(BodyFailure, match="no frame ring"):
        Recorder(tmp_path / "no-ring", tmp_path / "set")
    with Recorder(ring.path, tmp_path / "set") as recorder:
        with pytest.raises(BadInput, match=r"no episode is being recorded.*start one first"):
            recorder.stop("done")
        with pytest.raises(BadInput, match="no episode 3"):
            recorder.set_verdict(3, Verdict(case="1", outcome="right", claimed_done=True))
        with pytest.raises(BadInput, match="another recorder is writing"):
            Recorder(ring.path, tmp_path / "set")
