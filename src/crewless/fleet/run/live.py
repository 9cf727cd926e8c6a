"""A plan carried out over a real broker, in real time, by whatever robots are there: simulated ones in another process
(:mod:`crewless.fleet.simulate.over_broker`), or real ones that speak VDA 5050 version 3.

Time is the wall clock times ``pace``, so messages, robots and control interleave as they come: what is promised to be the same to
the byte for one seed (:mod:`crewless.fleet.run.simulated`) is not promised here. That nothing is lost or done twice, is.
"""

import time
from collections.abc import Callable
from pathlib import Path

from crewless.core.events import latest_s, read_events
from crewless.fleet.control.coordinator import FleetCoordinator
from crewless.fleet.plan import TEND, FleetPlan
from crewless.fleet.run.outcome import FleetOutcome
from crewless.fleet.run.zone_mishaps import change_zone
from crewless.fleet.simulate.mishaps import ZONE_KINDS, MishapConfig, draw
from crewless.fleet.vda5050.address import BrokerAddress
from crewless.fleet.vda5050.transport import MqttTransport

_REMIND_S = 30.0
"""Real seconds between two lines about the same that is missing."""


class LiveRun:
    """The control's side.

    Args:
        plan: what is to be done.
        log: the event log; what it holds is gone on with.
        address: of the broker.
        run: a name that nobody else on the broker has.
        mishaps: of these, the closed and guarded zones; the rest is the robots' side's.
        seed: of them.
        pace: simulated seconds a second, of the robots too; 1 for real ones.
        warn: called with a robot's name and what is wrong with its messages.

    Raises:
        BadInput: no broker answers there, or it does not let us in.
    """

    def __init__(
        self, plan: FleetPlan, log: Path, address: BrokerAddress, *, run: str, mishaps: MishapConfig | None = None,
        seed: int = 0, pace: float = 1.0, warn: Callable[[str, str], None] | None = None,
    ) -> None:  # fmt: skip
        self.now_s = latest_s(log)
        self.plan, self.address, self._pace, self._seed = plan, address, pace, seed
        self.transport = MqttTransport(f"crewless {run} control", address=address)
        self.coordinator = FleetCoordinator(
            plan, transport=self.transport, log=log, pace=pace, run=run, warn=warn
        )  # fmt: skip
        self.coordinator.now_s = self.now_s
        fleet = [f"{plan.robots.kind}-{number + 1}" for number in range(max(1, plan.robots.count))]
        tended = sorted({one.station for one in plan.operations if one.by_hand})
        self._zones = [
            each for each in draw(mishaps or MishapConfig(), fleet, tended, plan.expected_s, seed)
            if each.kind in ZONE_KINDS
        ]  # fmt: skip

    def run(
        self, progress: Callable[["LiveRun"], None] | None = None, report: Callable[[str], None] | None = None
    ) -> FleetOutcome:
        """Until nothing is left to do, or it is interrupted. ``progress`` is called about ten times a second, ``report`` with a
        line for a person: who is missing, whether the broker is away."""
        control, began, began_s = self.coordinator.control, time.monotonic(), self.now_s
        reported = dict[str, float]()
        drawn, away = 0.0, False

        def remind(words: str) -> None:
            if report is not None and time.monotonic() - reported.get(words, -_REMIND_S) >= _REMIND_S:
                reported[words] = time.monotonic()
                report(words)

        while not control.finished():
            self.now_s = began_s + (time.monotonic() - began) * self._pace
            while self._zones and self._zones[0].at_s <= self.now_s:
                change_zone(self.coordinator, self._zones.pop(0), self._seed)
            self.coordinator.tick(self.now_s, 0.05)
            if self.transport.away != away:
                away = not away
                if report is not None:
                    report(
                        f"the broker at {self.address} {'is unreachable: waiting for it' if away else 'is connected again'}"
                    )
            if self.transport.fault:
                remind(f"the broker at {self.address} sent what is not MQTT ({self.transport.fault}): connected anew")
            if time.monotonic() - began > 2.0 and not away:
                self._look_round(remind)
            if progress is not None and time.monotonic() - drawn > 0.1:
                drawn = time.monotonic()
                progress(self)
            time.sleep(0.002)  # messages that pour in are taken together
        if progress is not None:
            progress(self)
        self.transport.close()
        return self.outcome()

    def frame(self) -> dict[str, object]:
        """See :mod:`crewless.fleet.positions`."""
        return self.coordinator.frame()

    def outcome(self) -> FleetOutcome:
        """What was reached so far, as the control knows it."""
        ledger = self.coordinator.control.ledger
        done, refused = (sum(1 for _ in ledger.names(status)) for status in ("done", "refused"))
        return FleetOutcome(
            done=done, lost=len(ledger.operations) - done - refused, refused=refused, done_twice=None,
            failures=sum(each.failures for each in ledger.progress.values()), makespan_s=self.now_s - self._first_s(),
            planned_s=self.plan.makespan_s, lower_bound_s=self.plan.lower_bound_s, units=self.coordinator.units(),
            carried=self.coordinator.carried(),
        )  # fmt: skip

    def _first_s(self) -> float:
        """When work began, which is later than the control when robots are late."""
        log = self.coordinator.control.log.path
        starts = (event.t for event in read_events(log) if event.kind == "start") if log.is_file() else iter(())
        return next(starts, self.now_s)

    def _look_round(self, remind: Callable[[str], None]) -> None:
        control = self.coordinator.control
        online = [each for each in control.robots.values() if each.online]
        there = [each for each in online if each.fit]
        if not any(TEND in each.skills for each in there):
            unfit = [each for each in online if TEND in each.offers and not each.fit]
            why = "; ".join(f"{each.name} {each.unfit if each.heard else 'has sent no state'}" for each in unfit)
            if why:
                remind(f"waiting: no robot can {TEND!r} just now: {why[:200]}")
            else:
                remind(f"waiting: no robot that can {TEND!r} has announced itself on {self.address}")
            return
        skills = frozenset[str]().union(*(each.skills for each in there))
        missing = {control.ledger.operations[name].skill for name in control.ledger.ready} - skills
        if missing:
            remind(f"waiting: nobody on {self.address} can {', '.join(sorted(missing)[:3])}")
        if control.unanswered_s() > 60.0 * max(1.0, self._pace):
            remind(f"waiting: the site's record does not answer on {self.address}")
