"""Controls into an X display by XTEST: what a hand on a mouse and a keyboard does, 18 control ticks a second."""

import contextlib
import math
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crewless.body.screen.authority import authority_file
from crewless.body.screen.display import connect, connection_errors, hang_up
from crewless.body.screen.keyboard import LOCK, Keymap, read_keymap
from crewless.body.screen.keysyms import keysyms_of, parse_chord
from crewless.core.errors import BadInput, DisplayDied
from crewless.core.messages import Point
from crewless.core.services import SERVICES

if TYPE_CHECKING:
    from Xlib.display import Display as XConnection

TICK_S = SERVICES["control"].period_s
_STEPS_PER_TICK = 4
_LONGEST_TICKS = 4
_CHAR_S = 0.004
"""Between two characters: 250 a second, which Chromium and xterm take without a loss."""
_HOLD_S = 0.012
"""How long a button is held in a click."""
_LEARN_S = 0.05
"""What a program is given to hear of a lent key before that key is pressed; it asks for the map when it gets there."""
_FORGET_S = 0.25
"""What a program is given before a key that it may still have to look up is lent another character."""
_LEFT, _WHEEL_UP, _WHEEL_DOWN = 1, 4, 5
_CAPS_LOCK, _SHIFT_L = 0xFFE5, 0xFFE1
# Fitts' law, MT = a + b log2(D/W + 1) in Shannon's form (MacKenzie 1992); a and b are a quarter of a trained hand's.
_FITTS_A_S, _FITTS_B_S, _FITTS_WIDTH_PX = 0.02, 0.035, 16.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """What was sent within one control tick."""

    t_s: float
    """When its last part was sent."""
    kind: Literal["move", "press", "release", "keys", "chord", "wheel"]
    values: tuple[int | str, ...]
    """move: x, y. press, release: button, x, y. keys: the characters. chord: the chord. wheel: notches, x, y."""


