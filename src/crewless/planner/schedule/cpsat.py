"""The whole problem as a constraint model for CP-SAT: bounds and proofs, and short schedules where the search is stuck.

What makes the model strong (measured: see dev/LOG.md) is added to the plain constraints: heads and tails as the domains of the
starts, a duration variable for operations with alternatives, the work of all machines as a cut, and the best schedule as a hint.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crewless.core.errors import BadInput, MissingTool
from crewless.planner.schedule.bounds import heads, lower_bound, tails
from crewless.planner.schedule.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Solved:
    """What the solver found.

    Attributes:
        starts: of each operation; empty when no schedule was found.
        assignments: index of the mode of each operation; empty as well.
        makespan: of that schedule; None when there is none.
        lower_bound: proved; no schedule is shorter.
    """

    starts: tuple[int, ...] = ()
    assignments: tuple[int, ...] = ()
    makespan: int | None = None
    lower_bound: int = 0


@contextlib.contextmanager
def stopped_after(solver: Any, limit_s: float) -> Iterator[None]:
    """End the search after processor seconds of this process: by the clock on the wall it would get less on a busy machine."""
    end_s = time.process_time() + limit_s
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            if time.process_time() >= end_s:
                solver.stop_search()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def can_model(problem: Problem) -> bool:
    """Whether the problem has only what the model knows: no set-up, battery or heat."""
    return not any(resource.is_robot for resource in problem.resources)


def solve(
    problem: Problem,
    *,
    limit_s: float,
    starts: Sequence[int] = (),
    assignments: Sequence[int] = (),
    below: int | None = None,
    seed: int = 0,
    repeatable: bool = False,
    core: bool = False,
) -> Solved:
    """Look for a schedule, and prove how short one can be, with one thread.

    Args:
        problem: for which :func:`can_model` holds.
        limit_s: processor seconds of this process.
        starts: of a known schedule, as a hint.
        assignments: modes of that schedule.
        below: only shorter makespans are of interest; when there is none, ``below`` is the lower bound.
        seed: of the solver.
        repeatable: ``limit_s`` counts the solver's own deterministic time, so that every run ends at the same place.
        core: raise the bound from below by unsatisfiable cores. Where operations have alternatives it proves in a second
            what the default search does not in ten; it finds next to no schedule on the way.

    Raises:
        BadInput: without ``below``: there is no schedule, because of a resource that is used up.
        MissingTool: OR-Tools is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ModuleNotFoundError as error:
        raise MissingTool("OR-Tools is not installed", alternatives=["make install", "pip install ortools"]) from error
    head, tail = heads(problem), tails(problem)
    longest = sum(max(mode.duration for mode in operation.modes) for operation in problem.operations)
    lags = sum(precedence.lag for precedence in problem.precedences)
    closed = max((until for resource in problem.resources for _, until in resource.closed), default=0)
    release = max((operation.release for operation in problem.operations), default=0)
    horizon = (max(closed, release) + longest + lags) if below is None else below - 1
    least = lower_bound(problem)
    if horizon < least:
        return Solved(lower_bound=horizon + 1)

    model = cp_model.CpModel()
    makespan = model.new_int_var(least, horizon, "makespan")
    begin, end, chosen = [], [], []
    at: list[list[tuple[object, int]]] = [[] for _ in problem.resources]
    work: list[list[tuple[object, int]]] = [[] for _ in problem.resources]
    taken: list[list[Any]] = [[] for _ in problem.resources]
    for i, operation in enumerate(problem.operations):
        start = model.new_int_var(head[i], max(head[i], horizon - tail[i]), f"start{i}")
        durations = sorted({mode.duration for mode in operation.modes})
        duration = model.new_int_var_from_domain(cp_model.Domain.from_values(durations), f"duration{i}")
        finish = model.new_int_var(head[i] + durations[0], horizon, f"end{i}")
        model.add(start + duration == finish)
        picks = [model.new_bool_var(f"mode{i}.{m}") for m in range(len(operation.modes))]
        model.add_exactly_one(picks)
        model.add(duration == sum(mode.duration * pick for mode, pick in zip(operation.modes, picks, strict=True)))
        for mode, pick in zip(operation.modes, picks, strict=True):
            for r, amount in mode.demands:
                if amount and problem.resources[r].used_up:
                    taken[r].append(pick * amount)
            if not mode.duration or not mode.demands:
                continue
            if len(picks) == 1:
                interval = model.new_fixed_size_interval_var(start, mode.duration, f"on{i}")
            else:
                interval = model.new_optional_fixed_size_interval_var(start, mode.duration, pick, f"on{i}")
            for r, amount in mode.demands:
                if amount and not problem.resources[r].used_up:
                    at[r].append((interval, amount))
                    work[r].append((pick, mode.duration * amount))
        model.add(makespan >= finish)
        # an alternative that is slow pushes the end of the path behind it as well
        model.add(makespan >= finish + tail[i] - durations[0])
        begin.append(start)
        end.append(finish)
        chosen.append(picks)
    for precedence in problem.precedences:
        model.add(begin[precedence.after] >= end[precedence.before] + precedence.lag)
    for r, resource in enumerate(problem.resources):
        if taken[r]:
            model.add(sum(taken[r]) <= resource.capacity)
        if not at[r]:
            continue
        for start, until in resource.closed:
            shut = model.new_fixed_size_interval_var(start, until - start, f"closed{r}")
            at[r].append((shut, resource.capacity))
        if resource.capacity == 1:
            model.add_no_overlap([interval for interval, _ in at[r]])  # pyright: ignore[reportArgumentType]
        else:
            model.add_cumulative([x for x, _ in at[r]], [a for _, a in at[r]], resource.capacity)  # pyright: ignore[reportArgumentType]
        model.add(resource.capacity * makespan >= sum(pick * energy for pick, energy in work[r]))  # pyright: ignore[reportOperatorIssue]
    model.minimize(makespan)
    for i, start in enumerate(starts):
        model.add_hint(begin[i], start)
        for m, pick in enumerate(chosen[i]):
            model.add_hint(pick, int(m == assignments[i]))

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.optimize_with_core = core
    if repeatable:
        solver.parameters.max_deterministic_time = limit_s
        status = solver.solve(model)
    else:
        with stopped_after(solver, limit_s):
            status = solver.solve(model)
    if status == cp_model.INFEASIBLE and below is None:
        raise BadInput("no choice of modes keeps within what may be used up")
    if status == cp_model.INFEASIBLE:
        return Solved(lower_bound=horizon + 1)
    bound = max(least, round(solver.best_objective_bound))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Solved(lower_bound=bound)
    return Solved(
        starts=tuple(solver.value(start) for start in begin),
        assignments=tuple(next(m for m, pick in enumerate(picks) if solver.value(pick)) for picks in chosen),
        makespan=int(solver.objective_value),
        lower_bound=bound,
    )
