"""Master control: gives every ready operation to a robot, hears what came of it, and plans anew when the world differs.

Planning is event-driven list scheduling: whatever happens (a robot is done early, late, dead or hot; a station breaks; a zone
closes) only changes who is free and what is ready, and the next :meth:`FleetControl.tick` assigns from there. A promise is in
the log before the order is sent; an operation that did not end well is promised again only after the site has said
that it was not done (:mod:`crewless.fleet.site`).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from crewless.core.errors import BadInput
from crewless.core.events import EventLog
from crewless.fleet.control.charging import MARGIN, covers, left_charger, on_its_way
from crewless.fleet.control.loads import Loads, action
from crewless.fleet.control.operations import Operation, OperationLedger, Progress, order_of
from crewless.fleet.control.orders import Speech
from crewless.fleet.control.roadmap import Roadmap, Station
from crewless.fleet.control.robots import Promise, Robot, name_of, named
from crewless.fleet.control.zones import Ground
from crewless.fleet.site import Answer, topics
from crewless.fleet.vda5050.topics import PREFIX, address
from crewless.fleet.vda5050.transport import Transport
from crewless.fleet.vda5050.validation import decode

_ERRANDS = frozenset({"charge", "put back"})
"""What a robot may have been sent to do that is no operation."""
_MOST_WORDS = 20
"""Different complaints about one robot that are noted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlConfig:
    """When the control loses patience."""

    resend_s: float = 2.0
    """An order or a question that nobody reacts to is sent again after."""
    silence_s: float = 10.0
    """A robot that was promised work before a restart, and says nothing for so long, is lost."""
    offline_s: float = 0.0
    """A robot whose connection broke may come back for so long before its work is given to another."""
    late_factor: float = 3.0
    late_margin_s: float = 10.0
    """An operation is late when it takes ``late_factor`` times what was expected, and the margin."""
    max_failures: int = 3
    """An operation that fails so often is refused; what hangs on it waits, the rest goes on."""
    low_charge: float = 20.0
    """Percent: below, a free robot is sent to a charger."""
    charge_s: float = 600.0
    """So long on the charger at most."""
    cooling_s: float = 480.0
    """A motor that is too hot needs about so long; work that has been going on for longer is left with its robot, and other work
    is given to a cool one."""
    charge_to: float = 90.0
    """Percent: a robot that was low leaves the charger."""
    charger_places: int = 0
    """Robots that a charger takes at once; 0: any number."""
    speed_m_s: float = 1.5
    planned_m: float = 0.0
    """The robot that the schedule means is sent unless another that is free is nearer by more than this."""
    base_nodes: int = 0
    """So many nodes of a way are released at once, the rest by order updates as the robot gets on; 0: all."""
    carriers: int = 0
    """Robots that bring something to a station, or fetch something from it, at once; more would stand in each other's way. 0: any
    number."""
    block_dead: bool = False
    """A robot that died on the floor becomes a blocked zone, so that the others drive around it."""


