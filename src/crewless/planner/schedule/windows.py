"""Large-neighbourhood search by CP-SAT: a window of the best schedule is opened, the rest keeps its order, the solver looks for a
shorter whole (partial-order schedules: Godard, Laborie, Nuijten 2005).

What starts before the window stays where it is. What starts in it is free in time, mode and order. What comes after keeps its
modes and its order on every resource, and slides. Set-up and travel of robots are modelled as circuits, one for each robot;
batteries and heat are not, so every answer is replayed by the list schedule, which knows all limits.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crewless.planner.schedule.bounds import heads, tails
from crewless.planner.schedule.general import flatten, list_schedule, value_of
from crewless.planner.schedule.problem import Problem
from crewless.planner.schedule.search import Search

FREE = (4, 60)
"""Operations of a window: the fewest, and the most. The first window has twice the fewest."""
LIMIT = 0.2
"""The solver's deterministic time for one window."""
PATIENCE = 200
"""Windows in a row that may bring nothing."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the solver made of a window.

    Attributes:
        starts, modes: of every operation; empty when nothing shorter was found.
        proved: there is nothing shorter in this window.
    """

    starts: tuple[int, ...] = ()
    modes: tuple[int, ...] = ()
    proved: bool = False


def open_window(
    problem: Problem, starts: Sequence[int], modes: Sequence[int], free: set[int], *, limit: float, seed: int,
    stop_s: float | None = None,
) -> Opened:  # fmt: skip
    """Look for a schedule shorter than this one, with the ``free`` operations loose.

    Args:
        problem: what is to be done.
        starts: of a feasible schedule.
        modes: of that schedule.
        free: indices; all operations that start in some window.
        limit: deterministic time of the solver.
        seed: of the solver.
        stop_s: processor seconds after which it ends in any case.
    """
    from ortools.sat.python import cp_model

    from crewless.planner.schedule.cpsat import stopped_after

    ops = problem.operations
    chosen = [operation.modes[m] for operation, m in zip(ops, modes, strict=True)]
    ends = [start + mode.duration for start, mode in zip(starts, chosen, strict=True)]
    horizon = max(ends) - 1
    opens = min(starts[i] for i in free)
    still = {i for i in range(len(ops)) if i not in free and starts[i] < opens}
    head, tail = heads(problem), tails(problem)
    model = cp_model.CpModel()
    makespan = model.new_int_var(0, horizon, "")
    begin: list[Any] = []
    finish: list[Any] = []
    picks: list[list[Any]] = []
    at: list[list[tuple[Any, int]]] = [[] for _ in problem.resources]
    on_robot: dict[int, list[tuple[int, Any]]] = {r: [] for r, one in enumerate(problem.resources) if one.setup}
    robots = {r for i in free for r, _ in chosen[i].demands if problem.resources[r].is_robot}
    for i, operation in enumerate(ops):
        if i in still:
            begin.append(starts[i])
            finish.append(ends[i])
            picks.append([])
            if ends[i] > horizon:
                return Opened(proved=True)
            for r, amount in chosen[i].demands:
                if r in on_robot:
                    on_robot[r].append((i, None))
                # What has ended before the window opens is in nobody's way.
                if amount and ends[i] > opens:
                    at[r].append((model.new_fixed_size_interval_var(starts[i], chosen[i].duration, ""), amount))
            continue
        shortest = min(mode.duration for mode in operation.modes)
        latest = horizon - tail[i] + shortest - (chosen[i].duration if i not in free else shortest)
        if latest < max(head[i], opens):
            return Opened(proved=True)
        start = model.new_int_var(max(head[i], opens), latest, "")
        options = [
            (m, mode) for m, mode in enumerate(operation.modes)
            if m == modes[i] or (i in free and all(r in robots or not problem.resources[r].is_robot for r, _ in mode.demands))
        ]  # fmt: skip
        if len(options) == 1:
            end = start + options[0][1].duration
            picks.append([])
        else:
            durations = sorted({mode.duration for _, mode in options})
            duration = model.new_int_var_from_domain(cp_model.Domain.from_values(durations), "")
            end = start + duration
            own = [model.new_bool_var("") for _ in operation.modes]
            shut = set(range(len(own))) - {m for m, _ in options}
            for m in shut:
                model.add(own[m] == 0)
            model.add_exactly_one(own)
            model.add(duration == sum(mode.duration * own[m] for m, mode in options))
            picks.append(own)
        for m, mode in options:
            here = picks[i][m] if picks[i] else None
            for r, amount in mode.demands:
                if r in on_robot:
                    on_robot[r].append((i, here))
                if not amount or not mode.duration:
                    continue
                if here is None:
                    interval = model.new_fixed_size_interval_var(start, mode.duration, "")
                else:
                    interval = model.new_optional_fixed_size_interval_var(start, mode.duration, here, "")
                at[r].append((interval, amount))
        begin.append(start)
        finish.append(end)
        model.add(makespan >= end + (tail[i] - shortest))
        model.add_hint(start, starts[i])
        for m, pick in enumerate(picks[i]):
            model.add_hint(pick, int(m == modes[i]))
    for p in problem.precedences:
        if p.after not in still:
            model.add(begin[p.after] >= finish[p.before] + p.lag)
    for before, after in _order_after(problem, starts, ends, chosen, free | still):
        model.add(begin[after] >= finish[before])
    for r, resource in enumerate(problem.resources):
        if not at[r]:
            continue
        for start, until in resource.closed:
            if until > opens:
                at[r].append((model.new_fixed_size_interval_var(start, until - start, ""), resource.capacity))
        if resource.capacity == 1:
            model.add_no_overlap([one for one, _ in at[r]])
        else:
            model.add_cumulative([one for one, _ in at[r]], [amount for _, amount in at[r]], resource.capacity)
    before_of: list[list[tuple[int, int]]] = [[] for _ in ops]
    for p in problem.precedences:
        before_of[p.after].append((p.before, p.lag))
    for r, visits in on_robot.items():
        _circuit(model, problem, r, visits, free, still, starts, begin, finish, before_of)
    model.minimize(makespan)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = limit
    if stop_s is None:
        status = solver.solve(model)
    else:
        with stopped_after(solver, stop_s):
            status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Opened(proved=status == cp_model.INFEASIBLE)
    return Opened(
        starts=tuple(one if isinstance(one, int) else solver.value(one) for one in begin),
        modes=tuple(
            next(m for m, pick in enumerate(own) if solver.value(pick)) if own else modes[i] for i, own in enumerate(picks)
        ),
    )  # fmt: skip


