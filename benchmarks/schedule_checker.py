"""The independent checker of schedules. It reads the instance's text itself and shares no code with the package."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any


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


def check_general(problem: dict[str, Any], starts: Sequence[int], assignments: Sequence[int]) -> int:
    """The makespan of a schedule of a problem given as plain data (``dataclasses.asdict``). Raises AssertionError.

    Calendars, set-up and travel, batteries and heat are followed robot by robot: full and cold at the start, charged when the
    pause before a piece of work is long enough for that and the way, cooler by every time unit of rest.
    """
    operations, resources = problem["operations"], problem["resources"]
    assert len(starts) == len(assignments) == len(operations)
    modes = [o["modes"][m] for o, m in zip(operations, assignments, strict=True)]
    ends = [s + m["duration"] for s, m in zip(starts, modes, strict=True)]
    for i, operation in enumerate(operations):
        assert starts[i] >= operation["release"], f"operation {i} starts before its release"
    ready = [operation["release"] for operation in operations]
    for p in problem["precedences"]:
        i, j = p["before"], p["after"]
        assert starts[j] >= ends[i] + p["lag"], f"{j} starts too early after {i}"
        ready[j] = max(ready[j], ends[i] + p["lag"])
    on: list[list[tuple[int, int, int, int]]] = [[] for _ in resources]
    for i, mode in enumerate(modes):
        for r, amount in mode["demands"]:
            if amount:
                on[r].append((starts[i], ends[i], amount, i))
    for r, resource in enumerate(resources):
        rows = sorted(on[r])
        for start, end, _, i in rows:
            for shut, opens in resource["closed"]:
                assert end <= shut or start >= opens, f"{i} runs on {r}, which is closed from {shut} to {opens}"
            used = sum(a for s, e, a, _ in rows if s <= start < e)
            assert used <= resource["capacity"], f"resource {r} at {start}: {used} of {resource['capacity']}"
        if not (resource["setup"] or resource["battery"] or resource["heat_limit"]):
            continue
        battery, heat, free, place = resource["battery"], 0, 0, resource["family"]
        for start, end, _, i in rows:
            family = operations[i]["family"]
            way = resource["setup"][place][family] if resource["setup"] and place >= 0 else 0
            pause = start - free
            assert pause >= way, f"{i} needs {way} of set-up or travel on {r} and has {pause}"
            late = start - ready[i] >= way or not resource["sent_when_ready"]
            assert late, f"{r} travels {way} to {i}, which is ready at {ready[i]} and starts at {start}"
            if pause >= way + resource["charge_time"]:
                battery = resource["battery"]
            battery -= modes[i]["energy"]
            assert not resource["battery"] or battery >= 0, f"{i} empties the battery of {r}"
            heat = max(0, heat - pause * resource["cooling"]) + modes[i]["heat"]
            assert not resource["heat_limit"] or heat <= resource["heat_limit"], f"{r} is too hot in {i}"
            free, place = end, family
    return max(ends, default=0)
