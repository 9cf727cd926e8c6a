"""What a person who watches a shift needs to see, in two files of the run folder: ``floor.json`` and ``positions.jsonl``.

The dashboard reads them while they are written, and afterwards.
"""

import json
import time
from pathlib import Path
from typing import Any

from crewless.core.errors import StorageFull
from crewless.planner.operate.fleet import Shopfloor

DOING = ("idle", "driving", "working", "charging", "cooling", "paused", "empty", "dead")
"""Numbered in a frame by their place here."""


class Recorder:
    """Writes a frame every few steps. To be called after each step, for instance as ``tell`` of a shift.

    Args:
        floor: the shift.
        folder: of the run.
        resume: go on with the file that is there.
        pace: simulated seconds a second at most, 0: as fast as it goes.

    Raises:
        StorageFull: the disk is full.
    """

    def __init__(self, floor: Shopfloor, folder: Path, *, pace: float = 0.0, resume: bool = False) -> None:
        self.path = folder / "positions.jsonl"
        self._pace, self._began, self._began_s = pace, time.monotonic(), floor.now_s
        self._names = self._steps = 0
        self._every = max(2, len(floor.fleet) // 40)
        try:
            (folder / "floor.json").write_text(json.dumps(describe(floor)) + "\n")
            if not resume:
                self.path.write_text("")
        except OSError as error:
            raise StorageFull(f"cannot write {self.path}: {error.strerror}") from error
        self._frame(floor)

    def __call__(self, floor: Shopfloor) -> None:
        """After a step."""
        self._steps += 1
        if self._steps % self._every == 0 or floor.control.finished():
            self._frame(floor)
        if self._pace:
            ahead = (floor.now_s - self._began_s) / self._pace - (time.monotonic() - self._began)
            if ahead > 0:
                time.sleep(ahead)

    def _frame(self, floor: Shopfloor) -> None:
        frame: dict[str, Any] = {
            "t": round(floor.now_s, 1), "done": len(floor.site.done), "open": floor.control.ledger.open,
            "conflicts": floor.motion.conflicts,
        }  # fmt: skip
        if len(floor.fleet) != self._names:
            self._names = len(floor.fleet)
            frame["names"] = floor.fleet
        rows = []
        for name in floor.fleet:
            robot = floor.robots[name]
            heading = round(-robot.theta / 1.5707963) % 4
            rows.append([
                round(robot.x_m, 1), round(robot.y_m, 1), heading, DOING.index(robot.doing()), round(100 * robot.charge),
                round(robot.motor_c),
            ])  # fmt: skip
        frame["robots"] = rows
        frame["working"] = sorted(name for name, robot in floor.robots.items() if robot.mover is None and robot.busy())
        frame["down"] = sorted(floor.site.broken)
        frame["closed"] = [[round(v, 1) for v in floor.aisles.middle(cell)] for cell in sorted(floor.motion.closed)]
        try:
            with self.path.open("a") as file:
                file.write(json.dumps(frame, separators=(",", ":")) + "\n")
        except OSError as error:
            raise StorageFull(f"cannot write {self.path}: {error.strerror}") from error


def describe(floor: Shopfloor) -> dict[str, Any]:
    """The floor that does not change: cells, stations, chargers. Metres; y is to the north."""
    layout, aisles = floor.blueprint.layout, floor.aisles
    process = {station.name: line.process for line in floor.blueprint.lines for station in line.stations}
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
        "name": floor.blueprint.goal.name, "width_m": layout.width_m, "depth_m": layout.depth_m,
        "cell_m": aisles.cell_m, "cells": text, "doing": DOING, "operations": len(floor.operations),
        "planned_s": floor.shift.makespan_s, "lower_bound_s": floor.shift.lower_bound_s,
        "stations": [
            [place.station, process[place.station], place.x_m, place.y_m, place.width_m, place.depth_m]
            for place in layout.places
        ],
        "chargers": [aisles.middle(cell) for cell in floor.chargers],
        "forbidden": [list(bad) for bad in floor.blueprint.goal.forbidden],
    }  # fmt: skip
