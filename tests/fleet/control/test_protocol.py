"""What VDA 5050 version 3 asks of a control and a robot beyond driving somewhere: updates, zones, requests, other versions."""

import json

import msgspec
import pytest

from crewless.core.errors import BadInput
from crewless.core.events import EventLog, read_events
from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.fleet_control import FleetControl
from crewless.fleet.control.operations import FleetOperation
from crewless.fleet.control.roadmap import LineRoadmap, StationNode
from crewless.fleet.simulate.simulated_robot import SimulatedRobot, SimulatedRobotConfig, last_will
from crewless.fleet.site import ANSWER, ASK, Site
from crewless.fleet.vda5050.topics import header, topic_of
from crewless.fleet.vda5050.transport import MemoryBroker
from crewless.fleet.vda5050.validation import decode, encode


class Row:
    """Six nodes in a row 5 m apart, a way round node 3 by ``b``; a station at the last."""

    def __init__(self, folder, robots=1, seconds=5.0, **config):
        self.broker, self.log = MemoryBroker(), folder / "events.jsonl"
        self.ear = self.broker.connect()
        self.ear.subscribe("uagv/#")
        self.heard = []
        self.site = Site(self.broker.connect())
        self.robots, self.now_s = {}, 0.0
        for index in range(robots):
            serial = f"r{index}"
            end = self.broker.connect(last_will(serial))
            for kind in ("order", "instantActions", "zoneSet", "responses"):
                end.subscribe(topic_of("crewless", serial, kind))
            robot = SimulatedRobotConfig(serial=serial, x_m=0.0, y_m=-2.0 * index, visualize_s=1.0)
            self.robots[serial] = SimulatedRobot(robot, end, self.site.work)
            self.robots[serial].start()
        nodes = {f"n{i}": (5.0 * i, 0.0) for i in range(6)} | {"b": (15.0, 5.0)}
        ways = [(f"n{i}", f"n{i + 1}") for i in range(5)] + [("n2", "b"), ("b", "n4")]
        operations = [
            FleetOperation(name=f"o{i}", skill="assemble", station_kind="press", duration_s=seconds)
            for i in range(robots)
        ]
        self.control = FleetControl(
            operations=operations, roadmap=LineRoadmap(nodes, ways + [way[::-1] for way in ways]),
            stations=[StationNode(name="s", kind="press", node="n5", places=9)], transport=self.broker.connect(),
            log=EventLog(self.log), config=ControlConfig(**config),
        )  # fmt: skip

    def run(self, seconds):
        for _ in range(seconds):
            self.now_s += 1.0
            for robot in self.robots.values():
                for topic, payload in robot.transport.receive():
                    robot.handle(topic, payload)
                robot.advance(1.0)
            self.site.answer()
            self.control.tick(self.now_s)
            self.heard += self.ear.receive()

    def said(self, kind):
        return [decode(kind, payload) for topic, payload in self.heard if topic.endswith("/" + kind)]

    def notes(self):
        return [event.outcome for event in read_events(self.log) if event.kind == "note"]


def test_all_eight_messages_travel_and_each_is_what_the_standard_says(tmp_path):
    row = Row(tmp_path, robots=2)
    row.run(2)
    row.control.guard_zone("narrow", [(11.0, -9.0), (14.0, -9.0), (14.0, 9.0), (11.0, 9.0)])
    row.run(60)
    for kind in (
        "connection",
        "factsheet",
        "state",
        "visualization",
        "order",
        "instantActions",
        "zoneSet",
        "responses",
    ):
        assert row.said(kind), kind
    assert row.control.finished()


def test_a_way_is_released_piece_by_piece_and_driven_without_a_halt(tmp_path):
    row = Row(tmp_path, base_nodes=2)
    row.run(40)
    orders = row.said("order")
    assert [order["orderUpdateId"] for order in orders] == [0, 1, 2]
    assert [[node["released"] for node in order["nodes"]] for order in orders] == [
        [True, True, True, False, False, False], [True, True, True, False], [True, True],
    ]  # fmt: skip
    # An update begins where the base ended.
    assert [order["nodes"][0]["sequenceId"] for order in orders] == [0, 4, 8]
    assert row.control.finished()
    # 25 m at 1.5 m/s, 5 s of work, and the second until the order came: nobody waited for an update.
    done = [event.t for event in read_events(row.log) if event.outcome == "done"]
    assert len(done) == 1
    assert not [error for state in row.said("state") for error in state["errors"]]
    (finished,) = row.site.done
    assert finished == ("o0", 1, "s")


