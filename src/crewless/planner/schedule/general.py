"""Every form of the model at once: calendars, set-up and travel, batteries, heat, modes, lags. A list schedule whose
order is improved by random-key local search."""

from typing import TYPE_CHECKING

import numpy as np

from crewless.planner.schedule.bounds import order_of, tails
from crewless.planner.schedule.problem import Mode, Problem

if TYPE_CHECKING:
    from crewless.planner.schedule.solve import _Run


class _Robot:
    """What a robot's past decides of its future."""

    __slots__ = ("battery", "family", "free", "heat")

    def __init__(self, battery: int) -> None:
        self.free, self.family, self.battery, self.heat = 0, -1, battery, 0


def list_schedule(problem: Problem, keys: list[float]) -> tuple[list[int], list[int]]:
    """Starts and modes: the ready operation with the least key first, in the mode that ends first."""
    order, before = order_of(problem)
    after: list[list[int]] = [[] for _ in problem.operations]
    for i, row in enumerate(before):
        for p, _ in row:
            after[p].append(i)
    waiting = [len(row) for row in before]
    ready = [i for i in order if not waiting[i]]
    starts, modes = [0] * len(order), [0] * len(order)
    robots = [_Robot(r.battery) for r in problem.resources]
    busy: list[list[tuple[int, int, int]]] = [[(a, b, r.capacity) for a, b in r.closed] for r in problem.resources]
    while ready:
        i = min(ready, key=lambda j: (keys[j], j))
        ready.remove(i)
        operation = problem.operations[i]
        earliest = operation.release
        for p, lag in before[i]:
            earliest = max(earliest, starts[p] + problem.operations[p].modes[modes[p]].duration + lag)
        at = [_earliest(problem, mode, operation.family, earliest, robots, busy) for mode in operation.modes]
        k = min(range(len(at)), key=lambda m: at[m] + operation.modes[m].duration)
        mode, start = operation.modes[k], at[k]
        starts[i], modes[i] = start, k
        for r, amount in mode.demands:
            _hold(problem, r, mode, operation.family, start, robots[r])
            busy[r].append((start, start + mode.duration, amount))
        for s in after[i]:
            waiting[s] -= 1
            if not waiting[s]:
                ready.append(s)
    return starts, modes


def _earliest(
    problem: Problem, mode: Mode, family: int, t: int, robots: list[_Robot], busy: list[list[tuple[int, int, int]]]
) -> int:
    for r, _ in mode.demands:
        resource, robot = problem.resources[r], robots[r]
        if not resource.is_robot:
            continue
        wait = robot.free
        if resource.battery and robot.battery < mode.energy:
            wait += resource.charge_time
        if resource.setup and robot.family >= 0:
            wait += resource.setup[robot.family][family]
        if resource.heat_limit:
            excess = robot.heat + mode.heat - resource.heat_limit
            wait = max(wait, robot.free + -(-excess // resource.cooling))
        t = max(t, wait)
    moved = True
    while moved:
        moved = False
        for r, amount in mode.demands:
            spans = [s for s in busy[r] if s[0] < t + max(1, mode.duration) and s[1] > t]
            # Use rises only at starts, so these are the only instants to look at.
            for instant in sorted({t, *(s[0] for s in spans if s[0] > t)}):
                running = [s for s in spans if s[0] <= instant < s[1]]
                if sum(s[2] for s in running) + amount > problem.resources[r].capacity:
                    t = min(s[1] for s in running if s[1] > t)
                    moved = True
                    break
            if moved:
                break
    return t


def _hold(problem: Problem, r: int, mode: Mode, family: int, start: int, robot: _Robot) -> None:
    resource = problem.resources[r]
    if resource.battery:
        robot.battery = (resource.battery if robot.battery < mode.energy else robot.battery) - mode.energy
    # Heat is booked as a whole at the start, and is lost only between operations: on the safe side.
    robot.heat = max(0, robot.heat - (start - robot.free) * resource.cooling) + mode.heat
    robot.free, robot.family = start + mode.duration, family


def improve_general(problem: Problem, run: "_Run", seed: int) -> None:
    """Longest tail first, then keys that are shaken around the best."""
    random = np.random.default_rng(seed)
    best = -np.array(tails(problem), np.float64)
    spread = float(np.ptp(best)) + 1
    starts, modes = list_schedule(problem, best.tolist())
    run.found(starts, modes, "list")
    value = run.makespan
    while run.goes_on():
        shaken = random.random(len(best)) < max(0.1, 2 / len(best))
        keys = np.where(shaken, best + random.normal(0, spread / 2, len(best)), best)
        starts, modes = list_schedule(problem, keys.tolist())
        run.found(starts, modes, "list search")
        told = max(s + o.modes[m].duration for s, o, m in zip(starts, problem.operations, modes, strict=True))
        if told <= value:
            best, value = keys, told
