"""A schedule of a shift is judged from its rows alone."""

import dataclasses
import itertools
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from benchmarks.schedule_checker import check_general

from crewless.core.errors import BadInput
from crewless.fleet.run.simulated import SimulatedRun
from crewless.fleet.traffic.grid import distances
from crewless.planner.blueprint.designer import design
from crewless.planner.blueprint.floor_plan import make_aisles
from crewless.planner.goal import load_goal
from crewless.planner.schedule import schedule
from crewless.planner.schedule.factory import RobotLimits, factory_problem
from crewless.planner.schedule.material import brought, loads_for
from crewless.planner.schedule.shift import IDLE_SHARE, hours, limits_of, motor_below_c, schedule_shift
from crewless.planner.schedule.works import works_of

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
            if busy > shift.robots.count:
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
    # More robots than stations: the longest chain of work decides, and beside it nobody does more than walk there.
    rich = dataclasses.replace(humanoid, balance=dataclasses.replace(humanoid.balance, robots=99))
    shift = schedule_shift(rich, 1)
    rows = {one.name: one for one in (*shift.operations, *shift.loads)}
    waits = {one.name: list(one.after) for one in rows.values()}
    for each in shift.loads:
        waits[each.operation].append(each.name)
    chain = [max(shift.operations, key=lambda one: one.end_s)]
    while waits[chain[-1].name]:
        chain.append(max((rows[name] for name in waits[chain[-1].name]), key=lambda one: one.end_s))
    assert shift.makespan_s == sum(one.walk_s + math.ceil(one.work_s - 1e-9) for one in chain)
    assert shift.lower_bound_s == sum(math.ceil(one.work_s - 1e-9) for one in chain)


def test_each_robot_is_named_and_does_one_thing_after_the_other(solar):
    shift = schedule_shift(solar, 3)
    assert {one.robot for one in shift.operations if one.by_hand} == {"humanoid-1", "humanoid-2"}
    assert not any(one.robot for one in shift.operations if not one.by_hand)
    for name in ("humanoid-1", "humanoid-2"):
        all_of_it = (*shift.operations, *shift.loads)
        rows = sorted((one.start_s, one.end_s) for one in all_of_it if one.robot == name)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(rows))


def test_loads_are_planned_after_they_are_made_and_before_they_are_used(solar, humanoid, tmp_path):
    for blueprint in (solar, humanoid):
        shift = schedule_shift(blueprint, 3)
        rows = {one.name: one for one in (*shift.operations, *shift.loads)}
        loads = shift.loads
        assert [each.name for each in loads] == [each.name for each in loads_for(blueprint, shift.operations)]
        assert any(each.made_by for each in loads)
        way_s = walks_between(blueprint)
        for each in loads:
            carried = rows[each.name]
            assert carried.robot
            assert carried.station == each.station
            assert carried.end_s <= rows[each.operation].start_s
            assert not each.made_by or carried.start_s >= rows[each.made_by].end_s
            # 8 s to pick it up, the way, 8 s to drop it; the way to it comes before.
            source = rows[each.made_by].station if each.made_by else each.source
            assert carried.work_s == math.ceil(16.0 + way_s(source, each.station) - 1e-9)
            assert carried.end_s - carried.start_s == carried.work_s + carried.walk_s
        floor = SimulatedRun(shift, tmp_path / "events.jsonl")
        rank = {one.name: (one.rank, one.robot) for one in floor.operations}
        assert all(rank[one.name] == (one.start_s, one.robot) for one in shift.loads)


def test_a_plan_that_does_not_say_when_loads_are_brought_is_carried_out_as_well(solar, tmp_path):
    # Each is brought in time for what waits for it.
    shift = schedule_shift(solar, 1)
    unplanned = tuple(dataclasses.replace(each, start_s=None, robot="") for each in shift.loads)
    shift = dataclasses.replace(shift, loads=unplanned)
    floor = SimulatedRun(shift, tmp_path / "events.jsonl")
    start_s = {one.name: one.start_s for one in shift.operations}
    rank = {one.name: one.rank for one in floor.operations}
    for each in shift.loads:
        assert rank[each.name] == start_s[each.operation] - shift.walk_s - 16.0
    assert floor.run().lost == 0


def walks_between(blueprint):
    """Seconds from one station's bay to another's on the aisles."""
    aisles = make_aisles(blueprint)

    def way_s(source, station):
        steps = distances(aisles.floor, np.array([aisles.bays[station][0]], np.int32))
        return float(steps[0, aisles.bays[source][0]]) * aisles.cell_m / 1.5

    return way_s