def test_a_zone_closed_ahead_of_the_base_is_driven_around_without_calling_off(tmp_path):
    row = Row(tmp_path, base_nodes=1)
    row.run(4)
    row.control.close_zone("spill", ["n3"])
    row.run(60)
    assert row.control.finished()
    assert [event.outcome for event in read_events(row.log) if event.kind == "end"] == ["done"]
    assert not row.said("instantActions") or "cancelOrder" not in json.dumps(row.said("instantActions"))
    visited = {state["lastNodeId"] for state in row.said("state")}
    assert "b" in visited
    assert "n3" not in visited


def test_a_zone_set_counts_from_when_it_is_enabled_and_the_state_says_so(tmp_path):
    row = Row(tmp_path)
    row.run(2)
    row.control.close_zone("spill", ["b"])
    row.run(2)
    (sent,) = row.said("zoneSet")
    name = sent["zoneSet"]["zoneSetId"]
    assert [zone["zoneType"] for zone in sent["zoneSet"]["zones"]] == ["BLOCKED"]
    states = row.said("state")[-1]["zoneSets"]
    assert states == [{"zoneSetId": name, "mapId": "floor", "zoneSetStatus": "ENABLED"}]
    row.control.open_zone("spill")
    row.run(2)
    assert row.said("zoneSet")[-1]["zoneSet"]["zones"] == []
    assert [each["zoneSetStatus"] for each in row.said("state")[-1]["zoneSets"]] == ["DISABLED", "ENABLED"]


def test_a_robot_that_comes_later_is_told_the_zones(tmp_path):
    row = Row(tmp_path)
    row.control.close_zone("spill", ["b"])
    assert row.said("zoneSet") == []
    row.run(2)
    assert len(row.said("zoneSet")) == 1


def test_one_robot_at_a_time_is_let_into_a_release_zone(tmp_path):
    row = Row(tmp_path, robots=3)
    row.run(1)
    row.control.guard_zone("narrow", [(11.0, -9.0), (14.0, -9.0), (14.0, 9.0), (11.0, 9.0)], robots=1)
    inside = []
    for _ in range(90):
        row.run(1)
        inside.append(sum(11.0 < robot.x_m < 14.0 for robot in row.robots.values()))
    assert row.control.finished()
    assert max(inside) == 1
    answers = [each for message in row.said("responses") for each in message["responses"]]
    assert len({each["requestId"] for each in answers if each["grantType"] == "GRANTED"}) == 3
    assert "QUEUED" in {each["grantType"] for each in answers}


def test_a_blocked_zone_stops_a_robot_that_is_sent_through_it_all_the_same(tmp_path):
    row = Row(tmp_path)
    row.run(1)
    robot = row.robots["r0"]
    corners = [{"x": x, "y": y} for x, y in ((11.0, -1.0), (14.0, -1.0), (14.0, 1.0), (11.0, 1.0))]
    zones = {
        "mapId": "floor",
        "zoneSetId": "z",
        "zones": [{"zoneId": "hole", "zoneType": "BLOCKED", "vertices": corners}],
    }
    robot.zones.take(zones)
    robot.zones.enable("z")
    row.run(30)
    assert robot.x_m < 11.0
    assert "zoneBlocked" in {error["errorType"] for error in robot.state()["errors"]}


def test_another_version_and_nonsense_are_noted_and_the_rest_goes_on(tmp_path):
    row = Row(tmp_path)
    end = row.robots["r0"].transport
    old = header("other", "old", 0) | {"version": "2.1.0", "connectionState": "ONLINE"}
    end.publish(topic_of("other", "old", "connection"), msgspec.json.encode(old))
    end.publish(topic_of("other", "mad", "state"), b"\xff\xfe")
    end.publish(topic_of("other", "mad", "factsheet"), b"[]")
    end.publish(ANSWER, b'{"operation": 7}')
    end.publish(ANSWER, b"nonsense")
    end.publish(ASK, b"nonsense")
    row.run(40)
    assert row.control.finished()
    notes = " | ".join(row.notes())
    assert "old speaks VDA 5050 version 2.1.0" in notes
    assert "state: not JSON" in notes
    assert "malformed factsheet of an unnamed sender" in notes
    assert "malformed answer" in notes


