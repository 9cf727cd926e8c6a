"""Who does an operation that can be begun, at which station, and on which way. It chooses; it sends nothing and notes nothing."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.loads import Loads
from crewless.fleet.control.operations import OperationLedger
from crewless.fleet.control.roadmap import Roadmap, StationNode
from crewless.fleet.control.robots import Robot


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One robot for one operation."""

    robot: Robot
    station: StationNode
    route: list[str]


class Dispatcher:
    """Knows which stations have room.

    Args:
        ledger: of the operations.
        loads: that they carry.
        robots: by name.
        stations: on the floor.
        down: names of stations that are broken. These five are changed by the control only.
        roadmap: the floor.
        config: of the control.
    """

    def __init__(
        self, *, ledger: OperationLedger, loads: Loads, robots: Mapping[str, Robot], stations: Sequence[StationNode],
        down: set[str], roadmap: Roadmap, config: ControlConfig,
    ) -> None:  # fmt: skip
        self._ledger, self._loads, self._robots, self._down = ledger, loads, robots, down
        self._roadmap, self._config = roadmap, config
        self._by_kind: dict[str, list[StationNode]] = {}
        for each in stations:
            self._by_kind.setdefault(each.kind, []).append(each)
        self._used: Counter[str] = Counter()
        """Work under way at each station."""
        self._carriers: Counter[str] = Counter()
        """Loads on their way from or to each station."""

    def take_room(self, name: str, station: str, count: int) -> None:
        """An operation begins (1) or ends (-1) at a station."""
        if self._ledger.operations[name].carry is None:
            self._used[station] += count
            return
        for each in (station, self._loads.source(name)):
            self._carriers[each] += count

    def sequence(self) -> list[str]:
        """What can be begun, in the order in which it is to be: planned first, then what the longest chain of work hangs on."""
        operations, tail_s = self._ledger.operations, self._ledger.tail_s
        return sorted(self._ledger.ready, key=lambda name: (operations[name].rank, -tail_s[name], name))

    def stations_for(self, name: str) -> list[StationNode]:
        """All stations of the operation's kind, also broken ones."""
        return self._by_kind.get(self._ledger.operations[name].station_kind, [])

    def able(self, name: str, free: Mapping[str, Sequence[Robot]], now_s: float) -> list[Robot]:
        """The robots that may be sent now.

        Args:
            name: of the operation.
            free: skill to the free robots that have it.
            now_s: on the control's clock.
        """
        operation, tried = self._ledger.operations[name], self._ledger.progress[name].tried
        bearer = self._bearer(name)
        if bearer is not None:
            return [bearer] if bearer.free and bearer.takes(operation) and bearer.ready_s() <= now_s else []
        able = [robot for robot in free.get(operation.skill, ()) if not robot.assigned and robot.takes(operation)]
        fresh = [robot for robot in able if robot.name not in tried]
        if not fresh and any(
            robot.fit and operation.skill in robot.skills and robot.name not in tried and robot.takes(operation)
            for robot in self._robots.values()
        ):
            return []  # somebody who has not tried yet will be free
        return fresh or able

    def roomy(self, name: str) -> tuple[list[StationNode], bool]:
        """The stations that have room for the operation, and whether those are all that are not broken."""
        alive = [each for each in self.stations_for(name) if each.name not in self._down]
        if self._ledger.operations[name].carry is None:
            roomy = [each for each in alive if self._used[each.name] < each.places]
        else:
            bearer = self._bearer(name)
            roomy = [each for each in alive if bearer is not None or self._has_room(name, each.name)]
        return roomy, len(roomy) == len(alive)

    def choose(self, name: str, robots: Sequence[Robot], stations: Sequence[StationNode]) -> Dispatch | None:
        """The nearest robot of those that have a way, to the least used of the stations; one that would become too hot last."""
        operation = self._ledger.operations[name]
        below_c, planned, spare_m = operation.motor_below_c or math.inf, operation.robot, self._config.planned_m
        for station in sorted(stations, key=lambda each: self._used[each.name] / each.places)[:20]:
            if station.node in self._roadmap.closed:
                continue
            first = station.node
            if operation.carry is not None and self._loads.bearer(name) is None:
                first = next(iter(self._loads.nodes(name)), first)
            goal = self._roadmap.nodes[first]
            far_m = {
                each.name: math.dist(goal, (each.x_m, each.y_m)) - spare_m * (each.name == planned) for each in robots
            }
            near = sorted(robots, key=lambda each: (each.motor_c > below_c, far_m[each.name], each.name))
            for robot in near[:10] + near[10::50]:
                way = self.way(robot, name, station.node)
                if way is not None:
                    return Dispatch(robot, station, way[0])
        return None

    def way(self, robot: Robot, name: str, goal: str) -> tuple[list[str], int] | None:
        """The nodes of an order and the place among them where something is picked up, -1: nowhere. None: there is no way."""
        if self._ledger.operations[name].carry is None or name in robot.loads:
            route = self.route(robot, goal)
            return None if route is None else (route, -1)
        for node in self._loads.nodes(name):
            there = None if node in self._roadmap.closed else self.route(robot, node)
            onward = self._roadmap.route(node, goal)
            if there is not None and onward is not None:
                return there + onward[1:], len(there) - 1
        return None

    def route(self, robot: Robot, node: str) -> list[str] | None:
        """From where a robot is to a node."""
        return self._roadmap.route(self._roadmap.nearest(robot.x_m, robot.y_m), node)

    def _bearer(self, name: str) -> Robot | None:
        return self._loads.bearer(name) if self._ledger.operations[name].carry is not None else None

    def _has_room(self, load: str, station: str) -> bool:
        most = self._config.carriers or math.inf
        return self._carriers[station] < most and self._carriers[self._loads.source(load)] < most
