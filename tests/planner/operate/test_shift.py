"""A schedule of a shift is judged from its rows alone."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from crewless.core.errors import BadInput
from crewless.planner.blueprint.design import design
from crewless.planner.goal import load_goal
from crewless.planner.operate import read_schedule, schedule_shift

EXAMPLES = Path(__file__).parents[3] / "examples/factory"


@pytest.fixture(scope="module")
def humanoid():
    return design(load_goal(EXAMPLES / "humanoid.yaml"))


@pytest.fixture(scope="module")
def solar():
    return design(load_goal(EXAMPLES / "solar.yaml"))


def faults(shift):
    """Judges the rows: what waits, how many robots are busy at once, whether a station does two things at once."""
    found = []
    rows = {one.name: one for one in shift.operations}
    for one in shift.operations:
        found += [f"{one.name} before {name}" for name in one.after if rows[name].end_s > one.start_s]
        if one.end_s - one.start_s < one.work_s:
            found.append(f"{one.name} too short")
    for one in shift.operations:
        if one.by_hand:
            busy = sum(each.by_hand and each.start_s <= one.start_s < each.end_s for each in shift.operations)
            if busy > shift.robots:
                found.append(f"{busy} robots at {one.start_s}")
        at_once = sum(
            each.station == one.station and each.start_s <= one.start_s < each.end_s for each in shift.operations
        )
        if at_once > 1:
            found.append(f"{one.station} does {at_once} things")
    return found


def test_a_schedule_keeps_the_order_the_robots_and_the_stations(humanoid, solar):
    for blueprint in (humanoid, solar):
        shift = schedule_shift(blueprint, 3)
        assert faults(shift) == []
        assert shift.lower_bound_s <= shift.makespan_s == max(one.end_s for one in shift.operations)
        assert shift.gap == pytest.approx(1 - shift.lower_bound_s / shift.makespan_s)


def test_the_judge_finds_a_planted_fault(solar):
    shift = schedule_shift(solar, 2)
    early = dataclasses.replace(shift, operations=tuple(dataclasses.replace(o, start_s=0.0) for o in shift.operations))
    assert faults(early)


def test_the_least_time_of_one_unit_is_its_work_and_walks(humanoid):
    # One robot more than stations: the longest chain of work decides, and it is proved.
    rich = dataclasses.replace(humanoid, balance=dataclasses.replace(humanoid.balance, robots=99))
    shift = schedule_shift(rich, 1)
    assert shift.gap == 0
    assembly = [one for one in shift.operations if one.line == "humanoid_assembly-1"]
    made_of = sum(one.end_s - one.start_s for one in assembly)
    assert shift.makespan_s >= made_of


def test_what_a_shift_uses_beyond_what_it_makes_lies_ready(solar):
    # 3 lines x 3 panels x 6 strings, of which 2 lines x 3 are made: 48 lie ready, and only the last panel waits for new ones.
    shift = schedule_shift(solar, 3)
    assert shift.buffers == {"cell_string": 48.0}
    waiting = {one.unit for one in shift.operations if any(name.startswith("stringing") for name in one.after)}
    assert {unit for unit in waiting if unit.startswith("panel")} == {"panel_making-3#3"}


def test_work_is_split_into_what_a_robot_tends_and_what_the_station_does_alone(solar):
    shift = schedule_shift(solar, 1)
    station = next(each for line in solar.lines for each in line.stations if each.robots > 0)
    cycle_s = next(line.cycle_s for line in solar.lines if station in line.stations)
    parts = [one for one in shift.operations if one.station == station.name]
    assert [one.by_hand for one in parts] == [True, False]
    assert parts[0].work_s == pytest.approx(station.robots * cycle_s)
    assert sum(one.work_s for one in parts) == pytest.approx(station.load_s)


def test_a_seed_gives_the_same_schedule(solar):
    assert schedule_shift(solar, 3, seed=5) == schedule_shift(solar, 3, seed=5)


def test_every_unit_is_made_at_every_station_of_its_line(humanoid):
    shift = schedule_shift(humanoid, 2)
    wanted = Counter(
        (f"{line.name}#{unit}", each.name) for line in humanoid.lines for each in line.stations for unit in (1, 2)
    )
    assert set(wanted) == {(one.unit, one.station) for one in shift.operations}


def test_what_cannot_be_scheduled_or_read_is_named(solar, tmp_path):
    with pytest.raises(BadInput, match="0 units a line"):
        schedule_shift(solar, 0)
    with pytest.raises(BadInput, match="0 rounds"):
        schedule_shift(solar, 1, rounds=0)
    (tmp_path / "x.json").write_text('{"blueprint": "x"}')
    with pytest.raises(BadInput, match=r"x\.json"):
        read_schedule(tmp_path / "x.json")
