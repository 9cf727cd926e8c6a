"""One append-only event log for the whole company: what happened to which case, in which cell, by which resource, at what
cost. The live queue, the company simulator and the growth model all speak it."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from io import RawIOBase
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from crewless.core.errors import BadInput, StorageFull

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 (production 2, Char) has no place for."""


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
    power cut, is ignored by the reader and overwritten by the next writer.

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
            with self.path.open("ab", buffering=0) as file:
                whole = file.tell()
                try:
                    _write_all(file, line.encode())
                    os.fsync(file.fileno())
                except OSError:
                    # Half a line would swallow the next one, which is written once there is space again.
                    file.truncate(whole)
                    raise
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


def _write_all(file: RawIOBase, content: bytes) -> None:
    while content:
        content = content[file.write(content) :]


def _drop_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as file:
        content = file.read()
        if content and not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)
