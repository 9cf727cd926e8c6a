import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewless.core.errors import BadInput
from crewless.fleet.traffic.check import Conflicts, check_step
from crewless.fleet.traffic.grid import EAST, FAR, NORTH, SOUTH, WEST, distances, floor_from, warehouse
from crewless.fleet.traffic.pibt import FORWARD, TURN_LEFT, TURN_RIGHT, WAIT, Traffic, step


def open_floor(rows, columns, one_way=None):
    free = np.ones((rows, columns), np.bool_)
    return floor_from(free, one_way=np.full((rows, columns), -1, np.int8) if one_way is None else one_way)


def run(floor, cells, headings, goals, steps):
    """The states seen, shape (steps + 1, robots, 3), and the conflicts that the judge found."""
    distance = distances(floor, np.asarray(goals, np.int32))
    traffic = Traffic(floor=floor, cell=np.array(cells, np.int32), heading=np.array(headings, np.int32))
    places = np.argwhere(floor.free)
    seen, conflicts = [np.column_stack([places[traffic.cell], traffic.heading])], 0
    for _ in range(steps):
        step(traffic, np.arange(len(goals)), distance)
        seen.append(np.column_stack([places[traffic.cell], traffic.heading]))
        conflicts += check_step(floor.free, seen[-2], seen[-1], one_way=floor.one_way).total
    return np.array(seen), conflicts


def test_a_robot_alone_turns_first_and_then_drives():
    floor = open_floor(1, 4)
    distance = distances(floor, np.array([0], np.int32))
    traffic = Traffic(floor=floor, cell=np.array([2], np.int32), heading=np.array([EAST], np.int32))
    moves = [int(step(traffic, np.array([0]), distance)[0]) for _ in range(5)]
    assert moves[0] == moves[1]
    assert moves[0] in (TURN_LEFT, TURN_RIGHT)
    assert moves[2:] == [FORWARD, FORWARD, WAIT]


def test_two_robots_that_must_pass_each_other_do_it_in_a_corridor_with_one_bay():
    free = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 0, 0]], np.bool_)
    floor = floor_from(free, one_way=np.full(free.shape, -1, np.int8))
    seen, conflicts = run(floor, [0, 4], [EAST, WEST], [4, 0], 200)
    assert conflicts == 0
    arrived = [(seen[:, robot, :2] == goal).all(axis=1).any() for robot, goal in enumerate([(0, 4), (0, 0)])]
    assert all(arrived)


def test_a_ring_full_of_robots_turns_round():
    free = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.bool_)
    one_way = np.array([[EAST, EAST, SOUTH], [NORTH, -1, SOUTH], [NORTH, WEST, WEST]], np.int8)
    floor = floor_from(free, one_way=one_way)
    seen, conflicts = run(
        floor, range(8), [EAST, EAST, SOUTH, NORTH, SOUTH, NORTH, WEST, WEST], [1, 2, 4, 0, 7, 3, 5, 6], 8
    )
    assert conflicts == 0
    assert (seen[1:, :, :2] == [(0, 1), (0, 2), (1, 2), (0, 0), (2, 2), (1, 0), (2, 0), (2, 1)]).all(axis=(1, 2)).any()


def test_a_one_way_aisle_is_never_driven_backwards():
    one_way = np.full((3, 5), -1, np.int8)
    one_way[1] = EAST
    floor = open_floor(3, 5, one_way)
    assert (floor.neighbour[6:9, WEST] == -1).all()
    # From the aisle's east end back to its west end: around by another row, 4 west + 2 across.
    assert distances(floor, np.array([5], np.int32))[0, 9] == 6
    _, conflicts = run(floor, [9, 5], [WEST, EAST], [5, 9], 40)
    assert conflicts == 0


def test_a_cell_without_a_way_to_the_goal_is_far():
    floor = floor_from(np.array([[1, 0, 1]], np.bool_), one_way=np.full((1, 3), -1, np.int8))
    assert distances(floor, np.array([0], np.int32)).tolist() == [[0, FAR]]


