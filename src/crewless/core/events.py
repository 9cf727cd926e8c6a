"""One append-only event log for the whole company: what happened to which case, in which cell, by which resource, at what
cost. The live queue, the company simulator and the growth model all speak it."""

import contextlib
import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from crewless.core.errors import BadInput, StorageFull

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 (production 2, Char) has no place for."""

_BLOCK = 1 << 16
"""Bytes that are looked at together when a torn line is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of the log."""

    t: float
    """Wall-clock seconds since 1970, UTC."""
    case: str
    cell: str
    """The step of the work, for instance ``work`` or ``verify``."""
    resource: str
    """Who did it: a worker's name, a person's, a robot's."""
    kind: str
    """start, end, takeover, handover, verdict, note."""
    outcome: str = ""
    cost_usd: float = 0.0
    energy_j: float = 0.0
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


class EventLog:
    """Appends events to a file of JSON lines. A line is on the disk when :meth:`add` returns; a torn last line, left by a
    power cut, is ignored by the reader and overwritten by the next writer. Many processes may write to one log: each holds
    a lock (flock) while it writes, so none cuts another's line.

    ``clock`` gives the time of each event; a simulation brings its own.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_torn_line(path)

    def add(self, *, case: str, cell: str, resource: str, kind: str, outcome: str = "", **data: Any) -> Event:
        """Append one event, now. Keys of ``data`` named ``cost_usd`` and ``energy_j`` go to their own columns."""
        cost_usd, energy_j = float(data.pop("cost_usd", 0.0)), float(data.pop("energy_j", 0.0))
        event = Event(
            t=self._clock(), case=case, cell=cell, resource=resource, kind=kind, outcome=outcome,
            cost_usd=cost_usd, energy_j=energy_j, data=data,
        )  # fmt: skip
        line = json.dumps(asdict(event), separators=(",", ":")) + "\n"
        try:
            _append(self.path, line.encode())
        except OSError as error:
            raise StorageFull(f"cannot append to the event log {self.path}: {error.strerror}") from error
        return event


def read_events(path: Path) -> Iterator[Event]:
    """Every event of a log, in order. Raises BadInput that names the line when one is not an event."""
    if not path.is_file():
        raise BadInput(f"there is no event log at {path}")
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield Event(**json.loads(line))
            except (TypeError, ValueError) as error:
                raise BadInput(f"{path}:{number} is not an event: {error}") from error


def latest_s(path: Path) -> float:
    """The latest moment that a log speaks of; 0 when it holds nothing or is not there. Raises as :func:`read_events`."""
    return max((event.t for event in read_events(path)), default=0.0) if path.is_file() else 0.0


def write_xes(events: Iterator[Event], path: Path) -> None:
    """Export to XES (IEEE 1849-2016), one trace a case, in order of first appearance."""
    root = ElementTree.Element("log", {"xes.version": "1849-2016", "xmlns": "http://www.xes-standard.org/"})
    traces: dict[str, ElementTree.Element] = {}
    for event in events:
        trace = traces.get(event.case)
        if trace is None:
            trace = traces[event.case] = ElementTree.SubElement(root, "trace")
            _xes(trace, "string", "concept:name", event.case)
        entry = ElementTree.SubElement(trace, "event")
        _xes(entry, "string", "concept:name", event.cell)
        _xes(entry, "string", "org:resource", event.resource)
        _xes(entry, "string", "lifecycle:transition", {"start": "start", "end": "complete"}.get(event.kind, event.kind))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(event.t)) + f".{int(event.t % 1 * 1000):03d}+00:00"
        _xes(entry, "date", "time:timestamp", stamp)
        _xes(entry, "string", "outcome", event.outcome)
        _xes(entry, "float", "cost:total", str(event.cost_usd))
        _xes(entry, "float", "energy_j", str(event.energy_j))
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def write_parquet(events: Iterator[Event], path: Path) -> None:
    """Export to Parquet, one row an event; ``data`` as a JSON string."""
    # The package has no types.
    import pyarrow  # pyright: ignore[reportMissingTypeStubs]
    from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]

    pa: Any = pyarrow
    pq: Any = parquet
    rows = [{**asdict(event), "data": json.dumps(dict(event.data))} for event in events]
    schema = pa.schema(
        [("t", pa.float64()), *((name, pa.string()) for name in ("case", "cell", "resource", "kind", "outcome"))]
        + [("cost_usd", pa.float64()), ("energy_j", pa.float64()), ("data", pa.string())]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def _xes(parent: ElementTree.Element, kind: str, key: str, value: str) -> None:
    ElementTree.SubElement(parent, kind, {"key": key, "value": _NOT_XML.sub("\ufffd", value)})


def _append(path: Path, line: bytes) -> None:
    """One line, whole or not at all. Raises OSError."""
    with _locked(path) as file:
        whole = _whole(file)
        try:
            written = 0
            while written < len(line):
                written += os.write(file, line[written:])
            os.fsync(file)
        except OSError:
            # Half a line would swallow the next one, which is written once there is space again.
            os.ftruncate(file, whole)
            raise


@contextlib.contextmanager
def _locked(path: Path) -> Generator[int]:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)  # which ends the lock


def _whole(file: int) -> int:
    """The length of a locked log in bytes. What a writer that died has left of a line is dropped first."""
    end = os.fstat(file).st_size
    if not end or os.pread(file, 1, end - 1) == b"\n":
        return end
    start = end
    while start:
        begin = max(0, start - _BLOCK)
        at = os.pread(file, start - begin, begin).rfind(b"\n")
        if at >= 0:
            start = begin + at + 1
            break
        start = begin
    os.ftruncate(file, start)
    return start


def _drop_torn_line(path: Path) -> None:
    if path.exists():
        with _locked(path) as file:
            _whole(file)
