"""The control of one plan, whoever the robots are: what is to be dispatched, what becomes of a broken station's work, and what
came of it all.

The order of work is the plan's, kept loosely: whoever is free takes what the plan has first of all that can be begun.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from crewless.core.events import EventLog
from crewless.fleet.control.config import ControlConfig
from crewless.fleet.control.fleet_control import FleetControl
from crewless.fleet.control.free_roadmap import FreeRoadmap
from crewless.fleet.control.operations import Carry, FleetOperation
from crewless.fleet.control.reroute import Reroute
from crewless.fleet.control.roadmap import StationNode
from crewless.fleet.plan import TEND, FleetPlan, check_plan
from crewless.fleet.positions import DOING
from crewless.fleet.traffic.aisles import aisles_of
from crewless.fleet.vda5050.transport import Transport


def patience(speed_m_s: float, pace: float = 0.0) -> ControlConfig:
    """When the control loses patience, in simulated seconds. Messages need real time: at ``pace`` simulated seconds a second
    (0: they need none) an answer that takes a second is ``pace`` late."""
    return ControlConfig(
        speed_m_s=speed_m_s / 2,  # turns and others in the way
        late_margin_s=600.0, carriers=4, block_dead=True, resend_s=max(20.0, 2 * pace), silence_s=max(60.0, 15 * pace),
        mute_s=max(45.0, 15 * pace), unfit_s=max(30.0, 5 * pace),
        offline_s=10 * pace, charge_s=2 * 3600.0, charger_places=1, max_failures=10,
        planned_m=20.0,
    )  # fmt: skip


class FleetCoordinator:
    """A control with a plan's work, and what is decided about it on the way.

    Args:
        plan: what is to be done.
        transport: an end of the broker that the robots are on.
        log: the event log; what it holds already is taken over.
        pace: see :func:`patience`.
        run: see :class:`crewless.fleet.control.fleet_control.FleetControl`.
        warn: see there.

    Raises:
        BadInput: the plan names something that is not there, or has a cycle.
    """

    def __init__(
        self, plan: FleetPlan, *, transport: Transport, log: Path, pace: float = 0.0, run: str = "",
        warn: Callable[[str, str], None] | None = None,
    ) -> None:  # fmt: skip
        check_plan(plan)
        self.plan, self.now_s = plan, 0.0
        self.aisles = aisles_of(plan.floor, plan.stations)
        self.map = FreeRoadmap(self.aisles, self.aisles.chargers)
        self.operations = operations_of(plan)
        self.control = FleetControl(
            operations=self.operations, roadmap=self.map, transport=transport, chargers=self.map.chargers,
            stations=[
                StationNode(name=name, kind=name, node=name) for name in sorted({one.station for one in plan.operations})
            ],
            log=EventLog(log, clock=lambda: self.now_s), config=patience(plan.robots.speed_m_s, pace), run=run, warn=warn,
        )  # fmt: skip
        self._reroute = Reroute(plan, self.control)
        self._settled: set[str] = set()
        """Broken stations whose work is all elsewhere."""

    def tick(self, now_s: float, wait_s: float = 0.0) -> None:
        """As :meth:`crewless.fleet.control.fleet_control.FleetControl.tick`; the work of stations that broke is moved."""
        self.now_s = now_s
        self.control.tick(now_s, wait_s)
        for station in sorted(self.control.down - self._settled):
            if not self._reroute.give_up(station):
                self._settled.add(station)

    def units(self) -> dict[str, int]:
        """Part to units that were made so far."""
        progress, count = self.control.ledger.progress, dict[str, int]()
        for one in self.plan.operations:
            if one.makes and progress[one.name].status == "done":
                count[one.makes] = count.get(one.makes, 0) + 1
        return dict(sorted(count.items()))

    def carried(self) -> int:
        """Loads of the plan that were brought so far."""
        return sum(self.control.ledger.progress[each.name].status == "done" for each in self.plan.loads)

    def frame(self) -> dict[str, Any]:
        """The floor as the robots' messages say it is; see :mod:`crewless.fleet.positions`."""
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


def operations_of(plan: FleetPlan) -> Sequence[FleetOperation]:
    """What the control dispatches: the plan's operations, each after the loads that it waits for, and the loads."""
    brought: dict[str, tuple[str, ...]] = {}
    for each in plan.loads:
        brought[each.operation] = (*brought.get(each.operation, ()), each.name)
    start_s = {one.name: one.start_s for one in plan.operations}
    handle_s = 2 * plan.robots.handle_s
    return [
        FleetOperation(
            name=one.name, skill=TEND if one.by_hand else one.station, station_kind=one.station,
            duration_s=one.work_s, after=one.after + brought.get(one.name, ()), rank=one.start_s, robot=one.robot,
            charge_needed=one.charge_needed, motor_below_c=one.motor_below_c,
        )
        for one in plan.operations
    ] + [
        FleetOperation(
            name=one.name, skill="pick", station_kind=one.station, duration_s=handle_s,
            after=one.after, robot=one.robot,
            rank=start_s[one.operation] - plan.walk_s - handle_s if one.start_s is None else one.start_s,
            carry=Carry(part=one.part, kg=one.kg, source=one.source, made_by=one.made_by),
        )
        for one in plan.loads
    ]  # fmt: skip
