"""The layout's aisles as cells: two lanes with right-hand traffic, bays in the stations, parking places.

A cell is half an aisle wide, so that every aisle has one lane for each direction.
"""

import math

import numpy as np

from crewless.core.errors import BadInput
from crewless.fleet.plan import FloorPlan, PlannedStation
from crewless.fleet.traffic.aisles import Aisles, aisles_of
from crewless.fleet.traffic.grid import EAST, NORTH, SOUTH, WEST
from crewless.planner.blueprint.layout import make_floor
from crewless.planner.blueprint.model import Blueprint

_LANES = {EAST: ">", SOUTH: "v", WEST: "<", NORTH: "^"}


def make_floor_plan(blueprint: Blueprint, robots: int) -> tuple[FloorPlan, tuple[PlannedStation, ...]]:
    """The floor of a blueprint's layout, and its stations with their bays.

    Args:
        blueprint: what was built.
        robots: how many there are: twice as many chargers as their share of time on the charger fills.

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
    lanes = across | along
    if not lanes.any():
        raise BadInput("the layout has no aisle for robots to drive on")
    for aisle in layout.aisles:
        where = cells(*aisle)
        if aisle[2] >= aisle[3]:
            # Driving on the right: the northern lane leads west.
            for row, heading in ((where[0].start, WEST), (where[0].stop - 1, EAST)):
                lane = (row, where[1])
                one_way[lane] = np.where(across[lane], -1, heading)
        else:
            for column, heading in ((where[1].start, SOUTH), (where[1].stop - 1, NORTH)):
                lane = (where[0], column)
                one_way[lane] = np.where(along[lane], -1, heading)

    def doors(part: tuple[slice, slice]) -> list[tuple[int, int]]:
        """Cells of a rectangle that have a lane to their south or north."""
        found = []
        for row in range(part[0].start, part[0].stop):
            for column in range(part[1].start, part[1].stop):
                beside = (row - 1, row + 1)
                if any(0 <= r < rows and lanes[r, column] for r in beside) and not lanes[row, column]:
                    found.append((row, column))
        return found

    work = {each.name: f"{line.process}: {', '.join(each.tasks)}" for line in blueprint.lines for each in line.stations}
    stations: list[PlannedStation] = []
    taken = np.zeros((rows, columns), np.bool_)
    for place in layout.places:
        part = cells(place.x_m, place.y_m, place.width_m, place.depth_m)
        taken[part] = True
        bays = tuple(doors(part))
        if not bays:
            raise BadInput(f"no aisle touches station {place.station}")
        stations.append(PlannedStation(
            name=place.station, bays=bays, work=work[place.station], x_m=place.x_m, y_m=place.y_m,
            width_m=place.width_m, depth_m=place.depth_m,
        ))  # fmt: skip
    slots = make_floor(blueprint.goal.area_m2, building.slot_m, building.slots_between_aisles, blueprint.goal.forbidden)
    parking: list[tuple[int, int]] = []
    for x, y in slots.slots:
        part = cells(x, y, building.slot_m, building.slot_m)
        if not taken[part].any():
            parking += doors(part)
    picture = np.where(lanes, "+", "#")
    for heading, letter in _LANES.items():
        picture[one_way == heading] = letter
    for cell in [*parking, *(cell for each in stations for cell in each.bays)]:
        picture[cell] = "p"
    floor = FloorPlan(
        cell_m=cell_m, cells=tuple("".join(row) for row in picture), parking=tuple(parking),
        chargers=_chargers(blueprint, parking, stations, robots), width_m=layout.width_m, depth_m=layout.depth_m,
        forbidden=blueprint.goal.forbidden,
    )  # fmt: skip
    return floor, tuple(stations)


def make_aisles(blueprint: Blueprint) -> Aisles:
    """The grid of a blueprint's layout, to measure ways on. Raises as :func:`make_floor_plan`."""
    return aisles_of(*make_floor_plan(blueprint, blueprint.balance.robots))


def _chargers(
    blueprint: Blueprint, parking: list[tuple[int, int]], stations: list[PlannedStation], robots: int
) -> tuple[tuple[int, int], ...]:
    wanted = max(2, math.ceil(2 * blueprint.robot.charging_share * max(1, robots)))
    # Every other one, so that a robot that leaves the charger finds a parking place beside it.
    return tuple(parking[::2][:wanted]) or (stations[0].bays[-1],)
