"""Event logs in XES (IEEE 1849-2016), as a stream, gzipped or not; and Crewless's own event log."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

from crewless.company.discover.log import Log, Visit, make_log
from crewless.company.discover.rows import RawEvent, ReadConfig, log_of_rows
from crewless.company.discover.times import said
from crewless.core.errors import BadInput
from crewless.core.events import read_events

_ENDS = ("end", "verdict", "handover")
"""Kinds of Crewless's events that end what a start had begun."""
_START_KEYS = ("start_timestamp", "start_time", "time:start", "startTime", "start")
"""Under which an event that is a whole visit names its start; XES itself has no key for it."""


def read_xes(path: Path, *, config: ReadConfig | None = None) -> Log:
    """A log of events with ``concept:name``, ``time:timestamp`` and, where there are any, ``lifecycle:transition``,
    ``org:resource``, ``org:role``, ``cost:total``, and a start of their own under ``start_timestamp`` or a similar key. The XML
    is read as a stream.

    Raises:
        BadInput: no XES, an event without name or time, a step that has no end where those are refused; names trace and event.
    """
    rows: list[RawEvent] = []
    lifecycle = False
    try:
        with _opened(path) as file:
            for number, (case, events) in enumerate(_traces(file), 1):
                for at, event in enumerate(events, 1):
                    lifecycle |= "lifecycle:transition" in event
                    rows.append(_raw(event, case or str(number), f"trace {case or str(number)!r}, event {at}"))
    except (OSError, EOFError, zlib.error, ElementTree.ParseError) as error:
        raise BadInput(f"{path.name} cannot be read as XES: {error}") from None
    return log_of_rows(rows, path.name, config, lifecycle="lifecycle:transition" if lifecycle else "")


def read_event_log(path: Path, *, config: ReadConfig | None = None) -> Log:
    """Crewless's own log (:mod:`crewless.core.events`): what a ``start`` begins ends with ``end``, ``verdict`` or
    ``handover`` of the same case, cell and resource. A start that comes again replaces the one before.

    Raises:
        BadInput: a line that is no event, a step that has no end where those are refused.
    """
    config = config or ReadConfig()
    began: dict[tuple[str, ...], Visit] = {}
    visits = []
    for number, event in enumerate(read_events(path), 1):
        key = (event.case, event.cell, event.resource)
        if event.kind == "start" or (event.kind in _ENDS and key in began):
            visit = Visit(
                case=event.case,
                activity=event.cell,
                start=event.t if event.kind == "start" else began.pop(key).start,
                end=event.t,
                resource=event.resource,
                cost=event.cost_usd,
                where=f"line {number}",
            )
            if event.kind == "start":
                began[key] = visit
            else:
                visits.append(visit)
    if began and config.unfinished == "refuse":
        one = next(iter(began.values()))
        raise BadInput(
            f"{path.name}, {one.where}: {one.activity!r} of case {one.case!r}, started at {said(one.start)}, has no end",
            alternatives=["--unfinished drop leaves such rows out"],
        )
    notes = [f"{len(began):,} steps were begun and never ended and were left out"] if began else []
    return make_log(visits, path.name, notes)


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _traces(file: BinaryIO) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """(name of the case, its events as key to value)."""
    root: ElementTree.Element | None = None
    for when, element in ElementTree.iterparse(file, events=("start", "end")):
        if root is None:
            root = element
            if _tag(element) != "log":
                raise BadInput(f"it begins with <{_tag(element)}>", alternatives=["an XES file begins with <log>"])
        elif when == "end" and _tag(element) == "trace":
            events = [_values(one) for one in element if _tag(one) == "event"]
            yield _values(element).get("concept:name", ""), events
            root.clear()


def _values(element: ElementTree.Element) -> dict[str, str]:
    return {one.get("key", ""): one.get("value", "") for one in element if "value" in one.attrib}


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _raw(event: dict[str, str], case: str, where: str) -> RawEvent:
    start = next((event[key] for key in _START_KEYS if event.get(key)), "")
    return RawEvent(
        case=case,
        activity=event.get("concept:name", ""),
        start=start,
        end=event.get("time:timestamp", ""),
        resource=event.get("org:resource", ""),
        role=event.get("org:role", event.get("org:group", "")),
        lifecycle=event.get("lifecycle:transition", ""),
        cost=event.get("cost:total", ""),
        instance=event.get("concept:instance", ""),
        where=where,
    )
