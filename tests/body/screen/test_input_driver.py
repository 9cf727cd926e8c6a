import itertools
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crewless.body.screen import Display, InputDriver, InputTap, ScreenBody, launch
from crewless.body.screen.apps import client_windows
from crewless.body.screen.display import connect, hang_up
from crewless.body.screen.input_driver import TICK_S, check_typable, minimum_jerk, move_ticks
from crewless.core.errors import BadInput, DisplayDied
from crewless.core.messages import InputEvent, Point


@pytest.fixture
def motor(display: Display) -> Iterator[InputDriver]:
    found = InputDriver(display.name)
    yield found
    found.close()


def test_minimum_jerk_is_slow_at_both_ends_and_symmetric() -> None:
    assert (minimum_jerk(0.0), minimum_jerk(0.5), minimum_jerk(1.0)) == (0.0, 0.5, 1.0)
    assert minimum_jerk(0.1) == pytest.approx(0.00856)  # 10 t^3 - 15 t^4 + 6 t^5 by hand
    assert minimum_jerk(0.9) == pytest.approx(1 - 0.00856)


def test_longer_moves_take_more_ticks_and_none_more_than_a_quarter_second() -> None:
    ticks = [move_ticks(distance) for distance in (0, 3, 100, 500, 1510, 10_000)]
    assert ticks == sorted(ticks)
    assert (ticks[0], ticks[1]) == (0, 1)
    assert ticks[-1] * TICK_S <= 0.25


@pytest.mark.screen
def test_a_move_ends_where_it_should_and_logs_one_control_a_tick(motor: InputDriver) -> None:
    motor.move(Point(10, 20))
    motor.controls.clear()
    motor.move(Point(600, 400))
    assert motor.pointer() == Point(600, 400)
    assert [control.kind for control in motor.controls] == ["move"] * move_ticks(701)
    assert motor.controls[-1].values == (600, 400)
    assert all(a.values[0] < b.values[0] for a, b in itertools.pairwise(motor.controls))
    assert motor.sent == 0


@pytest.mark.screen
@pytest.mark.parametrize("point", [Point(-1, 0), Point(640, 10), Point(0, 480)])
def test_a_point_outside_is_refused_before_anything_is_sent(motor: InputDriver, point: Point) -> None:
    before = motor.pointer()
    with pytest.raises(BadInput, match="640x480"):
        motor.click(point)
    with pytest.raises(BadInput, match="640x480"):
        motor.drag(Point(1, 1), point)
    assert motor.sent == 0
    assert motor.pointer() == before


@pytest.mark.screen
def test_control_characters_cannot_be_typed(motor: InputDriver) -> None:
    with pytest.raises(BadInput, match="x1b"):
        motor.type("a\x1b[A")
    assert motor.sent == 0


@pytest.mark.screen
@pytest.mark.parametrize("layout", ["us", "de", "fr", "ru", "us,gr"])
def test_every_layout_types_every_character(layout: str) -> None:
    if shutil.which("setxkbmap") is None:
        pytest.skip("setxkbmap (package x11-xkb-utils) is not installed")
    text = "Zy @ Straße £5 = 4 € é ñ Ω я ~^`´ 東京 {[]}\\|"
    with Display(320, 240) as display, InputTap(display.name) as tap:
        subprocess.run(["setxkbmap", layout], env=display.environment(), check=True, capture_output=True)
        motor = InputDriver(display.name)
        motor.type(text)
        motor.close()
        assert "".join(event.char for event in _events(tap) if event.kind == "key_down") == text


@pytest.mark.screen
def test_more_characters_than_there_are_spare_keys_are_typed_in_turns(display: Display, motor: InputDriver) -> None:
    text = "".join(chr(0x4E00 + at) for at in range(60)) + "一"
    with InputTap(display.name) as tap:
        motor.type(text)
        assert "".join(event.char for event in _events(tap) if event.kind == "key_down") == text


PANGRAMS = {
    "czech": "Příliš žluťoučký kůň úpěl ďábelské ódy, nechť již hříšné saxofony ďáblů rozezvučí síň. ",
    "greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, Τάχιστη αλώπηξ βαφής ψημένη γη. ",
    "cyrillic": "Съешь же ещё этих мягких французских булок, да выпей чаю. Щука ЮЖНАЯ. ",
}


