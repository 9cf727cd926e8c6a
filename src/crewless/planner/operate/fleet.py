"""A shift carried out by the dispatched fleet: simulated robots drive the aisles and work, all of it over VDA 5050.

Broker, robots and site live in this process and time is simulated, so the event log of a blueprint, a schedule and a seed is the
same every time, to the byte. The order of work is the schedule's, kept loosely: whoever is free takes what the schedule has
first of all that can be begun. Robots move by :mod:`crewless.planner.operate.motion`, draw from a battery and heat their motors.
No hardware was used.
"""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.core.events import EventLog, read_events
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.dispatch.control import ControlConfig, FleetControl
from crewless.planner.dispatch.ledger import Operation
from crewless.planner.dispatch.roadmap import Station
from crewless.planner.dispatch.robot import RobotConfig, SimulatedRobot, last_will
from crewless.planner.dispatch.site import Site
from crewless.planner.dispatch.transport import MemoryBroker, MemoryTransport
from crewless.planner.dispatch.wire import topic_of
from crewless.planner.layout.aisles import make_aisles
from crewless.planner.operate.floormap import FloorMap
from crewless.planner.operate.mishaps import Mishap, MishapConfig, draw
from crewless.planner.operate.motion import Motion
from crewless.planner.operate.shift import SPEED_M_S, Shift, check_stations

PATIENCE = 20.0
"""A shift that takes so many times as long as planned, and an hour, goes nowhere."""
_SLEEP_S = 20.0
BATTERY_WH = 2000.0
"""Of a robot: an assumption. Its charger is as strong as the blueprint's share of time on the charger needs."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a shift came to, by the site's own record."""

    done: int
    lost: int
    """Operations that were not done and not refused or cancelled."""
    refused: int
    """What cannot be done any more, because its station broke or what it waits for is refused."""
    done_twice: int
    failures: int
    """Tries that came to nothing and were repeated."""
    makespan_s: float
    planned_s: float
    lower_bound_s: float
    units: dict[str, int]
    """Part to units that were made."""
    steps: int
    conflicts: int
    """Robots that shared a cell, swapped or drove against an aisle, over all steps; judged by independent code."""
    recharges: int
    cooling_stops: int
    joined: int
    """Robots that the shift made and that worked in it."""
    energy_kwh: float
    """Drawn from the robots' batteries."""


