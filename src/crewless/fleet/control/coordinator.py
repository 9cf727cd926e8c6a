"""The control's side of a shift, whoever the robots are: what is to be dispatched, what becomes of a broken station's work, and
what came of it all.

The order of work is the schedule's, kept loosely: whoever is free takes what the schedule has first of all that can be begun.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crewless.core.events import EventLog
from crewless.fleet.control.fleet_control import ControlConfig, FleetControl
from crewless.fleet.control.floor_map import FloorMap
from crewless.fleet.control.operations import Carry, Operation
from crewless.fleet.control.reroute import TEND, Reroute
from crewless.fleet.control.roadmap import Station
from crewless.fleet.simulate.mishaps import Mishap
from crewless.fleet.vda5050.transport import Transport
from crewless.planner.blueprint.aisles import Aisles
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule.material import HANDLE_S, carriages
from crewless.planner.schedule.shift import SPEED_M_S, ShiftPlan, check_stations, limits_of, motor_below_c

DOING = ("idle", "driving", "working", "charging", "cooling", "paused", "empty", "dead")
"""What a robot may be doing, numbered in a frame of the floor by its place here."""


def patience(pace: float = 0.0, *, wide_m: float = 2.0) -> ControlConfig:
    """When the control loses patience, in simulated seconds. Messages need real time: at ``pace`` simulated seconds a second
    (0: they need none) an answer that takes a second is ``pace`` late."""
    return ControlConfig(
        speed_m_s=SPEED_M_S / 2,  # turns and others in the way
        late_margin_s=600.0, carriers=4, block_dead=True, resend_s=max(20.0, 2 * pace), silence_s=max(60.0, 15 * pace),
        offline_s=10 * pace, charge_s=2 * 3600.0, charger_places=1, max_failures=10,
        planned_m=20.0,
    )  # fmt: skip


class Foreman:
    """A control with the shift's work, and what is decided about it on the way.

    Args:
        blueprint: what was built.
        shift: its schedule.
        aisles: of its floor.
        chargers: cells of ``aisles``.
        transport: an end of the broker that the robots are on.
        log: the event log; what it holds already is taken over.
        seed: of the ground that is closed by mishap.
        pace: see :func:`patience`.
        run: see :class:`crewless.fleet.control.fleet_control.FleetControl`.
        warn: see there.

    Raises:
        BadInput: the schedule is of another blueprint, or has a cycle.
    """

    def __init__(
        self, blueprint: Blueprint, shift: ShiftPlan, *, aisles: Aisles, chargers: list[int], transport: Transport, log: Path,
        seed: int = 0, pace: float = 0.0, run: str = "", warn: Callable[[str, str], None] | None = None,
    ) -> None:  # fmt: skip
        check_stations(shift, blueprint)
        self.blueprint, self.shift, self.aisles, self._seed = blueprint, shift, aisles, seed
        self.now_s = 0.0
        self.map = FloorMap(aisles, chargers)
        self.carriages = carriages(blueprint, shift)
        body = limits_of(blueprint)
        planned = {one.name: one for one in shift.carriages}
        start_s = {one.name: one.start_s for one in shift.operations}
        brought: dict[str, tuple[str, ...]] = {}
        for each in self.carriages:
            brought[each.operation] = (*brought.get(each.operation, ()), each.name)
        self.operations = [
            Operation(
                operation=one.name, skill=TEND if one.by_hand else one.station, station_kind=one.station,
                duration_s=one.work_s, after=one.after + brought.get(one.name, ()), rank=one.start_s,
                robot=one.robot, charge_needed=body.charge_needed(one.work_s) if one.by_hand else 0.0,
                motor_below_c=motor_below_c(blueprint, one.work_s) if one.by_hand else 0.0,
            )
            for one in shift.operations
        ] + [
            Operation(
                operation=one.name, skill="pick", station_kind=one.station, duration_s=2 * HANDLE_S,
                after=(one.made_by,) if one.made_by else (), robot=planned[one.name].robot if one.name in planned else "",
                # A schedule that plans no loads: each in time for what waits for it.
                rank=planned[one.name].start_s if one.name in planned else start_s[one.operation] - shift.walk_s - 2 * HANDLE_S,
                carry=Carry(part=one.part, kg=one.kg, source=one.source, made_by=one.made_by),
            )
            for one in self.carriages
        ]  # fmt: skip
        self.control = FleetControl(
            operations=self.operations, roadmap=self.map, transport=transport, chargers=self.map.chargers,
            stations=[
                Station(station=name, kind=name, node=name) for name in sorted({one.station for one in shift.operations})
            ],
            log=EventLog(log, clock=lambda: self.now_s), config=patience(pace), run=run, warn=warn,
        )  # fmt: skip
        self._reroute = Reroute(blueprint, shift, self.control)
        self._settled: set[str] = set()
        """Broken stations whose work is all elsewhere."""

    def tick(self, now_s: float, wait_s: float = 0.0) -> None:
        """As :meth:`crewless.fleet.control.fleet_control.FleetControl.tick`; the work of stations that broke is moved."""
        self.now_s = now_s
        self.control.tick(now_s, wait_s)
        for station in sorted(self.control.down - self._settled):
            if not self._reroute.give_up(station):
                self._settled.add(station)

    def happen(self, mishap: Mishap) -> None:
        """Ground is closed, opened or guarded."""
        if mishap.kind == "guard":
            self._guard(mishap.name)
        elif mishap.kind == "close":
            lanes = self.aisles.floor.one_way[self.aisles.floor.free] >= 0
            spots = [cell for cell, lane in enumerate(lanes) if lane]
            cell = spots[random.Random(self._seed * 31 + int(mishap.name)).randrange(len(spots))]
            self.control.close_zone(f"spill {mishap.name}", [f"cell {cell}"])
        elif mishap.kind == "open":
            self.control.open_zone(f"spill {mishap.name}")

    def _guard(self, name: str) -> None:
        """Both lanes, one cell to each side; no bay, where a robot works for long."""
        lanes = self.aisles.floor.one_way
        spots = [(int(row), int(column)) for row, column in zip(*(lanes >= 0).nonzero(), strict=True)]
        row, column = random.Random(self._seed * 37 + int(name)).choice(spots)
        around = [each for each in spots if abs(each[0] - row) <= 1 and abs(each[1] - column) <= 1]
        half = self.aisles.cell_m / 2
        places = [self.aisles.middle(int(self.aisles.number[each])) for each in around]
        left, right = min(x for x, _ in places) - half, max(x for x, _ in places) + half
        south, north = min(y for _, y in places) - half, max(y for _, y in places) + half
        corners = [(left, south), (right, south), (right, north), (left, north)]
        self.control.guard_zone(f"narrow {name}", corners)

    def units(self) -> dict[str, int]:
        """Part to units that were made so far."""
        progress, count = self.control.ledger.progress, dict[str, int]()
        for name, part in finals(self.blueprint, self.shift).items():
            if progress[name].status == "done":
                count[part] = count.get(part, 0) + 1
        return dict(sorted(count.items()))

    def carried(self) -> int:
        """Loads that were brought so far."""
        return sum(self.control.ledger.progress[each.name].status == "done" for each in self.carriages)

    def frame(self) -> dict[str, Any]:
        """The floor as the robots' messages say it is; see :mod:`crewless.fleet.simulate.positions`."""
        robots = [each for each in self.control.robots.values() if TEND in each.skills and each.x_m == each.x_m]
        rows = [
            [
                round(each.x_m, 1), round(each.y_m, 1), round(-each.theta / 1.5707963) % 4, DOING.index(each.doing),
                round(each.charge), round(each.motor_c) if each.motor_c == each.motor_c else None,
                len(each.loads),
            ]
            for each in robots
        ]  # fmt: skip
        return {
            "t": round(self.now_s, 1), "done": sum(1 for _ in self.control.ledger.names("done")),
            "open": self.control.ledger.open, "conflicts": None, "fleet": [each.name for each in robots], "robots": rows,
            "working": sorted(
                each.name for each in self.control.robots.values() if TEND not in each.skills and each.doing == "working"
            ),
            "down": sorted(self.control.down),
            "closed": [
                [round(v, 1) for v in self.map.nodes[name]] for name in sorted(self.map.closed) if name.startswith("cell ")
            ],
        }  # fmt: skip


def finals(blueprint: Blueprint, shift: ShiftPlan) -> dict[str, str]:
    """The last operation of every unit, and the part that it makes."""
    makes = {process.name: process.makes for process in blueprint.processes}
    last = {line.stations[-1].name: makes[line.process] for line in blueprint.lines}
    ends: dict[str, tuple[float, str, str]] = {}
    for one in shift.operations:
        if one.station in last:
            ends[one.unit] = max(ends.get(one.unit, (-1.0, "", "")), (one.end_s, one.name, last[one.station]))
    return {name: part for _, name, part in ends.values()}
