"""SALBP-1: assign tasks to an ordered row of stations, predecessors never later, no station over the cycle.

All of it is reckoned in whole numbers of one unit (:mod:`crewless.planner.blueprint.whole_numbers`), so that the same line has
the same balance in seconds, minutes and thousandths. Bounds and the rule of ranked positional weight as in Scholl and Becker
(2006), "State-of-the-art exact and heuristic solution procedures for simple assembly line balancing", EJOR 168. First a search
that fills station after station (:mod:`crewless.planner.blueprint.loads`), then one over states with a proof
(:mod:`crewless.planner.blueprint.cabs`).
"""

import time
from collections.abc import Mapping, Sequence

from crewless.core.errors import BadInput
from crewless.planner.blueprint.whole_numbers import largest_fill, whole_numbers

BUDGET_S = 10.0
"""Of one line; most need a hundredth of it."""
_FILLING = 0.4
"""Share of the budget that the search by stations gets at most, where the search over states can follow."""
_FEW, _MANY = 30, 300
"""Tasks: with no more than the few the search over states is done at once; with more than the many it does not get to an end."""


def topological(after: Mapping[str, Sequence[str]], what: str) -> list[str]:
    """Names in an order in which predecessors come first, ties as given. Raises BadInput that shows the cycle."""
    order: list[str] = []
    state: dict[str, int] = {}

    for root in after:
        trail: list[tuple[str, int]] = [(root, 0)]
        while trail:
            name, position = trail.pop()
            if position == 0:
                if state.get(name) == 2:
                    continue
                state[name] = 1
            before = after[name]
            if position == len(before):
                state[name] = 2
                order.append(name)
                continue
            trail.append((name, position + 1))
            nxt = before[position]
            if nxt not in after:
                raise BadInput(
                    f"{what}: {name!r} comes after {nxt!r}, which does not exist", alternatives=sorted(after)
                )
            if state.get(nxt) == 1:
                names = [one for one, _ in trail]
                circle = [*names[names.index(nxt) :], nxt]
                raise BadInput(f"{what} has a cycle: {' <- '.join(circle)}")
            trail.append((nxt, 0))
    return order


def lower_bound(times_s: Sequence[float], cycle_s: float) -> int:
    """Stations that no balance can do without: the largest of five bounds; precedence is relaxed.

    Total work (LM1), tasks over half the cycle (LM2), thirds (LM3), the work beside large tasks (bound L2 of Martello and Toth
    1990, which holds LM1 and LM2 too but for halves), and pairs: of tasks over a third of the cycle no three share a station, and
    the most pairs that fit are found by laying the largest to the smallest. The cycle is first cut to what tasks can fill of it.
    """
    numbers, capacity = whole_numbers(times_s, cycle_s)
    return _bound(numbers, capacity)


def _bound(numbers: Sequence[int], capacity: int) -> int:
    if not any(numbers):
        return 1
    times = sorted(numbers, reverse=True)
    room = largest_fill(times, capacity)
    halves = 2 * sum(2 * t > room for t in times) + sum(2 * t == room for t in times)
    thirds = sum(6 if 3 * t > 2 * room else 4 if 3 * t == 2 * room else 3 if 3 * t > room else 2 * (3 * t == room) for t in times)  # fmt: skip
    return max(_up(sum(times), room), _up(halves, 2), _up(thirds, 6), _beside(times, room), _pairs(times, room), 1)


