"""Lower bounds on the makespan that need no search."""

import graphlib
from dataclasses import replace

import numpy as np

from crewless.planner.schedule.problem import Mode, Operation, Problem, Resource


def order_of(problem: Problem) -> tuple[list[int], list[list[tuple[int, int]]]]:
    """Operations, predecessors first; and of each its predecessors with their lags."""
    before: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
    for p in problem.precedences:
        before[p.after].append((p.before, p.lag))
    graph = {i: [b for b, _ in row] for i, row in enumerate(before)}
    return list(graphlib.TopologicalSorter(graph).static_order()), before


def rows_of(problem: Problem, *, back: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predecessors (``back``: successors) in rows: offsets, neighbours, lags."""
    rows: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
    for p in problem.precedences:
        rows[p.before if back else p.after].append((p.after if back else p.before, p.lag))
    offsets = np.cumsum([0] + [len(row) for row in rows])
    flat = [pair for row in rows for pair in row]
    return offsets, np.array([a for a, _ in flat], np.int64), np.array([b for _, b in flat], np.int64)


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


def _least_energy(operation: Operation, held_ones: list[bool]) -> dict[int, int]:
    """Resource to duration x amount, for those that every mode holds; the mode with the least of it."""
    rows = [{r: mode.duration * a for r, a in mode.demands if held_ones[r]} for mode in operation.modes]
    held = set(rows[0]).intersection(*rows[1:])
    return {r: energy for r in held if (energy := min(row[r] for row in rows))}


def lower_bound(problem: Problem) -> int:
    """The larger of the critical path and the energy of each resource between its first head and its last tail.

    An operation counts on a resource with the least energy (duration x amount) over its modes. When all modes of all
    operations hold exactly one unit of some resource, the total over all machines counts too.
    """
    head, tail = heads(problem), tails(problem)
    bound = max(h + t for h, t in zip(head, tail, strict=True))
    shortest = [min(m.duration for m in o.modes) for o in problem.operations]
    # Operations of one station share their modes: each tuple of modes is looked through once.
    least: dict[int, dict[int, int]] = {}
    held = [not resource.used_up for resource in problem.resources]
    users: list[list[tuple[int, int]]] = [[] for _ in problem.resources]
    for i, operation in enumerate(problem.operations):
        key = id(operation.modes)
        if key not in least:
            least[key] = _least_energy(operation, held)
        for r, energy in least[key].items():
            users[r].append((i, energy))
    for resource, rows in zip(problem.resources, users, strict=True):
        if resource.capacity and rows:
            busy = -(-sum(energy for _, energy in rows) // resource.capacity)
            bound = max(bound, min(head[i] for i, _ in rows) + busy + min(tail[i] - shortest[i] for i, _ in rows))
    total = sum(min(m.duration * sum(a for r, a in m.demands if held[r]) for m in o.modes) for o in problem.operations)
    capacity = sum(r.capacity for r in problem.resources if not r.used_up)
    return max(bound, -(-total // capacity) if capacity else 0)


def pooled(problem: Problem) -> Problem:
    """A relaxation without set-up, battery and heat, in which robots of the same calendar are one pool, as many as they are.

    Every schedule of ``problem`` is one of it as well, so a bound of it holds for both; and an operation has one mode where
    it had one for each robot.
    """
    index: list[int] = []
    pools: dict[tuple[tuple[int, int], ...], int] = {}
    resources: list[Resource] = []
    for one in problem.resources:
        if not one.is_robot:
            index.append(len(resources))
            resources.append(one)
        elif one.closed in pools:
            r = pools[one.closed]
            resources[r] = replace(resources[r], capacity=resources[r].capacity + 1)
            index.append(r)
        else:
            index.append(len(resources))
            pools[one.closed] = len(resources)
            resources.append(Resource(closed=one.closed, name="robots"))
    known: dict[int, tuple[Mode, ...]] = {}
    for operation in problem.operations:
        if id(operation.modes) not in known:
            modes: dict[Mode, None] = {}
            for mode in operation.modes:
                amounts: dict[int, int] = {}
                for r, amount in mode.demands:
                    amounts[index[r]] = amounts.get(index[r], 0) + amount
                modes[Mode(duration=mode.duration, demands=tuple(sorted(amounts.items())))] = None
            known[id(operation.modes)] = tuple(modes)
    operations = tuple(replace(one, modes=known[id(one.modes)]) for one in problem.operations)
    return Problem(operations=operations, resources=tuple(resources), precedences=problem.precedences)
