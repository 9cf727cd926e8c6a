"""The simulated side of a plan: robots that drive the aisles and work, stations that work by themselves, the site's record, and
what goes wrong. It knows the control by messages only, so that real robots may stand in its place. No hardware was used.

Robots move by :mod:`crewless.fleet.simulate.motion`, draw from a battery and heat their motors.
"""

import random
from collections import deque
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from crewless.fleet.plan import TEND, FleetPlan, check_plan
from crewless.fleet.positions import DOING
from crewless.fleet.simulate.mishaps import Mishap, MishapConfig, draw
from crewless.fleet.simulate.motion import Motion
from crewless.fleet.simulate.simulated_robot import STATE_EVERY_S, SimulatedRobot, SimulatedRobotConfig, last_will
from crewless.fleet.site import Site
from crewless.fleet.traffic.aisles import aisles_of
from crewless.fleet.vda5050.topics import header, topic_of
from crewless.fleet.vda5050.transport import Transport, Will
from crewless.fleet.vda5050.validation import encode

_SLEEP_S = 15.0
TOW_S = 600.0
"""A robot that died is off the floor after so long, and what it carried lies there: an assumption. Two that lie side by side would
cut the floor in two for good. One that ran empty is given a full battery after as long."""


class Ends(Protocol):
    """Gives every robot and station its own end of a broker."""

    def connect(self, serial: str, will: Will | None, *, drives: bool) -> Transport:
        """``drives``: a robot, as against a station that works by itself."""
        ...

    def asked(self) -> set[Transport] | None:
        """Ends that may have been sent something since the last call; None: any."""
        ...

    def broken(self, end: Transport) -> None:
        """A robot died: its last will is published."""
        ...


