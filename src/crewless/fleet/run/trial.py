"""A control tried with one misbehaving robot among three that behave, in memory or over a real broker: what it was sent, what a person
was told, and whether all work was done once."""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from crewless.core.events import EventLog
from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.fleet_control import FleetControl
from crewless.fleet.control.operations import Carry, FleetOperation
from crewless.fleet.control.roadmap import LineRoadmap, StationNode
from crewless.fleet.simulate.personas import PERSONAS, MisbehavingWire
from crewless.fleet.simulate.simulated_robot import SimulatedRobot, SimulatedRobotConfig, last_will
from crewless.fleet.site import Site
from crewless.fleet.vda5050.order_rules import faults, new_order_faults, update_faults
from crewless.fleet.vda5050.topics import MANUFACTURER, topic_of
from crewless.fleet.vda5050.transport import Transport, Will
from crewless.fleet.vda5050.validation import decode

Connect = Callable[[str, Will | None], Transport]
"""A client of the broker, by its name and its will."""
STRANGER = "stranger"
"""Serial number of the robot that misbehaves; what else is on the floor has another."""
_OTHERS, _ASSEMBLIES, _LOADS = 3, 12, 4
_QUIET_S = 120
_MOST_LINES = 2
"""The one that is due, and one that follows from it."""


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What came of a trial."""

    persona: str
    what: str
    """How it misbehaves."""
    simulated_s: float
    operations: int
    done_once: int
    done_twice: int
    """By the site's record."""
    finished: bool
    orders: int
    """Order messages that it was sent."""
    forbidden: int
    """Of these, those while the last state that it had sent did not allow any (VDA 5050, section 6.6.6), or to one that may have
    none at all."""
    wrong: int
    """Order messages, to any robot, that break a rule of the standard (sections 6.1.1 and 6.1.2)."""
    lines: Sequence[str]
    """What a person was told of it."""
    told: bool
    """Whether that is what it should be."""

    @property
    def right(self) -> bool:
        """Nothing lost, nothing twice, no order where none may go, and the one line that is due."""
        complete = (
            self.finished
            and len(self.lines) <= _MOST_LINES
            and self.done_once == self.operations
            and not self.done_twice
        )
        return complete and not self.forbidden and not self.wrong and self.told


class _Referee:
    """Hears everything, and judges by the standard alone."""

    def __init__(self, transport: Transport, orders: bool) -> None:
        self._transport, self._allowed = transport, orders
        transport.subscribe("uagv/#")
        self._state: dict[str, Any] | None = None
        self._sent: dict[tuple[str, str], dict[str, Any]] = {}
        self.orders = self.forbidden = self.wrong = 0

    def listen(self) -> None:
        for topic, payload in self._transport.receive():
            serial, _, kind = topic.rpartition("/")
            serial = serial.rpartition("/")[2]
            if kind == "order":
                self._judge(serial, decode("order", payload))
            elif kind == "state" and serial == STRANGER:
                try:
                    self._state = decode("state", payload)
                except Exception:
                    continue  # nonsense says nothing of the robot

    def _judge(self, serial: str, order: dict[str, Any]) -> None:
        before = self._sent.get((serial, order["orderId"]))
        if before is None:
            found = new_order_faults(order)
        elif before["orderUpdateId"] == order["orderUpdateId"]:
            same = all(before[key] == order[key] for key in ("nodes", "edges"))
            found = [] if same else ["sent again, and not the same"]
        else:
            decision = next(node for node in reversed(before["nodes"]) if node["released"])
            found = update_faults(order, decision) + faults(order)
        self._sent[serial, order["orderId"]] = order
        self.wrong += bool(found)
        if serial != STRANGER:
            return
        self.orders += 1
        self.forbidden += not self._allowed or (self._state is not None and _forbids(self._state))


def _forbids(state: dict[str, Any]) -> bool:
    place = state.get("mobileRobotPosition")
    return (
        state["operatingMode"] not in ("AUTOMATIC", "SEMIAUTOMATIC", "INTERVENED")
        or state["safetyState"]["activeEmergencyStop"] != "NONE"
        or any(each["errorLevel"] == "FATAL" for each in state["errors"])
        or place is None
        or not place["localized"]
        or place["mapId"] != "floor"
    )


