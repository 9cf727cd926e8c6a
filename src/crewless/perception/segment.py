"""A frame to surfaces and marks: the two kinds of things that a user interface is drawn from.

A *surface* is a connected area of one flat colour that is thick enough to write on: the page, a card, a button's face, the
inside of a field. Everything else is *ink*: glyphs, borders, icons, photographs. A *mark* is a connected blob of ink
together with the surface that it lies on. Colours are compared with a small tolerance from pixel to pixel, so a shading
is one surface. Nothing here knows about text or widgets.
"""

from dataclasses import dataclass

import numba
import numpy as np

_TOLERANCE = 3
"""Largest step per channel between neighbouring pixels of one surface: less than any border that a person can see."""
_THICKNESS = 8
"""A surface holds a square of this many pixels; the stems of letters up to about 40 px high do not."""
_LONG_THICKNESS = 5
"""The face of a small button is full of its text: a surface that holds a square of so many pixels is enough where it is
wider than any letter is."""
_LONG = 2.0
"""Times its height that such a surface is wide."""
_LONG_HEIGHT = 12
_LONG_AREA = 200
_PADDING = 3
"""Pixels between the edge of such a face and its text."""
_HARDLY = 4
"""Of two surfaces that a mark touches it does not touch the one that it touches so many times less often."""
_MAX_NEIGHBOURS = 4


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Segmentation:
    """Surfaces and marks of one frame."""

    rgb: np.ndarray
    """Shape (height, width, 3), uint8, contiguous."""
    surface_of: np.ndarray
    """Shape (height, width), int32: the surface of each pixel, -1 where there is ink."""
    surfaces: np.ndarray
    """Shape (num_surfaces, 8), int32: x0, y0, x1, y1 (exclusive), area in pixels, red, green, blue."""
    mark_of: np.ndarray
    """Shape (height, width), int32: the mark of each pixel, -1 where there is a surface."""
    marks: np.ndarray
    """Shape (num_marks, 8), int32: x0, y0, x1, y1 (exclusive), area, the surface it lies on (-1: none), the number of
    surfaces outside of it that it touches, the largest surface that it encloses (-1: none)."""


def segment(rgb: np.ndarray) -> Segmentation:
    """Find the surfaces and marks of a frame.

    Args:
        rgb: shape (height, width, 3), uint8, contiguous.
    """
    import cv2

    labels, count = _label(rgb)
    surface_of, surfaces = _surfaces(rgb, labels, count)
    ink = (surface_of < 0).view(np.uint8)
    num, mark_of, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    mark_of -= 1
    marks = _marks(surface_of, surfaces, mark_of, stats[1:num])
    return Segmentation(rgb=rgb, surface_of=surface_of, surfaces=surfaces, mark_of=mark_of, marks=marks)


