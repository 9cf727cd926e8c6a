"""The simulated side of a shift: robots that drive the aisles and work, stations that work by themselves, the site's record, and
what goes wrong. It knows the control by messages only, so that real robots may stand in its place. No hardware was used.

Robots move by :mod:`crewless.planner.operate.motion`, draw from a battery and heat their motors.
"""

import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from crewless.planner.blueprint.model import Blueprint
from crewless.planner.dispatch.robot import RobotConfig, SimulatedRobot, last_will
from crewless.planner.dispatch.site import Site
from crewless.planner.dispatch.transport import Transport, Will
from crewless.planner.dispatch.wire import topic_of
from crewless.planner.layout.aisles import Aisles, make_aisles
from crewless.planner.operate.foreman import DOING, TEND, finals
from crewless.planner.operate.mishaps import Mishap, MishapConfig, draw
from crewless.planner.operate.motion import Motion
from crewless.planner.operate.shift import SPEED_M_S, Shift, check_stations

_SLEEP_S = 20.0
BATTERY_WH = 2000.0
"""Of a robot: an assumption. Its charger is as strong as the blueprint's share of time on the charger needs."""


class Ends(Protocol):
    """Gives every robot and station its own end of a broker."""

    def connect(self, serial: str, will: Will | None, *, drives: bool) -> Transport:
        """``drives``: a robot, as against a station that works by itself."""
        ...

    def asked(self) -> set[Transport] | None:
        """Ends that may have been sent something since the last call; None: any."""
        ...

    def broken(self, end: Transport) -> None:
        """A robot died: its last will is spoken."""
        ...


def charger_cells(blueprint: Blueprint, aisles: Aisles, robots: int) -> list[int]:
    """Where robots charge: twice as many places as the blueprint's share of time on the charger fills."""
    wanted = max(2, math.ceil(2 * blueprint.robot.charging_share * max(1, robots)))
    # Every other one, so that a robot that leaves the charger finds a parking place beside it.
    return list(aisles.parking[::2][:wanted]) or [next(iter(aisles.bays.values()))[-1]]


