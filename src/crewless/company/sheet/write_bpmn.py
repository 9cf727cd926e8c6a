"""A sheet as a BPMN 2.0 model with a diagram and QBP simulation data (BIMP, Apromore, Prosimos read it), and back by
:mod:`.bpmn`.

A model holds how the cells' performers of the sheet do them: times, resources, weeks, probabilities, arrivals. It has no word for how
others would do a cell, for errors and rework, meetings, priorities, capacities, sickness and leave; what of these is in the sheet is
named. QBP has no Weibull distribution and no tables: those become histograms.
"""

from collections.abc import Mapping
from itertools import pairwise
from math import exp, expm1
from pathlib import Path
from xml.etree import ElementTree

from crewless.company.sheet.layout import layout
from crewless.company.sheet.model import Arrow, Calendar, Duration, Sheet, check
from crewless.company.sheet.quantiles import quantiles_of
from crewless.core.errors import StorageFull

_MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_DI, _DC, _DD = (f"http://www.omg.org/spec/{part}" for part in ("BPMN/20100524/DI", "DD/20100524/DC", "DD/20100524/DI"))
_QBP = "http://www.qbp-simulator.com/Schema201212"
_TAGS = {
    "xor": "exclusiveGateway", "and": "parallelGateway", "or": "inclusiveGateway", "event": "eventBasedGateway",
    "start": "startEvent", "end": "endEvent", "terminate": "endEvent",
}  # fmt: skip
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_STEP_X, _STEP_Y = 150, 110
_BINS = 100
_Element = ElementTree.Element


def write_bpmn(sheet: Sheet, path: Path) -> tuple[str, ...]:
    """Write it. Returns what the sheet holds and the model does not.

    Raises:
        BadInput: the sheet cannot be run.
        StorageFull: it cannot be written.
    """
    check(sheet)
    root = ElementTree.Element(f"{{{_MODEL}}}definitions", {"targetNamespace": "https://crewless.example/sheet"})
    process = _add(root, _MODEL, "process", id="process", isExecutable="false")
    keys = {name: f"n{at}" for at, name in enumerate(n.name for n in (*sheet.gateways, *sheet.cells))}
    flows: list[tuple[str, str, str, Arrow]] = []
    waits: dict[str, Arrow] = {}
    for at, arrow in enumerate(sheet.arrows):
        source, target = keys[arrow.source], keys[arrow.target]
        if arrow.delay != Duration():
            # A delay is an event that waits.
            waits[f"wait{at}"] = arrow
            flows.append((f"f{at}", source, f"wait{at}", arrow))
            flows.append((f"f{at}b", f"wait{at}", target, Arrow(source="", target="")))
        else:
            flows.append((f"f{at}", source, target, arrow))
    _simulation(_add(process, _MODEL, "extensionElements"), sheet, keys, waits)
    _roles(process, sheet, keys)
    for gateway in sheet.gateways:
        node = _add(process, _MODEL, _TAGS[gateway.kind], id=keys[gateway.name], name=gateway.name)
        if gateway.kind == "terminate":
            _add(node, _MODEL, "terminateEventDefinition")
    for cell in sheet.cells:
        tag = {"person": "userTask", "ai": "serviceTask", "robot": "task"}[cell.performer]
        _add(process, _MODEL, tag, id=keys[cell.name], name=cell.name)
    for key, arrow in waits.items():
        definition = _add(_add(process, _MODEL, "intermediateCatchEvent", id=key), _MODEL, "timerEventDefinition")
        if arrow.delay.kind == "constant":
            _add(definition, _MODEL, "timeDuration").text = f"PT{arrow.delay.numbers[0] * 3600:.12g}S"
    for key, source, target, arrow in flows:
        named = {"name": arrow.label} if arrow.label else {}
        _add(process, _MODEL, "sequenceFlow", id=key, sourceRef=source, targetRef=target, **named)
    _diagram(root, sheet, keys, flows, waits)
    for prefix, space in (("", _MODEL), ("bpmndi", _DI), ("dc", _DC), ("di", _DD), ("qbp", _QBP)):
        ElementTree.register_namespace(prefix, space)
    ElementTree.indent(root)
    try:
        ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise StorageFull(f"cannot write {path}: {error.strerror}") from error
    return _lost(sheet)


