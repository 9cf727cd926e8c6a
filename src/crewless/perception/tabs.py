"""Tabs: texts in a row of which one is underlined by a bar, or stands in a notch of the line below the row."""

import numpy as np

from crewless.core.messages import Box
from crewless.perception.lines import DetectedLine
from crewless.perception.segment import Segmentation
from crewless.perception.shapes import Widget, inside


def find_tabs(seg: Segmentation, lines: list[DetectedLine], taken: set[int]) -> list[Widget]:
    """Texts in a row of which one is underlined by a bar, or stands in a notch of the line below the row."""
    chosen: list[int] = []
    free = [index for index in range(len(lines)) if index not in taken and not lines[index].icon]
    chosen.extend(index for index in free if _barred(seg, lines[index]))
    marks = seg.marks
    size = np.stack([marks[:, 2] - marks[:, 0], marks[:, 3] - marks[:, 1]], axis=1)
    for number in np.flatnonzero((size[:, 0] >= 150) & (size[:, 1] >= 24) & (size[:, 1] <= 64)):
        notch = _notch(seg, int(number))
        if notch is not None:
            chosen.extend(index for index in free if inside(lines[index].box, notch, 0))
    widgets: list[Widget] = []
    used: set[int] = set()
    for index in chosen:
        if index in used:
            continue
        used.add(index)
        widgets.append(_tab(lines, index, selected=True))
        reach = lines[index].box
        row = sorted(free, key=lambda other: abs(lines[other].box.x0 - reach.x0))
        for other in row:
            own = lines[other].box
            near = max(own.x0 - reach.x1, reach.x0 - own.x1) <= 64
            if other not in used and near and abs(lines[other].baseline - lines[index].baseline) <= 2:
                used.add(other)
                reach = Box(min(reach.x0, own.x0), reach.y0, max(reach.x1, own.x1), reach.y1)
                widgets.append(_tab(lines, other, selected=False))
    return widgets


def _barred(seg: Segmentation, line: DetectedLine) -> bool:
    """Whether a bar about as long as the text, two to five pixels thick, runs some way below it."""
    height, width = seg.surface_of.shape
    x0, x1 = line.box.x0, line.box.x1
    top = line.baseline + max(4, round(0.45 * line.ascent))
    column = seg.rgb[top : min(height, line.baseline + 30), x0].astype(np.int16)
    if x1 - x0 < 12 or not len(column):
        return False
    paper = seg.surfaces[line.surface, 5:8]
    coloured = np.abs(column - paper).max(axis=1) > 60
    if not coloured.any():
        return False
    strip = seg.rgb[top : min(height, line.baseline + 30), x0:x1].astype(np.int16)
    solid = (np.ptp(strip, axis=1).max(axis=1) <= 6) & coloured
    rows = np.flatnonzero(solid)
    if not len(rows):
        return False
    first = int(rows[0])
    colour = strip[first, 0]
    thick = int(np.cumprod(solid[first:] & (np.abs(strip[first:, 0] - colour).max(axis=1) <= 6)).sum())
    reach = max(10, (x1 - x0) // 2)
    ends = [x for x in (x0 - reach, x1 + reach - 1) if 0 <= x < width]
    free = all(np.abs(seg.rgb[top + first, x].astype(np.int16) - colour).max() > 40 for x in ends)
    return 2 <= thick <= 5 and free and not _framed(seg, line, colour)


def _framed(seg: Segmentation, line: DetectedLine, colour: np.ndarray) -> bool:
    """Whether the same bar runs over the text as well: the frame of a field that has the focus."""
    over = seg.rgb[max(0, line.box.y0 - 20) : line.box.y0, line.box.x0 : line.box.x1].astype(np.int16)
    even = np.ptp(over, axis=1).max(axis=1) <= 6
    return bool((even & (np.abs(over[:, 0] - colour).max(axis=1) <= 20)).any())


def _tab(lines: list[DetectedLine], index: int, *, selected: bool) -> Widget:
    own = lines[index].box
    box = Box(own.x0 - 4, own.y0 - 6, own.x1 + 4, own.y1 + 6)
    return Widget(box=box, kind="tab", state=frozenset({"selected"}) if selected else frozenset(), lines=(index,))


def _notch(seg: Segmentation, number: int) -> Box | None:
    """The box of a raised tab in the line below a row of tabs, or None when the mark has another shape."""
    x0, y0, x1, y1, area = seg.marks[number, :5].tolist()
    if area > 3 * (x1 - x0) + 8 * (y1 - y0):
        return None
    own = seg.mark_of[y0:y1, x0:x1] == number
    open_ = np.flatnonzero(~own[-1])
    top = np.flatnonzero(own[:2].any(axis=0))
    if len(open_) < 20 or len(top) < 20 or open_[-1] - open_[0] + 1 != len(open_) or len(open_) > 0.8 * (x1 - x0):
        return None
    if abs(int(top[0]) - int(open_[0])) > 8 or abs(int(top[-1]) - int(open_[-1])) > 8:
        return None
    return Box(x0 + int(open_[0]), y0, x0 + int(open_[-1]) + 1, y1)
