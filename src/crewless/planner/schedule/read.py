"""Readers of the instance files that are usual: projects as PSPLIB's ``.sm`` and ``.mm`` or in Patterson's form (``.rcp``),
flexible job shops as ``.fjs`` or as a matrix. What a file is, is seen from its text; its name decides only between the two
kinds."""

import re
from collections.abc import Callable
from pathlib import Path

from crewless.core.errors import BadInput
from crewless.planner.schedule.problem import Mode, Operation, Precedence, Problem, Resource

_LARGEST_TIME = 10**9


def is_instance(path: Path) -> bool:
    """Whether the file's name is that of an instance."""
    return path.suffix.lower() in (*_KINDS, ".txt")


def read_instance(path: Path) -> Problem:
    """A project or a flexible job shop, by the name's ending; a ``.txt`` is a job shop when its first line is one number.

    Raises:
        BadInput: the file is missing, or is no such instance.
    """
    suffix = path.suffix.lower()
    if suffix in _KINDS:
        return _KINDS[suffix](path)
    if suffix == ".txt":
        first = next((line.split() for line in _text(path).splitlines() if line.strip()), [])
        return read_fjsp(path) if len(first) == 1 and first[0].isdigit() else read_rcpsp(path)
    raise BadInput(f"{path.name} has no known ending", alternatives=[*_KINDS, ".txt"])


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise BadInput(f"cannot read {path.name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not text") from None


def _whole(words: list[str], path: Path) -> list[int]:
    numbers = []
    for word in words:
        if not re.fullmatch(r"-?\d{1,18}", word):
            raise BadInput(f"{path.name} holds what is not a whole number: {word[:40]!r}")
        numbers.append(int(word))
    return numbers


def read_rcpsp(path: Path) -> Problem:
    """A project: PSPLIB's ``.sm`` (one mode) or ``.mm`` (several, with what is used up), or Patterson's form.

    Patterson: counts, capacities, then for each job duration, demands, number of successors, successors.

    Raises:
        BadInput: the file is missing, ends early, holds more than an instance, or is none.
    """
    text = _text(path)
    if "PRECEDENCE RELATIONS" in text.upper():
        return _psplib(text, path)
    numbers = _whole(text.split(), path)
    at = iter(numbers)
    try:
        count, kinds = next(at), next(at)
        resources = tuple(Resource(capacity=next(at)) for _ in range(kinds))
        operations, precedences = [], []
        for i in range(count):
            duration = next(at)
            amounts = [next(at) for _ in range(kinds)]
            precedences += [Precedence(before=i, after=next(at) - 1) for _ in range(next(at))]
            demands = tuple((r, amount) for r, amount in enumerate(amounts) if amount)
            operations.append(Operation(modes=(Mode(duration=duration, demands=demands),)))
    except (StopIteration, RuntimeError):
        raise BadInput(f"{path.name} ends early", alternatives=["a whole instance in Patterson's form"]) from None
    more = sum(1 for _ in at)
    if more:
        raise BadInput(f"{path.name} holds {more} numbers more than its {count} jobs need")
    return Problem(operations=tuple(operations), resources=resources, precedences=tuple(precedences))


