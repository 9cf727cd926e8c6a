"""What VDA 5050 version 3.0.0 asks of orders and updates, with the standard's own example (section 6.1.2, figures 3 to 5)."""

import copy
import json
import re

import pytest

from crewless.fleet.simulate.simulated_robot import SimulatedRobot, SimulatedRobotConfig
from crewless.fleet.vda5050.order_rules import decision_point, faults, idle, new_order_faults, same, update_faults
from crewless.fleet.vda5050.topics import header, topic_of
from crewless.fleet.vda5050.transport import MemoryBroker
from crewless.fleet.vda5050.validation import encode


def way(names, edges, first=0, released=99, actions=()):
    """Nodes and edges by their letters; so many nodes are released."""
    nodes = [
        {"nodeId": name, "sequenceId": first + 2 * i, "released": i < released, "actions": list(actions) if i + 1 == len(names) else []}
        for i, name in enumerate(names)
    ]  # fmt: skip
    lines = [
        {"edgeId": name, "sequenceId": first + 2 * i + 1, "released": i + 1 < released, "actions": []}
        for i, name in enumerate(edges)
    ]
    return {"nodes": nodes, "edges": lines}


FIGURE_4 = {"orderId": "1234", "orderUpdateId": 0, **way("fdgbh", ["e1", "e3", "e8", "e9"], released=3)}
FIGURE_5 = {"orderId": "1234", "orderUpdateId": 1, **way("gbhi", ["e8", "e9", "e10"], first=4, released=3)}


def changed(order, edit):
    order = copy.deepcopy(order)
    edit(order)
    return order


def test_the_standards_own_order_and_update_are_right():
    assert new_order_faults(FIGURE_4) == []
    assert decision_point(FIGURE_4["nodes"])["nodeId"] == "g"
    assert update_faults(FIGURE_5, decision_point(FIGURE_4["nodes"])) == []
    assert faults(way("f", [])) == []  # one node is enough, and no horizon


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda o: o.update(nodes=[], edges=[]), "no node"),
        (lambda o: o["edges"].pop(), "3 edges between 5 nodes"),
        (lambda o: o["nodes"][2].update(sequenceId=6), r"nodes are not continuous: \[0, 2, 6, 6, 8\]"),
        (lambda o: o["edges"][1].update(sequenceId=5), "edges are not continuous"),
        (lambda o: o["nodes"].reverse(), "not continuous"),
        (lambda o: o["nodes"][0].update(released=False), "first node is not released"),
        (lambda o: o["nodes"][4].update(released=True), "released behind what is not"),
        (lambda o: o["edges"][2].update(released=True), "an edge is released and its end is not"),
        (lambda o: o["edges"][1].update(released=False), "released behind what is not"),
        (lambda o: [n.update(sequenceId=n["sequenceId"] + 1) for n in (*o["nodes"], *o["edges"])], "odd sequenceId 1"),
        (lambda o: [n.update(actions=[{"actionId": "a"}]) for n in o["nodes"][:2]], "the same actionId"),
        (lambda o: o.update(orderUpdateId=3), "begins with the orderUpdateId 3"),
        (lambda o: [n.update(sequenceId=n["sequenceId"] + 2) for n in (*o["nodes"], *o["edges"])], "sequenceId 2"),
    ],
)  # fmt: skip
def test_each_rule_of_section_6_1_1_is_named_when_it_is_broken(edit, words):
    found = new_order_faults(changed(FIGURE_4, edit))
    assert any(re.search(words, each) for each in found), found


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda o: o["nodes"][0].update(nodeId="d"), "nodeId 'd' and not at 'g'"),
        (lambda o: [n.update(sequenceId=n["sequenceId"] + 2) for n in (*o["nodes"], *o["edges"])], "sequenceId 6 and not at 4"),
        (lambda o: o["nodes"][0].update(actions=[{"actionId": "new"}]), "changes node 'g', which is released"),
    ],
)  # fmt: skip
def test_an_update_begins_where_the_base_ends_and_changes_nothing_of_it(edit, words):
    assert words in " ".join(update_faults(changed(FIGURE_5, edit), decision_point(FIGURE_4["nodes"])))


