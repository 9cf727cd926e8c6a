"""What a person who watches a shift needs to see, in two files of the run folder: ``floor.json`` and ``positions.jsonl``.

The dashboard reads them while they are written, and afterwards.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from crewless.core.errors import StorageFull
from crewless.fleet.control.coordinator import DOING
from crewless.planner.blueprint.aisles import Aisles
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule.shift import ShiftPlan


class Watched(Protocol):
    """A shift that goes on."""

    now_s: float

    def frame(self) -> dict[str, Any]:
        """``t``, ``done``, ``open`` (operations), ``conflicts`` (None: not known), ``fleet`` (names), ``robots`` (of each x and y in
        metres, heading in quarters, place in ``DOING``, charge in percent, motor in degrees or None, loads that it carries),
        ``working`` and ``down`` (stations), ``closed`` and ``guarded`` (middles of cells),
        ``lying`` (places of loads on the floor)."""
        ...


class PositionRecorder:
    """Writes a frame every few steps. To be called after each step, for instance as ``tell`` of a shift.

    Args:
        floor: the shift.
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


def describe(
    blueprint: Blueprint, shift: ShiftPlan, aisles: Aisles, chargers: Sequence[int], operations: int
) -> dict[str, Any]:
    """The floor that does not change: cells, stations, chargers. Metres; y is to the north."""
    layout = blueprint.layout
    process = {station.name: line.process for line in blueprint.lines for station in line.stations}
    lanes = aisles.floor.one_way[aisles.floor.free]
    niches = {cell for group in aisles.bays.values() for cell in group} | set(aisles.parking)
    text = [
        "".join(
            "#" if cell < 0 else "p" if cell in niches else ">v<^"[lanes[cell]] if lanes[cell] >= 0 else "+"
            for cell in row
        )
        for row in aisles.number
    ]
    return {
        "name": blueprint.goal.name, "width_m": layout.width_m, "depth_m": layout.depth_m,
        "cell_m": aisles.cell_m, "cells": text, "doing": DOING, "operations": operations,
        "planned_s": shift.makespan_s, "lower_bound_s": shift.lower_bound_s,
        "stations": [
            [place.station, process[place.station], place.x_m, place.y_m, place.width_m, place.depth_m]
            for place in layout.places
        ],
        "chargers": [aisles.middle(cell) for cell in chargers],
        "forbidden": [list(bad) for bad in blueprint.goal.forbidden],
    }  # fmt: skip
