"""Robots on the aisles of a real layout: lanes, bays, closed ground, robots that lie in the way; every step is judged."""

from pathlib import Path

import numpy as np
import pytest

from crewless.core.errors import BadInput
from crewless.fleet.control.free_roadmap import FreeRoadmap
from crewless.fleet.simulate.motion import Motion
from crewless.fleet.traffic.grid import EAST, FAR, WEST, distances
from crewless.fleet.vda5050.zone_sets import ZoneBook, contains, crosses
from crewless.planner.blueprint.designer import design
from crewless.planner.blueprint.floor_plan import make_aisles
from crewless.planner.goal import load_goal

EXAMPLES = Path(__file__).parents[3] / "examples/factory"


@pytest.fixture(scope="module")
def aisles():
    return make_aisles(design(load_goal(EXAMPLES / "solar.yaml")))


def drive(motion, steps=200):
    for _ in range(steps):
        motion.step()
    assert motion.conflicts == 0


def test_every_bay_and_parking_place_is_reached_from_everywhere(aisles):
    goals = np.array([*(cell for group in aisles.bays.values() for cell in group), *aisles.parking], np.int32)
    assert distances(aisles.floor, goals).max() < FAR


def test_the_southern_lane_of_an_aisle_leads_east_and_the_northern_west(aisles):
    rows = aisles.floor.one_way
    for x in (12.0, 20.0):
        south, north = (aisles.place[aisles.cell_at(x, y)] for y in (1.0, 3.0))
        assert (rows[tuple(south)], rows[tuple(north)]) == (EAST, WEST)


def test_a_bay_opens_to_the_lane_only(aisles):
    lanes = aisles.floor.one_way[aisles.floor.free] >= 0
    for group in aisles.bays.values():
        for cell in group:
            doors = [int(each) for each in aisles.floor.neighbour[cell] if each >= 0]
            assert doors
            assert all(lanes[door] for door in doors)


def test_places_in_metres_and_cells_are_each_others_reverse(aisles):
    for cell in range(0, len(aisles.place), 17):
        assert aisles.cell_at(*aisles.middle(cell)) == cell


def test_robots_exchange_their_places(aisles):
    motion = Motion(aisles)
    a, b = aisles.bays["panel_making-1.1"][0], aisles.bays["stringing-2.1"][0]
    motion.add("r1", a)
    motion.add("r2", b)
    for _ in range(100):
        there = [motion.send("r1", *aisles.middle(b)), motion.send("r2", *aisles.middle(a))]
        if all(there):
            break
        motion.step()
    assert all(there)
    assert motion.conflicts == 0


def test_two_robots_at_one_station_take_two_bays(aisles):
    motion = Motion(aisles)
    group = aisles.bays["panel_making-2.1"]
    for number in range(2):
        motion.add(f"r{number}", motion.free_cell())
    for _ in range(150):
        for name in motion.names:
            if motion.send(name, *aisles.middle(group[0])):
                motion.hold(name)
        motion.step()
    stand = {aisles.cell_at(*motion.where(name)[:2]) for name in motion.names}
    assert len(stand) == 2
    assert stand <= set(group)


def test_a_robot_that_lies_in_the_lane_is_driven_around(aisles):
    motion = Motion(aisles)
    lane = aisles.cell_at(21.0, 1.0)
    motion.add("dead", lane)
    motion.add("r", aisles.cell_at(13.0, 1.0))
    motion.fallen("dead")
    goal = aisles.middle(aisles.cell_at(29.0, 1.0))
    arrived = False
    for _ in range(300):
        if motion.send("r", *goal):
            arrived = True
            break
        motion.step()
    assert arrived
    assert motion.conflicts == 0
    assert aisles.cell_at(*motion.where("dead")[:2]) == lane


def test_nobody_pushes_a_robot_that_works(aisles):
    motion = Motion(aisles, seed=3)
    bay = aisles.bays["panel_making-1.1"][1]
    motion.add("works", bay)
    motion.hold("works")
    for number in range(60):
        motion.add(f"r{number}", motion.free_cell())
        motion.send(f"r{number}", *aisles.middle(aisles.parking[-1 - number]))
    drive(motion)
    assert aisles.cell_at(*motion.where("works")[:2]) == bay


def test_idle_robots_leave_the_bays(aisles):
    motion = Motion(aisles)
    motion.add("r", aisles.bays["panel_making-1.1"][0])
    for _ in range(60):
        motion.idle("r")
        motion.step()
    assert aisles.cell_at(*motion.where("r")[:2]) in aisles.parking


