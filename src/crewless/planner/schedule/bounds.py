"""Lower bounds on the makespan that need no search."""

import graphlib

from crewless.planner.schedule.problem import Problem


def order_of(problem: Problem) -> tuple[list[int], list[list[tuple[int, int]]]]:
    """Operations, predecessors first; and of each its predecessors with their lags."""
    before: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
    for p in problem.precedences:
        before[p.after].append((p.before, p.lag))
    graph = {i: [b for b, _ in row] for i, row in enumerate(before)}
    return list(graphlib.TopologicalSorter(graph).static_order()), before


def heads(problem: Problem) -> list[int]:
    """Earliest start of each operation when no resource binds and each takes its shortest mode."""
    order, before = order_of(problem)
    head = [o.release for o in problem.operations]
    for i in order:
        for p, lag in before[i]:
            head[i] = max(head[i], head[p] + min(m.duration for m in problem.operations[p].modes) + lag)
    return head


def tails(problem: Problem) -> list[int]:
    """Least time from each operation's start to the end of all, when no resource binds."""
    order, before = order_of(problem)
    tail = [min(m.duration for m in o.modes) for o in problem.operations]
    for i in reversed(order):
        for p, lag in before[i]:
            shortest = min(m.duration for m in problem.operations[p].modes)
            tail[p] = max(tail[p], shortest + lag + tail[i])
    return tail


def lower_bound(problem: Problem) -> int:
    """The larger of the critical path and the energy of each resource between its first head and its last tail.

    An operation counts on a resource with the least energy (duration x amount) over its modes. When all modes of all
    operations hold exactly one unit of some resource, the total over all machines counts too.
    """
    head, tail = heads(problem), tails(problem)
    bound = max(h + t for h, t in zip(head, tail, strict=True))
    shortest = [min(m.duration for m in o.modes) for o in problem.operations]
    for r, resource in enumerate(problem.resources):
        if not resource.capacity:
            continue
        energy = [min(m.duration * dict(m.demands).get(r, 0) for m in o.modes) for o in problem.operations]
        users = [i for i, e in enumerate(energy) if e]
        if users:
            busy = -(-sum(energy) // resource.capacity)
            bound = max(bound, min(head[i] for i in users) + busy + min(tail[i] - shortest[i] for i in users))
    total = sum(min(m.duration * sum(a for _, a in m.demands) for m in o.modes) for o in problem.operations)
    capacity = sum(r.capacity for r in problem.resources)
    return max(bound, -(-total // capacity) if capacity else 0)
