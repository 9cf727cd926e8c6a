"""Every form of the model at once: calendars, set-up and travel, batteries, heat, modes, lags. A list schedule, compiled, under
a genetic search over random keys (Bean 1994): which ready operation comes first, and in the how manieth best of its modes.

A robot's own past is kept as where it is, what is left in its battery and how hot it is; it works in the order of the list.
Other resources have a profile of use over time, closed windows in it, and an operation may slip into an earlier gap.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from crewless.planner.schedule.bounds import order_of, rows_of, tails
from crewless.planner.schedule.problem import Problem
from crewless.planner.schedule.search import Search

POPULATION = 40
CHILDREN, LOOKS = (10, 2000), 1_000_000
"""Children per round, least and most; chosen such that about ``LOOKS`` modes are evaluated."""
ANY = np.empty(0, np.int64)
"""No mode is forced."""
OTHER_MODE_SHARE = 0.1
"""Share of the operations in a random list that do not take the mode that ends first."""


@dataclass(frozen=True, kw_only=True)
class Flat:
    """A problem as arrays: n operations, m modes of them all, r resources.

    Attributes:
        before, after: offsets (n + 1,), neighbours and lags of predecessors and successors.
        operations: release, family, first mode and how many modes. Operations may share them. Shape: (n, 4).
        modes: duration, energy, heat and first demand. Shape: (m + 1, 4).
        demands: resource and amount. Shape: (demands, 2).
        resources: capacity, whether a robot, its set-up table or -1, battery, charge time, heat limit, cooling, where its
            profile begins, family at the start, whether it is sent when the work is ready. Shape: (r + 1, 10).
        setup: the different set-up tables. Shape: (tables, families, families).
        times, levels, sizes: the profiles when nothing is scheduled: breakpoints, use from there on, how many there are.
    """

    before: tuple[np.ndarray, np.ndarray, np.ndarray]
    after: tuple[np.ndarray, np.ndarray, np.ndarray]
    operations: np.ndarray
    modes: np.ndarray
    demands: np.ndarray
    resources: np.ndarray
    setup: np.ndarray
    times: np.ndarray
    levels: np.ndarray
    sizes: np.ndarray

    def arrays(self) -> tuple[Any, ...]:
        """In the order of the compiled functions' parameters."""
        names = ("before", "after", "operations", "modes", "demands", "resources", "setup", "times", "levels", "sizes")
        return tuple(getattr(self, name) for name in names)


def flatten(problem: Problem) -> Flat:
    """The problem as arrays."""
    operations, modes, demands = [], [], []
    users = [0] * len(problem.resources)
    # By identity: the operations of a station share their modes, and to compare them takes longer than to look.
    shared: dict[int, tuple[int, set[int]]] = {}
    for operation in problem.operations:
        if id(operation.modes) not in shared:
            first, touched = len(modes), set()
            for mode in operation.modes:
                modes.append((mode.duration, mode.energy, mode.heat, len(demands)))
                demands += mode.demands
                touched.update(r for r, _ in mode.demands)
            shared[id(operation.modes)] = first, {r for r in touched if not problem.resources[r].is_robot}
        first, touched = shared[id(operation.modes)]
        operations.append((operation.release, operation.family, first, len(operation.modes)))
        for r in touched:
            users[r] += 1
    modes.append((0, 0, 0, len(demands)))
    tables: dict[int, int] = {}
    distinct: list[tuple[tuple[int, ...], ...]] = []
    resources, times, levels, sizes = [], [], [], []
    for resource, count in zip(problem.resources, users, strict=True):
        if resource.setup and id(resource.setup) not in tables:
            tables[id(resource.setup)] = len(distinct)
            distinct.append(resource.setup)
        table = tables[id(resource.setup)] if resource.setup else -1
        resources.append(
            (
                resource.capacity, int(resource.is_robot), table, resource.battery, resource.charge_time,
                resource.heat_limit, resource.cooling, len(times), resource.family, int(resource.sent_when_ready),
            )
        )  # fmt: skip
        steps = [(0, 0)]
        for start, until in sorted(resource.closed):
            if start <= steps[-1][0]:
                # It begins where the one before ends, or inside it, or at the start of all.
                if len(steps) > 1:
                    steps[-1] = (max(until, steps[-1][0]), 0)
                else:
                    steps = [(0, resource.capacity), (until, 0)]
            else:
                steps += [(start, resource.capacity), (until, 0)]
        sizes.append(len(steps))
        spare = 2 * count
        times += [t for t, _ in steps] + [0] * spare
        levels += [level for _, level in steps] + [0] * spare
    resources.append((0, 0, -1, 0, 0, 0, 1, len(times), -1, 0))
    rows, columns = (max((f(table) for table in distinct), default=1) for f in (len, lambda table: len(table[0])))
    setup = np.zeros((max(1, len(distinct)), rows, columns), np.int64)
    for k, table in enumerate(distinct):
        setup[k, : len(table), : len(table[0])] = table
    return Flat(
        before=rows_of(problem), after=rows_of(problem, back=True), operations=np.array(operations, np.int64),
        modes=np.array(modes, np.int64), demands=np.array(demands, np.int64).reshape(-1, 2),
        resources=np.array(resources, np.int64), setup=setup, times=np.array(times, np.int64),
        levels=np.array(levels, np.int64), sizes=np.array(sizes, np.int64),
    )  # fmt: skip


