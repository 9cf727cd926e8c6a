"""How messages travel: in memory for tests, by MQTT for robots. Both keep retained messages, wills and what was sent to a
client that is away for a while; a test runs the same facts against both."""

import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from crewless.core.errors import BadInput
from crewless.fleet.vda5050.address import AUTHORITY, BrokerAddress


@dataclass(frozen=True, kw_only=True, slots=True)
class Will:
    """What the broker says, retained, when a client is gone without a goodbye."""

    topic: str
    payload: bytes


class Transport(Protocol):
    """One client's end of a broker."""

    def subscribe(self, pattern: str, *, kept: bool = True) -> None:
        """``+`` stands for one level, a last ``#`` for all that follow. Retained messages arrive at once; without ``kept`` they do
        not arrive at all, now or after an interruption."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Delivered at least once to every subscriber."""
        ...

    def receive(self, timeout_s: float = 0.0) -> list[tuple[str, bytes]]:
        """What has arrived; waits so long for the first."""
        ...

    def close(self) -> None:
        """Say goodbye: the will is not published."""
        ...


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic fits a subscription (MQTT 3.1.1, section 4.7)."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(want in ("+", level) for want, level in zip(wanted, levels, strict=True))


class MemoryBroker:
    """A broker in this process, deterministic: messages arrive in the order in which they were published."""

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}
        self.clients: list[MemoryTransport] = []
        self._exact: dict[str, list[MemoryTransport]] = {}
        """Topic to those who subscribed to it by its whole name."""
        self._wild: list[tuple[str, MemoryTransport]] = []
        self._known: dict[str, list[MemoryTransport]] = {}
        """Topic to those whose wildcards fit it."""
        self.touched: set[MemoryTransport] = set()
        """Who was sent something since somebody last emptied this: whoever simulates many clients asks only these."""

    def connect(self, will: Will | None = None) -> "MemoryTransport":
        """A new client."""
        client = MemoryTransport(self, will)
        self.clients.append(client)
        return client

    def deliver(self, topic: str, payload: bytes, retain: bool) -> None:
        """To all whose subscriptions fit."""
        if retain:
            self.retained[topic] = payload
        if topic not in self._known:
            fitting = [client for pattern, client in self._wild if matches(pattern, topic)]
            self._known[topic] = list(dict.fromkeys(fitting))
        exact = self._exact.get(topic, [])
        for client in exact:
            client.inbox.append((topic, payload))
            self.touched.add(client)
        for client in self._known[topic]:
            if client not in exact:
                client.inbox.append((topic, payload))
                self.touched.add(client)

    def add(self, pattern: str, client: "MemoryTransport") -> None:
        """A subscription."""
        if "+" in pattern or "#" in pattern:
            self._wild.append((pattern, client))
            self._known.clear()
        elif client not in self._exact.setdefault(pattern, []):
            self._exact[pattern].append(client)

    def drop(self, client: "MemoryTransport") -> None:
        """A client is gone, with its subscriptions."""
        self.clients.remove(client)
        if any(each is client for _, each in self._wild):
            self._wild = [pair for pair in self._wild if pair[1] is not client]
            self._known.clear()
        for group in self._exact.values():
            if client in group:
                group.remove(client)


class MemoryTransport:
    """A client of a :class:`MemoryBroker`."""

    def __init__(self, broker: MemoryBroker, will: Will | None) -> None:
        self._broker, self._will = broker, will
        self.inbox: deque[tuple[str, bytes]] = deque()

    def subscribe(self, pattern: str, *, kept: bool = True) -> None:
        """See :class:`Transport`."""
        self._broker.add(pattern, self)
        if kept:
            self.inbox.extend(item for item in self._broker.retained.items() if matches(pattern, item[0]))
        self._broker.touched.add(self)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """See :class:`Transport`."""
        self._broker.deliver(topic, payload, retain)

    def receive(self, timeout_s: float = 0.0) -> list[tuple[str, bytes]]:
        """See :class:`Transport`. Nobody else runs meanwhile, so waiting would bring nothing."""
        arrived = list(self.inbox)
        self.inbox.clear()
        return arrived

    def close(self) -> None:
        """See :class:`Transport`."""
        self._will = None
        self.break_off()

    def break_off(self) -> None:
        """Be gone as a robot is that lost its network: the will is published."""
        if self in self._broker.clients:
            self._broker.drop(self)
        if self._will is not None:
            self._broker.deliver(self._will.topic, self._will.payload, True)
            self._will = None