class FleetControl:
    """One fleet, one floor, one list of operations.

    Args:
        operations: what is to be done.
        roadmap: the floor.
        stations: on it.
        transport: an end of a broker.
        log: of events; what it holds already is taken over.
        chargers: nodes.
        config: when it loses patience.
        run: a name that sets orders and the site's topics apart from those of other runs on one broker.
        warn: called with a robot's name and the words when it sends what cannot be understood; once for the same words.

    Raises:
        BadInput: operations that wait for each other, or are named twice.
    """

    def __init__(
        self, *, operations: Sequence[Operation], roadmap: Roadmap, stations: Sequence[Station], transport: Transport,
        log: EventLog, chargers: Sequence[str] = (), config: ControlConfig | None = None, run: str = "",
        warn: Callable[[str, str], None] | None = None,
    ) -> None:  # fmt: skip
        self.config = config or ControlConfig()
        self.roadmap, self.transport, self.log, self.chargers = roadmap, transport, log, chargers
        self.stations = {each.station: each for each in stations}
        self._by_kind: dict[str, list[Station]] = {}
        for each in stations:
            self._by_kind.setdefault(each.kind, []).append(each)
        self.down: set[str] = set()
        self.robots: dict[str, Robot] = {}
        self.ledger = OperationLedger(operations)
        self.ledger.replay(log.path)
        self._loads = Loads(self.ledger, self.stations, roadmap, self.robots)
        self._resumed = set(self.ledger.names("assigned"))
        self._promises: dict[str, Promise] = {}
        self._used: Counter[str] = Counter()
        """Work under way at each station."""
        self._carriers: Counter[str] = Counter()
        """Loads on their way from or to each station."""
        for name in self._resumed:
            self._take_room(name, self.ledger.progress[name].station, 1)
        self._unreachable: set[str] = set()
        self._cancelled: set[str] = set()
        self._given_up: dict[str, str] = {}
        self._now_s = 0.0
        self._news = True
        """Something has changed since the last look for work to assign."""
        self._ground = Ground(roadmap)
        self._run, self._warn = run, warn
        self._warned: dict[str, set[str]] = {}
        self._speech = Speech(transport, roadmap)
        self._ask, self._answer, self._station_topic = topics(run)
        for pattern in (
            # Of all versions: one that is not spoken here is to be named, not overheard.
            f"{PREFIX.partition('/')[0]}/+/+/+/connection",
            f"{PREFIX}/+/+/factsheet",
            f"{PREFIX}/+/+/state",
            f"{PREFIX}/+/+/visualization",
            self._answer,
            f"{self._station_topic}/+",
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

    def give_up(self, operation: str, why: str) -> None:
        """Refuse an operation and all that hangs on it, also while it is under way. Raises BadInput when there is none."""
        if operation not in self.ledger.operations:
            raise BadInput(f"there is no operation {operation!r} to give up")
        self._given_up[operation] = why
        progress = self.ledger.progress[operation]
        if progress.status == "waiting":
            self._refuse(operation, why)
        elif progress.status == "assigned":
            self._call_off(operation, "forfeited", blame=False)

    def move(self, operation: str, *, station_kind: str, skill: str) -> None:
        """Have it done at another kind of station from its next promise on. Raises BadInput when there is no such operation."""
        if operation not in self.ledger.operations:
            raise BadInput(f"there is no operation {operation!r} to move")
        event = self.log.add(
            case=operation, cell=station_kind, resource=operation, kind="note", outcome="moved", station_kind=station_kind,
            skill=skill,
        )  # fmt: skip
        self.ledger.fold(event)
        self._news = True

    def add(self, operation: Operation, before: Sequence[str]) -> None:
        """One more operation, which others that are not promised to anybody wait for. It is in the log, like all that was planned.

        Raises:
            BadInput: there is one of that name, or it waits for one, or one waits for it, that is not there.
        """
        known = self.ledger.operations
        if operation.operation in known:
            raise BadInput(f"there is an operation {operation.operation!r} already")
        for each in (*operation.after, *before):
            if each not in known:
                raise BadInput(f"operation {operation.operation} hangs together with {each!r}, which is not there")
        event = self.log.add(
            case=operation.operation, cell=operation.station_kind, resource=operation.operation, kind="note", outcome="added",
            operation=asdict(operation), before=list(before),
        )  # fmt: skip
        self.ledger.fold(event)
        self._news = True

    def pause(self, serial: str, paused: bool = True) -> None:
        """Stop a robot where it is, or let it go on."""
        self._speech.tell(self._robot(serial), "startPause" if paused else "stopPause")

    def close_zone(self, zone: str, nodes: Iterable[str]) -> None:
        """Nobody is sent through these nodes any more; all robots are told. Who was to drive there is sent another way where
        only the part ahead that is not released yet is concerned, and called off otherwise."""
        nodes = frozenset(nodes)
        self._ground.close(zone, nodes)
        for operation, promise in list(self._promises.items()):
            if nodes & set(promise.route) and not self._detour(operation, promise, nodes):
                self._call_off(operation, "forfeited", blame=False)
        self._news = True
        self._speech.zones(self.robots.values(), self._ground)
        self._note(zone, "zone closed")

    def open_zone(self, zone: str, nodes: Iterable[str] = ()) -> None:
        """The reverse; ``nodes`` need not be named."""
        self._ground.open(zone, frozenset(nodes))
        self._news = True
        self._speech.zones(self.robots.values(), self._ground)
        self._note(zone, "zone opened")

    def guard_zone(self, zone: str, corners: Sequence[tuple[float, float]], robots: int = 1) -> None:
        """A zone that so many robots at once may enter, each only when it was granted (VDA 5050: zone type RELEASE)."""
        self._ground.guard(zone, corners, robots)
        self._speech.zones(self.robots.values(), self._ground)

    def finished(self) -> bool:
        """Whether nothing is under way and nothing can become ready."""
        return self.ledger.open == 0

    def unanswered_s(self) -> float:
        """So long has the site been asked without an answer, at most of all questions."""
        asked = [each.asked_s for each in self._promises.values() if each.doubt and not each.cancelling]
        return max((self._now_s - each for each in asked if not math.isinf(each)), default=0.0)

    # Time -------------------------------------------------------------------------------------------------------------

    def tick(self, now_s: float, wait_s: float = 0.0) -> None:
        """Hear all that has arrived, look for what is overdue, assign what is ready.

        Args:
            now_s: any clock that runs forward.
            wait_s: so long at most for the first message.
        """
        self._now_s = now_s
        for topic, payload in self.transport.receive(wait_s):
            self._hear(topic, payload)
        for name in self._resumed:
            progress = self.ledger.progress[name]
            self._promises[name] = Promise(now_s, now_s, self.ledger.operations[name].duration_s + 60.0)
            robot = self.robots.setdefault(progress.robot, Robot(*named(progress.robot)))
            robot.promised, robot.order = name, self._order_of(name)
        self._resumed = set()
        for name in list(self._promises):
            self._look_after(name, now_s)
        if self._news:
            self._news = False
            self._assign(now_s)

    def _look_after(self, name: str, now_s: float) -> None:
        promise, progress = self._promises[name], self.ledger.progress[name]
        robot = self.robots[progress.robot]
        if math.isinf(promise.sent_s) or now_s - promise.sent_s >= self.config.resend_s:
            if promise.doubt and not promise.cancelling:
                promise.sent_s = now_s
                promise.asked_s = min(promise.asked_s, now_s)
                question = {"operation": name, "attempt": progress.attempt}
                self.transport.publish(self._ask, msgspec.json.encode(question))
                return
            if not promise.acknowledged and robot.online and robot.heard:
                promise.sent_s = now_s
                self._send_order(robot, name, progress, promise)
        if promise.doubt and not promise.cancelling:
            return
        waited_s = now_s - promise.since_s
        lost = now_s - robot.gone_s >= self.config.offline_s if robot.heard else waited_s > self.config.silence_s
        if not robot.online and lost:
            self._doubt(name, "forfeited", blame=False)
        elif waited_s > self.config.late_factor * promise.expected_s + self.config.late_margin_s:
            if promise.cancelling:  # it does not even answer that: the site will refuse its work
                self._doubt(name, promise.doubt, promise.blame)
            else:
                self._note(robot.name, f"late with {name}")
                self._call_off(name, "forfeited", blame=True)
                promise.since_s = now_s

    # Messages ---------------------------------------------------------------------------------------------------------

    def _hear(self, topic: str, payload: bytes) -> None:
        if topic == self._answer:
            try:
                answer = msgspec.json.decode(payload, type=Answer)
            except msgspec.MsgspecError as error:
                self._complain("site", f"malformed answer: {error}")
                return
            self._answered(answer)
            return
        if topic.startswith(self._station_topic + "/"):
            self._station(topic.rpartition("/")[2], payload == b"down")
            return
        place = address(topic)
        if place is None:
            self._foreign(topic)
            return
        manufacturer, serial, kind = place
        name = name_of(manufacturer, serial)
        try:
            message = decode(kind, payload)
        except BadInput as error:
            self._complain(name, str(error))
            return
        robot = self.robots.setdefault(name, Robot(manufacturer, serial))
        robot.manufacturer = manufacturer
        if kind == "connection":
            self._connection(robot, message["connectionState"])
        elif kind == "factsheet":
            actions = message["protocolFeatures"]["mobileRobotActions"]
            robot.skills = frozenset(action["actionType"] for action in actions)
        elif kind == "state":
            if robot.is_old(message):
                return
            self._state(robot, message)
        if kind != "visualization":
            self._news = True
        elif "mobileRobotPosition" in message:
            place = message["mobileRobotPosition"]
            robot.x_m, robot.y_m, robot.theta = place["x"], place["y"], place["theta"]

    def _connection(self, robot: Robot, state: str) -> None:
        was, robot.online = robot.online, state == "ONLINE"
        if robot.online and not was:
            self._speech.tell(robot, "stateRequest")
            self._unblock(robot)
            if self._ground:
                self._speech.zones([robot], self._ground)
        elif was and not robot.online:
            self._note(robot.name, f"connection {state}")
            robot.heard, robot.gone_s, robot.doing = True, self._now_s, "dead"
            self._ground.gone(robot.name)
            self._let_in()
            self._block(robot)
        elif state == "OFFLINE":
            self._unblock(robot)  # it lay there, and was taken away

    def _foreign(self, topic: str) -> None:
        """A robot of another major version says hello."""
        levels = topic.split("/")
        if len(levels) == 5 and levels[4] == "connection":
            self._complain(
                name_of(levels[2], levels[3]),
                f"speaks VDA 5050 {levels[1]}, not {PREFIX.partition('/')[2]}: not commanded",
            )

    def _state(self, robot: Robot, state: dict[str, Any]) -> None:
        carried = robot.loads
        faults = robot.read(state)
        if carried or robot.loads:
            self._loads.heard(robot, carried)
        for fault in sorted(faults - robot.faults):
            self._note(robot.name, fault)
        if "batteryEmpty" in faults - robot.faults:
            self._block(robot)
        elif "batteryEmpty" in robot.faults - faults:
            self._unblock(robot)
        hot = "motorTooHot" in faults - robot.faults
        robot.faults = faults
        self._speech.answer(robot, self._ground.answers(robot.name, state))
        self._let_in()
        if not robot.promised or state["orderId"] != robot.order:
            refused = {error["errorType"] for error in state["errors"]} & {"unsupportedAction", "validationFailure"}
            if robot.promised and robot.promised not in _ERRANDS:
                promise = self._promises.get(robot.promised)
                if refused or (promise is not None and promise.acknowledged and not promise.doubt):
                    # It cannot, or it has started anew and knows nothing of what it had.
                    self._doubt(robot.promised, "forfeited", blame=bool(refused))
            elif robot.promised and robot.doing == "idle" and self._now_s - robot.asked_s > self.config.resend_s:
                robot.promised = robot.order = robot.charger = robot.charged_for = ""  # it never came, or began anew
            return
        states = {each["actionId"]: each["actionStatus"] for each in state["actionStates"]}
        status = states.get(robot.order, "WAITING")
        if states.get(f"{robot.order}/pick") == "FAILED":
            status = "FAILED"  # what was not picked up is not dropped
        if robot.promised in _ERRANDS:
            if status in ("FINISHED", "FAILED"):
                if robot.promised == "charge":
                    left_charger(robot)
                robot.promised = robot.order = robot.charger = ""
            return
        name = robot.promised
        promise = self._promises.get(name)
        if promise is None:
            return
        promise.acknowledged = True
        if state["orderUpdateId"] == promise.update and promise.released < len(promise.route) and not promise.doubt:
            ahead = sum(node["released"] for node in state["nodeStates"])
            if ahead <= 1:
                self._release_more(robot, name, promise)
        if status == "FINISHED":
            self._end(name, "done")
        elif status == "FAILED" and (promise.cancelling or not promise.doubt):
            self._doubt(name, promise.doubt or "failed", promise.blame or not promise.doubt)
        elif faults and not promise.doubt:
            # Too hot, or empty: somebody else does it meanwhile, unless waiting costs less than beginning anew.
            short = self._now_s - promise.running_s < self.config.cooling_s and name not in robot.loads
            if faults - {"motorTooHot"} or short:
                self._call_off(name, "forfeited", blame=False)
            elif hot:
                promise.expected_s += self.config.cooling_s
        elif status == "RUNNING":
            promise.running_s = min(promise.running_s, self._now_s)

    def _answered(self, answer: Answer) -> None:
        name = answer.operation
        promise, progress = self._promises.get(name), self.ledger.progress.get(name)
        if promise is None or progress is None or not promise.doubt or answer.attempt != progress.attempt:
            return
        fallen = self._loads.answered(answer)
        if fallen is not None and answer.load_x_m is not None and answer.load_y_m is not None:
            self._unblock(fallen)
            fallen.x_m, fallen.y_m = answer.load_x_m, answer.load_y_m
            self._block(fallen)
        outcome = "done" if answer.done else "cancelled" if name in self._cancelled else promise.doubt
        self._end(name, outcome, blame=promise.blame)
        if name in self._given_up and outcome != "done":
            self._refuse(name, self._given_up[name])
        elif outcome == "failed" and progress.failures >= self.config.max_failures:
            self._refuse(name, f"failed {progress.failures} times")

    def _station(self, station: str, down: bool) -> None:
        if down == (station in self.down):
            return
        self._news = True
        (self.down.add if down else self.down.discard)(station)
        self._note(station, "station down" if down else "station up")
        if down:
            for name in list(self._promises):
                if self.ledger.progress[name].station == station:
                    self._call_off(name, "forfeited", blame=False)

    # Promises ---------------------------------------------------------------------------------------------------------

    def _assign(self, now_s: float) -> None:
        able_of: dict[str, list[Robot]] = {}
        """Skill to the free robots that have it."""
        ready = self.ledger.ready
        wanted = {self.ledger.operations[name].skill for name in ready}
        for robot in self.robots.values():
            if not robot.free or math.isnan(robot.x_m):
                continue
            if robot.charge < self.config.low_charge and self.chargers and "charge" in robot.skills:
                self._charge(robot)
                continue
            if robot.loads and any(load in self.ledger.progress for load in robot.loads):
                # Who carries something takes nothing else on, and puts down what nobody waits for any more.
                if unwanted := self._loads.unwanted(robot):
                    self._put_back(robot, unwanted)
                continue
            for skill in robot.skills & wanted:
                able_of.setdefault(skill, []).append(robot)
        sequence = sorted(ready, key=lambda name: (self.ledger.operations[name].rank, -self.ledger.tail_s[name], name))
        for name in sequence:
            operation, progress = self.ledger.operations[name], self.ledger.progress[name]
            stations = self._by_kind.get(operation.station_kind, [])
            if not stations:
                if any(robot.skills for robot in self.robots.values()):
                    self._refuse(name, f"there is no station for {operation.station_kind}")
                continue
            bearer = self._loads.bearer(name) if operation.carry is not None else None
            if bearer is not None:
                able = [bearer] if bearer.free else []
            else:
                able = [robot for robot in able_of.get(operation.skill, ()) if not robot.promised]
            if not able:
                continue
            fresh = [robot for robot in able if robot.name not in progress.tried or robot is bearer]
            if not fresh and any(
                robot.online and operation.skill in robot.skills and robot.name not in progress.tried
                for robot in self.robots.values()
            ):
                continue  # somebody who has not tried yet will be free
            able = self._charged(name, fresh or able)
            if not able:
                continue
            alive = [each for each in stations if each.station not in self.down]
            if operation.carry is None:
                roomy = [each for each in alive if self._used[each.station] < each.places]
            else:
                roomy = [each for each in alive if bearer is not None or self._has_room(name, each.station)]
            chosen = self._choose(name, able, roomy)
            if chosen is None:
                if name not in self._unreachable and len(roomy) == len(alive):
                    self._unreachable.add(name)
                    self._note(name, f"no robot can reach a station for {operation.station_kind}")
                continue
            robot, station, route = chosen
            self._unreachable.discard(name)
            self._take_room(name, station.station, 1)
            event = self.log.add(
                case=name, cell=station.station, resource=robot.name, kind="start", outcome="assigned",
                attempt=progress.attempt + 1,
            )  # fmt: skip
            self.ledger.fold(event)
            expected_s = self.roadmap.length_m(route) / self.config.speed_m_s + operation.duration_s
            promise = self._promises[name] = Promise(now_s, now_s, expected_s)
            robot.promised, robot.order = name, self._order_of(name)
            self._send_order(robot, name, progress, promise)

    def _choose(
        self, name: str, robots: list[Robot], stations: list[Station]
    ) -> tuple[Robot, Station, list[str]] | None:
        """The nearest robot of those that have a way, to the least used of the stations; one that would become too hot last."""
        operation = self.ledger.operations[name]
        below_c, planned, spare_m = operation.motor_below_c or math.inf, operation.robot, self.config.planned_m
        for station in sorted(stations, key=lambda each: self._used[each.station] / each.places)[:20]:
            if station.node in self.roadmap.closed:
                continue
            first = station.node
            if operation.carry is not None and self._loads.bearer(name) is None:
                first = next(iter(self._loads.nodes(name)), first)
            goal = self.roadmap.nodes[first]
            far_m = {
                each.name: math.dist(goal, (each.x_m, each.y_m)) - spare_m * (each.name == planned) for each in robots
            }
            near = sorted(robots, key=lambda each: (each.motor_c > below_c, far_m[each.name], each.name))
            for robot in near[:10] + near[10::50]:
                way = self._way(robot, name, station.node)
                if way is not None:
                    return robot, station, way[0]
        return None

    def _has_room(self, load: str, station: str) -> bool:
        most = self.config.carriers or math.inf
        return self._carriers[station] < most and self._carriers[self._loads.source(load)] < most

    def _take_room(self, name: str, station: str, count: int) -> None:
        if self.ledger.operations[name].carry is None:
            self._used[station] += count
            return
        for each in (station, self._loads.source(name)):
            self._carriers[each] += count

    def _way(self, robot: Robot, name: str, goal: str) -> tuple[list[str], int] | None:
        """The nodes of an order and the place among them where something is picked up, -1: nowhere. None: there is no way."""
        if self.ledger.operations[name].carry is None or name in robot.loads:
            route = self._route(robot, goal)
            return None if route is None else (route, -1)
        for node in self._loads.nodes(name):
            there = None if node in self.roadmap.closed else self._route(robot, node)
            onward = self.roadmap.route(node, goal)
            if there is not None and onward is not None:
                return there + onward[1:], len(there) - 1
        return None

    def _route(self, robot: Robot, node: str) -> list[str] | None:
        return self.roadmap.route(self.roadmap.nearest(robot.x_m, robot.y_m), node)

    def _send_order(self, robot: Robot, name: str, progress: Progress, promise: Promise) -> None:
        way = self._way(robot, name, self.stations[progress.station].node)
        if way is None:
            self._doubt(name, "forfeited", blame=False)
            return
        route, pick = way
        promise.route, promise.update = route, 0
        promise.released = min(len(route), 1 + self.config.base_nodes) if self.config.base_nodes else len(route)
        operation, arguments = self.ledger.operations[name], self._arguments(name)
        if operation.carry is None:
            promise.actions = {len(route) - 1: [action(operation.skill, robot.order, arguments)]}
        else:
            up, down = self._loads.actions(name, robot.order, arguments)
            promise.actions = {pick: [up]} if pick >= 0 else {}
            promise.actions.setdefault(len(route) - 1, []).append(down)
        self._speech.order(robot, route, promise.actions, released=promise.released)

    def _arguments(self, name: str) -> dict[str, Any]:
        operation, progress = self.ledger.operations[name], self.ledger.progress[name]
        return {
            "duration_s": operation.duration_s, "operation": name, "attempt": progress.attempt, "station": progress.station,
        }  # fmt: skip

    def _release_more(self, robot: Robot, name: str, promise: Promise) -> None:
        """An order update: it begins at the last node that was released (VDA 5050, section 'Order update')."""
        begin = promise.released - 1
        promise.released = min(len(promise.route), promise.released + self.config.base_nodes)
        promise.update += 1
        self._speech.order(
            robot, promise.route, promise.actions, begin=begin, released=promise.released, update=promise.update
        )

    def _detour(self, name: str, promise: Promise, closed: frozenset[str]) -> bool:
        """Another way from the last released node, where nothing that is released is closed; False: there is none."""
        base = promise.route[: promise.released]
        if promise.doubt or promise.released >= len(promise.route) or closed & set(base):
            return False
        rest = self.roadmap.route(base[-1], promise.route[-1])
        if rest is None or promise.route[-1] in self.roadmap.closed:
            return False
        if len(promise.actions) > 1 and max(set(promise.actions) - {len(promise.route) - 1}) >= len(base):
            return False  # what is to be picked up lies beyond
        last = promise.actions.pop(len(promise.route) - 1)
        promise.route = base + rest[1:]
        promise.actions[len(promise.route) - 1] = last
        self._release_more(self.robots[self.ledger.progress[name].robot], name, promise)
        return True

    def _charged(self, name: str, able: list[Robot]) -> list[Robot]:
        """Those whose battery lasts for the work. Where there are none, the fullest of the others goes to charge for it."""
        need = 100.0 * self.ledger.operations[name].charge_needed
        # Who cannot be charged works with what it has.
        closed = not any(node not in self.roadmap.closed for node in self.chargers)
        enough = [each for each in able if closed or "charge" not in each.skills or covers(each, need)]
        if not enough and not on_its_way(self.robots.values(), name, self._now_s - 2 * self.config.charge_s):
            self._charge(max(able, key=lambda each: (each.charge, each.name)), name, min(100.0, need + MARGIN))
        return enough

    def _charge(self, robot: Robot, name: str = "", until: float = 0.0) -> None:
        """Send it to the nearest free charger: for an operation until a percentage, else until it may leave."""
        used = Counter(each.charger for each in self.robots.values() if each.charger and each.online)
        places = self.config.charger_places or math.inf
        free = [node for node in self.chargers if used[node] < places and node not in self.roadmap.closed]
        ways = [way for node in free if (way := self._route(robot, node)) is not None]
        if ways:
            way = min(ways, key=self.roadmap.length_m)
            robot.promised, robot.charger, robot.asked_s = "charge", way[-1], self._now_s
            robot.order, robot.charged_for = self._speech.fresh("charge"), name
            robot.charge_before, robot.charge_until = robot.charge, until or self.config.charge_to
            arguments = {"duration_s": self.config.charge_s, "until_percent": robot.charge_until}
            self._speech.order(
                robot, way, {len(way) - 1: [action("charge", robot.order, arguments)]}, released=len(way)
            )

    def _put_back(self, robot: Robot, load: str) -> None:
        """Bring a load that nobody waits for any more to where it came from."""
        station = self._loads.source(load)
        route = self._route(robot, self.stations[station].node)
        if route is not None:
            robot.promised, robot.asked_s = "put back", self._now_s
            robot.order = self._speech.fresh("put-back")
            arguments = {"operation": "", "attempt": 0, "station": station, "loadId": load, "stationName": station}
            self._speech.order(
                robot, route, {len(route) - 1: [action("drop", robot.order, arguments)]}, released=len(route)
            )

    def _call_off(self, name: str, why: str, *, blame: bool) -> None:
        """Ask the robot to stop; what became of the work is found out when it answers."""
        promise = self._promises.get(name)
        if promise is None or promise.doubt:
            return
        promise.doubt, promise.blame, promise.cancelling = why, blame, True
        self._speech.tell(self.robots[self.ledger.progress[name].robot], "cancelOrder")

    def _doubt(self, name: str, why: str, blame: bool) -> None:
        """The robot will not do it any more: ask the site, at the next tick, whether it had."""
        promise = self._promises[name]
        promise.doubt, promise.blame, promise.cancelling, promise.sent_s = why, blame, False, -math.inf

    def _end(self, name: str, outcome: str, *, blame: bool = False) -> None:
        progress = self.ledger.progress[name]
        self._promises.pop(name, None)
        self._news = True
        if progress.status == "assigned":
            self._take_room(name, progress.station, -1)
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

    def _order_of(self, name: str) -> str:
        order = order_of(name, self.ledger.progress[name].attempt)
        return f"{self._run}/{order}" if self._run else order

    def _robot(self, serial: str) -> Robot:
        if serial not in self.robots:
            raise BadInput(f"no robot {serial!r} is known", alternatives=sorted(self.robots)[:5])
        return self.robots[serial]

    # Zones ------------------------------------------------------------------------------------------------------------

    def _let_in(self) -> None:
        for name, answer in self._ground.next_in():
            self._speech.answer(self.robots[name], [answer])

    def _block(self, robot: Robot) -> None:
        if self.config.block_dead and not math.isnan(robot.x_m):
            self._ground.close(f"dead {robot.name}", frozenset([self.roadmap.nearest(robot.x_m, robot.y_m)]))
            self._speech.zones(self.robots.values(), self._ground)

    def _unblock(self, robot: Robot) -> None:
        if self._ground.open(f"dead {robot.name}"):
            self._speech.zones(self.robots.values(), self._ground)

    def _note(self, resource: str, text: str) -> None:
        self.log.add(case="fleet", cell="dispatch", resource=resource, kind="note", outcome=text)

    def _complain(self, resource: str, text: str) -> None:
        """What cannot be understood is noted once: a robot that sends nonsense ten times a second must not fill the disk."""
        known = self._warned.setdefault(resource, set())
        if text in known or len(known) > _MOST_WORDS:
            return
        known.add(text)
        if len(known) > _MOST_WORDS:
            text = "more that cannot be understood"
        self._note(resource, text)
        if self._warn is not None:
            self._warn(resource, text)
