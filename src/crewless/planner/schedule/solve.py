"""The one entry: a problem in, the best feasible schedule that the budget buys out, with a bound."""

import time

import numpy as np

from crewless.core.errors import BadInput
from crewless.planner.schedule.bounds import lower_bound, order_of, pooled, rows_of, tails
from crewless.planner.schedule.cpsat import can_model, solve
from crewless.planner.schedule.general import from_order, improve_general
from crewless.planner.schedule.problem import Problem, Schedule
from crewless.planner.schedule.search import Progress, Search
from crewless.planner.schedule.windows import improve_windows

GENETIC_STALE, TABU_STALE, GENERAL_STALE = 0.5, 0.2, 0.4
"""A search that has found nothing for this share of the budget leaves the rest to CP-SAT, which proves more than it finds."""
MODEL_MODES = 10_000
"""With more modes of all operations the solver does not get anywhere in the time that is usual here."""
SMALL, SMALL_SHARE = 32, 0.2
"""Operations; so few the solver may have proved before the searches are compiled, so it begins, with this share of the budget."""
WINDOWS_REACH = 300
"""Operations; with more the model of a window costs more than it brings."""


def schedule(
    problem: Problem,
    *,
    budget_s: float = 10.0,
    seed: int = 0,
    iterations: int | None = None,
    progress: Progress | None = None,
) -> Schedule:
    """The best schedule found in ``budget_s`` processor seconds (``time.process_time``) of one core.

    Args:
        problem: what is to be done.
        budget_s: processor seconds of the whole call, compilation of a first call included.
        seed: with ``iterations`` it fixes the result; with the clock alone a faster machine gets further.
        iterations: rounds of the search instead of the clock.
        progress: called with each better schedule.

    Raises:
        BadInput: a budget that is not positive; or, where a resource is used up, no schedule was found.
    """
    if budget_s <= 0:
        raise BadInput(f"budget_s is {budget_s}", alternatives=["more than 0"])
    if not problem.operations:
        return Schedule(starts=(), assignments=(), makespan=0, lower_bound=0, method="empty")
    began = time.process_time()
    bound = lower_bound(problem if can_model(problem) else pooled(problem))
    search = Search(problem, began, budget_s, iterations, bound, progress)
    if any(r.used_up for r in problem.resources):
        _by_solver(search, seed)
        assert search.best is not None
        return search.schedule(search.best[0], search.best[1], search.method)
    if len(problem.operations) <= SMALL and iterations is None and can_model(problem):
        _small(search, seed)
        if search.makespan <= search.bound:
            assert search.best is not None
            return search.schedule(search.best[0], search.best[1], search.method)
    plain = not any(r.closed or r.is_robot for r in problem.resources) and not any(
        o.release for o in problem.operations
    )
    if plain and all(len(o.modes) == 1 for o in problem.operations):
        search.stale_share = GENETIC_STALE
        _genetic(problem, search, seed)
    elif plain and _is_flexible_job_shop(problem):
        search.stale_share = TABU_STALE
        _tabu(problem, search, seed)
    else:
        search.stale_share = GENERAL_STALE
        improve_general(problem, search, seed)
    assert search.best is not None
    _prove(search, seed)
    return search.schedule(search.best[0], search.best[1], search.method)


def _by_solver(search: Search, seed: int) -> None:
    """Where something is used up, even one schedule is hard to find: the searches know nothing of that, the solver does."""
    if not can_model(search.problem):
        raise BadInput("a resource that is used up goes with no set-up, battery or heat")
    counted = search.iterations is not None
    solved = solve(search.problem, limit_s=search.left_s() or search.budget_s, seed=seed, repeatable=counted)
    search.bound = max(search.bound, solved.lower_bound)
    if solved.makespan is None:
        raise BadInput(f"no schedule was found in {search.budget_s:g} s", alternatives=["a larger budget"])
    search.found(list(solved.starts), list(solved.assignments), "cp-sat")


def _small(search: Search, seed: int) -> None:
    solved = solve(search.problem, limit_s=SMALL_SHARE * search.budget_s, seed=seed)
    search.bound = max(search.bound, solved.lower_bound)
    if solved.makespan is not None:
        search.found(list(solved.starts), list(solved.assignments), "cp-sat")


def _prove(search: Search, seed: int) -> None:
    """Spend what is left on a shorter schedule, or on the proof that there is none."""
    assert search.best is not None
    if not can_model(search.problem):
        _bound_of_the_pool(search, seed)
        # Only what the genetic search leaves: it finds more than windows as long as it finds anything (see dev/LOG.md).
        if len(search.problem.operations) <= WINDOWS_REACH:
            improve_windows(search.problem, search, seed)
        return
    if sum(len(o.modes) for o in search.problem.operations) > MODEL_MODES:
        return
    # Alternatives make bounds from cores strong; then the other way of searching gets what is left.
    alternatives = any(len(o.modes) > 1 for o in search.problem.operations)
    for core in (True, False) if alternatives else (False,):
        left_s = search.left_s()
        if search.makespan <= search.bound or not left_s:
            return
        starts, modes = search.best
        solved = solve(
            search.problem, limit_s=left_s / 2 if core else left_s, starts=starts, assignments=modes,
            below=search.makespan, seed=seed, repeatable=search.iterations is not None, core=core,
        )  # fmt: skip
        search.bound = max(search.bound, solved.lower_bound)
        if solved.makespan is not None:
            search.found(list(solved.starts), list(solved.assignments), "cp-sat")


