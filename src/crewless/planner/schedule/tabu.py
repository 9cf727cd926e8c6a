"""Flexible job shops: tabu search over the disjunctive graph, compiled.

A critical operation is taken out, and put back on any machine it can use, at the places that are proved to be acyclic and to
contain a best one: Mastrolilli, Gambardella, "Effective neighbourhood functions for the flexible job shop problem" (2000),
theorems 1 to 3. The makespan after each move is exact: the longest path without the operation, or the one through it.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def longest_paths(out, before, after, previous, following, duration, head, tail, order, waiting):
    """Heads and tails in the graph without operation ``out`` (-1: all). Tails exclude the operation. Returns the makespan."""
    n = head.shape[0]
    count = 0
    for i in range(n):
        waiting[i] = (before[i] >= 0) + (previous[i] >= 0)
        if waiting[i] == 0:
            order[count] = i
            count += 1
    k = 0
    while k < count:
        i = order[k]
        k += 1
        h = 0
        p = before[i]
        if p >= 0:
            h = head[p] + duration[p]
        p = previous[i]
        if p >= 0:
            h = max(h, head[p] + duration[p])
        head[i] = h
        for s in (after[i], following[i]):
            if s >= 0:
                waiting[s] -= 1
                if waiting[s] == 0:
                    order[count] = s
                    count += 1
    makespan = 0
    for k in range(count - 1, -1, -1):
        i = order[k]
        q = 0
        s = after[i]
        if s >= 0:
            q = tail[s] + duration[s]
        s = following[i]
        if s >= 0:
            q = max(q, tail[s] + duration[s])
        tail[i] = q
        if i != out:
            makespan = max(makespan, head[i] + duration[i] + q)
    return makespan


@njit(cache=True)
def _take_out(v, previous, following, first, machine):
    p, s = previous[v], following[v]
    if p >= 0:
        following[p] = s
    else:
        first[machine[v]] = s
    if s >= 0:
        previous[s] = p
    previous[v] = -1
    following[v] = -1


@njit(cache=True)
def _put_in(v, m, p, previous, following, first, machine):
    """After operation p on machine m; p = -1: at the front."""
    s = following[p] if p >= 0 else first[m]
    previous[v], following[v], machine[v] = p, s, m
    if p >= 0:
        following[p] = v
    else:
        first[m] = v
    if s >= 0:
        previous[s] = v


@njit(cache=True)
def greedy(table, before, after, key, machine, previous, following, first):
    """Earliest completion first, ties by the key: a list schedule. ``table`` is (n, machines), 0: cannot."""
    n, machines = table.shape
    ready_at, free_at = np.zeros(n, np.int64), np.zeros(machines, np.int64)
    last = np.full(machines, -1, np.int64)
    done = np.zeros(n, np.bool_)
    previous[:] = -1
    following[:] = -1
    first[:] = -1
    for _ in range(n):
        chosen, on, least = -1, -1, 1e30
        for i in range(n):
            if done[i] or (before[i] >= 0 and not done[before[i]]):
                continue
            for m in range(machines):
                if table[i, m]:
                    value = max(ready_at[i], free_at[m]) + table[i, m] + key[i]
                    if value < least:
                        chosen, on, least = i, m, value
        end = max(ready_at[chosen], free_at[on]) + table[chosen, on]
        done[chosen] = True
        free_at[on] = end
        if after[chosen] >= 0:
            ready_at[after[chosen]] = end
        _put_in(chosen, on, last[on], previous, following, first, machine)
        last[on] = chosen


@njit(cache=True)
def tabu_search(
    seed,
    iterations,
    table,
    before,
    after,
    machine,
    previous,
    following,
    first,
    tabu,
    clock,
    best_starts,
    best_machine,
    least,
    bound,
):
    """``iterations`` moves from the given state, which is changed in place. Returns the least makespan."""
    np.random.seed(seed)
    n, machines = table.shape
    duration = np.empty(n, np.int64)
    for i in range(n):
        duration[i] = table[i, machine[i]]
    head, tail = np.zeros(n, np.int64), np.zeros(n, np.int64)
    h, q = np.zeros(n, np.int64), np.zeros(n, np.int64)
    order, waiting = np.zeros(n, np.int64), np.zeros(n, np.int64)
    choices = 0
    for i in range(n):
        for m in range(machines):
            choices += table[i, m] > 0
    for step in range(iterations):
        makespan = longest_paths(-1, before, after, previous, following, duration, head, tail, order, waiting)
        if makespan < least:
            least = makespan
            best_starts[:] = head
            best_machine[:] = machine
        if least <= bound:
            break
        chosen, on, where = -1, -1, -1
        value, through_value, ties, critical = 1 << 60, 1 << 60, 0, 0
        spare, spare_on, spare_where, spares = -1, -1, -1, 0
        for v in range(n):
            if head[v] + duration[v] + tail[v] != makespan:
                continue
            critical += 1
            old, old_previous = machine[v], previous[v]
            _take_out(v, previous, following, first, machine)
            without = longest_paths(v, before, after, previous, following, duration, h, q, order, waiting)
            ready = h[before[v]] + duration[before[v]] if before[v] >= 0 else 0
            rest = q[after[v]] + duration[after[v]] if after[v] >= 0 else 0
            for m in range(machines):
                d = table[v, m]
                if d == 0:
                    continue
                # After the last operation that is only in R, and before the first that is only in L.
                p, x = -1, first[m]
                while x >= 0:
                    if q[x] + duration[x] > rest and h[x] + duration[x] <= ready:
                        p = x
                    x = following[x]
                while True:
                    x = following[p] if p >= 0 else first[m]
                    start = max(ready, h[p] + duration[p]) if p >= 0 else ready
                    later = max(rest, q[x] + duration[x]) if x >= 0 else rest
                    through = start + d + later
                    new = max(without, through)
                    if m != old or p != old_previous:
                        if tabu[v, m] <= clock + step or new < least:
                            if new < value or (new == value and through < through_value):
                                value, through_value, ties = new, through, 1
                                chosen, on, where = v, m, p
                            elif new == value and through == through_value:
                                ties += 1
                                if np.random.randint(ties) == 0:
                                    chosen, on, where = v, m, p
                        else:
                            spares += 1
                            if np.random.randint(spares) == 0:
                                spare, spare_on, spare_where = v, m, p
                    if x < 0 or (h[x] + duration[x] > ready and q[x] + duration[x] <= rest):
                        break
                    p = x
            _put_in(v, old, old_previous, previous, following, first, machine)
        if chosen < 0:
            if spare < 0:
                break
            chosen, on, where = spare, spare_on, spare_where
        alternatives = 0
        for m in range(machines):
            alternatives += table[chosen, m] > 0
        tabu[chosen, machine[chosen]] = clock + step + 1 + critical // 2 + alternatives + np.random.randint(10)
        _take_out(chosen, previous, following, first, machine)
        _put_in(chosen, on, where, previous, following, first, machine)
        duration[chosen] = table[chosen, on]
    return least
