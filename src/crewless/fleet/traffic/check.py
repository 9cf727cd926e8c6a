"""Judges motion from positions alone; shares no code with the planner that it judges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflicts:
    """What was wrong in one step; all zero when it was right."""

    vertex: int
    """Robots that share a cell with another."""
    swap: int
    """Pairs that drove through each other."""
    outside: int
    """Robots off the floor, or on a shelf."""
    illegal: int
    """Robots that moved other than one cell in the heading that they had, turned while driving or by more than a
    quarter, or drove against a one-way aisle."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.vertex + self.swap + self.outside + self.illegal


def check_step(
    free: NDArray[np.bool_], before: NDArray[np.int64], after: NDArray[np.int64], *,
    one_way: NDArray[np.int8] | None = None,
) -> Conflicts:  # fmt: skip
    """Compare two successive states.

    Args:
        free: where a robot may stand. Shape: (rows, columns).
        before: row, column, heading (0 east, 1 south, 2 west, 3 north) of each robot. Shape: (robots, 3).
        after: the same, one step later. Shape: (robots, 3).
        one_way: the heading of one-way cells, -1 elsewhere. Shape: (rows, columns).
    """
    rows, columns = free.shape
    inside = (after[:, 0] >= 0) & (after[:, 0] < rows) & (after[:, 1] >= 0) & (after[:, 1] < columns)
    on_floor = inside.copy()
    on_floor[inside] = free[after[inside, 0], after[inside, 1]]
    place = after[:, 0] * columns + after[:, 1]
    vertex = len(place) - len(np.unique(place))
    old = before[:, 0] * columns + before[:, 1]
    driven = old != place
    # A swap is an edge that was driven in both directions.
    there, back = old * rows * columns + place, place * rows * columns + old
    swap = len(np.intersect1d(there[driven], back[driven])) // 2
    ahead = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])[before[:, 2]]
    forward = (after[:, :2] - before[:, :2] == ahead).all(axis=1) & (after[:, 2] == before[:, 2])
    turned = ~driven & np.isin((after[:, 2] - before[:, 2]) % 4, (0, 1, 3))
    illegal = ~(forward | turned)
    if one_way is not None:
        wrong = (before[:, 2] + 2) % 4
        illegal |= driven & (one_way[before[:, 0], before[:, 1]] == wrong)
        illegal[inside] |= (driven & inside)[inside] & (one_way[after[inside, 0], after[inside, 1]] == wrong[inside])
    return Conflicts(vertex=vertex, swap=swap, outside=int((~on_floor).sum()), illegal=int(illegal.sum()))
