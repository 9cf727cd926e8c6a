import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest
from benchmarks.schedule_checker import check_fjsp, check_general, check_rcpsp

from crewless.core.errors import BadInput
from crewless.planner.schedule import Mode, Operation, Precedence, Problem, Resource, read_fjsp, read_rcpsp, schedule
from crewless.planner.schedule.cpsat import Solved, solve
from crewless.planner.schedule.general import from_order
from crewless.planner.schedule.list_schedule import fleet_schedule
from crewless.planner.schedule.windows import open_window

DATA = next(
    (up / "shared/data" for up in Path(__file__).resolve().parents if (up / "shared/data/psplib").is_dir()), None
)


def two(resource: Resource, *, energy: int = 0, heat: int = 0) -> Problem:
    mode = Mode(duration=3, demands=((0, 1),), energy=energy, heat=heat)
    operations = (Operation(modes=(mode,)), Operation(modes=(mode,), family=1 if resource.setup else 0))
    return Problem(operations=operations, resources=(resource,), precedences=(Precedence(before=0, after=1),))


@pytest.mark.parametrize(
    ("problem", "second"),
    [
        (two(Resource()), 3),
        (two(Resource(closed=((4, 9),))), 9),
        (two(Resource(setup=((0, 5), (5, 0)))), 8),
        (two(Resource(battery=5, charge_time=10), energy=4), 13),
        (two(Resource(heat_limit=6, cooling=2), heat=6), 6),
    ],
)
def test_second_operation_waits_for_what_binds(problem: Problem, second: int) -> None:
    told = schedule(problem, seed=1, iterations=5)
    assert told.starts == (0, second)
    assert told.lower_bound <= told.makespan == second + 3


def test_cycle_is_named() -> None:
    operation = Operation(modes=(Mode(duration=1),))
    with pytest.raises(BadInput, match="cycle"):
        Problem(
            operations=(operation, operation),
            resources=(),
            precedences=(Precedence(before=0, after=1), Precedence(before=1, after=0)),
        )


@pytest.mark.skipif(DATA is None, reason="the reference instances are not there")
def test_reference_instances_are_feasible_and_repeatable() -> None:
    assert DATA
    path = DATA / "psplib/J60_1.txt"
    told = schedule(read_rcpsp(path), seed=1, iterations=3)
    again = schedule(read_rcpsp(path), seed=1, iterations=3)
    assert told.starts == again.starts
    assert check_rcpsp(path, told.starts) == told.makespan >= 77
    path = DATA / "fjsp/9.txt"
    problem = read_fjsp(path)
    told = schedule(problem, seed=1, iterations=100)
    machines = [o.modes[m].demands[0][0] for o, m in zip(problem.operations, told.assignments, strict=True)]
    assert check_fjsp(path, told.starts, machines) == told.makespan == told.lower_bound == 307


@pytest.mark.parametrize(("dies", "expected"), [(99, (2, 1)), (2, (9, 0))])
def test_fleet_sends_the_near_robot_of_the_skill_that_lives_long_enough(dies: int, expected: tuple[int, int]) -> None:
    one = np.array([1], np.int64)
    zero = np.array([0], np.int64)
    robots = np.array([[0, 9], [0, 2], [0, 0]], np.int64)
    starts, chosen = fleet_schedule(
        one, one, np.array([[0, 0]], np.int64), one, np.array([0, 0], np.int64), np.array([], np.int64), zero.copy(),
        zero.copy(), np.array([1, 1, 0], np.int64), robots, np.zeros(3, np.int64), np.array([99, dies, 99]), 8,
    )  # fmt: skip
    assert (starts[0], chosen[0]) == expected


def test_the_solver_proves_what_can_be_counted_by_hand() -> None:
    # Three pieces of 2 on one machine, one of them may go elsewhere and take 5: 5, against 6 on the machine alone.
    twos = [Operation(modes=(Mode(duration=2, demands=((0, 1),)),)) for _ in range(2)]
    third = Operation(modes=(Mode(duration=2, demands=((0, 1),)), Mode(duration=5, demands=((1, 1),))))
    problem = Problem(operations=(*twos, third), resources=(Resource(), Resource()))
    solved = solve(problem, limit_s=10, repeatable=True)
    assert (solved.makespan, solved.lower_bound, solved.assignments[2]) == (5, 5, 1)
    assert solve(problem, limit_s=10, below=5, repeatable=True) == Solved(lower_bound=5)
    # Closed from 1 to 9, the machine begins at 9, and one of the two waits for the other.
    closed = Problem(operations=tuple(twos), resources=(Resource(closed=((1, 9),)),))
    assert solve(closed, limit_s=10, repeatable=True).makespan == 13


def mixed(seed: int) -> Problem:
    """Stations with closed windows, a crew of three, and robots that travel, charge and warm up, all at once."""
    source = random.Random(seed)
    travel = tuple(tuple(0 if a == b else source.randint(1, 6) for b in range(4)) for a in range(4))
    closed = ((10, 20), (15, 25), (60, 70))
    robot = Resource(setup=travel, battery=20, charge_time=9, heat_limit=15, cooling=2, closed=((30, 35),))
    resources = (Resource(closed=closed), Resource(closed=((0, 5),)), Resource(capacity=3, closed=closed), robot, robot)
    operations = []
    for _ in range(30):
        station, crew, duration = source.randint(0, 1), source.randint(0, 3), source.randint(0, 6)
        modes = tuple(
            Mode(
                duration=duration + k, demands=((station, 1), (2, crew), (3 + k, 1)), energy=source.randint(0, 12),
                heat=source.randint(0, 10),
            )
            for k in range(2)
        )  # fmt: skip
        operations.append(Operation(modes=modes, release=source.randint(0, 30), family=source.randint(0, 3)))
    after = {(source.randint(0, b - 1), b) for b in range(1, 30) for _ in range(2)}
    precedences = tuple(Precedence(before=a, after=b, lag=source.randint(0, 3)) for a, b in sorted(after)[::2])
    return Problem(operations=tuple(operations), resources=resources, precedences=precedences)


