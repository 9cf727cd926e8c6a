"""The last step of discovery: the sheet is run, and its lead times are set beside the log's own.

Waits that people do not explain are seen only as far as somebody was at work to end them, so that a delay that is drawn again ends in
closed hours again and waits twice. Chapela-Campa and Dumas, "Modeling extraneous activity delays in business process simulation"
(2022), scale them by a factor that is found by simulation; so it is here. Where the log does not say when work began, how long it took
is an upper bound: it is halved as long as the people of the sheet finish clearly fewer cases than those of the log did.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import exp, inf, log

import numpy as np

from crewless.company.discover.log import Log
from crewless.company.sheet.model import WEEK_H, Sheet
from crewless.company.sheet.quantiles import scaled
from crewless.core.errors import BadInput

_NEAR = 0.08
"""Median and 95th percentile that lie nearer than this to the log's are left as they are."""
_FACTORS = (0.4, 0.55, 0.7, 0.85, 1.15, 1.35)
_SLOW = 0.95
"""Of the log's throughput; below it, estimated durations are taken to be too long."""
_HALVINGS = 4
_SEEDS = (11, 12)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What simulation says of the sheet, beside the log. Hours."""

    delay_factor: float = 1.0
    work_factor: float = 1.0
    lead_h: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Mean, median and 95th percentile of the log,"""
    simulated_h: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """and of the sheet over the same time."""
    throughput: float = 1.0
    """Cases that the sheet ends while cases arrive, as a share of those of the log."""


@dataclass(frozen=True)
class _Run:
    lead: tuple[float, float, float]
    throughput: float


def calibrated(sheet: Sheet, events: Log, *, works: bool = True, delays: bool = True) -> tuple[Sheet, Calibration]:
    """The sheet with its delays, and where ``works`` its durations, scaled; and how it compares.

    A log of fewer than ten cases, or of a moment, is not compared.
    """
    _, first, last = events.case_times()
    first_h, last_h = first / 3600, last / 3600
    window = float(first_h.max() - first_h.min())
    lead = figures(last_h - first_h)
    if len(first) < 10 or window <= 0 or lead[2] <= 0:
        return sheet, Calibration(lead_h=lead)
    ended = float((last_h <= first_h.max()).sum())

    def run(one: Sheet) -> _Run:
        leads, done = [], []
        try:
            for seed in _SEEDS:
                arrived, left = simulated_cases(one, window, seed)
                inside = arrived <= window
                leads.append((left - arrived)[inside])
                done.append(float((left <= window).sum()))
        except BadInput:
            return _Run((inf, inf, inf), 0.0)
        return _Run(figures(np.concatenate(leads)), float(np.mean(done)) / max(ended, 1.0))

    work, factor = 1.0, 1.0
    found = run(sheet)
    if works:
        for _ in range(_HALVINGS):
            if found.throughput >= _SLOW:
                break
            shorter = _worked(sheet, 0.5)
            after = run(shorter)
            if after.throughput <= found.throughput + 0.01:
                break
            sheet, found, work = shorter, after, work * 0.5
    if delays and _off(found.lead, lead) > _NEAR and any(arrow.delay.numbers != (0.0,) for arrow in sheet.arrows):
        best = (_off(found.lead, lead), 1.0, sheet, found)
        tried = {1.0}
        for candidates in (_FACTORS, None):
            for f in candidates or (exp(log(best[1]) - 0.07), exp(log(best[1]) + 0.07)):
                if f in tried:
                    continue
                tried.add(f)
                changed = _delayed(sheet, f)
                after = run(changed)
                if _off(after.lead, lead) < best[0]:
                    best = (_off(after.lead, lead), f, changed, after)
        _, factor, sheet, found = best
    return sheet, Calibration(
        delay_factor=factor, work_factor=work, lead_h=lead, simulated_h=found.lead, throughput=found.throughput
    )


def figures(lead: np.ndarray) -> tuple[float, float, float]:
    """Mean, median, 95th percentile. Shape (cases,)."""
    if not len(lead):
        return (inf, inf, inf)
    return float(lead.mean()), float(np.median(lead)), float(np.quantile(lead, 0.95))


def _off(mine: Iterable[float], theirs: Iterable[float]) -> float:
    """The greater of the two relative differences of median and 95th percentile."""
    pairs = list(zip(mine, theirs, strict=True))[1:]
    return max(abs(log(max(a, 1e-9) / b)) if a < inf else inf for a, b in pairs if b > 0)


def _worked(sheet: Sheet, factor: float) -> Sheet:
    return replace(
        sheet,
        cells=tuple(
            replace(cell, works={p: replace(w, duration=scaled(w.duration, factor)) for p, w in cell.works.items()})
            for cell in sheet.cells
        ),
    )


def _delayed(sheet: Sheet, factor: float) -> Sheet:
    return replace(sheet, arrows=tuple(replace(one, delay=scaled(one.delay, factor)) for one in sheet.arrows))


def simulated_cases(sheet: Sheet, window_h: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """First start and last end of each case of one replication, hours from the first start on. Cases go on arriving after the
    window, so that those within it end among others as they would have. Shape (cases,) each.

    Raises:
        BadInput: the sheet cannot be run, or nothing is done in it.
    """
    from crewless.company.simulate.visits import simulate_visits

    visits = simulate_visits(sheet, (3 * window_h + 1000) / WEEK_H, seed=seed)
    if not len(visits.case):
        raise BadInput("no case comes within the time that the log spans")
    count = int(visits.case.max()) + 1
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, visits.case, visits.begun_h)
    np.maximum.at(last, visits.case, visits.ended_h)
    there = np.isfinite(first)
    origin = first[there].min()
    return first[there] - origin, last[there] - origin