def try_persona(
    name: str, connect: Connect, folder: Path, *, second_s: float = 0.0, limit_s: float = 3_000.0, others: int = _OTHERS
) -> TrialResult:
    """One trial.

    Args:
        name: of the persona.
        connect: gives each party its own end of one broker.
        folder: of the event log.
        second_s: so long does a simulated second take at least; over a real broker messages need some time.
        limit_s: simulated seconds after which it is given up.
        others: robots that behave.
    """
    persona = PERSONAS[name]
    referee = _Referee(connect("referee", None), persona.orders)
    site = Site(connect("site", None))
    lines: list[str] = []
    nodes = {f"n{i}": (5.0 * i, 0.0) for i in range(7)}
    ways = [(f"n{i}", f"n{i + 1}") for i in range(6)]
    robots: dict[str, SimulatedRobot] = {}
    site.place_of = lambda load: _lies(site, robots, load)
    floor = [*(f"r{number}" for number in range(others)), STRANGER]
    for number, serial in enumerate(floor):
        robots[serial] = _robot(serial, number, name, connect, partial(_work, site, serial))
    for robot in robots.values():
        if isinstance(robot.transport, MisbehavingWire):
            robot.transport.begin(robot)
        else:
            robot.start()
    # Last, so that what the broker has kept comes as such.
    control = FleetControl(
        operations=_operations(), roadmap=LineRoadmap(nodes, ways + [(b, a) for a, b in ways]),
        stations=[
            StationNode(name=f"s{number}", kind=kind, node=node, places=4)
            for number, (kind, node) in enumerate((("press", "n5"), ("press", "n6"), ("store", "n1")))
        ],
        transport=connect("control", None), log=EventLog(folder / "events.jsonl"),
        config=ControlConfig(base_nodes=2, late_margin_s=60.0),
        warn=lambda who, words: lines.append(words) if who == STRANGER else None,
    )  # fmt: skip
    now_s, began = 0.0, time.monotonic()
    finished_s = float("inf")
    # A while longer than the work takes: what is said late is heard too, and what is done twice is seen.
    while now_s < min(limit_s, finished_s + _QUIET_S):
        now_s += 1.0
        for robot in robots.values():
            for topic, payload in robot.transport.receive():
                robot.handle(topic, payload)
            robot.advance(1.0)
            if isinstance(robot.transport, MisbehavingWire):
                robot.transport.tick(now_s)
        site.answer()
        referee.listen()
        control.tick(now_s, second_s / 4)
        if control.finished():
            finished_s = min(finished_s, now_s)
        if (ahead_s := began + now_s * second_s - time.monotonic()) > 0:
            time.sleep(ahead_s)
        elif second_s:
            began = time.monotonic() - now_s * second_s
    referee.listen()
    for each in (*(robot.transport for robot in robots.values()), control.transport):
        each.close()
    done = Counter(operation for operation, _, _ in site.done)
    due = [line for line in lines if persona.line and re.search(persona.line, line)]
    return TrialResult(
        persona=name, what=persona.what, simulated_s=min(finished_s, now_s), operations=len(control.ledger.operations),
        done_once=sum(count == 1 for count in done.values()), done_twice=sum(count > 1 for count in done.values()),
        finished=control.finished(), orders=referee.orders, forbidden=referee.forbidden, wrong=referee.wrong,
        lines=lines, told=bool(due) if persona.line else not lines,
    )  # fmt: skip


def _operations() -> list[FleetOperation]:
    made = [
        FleetOperation(
            name=f"a{number}", skill="assemble", station_kind="press", duration_s=10.0,
            after=(f"a{number - 4}",) if number >= 4 else (),
        )
        for number in range(_ASSEMBLIES)
    ]  # fmt: skip
    carried = [
        FleetOperation(
            name="load" if not number else f"load {number}", skill="pick", station_kind="press", duration_s=4.0,
            carry=Carry(part="box", kg=5.0, source="s2"),
        )
        for number in range(_LOADS)
    ]  # fmt: skip
    return made + carried


def _robot(
    serial: str, number: int, persona: str, connect: Connect, work: Callable[[str, Mapping[str, Any]], bool]
) -> SimulatedRobot:
    end = connect(serial, last_will(serial))
    wire = MisbehavingWire(end, PERSONAS[persona]) if serial == STRANGER else end
    # It stands nearest to the work, so that it would be the first to be sent.
    config = SimulatedRobotConfig(serial=serial, x_m=25.0 if serial == STRANGER else 5.0 * number, carries=True)
    robot = SimulatedRobot(config, wire, work)
    if isinstance(wire, MisbehavingWire):
        wire.robot = robot
    for kind in ("order", "instantActions", "zoneSet", "responses"):
        end.subscribe(topic_of(MANUFACTURER, serial, kind))
    return robot


def _work(site: Site, serial: str, action: str, parameters: Mapping[str, Any]) -> bool:
    """What a station or a shelf says to it: nobody takes a load out of a robot's hands but out of the stranger's."""
    kind, load = parameters["actionType"], parameters.get("loadId", "")
    at = site.loads.get(load, "")
    if kind == "pick":
        if at.startswith("robot:") and at != f"robot:{STRANGER}":
            return False
        site.move(load, f"robot:{serial}", parameters.get("loadType", ""), parameters.get("weight", 0.0))
        return True
    if kind == "drop" and at != f"robot:{serial}":
        return False
    if kind == "drop" and not parameters["operation"]:
        site.move(load, parameters["station"])  # put back
        return True
    return site.work(action, parameters)


def _lies(site: Site, robots: Mapping[str, SimulatedRobot], load: str) -> tuple[float, float] | None:
    robot = robots.get(site.loads.get(load, "").removeprefix("robot:"))
    return None if robot is None else (robot.x_m, robot.y_m)
