"""The control's map of a floor on which robots navigate freely: it knows places, closed cells and true distances, and leaves
the way between two places to the robots."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from crewless.fleet.traffic.aisles import Aisles, closed_floor
from crewless.fleet.traffic.grid import FAR, distances


class FreeRoadmap:
    """Stands where :class:`crewless.fleet.control.roadmap.LineRoadmap` stands for robots that follow lines.

    Nodes are the stations by name, ``charger N``, and every cell as ``cell N``. A station's node lies in the first of its bays
    that is open; a robot may use any of them.
    """

    def __init__(self, aisles: Aisles, chargers: Sequence[int] = ()) -> None:
        self.aisles = aisles
        self.half_m = aisles.cell_m / 2
        self._bays: dict[str, tuple[int, ...]] = dict(aisles.bays)
        self._bays |= {f"charger {number + 1}": (cell,) for number, cell in enumerate(chargers)}
        self._cells = {f"cell {cell}": cell for cell in range(len(aisles.place))}
        self.chargers = [f"charger {number + 1}" for number in range(len(chargers))]
        self.closed: set[str] = set()
        self.nodes: dict[str, tuple[float, float]] = {name: aisles.middle(cell) for name, cell in self._cells.items()}
        self._refresh()

    def close(self, nodes: Iterable[str]) -> None:
        """Nobody may be sent through these."""
        self.closed |= set(nodes)
        self._refresh()

    def open(self, nodes: Iterable[str]) -> None:
        """The reverse."""
        self.closed -= set(nodes)
        self._refresh()

    def nearest(self, x_m: float, y_m: float) -> str:
        """The cell at a place."""
        return f"cell {self.aisles.cell_at(x_m, y_m)}"

    def cells_in(self, x_m: float, y_m: float, width_m: float, depth_m: float) -> list[str]:
        """The cells whose middle lies in a rectangle, for :meth:`close`."""
        return [
            name for name in self._cells
            if x_m <= self.nodes[name][0] < x_m + width_m and y_m <= self.nodes[name][1] < y_m + depth_m
        ]  # fmt: skip

    def route(self, start: str, goal: str) -> list[str] | None:
        """Start and goal, or None when no way leads there. A robot inside a closed zone may leave it."""
        if self._steps(start, goal) >= FAR:
            return None
        return [goal] if self._open[start] == self._open[goal] else [start, goal]

    def beside(self, x_m: float, y_m: float) -> list[str]:
        """The open cells around, from which a robot reaches what lies in the middle one (an assumption), where another robot may
        lie as well."""
        reach_m = 1.5 * self.aisles.cell_m
        near = [
            (max(abs(x - x_m), abs(y - y_m)), abs(x - x_m) + abs(y - y_m), name)
            for name, cell in self._cells.items()
            if cell not in self._shut
            for x, y in (self.nodes[name],)
        ]
        return [name for far, _, name in sorted(near) if self.half_m < far < reach_m]

    def length_m(self, route: list[str]) -> float:
        """Length of the shortest way along the aisles through all nodes, without the turns."""
        return sum(self._steps(a, b) for a, b in itertools.pairwise(route)) * self.aisles.cell_m

    def deviation_m(self, node: str) -> float:
        """How far from a node's position a robot may stand and still be there: any bay of a station will do."""
        places = [self.aisles.middle(cell) for cell in self._bays.get(node, ())]
        return max((abs(x - places[0][0]) + abs(y - places[0][1]) for x, y in places), default=0.0)

    def _steps(self, start: str, goal: str) -> int:
        cell = self._open[goal]
        if cell in self._shut:
            return int(FAR)
        if cell not in self._distance:
            self._distance[cell] = distances(self._floor, np.array([cell], np.int32))[0]
        return int(self._distance[cell][self._open[start]])

    def _refresh(self) -> None:
        shut = {self._cells[name] for name in self.closed if name in self._cells}
        for name in self.closed:
            shut |= set(self._bays.get(name, ()))
        self._shut = shut
        self._floor = closed_floor(self.aisles.floor, shut)
        self._distance: dict[int, np.ndarray] = {}
        self._open = dict(self._cells)
        for name, bays in self._bays.items():
            self._open[name] = next((cell for cell in bays if cell not in shut), bays[0])
            self.nodes[name] = self.aisles.middle(self._open[name])