def test_every_station_of_the_warehouse_can_be_reached_from_everywhere():
    floor = warehouse(rows=30, columns=60, stations=40)
    assert distances(floor, floor.stations).max() < FAR


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.9))
def test_no_conflict_on_crowded_warehouses(seed, share):
    floor = warehouse(rows=15, columns=32, stations=30, seed=seed)
    rng = np.random.default_rng(seed)
    cells = len(floor.neighbour)
    robots = max(1, int(share * cells))
    goals = rng.choice(floor.stations, robots)
    _, conflicts = run(floor, rng.choice(cells, robots, replace=False), rng.integers(0, 4, robots), goals, 60)
    assert conflicts == 0


def test_a_quarter_of_the_cells_full_and_robots_still_arrive_at_the_end():
    floor = warehouse(rows=30, columns=60, stations=60)
    distance = distances(floor, floor.stations)
    rng = np.random.default_rng(1)
    cells = len(floor.neighbour)
    traffic = Traffic(
        floor=floor, cell=rng.choice(cells, cells // 4, replace=False).astype(np.int32),
        heading=rng.integers(0, 4, cells // 4).astype(np.int32),
    )  # fmt: skip
    goal, arrivals = rng.integers(0, len(distance), cells // 4), []
    for _ in range(1500):
        step(traffic, goal, distance)
        there = np.flatnonzero(distance[goal, traffic.cell] == 0)
        goal[there] = rng.integers(0, len(distance), len(there))
        arrivals.append(len(there))
    assert sum(arrivals[-500:]) >= 0.7 * sum(arrivals[500:1000]) > 0


@pytest.mark.parametrize(
    ("after", "wrong"),
    [
        ([(0, 1, EAST), (0, 1, WEST)], "vertex"),
        ([(0, 1, EAST), (0, 0, WEST)], "swap"),
        ([(0, 0, EAST), (-1, 1, WEST)], "outside"),
        ([(0, 0, WEST), (0, 1, WEST)], "illegal"),
        ([(1, 0, EAST), (0, 1, WEST)], "illegal"),
    ],
)
def test_the_judge_finds_what_is_wrong(after, wrong):
    before = np.array([(0, 0, EAST), (0, 1, WEST)])
    found = check_step(np.ones((2, 2), np.bool_), before, np.array(after))
    assert getattr(found, wrong) > 0


def test_robots_on_one_cell_are_refused():
    with pytest.raises(BadInput, match="share a cell"):
        Traffic(floor=open_floor(1, 3), cell=np.array([1, 1], np.int32), heading=np.array([0, 0], np.int32))


def judged(before, after, one_way=None, shape=(3, 3)):
    free = np.ones(shape, np.bool_)
    found = check_step(free, np.array(before), np.array(after), one_way=one_way)
    return found.vertex, found.swap, found.outside, found.illegal


@pytest.mark.parametrize(("heading", "row", "column"), [(EAST, 1, 2), (SOUTH, 2, 1), (WEST, 1, 0), (NORTH, 0, 1)])
def test_a_robot_drives_one_cell_in_the_heading_that_it_had_and_nowhere_else(heading, row, column):
    start = [1, 1, heading]
    assert judged([start], [[row, column, heading]]) == (0, 0, 0, 0)
    for other in range(4):
        if other != heading:
            assert judged([[1, 1, other]], [[row, column, other]]) == (0, 0, 0, 1), "sideways or backwards"
            assert judged([start], [[row, column, other]]) == (0, 0, 0, 1), "turned while it drove"
    two = [2 * (row - 1) + 1, 2 * (column - 1) + 1, heading]
    assert judged([start], [two], shape=(4, 4))[3] == 1, "two cells at once"
    assert judged([start], [[0, 0, heading]]) == (0, 0, 0, 1), "diagonally"


@pytest.mark.parametrize("heading", range(4))
def test_a_robot_that_stays_turns_by_a_quarter_at_most(heading):
    for turn, wrong in ((0, 0), (1, 0), (2, 1), (3, 0)):
        assert judged([[1, 1, heading]], [[1, 1, (heading + turn) % 4]]) == (0, 0, 0, wrong)


def test_two_robots_swap_only_when_each_drives_to_where_the_other_was():
    assert judged([[1, 0, EAST], [1, 1, WEST]], [[1, 1, EAST], [1, 0, WEST]]) == (0, 1, 0, 0)
    assert judged([[1, 0, EAST], [1, 1, EAST]], [[1, 1, EAST], [1, 2, EAST]]) == (0, 0, 0, 0), "one behind the other"
    assert judged([[1, 0, EAST], [1, 2, WEST]], [[1, 1, EAST], [1, 1, WEST]]) == (1, 0, 0, 0)
    assert judged([[1, 0, EAST]] * 3, [[1, 0, EAST]] * 3) == (2, 0, 0, 0)
    pairs = [[0, 0, EAST], [0, 1, WEST], [2, 1, EAST], [2, 2, WEST]]
    after = [[0, 1, EAST], [0, 0, WEST], [2, 2, EAST], [2, 1, WEST]]
    assert judged(pairs, after) == (0, 2, 0, 0)


def test_a_one_way_cell_is_neither_left_nor_entered_against_its_heading_and_may_be_crossed():
    def lanes(*cells):
        one_way = np.full((3, 3), -1, np.int8)
        for row, column, heading in cells:
            one_way[row, column] = heading
        return one_way

    drive = [[1, 1, WEST]], [[1, 0, WEST]]
    assert judged(*drive, one_way=lanes((1, 1, EAST))) == (0, 0, 0, 1), "leaves it backwards"
    assert judged(*drive, one_way=lanes((1, 0, EAST))) == (0, 0, 0, 1), "enters it backwards"
    for heading in (WEST, NORTH, SOUTH):
        assert judged(*drive, one_way=lanes((1, 1, heading), (1, 0, heading))) == (0, 0, 0, 0)
    assert judged([[1, 1, WEST]], [[1, 1, NORTH]], one_way=lanes((1, 1, EAST))) == (0, 0, 0, 0), "it only turns"
    assert judged([[1, 1, WEST]], [[1, 1, WEST]], one_way=lanes((1, 1, EAST))) == (0, 0, 0, 0), "it only waits"
    assert judged([[1, 2, WEST]], [[1, 1, WEST]], one_way=lanes((1, 2, EAST))) == (0, 0, 0, 1)
    # Of two robots it is the one that drives against the lane.
    both = [[0, 1, EAST], [1, 1, WEST]], [[0, 2, EAST], [1, 0, WEST]]
    assert judged(*both, one_way=lanes((1, 1, EAST), (0, 1, EAST))) == (0, 0, 0, 1)


def test_off_the_floor_is_on_none_of_its_sides_and_not_on_a_shelf():
    for row, column, heading in ((-1, 1, NORTH), (3, 1, SOUTH), (1, -1, WEST), (1, 3, EAST)):
        start = [min(2, max(0, row)), min(2, max(0, column)), heading]
        assert judged([start], [[row, column, heading]]) == (0, 0, 1, 0)
        assert judged([start], [[row, column, heading]], one_way=np.full((3, 3), -1, np.int8)) == (0, 0, 1, 0)
    free = np.ones((3, 3), np.bool_)
    free[1, 2] = False
    assert check_step(free, np.array([[1, 1, EAST]]), np.array([[1, 2, EAST]])).outside == 1
    assert check_step(free, np.array([[1, 1, EAST]]), np.array([[1, 2, EAST]])).total == 1


def test_all_conflicts_count_in_the_total():
    assert Conflicts(vertex=1, swap=20, outside=300, illegal=4000).total == 4321
