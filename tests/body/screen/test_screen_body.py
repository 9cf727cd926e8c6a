import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from crewless.body.screen import ScreenBody, ScreenBodyConfig
from crewless.core.body import Body
from crewless.core.errors import ActionUncertain, BadInput, BodyFailure, DisplayDied, ProgramCrashed
from crewless.core.messages import Action, Frame, Point

pytestmark = [pytest.mark.screen, pytest.mark.browser]

FORM = """
<body style="margin:0;font:16px sans-serif">
<script>function say(at, text) { fetch(at, {method: 'POST', body: text, keepalive: true}) }</script>
<input style="position:absolute;left:100px;top:100px;width:600px;height:30px" oninput="say('/field', this.value)">
<textarea style="position:absolute;left:100px;top:150px;width:600px;height:100px" oninput="say('/area', this.value)">
</textarea>
<button style="position:absolute;left:100px;top:300px;width:100px;height:40px" onclick="say('/click', '' + ++window.n)"
 ondblclick="say('/double', 'x')">Count</button>
<a style="position:absolute;left:300px;top:300px" href="/second">second page</a>
<input type="range" min=0 max=100 value=0 style="position:absolute;left:100px;top:400px;width:600px;margin:0"
 onchange="say('/range', this.value)">
<div style="height:4000px"></div>
<script>window.n = 0; onscroll = () => say('/scroll', '' + Math.round(scrollY));
onload = () => say('/ready', location.pathname)</script>
"""
FIELD, AREA, BUTTON, LINK = Point(300, 115), Point(300, 200), Point(150, 320), Point(320, 310)


@pytest.fixture
def page(browser: ScreenBody, site) -> Iterator[ScreenBody]:
    """The form, freshly loaded."""
    site.page = FORM
    reload(browser, site)
    site.posts.clear()
    site.gets.clear()
    return browser


def reload(body: ScreenBody, site) -> None:
    """A page that looks as before changes no pixel when it is loaded anew: the page itself has to say that it is."""
    site.posts.clear()
    body.act(Action(verb="key", text="F5"))
    assert site.wait_for("/ready", "/", patience_s=15)
    body.settle()


def test_it_is_a_body(browser: ScreenBody) -> None:
    assert isinstance(browser, Body)


def test_frames_are_photons_of_the_page(page: ScreenBody) -> None:
    frame = page.frame()
    assert frame.pixels.shape == (800, 1280, 3)
    assert frame.pixels[700, 1000].tolist() == [255, 255, 255]
    assert not (frame.pixels[300:340, 100:200] == 255).all()
    later = page.frame()
    assert later.index >= frame.index


def test_each_click_reaches_the_page_once(page: ScreenBody, site) -> None:
    for _ in range(3):
        applied = page.act(Action(verb="click", point=BUTTON))
        assert applied.settled_s is not None
        assert applied.settled_s >= applied.dispatched_s
    assert site.wait_for("/click", "3")
    assert [body for path, body in site.posts if path == "/click"] == ["1", "2", "3"]


def test_a_double_click_is_one(page: ScreenBody, site) -> None:
    page.act(Action(verb="double_click", point=BUTTON))
    assert site.wait_for("/double", "x")


def test_what_is_typed_is_what_the_page_reads(page: ScreenBody, site) -> None:
    text = "Dear Ms O'Neill, £12.50 or €14, naïve café: é ß ñ Ω я (yes) [no] {ok} @home #1 ~ ^ ` | \\ 100%"
    applied = page.act(Action(verb="type", point=FIELD, text=text))
    assert site.wait_for("/field", text), site.last("/field")
    assert applied.changed_s is not None
    assert applied.changed_tiles > 10


def test_more_foreign_characters_than_spare_keys_reach_the_page(page: ScreenBody, site) -> None:
    text = "".join(chr(0x391 + at) for at in range(17)) + "".join(chr(0x410 + at) for at in range(40))
    page.act(Action(verb="type", point=FIELD, text=text))
    assert site.wait_for("/field", text), site.last("/field")


