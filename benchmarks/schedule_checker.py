"""The independent checker of schedules. It reads the instance's text itself and shares no code with the package."""

import itertools
from collections.abc import Sequence
from pathlib import Path


def check_rcpsp(path: Path, starts: Sequence[int]) -> int:
    """The makespan of a schedule of a Patterson file. Raises AssertionError where it is not feasible."""
    words = [int(w) for w in path.read_text().split()]
    n, k = words[:2]
    capacity, at = words[2 : 2 + k], 2 + k
    rows = []
    for _ in range(n):
        successors = words[at + 1 + k]
        rows.append((words[at], words[at + 1 : at + 1 + k], words[at + 2 + k : at + 2 + k + successors]))
        at += 2 + k + successors
    assert len(starts) == n
    assert min(starts) >= 0
    end = [s + row[0] for s, row in zip(starts, rows, strict=True)]
    for i, (_, _, successors) in enumerate(rows):
        for j in successors:
            assert starts[j - 1] >= end[i], f"{j} starts before {i + 1} has ended"
    for t in set(starts):
        for r in range(k):
            used = sum(rows[i][1][r] for i in range(n) if starts[i] <= t < end[i])
            assert used <= capacity[r], f"resource {r} at {t}: {used} of {capacity[r]}"
    return max(end)


def check_fjsp(path: Path, starts: Sequence[int], machines: Sequence[int]) -> int:
    """The makespan of a schedule of a flexible job shop. Raises AssertionError where it is not feasible."""
    lines = [[int(w) for w in line.split()] for line in path.read_text().splitlines() if line.strip()]
    sizes, table = lines[2], lines[3:]
    assert len(starts) == len(machines) == len(table) == sum(sizes)
    assert min(starts) >= 0
    busy: dict[int, list[tuple[int, int]]] = {}
    i = latest = 0
    for size in sizes:
        free = 0
        for _ in range(size):
            duration = table[i][machines[i]]
            assert duration > 0, f"operation {i} cannot run on machine {machines[i]}"
            assert starts[i] >= free, f"operation {i} starts before its job is free"
            free = starts[i] + duration
            busy.setdefault(machines[i], []).append((starts[i], free))
            i += 1
        latest = max(latest, free)
    for machine, spans in busy.items():
        spans.sort()
        for (_, first), (second, _) in itertools.pairwise(spans):
            assert second >= first, f"machine {machine} does two things at {second}"
    return latest
