import ctypes
import ctypes.util

import pytest

from crewless.body.screen.keysyms import char_of, keysym_named, keysyms_of, name_of, parse_chord
from crewless.core.errors import BadInput

CONTROL_L, SHIFT_L = 0xFFE3, 0xFFE1


def test_characters_agree_with_libxkbcommon_wherever_both_know_one() -> None:
    library = ctypes.util.find_library("xkbcommon")
    if library is None:
        pytest.skip("libxkbcommon is not installed")
    to_utf32 = ctypes.CDLL(library).xkb_keysym_to_utf32
    for keysym in (*range(0x20, 0x2100), *range(0xFF80, 0xFFBE), *range(0x1000100, 0x1003000)):
        known = to_utf32(keysym)
        ours = char_of(keysym)
        if ours:
            assert known in (0, ord(ours)), hex(keysym)
        elif keysym >> 8 in (0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x0C, 0x13, 0x20):
            assert known < 0x20 or known == 0x7F, hex(keysym)


def test_euro_is_found_under_its_legacy_keysym_too() -> None:
    assert keysyms_of("€")[0] == 0x10020AC
    assert 0x20AC in keysyms_of("€")
    assert name_of(0x20AC) == name_of(0x10020AC) == "U20AC"


def test_line_breaks_and_tabs_are_keys() -> None:
    assert keysyms_of("\n") == (keysym_named("Return"),)
    assert keysyms_of("\t") == (keysym_named("Tab"),)


@pytest.mark.parametrize(
    ("chord", "expected"),
    [
        ("Return", ((), 0xFF0D)),
        ("enter", ((), 0xFF0D)),
        ("ctrl+a", ((CONTROL_L,), 0x61)),
        ("ctrl+shift+Tab", ((CONTROL_L, SHIFT_L), 0xFF09)),
        ("+", ((), 0x2B)),
        ("ctrl++", ((CONTROL_L,), 0x2B)),
        ("PageDown", ((), 0xFF56)),
    ],
)
def test_chords_are_read(chord: str, expected: tuple[tuple[int, ...], int]) -> None:
    assert parse_chord(chord) == expected


@pytest.mark.parametrize(
    ("chord", "near"), [("Retrun", "Return"), ("cntrl+a", "ctrl"), ("", "Return"), ("Escpae", "Escape")]
)
def test_an_unknown_key_names_its_neighbours(chord: str, near: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_chord(chord)
    assert near in caught.value.alternatives