def _order_after(
    problem: Problem, starts: Sequence[int], ends: Sequence[int], chosen: Sequence[Any], left_out: set[int]
) -> set[tuple[int, int]]:
    """Pairs that keep the order of what is not left out: each unit of a resource is handed on from one to the next."""
    pairs: set[tuple[int, int]] = set()
    order = sorted((i for i in range(len(starts)) if i not in left_out), key=lambda i: (starts[i], ends[i], i))
    for r, resource in enumerate(problem.resources):
        # Who had it last, until when, how many units. From whom it comes matters little; the latest first spares links.
        held: list[tuple[int, int, int]] = [(0, -1, resource.capacity)]
        for i in order:
            amount = need = next((amount for k, amount in chosen[i].demands if k == r), 0)
            if not need or ends[i] == starts[i]:
                continue
            held.sort(reverse=True)
            kept: list[tuple[int, int, int]] = []
            for end, who, units in held:
                taken = min(need, units) if end <= starts[i] else 0
                if taken and who >= 0:
                    pairs.add((who, i))
                need -= taken
                if units > taken:
                    kept.append((end, who, units - taken))
            held = [*kept, (ends[i], i, amount)]
    return pairs


def _circuit(
    model: Any, problem: Problem, r: int, visits: list[tuple[int, Any]], free: set[int], still: set[int],
    starts: Sequence[int], begin: list[Any], finish: list[Any], before_of: list[list[tuple[int, int]]],
) -> None:  # fmt: skip
    """The robot's way: from the last place before the window, through what is free, to what comes after."""
    resource = problem.resources[r]
    table = resource.setup
    loose = [(i, here) for i, here in visits if i in free]
    past = [i for i, _ in visits if i in still]
    then = sorted((i for i, _ in visits if i not in free and i not in still), key=lambda i: starts[i])
    origin = max(past, key=lambda i: starts[i], default=-1)
    place = problem.operations[origin].family if origin >= 0 else resource.family
    if not loose and not then:
        return

    def follows(i: int, j: int, arc: Any) -> None:
        row = problem.operations[i].family if i >= 0 else place
        way = table[row][problem.operations[j].family] if row >= 0 else 0
        bounds = [begin[j] >= (finish[i] if i >= 0 else (finish[origin] if origin >= 0 else 0)) + way]
        if resource.sent_when_ready:
            bounds += [begin[j] >= finish[p] + lag + way for p, lag in before_of[j]]
            bounds.append(begin[j] >= problem.operations[j].release + way)
        for one in bounds:
            constraint = model.add(one)
            if arc is not None:
                constraint.only_enforce_if(arc)

    for i, j in itertools.pairwise(then):
        follows(i, j, None)
    if not loose:
        follows(-1, then[0], None)
        return
    # Node 0: the origin, and, at its end, what comes after; 1 and on: what is free.
    arcs: list[tuple[int, int, Any]] = []
    for a, (i, here) in enumerate(loose, 1):
        if here is not None:
            arcs.append((a, a, here.negated()))
        first, last = model.new_bool_var(""), model.new_bool_var("")
        arcs += [(0, a, first), (a, 0, last)]
        follows(-1, i, first)
        if then:
            follows(i, then[0], last)
        for b, (j, _) in enumerate(loose, 1):
            if a != b:
                arc = model.new_bool_var("")
                arcs.append((a, b, arc))
                follows(i, j, arc)
    idle = model.new_bool_var("")
    arcs.append((0, 0, idle))
    # Else what is free could go round without ever leaving from where the robot is.
    for _, here in loose:
        if here is None:
            model.add(idle == 0)
        else:
            model.add_implication(idle, here.negated())
    if then:
        follows(-1, then[0], idle)
    model.add_circuit(arcs)


