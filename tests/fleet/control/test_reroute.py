"""A station breaks: what was to be done there goes on in a parallel line, with its workpiece, and nothing is lost or done twice."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from crewless.core.events import read_events
from crewless.fleet.run.simulated import SimulatedRun
from crewless.fleet.simulate.mishaps import Mishap, MishapConfig
from crewless.planner.blueprint.designer import design
from crewless.planner.goal import load_goal
from crewless.planner.schedule.shift import schedule_shift

EXAMPLES = Path(__file__).parents[3] / "examples/factory"


@pytest.fixture(scope="module")
def solar():
    return design(load_goal(EXAMPLES / "solar.yaml"))


@pytest.fixture(scope="module")
def two_lines():
    goal = load_goal(EXAMPLES / "humanoid.yaml")
    goal = replace(goal, products={"humanoid": 50_000.0}, area_m2=8000, power_kw=5000, budget_usd=9e7)
    return design(goal)


@pytest.fixture(scope="module")
def plan(solar):
    return schedule_shift(solar, 2)


def until(floor, what, seconds=20_000.0):
    while not what():
        assert floor.now_s < seconds
        floor.step()


def done_once(floor):
    counts = Counter(operation for operation, _, _ in floor.site.done)
    assert set(counts) == {one.name for one in floor.operations}
    assert max(counts.values()) == 1
    assert floor.motion.conflicts == 0


def broken_after_tended(solar, plan, log):
    """The station is tended and works alone; then it breaks."""
    floor = SimulatedRun(plan, log, seed=1)
    progress = floor.control.ledger.progress
    until(floor, lambda: progress["panel_making-1.1#1 run"].status == "assigned")
    until(floor, lambda: "panel_making-1.1" in floor.floor.frame()["working"])
    floor.happen(Mishap(at_s=floor.now_s, kind="station", name="panel_making-1.1"))
    return floor


def test_a_workpiece_whose_station_broke_after_it_was_tended_is_carried_over_and_tended_again(solar, plan, tmp_path):
    log = tmp_path / "events.jsonl"
    floor = broken_after_tended(solar, plan, log)
    outcome = floor.run()
    done_once(floor)
    assert (outcome.refused, outcome.lost, outcome.units["solar_panel"]) == (0, 0, 6)
    done = {event.case: event for event in read_events(log) if event.outcome == "done"}
    run = done["panel_making-1.1#1 run"]
    assert run.cell != "panel_making-1.1"
    carried = done[f"panel_making-1#1 to {run.cell}"]
    again = done[f"panel_making-1.1#1 tend again at {run.cell}"]
    assert done["panel_making-1.1#1 tend"].cell == "panel_making-1.1"
    assert (carried.cell, again.cell) == (run.cell, run.cell)
    assert done["panel_making-1.1#1 tend"].t < carried.t < again.t < run.t
    assert again.resource in floor.fleet
    assert floor.site.loads[f"panel_making-1#1 to {run.cell}"] == run.cell
    # The next unit of the line never touched the broken station; its material is where it is used.
    assert done["panel_making-1.1#2 tend"].cell != "panel_making-1.1"
    for each in floor.plan.loads:
        used = floor.control.ledger.progress[each.operation].station
        onward = [one.name for one in floor.operations if one.name.startswith(f"{each.name} on to")]
        if each.operation != "panel_making-1.1#1 tend":
            assert floor.site.loads[(onward or [each.name])[-1]] == used


def test_both_parallel_stations_break_one_after_the_other(solar, plan, tmp_path):
    floor = broken_after_tended(solar, plan, tmp_path / "events.jsonl")
    progress, ledger = floor.control.ledger.progress, floor.control.ledger
    name = "panel_making-1.1#1 run"
    until(floor, lambda: ledger.operations[name].station_kind != "panel_making-1.1")
    second = ledger.operations[name].station_kind
    until(floor, lambda: progress[name].status == "assigned" and second in floor.floor.frame()["working"])
    floor.happen(Mishap(at_s=floor.now_s, kind="station", name=second))
    outcome = floor.run()
    done_once(floor)
    assert (outcome.refused, outcome.lost, outcome.units["solar_panel"]) == (0, 0, 6)
    third = progress[name].station
    assert len({"panel_making-1.1", second, third}) == 3
    tends = [one.name for one in floor.operations if one.name.startswith("panel_making-1.1#1 tend")]
    assert sorted(tends) == sorted(
        ["panel_making-1.1#1 tend", *(f"panel_making-1.1#1 tend again at {s}" for s in (second, third))]
    )


@pytest.mark.parametrize("later_s", [3.0, 60.0, 150.0])
def test_a_planner_killed_after_a_station_broke_knows_what_it_had_changed(solar, plan, tmp_path, later_s):
    log = tmp_path / "events.jsonl"
    floor = broken_after_tended(solar, plan, log)
    at_s = floor.now_s
    until(floor, lambda: floor.now_s > at_s + later_s)
    added = {one.name for one in floor.operations}
    again = SimulatedRun(plan, log, seed=1, resume=True)
    assert {one.name for one in again.operations} == added
    again.happen(Mishap(at_s=again.now_s, kind="station", name="panel_making-1.1"))
    outcome = again.run()
    done_once(again)
    assert (outcome.refused, outcome.lost, outcome.units["solar_panel"]) == (0, 0, 6)


def test_in_the_middle_of_a_line_the_rest_of_the_unit_goes_on_in_the_other_line(two_lines, tmp_path):
    shift = schedule_shift(two_lines, 1)
    log = tmp_path / "events.jsonl"
    floor = SimulatedRun(shift, log)
    lines = sorted({one.line for one in shift.operations if one.line.startswith("humanoid_assembly")})
    assert len(lines) == 2
    ledger = floor.control.ledger
    first = next(one.name for one in shift.operations if one.station == f"{lines[0]}.1")
    until(floor, lambda: ledger.progress[first].status == "done")
    floor.happen(Mishap(at_s=floor.now_s, kind="station", name=f"{lines[0]}.2"))
    outcome = floor.run()
    done_once(floor)
    assert (outcome.refused, outcome.lost, outcome.units["humanoid"]) == (0, 0, 2)
    cells = {e.cell for e in read_events(log) if e.outcome == "done" and e.case.startswith(f"{lines[0]}.")}
    count = sum(one.line == lines[0] for one in shift.operations)
    assert count > 2
    assert f"{lines[0]}.1" in cells
    assert all(cell == f"{lines[0]}.1" or cell.startswith(f"{lines[1]}.") for cell in cells)
    assert floor.site.loads[f"{lines[0]}#1 to {lines[1]}.2"] == f"{lines[1]}.2"


@pytest.mark.parametrize("seed", range(3))
def test_stations_and_robots_die_together(solar, plan, tmp_path, seed):
    mishaps = MishapConfig(failed_share=0.1, stations_die=2, robots_die=1, motors_hot=2, zones_closed=2)
    floor = SimulatedRun(plan, tmp_path / "events.jsonl", mishaps=mishaps, seed=seed)
    outcome = floor.run()
    assert (outcome.lost, outcome.done_twice, outcome.conflicts) == (0, 0, 0)
    assert outcome.done + outcome.refused == len(floor.operations)
