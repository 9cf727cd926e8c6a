"""Checkboxes, radios and switches: small even shapes that are set or not, whatever they are set with."""

import numpy as np

from crewless.core.messages import Box, ElementKind
from crewless.perception.segment import Segmentation
from crewless.perception.shapes import Widget, overlaps, patch_of

_TOGGLE_SIZE = (9, 44)
_UNEVEN = 14
"""Shades of grey: a circle differs from itself turned over by less."""


def find_toggles(seg: Segmentation) -> list[Widget]:
    """Checkboxes, radios and switches. They are found before the lines: a tick is no letter."""
    found: list[tuple[Box, ElementKind, bool]] = []
    low, high = _TOGGLE_SIZE
    pills = [Box(x0 - 1, y0 - 1, x1 + 1, y1 + 1) for x0, y0, x1, y1 in seg.surfaces[:, :4].tolist()]
    pills += [Box(*row) for row in seg.marks[seg.marks[:, 7] >= 0, :4].tolist()]
    for box in pills:
        if low <= box.height <= high + 2 and 1.5 * box.height <= box.width <= 2.5 * box.height:
            if any(overlaps(box, other) for other, _, _ in found):
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
        if any(overlaps(box, other) for other, _, _ in found) or not _alone(seg, box):
            continue
        shape = _toggle_shape(seg, box, area, surface, enclosed)
        if shape is not None:
            found.append((box, *shape))
    # Window buttons look like ticked boxes, but stand side by side; a toggle has its text beside it.
    return [
        Widget(box=box, kind=kind, state=frozenset({"checked"}) if checked else frozenset())
        for box, kind, checked in found
        if not any(
            other != box and overlaps(Box(box.x0 - 8, box.y0, box.x1 + 8, box.y1), other) for other, _, _ in found
        )
    ]


def _knob(seg: Segmentation, box: Box) -> bool | None:
    """Where the knob of a switch is: True at the right, False at the left, None when there is none."""
    patch = patch_of(seg, box)
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
    patch = _squared(patch_of(seg, box)).astype(int)
    paper = seg.surfaces[surface, 5:8]
    size = len(patch)
    difference = np.abs(patch - paper).max(axis=2)
    hole = 0
    if enclosed >= 0:
        hole = int(seg.surfaces[enclosed, 4])
    elif size <= 16 and area < 0.6 * box.width * box.height:
        # Too small inside for a surface.
        hole = _hole(difference)
    fill = (area + hole) / (box.width * box.height)
    corner = difference[[0, 0, -1, -1], [0, -1, 0, -1]].max()
    middle = size // 2
    # Drawn between pixels, an edge is two pixels wide: the darker one counts.
    sides = (patch[:2], patch[-2:], patch[:, :2].transpose(1, 0, 2), patch[:, -2:].transpose(1, 0, 2))
    near = slice(middle - 1, middle + 2)
    rim = np.concatenate([_darker(side[:, near], paper) for side in sides])
    contrast = max(40, int(0.4 * difference.max()))
    if np.abs(rim - np.median(rim, axis=0)).max() > contrast:
        return _sunken(seg, rim, patch, paper, enclosed, contrast)
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
        inset = max(2, round(0.16 * size))
        core = patch[inset:-inset, inset:-inset].reshape(-1, 3)
        spread = np.abs(core - np.median(core, axis=0)).max(axis=1)
        if spread.max() < 24:
            inside = np.median(core, axis=0)
            filled = int(np.ptp(inside)) > 50 or int(paper.max()) - int(inside.max()) > 60
            if enclosed >= 0 and filled and np.abs(inside - paper).max() > 60 and _rimmed(patch, core):
                return "checkbox", True
            if (enclosed < 0 and not hole) or np.abs(np.median(core, axis=0) - edge).max() < 5:
                return None
            return "checkbox", False
        # A tick: two colours, and neither is rare.
        share = float((spread > 60).mean())
        saturated = [int(colour.max() - colour.min()) for colour in (edge, np.median(core, axis=0))]
        ticked = 0.06 <= share <= 0.5 and (max(saturated) > 50 or enclosed >= 0)
        if ticked or (enclosed < 0 and _is_crossed(rim, patch)):
            return "checkbox", True
    return None


