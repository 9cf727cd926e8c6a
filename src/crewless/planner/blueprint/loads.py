"""Station by station: of the loads that a station can get, the one that leaves the rest easiest.

The modified heuristic of Hoffmann in Sewell and Jacobson (2012), "A branch, bound and remember algorithm for the simple assembly
line balancing problem", INFORMS Journal on Computing 24(3), section 4: loads are enumerated up to a limit, and the one of the greatest
value is taken, forwards and backwards, for many weights of position, followers and number of tasks.
"""

import itertools
import time

import numba
import numpy as np
from numpy.typing import NDArray

_LOADS = (200, 4000)
"""Loads that are looked at for each station: a quick round for all weights first, then a thorough one."""
_WEIGHTS = sorted(
    itertools.product((0.0, 0.005, 0.01, 0.015, 0.02), (0.0, 0.005, 0.01, 0.015, 0.02), (0.0, 0.01, 0.02, 0.03)),
    key=lambda w: (w[0] * 7 + w[1] * 3 + w[2] * 11) * 1e4 % 13,
)
"""Of the positional weight, of the tasks that follow directly, off for each task; in an order that looks everywhere soon."""


def fill_stations(
    times: list[int], before: list[list[int]], capacity: int, enough: int, until_s: float
) -> list[list[int]] | None:
    """The fewest stations found, or None when the clock ran out before the first.

    Args:
        times: whole numbers, none over the capacity.
        before: predecessors of each task, by number.
        capacity: of a station.
        enough: stations that nobody can do without: the search ends there.
        until_s: of ``time.monotonic``.
    """
    after: list[list[int]] = [[] for _ in times]
    for task, ones in enumerate(before):
        for one in ones:
            after[one].append(task)
    load = np.array(times, np.int64)
    ways = [(*_rows(after), *_rows(before), False), (*_rows(before), *_rows(after), True)]
    share = 1000.0 * load / capacity
    position = [share + reach @ share for reach in _reaches(before, after)]
    best: list[list[int]] | None = None
    for limit, weights, (first, items, backs, _, turned) in itertools.product(_LOADS, _WEIGHTS, ways):
        if best is not None and (len(best) <= enough or time.monotonic() >= until_s):
            break
        follows = np.diff(first).astype(np.float64)
        value = share + weights[0] * position[int(turned)] + weights[1] * follows - weights[2]
        station = np.full(len(times), -1, np.int64)
        most = len(best) - 1 if best is not None else len(times)
        order = np.argsort(-value, kind="stable")
        count = _fill(load, first, items, np.diff(backs), value, order, capacity, limit, most, station)
        if count < 0:
            continue
        found: list[list[int]] = [[] for _ in range(count)]
        for task, at in enumerate(station.tolist()):
            found[count - 1 - at if turned else at].append(task)
        best = found
    return best


def _rows(lists: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each list begins, and all of them one after the other."""
    first = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return first, np.array([one for ones in lists for one in ones], np.int64)


def _reaches(before: list[list[int]], after: list[list[int]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a task comes after another, directly or not, and the same backwards. Shape: (tasks, tasks)."""
    count = len(before)
    reach = np.zeros((count, count), np.bool_)
    waits = [len(ones) for ones in before]
    order = [task for task in range(count) if not waits[task]]
    for task in order:
        for nxt in after[task]:
            waits[nxt] -= 1
            if not waits[nxt]:
                order.append(nxt)
    for task in reversed(order):
        for nxt in after[task]:
            reach[task, nxt] = True
            reach[task] |= reach[nxt]
    return reach, reach.T.copy()


@numba.njit(cache=True)
def _fill(
    load: NDArray[np.int64],
    first: NDArray[np.int64],
    items: NDArray[np.int64],
    waits: NDArray[np.int64],
    value: NDArray[np.float64],
    order: NDArray[np.int64],
    capacity: int,
    limit: int,
    most: int,
    station: NDArray[np.int64],
) -> int:
    """Fill station after station; each task's station is written. Returns how many there are, -1 when over ``most``."""
    count = len(load)
    waits = waits.copy()
    ready = np.empty(count, np.int64)
    stack, heights = np.empty(count, np.int64), np.empty(count, np.int64)
    chosen, picked = np.empty(count, np.int64), 0
    done, used = 0, 0
    while done < count:
        if used >= most:
            return -1
        # What may come next, the most valuable first.
        height = 0
        for task in order:
            if station[task] < 0 and waits[task] == 0:
                ready[height] = task
                height += 1
        room, worth, depth, at, loads, grown = capacity, 0.0, 0, 0, 0, True
        greatest = -np.inf
        picked = 0
        while True:
            while at < height and load[ready[at]] > room:
                at += 1
            if at < height:
                task = ready[at]
                stack[depth], heights[depth] = at, height
                depth += 1
                room -= load[task]
                worth += value[task]
                for k in range(first[task], first[task + 1]):
                    waits[items[k]] -= 1
                    if waits[items[k]] == 0:
                        ready[height] = items[k]
                        height += 1
                at += 1
                grown = True
                continue
            if grown:
                loads += 1
                grown = False
                if worth > greatest:
                    greatest, picked = worth, depth
                    for k in range(depth):
                        chosen[k] = ready[stack[k]]
            if depth == 0:
                break
            # Back, and on without the last one; past the limit all the way back.
            depth -= 1
            at, height = stack[depth], heights[depth]
            task = ready[at]
            room += load[task]
            worth -= value[task]
            for k in range(first[task], first[task + 1]):
                waits[items[k]] += 1
            at = at + 1 if loads < limit else height
        for k in range(picked):
            station[chosen[k]] = used
            for j in range(first[chosen[k]], first[chosen[k] + 1]):
                waits[items[j]] -= 1
        done += picked
        used += 1
    return used