def test_the_checker_that_shares_no_code_counts_the_same_makespan(humanoid, solar):
    # A small battery and a narrow limit of heat, so that charging and cooling bind, and hours in which nobody works.
    tight = RobotLimits(
        battery_wh=60.0, work_w=500.0, charge_w=1000.0, heat_j=40_000.0, heating_w=100.0, cooling_w=50.0
    )
    plain = schedule_shift(solar, 2).makespan_s
    for blueprint, limits, closed in (
        (humanoid, limits_of(humanoid), ()), (solar, tight, ((300, 700),)), (solar, limits_of(solar), ((0, 50), (200, 900))),
    ):  # fmt: skip
        works, _ = works_of(blueprint, 2)
        works += brought(blueprint, works)
        problem, _ = factory_problem(blueprint, works, robots=blueprint.balance.robots, limits=limits, closed=closed)
        found = schedule(problem, iterations=5)
        assert check_general(dataclasses.asdict(problem), found.starts, found.assignments) == found.makespan
        shift = schedule_shift(blueprint, 2, rounds=5, limits=limits, closed=closed)
        assert shift.makespan_s == found.makespan
        assert found.lower_bound <= found.makespan
        assert not closed or found.makespan > plain
        for one in shift.operations:
            assert all(one.end_s <= start or one.start_s + one.walk_s >= until for start, until in closed)


def test_closed_hours_are_read_and_what_is_none_is_named():
    assert hours(("8-24", "4-4.5")) == ((14400, 16200), (28800, 86400))
    for wrong in ("9-8", "8", "a-b", "-1-2"):
        with pytest.raises(BadInput, match=wrong):
            hours((wrong,))


def test_work_that_no_battery_can_do_is_named(solar):
    with pytest.raises(BadInput, match=r"panel_making-.*battery"):
        schedule_shift(solar, 1, limits=RobotLimits(battery_wh=20.0))
    with pytest.raises(BadInput, match="0 robots, but station"):
        schedule_shift(solar, 1, robots=0)


def test_long_work_is_planned_with_its_stops_to_cool(solar):
    # C dT/dt = P - (T - 25 C) / R with 4 kJ/K, 0.6 K/W and 150 W of loss at work: by small steps, not by the formula.
    limits, motor_c, worked_s, now_s, hot = limits_of(solar), 25.0, 0.0, 0.0, False
    while worked_s < 5000.0:
        motor_c += 0.1 * ((15.0 if hot else 150.0) - (motor_c - 25.0) / 0.6) / 4000.0
        worked_s, now_s = worked_s + (0.0 if hot else 0.1), now_s + 0.1
        hot = motor_c >= 80.0 if hot else motor_c > 90.0
    assert limits.lasts_s(5000.0) == pytest.approx(now_s, rel=0.005)
    assert limits.lasts_s(3000.0) == 3000.0


@pytest.mark.parametrize("work_s", [300.0, 1400.0, 2000.0])
def test_who_begins_at_the_stated_temperature_is_just_not_too_hot_at_the_end(solar, work_s):
    def ends_c(motor_c):
        for _ in range(round(10 * work_s)):
            motor_c += 0.1 * (150.0 - (motor_c - 25.0) / 0.6) / 4000.0
        return motor_c

    below_c = motor_below_c(solar, work_s)
    assert ends_c(below_c + 5.0) == pytest.approx(90.0, abs=0.1)  # 5 K are left for the way there


def test_work_that_makes_every_robot_too_hot_is_for_the_nearly_cold_and_gentle_work_for_all(solar):
    # At rest a motor is at 25 + 0.6 x 0.3 x 50 = 34 C.
    assert motor_below_c(solar, 9000.0) == pytest.approx(39.0)
    gentle = dataclasses.replace(solar, robot=dataclasses.replace(solar.robot, power_kw=0.3))
    assert motor_below_c(gentle, 9000.0) == 0.0


def test_the_plan_assumes_the_body_that_the_simulated_robots_have(solar, tmp_path):
    floor = SimulatedRun(schedule_shift(solar, 1), tmp_path / "events.jsonl")
    body, limits = floor.robots[floor.fleet[0]].config, limits_of(solar)
    assert (body.battery_wh, body.work_w, body.charge_w) == (limits.battery_wh, limits.work_w, limits.charge_w)
    assert body.idle_w == pytest.approx(IDLE_SHARE * body.work_w)
    assert body.speed_m_s == limits.speed_m_s
    # What the dispatch asks of a battery is what the plan takes from it: its work, and a fifth in reserve.
    needed = {one.name: one.charge_needed for one in floor.operations}
    for one in floor.plan.operations:
        share = one.work_s * body.work_w / (3600 * body.battery_wh) + 0.2 if one.by_hand else 0.0
        assert needed[one.name] == pytest.approx(share)


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
    with pytest.raises(BadInput, match="0 units per line"):
        schedule_shift(solar, 0)
    with pytest.raises(BadInput, match="0 rounds"):
        schedule_shift(solar, 1, rounds=0)