class Plant:
    """Everything of one shift that is simulated.

    Args:
        blueprint: what was built.
        shift: its schedule.
        ends: of the broker.
        record: the site's, a file; what it holds already is taken over.
        mishaps: what goes wrong with robots and stations.
        seed: of the mishaps, of the charge that the robots begin with, and of the robots' way through a crowd.
        now_s: when it begins.
        robots: how many; None: as many as the schedule has.
        run: see :class:`crewless.planner.dispatch.site.Site`.

    Raises:
        BadInput: the schedule is of another blueprint; every robot would die; the record cannot be read.
    """

    def __init__(
        self, blueprint: Blueprint, shift: Shift, ends: Ends, record: Path, *, mishaps: MishapConfig | None = None,
        seed: int = 0, now_s: float = 0.0, robots: int | None = None, run: str = "",
    ) -> None:  # fmt: skip
        self.blueprint, self.shift, self.now_s, self._ends = blueprint, shift, now_s, ends
        self.mishaps = mishaps or MishapConfig()
        check_stations(shift, blueprint)
        self.failures = self.recharges = self.cooling_stops = self.joined = 0
        self.aisles = make_aisles(blueprint)
        self.step_s = self.aisles.cell_m / SPEED_M_S
        self.chargers = charger_cells(blueprint, self.aisles, shift.robots)
        self.motion = Motion(self.aisles, chargers=self.chargers, seed=seed)
        self._source = random.Random(seed)
        self.site = Site(ends.connect("site", None, drives=False), record, run)
        self.robots: dict[str, SimulatedRobot] = {}
        self.fleet: list[str] = []
        """Robots that drive, as against stations that work by themselves."""
        self._slept_s: dict[str, float] = {}
        self._busy: set[str] = set()
        """Stations that work by themselves just now."""
        self.doing: dict[str, str] = {}
        """What each of them does, in one word."""
        for number in range(max(1, shift.robots) if robots is None else robots):
            self._add_robot(
                f"{blueprint.robot.name}-{number + 1}", self.motion.free_cell(), self._source.uniform(0.3, 1.0)
            )
        # A station that works by itself is to the control a robot that stands there.
        for name in sorted({one.station for one in shift.operations if not one.by_hand}):
            x, y = self.aisles.middle(self.aisles.bays[name][0])
            self._start(RobotConfig(serial=name, skills=(name,), x_m=x, y_m=y, battery_wh=1e9, hot_c=1e9))
        self._finals = finals(blueprint, shift)
        self._seen_done = 0
        tended = {one.station for one in shift.operations if one.by_hand}
        # After a kill, what had happened before happens at once: what broke is broken.
        self.coming = [
            each for each in draw(self.mishaps, self.fleet, sorted(tended), shift.makespan_s, seed)
            if each.at_s >= now_s or each.kind != "motor"
        ]  # fmt: skip
        slow = random.Random(seed + 1).sample(self.fleet, int(2 * self.mishaps.late_share * len(self.fleet)))
        for number, serial in enumerate(slow):
            self.robots[serial].slow = 2.0 if number % 2 else 0.5

    def step(self) -> None:
        """One cell's time for everybody."""
        self.now_s += self.step_s
        while self.coming and self.coming[0].at_s <= self.now_s:
            self.happen(self.coming.pop(0))
        self.motion.step()
        asked = self._ends.asked()
        for serial, robot in self.robots.items():
            arrived = robot.transport.receive() if asked is None or robot.transport in asked else []
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

    def happen(self, mishap: Mishap) -> None:
        """A robot or a station dies, a motor runs hot. What is closed and opened is the control's."""
        if mishap.kind == "robot":
            robot = self.robots[mishap.name]
            robot.alive = False
            self.motion.fallen(mishap.name)
            self._ends.broken(robot.transport)
        elif mishap.kind == "station":
            self.site.fail(mishap.name)
        elif mishap.kind == "motor":
            self.robots[mishap.name].motor_c = self.robots[mishap.name].config.hot_c + 15.0

    def greet(self) -> None:
        """Everybody says hello once more: the broker was away, and may have spoken their wills."""
        for robot in self.robots.values():
            if robot.alive:
                robot.start()

    def energy_kwh(self) -> float:
        """Drawn from the robots' batteries."""
        return sum(self.robots[name].energy_j for name in self.fleet) / 3.6e6

    def frame(self) -> dict[str, Any]:
        """Where everybody is; see :mod:`crewless.planner.operate.record`."""
        rows: list[list[Any]] = []
        for name in self.fleet:
            robot = self.robots[name]
            heading = round(-robot.theta / 1.5707963) % 4
            rows.append([
                round(robot.x_m, 1), round(robot.y_m, 1), heading, DOING.index(robot.doing()), round(100 * robot.charge),
                round(robot.motor_c),
            ])  # fmt: skip
        return {
            "t": round(self.now_s, 1), "done": len(self.site.done), "conflicts": self.motion.conflicts, "fleet": self.fleet,
            "robots": rows,
            "working": sorted(name for name, robot in self.robots.items() if robot.mover is None and robot.busy()),
            "down": sorted(self.site.broken),
            "closed": [[round(v, 1) for v in self.aisles.middle(cell)] for cell in sorted(self.motion.closed)],
        }  # fmt: skip

    # Robots -----------------------------------------------------------------------------------------------------------

    def _add_robot(self, serial: str, cell: int, charge: float) -> None:
        robot, share = self.blueprint.robot, min(0.5, max(0.02, self.blueprint.robot.charging_share))
        work_w = 1000.0 * robot.power_kw
        x, y = self.aisles.middle(cell)
        config = RobotConfig(
            serial=serial, skills=(TEND,), x_m=x, y_m=y, speed_m_s=SPEED_M_S, battery_wh=BATTERY_WH,
            work_w=work_w, drive_w=0.7 * work_w, idle_w=0.1 * work_w, charge_w=work_w * (1 - share) / share,
            visualize_s=5 * self.step_s,
        )  # fmt: skip
        self.motion.add(serial, cell)
        self.fleet.append(serial)
        self.doing[serial] = "idle"
        self._start(config, charge)

    def _start(self, config: RobotConfig, charge: float = 1.0) -> None:
        drives = config.serial in self.motion.names
        end = self._ends.connect(config.serial, last_will(config.serial), drives=drives)
        for message in ("order", "instantActions", "zoneSet", "responses"):
            end.subscribe(topic_of("crewless", config.serial, message))
        robot = SimulatedRobot(config, end, self._work, charge=charge, mover=self.motion if drives else None)
        self.robots[config.serial] = robot
        robot.start()

    def _work(self, action: str, parameters: Mapping[str, Any]) -> bool:
        if self._source.random() < self.mishaps.failed_share:
            self.failures += 1
            return False
        return self.site.work(action, parameters)

    def _join(self) -> None:
        """A robot that was just made joins the fleet."""
        for operation, _, station in self.site.done[self._seen_done :]:
            if self._finals.get(operation) == self.blueprint.robot.name:
                serial = f"{self.blueprint.robot.name}-{len(self.fleet) + 1}"
                self._add_robot(serial, self.motion.free_cell(self.aisles.bays[station][0]), 0.5)
                self.joined += 1
        self._seen_done = len(self.site.done)
