"""The limits of a factsheet, and the error words of the standard."""

import pytest

from crewless.fleet.simulate.body import factsheet
from crewless.fleet.simulate.simulated_robot import SimulatedRobotConfig
from crewless.fleet.vda5050.error_types import PREDEFINED, REJECTIONS, UNTIL_NEW_ORDER, canonical, references
from crewless.fleet.vda5050.limits import FactsheetLimits, limits_of


def sheet(strings=(), arrays=(), interval_s=0.0):
    body = factsheet(SimulatedRobotConfig(serial="r"))
    body["protocolLimits"] = {
        "maximumStringLengths": dict(strings), "maximumArrayLengths": dict(arrays),
        "timing": {"minimumOrderInterval": interval_s, "minimumStateInterval": 0.0},
    }  # fmt: skip
    return limits_of(body)


def order(nodes=1, actions=0, parameters=0, load=""):
    arguments = [{"key": str(n), "value": n} for n in range(parameters)] + (
        [{"key": "loadId", "value": load}] if load else []
    )
    each = {"actionId": "a", "actionParameters": arguments}
    return {"nodes": [{"actions": [each] * actions} for _ in range(nodes)], "edges": []}


def test_what_is_missing_or_zero_is_no_limit():
    assert sheet() == FactsheetLimits(load_kg=30.0)
    zero = sheet({"maximumMessageLength": 0, "maximumIdLength": 0}, {"order.nodes": 0, "node.actions": 0})
    assert zero == sheet()
    assert zero.exceeded(order(900, 9, 9, "x" * 99), 10**6) == ""


@pytest.mark.parametrize(
    ("limits", "message", "length", "words"),
    [
        (sheet({"maximumMessageLength": 500}), order(), 501, "501 characters in a message, and it takes 500"),
        (sheet((), {"order.nodes": 3}), order(4), 1, "4 nodes in an order, and it takes 3"),
        (sheet((), {"order.edges": 2}), order(4), 1, "4 nodes in an order, and it takes 3"),
        (sheet((), {"node.actions": 1}), order(2, 2), 1, "2 actions at a node, and it takes 1"),
        (sheet((), {"actions.actionsParameters": 3}), order(1, 1, 4), 1, "4 parameters of an action, and it takes 3"),
        (sheet({"maximumLoadIdLength": 4}), order(1, 1, 0, "12345"), 1, "5 characters in a loadId, and it takes 4"),
    ],
)
def test_an_order_is_measured_against_each_limit(limits, message, length, words):
    assert limits.exceeded(message, length) == words


def test_at_the_limit_it_is_taken():
    limits = sheet(
        {"maximumMessageLength": 500, "maximumLoadIdLength": 5},
        {"order.nodes": 4, "node.actions": 2, "actions.actionsParameters": 4},
    )
    assert limits.exceeded(order(4, 2, 3, "12345"), 500) == ""


def test_an_identifier_is_kept_where_it_fits_and_stands_in_digits_where_not():
    assert FactsheetLimits(id_length=5).identifier("cell 9") == FactsheetLimits(id_length=5).identifier("cell 9")
    assert FactsheetLimits(id_length=6).identifier("cell 9") == "cell 9"
    short = FactsheetLimits(id_length=5).identifier("cell 9")
    assert short.isdigit()
    assert len(short) == 5
    digits = FactsheetLimits(numeric_ids=True)
    assert digits.identifier("123") == "123"
    assert digits.identifier("cell 9").isdigit()
    names = {FactsheetLimits(numeric_ids=True).identifier(f"cell {n}") for n in range(20_000)}
    assert len(names) == 20_000


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("noOrderToCancel", "NO_ORDER_TO_CANCEL"), ("unsupportedAction", "INVALID_ORDER_ACTION"),
        ("validationFailure", "VALIDATION_FAILURE"), ("validationError", "VALIDATION_FAILURE"),
        ("outdatedOrderUpdate", "OUTDATED_ORDER_UPDATE"), ("INVALID_ORDER_ACTION", "INVALID_ORDER_ACTION"),
        ("invalid-order-action", "INVALID_ORDER_ACTION"), ("noRouteError", "NO_ROUTE_TO_TARGET"),
        ("motorTooHot", "motorTooHot"),
    ],
)  # fmt: skip
def test_an_error_is_known_however_it_is_spelled(word, meant):
    assert canonical(word) == meant


def test_references_are_read_by_their_keys():
    rows = [{"referenceKey": "orderId", "referenceValue": "7"}, {"referenceKey": "actionId", "referenceValue": "a"}]
    assert references({"errorType": "x", "errorReferences": rows}) == {"orderId": "7", "actionId": "a"}
    assert references({"errorType": "x"}) == {}


def test_every_rejection_is_a_word_of_the_standard():
    assert set(PREDEFINED) >= REJECTIONS
    assert set(PREDEFINED) >= UNTIL_NEW_ORDER
    assert set(PREDEFINED.values()) <= {"WARNING", "URGENT", "CRITICAL", "FATAL"}