def _squared(patch: np.ndarray) -> np.ndarray:
    """As wide as high: stretched, or, where that is more even, without the row at one end that is only its shadow."""
    import cv2

    height, width = patch.shape[:2]
    if height == width:
        return patch
    size = max(height, width)
    whole = cv2.resize(patch.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    ends = [patch[:-1], patch[1:]] if height > width else [patch[:, :-1], patch[:, 1:]]
    return min([whole, *ends], key=_unevenness) if abs(height - width) == 1 and _unevenness(whole) >= _UNEVEN else whole


def _rimmed(patch: np.ndarray, core: np.ndarray) -> bool:
    """Whether the outermost pixels are another colour than the inside, which is as large as can be."""
    rim = np.concatenate([patch[0, 1:-1], patch[-1, 1:-1], patch[1:-1, 0], patch[1:-1, -1]])
    return bool((np.abs(rim - np.median(core, axis=0)).max(axis=1) > 24).mean() > 0.9)


def _sunken(
    seg: Segmentation, rim: np.ndarray, patch: np.ndarray, paper: np.ndarray, enclosed: int, contrast: int
) -> tuple[ElementKind, bool] | None:
    """A checkbox whose upper and left edges are darker than the others: each edge is even, and so is the inside."""
    if enclosed < 0 or any(np.abs(side - np.median(side, axis=0)).max() > contrast for side in np.split(rim, 4)):
        return None
    x0, y0, x1, y1 = seg.surfaces[enclosed, :4].tolist()
    if seg.surfaces[enclosed, 4] < 0.85 * (x1 - x0) * (y1 - y0) or abs((x1 - x0) - (y1 - y0)) > 2:
        return None
    if (x1 - x0) < 0.55 * len(patch):
        return None
    inside = seg.surfaces[enclosed, 5:8]
    if np.abs(inside - paper).max() < 20:
        return None
    return "checkbox", bool(int(paper.max()) - int(inside.max()) > 60)


def _is_crossed(rim: np.ndarray, patch: np.ndarray) -> bool:
    """Whether a tick or a cross stands in a sunken frame without touching it: a button with a cross is raised."""
    top, bottom, left, right = (float(side.mean()) for side in np.split(rim, 4))
    ring = np.concatenate([patch[1, 2:-2], patch[-2, 2:-2], patch[2:-2, 1], patch[2:-2, -2]])
    paper = np.median(ring, axis=0)
    ink = np.abs(patch[2:-2, 2:-2] - paper).max(axis=2) > 100
    even = np.abs(ring - paper).max() < 24 and paper.min() > 128
    return top + left < bottom + right and bool(even) and 0.1 <= ink.mean() <= 0.75


def _hole(difference: np.ndarray) -> int:
    """How many pixels of a small shape are paper that its ink encloses."""
    import cv2

    outside = np.pad((difference < 30).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(outside, None, (0, 0), 2)
    return int((outside == 1).sum())


def _darker(side: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Of two rows of pixels, of shape (2, length, 3), the ones that differ more from the paper."""
    first, second = (np.abs(row - paper).max(axis=1) for row in side)
    return np.where((first >= second)[:, None], side[0], side[1])


def _disc(size: int) -> np.ndarray:
    axis = np.arange(size) - (size - 1) / 2
    return axis[:, None] ** 2 + axis[None] ** 2 <= (size / 2 - 1) ** 2


def _symmetric(patch: np.ndarray) -> bool:
    return _unevenness(patch) < _UNEVEN


def _unevenness(patch: np.ndarray) -> float:
    """How much a shape differs from itself turned over."""
    import cv2

    # Coarse: a circle that is drawn between pixels is not even to the pixel.
    grey = cv2.resize(patch.mean(axis=2).astype(np.float32), (9, 9), interpolation=cv2.INTER_AREA)
    return max(float(np.abs(grey - other).mean()) for other in (grey[::-1], grey[:, ::-1], grey.T))


def _alone(seg: Segmentation, box: Box) -> bool:
    """Whether no other ink stands close to the left or right: a toggle is not part of a word."""
    marks = seg.marks
    beside = (marks[:, 1] < box.y1) & (marks[:, 3] > box.y0) & (marks[:, 0] < box.x1 + 4) & (marks[:, 2] > box.x0 - 4)
    within = (marks[:, 0] >= box.x0) & (marks[:, 2] <= box.x1)
    around = (marks[:, 0] <= box.x0 - 4) & (marks[:, 2] >= box.x1 + 4)
    # The dots of a ring of light are no letters.
    return not bool((beside & ~within & ~around & (marks[:, 4] > 2)).any())


# --- fields, buttons, selects, text areas --------------------------------------------------------------------------
