"""SALBP-1: assign tasks to an ordered row of stations, predecessors never later, no station over the cycle.

Bounds and the rule of ranked positional weight as in Scholl and Becker (2006), "State-of-the-art exact and heuristic
solution procedures for simple assembly line balancing", EJOR 168; the search is complete anytime beam search (CABS) over the
dynamic program of Kuroiwa and Beck (2023), "Domain-independent dynamic programming".
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
    """Stations that no balance can do without: the larger of three bounds.

    Total work (LM1), tasks over half the cycle (LM2), and thirds (LM3); precedence is relaxed.
    """
    work = math.ceil(sum(times_s) / cycle_s - _EPS)
    half, third = cycle_s / 2, cycle_s / 3
    big = sum(t > half + _EPS for t in times_s)
    exact_half = sum(abs(t - half) <= _EPS for t in times_s)
    halves = big + math.ceil(exact_half / 2)
    weight = 0.0
    for t in times_s:
        if t > 2 * third + _EPS:
            weight += 1
        elif abs(t - 2 * third) <= _EPS:
            weight += 2 / 3
        elif t > third + _EPS:
            weight += 1 / 2
        elif abs(t - third) <= _EPS:
            weight += 1 / 3
    return max(work, halves, math.ceil(weight - _EPS), 1)


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
    return better, len(better) if proved else bound


def _cabs(
    times_s: Mapping[str, float], after: Mapping[str, Sequence[str]], cycle_s: float
) -> tuple[list[list[str]], bool]:
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
    model.add_dual_bound(math.ceil((time_table[todo] - left) / cycle))
    solution = dp.CABS(model, max_beam_size=_BEAM, quiet=True, threads=1).search()
    stations: list[list[str]] = []
    for transition in solution.transitions:
        if transition.name == "open a station":
            stations.append([])
        else:
            stations[-1].append(transition.name)
    return stations, solution.is_optimal