class InputDriver:
    """Mouse and keyboard of a display.

    Every method raises DisplayDied when the display is gone; :attr:`sent` tells whether anything had been sent by then.

    Args:
        display: its name, like ``:77``.
        history: how many controls :attr:`controls` keeps.
        on_control: called after each control, so that the body can look while it acts.
    """

    def __init__(self, display: str, *, history: int = 10_000, on_control: Callable[[], object] | None = None) -> None:
        self.display = display
        self._on_control = on_control
        self.controls: deque[Control] = deque(maxlen=history)
        self.sent = 0
        """Events sent so far that a program may act on: everything but pointer moves."""
        self._x: XConnection | None = connect(display)
        if not self._x.has_extension("XTEST"):
            raise DisplayDied(f"the X display {display} has no XTEST extension")
        screen = self._x.screen()
        self.width, self.height = screen.width_in_pixels, screen.height_in_pixels
        self._keymap: Keymap | None = None
        self._lent: deque[int] = deque()
        self._held_keys: list[int] = []
        self._held_buttons: list[int] = []

    def pointer(self) -> Point:
        """Where the pointer is."""
        with self._wire() as x:
            where = x.screen().root.query_pointer()
            return Point(where.root_x, where.root_y)

    def move(self, to: Point) -> None:
        """Move the pointer along a straight line with minimum jerk, in 1 to 4 control ticks. Raises BadInput."""
        self.check_inside(to)
        start = self.pointer()
        ticks = move_ticks(math.dist(start, to))
        if ticks == 0:
            return
        with self._wire() as x:
            from Xlib import X

            begin_s = time.monotonic()
            for step in range(1, ticks * _STEPS_PER_TICK + 1):
                share = minimum_jerk(step / (ticks * _STEPS_PER_TICK))
                at = (round(start.x + share * (to.x - start.x)), round(start.y + share * (to.y - start.y)))
                x.xtest_fake_input(X.MotionNotify, x=at[0], y=at[1])
                x.flush()
                if step % _STEPS_PER_TICK == 0:
                    self._log("move", *at)
                _sleep_until(begin_s + step * TICK_S / _STEPS_PER_TICK)
            x.sync()

    def click(self, at: Point, *, times: int = 1) -> None:
        """Move there and click the left button. Raises BadInput."""
        self.move(at)
        for number in range(times):
            if number:
                time.sleep(2 * _HOLD_S)
            self._button(_LEFT, True, at)
            time.sleep(_HOLD_S)
            self._button(_LEFT, False, at)

    def drag(self, start: Point, end: Point) -> None:
        """Press the left button at one point and let it go at another. Raises BadInput."""
        self.check_inside(end)
        self.move(start)
        try:
            self._button(_LEFT, True, start)
            time.sleep(TICK_S)
            self.move(end)
            # Programs begin and end a drag on motion events: a rest on the target lets the last of them arrive.
            time.sleep(TICK_S)
        finally:
            self._button(_LEFT, False, end)

    def scroll(self, notches: int, at: Point | None = None) -> None:
        """Turn the wheel, positive is down. Raises BadInput."""
        if at is not None:
            self.move(at)
        where = at or self.pointer()
        button = _WHEEL_DOWN if notches > 0 else _WHEEL_UP
        for done in range(1, abs(notches) + 1):
            self._button(button, True, where, log=False)
            self._button(button, False, where, log=False)
            self._log("wheel", done if notches > 0 else -done, *where)
            time.sleep(_CHAR_S)

    def chord(self, chord: str) -> None:
        """Press a key, with modifiers held: ``Return``, ``ctrl+a``. Raises BadInput for a key that does not exist."""
        modifiers, keysym = parse_chord(chord)
        with self._wire() as x:
            group = self._ready(x)
            self._lend(x, [keysym for keysym in (*modifiers, keysym) if self._code(keysym, group) is None], group)
            codes = [self._code(keysym, group) for keysym in modifiers]
            code = self._code(keysym, group)
            assert code is not None
            held = [found[0] for found in codes if found is not None]
            if code[1] and _SHIFT_L not in modifiers:
                held.append(self._shift(group))
            try:
                for keycode in held:
                    self._key(x, keycode, True)
                self._key(x, code[0], True)
                self._key(x, code[0], False)
            finally:
                self._release_keys(x)
            x.sync()
            self._log("chord", chord)

    def type(self, text: str) -> None:
        """Type text; a line break presses Return, a tab presses Tab. Characters that the layout does not have are lent a
        spare key, which keeps them until it is needed for another: a program may ask for the map long after the key was
        pressed. Raises BadInput, before the first key, for characters that no key can have, and names them."""
        check_typable(text)
        text = text.replace("\r\n", "\n")
        done = 0
        while done < len(text):
            with self._wire() as x:
                done += self._type_some(x, text[done:])

    def release_all(self) -> None:
        """Let go of everything that is still held."""
        with self._wire() as x:
            self._release_keys(x)
            for button in list(self._held_buttons):
                self._button(button, False, self.pointer())

    def check_inside(self, point: Point) -> None:
        """Raises BadInput when the point lies outside the screen."""
        if not (0 <= point.x < self.width and 0 <= point.y < self.height):
            raise BadInput(
                f"the point {point.x},{point.y} lies outside the screen of {self.width}x{self.height} pixels",
                alternatives=[f"0,0 to {self.width - 1},{self.height - 1}"],
            )

    def close(self) -> None:
        """Let go of everything and hang up. Safe to call twice.

        Lent keys stay: a program that has yet to look up a key must still find it, and the next motor uses them again.
        """
        if self._x is None:
            return
        with contextlib.suppress(DisplayDied):
            self.release_all()
        hang_up(self._x)
        self._x = None

    @contextlib.contextmanager
    def _wire(self) -> "Iterator[XConnection]":
        if self._x is None:
            raise DisplayDied(f"the connection to the X display {self.display} has been closed")
        try:
            yield self._x
        except connection_errors() as error:
            raise DisplayDied(f"the X display {self.display} is gone") from error

    def _log(self, kind: Literal["move", "press", "release", "keys", "chord", "wheel"], *values: int | str) -> None:
        self.controls.append(Control(t_s=time.monotonic(), kind=kind, values=values))
        if self._on_control is not None:
            self._on_control()

    def _button(self, button: int, down: bool, at: Point, *, log: bool = True) -> None:
        from Xlib import X

        with self._wire() as x:
            x.xtest_fake_input(X.ButtonPress if down else X.ButtonRelease, button)
            self.sent += 1
            x.sync()
        if down:
            self._held_buttons.append(button)
        elif button in self._held_buttons:
            self._held_buttons.remove(button)
        if log:
            self._log("press" if down else "release", button, *at)

    def _key(self, x: "XConnection", keycode: int, down: bool) -> None:
        from Xlib import X

        x.xtest_fake_input(X.KeyPress if down else X.KeyRelease, keycode)
        self.sent += 1
        if down:
            self._held_keys.append(keycode)
        elif keycode in self._held_keys:
            self._held_keys.remove(keycode)

    def _release_keys(self, x: "XConnection") -> None:
        for keycode in reversed(list(self._held_keys)):
            self._key(x, keycode, False)
        x.flush()

    def _ready(self, x: "XConnection") -> int:
        """Read the map anew if it has changed, switch Caps Lock off, and say which group is on."""
        from Xlib import X

        state = x.screen().root.query_pointer().mask
        while x.pending_events():
            if x.next_event().type == X.MappingNotify:
                self._keymap = None
        if self._keymap is None:
            self._keymap = read_keymap(x)
        if state & LOCK:
            code = self._keymap.find_keysym(_CAPS_LOCK, 0)
            if code is not None:
                self._key(x, code[0], True)
                self._key(x, code[0], False)
                x.sync()
        return state >> 13 & 3

    def _code(self, keysym: int, group: int) -> tuple[int, bool] | None:
        assert self._keymap is not None
        return self._keymap.find_keysym(keysym, group)

    def _shift(self, group: int) -> int:
        found = self._code(_SHIFT_L, group)
        if found is None:
            raise BadInput(f"the keyboard of {self.display} has no Shift key", alternatives=["setxkbmap us"])
        return found[0]

    def _lend(self, x: "XConnection", keysyms: Sequence[int], group: int, *, keep: Collection[int] = ()) -> None:
        """Give each keysym a key of its own: a spare one, or one that was lent another that is not among those to keep."""
        if not keysyms:
            return
        assert self._keymap is not None
        free = self._free_keys(keep)
        if any(self._keymap.holds(keycode) for keycode in free[: len(keysyms)]):
            # A program that is behind has yet to look up what these keys were.
            time.sleep(_FORGET_S)
        if len(free) < len(keysyms):
            raise BadInput(f"the keyboard of {self.display} has no spare key", alternatives=["setxkbmap us"])
        for keysym, keycode in zip(keysyms, free, strict=False):
            with contextlib.suppress(ValueError):
                self._lent.remove(keycode)
            self._lent.append(keycode)
            x.change_keyboard_mapping(keycode, [(keysym,) * 4])
        x.sync()
        time.sleep(_LEARN_S)
        self._keymap = read_keymap(x)

    def _free_keys(self, keep: Collection[int] = ()) -> list[int]:
        """Keycodes that may be lent, those first that nobody will miss; without those that hold a keysym to keep."""
        assert self._keymap is not None
        mapped = self._keymap
        lent = mapped.lent()
        by_age = [code for code in lent if code not in self._lent] + [code for code in self._lent if code in lent]
        # Our own displays have no multimedia keys; on another the person in front of it may have.
        ours = mapped.expendable() if authority_file(self.display) is not None else []
        return [*mapped.spare(), *ours, *(code for code in by_age if mapped.plain(code) not in keep)]

    def _type_some(self, x: "XConnection", text: str) -> int:
        """Type as much of the text as the keyboard can hold at once; the number of characters typed."""
        group = self._ready(x)
        assert self._keymap is not None
        lent = {self._keymap.plain(code) for code in self._keymap.lent()}
        room = len(self._free_keys())
        wanted: list[int] = []
        """Keysyms that need a key that is lent, in the order in which they are needed."""
        fits = 0
        for char in text:
            keysym = keysyms_of(char)[0]
            if (keysym in lent or self._keymap.find(char, group) is None) and keysym not in wanted:
                if len(wanted) == room:
                    break
                wanted.append(keysym)
            fits += 1
        self._lend(x, [keysym for keysym in wanted if keysym not in lent], group, keep=set(wanted))
        due_s = tick_s = time.monotonic()
        typed, chunk = 0, ""
        shift = self._shift(group)
        try:
            for char in text[:fits]:
                found = self._keymap.find(char, group)
                if found is None:
                    break
                keycode, shifted = found
                if shifted != (shift in self._held_keys):
                    self._key(x, shift, shifted)
                self._key(x, keycode, True)
                self._key(x, keycode, False)
                x.flush()
                typed, chunk = typed + 1, chunk + char
                due_s += _CHAR_S
                _sleep_until(due_s)
                if due_s - tick_s >= TICK_S:
                    self._log("keys", chunk)
                    tick_s, chunk = due_s, ""
        finally:
            self._release_keys(x)
            if chunk:
                self._log("keys", chunk)
        x.sync()
        return typed


