"""A floor as a grid of cells: what is free, which way each aisle runs, and how far every cell is from a goal."""

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from crewless.core.errors import BadInput

EAST, SOUTH, WEST, NORTH = 0, 1, 2, 3
"""Headings. A turn to the right adds one."""
FAR = np.int32(2**30)
"""The distance of a cell from which a goal cannot be reached."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """Free cells are numbered row by row."""

    free: NDArray[np.bool_]
    """Shape: (rows, columns)."""
    neighbour: NDArray[np.int32]
    """The cell that lies one step ahead in each heading, -1 where no robot may drive. Shape: (cells, 4)."""
    cost: NDArray[np.int32]
    """Guidance: what a step in each heading counts, 1 with the flow and more against it. Shape: (cells, 4)."""
    one_way: NDArray[np.int8]
    """The heading of one-way cells, -1 elsewhere. Shape: (rows, columns)."""
    stations: NDArray[np.int32]
    """Cells that robots are sent to."""


def floor_from(
    free: NDArray[np.bool_], *, one_way: NDArray[np.int8], guidance: NDArray[np.int8] | None = None, against: int = 4
) -> Floor:
    """A floor from pictures of it.

    Args:
        free: True where a robot may stand. Shape: (rows, columns).
        one_way: the only heading in which a cell may be left along its axis (against it is forbidden), -1 for any. A robot
            may turn off to the side where there is a free cell. Shape: (rows, columns).
        guidance: the preferred heading, -1 for none; a step against it counts ``against``. Shape: (rows, columns).
        against: the guidance's weight.

    Raises:
        BadInput: shapes differ, or no cell is free.
    """
    if free.ndim != 2 or one_way.shape != free.shape or (guidance is not None and guidance.shape != free.shape):
        raise BadInput(f"floor pictures differ in shape: free {free.shape}, one_way {one_way.shape}")
    if not free.any():
        raise BadInput(f"no cell of the floor {free.shape} is free")
    rows, columns = free.shape
    number = np.full(free.shape, -1, np.int32)
    number[free] = np.arange(int(free.sum()))
    cells = int(free.sum())
    neighbour = np.full((cells, 4), -1, np.int32)
    cost = np.ones((cells, 4), np.int32)
    for heading, (down, right) in enumerate(((0, 1), (1, 0), (0, -1), (-1, 0))):
        ahead = np.full(free.shape, -1, np.int32)
        ahead[max(0, -down) : rows - max(0, down), max(0, -right) : columns - max(0, right)] = number[
            max(0, down) : rows + min(0, down), max(0, right) : columns + min(0, right)
        ]
        ahead[one_way == (heading + 2) % 4] = -1
        # A one-way cell may not be entered against its direction either.
        entered = np.append(one_way[free], -1)[ahead]
        ahead[(ahead >= 0) & (entered == (heading + 2) % 4)] = -1
        neighbour[:, heading] = ahead[free]
        if guidance is not None:
            cost[:, heading] = np.where(guidance[free] == (heading + 2) % 4, against, 1)
    return Floor(free=free, neighbour=neighbour, cost=cost, one_way=one_way, stations=np.empty(0, np.int32))


def warehouse(*, rows: int = 140, columns: int = 500, stations: int = 2000, seed: int = 0) -> Floor:
    """A warehouse in the style of the League of Robot Runners: shelf blocks of 10 x 2 cells, one-way aisles one cell wide
    between them whose direction alternates, cross corridors of two lanes, an open ring around all.

    Raises:
        BadInput: a floor too small for one block.
    """
    if rows < 12 or columns < 20:
        raise BadInput(f"a warehouse of {rows} x {columns} cells has no room for a shelf", alternatives=["12 x 20"])
    free = np.ones((rows, columns), np.bool_)
    one_way = np.full((rows, columns), -1, np.int8)
    guidance = np.full((rows, columns), -1, np.int8)
    border = 3
    # Columns repeat every 12: ten of shelf, two lanes north and south. Rows repeat every 3: two of shelf, one aisle.
    for row in range(rows):
        inside_row = border <= row < rows - border
        for column in range(columns):
            inside = inside_row and border <= column < columns - border
            r, c = (row - border) % 3, (column - border) % 12
            if inside and c < 10:
                if r < 2:
                    free[row, column] = False
                else:
                    one_way[row, column] = EAST if ((row - border) // 3) % 2 == 0 else WEST
            elif inside:
                guidance[row, column] = SOUTH if c == 10 else NORTH
    # The ring runs clockwise outside and anticlockwise inside.
    for lane, turn in ((0, 0), (1, 2)):
        top, bottom, left, right = lane, rows - 1 - lane, lane, columns - 1 - lane
        guidance[top, left:right] = (EAST + turn) % 4
        guidance[top:bottom, right] = (SOUTH + turn) % 4
        guidance[bottom, left + 1 : right + 1] = (WEST + turn) % 4
        guidance[top + 1 : bottom + 1, left] = (NORTH + turn) % 4
    floor = floor_from(free, one_way=one_way, guidance=guidance)
    aisle = np.flatnonzero(one_way[free] >= 0)
    chosen = np.random.default_rng(seed).choice(aisle, min(stations, len(aisle)), replace=False)
    return replace(floor, stations=np.sort(chosen).astype(np.int32))


def distances(floor: Floor, goals: NDArray[np.int32]) -> NDArray[np.int32]:
    """Guidance-weighted steps from every cell to each goal, turns not counted; FAR where there is no way.

    Shape: (goals, cells).
    """
    return _distances(floor.neighbour, floor.cost, np.asarray(goals, np.int32))


@njit(cache=True)
def _distances(neighbour, cost, goals):
    cells = neighbour.shape[0]
    # Edges turned round, so that one search from the goal reaches every cell that has a way to it.
    count = np.zeros(cells + 1, np.int32)
    for cell in range(cells):
        for heading in range(4):
            if neighbour[cell, heading] >= 0:
                count[neighbour[cell, heading] + 1] += 1
    start = np.cumsum(count)
    fill = start[:-1].copy()
    source = np.empty(start[-1], np.int32)
    weight = np.empty(start[-1], np.int32)
    widest = 1
    for cell in range(cells):
        for heading in range(4):
            ahead = neighbour[cell, heading]
            if ahead >= 0:
                source[fill[ahead]] = cell
                weight[fill[ahead]] = cost[cell, heading]
                widest = max(widest, cost[cell, heading])
                fill[ahead] += 1
    out = np.full((len(goals), cells), FAR, np.int32)
    # Dial's algorithm (Dial 1969): small whole costs, so a ring of buckets takes the place of a heap.
    ring = widest + 1
    bucket = np.empty((ring, 4 * cells + 1), np.int32)
    size = np.zeros(ring, np.int32)
    for index in range(len(goals)):
        best = out[index]
        best[goals[index]] = 0
        bucket[0, 0] = goals[index]
        size[0] = 1
        waiting, at = 1, 0
        while waiting > 0:
            slot = at % ring
            while size[slot] > 0:
                size[slot] -= 1
                waiting -= 1
                cell = bucket[slot, size[slot]]
                if best[cell] != at:
                    continue
                for edge in range(start[cell], start[cell + 1]):
                    reached = at + weight[edge]
                    if reached < best[source[edge]]:
                        best[source[edge]] = reached
                        put = reached % ring
                        bucket[put, size[put]] = source[edge]
                        size[put] += 1
                        waiting += 1
            at += 1
    return out
