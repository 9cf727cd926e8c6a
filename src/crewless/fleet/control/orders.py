"""What the control sends to robots: orders, instant actions, zone sets and responses, as VDA 5050 words them."""

import itertools
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from crewless.fleet.control.roadmap import Roadmap
from crewless.fleet.control.robots import COMMANDED, MAP, Robot
from crewless.fleet.control.zones import Zones
from crewless.fleet.vda5050.topics import Sender, header
from crewless.fleet.vda5050.transport import Transport

_LARGEST = 2**32 - 1
"""A header's number at its longest."""


class OrderSender:
    """Sends the messages of one control.

    Args:
        transport: an end of the broker.
        roadmap: where the nodes lie.
    """

    def __init__(self, transport: Transport, roadmap: Roadmap) -> None:
        self._sender, self._roadmap = Sender(transport), roadmap
        # A robot takes an action's identifier once: what a control sent before it was killed must not be sent again.
        self._life = uuid.uuid4().hex[:12]
        self._count = 0

    def fresh(self, what: str) -> str:
        """An identifier that no control has used before."""
        self._count += 1
        return f"{what}-{self._life}-{self._count}"

    def compose(
        self, robot: Robot, order: str, route: Sequence[str], actions: Mapping[int, list[dict[str, Any]]], *,
        released: int, begin: int = 0, update: int = 0,
    ) -> dict[str, Any]:  # fmt: skip
        """An order or an update without its header.

        Args:
            robot: whose.
            order: its identifier.
            route: the nodes.
            actions: by their place in the route.
            released: so many nodes may be driven to.
            begin: an update begins at this place of the route.
            update: its number.
        """
        identifier = robot.limits.identifier
        end = begin + robot.limits.nodes if robot.limits.nodes else len(route)
        nodes: list[dict[str, Any]] = []
        for index, node in list(enumerate(route))[begin:end]:
            x, y = self._roadmap.nodes[node]
            wide = self._roadmap.deviation_m(node)
            if index == 0:
                # Where it stands is where its way begins (section 6.6.2).
                wide = max(wide, math.ceil(100 * math.dist((x, y), (robot.x_m, robot.y_m))) / 100)
            place: dict[str, Any] = {"x": x, "y": y, "mapId": MAP}
            if wide:
                place["allowedDeviationXY"] = {"a": wide, "b": wide, "theta": 0.0}
            nodes.append({
                "nodeId": identifier(node), "sequenceId": 2 * index, "released": index < released,
                "nodePosition": place, "actions": list(actions.get(index, [])),
            })  # fmt: skip
        edges: list[dict[str, Any]] = [
            {
                "edgeId": identifier(f"{a}-{b}"), "sequenceId": 2 * index + 1, "released": index + 1 < released,
                "actions": [],
            }
            for index, (a, b) in list(enumerate(itertools.pairwise(route)))[begin : end - 1]
        ]  # fmt: skip
        return {"orderId": order, "orderUpdateId": update, "nodes": nodes, "edges": edges}

    def exceeded(self, robot: Robot, order: Mapping[str, Any]) -> str:
        """What of an order is more than the robot takes; empty: nothing."""
        length = len(msgspec.json.encode(header(robot.manufacturer, robot.serial, _LARGEST) | dict(order)))
        return robot.limits.exceeded(order, length)

    def send_order(self, robot: Robot, order: Mapping[str, Any]) -> None:
        """What :meth:`compose` has made. Nothing is sent to a robot that may not be sent orders, whatever the reason."""
        if robot.online and robot.heard and not robot.unfit:
            self._sender.send(robot.manufacturer, robot.serial, "order", order)

    def order(
        self, robot: Robot, route: Sequence[str], actions: Mapping[int, list[dict[str, Any]]], now_s: float
    ) -> str:
        """An errand, ``robot.order``, released as a whole. Returns why it cannot be sent; empty: it was."""
        message = self.compose(robot, robot.order, route, actions, released=len(route))
        beyond = self.exceeded(robot, message)
        if not beyond:
            robot.errors_before, robot.times_sent, robot.ordered_s = robot.errors, 1, now_s
            self.send_order(robot, message)
        return beyond

    def instant_action(self, robot: Robot, action: str, **arguments: Any) -> str:
        """An instant action. Returns its identifier; empty: the robot's operating mode forbids it (section 6.6.6, table 10)."""
        known = robot.online and robot.heard and robot.mode
        if not robot.manufacturer or (
            known and robot.mode not in COMMANDED and not (robot.mode == "INTERVENED" and action == "cancelOrder")
        ):
            return ""
        name = robot.limits.identifier(self.fresh(action))
        actions: list[dict[str, Any]] = [{"actionType": action, "actionId": name, "blockingType": "NONE"}]
        if arguments:
            actions[0]["actionParameters"] = [{"key": key, "value": value} for key, value in arguments.items()]
        self._sender.send(robot.manufacturer, robot.serial, "instantActions", {"actions": actions})
        return name

    def zone_set(self, robots: Iterable[Robot], zones: Zones) -> list[Robot]:
        """A whole new zone set to each robot, and the instant action that makes it count (one set of a map at a time). Returns
        those that do not take so many zones."""
        name = self.fresh("zones")
        body = zones.zone_set(name)
        count, beyond = len(body["zoneSet"]["zones"]), list[Robot]()
        for robot in robots:
            if 0 < robot.limits.zones < count:
                beyond.append(robot)
                continue
            # It could not be enabled in another operating mode; the robot gets it when that is over.
            if robot.manufacturer and robot.online and (not robot.heard or robot.mode in COMMANDED):
                self._sender.send(robot.manufacturer, robot.serial, "zoneSet", body)
                self.instant_action(robot, "enableZoneSet", zoneSetId=name)
        return beyond

    def responses(self, robot: Robot, responses: list[dict[str, Any]]) -> None:
        """To requests for zones and corridors."""
        if responses and robot.manufacturer:
            self._sender.send(robot.manufacturer, robot.serial, "responses", {"responses": responses})


def action(kind: str, identifier: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """As an order holds it."""
    return {
        "actionType": kind, "actionId": identifier, "blockingType": "HARD",
        "actionParameters": [{"key": key, "value": value} for key, value in arguments.items()],
    }  # fmt: skip