@njit(cache=True)
def _fits_at(times, levels, begin, size, capacity, amount, t, duration):
    """The first instant from t on at which ``amount`` is free for ``duration``."""
    low, high = begin, begin + size - 1
    while low < high:
        middle = (low + high + 1) // 2
        if times[middle] <= t:
            low = middle
        else:
            high = middle - 1
    last = begin + size - 1
    k = low
    while k <= last and times[k] < t + duration:
        if levels[k] + amount > capacity:
            # The last step is free: what is in use ends.
            t = times[k + 1]
        k += 1
    return t


@njit(cache=True)
def _split(times, levels, begin, size, t):
    """A breakpoint at t; returns its index and the new size."""
    k = begin + size
    while times[k - 1] > t:
        k -= 1
    if times[k - 1] == t:
        return k - 1, size
    for j in range(begin + size, k, -1):
        times[j] = times[j - 1]
        levels[j] = levels[j - 1]
    times[k] = t
    levels[k] = levels[k - 1]
    return k, size + 1


@njit(cache=True)
def list_schedule(keys, picks, flat, starts, chosen, forced):
    """The ready operation with the least key first, in the mode whose end is the ``picks``-th earliest. Returns the makespan.

    Shapes: keys, picks, starts, chosen, forced (n,). ``chosen`` counts the modes of an operation from 0; ``forced``, unless it is
    empty, says which it must be. ``flat``: :meth:`Flat.arrays`.
    """
    before, after, operations, modes, demands, resources, setup, all_times, all_levels, all_sizes = flat
    n, count = keys.shape[0], resources.shape[0] - 1
    times, levels, sizes = all_times.copy(), all_levels.copy(), all_sizes.copy()
    free, family, heat = np.zeros(count, np.int64), resources[:count, 8].copy(), np.zeros(count, np.int64)
    battery = resources[:count, 3].copy()
    waiting = np.empty(n, np.int64)
    most = 0
    ready, readies = np.empty(n, np.int64), 0
    for i in range(n):
        waiting[i] = before[0][i + 1] - before[0][i]
        most = max(most, operations[i, 3])
        if waiting[i] == 0:
            ready[readies] = i
            readies += 1
    at, used = np.empty(most, np.int64), np.empty(most, np.bool_)
    makespan = 0
    for _ in range(n):
        place = 0
        for k in range(1, readies):
            if keys[ready[k]] < keys[ready[place]]:
                place = k
        i = ready[place]
        readies -= 1
        ready[place] = ready[readies]
        earliest = operations[i, 0]
        for e in range(before[0][i], before[0][i + 1]):
            p = before[1][e]
            earliest = max(earliest, starts[p] + modes[operations[p, 2] + chosen[p], 0] + before[2][e])
        first, own = operations[i, 2], operations[i, 1]
        alternatives = operations[i, 3]
        only = forced[i] if forced.shape[0] else -1
        for m in range(alternatives):
            used[m] = only >= 0 and m != only
            if used[m]:
                continue
            at[m] = _earliest(
                first + m, own, earliest, modes, demands, resources, setup, times, levels, sizes, free, family, heat, battery
            )  # fmt: skip
        best = 0
        for _rank in range((min(picks[i], alternatives - 1) if only < 0 else 0) + 1):
            best = -1
            for m in range(alternatives):
                if not used[m] and (best < 0 or at[m] + modes[first + m, 0] < at[best] + modes[first + best, 0]):
                    best = m
            used[best] = True
        mode, start = first + best, at[best]
        end = start + modes[mode, 0]
        starts[i], chosen[i] = start, best
        makespan = max(makespan, end)
        for e in range(modes[mode, 3], modes[mode + 1, 3]):
            r, amount = demands[e, 0], demands[e, 1]
            if resources[r, 1]:
                travel = setup[resources[r, 2], family[r], own] if resources[r, 2] >= 0 and family[r] >= 0 else 0
                idle = start - free[r]
                # It is charged when it must be, and when there is the time for it anyway.
                if battery[r] < modes[mode, 1] or idle >= resources[r, 4] + travel:
                    battery[r] = resources[r, 3]
                battery[r] -= modes[mode, 1]
                # Heat is booked as a whole at the start, and is lost only between operations: on the safe side.
                heat[r] = max(0, heat[r] - idle * resources[r, 6]) + modes[mode, 2]
                free[r], family[r] = end, own
            elif end > start and amount > 0:
                begin = resources[r, 7]
                a, sizes[r] = _split(times, levels, begin, sizes[r], start)
                b, sizes[r] = _split(times, levels, begin, sizes[r], end)
                for k in range(a, b):
                    levels[k] += amount
        for e in range(after[0][i], after[0][i + 1]):
            s = after[1][e]
            waiting[s] -= 1
            if waiting[s] == 0:
                ready[readies] = s
                readies += 1
    return makespan


