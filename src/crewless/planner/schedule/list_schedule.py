"""The event-driven list schedule of a large fleet, compiled: travel, one skill a robot, a graph of operations."""

import heapq

import numpy as np
from numba import njit


@njit(cache=True)
def fleet_schedule(
    duration, skill, place, tail, first, after, waiting, release, robot_skill, robot_place, robot_free, robot_end, looks
):
    """Ready operations by release time and then longest tail; each to the robot of its skill that ends it first.

    Only the ``looks`` robots of the skill that are free first are compared. Travel is the Manhattan distance, one cell a
    time unit. Shapes: duration, skill, tail, waiting, release (n,), place (n, 2), first (n + 1,); robot_* (robots,),
    robot_place (robots, 2). ``waiting`` counts the predecessors that are not done. A robot does nothing that would
    end after its ``robot_end``: it dies then.
    ``waiting``, ``release``, ``robot_place`` and ``robot_free`` are changed in place.

    Returns:
        starts and robots, shape (n,); robot -1: not scheduled, because its skill or its predecessors' is not there.
    """
    n = duration.shape[0]
    starts, robots = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    pools = [[(np.int64(0), np.int64(0))] for _ in range(skill.max() + 1)]
    for pool in pools:
        pool.clear()
    for r in range(robot_skill.shape[0]):
        if robot_free[r] < robot_end[r] and robot_skill[r] < len(pools):
            heapq.heappush(pools[robot_skill[r]], (robot_free[r], np.int64(r)))
    ready = [(np.int64(0), np.int64(0), np.int64(0))]
    ready.clear()
    for i in range(n):
        if waiting[i] == 0:
            heapq.heappush(ready, (release[i], -tail[i], np.int64(i)))
    kept = [(np.int64(0), np.int64(0))]
    while len(ready):
        _, _, i = heapq.heappop(ready)
        pool = pools[skill[i]]
        kept.clear()
        best, start, seen = -1, np.int64(1 << 60), 0
        while seen < looks and len(pool):
            if pool[0][0] >= start:
                break
            free, r = heapq.heappop(pool)
            kept.append((free, r))
            travel = abs(robot_place[r, 0] - place[i, 0]) + abs(robot_place[r, 1] - place[i, 1])
            at = max(free + travel, release[i])
            if at + duration[i] > robot_end[r]:
                continue
            seen += 1
            if at < start:
                best, start = r, at
        for free, r in kept:
            if r != best:
                heapq.heappush(pool, (free, r))
        if best < 0:
            continue
        end = start + duration[i]
        starts[i], robots[i] = start, best
        robot_free[best] = end
        robot_place[best] = place[i]
        heapq.heappush(pool, (end, best))
        for e in range(first[i], first[i + 1]):
            s = after[e]
            release[s] = max(release[s], end)
            waiting[s] -= 1
            if waiting[s] == 0:
                heapq.heappush(ready, (release[s], -tail[s], s))
    return starts, robots
