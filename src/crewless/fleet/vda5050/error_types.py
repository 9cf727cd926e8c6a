"""The errors that VDA 5050 names, what each means for an order, and how earlier versions wrote them.

Version 3.0.0, section 6.6.5.4 (predefined error types) and 6.1.4 (order rejection). An error type that stands in no table is the maker's
own, and only its level says what it means.
"""

from collections.abc import Mapping
from typing import Any

VALIDATION_FAILURE = "VALIDATION_FAILURE"
INVALID_ORDER_ACTION = "INVALID_ORDER_ACTION"
INVALID_INSTANT_ACTION = "INVALID_INSTANT_ACTION"
OUTDATED_ORDER_UPDATE = "OUTDATED_ORDER_UPDATE"
SAME_ORDER_UPDATE_ID = "SAME_ORDER_UPDATE_ID"
ORDER_UPDATE_FOLLOWING_CANCEL = "ORDER_UPDATE_FOLLOWING_CANCEL"
OTHER_ORDER_ACTIVE = "OTHER_ORDER_ACTIVE"
NO_ORDER_TO_CANCEL = "NO_ORDER_TO_CANCEL"
START_NODE_OUT_OF_RANGE = "START_NODE_OUT_OF_RANGE"
MOBILE_ROBOT_NOT_AVAILABLE = "MOBILE_ROBOT_NOT_AVAILABLE"
UNKNOWN_MAP_ID = "UNKNOWN_MAP_ID"
NO_ROUTE_TO_TARGET = "NO_ROUTE_TO_TARGET"
DUPLICATE_ZONE_SET = "DUPLICATE_ZONE_SET"

PREDEFINED: Mapping[str, str] = {
    "UNSUPPORTED_PARAMETER": "CRITICAL", NO_ORDER_TO_CANCEL: "WARNING", VALIDATION_FAILURE: "WARNING",
    INVALID_ORDER_ACTION: "WARNING", INVALID_INSTANT_ACTION: "WARNING", OUTDATED_ORDER_UPDATE: "WARNING",
    SAME_ORDER_UPDATE_ID: "WARNING", ORDER_UPDATE_FOLLOWING_CANCEL: "WARNING", "OUTSIDE_OF_CORRIDOR": "CRITICAL",
    "INSUFFICIENT_MEMORY": "URGENT", "DUPLICATE_MAP": "WARNING", "BLOCKED_ZONE_VIOLATION": "CRITICAL",
    DUPLICATE_ZONE_SET: "WARNING", "RELEASE_LOST": "CRITICAL", "ZONE_ACTION_CONFLICT": "CRITICAL",
    "NODE_UNREACHABLE": "CRITICAL", "LOCALIZATION_ERROR": "FATAL", NO_ROUTE_TO_TARGET: "WARNING",
    OTHER_ORDER_ACTIVE: "WARNING", START_NODE_OUT_OF_RANGE: "WARNING", MOBILE_ROBOT_NOT_AVAILABLE: "WARNING",
    UNKNOWN_MAP_ID: "WARNING",
}  # fmt: skip
"""Type to level."""
REJECTIONS = frozenset({
    VALIDATION_FAILURE, "UNSUPPORTED_PARAMETER", INVALID_ORDER_ACTION, "INSUFFICIENT_MEMORY", OTHER_ORDER_ACTIVE,
    START_NODE_OUT_OF_RANGE, NO_ROUTE_TO_TARGET, MOBILE_ROBOT_NOT_AVAILABLE, UNKNOWN_MAP_ID,
})  # fmt: skip
"""The order that they are about was not taken (section 6.1.4)."""
PASSING = frozenset({OTHER_ORDER_ACTIVE, START_NODE_OUT_OF_RANGE, MOBILE_ROBOT_NOT_AVAILABLE})
"""Rejections that say how the robot is just now, and nothing of the order."""
UPDATE_REJECTIONS = REJECTIONS | {OUTDATED_ORDER_UPDATE, ORDER_UPDATE_FOLLOWING_CANCEL}
UNTIL_NEW_ORDER = frozenset({
    "UNSUPPORTED_PARAMETER", NO_ORDER_TO_CANCEL, VALIDATION_FAILURE, INVALID_ORDER_ACTION, OUTDATED_ORDER_UPDATE,
    SAME_ORDER_UPDATE_ID, ORDER_UPDATE_FOLLOWING_CANCEL, "INSUFFICIENT_MEMORY", "NODE_UNREACHABLE", NO_ROUTE_TO_TARGET,
    OTHER_ORDER_ACTIVE, START_NODE_OUT_OF_RANGE, UNKNOWN_MAP_ID,
})  # fmt: skip
"""A robot reports these until it has taken a new order (the table's last column)."""
_EARLIER = {
    "validationerror": VALIDATION_FAILURE, "unsupportedaction": INVALID_ORDER_ACTION,
    "ordererror": OTHER_ORDER_ACTIVE, "norouteerror": NO_ROUTE_TO_TARGET, "noroute": NO_ROUTE_TO_TARGET,
    "outdatedorder": OUTDATED_ORDER_UPDATE, "orderupdateerror": OUTDATED_ORDER_UPDATE,
}  # fmt: skip
"""Words of versions 1 and 2 and of their makers that the spelling alone does not give."""
_SPELLED = {each.replace("_", "").lower(): each for each in PREDEFINED}


def canonical(error_type: str) -> str:
    """The standard's word for an error type, however it is spelled (``noOrderToCancel``); the maker's own words stay."""
    plain = error_type.replace("_", "").replace("-", "").lower()
    return _SPELLED.get(plain) or _EARLIER.get(plain) or error_type


def references(error: Mapping[str, Any]) -> dict[str, str]:
    """What an error is about: ``orderId``, ``orderUpdateId``, ``actionId`` and so on."""
    return {each["referenceKey"]: each["referenceValue"] for each in error.get("errorReferences", ())}


def said(error: Mapping[str, Any]) -> str:
    """An error in a few words, for a person."""
    words = str(error.get("errorDescription", "")).strip()
    return f"{error['errorType']}: {words[:120]}" if words else str(error["errorType"])
