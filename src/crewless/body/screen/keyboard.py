"""The keyboard of a display as it is now: which key makes which character, and which keys are free to be lent one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crewless.body.screen.keysyms import char_of, keysyms_of, name_of

if TYPE_CHECKING:
    from Xlib.display import Display as XConnection

SHIFT, LOCK, CONTROL, ALT, SUPER = 1, 2, 4, 8, 64
"""Modifier bits of an X event's state, as every layout of the xkeyboard-config collection sets them."""
_NUM_LOCK = 0xFF7F
_LEVEL3_SHIFT = (0xFE03, 0xFF7E)
_KEYPAD = range(0xFF80, 0xFFBE)
_MULTIMEDIA = range(0x10080000, 0x1008FFFF + 1)
"""XF86 keysyms: volume, browser, screens."""
_HARMLESS = frozenset(
    {255, 254, 253, 252, 251, 250, 249, 247, 246, 245, 244, 238, 237, 236, 235, 233, 232, 221, 220, 212, 211, 210}
    | {201, 200, 199, 198, 196, 195, 194, 193, 192, 191, 179, 177, 161, 159, 157, 156, 155, 147, 128}
)
"""Keycodes (evdev's numbers and 8) of radios, backlights, F13 to F24 and launchers. A browser acts upon others by their place on the
keyboard, whatever they make: the key for loading a page anew does so even when it types a letter."""


@dataclass(frozen=True, kw_only=True)
class Keymap:
    """A snapshot of the server's core keyboard map."""

    first: int
    """The lowest keycode."""
    keysyms: Sequence[Sequence[int]]
    """By keycode minus ``first``. Columns: group 1 plain, shifted; group 2 plain, shifted; then AltGr, alike."""
    num_lock: int
    """Modifier bit of Num Lock; 0 when there is none."""
    level3: int
    """Modifier bit of AltGr; 0 when there is none."""

    def find(self, char: str, group: int) -> tuple[int, bool] | None:
        """The keycode that makes a character in this group, and whether Shift is needed; None when there is none.

        AltGr is left out on purpose: what it makes depends on the program, and a lent key is surer.
        """
        for keysym in keysyms_of(char):
            found = self.find_keysym(keysym, group)
            if found is not None:
                return found
        return None

    def find_keysym(self, keysym: int, group: int) -> tuple[int, bool] | None:
        """The same for a keysym."""
        for shifted in (False, True):
            column = 2 * group + shifted
            for at, row in enumerate(self.keysyms):
                if column < len(row) and row[column] == keysym:
                    return self.first + at, shifted
        return None

    def plain(self, keycode: int) -> int:
        """What a key makes alone, as a keysym; 0 for nothing."""
        return self.keysyms[keycode - self.first][0]

    def holds(self, keycode: int) -> bool:
        """Whether a key makes a character."""
        return bool(char_of(self.plain(keycode)))

    def spare(self) -> list[int]:
        """Keycodes that make nothing, highest first."""
        return [self.first + at for at, row in enumerate(self.keysyms) if not any(row)][::-1]

    def expendable(self) -> list[int]:
        """Keycodes of multimedia keys that programs ignore, highest first: on a display without such a keyboard they are free."""
        return [
            self.first + at
            for at, row in enumerate(self.keysyms)
            if self.first + at in _HARMLESS and any(row) and all(keysym in _MULTIMEDIA for keysym in row if keysym)
        ][::-1]

    def lent(self) -> list[int]:
        """Keycodes that have been lent a character: the same one, and one only, in both columns of both groups."""
        return [
            self.first + at
            for at, row in enumerate(self.keysyms)
            if len(row) >= 4 and row[0] == row[1] == row[2] == row[3] and row[0] not in _KEYPAD and char_of(row[0])
        ]

    def with_rows(self, rows: Mapping[int, Sequence[int]]) -> "Keymap":
        """The same map with other keysyms for some keycodes."""
        if not rows:
            return self
        keysyms = [rows.get(self.first + at, row) for at, row in enumerate(self.keysyms)]
        return replace(self, keysyms=keysyms)

    def read(self, keycode: int, state: int) -> tuple[str, str]:
        """What a key makes while ``state`` is held: the keysym's name, and the character, empty when it types none."""
        row = self.keysyms[keycode - self.first] if 0 <= keycode - self.first < len(self.keysyms) else ()
        if not any(row):
            return "", ""
        group = state >> 13 & 3
        plain, shifted = _level(row, 2 * group)
        if self.level3 and state & self.level3:
            plain, shifted = _level(row, 4 + 2 * group) if any(row[4:]) else (plain, shifted)
        if self.num_lock and state & self.num_lock and shifted in _KEYPAD:
            keysym = plain if state & SHIFT else shifted
        else:
            keysym = shifted if state & SHIFT else plain
        char = char_of(keysym)
        if state & LOCK and char.lower() != char.upper() and plain != shifted:
            keysym = plain if state & SHIFT else shifted
            char = char_of(keysym)
        return name_of(keysym), "" if state & (CONTROL | ALT | SUPER) else char


def read_keymap(connection: "XConnection") -> Keymap:
    """Ask the server for its map."""
    info = connection.display.info
    keysyms = connection.get_keyboard_mapping(info.min_keycode, info.max_keycode - info.min_keycode + 1)
    by_code = {info.min_keycode + at: tuple(row) for at, row in enumerate(keysyms)}
    num_lock = level3 = 0
    for bit, codes in enumerate(connection.get_modifier_mapping()):
        held = {keysym for code in codes for keysym in by_code.get(code, ())}
        num_lock |= (1 << bit) * (_NUM_LOCK in held)
        level3 |= (1 << bit) * any(keysym in held for keysym in _LEVEL3_SHIFT)
    return Keymap(first=info.min_keycode, keysyms=[tuple(row) for row in keysyms], num_lock=num_lock, level3=level3)


def _level(row: Sequence[int], column: int) -> tuple[int, int]:
    plain = row[column] if column < len(row) else 0
    shifted = row[column + 1] if column + 1 < len(row) else 0
    if not plain and not shifted:
        plain, shifted = row[0], row[1] if len(row) > 1 else 0
    return plain, shifted or plain
