"""Cutting words out of a frame so that equal words look equal, whatever colours and surfaces they are drawn in."""

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
