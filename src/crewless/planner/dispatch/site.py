"""The factory's own record of what was physically done, and the lock on every station.

A robot that fell silent may have finished, or may finish yet. So before an operation is promised a second time the site is
asked: it answers whether the work is done, and from then on refuses work under earlier promises. (The number of the promise
is a fencing token: Kleppmann 2016, "How to do distributed locking".)
"""

import json
from collections.abc import Mapping
from typing import Any

from crewless.planner.dispatch.transport import Transport

ASK, ANSWER, STATION = "crewless/site/ask", "crewless/site/answer", "crewless/site/station"


class Site:
    """The stations' side."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.done: list[tuple[str, int, str]] = []
        """What was physically done, in order: operation, attempt, station. Never cleaned of repetitions."""
        self._finished: set[str] = set()
        self._fence: dict[str, int] = {}
        self.broken: set[str] = set()
        transport.subscribe(ASK)

    def work(self, _action: str, parameters: Mapping[str, Any]) -> bool:
        """A robot finishes its work here. False: the station is broken, or refuses an old promise."""
        operation, attempt = parameters["operation"], int(parameters["attempt"])
        if (
            parameters["station"] in self.broken
            or operation in self._finished
            or attempt <= self._fence.get(operation, -1)
        ):
            return False
        self.done.append((operation, attempt, parameters["station"]))
        self._finished.add(operation)
        return True

    def fail(self, station: str) -> None:
        """A station breaks down for good."""
        self.broken.add(station)
        self._transport.publish(f"{STATION}/{station}", b"down", retain=True)

    def answer(self) -> None:
        """Answer the questions that have come in."""
        for topic, payload in self._transport.receive():
            if topic == ASK:
                question = json.loads(payload)
                operation, attempt = question["operation"], int(question["attempt"])
                self._fence[operation] = max(attempt, self._fence.get(operation, -1))
                reply = {"operation": operation, "attempt": attempt, "done": operation in self._finished}
                self._transport.publish(ANSWER, json.dumps(reply).encode())
