from pathlib import Path

import numpy as np
import pytest
from benchmarks.schedule_checker import check_fjsp, check_rcpsp

from crewless.core.errors import BadInput
from crewless.planner.schedule import Mode, Operation, Precedence, Problem, Resource, read_fjsp, read_rcpsp, schedule
from crewless.planner.schedule.cpsat import Solved, solve
from crewless.planner.schedule.fleet import fleet_schedule

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
