"""Raw input events to the actions that a person meant.

The rules: a press and release at one place is a click, two within 400 ms a double click, a press and release at two
places a drag. Characters run together into one ``type`` until anything else happens; BackSpace takes the last one away.
Other keys, and characters under Ctrl, Alt or Super, are ``key`` chords; Shift is part of the character. Notches of the
wheel in one direction at one place run together into one ``scroll``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from crewless.core.messages import Action, InputEvent, Point

DOUBLE_CLICK_S = 0.4
"""From the first press to the second; the desktop standard (GTK, Qt)."""
SLOP_PX = 4
"""A hand that clicks moves the mouse by less than this."""
PAUSE_S = 0.35
"""A pointer that rested this long has ended one movement and begun another."""
SCROLL_PAUSE_S = 0.7
"""Wheel notches further apart than this are two scrolls: the person looked at the page in between."""

MODIFIERS = {
    "Control_L": "ctrl", "Control_R": "ctrl", "Alt_L": "alt", "Alt_R": "alt", "Meta_L": "alt", "Meta_R": "alt",
    "Super_L": "super", "Super_R": "super", "Shift_L": "shift", "Shift_R": "shift",
    "ISO_Level3_Shift": "", "Caps_Lock": "", "Num_Lock": "", "Mode_switch": "", "ISO_Level5_Shift": "",
}  # fmt: skip
"""Keys that produce nothing alone, and the name under which a chord carries them."""
_ORDER = ("ctrl", "alt", "super", "shift")


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionSegment:
    """An action and when it was done."""

    action: Action
    start_s: float
    """The beginning of the pointer movement that leads to it, or its first key."""
    end_s: float


def segment(events: Iterable[InputEvent]) -> list[ActionSegment]:
    """The actions in a stream of events that is in order of time. Only the left button clicks; others are ignored."""
    walker = _Walker()
    for event in events:
        walker.feed(event)
    walker.end_typing()
    return walker.found


class _Walker:
    """The state of the walk over the events."""

    def __init__(self) -> None:
        self.found: list[ActionSegment] = []
        self._held: set[str] = set()
        self._motion_s: float | None = None
        self._last_motion_s = 0.0
        self._press: InputEvent | None = None
        self._press_start_s = 0.0
        self._last_press_s = -1e9
        self._text: list[str] = []
        self._typed = False
        self._text_start_s = self._text_end_s = 0.0

    def feed(self, event: InputEvent) -> None:
        match event.kind:
            case "move":
                if self._motion_s is None or event.t_s - self._last_motion_s > PAUSE_S:
                    self._motion_s = event.t_s
                self._last_motion_s = event.t_s
            case "press":
                self._pressed(event)
            case "release":
                self._released(event)
            case "key_down":
                self._key(event)
            case "key_up":
                self._held.discard(event.keysym)

    def end_typing(self) -> None:
        if self._typed and self._text:
            action = Action(verb="type", text="".join(self._text))
            self.found.append(ActionSegment(action=action, start_s=self._text_start_s, end_s=self._text_end_s))
        self._text, self._typed = [], False

    def _begin(self, event: InputEvent) -> float:
        """When the movement that led to this event began; the movement is used up."""
        rested = self._motion_s is None or event.t_s - self._last_motion_s > 4 * PAUSE_S
        start_s = event.t_s if rested or self._motion_s is None else self._motion_s
        self._motion_s = None
        return start_s

    def _pressed(self, event: InputEvent) -> None:
        self.end_typing()
        if event.button in (4, 5):
            self._wheel(event)
        elif event.button == 1:
            self._press, self._press_start_s = event, self._begin(event)

    def _wheel(self, event: InputEvent) -> None:
        amount, here = (1 if event.button == 5 else -1), Point(event.x, event.y)
        start_s = self._begin(event)
        last = self.found[-1] if self.found else None
        if (
            last is not None
            and last.action.verb == "scroll"
            and last.action.point == here
            and last.action.amount * amount > 0
            and event.t_s - last.end_s <= SCROLL_PAUSE_S
        ):
            action = replace(last.action, amount=last.action.amount + amount)
            self.found[-1] = replace(last, action=action, end_s=event.t_s)
            return
        action = Action(verb="scroll", point=here, amount=amount)
        self.found.append(ActionSegment(action=action, start_s=start_s, end_s=event.t_s))

    def _released(self, event: InputEvent) -> None:
        press = self._press
        if event.button != 1 or press is None:
            return
        self._press, self._motion_s = None, None
        here, there = Point(press.x, press.y), Point(event.x, event.y)
        if not _near(here, there):
            action = Action(verb="drag", point=here, to=there)
            self.found.append(ActionSegment(action=action, start_s=self._press_start_s, end_s=event.t_s))
            self._last_press_s = -1e9
            return
        last = self.found[-1] if self.found else None
        twice = press.t_s - self._last_press_s <= DOUBLE_CLICK_S
        if twice and last is not None and last.action.verb == "click" and _near(last.action.point, here):
            self.found[-1] = replace(last, action=replace(last.action, verb="double_click"), end_s=event.t_s)
            self._last_press_s = -1e9
            return
        action = Action(verb="click", point=here)
        self.found.append(ActionSegment(action=action, start_s=self._press_start_s, end_s=event.t_s))
        self._last_press_s = press.t_s

    def _key(self, event: InputEvent) -> None:
        if event.keysym in MODIFIERS:
            self._held.add(event.keysym)
            return
        mods = {MODIFIERS[name] for name in self._held}
        if not mods & {"ctrl", "alt", "super"} and len(event.char) == 1 and event.char.isprintable():
            if not self._typed:
                self._typed, self._text_start_s = True, event.t_s
            self._text.append(event.char)
            self._text_end_s = event.t_s
            return
        if event.keysym == "BackSpace" and self._text and not mods:
            self._text.pop()
            self._text_end_s = event.t_s
            return
        self.end_typing()
        chord = "+".join([*(name for name in _ORDER if name in mods), event.keysym])
        self.found.append(ActionSegment(action=Action(verb="key", text=chord), start_s=event.t_s, end_s=event.t_s))


def _near(a: Point | None, b: Point) -> bool:
    return a is not None and abs(a.x - b.x) <= SLOP_PX and abs(a.y - b.y) <= SLOP_PX
