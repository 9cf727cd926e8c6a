"""What VDA 5050 version 3.0.0 asks of a fleet control, against a robot whose every message is written by hand. Section numbers are the
standard's."""

import itertools
import math

import msgspec
import pytest

from crewless.core.errors import BadInput
from crewless.core.events import EventLog, read_events
from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.fleet_control import FleetControl
from crewless.fleet.control.operations import Carry, FleetOperation
from crewless.fleet.control.roadmap import LineRoadmap, StationNode
from crewless.fleet.simulate.body import factsheet
from crewless.fleet.simulate.simulated_robot import SimulatedRobotConfig
from crewless.fleet.site import ANSWER, ASK
from crewless.fleet.vda5050.order_rules import decision_point, new_order_faults, update_faults
from crewless.fleet.vda5050.topics import header, topic_of
from crewless.fleet.vda5050.transport import MemoryBroker
from crewless.fleet.vda5050.validation import TOPICS, decode, encode


class Hand:
    """A control of one operation ``o``, at the end of six nodes 5 m apart, and robots that say what the test says."""

    def __init__(self, folder, operations=None, places=9, **config):
        self.broker, self.log, self.now_s = MemoryBroker(), folder / "events.jsonl", 0.0
        self.ear, self.mouth = self.broker.connect(), self.broker.connect()
        self.ear.subscribe("uagv/#")
        self.ear.subscribe(ASK)
        self.got, self.asked, self.lines, self.count = [], [], [], 0
        nodes = {f"n{i}": (5.0 * i, 0.0) for i in range(6)} | {"b": (15.0, 5.0)}
        ways = [(f"n{i}", f"n{i + 1}") for i in range(5)] + [("n2", "b"), ("b", "n4")]
        self.control = FleetControl(
            operations=operations or [FleetOperation(name="o", skill="assemble", station_kind="press", duration_s=5.0)],
            roadmap=LineRoadmap(nodes, ways + [(b, a) for a, b in ways]),
            stations=[StationNode(name="s", kind="press", node="n5", places=places)], transport=self.broker.connect(),
            log=EventLog(self.log), config=ControlConfig(**config), warn=lambda who, words: self.lines.append((who, words)),
        )  # fmt: skip

    def say(self, kind, body, serial="r", retain=False, **head):
        self.count += 1
        message = header("crewless", serial, self.count) | head | body
        self.mouth.publish(topic_of("crewless", serial, kind), msgspec.json.encode(message), retain=retain)

    def hello(self, serial="r", state=None, sheet=None):
        self.say("connection", {"connectionState": "ONLINE"}, serial, retain=True)
        config = SimulatedRobotConfig(serial=serial, carries=True)
        self.say("factsheet", sheet or factsheet(config), serial, retain=True)
        if state is not False:
            self.state(serial, **(state or {}))

    def state(self, serial="r", **changes):
        place = {"x": 0.0, "y": 0.0, "theta": 0.0, "mapId": "floor", "localized": True} | changes.pop("place", {})
        body = {
            "orderId": "", "orderUpdateId": 0, "lastNodeId": "", "lastNodeSequenceId": 0, "nodeStates": [],
            "edgeStates": [], "driving": False, "actionStates": [], "instantActionStates": [],
            "powerSupply": {"stateOfCharge": 90.0, "charging": False}, "operatingMode": "AUTOMATIC", "errors": [],
            "safetyState": {"activeEmergencyStop": "NONE", "fieldViolation": False}, "mobileRobotPosition": place,
        }  # fmt: skip
        self.say("state", {key: value for key, value in (body | changes).items() if value is not None}, serial)

    def accept(self, serial="r", status="WAITING", released=None, update=0, order=None, **changes):
        """A state that has taken the last order."""
        order = order or self.orders(serial)[-1]
        names = [action["actionId"] for node in order["nodes"] for action in node["actions"]]
        ahead = [{key: node[key] for key in ("nodeId", "sequenceId", "released")} for node in order["nodes"][1:]]
        self.state(
            serial, **({"orderId": order["orderId"], "orderUpdateId": update,
            "nodeStates": ahead if status != "FINISHED" else [],
            "actionStates": [{"actionId": name, "actionStatus": status} for name in names]} | changes),
        )  # fmt: skip

    def tick(self, seconds=1.0):
        self.now_s += seconds
        self.control.tick(self.now_s)
        for topic, payload in self.ear.receive():
            (self.asked if topic == ASK else self.got).append((topic, payload))

    def answer(self, done=False, name="o"):
        attempt = self.control.ledger.progress[name].attempt
        self.mouth.publish(ANSWER, msgspec.json.encode({"operation": name, "attempt": attempt, "done": done}))

    def sent(self, kind, serial="r"):
        return [decode(kind, payload) for topic, payload in self.got if topic == topic_of("crewless", serial, kind)]

    def orders(self, serial="r"):
        return self.sent("order", serial)

    def instants(self, serial="r"):
        return [each for message in self.sent("instantActions", serial) for each in message["actions"]]

    def kinds(self, serial="r"):
        return [each["actionType"] for each in self.instants(serial)]

    def ends(self, name="o"):
        return [event.outcome for event in read_events(self.log) if event.case == name and event.kind == "end"]


