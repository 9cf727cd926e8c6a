"""What the control hears: messages of robots that can be believed, answers of the site, stations that go down and come back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from crewless.core.errors import BadInput
from crewless.fleet.control.robots import name_of
from crewless.fleet.site import Answer, topics
from crewless.fleet.vda5050.topics import PREFIX, address
from crewless.fleet.vda5050.transport import Transport
from crewless.fleet.vda5050.validation import Topic, decode, parse


@dataclass(frozen=True, slots=True)
class RobotSaid:
    """A message of a robot."""

    manufacturer: str
    serial: str
    kind: Topic
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StationSaid:
    """A station is down, or up again."""

    name: str
    down: bool


class Inbox:
    """Args:
    transport: an end of the broker.
    run: see :class:`crewless.fleet.site.Site`.
    complain: called with a sender's name, what is wrong with what it sent, and what that is about.
    """

    def __init__(self, transport: Transport, run: str, complain: Callable[[str, str, str], None]) -> None:
        self._transport, self._complain = transport, complain
        self.ask, self._answer, self._station = topics(run)
        for pattern, kept in (
            # Of all versions: one that is not spoken here is to be named, not overheard.
            (f"{PREFIX.partition('/')[0]}/+/+/+/connection", True),
            (f"{PREFIX}/+/+/factsheet", True),
            # The standard retains no states (section 4.1): one that a broker has kept is of nobody knows when.
            (f"{PREFIX}/+/+/state", False),
            (f"{PREFIX}/+/+/visualization", False),
            (self._answer, False),
            (f"{self._station}/+", True),
        ):
            transport.subscribe(pattern, kept=kept)

    def take(self, wait_s: float) -> Iterator[RobotSaid | StationSaid | Answer]:
        """What has arrived and can be understood; waits so long for the first."""
        for topic, payload in self._transport.receive(wait_s):
            if topic == self._answer:
                try:
                    yield parse("answer", payload, Answer)
                except BadInput as error:
                    self._complain("site", error.message, "unreadable")
            elif topic.startswith(self._station + "/"):
                yield StationSaid(topic.rpartition("/")[2], payload == b"down")
            else:
                said = self._robot(topic, payload)
                if said is not None:
                    yield said

    def _robot(self, topic: str, payload: bytes) -> RobotSaid | None:
        place = address(topic)
        if place is None:
            self._foreign(topic)
            return None
        manufacturer, serial, kind = place
        try:
            message = decode(kind, payload)
        except BadInput as error:
            self._complain(name_of(manufacturer, serial), str(error), "unreadable")
            return None
        signed = message["manufacturer"], message["serialNumber"]
        if signed[1] != serial or _plain(signed[0]) != _plain(manufacturer):
            self._complain(
                name_of(manufacturer, serial),
                f"its {kind} is signed by {'/'.join(signed)[:80]!r}: not believed",
                "signature",
            )
            return None
        return RobotSaid(manufacturer, serial, kind, message)

    def _foreign(self, topic: str) -> None:
        """A robot of another major version says hello."""
        levels = topic.split("/")
        if len(levels) == 5 and levels[4] == "connection":
            self._complain(
                name_of(levels[2], levels[3]),
                f"speaks VDA 5050 {levels[1]}, not {PREFIX.partition('/')[2]}: not commanded",
                "version",
            )


def _plain(manufacturer: str) -> str:
    """A topic has no place for some characters that a maker's name may have (section 4.2)."""
    return "".join(each for each in manufacturer if each.isalnum()).lower()
