"""A sheet from an event log, with the evidence for each of its parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from crewless.company.discover.calendars import Week, find_week
from crewless.company.discover.calibration import Calibration, calibrated
from crewless.company.discover.conformance_checking import Conformance, conformance
from crewless.company.discover.fit import Fit, fit
from crewless.company.discover.flow import flow_of
from crewless.company.discover.log import Log
from crewless.company.discover.people import People, find_people, working_hours
from crewless.company.discover.tree import Node, concurrent_pairs, mine
from crewless.company.discover.waiting import BatchPattern, Waits, find_batches, find_waits
from crewless.company.sheet.model import Arrival, Calendar, Cell, Pool, Sheet, WorkProfile, check

_OVERLAP = 0.1
"""Two activities run side by side when they overlap in time in at least this share of the cases that do both."""
_DELAY_H = 1 / 60
"""A mean unexplained wait below a minute is left out."""


@dataclass(frozen=True, kw_only=True)
class DiscoverConfig:
    """How a log is read."""

    noise: float = 0.2
    """Arrows rarer than this share of the strongest arrow out of an activity may be left out where no block fits otherwise."""
    support: float = 0.95
    """Share of all starts and ends that a working week must cover."""
    delays: bool = True
    """Waits that people do not explain become delays on the arrows."""
    calibrate: bool = True
    """Delays, and durations that had to be estimated, are scaled until simulated lead times are near the log's."""


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """The sheet and the evidence for it."""

    sheet: Sheet
    tree: Node
    durations: Mapping[str, Fit]
    """By activity, in hours of work."""
    delays: Mapping[str, Fit]
    """By activity, hours that a case waits before it although somebody was free."""
    arrival: Fit
    people: People
    explained: float
    """Share of all waiting that people's absence and other work explain."""
    rework: Mapping[str, float]
    """By activity: share of its visits that were not the first of their case."""
    batches: Mapping[str, BatchPattern]
    conformance: Conformance
    calibration: Calibration


def discover(
    log: Log, config: DiscoverConfig | None = None, progress: Callable[[str], None] = lambda what: None
) -> Discovery:
    """The sheet behind a log: every visit is taken to be a person's.

    Args:
        log: what a reader made.
        config: how it is read.
        progress: called with the step that begins.

    Raises:
        BadInput: the sheet that comes out cannot be run.
    """
    config = config or DiscoverConfig()
    progress("control flow")
    variants = log.variants()
    tree = mine(variants, concurrent=_overlapping(log), noise=config.noise)
    gateways, arrows = flow_of(tree)
    progress("people and weeks")
    people = find_people(log, support=config.support)
    progress("durations and waits")
    hours = working_hours(log, people)
    waits = find_waits(log, people, concurrent_pairs(tree))
    durations = {name: fit(hours[at]) for name, at in _by_activity(log)}
    delays = _delays(log, waits) if config.delays else {}
    arrows = tuple(
        replace(arrow, delay=delays[arrow.target].duration)
        if arrow.target in delays and arrow.source != "start"
        else arrow
        for arrow in arrows
    )
    week, arrival = find_arrival(log)
    cells = tuple(
        Cell(
            name=name,
            role=people.pool_of[name],
            works={
                "person": WorkProfile(
                    resource=people.pool_of[name], duration=durations[name].duration, cost=_cost(log, at)
                )
            },
        )
        for name, at in _by_activity(log)
    )
    calendars, called = _calendars({"arrival": week} | {pool.name: pool.week for pool in people.pools})
    sheet = check(
        Sheet(
            cells=cells,
            gateways=gateways,
            arrows=arrows,
            resources=tuple(
                Pool(name=pool.name, count=pool.count, calendar=called[pool.name]) for pool in people.pools
            ),
            calendars=calendars,
            arrival=Arrival(between=arrival.duration, calendar=called["arrival"]),
        )
    )
    calibration = Calibration()
    if config.calibrate:
        progress("lead times")
        sheet, calibration = calibrated(sheet, log, works=log.estimated, delays=bool(delays))
    progress("conformance")
    return Discovery(
        sheet=sheet,
        tree=tree,
        durations=durations,
        delays=delays,
        arrival=arrival,
        people=people,
        explained=waits.explained_share(log),
        rework={name: 1 - len(np.unique(log.case[at])) / len(at) for name, at in _by_activity(log)},
        batches=find_batches(log, waits),
        conformance=conformance(sheet, variants),
        calibration=calibration,
    )


def find_arrival(log: Log) -> tuple[Week, Fit]:
    """When cases come, and the hours between them, counted in that week's open hours."""
    _, first, _ = log.case_times()
    week = find_week(first, span=log.span())
    gaps = np.diff(week.open_hours(first))
    found = fit(gaps) if len(gaps) else fit(np.array([1.0]))
    return week, found


def _by_activity(log: Log) -> list[tuple[str, np.ndarray]]:
    found = [(name, np.flatnonzero(log.activity == a)) for a, name in enumerate(log.activities)]
    return [(name, at) for name, at in found if len(at)]


def _cost(log: Log, at: np.ndarray) -> float:
    return max(0.0, float(f"{log.cost[at].mean():.6g}"))


def _overlapping(log: Log) -> set[frozenset[str]]:
    both: dict[tuple[int, int], int] = {}
    over: dict[tuple[int, int], int] = {}
    for _, positions in log.traces():
        kinds = sorted(set(log.activity[positions].tolist()))
        for i, a in enumerate(kinds):
            for b in kinds[i + 1 :]:
                both[a, b] = both.get((a, b), 0) + 1
        pairs = set()
        for i, here in enumerate(positions):
            for other in positions[i + 1 :]:
                if log.start[other] >= log.end[here]:
                    break
                pairs.add(tuple(sorted((int(log.activity[here]), int(log.activity[other])))))
        for pair in pairs:
            if pair[0] != pair[1]:
                over[pair] = over.get(pair, 0) + 1
    return {
        frozenset((log.activities[a], log.activities[b]))
        for (a, b), count in over.items()
        if count >= _OVERLAP * both[a, b]
    }


def _delays(log: Log, waits: Waits) -> dict[str, Fit]:
    first = np.ones(len(log), bool)
    first[1:] = log.case[1:] != log.case[:-1]
    found = {}
    for name, at in _by_activity(log):
        later = at[~first[at]]
        hours = waits.delays(later) / 3600
        if len(later) and hours.mean() > _DELAY_H:
            found[name] = fit(hours)
    return found


def _calendars(weeks: Mapping[str, Week]) -> tuple[tuple[Calendar, ...], dict[str, str]]:
    """One calendar for all that keep the same week; the name of each one's, empty for always."""
    known: dict[tuple[tuple[float, float], ...], str] = {(): ""}
    called = {}
    for name, week in weeks.items():
        intervals = week.intervals()
        known.setdefault(intervals, f"{name} week")
        called[name] = known[intervals]
    return tuple(Calendar(name=name, week=week) for week, name in known.items() if week), called
