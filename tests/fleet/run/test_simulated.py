"""A shift carried out over VDA 5050 by robots that move, heat up and run empty: nothing is lost, nothing is done twice."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from crewless.core.errors import BadInput
from crewless.core.events import read_events
from crewless.fleet.positions import DOING, PositionRecorder
from crewless.fleet.run.simulated import SimulatedRun, run_plan
from crewless.fleet.simulate.mishaps import Mishap, MishapConfig, draw
from crewless.planner.blueprint.designer import design
from crewless.planner.goal import load_goal
from crewless.planner.schedule.shift import schedule_shift

EXAMPLES = Path(__file__).parents[3] / "examples/factory"
WILD = MishapConfig(failed_share=0.05, late_share=0.2, robots_die=2, motors_hot=2, zones_closed=3)


@pytest.fixture(scope="module")
def humanoid():
    return design(load_goal(EXAMPLES / "humanoid.yaml"))


@pytest.fixture(scope="module")
def shift(humanoid):
    return schedule_shift(humanoid, 1)


@pytest.fixture(scope="module")
def solar():
    return design(load_goal(EXAMPLES / "solar.yaml"))


def done_once(floor):
    counts = Counter(operation for operation, _, _ in floor.site.done)
    assert set(counts) == {one.name for one in floor.operations}
    assert max(counts.values()) == 1


def test_a_shift_does_every_operation_once_and_writes_the_same_log_every_time(solar, tmp_path):
    plan = schedule_shift(solar, 3)
    logs = []
    for name in ("a", "b"):
        log = tmp_path / name / "events.jsonl"
        outcome = run_plan(plan, log, mishaps=MishapConfig(failed_share=0.1), seed=4)
        logs.append(log.read_bytes())
        assert (outcome.done, outcome.lost, outcome.done_twice) == (len(plan.operations) + 14, 0, 0)
        assert outcome.failures > 0
        assert (outcome.conflicts, outcome.units) == (0, {"cell_string": 6, "solar_panel": 9})
    assert logs[0] == logs[1]
    done = [json.loads(x) for x in logs[0].splitlines() if json.loads(x)["outcome"] == "done"]
    assert len({x["case"] for x in done}) == len(done) == len(plan.operations) + 14


@pytest.mark.parametrize("seed", range(3))
def test_dead_robots_hot_motors_closed_aisles_and_late_work_lose_nothing(humanoid, shift, tmp_path, seed):
    floor = SimulatedRun(shift, tmp_path / "events.jsonl", mishaps=WILD, seed=seed)
    outcome = floor.run()
    done_once(floor)
    assert (outcome.lost, outcome.refused, outcome.conflicts) == (0, 0, 0)
    assert sum(not robot.alive for robot in floor.robots.values()) >= 1
    notes = " ".join(event.outcome for event in read_events(tmp_path / "events.jsonl") if event.kind == "note")
    assert "motorTooHot" in notes
    assert "zone closed" in notes


def test_a_dead_stations_work_is_refused_with_what_hangs_on_it_and_the_rest_is_done(humanoid, shift, tmp_path):
    floor = SimulatedRun(shift, tmp_path / "events.jsonl")
    while floor.now_s < 100:
        floor.step()
    floor.site.fail("frame_making-1.1")
    outcome = floor.run()
    refused = set(floor.control.ledger.names("refused"))
    assert refused
    assert all("frame_making" in name or "humanoid_assembly" in name for name in refused)
    assert not any(robot.loads for robot in floor.robots.values())
    assert (outcome.lost, outcome.done_twice) == (0, 0)
    assert outcome.done + outcome.refused == len(floor.operations)


def test_a_dead_stations_work_moves_to_a_parallel_line(solar, tmp_path):
    plan = schedule_shift(solar, 3)
    floor = SimulatedRun(plan, tmp_path / "events.jsonl")
    while floor.now_s < 150:
        floor.step()
    floor.happen(Mishap(at_s=150.0, kind="station", name="panel_making-1.1"))
    outcome = floor.run()
    done_once(floor)
    assert (outcome.refused, outcome.lost, outcome.units["solar_panel"]) == (0, 0, 9)
    late = [event for event in read_events(tmp_path / "events.jsonl") if event.kind == "start" and event.t > 150]
    assert all(event.cell != "panel_making-1.1" for event in late)


def test_what_is_begun_first_is_what_the_schedule_has_first(solar, tmp_path):
    plan = schedule_shift(solar, 3)
    run_plan(plan, tmp_path / "events.jsonl")
    planned = [one.name for one in plan.operations]
    begun = [event.case for event in read_events(tmp_path / "events.jsonl") if event.kind == "start"]
    begun = [name for name in begun if name in planned]
    # Loosely: the mean shift of place is a small part of the whole.
    moved = sum(abs(begun.index(name) - planned.index(name)) for name in planned) / len(planned)
    assert moved < 0.15 * len(planned)


def test_an_empty_robot_recharges_and_a_hot_one_cools_before_they_work(humanoid, shift, tmp_path):
    floor = SimulatedRun(shift, tmp_path / "events.jsonl")
    first, second = floor.fleet[:2]
    floor.robots[first].charge = 0.1
    floor.robots[first].send_state()
    floor.robots[second].motor_c = 95.0
    seen = {first: set(), second: set()}
    while not floor.control.finished():
        floor.step()
        for name, words in seen.items():
            words.add(floor.doing[name])
    assert "charging" in seen[first]
    assert "cooling" in seen[second]
    assert floor.robots[first].charge > 0.15
    done_once(floor)


def test_one_robot_at_a_time_drives_into_a_narrow_place_and_everything_is_done(solar, tmp_path):
    plan = schedule_shift(solar, 3)
    floor = SimulatedRun(plan, tmp_path / "events.jsonl", mishaps=MishapConfig(zones_guarded=3), seed=5)
    for number in range(4):  # two robots would hardly meet
        floor.floor._add_robot(f"more-{number}", floor.motion.free_cell(), 1.0)
    floor.step()
    boxes = [corners for corners, _ in floor.control._zones._guarded.values()]
    granted, queued, passed = set(), 0, 0
    while not floor.control.finished():
        floor.step()
        for zone, inside in floor.control._zones._inside.items():
            assert len(inside) <= 1
            granted |= {(zone, name) for name in inside}
        queued += any(floor.control._zones._queue.values())
        for (left, south), _, (right, north), _ in boxes:
            there = [
                n for n in floor.fleet if left < floor.robots[n].x_m < right and south < floor.robots[n].y_m < north
            ]
            passed += len(there)
            assert len(there) <= 1
    done_once(floor)
    assert len(granted) > 3
    assert queued
    assert passed
    assert floor.motion.conflicts == 0


def test_a_control_that_answers_late_lets_robots_into_narrow_places_all_the_same(solar, tmp_path):
    plan = schedule_shift(solar, 1)
    floor = SimulatedRun(plan, tmp_path / "events.jsonl", mishaps=MishapConfig(zones_guarded=3), seed=0)
    slow, count = floor.coordinator.tick, 0

    def late(now_s, wait_s=0.0):
        nonlocal count
        count += 1
        if count % 15 == 0:  # 20 s
            slow(now_s, wait_s)

    floor.coordinator.tick = late
    outcome = floor.run()
    done_once(floor)
    assert outcome.makespan_s < 6 * plan.makespan_s
    answers = [event.outcome for event in read_events(tmp_path / "events.jsonl")]
    assert "forfeited" not in answers


def test_a_robot_that_ran_empty_at_its_work_is_given_a_battery_and_frees_its_station(solar, tmp_path):
    plan = schedule_shift(solar, 2)
    floor = SimulatedRun(plan, tmp_path / "events.jsonl")
    while not any(floor.doing[name] == "working" for name in floor.fleet):
        floor.step()
    for name in floor.fleet:
        floor.robots[name].charge = 1e-6
    outcome = floor.run()
    done_once(floor)
    assert outcome.rescued == 2
    assert not any(zone.startswith("dead") for zone in floor.control._zones._closed)


def test_robots_that_the_shift_makes_join_its_fleet_and_work(humanoid, tmp_path):
    plan = schedule_shift(humanoid, 2)
    floor = SimulatedRun(plan, tmp_path / "events.jsonl")
    old = floor.fleet[: plan.robots.count]
    niches = {*floor.aisles.parking, *itertools.chain.from_iterable(floor.aisles.bays.values())}
    # Not while one of them drives: a dead robot in a lane can shut the new one in.
    while not floor.floor.joined or any(
        floor.aisles.cell_at(*floor.floor.motion.where(n)[:2]) not in niches for n in old
    ):
        floor.step()
    left = [name for name, progress in floor.control.ledger.progress.items() if progress.status == "waiting"]
    assert left
    for serial in old:
        floor.happen(Mishap(at_s=floor.now_s, kind="robot", name=serial))
    outcome = floor.run()
    done_once(floor)
    assert outcome.joined == outcome.units["humanoid"] == 2
    by_hand = {one.name for one in plan.operations if one.by_hand}
    starts = [e for e in read_events(tmp_path / "events.jsonl") if e.kind == "start" and e.case in by_hand & set(left)]
    assert starts
    assert {event.resource for event in starts if event.t > floor.now_s - 100} <= set(floor.fleet[plan.robots.count :])


@pytest.mark.parametrize("at_s", [50, 600, 1700])
def test_a_shift_that_was_killed_goes_on_from_its_log(humanoid, shift, tmp_path, at_s):
    log = tmp_path / "events.jsonl"
    floor = SimulatedRun(shift, log, mishaps=WILD, seed=1)
    while floor.now_s < at_s:
        floor.step()
    del floor
    with log.open("ab") as file:
        file.write(b'{"t": 1')  # the power went in the middle of a line
    again = SimulatedRun(shift, log, mishaps=WILD, seed=1, resume=True)
    assert 0 < again.now_s <= at_s + 1.5
    outcome = again.run()
    done_once(again)
    assert (outcome.lost, outcome.done_twice, outcome.conflicts) == (0, 0, 0)


def test_the_command_killed_with_no_mercy_is_resumed(tmp_path):
    program = "import sys; from crewless.cli import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["plan", "run", str(EXAMPLES / "solar.yaml"), "--runs", str(tmp_path), "--pace", "400"]
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 300
    log = None
    while time.monotonic() < until and (log is None or log.read_text().count('"done"') < 3):
        log = next(tmp_path.glob("*/events.jsonl"), None)
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert log is not None
    assert not (log.parent / "outcome.json").exists()
    from crewless.cli import main

    assert main(["fleet", "resume", str(log.parent)]) == 0
    outcome = json.loads((log.parent / "outcome.json").read_text())
    assert (outcome["done"], outcome["lost"], outcome["done_twice"]) == (44, 0, 0)
    assert main(["fleet", "resume", str(log.parent)]) == 2
    assert main(["fleet", "resume", str(tmp_path)]) == 2


def test_the_recorder_writes_every_robot_where_it_is(solar, tmp_path):
    floor = SimulatedRun(schedule_shift(solar, 1), tmp_path / "events.jsonl")
    record = PositionRecorder(floor, tmp_path, floor.picture())
    floor.run(record)
    record(floor, last=True)
    frames = [json.loads(line) for line in (tmp_path / "positions.jsonl").read_text().splitlines()]
    assert frames[0]["names"] == floor.fleet
    assert frames[-1]["open"] == 0
    assert frames[-1]["done"] == len(floor.operations)
    last = frames[-1]["robots"][0]
    robot = floor.robots[floor.fleet[0]]
    assert last[:2] == [round(robot.x_m, 1), round(robot.y_m, 1)]
    assert DOING[last[3]] == robot.doing()
    picture = json.loads((tmp_path / "floor.json").read_text())
    assert len(picture["cells"]) * len(picture["cells"][0]) == floor.aisles.number.size


def test_what_goes_wrong_is_drawn_from_the_seed_within_the_shift():
    config = MishapConfig(robots_die=2, stations_die=1, motors_hot=1, zones_closed=1)
    happens = draw(config, ["a", "b", "c"], ["s"], 1000.0, 7)
    assert happens == draw(config, ["a", "b", "c"], ["s"], 1000.0, 7)
    assert Counter(each.kind for each in happens) == {"robot": 2, "station": 1, "motor": 1, "close": 1, "open": 1}
    assert all(50 <= each.at_s <= 800 for each in happens if each.kind != "open")
    # Beside real robots none is simulated, and none dies.
    assert {each.kind for each in draw(config, [], ["s"], 1000.0, 7)} == {"station", "close", "open"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"failed_share": 1.0}, "failure share"),
        ({"late_share": 0.6}, "late share"),
        ({"robots_die": -1}, "robots_die is -1"),
    ],
)
def test_mishaps_that_cannot_be_are_named(changes, words):
    with pytest.raises(BadInput, match=words):
        MishapConfig(**changes)


def test_a_plan_with_a_station_that_is_not_there_and_a_fleet_that_would_die_out_are_refused(solar, tmp_path):
    plan = schedule_shift(solar, 1)
    with pytest.raises(BadInput, match="which does not exist"):
        SimulatedRun(replace(plan, stations=plan.stations[1:]), tmp_path / "events.jsonl")
    with pytest.raises(BadInput, match="2 of 2 robots die"):
        SimulatedRun(plan, tmp_path / "events.jsonl", mishaps=MishapConfig(robots_die=2))
