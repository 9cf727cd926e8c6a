"""Single-mode RCPSP: a genetic algorithm over activity lists with repeated justification, compiled.

Serial schedule generation and activity-list crossover: Hartmann, "A competitive genetic algorithm for resource-constrained
project scheduling" (1998). Justification forwards and backwards until nothing is gained: Valls, Ballestin, Quintanilla,
"Justification and RCPSP" (2005). Two schedules of the same makespan are ranked by how late their operations are, in the
spirit of the modified makespan of Goncalves, Resende, Mendes (2011). Which parts pay was measured: see dev/LOG.md.

What is free of all resources at an instant is a few 64-bit words, one lane a resource, with a guard bit above each lane: one
subtraction tells whether a demand fits.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Capacities and demands in words of 64 bits.

    Attributes:
        full: free capacity of an instant at which nothing runs, guard bits set. Shape: (words,), uint64.
        guard: the guard bits alone. Shape: (words,), uint64.
        need: demand of each operation. Shape: (n, words), uint64.
    """

    full: np.ndarray
    guard: np.ndarray
    need: np.ndarray


def pack(capacity: np.ndarray, demand: np.ndarray) -> Packed:
    """Shapes: capacity (r,), demand (n, r)."""
    largest = int(capacity.max(initial=0))
    bits = 16 if largest < 1 << 15 else 32 if largest < 1 << 31 else 64
    lanes = 64 // bits
    words = max(1, -(-len(capacity) // lanes))
    full, guard, need = [0] * words, [0] * words, [[0] * words for _ in demand]
    for r, amount in enumerate(capacity):
        word, lane = divmod(r, lanes)
        full[word] |= int(amount) << bits * lane | 1 << bits * lane + bits - 1
        guard[word] |= 1 << bits * lane + bits - 1
        for row, amounts in zip(need, demand, strict=True):
            row[word] |= int(amounts[r]) << bits * lane
    return Packed(
        full=np.array(full, np.uint64), guard=np.array(guard, np.uint64), need=np.array(need, np.uint64)
    )  # fmt: skip


@njit(cache=True)
def serial(order, first, adjacent, lag, duration, need, guard, full, free, starts):
    """Start every operation in turn as early as its predecessors and the capacities allow; returns the makespan.

    Predecessors of i are ``adjacent[first[i]:first[i + 1]]``. Shapes: free (horizon, words), ``full`` in every row before and
    after; starts (n,).
    """
    makespan = 0
    words = need.shape[1]
    for k in range(order.shape[0]):
        i = order[k]
        t = 0
        for e in range(first[i], first[i + 1]):
            p = adjacent[e]
            t = max(t, starts[p] + duration[p] + lag[e])
        end = t + duration[i]
        u = t
        if words == 1:
            wanted, bit = need[i, 0], guard[0]
            while u < end:
                if (free[u, 0] - wanted) & bit != bit:
                    end = u + 1 + duration[i]
                u += 1
            t = end - duration[i]
            for v in range(t, end):
                free[v, 0] -= wanted
        else:
            while u < end:
                for w in range(words):
                    if (free[u, w] - need[i, w]) & guard[w] != guard[w]:
                        end = u + 1 + duration[i]
                        break
                u += 1
            t = end - duration[i]
            for v in range(t, end):
                for w in range(words):
                    free[v, w] -= need[i, w]
        starts[i] = t
        makespan = max(makespan, end)
    for u in range(makespan):
        for w in range(words):
            free[u, w] = full[w]
    return makespan


@njit(cache=True)
def _by_time(times, ranked, latest, order, count):
    """Operations by time, ties in the order of ``ranked``: counting sort."""
    count[: latest + 2] = 0
    n = ranked.shape[0]
    for i in range(n):
        count[times[i] + 1] += 1
    for t in range(latest + 1):
        count[t + 1] += count[t]
    for k in range(n):
        i = ranked[k]
        order[count[times[i]]] = i
        count[times[i]] += 1


@njit(cache=True)
def _justify(order, graph, back, ranked, duration, need, guard, full, free, starts, other, times, count):
    """Forwards, backwards, forwards, as long as that gains; the order becomes that of the starts. Returns the makespan."""
    n = order.shape[0]
    reverse = ranked[::-1]
    makespan = serial(order, graph[0], graph[1], graph[2], duration, need, guard, full, free, starts)
    while True:
        for i in range(n):
            times[i] = makespan - starts[i] - duration[i]
        _by_time(times, reverse, makespan, order, count)
        late = serial(order, back[0], back[1], back[2], duration, need, guard, full, free, other)
        for i in range(n):
            times[i] = late - other[i] - duration[i]
        _by_time(times, ranked, late, order, count)
        again = serial(order, graph[0], graph[1], graph[2], duration, need, guard, full, free, starts)
        gained = again < makespan
        makespan = again
        if not gained:
            break
    _by_time(starts, ranked, makespan, order, count)
    return makespan


@njit(cache=True)
def _lateness(starts, tail, target):
    """By how much, in all, operations start later than a makespan of ``target`` would allow."""
    late = 0
    for i in range(starts.shape[0]):
        late += max(0, starts[i] + tail[i] - target)
    return late


@njit(cache=True)
def _mutate(child, place, graph, back):
    """Up to four operations move by up to twenty places, as far as their predecessors and successors let them."""
    n = child.shape[0]
    for k in range(n):
        place[child[k]] = k
    for _ in range(1 + np.random.randint(4)):
        k = np.random.randint(n)
        i = child[k]
        low, high = max(0, k - 20), min(n - 1, k + 20)
        for e in range(graph[0][i], graph[0][i + 1]):
            low = max(low, place[graph[1][e]] + 1)
        for e in range(back[0][i], back[0][i + 1]):
            high = min(high, place[back[1][e]] - 1)
        if high <= low:
            continue
        to = low + np.random.randint(high - low + 1)
        while k != to:
            step = 1 if k < to else -1
            child[k] = child[k + step]
            place[child[k]] = k
            k += step
        child[k] = i
        place[i] = k


@njit(cache=True)
def _cross(mother, father, child, used):
    """Between two points of the mother's list the father's order of what the part before them lacks."""
    n = child.shape[0]
    low, high = np.random.randint(n), np.random.randint(n)
    if low > high:
        low, high = high, low
    used[:] = False
    for k in range(low):
        child[k] = mother[k]
        used[child[k]] = True
    k = low
    for m in range(n):
        if k > high:
            break
        i = father[m]
        if not used[i]:
            child[k] = i
            used[i] = True
            k += 1
    for m in range(n):
        i = mother[m]
        if not used[i]:
            child[k] = i
            k += 1


@njit(cache=True)
def start_population(
    seed, graph, back, ranked, duration, need, guard, full, free, tail, population, placed, values, best
):
    """Fill the population with lists that were sampled around the longest tail first. Returns the least makespan.

    Shapes: population, placed (size, n): lists and their starts; values (size,).
    """
    np.random.seed(seed)
    size, n = population.shape
    other, times = np.zeros(n, np.int64), np.zeros(n, np.int64)
    count = np.zeros(free.shape[0] + 2, np.int64)
    keys, waiting, done = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.bool_)
    least = np.int64(1 << 60)
    for k in range(size):
        spread = 0.6 * k / size * (tail.max() + 1)
        for i in range(n):
            keys[i] = -tail[i] + spread * np.random.random()
            waiting[i] = graph[0][i + 1] - graph[0][i]
        done[:] = False
        for m in range(n):
            chosen = -1
            for i in range(n):
                if not done[i] and waiting[i] == 0 and (chosen < 0 or keys[i] < keys[chosen]):
                    chosen = i
            population[k, m] = chosen
            done[chosen] = True
            for e in range(back[0][chosen], back[0][chosen + 1]):
                waiting[back[1][e]] -= 1
        values[k] = _justify(
            population[k], graph, back, ranked, duration, need, guard, full, free, placed[k], other, times, count
        )
        if values[k] < least:
            least = values[k]
            best[:] = placed[k]
    return least


@njit(cache=True)
def evolve(
    seed, children, graph, back, ranked, duration, need, guard, full, free, tail, population, placed, values, best,
    least, bound,
):  # fmt: skip
    """Breed ``children`` lists; each takes the place of its mother unless it is worse, or there already.

    Any two breed, and a child displaces only what it is most like: so a large population stays various, and gains for as long
    as it is large.

    Returns the least makespan.
    """
    np.random.seed(seed)
    size, n = population.shape
    starts, other, times = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    count = np.zeros(free.shape[0] + 2, np.int64)
    child, used, place = np.zeros(n, np.int64), np.zeros(n, np.bool_), np.zeros(n, np.int64)
    # Most operations are late against the bound, few against the best: a tenth below the best tells schedules apart well.
    target = max(bound, np.int64(0.9 * least)) - 1
    second = np.zeros(size, np.int64)
    for k in range(size):
        second[k] = _lateness(placed[k], tail, target)
    for _ in range(children):
        a = np.random.randint(size)
        b = (a + 1 + np.random.randint(size - 1)) % size
        _cross(population[a], population[b], child, used)
        if np.random.randint(2):
            _mutate(child, place, graph, back)
        value = _justify(child, graph, back, ranked, duration, need, guard, full, free, starts, other, times, count)
        if value < least:
            least = value
            best[:] = starts
            if least <= bound:
                break
        late = _lateness(starts, tail, target)
        if value > values[a] or (value == values[a] and late > second[a]):
            continue
        twin = False
        for k in range(size):
            if values[k] == value and second[k] == late and np.array_equal(placed[k], starts):
                twin = True
                break
        if not twin:
            population[a], placed[a] = child, starts
            values[a], second[a] = value, late
    return least
