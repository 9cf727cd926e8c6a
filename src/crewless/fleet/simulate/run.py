"""A shift carried out by the dispatched fleet: the control of :mod:`crewless.fleet.control.coordinator` and the simulated side of
:mod:`crewless.fleet.simulate.floor`, which speak VDA 5050 to each other.

Broker, robots and site live in this process and time is simulated, so the event log of a blueprint, a schedule and a seed is the
same every time, to the byte. (:mod:`crewless.fleet.simulate.remote` is the same over a real broker, in real time.)
No hardware was used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.core.events import latest_s
from crewless.fleet.control.coordinator import Foreman
from crewless.fleet.control.operations import Operation
from crewless.fleet.simulate.floor import Plant
from crewless.fleet.simulate.mishaps import GROUND, Mishap, MishapConfig
from crewless.fleet.simulate.positions import describe
from crewless.fleet.vda5050.transport import MemoryBroker, MemoryTransport, Transport, Will
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule.shift import ShiftPlan

PATIENCE = 20.0
"""A shift that takes so many times as long as planned, and an hour, goes nowhere."""


@dataclass(frozen=True, kw_only=True)
class FleetOutcome:
    """What a shift came to, by the site's own record."""

    done: int
    lost: int
    """Operations that were not done and not refused or cancelled."""
    refused: int
    """What cannot be done any more, because its station broke or what it waits for is refused."""
    done_twice: int | None
    """None: known to the site alone, which is another process."""
    failures: int
    """Tries that came to nothing and were repeated."""
    makespan_s: float
    planned_s: float
    lower_bound_s: float
    units: dict[str, int]
    """Part to units that were made."""
    carried: int = 0
    """Of the operations done, loads that robots brought from one line to another or from stock."""
    steps: int = 0
    conflicts: int = 0
    """Robots that shared a cell, swapped or drove against an aisle, over all steps; judged by independent code."""
    recharges: int = 0
    cooling_stops: int = 0
    rescued: int = 0
    """Robots that ran empty and were given a full battery by others."""
    joined: int = 0
    """Robots that the shift made and that worked in it."""
    energy_kwh: float = 0.0
    """Drawn from the robots' batteries."""


class _Ends:
    """Of a broker in this process."""

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


class Shopfloor:
    """Everything of one shift that is simulated, and the control beside it.

    Args:
        blueprint: what was built.
        shift: from :func:`crewless.planner.schedule.shift.schedule_shift`.
        log: the event log, JSON lines; ``t`` is simulated seconds.
        mishaps: what goes wrong.
        seed: of the mishaps, of the charge that the robots begin with, and of the robots' way through a crowd.
        resume: go on from ``log`` and from the site's record beside it; else both are begun anew.

    Raises:
        BadInput: the schedule is of another blueprint, or has a cycle.
    """

    def __init__(
        self, blueprint: Blueprint, shift: ShiftPlan, log: Path, *, mishaps: MishapConfig | None = None, seed: int = 0,
        resume: bool = False,
    ) -> None:  # fmt: skip
        self.blueprint, self.shift = blueprint, shift
        self.now_s = 0.0
        record = log.with_name("site.jsonl")
        if not resume:
            log.unlink(missing_ok=True)
            record.unlink(missing_ok=True)
        else:
            self.now_s = latest_s(log)
        broker = MemoryBroker()
        self.plant = Plant(blueprint, shift, _Ends(broker), record, mishaps=mishaps, seed=seed, now_s=self.now_s)
        self.foreman = Foreman(
            blueprint, shift, aisles=self.plant.aisles, chargers=self.plant.chargers, transport=broker.connect(), log=log,
            seed=seed,
        )  # fmt: skip
        self.foreman.now_s = self.now_s
        self.control, self.site, self.motion = self.foreman.control, self.plant.site, self.plant.motion
        self.robots, self.fleet, self.doing, self.aisles = (
            self.plant.robots, self.plant.fleet, self.plant.doing, self.plant.aisles,
        )  # fmt: skip
        self._ground = [each for each in self.plant.coming if each.kind in GROUND]
        self.plant.coming = [each for each in self.plant.coming if each.kind not in GROUND]

    @property
    def operations(self) -> list[Operation]:
        """All that is to be done, with what was added on the way."""
        return list(self.control.ledger.operations.values())

    def step(self) -> None:
        """One cell's time for everybody."""
        self.now_s += self.plant.step_s
        self.foreman.now_s = self.now_s
        while self._ground and self._ground[0].at_s <= self.now_s:
            self.foreman.happen(self._ground.pop(0))
        self.plant.step()
        self.foreman.tick(self.now_s)

    def happen(self, mishap: Mishap) -> None:
        """Let something go wrong now."""
        (self.foreman if mishap.kind in GROUND else self.plant).happen(mishap)

    def run(self, tell: Callable[["Shopfloor"], None] | None = None) -> FleetOutcome:
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

    def outcome(self) -> FleetOutcome:
        """What was reached so far."""
        done = [operation for operation, _, _ in self.site.done]
        refused = len(list(self.control.ledger.names("refused")))
        return FleetOutcome(
            done=len(set(done)), lost=len(self.operations) - len(set(done)) - refused, refused=refused,
            done_twice=len(done) - len(set(done)), failures=self.plant.failures, makespan_s=self.now_s,
            planned_s=self.shift.makespan_s, lower_bound_s=self.shift.lower_bound_s, units=self.foreman.units(),
            carried=self.foreman.carried(),
            steps=self.motion.steps, conflicts=self.motion.conflicts, recharges=self.plant.recharges,
            cooling_stops=self.plant.cooling_stops, rescued=self.plant.rescued, joined=self.plant.joined, energy_kwh=self.plant.energy_kwh(),
        )  # fmt: skip

    def frame(self) -> dict[str, Any]:
        """See :mod:`crewless.fleet.simulate.positions`."""
        return {**self.plant.frame(), "open": self.control.ledger.open}

    def picture(self) -> dict[str, Any]:
        """See :func:`crewless.fleet.simulate.positions.describe`."""
        return describe(self.blueprint, self.shift, self.aisles, self.plant.chargers, len(self.operations))


def run_shift(
    blueprint: Blueprint, shift: ShiftPlan, log: Path, *, mishaps: MishapConfig | None = None, seed: int = 0,
    resume: bool = False, tell: Callable[[Shopfloor], None] | None = None,
) -> FleetOutcome:  # fmt: skip
    """Dispatch the schedule's operations; every one is done once. See :class:`Shopfloor` for the arguments."""
    return Shopfloor(blueprint, shift, log, mishaps=mishaps, seed=seed, resume=resume).run(tell)
