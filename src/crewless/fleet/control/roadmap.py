"""Places and ways between them, with zones that can be closed."""

import heapq
import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class StationNode:
    """A place where operations of a kind are done."""

    name: str
    kind: str
    node: str
    places: int = 1
    """Robots that can work there at once."""


class Roadmap(Protocol):
    """What the control must know of a floor."""

    nodes: dict[str, tuple[float, float]]
    """Metres."""
    closed: set[str]
    half_m: float
    """Half the side of the square that a node stands for."""

    def close(self, nodes: Iterable[str]) -> None:
        """Nobody may be sent through these."""
        ...

    def open(self, nodes: Iterable[str]) -> None:
        """The reverse."""
        ...

    def nearest(self, x_m: float, y_m: float) -> str:
        """The node next to a place."""
        ...

    def beside(self, x_m: float, y_m: float) -> list[str]:
        """Nodes from which something that lies at a place can be reached, the best first."""
        ...

    def route(self, start: str, goal: str) -> list[str] | None:
        """The nodes of an order, None when no way leads there."""
        ...

    def length_m(self, route: list[str]) -> float:
        """In metres."""
        ...

    def deviation_m(self, node: str) -> float:
        """How far from a node a robot may be and still be there."""
        ...


class LineRoadmap:
    """Nodes in metres and one-way edges between them."""

    def __init__(self, nodes: Mapping[str, tuple[float, float]], edges: Iterable[tuple[str, str]]) -> None:
        self.nodes = dict(nodes)
        self._next: dict[str, list[str]] = {name: [] for name in self.nodes}
        for start, end in edges:
            for name in (start, end):
                if name not in self.nodes:
                    raise BadInput(f"an edge leads to {name!r}, which is not a node")
            self._next[start].append(end)
        self.closed: set[str] = set()
        self.half_m = 0.5
        self._known: dict[tuple[str, str], list[str] | None] = {}

    def close(self, nodes: Iterable[str]) -> None:
        """Nobody may be sent through these."""
        self.closed |= set(nodes)
        self._known.clear()

    def open(self, nodes: Iterable[str]) -> None:
        """The reverse."""
        self.closed -= set(nodes)
        self._known.clear()

    def nearest(self, x_m: float, y_m: float) -> str:
        """The node next to a place."""
        return min(self.nodes, key=lambda name: math.dist(self.nodes[name], (x_m, y_m)))

    def beside(self, x_m: float, y_m: float) -> list[str]:
        """The open nodes, the nearest first."""
        return sorted(set(self.nodes) - self.closed, key=lambda name: (math.dist(self.nodes[name], (x_m, y_m)), name))[
            :3
        ]

    def route(self, start: str, goal: str) -> list[str] | None:
        """The shortest way (Dijkstra 1959), None when there is none. A robot inside a closed zone may leave it."""
        key = (start, goal)
        if key not in self._known:
            self._known[key] = self._search(start, goal)
        return self._known[key]

    def length_m(self, route: list[str]) -> float:
        """In metres."""
        return sum(math.dist(self.nodes[a], self.nodes[b]) for a, b in itertools.pairwise(route))

    def deviation_m(self, node: str) -> float:
        """Robots that follow lines stand on their node."""
        return 0.0

    def _search(self, start: str, goal: str) -> list[str] | None:
        best, heap = {start: 0.0}, [(0.0, start)]
        came: dict[str, str] = {}
        while heap:
            far, name = heapq.heappop(heap)
            if name == goal:
                way = [name]
                while name != start:
                    name = came[name]
                    way.append(name)
                return way[::-1]
            if far > best[name]:
                continue
            for after in self._next[name]:
                reached = far + math.dist(self.nodes[name], self.nodes[after])
                if after not in self.closed and reached < best.get(after, math.inf):
                    best[after], came[after] = reached, name
                    heapq.heappush(heap, (reached, after))
        return None
