"""Complete anytime beam search (CABS) for the fewest stations, over the dynamic program of Kuroiwa and Beck (2023),
"Domain-independent dynamic programming: generic state space search for combinatorial optimization", ICAPS 33."""

import math
from typing import Any

_BEAM = 4096
"""Widest beam: the search ends by itself, so that where the time suffices a result does not depend on the machine."""


def search_stations(
    times: list[int], before: list[list[int]], capacity: int, most: int, limit_s: float
) -> tuple[list[list[int]] | None, int]:
    """Stations, fewer than ``most``, or None where none were found, and the bound that the search proved.

    The solver's integers have 32 bits, so that it reckons with floats here: these count exactly up to 2^53, and ``whole_numbers``
    keeps every sum under that.
    """
    import didppy

    dp: Any = didppy  # Compiled, without types.

    loads, room = [float(time) for time in times], float(capacity)
    model = dp.Model()
    kind = model.add_object_type(number=len(times))
    todo = model.add_set_var(object_type=kind, target=range(len(times)))
    left = model.add_float_resource_var(target=0.0, less_is_better=False)
    work = model.add_float_table(loads)
    fits = []
    for i, load in enumerate(loads):
        waits = todo & model.create_set_const(object_type=kind, value=before[i])
        conditions = [todo.contains(i), waits.is_empty(), left >= load]
        model.add_transition(
            dp.Transition(
                name=str(i),
                cost=dp.IntExpr.state_cost(),
                effects=[(todo, todo.remove(i)), (left, left - load)],
                preconditions=conditions,
            )
        )
        fits.append(conditions[0] & conditions[1] & conditions[2])
    model.add_transition(
        dp.Transition(
            name="open a station",
            cost=1 + dp.IntExpr.state_cost(),
            effects=[(left, room)],
            preconditions=[~one for one in fits],
        ),
        forced=True,
    )
    model.add_base_case([todo.is_empty()])
    # LM1, LM2 and LM3 of what is left to do; the open station may take one more piece of the kind that is counted. A quotient that
    # floats round down to a whole number makes the bound weaker and never false: it is over by one unit of 2^53 at least.
    model.add_dual_bound(math.ceil((work[todo] - left) / room))
    halves = model.add_int_table([2 * (2 * t > capacity) + (2 * t == capacity) for t in times])
    model.add_dual_bound((halves[todo] - (2 * left >= room).if_then_else(2, 0) + 1) // 2)
    thirds = model.add_int_table(
        [
            6 if 3 * t > 2 * capacity else 4 if 3 * t == 2 * capacity else 3 if 3 * t > capacity else 2 * (3 * t == capacity)
            for t in times
        ]
    )  # fmt: skip
    model.add_dual_bound((thirds[todo] - (3 * left >= room).if_then_else(6, 0) + 5) // 6)
    solver = dp.CABS(
        model, max_beam_size=_BEAM, primal_bound=most, time_limit=max(0.01, limit_s), quiet=True, threads=1
    )
    solution = solver.search()
    if solution.cost is None:
        return None, most if solution.is_infeasible else min(most, math.ceil(solution.best_bound or 0))
    stations: list[list[int]] = []
    for transition in solution.transitions:
        if transition.name == "open a station":
            stations.append([])
        else:
            stations[-1].append(int(transition.name))
    return stations, len(stations) if solution.is_optimal else min(len(stations), math.ceil(solution.best_bound or 0))