def test_the_same_order_twice_is_told_from_another_with_its_number():
    """Section 6.1.4.5: the first is ignored, the second an error."""
    assert same(FIGURE_4, {**FIGURE_4, "headerId": 7, "timestamp": "later"})
    assert not same(FIGURE_4, changed(FIGURE_4, lambda o: o["nodes"][3].update(nodeId="x")))


@pytest.mark.parametrize(
    ("changes", "is_idle"),
    [({}, True), ({"nodeStates": [1]}, False), ({"edgeStates": [1]}, False),
     *(({"actionStates": [{"actionStatus": status}]}, status in ("FINISHED", "FAILED"))
       for status in ("WAITING", "INITIALIZING", "RUNNING", "PAUSED", "RETRIABLE", "FINISHED", "FAILED"))],
)  # fmt: skip
def test_a_robot_is_idle_as_section_6_6_8_says(changes, is_idle):
    assert idle({"nodeStates": [], "edgeStates": [], "actionStates": []} | changes) is is_idle


# What a robot does with an order (figure 8) -----------------------------------------------------------------------------


class Receiver:
    """A simulated robot."""

    def __init__(self):
        self.robot = SimulatedRobot(SimulatedRobotConfig(serial="r", x_m=100.0), MemoryBroker().connect())
        self.count = 0

    def send(self, order):
        body = copy.deepcopy(order)
        for node in body["nodes"]:
            node.setdefault("nodePosition", {"x": float(ord(node["nodeId"])), "y": 0.0, "mapId": "floor"})
        self.count += 1
        self.robot.handle(
            topic_of("crewless", "r", "order"), encode("order", header("crewless", "r", self.count) | body)
        )

    def instant(self, kind, **arguments):
        action = {
            "actionType": kind, "actionId": f"i{self.count}", "blockingType": "NONE",
            "actionParameters": [{"key": key, "value": value} for key, value in arguments.items()],
        }  # fmt: skip
        self.count += 1
        message = header("crewless", "r", self.count) | {"actions": [action]}
        self.robot.handle(topic_of("crewless", "r", "instantActions"), encode("instantActions", message))
        return action["actionId"]

    def errors(self):
        """Type to (level, references), as the state message has them."""
        state = json.loads(json.dumps(self.robot.state()))  # what is sent is JSON
        return {
            each["errorType"]: (
                each["errorLevel"], {one["referenceKey"]: one["referenceValue"] for one in each.get("errorReferences", [])}
            )
            for each in state["errors"]
        }  # fmt: skip


def work(kind="assemble", name="act"):
    return {
        "actionType": kind,
        "actionId": name,
        "blockingType": "HARD",
        "actionParameters": [{"key": "duration_s", "value": 5.0}],
    }


BUSY = {"orderId": "1234", "orderUpdateId": 0, **way("fd", ["e1"], actions=[work()])}