@pytest.fixture
def hand(tmp_path):
    return Hand(tmp_path)


def error(kind, level="WARNING", **about):
    references = [{"referenceKey": key, "referenceValue": str(value)} for key, value in about.items()]
    return {"errorType": kind, "errorLevel": level, **({"errorReferences": references} if about else {})}


# Who may be sent orders (6.6.6, table 10; 6.6.5.1; the state's schema) ---------------------------------------------------

SAFE = {"fieldViolation": False}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *(({"operatingMode": mode}, f"operating mode {mode}") for mode in ("STARTUP", "INTERVENED", "MANUAL", "SERVICE", "TEACH_IN")),
        ({"safetyState": SAFE | {"activeEmergencyStop": "MANUAL"}}, "emergency stop (MANUAL)"),
        ({"safetyState": SAFE | {"activeEmergencyStop": "REMOTE"}}, "emergency stop (REMOTE)"),
        ({"errors": [error("LOCALIZATION_ERROR", "FATAL")]}, "reports LOCALIZATION_ERROR"),
        ({"mobileRobotPosition": None}, "no position"),
        ({"place": {"localized": False}}, "does not know where it is"),
        ({"place": {"mapId": "basement"}}, "on map 'basement', not on 'floor'"),
        ({"place": {"x": 1e308}}, "no position"),
        ({"orderId": "x", "nodeStates": [{"nodeId": "a", "sequenceId": 2, "released": True}]}, "order 'x', which is not of this control"),
        ({"orderId": "x", "actionStates": [{"actionId": "a", "actionStatus": "PAUSED"}]}, "not of this control"),
    ],
)  # fmt: skip
def test_a_robot_that_may_get_no_order_gets_none_and_is_named(hand, changes, words):
    hand.hello(state=changes)
    for _ in range(20):
        hand.tick()
    assert hand.orders() == []
    ((who, said),) = hand.lines
    assert who == "r"
    assert words in said
    # It is fit again: now it gets one.
    hand.state()
    hand.tick()
    assert len(hand.orders()) == 1


@pytest.mark.parametrize(
    "changes",
    [{"operatingMode": "SEMIAUTOMATIC"}, {"errors": [error("x", "URGENT")]}, {"errors": [error("NODE_UNREACHABLE", "CRITICAL")]},
     {"errors": [error("x")]}, {"orderId": "x", "actionStates": [{"actionId": "a", "actionStatus": "FAILED"}]},
     {"safetyState": {"activeEmergencyStop": "NONE", "fieldViolation": True}}],
)  # fmt: skip
def test_a_robot_that_takes_orders_all_the_same_gets_one(hand, changes):
    """CRITICAL: it cannot go on with the order that it has, and reports so until it has taken a new one (6.6.5.1, 6.6.5.4)."""
    hand.hello(state=changes)
    hand.tick()
    assert len(hand.orders()) == 1


@pytest.mark.parametrize("state", ["OFFLINE", "HIBERNATING", "CONNECTION_BROKEN"])
def test_who_is_not_on_line_gets_nothing(hand, state):
    hand.state()
    hand.say("connection", {"connectionState": state}, retain=True)
    hand.tick()
    hand.tick()
    assert (hand.orders(), hand.kinds()) == ([], [])


def test_a_robot_that_comes_back_counts_from_its_next_state_on(hand):
    hand.hello(state={"operatingMode": "MANUAL"})
    hand.tick()
    hand.state()
    hand.say("connection", {"connectionState": "CONNECTION_BROKEN"}, retain=True)
    hand.say("connection", {"connectionState": "ONLINE"}, retain=True)
    hand.tick()
    assert hand.orders() == []
    hand.state()
    hand.tick()
    assert len(hand.orders()) == 1