def test_a_blocked_zone_is_not_entered_and_is_left(aisles):
    motion = Motion(aisles)
    motion.add("r", aisles.cell_at(13.0, 1.0))
    book = ZoneBook()
    square = [{"x": x, "y": y} for x, y in ((20, 0), (22, 0), (22, 4), (20, 4))]
    book.take(
        {"mapId": "floor", "zoneSetId": "z", "zones": [{"zoneId": "spill", "zoneType": "BLOCKED", "vertices": square}]}
    )
    book.enable("z")
    motion.zones("r", book)
    shut = motion.closed
    assert {aisles.middle(cell) for cell in shut} == {(21.0, 1.0), (21.0, 3.0)}
    for _ in range(200):
        if motion.send("r", *aisles.middle(aisles.cell_at(29.0, 1.0))):
            break
        motion.step()
        assert aisles.cell_at(*motion.where("r")[:2]) not in shut
    assert motion.conflicts == 0


def guarded(motion, corners):
    book = ZoneBook()
    square = [{"x": x, "y": y} for x, y in corners]
    zone = {"zoneId": "narrow", "zoneType": "RELEASE", "vertices": square, "releaseLossBehavior": "STOP"}
    book.take({"mapId": "floor", "zoneSetId": "z", "zones": [zone]})
    book.enable("z")
    motion.zones(motion.names[0], book)


def test_a_release_zone_is_asked_for_and_not_entered_before_it_is_granted(aisles):
    motion = Motion(aisles)
    motion.add("r", aisles.cell_at(13.0, 1.0))
    # The eastern lane at 21 to 25 m; the goal lies behind it.
    guarded(motion, ((20, 0), (26, 0), (26, 2), (20, 2)))
    goal = aisles.middle(aisles.cell_at(33.0, 1.0))
    inside = {aisles.cell_at(x, 1.0) for x in (21.0, 23.0, 25.0)}
    asked = []
    for _ in range(60):
        motion.send("r", *goal)
        motion.step()
        asked += motion.entering("r")
        assert aisles.cell_at(*motion.where("r")[:2]) not in inside
    assert set(asked) == {"narrow"}
    motion.admit("r", "narrow", True)
    seen = set()
    for _ in range(40):
        if motion.send("r", *goal):
            break
        motion.step()
        seen.add(aisles.cell_at(*motion.where("r")[:2]))
        # Who is inside goes on and out, though the grant is taken back.
        motion.admit("r", "narrow", False)
    assert inside <= seen
    assert motion.entering("r") == []
    assert motion.conflicts == 0


def test_many_goals_are_no_matter(aisles):
    motion = Motion(aisles)
    motion.add("r", aisles.cell_at(13.0, 1.0))
    guarded(motion, ((20, 0), (26, 0), (26, 2), (20, 2)))
    for cell in range(0, len(aisles.place), 2):  # more than the table of distances begins with
        motion.send("r", *aisles.middle(cell))
        motion.entering("r")
        assert motion.steps_to(cell, cell) == 0


def test_who_was_about_to_enter_when_the_zone_was_guarded_stays_outside(aisles):
    motion = Motion(aisles)
    motion.add("r", aisles.cell_at(17.0, 1.0))
    goal = aisles.middle(aisles.cell_at(33.0, 1.0))
    while aisles.cell_at(*motion.where("r")[:2]) != aisles.cell_at(19.0, 1.0):
        motion.send("r", *goal)
        motion.step()
    guarded(motion, ((20, 0), (26, 0), (26, 2), (20, 2)))
    for _ in range(10):
        motion.send("r", *goal)
        motion.step()
    assert motion.where("r")[0] < 20.0


def test_a_full_floor_is_named(aisles):
    motion = Motion(aisles)
    for cell in range(len(aisles.place)):
        motion.add(f"r{cell}", cell)
    with pytest.raises(BadInput, match="the floor is full"):
        motion.free_cell()


def test_the_controls_map_knows_distances_and_closed_bays(aisles):
    chart = FreeRoadmap(aisles, aisles.parking[:2])
    bays = aisles.bays["panel_making-1.1"]
    start = chart.nearest(*aisles.middle(bays[0]))
    assert chart.route(start, "panel_making-1.1") == ["panel_making-1.1"]
    # East lane: from a cell to the one three further on are 3 steps of 2 m.
    a, b = chart.nearest(13.0, 1.0), chart.nearest(19.0, 1.0)
    assert chart.length_m([a, b]) == 6.0
    chart.close([f"cell {bays[0]}"])
    assert chart.nodes["panel_making-1.1"] == aisles.middle(bays[1])
    chart.close([f"cell {cell}" for cell in bays])
    assert chart.route(a, "panel_making-1.1") is None
    chart.open([f"cell {cell}" for cell in bays])
    assert chart.route(a, "panel_making-1.1") == [a, "panel_making-1.1"]


def test_points_in_a_polygon():
    square = [{"x": x, "y": y} for x, y in ((0, 0), (2, 0), (2, 2), (0, 2))]
    assert contains(square, (1, 1))
    assert not contains(square, (3, 1))
    assert crosses(square, (-1, 1), (3, 1))
    assert not crosses(square, (-1, 3), (3, 3))