def improve_windows(problem: Problem, search: Search, seed: int) -> None:
    """Open windows of the best schedule until the budget is spent, or so many have brought nothing.

    Windows grow when the solver exhausts them, and shrink when it does not.
    """
    flat = flatten(problem).arrays()
    random = np.random.default_rng(seed)
    count = len(problem.operations)
    size, fruitless = float(min(count, 2 * FREE[0])), 0
    made, picked = np.zeros(count, np.int64), np.zeros(count, np.int64)
    while search.makespan > search.bound and fruitless < PATIENCE and (left_s := search.window_s()) > 0.02:
        assert search.best is not None
        starts, modes = search.best
        order = sorted(range(count), key=lambda i: (starts[i], i))
        first = int(random.integers(0, max(1, count - int(size) + 1)))
        free = set(order[first : first + int(size)])
        # All that starts together is opened together, so that what is not free is before or after.
        edge = {starts[order[first]], starts[order[min(count, first + int(size)) - 1]]}
        free |= {i for i, start in enumerate(starts) if start in edge}
        found = open_window(
            problem, starts, modes, free, limit=LIMIT, seed=int(random.integers(1 << 30)),
            stop_s=None if search.iterations is not None else left_s,
        )  # fmt: skip
        search.windows += 1
        fruitless += 1
        if found.starts:
            value = value_of(
                list_schedule(
                    np.array(found.starts, np.float64), np.zeros(count, np.int64), flat, made, picked,
                    np.array(found.modes, np.int64),
                ), made,
            )  # fmt: skip
            if value >> 32 < search.makespan:
                search.found(made.tolist(), picked.tolist(), "windows", value)
                fruitless = 0
        elif found.proved:
            size = min(size * 1.1, float(min(count, FREE[1])))
        else:
            size = max(size * 0.9, float(min(count, FREE[0])))