def _lost(sheet: Sheet) -> tuple[str, ...]:
    counted = (
        (sum(len(cell.works) > 1 for cell in sheet.cells), "cells could be done by others: only how they are done now is kept"),
        (sum(w.error > 0 or w.catch > 0 for c in sheet.cells for w in c.works.values()), "error and catch probabilities"),
        (sum(cell.meeting is not None for cell in sheet.cells), "meetings"),
        (sum(cell.priority != 0 or cell.capacity != 0 for cell in sheet.cells), "priorities and capacities"),
        (sum(r.sick_days_per_year + r.leave_days_per_year + r.handover > 0 for r in sheet.resources), "absences and handover times"),
    )  # fmt: skip
    return tuple(f"not in the model: {count} {what}" for count, what in counted if count)


def _add(parent: _Element, space: str, tag: str, **attributes: str) -> _Element:
    return ElementTree.SubElement(parent, f"{{{space}}}{tag}", attributes)


def _roles(process: _Element, sheet: Sheet, keys: Mapping[str, str]) -> None:
    """Roles as lanes."""
    lanes = _add(process, _MODEL, "laneSet", id="lanes")
    for at, role in enumerate(dict.fromkeys(cell.role or "people" for cell in sheet.cells)):
        lane = _add(lanes, _MODEL, "lane", id=f"lane{at}", name=role)
        for cell in sheet.cells:
            if (cell.role or "people") == role:
                _add(lane, _MODEL, "flowNodeRef").text = keys[cell.name]


def _simulation(parent: _Element, sheet: Sheet, keys: Mapping[str, str], waits: Mapping[str, Arrow]) -> None:
    info = _add(parent, _QBP, "processSimulationInfo", id="simulation", processInstances="1000", currency="USD")
    _distribution(info, "arrivalRateDistribution", sheet.arrival.between)
    if sheet.calendars:
        tables = _add(info, _QBP, "timetables")
        for at, calendar in enumerate(sheet.calendars):
            _timetable(tables, f"c{at}", calendar, default=calendar.name == sheet.arrival.calendar)
    calendars = {calendar.name: f"c{at}" for at, calendar in enumerate(sheet.calendars)}
    resources = _add(info, _QBP, "resources")
    for at, pool in enumerate(sheet.resources):
        week = {"timetableId": calendars[pool.calendar]} if pool.calendar else {}
        _add(
            resources, _QBP, "resource", id=f"r{at}", name=pool.name, totalAmount=str(pool.count),
            costPerHour=repr(pool.cost_per_hour), **week,
        )  # fmt: skip
    pools = {pool.name: f"r{at}" for at, pool in enumerate(sheet.resources)}
    elements = _add(info, _QBP, "elements")
    for cell in sheet.cells:
        work = cell.work()
        element = _add(elements, _QBP, "element", elementId=keys[cell.name], fixedCost=repr(work.cost))
        _distribution(element, "durationDistribution", work.duration)
        _add(_add(element, _QBP, "resourceIds"), _QBP, "resourceId").text = pools[work.resource]
    for key, arrow in waits.items():
        _distribution(_add(elements, _QBP, "element", elementId=key), "durationDistribution", arrow.delay)
    choices = {g.name for g in sheet.gateways if g.kind in ("xor", "event", "or")}
    shares = _add(info, _QBP, "sequenceFlows")
    for at, arrow in enumerate(sheet.arrows):
        if arrow.source in choices:
            _add(shares, _QBP, "sequenceFlow", elementId=f"f{at}", executionProbability=repr(arrow.probability))


def _timetable(parent: _Element, key: str, calendar: Calendar, *, default: bool) -> None:
    rules = _add(
        _add(parent, _QBP, "timetable", id=key, name=calendar.name, default=str(default).lower()), _QBP, "rules"
    )
    for start, end in calendar.week:
        day = int(start // 24)
        while start < end:
            stop = min(end, 24.0 * (day + 1))
            begin, until = start - 24 * day, stop - 24 * day
            name = _DAYS[day % 7]
            _add(rules, _QBP, "rule", fromWeekDay=name, toWeekDay=name, fromTime=_clock(begin), toTime=_clock(until))
            start, day = stop, day + 1


def _clock(hours: float) -> str:
    ms = round(hours * 3_600_000)
    if ms >= 86_400_000:
        return "23:59:59.999+00:00"
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}+00:00"


