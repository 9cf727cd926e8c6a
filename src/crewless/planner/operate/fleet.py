"""A shift carried out by the dispatched fleet: simulated robots drive the aisles and work, all of it over VDA 5050.

Broker, robots and site live in this process and time is simulated, so the event log of a blueprint, a schedule and a seed is the
same every time, to the byte. Robots do not avoid each other on the way. No hardware was used.
"""

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.core.events import EventLog
from crewless.planner.blueprint.model import Blueprint, Layout
from crewless.planner.dispatch.control import FleetControl
from crewless.planner.dispatch.ledger import Operation
from crewless.planner.dispatch.roadmap import Roadmap, Station
from crewless.planner.dispatch.robot import RobotConfig, SimulatedRobot
from crewless.planner.dispatch.site import Site
from crewless.planner.dispatch.transport import MemoryBroker
from crewless.planner.dispatch.wire import topic_of
from crewless.planner.operate.shift import Shift

STEP_S = 1.0
"""Simulated seconds between two looks of the control."""
PATIENCE = 20.0
"""A shift that takes so many times as long as planned, and an hour, goes nowhere."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a shift came to, by the site's own record."""

    done: int
    lost: int
    done_twice: int
    failures: int
    """Tries that came to nothing and were repeated."""
    makespan_s: float
    planned_s: float
    units: dict[str, int]
    """Part to units that were made."""


def run_shift(
    blueprint: Blueprint,
    shift: Shift,
    log: Path,
    *,
    failure_share: float = 0.0,
    seed: int = 0,
    tell: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Dispatch the schedule's operations; every one is done once.

    Args:
        blueprint: what was built.
        shift: from :func:`crewless.planner.operate.shift.schedule_shift`.
        log: the event log, JSON lines; ``t`` is simulated seconds. It is begun anew.
        failure_share: chance that a piece of work comes to nothing, 0 to 1; it is promised again, to another robot if there is one.
        seed: of the failures.
        tell: called with operations done and all.

    Raises:
        BadInput: the schedule is of another blueprint, has a cycle, or cannot be finished.
    """
    if not 0 <= failure_share < 1:
        raise BadInput(f"a failure share of {failure_share}", alternatives=["0 or more, less than 1"])
    stations = {station.name: (line, station) for line in blueprint.lines for station in line.stations}
    for one in shift.operations:
        if one.station not in stations:
            raise BadInput(f"the schedule names station {one.station!r}, which the blueprint has not")
    by_hand = {name for name, (_, station) in stations.items() if station.robots > 0}
    kind = blueprint.robot.name
    operations = [
        Operation(
            operation=one.name, skill=kind if one.station in by_hand else one.station, station_kind=one.station,
            duration_s=one.planned_s, after=one.after,
        )
        for one in shift.operations
    ]  # fmt: skip
    roadmap = roadmap_of(blueprint.layout)
    used = {one.station for one in shift.operations}

    now_s = 0.0
    broker = MemoryBroker()
    site = Site(broker.connect())
    source = random.Random(seed)
    failures = 0

    def work(action: str, parameters: Mapping[str, Any]) -> bool:
        nonlocal failures
        if source.random() < failure_share:
            failures += 1
            return False
        return site.work(action, parameters)

    gates = sorted(node for node in roadmap.nodes if node not in stations)
    configs = [
        RobotConfig(serial=f"robot-{i + 1}", skills=(kind,), x_m=roadmap.nodes[gate][0], y_m=roadmap.nodes[gate][1])
        for i, gate in zip(range(max(1, shift.robots)), itertools.cycle(gates), strict=False)
    ]
    # A station that works by itself is to the control a robot that stands there.
    for name in sorted(used - by_hand):
        x_m, y_m = roadmap.nodes[name]
        configs.append(RobotConfig(serial=name, skills=(name,), x_m=x_m, y_m=y_m, battery_wh=1e9))
    robots: dict[str, SimulatedRobot] = {}
    for config in configs:
        end = broker.connect()
        for message in ("order", "instantActions"):
            end.subscribe(topic_of("crewless", config.serial, message))
        robots[config.serial] = SimulatedRobot(config, end, work)
        robots[config.serial].start()

    log.unlink(missing_ok=True)
    control = FleetControl(
        operations=operations, roadmap=roadmap, transport=broker.connect(), chargers=gates[:4],
        stations=[Station(station=name, kind=name, node=name) for name in sorted(used)],
        log=EventLog(log, clock=lambda: now_s),
    )  # fmt: skip
    planned_s = max((one.start_s + one.planned_s for one in shift.operations), default=0.0)
    finished = 0
    while not control.finished():
        if now_s > PATIENCE * planned_s + 3600.0:
            raise BadInput(
                f"after {now_s:,.0f} s {len(operations) - len(site.done)} operations are not done",
                alternatives=["more robots at hand", "a smaller failure share"],
            )
        for robot in robots.values():
            for topic, payload in robot.transport.receive():
                robot.handle(topic, payload)
            robot.advance(STEP_S)
        now_s += STEP_S
        site.answer()
        control.tick(now_s)
        if tell and len(site.done) > finished:
            finished = len(site.done)
            tell(finished, len(operations))
    done = [operation for operation, _, _ in site.done]
    makes = {process.name: process.makes for process in blueprint.processes}
    last = {line.stations[-1].name: makes[line.process] for line in blueprint.lines}
    units: dict[str, int] = {}
    for _, _, station in site.done:
        if station in last:
            units[last[station]] = units.get(last[station], 0) + 1
    return Outcome(
        done=len(set(done)), lost=len(operations) - len(set(done)), done_twice=len(done) - len(set(done)),
        failures=failures, makespan_s=now_s, planned_s=planned_s, units=dict(sorted(units.items())),
    )  # fmt: skip


def roadmap_of(layout: Layout) -> Roadmap:
    """The aisles as ways, both directions: a node where two aisles cross, one beside each station, and one for each station,
    which has the station's name."""
    wide = [a for a in layout.aisles if a[2] >= a[3]]
    tall = [a for a in layout.aisles if a[2] < a[3]]
    middle_y = sorted({y + depth / 2 for _, y, _, depth in wide})
    middle_x = sorted({x + width / 2 for x, _, width, _ in tall})
    nodes: dict[str, tuple[float, float]] = {
        f"crossing {i}-{j}": (x, y) for i, x in enumerate(middle_x) for j, y in enumerate(middle_y)
    }
    if not nodes:
        raise BadInput("the layout has no two aisles that cross, so nobody can drive")
    ways: list[tuple[str, str]] = []
    along: dict[tuple[str, float], list[str]] = {}
    for name, (x, y) in nodes.items():
        along.setdefault(("x", x), []).append(name)
        along.setdefault(("y", y), []).append(name)
    for place in layout.places:
        x, y = place.x_m + place.width_m / 2, place.y_m + place.depth_m / 2
        nodes[place.station] = x, y
        aisle = min(middle_y, key=lambda other: abs(other - y))
        stop = f"stop {place.station}"
        nodes[stop] = x, aisle
        along.setdefault(("y", aisle), []).append(stop)
        ways.append((stop, place.station))
    for (axis, _), names in along.items():
        names.sort(key=lambda name: nodes[name][1 if axis == "x" else 0])
        ways += itertools.pairwise(names)
    return Roadmap(nodes, [*ways, *((end, start) for start, end in ways)])
