"""Monospaced faces: whether letters stand at equal steps, and how many cells are blank between two of them."""

import numba
import numpy as np

from crewless.core.messages import Box

_OFF_STEP, _OFF_STEPS = 0.25, 0.11
"""How many steps a letter of a monospaced line is off its place at most, and in the mean (root mean square)."""


def step_of(glyphs: list[Box], ascent: int) -> float | None:
    """The step at which the letters of a line stand, or None where they stand as wide as they are.

    Middles of letters are whole steps apart, give or take a pixel for a letter that is not drawn in the middle of its cell.
    """
    if len(glyphs) < 5:
        return None
    spans = np.array([(glyph.x0, glyph.x1) for glyph in glyphs], np.float64)
    rms, step = _best_step(spans, 0.62 * ascent, 1.02 * ascent, max(0.02 * ascent, 0.1))
    if rms > _OFF_STEPS:
        return None
    # Narrow and wide letters both keep the step; a line of equal letters would do so in any face.
    narrow = min(glyph.x1 - glyph.x0 for glyph in glyphs)
    return step if narrow <= 0.45 * step or len(glyphs) >= 12 else None


@numba.njit(cache=True)
def _best_step(spans, least, most, by):
    """Over steps from ``least`` to ``most``: the least root mean square by which letters are off their cells, and its step."""
    best, best_step = 9.0, 0.0
    step = least
    while step < most:
        rms, fitted = _off_cells(spans, step)
        if rms < best:
            best, best_step = rms, fitted
        step += by
    return best, best_step


@numba.njit(cache=True)
def _off_cells(spans, step):
    """How far letters are off their cells (root mean square, in steps; 9 for not at all in cells), and the fitted step."""
    count = len(spans)
    firsts = np.empty(count)
    places = np.empty(count)
    place, last, touching = 0.0, 0.0, 0
    for i in range(count):
        wide = spans[i, 1] - spans[i, 0]
        letters = max(1.0, np.round((wide + 0.15 * step) / step))
        if letters > 6:
            return 9.0, 0.0
        touching += letters > 1
        middle = (spans[i, 0] + spans[i, 1]) / 2
        half = (letters - 1) * step / 2 if letters > 1 else 0.0
        firsts[i] = middle - half
        if i:
            whole = np.round((firsts[i] - last) / step)
            if whole < 1:
                return 9.0, 0.0
            place += whole
        places[i] = place
        place += letters - 1
        last = middle + half
    if touching > 0.5 * count or places[-1] < 1:
        return 9.0, 0.0
    # The step is fitted to the whole line, so that it does not drift.
    fitted = (firsts[-1] - firsts[0]) / places[-1]
    off = (firsts - firsts[0] - fitted * places) / fitted
    off = off - off.mean()
    if np.abs(off).max() > _OFF_STEP:
        return 9.0, 0.0
    return np.sqrt((off**2).mean()), fitted


def keeps_step(glyphs: list[Box], step: float) -> bool:
    """Whether letters stand at a given step."""
    spans = np.array([(glyph.x0, glyph.x1) for glyph in glyphs], np.float64)
    rms, fitted = _off_cells(spans, step)
    return bool(rms <= _OFF_STEPS and abs(fitted - step) <= 0.03 * step)


def _cells(x0: np.ndarray, x1: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middles of the first and of the last letter of each piece, and how many letters touch in it."""
    letters = np.maximum(1, np.round((x1 - x0 + 0.15 * step) / step))
    one = letters == 1
    middle = (x0 + x1) / 2
    half = (letters - 1) * step / 2
    return np.where(one, middle, middle - half), np.where(one, middle, middle + half), letters


def blanks_between(left: Box, right: Box, step: float) -> int:
    """How many blank cells stand between two letters."""
    first, last, _ = _cells(np.array([left.x0, right.x0]), np.array([left.x1, right.x1]), step)
    return round(float(first[1] - last[0]) / step) - 1
