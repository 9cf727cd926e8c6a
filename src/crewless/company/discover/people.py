"""Who works together in a pool, and what of a visit's time was work.

Pools are found by the similarity of activity profiles: Song and van der Aalst, "Towards comprehensive support for
organizational mining" (2008), with Pearson's correlation.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from crewless.company.discover.calendars import ALWAYS, Week, find_week
from crewless.company.discover.log import Log

_ALIKE = 0.5
"""Correlation of two activity profiles above which two people belong to one pool."""
_MAIN = 0.75
"""Where a pool does less than this share of an activity, it is merged with the pool that does the rest."""
_REGULAR = 0.1
"""Who did less than this share of what a member of the pool does on average is no member that can be counted on."""


@dataclass(frozen=True, kw_only=True)
class DiscoveredPool:
    """People who do the same work."""

    name: str
    members: tuple[str, ...]
    count: int
    """Those that can be counted on; of a log that names nobody, as many as were at work at once."""
    week: Week


@dataclass(frozen=True, kw_only=True)
class People:
    """The pools of a log, and which pool does which activity."""

    pools: tuple[DiscoveredPool, ...]
    pool_of: dict[str, str]
    """Pool of each activity."""
    share: dict[str, float]
    """Share of an activity's visits that members of its pool did."""


def find_people(log: Log, *, support: float = 0.95) -> People:
    """The pools behind a log: by the roles it names, else by what people do."""
    counts = np.zeros((len(log.resources), len(log.activities)))
    np.add.at(counts, (log.resource, log.activity), 1)
    active = np.flatnonzero(counts.sum(1))
    named = [int(r) for r in active if log.resources[r]]
    if named and all(log.roles[r] for r in named):
        label = {int(r): log.roles[r] or "nobody named" for r in active}
    else:
        label = _labels(counts, active, log.activities)
    pool_of, share = {}, {}
    for a, activity in enumerate(log.activities):
        done = Counter({label[int(r)]: 0 for r in active})
        for r in active:
            done[label[int(r)]] += int(counts[r, a])
        if done.total():
            name, visits = done.most_common(1)[0]
            pool_of[activity], share[activity] = name, visits / done.total()
    pools = []
    for name in dict.fromkeys(pool_of.values()):
        members = [int(r) for r in active if label[int(r)] == name]
        mine = np.isin(log.resource, members)
        work = np.array([counts[r].sum() for r in members if log.resources[r]])
        regular = max(1, int((work >= _REGULAR * work.mean()).sum())) if len(work) else 1
        if not len(work):
            # Nobody is named: as many as were ever at work at once.
            regular = max(regular, _most_at_once(log.start[mine], log.end[mine]))
        # Work ends on the stroke of an hour rather than begins there: a sighting at an end counts for the moment before.
        seen = np.concatenate([log.start[mine], np.maximum(log.end[mine] - 1.0, log.start[mine])])
        instant = bool(np.all(log.start[mine] == log.end[mine]))
        week = ALWAYS if instant and regular == 1 else find_week(seen, support=support, span=log.span())
        pools.append(
            DiscoveredPool(
                name=name,
                members=tuple(log.resources[r] for r in members if log.resources[r]),
                count=regular,
                week=week,
            )
        )
    return People(pools=tuple(pools), pool_of=pool_of, share=share)


def _most_at_once(start: np.ndarray, end: np.ndarray) -> int:
    worked = end > start
    times = np.concatenate([end[worked], start[worked]])
    change = np.concatenate([np.full(worked.sum(), -1), np.full(worked.sum(), 1)])
    # At one moment those who stop do so before others begin.
    return int(np.cumsum(change[np.lexsort((change, times))]).max(initial=1))


def _labels(counts: np.ndarray, active: np.ndarray, activities: tuple[str, ...]) -> dict[int, str]:
    """Resource to the name of its pool."""
    groups = _alike(counts[active])
    while len(groups) > 1:
        by_group = np.array([counts[active[group]].sum(0) for group in groups])
        share = by_group.max(0) / np.maximum(by_group.sum(0), 1)
        torn = [a for a in np.argsort(share) if by_group[:, a].sum() and share[a] < _MAIN]
        if not torn:
            break
        first, second = np.argsort(by_group[:, torn[0]])[::-1][:2]
        groups[first] = groups[first] + groups[second]
        del groups[second]
    found = {}
    for group in groups:
        work = counts[active[group]].sum(0)
        name = f"does {activities[int(work.argmax())]}"
        while name in found.values():
            name += " too"
        found |= {int(active[i]): name for i in group}
    return found


def _alike(counts: np.ndarray) -> list[list[int]]:
    """Connected components of the graph of similar profiles."""
    profile = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    profile = profile - profile.mean(1, keepdims=True)
    length = np.linalg.norm(profile, axis=1)
    likeness = profile @ profile.T / np.maximum(np.outer(length, length), 1e-12)
    count, group_of = connected_components(likeness > _ALIKE, directed=False)
    return [np.flatnonzero(group_of == group).tolist() for group in range(count)]


def working_hours(log: Log, people: People) -> np.ndarray:
    """Hours of work in each visit: the open hours of its pool's week between start and end, shared equally where its
    doer was at several visits at once (the sweep line of Estrada-Torres and others, "Discovering business process
    simulation models in the presence of multitasking", 2021). A visit wholly outside the week counts in full.
    Shape (num_visits,)."""
    weeks = {pool.name: pool.week for pool in people.pools}
    hours = np.zeros(len(log))
    for r in np.unique(log.resource):
        mine = np.flatnonzero(log.resource == r)
        mine = mine[np.argsort(log.start[mine], kind="stable")]
        start, end = log.start[mine], log.end[mine]
        names = [people.pool_of[log.activities[a]] for a in log.activity[mine]]
        apart = len(mine) == 1 or bool(np.all(start[1:] >= np.maximum.accumulate(end)[:-1])) or not log.resources[r]
        for name in dict.fromkeys(names):
            at = np.array([one == name for one in names])
            week = weeks[name]
            alone = week.open_hours(end[at]) - week.open_hours(start[at])
            spent = alone if apart else _shared(start, end, at, week)
            raw = (end[at] - start[at]) / 3600
            hours[mine[at]] = np.where(spent > 0, spent, raw)
    return hours


def _shared(start: np.ndarray, end: np.ndarray, chosen: np.ndarray, week: Week) -> np.ndarray:
    edges = np.unique(np.concatenate([start, end]))
    if len(edges) < 2:
        return np.zeros(int(chosen.sum()))
    first, last = np.searchsorted(edges, start), np.searchsorted(edges, end)
    change = np.zeros(len(edges) + 1)
    np.add.at(change, first, 1)
    np.add.at(change, last, -1)
    at_once = np.maximum(np.cumsum(change)[: len(edges) - 1], 1)
    spent = np.diff(week.open_hours(edges)) / at_once
    done = np.concatenate([[0.0], np.cumsum(spent)])
    return (done[last] - done[first])[chosen]
