"""Event logs in XES (IEEE 1849-2016), as a stream, gzipped or not; and Crewless's own event log."""

import gzip
import zlib
from collections.abc import Iterator
from math import nan
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

from crewless.company.discover.log import Log, Pairing, Times, Unfinished, Visit, make_log
from crewless.core.errors import BadInput
from crewless.core.events import read_events

_ENDS = ("end", "verdict", "handover")
"""Kinds of Crewless's events that end what a start had begun."""


def read_xes(path: Path, *, unfinished: Unfinished = "refuse") -> Log:
    """A log of events with ``concept:name``, ``time:timestamp`` and, where there are any, ``lifecycle:transition``,
    ``org:resource``, ``org:role``, ``cost:total``. Only one trace is held in memory at a time.

    Raises:
        BadInput: no XES, an event without name or time, a step that has no end, times out of order; names trace and event.
    """
    times, pairs = Times(path.name), Pairing(path.name, unfinished)
    try:
        with _opened(path) as file:
            for number, (case, events) in enumerate(_traces(file), 1):
                case = case or str(number)
                for at, event in enumerate(events, 1):
                    _read_event(event, case, f"trace {case!r}, event {at}", times, pairs, path.name)
    except (OSError, EOFError, zlib.error, ElementTree.ParseError) as error:
        raise BadInput(f"{path.name} cannot be read as XES: {error}") from None
    return make_log(pairs.finish(), path.name)


def read_event_log(path: Path, *, unfinished: Unfinished = "refuse") -> Log:
    """Crewless's own log (:mod:`crewless.core.events`): what a ``start`` begins ends with ``end``, ``verdict`` or
    ``handover`` of the same case, cell and resource. A start that comes again replaces the one before.

    Raises:
        BadInput: a line that is no event, a step that has no end.
    """
    pairs = Pairing(path.name, unfinished)
    began: dict[tuple[str, ...], Visit] = {}
    for number, event in enumerate(read_events(path), 1):
        key = (event.case, event.cell, event.resource)
        visit = Visit(
            case=event.case,
            activity=event.cell,
            start=event.t,
            end=event.t,
            resource=event.resource,
            cost=event.cost_usd,
            where=f"line {number}",
        )
        if event.kind == "start":
            began[key] = visit
        elif event.kind in _ENDS and key in began:
            pairs.start(key, began.pop(key))
            pairs.end(key, visit)
    for key, visit in began.items():
        pairs.start(key, visit)
    return make_log(pairs.finish(), path.name)


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


def _read_event(event: dict[str, str], case: str, where: str, times: Times, pairs: Pairing, name: str) -> None:
    transition = event.get("lifecycle:transition", "complete").lower()
    if transition not in ("start", "complete"):
        return
    for key in ("concept:name", "time:timestamp"):
        if not event.get(key):
            raise BadInput(f"{name}, {where}: it has no {key}", alternatives=sorted(event))
    t = times.seconds(event["time:timestamp"], where)
    try:
        cost = float(event.get("cost:total", 0))
    except ValueError:
        raise BadInput(f"{name}, {where}: the cost {event['cost:total']!r} is not a number") from None
    activity = " ".join(event["concept:name"].split())
    visit = Visit(
        case=case,
        activity=activity,
        start=t if transition == "start" else nan,
        end=t,
        resource=event.get("org:resource", ""),
        role=event.get("org:role", event.get("org:group", "")),
        cost=cost,
        where=where,
    )
    key = (case, activity, event.get("concept:instance", ""))
    (pairs.start if transition == "start" else pairs.end)(key, visit)