@pytest.mark.parametrize("mode", ["MANUAL", "SERVICE", "TEACH_IN", "STARTUP"])
def test_nothing_is_sent_to_a_robot_that_a_person_has_taken_and_its_work_is_no_failure(hand, mode):
    hand.hello()
    hand.tick()
    hand.accept()
    hand.tick()
    before = len(hand.instants())
    hand.accept(status="FAILED", operatingMode=mode, nodeStates=[])
    hand.tick()
    hand.control.close_zone("spill", ["n3"])
    with pytest.raises(BadInput, match=f"operating mode {mode}"):
        hand.control.pause("r")
    hand.answer()
    for _ in range(40):
        hand.tick()
    assert len(hand.orders()) == 1
    assert (len(hand.instants()), hand.sent("zoneSet")) == (before, [])
    assert hand.ends() == ["forfeited"]
    assert hand.control.ledger.progress["o"].failures == 0
    # Back in automatic mode it is told the zones that it missed, and gets the way round.
    hand.state()
    hand.tick()
    assert len(hand.sent("zoneSet")) == 1
    assert "n3" not in [node["nodeId"] for node in hand.orders()[-1]["nodes"]]


def test_one_in_which_a_person_intervenes_is_sent_a_cancellation_and_nothing_else(hand):
    hand.hello()
    hand.tick()
    hand.accept()
    hand.tick()
    hand.accept(operatingMode="INTERVENED")
    hand.tick()
    before = hand.kinds()
    with pytest.raises(BadInput, match="INTERVENED"):
        hand.control.pause("r")
    hand.control.cancel("o")
    hand.tick()
    assert hand.kinds() == [*before, "cancelOrder"]


def test_after_an_emergency_stop_the_work_is_kept_for_a_while_and_then_given_up(tmp_path):
    hand = Hand(tmp_path, unfit_s=30.0)
    hand.hello()
    hand.tick()
    hand.accept()
    hand.tick()
    for second in range(40):
        hand.accept(safetyState=SAFE | {"activeEmergencyStop": "MANUAL"})
        hand.tick()
        assert ("cancelOrder" in hand.kinds()) is (second >= 30)
    assert len(hand.orders()) == 1


# Silence (6.6: a state at least every 30 s; 4.1: none is retained) -----------------------------------------------------


def test_a_mute_robot_is_asked_and_then_gets_no_work_until_it_speaks(tmp_path):
    hand = Hand(tmp_path, operations=[FleetOperation(name="o", skill="later", station_kind="press", duration_s=5.0)])
    hand.hello()
    hand.tick()
    asked = hand.kinds().count("stateRequest")
    for second in range(60):
        hand.tick()
        assert hand.kinds().count("stateRequest") == asked + (second >= 33)
    assert hand.lines == [("r", "has sent no state for 45 s: gets no work")]
    hand.control.move("o", station_kind="press", skill="assemble")
    hand.tick()
    assert hand.orders() == []
    hand.state()
    hand.tick()
    assert len(hand.orders()) == 1


def test_work_of_a_robot_that_falls_mute_is_given_to_another(hand):
    hand.hello()
    hand.tick()
    hand.hello("other", state=False)
    for _ in range(50):
        hand.state("other")
        hand.tick()
    assert len(hand.asked) >= 1
    hand.answer()
    hand.tick()
    assert [order["orderId"] for order in hand.orders("other")] == ["o#2"]
    assert {order["orderId"] for order in hand.orders()} == {"o#1"}


def test_a_state_that_the_broker_has_kept_is_not_believed(tmp_path):
    hand = Hand(tmp_path)
    hand.say("connection", {"connectionState": "ONLINE"}, retain=True)
    hand.say("factsheet", factsheet(SimulatedRobotConfig(serial="r")), retain=True)
    hand.state()
    for topic, payload in hand.ear.receive():
        if topic.endswith("/state"):
            hand.mouth.publish(topic, payload, retain=True)
    # A control that begins now finds a robot that was there yesterday.
    late = Hand(tmp_path / "late")
    late.broker, late.ear, late.mouth = hand.broker, hand.broker.connect(), hand.broker.connect()
    late.ear.subscribe("uagv/#")
    late.control = FleetControl(
        operations=[FleetOperation(name="o", skill="assemble", station_kind="press", duration_s=5.0)],
        roadmap=late.control.roadmap, stations=list(late.control.stations.values()), transport=hand.broker.connect(),
        log=EventLog(tmp_path / "other.jsonl"),
    )  # fmt: skip
    late.tick()
    assert late.orders() == []
    late.state()
    late.tick()
    assert len(late.orders()) == 1