@pytest.mark.parametrize(
    ("before", "order", "error"),
    [
        (None, changed(FIGURE_4, lambda o: o["nodes"][2].update(sequenceId=6)), "VALIDATION_FAILURE"),
        (None, {**BUSY, **way("fd", ["e1"], actions=[work("fly")])}, "INVALID_ORDER_ACTION"),
        (BUSY, {**BUSY, "orderId": "other"}, "OTHER_ORDER_ACTIVE"),
        (FIGURE_4, {**FIGURE_4, **way("fdx", ["e1", "e3"])}, "SAME_ORDER_UPDATE_ID"),
        (FIGURE_4, changed(FIGURE_5, lambda o: o["nodes"][0].update(nodeId="d")), "VALIDATION_FAILURE"),
        (None, changed(BUSY, lambda o: o["nodes"][1].update(nodePosition={"x": 1.0, "y": 0.0, "mapId": "cellar"})), "UNKNOWN_MAP_ID"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_taken_is_rejected_with_the_standards_word(before, order, error):
    """Section 6.1.4: a WARNING that names order and update, and the order before goes on."""
    receiver = Receiver()
    if before is not None:
        receiver.send(before)
    held, ahead = receiver.robot.order, list(receiver.robot._ahead)
    receiver.send(order)
    about = {"orderId": order["orderId"], "orderUpdateId": str(order["orderUpdateId"])}
    assert receiver.errors() == {error: ("WARNING", about)}
    assert (receiver.robot.order, receiver.robot._ahead) == (held, ahead)


def test_an_update_that_is_older_or_follows_a_cancellation_is_rejected():
    receiver = Receiver()
    receiver.send(FIGURE_4)
    receiver.send(FIGURE_5)
    receiver.send(FIGURE_4)
    assert set(receiver.errors()) == {"OUTDATED_ORDER_UPDATE"}
    receiver.instant("cancelOrder")
    receiver.send({**FIGURE_5, "orderUpdateId": 2})
    assert "ORDER_UPDATE_FOLLOWING_CANCEL" in receiver.errors()
    assert not receiver.robot.busy()
    # Reported until a new order is taken, and no longer.
    receiver.send({**BUSY, "orderId": "next"})
    assert receiver.errors() == {}


def test_a_duplicate_is_answered_and_not_done_again():
    receiver = Receiver()
    receiver.send(BUSY)
    for _ in range(40):
        receiver.robot.advance(1.0)
    assert receiver.robot.state()["actionStates"][0]["actionStatus"] == "FINISHED"
    receiver.robot._changed = False
    receiver.send(BUSY)
    assert receiver.errors() == {}
    assert not receiver.robot.busy()
    assert receiver.robot._changed


def test_the_horizon_is_replaced_with_its_actions_and_the_base_stays():
    """Section 6.6.9.1: actions of a horizon that is gone are reported no more."""
    receiver = Receiver()
    order = {"orderId": "o", "orderUpdateId": 0, **way("fdg", ["e1", "e3"], released=2, actions=[work(name="old")])}
    receiver.send(order)
    update = {"orderId": "o", "orderUpdateId": 1, **way("dx", ["e4"], first=2, actions=[work(name="new")])}
    receiver.send(update)
    state = receiver.robot.state()
    assert receiver.errors() == {}
    assert [each["actionId"] for each in state["actionStates"]] == ["new"]
    assert [(each["nodeId"], each["sequenceId"]) for each in state["nodeStates"]] == [("f", 0), ("d", 2), ("x", 4)]
    assert [each["sequenceId"] for each in state["edgeStates"]] == [1, 3]


def test_a_cancellation_of_nothing_or_of_another_order_fails():
    """Section 6.1.3.2."""
    receiver = Receiver()
    name = receiver.instant("cancelOrder")
    assert receiver.errors() == {"NO_ORDER_TO_CANCEL": ("WARNING", {"actionId": name})}
    receiver.send(BUSY)
    receiver.instant("cancelOrder", orderId="another")
    assert receiver.robot.busy()
    assert receiver.robot.state()["instantActionStates"][-1]["actionStatus"] == "FAILED"
    receiver.instant("cancelOrder", orderId="1234")
    assert not receiver.robot.busy()
    assert receiver.robot.state()["instantActionStates"][-1]["actionStatus"] == "FINISHED"
    assert receiver.robot.state()["orderId"] == "1234"  # is kept


@pytest.mark.parametrize("mode", ["MANUAL", "STARTUP", "SERVICE", "TEACH_IN"])
def test_some_operating_modes_clear_the_order_and_take_none(mode):
    """Sections 6.6.7 and 6.1.4.9."""
    receiver = Receiver()
    receiver.send(BUSY)
    receiver.robot.turn(mode)
    state = receiver.robot.state()
    assert (state["operatingMode"], state["nodeStates"], state["edgeStates"]) == (mode, [], [])
    assert [each["actionStatus"] for each in state["actionStates"]] == ["FAILED"]
    receiver.send({**BUSY, "orderId": "next"})
    assert "MOBILE_ROBOT_NOT_AVAILABLE" in receiver.errors()


def test_one_in_which_a_person_intervenes_keeps_its_order_and_stands():
    receiver = Receiver()
    receiver.send(BUSY)
    receiver.robot.turn("INTERVENED")
    receiver.robot.advance(100.0)
    assert receiver.robot.busy()
    receiver.robot.turn("AUTOMATIC")
    receiver.robot.advance(100.0)
    assert not receiver.robot.busy()
