import time

import pytest

from crewless.body.screen import Display, InputDriver, InputTap
from crewless.core.errors import DisplayDied
from crewless.core.messages import InputEvent, Point

pytestmark = pytest.mark.screen


def collect(tap: InputTap) -> list[InputEvent]:
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


def test_the_tap_sees_exactly_what_was_sent(display: Display) -> None:
    motor = InputDriver(display.name)
    with InputTap(display.name) as tap:
        motor.click(Point(100, 120))
        motor.type("a€")
        motor.chord("ctrl+a")
        motor.scroll(-1, Point(100, 120))
        motor.drag(Point(100, 120), Point(200, 240))
        seen = [event for event in collect(tap) if event.kind != "move"]
    motor.close()
    keys = [(event.kind, event.keysym, event.char) for event in seen if event.keysym]
    assert keys == [
        ("key_down", "a", "a"),
        ("key_up", "a", "a"),
        ("key_down", "U20AC", "€"),
        ("key_up", "U20AC", "€"),
        ("key_down", "Control_L", ""),
        ("key_down", "a", ""),
        ("key_up", "a", ""),
        ("key_up", "Control_L", ""),
    ]
    buttons = [(event.kind, event.button, event.x, event.y) for event in seen if event.button]
    assert buttons == [
        ("press", 1, 100, 120),
        ("release", 1, 100, 120),
        ("press", 4, 100, 120),
        ("release", 4, 100, 120),
        ("press", 1, 100, 120),
        ("release", 1, 200, 240),
    ]
    assert len(keys) + len(buttons) == len(seen)


def test_times_are_monotonic_seconds_in_order(display: Display) -> None:
    motor = InputDriver(display.name)
    with InputTap(display.name) as tap:
        begin_s = time.monotonic()
        motor.click(Point(50, 60))
        motor.type("abc")
        end_s = time.monotonic()
        times = [event.t_s for event in collect(tap)]
    motor.close()
    assert times == sorted(times)
    assert begin_s - 0.01 <= times[0]
    assert times[-1] <= end_s + 0.01


def test_moves_are_thinned_to_the_frame_rate_and_the_last_one_comes_through(display: Display) -> None:
    motor = InputDriver(display.name)
    motor.move(Point(10, 10))
    with InputTap(display.name) as tap:
        motor.move(Point(620, 400))
        moves = [event for event in collect(tap) if event.kind == "move"]
    motor.close()
    assert (moves[-1].x, moves[-1].y) == (620, 400)
    # 16 interpolated positions in 4 ticks of 1/18 s, of which one in 1/36 s is kept, and the last.
    assert 4 <= len(moves) <= 10


def test_a_tap_ends_with_its_display_and_closes_twice() -> None:
    display = Display(320, 240).start()
    tap = InputTap(display.name).start()
    assert tap.alive()
    display.close()
    deadline = time.monotonic() + 5
    while tap.alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not tap.alive()
    tap.close()
    tap.close()


def test_a_tap_on_no_display_says_so() -> None:
    with pytest.raises(DisplayDied, match=":59999"):
        InputTap(":59999").start()
