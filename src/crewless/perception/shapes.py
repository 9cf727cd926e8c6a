"""What the finders of controls share: a widget, and the geometry of boxes and surfaces."""

from dataclasses import dataclass, field

import numba
import numpy as np

from crewless.core.messages import Box, ElementKind
from crewless.perception.segment import Segmentation


@dataclass(frozen=True, kw_only=True, slots=True)
class Widget:
    """Something that can be operated, before its text is known."""

    box: Box
    kind: ElementKind
    state: frozenset[str] = frozenset()
    lines: tuple[int, ...] = field(default_factory=tuple)
    """Indices of the lines that it contains and whose text is its own."""
    role: str = ""
    """As in :class:`crewless.core.messages.Element`."""
    value: float | None = None
    ornaments: tuple[int, ...] = field(default_factory=tuple)
    """Indices of the lines that are only its decoration: a chevron, a resize grip, a tick."""


def core_of(seg: Segmentation, number: int, box: Box) -> Box:
    """The box of a surface without what sticks out of it: half of a frame has its colour at times, and that of a
    neighbour."""
    return Box(*(int(value) for value in _core(seg.surface_of, number, box.x0, box.y0, box.x1, box.y1)))


@numba.njit(cache=True)
def _core(surface_of, number, x0, y0, x1, y1):
    for _ in range(2):
        columns = np.zeros(x1 - x0, np.int32)
        rows = np.zeros(y1 - y0, np.int32)
        for y in range(y0, y1):
            for x in range(x0, x1):
                if surface_of[y, x] == number:
                    columns[x - x0] += 1
                    rows[y - y0] += 1
        left, right, top, bottom = 0, x1 - x0, 0, y1 - y0
        while left < right - 1 and columns[left] < 0.4 * len(rows):
            left += 1
        while right > left + 1 and columns[right - 1] < 0.4 * len(rows):
            right -= 1
        while top < bottom - 1 and rows[top] < 0.4 * len(columns):
            top += 1
        while bottom > top + 1 and rows[bottom - 1] < 0.4 * len(columns):
            bottom -= 1
        x1, y1 = x0 + right, y0 + bottom
        x0, y0 = x0 + left, y0 + top
    return x0, y0, x1, y1


def is_rectangle(seg: Segmentation, number: int, box: Box) -> bool:
    """Whether a surface fills its box but for rounded corners and what is written on it. A corner may be round to the
    middle of the side, as on a pill."""
    return bool(_fills(seg.surface_of, number, box.x0, box.y0, box.x1, box.y1))


@numba.njit(cache=True)
def _fills(surface_of, number, x0, y0, x1, y1):
    width, height = x1 - x0, y1 - y0
    for pill in (False, True):
        inset = height // 2 if pill else min(height // 3, 8)
        if width <= 2.2 * inset:
            return False
        top = bottom = left = right = 0
        for x in range(x0 + inset, x1 - inset):
            top += surface_of[y0, x] == number
            bottom += surface_of[y1 - 1, x] == number
        side = min(inset, height // 2 - 1)
        for y in range(y0 + side, y1 - side):
            left += surface_of[y, x0] == number
            right += surface_of[y, x1 - 1] == number
        if min(top, bottom) > 0.85 * (width - 2 * inset) and min(left, right) > (0.45 if pill else 0.85) * (
            height - 2 * side
        ):
            return True
    return False


def sides_of_frame(seg: Segmentation, number: int, box: Box) -> int:
    """How many of the four sides of a surface have a line of ink around them.

    A sunken frame has it above and to the left only; its other sides are as light as the inside, which ends there.
    """
    height, width = seg.surface_of.shape
    xs = np.linspace(box.x0 + 6, box.x1 - 7, 9).astype(int).clip(0, width - 1)
    ys = np.linspace(box.y0 + 4, box.y1 - 5, 7).astype(int).clip(0, height - 1)
    beyond = [seg.surface_of[y, xs] if 0 <= y < height else np.full(9, number) for y in (box.y0 - 1, box.y1)] + [
        seg.surface_of[ys, x] if 0 <= x < width else np.full(7, number) for x in (box.x0 - 1, box.x1)
    ]
    top, bottom, left, right = (bool((side < 0).mean() > 0.8) for side in beyond)
    if top and left and not bottom and not right:
        edges = [bool((side != number).mean() > 0.8) for side in (beyond[1], beyond[3])]
        return 4 if all(edges) else 2
    return top + bottom + left + right


def is_filled_field(seg: Segmentation, number: int, box: Box) -> bool:
    """Whether a surface is filled in another colour than what is around it, and underlined: a field without a frame."""
    height, width = seg.surface_of.shape
    if (
        not 24 <= box.height <= 84
        or not 2.5 * box.height <= box.width <= 0.62 * width
        or box.y1 >= height
        or box.y0 < 1
    ):
        return False
    xs = np.linspace(box.x0 + 8, box.x1 - 9, 9).astype(int).clip(0, width - 1)
    ys = np.linspace(box.y0 + 8, box.y1 - 9, 5).astype(int).clip(0, height - 1)
    around = np.concatenate(
        [seg.surface_of[box.y0 - 2, xs], *(seg.surface_of[ys, x] for x in (box.x0 - 2, box.x1 + 1) if 0 <= x < width)]
    )
    paper = int(np.bincount(around[around >= 0]).argmax()) if (around >= 0).any() else number
    # What is below the line is the same as what is around: it is no bar of a window, and no heading of a table.
    below = [seg.surface_of[y, xs] for y in range(box.y1, min(height, box.y1 + 5))]
    lined = bool((below[0] < 0).mean() > 0.8) and any((row == paper).mean() > 0.8 for row in below[1:])
    return lined and paper != number and bool((around == paper).mean() > 0.8)


def patch_of(seg: Segmentation, box: Box) -> np.ndarray:
    """The pixels of a box, of shape (height, width, 3)."""
    return seg.rgb[max(0, box.y0) : box.y1, max(0, box.x0) : box.x1]


def inside(inner: Box, outer: Box, slack: int) -> bool:
    """Whether a box lies in another, or over its edge by at most ``slack`` pixels."""
    return (
        inner.x0 >= outer.x0 - slack
        and inner.y0 >= outer.y0 - slack
        and inner.x1 <= outer.x1 + slack
        and inner.y1 <= outer.y1 + slack
    )


def overlaps(a: Box, b: Box) -> bool:
    """Whether two boxes share a pixel."""
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


def count_rows(boxes: list[Box]) -> int:
    """How many rows of text the boxes form."""
    rows = 0
    bottom = -1
    for box in sorted(boxes, key=lambda box: box.y0):
        if box.y0 >= bottom - 2:
            rows += 1
        bottom = max(bottom, box.y1)
    return rows
