"""Master control: gives every ready operation to a robot, hears what came of it, and plans anew when the world differs.

Planning is event-driven list scheduling: whatever happens (a robot is done early, late, dead or hot; a station breaks; a zone
closes) only changes who is free and what is ready, and the next :meth:`FleetControl.tick` assigns from there. A promise is in
the log before the order is sent; an operation that did not end well is promised again only after the site has said
that it was not done (:mod:`crewless.planner.dispatch.site`).
"""

import itertools
import json
import math
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crewless.core.errors import BadInput
from crewless.core.events import EventLog
from crewless.planner.dispatch.ledger import Ledger, Operation, Progress, order_of
from crewless.planner.dispatch.roadmap import Roadmap, Station
from crewless.planner.dispatch.site import ANSWER, ASK, STATION
from crewless.planner.dispatch.transport import Transport
from crewless.planner.dispatch.validate import decode
from crewless.planner.dispatch.wire import PREFIX, Sender, address


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlConfig:
    """When the control loses patience."""

    resend_s: float = 2.0
    """An order or a question that nobody reacts to is sent again after."""
    silence_s: float = 10.0
    """A robot that was promised work before a restart, and says nothing for so long, is lost."""
    late_factor: float = 3.0
    late_margin_s: float = 10.0
    """An operation is late when it takes ``late_factor`` times what was expected, and the margin."""
    max_failures: int = 3
    """An operation that fails so often is refused; what hangs on it waits, the rest goes on."""
    low_charge: float = 20.0
    """Percent: below, a free robot is sent to a charger."""
    charge_s: float = 600.0
    speed_m_s: float = 1.5


@dataclass(slots=True)
class Robot:
    """What the control knows of one robot, all of it from messages."""

    manufacturer: str
    serial: str
    online: bool = False
    skills: frozenset[str] = frozenset()
    x_m: float = math.nan
    y_m: float = math.nan
    charge: float = 100.0
    faults: frozenset[str] = frozenset()
    heard: bool = False
    paused: bool = False
    promised: str = ""
    """The operation that it has, or ``charge``."""
    order: str = ""


@dataclass(slots=True)
class _Promise:
    sent_s: float
    since_s: float
    expected_s: float
    acknowledged: bool = False
    doubt: str = ""
    """Why the promise is off; the site is being asked."""
    blame: bool = False
    cancelling: bool = False
    route: list[str] = field(default_factory=list)