_TYPABLE_FORMATS = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060")
"""Characters without a shape of their own that keyboards have: soft hyphen, joiners, marks of direction."""


def check_typable(text: str) -> None:
    """Raises BadInput that names the first character which no key can have."""
    for char in text.replace("\r\n", "\n"):
        kind = unicodedata.category(char)
        if char in "\n\r\t" or char in _TYPABLE_FORMATS or kind == "Zs" or char.isprintable():
            continue
        name = unicodedata.name(char, "") or {"Cc": "a control character", "Co": "for private use"}.get(
            kind, "no character"
        )
        raise BadInput(
            f"{char!r} (U+{ord(char):04X}, {name}) cannot be typed",
            alternatives=["letters, signs and spaces of Unicode, line breaks, tabs"],
        )


def minimum_jerk(share: float) -> float:
    """How far along a movement is, 0 to 1, after this share of its time (Flash and Hogan 1985, eq. 6)."""
    return share**3 * (10.0 + share * (6.0 * share - 15.0))


def move_ticks(distance_px: float) -> int:
    """Control ticks that a move takes: 0 when there is nowhere to go, else 1 to 4."""
    if distance_px < 0.5:
        return 0
    seconds = _FITTS_A_S + _FITTS_B_S * math.log2(distance_px / _FITTS_WIDTH_PX + 1.0)
    return min(_LONGEST_TICKS, max(1, round(seconds / TICK_S)))


def _sleep_until(due_s: float) -> None:
    delay_s = due_s - time.monotonic()
    if delay_s > 0:
        time.sleep(delay_s)
