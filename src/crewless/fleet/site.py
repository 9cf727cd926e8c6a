"""The factory's own record of what was physically done, and the lock on every station.

A robot that fell silent may have finished, or may finish yet. So before an operation is assigned a second time the site is
asked: it answers whether the work is done, and from then on refuses work under earlier assignments. (The number of the attempt
is a fencing token: Kleppmann 2016, "How to do distributed locking".)
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from crewless.core.errors import BadInput
from crewless.fleet.vda5050.transport import Transport
from crewless.fleet.vda5050.validation import parse

ASK, ANSWER, STATION = "crewless/site/ask", "crewless/site/answer", "crewless/site/station"


def topics(run: str = "") -> tuple[str, str, str]:
    """Where a site is asked, where it answers, and below which it says what is down. On a broker of several runs, each has its
    own: operations have the same names in all of them."""
    asks = f"crewless/{run}/site" if run else "crewless/site"
    return f"{asks}/ask", f"{asks}/answer", f"{asks}/station"


class Question(msgspec.Struct):
    """Was it done, in this attempt or one before?"""

    operation: str
    attempt: int


class Answer(msgspec.Struct):
    """What the site recorded."""

    operation: str
    attempt: int
    done: bool
    load_x_m: float | None = None
    """Where the load is that the operation carries, when it is no longer where it was made, nor there yet; if the site knows."""
    load_y_m: float | None = None


class _Line(msgspec.Struct):
    """One line of the record."""

    operation: str
    attempt: int
    station: str = ""
    """Empty: no work was done, the attempt was fenced off, or only a load was moved."""
    load: str = ""
    at: str = ""
    """Where the load is now: ``robot:NAME``, ``floor:X,Y``, or a station."""
    part: str = ""
    kg: float = 0.0


class Site:
    """The stations' side.

    Args:
        transport: its end of the broker.
        record: a file that outlives the process; what it holds already is taken over.
        run: see :func:`topics`.

    Raises:
        BadInput: the record cannot be read.
    """

    def __init__(self, transport: Transport, record: Path | None = None, run: str = "") -> None:
        self._transport = transport
        self._ask, self._answer, self._station = topics(run)
        self.done: list[tuple[str, int, str]] = []
        """What was physically done, in order: operation, attempt, station. Never cleaned of repetitions."""
        self._finished: set[str] = set()
        self._fence: dict[str, int] = {}
        self.broken: set[str] = set()
        self.loads: dict[str, str] = {}
        """Load to where it is: ``robot:NAME``, ``floor:X,Y``, or a station. One that was never moved is not named."""
        self.kinds: dict[str, tuple[str, float]] = {}
        """Load to its part and its kilograms, as far as it was said."""
        self.place_of: Callable[[str], tuple[float, float] | None] = lambda load: None
        """Where a load is on the floor, in metres; None: not known, or at a station."""
        self._record = record
        if record is not None and record.is_file():
            # A torn last line is work whose robot was never answered.
            whole = record.read_bytes().rpartition(b"\n")[0]
            record.write_bytes(whole + b"\n" if whole else b"")
            for number, line in enumerate(whole.splitlines(), 1):
                try:
                    self._take(parse("line", line, _Line))
                except BadInput as error:
                    raise BadInput(f"{record}:{number} is not a line of a site's record: {error.message}") from error
        transport.subscribe(self._ask)

    def work(self, _action: str, parameters: Mapping[str, Any]) -> bool:
        """A robot finishes its work here. False: the station is broken, or refuses an old attempt."""
        operation, attempt = parameters["operation"], int(parameters["attempt"])
        if (
            parameters["station"] in self.broken
            or operation in self._finished
            or attempt <= self._fence.get(operation, -1)
        ):
            return False
        station, load = parameters["station"], parameters.get("loadId", "")
        self._write(_Line(operation, attempt, station, load, station if load else ""))
        return True

    def move(self, load: str, at: str, part: str = "", kg: float = 0.0) -> None:
        """A load was picked up, or put down somewhere."""
        self._write(_Line("", 0, "", load, at, part, kg))

    def is_done(self, operation: str) -> bool:
        """Whether its work is recorded."""
        return operation in self._finished

    def fail(self, station: str) -> None:
        """A station breaks down for good."""
        self.broken.add(station)
        self._transport.publish(f"{self._station}/{station}", b"down", retain=True)

    def answer(self) -> None:
        """Answer the questions that have come in; one that cannot be read is not answered."""
        for topic, payload in self._transport.receive():
            if topic != self._ask:
                continue
            try:
                question = parse("question", payload, Question)
            except BadInput:
                continue
            if question.attempt > self._fence.get(question.operation, -1):
                self._write(_Line(question.operation, question.attempt))
            place = self.place_of(question.operation) or (None, None)
            reply = Answer(question.operation, question.attempt, question.operation in self._finished, *place)
            self._transport.publish(self._answer, msgspec.json.encode(reply))

    def _write(self, line: _Line) -> None:
        if self._record is not None:
            with self._record.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
        self._take(line)

    def _take(self, line: _Line) -> None:
        if line.load:
            self.loads[line.load] = line.at
            if line.part:
                self.kinds[line.load] = (line.part, line.kg)
        if line.station:
            self.done.append((line.operation, line.attempt, line.station))
            self._finished.add(line.operation)
        elif not line.load:
            self._fence[line.operation] = max(line.attempt, self._fence.get(line.operation, -1))