def test_a_robot_whose_clock_and_numbers_begin_anew_is_believed_after_its_hello(hand):
    hand.hello()
    hand.tick()
    place = hand.control.robots["r"].x_m
    hand.count = -1
    body = {"place": {"x": 5.0}}
    hand.state(**body)
    hand.tick()
    old = {"timestamp": "1970-01-01T00:00:00.00Z"}
    hand.say("connection", {"connectionState": "ONLINE"}, **old)
    message = next(decode("state", payload) for topic, payload in hand.got[::-1] if topic.endswith("r/state"))
    hand.mouth.publish(topic_of("crewless", "r", "state"), msgspec.json.encode(message | old | {"headerId": 0}))
    hand.tick()
    assert (place, hand.control.robots["r"].heard, hand.control.robots["r"].x_m) == (0.0, True, 5.0)


# Headers (7.2) and what cannot be read ----------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [{"serialNumber": "other"}, {"manufacturer": "Nobody"}])
@pytest.mark.parametrize("kind", ["state", "connection", "factsheet"])
def test_a_message_signed_by_another_than_its_topic_names_is_not_believed(hand, kind, signed):
    """Neither for the one whose topic it came on, nor for the one who is said to have signed it."""
    bodies = {
        "connection": {"connectionState": "ONLINE"}, "factsheet": factsheet(SimulatedRobotConfig(serial="r")),
    }  # fmt: skip
    for each, body in bodies.items():
        hand.say(each, body, retain=True, **(signed if each == kind else {}))
    hand.state()
    if kind == "state":
        ((topic, payload),) = [one for one in hand.ear.receive() if one[0].endswith("/state")]
        hand.control.transport.receive()
        for each, body in bodies.items():
            hand.say(each, body, retain=True)
        hand.mouth.publish(topic, msgspec.json.encode(decode("state", payload) | signed))
    hand.tick()
    assert hand.orders() == []
    assert set(hand.control.robots) <= {"r"}
    assert any("not believed" in words for _, words in hand.lines)


def test_a_maker_whose_name_no_topic_can_hold_is_believed(hand):
    hand.say("connection", {"connectionState": "ONLINE"}, manufacturer="Crew/Less #1".replace(" #1", ""))
    hand.tick()
    assert hand.control.robots["r"].online


@pytest.mark.parametrize(
    "opening", [b"[" * 1_000, b"[" * 100_000, b'{"a":' * 1_000, b'{"serialNumber":"r","errors":' + b"[" * 2_000]
)
def test_what_is_nested_too_deeply_is_a_complaint_on_every_topic_and_the_control_goes_on(hand, opening):
    for kind in TOPICS:
        for retain in (False, True):
            hand.mouth.publish(topic_of("crewless", "evil", kind), opening, retain=retain)
    hand.mouth.publish(ANSWER, opening, retain=True)
    hand.mouth.publish("crewless/site/station/s2", opening, retain=True)
    hand.hello()
    hand.tick()
    assert len(hand.orders()) == 1
    assert {who for who, _ in hand.lines} == {"evil", "site"}


def test_names_off_the_wire_steer_no_terminal_and_begin_no_line(hand):
    hand.mouth.publish("uagv/v3/crewless/evil\x1b[2J\nr: all is well/state", b"[]")
    hand.tick()
    ((who, words),) = hand.lines
    assert f"{who}{words}".isprintable()
    assert all(event.resource.isprintable() for event in read_events(hand.log))


# Orders, sent again (6.1.4.5) and rejected (6.1.4) -----------------------------------------------------------------------


def test_an_order_sent_again_is_the_same_though_the_robot_has_moved(tmp_path):
    hand = Hand(tmp_path, resend_s=2.0)
    hand.hello()
    hand.tick()
    for number in range(5):
        hand.state(place={"x": 5.0 + number})
        hand.tick()
    first, *again = [
        {key: order[key] for key in ("orderId", "orderUpdateId", "nodes", "edges")} for order in hand.orders()
    ]
    assert len(again) == 2
    assert again == [first] * 2


@pytest.mark.parametrize(
    ("said", "more"),
    [(lambda hand: hand.state(), 3), (lambda hand: hand.accept(), 0),
     (lambda hand: hand.say("connection", {"connectionState": "HIBERNATING"}), 0),
     (lambda hand: hand.say("connection", {"connectionState": "ONLINE"}), 0),
     (lambda hand: hand.state(operatingMode="MANUAL"), 0)],
    ids=["it has not taken it", "it has", "it is not on line", "it has not been heard since it came", "it may get none"],
)  # fmt: skip
def test_an_order_is_sent_again_only_to_who_is_on_line_was_heard_and_has_not_taken_it(tmp_path, said, more):
    hand = Hand(tmp_path, resend_s=2.0, offline_s=1e9)
    hand.hello()
    hand.tick()
    said(hand)
    for _ in range(6):
        hand.tick()
    assert len(hand.orders()) == 1 + more