def _bound_of_the_pool(search: Search, seed: int) -> None:
    """A bound from the problem without set-up, battery and heat; the order that solves it may be a good one as well."""
    relaxed = pooled(search.problem)
    left_s = search.left_s()
    modes = sum(len(o.modes) for o in relaxed.operations)
    if search.makespan <= search.bound or modes > MODEL_MODES or not left_s:
        return
    solved = solve(
        relaxed, limit_s=left_s if search.iterations is not None else left_s / 2, below=search.makespan, seed=seed, repeatable=search.iterations is not None
    )  # fmt: skip
    search.bound = max(search.bound, solved.lower_bound)
    if solved.makespan is not None:
        starts, chosen = from_order(search.problem, list(solved.starts))
        search.found(starts, chosen, "cp-sat")


def _genetic(problem: Problem, search: Search, seed: int) -> None:
    from crewless.planner.schedule.genetic import evolve, pack, start_population

    count = len(problem.operations)
    duration = np.array([o.modes[0].duration for o in problem.operations], np.int64)
    demand = np.zeros((count, len(problem.resources)), np.int64)
    for i, operation in enumerate(problem.operations):
        for r, amount in operation.modes[0].demands:
            demand[i, r] = amount
    packed = pack(np.array([r.capacity for r in problem.resources], np.int64), demand)
    horizon = int(duration.sum() + sum(p.lag for p in problem.precedences)) + 1
    free = np.repeat(packed.full[None, :], horizon, axis=0)
    ranked = np.array(order_of(problem)[0], np.int64)
    fixed = (
        rows_of(problem),
        rows_of(problem, back=True),
        ranked,
        duration,
        packed.need,
        packed.guard,
        packed.full,
        free,
    )
    fixed = (*fixed, np.array(tails(problem), np.int64))
    modes = [0] * count
    # A population has got to its end after some 250 children of each of its lists, one child of 120 operations takes 40 us:
    # as large, then, as the budget can bring to its end.
    children = 500 * search.iterations if search.iterations is not None else search.budget_s / (3.3e-7 * count)
    size = int(min(20_000, max(60, children / 250)))
    rounds = 0
    while True:
        population, values = np.zeros((size, count), np.int64), np.zeros(size, np.int64)
        placed, best = np.zeros_like(population), np.zeros(count, np.int64)
        least = start_population(seed * 1009 + rounds, *fixed, population, placed, values, best)
        search.found(best.tolist(), modes, "genetic")
        stale = 0
        # A population whose best has not moved for a long time has converged: the next starts anew.
        while stale < 150 * size:
            if not search.goes_on():
                return
            rounds += 1
            before = least
            least = evolve(
                seed * 1009 + rounds, 500, *fixed, population, placed, values, best, least, search.bound
            )  # fmt: skip
            stale = 0 if least < before else stale + 500
            search.found(best.tolist(), modes, "genetic")


def _is_flexible_job_shop(problem: Problem) -> bool:
    before, after = set(), set()
    for p in problem.precedences:
        if p.lag or p.before in before or p.after in after:
            return False
        before.add(p.before)
        after.add(p.after)
    return (
        all(r.capacity == 1 for r in problem.resources)
        and all(
            len(m.demands) == 1 and m.demands[0][1] == 1 and m.duration > 0 for o in problem.operations for m in o.modes
        )
        and all(len({m.demands[0][0] for m in o.modes}) == len(o.modes) for o in problem.operations)
    )


def _tabu(problem: Problem, search: Search, seed: int) -> None:
    from crewless.planner.schedule.tabu import greedy, tabu_search

    count, machines = len(problem.operations), len(problem.resources)
    table = np.zeros((count, machines), np.int64)
    for i, operation in enumerate(problem.operations):
        for mode in operation.modes:
            table[i, mode.demands[0][0]] = mode.duration
    index = [{mode.demands[0][0]: k for k, mode in enumerate(o.modes)} for o in problem.operations]
    before, after = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    for p in problem.precedences:
        before[p.after], after[p.before] = p.before, p.after
    tail = np.array(tails(problem), np.float64)
    random = np.random.default_rng(seed)
    rounds = 0
    while True:
        machine, previous, following = (np.full(count, -1, np.int64) for _ in range(3))
        first = np.full(machines, -1, np.int64)
        weight = 0.0 if rounds == 0 else random.uniform(0, 1)
        greedy(table, before, after, -weight * tail, machine, previous, following, first)
        tabu = np.zeros((count, machines), np.int64)
        starts, on = np.zeros(count, np.int64), machine.copy()
        least, clock, stale = np.int64(1 << 60), 0, 0
        while stale < 200:
            # The greedy schedule is kept whatever the clock says: there is always a feasible one.
            if not search.goes_on() and search.best is not None:
                return
            rounds += 1
            old = least
            least = tabu_search(
                seed * 1009 + rounds, 100, table, before, after, machine, previous, following, first, tabu, clock,
                starts, on, least, search.bound,
            )  # fmt: skip
            clock += 100
            stale = 0 if least < old else stale + 1
            search.found(starts.tolist(), [index[i][int(m)] for i, m in enumerate(on)], "tabu")
