"""The orders of a control: composed within what a robot takes, sent, sent again, and released piece by piece."""

import math

from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.dispatcher import Dispatcher
from crewless.fleet.control.loads import Loads
from crewless.fleet.control.operations import OperationLedger, order_of
from crewless.fleet.control.orders import OrderSender, action
from crewless.fleet.control.roadmap import Roadmap, StationNode
from crewless.fleet.control.robots import Assignment, Robot


class OrderBook:
    """Args:
    ledger: of the operations.
    loads: that they carry.
    roadmap: the floor.
    dispatcher: which knows the ways.
    sender: of the control.
    config: likewise.
    run: see :class:`crewless.fleet.control.fleet_control.FleetControl`.
    """

    def __init__(
        self, *, ledger: OperationLedger, loads: Loads, roadmap: Roadmap, dispatcher: Dispatcher, sender: OrderSender,
        config: ControlConfig, run: str,
    ) -> None:  # fmt: skip
        self._ledger, self._loads, self._roadmap, self._dispatcher = ledger, loads, roadmap, dispatcher
        self._sender, self._config, self._run = sender, config, run
        self._given: set[str] = set()

    def order_id(self, name: str, attempt: int, robot: Robot) -> str:
        """Of an operation's order, the same in every process."""
        order = order_of(name, attempt)
        return robot.limits.identifier(f"{self._run}/{order}" if self._run else order)

    def is_ours(self, order: str) -> bool:
        """Whether an order is one of this run."""
        operation = order.removeprefix(f"{self._run}/").rpartition("#")[0]
        mine = order.startswith(f"{self._run}/") if self._run else True
        return order in self._given or (mine and operation in self._ledger.operations)

    def compose(self, robot: Robot, name: str, station: StationNode, attempt: int, assignment: Assignment) -> str:
        """The first message of an operation's order, in ``assignment``. Returns why there can be none; empty: there is one."""
        way = self._dispatcher.way(robot, name, station.node)
        if way is None:
            return "there is no way"
        route, pick = way
        order = self.order_id(name, attempt, robot)
        arguments = {
            "duration_s": self._ledger.operations[name].duration_s, "operation": name, "attempt": attempt,
            "station": station.name,
        }  # fmt: skip
        operation = self._ledger.operations[name]
        if operation.carry is None:
            actions = {len(route) - 1: [action(operation.skill, order, arguments)]}
        else:
            up, down = self._loads.actions(name, order, robot.limits.identifier(f"{order}/pick"), arguments)
            actions = {pick: [up]} if pick >= 0 else {}
            actions.setdefault(len(route) - 1, []).append(down)
        assignment.route, assignment.actions, assignment.update, assignment.accepted = route, actions, 0, -1
        assignment.released = self._next(robot, assignment, 1)
        if assignment.released < len(route) and robot.limits.nodes == 1:
            return f"{len(route)} nodes in an order, and it takes 1"
        assignment.message = self._sender.compose(robot, order, route, actions, released=assignment.released)
        return self._sender.exceeded(robot, assignment.message)

    def send(self, robot: Robot, assignment: Assignment, now_s: float) -> None:
        """The last message of the order, as it was composed: sent again it is the same."""
        assert assignment.message is not None
        if assignment.update == 0:
            if robot.times_sent == 0:
                robot.errors_before = robot.errors
            robot.times_sent += 1
        self._given.add(robot.order)
        assignment.sent_s = robot.ordered_s = now_s
        self._sender.send_order(robot, assignment.message)

    def release_more(self, robot: Robot, assignment: Assignment, now_s: float) -> None:
        """An order update: it begins at the last node that was released (VDA 5050, section 6.1.2)."""
        begin = assignment.released - 1
        assignment.released = self._next(robot, assignment, assignment.released)
        assignment.update += 1
        assignment.wants_more = False
        assignment.message = self._sender.compose(
            robot, robot.order, assignment.route, assignment.actions, begin=begin, released=assignment.released,
            update=assignment.update,
        )  # fmt: skip
        self.send(robot, assignment, now_s)

    def detour(self, robot: Robot, assignment: Assignment, closed: frozenset[str], now_s: float) -> bool:
        """Another way from the last released node, where nothing that is released is closed; False: there is none.

        The base is never changed, and an update that the robot has not taken yet may or may not have reached it: then its
        base has no end that is known (section 6.1.2).
        """
        base = assignment.route[: assignment.released]
        if assignment.revoked or assignment.released >= len(assignment.route) or closed & set(base):
            return False
        if assignment.accepted < assignment.update:
            return False
        rest = self._roadmap.route(base[-1], assignment.route[-1])
        if rest is None or assignment.route[-1] in self._roadmap.closed:
            return False
        if len(assignment.actions) > 1 and max(set(assignment.actions) - {len(assignment.route) - 1}) >= len(base):
            return False  # what is to be picked up lies beyond
        last = assignment.actions.pop(len(assignment.route) - 1)
        assignment.route = base + rest[1:]
        assignment.actions[len(assignment.route) - 1] = last
        self.release_more(robot, assignment, now_s)
        return True

    def _next(self, robot: Robot, assignment: Assignment, released: int) -> int:
        """How many nodes are released after so many."""
        more: float = self._config.base_nodes or math.inf
        if robot.limits.nodes:
            more = min(more, robot.limits.nodes - 1)
        return int(min(len(assignment.route), released + more))