@pytest.mark.parametrize("kind", ["INVALID_ORDER_ACTION", "unsupportedAction", "invalidOrderAction"])
def test_who_says_that_it_cannot_do_an_action_is_not_asked_again_until_its_factsheet_is_another(hand, kind):
    hand.hello()
    hand.tick()
    hand.state(errors=[error(kind, orderId="o#1", orderUpdateId=0)])
    hand.tick()
    hand.answer()
    for _ in range(200):
        hand.state(errors=[error(kind, orderId="o#1", orderUpdateId=0)])
        hand.tick()
    assert [order["orderId"] for order in hand.orders()] == ["o#1"]
    assert hand.ends() == ["forfeited"]
    assert [who for who, _ in hand.lines] == ["r"]
    hand.say("factsheet", factsheet(SimulatedRobotConfig(serial="r", carries=False)), retain=True)
    hand.state()
    hand.tick()
    assert [order["orderId"] for order in hand.orders()] == ["o#1", "o#2"]


@pytest.mark.parametrize(
    "kind",
    ["VALIDATION_FAILURE", "UNSUPPORTED_PARAMETER", "NO_ROUTE_TO_TARGET", "UNKNOWN_MAP_ID", "INSUFFICIENT_MEMORY"],
)
def test_who_rejects_an_order_is_not_asked_for_the_same_operation_again(hand, kind):
    hand.hello()
    hand.tick()
    hand.state(errors=[error(kind, orderId="o#1")])
    hand.tick()
    hand.answer()
    for _ in range(300):
        hand.state()
        hand.tick()
    assert [order["orderId"] for order in hand.orders()] == ["o#1"]


@pytest.mark.parametrize("kind", ["START_NODE_OUT_OF_RANGE", "OTHER_ORDER_ACTIVE", "MOBILE_ROBOT_NOT_AVAILABLE"])
def test_what_says_only_how_a_robot_is_just_now_is_tried_again_ever_more_rarely(hand, kind):
    hand.hello()
    times = []
    for second in range(200):
        orders = hand.orders()
        if orders and len(orders) > len(times):
            times.append(second)
        named = [error(kind, orderId=orders[-1]["orderId"])] if orders else []
        hand.state(errors=named)
        hand.answer()
        hand.tick()
    pauses = [b - a for a, b in itertools.pairwise(times)]
    assert len(times) >= 4
    assert all(later > earlier for earlier, later in itertools.pairwise(pauses))


def test_a_rejection_of_another_order_or_of_the_one_before_is_none_of_this(tmp_path):
    """A robot reports a rejection until it takes a new order (6.6.5.4), so its next state may still be about the last."""
    hand = Hand(tmp_path, resend_s=1e9)
    stale = error("VALIDATION_FAILURE")
    hand.hello(state={"errors": [stale]})
    hand.tick()
    hand.state(errors=[stale])
    hand.tick()
    hand.state(errors=[stale, error("VALIDATION_FAILURE", orderId="somebody/else")])
    hand.tick()
    assert hand.ends() == []
    assert hand.asked == []
    hand.state(errors=[stale, {**stale, "errorDescription": "node 3"}])  # a new one
    hand.tick()
    assert len(hand.asked) == 1


def test_a_duplicate_that_is_reported_is_no_rejection(hand):
    hand.hello()
    hand.tick()
    hand.accept(errors=[error("SAME_ORDER_UPDATE_ID", orderId="o#1", orderUpdateId=0)])
    hand.tick()
    assert hand.asked == []
    hand.accept(status="FINISHED")
    hand.tick()
    assert hand.ends() == ["done"]


# Base and horizon, updates (6.1.1, 6.1.2) --------------------------------------------------------------------------------


def test_orders_and_updates_keep_the_standards_rules_however_the_way_is_cut(tmp_path):
    for base in (1, 2, 3, 5, 0):
        hand = Hand(tmp_path / str(base), base_nodes=base)
        hand.hello()
        hand.tick()
        for _ in range(8):
            last = hand.orders()[-1]
            here = decision_point(last["nodes"])
            hand.accept(
                update=last["orderUpdateId"],
                order={**last, "nodes": [here, *(n for n in last["nodes"] if not n["released"])]},
            )
            hand.tick()
        first, *updates = hand.orders()
        assert new_order_faults(first) == []
        assert [update["orderUpdateId"] for update in updates] == list(range(1, len(updates) + 1))
        for before, update in zip([first, *updates], updates, strict=False):
            assert update_faults(update, decision_point(before["nodes"])) == []
        assert all(node["released"] for node in (updates or [first])[-1]["nodes"])


