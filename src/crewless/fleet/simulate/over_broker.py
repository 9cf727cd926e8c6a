"""The simulated floor over a real broker, in real time, as a process of its own: it stands where real robots, stations and the site's
record would."""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from crewless.core.events import latest_s
from crewless.fleet.plan import FleetPlan
from crewless.fleet.simulate.floor import SimulatedFloor
from crewless.fleet.simulate.mishaps import ZONE_KINDS, MishapConfig
from crewless.fleet.vda5050.address import BrokerAddress
from crewless.fleet.vda5050.transport import MqttTransport, Transport, Will


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

    def subscribe(self, pattern: str, *, kept: bool = True) -> None:
        self._shared.take(pattern, self)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._shared.transport.publish(topic, payload, retain=retain)

    def receive(self, timeout_s: float = 0.0) -> list[tuple[str, bytes]]:
        self._shared.pump()
        return [self.inbox.popleft() for _ in range(len(self.inbox))]

    def close(self) -> None:
        """The connection is closed for all of them."""


class BrokerEnds:
    """For :class:`crewless.fleet.simulate.floor.SimulatedFloor`: a connection with a last will for every robot that drives, and one for all
    that stands.

    Raises:
        BadInput: no broker answers there, or it does not let us in.
    """

    def __init__(self, address: BrokerAddress, run: str) -> None:
        self._address, self._run = address, run
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
        # A simulated robot remembers nothing of an earlier process, so the broker must not either.
        made = MqttTransport(
            f"crewless {self._run} {name}", address=self._address, will=will, on_reconnect=self.back.set, fresh=True
        )
        self._own.append(made)
        return made


def simulate_floor(
    plan: FleetPlan, folder: Path, address: BrokerAddress, *, run: str, mishaps: MishapConfig, seed: int = 0,
    pace: float = 1.0, robots: int | None = None, progress: Callable[[SimulatedFloor], None] | None = None,
) -> SimulatedFloor:  # fmt: skip
    """The robots', the stations' and the site's side, until ``outcome.json`` is in the folder or it is interrupted.

    Args:
        plan: the fleet's.
        folder: of the run; the site's record is kept there.
        address: of the broker.
        run: the run's name, as the control has it.
        mishaps: what goes wrong with robots and stations.
        seed: as the run's.
        pace: simulated seconds a second.
        robots: how many; None: as the plan has; 0: real ones are there, and only stations are simulated.
        progress: called after every step.

    Raises:
        BadInput: no broker answers there.
    """
    ends = BrokerEnds(address, run)
    now_s = latest_s(folder / "events.jsonl")
    floor = SimulatedFloor(
        plan, ends, folder / "site.jsonl", mishaps=mishaps, seed=seed, now_s=now_s, robots=robots, run=run
    )
    floor.coming = [each for each in floor.coming if each.kind not in ZONE_KINDS]
    began = time.monotonic()
    try:
        while not (folder / "outcome.json").is_file():
            if ends.back.is_set():
                ends.back.clear()
                floor.greet()
            floor.step()
            if progress:
                progress(floor)
            ahead_s = (floor.now_s - now_s) / pace - (time.monotonic() - began)
            if ahead_s > 0:
                time.sleep(ahead_s)
            elif ahead_s < -1.0:  # slower than asked for: no rush afterwards
                began -= ahead_s
    finally:
        for robot in floor.robots.values():
            if robot.alive:
                robot.stop()
        ends.close()
    return floor
