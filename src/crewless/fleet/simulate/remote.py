"""A shift over a real broker, in real time: the control in one process, the simulated robots in another, or real ones that speak
VDA 5050 version 3 in their place.

Time is the wall clock times ``pace``, so messages, robots and control interleave as they come: what is promised to be the same to
the byte for one seed (:mod:`crewless.fleet.simulate.run`) is not promised here. That nothing is lost or done twice, is.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from crewless.core.events import latest_s, read_events
from crewless.fleet.control.coordinator import Foreman
from crewless.fleet.control.reroute import TEND
from crewless.fleet.simulate.floor import Plant, charger_cells
from crewless.fleet.simulate.mishaps import GROUND, MishapConfig, draw
from crewless.fleet.simulate.run import FleetOutcome
from crewless.fleet.vda5050.address import BrokerAddress
from crewless.fleet.vda5050.transport import MqttTransport, Transport, Will
from crewless.planner.blueprint.aisles import make_aisles
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule.shift import ShiftPlan

_REMIND_S = 30.0
"""Real seconds between two words about the same that is missing."""


class _Shared:
    """Many ends of one connection, each for topics of its own: stations, which share their cables anyway."""

    def __init__(self, transport: MqttTransport) -> None:
        self.transport = transport
        self._of: dict[str, _SharedEnd] = {}

    def end(self) -> "_SharedEnd":
        return _SharedEnd(self)

    def take(self, topic: str, end: "_SharedEnd") -> None:
        self._of[topic] = end
        self.transport.subscribe(topic)

    def pump(self) -> None:
        for topic, payload in self.transport.receive():
            if topic in self._of:
                self._of[topic].inbox.append((topic, payload))


class _SharedEnd:
    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self.inbox: deque[tuple[str, bytes]] = deque()

    def subscribe(self, pattern: str) -> None:
        self._shared.take(pattern, self)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._shared.transport.publish(topic, payload, retain=retain)

    def receive(self, timeout_s: float = 0.0) -> list[tuple[str, bytes]]:
        self._shared.pump()
        return [self.inbox.popleft() for _ in range(len(self.inbox))]

    def close(self) -> None:
        """The connection is closed for all of them."""


class BrokerEnds:
    """For :class:`crewless.fleet.simulate.floor.Plant`: a connection with a last will for every robot that drives, and one for all
    that stands.

    Raises:
        BadInput: no broker answers there, or it does not let us in.
    """

    def __init__(self, endpoint: BrokerAddress, run: str) -> None:
        self._endpoint, self._run = endpoint, run
        self.back = threading.Event()
        """A connection has come back after an interruption."""
        self._own: list[MqttTransport] = []
        self._shared = _Shared(self._connect("stations", None))

    def connect(self, serial: str, will: Will | None, *, drives: bool) -> Transport:
        """See :class:`crewless.fleet.simulate.floor.Ends`."""
        return self._connect(serial, will) if drives else self._shared.end()

    def asked(self) -> None:
        """See there: any may have been."""

    def broken(self, end: Transport) -> None:
        """See there."""
        assert isinstance(end, MqttTransport)
        end.break_off()

    def away(self) -> bool:
        """Whether the broker cannot be reached just now."""
        return self._shared.transport.away

    def close(self) -> None:
        """Say goodbye for everybody."""
        for each in self._own:
            each.close()

    def _connect(self, name: str, will: Will | None) -> MqttTransport:
        # A simulated robot remembers nothing of an earlier life, so the broker must not either.
        made = MqttTransport(
            f"crewless {self._run} {name}", endpoint=self._endpoint, will=will, on_reconnect=self.back.set, fresh=True
        )
        self._own.append(made)
        return made


def simulate(
    blueprint: Blueprint, shift: ShiftPlan, folder: Path, endpoint: BrokerAddress, *, run: str, mishaps: MishapConfig,
    seed: int = 0, pace: float = 1.0, robots: int | None = None, tell: Callable[[Plant], None] | None = None,
) -> Plant:  # fmt: skip
    """The robots', the stations' and the site's side, until ``outcome.json`` is in the folder or it is interrupted.

    Args:
        blueprint: what was built.
        shift: its schedule.
        folder: of the run; the site's record is kept there.
        endpoint: of the broker.
        run: the run's name, as the control has it.
        mishaps: what goes wrong with robots and stations.
        seed: as the run's.
        pace: simulated seconds a second.
        robots: how many; None: as the schedule has; 0: real ones are there, and only stations are simulated.
        tell: called after every step.

    Raises:
        BadInput: no broker answers there.
    """
    ends = BrokerEnds(endpoint, run)
    log = folder / "events.jsonl"
    now_s = latest_s(log)
    plant = Plant(
        blueprint, shift, ends, folder / "site.jsonl", mishaps=mishaps, seed=seed, now_s=now_s, robots=robots, run=run
    )
    plant.coming = [each for each in plant.coming if each.kind not in GROUND]
    began = time.monotonic()
    try:
        while not (folder / "outcome.json").is_file():
            if ends.back.is_set():
                ends.back.clear()
                plant.greet()
            plant.step()
            if tell:
                tell(plant)
            ahead_s = (plant.now_s - now_s) / pace - (time.monotonic() - began)
            if ahead_s > 0:
                time.sleep(ahead_s)
            elif ahead_s < -1.0:  # slower than asked for: no rush afterwards
                began -= ahead_s
    finally:
        for robot in plant.robots.values():
            if robot.alive:
                robot.stop()
        ends.close()
    return plant


class Remote:
    """The control's side.

    Args:
        blueprint: what was built.
        shift: its schedule.
        log: the event log; what it holds is gone on with.
        endpoint: of the broker.
        run: a name that nobody else on the broker has.
        mishaps: of these, the closed ground; the rest is the robots' side's.
        seed: of them.
        pace: simulated seconds a second, of the robots too; 1 for real ones.
        warn: called with a robot's name and what is wrong with its messages.

    Raises:
        BadInput: no broker answers there, or it does not let us in.
    """

    def __init__(
        self, blueprint: Blueprint, shift: ShiftPlan, log: Path, endpoint: BrokerAddress, *, run: str,
        mishaps: MishapConfig | None = None, seed: int = 0, pace: float = 1.0,
        warn: Callable[[str, str], None] | None = None,
    ) -> None:  # fmt: skip
        self.now_s = latest_s(log)
        self.shift, self.endpoint, self._pace = shift, endpoint, pace
        self.transport = MqttTransport(f"crewless {run} control", endpoint=endpoint)
        aisles = make_aisles(blueprint)
        self.chargers = charger_cells(blueprint, aisles, shift.robots)
        self.foreman = Foreman(
            blueprint, shift, aisles=aisles, chargers=self.chargers, transport=self.transport, log=log, seed=seed, pace=pace,
            run=run, warn=warn,
        )  # fmt: skip
        self.foreman.now_s = self.now_s
        fleet = [f"{blueprint.robot.name}-{number + 1}" for number in range(max(1, shift.robots))]
        tended = sorted({one.station for one in shift.operations if one.by_hand})
        self._ground = [
            each for each in draw(mishaps or MishapConfig(), fleet, tended, shift.makespan_s, seed)
            if each.kind in GROUND
        ]  # fmt: skip

    def run(
        self, tell: Callable[["Remote"], None] | None = None, say: Callable[[str], None] | None = None
    ) -> FleetOutcome:
        """Until nothing is left to do, or it is interrupted. ``tell`` is called about ten times a second, ``say`` with a line for a
        person: who is missing, whether the broker is away."""
        control, began, began_s = self.foreman.control, time.monotonic(), self.now_s
        said = dict[str, float]()
        told, away = 0.0, False

        def remind(words: str) -> None:
            if say is not None and time.monotonic() - said.get(words, -_REMIND_S) >= _REMIND_S:
                said[words] = time.monotonic()
                say(words)

        while not control.finished():
            self.now_s = began_s + (time.monotonic() - began) * self._pace
            while self._ground and self._ground[0].at_s <= self.now_s:
                self.foreman.happen(self._ground.pop(0))
            self.foreman.tick(self.now_s, 0.05)
            if self.transport.away != away:
                away = not away
                if say is not None:
                    say(f"the broker at {self.endpoint} {'is away: waiting for it' if away else 'is back'}")
            elif time.monotonic() - began > 2.0 and not away:
                self._look_round(remind)
            if tell is not None and time.monotonic() - told > 0.1:
                told = time.monotonic()
                tell(self)
            time.sleep(0.002)  # messages that pour in are taken together
        if tell is not None:
            tell(self)
        self.transport.close()
        return self.outcome()

    def frame(self) -> dict[str, object]:
        """See :mod:`crewless.fleet.simulate.positions`."""
        return self.foreman.frame()

    def outcome(self) -> FleetOutcome:
        """What was reached so far, as the control knows it."""
        ledger = self.foreman.control.ledger
        done, refused = (sum(1 for _ in ledger.names(status)) for status in ("done", "refused"))
        return FleetOutcome(
            done=done, lost=len(ledger.operations) - done - refused, refused=refused, done_twice=None,
            failures=sum(each.failures for each in ledger.progress.values()), makespan_s=self.now_s - self._first_s(),
            planned_s=self.shift.makespan_s, lower_bound_s=self.shift.lower_bound_s, units=self.foreman.units(), carried=self.foreman.carried(),
        )  # fmt: skip

    def _first_s(self) -> float:
        """When work began, which is later than the control when robots are late."""
        log = self.foreman.control.log.path
        starts = (event.t for event in read_events(log) if event.kind == "start") if log.is_file() else iter(())
        return next(starts, self.now_s)

    def _look_round(self, remind: Callable[[str], None]) -> None:
        control = self.foreman.control
        there = [each for each in control.robots.values() if each.online and each.heard]
        if not any(TEND in each.skills for each in there):
            remind(f"waiting: no robot that can {TEND!r} has announced itself on {self.endpoint}")
            return
        skills = frozenset[str]().union(*(each.skills for each in there))
        missing = {control.ledger.operations[name].skill for name in control.ledger.ready} - skills
        if missing:
            remind(f"waiting: nobody on {self.endpoint} can {', '.join(sorted(missing)[:3])}")
        if control.unanswered_s() > 60.0 * max(1.0, self._pace):
            remind(f"waiting: the site's record does not answer on {self.endpoint}")
