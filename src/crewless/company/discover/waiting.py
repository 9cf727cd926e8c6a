"""Why cases wait: for people, or for something that the log does not show; and who works in batches."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from crewless.company.discover.log import Log
from crewless.company.discover.people import DiscoveredPool, People

_IDLE_S = 60.0
"""A pool that is free for less than this is only between two visits."""
_OPENING_S = 900.0
"""So soon after the doors open, a visit starts because they do."""

_LATE_S = 7200.0
"""So much later than the week says, the first of a pool may be seen on a day."""


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Times of every visit, in seconds. Arrays of shape (num_visits,)."""

    enabled: np.ndarray
    """When everything that must come before it in its case had ended; of a first visit its start."""
    at_least: np.ndarray
    """From then to the last moment at which somebody was free and it did not start: so long at least it was not ready."""
    at_most: np.ndarray
    """From then to its start. Both are the same where somebody was free until it started."""

    def delays(self, at: np.ndarray) -> np.ndarray:
        """Delay of the chosen visits, in seconds. For one that is only known to lie between two bounds: the median of those
        that are known and lie there, else the lower bound. Shape of ``at``."""
        low, high = self.at_least[at], self.at_most[at]
        known = np.sort(high[low == high])
        found = low.copy()
        for i in np.flatnonzero(low < high):
            between = known[np.searchsorted(known, low[i]) : np.searchsorted(known, high[i], side="right")]
            if len(between):
                found[i] = np.median(between)
        return found

    def explained_share(self, log: Log) -> float:
        """Share of all waiting that is explained by the pool's absence and its other work."""
        total = float((log.start - self.enabled).sum())
        return 1.0 if total <= 0 else 1 - float(self.at_least.sum()) / total


def find_waits(log: Log, people: People, concurrent: Collection[frozenset[str]]) -> Waits:
    """After Chapela-Campa and Dumas, "Modeling extraneous activity delays in business process simulation" (2022): a case that
    does not go on while somebody is free is not ready. Here a delay is a timer that runs from the moment at which the visit was
    enabled, and where nobody was free just before the start it is only known to lie between two bounds. A sheet has pools
    and not single people, so a wait for one member while another was free is unexplained too.

    Args:
        log: the visits.
        people: pools and their weeks.
        concurrent: pairs of activities that do not wait for each other.
    """
    enabled = log.start.copy()
    beside = {tuple(sorted(pair)) for pair in concurrent}
    together = np.array([[tuple(sorted((a, b))) in beside for b in log.activities] for a in log.activities]).reshape(
        len(log.activities), len(log.activities)
    )
    for _, positions in log.traces():
        for at, here in enumerate(positions):
            before = positions[:at]
            before = before[(log.end[before] <= log.start[here]) & ~together[log.activity[before], log.activity[here]]]
            if len(before):
                enabled[here] = log.end[before].max()
            elif at:
                # It runs beside all that came earlier: it was enabled when the case began.
                enabled[here] = log.start[positions[0]]
    at_least, at_most = np.zeros(len(log)), log.start - enabled
    span = float(log.start.min()), float(log.end.max())
    pool_of = np.array([people.pool_of.get(name, "") for name in log.activities])[log.activity]
    for pool in people.pools:
        at = np.flatnonzero(pool_of == pool.name)
        began, ended, opened = _free_spells(log.start[at], log.end[at], pool, span)
        start = log.start[at]
        spell = np.searchsorted(began, start, side="left") - 1
        # Whoever has just come in does not begin at once: a short spell since then says nothing.
        spell -= (spell >= 0) & (start - began[spell] < np.where(opened[spell], _OPENING_S, _IDLE_S))
        last_free = np.where(spell >= 0, np.minimum(ended[spell], start), -np.inf)
        at_least[at] = np.clip(last_free - enabled[at], 0.0, at_most[at])
    return Waits(enabled=enabled, at_least=at_least, at_most=at_most)


def _free_spells(
    start: np.ndarray, end: np.ndarray, pool: DiscoveredPool, span: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """When somebody of the pool was at work and free for a while, within ``span``: begins, ends, and whether it began as the
    doors opened. Shape (spells,) each; at least one, before everything."""
    worked = end > start
    edges = np.unique(np.concatenate([start, end, span, pool.week.edges(*span)]))
    change = np.zeros(len(edges), int)
    np.add.at(change, np.searchsorted(edges, start[worked]), 1)
    np.add.at(change, np.searchsorted(edges, end[worked]), -1)
    is_open = pool.week.is_open((edges[:-1] + edges[1:]) / 2)
    free = np.concatenate([[False], (np.cumsum(change)[:-1] < pool.count) & is_open, [False]])
    first = np.flatnonzero(free[1:] & ~free[:-1])
    stop = np.flatnonzero(~free[1:] & free[:-1])
    began, ended = edges[first], edges[stop]
    opened = np.concatenate([[False], is_open])[first] != np.concatenate([is_open, [False]])[first]
    # A week is known to the hour, and people come later on some days: they are there once one of them has been seen.
    seen = np.unique(np.concatenate([start, end]))
    next_seen = np.append(seen, np.inf)[np.searchsorted(seen, began)]
    began = np.where(opened, np.minimum(np.minimum(next_seen, began + _LATE_S), ended), began)
    long = ended - began >= _IDLE_S
    nothing = np.array([-np.inf])
    return (
        np.concatenate([nothing, began[long]]),
        np.concatenate([nothing, ended[long]]),
        np.concatenate([[False], opened[long]]),
    )


@dataclass(frozen=True, kw_only=True)
class BatchPattern:
    """How one activity is done in batches."""

    kind: str
    """``parallel``: the same start and end. ``sequential``: one after the other, after some had been let wait."""
    share: float
    """Share of its visits that belong to a batch of two or more."""
    size: float
    """Mean visits of a batch."""


def find_batches(log: Log, waits: Waits, *, least: float = 0.1) -> dict[str, BatchPattern]:
    """Activities of which at least the share ``least`` of the visits is done in batches.

    After Martin and others, "Batch processing: definition and event log identification" (2015). A queue that is worked off
    is no batch: a sequential batch is one whose first case had waited for a doer who was free.
    """
    found = {}
    for a, activity in enumerate(log.activities):
        groups: dict[str, list[int]] = {"parallel": [], "sequential": []}
        for r in np.unique(log.resource[log.activity == a]):
            mine = np.flatnonzero((log.activity == a) & (log.resource == r))
            mine = mine[np.lexsort((log.end[mine], log.start[mine]))]
            for kind in groups:
                groups[kind] += _runs(log, waits, mine, kind)
        visits = int((log.activity == a).sum())
        for kind, sizes in groups.items():
            if sizes and sum(sizes) >= least * visits:
                found[activity] = BatchPattern(kind=kind, share=sum(sizes) / visits, size=float(np.mean(sizes)))
                break
    return found


def _runs(log: Log, waits: Waits, mine: np.ndarray, kind: str) -> list[int]:
    sizes = []
    at = 0
    while at < len(mine):
        stop = at + 1
        while stop < len(mine):
            last, here = mine[stop - 1], mine[stop]
            if kind == "parallel":
                joined = log.start[here] == log.start[last] and log.end[here] == log.end[last] > log.start[last]
            else:
                gathered = waits.enabled[here] <= log.start[mine[at]] and waits.at_least[mine[at]] > _IDLE_S
                joined = (
                    gathered and 0 <= log.start[here] - log.end[last] <= _IDLE_S and log.case[here] != log.case[last]
                )
            if not joined:
                break
            stop += 1
        if stop - at > 1:
            sizes.append(stop - at)
        at = stop
    return sizes
