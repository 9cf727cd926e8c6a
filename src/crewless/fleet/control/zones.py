"""Zones that the control has closed or guards: what a zone set says of them, and who may enter (VDA 5050, section "Zones")."""

from collections.abc import Mapping, Sequence
from typing import Any

from crewless.core.errors import BadInput
from crewless.fleet.control.roadmap import Roadmap
from crewless.fleet.control.robots import MAP

_NONE: frozenset[str] = frozenset()


class Zones:
    """Zones by name. Closed ones are closed on the map too.

    Args:
        roadmap: changed in place.
    """

    def __init__(self, roadmap: Roadmap) -> None:
        self._roadmap = roadmap
        self._closed: dict[str, frozenset[str]] = {}
        self._guarded: dict[str, tuple[list[tuple[float, float]], int]] = {}
        self._inside: dict[str, set[str]] = {}
        """Guarded zone to the robots that were let in."""
        self._queue: dict[str, dict[str, str]] = {}
        """Guarded zone to the robots that wait for it, the first first, and their requests."""

    def __bool__(self) -> bool:
        """Whether there is any zone."""
        return bool(self._closed or self._guarded)

    def close(self, zone: str, nodes: frozenset[str]) -> None:
        """Raises BadInput when a node is no place of the map."""
        unknown = sorted(nodes - set(self._roadmap.nodes))
        if unknown:
            raise BadInput(
                f"zone {zone} names {unknown[0]!r}, which is not a node", alternatives=sorted(self._roadmap.nodes)[:5]
            )
        self._closed[zone] = nodes
        self._roadmap.close(nodes)

    def open(self, zone: str, nodes: frozenset[str] = _NONE) -> bool:
        """What no other zone closes is open again. Returns whether anything has changed."""
        nodes |= self._closed.pop(zone, _NONE)
        self._roadmap.open(nodes - _NONE.union(*self._closed.values()))
        return bool(nodes)

    def guard(self, zone: str, corners: Sequence[tuple[float, float]], robots: int) -> None:
        """Let so many robots in at once. Raises BadInput when that is no zone."""
        if len(corners) < 3 or robots < 1:
            raise BadInput(
                f"zone {zone} has {len(corners)} corners and lets in {robots}", alternatives=["3 corners, 1 robot"]
            )
        self._guarded[zone] = list(corners), robots
        self._inside.setdefault(zone, set())
        self._queue.setdefault(zone, {})

    def gone(self, serial: str) -> None:
        """A robot is in no zone any more, as far as anybody can know."""
        for inside in self._inside.values():
            inside.discard(serial)
        for queue in self._queue.values():
            queue.pop(serial, None)

    def next_in(self) -> list[tuple[str, dict[str, Any]]]:
        """Robots that waited and are let in now, with the answer to each: nobody has to ask again."""
        answers: list[tuple[str, dict[str, Any]]] = []
        for zone, queue in self._queue.items():
            while queue and len(self._inside[zone]) < self._guarded[zone][1]:
                serial = next(iter(queue))
                self._inside[zone].add(serial)
                answers.append((serial, {"requestId": queue.pop(serial), "grantType": "GRANTED"}))
        return answers

    def zone_set(self, name: str) -> dict[str, Any]:
        """All of it, as the body of a zoneSet message."""
        zones: list[dict[str, Any]] = [
            self._square(zone, node) for zone in sorted(self._closed) for node in sorted(self._closed[zone])
        ]
        zones += [
            {
                "zoneId": zone, "zoneType": "RELEASE", "releaseLossBehavior": "STOP",
                "vertices": [{"x": x, "y": y} for x, y in corners],
            }
            for zone, (corners, _) in sorted(self._guarded.items())
        ]  # fmt: skip
        return {"zoneSet": {"mapId": MAP, "zoneSetId": name, "zones": zones}}

    def answers(self, serial: str, state: Mapping[str, Any]) -> list[dict[str, Any]]:
        """To what a robot asks in its state: into guarded zones as many as there is room for; corridors are always granted."""
        asked = {each["zoneId"]: each for each in state.get("zoneRequests", []) if each["requestStatus"] != "EXPIRED"}
        for zone, inside in self._inside.items():
            if zone not in asked:
                inside.discard(serial)
                self._queue[zone].pop(serial, None)
        answers: list[dict[str, Any]] = []
        for zone, request in asked.items():
            if request["requestStatus"] != "REQUESTED":
                continue
            inside, first = self._inside.get(zone, _NONE), next(iter(self._queue.get(zone, ())), serial)
            # First come, first served. Who was let in already may not have heard it yet.
            room = serial in inside or (
                zone in self._guarded and len(inside) < self._guarded[zone][1] and first == serial
            )
            if room:
                self._inside[zone].add(serial)
                self._queue[zone].pop(serial, None)
            elif zone in self._guarded:
                self._queue[zone].setdefault(serial, request["requestId"])
            grant = "GRANTED" if room else "QUEUED" if zone in self._guarded else "REJECTED"
            answers.append({"requestId": request["requestId"], "grantType": grant})
        corridors = [each for each in state.get("edgeRequests", []) if each["requestStatus"] == "REQUESTED"]
        return answers + [{"requestId": each["requestId"], "grantType": "GRANTED"} for each in corridors]

    def _square(self, zone: str, node: str) -> dict[str, Any]:
        x, y = self._roadmap.nodes[node]
        half = self._roadmap.half_m
        corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
        vertices = [{"x": a, "y": b} for a, b in corners]
        return {"zoneId": f"{zone}-{node}", "zoneType": "BLOCKED", "vertices": vertices}
