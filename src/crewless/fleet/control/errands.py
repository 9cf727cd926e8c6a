"""What a robot is sent to do that is no operation: to charge its battery, and to put back a load that nobody waits for any more.

Work says which share of a full battery it needs, what is kept in reserve included
(:attr:`crewless.fleet.control.operations.FleetOperation.charge_needed`); 0: that is not known, and any robot that is not low takes it.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.dispatcher import Dispatcher
from crewless.fleet.control.loads import Loads
from crewless.fleet.control.operations import OperationLedger
from crewless.fleet.control.orders import OrderSender, action
from crewless.fleet.control.roadmap import Roadmap, StationNode
from crewless.fleet.control.robots import Robot

ERRANDS = frozenset({"charge", "put back"})
"""What stands in :attr:`crewless.fleet.control.robots.Robot.assigned` meanwhile."""
MARGIN = 1.0
"""Percent: what a robot is charged beyond the need, because it draws some before it is sent."""


class Errands:
    """Sends robots on errands.

    Args:
        ledger: of the operations.
        loads: that they carry.
        robots: by name.
        stations: by name.
        chargers: nodes.
        roadmap: the floor.
        dispatcher: which knows the ways.
        sender: of the control.
        config: likewise.
    """

    def __init__(
        self, *, ledger: OperationLedger, loads: Loads, robots: Mapping[str, Robot], stations: Mapping[str, StationNode],
        chargers: Sequence[str], roadmap: Roadmap, dispatcher: Dispatcher, sender: OrderSender, config: ControlConfig,
    ) -> None:  # fmt: skip
        self._ledger, self._loads, self._robots, self._stations = ledger, loads, robots, stations
        self._chargers, self._roadmap, self._dispatcher, self._sender = chargers, roadmap, dispatcher, sender
        self._config = config

    def charged(self, name: str, able: Sequence[Robot], now_s: float) -> list[Robot]:
        """Those whose battery lasts for the work. Where there are none, the fullest of the others goes to charge for it."""
        need = 100.0 * self._ledger.operations[name].charge_needed
        # Who cannot be charged works with what it has.
        closed = not any(node not in self._roadmap.closed for node in self._chargers)
        enough = [each for each in able if closed or "charge" not in each.skills or covers(each, need)]
        if not enough and not self._on_its_way(name, now_s - 2 * self._config.charge_s):
            fullest = max(able, key=lambda each: (each.charge, each.name))
            self.charge(fullest, now_s, name, min(100.0, need + MARGIN))
        return enough

    def charge(self, robot: Robot, now_s: float, name: str = "", until: float = 0.0) -> None:
        """Send it to the nearest free charger: for an operation until a percentage, else until it may leave."""
        used = Counter(each.charger for each in self._robots.values() if each.charger and each.online)
        places = self._config.charger_places or math.inf
        free = [node for node in self._chargers if used[node] < places and node not in self._roadmap.closed]
        ways = [way for node in free if (way := self._dispatcher.route(robot, node)) is not None]
        if ways:
            way = min(ways, key=self._roadmap.length_m)
            robot.assigned, robot.charger, robot.asked_s = "charge", way[-1], now_s
            robot.order, robot.charged_for = robot.limits.identifier(self._sender.fresh("charge")), name
            robot.charge_before, robot.charge_until = robot.charge, until or self._config.charge_to
            arguments = {"duration_s": self._config.charge_s, "until_percent": robot.charge_until}
            actions = {len(way) - 1: [action("charge", robot.order, arguments)]}
            if self._sender.order(robot, way, actions, now_s):
                robot.assigned = robot.order = robot.charger = robot.charged_for = ""

    def put_back(self, robot: Robot, load: str, now_s: float) -> None:
        """Bring a load that nobody waits for any more to where it came from."""
        station = self._loads.source(load)
        route = self._dispatcher.route(robot, self._stations[station].node)
        if route is not None:
            robot.assigned, robot.asked_s = "put back", now_s
            robot.order = robot.limits.identifier(self._sender.fresh("put-back"))
            arguments = {"operation": "", "attempt": 0, "station": station, "loadId": load, "stationName": station}
            actions = {len(route) - 1: [action("drop", robot.order, arguments)]}
            if self._sender.order(robot, route, actions, now_s):
                robot.assigned = robot.order = ""

    def _on_its_way(self, name: str, since_s: float) -> bool:
        """Whether a robot that can still do so is being charged for this work, and was sent after ``since_s``."""
        return any(
            each.charged_for == name and each.assigned == "charge" and each.fit
            and each.asked_s >= since_s
            for each in self._robots.values()
        )  # fmt: skip


def covers(robot: Robot, need: float) -> bool:
    """Whether its charge lasts for work that needs so many percent, or is all that it can get: more than a full battery is not
    waited for."""
    return robot.charge >= min(need, robot.full - MARGIN)


def left_charger(robot: Robot) -> None:
    """A charge has ended. One that brought nothing and did not reach what was wanted shows how much the robot can get."""
    gained = robot.charge - robot.charge_before
    robot.full = robot.charge if gained < MARGIN and robot.charge < robot.charge_until else 100.0
    robot.charged_for = ""
