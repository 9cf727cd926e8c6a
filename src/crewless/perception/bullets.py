"""Rows of bullets, in which programs hide a secret: equal filled round marks at equal steps, whether they touch or not."""

import numpy as np

from crewless.core.messages import Box

_LEAST = 2
_LEVELS = (0.5, 0.62, 0.75, 0.88)
"""How dark ink is, 0 to 1, where bullets that nearly touch are parted."""
_RIM = 3
"""Pixels inside a field's box that belong to its frame."""


def bullets_in(pixels: np.ndarray, box: Box) -> int:
    """How many bullets a field shows, 0 when it shows anything else. The caret beside or on them is no mark.

    Args:
        pixels: shape (height, width, 3), uint8.
        box: of the field, its frame included.
    """
    inner = pixels[max(0, box.y0 + _RIM) : box.y1 - _RIM, max(0, box.x0 + _RIM) : box.x1 - _RIM].astype(np.int16)
    if inner.ndim != 3 or min(inner.shape[:2]) < 6:
        return 0
    paper = np.median(inner.reshape(-1, 3), axis=0)
    ink = np.abs(inner - paper).max(axis=2).astype(np.float32)
    strongest = float(ink.max())
    if strongest < 40:
        return 0
    ink = _without_caret(ink / strongest)
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    columns = np.flatnonzero((ink > 0.5).any(axis=0))
    if not len(rows) or not len(columns):
        return 0
    band = ink[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2]
    high = int(rows[-1] - rows[0]) + 1
    middle = (rows[0] + rows[-1] + 1) / 2
    if high < 3 or high > 0.62 * len(ink) or abs(middle - len(ink) / 2) > 0.25 * len(ink):
        return 0
    return max(_count(band, level) for level in _LEVELS) or _touching(band, high)


def _without_caret(ink: np.ndarray) -> np.ndarray:
    """The ink without a stroke of one or two columns that overtops everything else; under it the marks are left."""
    dark = ink > 0.5
    heights = dark.sum(axis=0)
    if not heights.any():
        return ink
    usual = int(np.percentile(heights[heights > 0], 75))
    tall = np.flatnonzero(heights > max(1.5 * usual, usual + 4))
    if not len(tall) and heights.max() >= 10:
        tall = np.flatnonzero(heights == heights.max())
        tall = (
            tall
            if len(tall) <= 2 and (heights > 0).sum() > 4 and heights.max() > 1.3 * np.median(heights[heights > 0])
            else tall[:0]
        )
    if not len(tall) or len(tall) > 3 or np.ptp(tall) > 2:
        return ink
    out = ink.copy()
    others = np.delete(dark, tall, axis=1)
    rows = np.flatnonzero(others.any(axis=1))
    if len(rows):
        out[: rows[0], tall] = 0.0
        out[rows[-1] + 1 :, tall] = 0.0
    # What is left of the caret beside the last bullet is a column of its full height: the row goes on as a bullet ends.
    left = tall[0] - 1
    if left >= 0 and not dark[:, left].any():
        out[:, tall] = 0.0
    return out


def _count(band: np.ndarray, level: float) -> int:
    dark = band > level
    edges = np.flatnonzero(np.diff(np.concatenate(([False], dark.any(axis=0), [False])).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    if len(runs) >= _LEAST:
        marks = [_mark(dark, int(x0), int(x1)) for x0, x1 in runs]
        # The last one may wear the caret.
        if all(mark is not None for mark in marks[:-1]):
            whole = [mark for mark in marks if mark is not None]
            widths, heights, centres = (np.array(values) for values in zip(*whole, strict=True))
            steps = np.diff(centres)
            if (
                np.ptp(widths) <= 1
                and np.ptp(heights) <= 1
                and (not len(steps) or np.ptp(steps) <= 2.0)
                and len(marks) - len(whole) <= 1
            ):
                return len(marks)
    return 0


def _mark(dark: np.ndarray, x0: int, x1: int) -> tuple[int, int, float] | None:
    """Width, height and centre of a run of columns that is one filled round mark."""
    own = dark[:, x0:x1]
    rows = np.flatnonzero(own.any(axis=1))
    width, height = x1 - x0, int(rows[-1] - rows[0]) + 1
    filled = float(own[rows[0] : rows[-1] + 1].mean())
    if width < 2 or height < 2 or abs(width - height) > 1 + 0.15 * height or filled < 0.6:
        return None
    corner = own[rows[0], 0] and own[rows[0], -1] and own[rows[-1], 0] and own[rows[-1], -1]
    if corner and width >= 6:
        # A filled square: a block cursor, a check box.
        return None
    return width, height, (x0 + x1) / 2


def _touching(band: np.ndarray, high: int) -> int:
    """Bullets that touch: the row is one piece whose columns rise and fall at one step."""
    profile = band.sum(axis=0)
    length = len(profile) - 2
    if length < 1.9 * high:
        return 0
    # Solid in the middle row everywhere near the bullets' centres, lighter between them.
    best = 0
    for count in range(_LEAST, 65):
        step = (length - high) / (count - 1)
        if not 0.92 * high <= step <= 2.2 * high:
            continue
        centres = 0.5 + high / 2 + step * np.arange(count)
        between = (centres[1:] + centres[:-1]) / 2
        peaks = profile[np.clip(np.round(centres).astype(int), 0, len(profile) - 1)]
        valleys = profile[np.clip(np.round(between).astype(int), 0, len(profile) - 1)]
        if peaks.min() >= 0.75 * high and valleys.max() <= 0.72 * np.median(peaks) and np.ptp(peaks) <= 0.3 * high:
            best = max(best, count)
    return best
