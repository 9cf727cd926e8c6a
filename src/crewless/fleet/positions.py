"""What a person who watches a fleet needs to see, in two files of the run folder: ``floor.json`` and ``positions.jsonl``.

The dashboard reads them while they are written, and afterwards.
"""

import json
import time
from pathlib import Path
from typing import Any, Protocol

from crewless.core.errors import StorageFull
from crewless.fleet.plan import FleetPlan
from crewless.fleet.traffic.aisles import aisles_of

DOING = ("idle", "driving", "working", "charging", "cooling", "paused", "empty", "dead")
"""What a robot may be doing, numbered in a frame of the floor by its place here."""


class Watched(Protocol):
    """A run that goes on."""

    now_s: float

    def frame(self) -> dict[str, Any]:
        """``t``, ``done``, ``open`` (operations), ``conflicts`` (None: not known), ``fleet`` (names), ``robots`` (of each x and y in
        metres, heading in quarters, place in ``DOING``, charge in percent, motor in degrees or None, loads that it carries),
        ``working`` and ``down`` (stations), ``closed`` and ``guarded`` (middles of cells),
        ``lying`` (places of loads on the floor)."""
        ...


class PositionRecorder:
    """Writes a frame every few steps. To be called after each step, for instance as ``progress`` of a run.

    Args:
        floor: the run.
        folder: of the run.
        picture: from :func:`describe`.
        every: a frame for so many calls.
        resume: go on with the file that is there.
        pace: simulated seconds a second at most, 0: as fast as it goes.

    Raises:
        StorageFull: the disk is full.
    """

    def __init__(
        self, floor: Watched, folder: Path, picture: dict[str, Any], *, every: int = 2, pace: float = 0.0,
        resume: bool = False,
    ) -> None:  # fmt: skip
        self.path = folder / "positions.jsonl"
        self._pace, self._began, self._began_s = pace, time.monotonic(), floor.now_s
        self._names: list[str] = []
        self._steps, self._every = 0, max(1, every)
        try:
            (folder / "floor.json").write_text(json.dumps(picture) + "\n")
            if not resume:
                self.path.write_text("")
        except OSError as error:
            raise StorageFull(f"cannot write {self.path}: {error.strerror}") from error
        self._frame(floor)

    def __call__(self, floor: Watched, *, last: bool = False) -> None:
        """After a step; ``last``: a frame in any case."""
        self._steps += 1
        if self._steps % self._every == 0 or last:
            self._frame(floor)
        if self._pace:
            ahead = (floor.now_s - self._began_s) / self._pace - (time.monotonic() - self._began)
            if ahead > 0:
                time.sleep(ahead)

    def _frame(self, floor: Watched) -> None:
        frame = floor.frame()
        fleet = list(frame.pop("fleet"))
        if fleet != self._names:
            self._names = frame["names"] = fleet
        try:
            with self.path.open("a") as file:
                file.write(json.dumps(frame, separators=(",", ":")) + "\n")
        except OSError as error:
            raise StorageFull(f"cannot write {self.path}: {error.strerror}") from error


def frames_every(robots: int) -> int:
    """Steps between two frames, so that a large fleet does not fill the disk."""
    return max(2, robots // 40)


def describe(plan: FleetPlan, operations: int) -> dict[str, Any]:
    """The floor that does not change: cells, stations, chargers. Metres; y is to the north.

    Args:
        plan: the fleet's.
        operations: how many there are to do, loads included.
    """
    floor, aisles = plan.floor, aisles_of(plan.floor, plan.stations)
    process = {name: line.process for line in plan.lines for name in line.stations}
    return {
        "name": plan.name, "width_m": floor.width_m or floor.cell_m * len(floor.cells[0]),
        "depth_m": floor.depth_m or floor.cell_m * len(floor.cells),
        "cell_m": floor.cell_m, "cells": list(floor.cells), "doing": DOING, "operations": operations,
        "planned_s": plan.makespan_s, "lower_bound_s": plan.lower_bound_s,
        "stations": [
            [each.name, process.get(each.name, ""), each.x_m, each.y_m, each.width_m, each.depth_m]
            for each in plan.stations
        ],
        "chargers": [aisles.middle(cell) for cell in aisles.chargers],
        "forbidden": [list(bad) for bad in floor.forbidden],
    }  # fmt: skip
