"""Surfaces and marks to widgets, by shape alone: what is framed, round, ticked, highlighted or underlined.

The rules are those of graphical interfaces in general, not of one program: a field is a framed area whose content begins
at its left; a button's content is centred; a select has a small mark at its right end; a switch is a pill with a knob.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from crewless.core.messages import Box, Point
from crewless.perception.lines import DetectedLine
from crewless.perception.popups import find_options
from crewless.perception.segment import Segmentation
from crewless.perception.shapes import (
    Widget,
    core_of,
    count_rows,
    inside,
    is_filled_field,
    is_rectangle,
    overlaps,
    patch_of,
    sides_of_frame,
)
from crewless.perception.tabs import find_tabs

_CONTROL_HEIGHT = (15, 84)
_TALL = 60
"""A control that is higher may be a text area of one line."""
_FAINT = 100
"""Letters that differ from their paper by less, of 255, say that a control is disabled."""


def find_widgets(seg: Segmentation, lines: list[DetectedLine], toggles: list[Widget]) -> list[Widget]:
    """Controls of a frame, ``toggles`` among them. A line belongs to at most one widget.

    Args:
        seg: the frame's segmentation.
        lines: its lines and icons.
        toggles: what :func:`find_toggles` found.
    """
    options = find_options(seg, lines)
    taken = {index for widget in options for index in widget.lines}
    tabs = find_tabs(seg, lines, taken)
    taken |= {index for widget in tabs for index in widget.lines}
    frames = _framed(seg, lines, taken, [widget.box for widget in toggles], [widget.box for widget in options])
    frames = [_combined(lines, widget) if widget.kind == "field" else widget for widget in frames]
    return [*toggles, *options, *frames, *tabs]


def _combined(lines: list[DetectedLine], field: Widget) -> Widget:
    """A field as a select where an arrow stands right behind it, or as one with steppers where two do."""
    box = field.box
    arrows = [
        at
        for at, line in enumerate(lines)
        if line.icon
        and line.box.width <= max(14, 0.6 * box.height)
        and box.x1 - 26 <= line.box.x0
        and line.box.x1 <= box.x1 + max(24, box.height)
        and box.y0 <= line.box.y0
        and line.box.y1 <= box.y1 + 1
    ]
    if len(arrows) == 2 and abs(lines[arrows[0]].box.x0 - lines[arrows[1]].box.x0) <= 2:
        right = max(box.x1, *(lines[at].box.x1 + 3 for at in arrows))
        ornaments = tuple(dict.fromkeys((*field.ornaments, *arrows)))
        return replace(field, box=Box(box.x0, box.y0, right, box.y1), role="spin", ornaments=ornaments)
    if (
        len(arrows) == 1
        and arrows[0] not in field.ornaments
        and lines[arrows[0]].box.width >= lines[arrows[0]].box.height
    ):
        own = lines[arrows[0]].box
        right = own.x1 + max(2, own.x0 - box.x1)
        return replace(
            field, kind="select", box=Box(box.x0, box.y0, right, box.y1), ornaments=(*field.ornaments, arrows[0])
        )
    return field


def _framed(
    seg: Segmentation, lines: list[DetectedLine], taken: set[int], toggles: list[Box], options: list[Box]
) -> list[Widget]:
    height, width = seg.surface_of.shape
    rectangles: list[tuple[int, Box]] = []
    for number, row in enumerate(seg.surfaces.tolist()):
        box, area = Box(*row[:4]), row[4]
        if box.width < 14 or box.height < 12 or area < 0.25 * box.width * box.height:
            continue
        if any((overlaps(box, toggle) and box.width < 3 * toggle.width) or _rings(box, toggle) for toggle in toggles):
            continue
        if box.width * box.height > 0.5 * width * height or any(overlaps(box, option) for option in options):
            continue
        box = core_of(seg, number, box)
        if is_rectangle(seg, number, box):
            rectangles.append((number, box))
    widgets = []
    for number, box in rectangles:
        others = [other for surface, other in rectangles if surface != number]
        if box.width * box.height > 0.3 * width * height or _is_cell(box, others):
            continue
        if any(inside(other, box, 0) for other in others):
            continue
        content = [i for i, line in enumerate(lines) if inside(line.box, box, 1)]
        # A strip of tabs is no field, however much it looks like one.
        if any(index in taken for index in content):
            continue
        border = 3 if is_filled_field(seg, number, box) else sides_of_frame(seg, number, box)
        for part, own in _parts(lines, box, content):
            widget = _classify(seg, lines, part, border, own)
            if widget is not None:
                widgets.append(widget)
    return widgets


def _rings(box: Box, toggle: Box) -> bool:
    """Whether a frame is the ring of light around a toggle and its words."""
    close = 0 <= toggle.x0 - box.x0 <= toggle.width and box.height <= 2 * toggle.height
    return close and box.y0 <= toggle.y0 and toggle.y1 <= box.y1


def _parts(lines: list[DetectedLine], box: Box, content: list[int]) -> list[tuple[Box, list[int]]]:
    """Boxes of controls that touch and have one face: their texts stand in one row, as far from each other as two margins."""
    whole = [(box, content)]
    own = sorted(content, key=lambda at: lines[at].box.x0)
    if len(own) < 2 or any(lines[at].icon for at in own) or box.height > _CONTROL_HEIGHT[1]:
        return whole
    if max(lines[at].baseline for at in own) - min(lines[at].baseline for at in own) > 2:
        return whole
    spans = [lines[at].box for at in own]
    margins = spans[0].x0 - box.x0, box.x1 - spans[-1].x1
    gaps = [b.x0 - a.x1 for a, b in pairwise(spans)]
    ascent = max(lines[at].ascent for at in own)
    if min(margins) < 4 or abs(margins[0] - margins[1]) > 6 or min(gaps) < 1.2 * ascent:
        return whole
    if any(abs(gap - sum(margins)) > 0.35 * sum(margins) + 4 for gap in gaps):
        return whole
    cuts = [box.x0, *((a.x1 + b.x0) // 2 for a, b in pairwise(spans)), box.x1]
    return [(Box(x0, box.y0, x1, box.y1), [at]) for (x0, x1), at in zip(pairwise(cuts), own, strict=True)]


def _is_cell(box: Box, others: list[Box]) -> bool:
    """Whether the box is one of a grid, or the header or body of a card: part of a layout, not a control."""
    beside = stacked = different = False
    for other in others:
        if abs(other.y0 - box.y0) <= 1 and abs(other.y1 - box.y1) <= 1:
            beside |= 0 <= other.x0 - box.x1 <= 3 or 0 <= box.x0 - other.x1 <= 3
        if abs(other.x0 - box.x0) <= 2 and abs(other.x1 - box.x1) <= 2:
            touching = 0 <= other.y0 - box.y1 <= 3 or 0 <= box.y0 - other.y1 <= 3
            stacked |= touching
            different |= touching and abs(other.height - box.height) > 4
    return different or (beside and stacked)


def _classify(seg: Segmentation, lines: list[DetectedLine], box: Box, border: int, content: list[int]) -> Widget | None:
    texts = [index for index in content if not lines[index].icon]
    outer = Box(box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1) if border >= 3 else box
    state = frozenset({"focused"}) if border >= 3 and _focused(seg, box) else frozenset()
    low, high = _CONTROL_HEIGHT
    rows = count_rows([lines[index].box for index in texts])
    middles = [lines[index].box.centre.y for index in texts]
    # At 200 % a button is as high as a text area at 100 %; its text stands in the middle.
    upper = box.height > _TALL and (not middles or min(middles) < box.y0 + 0.4 * box.height)
    if box.height > high or rows > 1 or upper:
        return _text_area(seg, lines, box, outer, border, content, state)
    if not low <= box.height or box.width < 16:
        return None
    if not content:
        return Widget(box=outer, kind="field", state=state) if border >= 3 and box.width >= 40 else None
    left = min(lines[index].box.x0 for index in content) - box.x0
    right = box.x1 - max(lines[index].box.x1 for index in content)
    last = max(content, key=lambda index: lines[index].box.x1)
    letter = max(8, *(lines[index].ascent for index in texts)) if texts else 12
    if border < 3 and box.height < 2.4 * letter:
        # A badge or a highlighted word: filled, but hardly higher than its letters.
        return None
    centred = abs(left - right) <= 5 and _widest_gap(lines, content) <= 3 * letter
    chevron = _is_chevron(lines, last, box) and len(content) > 1
    if chevron:
        rest = [index for index in content if index != last]
        gap = lines[last].box.x0 - max(lines[index].box.x1 for index in rest)
        worded = bool(set(rest) & set(texts)) or box.width >= 60
        if worded and (gap > 1.2 * letter or _is_stroke(seg, lines[last])):
            return Widget(box=outer, kind="select", state=state, lines=tuple(rest), ornaments=(last,))
        content = rest if texts else content
    elif _is_chevron(lines, last, box) and left > 0.5 * box.width and border >= 3:
        return Widget(box=outer, kind="select", state=state, ornaments=(last,))
    if centred and texts and _faint(seg, [lines[i] for i in texts]):
        state |= {"disabled"}
    if centred:
        icons = tuple(index for index in content if index not in texts)
        return Widget(
            box=outer,
            kind="button",
            state=state,
            lines=tuple(i for i in texts if i in content),
            ornaments=icons + ((last,) if chevron else ()),
        )
    if border < 3 or len(texts) > 3 or (len(texts) > 1 and _widest_gap(lines, texts) > 1.5 * letter):
        return None
    icons = tuple(index for index in content if index not in texts)
    if texts and box.height > 3 * letter and lines[texts[0]].box.centre.y < box.y0 + 0.36 * box.height:
        # What is written begins at the top: there is room for more lines.
        return Widget(box=outer, kind="textarea", state=state, lines=tuple(texts), ornaments=icons)
    return Widget(box=outer, kind="field", state=state, lines=tuple(texts), ornaments=icons)


def _faint(seg: Segmentation, own: list[DetectedLine]) -> bool:
    """Whether letters hardly differ from their paper: those of a control that is disabled."""
    return all(
        int(np.abs(patch_of(seg, line.box).astype(int) - seg.surfaces[line.surface, 5:8]).max()) < _FAINT
        for line in own
    )


def _widest_gap(lines: list[DetectedLine], indices: Iterable[int]) -> int:
    spans = sorted((lines[index].box.x0, lines[index].box.x1) for index in indices)
    return max((after[0] - before[1] for before, after in pairwise(spans)), default=0)


def _text_area(
    seg: Segmentation,
    lines: list[DetectedLine],
    box: Box,
    outer: Box,
    border: int,
    content: list[int],
    state: frozenset[str],
) -> Widget | None:
    if border < 3 or box.width < 60 or box.height > 500:
        return None
    grip = [i for i in content if lines[i].box.x0 >= box.x1 - 20 and lines[i].box.y0 >= box.y1 - 20]
    grip = [i for i in grip if lines[i].box.width <= 14 and lines[i].box.height <= 14]
    # The lines of a grip lie inside; the ink of a round corner belongs to the frame.
    corner = seg.mark_of[max(0, box.y1 - 16) : box.y1 - 1, max(0, box.x1 - 16) : box.x1 - 1]
    own = [seg.marks[mark, :4].tolist() for mark in np.unique(corner[corner >= 0]).tolist()]
    gripped = bool(grip) or any(inside(Box(*mark), box, 0) and mark[2] - mark[0] >= 4 for mark in own)
    texts = [i for i in content if i not in grip]
    if not gripped and (texts or box.width < 120):
        return None
    return Widget(
        box=outer,
        kind="textarea",
        state=state,
        lines=tuple(i for i in texts if not lines[i].icon),
        ornaments=(*grip, *(i for i in texts if lines[i].icon)),
    )


def _is_chevron(lines: list[DetectedLine], index: int, box: Box) -> bool:
    """A small mark, wider than high, near the right end."""
    own = lines[index].box
    return own.width <= 16 and 2 <= own.height <= 12 and own.width >= own.height and box.x1 - own.x1 <= 24


def _is_stroke(seg: Segmentation, line: DetectedLine) -> bool:
    """Whether a small mark is drawn as a stroke (the arrow of a select) and not filled (the arrow of a menu button)."""
    difference = np.abs(patch_of(seg, line.box).astype(int) - seg.surfaces[line.surface, 5:8]).max(axis=2)
    top = difference[: max(1, len(difference) // 3)]
    return bool(top[:, difference.shape[1] // 2].max() < 0.5 * difference.max())


def _focused(seg: Segmentation, box: Box) -> bool:
    """Whether the frame around a surface is a ring of light: coloured, or dark and thick, on at least three sides."""
    height, width = seg.surface_of.shape
    x, y = (box.x0 + box.x1) // 2, (box.y0 + box.y1) // 2
    rays = []
    for dx, dy, start in ((0, -1, Point(x, box.y0)), (0, 1, Point(x, box.y1 - 1)), (-1, 0, Point(box.x0, y)), (1, 0, Point(box.x1 - 1, y))):  # fmt: skip
        ray = []
        for step in range(1, 7):
            px, py = start.x + dx * step, start.y + dy * step
            if 0 <= px < width and 0 <= py < height:
                ray.append(seg.rgb[py, px].astype(int))
        rays.append(ray)
    inside = seg.rgb[max(box.y0 + 1, 0), x].astype(int)
    lit = 0
    for ray in rays:
        coloured = sum(1 for pixel in ray if pixel.max() - pixel.min() >= max(24, inside.max() - inside.min() + 24))
        dark = sum(1 for pixel in ray if pixel.max() < 48)
        lit += coloured >= 2 or (dark >= 2 and inside.min() > 128)
    return lit >= 3
