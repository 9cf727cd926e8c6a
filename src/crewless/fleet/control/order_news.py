"""What a robot's state says of the order that it was given (VDA 5050 version 3.0.0, sections 6.1.3, 6.1.4 and 6.6.9). It only reads."""

from collections.abc import Mapping
from typing import Any, Literal

from crewless.fleet.control.robots import Assignment, Robot
from crewless.fleet.vda5050.error_types import REJECTIONS, UPDATE_REJECTIONS, canonical, references

News = Literal["unheard", "refused", "forgotten", "over", "done", "failed", "stopped", "running", "under way"]
_PATIENCE = 2
"""An order that was sent more often than this is refused by an error that may be an older one's."""


def rejection(robot: Robot) -> Mapping[str, Any] | None:
    """The error by which a robot refuses its order; None: it does not.

    An error names the order that it is about if it can. One that names none counts when it is new since the order went out: the
    robot reports it until it takes a new order, so it may be about the one before.
    """
    for error in robot.errors:
        if canonical(error["errorType"]) in REJECTIONS:
            about = references(error).get("orderId")
            if about is None and (error not in robot.errors_before or robot.times_sent > _PATIENCE):
                return error
            if about == robot.order:
                return error
    return None


def update_rejection(robot: Robot, assignment: Assignment) -> Mapping[str, Any] | None:
    """The error by which a robot refuses the last update of its order; None: it does not."""
    about = {"orderId": robot.order, "orderUpdateId": str(assignment.update)}
    for error in robot.errors:
        named = canonical(error["errorType"]) in UPDATE_REJECTIONS and references(error).items() >= about.items()
        if named and assignment.accepted < assignment.update:
            return error
    return None


def news_of(robot: Robot, assignment: Assignment, state: Mapping[str, Any]) -> News:
    """What has become of the robot's order.

    Args:
        robot: which has read the state.
        assignment: the operation's.
        state: the robot's.
    """
    ended = {
        each["actionId"] for each in state["instantActionStates"] if each["actionStatus"] in ("FINISHED", "FAILED")
    }
    cancelled = assignment.cancelling and not ended.isdisjoint(assignment.cancels)
    if state["orderId"] != robot.order:
        if rejection(robot) is not None:
            return "refused"
        if cancelled:
            return "over"
        return "forgotten" if assignment.acknowledged else "unheard"
    statuses = {each["actionId"]: each["actionStatus"] for each in state["actionStates"]}
    mine = statuses.get(robot.order, "WAITING")
    if mine == "FINISHED":
        return "done"
    # What was not picked up is not dropped.
    if "FAILED" in (mine, statuses.get(robot.limits.identifier(f"{robot.order}/pick"))):
        return "failed"
    if robot.idle and assignment.cancelling:
        return "over"
    if robot.faults or "RETRIABLE" in statuses.values() or update_rejection(robot, assignment) is not None:
        # Nobody here sends a retry (section 6.2.3), and the base would never grow.
        return "stopped"
    return "running" if mine == "RUNNING" else "under way"
