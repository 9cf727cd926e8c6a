"""Cells of tables, and days of calendars: what stands in rows and columns at once."""

import itertools
import re
from dataclasses import replace

import numpy as np

from crewless.core.messages import Box, Element
from crewless.perception.segment import Segmentation

_CELL_HEIGHT, _CELL_WIDTH = (12, 90), (14, 600)
_LINE = 4
"""Pixels of a grid's lines at most."""
_EMPTY_CELLS = 120
"""A grid with more empty cells is a sheet; only its filled ones are elements then."""
_DAY = re.compile(r"[1-9]|[12]\d|3[01]")


def cells_of(seg: Segmentation) -> list[Box]:
    """Surfaces that have a neighbour of their height beside them and one of their width above or below them."""
    own = seg.surfaces[:, :4]
    wide, high = own[:, 2] - own[:, 0], own[:, 3] - own[:, 1]
    fits = (high >= _CELL_HEIGHT[0]) & (high <= _CELL_HEIGHT[1]) & (wide >= _CELL_WIDTH[0]) & (wide <= _CELL_WIDTH[1])
    fits &= seg.surfaces[:, 4] > 0.5 * wide * high
    own = own[fits]
    if len(own) < 4:
        return []
    x0, y0, x1, y1 = (own[:, n] for n in range(4))
    row = (np.abs(y0[:, None] - y0) <= 1) & (np.abs(y1[:, None] - y1) <= 1)
    column = (np.abs(x0[:, None] - x0) <= 1) & (np.abs(x1[:, None] - x1) <= 1)
    right, below = x0[None] - x1[:, None], y0[None] - y1[:, None]
    beside = row & (right >= 0) & (right <= _LINE)
    under = column & (below >= 0) & (below <= _LINE)
    both = (beside.any(axis=0) | beside.any(axis=1)) & (under.any(axis=0) | under.any(axis=1))
    return [Box(*box) for box in own[both].tolist()] if both.sum() >= 4 else []


def in_grids(elements: list[Element], cells: list[Box]) -> list[Element]:
    """The elements with their role in a grid, and an element for each empty cell: it can be clicked."""
    out: list[Element] = []
    filled: set[int] = set()
    for element in elements:
        inside = [n for n, box in enumerate(cells) if box.contains(element.box.centre)]
        filled.update(inside)
        plain = element.kind in ("text", "link") and not element.role
        out.append(replace(element, role="cell") if inside and plain else element)
    empty = [box for n, box in enumerate(cells) if n not in filled]
    if len(empty) <= _EMPTY_CELLS:
        out.extend(Element(text="", box=box, kind="icon", role="cell") for box in empty)
    return with_days(out)


def with_days(elements: list[Element]) -> list[Element]:
    """The elements with the days of a calendar named so: numbers that count on along rows at one step, over three rows."""
    days = [
        n
        for n, e in enumerate(elements)
        if _DAY.fullmatch(e.text) and e.kind in ("text", "link", "button") and e.box.height <= 60
    ]
    if len(days) < 20:
        return elements
    rows: list[list[int]] = []
    for n in sorted(days, key=lambda n: elements[n].box.centre.y):
        if rows and elements[n].box.centre.y - elements[rows[-1][0]].box.centre.y <= 4:
            rows[-1].append(n)
        else:
            rows.append([n])
    counting: list[int] = []
    for row in rows:
        row.sort(key=lambda n: elements[n].box.x0)
        numbers = [int(elements[n].text) for n in row]
        if len(row) >= 2 and sum(b - a == 1 for a, b in itertools.pairwise(numbers)) >= 0.6 * (len(row) - 1):
            counting.extend(row)
    if len(counting) < 20:
        return elements
    named = set(counting)
    return [replace(e, role="day") if n in named and e.role in ("", "cell") else e for n, e in enumerate(elements)]