def test_a_robot_of_another_major_version_is_named_once_and_not_commanded(tmp_path):
    row = Row(tmp_path)
    old = header("other", "old", 0) | {"version": "2.1.0", "connectionState": "ONLINE"}
    for _ in range(5):
        row.robots["r0"].transport.publish("uagv/v2/other/old/connection", msgspec.json.encode(old))
        row.robots["r0"].transport.publish("uagv/v2/other/old/state", b"{}")
        row.run(1)
    row.run(40)
    assert row.control.finished()
    assert row.notes().count("speaks VDA 5050 v2, not v3: not commanded") == 1
    assert "other/old" not in row.control.robots


def test_nonsense_of_a_robot_that_works_is_noted_once_and_it_works_on(tmp_path):
    row = Row(tmp_path)
    for number in range(60):
        row.robots["r0"].transport.publish(topic_of("crewless", "r0", "state"), b'{"serialNumber": "r0"}')
        row.robots["r0"].transport.publish(topic_of("crewless", "r0", "state"), f"nonsense {number % 40}".encode())
        row.run(1)
    assert row.control.finished()
    assert sum(note.startswith("malformed state of r0") for note in row.notes()) == 1
    assert sum("nonsense" in note or "malformed" in note for note in row.notes()) == 20
    assert row.notes().count("more that cannot be understood") == 1


def test_an_old_state_that_is_sent_again_is_not_believed(tmp_path):
    row = Row(tmp_path)
    row.run(3)
    states = [payload for topic, payload in row.heard if topic.endswith("r0/state")]
    row.run(3)
    stale = decode("state", states[0]) | {"timestamp": "2026-01-01T00:00:00.00Z"}
    place = row.control.robots["r0"].x_m
    row.robots["r0"].transport.publish(topic_of("crewless", "r0", "state"), msgspec.json.encode(stale))
    row.control.tick(row.now_s)
    assert row.control.robots["r0"].x_m == place > 0.0
    row.run(40)
    assert row.control.finished()


def test_a_robot_that_began_anew_and_forgot_its_order_is_given_it_again(tmp_path):
    row = Row(tmp_path, seconds=500.0, resend_s=1e6)
    row.run(20)
    robot = row.robots["r0"]
    assert robot.busy()
    row.robots["r0"] = SimulatedRobot(robot.config, robot.transport, row.site.work)
    row.robots["r0"].start()
    row.run(5)
    assert row.robots["r0"].busy()
    assert [e.outcome for e in read_events(row.log) if e.case == "o0"] == ["assigned", "forfeited", "assigned"]


def test_a_robot_names_what_it_cannot_do(tmp_path):
    row = Row(tmp_path)
    row.run(1)
    robot = row.robots["r0"]

    def order(number, **changes):
        return header("crewless", "r0", number) | {
            "orderId": f"x{number}", "orderUpdateId": 0, "nodes": [], "edges": [], **changes,
        }  # fmt: skip

    def errors():
        return {error["errorType"] for error in robot.state()["errors"]}

    robot.handle(topic_of("crewless", "r0", "order"), encode("order", order(7)))
    assert "VALIDATION_FAILURE" in errors()
    robot.handle(topic_of("crewless", "r0", "order"), b'{"headerId": "x"}')
    assert "VALIDATION_FAILURE" in errors()
    action = {"actionType": "enableZoneSet", "actionId": "a", "blockingType": "NONE",
              "actionParameters": [{"key": "zoneSetId", "value": "none"}]}  # fmt: skip
    message = header("crewless", "r0", 0) | {"actions": [action]}
    robot.handle(topic_of("crewless", "r0", "instantActions"), encode("instantActions", message))
    assert "unknownZoneSet" in errors()
    assert robot.state()["instantActionStates"][-1]["actionStatus"] == "FAILED"
    message = header("crewless", "r0", 0) | {"responses": [{"requestId": "none@r0", "grantType": "GRANTED"}]}
    robot.handle(topic_of("crewless", "r0", "responses"), encode("responses", message))
    assert "unknownRequest" in errors()