@numba.njit(cache=True)
def _find(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(cache=True)
def _near(rgb, y0, x0, y1, x1):
    for c in range(3):
        d = np.int32(rgb[y0, x0, c]) - np.int32(rgb[y1, x1, c])
        if d > _TOLERANCE or d < -_TOLERANCE:
            return False
    return True


@numba.njit(cache=True)
def _label(rgb):
    """Union-find over 4-neighbours of nearly equal colour, run by run. Returns raw labels and the count of them."""
    height, width = rgb.shape[:2]
    labels = np.empty((height, width), np.int32)
    parent = np.empty(height * width, np.int32)
    count = 0
    for y in range(height):
        for x in range(width):
            left = x > 0 and _near(rgb, y, x, y, x - 1)
            if left:
                label = labels[y, x - 1]
                # The pixel above was joined already when its own left neighbour is one run with it and with us.
                if y > 0 and labels[y - 1, x] != labels[y - 1, x - 1] and _near(rgb, y, x, y - 1, x):
                    a, b = _find(parent, label), _find(parent, labels[y - 1, x])
                    if a < b:
                        parent[b] = a
                    else:
                        parent[a] = b
                elif y > 0 and labels[y - 1, x] != label and _near(rgb, y, x, y - 1, x):
                    a, b = _find(parent, label), _find(parent, labels[y - 1, x])
                    if a < b:
                        parent[b] = a
                    elif b < a:
                        parent[a] = b
            elif y > 0 and _near(rgb, y, x, y - 1, x):
                label = labels[y - 1, x]
            else:
                label = count
                parent[count] = count
                count += 1
            labels[y, x] = label
    compact = np.empty(count, np.int32)
    distinct = 0
    for i in range(count):
        root = _find(parent, i)
        if root == i:
            compact[i] = distinct
            distinct += 1
        else:
            compact[i] = compact[root]
    for y in range(height):
        for x in range(width):
            labels[y, x] = compact[labels[y, x]]
    return labels, distinct


@numba.njit(cache=True)
def _surfaces(rgb, labels, count):
    """Keep the areas that hold a square of ``_THICKNESS`` pixels, or a smaller one and are long; number and measure them."""
    height, width = labels.shape
    thick = np.zeros(count, np.bool_)
    rather = np.zeros(count, np.bool_)
    above = np.zeros(width, np.int16)
    for y in range(height):
        diagonal = np.int16(0)
        for x in range(width):
            before = above[x]
            side = np.int16(1)
            label = labels[y, x]
            if (
                x > 0
                and y > 0
                and labels[y, x - 1] == label
                and labels[y - 1, x] == label
                and labels[y - 1, x - 1] == label
            ):
                side = np.int16(1 + min(diagonal, before, above[x - 1]))
            if side >= _LONG_THICKNESS:
                rather[label] = True
                if side >= _THICKNESS:
                    thick[label] = True
            above[x] = side
            diagonal = before
    number = np.full(count, -1, np.int32)
    distinct = 0
    for i in range(count):
        if thick[i]:
            number[i] = distinct
            distinct += 1
    surely = distinct
    for i in range(count):
        if rather[i] and not thick[i]:
            number[i] = distinct
            distinct += 1
    surface_of = np.empty((height, width), np.int32)
    surfaces = np.zeros((distinct, 8), np.int32)
    colour = np.zeros((distinct, 3), np.int64)
    surfaces[:, 0] = width
    surfaces[:, 1] = height
    for y in range(height):
        for x in range(width):
            s = number[labels[y, x]]
            surface_of[y, x] = s
            if s >= 0:
                row = surfaces[s]
                row[0] = min(row[0], x)
                row[1] = min(row[1], y)
                row[2] = max(row[2], x + 1)
                row[3] = max(row[3], y + 1)
                row[4] += 1
                for c in range(3):
                    colour[s, c] += rgb[y, x, c]
    kept = surely
    for s in range(distinct):
        for c in range(3):
            surfaces[s, 5 + c] = colour[s, c] // surfaces[s, 4]
        if s < surely:
            continue
        x0, y0, x1, y1, area = surfaces[s, 0], surfaces[s, 1], surfaces[s, 2], surfaces[s, 3], surfaces[s, 4]
        wide, high = x1 - x0, y1 - y0
        keep = high >= _LONG_HEIGHT and wide >= _LONG * high and area >= max(_LONG_AREA, 0.35 * wide * high)
        # The ground of selected letters ends where they do: it is no face, and they are read with it.
        for x in (x0 + _PADDING - 1, x1 - _PADDING):
            own = 0
            for y in range(y0, y1):
                own += surface_of[y, x] == s
            keep = keep and own >= 0.7 * high
        new = kept if keep else -1
        if new != s:
            for y in range(y0, y1):
                for x in range(x0, x1):
                    if surface_of[y, x] == s:
                        surface_of[y, x] = new
        if keep:
            surfaces[kept] = surfaces[s]
            kept += 1
    return surface_of, surfaces[:kept].copy()


@numba.njit(cache=True)
def _marks(surface_of, surfaces, mark_of, stats):
    """For each mark the surfaces that it touches: the one to its left is the one that it lies on. One that it hardly touches does not
    count: a letter at the very edge of a highlighted row, or beside the block that is a terminal's caret."""
    height, width = mark_of.shape
    count = len(stats)
    marks = np.empty((count, 8), np.int32)
    touched = np.full((count, _MAX_NEIGHBOURS), -1, np.int32)
    contacts = np.zeros((count, _MAX_NEIGHBOURS), np.int32)
    for m in range(count):
        x, y, w, h, area = stats[m]
        marks[m, 0], marks[m, 1], marks[m, 2], marks[m, 3] = x, y, x + w, y + h
        marks[m, 4] = area
        marks[m, 5] = marks[m, 7] = -1
        marks[m, 6] = 0
    for y in range(height):
        for x in range(width):
            m = mark_of[y, x]
            if m < 0:
                continue
            for k in range(4):
                yy, xx = y, x
                if k == 0:
                    xx -= 1
                elif k == 1:
                    xx += 1
                elif k == 2:
                    yy -= 1
                else:
                    yy += 1
                if xx < 0 or yy < 0 or xx >= width or yy >= height:
                    continue
                s = surface_of[yy, xx]
                if s < 0:
                    continue
                if k == 0 and x == marks[m, 0]:
                    marks[m, 5] = s
                for n in range(_MAX_NEIGHBOURS):
                    if touched[m, n] < 0:
                        touched[m, n] = s
                    if touched[m, n] == s:
                        contacts[m, n] += 1
                        break
    for m in range(count):
        for n in range(_MAX_NEIGHBOURS):
            s = touched[m, n]
            if s < 0:
                break
            inside = (
                surfaces[s, 0] >= marks[m, 0]
                and surfaces[s, 1] >= marks[m, 1]
                and surfaces[s, 2] <= marks[m, 2]
                and surfaces[s, 3] <= marks[m, 3]
            )
            if inside:
                if marks[m, 7] < 0 or surfaces[s, 4] > surfaces[marks[m, 7], 4]:
                    marks[m, 7] = s
            else:
                marks[m, 6] += 1
                if marks[m, 5] < 0:
                    marks[m, 5] = s
        first = second = 0
        lies_on = -1
        for n in range(_MAX_NEIGHBOURS):
            s = touched[m, n]
            if s < 0:
                break
            if s == marks[m, 7]:
                continue
            if contacts[m, n] > first:
                first, second, lies_on = contacts[m, n], first, s
            else:
                second = max(second, contacts[m, n])
        if marks[m, 6] == 2 and _HARDLY * second < first:
            marks[m, 5], marks[m, 6] = lies_on, 1
    return marks