def test_an_update_that_is_lost_is_sent_again_as_it_was_and_no_other_before_it_is_taken(tmp_path):
    hand = Hand(tmp_path, base_nodes=1, resend_s=2.0)
    hand.hello()
    hand.tick()
    near = {
        "nodeStates": [
            {"nodeId": "n1", "sequenceId": 2, "released": True},
            {"nodeId": "n2", "sequenceId": 4, "released": False},
        ]
    }
    for _ in range(7):
        hand.accept(order=hand.orders()[0], update=0, **near)
        hand.tick()
    _, first, *again = [{key: order[key] for key in ("orderUpdateId", "nodes", "edges")} for order in hand.orders()]
    assert first["orderUpdateId"] == 1
    assert len(again) == 3
    assert again == [first] * 3


def test_the_base_is_extended_when_the_robot_asks_for_it(tmp_path):
    """6.6.3: newBaseRequest."""
    hand = Hand(tmp_path, base_nodes=3)
    hand.hello()
    hand.tick()
    hand.accept()
    hand.tick()
    assert len(hand.orders()) == 1  # three released nodes are still ahead
    hand.accept(newBaseRequest=True)
    hand.tick()
    assert len(hand.orders()) == 2


def test_a_zone_that_closes_while_an_update_is_under_way_calls_the_order_off(tmp_path):
    """The base may have grown by what the robot has not confirmed: there is no node that an update could begin at for sure."""
    for confirmed in (True, False):
        hand = Hand(tmp_path / str(confirmed), base_nodes=1)
        hand.hello()
        hand.tick()
        hand.accept(nodeStates=[{"nodeId": "n1", "sequenceId": 2, "released": True}])
        hand.tick()
        assert len(hand.orders()) == 2
        if confirmed:
            ahead = [{"nodeId": f"n{n}", "sequenceId": 2 * n, "released": True} for n in (1, 2)]
            hand.accept(update=1, nodeStates=ahead)
            hand.tick()
        hand.control.close_zone("spill", ["n3"])
        hand.tick()
        assert ("cancelOrder" in hand.kinds()) is not confirmed


def test_the_first_node_can_be_reached_from_where_the_robot_stands(hand):
    """6.1.1: it stands within the node's deviation (6.6.2 lets the control extend it)."""
    hand.hello(state={"place": {"x": 1.0, "y": 1.0}})
    hand.tick()
    place = hand.orders()[0]["nodes"][0]["nodePosition"]
    assert math.dist((place["x"], place["y"]), (1.0, 1.0)) <= place["allowedDeviationXY"]["a"]
    assert place["allowedDeviationXY"]["a"] == place["allowedDeviationXY"]["b"]


# Cancellation (6.1.3) ------------------------------------------------------------------------------------------------------


def test_a_cancellation_names_its_order_and_is_sent_again_until_it_is_answered(tmp_path):
    hand = Hand(tmp_path, resend_s=2.0)
    hand.hello()
    hand.tick()
    hand.accept()
    hand.tick()
    hand.control.cancel("o")
    for _ in range(6):
        hand.accept()
        hand.tick()
    cancels = [each for each in hand.instants() if each["actionType"] == "cancelOrder"]
    assert len(cancels) >= 3
    assert {each["actionParameters"][0]["value"] for each in cancels} == {"o#1"}
    assert len({each["actionId"] for each in cancels}) == len(cancels)
    assert hand.asked == []


def test_a_cancellation_that_meets_an_action_that_has_failed_ends_the_order(hand):
    hand.hello()
    hand.tick()
    hand.accept(status="RUNNING")
    hand.tick()
    hand.control.cancel("o")
    hand.tick()
    name = hand.instants()[-1]["actionId"]
    failed = [{"actionId": name, "actionType": "cancelOrder", "actionStatus": "FAILED"}]
    hand.accept(
        status="FAILED", nodeStates=[], instantActionStates=failed, errors=[error("NO_ORDER_TO_CANCEL", actionId=name)]
    )
    hand.tick()
    assert len(hand.asked) == 1
    hand.answer()
    hand.tick()
    assert hand.ends() == ["cancelled"]


def test_a_cancellation_of_an_order_that_never_arrived_ends_it_too(hand):
    """6.1.3.2: the robot has nothing to cancel; its state is about no order, or another."""
    hand.hello()
    hand.tick()
    hand.control.cancel("o")
    hand.tick()
    name = hand.instants()[-1]["actionId"]
    hand.state(
        instantActionStates=[{"actionId": name, "actionStatus": "FAILED"}],
        errors=[error("NO_ORDER_TO_CANCEL", actionId=name)],
    )
    hand.tick()
    assert len(hand.asked) == 1


