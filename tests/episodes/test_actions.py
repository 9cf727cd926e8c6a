from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crewless.core.messages import Action, InputEvent, Point
from crewless.episodes.actions import segment
from crewless.episodes.links import CONTROL_NAMES, control_rows, key_code

SHIFTED = set('ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()_+{}:"<>?')


class Hands:
    """Turns actions into the events that a person or a motor layer would cause."""

    def __init__(self) -> None:
        self.t_s = 1.0
        self.at = Point(0, 0)
        self.events: list[InputEvent] = []

    def do(self, action: Action) -> None:
        self.t_s += 0.5
        match action.verb:
            case "click" | "double_click":
                self.move(action.point)
                for _ in range(1 if action.verb == "click" else 2):
                    self.press(1)
                    self.t_s += 0.05
            case "drag":
                self.move(action.point)
                self.event("press", button=1)
                self.move(action.to)
                self.event("release", button=1)
            case "scroll":
                self.move(action.point)
                for _ in range(abs(action.amount)):
                    self.press(5 if action.amount > 0 else 4)
            case "type":
                for char in action.text:
                    self.key(char if char != " " else "space", char, ["Shift_L"] if char in SHIFTED else [])
            case "key":
                *mods, name = action.text.split("+")
                self.key(name, "", [{"ctrl": "Control_L", "alt": "Alt_L", "shift": "Shift_R"}[mod] for mod in mods])

    def move(self, to: Point) -> None:
        for n in range(1, 6):
            x, y = (round(a + (b - a) * n / 5) for a, b in zip(self.at, to, strict=True))
            self.t_s += 1 / 18
            self.event("move", x=x, y=y)
        self.at = to

    def press(self, button: int) -> None:
        self.event("press", button=button)
        self.t_s += 0.05
        self.event("release", button=button)

    def key(self, name: str, char: str, mods: list[str]) -> None:
        for mod in mods:
            self.event("key_down", keysym=mod)
        self.t_s += 0.03
        self.event("key_down", keysym=name, char=char)
        self.event("key_up", keysym=name)
        for mod in reversed(mods):
            self.event("key_up", keysym=mod)

    def event(self, kind, **more) -> None:
        self.events.append(InputEvent(**({"t_s": self.t_s, "kind": kind, "x": self.at.x, "y": self.at.y} | more)))


points = st.builds(Point, st.integers(20, 1000), st.integers(20, 700))
far = st.builds(Point, st.integers(1020, 1270), st.integers(20, 700))
chords = st.sampled_from(["Return", "Tab", "ctrl+a", "ctrl+shift+Tab", "alt+F4", "Escape", "Down"])
texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]) | st.just(" "), min_size=1, max_size=20)
actions = st.one_of(
    st.builds(lambda p: Action(verb="click", point=p), points),
    st.builds(lambda p: Action(verb="double_click", point=p), points),
    st.builds(lambda p, q: Action(verb="drag", point=p, to=q), points, far),
    st.builds(
        lambda p, n: Action(verb="scroll", point=p, amount=n), points, st.integers(-9, 9).filter(lambda n: n != 0)
    ),
    st.builds(lambda text: Action(verb="type", text=text), texts),
    st.builds(lambda text: Action(verb="key", text=text), chords),
)


def told_apart(before: Action, after: Action) -> bool:
    """Two runs of typing in a row are one."""
    return not (before.verb == after.verb == "type")


@settings(max_examples=200, deadline=None)
@given(wanted=st.lists(actions, max_size=8))
def test_the_events_of_a_list_of_actions_give_the_list_back(wanted):
    done: list[Action] = []
    for action in wanted:
        if not done or told_apart(done[-1], action):
            done.append(action)
    hands = Hands()
    for action in done:
        hands.do(action)
    found = segment(hands.events)
    assert [item.action for item in found] == done
    assert all(item.start_s <= item.end_s for item in found)
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))


def test_a_click_begins_with_the_movement_that_leads_to_it():
    hands = Hands()
    hands.do(Action(verb="click", point=Point(100, 100)))
    first = hands.events[0].t_s
    [found] = segment(hands.events)
    assert found.start_s == first
    assert found.end_s == hands.events[-1].t_s


def test_backspace_takes_back_the_last_character():
    hands = Hands()
    hands.do(Action(verb="type", text="helpx"))
    hands.key("BackSpace", "\b", [])
    hands.do(Action(verb="type", text="!"))
    assert [item.action for item in segment(hands.events)] == [Action(verb="type", text="help!")]


def test_a_text_that_was_taken_back_whole_is_no_action_and_one_backspace_more_is_a_key():
    hands = Hands()
    hands.do(Action(verb="type", text="a"))
    hands.key("BackSpace", "\b", [])
    assert segment(hands.events) == []
    hands.key("BackSpace", "\b", [])
    assert [item.action for item in segment(hands.events)] == [Action(verb="key", text="BackSpace")]


def test_modifiers_alone_produce_nothing():
    hands = Hands()
    for name in ("Shift_L", "Control_R", "Alt_L", "ISO_Level3_Shift", "Caps_Lock"):
        hands.key(name, "", [])
    assert segment(hands.events) == []


def test_two_clicks_further_apart_than_the_double_click_time_are_two():
    hands = Hands()
    for _ in range(2):
        hands.do(Action(verb="click", point=Point(9, 9)))
    assert [item.action.verb for item in segment(hands.events)] == ["click", "click"]


def test_rows_hold_what_was_held_and_typed_in_them():
    events = [
        InputEvent(t_s=0.01, kind="press", button=1),
        InputEvent(t_s=0.012, kind="release", button=1),
        InputEvent(t_s=0.06, kind="key_down", keysym="Control_L"),
        InputEvent(t_s=0.07, kind="key_down", keysym="a", char="\x01"),
        InputEvent(t_s=0.10, kind="key_up", keysym="Control_L"),
        InputEvent(t_s=0.16, kind="press", button=5),
        InputEvent(t_s=0.17, kind="press", button=5),
    ]
    table = control_rows(events, np.arange(5) * 0.05, [Point(n, 2 * n) for n in range(5)])
    column = {name: table[:, n].tolist() for n, name in enumerate(CONTROL_NAMES)}
    assert column["pointer_y"] == [0, 2, 4, 6, 8]
    assert column["left"] == [1, 0, 0, 0, 0]
    assert column["ctrl"] == [0, 1, 1, 0, 0]
    assert column["key"] == [0, ord("a"), 0, 0, 0]
    assert column["wheel"] == [0, 0, 0, 2, 0]


def test_every_key_is_a_number_that_float32_holds():
    for keysym, char in (("a", "a"), ("Return", "\r"), ("EuroSign", "€"), ("U20AC", "€"), ("U1F600", "😀"), ("F5", "")):
        code = key_code(keysym, char)
        assert int(np.float32(code)) == code != 0
    assert key_code("EuroSign", "€") == key_code("U20AC", "€") == -ord("€")
    assert key_code("Return", "\r") == 0xFF0D