def test_line_breaks_are_typed_into_a_text_area(page: ScreenBody, site) -> None:
    page.act(Action(verb="type", point=AREA, text="one\ntwo"))
    assert site.wait_for("/area", "one\ntwo"), site.last("/area")


def test_a_link_is_settled_only_when_its_page_has_come(page: ScreenBody, site) -> None:
    site.page = '<body style="margin:0;background:#00aa00">second'
    site.delay_s = 0.1
    applied = page.act(Action(verb="click", point=LINK))
    assert site.gets == ["/second"]
    assert page.frame().pixels[500, 700].tolist() == [0x00, 0xAA, 0x00]
    assert applied.changed_tiles == 50 * 80
    site.page, site.delay_s = FORM, 0.0
    page.act(Action(verb="key", text="alt+Left"))


def test_an_option_is_chosen_from_a_native_list(page: ScreenBody, site) -> None:
    site.page = """<select style="position:absolute;left:100px;top:100px;width:200px;height:30px"
      onchange="fetch('/chosen', {method: 'POST', body: this.value})"><option>red<option>green<option>blue</select>
      <input style="position:absolute;left:400px;top:100px;width:200px;height:30px"
      oninput="fetch('/field', {method: 'POST', body: this.value})">
      <script>onload = () => fetch('/ready', {method: 'POST', body: '/'})</script>"""
    reload(page, site)
    opened = page.act(Action(verb="click", point=Point(200, 115)))
    assert opened.changed_tiles > 20
    page.act(Action(verb="click", point=Point(150, 163)))
    assert site.wait_for("/chosen", "green"), site.last("/chosen")
    page.act(Action(verb="type", point=Point(500, 115), text="then"))
    assert site.wait_for("/field", "then"), site.last("/field")


def test_a_drag_moves_a_slider(page: ScreenBody, site) -> None:
    page.act(Action(verb="drag", point=Point(108, 408), to=Point(400, 408)))
    assert site.wait_for("/range", "50"), site.last("/range")


def test_scrolling_moves_the_page_and_settles_after_its_glide(page: ScreenBody, site) -> None:
    page.act(Action(verb="scroll", point=Point(900, 600), amount=5))
    assert site.wait_until("/scroll", lambda down: int(down or 0) > 200)
    before = page.frame().pixels.copy()
    time.sleep(0.3)
    assert (page.frame().pixels == before).all()
    page.act(Action(verb="scroll", point=Point(900, 600), amount=-5))
    assert site.wait_until("/scroll", lambda down: down == "0")


def test_a_chord_selects_all_so_that_typing_replaces(page: ScreenBody, site) -> None:
    page.act(Action(verb="type", point=FIELD, text="wrong"))
    page.act(Action(verb="key", text="ctrl+a"))
    page.act(Action(verb="type", text="right"))
    assert site.wait_for("/field", "right"), site.last("/field")


def test_spinners_and_carets_do_not_keep_it_from_settling(browser: ScreenBody, site) -> None:
    site.page = """<style>@keyframes turn { to { transform: rotate(360deg) } }
      div { width: 24px; height: 24px; margin: 8px; border: 4px solid #ccc; border-top-color: red; border-radius: 50%;
      animation: turn .6s linear infinite }</style><div></div><input autofocus>"""
    browser.act(Action(verb="key", text="F5"))
    applied = browser.act(Action(verb="key", text="Shift_L"))
    assert applied.settled_s is not None
    assert applied.note == ""


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Action(verb="done"), "done"),
        (Action(verb="hand_over", text="unsure"), "hand_over"),
        (Action(verb="click"), "click needs a point"),
        (Action(verb="drag", point=Point(1, 1)), "drag needs the point"),
        (Action(verb="click", point=Point(1280, 10)), "1280,10"),
        (Action(verb="key", text="Retrun"), "Return"),
    ],
)
def test_an_impossible_action_is_refused_and_nothing_is_sent(browser: ScreenBody, action: Action, said: str) -> None:
    sent = browser.motor.sent
    with pytest.raises(BadInput, match=said):
        browser.act(action)
    assert browser.motor.sent == sent