def _psplib(text: str, path: Path) -> Problem:
    """Sections by their headings; a job's further modes are rows without the job's number."""

    def count_of(name: str, what: str) -> int:
        found = re.search(rf"^\s*{name}.*?:\s*(\d+)", text, re.MULTILINE | re.IGNORECASE)
        if not found:
            raise BadInput(f"{path.name} does not say how many {what} there are", alternatives=["a PSPLIB file"])
        return int(found[1])

    def rows_of(heading: str) -> list[list[int]]:
        found = re.search(rf"^\s*{heading}.*?$(.*?)(?=^\*{{5}}|\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
        if not found:
            raise BadInput(f"{path.name} has no section {heading!r}", alternatives=["a PSPLIB file"])
        lines = [line for line in found[1].splitlines() if re.match(r"\s*-?\d", line)]
        return [_whole(line.split(), path) for line in lines]

    jobs = count_of("jobs", "jobs")
    held, used_up = count_of("- renewable", "renewable resources"), count_of("- nonrenewable", "nonrenewable resources")
    if count_of("- doubly", "doubly constrained resources"):
        raise BadInput(f"{path.name} has doubly constrained resources, which are not read")
    kinds = held + used_up
    precedences: list[Precedence] = []
    modes_of: dict[int, int] = {}
    for row in rows_of("PRECEDENCE RELATIONS"):
        if len(row) < 3 or len(row) != 3 + row[2] or not 1 <= row[0] <= jobs or row[0] in modes_of:
            raise BadInput(f"{path.name}: precedence row {row} is none: job, modes, number of successors, successors")
        modes_of[row[0]] = row[1]
        precedences += [Precedence(before=row[0] - 1, after=one - 1) for one in row[3:]]
    modes: dict[int, list[Mode]] = {job: [] for job in range(1, jobs + 1)}
    capacity = [one for row in rows_of("RESOURCEAVAILABILITIES") for one in row]
    if len(capacity) != kinds:
        raise BadInput(f"{path.name} has {len(capacity)} availabilities", alternatives=[str(kinds)])
    job = 0
    for row in rows_of("REQUESTS/DURATIONS"):
        if len(row) == 3 + kinds:
            job, row = row[0], row[1:]
        if len(row) != 2 + kinds or job not in modes:
            raise BadInput(f"{path.name}: request row {row} of job {job} is none: mode, duration, {kinds} amounts")
        demands = tuple((r, amount) for r, amount in enumerate(row[2:]) if amount)
        modes[job].append(Mode(duration=row[1], demands=demands))
    for job, found in modes.items():
        if len(found) != modes_of.get(job):
            raise BadInput(f"{path.name}: job {job} has {len(found)} modes", alternatives=[str(modes_of.get(job))])
    resources = tuple(Resource(capacity=c, used_up=r >= held) for r, c in enumerate(capacity))
    operations = []
    for job, found in modes.items():
        # What needs more than there is can never be chosen.
        able = tuple(one for one in found if all(amount <= capacity[r] for r, amount in one.demands))
        if not able:
            raise BadInput(f"{path.name}: no mode of job {job} fits into what there is: {capacity}")
        operations.append(Operation(modes=able))
    return Problem(operations=tuple(operations), resources=resources, precedences=tuple(precedences))


def read_fjsp(path: Path) -> Problem:
    """A flexible job shop: ``.fjs`` as of Brandimarte and Fattahi, or the matrix form.

    ``.fjs``: a line with jobs, machines and, where it is told, machines per operation; then each job's number of operations, and
    for each operation how many machines can do it, and pairs of machine (from 1) and duration. Matrix: jobs, machines, operations
    per job, then a row of durations per operation (0: cannot). They differ in how many numbers the first line holds.

    Raises:
        BadInput: the file is missing, ends early, or is no such instance.
    """
    lines = [line.split() for line in _text(path).splitlines() if line.strip()]
    if not lines:
        raise BadInput(f"{path.name} is empty")
    if len(lines[0]) == 1:
        return _matrix([word for line in lines for word in line], path)
    jobs, machines = _whole(lines[0][:2], path)
    if jobs < 1 or machines < 1 or len(lines[0]) > 3:
        raise BadInput(f"{path.name} begins with {' '.join(lines[0])!r}", alternatives=["jobs, machines"])
    at = iter(_whole([word for line in lines[1:] for word in line], path))
    operations: list[Operation] = []
    precedences = []
    try:
        for job in range(1, jobs + 1):
            for k in range(1, next(at) + 1):
                where = f"{path.name}: job {job}, operation {k}"
                modes: dict[int, Mode] = {}
                for _ in range(next(at)):
                    machine, duration = next(at), next(at)
                    if not 1 <= machine <= machines:
                        raise BadInput(f"{where} names machine {machine}", alternatives=[f"1 to {machines}"])
                    if machine in modes or not 0 < duration <= _LARGEST_TIME:
                        raise BadInput(f"{where}: machine {machine} is listed twice, or takes {duration}")
                    modes[machine] = Mode(duration=duration, demands=((machine - 1, 1),))
                if not modes:
                    raise BadInput(f"{where} can be done by no machine")
                if k > 1:
                    precedences.append(Precedence(before=len(operations) - 1, after=len(operations)))
                operations.append(Operation(modes=tuple(modes[m] for m in sorted(modes))))
    except StopIteration:
        raise BadInput(f"{path.name} ends early", alternatives=[f"{jobs} jobs"]) from None
    more = sum(1 for _ in at)
    if more:
        raise BadInput(f"{path.name} holds {more} numbers more than its {jobs} jobs need")
    return Problem(operations=tuple(operations), resources=(Resource(),) * machines, precedences=tuple(precedences))


def _matrix(words: list[str], path: Path) -> Problem:
    numbers = _whole(words, path)
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


_KINDS: dict[str, Callable[[Path], Problem]] = {
    ".sm": read_rcpsp, ".mm": read_rcpsp, ".rcp": read_rcpsp, ".fjs": read_fjsp,
}  # fmt: skip
