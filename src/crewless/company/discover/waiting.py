"""Why cases wait: for people, or for something that the log does not show; and who works in batches."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from crewless.company.discover.log import Log
from crewless.company.discover.people import People


@dataclass(frozen=True, kw_only=True)
class Waits:
    """Of every visit, in seconds. Arrays of shape (num_visits,)."""

    enabled: np.ndarray
    """When everything that must come before it in its case had ended; of a first visit its start."""
    unexplained: np.ndarray
    """Of the wait, what passed while its doer was free and at work."""

    def explained_share(self, log: Log) -> float:
        """Of all waiting: what absence and other work of the doers explain."""
        total = float((log.start - self.enabled).sum())
        return 1.0 if total <= 0 else 1 - float(self.unexplained.sum()) / total


def find_waits(log: Log, people: People, concurrent: Collection[frozenset[str]]) -> Waits:
    """After Chapela-Campa and Dumas, "Modeling extraneous activity delays in business process simulation" (2022), their
    estimator from the last moment at which the doer was not available.

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
    free = _last_busy(log)
    weeks = {pool.name: pool.week for pool in people.pools}
    unexplained = np.zeros(len(log))
    for a in np.unique(log.activity):
        at = log.activity == a
        week = weeks[people.pool_of[log.activities[a]]]
        ready = week.next_open(np.maximum(enabled[at], free[at]))
        unexplained[at] = np.maximum(0.0, log.start[at] - ready)
    return Waits(enabled=enabled, unexplained=unexplained)


def _last_busy(log: Log) -> np.ndarray:
    """When the doer of each visit had ended what it did before. Shape (num_visits,)."""
    free = np.full(len(log), -np.inf)
    for r in np.unique(log.resource):
        if not log.resources[r]:
            continue
        mine = np.flatnonzero(log.resource == r)
        mine = mine[np.argsort(log.start[mine], kind="stable")]
        if len(mine) > 1:
            free[mine[1:]] = np.maximum.accumulate(log.end[mine])[:-1]
    return np.minimum(free, log.start)


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