@pytest.mark.screen
@pytest.mark.parametrize("script", PANGRAMS)
def test_a_script_that_the_layout_lacks_is_lent_its_keys_once(
    display: Display, motor: InputDriver, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change of the keyboard's map costs every program a look at all of it: 300 letters took half a minute."""
    text = (PANGRAMS[script] * 6)[:300]
    lent: list[int] = []
    assert motor._x is not None
    change = motor._x.change_keyboard_mapping
    monkeypatch.setattr(
        motor._x, "change_keyboard_mapping", lambda code, rows: (lent.append(rows[0][0]), change(code, rows))
    )
    with InputTap(display.name) as tap:
        motor.type(text)
        assert "".join(event.char for event in _events(tap) if event.kind == "key_down") == text
    assert len(lent) == len(set(lent))


@pytest.mark.screen
def test_where_keys_are_few_none_is_taken_that_is_about_to_be_needed(
    display: Display, motor: InputDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a display that is somebody else's only the spare keys are lent: 19 of them on a usual keyboard."""
    monkeypatch.setattr("crewless.body.screen.input_driver.authority_file", lambda name: None)
    text = (PANGRAMS["greek"] * 3)[:150]
    rounds: list[int] = []
    lend = motor._lend
    monkeypatch.setattr(motor, "_lend", lambda *args, **kept: (rounds.append(1), lend(*args, **kept)))
    with InputTap(display.name) as tap:
        motor.type(text)
        assert "".join(event.char for event in _events(tap) if event.kind == "key_down") == text
    assert len(rounds) <= 10


@pytest.mark.parametrize(
    ("text", "name"),
    [("a\x00", "U+0000, a control character"), ("ab\u2028", "LINE SEPARATOR"), ("\ue000", "private use"), ("\ufeffa", "ZERO WIDTH NO-BREAK SPACE")],
)  # fmt: skip
def test_what_no_key_can_have_is_named_before_the_first_key(text: str, name: str) -> None:
    with pytest.raises(BadInput, match=re.escape(name)):
        check_typable(text)


@pytest.mark.screen
@pytest.mark.browser
def test_a_browser_gets_spaces_that_do_not_break_soft_hyphens_and_joined_signs(tmp_path: Path) -> None:
    text = "a\u00a0b\u00adc\u202fd \U0001f469\u200d\U0001f4bb \U0001f600 ok"
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8><input id=t autofocus style='width:500px'><script>"
        "t.oninput=()=>{document.title=[...t.value].map(c=>c.codePointAt(0).toString(16)).join(' ')}</script>"
    )
    wanted = " ".join(f"{ord(c):x}" for c in text)
    with ScreenBody() as body:
        body.launch_chromium(page.as_uri())
        body.motor.type(text)
        connection = connect(body.display)
        title, deadline = "", time.monotonic() + 15
        while title != wanted and time.monotonic() < deadline:
            time.sleep(0.05)
            for window in client_windows(body.display):
                named = connection.create_resource_object("window", window).get_full_property(
                    connection.intern_atom("_NET_WM_NAME"), 0
                )
                title = named.value.decode() if named is not None else title
        hang_up(connection)
    assert title == wanted


@pytest.mark.screen
def test_caps_lock_is_switched_off_before_typing(display: Display, motor: InputDriver) -> None:
    motor.chord("Caps_Lock")
    with InputTap(display.name) as tap:
        motor.type("Abc")
        assert "".join(event.char for event in _events(tap) if event.kind == "key_down") == "Abc"


@pytest.mark.screen
def test_a_terminal_receives_exactly_what_is_typed(tmp_path: Path) -> None:
    if shutil.which("xterm") is None:
        pytest.skip("xterm is not installed")
    text = "The 5 quick £ brown € foxes; naïve {jump} ~over~ 'lazy' \"dogs\" #1 | & é ß"
    proof = tmp_path / "proof"
    with Display(640, 480) as display:
        command = f"IFS= read -r line; printf %s \"$line\" > '{proof}.part'; mv '{proof}.part' '{proof}'"
        program = launch(display, ["xterm", "-u8", "-e", "sh", "-c", command], env={"LC_ALL": "C.UTF-8"})
        time.sleep(0.3)
        motor = InputDriver(display.name)
        motor.type(text + "\n")
        deadline = time.monotonic() + 10
        while not proof.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        motor.close()
        program.close()
    assert proof.read_text() == text


@pytest.mark.screen
def test_keys_go_to_the_window_that_was_clicked(tmp_path: Path) -> None:
    if shutil.which("xterm") is None:
        pytest.skip("xterm is not installed")
    proofs = {name: tmp_path / name for name in ("left", "right")}
    with Display(900, 300) as display:
        programs = [
            launch(
                display, ["xterm", "-geometry", f"40x10{x:+d}+40", "-e", "sh", "-c", f"read -r a; echo $a >'{proof}'"]
            )
            for x, proof in zip((10, 500), proofs.values(), strict=True)
        ]
        time.sleep(0.3)
        motor = InputDriver(display.name)
        for name, x in (("left", 100), ("right", 600)):
            motor.click(Point(x, 120))
            motor.type(name + "\n")
        deadline = time.monotonic() + 10
        while not all(proof.exists() for proof in proofs.values()) and time.monotonic() < deadline:
            time.sleep(0.02)
        motor.close()
        for program in programs:
            program.close()
    assert {name: proof.read_text() for name, proof in proofs.items()} == {"left": "left\n", "right": "right\n"}


@pytest.mark.screen
def test_a_dead_display_is_said_and_closing_it_does_no_harm() -> None:
    display = Display(320, 240).start()
    motor = InputDriver(display.name)
    display.close()
    with pytest.raises(DisplayDied, match=display.name):
        motor.click(Point(5, 5))
    motor.close()
    motor.close()


def _events(tap: InputTap) -> list[InputEvent]:
    """Everything up to now: a key pressed as a mark tells that nothing is still on its way."""
    motor = InputDriver(tap.display)
    motor.chord("F12")
    motor.close()
    seen: list[InputEvent] = []
    deadline = time.monotonic() + 10
    while not any(event.keysym == "F12" and event.kind == "key_up" for event in seen) and time.monotonic() < deadline:
        time.sleep(0.02)
        seen += tap.drain()
    return [event for event in seen if event.keysym != "F12"]
