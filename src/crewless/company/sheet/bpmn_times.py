"""What a BPMN model says of times: timers in ISO 8601, and the simulation data that tools put into it.

Two kinds of such data are read. QBP (namespace ``qbp-simulator.com``, written by BIMP, Apromore, Simod): all values are seconds,
whatever unit is kept for the user interface. BPSim 1.0 and 2.0 (``bpsim.org``): values are in the scenario's ``baseTimeUnit``. Both
become hours. What is there and not understood is counted.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite, log, sqrt
from xml.etree import ElementTree

from crewless.company.sheet.model import WEEK_H, Calendar, Duration, Pool

_Element = ElementTree.Element
_ISO = re.compile(
    r"P(?:(?P<y>[\d.,]+)Y)?(?:(?P<mo>[\d.,]+)M)?(?:(?P<w>[\d.,]+)W)?(?:(?P<d>[\d.,]+)D)?"
    r"(?:T(?:(?P<h>[\d.,]+)H)?(?:(?P<m>[\d.,]+)M)?(?:(?P<s>[\d.,]+)S)?)?",
    re.IGNORECASE,
)
_HOURS = {"y": 8766.0, "mo": 730.5, "w": 168.0, "d": 24.0, "h": 1.0, "m": 1 / 60, "s": 1 / 3600}
_UNITS = {"ms": 1 / 3.6e6, "s": 1 / 3600, "min": 1 / 60, "hour": 1.0, "h": 1.0, "day": 24.0, "year": 8766.0}
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


@dataclass
class SimulationData:
    """Of a model, by the ids of its elements. Empty where it has none."""

    durations: dict[str, Duration] = field(default_factory=dict)
    """Of activities, and of events that wait."""
    pools: dict[str, Pool] = field(default_factory=dict)
    """Resource id to pool."""
    doers: dict[str, str] = field(default_factory=dict)
    """Activity to resource id."""
    shares: dict[str, float] = field(default_factory=dict)
    """Sequence flow to its probability."""
    costs: dict[str, float] = field(default_factory=dict)
    arrival: Duration | None = None
    arrival_calendar: str = ""
    calendars: dict[str, Calendar] = field(default_factory=dict)
    """By id."""
    kind: str = ""
    """``QBP`` or ``BPSim``."""
    dropped: Counter[str] = field(default_factory=Counter)
    """What could not be used, and how often."""


def tag_of(element: _Element) -> str:
    """The tag without its namespace."""
    return str(element.tag).rsplit("}", 1)[-1]


def hours_of(text: str) -> float | None:
    """Of an ISO 8601 duration, ``P2DT3H``; a month is 30.4 days. None when it is none, such as an expression."""
    match = _ISO.fullmatch(text.strip())
    if not match or not any(match.groupdict().values()):
        return None
    return sum(float(value.replace(",", ".")) * _HOURS[unit] for unit, value in match.groupdict().items() if value)


def simulation_data(root: _Element) -> SimulationData:
    """What a whole document holds; where it has both kinds, or several scenarios, the first of them."""
    found = SimulationData()
    infos = [e for e in root.iter() if tag_of(e) == "processSimulationInfo"]
    scenarios = [e for e in root.iter() if tag_of(e) == "Scenario"]
    if infos:
        found.kind = "QBP"
        # Collaborations repeat the whole for each pool: what a later one adds is added.
        for info in infos:
            _read_qbp(info, found)
    elif scenarios:
        found.kind = "BPSim"
        if len(scenarios) > 1:
            found.dropped["scenarios but the first"] += len(scenarios) - 1
        _read_bpsim(scenarios[0], root, found)
    return found


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _read_qbp(info: _Element, found: SimulationData) -> None:
    for element in info.iter():
        tag, key = tag_of(element), element.get("elementId", "")
        if tag == "arrivalRateDistribution" and found.arrival is None:
            found.arrival = _qbp_duration(element, found)
        elif tag == "element":
            for child in element.iter():
                if tag_of(child) == "durationDistribution" and (took := _qbp_duration(child, found)):
                    found.durations[key] = took
                elif tag_of(child) == "resourceId" and child.text:
                    if key in found.doers:
                        found.dropped["second resources of an activity"] += 1
                    found.doers.setdefault(key, child.text.strip())
            if cost := _number(element.get("fixedCost")):
                found.costs[key] = cost
        elif tag == "sequenceFlow":
            share = _number(element.get("executionProbability"))
            if share is not None:
                found.shares[key] = share
        elif tag == "timetable":
            _qbp_timetable(element, found)
    for element in info.iter():
        if tag_of(element) == "resource":
            name = element.get("name") or element.get("id", "")
            calendar = found.calendars.get(element.get("timetableId", ""))
            found.pools[element.get("id", "")] = Pool(
                name=name,
                count=max(1, round(_number(element.get("totalAmount")) or 1)),
                cost_per_hour=max(0.0, _number(element.get("costPerHour")) or 0.0),
                calendar=calendar.name if calendar else "",
            )


def _qbp_duration(element: _Element, found: SimulationData) -> Duration | None:
    kind = (element.get("type") or "").upper()
    mean, one, two = (_number(element.get(name)) for name in ("mean", "arg1", "arg2"))
    if kind == "EXPONENTIAL" and one is None:
        one = mean
    numbers = {
        "FIXED": ("constant", (mean,)), "EXPONENTIAL": ("exponential", (one,)), "NORMAL": ("normal", (mean, one)),
        "UNIFORM": ("uniform", (one, two)), "TRIANGULAR": ("triangular", (one, two, mean)),
        "LOGNORMAL": ("lognormal", (mean, one)), "GAMMA": ("gamma", (mean, one)),
    }.get(kind)  # fmt: skip
    if kind == "HISTOGRAM":
        bins = [e for e in element.iter() if tag_of(e) == "histogramData"]
        parts = [(_number(e.get("probability")) or 0.0, e.find(".//{*}distribution")) for e in bins]
        inner = [(share, _qbp_duration(one, found)) for share, one in parts if one is not None]
        return _mixture([(share, one) for share, one in inner if one and share > 0])
    made = duration_of(numbers[0], numbers[1], 1 / 3600) if numbers else None
    if made is None:
        found.dropped[f"{kind or 'nameless'} distributions"] += 1
    return made


def duration_of(kind: str, numbers: tuple[float | None, ...], unit_h: float) -> Duration | None:
    """The sheet's own parameters, in hours; ``lognormal`` and ``gamma`` are given by mean and variance. None when a number is
    missing or cannot be."""
    if any(n is None for n in numbers):
        return None
    values = [n * unit_h for n in numbers if n is not None]
    if kind in ("lognormal", "gamma"):
        mean, variance = values[0], values[1] * unit_h
        if mean <= 0 or variance < 0:
            return None
        if variance == 0:
            return Duration(kind="constant", numbers=(mean,))
        if kind == "gamma":
            return Duration(kind="gamma", numbers=(mean**2 / variance, variance / mean))
        spread = log(1 + variance / mean**2)
        return Duration(kind="lognormal", numbers=(log(mean) - spread / 2, sqrt(spread)))
    if any(value < 0 for value in values[1 if kind == "normal" else 0 :]):
        return None
    if kind == "uniform":
        values.sort()
    if kind == "triangular":
        low, high = min(values[:2]), max(values[:2])
        values = [low, high, min(high, max(low, values[2]))]
    return Duration(kind=kind, numbers=tuple(values))


def _mixture(parts: list[tuple[float, Duration]]) -> Duration | None:
    """As a table of quantiles: a hundred values of each part, by its share."""
    from crewless.company.sheet.quantiles import quantiles_of

    if not parts:
        return None
    values = sorted((v, share / 100) for share, one in parts for v in quantiles_of(one, 100))
    total, reached, table, at = sum(share for _, share in values), 0.0, [], 0
    for value, share in values:
        reached += share
        while at <= 100 and at / 100 * total <= reached + 1e-12:
            table.append(value)
            at += 1
    return Duration(kind="table", numbers=tuple(table))


def _qbp_timetable(element: _Element, found: SimulationData) -> None:
    key = element.get("id", "")
    open_h: list[tuple[float, float]] = []
    for rule in (e for e in element.iter() if tag_of(e) == "rule"):
        first = (rule.get("fromWeekDay") or "MONDAY").upper()
        last = (rule.get("toWeekDay") or first).upper()
        begin, end = _clock(rule.get("fromTime")), _clock(rule.get("toTime"))
        if first not in _DAYS or last not in _DAYS or begin is None or end is None:
            found.dropped["rules of a timetable"] += 1
            continue
        end = end if end > begin else end + 24.0 if end else 24.0
        days = (_DAYS.index(last) - _DAYS.index(first)) % 7 + 1
        open_h += [
            (24.0 * ((_DAYS.index(first) + i) % 7) + begin, 24.0 * ((_DAYS.index(first) + i) % 7) + end)
            for i in range(days)
        ]
    name = element.get("name") or key
    week = joined_week(open_h)
    while any(one.name == name for one in found.calendars.values()):
        name = f"{name} ({key})"
    if week and week != ((0.0, WEEK_H),):
        found.calendars[key] = Calendar(name=name, week=week)
        if element.get("default") == "true":
            found.arrival_calendar = name


def joined_week(intervals: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Intervals in order, without overlaps; what passes Sunday's midnight goes on on Monday."""
    wrapped = [(0.0, end - WEEK_H) for _, end in intervals if end > WEEK_H]
    week: list[tuple[float, float]] = []
    for start, end in sorted([(start, min(end, WEEK_H)) for start, end in intervals] + wrapped):
        if week and start <= week[-1][1]:
            week[-1] = (week[-1][0], max(end, week[-1][1]))
        else:
            week.append((start, end))
    return tuple(week)


