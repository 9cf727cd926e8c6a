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
from crewless.fleet.control.complaints import Complaints
from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.dispatcher import Dispatch, Dispatcher
from crewless.fleet.control.errands import ERRANDS, Errands, left_charger
from crewless.fleet.control.inbox import Inbox, RobotSaid, StationSaid
from crewless.fleet.control.loads import Loads
from crewless.fleet.control.operations import FleetOperation, OperationLedger
from crewless.fleet.control.order_book import OrderBook
from crewless.fleet.control.order_news import news_of, rejection
from crewless.fleet.control.orders import OrderSender
from crewless.fleet.control.roadmap import Roadmap, StationNode
from crewless.fleet.control.robots import COMMANDED, KNOWN_STOPS, Assignment, Robot, named
from crewless.fleet.control.zone_keeper import ZoneKeeper
from crewless.fleet.control.zones import Zones
from crewless.fleet.site import Answer
from crewless.fleet.vda5050.error_types import canonical, said
from crewless.fleet.vda5050.transport import Transport


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
        self._unreachable, self._cancelled = set[str](), set[str]()
        self._given_up: dict[str, str] = {}
        self._now_s = 0.0
        self._news = True
        """Something has changed since the last look for work to assign."""
        self._zones = Zones(roadmap)
        self._again_s = math.inf
        """When to look for work to assign though nothing has changed: a robot may be asked again."""
        self._complain = Complaints(log, warn)
        self._sender = OrderSender(transport, roadmap)
        self._errands = Errands(
            ledger=self.ledger, loads=self._loads, robots=self.robots, stations=self.stations, chargers=chargers,
            roadmap=roadmap, dispatcher=self._dispatcher, sender=self._sender, config=self.config,
        )  # fmt: skip
        self._book = OrderBook(
            ledger=self.ledger, loads=self._loads, roadmap=roadmap, dispatcher=self._dispatcher, sender=self._sender,
            config=self.config, run=run,
        )  # fmt: skip
        self._keeper = ZoneKeeper(
            self._zones, roadmap, self.robots, self._sender, block_dead=self.config.block_dead, complain=self._complain
        )
        self._inbox = Inbox(transport, run, self._complain)

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
        """Stop a robot where it is, or let it go on. Raises BadInput: there is none, or its operating mode forbids it."""
        robot = self.robots.get(serial)
        if robot is None:
            raise BadInput(f"no robot {serial!r} is known", alternatives=sorted(self.robots)[:5])
        if not self._sender.instant_action(robot, "startPause" if paused else "stopPause"):
            raise BadInput(f"robot {serial} is in operating mode {robot.mode} and takes no commands")

    def close_zone(self, zone: str, nodes: Iterable[str]) -> None:
        """Nobody is sent through these nodes any more; all robots are informed. Who was to drive there is sent another way where
        only the part ahead that is not released yet is concerned, and called off otherwise."""
        nodes = frozenset(nodes)
        self._zones.close(zone, nodes)
        for operation, assignment in list(self._assignments.items()):
            robot = self.robots[self.ledger.progress[operation].robot]
            if nodes & set(assignment.route) and not self._book.detour(robot, assignment, nodes, self._now_s):
                self._call_off(operation, "forfeited", blame=False)
        self._news = True
        self._keeper.send()
        self._note(zone, "zone closed")

    def open_zone(self, zone: str, nodes: Iterable[str] = ()) -> None:
        """The reverse; ``nodes`` need not be named."""
        self._zones.open(zone, frozenset(nodes))
        self._news = True
        self._keeper.send()
        self._note(zone, "zone opened")

    def guard_zone(self, zone: str, corners: Sequence[tuple[float, float]], robots: int = 1) -> None:
        """A zone that so many robots at once may enter, each only when it was granted (VDA 5050: zone type RELEASE)."""
        self._zones.guard(zone, corners, robots)
        self._keeper.send()

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
        for each in self._inbox.take(wait_s):
            if isinstance(each, Answer):
                self._answered(each)
            elif isinstance(each, StationSaid):
                self._station(each.name, each.down)
            else:
                self._hear(each)
        for name in self._resumed:
            progress = self.ledger.progress[name]
            self._assignments[name] = Assignment(now_s, now_s, self.ledger.operations[name].duration_s + 60.0)
            robot = self.robots.setdefault(progress.robot, Robot(*named(progress.robot)))
            robot.assigned, robot.order = name, self._book.order_id(name, progress.attempt, robot)
        self._resumed.clear()
        for robot in self.robots.values():
            if robot.online and not robot.mute:
                self._listen_for(robot)
        for name in list(self._assignments):
            self._look_after(name, now_s)
        if self._news or now_s >= self._again_s:
            self._news = False
            self._assign(now_s)

    def _listen_for(self, robot: Robot) -> None:
        """A state is due every 30 s (VDA 5050, section 6.6). Who is late with it is asked, and then not reckoned with."""
        silent_s = self._now_s - robot.spoke_s
        if silent_s > self.config.mute_s:
            robot.mute = True
            self._complain(robot.name, f"has sent no state for {self.config.mute_s:.0f} s: gets no work")
        elif silent_s > 0.75 * self.config.mute_s and robot.asked_state_s < robot.spoke_s:
            robot.asked_state_s = self._now_s
            self._sender.instant_action(robot, "stateRequest")

    def _look_after(self, name: str, now_s: float) -> None:
        assignment, progress = self._assignments[name], self.ledger.progress[name]
        robot = self.robots[progress.robot]
        due = math.isinf(assignment.sent_s) or now_s - assignment.sent_s >= self.config.resend_s
        if assignment.revoked and not assignment.cancelling:
            if due:
                assignment.sent_s = now_s
                assignment.asked_s = min(assignment.asked_s, now_s)
                question = {"operation": name, "attempt": progress.attempt}
                self.transport.publish(self._inbox.ask, msgspec.json.encode(question))
            return
        if robot.online and robot.mute:
            self._revoke(name, "forfeited", blame=False)
            return
        if robot.online and robot.heard:
            if now_s - robot.unfit_since_s >= self.config.unfit_s:
                self._call_off(name, "forfeited", blame=False)
            if due:
                self._say_again(name, robot, assignment)
            if assignment.wants_more and not (assignment.revoked or robot.unfit) and now_s >= robot.ready_s():
                self._book.release_more(robot, assignment, now_s)
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
                self._complain(robot.name, f"late with {name}", "late")
                self._call_off(name, "forfeited", blame=True)
                assignment.since_s = now_s

    def _say_again(self, name: str, robot: Robot, assignment: Assignment) -> None:
        """What a robot has not reacted to: its order, an update of it, or that it is called off."""
        if assignment.cancelling:
            self._cancel_order(robot, assignment)
        elif robot.unfit:
            return
        elif not assignment.acknowledged:
            if assignment.message is None:  # assigned before a restart
                progress = self.ledger.progress[name]
                station = self.stations[progress.station]
                if self._book.compose(robot, name, station, progress.attempt, assignment):
                    self._revoke(name, "forfeited", blame=False)
                    return
            self._book.send(robot, assignment, self._now_s)
        elif assignment.accepted < assignment.update:
            self._book.send(robot, assignment, self._now_s)

    # Messages ---------------------------------------------------------------------------------------------------------

    def _hear(self, told: RobotSaid) -> None:
        message, robot = told.message, Robot(told.manufacturer, told.serial)
        robot = self.robots.setdefault(robot.name, robot)
        robot.manufacturer = told.manufacturer
        if told.kind == "connection":
            self._connection(robot, message["connectionState"])
        elif told.kind == "factsheet":
            if robot.describe(message) and robot.assigned in self.ledger.progress:
                attempt = self.ledger.progress[robot.assigned].attempt
                robot.order = self._book.order_id(robot.assigned, attempt, robot)
        elif told.kind == "state":
            if robot.is_old(message):
                return
            self._state(robot, message)
        elif told.kind == "visualization":
            if "mobileRobotPosition" in message:
                robot.place(message["mobileRobotPosition"])
            return
        self._news = True

    def _connection(self, robot: Robot, state: str) -> None:
        was, robot.online = robot.online, state == "ONLINE"
        if robot.online:
            # Whatever it said before may be so no longer: it counts from its next state on.
            robot.begin_anew()
            robot.heard, robot.mute, robot.spoke_s = False, False, self._now_s
            self._sender.instant_action(robot, "stateRequest")
            if not was:
                self._keeper.unblock(robot)
                if self._zones:
                    self._keeper.send([robot])
        elif was and not robot.online:
            self._note(robot.name, f"connection {state}")
            robot.heard, robot.gone_s, robot.doing = True, self._now_s, "dead"
            self._zones.gone(robot.name)
            self._keeper.let_in()
            self._keeper.block(robot)
        elif state == "OFFLINE":
            self._keeper.unblock(robot)  # it lay there, and was taken away

    def _state(self, robot: Robot, state: dict[str, Any]) -> None:
        carried, had, mode, heard = robot.loads, robot.faults, robot.mode, robot.heard
        robot.read(state, self._now_s)
        # Who is hot or empty is dealt with below.
        unfit = robot.unfit and not robot.fatal & KNOWN_STOPS
        robot.unfit_since_s = min(robot.unfit_since_s, self._now_s) if unfit else math.inf
        if carried or robot.loads:
            for load in self._loads.heard(robot, carried):
                self._complain(
                    robot.name, f"says that it carries {load}, and was never sent for it: not believed", "load"
                )
        for fault in sorted(robot.faults - had):
            self._note(robot.name, fault)
            if fault not in robot.fatal:  # else it is said that it gets no work
                self._complain(robot.name, f"cannot go on: {fault}")
        if "batteryEmpty" in robot.faults - had:
            self._keeper.block(robot)
        elif "batteryEmpty" in had - robot.faults:
            self._keeper.unblock(robot)
        if heard and mode not in COMMANDED and robot.mode in COMMANDED and self._zones:
            self._keeper.send([robot])
        self._sender.responses(robot, self._zones.answers(robot.name, state))
        self._keeper.let_in()
        if not robot.assigned:
            self._stray(robot)
        elif robot.assigned in ERRANDS:
            self._errand(robot, state)
        elif robot.assigned in self._assignments:
            self._ordered(robot, state, hot="motorTooHot" in robot.faults - had)

    def _stray(self, robot: Robot) -> None:
        """A robot that was given nothing and is busy all the same."""
        if robot.idle or not robot.holds:
            return
        if not self._book.is_ours(robot.holds):
            self._complain(
                robot.name, f"carries out order {robot.holds!r}, which is not of this control: gets no work", "order"
            )
        elif self._now_s - robot.stray_s >= self.config.resend_s:
            robot.stray_s = self._now_s
            self._sender.instant_action(robot, "cancelOrder", orderId=robot.holds)

    def _errand(self, robot: Robot, state: dict[str, Any]) -> None:
        if state["orderId"] != robot.order:
            error = rejection(robot)
            if error is not None:
                self._refused(robot, error, "", "charge" if robot.assigned == "charge" else "drop")
            elif not (robot.doing == "idle" and self._now_s - robot.asked_s > self.config.resend_s):
                return
            robot.assigned = robot.order = robot.charger = robot.charged_for = ""  # it never came, or began anew
            return
        statuses = {each["actionId"]: each["actionStatus"] for each in state["actionStates"]}
        if statuses.get(robot.order) in ("FINISHED", "FAILED"):
            if robot.assigned == "charge":
                left_charger(robot)
            robot.assigned = robot.order = robot.charger = ""

    def _ordered(self, robot: Robot, state: dict[str, Any], *, hot: bool) -> None:
        """What has become of an operation that a robot was given. ``hot``: it has just become too hot."""
        name = robot.assigned
        assignment = self._assignments[name]
        if assignment.revoked and not assignment.cancelling:
            return  # what the site answers counts
        if robot.mode not in COMMANDED and robot.mode != "INTERVENED":
            # It has cleared its order by itself and takes no cancellation (section 6.6.6, table 10).
            self._revoke(name, assignment.revoked or "forfeited", assignment.blame)
            return
        news = news_of(robot, assignment, state)
        if state["orderId"] == robot.order:
            assignment.acknowledged = True
            assignment.accepted = max(assignment.accepted, min(assignment.update, state["orderUpdateId"]))
            horizon = any(not node["released"] for node in state["nodeStates"])
            if not assignment.route and horizon and not assignment.revoked:
                self._call_off(name, "forfeited", blame=False)  # of a control that was killed: its way is not known
            ahead = sum(node["released"] for node in state["nodeStates"])
            assignment.wants_more = (
                assignment.accepted == assignment.update
                and assignment.released < len(assignment.route)
                and not assignment.revoked
                and (ahead <= 1 or state.get("newBaseRequest", False))
            )
        if news == "refused":
            error = rejection(robot)
            assert error is not None
            self._refused(robot, error, name, self.ledger.operations[name].skill)
            self._revoke(name, assignment.revoked or "forfeited", blame=True)
        elif news == "forgotten" and not assignment.revoked:
            # It has started anew and knows nothing of what it had, or somebody else has sent it something.
            self._complain(robot.name, f"has forgotten its order {robot.order}", "order")
            if state["orderId"]:
                robot.rest(self._now_s, self.config.resend_s)
            self._revoke(name, "forfeited", blame=False)
        elif news == "done":
            robot.refusals = 0
            self._end(name, "done")
        elif news in ("over", "failed"):
            self._revoke(name, assignment.revoked or "failed", assignment.blame or not assignment.revoked)
        elif news == "stopped" and not assignment.revoked:
            self._stopped(robot, name, assignment, hot)
        elif news == "running":
            assignment.running_s = min(assignment.running_s, self._now_s)

    def _stopped(self, robot: Robot, name: str, assignment: Assignment, hot: bool) -> None:
        """Somebody else does it meanwhile, unless waiting for a hot motor costs less than beginning anew."""
        short = self._now_s - assignment.running_s < self.config.cooling_s and name not in robot.loads
        if robot.faults - {"motorTooHot"} or not robot.faults or short:
            if not robot.faults:
                self._complain(robot.name, "waits for a retry, or refuses to be sent further: called off")
            if not robot.faults & KNOWN_STOPS:
                robot.rest(self._now_s, self.config.resend_s)
            self._call_off(name, "forfeited", blame=not robot.faults & KNOWN_STOPS)
        elif hot:
            assignment.expected_s += self.config.cooling_s

    def _refused(self, robot: Robot, error: Any, name: str, skill: str) -> None:
        """A robot does not take an order."""
        self._note(robot.name, f"refuses {name or skill}: {said(error)}")
        words = robot.refuse(canonical(error["errorType"]), name, skill)
        robot.rest(self._now_s, self.config.resend_s)
        self._complain(robot.name, words, "refusal")

    def _answered(self, answer: Answer) -> None:
        name = answer.operation
        assignment, progress = self._assignments.get(name), self.ledger.progress.get(name)
        if assignment is None or progress is None or not assignment.revoked or answer.attempt != progress.attempt:
            return
        fallen = self._loads.answered(answer)
        if fallen is not None and answer.load_x_m is not None and answer.load_y_m is not None:
            self._keeper.unblock(fallen)
            fallen.x_m, fallen.y_m = answer.load_x_m, answer.load_y_m
            self._keeper.block(fallen)
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
        self._again_s = math.inf
        for robot in self.robots.values():
            if not robot.free:
                if robot.online and robot.heard and robot.unfit and not (robot.mute or robot.fatal & KNOWN_STOPS):
                    self._complain(robot.name, f"{robot.unfit}: gets no work")
                continue
            if now_s < robot.ready_s():
                self._again_s = min(self._again_s, robot.ready_s())
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
            able = self._dispatcher.able(name, free, now_s)
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
        expected_s = (
            self.roadmap.length_m(chosen.route) / self.config.speed_m_s + self.ledger.operations[name].duration_s
        )
        assignment, attempt = Assignment(now_s, now_s, expected_s), progress.attempt + 1
        beyond = self._book.compose(robot, name, chosen.station, attempt, assignment)
        if beyond:
            robot.refused.add(name)
            self._complain(robot.name, f"cannot be sent an order: {beyond}", "limits")
            self._news = True
            return
        self._dispatcher.take_room(name, chosen.station.name, 1)
        event = self.log.add(
            case=name, cell=chosen.station.name, resource=robot.name, kind="start", outcome="assigned", attempt=attempt,
        )  # fmt: skip
        self.ledger.fold(event)
        self._assignments[name] = assignment
        robot.assigned, robot.order, robot.times_sent = name, self._book.order_id(name, attempt, robot), 0
        self._book.send(robot, assignment, now_s)

    def _call_off(self, name: str, why: str, *, blame: bool) -> None:
        """Ask the robot to stop; what became of the work is found out then."""
        assignment = self._assignments.get(name)
        if assignment is None or assignment.revoked:
            return
        assignment.revoked, assignment.blame, assignment.cancelling = why, blame, True
        if not self._cancel_order(self.robots[self.ledger.progress[name].robot], assignment):
            self._revoke(name, why, blame)

    def _cancel_order(self, robot: Robot, assignment: Assignment) -> bool:
        """Returns False: nothing may be sent to it, and in such an operating mode it has no order any more."""
        sent = self._sender.instant_action(robot, "cancelOrder", orderId=robot.order)
        assignment.sent_s = self._now_s
        assignment.cancels += [sent] if sent else []
        return bool(sent)

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

    def _note(self, resource: str, text: str) -> None:
        self.log.add(case="fleet", cell="dispatch", resource=resource, kind="note", outcome=text)
