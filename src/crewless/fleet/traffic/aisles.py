"""A plan's floor as a grid that robots drive on: lanes, bays in the stations, parking places.

A robot works in a bay inside its station's footprint and not in the lane; it waits and charges in parking places beside the lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crewless.fleet.plan import FloorPlan, PlannedStation
from crewless.fleet.traffic.grid import EAST, NORTH, SOUTH, WEST, Floor, floor_from

_ENTER_COST = 6
"""What entering a bay counts in steps: nobody drives into one only to make way."""
_LANES = {">": EAST, "v": SOUTH, "<": WEST, "^": NORTH}


@dataclass(frozen=True, kw_only=True, slots=True)
class Aisles:
    """Cells are numbered as in :class:`crewless.fleet.traffic.grid.Floor`."""

    floor: Floor
    cell_m: float
    bays: dict[str, tuple[int, ...]]
    """Station to the cells where robots work in it."""
    parking: tuple[int, ...]
    """Cells beside the aisles where robots wait and charge."""
    chargers: tuple[int, ...]
    place: NDArray[np.int64]
    """Row from the north and column of each cell. Shape: (cells, 2)."""
    number: NDArray[np.int32]
    """Cell at each row and column, -1 where nobody may stand. Shape: (rows, columns)."""

    def middle(self, cell: int) -> tuple[float, float]:
        """The middle of a cell in metres, y to the north."""
        row, column = self.place[cell]
        return (int(column) + 0.5) * self.cell_m, (len(self.number) - int(row) - 0.5) * self.cell_m

    def cell_at(self, x_m: float, y_m: float) -> int:
        """The free cell at a place, or the one whose middle is nearest."""
        rows, columns = self.number.shape
        row = min(max(rows - 1 - int(y_m // self.cell_m), 0), rows - 1)
        column = min(max(int(x_m // self.cell_m), 0), columns - 1)
        if self.number[row, column] >= 0:
            return int(self.number[row, column])
        away = np.abs(self.place - (row, column)).sum(axis=1)
        return int(np.argmin(away))


def aisles_of(plan: FloorPlan, stations: Sequence[PlannedStation]) -> Aisles:
    """The grid of a floor that :func:`crewless.fleet.plan.check_plan` has passed.

    Raises:
        BadInput: no cell is free.
    """
    cells = np.array([list(row) for row in plan.cells])
    free, niche_at = cells != "#", cells == "p"
    one_way = np.full(cells.shape, -1, np.int8)
    for letter, heading in _LANES.items():
        one_way[cells == letter] = heading
    floor = floor_from(free, one_way=one_way)
    place = np.argwhere(free)
    number = np.full(cells.shape, -1, np.int32)
    number[free] = np.arange(len(place))
    neighbour, cost = floor.neighbour.copy(), floor.cost.copy()
    niche = niche_at[free]
    # A bay opens to the lane only: two robots in bays side by side stay apart.
    neighbour[niche[:, None] & (neighbour >= 0) & niche[neighbour]] = -1
    cost[(neighbour >= 0) & niche[neighbour]] = _ENTER_COST
    return Aisles(
        floor=replace(floor, neighbour=neighbour, cost=cost), cell_m=plan.cell_m,
        bays={each.name: tuple(int(number[cell]) for cell in each.bays) for each in stations},
        parking=tuple(int(number[cell]) for cell in plan.parking),
        chargers=tuple(int(number[cell]) for cell in plan.chargers), place=place, number=number,
    )  # fmt: skip


def closed_floor(floor: Floor, closed: set[int]) -> Floor:
    """The same floor with cells that nobody may enter; who stands in one may leave it."""
    if not closed:
        return floor
    neighbour = floor.neighbour.copy()
    neighbour[np.isin(neighbour, list(closed))] = -1
    return replace(floor, neighbour=neighbour)
