"""What the checker proves by itself of a line: how many stations its tasks cannot do without. It shares no code with the search.

Sizes are rounded down and the cycle is a billionth longer than stated, so that what is proved holds however the numbers were rounded.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

_WHOLE = 1 << 60
"""Units of a cycle."""
_SLACK = Fraction(1_000_000_001, 1_000_000_000)
_LOADS = 20_000
"""Loads that are tried for one proof: a second or so."""
_ROUNDS, _SIZES = 12, 60
"""Dual feasible functions that are tried, and small sizes that are left out one after the other."""


def proved_stations(
    times_s: Mapping[str, float], after: Mapping[str, Sequence[str]], cycle_s: float, stated: int
) -> int:
    """The most that could be proved, but no more than ``stated``: 1, unless the tasks need more.

    By dual feasible functions (Fekete and Schepers 2001, "New classes of fast lower bounds for bin packing problems", Mathematical
    Programming 91), then by trying every way to fill one station less (Hoffmann 1963), within a fixed number of loads.
    """
    scale = _WHOLE / (Fraction(cycle_s) * _SLACK)
    names = list(times_s)
    sizes = [int(Fraction(times_s[name]) * scale) for name in names]
    if any(size > _WHOLE for size in sizes):
        return 1
    proved = min(stated, _by_weights(sizes))
    number = {name: k for k, name in enumerate(names)}
    before = [sum(1 << number[a] for a in set(after[name]) & number.keys()) for name in names]
    while proved < stated and _impossible(sizes, before, proved):
        proved += 1
    return max(1, proved)


def _by_weights(sizes: Sequence[int]) -> int:
    """The largest of the bounds; each weighs tasks so that no set that fits into a station weighs more than one station."""
    least = sorted({size for size in sizes if 2 * size <= _WHOLE})
    smalls = [0, *least[:: max(1, len(least) // _SIZES)]]
    most = 1
    for small in smalls:
        # What leaves less room than the small ones need counts as a whole station, and the small ones as nothing.
        kept = [_WHOLE if size > _WHOLE - small else size for size in sizes if size >= small]
        most = max(most, -(-sum(kept) // _WHOLE))
        for k in range(1, _ROUNDS):
            total = 0  # in k-ths of a unit
            for size in kept:
                share, rest = divmod((k + 1) * size, _WHOLE)
                total += share * _WHOLE if rest else size * k
            most = max(most, -(-total // (k * _WHOLE)))
    return most


def _impossible(sizes: Sequence[int], before: Sequence[int], stations: int) -> bool:
    """Whether no way fills so many stations with all tasks; False also when the loads to be tried ran out."""
    everything = (1 << len(sizes)) - 1
    left_to_try = _LOADS
    seen: dict[int, int] = {}
    # What is done, the stations that are left for the rest, and the room that may stay empty in them.
    todo = [(0, stations, stations * _WHOLE - sum(sizes))]
    while todo:
        done, left, idle = todo.pop()
        if done == everything:
            return False
        if left == 0 or idle < 0 or seen.get(done, -1) >= left:
            continue
        seen[done] = left
        loads = [(done, _WHOLE)]
        tried: set[int] = set()
        while loads:
            now, room = loads.pop()
            grows = False
            for k, size in enumerate(sizes):
                bit = 1 << k
                if size <= room and not now & bit and before[k] & now == before[k]:
                    grows = True
                    if now | bit not in tried:
                        tried.add(now | bit)
                        loads.append((now | bit, room - size))
            left_to_try -= 1
            if left_to_try < 0:
                return False
            # A load to which something could be added does no better than the one with it.
            if not grows and room <= idle:
                todo.append((now, left - 1, idle - room))
    return True