@njit(cache=True)
def _earliest(
    mode, own, ready, modes, demands, resources, setup, times, levels, sizes, free, family, heat, battery
):  # fmt: skip
    t = ready
    for e in range(modes[mode, 3], modes[mode + 1, 3]):
        r = demands[e, 0]
        if resources[r, 1] == 0:
            continue
        wait = free[r]
        if resources[r, 3] and battery[r] < modes[mode, 1]:
            wait += resources[r, 4]
        if resources[r, 9]:
            wait = max(wait, ready)
        if resources[r, 2] >= 0 and family[r] >= 0:
            wait += setup[resources[r, 2], family[r], own]
        if resources[r, 5]:
            excess = heat[r] + modes[mode, 2] - resources[r, 5]
            if excess > 0:
                wait = max(wait, free[r] + (excess + resources[r, 6] - 1) // resources[r, 6])
        t = max(t, wait)
    moved = True
    while moved:
        moved = False
        for e in range(modes[mode, 3], modes[mode + 1, 3]):
            r = demands[e, 0]
            fits = _fits_at(
                times, levels, resources[r, 7], sizes[r], resources[r, 0], demands[e, 1], t, max(1, modes[mode, 0])
            )
            if fits > t:
                t = fits
                moved = True
    return t


@njit(cache=True)
def value_of(makespan, starts):
    """The makespan first, then the mean start: of two schedules that end together the one that has more done early bears more.

    In one number: the makespan times 2^32, plus the mean.
    """
    return (makespan << 32) + int(starts.mean())


@njit(cache=True)
def evolve(seed, children, keys, picks, values, spread, best_starts, best_modes, least, bound, flat):
    """Breed ``children``: each key from either parent, some shaken; a child takes its mother's place unless it is worse.

    Shapes: keys, picks (population, n), values (population,). Returns the least value (:func:`value_of`).
    """
    np.random.seed(seed)
    size, n = keys.shape
    child, pick, free = np.empty(n), np.empty(n, np.int64), np.empty(0, np.int64)
    starts, modes = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for _ in range(children):
        a = np.random.randint(size)
        b = (a + 1 + np.random.randint(size - 1)) % size
        share = np.random.random()
        shaken = 2.0 / n + 0.05 * np.random.random()
        for i in range(n):
            other = b if np.random.random() < share else a
            child[i], pick[i] = keys[other, i], picks[other, i]
            if np.random.random() < shaken:
                child[i] += spread * np.random.normal(0, 0.3)
            if np.random.random() < shaken:
                pick[i] = 0 if np.random.random() < 0.7 else np.random.randint(1, 3)
        value = value_of(list_schedule(child, pick, flat, starts, modes, free), starts)
        if value < least:
            least = value
            best_starts[:] = starts
            best_modes[:] = modes
        if value <= values[a]:
            keys[a], picks[a], values[a] = child, pick, value
        if least >> 32 <= bound:
            break
    return least


def improve_general(problem: Problem, search: Search, seed: int) -> None:
    """Longest tail first, then a population of keys around it that is bred until the budget ends."""
    flat = flatten(problem).arrays()
    random = np.random.default_rng(seed)
    count = len(problem.operations)
    rank = np.empty(count)
    rank[order_of(problem)[0]] = np.arange(count)
    tail = -np.array(tails(problem), np.float64)
    spread = float(np.ptp(tail)) + 1
    starts, modes = np.zeros(count, np.int64), np.zeros(count, np.int64)

    def tried(keys: np.ndarray, picks: np.ndarray) -> int:
        value = value_of(list_schedule(keys, picks, flat, starts, modes, ANY), starts)
        search.found(starts.tolist(), modes.tolist(), "list", value)
        return value

    # Equal tails in the order of the graph, so that units that are alike follow each other.
    first = tail + 1e-6 * rank
    keys, picks = np.tile(first, (POPULATION, 1)), np.zeros((POPULATION, count), np.int64)
    values = np.zeros(POPULATION, np.int64)
    several = np.array([len(o.modes) > 1 for o in problem.operations])
    for k in range(POPULATION):
        if k:
            keys[k] += random.random(count) * spread * k / POPULATION
            picks[k] = several & (random.random(count) < OTHER_MODE_SHARE * k / POPULATION)
        values[k] = tried(keys[k], picks[k])
        if search.late():
            return
    least, rounds = int(values.min()), 0
    children = min(max(CHILDREN[0], LOOKS // sum(len(o.modes) for o in problem.operations)), CHILDREN[1])
    while search.goes_on():
        rounds += 1
        before = least
        least = evolve(
            seed * 1009 + rounds, children, keys, picks, values, spread, starts, modes, least, search.bound, flat
        )  # fmt: skip
        if least < before:
            search.found(starts.tolist(), modes.tolist(), "genetic", least)


def from_order(problem: Problem, keys: list[int]) -> tuple[list[int], list[int]]:
    """The list schedule of these keys, the least first: starts and modes."""
    starts, modes = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    list_schedule(
        np.array(keys, np.float64), np.zeros(len(keys), np.int64), flatten(problem).arrays(), starts, modes, ANY
    )  # fmt: skip
    return starts.tolist(), modes.tolist()
