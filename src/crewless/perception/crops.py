"""Cutting words out of a frame so that equal words look equal, whatever colours and surfaces they are drawn in."""

from typing import NamedTuple

import numba
import numpy as np

from crewless.core.messages import Box
from crewless.perception.lines import DetectedLine, Word
from crewless.perception.segment import Segmentation

_PAD = 0.20
"""Paper above and below the letters, in ascents."""
_DESCENT = 0.28
"""Room below the baseline, in ascents, even when no letter goes there: keeps the scale the same for the whole line."""
_PAD_X = 0.20
"""Paper to the left and right, in ascents."""


def crop_word(seg: Segmentation, line: DetectedLine, word: Word) -> np.ndarray:
    """A word as float32 of shape (height, width): 1 is paper, 0 the ink that differs most from it."""
    box = Box(word.x0, line.box.y0, word.x1, line.box.y1)
    pad = max(2, round(_PAD * line.ascent))
    below = max(box.y1 - line.baseline, round(_DESCENT * line.ascent))
    height = line.baseline + below + pad - (box.y0 - pad)
    return _crop(seg.rgb, seg.surfaces[line.surface, 5:8], *box, pad, side_paper(line), height)


def side_paper(line: DetectedLine) -> int:
    """Pixels of paper to the left and to the right of a crop."""
    return max(2, round(_PAD_X * line.ascent))


@numba.njit(cache=True)
def _crop(rgb, paper, x0, y0, x1, y1, pad_y, pad_x, height):
    out = np.ones((height, x1 - x0 + 2 * pad_x), np.float32)
    strongest = 1
    for y in range(y0, y1):
        for x in range(x0, x1):
            distance = 0
            for c in range(3):
                distance = max(distance, abs(np.int32(rgb[y, x, c]) - paper[c]))
            strongest = max(strongest, distance)
            out[y - y0 + pad_y, x - x0 + pad_x] = -distance
    for y in range(pad_y, pad_y + y1 - y0):
        for x in range(pad_x, pad_x + x1 - x0):
            out[y, x] = 1.0 + out[y, x] / strongest
    return out


class Glyph(NamedTuple):
    """The ink of one letter in a crop, in its pixels."""

    x0: int
    x1: int
    """Exclusive."""
    top: int
    bottom: int
    """Exclusive."""
    dotted: bool
    """Paper parts something at the top from the rest: the dot of an i, an accent."""
    cored: bool
    """There is ink in the middle, with paper around it or across it: the dot or the stroke of a zero."""
    open: bool
    """Its foot is in two pieces, as that of an n or an ß is."""


_INK = (0.3, 0.45, 0.6, 0.75)
"""How dark ink is, 0 to 1, where letters touch: the lightest of these that parts all of them holds, or else the second."""


def glyphs_in(crop: np.ndarray, count: int) -> list[Glyph]:
    """The pieces of ink of a crop that stand side by side, from left to right.

    Args:
        crop: shape (height, width), float32, 0 is ink and 1 is paper.
        count: how many there should be; there are others where letters touch.
    """
    found = [_runs(crop, np.float32(1.0 - _INK[0]))]
    while len(found[-1]) < count and len(found) < len(_INK):
        found.append(_runs(crop, np.float32(1.0 - _INK[len(found)])))
    runs = found[-1] if len(found[-1]) == count else found[min(1, len(found) - 1)]
    return [Glyph(*row[:4], *map(bool, row[4:])) for row in runs.tolist()]


@numba.njit(cache=True)
def _runs(crop, paper):
    """x0, x1, top, bottom, dotted, cored, open of each run of columns that hold ink darker than ``paper``."""
    height, width = crop.shape
    out = np.empty((width, 7), np.int32)
    count = 0
    x = 0
    while x < width:
        if crop[:, x].min() >= paper:
            x += 1
            continue
        x0 = x
        while x < width and crop[:, x].min() < paper:
            x += 1
        rows = np.empty(height, np.float32)
        top, bottom = -1, 0
        for y in range(height):
            rows[y] = crop[y, x0:x].min()
            if rows[y] < paper:
                top = y if top < 0 else top
                bottom = y + 1
        # The lightest row of the upper two thirds that has darker ones above and below it.
        dotted = 0
        above = np.float32(1.0)
        limit = top + (bottom - top) * 2 // 3
        for y in range(top, limit):
            above = min(above, rows[y])
            below = np.float32(1.0)
            for z in range(y + 1, bottom):
                below = min(below, rows[z])
            if (1.0 - rows[y]) < 0.62 * (1.0 - max(above, below)):
                dotted = 1
        middle = crop[(top + bottom) // 2 - 1 : (top + bottom) // 2 + 1, (x0 + x) // 2 - 1 : (x0 + x) // 2 + 1]
        cored = 1 if middle.size and middle.min() < 0.55 else 0
        feet = 2
        for y in range(max(top, bottom - 2), bottom):
            pieces = 0
            for z in range(x0, x):
                if crop[y, z] < paper and (z == x0 or crop[y, z - 1] >= paper):
                    pieces += 1
            feet = min(feet, pieces)
        out[count, 6] = 1 if feet >= 2 else 0
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = x0, x, top, bottom
        out[count, 4], out[count, 5] = dotted, cored
        count += 1
    return out[:count]


@numba.njit(cache=True)
def ink_colour(rgb, paper, x0, y0, x1, y1):
    """The colour of the letters in a box: the mean of the pixels that differ most from the paper. Shape (3,), float64."""
    strongest = 1
    for y in range(y0, y1):
        for x in range(x0, x1):
            for c in range(3):
                strongest = max(strongest, abs(np.int32(rgb[y, x, c]) - paper[c]))
    total = np.zeros(3)
    count = 0
    for y in range(y0, y1):
        for x in range(x0, x1):
            distance = 0
            for c in range(3):
                distance = max(distance, abs(np.int32(rgb[y, x, c]) - paper[c]))
            if distance >= 0.85 * strongest:
                count += 1
                for c in range(3):
                    total[c] += rgb[y, x, c]
    return total / max(count, 1)
