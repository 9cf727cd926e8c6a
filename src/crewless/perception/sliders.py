"""Sliders: a long thin track with one thumb on it, and where the thumb stands."""

import numpy as np

from crewless.core.messages import Box
from crewless.perception.segment import Segmentation
from crewless.perception.shapes import Widget, overlaps

_TRACK = 50
"""Least length of a track, in pixels."""


def find_sliders(seg: Segmentation) -> list[Widget]:
    """Tracks with their value, and thumbs, each an icon. They are found before the lines: a track is no underline."""
    found: list[Widget] = []
    marks = seg.marks
    wide, high = marks[:, 2] - marks[:, 0], marks[:, 3] - marks[:, 1]
    for number in np.flatnonzero((wide >= _TRACK) & (high >= 7) & (high <= 48) & (wide >= 3 * high)):
        box = Box(*marks[number, :4].tolist())
        found.extend(_on_a_line(seg, int(number), box))
        if not found or found[-1].box.y0 < box.y0 or found[-1].box.y1 > box.y1:
            found.extend(_in_a_groove(seg, box))
    return [*found, *_flat_thumbs(seg, [widget.box for widget in found])]


def _flat_thumbs(seg: Segmentation, known: list[Box]) -> list[Widget]:
    """A thumb of one colour, as wide as high, between two pieces of a track that touch it."""
    found: list[Widget] = []
    own, marks = seg.surfaces, seg.marks
    wide, high = own[:, 2] - own[:, 0], own[:, 3] - own[:, 1]
    thin = marks[(marks[:, 3] - marks[:, 1] <= 12) & (marks[:, 2] - marks[:, 0] >= 8)]
    for x0, y0, x1, y1 in own[(high >= 10) & (high <= 48) & (wide >= 0.5 * high) & (wide <= 1.3 * high), :4].tolist():
        middle = (thin[:, 1] + thin[:, 3]) / 2
        level = (np.abs(middle - (y0 + y1) / 2) <= 1.5) & (thin[:, 3] - thin[:, 1] <= 0.6 * (y1 - y0))
        beside = thin[level & (np.minimum(np.abs(thin[:, 2] - x0), np.abs(thin[:, 0] - x1)) <= 3)]
        thumb = Box(x0, y0, x1, y1)
        if not len(beside) or any(overlaps(thumb, box) for box in known):
            continue
        track = Box(min(x0, int(beside[:, 0].min())), y0, max(x1, int(beside[:, 2].max())), y1)
        if track.width >= max(_TRACK, 3 * track.height) and int(beside[:, 2].max() - beside[:, 0].min()) >= _TRACK:
            found.extend(_slider(track, thumb))
    return found


def _on_a_line(seg: Segmentation, number: int, box: Box) -> list[Widget]:
    """A round or square thumb on a track that is thinner than it."""
    own = seg.mark_of[box.y0 : box.y1, box.x0 : box.x1] == number
    held = own.any(axis=0)
    if held.mean() < 0.97:
        return []
    top = own.argmax(axis=0)
    bottom = own.shape[0] - own[::-1].argmax(axis=0)
    heights = bottom - top
    track = int(np.median(heights))
    if track > 0.6 * box.height or track < 1:
        return []
    tall = np.flatnonzero(heights >= max(track + 3, 0.6 * box.height))
    if not len(tall) or tall[-1] - tall[0] + 1 != len(tall):
        return []
    width = _reach(heights, track)
    if not 0.35 * box.height <= width <= 2.2 * box.height or width > 0.5 * box.width:
        return []
    # The track is straight: it has the same rows left and right of the thumb.
    flat = heights <= track + 2
    if flat.sum() < 0.4 * len(heights) or np.ptp(np.percentile(top[flat], [8, 92])) > 1:
        return []
    # It runs through the middle of the thumb, and is no row of letters.
    centre = float(np.median(top[flat] + bottom[flat])) / 2
    if abs(centre - box.height / 2) > 0.15 * box.height or np.ptp(np.percentile(bottom[flat], [8, 92])) > 1:
        return []
    middle = (int(tall[0]) + int(tall[-1]) + 1) / 2
    thumb = Box(box.x0 + round(middle - width / 2), box.y0, box.x0 + round(middle + width / 2), box.y1)
    return _slider(box, thumb)


def _reach(heights: np.ndarray, track: int) -> int:
    high = np.flatnonzero(heights > track + 1)
    return int(high[-1] - high[0]) + 1


def _in_a_groove(seg: Segmentation, box: Box) -> list[Widget]:
    """A thumb between two pieces of a framed groove of one colour, as high as the groove."""
    own = seg.surfaces
    held = (own[:, 0] >= box.x0) & (own[:, 2] <= box.x1) & (own[:, 1] >= box.y0) & (own[:, 3] <= box.y1)
    inner = [Box(*row) for row in own[held, :4].tolist()]
    if not 3 <= len(inner) + 1 <= 6 or len(inner) < 2:
        return []
    inner.sort()
    first, last = inner[0], inner[-1]
    colours = [seg.rgb[(b.y0 + b.y1) // 2, (b.x0 + b.x1) // 2].astype(int) for b in (first, last)]
    if np.abs(colours[0] - colours[1]).max() > 6 or first.x0 - box.x0 > 4 or box.x1 - last.x1 > 4:
        return []
    thumb = Box(first.x1, box.y0, last.x0, box.y1)
    if not 6 <= thumb.width <= 0.4 * box.width:
        return []
    between = seg.rgb[(box.y0 + box.y1) // 2, thumb.x0 + 3 : thumb.x1 - 3].astype(int)
    if not len(between) or np.abs(np.median(between, axis=0) - colours[0]).max() < 8:
        return []
    return _slider(box, thumb)


def _slider(track: Box, thumb: Box) -> list[Widget]:
    room = max(1, track.width - thumb.width)
    value = min(1.0, max(0.0, (thumb.x0 - track.x0) / room))
    return [
        Widget(box=track, kind="icon", role="slider", value=value),
        Widget(box=thumb, kind="icon", role="thumb", value=value),
    ]
