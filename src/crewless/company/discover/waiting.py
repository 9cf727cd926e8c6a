"""Why cases wait: for people, or for something that the log does not show; and who works in batches."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from crewless.company.discover.log import Log
from crewless.company.discover.people import People

_OPENING_S = 900.0
"""So soon after the doors open, a visit starts because they do."""


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Of every visit, in seconds. Arrays of shape (num_visits,)."""

    enabled: np.ndarray
    """When everything that must come before it in its case had ended; of a first visit its start."""
    unexplained: np.ndarray
    """Of the wait, what passed while somebody of its pool was free and at work."""
    at_least: np.ndarray
    """The same without the closed hours at its end, where it starts as the doors open."""

    def delays(self, at: np.ndarray) -> np.ndarray:
        """Of the chosen visits, seconds. Of one that is only known to lie between two bounds: the median of those that are
        known and lie there, else the lower bound. Shape of ``at``."""
        low, high = self.at_least[at], self.unexplained[at]
        known = np.sort(high[low == high])
        found = low.copy()
        for i in np.flatnonzero(low < high):
            between = known[np.searchsorted(known, low[i]) : np.searchsorted(known, high[i], side="right")]
            if len(between):
                found[i] = np.median(between)
        return found

    def explained_share(self, log: Log) -> float:
        """Of all waiting: what the absence of the pool and its other work explain."""
        total = float((log.start - self.enabled).sum())
        return 1.0 if total <= 0 else 1 - float(self.at_least.sum()) / total


def find_waits(log: Log, people: People, concurrent: Collection[frozenset[str]]) -> Waits:
    """After Chapela-Campa and Dumas, "Modeling extraneous activity delays in business process simulation" (2022), their
    estimator from the last moment at which nobody was available. A sheet has pools and not single people, so a wait for one
    member while another was free is unexplained too.

    Args:
        log: the visits.
        people: pools and their weeks.
        concurrent: pairs of activities that do not wait for each other.
    """
    enabled = log.start.copy()
    beside = {tuple(sorted(pair)) for pair in concurrent}
    together = np.array(
        [[tuple(sorted((a, b))) in beside for b in log.activities] for a in log.activities]
    ).reshape(len(log.activities), len(log.activities))
    for _, positions in log.traces():
        for at, here in enumerate(positions):
            before = positions[:at]
            before = before[(log.end[before] <= log.start[here]) & ~together[log.activity[before], log.activity[here]]]
            if len(before):
                enabled[here] = log.end[before].max()
            elif at:
                # It runs beside all that came earlier: it was enabled when the case began.
                enabled[here] = log.start[positions[0]]
    unexplained = np.zeros(len(log))
    lower = np.zeros(len(log))
    pool_of = np.array([people.pool_of.get(name, "") for name in log.activities])[log.activity]
    for pool in people.pools:
        at = pool_of == pool.name
        free = _last_full(log, at, pool.count)
        ready = pool.week.next_open(np.maximum(enabled[at], free))
        unexplained[at] = np.maximum(0.0, log.start[at] - ready)
        began, ended = pool.week.opened(log.start[at])
        # What starts as the doors open may have been ready since they closed: the delay is only known to lie between.
        early = (began > ready) & (log.start[at] - began < _OPENING_S)
        lower[at] = np.where(early, np.clip(ended - ready, 0.0, unexplained[at]), unexplained[at])
    return Waits(enabled=enabled, unexplained=unexplained, at_least=lower)


def _last_full(log: Log, at: np.ndarray, count: int) -> np.ndarray:
    """When all members of the pool were busy for the last time before each of its visits starts. Shape (visits at,)."""
    start, end = log.start[at], log.end[at]
    worked = end > start
    edges = np.unique(np.concatenate([start, end]))
    change = np.zeros(len(edges), int)
    np.add.at(change, np.searchsorted(edges, start[worked]), 1)
    np.add.at(change, np.searchsorted(edges, end[worked]), -1)
    full = np.cumsum(change) >= count
    # full[i] is the state from edges[i] to edges[i + 1].
    stops = np.where(full[:-1], edges[1:], -np.inf)
    latest = np.concatenate([[-np.inf], np.maximum.accumulate(stops)]) if len(edges) > 1 else np.array([-np.inf])
    return latest[np.searchsorted(edges, start)]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How one activity is done in batches."""

    kind: str
    """``parallel``: the same start and end. ``sequential``: one after the other, after some had been let wait."""
    share: float
    """Of its visits that belong to a batch of two or more."""
    size: float
    """Mean visits of a batch."""


def find_batches(log: Log, waits: Waits, *, least: float = 0.1) -> dict[str, Batch]:
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
                found[activity] = Batch(kind=kind, share=sum(sizes) / visits, size=float(np.mean(sizes)))
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
                gathered = waits.enabled[here] <= log.start[mine[at]] and waits.unexplained[mine[at]] > 60.0
                joined = gathered and 0 <= log.start[here] - log.end[last] <= 60.0 and log.case[here] != log.case[last]
            if not joined:
                break
            stop += 1
        if stop - at > 1:
            sizes.append(stop - at)
        at = stop
    return sizes
