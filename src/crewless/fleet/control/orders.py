"""What the control sends to robots: orders, instant actions, zone sets and responses, as VDA 5050 words them."""

import itertools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crewless.fleet.control.roadmap import Roadmap
from crewless.fleet.control.robots import Robot
from crewless.fleet.control.zones import Zones
from crewless.fleet.vda5050.topics import Sender
from crewless.fleet.vda5050.transport import Transport


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

    def order(
        self, robot: Robot, route: Sequence[str], actions: Mapping[int, list[dict[str, Any]]], *, released: int,
        begin: int = 0, update: int = 0,
    ) -> None:  # fmt: skip
        """The robot's order ``robot.order``.

        Args:
            robot: whose.
            route: the nodes.
            actions: by their place in the route.
            released: so many nodes may be driven to.
            begin: an update begins at this place of the route.
            update: its number.
        """
        nodes: list[dict[str, Any]] = []
        for index, node in list(enumerate(route))[begin:]:
            x, y = self._roadmap.nodes[node]
            place: dict[str, Any] = {"x": x, "y": y, "mapId": "floor"}
            if wide := self._roadmap.deviation_m(node):
                place["allowedDeviationXY"] = {"a": wide, "b": wide, "theta": 0.0}
            nodes.append({
                "nodeId": node, "sequenceId": 2 * index, "released": index < released, "nodePosition": place,
                "actions": list(actions.get(index, [])),
            })  # fmt: skip
        edges: list[dict[str, Any]] = [
            {"edgeId": f"{a}-{b}", "sequenceId": 2 * index + 1, "released": index + 1 < released, "actions": []}
            for index, (a, b) in list(enumerate(itertools.pairwise(route)))[begin:]
        ]
        body = {"orderId": robot.order, "orderUpdateId": update, "nodes": nodes, "edges": edges}
        self._sender.send(robot.manufacturer, robot.serial, "order", body)

    def instant_action(self, robot: Robot, action: str, **arguments: Any) -> None:
        """An instant action."""
        actions: list[dict[str, Any]] = [{"actionType": action, "actionId": self.fresh(action), "blockingType": "NONE"}]
        if arguments:
            actions[0]["actionParameters"] = [{"key": key, "value": value} for key, value in arguments.items()]
        if robot.manufacturer:
            self._sender.send(robot.manufacturer, robot.serial, "instantActions", {"actions": actions})

    def zone_set(self, robots: Iterable[Robot], zones: Zones) -> None:
        """A whole new zone set to each robot, and the instant action that makes it count (one set of a map at a time)."""
        name = self.fresh("zones")
        body = zones.zone_set(name)
        for robot in robots:
            if robot.manufacturer and robot.online:
                self._sender.send(robot.manufacturer, robot.serial, "zoneSet", body)
                self.instant_action(robot, "enableZoneSet", zoneSetId=name)

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