def test_an_order_whose_actions_are_gone_after_its_cancellation_has_ended(hand):
    hand.hello()
    hand.tick()
    hand.accept()
    hand.tick()
    hand.control.cancel("o")
    hand.accept(nodeStates=[], actionStates=[])
    hand.tick()
    assert len(hand.asked) == 1


def test_an_action_that_cannot_be_cancelled_counts_when_it_finishes(hand):
    """6.1.3: cancelAllowed is false; it reports RUNNING and then FINISHED."""
    hand.hello()
    hand.tick()
    hand.accept(status="RUNNING")
    hand.tick()
    hand.control.cancel("o")
    hand.accept(status="RUNNING")
    hand.tick()
    assert hand.asked == []
    hand.accept(status="FINISHED")
    hand.tick()
    assert hand.ends() == ["done"]


def test_what_a_robot_says_after_its_work_was_taken_from_it_does_not_count(hand):
    """The site is asked, and its answer counts: it refuses work under the earlier attempt from then on."""
    hand.hello()
    hand.tick()
    hand.accept()
    hand.tick()
    hand.say("connection", {"connectionState": "CONNECTION_BROKEN"})
    hand.tick()
    hand.say("connection", {"connectionState": "ONLINE"})
    hand.accept(status="FINISHED")
    hand.tick()
    assert hand.ends() == []
    hand.answer(done=True)
    hand.tick()
    assert hand.ends() == ["done"]


def test_an_order_of_this_run_that_a_robot_still_carries_out_is_called_off(hand):
    hand.hello(state={"orderId": "o#7", "actionStates": [{"actionId": "o#7", "actionStatus": "RUNNING"}]})
    hand.tick()
    assert hand.kinds()[-1] == "cancelOrder"
    assert hand.instants()[-1]["actionParameters"] == [{"key": "orderId", "value": "o#7"}]
    assert hand.orders() == []


def test_an_action_that_waits_to_be_retried_is_called_off(hand):
    hand.hello()
    hand.tick()
    hand.accept(status="RETRIABLE")
    hand.tick()
    assert hand.kinds()[-1] == "cancelOrder"


# The factsheet (6.10, 7.10) -------------------------------------------------------------------------------------------------


def sheet(strings=(), arrays=(), interval_s=0.0, **kinds):
    body = factsheet(SimulatedRobotConfig(serial="r", carries=True))
    body["protocolLimits"] = {
        "maximumStringLengths": dict(strings), "maximumArrayLengths": dict(arrays),
        "timing": {"minimumOrderInterval": interval_s, "minimumStateInterval": 0.0},
    }  # fmt: skip
    body["typeSpecification"] |= kinds
    return body


def test_an_action_that_is_offered_only_as_an_instant_one_is_not_put_on_a_node(hand):
    body = sheet()
    for each in body["protocolFeatures"]["mobileRobotActions"]:
        each["actionScopes"] = ["INSTANT", "EDGE", "ZONE"]
    hand.hello(sheet=body)
    hand.tick()
    assert hand.orders() == []


@pytest.mark.parametrize(
    ("strings", "arrays", "words"),
    [({"maximumMessageLength": 300}, {}, "characters in a message, and it takes 300"),
     ({}, {"actions.actionsParameters": 2}, "4 parameters of an action, and it takes 2"),
     ({}, {"order.nodes": 1}, "6 nodes in an order, and it takes 1")],
)  # fmt: skip
def test_an_order_beyond_a_limit_is_not_sent_and_the_limit_is_named(hand, strings, arrays, words):
    hand.hello(sheet=sheet(strings, arrays))
    for _ in range(5):
        hand.tick()
    assert hand.orders() == []
    assert hand.ends() == []
    ((_, said),) = hand.lines
    assert words in said


def test_a_long_way_goes_to_a_robot_of_few_nodes_in_pieces(hand):
    hand.hello(sheet=sheet((), {"order.nodes": 3}))
    hand.tick()
    for _ in range(4):
        last = hand.orders()[-1]
        hand.accept(update=last["orderUpdateId"], order={**last, "nodes": last["nodes"][-1:]})
        hand.tick()
    orders = hand.orders()
    assert [[node["nodeId"] for node in order["nodes"]] for order in orders] == [
        ["n0", "n1", "n2"],
        ["n2", "n3", "n4"],
        ["n4", "n5"],
    ]
    assert [bool(order["nodes"][-1]["actions"]) for order in orders] == [False, False, True]
    for before, update in itertools.pairwise(orders):
        assert update_faults(update, before["nodes"][-1]) == []


