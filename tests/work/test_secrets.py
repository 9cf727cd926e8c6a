"""A password that a person types while being recorded is nowhere on the disk; what else they type is."""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from crewless.body.screen import ScreenBody, ScreenBodyConfig
from crewless.body.screen.input_driver import InputDriver
from crewless.core.cache import keep_compiled_code_here
from crewless.core.messages import Box, Case, Element, Observation, Point, Verdict
from crewless.episodes import Dataset, open_dataset
from crewless.perception.screen import ScreenPerception, frame_of
from crewless.work.recording_session import EpisodeRecording
from crewless.work.secrets import names_a_secret, secret_boxes

USER, WORD, NUMBER, NOTE = "annabel", "hunter2xyq", "471193", "call back on monday"
PAGE = """<!doctype html><meta charset=utf-8><title>form</title><body style="font:16px sans-serif;margin:40px"><form>
<style>label, input {{ position: absolute; left: 40px }} input {{ width: 260px; height: 18px }}</style>
<label style="top:40px">User name</label><input style="top:60px" autofocus>
<label style="top:100px">{label}</label><input style="top:120px" type={kind}>
<label style="top:160px">Note</label><input style="top:180px"></form>"""
USER_AT, SECRET_AT, NOTE_AT = Point(150, 71), Point(150, 131), Point(150, 191)

pytestmark = [pytest.mark.xdist_group("secrets")]


@pytest.mark.parametrize(
    "words",
    ["Password", "New passphrase:", "Passwort", "Kennwort", "Mot de passe", "Contrase\u00f1a", "PIN", "PIN code", "CVC"]
    + ["Client secret", "Security code (CVV)", "\u5bc6\u7801", "Senha"],
)
def test_words_that_name_a_secret(words: str):
    assert names_a_secret(words)


@pytest.mark.parametrize(
    "words", ["User name", "Pinned reply", "Passenger", "Spinach", "User name and password", "Secretary"]
)
def test_words_that_name_none(words: str):
    assert not names_a_secret(words)


def field(y: int, text: str = "", label: str = "", *, focused: bool = False) -> Element:
    state = frozenset({"focused"} if focused else ())
    return Element(text=text, box=Box(40, y, 300, y + 20), kind="field", label=label, state=state)


def boxes(
    *elements: Element, point: Point | None = None, settled: bool = True, paint: bool = False, caret: int = 0
) -> list[int]:
    """The middle heights of the boxes. ``paint``: bullets in the field at 100; ``caret``: its width behind them, in pixels."""
    pixels = np.full((400, 600, 3), 255, np.uint8)
    if paint:
        for x in range(46, 96, 10):
            pixels[107:114, x : x + 7] = 0
            for y, corner in ((107, x), (107, x + 6), (113, x), (113, x + 6)):
                pixels[y, corner] = 255
    pixels[104:117, 100 : 100 + caret] = 0
    observation = Observation(elements=elements, width=600, height=400, t_s=0.0, frame_index=0)
    return [box.centre.y for box in secret_boxes(observation, pixels, point, settled=settled)[0]]


def test_the_field_with_the_focus_or_the_one_that_was_clicked_decides():
    user, secret = field(50, label="User name"), field(100, label="Password")
    assert boxes(user, secret, point=Point(60, 110)) == [110]
    assert boxes(user, secret, point=Point(60, 60)) == []
    assert boxes(user, field(100, label="Password", focused=True)) == [110]
    assert boxes(field(50, label="User name", focused=True), secret) == []


def test_where_the_focus_cannot_be_seen_any_such_field_is_enough():
    user, secret = field(50, label="User name"), field(100, text="Passwort")
    assert boxes(user, secret) == [110]
    assert boxes(field(50, label="User name", focused=True), secret, settled=False) == [110]
    assert boxes(user) == []


def test_words_beside_a_field_and_bullets_in_it_are_enough():
    above = Element(text="PIN", box=Box(44, 62, 70, 74))
    assert boxes(above, field(100, focused=True)) == [110]
    assert boxes(field(100, focused=True), paint=True) == [110]
    assert [boxes(field(100, focused=True), paint=True, caret=px) for px in (1, 2)] == [[110], [110]]
    assert boxes(field(100, focused=True)) == []


def test_a_prompt_of_a_terminal_is_one_as_long_as_nothing_stands_after_it():
    prompt = Element(text="[sudo] password for ann:", box=Box(4, 200, 150, 212))
    assert boxes(prompt) == [206]
    assert boxes(prompt, Element(text="sorry", box=Box(160, 200, 200, 212))) == []


def keys(person: InputDriver, text: str, *, each_s: float = 0.12) -> None:
    """Typed as fast as a good typist does."""
    for char in text:
        person.type(char)
        time.sleep(each_s)


def by_click(person: InputDriver, secret: str) -> None:
    for point, text in ((USER_AT, USER), (SECRET_AT, secret), (NOTE_AT, NOTE)):
        person.click(point)
        time.sleep(0.2)
        keys(person, text)


def by_tab(person: InputDriver, secret: str) -> None:
    for text in (USER, secret, NOTE):
        keys(person, text)
        person.chord("Tab")
        time.sleep(0.2)


def typed(dataset: Dataset) -> str:
    return "".join(event.char or "" for event in dataset.events(0) if event.kind == "key_down")


@pytest.mark.screen
@pytest.mark.browser
@pytest.mark.parametrize("work", [by_click, by_tab])
@pytest.mark.parametrize(
    ("label", "kind", "secret"), [("Password", "password", WORD), ("PIN", "text", NUMBER)], ids=["dots", "plain"]
)
def test_a_password_is_nowhere_and_the_rest_is_there(
    tmp_path: Path, work: Callable[[InputDriver, str], None], label: str, kind: str, secret: str
):
    keep_compiled_code_here()
    page = tmp_path / "form.html"
    page.write_text(PAGE.format(label=label, kind=kind))
    with ScreenBody(ScreenBodyConfig(slots=12)) as desk:
        desk.launch_chromium(page.as_uri())
        desk.settle()
        person = InputDriver(desk.display)
        recording = EpisodeRecording(desk.display, desk.ring.path, tmp_path / "set")
        try:
            recording.start(Case(id="1"), "ann")
            work(person, secret)
            time.sleep(0.3)
            recording.stop(Verdict(case="1", outcome="right", claimed_done=True))
        finally:
            recording.close()
            person.close()
    dataset = open_dataset(tmp_path / "set")
    text = typed(dataset)
    assert USER in text
    assert NOTE in text
    raw = b"\n".join(path.read_bytes() for path in sorted((tmp_path / "set").rglob("*")) if path.is_file())
    assert secret.encode() not in raw
    assert not any(secret[at : at + 3] in text for at in range(len(secret) - 2))
    perception = ScreenPerception()
    shown = [frame.pixels for frame in dataset.frames(0)]
    distinct = [shown[0]] + [b for a, b in pairwise(shown) if not np.array_equal(a, b)]
    within = [pixels[SECRET_AT.y - 5 : SECRET_AT.y + 5, 60:280] for pixels in distinct]
    # Empty, or black; nothing that was typed was ever seen.
    assert all(np.ptp(part) < 40 for part in within)
    assert within[-1].max() == 0
    last = perception.perceive(frame_of(np.ascontiguousarray(shown[-1])))
    # Perception takes the caret for a letter now and then.
    for words in (USER, NOTE):
        assert any(element.text.startswith(words) for element in last.elements)