class FaultyReader:
    """Reads what the page has last posted; the first readings after typing can be made up."""

    def __init__(self, site, made_up: list[str | None]) -> None:
        self.site, self.made_up = site, made_up

    def __call__(self, frame: Frame, point: Point) -> str | None:
        return self.made_up.pop(0) if self.made_up else self.site.last("/field")


def test_a_field_that_reads_wrong_is_typed_once_more(page: ScreenBody, site) -> None:
    page._read_back = FaultyReader(site, ["", "helo"])
    try:
        applied = page.act(Action(verb="type", point=FIELD, text="hello"))
        assert site.wait_for("/field", "hello")
        assert applied.note == "the field read 'helo'; typed once more"
        assert site.last("/field") == "hello"
        page._read_back = FaultyReader(site, ["", "helo", "helo"])
        reload(page, site)
        applied = page.act(Action(verb="type", point=FIELD, text="hello"))
        assert applied.note == "the field read 'helo'; typed once more, and reads 'helo' now"
        page._read_back = FaultyReader(site, ["", None])
        reload(page, site)
        assert page.act(Action(verb="type", point=FIELD, text="x")).note == ""
    finally:
        page._read_back = None


def test_what_a_field_held_before_is_never_wiped_by_a_correction(page: ScreenBody, site) -> None:
    page._read_back = FaultyReader(site, ["held before", "held befo"])
    try:
        applied = page.act(Action(verb="type", point=FIELD, text="more"))
        assert site.wait_for("/field", "more")
        assert "not corrected" in applied.note
        page._read_back = FaultyReader(site, ["held", "heldmore"])
        assert page.act(Action(verb="type", point=FIELD, text="more")).note == ""
    finally:
        page._read_back = None


def test_another_process_can_drive_it_and_owns_nothing(page: ScreenBody, site) -> None:
    script = """
import sys
from pathlib import Path
from crewless.body.screen import ScreenBody
from crewless.core.messages import Action, Point
body = ScreenBody.attach(sys.argv[1], Path(sys.argv[2]))
print(body.frame().pixels.shape, body.act(Action(verb="click", point=Point(150, 320))).settled_s is not None)
body.close()
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    argv = [sys.executable, "-c", script, page.display, str(page.ring.path)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "(800, 1280, 3) True", done.stderr
    assert site.wait_for("/click", "1")
    assert page.ring.path.exists()
    page.check()


def test_two_bodies_do_not_feel_each_other() -> None:
    small = ScreenBodyConfig(width=320, height=240)
    with ScreenBody(small) as one, ScreenBody(replace(small, width=400)) as two:
        one.act(Action(verb="wait"))
        one.motor.move(Point(11, 22))
        two.motor.move(Point(33, 44))
        time.sleep(0.2)
        assert (one.frame().pointer, two.frame().pointer) == (Point(11, 22), Point(33, 44))


def test_a_display_that_dies_is_said_before_and_uncertain_after() -> None:
    body = ScreenBody(ScreenBodyConfig(width=320, height=240)).start()
    server = body._display._server if body._display is not None else None
    assert server is not None
    motor_type = body.motor.type

    def type_and_die(text: str) -> None:
        motor_type(text)
        os.kill(server.pid, signal.SIGKILL)

    body.motor.type = type_and_die  # type: ignore[method-assign]
    with pytest.raises(ActionUncertain, match="after type had been sent"):
        body.act(Action(verb="type", text="x"))
    with pytest.raises(DisplayDied):
        body.act(Action(verb="type", text="x"))
    with pytest.raises(DisplayDied):
        body.frame()
    body.close()
    body.close()
    with pytest.raises(BodyFailure):
        body.frame()


def test_a_browser_that_is_killed_is_a_crashed_program(site) -> None:
    site.page = FORM
    with ScreenBody(ScreenBodyConfig(width=640, height=480)) as body:
        program = body.launch_chromium(site.url)
        assert not (np.asarray(body.frame().pixels) == 255).all()
        os.kill(program.pid, signal.SIGKILL)
        program._child._process.wait()
        with pytest.raises(ProgramCrashed, match="signal 9"):
            body.act(Action(verb="click", point=Point(5, 5)))
        assert body.motor.sent == 0
