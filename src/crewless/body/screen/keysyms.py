"""Keys by name, by X keysym and by character.

Keysyms of Latin-1 are the character's own number; newer ones are 0x01000000 plus the Unicode number; in between lie the
legacy sets of keysymdef.h, which real layouts still use. Most of those are an ISO 8859 part, byte for byte: the tables
below give the codec and the exceptions (X11 protocol, appendix A).
"""

import difflib
import functools
from types import MappingProxyType

from crewless.core.errors import BadInput

_UNICODE = 0x01000000
_CODECS = {1: "iso8859-2", 2: "iso8859-3", 3: "iso8859-4", 5: "iso8859-6", 6: "koi8-r", 7: "iso8859-7", 12: "iso8859-8"}
_CODECS |= {13: "tis-620", 18: "iso8859-14", 19: "iso8859-15"}

_CYRILLIC = {0xA0 + at: char for at, char in enumerate(" ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏ") if char != " "}
_GREEK = {0xA1: "Ά", 0xA2: "Έ", 0xA3: "Ή", 0xA4: "Ί", 0xA5: "Ϊ", 0xA7: "Ό", 0xA8: "Ύ", 0xA9: "Ϋ", 0xAB: "Ώ"}
_GREEK |= {0xAE: "΅", 0xAF: "―", 0xB1: "ά", 0xB2: "έ", 0xB3: "ή", 0xB4: "ί", 0xB5: "ϊ", 0xB6: "ΐ", 0xB7: "ό"}
_GREEK |= {0xB8: "ύ", 0xB9: "ϋ", 0xBA: "ΰ", 0xBB: "ώ", 0xD2: "Σ", 0xF2: "σ", 0xF3: "ς"}
_GREEK |= {0xC0 + at: chr(0x390 + at) for at in range(1, 26) if at not in (0x12, 0x13)}
_GREEK |= {0xE0 + at: chr(0x3B0 + at) for at in range(1, 26) if at not in (0x12, 0x13)}
_PUNCTUATION = {0xA9: "—", 0xAA: "–", 0xAE: "…", 0xD0: "‘", 0xD1: "’", 0xD2: "“", 0xD3: "”", 0xFD: "‚", 0xFE: "„"}
_PUNCTUATION |= {0xC9: "™", 0xE6: "•", 0xF1: "†", 0xF2: "‡"}
_KEYPAD = {0xAA: "*", 0xAB: "+", 0xAC: ",", 0xAD: "-", 0xAE: ".", 0xAF: "/", 0xBD: "=", 0x80: " "}
_KEYPAD |= {0xB0 + digit: str(digit) for digit in range(10)}
_EXCEPTIONS = {6: _CYRILLIC, 7: _GREEK, 10: _PUNCTUATION, 255: _KEYPAD}

MODIFIERS = MappingProxyType(
    {"ctrl": "Control_L", "control": "Control_L", "shift": "Shift_L", "alt": "Alt_L", "super": "Super_L"}
    | {"meta": "Super_L", "altgr": "ISO_Level3_Shift"}
)
"""The words before the last ``+`` of a chord, and the keys that they hold."""
_ALIASES = {"enter": "Return", "esc": "Escape", "del": "Delete", "ins": "Insert", "space": "space", "pgup": "Prior"}
_ALIASES |= {"pgdn": "Next", "pageup": "Prior", "pagedown": "Next", "backspace": "BackSpace"}


def char_of(keysym: int) -> str:
    """The character that a keysym stands for; empty for keys that have none, such as ``Return`` and dead keys."""
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF:
        return chr(keysym)
    if _UNICODE <= keysym <= _UNICODE + 0x10FFFF:
        return chr(keysym - _UNICODE)
    page, byte = keysym >> 8, keysym & 0xFF
    if page == 0x20:
        return chr(keysym) if 0xA0 <= byte <= 0xBF else ""
    exception = _EXCEPTIONS.get(page, {}).get(byte)
    if exception is not None:
        return exception
    codec = _CODECS.get(page)
    if codec is None or byte < 0xA1 or page == 7 or (page == 6 and byte < 0xC0):
        return ""
    char = bytes([byte]).decode(codec, errors="ignore")
    # The legacy sets share Latin-1's characters with Latin-1, and define only the others.
    return char if char > "\xff" else ""


def keysyms_of(char: str) -> tuple[int, ...]:
    """The keysyms that stand for a character, the first the one to use for a new key."""
    if char in "\n\r":
        return (0xFF0D,)
    if char == "\t":
        return (0xFF09,)
    code = ord(char)
    own = code if 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xFF else _UNICODE + code
    return (own, *_legacy().get(char, ()))


def keysym_named(name: str) -> int:
    """The keysym of a key's name (``Return``, ``F5``, ``a``, ``eacute``) or of a single character. Raises BadInput."""
    if len(name) == 1:
        return keysyms_of(name)[0]
    names = _names()
    known = _ALIASES.get(name.lower(), name)
    if known in names:
        return names[known]
    if known.capitalize() in names:
        return names[known.capitalize()]
    near = difflib.get_close_matches(name, names, n=4, cutoff=0.5) or ["Return", "Tab", "Escape", "ctrl+a"]
    raise BadInput(f"there is no key named {name!r}", alternatives=near)


def name_of(keysym: int) -> str:
    """The X name of a keysym; ``U20AC`` for characters that have none; empty for no keysym."""
    name = _by_keysym().get(keysym)
    if name is not None:
        return name
    char = char_of(keysym)
    return f"U{ord(char):04X}" if char else (f"0x{keysym:x}" if keysym else "")


def parse_chord(chord: str) -> tuple[tuple[int, ...], int]:
    """Split a chord such as ``ctrl+shift+t`` into the keysyms of its modifiers and of its key. Raises BadInput."""
    head, plus, key = chord.rpartition("+")
    if not key and chord:
        key, head = "+", head.removesuffix("+")
    held = [part.strip().lower() for part in head.split("+")] if plus and head else []
    for part in held:
        if part not in MODIFIERS:
            raise BadInput(f"{part!r} in {chord!r} is not a modifier", alternatives=sorted(MODIFIERS))
    if not key.strip():
        raise BadInput(f"the chord {chord!r} names no key", alternatives=["Return", "ctrl+a"])
    key = key if len(key) == 1 else key.strip()
    return tuple(keysym_named(MODIFIERS[part]) for part in held), keysym_named(MODIFIERS.get(key.lower(), key))


@functools.cache
def _legacy() -> dict[str, tuple[int, ...]]:
    table: dict[str, tuple[int, ...]] = {}
    for page in (*_CODECS, 10, 0x20):
        for byte in range(0xA0, 0x100):
            char = char_of(page << 8 | byte)
            if char:
                table[char] = (*table.get(char, ()), page << 8 | byte)
    return table


@functools.cache
def _names() -> dict[str, int]:
    from Xlib import XK, keysymdef

    for group in keysymdef.__all__:
        XK.load_keysym_group(group)
    return {name[3:]: value for name, value in vars(XK).items() if name.startswith("XK_") and isinstance(value, int)}


@functools.cache
def _by_keysym() -> dict[int, str]:
    table: dict[int, str] = {}
    for name, keysym in _names().items():
        table.setdefault(keysym, name)
    return table
