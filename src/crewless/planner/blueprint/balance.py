"""SALBP-1: assign tasks to an ordered row of stations, predecessors never later, no station over the cycle.

Bounds and the rule of ranked positional weight as in Scholl and Becker (2006), "State-of-the-art exact and heuristic
solution procedures for simple assembly line balancing", EJOR 168; the search is complete anytime beam search (CABS) over the
dynamic program of Kuroiwa and Beck (2023), "Domain-independent dynamic programming", with the three bounds in every state.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from crewless.core.errors import BadInput

_EPS = 1e-9
_BEAM = 4096
"""Widest beam: the search ends by itself, so that a result does not depend on how fast the machine is."""


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
                raise BadInput(f"{what}: {name!r} comes after {nxt!r}, which is not there", alternatives=sorted(after))
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
    the most pairs that fit are found by laying the largest to the smallest.
    """
    times = sorted(times_s, reverse=True)
    work = math.ceil(sum(times) / cycle_s - _EPS)
    half, third = cycle_s / 2, cycle_s / 3
    exact_half = sum(abs(t - half) <= _EPS for t in times)
    halves = sum(t > half + _EPS for t in times) + math.ceil(exact_half / 2)
    weight = 0.0
    for t in times:
        if t > 2 * third + _EPS:
            weight += 1
        elif abs(t - 2 * third) <= _EPS:
            weight += 2 / 3
        elif t > third + _EPS:
            weight += 1 / 2
        elif abs(t - third) <= _EPS:
            weight += 1 / 3
    return max(work, halves, math.ceil(weight - _EPS), _beside(times, cycle_s), _pairs(times, cycle_s), 1)


def _beside(times: list[float], cycle_s: float) -> int:
    """Tasks over half the cycle are alone among their like; what is not too small for the room beside them fills it and more."""
    most = 0
    for smallest in {t for t in times if t <= cycle_s / 2}:
        alone = sum(t > cycle_s - smallest + _EPS for t in times)
        large = [t for t in times if cycle_s / 2 + _EPS < t <= cycle_s - smallest + _EPS]
        rest = sum(t for t in times if smallest - _EPS <= t <= cycle_s / 2 + _EPS)
        over = rest - (len(large) * cycle_s - sum(large))
        most = max(most, alone + len(large) + max(0, math.ceil(over / cycle_s - _EPS)))
    return most


def _pairs(times: list[float], cycle_s: float) -> int:
    big = [t for t in times if t > cycle_s / 3 + _EPS]
    low, high, stations = 0, len(big) - 1, 0
    while low <= high:
        # The largest with the smallest; where that does not fit, nothing does.
        high -= low < high and big[low] + big[high] <= cycle_s + _EPS
        low += 1
        stations += 1
    return stations


def greedy(times_s: Mapping[str, float], after: Mapping[str, Sequence[str]], cycle_s: float) -> list[list[str]]:
    """Stations in order, by ranked positional weight (Helgeson and Birnie 1961): always feasible."""
    order = topological(after, "the tasks")
    follows: dict[str, set[str]] = {name: set() for name in order}
    for name in reversed(order):
        for before in after[name]:
            follows[before] |= {name} | follows[name]
    weight = {name: times_s[name] + sum(times_s[one] for one in follows[name]) for name in order}
    todo, done, stations = list(order), set(), [[]]
    left = cycle_s
    while todo:
        ready = [n for n in todo if times_s[n] <= left + _EPS and all(b in done for b in after[n])]
        if not ready:
            stations.append([])
            left = cycle_s
            continue
        best = max(ready, key=lambda n: (weight[n], n))
        stations[-1].append(best)
        left -= times_s[best]
        done.add(best)
        todo.remove(best)
    return stations


def balance(
    times_s: Mapping[str, float], after: Mapping[str, Sequence[str]], cycle_s: float
) -> tuple[list[list[str]], int]:
    """The fewest stations that could be found, and a lower bound; they are equal when it is proved.

    Deterministic. Raises BadInput when a task is longer than the cycle, or the order has a cycle.
    """
    for name, time in times_s.items():
        if time > cycle_s + _EPS:
            raise BadInput(f"task {name!r} takes {time:g} s, longer than the cycle of {cycle_s:g} s")
    stations = greedy(times_s, after, cycle_s)
    bound = lower_bound(list(times_s.values()), cycle_s)
    if len(stations) == bound:
        return stations, bound
    found, proved = _cabs(times_s, after, cycle_s)
    better = found if len(found) < len(stations) else stations
    return better, max(bound, min(proved, len(better)))


def _cabs(
    times_s: Mapping[str, float], after: Mapping[str, Sequence[str]], cycle_s: float
) -> tuple[list[list[str]], int]:
    """The stations that the search found, and its bound."""
    import didppy

    dp: Any = didppy  # Compiled, without types.

    names = list(times_s)
    index = {name: i for i, name in enumerate(names)}
    # Whole microseconds: sums of floats would make a full station seem too full.
    times = [math.ceil(times_s[name] * 1e6 - 1e-3) for name in names]
    cycle = math.floor(cycle_s * 1e6 + 1e-3)
    model = dp.Model()
    kind = model.add_object_type(number=len(names))
    todo = model.add_set_var(object_type=kind, target=range(len(names)))
    left = model.add_int_resource_var(target=0, less_is_better=False)
    time_table = model.add_int_table(times)
    for i, name in enumerate(names):
        before = model.create_set_const(object_type=kind, value=[index[one] for one in after[name]])
        model.add_transition(
            dp.Transition(
                name=name,
                cost=dp.IntExpr.state_cost(),
                effects=[(todo, todo.remove(i)), (left, left - times[i])],
                preconditions=[todo.contains(i), (todo & before).is_empty(), left >= times[i]],
            )
        )
    fits = [
        todo.contains(i) & (todo & model.create_set_const(object_type=kind, value=[index[o] for o in after[n]])).is_empty()
        & (left >= times[i])
        for i, n in enumerate(names)
    ]  # fmt: skip
    model.add_transition(
        dp.Transition(
            name="open a station",
            cost=1 + dp.IntExpr.state_cost(),
            effects=[(left, cycle)],
            preconditions=[~one for one in fits],
        ),
        forced=True,
    )
    model.add_base_case([todo.is_empty()])
    # LM1, LM2 and LM3 of what is left to do; the open station may take one more piece of the kind that is counted.
    model.add_dual_bound(math.ceil((time_table[todo] - left) / cycle))
    halves = model.add_int_table([2 * (2 * t > cycle) + (2 * t == cycle) for t in times])
    model.add_dual_bound((halves[todo] - (2 * left >= cycle).if_then_else(2, 0) + 1) // 2)
    thirds = model.add_int_table(
        [
            6 if 3 * t > 2 * cycle else 4 if 3 * t == 2 * cycle else 3 if 3 * t > cycle else 2 * (3 * t == cycle)
            for t in times
        ]
    )
    model.add_dual_bound((thirds[todo] - (3 * left >= cycle).if_then_else(6, 0) + 5) // 6)
    solution = dp.CABS(model, max_beam_size=_BEAM, quiet=True, threads=1).search()
    stations: list[list[str]] = []
    for transition in solution.transitions:
        if transition.name == "open a station":
            stations.append([])
        else:
            stations[-1].append(transition.name)
    return stations, len(stations) if solution.is_optimal else math.ceil(solution.best_bound or 0)