def test_identifiers_are_in_digits_where_the_robot_takes_no_others_and_are_understood_in_its_answers(hand):
    hand.hello(sheet=sheet({"maximumIdLength": 10, "idNumericalOnly": True}))
    hand.tick()
    (order,) = hand.orders()
    names = [order["orderId"], *(node["nodeId"] for node in order["nodes"]), *(edge["edgeId"] for edge in order["edges"]),
             *(action["actionId"] for node in order["nodes"] for action in node["actions"])]  # fmt: skip
    assert all(name.isdigit() and len(name) <= 10 for name in names)
    hand.accept(status="FINISHED")
    hand.tick()
    assert hand.ends() == ["done"]


def test_a_load_goes_to_who_can_carry_it(tmp_path):
    load = FleetOperation(
        name="o", skill="pick", station_kind="press", duration_s=4.0, carry=Carry(part="box", kg=20.0, source="s")
    )
    hand = Hand(tmp_path, operations=[load])
    hand.hello("weak", sheet=sheet(maximumLoadMass=19.9), state={"place": {"x": 25.0}})
    hand.hello("strong", sheet=sheet(maximumLoadMass=20.0))
    hand.tick()
    assert (hand.orders("weak"), len(hand.orders("strong"))) == ([], 1)


def test_orders_keep_the_interval_that_a_robot_asks_for(tmp_path):
    works = [FleetOperation(name=f"o{n}", skill="assemble", station_kind="press", duration_s=1.0) for n in range(3)]
    hand = Hand(tmp_path, operations=works)
    hand.hello(sheet=sheet(interval_s=7.0))
    times = []
    for _ in range(40):
        hand.tick()
        if len(hand.orders()) > len(times):
            times.append(hand.now_s)
            hand.accept(status="FINISHED")
    assert len(times) == 3
    assert all(b - a >= 7.0 for a, b in itertools.pairwise(times))


def test_a_zone_set_of_more_zones_than_a_robot_takes_is_not_sent(hand):
    hand.hello(sheet=sheet((), {"zoneSet.zones": 1}))
    hand.tick()
    hand.control.close_zone("one", ["b"])
    hand.tick()
    assert len(hand.sent("zoneSet")) == 1
    hand.control.close_zone("two", ["n1"])
    hand.tick()
    assert len(hand.sent("zoneSet")) == 1
    assert any("no more than 1 zones" in words for _, words in hand.lines)


# Stations --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", [1, 2, 3])
def test_at_a_station_as_many_work_as_it_has_places(tmp_path, places):
    works = [FleetOperation(name=f"o{n}", skill="assemble", station_kind="press", duration_s=9.0) for n in range(4)]
    hand = Hand(tmp_path, operations=works, places=places)
    for number in range(4):
        hand.hello(f"r{number}")
    hand.tick()
    hand.tick()
    busy = [name for name in ("r0", "r1", "r2", "r3") if hand.orders(name)]
    assert len(busy) == places
    # One is done: exactly one more is sent.
    hand.accept(busy[0], status="FINISHED")
    hand.tick()
    given = {order["orderId"] for name in ("r0", "r1", "r2", "r3") for order in hand.orders(name)}
    assert len(given) == min(4, places + 1)


def test_a_load_that_a_robot_was_never_sent_for_stays_where_it_is(tmp_path):
    load = FleetOperation(
        name="o", skill="pick", station_kind="press", duration_s=4.0, carry=Carry(part="box", kg=2.0, source="s")
    )
    hand = Hand(tmp_path, operations=[load])
    hand.hello("thief", state={"loads": [{"loadId": "o"}], "paused": True})
    hand.hello("r")
    hand.tick()
    assert [action["actionType"] for node in hand.orders()[0]["nodes"] for action in node["actions"]] == [
        "pick",
        "drop",
    ]
    assert ("thief", "says that it carries o, and was never sent for it: not believed") in hand.lines


def test_every_message_of_the_control_fits_the_standard(hand):
    assert encode("connection", header("crewless", "r", 0) | {"connectionState": "ONLINE"})
    hand.hello()
    hand.control.guard_zone("z", [(0, 0), (1, 0), (1, 1)])
    hand.tick()
    hand.control.cancel("o")
    hand.tick()
    assert {topic.rpartition("/")[2] for topic, _ in hand.got} >= {"order", "instantActions", "zoneSet"}
