"""Raw input events to one control vector per row: what standard readers of the dataset see as ``action``."""

from collections.abc import Sequence

import numpy as np

from crewless.core.messages import InputEvent, Point
from crewless.episodes.actions import MODIFIERS

CONTROL_NAMES = ("pointer_x", "pointer_y", "left", "middle", "right", "wheel", "key", "ctrl", "alt", "shift")
"""Pixels; 1 while held; notches in this row, positive is down; :func:`key_code` of the key that went down in this row, the
last if there were two; 1 while held."""


def key_code(keysym: str, char: str) -> int:
    """A key as a number that float32 holds exactly.

    X keysyms are below 2**16, but for those that stand for a Unicode character: 2**24 + its code point. They are written
    as minus the code point. 0 is no key, or one that X does not know.
    """
    from Xlib import XK

    code = XK.string_to_keysym(keysym) or (ord(char) if len(char) == 1 else 0)
    if code > 0xFF and len(char) == 1 and char.isprintable():
        return -ord(char)
    return code if code < 1 << 24 else -(code - (1 << 24))


def control_rows(events: Sequence[InputEvent], row_times_s: np.ndarray, pointers: Sequence[Point]) -> np.ndarray:
    """What the hands did in each row. A button or modifier that went down and up within a row counts as held in it.

    Args:
        events: in order of time.
        row_times_s: when each row's frame was taken; an event belongs to the last row that began before it.
        pointers: where the pointer was, per row.

    Returns:
        Shape (rows, len(CONTROL_NAMES)), float32.
    """
    table = np.zeros((len(row_times_s), len(CONTROL_NAMES)), np.float32)
    table[:, :2] = np.asarray(pointers, np.float32).reshape(-1, 2)
    ends_s = np.append(row_times_s[1:], np.inf)
    held = np.zeros(len(CONTROL_NAMES), np.float32)
    at = 0
    for row, line in enumerate(table):
        seen = held.copy()
        while at < len(events) and events[at].t_s < ends_s[row]:
            column, value = _control(events[at])
            if column in (5, 6):
                line[column] = line[column] + value if column == 5 else value
            elif column:
                held[column] = value
                seen[column] = max(seen[column], value)
            at += 1
        held_columns = [2, 3, 4, 7, 8, 9]
        line[held_columns] = seen[held_columns]
    return table


def _control(event: InputEvent) -> tuple[int, float]:
    """The column that an event sets, 0 for none, and to what."""
    if event.kind in ("press", "release"):
        down = event.kind == "press"
        if event.button in (4, 5):
            return (5, 1.0 if event.button == 5 else -1.0) if down else (0, 0.0)
        return (1 + event.button, float(down)) if 1 <= event.button <= 3 else (0, 0.0)
    if event.kind in ("key_down", "key_up"):
        down = event.kind == "key_down"
        if event.keysym in MODIFIERS:
            column = {"ctrl": 7, "alt": 8, "shift": 9}.get(MODIFIERS[event.keysym], 0)
            return column, float(down)
        return (6, float(key_code(event.keysym, event.char))) if down else (0, 0.0)
    return 0, 0.0