class Shopfloor:
    """Everything of one shift that is simulated, and the control beside it.

    Args:
        blueprint: what was built.
        shift: from :func:`crewless.planner.operate.shift.schedule_shift`.
        log: the event log, JSON lines; ``t`` is simulated seconds.
        mishaps: what goes wrong.
        seed: of the mishaps, of the charge that the robots begin with, and of the robots' way through a crowd.
        resume: go on from ``log`` and from the site's record beside it; else both are begun anew.

    Raises:
        BadInput: the schedule is of another blueprint, or has a cycle.
    """

    def __init__(
        self, blueprint: Blueprint, shift: Shift, log: Path, *, mishaps: MishapConfig | None = None, seed: int = 0,
        resume: bool = False,
    ) -> None:  # fmt: skip
        self.blueprint, self.shift, self.seed = blueprint, shift, seed
        self.mishaps = mishaps or MishapConfig()
        check_stations(shift, blueprint)
        self.now_s = 0.0
        self.failures = self.recharges = self.cooling_stops = self.joined = 0
        self.aisles = make_aisles(blueprint)
        self.step_s = self.aisles.cell_m / SPEED_M_S
        count = max(1, shift.robots)
        share = blueprint.robot.charging_share
        wanted = max(2, math.ceil(2 * share * count))
        # Every other one, so that a robot that leaves the charger finds a parking place beside it.
        self.chargers = list(self.aisles.parking[::2][:wanted]) or [next(iter(self.aisles.bays.values()))[-1]]
        self.map = FloorMap(self.aisles, self.chargers)
        self.motion = Motion(self.aisles, chargers=self.chargers, seed=seed)
        self._source = random.Random(seed)
        self._broker = MemoryBroker()
        record = log.with_name("site.jsonl")
        if not resume:
            log.unlink(missing_ok=True)
            record.unlink(missing_ok=True)
        elif log.is_file():
            self.now_s = max((event.t for event in read_events(log)), default=0.0)
        self.site = Site(self._broker.connect(), record)
        self.robots: dict[str, SimulatedRobot] = {}
        self.fleet: list[str] = []
        """Robots that drive, as against stations that work by themselves."""
        self._slept_s: dict[str, float] = {}
        self._busy: set[str] = set()
        """Stations that work by themselves just now."""
        self.doing: dict[str, str] = {}
        """What each of them does, in one word."""
        kind = blueprint.robot.name
        for number in range(count):
            self._add_robot(f"{kind}-{number + 1}", self.motion.free_cell(), self._source.uniform(0.3, 1.0))
        tended = {one.station for one in shift.operations if one.by_hand}
        used = sorted({one.station for one in shift.operations})
        # A station that works by itself is to the control a robot that stands there.
        for name in sorted({one.station for one in shift.operations if not one.by_hand}):
            x, y = self.map.nodes[name]
            self._start(RobotConfig(serial=name, skills=(name,), x_m=x, y_m=y, battery_wh=1e9, hot_c=1e9))
        self.operations = [
            Operation(
                operation=one.name, skill=kind if one.by_hand else one.station, station_kind=one.station,
                duration_s=one.work_s, after=one.after, rank=one.start_s,
            )
            for one in shift.operations
        ]  # fmt: skip
        speed = SPEED_M_S / 2  # turns and others in the way
        self.control = FleetControl(
            operations=self.operations, roadmap=self.map, transport=self._broker.connect(), chargers=self.map.chargers,
            stations=[Station(station=name, kind=name, node=name) for name in used],
            log=EventLog(log, clock=lambda: self.now_s),
            config=ControlConfig(
                speed_m_s=speed, late_margin_s=600.0, block_dead=True, resend_s=20.0, silence_s=60.0,
                charge_s=2 * 3600.0, charger_places=1, max_failures=10,
            ),
        )  # fmt: skip
        makes = {process.name: process.makes for process in blueprint.processes}
        self._last = {line.stations[-1].name: makes[line.process] for line in blueprint.lines}
        self._finals = self._final_operations()
        self._seen_done = 0
        # After a kill, what had happened before happens at once: what broke is broken.
        self._coming = [
            each for each in draw(self.mishaps, self.fleet, sorted(tended), shift.makespan_s, seed)
            if each.at_s >= self.now_s or each.kind != "motor"
        ]  # fmt: skip
        slow = random.Random(seed + 1).sample(self.fleet, int(2 * self.mishaps.late_share * len(self.fleet)))
        for number, serial in enumerate(slow):
            self.robots[serial].slow = 2.0 if number % 2 else 0.5

    # Setting up -------------------------------------------------------------------------------------------------------

    def _add_robot(self, serial: str, cell: int, charge: float) -> None:
        robot, share = self.blueprint.robot, min(0.5, max(0.02, self.blueprint.robot.charging_share))
        work_w = 1000.0 * robot.power_kw
        x, y = self.aisles.middle(cell)
        config = RobotConfig(
            serial=serial, skills=(robot.name,), x_m=x, y_m=y, speed_m_s=SPEED_M_S, battery_wh=BATTERY_WH,
            work_w=work_w, drive_w=0.7 * work_w, idle_w=0.1 * work_w, charge_w=work_w * (1 - share) / share,
            visualize_s=5 * self.step_s,
        )  # fmt: skip
        self.motion.add(serial, cell)
        self.fleet.append(serial)
        self.doing[serial] = "idle"
        self._start(config, charge)

    def _start(self, config: RobotConfig, charge: float = 1.0) -> None:
        end = self._broker.connect(last_will(config.serial))
        for message in ("order", "instantActions", "zoneSet", "responses"):
            end.subscribe(topic_of("crewless", config.serial, message))
        drives = config.serial in self.motion.names
        robot = SimulatedRobot(
            config, end, self._work, charge=charge, mover=self.motion if drives else None,
        )  # fmt: skip
        self.robots[config.serial] = robot
        robot.start()

    def _final_operations(self) -> set[str]:
        """The last operation of every unit."""
        last: dict[str, tuple[float, str]] = {}
        for one in self.shift.operations:
            if one.station in self._last:
                last[one.unit] = max(last.get(one.unit, (-1.0, "")), (one.end_s, one.name))
        return {name for _, name in last.values()}

    def _work(self, action: str, parameters: Mapping[str, Any]) -> bool:
        if self._source.random() < self.mishaps.failed_share:
            self.failures += 1
            return False
        return self.site.work(action, parameters)

    # Time -------------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One cell's time for everybody."""
        self.now_s += self.step_s
        while self._coming and self._coming[0].at_s <= self.now_s:
            self._happen(self._coming.pop(0))
        self.motion.step()
        touched, self._broker.touched = self._broker.touched, set()
        for serial, robot in self.robots.items():
            arrived = robot.transport.receive() if robot.transport in touched else []
            for topic, payload in arrived:
                robot.handle(topic, payload)
            if robot.mover is None:
                # A station at rest neither moves nor warms up.
                if arrived or serial in self._busy:
                    robot.advance(self.step_s)
                    (self._busy.add if robot.busy() else self._busy.discard)(serial)
                continue
            # Who stands parked is looked at more rarely, for as long as it was left alone.
            slept_s = self._slept_s.get(serial, 0.0)
            if not arrived and slept_s < _SLEEP_S and self.doing[serial] == "idle" and self.motion.parked(serial):
                self._slept_s[serial] = slept_s + self.step_s
                continue
            self._slept_s[serial] = 0.0
            robot.advance(slept_s + self.step_s)
            now, was = robot.doing(), self.doing[serial]
            if now != was:
                self.doing[serial] = now
                self.recharges += now == "charging"
                self.cooling_stops += now == "cooling"
        self.site.answer()
        self._join()
        self.control.tick(self.now_s)

    def run(self, tell: Callable[["Shopfloor"], None] | None = None) -> Outcome:
        """Until nothing is left to do. ``tell`` is called after every step. Raises BadInput when nothing gets on."""
        while not self.control.finished():
            if self.now_s > PATIENCE * self.shift.makespan_s + 3600.0:
                raise BadInput(
                    f"after {self.now_s:,.0f} s {self.control.ledger.open} operations are not done",
                    alternatives=["more robots at hand", "fewer mishaps"],
                )
            self.step()
            if tell:
                tell(self)
        return self.outcome()

    def outcome(self) -> Outcome:
        """What was reached so far."""
        done = [operation for operation, _, _ in self.site.done]
        refused = len(list(self.control.ledger.names("refused")))
        units: dict[str, int] = {}
        for operation, _, station in self.site.done:
            if operation in self._finals:
                units[self._last[station]] = units.get(self._last[station], 0) + 1
        return Outcome(
            done=len(set(done)), lost=len(self.operations) - len(set(done)) - refused, refused=refused,
            done_twice=len(done) - len(set(done)), failures=self.failures, makespan_s=self.now_s,
            planned_s=self.shift.makespan_s, lower_bound_s=self.shift.lower_bound_s, units=dict(sorted(units.items())),
            steps=self.motion.steps, conflicts=self.motion.conflicts, recharges=self.recharges,
            cooling_stops=self.cooling_stops, joined=self.joined,
            energy_kwh=sum(self.robots[name].energy_j for name in self.fleet) / 3.6e6,
        )  # fmt: skip

    # What happens -----------------------------------------------------------------------------------------------------

    def _happen(self, mishap: Mishap) -> None:
        if mishap.kind == "robot":
            robot = self.robots[mishap.name]
            robot.alive = False
            self.motion.fallen(mishap.name)
            assert isinstance(robot.transport, MemoryTransport)
            robot.transport.break_off()
        elif mishap.kind == "station":
            self.site.fail(mishap.name)
            self._give_up(mishap.name)
        elif mishap.kind == "motor":
            self.robots[mishap.name].motor_c = self.robots[mishap.name].config.hot_c + 15.0
        elif mishap.kind == "close":
            lanes = self.aisles.floor.one_way[self.aisles.floor.free] >= 0
            spots = [cell for cell, lane in enumerate(lanes) if lane]
            cell = spots[random.Random(self.seed * 31 + int(mishap.name)).randrange(len(spots))]
            self.control.close_zone(f"spill {mishap.name}", [f"cell {cell}"])
        else:
            self.control.open_zone(f"spill {mishap.name}")

    def _give_up(self, station: str) -> None:
        """What was to be done at a station moves to the same station of parallel lines; where there is none it is refused, with
        what hangs on it."""
        progress = self.control.ledger.progress
        left = [
            one for one in self.shift.operations
            if self.control.ledger.operations[one.name].station_kind == station
            and progress[one.name].status in ("waiting", "assigned")
        ]  # fmt: skip
        others = self._parallel(station)
        for one in left:
            if others:
                # All of one unit goes to one station.
                other = others[int(one.unit.rpartition("#")[2]) % len(others)]
                skill = self.blueprint.robot.name if one.by_hand else other
                self.control.move(one.name, station_kind=other, skill=skill)
            else:
                self.control.give_up(one.name, f"station {station} is down")

    def _parallel(self, station: str) -> list[str]:
        """Stations that do the same tasks on lines of the same process, work in this shift, and are not broken."""
        tasks = {each.name: (line.process, each.tasks) for line in self.blueprint.lines for each in line.stations}
        used = {one.station for one in self.shift.operations} - self.site.broken - {station}
        return sorted(name for name in used if tasks[name] == tasks[station])

    def _join(self) -> None:
        """A robot that was just made joins the fleet."""
        for operation, _, station in self.site.done[self._seen_done :]:
            if operation in self._finals and self._last[station] == self.blueprint.robot.name:
                serial = f"{self.blueprint.robot.name}-{len(self.fleet) + 1}"
                self._add_robot(serial, self.motion.free_cell(self.aisles.bays[station][0]), 0.5)
                self.joined += 1
        self._seen_done = len(self.site.done)


def run_shift(
    blueprint: Blueprint, shift: Shift, log: Path, *, mishaps: MishapConfig | None = None, seed: int = 0,
    resume: bool = False, tell: Callable[[Shopfloor], None] | None = None,
) -> Outcome:  # fmt: skip
    """Dispatch the schedule's operations; every one is done once. See :class:`Shopfloor` for the arguments."""
    return Shopfloor(blueprint, shift, log, mishaps=mishaps, seed=seed, resume=resume).run(tell)