class SimulatedFloor:
    """Everything of one plan that is simulated.

    Args:
        plan: what the floor, its stations and its robots are.
        ends: of the broker.
        record: the site's, a file; what it holds already is taken over.
        mishaps: what goes wrong with robots and stations.
        seed: of the mishaps, of the charge that the robots begin with, and of the robots' way through a crowd.
        now_s: when it begins.
        robots: how many; None: as many as the plan has.
        run: see :class:`crewless.fleet.site.Site`.

    Raises:
        BadInput: the plan names something that is not there; every robot would die; the record cannot be read.
    """

    def __init__(
        self, plan: FleetPlan, ends: Ends, record: Path, *, mishaps: MishapConfig | None = None,
        seed: int = 0, now_s: float = 0.0, robots: int | None = None, run: str = "",
    ) -> None:  # fmt: skip
        self.plan, self.now_s, self._ends = check_plan(plan), now_s, ends
        self.mishaps = mishaps or MishapConfig()
        self.failures = self.recharges = self.cooling_stops = self.joined = self.rescued = 0
        self.aisles = aisles_of(plan.floor, plan.stations)
        self.step_s = self.aisles.cell_m / plan.robots.speed_m_s
        self.motion = Motion(self.aisles, chargers=self.aisles.chargers, seed=seed)
        self._source = random.Random(seed)
        self._keeper = ends.connect("site", None, drives=False)
        self.site = Site(self._keeper, record, run)
        self.site.place_of = self._lies_at
        self._planned = {each.name: each for each in plan.loads}
        self.robots: dict[str, SimulatedRobot] = {}
        self.fleet: list[str] = []
        """Robots that drive, as against stations that work by themselves."""
        self._wrecks: list[tuple[float, str]] = []
        self._flat: list[tuple[float, str]] = []
        self._slept_s: dict[str, float] = {}
        self._due: deque[tuple[float, SimulatedRobot]] = deque()
        """Stations, and when the state of one that is at rest is due, the first first."""
        self._busy: set[str] = set()
        """Stations that work by themselves just now."""
        self.doing: dict[str, str] = {}
        """What each of them does, in one word."""
        for number in range(max(1, plan.robots.count) if robots is None else robots):
            self._add_robot(f"{plan.robots.kind}-{number + 1}", self.motion.free_cell(), self._source.uniform(0.3, 1.0))
        # A station that works by itself is to the control a robot that stands there.
        for name in sorted({one.station for one in plan.operations if not one.by_hand}):
            x, y = self.aisles.middle(self.aisles.bays[name][0])
            self._start(SimulatedRobotConfig(serial=name, skills=(name,), x_m=x, y_m=y, battery_wh=1e9, hot_c=1e9))
        self._makes = {one.name: one.makes for one in plan.operations}
        self._seen_done = 0
        tended = {one.station for one in plan.operations if one.by_hand}
        # After a kill, what had happened before happens at once: what broke is broken.
        self.coming = [
            each for each in draw(self.mishaps, self.fleet, sorted(tended), plan.expected_s, seed)
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
        while self._wrecks and self._wrecks[0][0] <= self.now_s:
            self._tow(self._wrecks.pop(0)[1])
        while self._flat and self._flat[0][0] <= self.now_s:
            robot = self.robots[self._flat.pop(0)[1]]
            if robot.alive:
                robot.refill()
                self.rescued += 1
        self.motion.step()
        asked = self._ends.asked()
        for serial, robot in self.robots.items():
            arrived = robot.transport.receive() if asked is None or robot.transport in asked else []
            for topic, payload in arrived:
                robot.handle(topic, payload)
            if robot.mover is None:
                # A station at rest neither moves nor warms up; that it is there it says as often as the standard asks.
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
                if now == "empty":
                    self._flat.append((self.now_s + TOW_S, serial))
        while self._due and self._due[0][0] <= self.now_s:
            robot = self._due.popleft()[1]
            if robot.alive and robot.config.serial not in self._busy:
                robot.send_state()
            self._due.append((self.now_s + STATE_EVERY_S, robot))
        self.site.answer()
        self._join()

    def happen(self, mishap: Mishap) -> None:
        """A robot or a station dies, a motor runs hot. What is closed and opened is the control's."""
        if mishap.kind == "robot":
            robot = self.robots[mishap.name]
            robot.alive = False
            self.motion.fallen(mishap.name)
            self._ends.broken(robot.transport)
            self._wrecks.append((self.now_s + TOW_S, mishap.name))
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
        """Where everybody is; see :mod:`crewless.fleet.positions`."""
        rows: list[list[Any]] = []
        for name in self.fleet:
            robot = self.robots[name]
            heading = round(-robot.theta / 1.5707963) % 4
            rows.append([
                round(robot.x_m, 1), round(robot.y_m, 1), heading, DOING.index(robot.doing()), round(100 * robot.charge),
                round(robot.motor_c), len(robot.loads),
            ])  # fmt: skip
        return {
            "t": round(self.now_s, 1), "done": len(self.site.done), "conflicts": self.motion.conflicts, "fleet": self.fleet,
            "robots": rows,
            "working": sorted(name for name, robot in self.robots.items() if robot.mover is None and robot.busy()),
            "down": sorted(self.site.broken),
            "lying": [
                [round(v, 1) for v in _place(at)] for at in self.site.loads.values() if at.startswith("floor:")
            ],
            "guarded": [[round(v, 1) for v in self.aisles.middle(cell)] for cell in sorted(self.motion.guarded)],
            "closed": [[round(v, 1) for v in self.aisles.middle(cell)] for cell in sorted(self.motion.closed)],
        }  # fmt: skip

    # Robots -----------------------------------------------------------------------------------------------------------

    def _add_robot(self, serial: str, cell: int, charge: float) -> None:
        body = self.plan.robots
        x, y = self.aisles.middle(cell)
        config = SimulatedRobotConfig(
            serial=serial, skills=(TEND,), x_m=x, y_m=y, speed_m_s=body.speed_m_s,
            battery_wh=body.battery_wh, work_w=body.work_w, drive_w=body.drive_w,
            idle_w=body.idle_w, charge_w=body.charge_w,
            visualize_s=5 * self.step_s, carries=True, payload_kg=body.payload_kg, body_kg=body.mass_kg,
        )  # fmt: skip
        self.motion.add(serial, cell)
        self.fleet.append(serial)
        self.doing[serial] = "idle"
        self._start(config, charge)

    def _start(self, config: SimulatedRobotConfig, charge: float = 1.0) -> None:
        drives = config.serial in self.motion.names
        end = self._ends.connect(config.serial, last_will(config.serial), drives=drives)
        for message in ("order", "instantActions", "zoneSet", "responses"):
            end.subscribe(topic_of("crewless", config.serial, message))
        serial = config.serial
        robot = SimulatedRobot(
            config, end, partial(self._work, serial), charge=charge, mover=self.motion if drives else None,
            # What a robot carried before a restart it carries still.
            loads=[
                {"loadId": load, "loadType": self.site.kinds[load][0], "weight": self.site.kinds[load][1]}
                for load, at in self.site.loads.items() if at == f"robot:{serial}"
            ],
        )  # fmt: skip
        self.robots[config.serial] = robot
        robot.start()
        if not drives:
            self._due.append((self.now_s + STATE_EVERY_S, robot))

    def _work(self, serial: str, action: str, parameters: Mapping[str, Any]) -> bool:
        if self._source.random() < self.mishaps.failed_share:
            self.failures += 1
            return False
        if parameters["actionType"] == "pick":
            return self._pick(serial, parameters)
        if parameters["actionType"] == "drop":
            return self._drop(serial, action, parameters)
        return self.site.work(action, parameters)

    # Loads ------------------------------------------------------------------------------------------------------------

    def _pick(self, serial: str, parameters: Mapping[str, Any]) -> bool:
        """Only what is there, and within reach, can be picked up."""
        load = parameters["loadId"]
        at = self.site.loads.get(load) or self._origin(load, parameters.get("madeBy", ""))
        if at.startswith("floor:"):
            if not self._near(serial, _place(at)):
                return False
        elif at.startswith("robot:"):
            other = self.robots.get(at.removeprefix("robot:"))
            if other is None or (other.alive and other.charge > 0) or not self._near(serial, (other.x_m, other.y_m)):
                return False
            other.loads = [each for each in other.loads if each["loadId"] != load]
        elif not at or not self._stands_at(serial, at):
            return False
        self.site.move(load, f"robot:{serial}", parameters.get("loadType", ""), parameters.get("weight", 0.0))
        return True

    def _drop(self, serial: str, action: str, parameters: Mapping[str, Any]) -> bool:
        load, station = parameters["loadId"], parameters["station"]
        if self.site.loads.get(load) != f"robot:{serial}" or not self._stands_at(serial, station):
            return False
        if parameters["operation"]:
            return self.site.work(action, parameters)
        self.site.move(load, station)  # put back
        return True

    def _tow(self, serial: str) -> None:
        """A wreck is taken away; its load is left where it lay."""
        robot = self.robots[serial]
        self.motion.remove(serial)
        for each in robot.loads:
            self.site.move(each["loadId"], f"floor:{robot.x_m},{robot.y_m}")
        robot.loads = []
        message = encode("connection", header("crewless", serial, 1) | {"connectionState": "OFFLINE"})
        self._keeper.publish(topic_of("crewless", serial, "connection"), message, retain=True)

    def _origin(self, load: str, made_by: str) -> str:
        """The station where a load lies that nobody has moved; empty: it is not made yet."""
        planned = self._planned.get(load)
        if planned is not None and not planned.made_by:
            return planned.source
        # A workpiece of a broken station is no load of the plan's; what was done to it last says where it is.
        made_by = planned.made_by if planned is not None else made_by
        return next((station for operation, _, station in reversed(self.site.done) if operation == made_by), "")

    def _lies_at(self, load: str) -> tuple[float, float] | None:
        """Where a load is that a robot has that cannot bring it."""
        at = self.site.loads.get(load, "")
        if at.startswith("floor:"):
            return _place(at)
        robot = self.robots.get(at.removeprefix("robot:"))
        return None if robot is None or (robot.alive and robot.charge > 0) else (robot.x_m, robot.y_m)

    def _stands_at(self, serial: str, station: str) -> bool:
        robot = self.robots[serial]
        return self.aisles.cell_at(robot.x_m, robot.y_m) in self.aisles.bays.get(station, ())

    def _near(self, serial: str, place: tuple[float, float]) -> bool:
        robot = self.robots[serial]
        return max(abs(robot.x_m - place[0]), abs(robot.y_m - place[1])) < 1.5 * self.aisles.cell_m

    def _join(self) -> None:
        """A robot that was just made joins the fleet."""
        for operation, _, station in self.site.done[self._seen_done :]:
            if self._makes.get(operation) == self.plan.robots.kind:
                serial = f"{self.plan.robots.kind}-{len(self.fleet) + 1}"
                self._add_robot(serial, self.motion.free_cell(self.aisles.bays[station][0]), 0.5)
                self.joined += 1
        self._seen_done = len(self.site.done)


def _place(at: str) -> tuple[float, float]:
    """The position in ``floor:X,Y`` of the site's record, in metres."""
    x, _, y = at.removeprefix("floor:").partition(",")
    return float(x), float(y)