class MqttTransport:
    """A client of an MQTT 3.1.1 broker, for instance mosquitto.

    Reconnects by itself, with the same session: what was published meanwhile by either side is delivered afterwards
    (quality of service 1, at least once). VDA 5050 asks for 0 on most topics and allows more by agreement.

    Args:
        client: unique on the broker, the session's name.
        host: of the broker.
        port: of the broker.
        address: instead of both, with user and TLS.
        will: spoken by the broker.
        qos: 0 where loss does not matter, for instance visualization.
        keepalive_s: the will is spoken after one and a half of them in silence.
        on_reconnect: called after each interruption, in the connection's thread.
        fresh: nothing that the broker has kept for this name is delivered.

    Raises:
        BadInput: no broker answers there, or it does not let the client in.
    """

    def __init__(
        self, client: str, *, host: str = "127.0.0.1", port: int = 1883, address: BrokerAddress | None = None,
        will: Will | None = None, qos: int = 1, keepalive_s: int = 10, on_reconnect: Callable[[], None] | None = None,
        fresh: bool = False,
    ) -> None:  # fmt: skip
        from crewless.fleet.vda5050.mqtt import MqttConnection, Refused

        self._qos = qos
        self._unkept: list[str] = []
        at = self._at = address or BrokerAddress(host=host, port=port)
        try:
            self._connection = MqttConnection(
                client, at.host, at.port, will=(will.topic, will.payload) if will is not None else None,
                keepalive_s=keepalive_s, back=on_reconnect, user=at.user, password=at.password, tls=at.context(),
                fresh=fresh, wanted=lambda topic: not any(matches(each, topic) for each in self._unkept),
            )  # fmt: skip
        except ssl.SSLError as error:
            raise BadInput(f"the MQTT broker at {at} is not trusted: {error}", alternatives=[AUTHORITY]) from error
        except OSError as error:
            raise BadInput(
                f"no MQTT broker answers at {at}: {error.strerror or error}", alternatives=[f"mosquitto -p {at.port}"]
            ) from error
        except Refused as error:
            raise BadInput(f"the MQTT broker at {at} did not let {client} in: {error}") from error

    @property
    def away(self) -> bool:
        """Whether the broker cannot be reached just now."""
        return self._connection.away

    @property
    def fault(self) -> str:
        """What was the matter with what the broker sent last time that it was no MQTT; empty: it always was."""
        return self._connection.fault

    def subscribe(self, pattern: str, *, kept: bool = True) -> None:
        """See :class:`Transport`. Returns when the broker has it: nothing that is published afterwards is missed.

        Raises:
            BadInput: the broker refuses it.
        """
        if not kept:
            self._unkept.append(pattern)
        if not self._connection.subscribe(pattern, self._qos):
            raise BadInput(f"the MQTT broker at {self._at} gives no leave to hear {pattern}")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """See :class:`Transport`. Kept until the broker has it, also while it is away."""
        self._connection.publish(topic, payload, self._qos, retain)

    def pending(self) -> int:
        """Messages that this side still has to get rid of; whoever publishes without end looks at it."""
        return self._connection.pending()

    def receive(self, timeout_s: float = 0.0) -> list[tuple[str, bytes]]:
        """See :class:`Transport`."""
        arrived, news = self._connection.arrived, self._connection.news
        if timeout_s > 0 and not arrived:
            news.wait(timeout_s)
        news.clear()
        return [arrived.popleft() for _ in range(len(arrived))]

    def close(self) -> None:
        """See :class:`Transport`."""
        self._connection.close()

    def break_off(self) -> None:
        """Be gone as a robot is that lost its network: the broker speaks the will."""
        self._connection.break_off()