def _clock(text: str | None) -> float | None:
    match = re.match(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?", text or "")
    if not match:
        return None
    hours = int(match[1]) + int(match[2]) / 60 + float(f"{match[3] or 0}.{match[4] or 0}") / 3600
    return 24.0 if hours > 23.999 else hours


_BPSIM: dict[str, tuple[str, tuple[str, ...]]] = {
    "FloatingParameter": ("constant", ("value",)), "NumericParameter": ("constant", ("value",)),
    "NormalDistribution": ("normal", ("mean", "standardDeviation")),
    "TruncatedNormalDistribution": ("normal", ("mean", "standardDeviation")),
    "UniformDistribution": ("uniform", ("min", "max")), "TriangularDistribution": ("triangular", ("min", "max", "mode")),
    "NegativeExponentialDistribution": ("exponential", ("mean",)), "PoissonDistribution": ("exponential", ("mean",)),
}  # fmt: skip
_SHAPED: dict[str, tuple[str, tuple[str, ...]]] = {
    "GammaDistribution": ("gamma", ("shape", "scale")), "WeibullDistribution": ("weibull", ("shape", "scale")),
}  # fmt: skip


def _read_bpsim(scenario: _Element, root: _Element, found: SimulationData) -> None:
    unit = next((e.get("baseTimeUnit") for e in scenario.iter() if tag_of(e) == "ScenarioParameters"), None)
    if unit is None:
        unit = "min"
        found.dropped["scenarios without baseTimeUnit, read as minutes"] += 1
    unit_h = _UNITS.get(unit, 1 / 60)
    resources = {e.get("id", ""): e.get("name") or e.get("id", "") for e in root.iter() if tag_of(e) == "resource"}
    doers = _performers(root)
    readers: Mapping[str, Callable[[str, _Element], None]] = {
        "ProcessingTime": lambda key, one: _keep(found.durations, key, _bpsim_duration(one, unit_h, found)),
        "InterTriggerTimer": lambda _, one: setattr(
            found, "arrival", found.arrival or _bpsim_duration(one, unit_h, found)
        ),
        "Probability": lambda key, one: _keep(found.shares, key, _bpsim_number(one)),
        "FixedCost": lambda key, one: _keep(found.costs, key, _bpsim_number(one)),
        "Selection": lambda key, one: _keep(found.doers, key, _selected(one, resources)),
    }
    counts: dict[str, float] = {}
    rates: dict[str, float] = {}
    for element in (e for e in scenario.iter() if tag_of(e) == "ElementParameters"):
        key = (element.get("elementRef") or element.get("elementId") or "").rsplit(":", 1)[-1]
        for group in element:
            for one in group:
                tag = tag_of(one)
                if key in resources and tag in ("Quantity", "UnitCost"):
                    _keep(counts if tag == "Quantity" else rates, key, _bpsim_number(one))
                elif tag in readers:
                    readers[tag](key, one)
                elif tag != "ResultRequest":
                    found.dropped[f"{tag} parameters"] += 1
    found.doers = {**doers, **found.doers}
    used = set(found.doers.values())
    for key in [key for key in resources if key in used | set(counts)]:
        found.pools[key] = Pool(
            name=resources[key],
            count=max(1, round(counts.get(key, 1))),
            # A cost of a resource is for each unit of time.
            cost_per_hour=max(0.0, rates.get(key, 0.0)) / unit_h,
        )


def _keep(where: dict, key: str, value: object) -> None:
    if value is not None:
        where[key] = value


def _performers(root: _Element) -> dict[str, str]:
    """Activity to the resource that its performer, or other resource role, names."""
    found = {}
    for activity in root.iter():
        for role in activity:
            if tag_of(role) in ("performer", "humanPerformer", "potentialOwner", "resourceRole"):
                ref = next((e.text for e in role if tag_of(e) == "resourceRef" and e.text), None)
                if ref:
                    found.setdefault(activity.get("id", ""), ref.strip().rsplit(":", 1)[-1])
    return found


def _selected(one: _Element, resources: Mapping[str, str]) -> str | None:
    text = " ".join(e.get("value") or e.text or "" for e in one.iter())
    words = re.findall(r"""getResource(?:ByRoles)?\(\s*['"]([^'"]+)['"]""", text)
    by_name = {name: key for key, name in resources.items()}
    return next((w if w in resources else by_name[w] for w in words if w in resources or w in by_name), None)


def _bpsim_number(one: _Element) -> float | None:
    return next((_number(e.get("value")) for e in one if _number(e.get("value")) is not None), None)


def _bpsim_duration(one: _Element, unit_h: float, found: SimulationData) -> Duration | None:
    for value in one:
        tag = tag_of(value)
        if tag == "DurationParameter":
            hours = hours_of(value.get("value", ""))
            if hours is not None:
                return Duration(kind="constant", numbers=(hours,))
        elif tag in _BPSIM:
            kind, names = _BPSIM[tag]
            if made := duration_of(kind, tuple(_number(value.get(name)) for name in names), unit_h):
                if tag.startswith("Truncated"):
                    found.dropped["bounds of truncated normal distributions"] += 1
                return made
        elif tag in _SHAPED:
            kind, names = _SHAPED[tag]
            shape, scale = (_number(value.get(name)) for name in names)
            if shape and scale and shape > 0 and scale > 0:
                return Duration(kind=kind, numbers=(shape, scale * unit_h))
        elif tag == "LogNormalDistribution":
            mean, deviation = _number(value.get("mean")), _number(value.get("standardDeviation"))
            if made := duration_of("lognormal", (mean, None if deviation is None else deviation**2), unit_h):
                return made
        elif tag == "ErlangDistribution":
            k, mean = _number(value.get("k")), _number(value.get("mean"))
            if k and mean and k > 0 and mean > 0:
                return Duration(kind="gamma", numbers=(k, mean * unit_h / k))
        elif tag == "ResultRequest":
            continue
        found.dropped[f"{tag} values"] += 1
    return None
