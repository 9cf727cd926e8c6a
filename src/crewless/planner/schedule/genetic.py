"""Single-mode RCPSP: a genetic algorithm over activity lists with double justification, compiled.

Serial schedule generation and activity-list crossover: Hartmann, "A competitive genetic algorithm for resource-constrained
project scheduling" (1998). Double justification: Valls, Ballestin, Quintanilla, "Justification and RCPSP" (2005).
"""

import numpy as np
from numba import njit


@njit(cache=True)
def serial(order, first, adjacent, lag, duration, demand, capacity, usage, starts):
    """Start every operation in turn as early as its predecessors and the capacities allow; returns the makespan.

    Predecessors of i are ``adjacent[first[i]:first[i + 1]]``. Shapes: demand (n, r), usage (horizon, r), starts (n,).
    """
    usage[:] = 0
    kinds = capacity.shape[0]
    makespan = 0
    for i in order:
        t = 0
        for e in range(first[i], first[i + 1]):
            p = adjacent[e]
            t = max(t, starts[p] + duration[p] + lag[e])
        d = duration[i]
        u = t
        while u < t + d:
            for r in range(kinds):
                if usage[u, r] + demand[i, r] > capacity[r]:
                    t = u + 1
                    break
            u += 1
        for u in range(t, t + d):
            for r in range(kinds):
                usage[u, r] += demand[i, r]
        starts[i] = t
        makespan = max(makespan, t + d)
    return makespan


@njit(cache=True)
def _topological(keys, first, adjacent, after_first, after, order):
    """The precedence-feasible order that always takes the ready operation with the least key."""
    n = keys.shape[0]
    waiting = np.empty(n, np.int64)
    done = np.zeros(n, np.bool_)
    for i in range(n):
        waiting[i] = first[i + 1] - first[i]
    for k in range(n):
        best = -1
        for i in range(n):
            if not done[i] and waiting[i] == 0 and (best < 0 or keys[i] < keys[best]):
                best = i
        order[k] = best
        done[best] = True
        for e in range(after_first[best], after_first[best + 1]):
            waiting[after[e]] -= 1


@njit(cache=True)
def _improve(order, graph, back, duration, demand, capacity, usage, starts, other, keys):
    """Forward, backward, forward; the order becomes that of the final starts. Returns the makespan."""
    n = order.shape[0]
    makespan = serial(order, graph[0], graph[1], graph[2], duration, demand, capacity, usage, starts)
    for _ in range(2):
        for i in range(n):
            keys[i] = -(starts[i] + duration[i])
        _topological(keys, back[0], back[1], graph[0], graph[1], order)
        late = serial(order, back[0], back[1], back[2], duration, demand, capacity, usage, other)
        for i in range(n):
            keys[i] = late - other[i] - duration[i]
        _topological(keys, graph[0], graph[1], back[0], back[1], order)
        again = serial(order, graph[0], graph[1], graph[2], duration, demand, capacity, usage, starts)
        better = again < makespan
        makespan = min(again, makespan)
        if not better:
            break
    for i in range(n):
        keys[i] = starts[i]
    _topological(keys, graph[0], graph[1], back[0], back[1], order)
    return serial(order, graph[0], graph[1], graph[2], duration, demand, capacity, usage, starts)


@njit(cache=True)
def start_population(seed, graph, back, duration, demand, capacity, horizon, tail, population, values, best):
    """Fill the population with lists that were sampled around the longest tail first. Shape: (size, n)."""
    np.random.seed(seed)
    size, n = population.shape
    usage = np.zeros((horizon, capacity.shape[0]), np.int64)
    starts, other, keys = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n)
    least = np.int64(1 << 60)
    for k in range(size):
        spread = 0.6 * k / size * (tail.max() + 1)
        for i in range(n):
            keys[i] = -tail[i] + spread * np.random.random()
        _topological(keys, graph[0], graph[1], back[0], back[1], population[k])
        values[k] = _improve(population[k], graph, back, duration, demand, capacity, usage, starts, other, keys)
        if values[k] < least:
            least = values[k]
            best[:] = starts
    return least


@njit(cache=True)
def evolve(seed, children, graph, back, duration, demand, capacity, horizon, population, values, best, least, bound):
    """Breed ``children`` lists by two-point crossover; each replaces the worse of two. Returns the least makespan."""
    np.random.seed(seed)
    size, n = population.shape
    usage = np.zeros((horizon, capacity.shape[0]), np.int64)
    starts, other, keys = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n)
    child, used = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    place = np.zeros(n, np.int64)
    for _ in range(children):
        a, b = np.random.randint(size), np.random.randint(size)
        c = np.random.randint(size)
        if values[c] < values[a]:
            a = c
        c = np.random.randint(size)
        if values[c] < values[b]:
            b = c
        low, high = np.random.randint(n), np.random.randint(n)
        if low > high:
            low, high = high, low
        used[:] = False
        for k in range(low):
            child[k] = population[a, k]
            used[child[k]] = True
        k = low
        for m in range(n):
            if k > high:
                break
            i = population[b, m]
            if not used[i]:
                child[k] = i
                used[i] = True
                k += 1
        for m in range(n):
            i = population[a, m]
            if not used[i]:
                child[k] = i
                used[i] = True
                k += 1
        # Mutation: some operations move by a few places, as far as the precedences let them.
        for k in range(n):
            place[child[k]] = k
        for i in range(n):
            keys[i] = place[i]
            if np.random.random() < 0.04:
                keys[i] += (np.random.random() - 0.5) * 30
        _topological(keys, graph[0], graph[1], back[0], back[1], child)
        value = _improve(child, graph, back, duration, demand, capacity, usage, starts, other, keys)
        if value < least:
            least = value
            best[:] = starts
            if least <= bound:
                break
        x, y = np.random.randint(size), np.random.randint(size)
        if values[y] > values[x]:
            x = y
        # An equal makespan already stands for this list too often; a worse child is not let in.
        if value <= values[x]:
            population[x] = child
            values[x] = value
    return least
