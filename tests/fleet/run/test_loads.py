"""Loads between lines: who needs which, how they travel, and what becomes of them when their bearer dies."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from crewless.core.events import read_events
from crewless.fleet.run.simulated import SimulatedRun
from crewless.fleet.simulate.floor import TOW_S
from crewless.fleet.simulate.mishaps import Mishap, MishapConfig
from crewless.fleet.simulate.simulated_robot import SimulatedRobot, SimulatedRobotConfig
from crewless.fleet.vda5050.transport import MemoryBroker
from crewless.fleet.vda5050.validation import decode
from crewless.planner.blueprint.designer import design
from crewless.planner.goal import load_goal
from crewless.planner.schedule.material import PAYLOAD_KG, loads_for
from crewless.planner.schedule.shift import schedule_shift

EXAMPLES = Path(__file__).parents[3] / "examples/factory"


@pytest.fixture(scope="module")
def humanoid():
    return design(load_goal(EXAMPLES / "humanoid.yaml"))


@pytest.fixture(scope="module")
def shift(humanoid):
    return schedule_shift(humanoid, 1)


def until(floor, what, seconds=20_000.0):
    while not what():
        assert floor.now_s < seconds
        floor.step()


def somebody_carries(floor):
    return next((name for name in floor.fleet if floor.robots[name].loads and floor.robots[name].alive), None)


def done_once(floor):
    counts = Counter(operation for operation, _, _ in floor.site.done)
    assert set(counts) == {one.name for one in floor.operations}
    assert max(counts.values()) == 1
    assert floor.motion.conflicts == 0


def test_every_unit_gets_what_its_process_consumes(humanoid, shift):
    found = shift.loads
    # One humanoid: 28 actuators of which the shift makes one; 27 lie ready, 29.7 kg, one trip. Of two hands it makes one.
    got = {(each.part, each.made_by != ""): round(each.kg, 3) for each in found if "humanoid_assembly" in each.station}
    assert got == {
        ("actuator", True): 1.1, ("actuator", False): 29.7, ("hand", True): 0.9, ("hand", False): 0.9,
        ("frame", True): 9.2, ("battery_pack", True): 9.0,
    }  # fmt: skip
    assert {each.part for each in found if "actuator_assembly" in each.station} == {"gearset", "housing"}
    assert all(each.kg <= PAYLOAD_KG for each in found)


def test_what_is_too_heavy_goes_in_several_trips(humanoid):
    parts = tuple(
        part.__class__(**{**part.__dict__, "mass_kg": 3.0}) if part.name == "actuator" else part
        for part in humanoid.parts
    )
    heavy = humanoid.__class__(**{**humanoid.__dict__, "parts": parts})
    trips = [
        each.kg
        for each in loads_for(heavy, schedule_shift(humanoid, 1).operations)
        if each.name.startswith("actuator to")
    ]
    assert trips == [27.0, 27.0, 27.0]


def test_stock_is_fetched_from_all_lines_that_make_the_part_whatever_the_order_of_the_rows():
    solar = design(load_goal(EXAMPLES / "solar.yaml"))
    plan = schedule_shift(solar, 3)
    count = Counter(each.source for each in plan.loads if not each.made_by)
    assert set(count) == {"stringing-1.1", "stringing-2.1"}
    assert max(count.values()) - min(count.values()) <= 2
    loads = loads_for(solar, plan.operations)
    assert loads_for(solar, plan.operations[::-1]) == loads
    untimed = {"work_s": 0.0, "start_s": None, "end_s": 0.0, "walk_s": 0.0, "robot": ""}
    assert tuple(replace(each, **untimed) for each in plan.loads) == loads


def test_a_load_travels_with_its_robot_from_where_it_was_made_to_where_it_is_used(humanoid, shift, tmp_path):
    floor = SimulatedRun(shift, tmp_path / "events.jsonl")
    name = "frame_making-1#1 to humanoid_assembly-1#1"
    bays = floor.aisles.bays
    seen = []
    while not floor.control.finished():
        floor.step()
        robot = next((r for r in floor.robots.values() if any(x["loadId"] == name for x in r.loads)), None)
        if robot is not None:
            seen.append((floor.aisles.cell_at(robot.x_m, robot.y_m), robot.state()["loads"]))
    assert seen[0][0] in bays["frame_making-1.1"]
    assert seen[-1][0] in bays["humanoid_assembly-1.1"]
    assert seen[0][1] == [{"loadId": name, "loadType": "frame", "weight": 9.2}]
    assert floor.site.loads[name] == "humanoid_assembly-1.1"
    done = {event.case: event.t for event in read_events(tmp_path / "events.jsonl") if event.outcome == "done"}
    made = next(one for one in floor.plan.loads if one.name == name).made_by
    assert done[made] < done[name] < done["humanoid_assembly-1.1#1"]
    assert floor.outcome().carried == len(floor.plan.loads) == 8
    done_once(floor)


@pytest.mark.parametrize("towed_first", [False, True], ids=["beside the wreck", "after the wreck was towed"])
def test_the_load_of_a_robot_that_died_is_fetched_from_where_it_lies(humanoid, shift, tmp_path, towed_first):
    floor = SimulatedRun(shift, tmp_path / "events.jsonl")
    until(floor, lambda: somebody_carries(floor))
    until(floor, lambda: floor.doing[somebody_carries(floor) or floor.fleet[0]] == "driving")
    dead = somebody_carries(floor)
    (load,) = [each["loadId"] for each in floor.robots[dead].loads]
    floor.happen(Mishap(at_s=floor.now_s, kind="robot", name=dead))
    place = floor.robots[dead].x_m, floor.robots[dead].y_m
    if towed_first:
        others = [name for name in floor.fleet if name != dead]  # paused until the wreck is gone
        for name in others:
            floor.control.pause(name)
        died_s = floor.now_s
        until(floor, lambda: floor.now_s > died_s + TOW_S + 10)
        assert floor.site.loads[load] == f"floor:{place[0]},{place[1]}"
        assert floor.frame()["lying"] == [[round(v, 1) for v in place]]
        assert f"dead {dead}" not in floor.control._zones._closed
        for name in others:
            floor.control.pause(name, paused=False)
    until(floor, lambda: floor.site.loads[load].startswith("robot:") and floor.site.loads[load] != f"robot:{dead}")
    saviour = floor.robots[floor.site.loads[load].removeprefix("robot:")]
    assert max(abs(saviour.x_m - place[0]), abs(saviour.y_m - place[1])) <= floor.aisles.cell_m
    assert not floor.robots[dead].loads
    floor.run()
    done_once(floor)


def test_a_hot_robot_cools_with_its_load_and_brings_it_itself(humanoid, shift, tmp_path):
    floor = SimulatedRun(shift, tmp_path / "events.jsonl")
    until(floor, lambda: somebody_carries(floor))
    hot = somebody_carries(floor)
    (load,) = [each["loadId"] for each in floor.robots[hot].loads]
    floor.happen(Mishap(at_s=floor.now_s, kind="motor", name=hot))
    floor.run()
    done_once(floor)
    ends = [
        (e.resource, e.outcome) for e in read_events(tmp_path / "events.jsonl") if e.case == load and e.kind == "end"
    ]
    assert ends == [(hot, "done")]


def test_a_load_that_nobody_wants_any_more_is_put_back(humanoid, shift, tmp_path):
    floor = SimulatedRun(shift, tmp_path / "events.jsonl")
    until(floor, lambda: somebody_carries(floor))
    bearer = somebody_carries(floor)
    (load,) = [each["loadId"] for each in floor.robots[bearer].loads]
    floor.control.give_up(load, "nobody wants it")
    until(floor, lambda: not floor.robots[bearer].loads)
    assert floor.site.loads[load] == floor.control._loads.source(load)
    outcome = floor.run()
    assert outcome.refused > 0
    assert (outcome.lost, outcome.done_twice) == (0, 0)


def test_a_shift_killed_while_a_robot_carries_goes_on_with_the_load_on_that_robot(humanoid, shift, tmp_path):
    log = tmp_path / "events.jsonl"
    wild = MishapConfig(failed_share=0.1)
    floor = SimulatedRun(shift, log, mishaps=wild, seed=2)
    until(floor, lambda: somebody_carries(floor))
    bearer = somebody_carries(floor)
    (load,) = [each["loadId"] for each in floor.robots[bearer].loads]
    again = SimulatedRun(shift, log, mishaps=wild, seed=2, resume=True)
    assert [each["loadId"] for each in again.robots[bearer].loads] == [load]
    again.run()
    done_once(again)


def test_a_load_costs_energy_and_heat_and_stands_in_the_state():
    def drive(weight):
        config = SimulatedRobotConfig(serial="r", carries=True, body_kg=60.0, drive_w=200.0, speed_m_s=1.0)
        ear = MemoryBroker()
        robot = SimulatedRobot(config, ear.connect())
        robot.loads = [{"loadId": "x", "loadType": "frame", "weight": weight}] if weight else []
        node = {
            "nodeId": "far",
            "sequenceId": 0,
            "released": True,
            "nodePosition": {"x": 1e6, "y": 0.0, "mapId": "floor"},
        }
        robot._ahead = [{**node, "actions": []}]
        robot.advance(100.0)
        return robot

    free, laden = drive(0.0), drive(30.0)
    assert free.energy_j == pytest.approx(20_000.0)
    assert laden.energy_j == pytest.approx(30_000.0)
    # One thermal mass: what is above the air is proportional to the power.
    assert laden.motor_c - 25.0 == pytest.approx(1.5 * (free.motor_c - 25.0))
    assert free.state()["loads"] == []


def test_without_its_load_the_rest_of_an_order_is_given_up():
    broker = MemoryBroker()
    ear = broker.connect()
    ear.subscribe("uagv/#")
    robot = SimulatedRobot(
        SimulatedRobotConfig(serial="r", carries=True), broker.connect(), lambda action, parameters: False
    )

    def step(kind, name):
        values = [{"key": "loadId", "value": "x"}, {"key": "duration_s", "value": 1.0}]
        return {"actionType": kind, "actionId": name, "blockingType": "HARD", "actionParameters": values}

    def place(number, x, action):
        at = {"x": x, "y": 0.0, "mapId": "floor"}
        return {
            "nodeId": f"n{number}", "sequenceId": 2 * number, "released": True, "nodePosition": at, "actions": [action],
        }  # fmt: skip

    nodes = [place(0, 0.0, step("pick", "up")), place(1, 50.0, step("drop", "down"))]
    edges = [{"edgeId": "e", "sequenceId": 1, "released": True, "actions": []}]
    robot._take({"orderId": "o", "orderUpdateId": 0, "nodes": nodes, "edges": edges})
    robot.advance(5.0)
    states = [decode("state", payload) for topic, payload in ear.receive() if topic.endswith("/state")]
    assert {each["actionId"]: each["actionStatus"] for each in states[-1]["actionStates"]} == {
        "up": "FAILED", "down": "FAILED",
    }  # fmt: skip
    assert not robot.busy()
    assert robot.x_m == 0.0
