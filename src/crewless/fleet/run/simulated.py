"""A plan carried out in this process: the control of :mod:`crewless.fleet.control.coordinator` and the simulated floor of
:mod:`crewless.fleet.simulate.floor`, which exchange VDA 5050 messages in memory.

Broker, robots and site live in this process and time is simulated, so the event log of a plan and a seed is the same every time,
to the byte. (:mod:`crewless.fleet.run.live` is the same over a real broker, in real time.) No hardware was used.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.core.events import latest_s
from crewless.fleet.control.coordinator import FleetCoordinator
from crewless.fleet.control.operations import FleetOperation
from crewless.fleet.plan import FleetPlan
from crewless.fleet.positions import describe
from crewless.fleet.run.outcome import FleetOutcome
from crewless.fleet.run.zone_mishaps import change_zone
from crewless.fleet.simulate.floor import SimulatedFloor
from crewless.fleet.simulate.mishaps import ZONE_KINDS, Mishap, MishapConfig
from crewless.fleet.vda5050.transport import MemoryBroker, MemoryTransport, Transport, Will

PATIENCE = 20.0
"""A run that takes so many times as long as planned, and an hour, goes nowhere."""


class _Ends:
    """The connections of a broker in this process."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def connect(self, serial: str, will: Will | None, *, drives: bool) -> Transport:
        return self._broker.connect(will)

    def asked(self) -> set[Transport]:
        touched, self._broker.touched = self._broker.touched, set()
        return {*touched}

    def broken(self, end: Transport) -> None:
        assert isinstance(end, MemoryTransport)
        end.break_off()


class SimulatedRun:
    """The simulated floor of a plan, and the control beside it.

    Args:
        plan: what is to be done.
        log: the event log, JSON lines; ``t`` is simulated seconds.
        mishaps: what goes wrong.
        seed: of the mishaps, of the charge that the robots begin with, and of the robots' way through a crowd.
        resume: go on from ``log`` and from the site's record beside it; else both are begun anew.

    Raises:
        BadInput: the plan names something that is not there, or has a cycle; every robot would die.
    """

    def __init__(
        self, plan: FleetPlan, log: Path, *, mishaps: MishapConfig | None = None, seed: int = 0, resume: bool = False
    ) -> None:
        self.plan, self._seed = plan, seed
        self.now_s = 0.0
        record = log.with_name("site.jsonl")
        if not resume:
            log.unlink(missing_ok=True)
            record.unlink(missing_ok=True)
        else:
            self.now_s = latest_s(log)
        broker = MemoryBroker()
        self.floor = SimulatedFloor(plan, _Ends(broker), record, mishaps=mishaps, seed=seed, now_s=self.now_s)
        self.coordinator = FleetCoordinator(plan, transport=broker.connect(), log=log)
        self.coordinator.now_s = self.now_s
        self.control, self.site, self.motion = self.coordinator.control, self.floor.site, self.floor.motion
        self.robots, self.fleet, self.doing, self.aisles = (
            self.floor.robots, self.floor.fleet, self.floor.doing, self.floor.aisles,
        )  # fmt: skip
        self._zones = [each for each in self.floor.coming if each.kind in ZONE_KINDS]
        self.floor.coming = [each for each in self.floor.coming if each.kind not in ZONE_KINDS]

    @property
    def operations(self) -> list[FleetOperation]:
        """All that is to be done, with what was added on the way."""
        return list(self.control.ledger.operations.values())

    def step(self) -> None:
        """One cell's time for everybody."""
        self.now_s += self.floor.step_s
        self.coordinator.now_s = self.now_s
        while self._zones and self._zones[0].at_s <= self.now_s:
            change_zone(self.coordinator, self._zones.pop(0), self._seed)
        self.floor.step()
        self.coordinator.tick(self.now_s)

    def happen(self, mishap: Mishap) -> None:
        """Let something go wrong now."""
        if mishap.kind in ZONE_KINDS:
            change_zone(self.coordinator, mishap, self._seed)
        else:
            self.floor.happen(mishap)

    def run(self, progress: Callable[["SimulatedRun"], None] | None = None) -> FleetOutcome:
        """Until nothing is left to do. ``progress`` is called after every step. Raises BadInput when nothing gets on."""
        while not self.control.finished():
            if self.now_s > PATIENCE * self.plan.expected_s + 3600.0:
                raise BadInput(
                    f"after {self.now_s:,.0f} s {self.control.ledger.open} operations are not done",
                    alternatives=["more robots", "fewer mishaps"],
                )
            self.step()
            if progress:
                progress(self)
        return self.outcome()

    def outcome(self) -> FleetOutcome:
        """What was reached so far."""
        done = [operation for operation, _, _ in self.site.done]
        refused = len(list(self.control.ledger.names("refused")))
        return FleetOutcome(
            done=len(set(done)), lost=len(self.operations) - len(set(done)) - refused, refused=refused,
            done_twice=len(done) - len(set(done)), failures=self.floor.failures, makespan_s=self.now_s,
            planned_s=self.plan.makespan_s, lower_bound_s=self.plan.lower_bound_s, units=self.coordinator.units(),
            carried=self.coordinator.carried(), steps=self.motion.steps, conflicts=self.motion.conflicts,
            recharges=self.floor.recharges, cooling_stops=self.floor.cooling_stops, rescued=self.floor.rescued,
            joined=self.floor.joined, energy_kwh=self.floor.energy_kwh(),
        )  # fmt: skip

    def frame(self) -> dict[str, Any]:
        """See :mod:`crewless.fleet.positions`."""
        return {**self.floor.frame(), "open": self.control.ledger.open}

    def picture(self) -> dict[str, Any]:
        """See :func:`crewless.fleet.positions.describe`."""
        return describe(self.plan, len(self.operations))


def run_plan(
    plan: FleetPlan, log: Path, *, mishaps: MishapConfig | None = None, seed: int = 0, resume: bool = False,
    progress: Callable[[SimulatedRun], None] | None = None,
) -> FleetOutcome:  # fmt: skip
    """Dispatch the plan's operations; every one is done once. See :class:`SimulatedRun` for the arguments."""
    return SimulatedRun(plan, log, mishaps=mishaps, seed=seed, resume=resume).run(progress)
