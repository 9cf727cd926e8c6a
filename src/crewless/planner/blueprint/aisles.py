"""The layout's aisles as a grid that robots drive on: two lanes with right-hand traffic, bays in the stations, parking places.

A cell is half an aisle wide, so that every aisle has one lane for each direction. A robot works in a bay inside its station's
footprint and not in the lane; it waits and charges in the slots where no station stands.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crewless.core.errors import BadInput
from crewless.fleet.traffic.grid import EAST, NORTH, SOUTH, WEST, Floor, floor_from
from crewless.planner.blueprint.layout import make_floor
from crewless.planner.blueprint.model import Blueprint

_ENTER_COST = 6
"""What entering a bay counts in steps: nobody drives into one only to make way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Aisles:
    """Cells are numbered as in :class:`crewless.fleet.traffic.grid.Floor`."""

    floor: Floor
    cell_m: float
    bays: dict[str, tuple[int, ...]]
    """Station to the cells where robots work in it."""
    parking: tuple[int, ...]
    """Cells beside the aisles where robots wait and charge."""
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


def make_aisles(blueprint: Blueprint) -> Aisles:
    """The grid of a blueprint's layout.

    Raises:
        BadInput: no aisle, or a station that no aisle touches.
    """
    layout, building = blueprint.layout, blueprint.building
    cell_m = building.slot_m / 2
    rows, columns = round(layout.depth_m // cell_m), round(layout.width_m // cell_m)
    across, along = np.zeros((rows, columns), np.bool_), np.zeros((rows, columns), np.bool_)
    one_way = np.full((rows, columns), -1, np.int8)

    def cells(x: float, y: float, width: float, depth: float) -> tuple[slice, slice]:
        left, right = round(x / cell_m), min(columns, round((x + width) / cell_m))
        south, north = round(y / cell_m), min(rows, round((y + depth) / cell_m))
        return slice(rows - north, rows - south), slice(left, right)

    for aisle in layout.aisles:
        part = cells(*aisle)
        (along if aisle[2] >= aisle[3] else across)[part] = True
    free = across | along
    if not free.any():
        raise BadInput("the layout has no aisle, so nobody can drive")
    for aisle in layout.aisles:
        where = cells(*aisle)
        if aisle[2] >= aisle[3]:
            # Driving on the right: the northern lane leads west.
            lanes = ((where[0].start, WEST), (where[0].stop - 1, EAST))
            for row, heading in lanes:
                lane = (row, where[1])
                one_way[lane] = np.where(across[lane], -1, heading)
        else:
            for column, heading in ((where[1].start, SOUTH), (where[1].stop - 1, NORTH)):
                lane = (where[0], column)
                one_way[lane] = np.where(along[lane], -1, heading)

    lanes = free.copy()

    def doors(part: tuple[slice, slice]) -> list[tuple[int, int]]:
        """Cells of a rectangle that have a lane to their south or north."""
        found = []
        for row in range(part[0].start, part[0].stop):
            for column in range(part[1].start, part[1].stop):
                beside = (row - 1, row + 1)
                if any(0 <= r < rows and lanes[r, column] for r in beside) and not lanes[row, column]:
                    found.append((row, column))
        return found

    bays: dict[str, list[tuple[int, int]]] = {}
    taken = np.zeros((rows, columns), np.bool_)
    for place in layout.places:
        part = cells(place.x_m, place.y_m, place.width_m, place.depth_m)
        taken[part] = True
        bays[place.station] = doors(part)
        if not bays[place.station]:
            raise BadInput(f"no aisle touches station {place.station}")
    slots = make_floor(blueprint.goal.area_m2, building.slot_m, building.slots_between_aisles, blueprint.goal.forbidden)
    parking: list[tuple[int, int]] = []
    for x, y in slots.slots:
        part = cells(x, y, building.slot_m, building.slot_m)
        if not taken[part].any():
            parking += doors(part)
    niches = [each for group in bays.values() for each in group] + parking
    for each in niches:
        free[each] = True
    floor = floor_from(free, one_way=one_way)
    place = np.argwhere(free)
    number = np.full((rows, columns), -1, np.int32)
    number[free] = np.arange(len(place))
    neighbour, cost = floor.neighbour.copy(), floor.cost.copy()
    niche = np.zeros(len(place), np.bool_)
    niche[[number[each] for each in niches]] = True
    # A bay opens to the lane only: two robots in bays side by side stay apart.
    neighbour[niche[:, None] & (neighbour >= 0) & niche[neighbour]] = -1
    cost[(neighbour >= 0) & niche[neighbour]] = _ENTER_COST
    return Aisles(
        floor=replace(floor, neighbour=neighbour, cost=cost), cell_m=cell_m,
        bays={station: tuple(int(number[each]) for each in group) for station, group in bays.items()},
        parking=tuple(int(number[each]) for each in parking), place=place, number=number,
    )  # fmt: skip


def closed_floor(floor: Floor, closed: set[int]) -> Floor:
    """The same floor with cells that nobody may enter; who stands in one may leave it."""
    if not closed:
        return floor
    neighbour = floor.neighbour.copy()
    neighbour[np.isin(neighbour, list(closed))] = -1
    return replace(floor, neighbour=neighbour)