def _distribution(parent: _Element, tag: str, duration: Duration) -> None:
    """In seconds, as the schema wants it."""
    kind, n = duration.kind, duration.numbers
    values: tuple[str, float | None, float | None, float | None]
    if kind == "constant":
        values = ("FIXED", n[0], None, None)
    elif kind == "exponential":
        values = ("EXPONENTIAL", None, n[0], None)
    elif kind == "normal":
        values = ("NORMAL", n[0], n[1], None)
    elif kind == "uniform":
        values = ("UNIFORM", None, n[0], n[1])
    elif kind == "triangular":
        values = ("TRIANGULAR", n[2], n[0], n[1])
    elif kind == "gamma":
        values = ("GAMMA", n[0] * n[1], n[0] * n[1] ** 2 * 3600, None)
    elif kind == "lognormal":
        mean = exp(n[0] + n[1] ** 2 / 2)
        values = ("LOGNORMAL", mean, expm1(n[1] ** 2) * mean**2 * 3600, None)
    else:
        values = ("HISTOGRAM", None, None, None)
    named = zip(("mean", "arg1", "arg2"), values[1:], strict=True)
    attributes = {name: "NaN" if value is None else repr(value * 3600) for name, value in named}
    one = _add(parent, _QBP, tag, type=values[0], **attributes)
    if values[0] == "HISTOGRAM":
        bins = _add(one, _QBP, "histogramDataBins")
        edges = list(n) if kind == "table" and len(n) <= _BINS + 1 else _edges(duration)
        for low, high in pairwise(edges):
            part = _add(bins, _QBP, "histogramData", probability=repr(100 / (len(edges) - 1)))
            _distribution(part, "distribution", Duration(kind="uniform", numbers=(low, high)))
    _add(one, _QBP, "timeUnit").text = "seconds"


def _edges(duration: Duration) -> list[float]:
    """Of bins of equal shares."""
    values = quantiles_of(duration, 10 * _BINS)
    return [values[0], *(values[10 * at - 1] for at in range(1, _BINS)), values[-1]]


def _diagram(
    root: _Element,
    sheet: Sheet,
    keys: Mapping[str, str],
    flows: list[tuple[str, str, str, Arrow]],
    waits: Mapping[str, Arrow],
) -> None:
    plane = _add(_add(root, _DI, "BPMNDiagram", id="diagram"), _DI, "BPMNPlane", id="plane", bpmnElement="process")
    places = layout(sheet)
    middle = (places.columns + 1) / 2
    cells = {cell.name for cell in sheet.cells}
    at: dict[str, tuple[float, float, float, float]] = {}
    for name, key in keys.items():
        wide, high = (100, 80) if name in cells else (50, 50)
        x, y = 100 + _STEP_X * places.layer[name], _STEP_Y * (middle + places.column[name])
        at[key] = (x, y, wide, high)
    for key, arrow in waits.items():
        (ax, ay, *_), (bx, by, *_) = at[keys[arrow.source]], at[keys[arrow.target]]
        at[key] = ((ax + bx) / 2, (ay + by) / 2, 36, 36)
    for key, (x, y, wide, high) in at.items():
        shape = _add(plane, _DI, "BPMNShape", id=f"{key}_di", bpmnElement=key)
        _add(shape, _DC, "Bounds", x=f"{x - wide / 2:g}", y=f"{y - high / 2:g}", width=f"{wide:g}", height=f"{high:g}")
    for key, source, target, _ in flows:
        edge = _add(plane, _DI, "BPMNEdge", id=f"{key}_di", bpmnElement=key)
        (ax, ay, aw, _h), (bx, by, bw, _k) = at[source], at[target]
        right = 1 if bx >= ax else -1
        for x, y in ((ax + right * aw / 2, ay), (bx - right * bw / 2, by)):
            _add(edge, _DD, "waypoint", x=f"{x:g}", y=f"{y:g}")