class FleetControl:
    """One fleet, one floor, one list of operations.

    Raises:
        BadInput: operations that wait for each other, or are named twice.
    """

    def __init__(
        self, *, operations: Sequence[Operation], roadmap: Roadmap, stations: Sequence[Station], transport: Transport,
        log: EventLog, chargers: Sequence[str] = (), config: ControlConfig | None = None,
    ) -> None:  # fmt: skip
        self.config = config or ControlConfig()
        self.roadmap, self.transport, self.log, self.chargers = roadmap, transport, log, chargers
        self.stations = {each.station: each for each in stations}
        self.down: set[str] = set()
        self.robots: dict[str, Robot] = {}
        self.ledger = Ledger(operations)
        self.ledger.replay(log.path)
        self._resumed = set(self.ledger.names("assigned"))
        self._promises: dict[str, _Promise] = {}
        self._used: Counter[str] = Counter(self.ledger.progress[name].station for name in self._resumed)
        self._unreachable: set[str] = set()
        self._cancelled: set[str] = set()
        self._instant = self._charges = 0
        # A robot takes an action's identifier once: what a planner said before it was killed must not be said again.
        self._life = uuid.uuid4().hex[:12]
        self._sender = Sender(transport)
        for pattern in (
            f"{PREFIX}/+/+/connection",
            f"{PREFIX}/+/+/factsheet",
            f"{PREFIX}/+/+/state",
            ANSWER,
            f"{STATION}/+",
        ):
            transport.subscribe(pattern)

    # What a person may do ---------------------------------------------------------------------------------------------

    def cancel(self, operation: str) -> None:
        """Take an operation out of the plan, also while it is under way. Raises BadInput when there is none."""
        if operation not in self.ledger.operations:
            raise BadInput(f"there is no operation {operation!r} to cancel")
        self._cancelled.add(operation)
        progress = self.ledger.progress[operation]
        if progress.status == "waiting":
            self._end(operation, "cancelled")
        elif progress.status == "assigned":
            self._call_off(operation, "cancelled", blame=False)

    def pause(self, serial: str, paused: bool = True) -> None:
        """Stop a robot where it is, or let it go on."""
        self._tell(self._robot(serial), "startPause" if paused else "stopPause")

    def close_zone(self, zone: str, nodes: Iterable[str]) -> None:
        """Nobody is sent through these nodes any more; who was to drive there is called off; all robots are told."""
        nodes = set(nodes)
        self.roadmap.close(nodes)
        for operation, promise in list(self._promises.items()):
            if nodes & set(promise.route):
                self._call_off(operation, "forfeited", blame=False)
        body = {"mapId": "floor", "zoneSetId": zone, "zones": [self._square(zone, node) for node in sorted(nodes)]}
        for robot in self.robots.values():
            self._sender.send(robot.manufacturer, robot.serial, "zoneSet", {"zoneSet": body})
        self._note(zone, "zone closed")

    def open_zone(self, zone: str, nodes: Iterable[str]) -> None:
        """The reverse."""
        self.roadmap.open(nodes)
        self._note(zone, "zone opened")

    def finished(self) -> bool:
        """Whether nothing is under way and nothing can become ready."""
        return all(progress.status in ("done", "refused", "cancelled") for progress in self.ledger.progress.values())

    # Time -------------------------------------------------------------------------------------------------------------

    def tick(self, now_s: float, wait_s: float = 0.0) -> None:
        """Hear all that has arrived, look for what is overdue, assign what is ready.

        Args:
            now_s: any clock that runs forward.
            wait_s: so long at most for the first message.
        """
        for topic, payload in self.transport.receive(wait_s):
            self._hear(topic, payload)
        for name in self._resumed:
            progress = self.ledger.progress[name]
            self._promises[name] = _Promise(now_s, now_s, self.ledger.operations[name].duration_s + 60.0)
            robot = self.robots.setdefault(progress.robot, Robot("", progress.robot))
            robot.promised, robot.order = name, order_of(name, progress.attempt)
        self._resumed = set()
        for name in list(self._promises):
            self._look_after(name, now_s)
        self._assign(now_s)

    def _look_after(self, name: str, now_s: float) -> None:
        promise, progress = self._promises[name], self.ledger.progress[name]
        robot = self.robots[progress.robot]
        if math.isinf(promise.sent_s) or now_s - promise.sent_s >= self.config.resend_s:
            if promise.doubt and not promise.cancelling:
                promise.sent_s = now_s
                question = {"operation": name, "attempt": progress.attempt}
                self.transport.publish(ASK, json.dumps(question).encode())
                return
            if not promise.acknowledged and robot.online and robot.heard:
                promise.sent_s = now_s
                self._send_order(robot, name, progress, promise)
        if promise.doubt and not promise.cancelling:
            return
        waited_s = now_s - promise.since_s
        if not robot.online and (robot.heard or waited_s > self.config.silence_s):
            self._doubt(name, "forfeited", blame=False)
        elif waited_s > self.config.late_factor * promise.expected_s + self.config.late_margin_s:
            if promise.cancelling:  # it does not even answer that: the site will refuse its work
                self._doubt(name, promise.doubt, promise.blame)
            else:
                self._note(robot.serial, f"late with {name}")
                self._call_off(name, "forfeited", blame=True)
                promise.since_s = now_s

    # Messages ---------------------------------------------------------------------------------------------------------

    def _hear(self, topic: str, payload: bytes) -> None:
        if topic == ANSWER:
            self._answered(json.loads(payload))
            return
        if topic.startswith(STATION + "/"):
            self._station(topic.rpartition("/")[2], payload == b"down")
            return
        place = address(topic)
        if place is None:
            return
        manufacturer, serial, kind = place
        try:
            message = decode(kind, payload)
        except BadInput as error:
            self._note(serial, str(error))
            return
        robot = self.robots.setdefault(serial, Robot(manufacturer, serial))
        robot.manufacturer = manufacturer
        if kind == "connection":
            was, robot.online = robot.online, message["connectionState"] == "ONLINE"
            if robot.online and not was:
                self._tell(robot, "stateRequest")
            elif was and not robot.online:
                self._note(serial, f"connection {message['connectionState']}")
                robot.heard = True
        elif kind == "factsheet":
            actions = message["protocolFeatures"]["mobileRobotActions"]
            robot.skills = frozenset(action["actionType"] for action in actions)
        elif kind == "state":
            self._state(robot, message)

    def _state(self, robot: Robot, state: dict[str, Any]) -> None:
        robot.heard = True
        if "mobileRobotPosition" in state:
            robot.x_m, robot.y_m = state["mobileRobotPosition"]["x"], state["mobileRobotPosition"]["y"]
        robot.charge = state["powerSupply"]["stateOfCharge"]
        robot.paused = state.get("paused", False)
        faults = frozenset(error["errorType"] for error in state["errors"] if error["errorLevel"] != "WARNING")
        for fault in sorted(faults - robot.faults):
            self._note(robot.serial, fault)
        robot.faults = faults
        if not robot.promised or state["orderId"] != robot.order:
            refused = {error["errorType"] for error in state["errors"]} & {"unsupportedAction", "validationFailure"}
            if robot.promised and robot.promised != "charge" and refused:
                self._doubt(robot.promised, "forfeited", blame=True)
            return
        status = {each["actionId"]: each["actionStatus"] for each in state["actionStates"]}.get(robot.order, "WAITING")
        if robot.promised == "charge":
            if status in ("FINISHED", "FAILED"):
                robot.promised = robot.order = ""
            return
        name = robot.promised
        promise = self._promises.get(name)
        if promise is None:
            return
        promise.acknowledged = True
        if status == "FINISHED":
            self._end(name, "done")
        elif status == "FAILED" and (promise.cancelling or not promise.doubt):
            self._doubt(name, promise.doubt or "failed", promise.blame or not promise.doubt)
        elif faults and not promise.doubt:
            # Too hot, or empty: somebody else does it meanwhile.
            self._call_off(name, "forfeited", blame=False)

    def _answered(self, answer: dict[str, Any]) -> None:
        name = answer["operation"]
        promise, progress = self._promises.get(name), self.ledger.progress.get(name)
        if promise is None or progress is None or not promise.doubt or answer["attempt"] != progress.attempt:
            return
        outcome = "done" if answer["done"] else "cancelled" if name in self._cancelled else promise.doubt
        self._end(name, outcome, blame=promise.blame)
        if outcome == "failed" and progress.failures >= self.config.max_failures:
            self._refuse(name, f"failed {progress.failures} times")

    def _station(self, station: str, down: bool) -> None:
        (self.down.add if down else self.down.discard)(station)
        self._note(station, "station down" if down else "station up")
        if down:
            for name in list(self._promises):
                if self.ledger.progress[name].station == station:
                    self._call_off(name, "forfeited", blame=False)

    # Promises ---------------------------------------------------------------------------------------------------------

    def _assign(self, now_s: float) -> None:
        free = [
            robot for robot in self.robots.values()
            if robot.online and robot.heard and not robot.promised and not robot.faults and not robot.paused
            and not math.isnan(robot.x_m)
        ]  # fmt: skip
        for robot in [each for each in free if each.charge < self.config.low_charge and self.chargers]:
            self._charge(robot)
            free.remove(robot)
        ready = (
            sorted(self.ledger.ready, key=lambda name: (-self.ledger.tail_s[name], name)) if self.ledger.ready else []
        )
        for name in ready:
            if not free and any(robot.skills for robot in self.robots.values()):
                break
            operation, progress = self.ledger.operations[name], self.ledger.progress[name]
            stations = [each for each in self.stations.values() if each.kind == operation.station_kind]
            alive = [each for each in stations if each.station not in self.down]
            if not stations:
                self._refuse(name, f"there is no station for {operation.station_kind}")
                continue
            able = [robot for robot in free if operation.skill in robot.skills]
            fresh = [robot for robot in able if robot.serial not in progress.tried]
            everybody = [each for each in self.robots.values() if each.online and operation.skill in each.skills]
            if not fresh and any(each.serial not in progress.tried for each in everybody):
                continue  # somebody who has not tried yet will be free
            chosen = self._choose(fresh or able, [each for each in alive if self._used[each.station] < each.places])
            if chosen is None:
                if (
                    able
                    and name not in self._unreachable
                    and all(self._used[each.station] < each.places for each in alive)
                ):
                    self._unreachable.add(name)
                    self._note(name, f"no robot can reach a station for {operation.station_kind}")
                continue
            robot, station, route = chosen
            self._unreachable.discard(name)
            free.remove(robot)
            self._used[station.station] += 1
            event = self.log.add(
                case=name, cell=station.station, resource=robot.serial, kind="start", outcome="assigned",
                attempt=progress.attempt + 1,
            )  # fmt: skip
            self.ledger.fold(event)
            expected_s = self.roadmap.length_m(route) / self.config.speed_m_s + operation.duration_s
            promise = self._promises[name] = _Promise(now_s, now_s, expected_s)
            robot.promised, robot.order = name, order_of(name, progress.attempt)
            self._send_order(robot, name, progress, promise)

    def _choose(self, robots: list[Robot], stations: list[Station]) -> tuple[Robot, Station, list[str]] | None:
        """The nearest robot of those that have a way, to the least used of the stations."""
        for station in sorted(stations, key=lambda each: self._used[each.station] / each.places)[:20]:
            goal = self.roadmap.nodes[station.node]
            near = sorted(robots, key=lambda each: (math.dist(goal, (each.x_m, each.y_m)), each.serial))
            for robot in near[:10] + near[10::50]:
                route = None if station.node in self.roadmap.closed else self._route(robot, station.node)
                if route is not None:
                    return robot, station, route
        return None

    def _route(self, robot: Robot, node: str) -> list[str] | None:
        return self.roadmap.route(self.roadmap.nearest(robot.x_m, robot.y_m), node)

    def _send_order(self, robot: Robot, name: str, progress: Progress, promise: _Promise) -> None:
        operation = self.ledger.operations[name]
        route = self._route(robot, self.stations[progress.station].node)
        if route is None:
            self._doubt(name, "forfeited", blame=False)
            return
        promise.route = route
        arguments = {
            "duration_s": operation.duration_s, "operation": name, "attempt": progress.attempt, "station": progress.station,
        }  # fmt: skip
        self._order(robot, route, operation.skill, arguments)

    def _charge(self, robot: Robot) -> None:
        ways = [way for node in self.chargers if (way := self._route(robot, node)) is not None]
        if ways:
            self._charges += 1
            robot.promised, robot.order = "charge", f"charge-{robot.serial}-{self._charges}-{robot.charge:.0f}"
            self._order(robot, min(ways, key=self.roadmap.length_m), "charge", {"duration_s": self.config.charge_s})

    def _order(self, robot: Robot, route: list[str], action: str, arguments: dict[str, Any]) -> None:
        nodes: list[dict[str, Any]] = []
        for index, node in enumerate(route):
            x, y = self.roadmap.nodes[node]
            nodes.append({
                "nodeId": node, "sequenceId": 2 * index, "released": True,
                "nodePosition": {"x": x, "y": y, "mapId": "floor"}, "actions": [],
            })  # fmt: skip
        nodes[-1]["actions"].append({
            "actionType": action, "actionId": robot.order, "blockingType": "HARD",
            "actionParameters": [{"key": key, "value": value} for key, value in arguments.items()],
        })  # fmt: skip
        edges = [
            {"edgeId": f"{a}-{b}", "sequenceId": 2 * index + 1, "released": True, "actions": []}
            for index, (a, b) in enumerate(itertools.pairwise(route))
        ]
        body = {"orderId": robot.order, "orderUpdateId": 0, "nodes": nodes, "edges": edges}
        self._sender.send(robot.manufacturer, robot.serial, "order", body)

    def _call_off(self, name: str, why: str, *, blame: bool) -> None:
        """Ask the robot to stop; what became of the work is found out when it answers."""
        promise = self._promises.get(name)
        if promise is None or promise.doubt:
            return
        promise.doubt, promise.blame, promise.cancelling = why, blame, True
        self._tell(self.robots[self.ledger.progress[name].robot], "cancelOrder")

    def _doubt(self, name: str, why: str, blame: bool) -> None:
        """The robot will not do it any more: ask the site, at the next tick, whether it had."""
        promise = self._promises[name]
        promise.doubt, promise.blame, promise.cancelling, promise.sent_s = why, blame, False, -math.inf

    def _end(self, name: str, outcome: str, *, blame: bool = False) -> None:
        progress = self.ledger.progress[name]
        self._promises.pop(name, None)
        if progress.status == "assigned":
            self._used[progress.station] -= 1
        robot = self.robots.get(progress.robot)
        if robot is not None and robot.promised == name:
            robot.promised = robot.order = ""
        event = self.log.add(
            case=name, cell=progress.station, resource=progress.robot, kind="end", outcome=outcome,
            attempt=progress.attempt, **({"blame": True} if blame else {}),
        )  # fmt: skip
        self.ledger.fold(event)

    def _refuse(self, name: str, why: str) -> None:
        """Not to be done at all; what hangs on it falls too, the rest goes on."""
        self._note(name, f"refused: {why}")
        todo = [name]
        while todo:
            each = todo.pop()
            if self.ledger.progress[each].status == "waiting":
                self._end(each, "refused")
                todo += self.ledger.followers[each]

    def refuse_impossible(self) -> list[str]:
        """Refuse what no robot of the whole fleet has the skill for; to be called when the fleet is complete."""
        skills = set().union(*(robot.skills for robot in self.robots.values()))
        hopeless = [name for name in self.ledger.names("waiting") if self.ledger.operations[name].skill not in skills]
        for name in hopeless:
            self._refuse(name, f"no robot has the skill {self.ledger.operations[name].skill}")
        return hopeless

    # Small things -----------------------------------------------------------------------------------------------------

    def _robot(self, serial: str) -> Robot:
        if serial not in self.robots:
            raise BadInput(f"no robot {serial!r} is known", alternatives=sorted(self.robots)[:5])
        return self.robots[serial]

    def _tell(self, robot: Robot, action: str) -> None:
        self._instant += 1
        identifier = f"{action}-{self._life}-{self._instant}"
        actions = [{"actionType": action, "actionId": identifier, "blockingType": "NONE"}]
        if robot.manufacturer:
            self._sender.send(robot.manufacturer, robot.serial, "instantActions", {"actions": actions})

    def _square(self, zone: str, node: str) -> dict[str, Any]:
        x, y = self.roadmap.nodes[node]
        corners = [(x - 0.5, y - 0.5), (x + 0.5, y - 0.5), (x + 0.5, y + 0.5), (x - 0.5, y + 0.5)]
        vertices = [{"x": a, "y": b} for a, b in corners]
        return {"zoneId": f"{zone}-{node}", "zoneType": "BLOCKED", "vertices": vertices}

    def _note(self, resource: str, text: str) -> None:
        self.log.add(case="fleet", cell="dispatch", resource=resource, kind="note", outcome=text)
