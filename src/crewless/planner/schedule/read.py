"""Readers of reference instances: Patterson's RCPSP text and the matrix form of flexible job shops."""

from pathlib import Path

from crewless.core.errors import BadInput
from crewless.planner.schedule.problem import Mode, Operation, Precedence, Problem, Resource


def _numbers(path: Path) -> list[int]:
    try:
        return [int(word) for word in path.read_text().split()]
    except OSError as error:
        raise BadInput(f"cannot read {path.name}: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{path.name} contains something that is not an integer: {error}") from None


def read_rcpsp(path: Path) -> Problem:
    """A single-mode instance in Patterson's form: counts, capacities, then a line of duration, demands, successors.

    Raises:
        BadInput: the file is missing, ends early, or is no such instance.
    """
    numbers = iter(_numbers(path))
    try:
        count, kinds = next(numbers), next(numbers)
        resources = tuple(Resource(capacity=next(numbers)) for _ in range(kinds))
        operations, precedences = [], []
        for i in range(count):
            duration = next(numbers)
            amounts = [next(numbers) for _ in range(kinds)]
            precedences += [Precedence(before=i, after=next(numbers) - 1) for _ in range(next(numbers))]
            demands = tuple((r, amount) for r, amount in enumerate(amounts) if amount)
            operations.append(Operation(modes=(Mode(duration=duration, demands=demands),)))
    except (StopIteration, RuntimeError):
        raise BadInput(f"{path.name} ends early", alternatives=["a whole instance in Patterson's form"]) from None
    return Problem(operations=tuple(operations), resources=resources, precedences=tuple(precedences))


def read_fjsp(path: Path) -> Problem:
    """A flexible job shop: jobs, machines, operations per job, then a row of durations per operation (0: cannot).

    Raises:
        BadInput: the file is missing, ends early, or is no such instance.
    """
    numbers = _numbers(path)
    jobs, machines = (numbers + [0, 0])[:2]
    sizes = numbers[2 : 2 + jobs]
    rows = numbers[2 + jobs :]
    if jobs < 1 or machines < 1 or len(sizes) < jobs or len(rows) != sum(sizes) * machines:
        raise BadInput(f"{path.name} has {len(rows)} durations", alternatives=[f"{sum(sizes) * machines}"])
    operations, precedences = [], []
    for size in sizes:
        for k in range(size):
            i = len(operations)
            row = rows[i * machines : (i + 1) * machines]
            modes = tuple(Mode(duration=d, demands=((m, 1),)) for m, d in enumerate(row) if d)
            operations.append(Operation(modes=modes))
            if k:
                precedences.append(Precedence(before=i - 1, after=i))
    return Problem(operations=tuple(operations), resources=(Resource(),) * machines, precedences=tuple(precedences))
