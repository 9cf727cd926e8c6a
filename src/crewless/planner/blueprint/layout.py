"""A floor of square slots in double rows between aisles, and a local search that puts what exchanges much side by side.

Lines are laid along a path that winds through the free slots, so that every order of the lines is a feasible layout: the
search is over orders (swap and move), the cost is mass times rectilinear distance between the middles of lines (the quadratic
assignment form of Koopmans and Beckmann 1957).
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewless.core.errors import BadInput

Rect = tuple[float, float, float, float]
"""x, y, width, depth in metres."""


@dataclass(frozen=True, kw_only=True)
class SlotFloor:
    """Free slots in the order of the winding path."""

    width_m: float
    depth_m: float
    slot_m: float
    slots: tuple[tuple[float, float], ...]
    """South-west corners, metres."""
    runs: tuple[int, ...]
    """For each slot, which unbroken run it belongs to; a station does not stand across two."""
    aisles: tuple[Rect, ...]


def _overlap(a: Rect, b: Rect) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def make_floor(area_m2: float, slot_m: float, between: int, forbidden: Sequence[Rect] = ()) -> SlotFloor:
    """A square site: aisle, two rows of slots, aisle, and so on; a cross aisle after every ``between`` slots."""
    side = math.sqrt(area_m2)
    rows: list[float] = []
    aisles: list[Rect] = []
    y = 0.0
    while y + 3 * slot_m <= side:
        aisles.append((0.0, y, side, slot_m))
        rows.append(y + slot_m)
        # The second row only where an aisle still fits behind it: no slot without an aisle at its door.
        if y + 4 * slot_m <= side:
            rows.append(y + 2 * slot_m)
        y += 3 * slot_m
    if y + slot_m <= side:
        aisles.append((0.0, y, side, slot_m))
    columns: list[float] = []
    x = slot_m
    aisles.append((0.0, 0.0, slot_m, side))
    while x + slot_m <= side:
        if len(columns) and len(columns) % between == 0:
            aisles.append((x, 0.0, slot_m, side))
            x += slot_m
            if x + slot_m > side:
                break
        columns.append(x)
        x += slot_m
    slots: list[tuple[float, float]] = []
    runs: list[int] = []
    run = 0
    for number, row in enumerate(rows):
        run += 1
        last: float | None = None
        for column in columns if number % 2 == 0 else columns[::-1]:
            if any(_overlap((column, row, slot_m, slot_m), bad) for bad in forbidden):
                run += 1
                last = None
                continue
            if last is not None and abs(column - last) > slot_m * 1.01:
                run += 1
            slots.append((column, row))
            runs.append(run)
            last = column
    return SlotFloor(
        width_m=side, depth_m=side, slot_m=slot_m, slots=tuple(slots), runs=tuple(runs), aisles=tuple(aisles)
    )


def _place(
    floor: SlotFloor, order: Sequence[str], needs: Mapping[str, Sequence[int]]
) -> dict[str, list[list[int]]] | None:
    """Slots of each station of each line, or None when they do not fit."""
    taken: dict[str, list[list[int]]] = {}
    at = 0
    for line in order:
        taken[line] = []
        for count in needs[line]:
            while at + count <= len(floor.slots) and floor.runs[at] != floor.runs[at + count - 1]:
                at += 1
            if at + count > len(floor.slots):
                return None
            taken[line].append(list(range(at, at + count)))
            at += count
    return taken


def _middles(floor: SlotFloor, taken: Mapping[str, list[list[int]]]) -> dict[str, tuple[float, float]]:
    middles = {}
    for line, stations in taken.items():
        own = [floor.slots[s] for station in stations for s in station]
        middles[line] = (sum(x for x, _ in own) / len(own), sum(y for _, y in own) / len(own))
    return middles


def arrange(
    floor: SlotFloor,
    needs: Mapping[str, Sequence[int]],
    flow_tonne: Mapping[tuple[str, str], float],
    *,
    fixed_first: Sequence[str] = (),
    tries: int = 1500,
    seed: int = 0,
) -> tuple[dict[str, list[list[int]]], float, float]:
    """Slots for every station of every line.

    Args:
        floor: where.
        needs: line to the number of slots of each of its stations, in order.
        flow_tonne: (from, to) to tonnes a year.
        fixed_first: lines that keep their place at the beginning of the path (the gate).
        tries: moves that are tried.
        seed: of the search.

    Returns:
        Line to slots of each station; tonne-metres a year; the same before the search.

    Raises:
        BadInput: more slots are needed than there are.
    """
    free = [line for line in needs if line not in fixed_first]
    order = [*fixed_first, *free]
    best = _place(floor, order, needs)
    if best is None:
        raise BadInput(f"{sum(map(sum, needs.values()))} slots are needed, and the floor has {len(floor.slots)}")

    def cost(taken: Mapping[str, list[list[int]]]) -> float:
        at = _middles(floor, taken)
        return sum(f * (abs(at[a][0] - at[b][0]) + abs(at[a][1] - at[b][1])) for (a, b), f in flow_tonne.items())

    first = lowest = cost(best)
    source = random.Random(seed)
    held = len(fixed_first)
    for _ in range(tries if len(free) > 1 else 0):
        i, j = (source.randrange(held, len(order)) for _ in range(2))
        trial = list(order)
        if source.random() < 0.5:
            trial[i], trial[j] = trial[j], trial[i]
        else:
            trial.insert(j, trial.pop(i))
        taken = _place(floor, trial, needs)
        if taken is not None and (value := cost(taken)) < lowest:
            order, best, lowest = trial, taken, value
    return best, lowest, first
