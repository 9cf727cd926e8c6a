"""Master control: assigns every operation that can be begun to a robot, reads what became of it, and plans anew when that differs.

Planning is event-driven list scheduling: whatever happens (a robot is done early, late, dead or hot; a station breaks; a zone
closes) only changes who is free and what is ready, and the next :meth:`FleetControl.tick` assigns from there. An assignment is in
the log before the order is sent; an operation that did not end well is assigned again only after the site has said
that it was not done (:mod:`crewless.fleet.site`).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from crewless.core.errors import BadInput
from crewless.core.events import EventLog
from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.dispatcher import Dispatch, Dispatcher
from crewless.fleet.control.errands import ERRANDS, Errands, left_charger
from crewless.fleet.control.loads import Loads
from crewless.fleet.control.operations import FleetOperation, OperationLedger, Progress, order_of
from crewless.fleet.control.orders import OrderSender, action
from crewless.fleet.control.roadmap import Roadmap, StationNode
from crewless.fleet.control.robots import Assignment, Robot, name_of, named
from crewless.fleet.control.zones import Zones
from crewless.fleet.site import Answer, topics
from crewless.fleet.vda5050.topics import PREFIX, address
from crewless.fleet.vda5050.transport import Transport
from crewless.fleet.vda5050.validation import decode

_MOST_WORDS = 20
"""Different complaints about one robot that are noted."""


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
        self, *, operations: Sequence[FleetOperation], roadmap: Roadmap, stations: Sequence[StationNode], transport: Transport,
        log: EventLog, chargers: Sequence[str] = (), config: ControlConfig | None = None, run: str = "",
        warn: Callable[[str, str], None] | None = None,
    ) -> None:  # fmt: skip
        self.config = config or ControlConfig()
        self.roadmap, self.transport, self.log, self.chargers = roadmap, transport, log, chargers
        self.stations = {each.name: each for each in stations}
        self.down: set[str] = set()
        self.robots: dict[str, Robot] = {}
        self.ledger = OperationLedger(operations)
        self.ledger.replay(log.path)
        self._loads = Loads(self.ledger, self.stations, roadmap, self.robots)
        self._dispatcher = Dispatcher(
            ledger=self.ledger, loads=self._loads, robots=self.robots, stations=stations, down=self.down, roadmap=roadmap,
            config=self.config,
        )  # fmt: skip
        self._resumed: set[str] = set(self.ledger.names("assigned"))
        self._assignments: dict[str, Assignment] = {}
        for name in self._resumed:
            self._dispatcher.take_room(name, self.ledger.progress[name].station, 1)
        self._unreachable: set[str] = set()
        self._cancelled: set[str] = set()
        self._given_up: dict[str, str] = {}
        self._now_s = 0.0
        self._news = True
        """Something has changed since the last look for work to assign."""
        self._zones = Zones(roadmap)
        self._run, self._warn = run, warn
        self._warned: dict[str, set[str]] = {}
        self._sender = OrderSender(transport, roadmap)
        self._errands = Errands(
            ledger=self.ledger, loads=self._loads, robots=self.robots, stations=self.stations, chargers=chargers,
            roadmap=roadmap, dispatcher=self._dispatcher, sender=self._sender, config=self.config,
        )  # fmt: skip
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
        """Have it done at another kind of station from its next assignment on. Raises BadInput when there is no such operation."""
        if operation not in self.ledger.operations:
            raise BadInput(f"there is no operation {operation!r} to move")
        event = self.log.add(
            case=operation, cell=station_kind, resource=operation, kind="note", outcome="moved", station_kind=station_kind,
            skill=skill,
        )  # fmt: skip
        self.ledger.fold(event)
        self._news = True

    def add(self, operation: FleetOperation, before: Sequence[str]) -> None:
        """One more operation, which others that are not assigned to anybody wait for. It is in the log, like all that was planned.

        Raises:
            BadInput: there is one of that name, or it waits for one, or one waits for it, that is not there.
        """
        known = self.ledger.operations
        if operation.name in known:
            raise BadInput(f"there is an operation {operation.name!r} already")
        for each in (*operation.after, *before):
            if each not in known:
                raise BadInput(f"operation {operation.name} depends on {each!r}, which does not exist")
        event = self.log.add(
            case=operation.name, cell=operation.station_kind, resource=operation.name, kind="note", outcome="added",
            operation=asdict(operation), before=list(before),
        )  # fmt: skip
        self.ledger.fold(event)
        self._news = True

    def pause(self, serial: str, paused: bool = True) -> None:
        """Stop a robot where it is, or let it go on."""
        self._sender.instant_action(self._robot(serial), "startPause" if paused else "stopPause")

    def close_zone(self, zone: str, nodes: Iterable[str]) -> None:
        """Nobody is sent through these nodes any more; all robots are informed. Who was to drive there is sent another way where
        only the part ahead that is not released yet is concerned, and called off otherwise."""
        nodes = frozenset(nodes)
        self._zones.close(zone, nodes)
        for operation, assignment in list(self._assignments.items()):
            if nodes & set(assignment.route) and not self._detour(operation, assignment, nodes):
                self._call_off(operation, "forfeited", blame=False)
        self._news = True
        self._sender.zone_set(self.robots.values(), self._zones)
        self._note(zone, "zone closed")

    def open_zone(self, zone: str, nodes: Iterable[str] = ()) -> None:
        """The reverse; ``nodes`` need not be named."""
        self._zones.open(zone, frozenset(nodes))
        self._news = True
        self._sender.zone_set(self.robots.values(), self._zones)
        self._note(zone, "zone opened")

    def guard_zone(self, zone: str, corners: Sequence[tuple[float, float]], robots: int = 1) -> None:
        """A zone that so many robots at once may enter, each only when it was granted (VDA 5050: zone type RELEASE)."""
        self._zones.guard(zone, corners, robots)
        self._sender.zone_set(self.robots.values(), self._zones)

    def finished(self) -> bool:
        """Whether nothing is under way and nothing can become ready."""
        return self.ledger.open == 0

    def unanswered_s(self) -> float:
        """So long has the site been asked without an answer, at most of all questions."""
        asked = [each.asked_s for each in self._assignments.values() if each.revoked and not each.cancelling]
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
            self._assignments[name] = Assignment(now_s, now_s, self.ledger.operations[name].duration_s + 60.0)
            robot = self.robots.setdefault(progress.robot, Robot(*named(progress.robot)))
            robot.assigned, robot.order = name, self._order_of(name)
        self._resumed.clear()
        for name in list(self._assignments):
            self._look_after(name, now_s)
        if self._news:
            self._news = False
            self._assign(now_s)

    def _look_after(self, name: str, now_s: float) -> None:
        assignment, progress = self._assignments[name], self.ledger.progress[name]
        robot = self.robots[progress.robot]
        if math.isinf(assignment.sent_s) or now_s - assignment.sent_s >= self.config.resend_s:
            if assignment.revoked and not assignment.cancelling:
                assignment.sent_s = now_s
                assignment.asked_s = min(assignment.asked_s, now_s)
                question = {"operation": name, "attempt": progress.attempt}
                self.transport.publish(self._ask, msgspec.json.encode(question))
                return
            if not assignment.acknowledged and robot.online and robot.heard:
                assignment.sent_s = now_s
                self._send_order(robot, name, progress, assignment)
        if assignment.revoked and not assignment.cancelling:
            return
        waited_s = now_s - assignment.since_s
        lost = now_s - robot.gone_s >= self.config.offline_s if robot.heard else waited_s > self.config.silence_s
        if not robot.online and lost:
            self._revoke(name, "forfeited", blame=False)
        elif waited_s > self.config.late_factor * assignment.expected_s + self.config.late_margin_s:
            if assignment.cancelling:  # it does not even answer that: the site will refuse its work
                self._revoke(name, assignment.revoked, assignment.blame)
            else:
                self._note(robot.name, f"late with {name}")
                self._call_off(name, "forfeited", blame=True)
                assignment.since_s = now_s

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
            self._sender.instant_action(robot, "stateRequest")
            self._unblock(robot)
            if self._zones:
                self._sender.zone_set([robot], self._zones)
        elif was and not robot.online:
            self._note(robot.name, f"connection {state}")
            robot.heard, robot.gone_s, robot.doing = True, self._now_s, "dead"
            self._zones.gone(robot.name)
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
        self._sender.responses(robot, self._zones.answers(robot.name, state))
        self._let_in()
        if not robot.assigned or state["orderId"] != robot.order:
            refused = {error["errorType"] for error in state["errors"]} & {"unsupportedAction", "validationFailure"}
            if robot.assigned and robot.assigned not in ERRANDS:
                assignment = self._assignments.get(robot.assigned)
                if refused or (assignment is not None and assignment.acknowledged and not assignment.revoked):
                    # It cannot, or it has started anew and knows nothing of what it had.
                    self._revoke(robot.assigned, "forfeited", blame=bool(refused))
            elif robot.assigned and robot.doing == "idle" and self._now_s - robot.asked_s > self.config.resend_s:
                robot.assigned = robot.order = robot.charger = robot.charged_for = ""  # it never came, or began anew
            return
        states = {each["actionId"]: each["actionStatus"] for each in state["actionStates"]}
        status = states.get(robot.order, "WAITING")
        if states.get(f"{robot.order}/pick") == "FAILED":
            status = "FAILED"  # what was not picked up is not dropped
        if robot.assigned in ERRANDS:
            if status in ("FINISHED", "FAILED"):
                if robot.assigned == "charge":
                    left_charger(robot)
                robot.assigned = robot.order = robot.charger = ""
            return
        name = robot.assigned
        assignment = self._assignments.get(name)
        if assignment is None:
            return
        assignment.acknowledged = True
        if (
            state["orderUpdateId"] == assignment.update
            and assignment.released < len(assignment.route)
            and not assignment.revoked
        ):
            ahead = sum(node["released"] for node in state["nodeStates"])
            if ahead <= 1:
                self._release_more(robot, name, assignment)
        if status == "FINISHED":
            self._end(name, "done")
        elif status == "FAILED" and (assignment.cancelling or not assignment.revoked):
            self._revoke(name, assignment.revoked or "failed", assignment.blame or not assignment.revoked)
        elif faults and not assignment.revoked:
            # Too hot, or empty: somebody else does it meanwhile, unless waiting costs less than beginning anew.
            short = self._now_s - assignment.running_s < self.config.cooling_s and name not in robot.loads
            if faults - {"motorTooHot"} or short:
                self._call_off(name, "forfeited", blame=False)
            elif hot:
                assignment.expected_s += self.config.cooling_s
        elif status == "RUNNING":
            assignment.running_s = min(assignment.running_s, self._now_s)

    def _answered(self, answer: Answer) -> None:
        name = answer.operation
        assignment, progress = self._assignments.get(name), self.ledger.progress.get(name)
        if assignment is None or progress is None or not assignment.revoked or answer.attempt != progress.attempt:
            return
        fallen = self._loads.answered(answer)
        if fallen is not None and answer.load_x_m is not None and answer.load_y_m is not None:
            self._unblock(fallen)
            fallen.x_m, fallen.y_m = answer.load_x_m, answer.load_y_m
            self._block(fallen)
        outcome = "done" if answer.done else "cancelled" if name in self._cancelled else assignment.revoked
        self._end(name, outcome, blame=assignment.blame)
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
            for name in list(self._assignments):
                if self.ledger.progress[name].station == station:
                    self._call_off(name, "forfeited", blame=False)

    # Promises ---------------------------------------------------------------------------------------------------------

    def _assign(self, now_s: float) -> None:
        free: dict[str, list[Robot]] = {}
        """Skill to the free robots that have it."""
        wanted = {self.ledger.operations[name].skill for name in self.ledger.ready}
        for robot in self.robots.values():
            if not robot.free or math.isnan(robot.x_m):
                continue
            if robot.charge < self.config.low_charge and self.chargers and "charge" in robot.skills:
                self._errands.charge(robot, self._now_s)
                continue
            if robot.loads and any(load in self.ledger.progress for load in robot.loads):
                # Who carries something takes nothing else on, and puts down what nobody waits for any more.
                if unwanted := self._loads.unwanted(robot):
                    self._errands.put_back(robot, unwanted, self._now_s)
                continue
            for skill in robot.skills & wanted:
                free.setdefault(skill, []).append(robot)
        for name in self._dispatcher.sequence():
            if not self._dispatcher.stations_for(name):
                if any(robot.skills for robot in self.robots.values()):
                    self._refuse(name, f"there is no station for {self.ledger.operations[name].station_kind}")
                continue
            able = self._dispatcher.able(name, free)
            if not able or not (able := self._errands.charged(name, able, now_s)):
                continue
            stations, all_of_them = self._dispatcher.roomy(name)
            chosen = self._dispatcher.choose(name, able, stations)
            if chosen is None:
                if name not in self._unreachable and all_of_them:
                    self._unreachable.add(name)
                    self._note(name, f"no robot can reach a station for {self.ledger.operations[name].station_kind}")
                continue
            self._unreachable.discard(name)
            self._give(name, chosen, now_s)

    def _give(self, name: str, chosen: Dispatch, now_s: float) -> None:
        """In the log first, then to the robot."""
        robot, progress = chosen.robot, self.ledger.progress[name]
        self._dispatcher.take_room(name, chosen.station.name, 1)
        event = self.log.add(
            case=name, cell=chosen.station.name, resource=robot.name, kind="start", outcome="assigned",
            attempt=progress.attempt + 1,
        )  # fmt: skip
        self.ledger.fold(event)
        expected_s = (
            self.roadmap.length_m(chosen.route) / self.config.speed_m_s + self.ledger.operations[name].duration_s
        )
        assignment = self._assignments[name] = Assignment(now_s, now_s, expected_s)
        robot.assigned, robot.order = name, self._order_of(name)
        self._send_order(robot, name, progress, assignment)

    def _send_order(self, robot: Robot, name: str, progress: Progress, assignment: Assignment) -> None:
        way = self._dispatcher.way(robot, name, self.stations[progress.station].node)
        if way is None:
            self._revoke(name, "forfeited", blame=False)
            return
        route, pick = way
        assignment.route, assignment.update = route, 0
        assignment.released = min(len(route), 1 + self.config.base_nodes) if self.config.base_nodes else len(route)
        operation, arguments = self.ledger.operations[name], self._arguments(name)
        if operation.carry is None:
            assignment.actions = {len(route) - 1: [action(operation.skill, robot.order, arguments)]}
        else:
            up, down = self._loads.actions(name, robot.order, arguments)
            assignment.actions = {pick: [up]} if pick >= 0 else {}
            assignment.actions.setdefault(len(route) - 1, []).append(down)
        self._sender.order(robot, route, assignment.actions, released=assignment.released)

    def _arguments(self, name: str) -> dict[str, Any]:
        operation, progress = self.ledger.operations[name], self.ledger.progress[name]
        return {
            "duration_s": operation.duration_s, "operation": name, "attempt": progress.attempt, "station": progress.station,
        }  # fmt: skip

    def _release_more(self, robot: Robot, name: str, assignment: Assignment) -> None:
        """An order update: it begins at the last node that was released (VDA 5050, section 'Order update')."""
        begin = assignment.released - 1
        assignment.released = min(len(assignment.route), assignment.released + self.config.base_nodes)
        assignment.update += 1
        self._sender.order(
            robot,
            assignment.route,
            assignment.actions,
            begin=begin,
            released=assignment.released,
            update=assignment.update,
        )

    def _detour(self, name: str, assignment: Assignment, closed: frozenset[str]) -> bool:
        """Another way from the last released node, where nothing that is released is closed; False: there is none."""
        base = assignment.route[: assignment.released]
        if assignment.revoked or assignment.released >= len(assignment.route) or closed & set(base):
            return False
        rest = self.roadmap.route(base[-1], assignment.route[-1])
        if rest is None or assignment.route[-1] in self.roadmap.closed:
            return False
        if len(assignment.actions) > 1 and max(set(assignment.actions) - {len(assignment.route) - 1}) >= len(base):
            return False  # what is to be picked up lies beyond
        last = assignment.actions.pop(len(assignment.route) - 1)
        assignment.route = base + rest[1:]
        assignment.actions[len(assignment.route) - 1] = last
        self._release_more(self.robots[self.ledger.progress[name].robot], name, assignment)
        return True

    def _call_off(self, name: str, why: str, *, blame: bool) -> None:
        """Ask the robot to stop; what became of the work is found out when it answers."""
        assignment = self._assignments.get(name)
        if assignment is None or assignment.revoked:
            return
        assignment.revoked, assignment.blame, assignment.cancelling = why, blame, True
        self._sender.instant_action(self.robots[self.ledger.progress[name].robot], "cancelOrder")

    def _revoke(self, name: str, why: str, blame: bool) -> None:
        """The robot will not do it any more: ask the site, at the next tick, whether it had."""
        assignment = self._assignments[name]
        assignment.revoked, assignment.blame, assignment.cancelling, assignment.sent_s = why, blame, False, -math.inf

    def _end(self, name: str, outcome: str, *, blame: bool = False) -> None:
        progress = self.ledger.progress[name]
        self._assignments.pop(name, None)
        self._news = True
        if progress.status == "assigned":
            self._dispatcher.take_room(name, progress.station, -1)
        robot = self.robots.get(progress.robot)
        if robot is not None and robot.assigned == name:
            robot.assigned = robot.order = ""
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
        skills = set[str]().union(*(robot.skills for robot in self.robots.values()))
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
        for name, answer in self._zones.next_in():
            self._sender.responses(self.robots[name], [answer])

    def _block(self, robot: Robot) -> None:
        if self.config.block_dead and not math.isnan(robot.x_m):
            self._zones.close(f"dead {robot.name}", frozenset([self.roadmap.nearest(robot.x_m, robot.y_m)]))
            self._sender.zone_set(self.robots.values(), self._zones)

    def _unblock(self, robot: Robot) -> None:
        if self._zones.open(f"dead {robot.name}"):
            self._sender.zone_set(self.robots.values(), self._zones)

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
