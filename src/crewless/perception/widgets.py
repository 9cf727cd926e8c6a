"""Surfaces and marks to widgets, by shape alone: what is framed, round, ticked, highlighted or underlined.

The rules are those of graphical interfaces in general, not of one program: a field is a framed area whose content begins
at its left; a button's content is centred; a select has a small mark at its right end; a switch is a pill with a knob.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from crewless.core.messages import Box, ElementKind, Point
from crewless.perception.lines import DetectedLine
from crewless.perception.segment import Segmentation

_CONTROL_HEIGHT = (16, 60)
_TOGGLE_SIZE = (9, 30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Widget:
    """Something that can be operated, before its text is known."""

    box: Box
    kind: ElementKind
    state: frozenset[str] = frozenset()
    lines: tuple[int, ...] = field(default_factory=tuple)
    """Indices of the lines that it contains and whose text is its own."""
    ornaments: tuple[int, ...] = field(default_factory=tuple)
    """Indices of the lines that are only its decoration: a chevron, a resize grip, a tick."""


def find_widgets(seg: Segmentation, lines: list[DetectedLine], toggles: list[Widget]) -> list[Widget]:
    """Controls of a frame, ``toggles`` among them. A line belongs to at most one widget.

    Args:
        seg: the frame's segmentation.
        lines: its lines and icons.
        toggles: what :func:`find_toggles` found.
    """
    options = _options(seg, lines)
    taken = {index for widget in options for index in widget.lines}
    tabs = _tabs(seg, lines, taken)
    taken |= {index for widget in tabs for index in widget.lines}
    frames = _framed(seg, lines, taken, [widget.box for widget in toggles], [widget.box for widget in options])
    return [*toggles, *options, *frames, *tabs]


# --- checkboxes, radios, switches ---------------------------------------------------------------------------------


def find_toggles(seg: Segmentation) -> list[Widget]:
    """Checkboxes, radios and switches. They are found before the lines: a tick is no letter."""
    found: list[tuple[Box, ElementKind, bool]] = []
    low, high = _TOGGLE_SIZE
    pills = [Box(x0 - 1, y0 - 1, x1 + 1, y1 + 1) for x0, y0, x1, y1 in seg.surfaces[:, :4].tolist()]
    pills += [Box(*row) for row in seg.marks[seg.marks[:, 7] >= 0, :4].tolist()]
    for box in pills:
        if low <= box.height <= high + 2 and 1.5 * box.height <= box.width <= 2.5 * box.height:
            if any(_overlaps(box, other) for other, _, _ in found):
                continue
            knob = _knob(seg, Box(box.x0 + 1, box.y0 + 1, box.x1 - 1, box.y1 - 1))
            if knob is not None:
                found.append((box, "checkbox", knob))
    widths, heights = seg.marks[:, 2] - seg.marks[:, 0], seg.marks[:, 3] - seg.marks[:, 1]
    even = (widths >= low) & (widths <= high) & (np.abs(widths - heights) <= 1)
    for x0, y0, x1, y1, area, surface, outside, enclosed in seg.marks[even].tolist():
        if outside > 1 or surface < 0:
            continue
        box = Box(x0, y0, x1, y1)
        if any(_overlaps(box, other) for other, _, _ in found) or not _alone(seg, box):
            continue
        shape = _toggle_shape(seg, box, area, surface, enclosed)
        if shape is not None:
            found.append((box, *shape))
    # Window buttons look like ticked boxes, but stand side by side; a toggle has its text beside it.
    return [
        Widget(box=box, kind=kind, state=frozenset({"checked"}) if checked else frozenset())
        for box, kind, checked in found
        if not any(
            other != box and _overlaps(Box(box.x0 - 8, box.y0, box.x1 + 8, box.y1), other) for other, _, _ in found
        )
    ]


def _knob(seg: Segmentation, box: Box) -> bool | None:
    """Where the knob of a switch is: True at the right, False at the left, None when there is none."""
    patch = _patch(seg, box)
    middle = patch[box.height // 2].astype(int)
    fill = np.median(np.concatenate([patch[1, 4:-4], patch[-2, 4:-4]]).astype(int), axis=0)
    apart = np.abs(middle - fill).max(axis=1) > 24
    inner = np.flatnonzero(apart[1:-1]) + 1
    if len(inner) < 0.4 * box.height or len(inner) > 0.95 * box.height:
        return None
    if inner[-1] - inner[0] + 1 != len(inner):
        return None
    column = np.abs(patch[:, (inner[0] + inner[-1]) // 2].astype(int) - fill).max(axis=1) > 24
    if abs(int(column[1:-1].sum()) - len(inner)) > 3:
        return None
    centre = (inner[0] + inner[-1]) / 2
    if abs(centre - box.width / 2) < 0.12 * box.width:
        return None
    return bool(centre > box.width / 2)


def _toggle_shape(
    seg: Segmentation, box: Box, area: int, surface: int, enclosed: int
) -> tuple[ElementKind, bool] | None:
    """Whether a mark as wide as high is a radio or a checkbox, and whether it is set."""
    patch = _patch(seg, box).astype(int)
    paper = seg.surfaces[surface, 5:8]
    size = min(patch.shape[:2])
    patch = patch[:size, :size]
    difference = np.abs(patch - paper).max(axis=2)
    hole = 0
    if enclosed >= 0:
        hole = int(seg.surfaces[enclosed, 4])
    fill = (area + hole) / (box.width * box.height)
    corner = difference[[0, 0, -1, -1], [0, -1, 0, -1]].max()
    middle = size // 2
    rim = np.concatenate(
        [patch[0, middle - 1 : middle + 2], patch[-1, middle - 1 : middle + 2]]
        + [patch[middle - 1 : middle + 2, 0], patch[middle - 1 : middle + 2, -1]]
    )
    contrast = max(40, int(0.4 * difference.max()))
    if np.abs(rim - np.median(rim, axis=0)).max() > contrast:
        return None
    inside = patch[middle - 1 : middle + 2, middle - 1 : middle + 2].reshape(-1, 3).mean(axis=0)
    edge = np.median(rim, axis=0)
    round_ = 0.70 <= fill <= 0.90 and corner < 0.5 * max(difference.max(), 1)
    square = fill > 0.90
    if round_ and _symmetric(patch):
        if enclosed >= 0 and np.abs(patch[2:-2, 2:-2] - inside).max(axis=2)[_disc(size - 4)].max() < 24:
            return "radio", bool(np.abs(inside - paper).max() > 60)
        # A dot in a ring: the middle differs from what is half way out, which itself is not the paper's edge.
        half = patch[middle, [max(1, size // 5), size - 1 - max(1, size // 5)]].mean(axis=0)
        if np.abs(half - inside).max() > 40:
            return "radio", True
        core = np.abs(patch[2:-2, 2:-2] - inside).max(axis=2)[_disc(size - 4)]
        if core.max() < 24 and np.abs(edge - inside).max() > 24:
            return "radio", False
        return None
    if square:
        core = patch[2:-2, 2:-2].reshape(-1, 3)
        spread = np.abs(core - np.median(core, axis=0)).max(axis=1)
        if spread.max() < 24:
            if enclosed < 0 or np.abs(np.median(core, axis=0) - edge).max() < 5:
                return None
            return "checkbox", False
        # A tick: two colours, and neither is rare.
        share = float((spread > 60).mean())
        saturated = [int(colour.max() - colour.min()) for colour in (edge, np.median(core, axis=0))]
        if 0.06 <= share <= 0.5 and (max(saturated) > 50 or enclosed >= 0):
            return "checkbox", True
    return None


def _disc(size: int) -> np.ndarray:
    axis = np.arange(size) - (size - 1) / 2
    return axis[:, None] ** 2 + axis[None] ** 2 <= (size / 2 - 1) ** 2


def _symmetric(patch: np.ndarray) -> bool:
    grey = patch.mean(axis=2)
    return max(np.abs(grey - other).mean() for other in (grey[::-1], grey[:, ::-1], grey.T)) < 9


def _alone(seg: Segmentation, box: Box) -> bool:
    """Whether no other ink stands close to the left or right: a toggle is not part of a word."""
    marks = seg.marks
    beside = (marks[:, 1] < box.y1) & (marks[:, 3] > box.y0) & (marks[:, 0] < box.x1 + 4) & (marks[:, 2] > box.x0 - 4)
    within = (marks[:, 0] >= box.x0) & (marks[:, 2] <= box.x1)
    around = (marks[:, 0] <= box.x0 - 4) & (marks[:, 2] >= box.x1 + 4)
    return not bool((beside & ~within & ~around).any())


# --- fields, buttons, selects, text areas --------------------------------------------------------------------------


def _framed(
    seg: Segmentation, lines: list[DetectedLine], taken: set[int], toggles: list[Box], options: list[Box]
) -> list[Widget]:
    height, width = seg.surface_of.shape
    rectangles: list[tuple[int, Box]] = []
    for number, row in enumerate(seg.surfaces.tolist()):
        box, area = Box(*row[:4]), row[4]
        if box.width < 14 or box.height < 12 or area < 0.25 * box.width * box.height:
            continue
        if any(_overlaps(box, toggle) and box.width < 3 * toggle.width for toggle in toggles):
            continue
        if not any(_overlaps(box, option) for option in options) and _is_rectangle(seg, number, box):
            rectangles.append((number, box))
    widgets = []
    for number, box in rectangles:
        others = [other for surface, other in rectangles if surface != number]
        if box.width * box.height > 0.3 * width * height or _is_cell(box, others):
            continue
        if any(_inside(other, box, 0) for other in others):
            continue
        content = [i for i, line in enumerate(lines) if _inside(line.box, box, 1)]
        # A strip of tabs is no field, however much it looks like one.
        if any(index in taken for index in content):
            continue
        widget = _classify(seg, lines, box, _border(seg, box), content)
        if widget is not None:
            widgets.append(widget)
    return widgets


def _is_rectangle(seg: Segmentation, number: int, box: Box) -> bool:
    """Whether a surface fills its box but for rounded corners and what is written on it."""
    own = seg.surface_of[box.y0 : box.y1, box.x0 : box.x1] == number
    inset = min(box.height // 3, 8)
    rows = own[:, inset : box.width - inset] if box.width > 2 * inset else own
    columns = own[inset : box.height - inset]
    return bool(min(rows[0].mean(), rows[-1].mean()) > 0.85 and min(columns[:, 0].mean(), columns[:, -1].mean()) > 0.85)


def _border(seg: Segmentation, box: Box) -> int:
    """How many of the four sides have a line of ink around them."""
    height, width = seg.surface_of.shape
    sides = 0
    xs = np.linspace(box.x0 + 6, box.x1 - 7, 9).astype(int).clip(0, width - 1)
    ys = np.linspace(box.y0 + 4, box.y1 - 5, 7).astype(int).clip(0, height - 1)
    for y in (box.y0 - 1, box.y1):
        sides += bool(0 <= y < height and (seg.surface_of[y, xs] < 0).mean() > 0.8)
    for x in (box.x0 - 1, box.x1):
        sides += bool(0 <= x < width and (seg.surface_of[ys, x] < 0).mean() > 0.8)
    return sides


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
    rows = _rows([lines[index].box for index in texts])
    if box.height > high or rows > 1:
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
    return Widget(box=outer, kind="field", state=state, lines=tuple(texts), ornaments=icons)


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
    corner = _patch(seg, Box(box.x1 - 8, box.y1 - 8, box.x1 - 1, box.y1 - 1)).astype(int)
    gripped = bool(grip) or int(np.ptp(corner, axis=(0, 1)).max()) > 40
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
    difference = np.abs(_patch(seg, line.box).astype(int) - seg.surfaces[line.surface, 5:8]).max(axis=2)
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


# --- popups of selects ---------------------------------------------------------------------------------------------


def _options(seg: Segmentation, lines: list[DetectedLine]) -> list[Widget]:
    """Rows of a popup list: one row is filled in another colour, from edge to edge, and nothing separates it from the
    plain rows above or below."""
    boxes = [Box(*row[:4]) for row in seg.surfaces.tolist()]
    widgets: list[Widget] = []
    for number, row in enumerate(boxes):
        if not (14 <= row.height <= 48 and row.width >= 40) or not _is_rectangle(seg, number, row):
            continue
        plain = [
            other
            for other, box in enumerate(boxes)
            if other != number
            and abs(box.x0 - row.x0) <= 3
            and abs(box.x1 - row.x1) <= 18
            and (0 <= box.y0 - row.y1 <= 1 or 0 <= row.y0 - box.y1 <= 1)
        ]
        if not plain or any(np.abs(seg.surfaces[o, 5:8] - seg.surfaces[plain[0], 5:8]).max() > 3 for o in plain):
            continue
        popup = [row, *(boxes[other] for other in plain)]
        members = [
            index
            for index, line in enumerate(lines)
            if not line.icon and any(_inside(line.box, box, 1) for box in popup)
        ]
        if not members or not any(_inside(lines[index].box, row, 1) for index in members):
            continue
        lefts = [lines[index].box.x0 for index in members]
        if max(lefts) - min(lefts) > 24:
            continue
        for index in members:
            own = lines[index].box
            middle = own.y0 + own.height // 2
            chosen = _inside(own, row, 1)
            box = row if chosen else Box(row.x0, middle - row.height // 2, row.x1, middle + (row.height + 1) // 2)
            state = frozenset({"selected"}) if chosen else frozenset()
            widgets.append(Widget(box=box, kind="option", state=state, lines=(index,)))
        return widgets
    return widgets


# --- tabs ----------------------------------------------------------------------------------------------------------


def _tabs(seg: Segmentation, lines: list[DetectedLine], taken: set[int]) -> list[Widget]:
    """Texts in a row of which one is underlined by a bar, or stands in a notch of the line below the row."""
    chosen: list[int] = []
    free = [index for index in range(len(lines)) if index not in taken and not lines[index].icon]
    chosen.extend(index for index in free if _barred(seg, lines[index]))
    marks = seg.marks
    size = np.stack([marks[:, 2] - marks[:, 0], marks[:, 3] - marks[:, 1]], axis=1)
    for number in np.flatnonzero((size[:, 0] >= 150) & (size[:, 1] >= 24) & (size[:, 1] <= 64)):
        notch = _notch(seg, int(number))
        if notch is not None:
            chosen.extend(index for index in free if _inside(lines[index].box, notch, 0))
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
    strip = seg.rgb[top : min(height, line.baseline + 30), x0:x1].astype(np.int16)
    if x1 - x0 < 12 or not len(strip):
        return False
    paper = seg.surfaces[line.surface, 5:8]
    coloured = np.abs(strip[:, 0] - paper).max(axis=1) > 60
    if not coloured.any():
        return False
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
    return 2 <= thick <= 5 and free


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


# --- geometry ------------------------------------------------------------------------------------------------------


def _patch(seg: Segmentation, box: Box) -> np.ndarray:
    return seg.rgb[max(0, box.y0) : box.y1, max(0, box.x0) : box.x1]


def _inside(inner: Box, outer: Box, slack: int) -> bool:
    return (
        inner.x0 >= outer.x0 - slack
        and inner.y0 >= outer.y0 - slack
        and inner.x1 <= outer.x1 + slack
        and inner.y1 <= outer.y1 + slack
    )


def _overlaps(a: Box, b: Box) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


def _rows(boxes: list[Box]) -> int:
    """How many rows of text the boxes form."""
    rows = 0
    bottom = -1
    for box in sorted(boxes, key=lambda box: box.y0):
        if box.y0 >= bottom - 2:
            rows += 1
        bottom = max(bottom, box.y1)
    return rows
