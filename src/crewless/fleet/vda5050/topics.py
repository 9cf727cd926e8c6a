"""Topics and headers: who speaks to whom."""

import datetime
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from crewless.fleet.vda5050.messages import VERSION
from crewless.fleet.vda5050.transport import Transport
from crewless.fleet.vda5050.validation import TOPICS, Topic, encode

PREFIX = f"uagv/v{VERSION.split('.')[0]}"
"""Interface name and major version (VDA 5050, section 'Topic levels')."""
MANUFACTURER = "crewless"
"""Manufacturer of simulated robots; the log names these by serial number alone."""
RETAINED: frozenset[Topic] = frozenset({"connection", "factsheet"})


def topic_of(manufacturer: str, serial: str, topic: Topic) -> str:
    """The whole MQTT topic."""
    return f"{PREFIX}/{manufacturer}/{serial}/{topic}"


def address(topic: str) -> tuple[str, str, Topic] | None:
    """Manufacturer, serial number and kind of a topic; None for one that is not VDA 5050's."""
    levels = topic.split("/")
    if len(levels) != 5 or "/".join(levels[:2]) != PREFIX or levels[4] not in TOPICS:
        return None
    return levels[2], levels[3], levels[4]


class Sender:
    """Puts headers on messages, checks them and sends them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._count: dict[tuple[str, str, str], int] = defaultdict(int)

    def send(self, manufacturer: str, serial: str, topic: Topic, body: Mapping[str, Any]) -> None:
        """Raises BadInput when the message would not be understood."""
        number = self._count[manufacturer, serial, topic]
        self._count[manufacturer, serial, topic] = number + 1
        payload = encode(topic, header(manufacturer, serial, number) | dict(body))
        self._transport.publish(topic_of(manufacturer, serial, topic), payload, retain=topic in RETAINED)


def header(manufacturer: str, serial: str, number: int) -> dict[str, Any]:
    """What every message begins with; ``number`` counts per topic and robot."""
    return {
        "headerId": number, "timestamp": now_text(), "version": VERSION, "manufacturer": manufacturer, "serialNumber": serial,
    }  # fmt: skip


def now_text() -> str:
    """Now, in UTC, as VDA 5050 writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-4] + "Z"