@pytest.mark.parametrize("seed", range(3))
def test_all_limits_at_once_are_kept_by_the_checkers_count(seed: int) -> None:
    problem = mixed(seed)
    told: list[int] = []
    found = schedule(problem, seed=seed, iterations=60, progress=lambda better: told.append(better.makespan))
    assert check_general(dataclasses.asdict(problem), found.starts, found.assignments) == found.makespan
    assert found.lower_bound <= found.makespan == told[-1]
    assert told == sorted(set(told), reverse=True)
    again = schedule(problem, seed=seed, iterations=60)
    assert (again.starts, again.assignments, again.lower_bound) == (found.starts, found.assignments, found.lower_bound)


@pytest.mark.parametrize(
    ("resource", "second", "message"),
    [
        (Resource(closed=((4, 9),)), 3, "closed"),
        (Resource(setup=((0, 5), (5, 0))), 7, "travel"),
        (Resource(battery=5, charge_time=10), 12, "battery"),
        (Resource(heat_limit=6, cooling=2), 5, "hot"),
        (Resource(), 2, "capacity|resource|early"),
    ],
)
def test_checker_sees_what_is_broken(resource: Resource, second: int, message: str) -> None:
    problem = dataclasses.asdict(
        two(resource, energy=4 if resource.battery else 0, heat=6 if resource.heat_limit else 0)
    )
    with pytest.raises(AssertionError, match=message):
        check_general(problem, (0, second), (0, 0))


def test_a_robot_that_waits_is_charged_meanwhile() -> None:
    robot = Resource(battery=5, charge_time=10)
    work = Mode(duration=3, demands=((0, 1),), energy=4)
    late = Operation(modes=(work,), release=50)
    problem = Problem(
        operations=(Operation(modes=(work,)), late), resources=(robot,), precedences=(Precedence(before=0, after=1),)
    )
    assert schedule(problem, iterations=3).starts == (0, 50)


def test_many_kinds_and_large_capacities_need_more_words() -> None:
    # Nine resources of up to 2**33 units; each of the two operations takes more than half of one of them.
    capacities = (*range(5, 13), 1 << 33)
    work = Mode(duration=2, demands=tuple((r, c // 2 + 1) for r, c in enumerate(capacities) if r == 8))
    problem = Problem(
        operations=(Operation(modes=(work,)),) * 2, resources=tuple(Resource(capacity=c) for c in capacities)
    )
    assert schedule(problem, iterations=2).makespan == 4


def test_a_window_is_solved_to_what_can_be_counted_by_hand() -> None:
    # One robot, two places that are 10 apart, two pieces of 2 at each: by place it walks once, 4 x 2 + 10 in all.
    robot = Resource(setup=((0, 10), (10, 0)), family=0)
    work = (Mode(duration=2, demands=((0, 1),)),)
    operations = tuple(Operation(modes=work, family=f) for f in (0, 1, 0, 1))
    problem = Problem(operations=operations, resources=(robot,))
    found = open_window(problem, (0, 12, 24, 36), (0, 0, 0, 0), {1, 2}, limit=1.0, seed=1)
    assert found.starts == (0, 24, 12, 26)  # nothing in it starts before the window opens
    best = open_window(problem, found.starts, found.modes, {0, 1, 2, 3}, limit=1.0, seed=1)
    assert max(best.starts) + 2 == 18
    assert open_window(problem, best.starts, best.modes, {0, 1, 2, 3}, limit=1.0, seed=1).proved


@pytest.mark.parametrize("seed", range(2))
def test_what_a_window_brings_is_shorter_and_feasible_by_the_checkers_count(seed: int) -> None:
    """Travel, calendars, a crew and robots that are sent when there is work; battery and heat a window does not know."""
    raw = mixed(seed)
    resources = tuple(
        dataclasses.replace(r, battery=0, heat_limit=0, sent_when_ready=True, family=seed % 4 if r.setup else -1)
        for r in raw.resources
    )
    operations = tuple(
        dataclasses.replace(o, modes=tuple(dataclasses.replace(m, duration=m.duration + 1) for m in o.modes))
        for o in raw.operations
    )
    problem = dataclasses.replace(raw, resources=resources, operations=operations)
    keys = [random.Random(seed).random() for _ in problem.operations]
    starts, modes = from_order(problem, [int(1000 * key) for key in keys])
    plain, better = dataclasses.asdict(problem), 0
    makespan = check_general(plain, starts, modes)
    order = sorted(range(30), key=lambda i: starts[i])
    for first in (0, 10, 20):
        edge = [starts[i] for i in order[first : first + 10]]
        free = {i for i in range(30) if edge[0] <= starts[i] <= edge[-1]}
        found = open_window(problem, starts, modes, free, limit=0.5, seed=1)
        if found.starts:
            better += 1
            assert check_general(plain, found.starts, found.modes) < makespan
    assert better
