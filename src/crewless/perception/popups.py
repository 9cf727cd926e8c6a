"""Rows of popup lists and list boxes, by their pitch: one row is highlighted, and the others stand at its distance."""

from itertools import pairwise

import numpy as np

from crewless.core.messages import Box
from crewless.perception.lines import DetectedLine
from crewless.perception.segment import Segmentation
from crewless.perception.shapes import Widget, inside, is_rectangle

_ROW_HEIGHT = (13, 72)
_RAGGED = 1.2
"""Rows of a list begin at one place, or this many row heights further right where they are indented."""
_ROWS_BESIDE = 3
"""Rows that a list must have beside a highlighted one without a text."""
_OFF_ROW = 0.4
"""Row heights that a text is off the middle of its row at most."""
_SCROLL_BAR = 26
"""Pixels that the paper of a list may reach further right than its highlight: its scroll bar."""
_HIGHLIGHT = 12
"""Least difference of a highlight's colour from the paper, in one channel."""


def find_options(seg: Segmentation, lines: list[DetectedLine]) -> list[Widget]:
    """Rows of the list with a highlighted row: filled in another colour from edge to edge, with nothing between it and the
    paper above or below. The list with the most paper, where there are several."""
    best: tuple[int, list[Widget]] = (0, [])
    for number, (x0, y0, x1, y1, *_) in enumerate(seg.surfaces.tolist()):
        row = Box(x0, y0, x1, y1)
        if not (_ROW_HEIGHT[0] <= row.height <= _ROW_HEIGHT[1] and row.width >= max(40, 1.5 * row.height)):
            continue
        popup = _paper_around(seg, number, row)
        if popup is None or not is_rectangle(seg, number, row):
            continue
        size = popup.width * popup.height
        if size > best[0]:
            rows = _rows(lines, row, popup)
            if rows:
                best = size, rows
    return best[1]


def _paper_around(seg: Segmentation, number: int, row: Box) -> Box | None:
    """The box of the list that a highlighted row lies in, as wide as the row; None when it lies in none."""
    height = len(seg.surface_of)
    xs = np.linspace(row.x0 + 2, row.x1 - 3, 9).astype(int)
    y0, y1 = row.y0, row.y1
    colour = None
    for y in (row.y0 - 1, row.y1):
        if not 0 <= y < height:
            continue
        beside = seg.surface_of[y, xs]
        other = int(np.bincount(beside[beside >= 0]).argmax()) if (beside >= 0).sum() >= 7 else -1
        if other < 0 or other == number or (beside == other).sum() < 7:
            continue
        ox0, oy0, ox1, oy1 = seg.surfaces[other, :4].tolist()
        if abs(ox0 - row.x0) > 4 or not row.x1 - 4 <= ox1 <= row.x1 + _SCROLL_BAR:
            continue
        paper = seg.surfaces[other, 5:8]
        if np.abs(paper - seg.surfaces[number, 5:8]).max() < _HIGHLIGHT:
            continue
        if colour is not None and np.abs(paper - colour).max() > 3:
            return None
        colour = paper
        if y < row.y0:
            y0 = min(y0, oy0)
        # The paper of both sides is one surface where a scroll bar joins them.
        y1 = max(y1, oy1)
        y0 = min(y0, oy0) if oy1 > row.y1 else y0
    return Box(row.x0, y0, row.x1, y1) if colour is not None else None


def _rows(lines: list[DetectedLine], row: Box, popup: Box) -> list[Widget]:
    members = [at for at, line in enumerate(lines) if not line.icon and _mostly_inside(line.box, popup)]
    chosen = [at for at in members if inside(lines[at].box, row, 1)]
    if len(members) == len(chosen) or (not chosen and len(members) < _ROWS_BESIDE):
        return []
    pitch = row.height
    # Lines of one row first, then rows that go on in the next line.
    rows: list[list[int]] = []
    for at in sorted(members, key=lambda at: (_middle(lines[at].box), lines[at].box.x0)):
        if rows and _middle(lines[at].box) - _middle(lines[rows[-1][0]].box) < 0.5 * pitch:
            rows[-1].append(at)
        else:
            rows.append([at])
    # What the lower end of the list cuts off is no row to be read.
    rows = [
        own for own in rows if _middle(lines[own[0]].box) + 0.35 * pitch <= popup.y1 or any(at in chosen for at in own)
    ]
    starts = [min(lines[at].box.x0 for at in own) for own in rows]
    if max(starts) - min(starts) > _RAGGED * pitch:
        return []
    if any(_gap(lines, own) > 1.6 * pitch for own in rows):
        # Columns: a table with a highlighted row is no list.
        return []
    middles = [_middle(lines[max(own, key=lambda at: lines[at].box.height)].box) for own in rows]
    off = [(middle - _middle(row)) / pitch for middle in middles]
    # Rows are as high as the highlighted one, but for those that go on in a second line.
    even = all(abs(value - round(value)) <= _OFF_ROW for value in off)
    options: list[tuple[Box, list[int], bool]] = []
    if not chosen:
        # The highlighted row is empty, or holds a dash that says so.
        options.append((row, [], True))
    for own, middle, value in zip(rows, middles, off, strict=True):
        selected = any(at in chosen for at in own)
        top = row.y0 + round(value) * pitch if even else round(middle - pitch / 2)
        box = row if selected else Box(row.x0, top, row.x1, top + pitch)
        if options and box.y0 < options[-1][0].y1 - 0.12 * pitch and options[-1][2] == selected:
            before, indices, _ = options[-1]
            options[-1] = (Box(row.x0, before.y0, row.x1, box.y1), [*indices, *own], selected)
        else:
            options.append((box, own, selected))
    return [
        Widget(
            box=Box(box.x0, max(box.y0, popup.y0), box.x1, min(box.y1, popup.y1)),
            kind="option",
            state=frozenset({"selected"}) if selected else frozenset(),
            lines=tuple(own),
        )
        for box, own, selected in sorted(options, key=lambda option: option[0].y0)
    ]


def _gap(lines: list[DetectedLine], own: list[int]) -> int:
    spans = sorted((lines[at].box.x0, lines[at].box.x1) for at in own)
    return max((b[0] - a[1] for a, b in pairwise(spans)), default=0)


def _mostly_inside(line: Box, popup: Box) -> bool:
    """Inside to the left and right, and at least by half where the list is cut off below."""
    return line.x0 >= popup.x0 and line.x1 <= popup.x1 + 2 and popup.y0 - 1 <= _middle(line) <= popup.y1


def _middle(box: Box) -> float:
    return (box.y0 + box.y1) / 2