def test_an_update_that_does_not_fit_or_comes_late_changes_nothing(tmp_path):
    row = Row(tmp_path, base_nodes=2)
    row.run(3)
    robot = row.robots["r0"]
    order = row.said("order")[0]
    ahead = [node["nodeId"] for node in robot._ahead]
    for changes, error in (
        ({"orderUpdateId": 1}, "VALIDATION_FAILURE"),
        ({"orderUpdateId": 0, "orderId": "other"}, "VALIDATION_FAILURE"),
    ):
        wrong = order | changes
        wrong["nodes"] = [order["nodes"][-1]]
        wrong["edges"] = []
        robot.handle(topic_of("crewless", "r0", "order"), encode("order", wrong))
        assert error in {each["errorType"] for each in robot.state()["errors"]}
        assert [node["nodeId"] for node in robot._ahead] == ahead


def test_a_state_is_sent_every_thirty_seconds_though_nothing_happens(tmp_path):
    row = Row(tmp_path)
    row.run(40)
    before = len(row.said("state"))
    row.run(65)
    assert len(row.said("state")) == before + 2


def test_a_robot_that_dies_on_the_floor_becomes_a_zone_and_is_freed_when_it_comes_back(tmp_path):
    row = Row(tmp_path, robots=2, block_dead=True)
    row.run(8)
    robot = row.robots["r0"]
    robot.alive = False
    robot.transport.break_off()
    row.run(2)
    assert len(row.control.roadmap.closed) == 1
    assert row.said("zoneSet")[-1]["zoneSet"]["zones"][0]["zoneType"] == "BLOCKED"
    robot.alive = True
    robot.transport = row.broker.connect()
    robot._sender._transport = robot.transport
    robot.start()
    row.run(2)
    assert row.control.roadmap.closed == set()


def test_long_work_is_left_with_a_hot_robot_and_short_work_is_not(tmp_path):
    # Cooling takes about 480 s: after 500 s of 700 waiting is cheaper, after 100 s beginning anew is.
    for worked_s, outcome in ((500, ["done"]), (100, ["forfeited"])):
        row = Row(tmp_path / str(worked_s), robots=1, seconds=700.0)
        row.run(19 + worked_s)
        row.robots["r0"].motor_c = 95.0
        row.run(10 if outcome == ["forfeited"] else 900)
        assert [event.outcome for event in read_events(row.log) if event.kind == "end"] == outcome


def test_zones_that_cannot_be_are_named(tmp_path):
    row = Row(tmp_path)
    with pytest.raises(BadInput, match="'moon', which is not a node"):
        row.control.close_zone("spill", ["moon"])
    with pytest.raises(BadInput, match="2 corners"):
        row.control.guard_zone("z", [(0, 0), (1, 1)])
    with pytest.raises(BadInput, match="no operation 'q'"):
        row.control.give_up("q", "why not")


def test_a_sites_record_outlives_its_process(tmp_path):
    record = tmp_path / "site.jsonl"
    work = {"operation": "x", "attempt": 1, "station": "s"}
    first = Site(MemoryBroker().connect(), record)
    assert first.work("a", work)
    with record.open("ab") as file:
        file.write(b'{"operation": "y"')
    broker = MemoryBroker()
    second = Site(broker.connect(), record)
    assert second.done == [("x", 1, "s")]
    assert not second.work("a", work | {"attempt": 2})
    broker.connect().publish(ASK, b'{"operation": "z", "attempt": 3}')
    second.answer()
    third = Site(MemoryBroker().connect(), record)
    assert not third.work("a", work | {"operation": "z", "attempt": 3})
    assert third.work("a", work | {"operation": "z", "attempt": 4})
    record.write_text("no json\n")
    with pytest.raises(BadInput, match=r"site\.jsonl:1"):
        Site(MemoryBroker().connect(), record)
