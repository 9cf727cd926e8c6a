"""The zone sets that a robot was given, and what they forbid (VDA 5050 version 3.0.0, section "Zones")."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ZoneBook:
    """Zone sets by their identifier; at most one of a map is enabled."""

    sets: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    enabled: str = ""

    def take(self, zone_set: dict[str, Any]) -> None:
        """Keep a set; it counts only once it is enabled."""
        self.sets[zone_set["zoneSetId"]] = zone_set

    def enable(self, identifier: str) -> bool:
        """Let a set count instead of the one before. False: it was never sent."""
        if identifier not in self.sets:
            return False
        self.enabled = identifier
        return True

    def delete(self, identifier: str) -> bool:
        """Forget a set. False: it is not there, or enabled."""
        if identifier not in self.sets or identifier == self.enabled:
            return False
        del self.sets[identifier]
        return True

    def states(self) -> list[dict[str, Any]]:
        """For the state message."""
        return [
            {
                "zoneSetId": name, "mapId": each["mapId"],
                "zoneSetStatus": "ENABLED" if name == self.enabled else "DISABLED",
            }
            for name, each in self.sets.items()
        ]  # fmt: skip

    def zones(self, kind: str) -> list[dict[str, Any]]:
        """The zones of a type that count now."""
        return [each for each in self.sets.get(self.enabled, {}).get("zones", []) if each["zoneType"] == kind]

    def on_the_way(self, kind: str, start: tuple[float, float], end: tuple[float, float]) -> dict[str, Any] | None:
        """The first zone of a type that a straight drive comes into."""
        inside = [each for each in self.zones(kind) if contains(each["vertices"], start)]
        for zone in self.zones(kind):
            if zone not in inside and crosses(zone["vertices"], start, end):
                return zone
        return None


def contains(vertices: Sequence[Mapping[str, float]], point: tuple[float, float]) -> bool:
    """Whether a point lies in a polygon (even-odd rule: Shimrat 1962, "Algorithm 112")."""
    x, y = point
    inside = False
    for a, b in zip(vertices, [*vertices[1:], vertices[0]], strict=True):
        if (a["y"] > y) != (b["y"] > y) and x < (b["x"] - a["x"]) * (y - a["y"]) / (b["y"] - a["y"]) + a["x"]:
            inside = not inside
    return inside


def crosses(vertices: Sequence[Mapping[str, float]], start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Whether a straight drive touches a polygon; looked at every 20 cm."""
    count = max(1, math.ceil(math.dist(start, end) / 0.2))
    return any(
        contains(vertices, (start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count))
        for i in range(count + 1)
    )