def _up(number: int, by: int) -> int:
    return -(-number // by)


def _beside(times: list[int], room: int) -> int:
    """Tasks over half the cycle are alone among their like; what is not too small for the room beside them fills it and more."""
    most = 0
    for smallest in {t for t in times if 2 * t <= room}:
        alone = sum(t > room - smallest for t in times)
        large = [t for t in times if 2 * t > room and t <= room - smallest]
        rest = sum(t for t in times if smallest <= t and 2 * t <= room)
        over = rest - (len(large) * room - sum(large))
        most = max(most, alone + len(large) + max(0, _up(over, room)))
    return most


def _pairs(times: list[int], room: int) -> int:
    big = [t for t in times if 3 * t > room]
    low, high, stations = 0, len(big) - 1, 0
    while low <= high:
        # The largest with the smallest; where that does not fit, nothing does.
        high -= low < high and big[low] + big[high] <= room
        low += 1
        stations += 1
    return stations


def greedy(times_s: Mapping[str, float], after: Mapping[str, Sequence[str]], cycle_s: float) -> list[list[str]]:
    """Stations in order, by ranked positional weight (Helgeson and Birnie 1961): always feasible.

    Raises BadInput when a task is longer than the cycle, or the order has a cycle.
    """
    names = list(times_s)
    numbers, before, capacity = _numbered(times_s, after, cycle_s)
    return [[names[i] for i in tasks] for tasks in _greedy(numbers, before, capacity)]


def _numbered(
    times_s: Mapping[str, float], after: Mapping[str, Sequence[str]], cycle_s: float
) -> tuple[list[int], list[list[int]], int]:
    """Whole times, predecessors by number in an order of the tasks that is checked, and the whole cycle."""
    numbers, capacity = whole_numbers(list(times_s.values()), cycle_s)
    for (name, given), number in zip(times_s.items(), numbers, strict=True):
        if number > capacity:
            raise BadInput(f"task {name!r} takes {given:g} s, longer than the cycle of {cycle_s:g} s")
    topological({name: after.get(name, ()) for name in times_s}, "the tasks")
    index = {name: i for i, name in enumerate(times_s)}
    return numbers, [sorted({index[one] for one in after.get(name, ())}) for name in times_s], capacity


def _greedy(numbers: list[int], before: list[list[int]], capacity: int) -> list[list[int]]:
    count = len(numbers)
    follows: list[list[int]] = [[] for _ in numbers]
    waits = [len(ones) for ones in before]
    for task, ones in enumerate(before):
        for one in ones:
            follows[one].append(task)
    order = [task for task in range(count) if not waits[task]]
    left = list(waits)
    for task in order:
        for nxt in follows[task]:
            left[nxt] -= 1
            if not left[nxt]:
                order.append(nxt)
    reach, weight = [0] * count, list(numbers)
    for task in reversed(order):
        for nxt in follows[task]:
            reach[task] |= reach[nxt] | 1 << nxt
        weight[task] += sum(numbers[k] for k in range(count) if reach[task] >> k & 1)
    ready = [task for task in range(count) if not waits[task]]
    stations: list[list[int]] = [[]]
    room = capacity
    while ready:
        fitting = [task for task in ready if numbers[task] <= room]
        if not fitting:
            stations.append([])
            room = capacity
            continue
        best = max(fitting, key=lambda task: (weight[task], -task))
        stations[-1].append(best)
        room -= numbers[best]
        ready.remove(best)
        for nxt in follows[best]:
            waits[nxt] -= 1
            if not waits[nxt]:
                ready.append(nxt)
    return stations


def balance(
    times_s: Mapping[str, float],
    after: Mapping[str, Sequence[str]],
    cycle_s: float,
    *,
    budget_s: float = BUDGET_S,
) -> tuple[list[list[str]], int]:
    """The fewest stations that could be found, and a lower bound; they are equal when it is proved.

    Where the search ends before ``budget_s``, which it does on lines of a few dozen tasks, the result is the same on every machine.

    Args:
        times_s: task to seconds, or any other unit.
        after: task to the tasks that come before it.
        cycle_s: in the same unit.
        budget_s: seconds by the clock.

    Raises:
        BadInput: a task is longer than the cycle, the order has a cycle, or a number cannot be used.
    """
    until_s = time.monotonic() + budget_s
    if not budget_s > 0:
        raise BadInput(f"budget_s is {budget_s}", alternatives=["more than 0"])
    names = list(times_s)
    numbers, before, capacity = _numbered(times_s, after, cycle_s)
    bound = _bound(numbers, capacity)
    best = _greedy(numbers, before, capacity)
    if len(best) > bound and len(names) > _FEW:
        from crewless.planner.blueprint.loads import fill_stations

        left = 0.0 if len(names) > _MANY else (1 - _FILLING) * budget_s
        found = fill_stations(numbers, before, capacity, bound, until_s - left)
        best = found if found is not None and len(found) < len(best) else best
    if len(best) > bound and time.monotonic() < until_s:
        from crewless.planner.blueprint.cabs import search_stations

        room = largest_fill(numbers, capacity)
        found, proved = search_stations(numbers, before, room, len(best), until_s - time.monotonic())
        best, bound = found if found is not None else best, max(bound, proved)
    return [[names[i] for i in tasks] for tasks in best], bound
