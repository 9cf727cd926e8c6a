"""The robots' common motion on the floor: every robot that drives is moved by :mod:`crewless.fleet.traffic`, and every step is
judged by code that the planner of motion does not share. It stands for what freely navigating robots agree among themselves
(VDA 5050 version 3, "free navigation"); the control only names the places. No hardware was used.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from crewless.core.errors import BadInput
from crewless.fleet.traffic.aisles import Aisles, closed_floor
from crewless.fleet.traffic.check import check_step
from crewless.fleet.traffic.grid import distances
from crewless.fleet.traffic.pibt import Traffic, guard, hold, join, leave, step
from crewless.fleet.vda5050.zone_sets import ZoneBook, contains

_HEADING_RAD = (0.0, -math.pi / 2, math.pi, math.pi / 2)
"""East, south, west, north; y is to the north."""


class Motion:
    """Where every robot is, by serial number; :meth:`step` moves all of them by at most one cell or a quarter turn."""

    def __init__(self, aisles: Aisles, *, chargers: Iterable[int] = (), seed: int = 0) -> None:
        self.aisles = aisles
        self._zone_set = ""
        self._guarded: list[str] = []
        """Release zones, numbered as in the traffic."""
        self._near_guarded = np.zeros(len(aisles.place), np.bool_)
        """Cells in a release zone or beside one."""
        self._zones_shut: set[int] = set()
        self._fallen: set[int] = set()
        self._away: set[int] = set()
        """Numbers of robots that were taken off the floor."""
        self.conflicts = self.steps = 0
        self.names: list[str] = []
        self.closed: set[int] = set()
        self.guarded: set[int] = set()
        """Cells of release zones."""
        self._index: dict[str, int] = {}
        self._floor = aisles.floor
        self._traffic = Traffic(
            floor=aisles.floor, cell=np.empty(0, np.int32), heading=np.empty(0, np.int32), seed=seed
        )
        self._goal: list[int] = []
        """Cell that each robot is on its way to, -1: none."""
        self._row: dict[int, int] = {}
        self._distance = np.empty((64, len(aisles.place)), np.int32)
        self._group: dict[int, tuple[int, ...]] = {}
        for group in aisles.bays.values():
            self._group |= dict.fromkeys(group, group)
        self._parking = set(aisles.parking) - set(chargers)

    def free_cell(self, near: int | None = None) -> int:
        """A parking place where nobody stands and nobody is going, the nearest to a cell; any free cell when all are taken.

        Raises:
            BadInput: the floor is full.
        """
        taken = {*self._traffic.cell.tolist(), *self._goal, *self._traffic.next_cell.tolist(), *self.closed}
        spots = [cell for cell in self.aisles.parking if cell in self._parking and cell not in taken]
        if not spots:
            niches = {*self._group, *self.aisles.parking}
            spots = [cell for cell in range(len(self.aisles.place)) if cell not in taken and cell not in niches]
        if not spots:
            raise BadInput(f"the floor is full: {len(self.names)} robots on {len(self.aisles.place)} cells")
        if near is None:
            return spots[0]
        away = np.abs(self.aisles.place[spots] - self.aisles.place[near]).sum(axis=1)
        return spots[int(np.argmin(away))]

    def add(self, serial: str, cell: int) -> None:
        """Put a robot on the floor; it stands until it is sent."""
        self._index[serial] = join(self._traffic, cell)
        self.names.append(serial)
        self._goal.append(-1)

    def where(self, serial: str) -> tuple[float, float, float]:
        """X and y in metres, heading in radians."""
        robot = self._index[serial]
        x, y = self.aisles.middle(int(self._traffic.cell[robot]))
        return x, y, _HEADING_RAD[int(self._traffic.heading[robot])]

    def send(self, serial: str, x_m: float, y_m: float) -> bool:
        """Let a robot drive to a place; a station means any bay of it. Returns whether it is there already."""
        robot = self._index[serial]
        wanted = self.aisles.cell_at(x_m, y_m)
        group = self._group.get(wanted, (wanted,))
        goal, here = self._goal[robot], int(self._traffic.cell[robot])
        if goal not in group or goal in self.closed:
            others = {cell for each, cell in enumerate(self._goal) if each != robot}
            stand = {
                int(cell) for each, cell in enumerate(self._traffic.cell) if each != robot and each not in self._away
            }
            usable = [cell for cell in group if cell not in self.closed] or [wanted]
            free = [cell for cell in usable if cell not in others] or usable
            goal = here if here in free else min(free, key=lambda cell: (cell in stand, cell != wanted, cell))
            self._goal[robot] = goal
        self._traffic.held[robot] = False
        return here == goal

    def idle(self, serial: str) -> None:
        """Nothing to do: clear the bay and the lane, and make way for everybody."""
        robot = self._index[serial]
        here, goal = int(self._traffic.cell[robot]), self._goal[robot]
        self._traffic.held[robot] = False
        if here in self._parking and here not in self.closed and (goal == here or here not in self._goal):
            self._goal[robot] = here
        elif goal not in self._parking or goal in self.closed:
            spot = self.free_cell(here)
            self._goal[robot] = spot if spot in self._parking else -1

    def parked(self, serial: str) -> bool:
        """Whether it stands on the parking place that it was going to."""
        robot = self._index[serial]
        return self._goal[robot] == self._traffic.cell[robot]

    def hold(self, serial: str) -> None:
        """Stand fast: at work, on the charger, paused, hot or dead."""
        robot = self._index[serial]
        if not self._traffic.held[robot]:
            hold(self._traffic, robot)

    def zones(self, serial: str, zones: ZoneBook) -> None:
        """One robot was given new zones; all robots of a floor are given the same."""
        if zones.enabled == self._zone_set:
            return
        self._zone_set = zones.enabled
        corners = [each["vertices"] for each in zones.zones("BLOCKED")]
        boxes = [
            (min(v["x"] for v in c), max(v["x"] for v in c), min(v["y"] for v in c), max(v["y"] for v in c))
            for c in corners
        ]
        middles = (self.aisles.place[:, ::-1] + 0.5) * self.aisles.cell_m
        x, y = middles[:, 0], len(self.aisles.number) * self.aisles.cell_m - middles[:, 1]
        shut: set[int] = set()
        for left, right, south, north in boxes:
            shut |= set(np.flatnonzero((x >= left) & (x <= right) & (y >= south) & (y <= north)).tolist())
        self._zones_shut = shut
        self._close()
        self._guard([(each["zoneId"], each["vertices"]) for each in zones.zones("RELEASE")])

    def _guard(self, zones: list[tuple[str, list[dict[str, float]]]]) -> None:
        """Cells whose middle lies in a zone are its; in two, the first one's."""
        self._guarded = [name for name, _ in zones]
        zone = np.full(len(self.aisles.place), -1, np.int32)
        y, x = self.aisles.place[:, 0], (self.aisles.place[:, 1] + 0.5) * self.aisles.cell_m
        y = (len(self.aisles.number) - y - 0.5) * self.aisles.cell_m
        for number, (_, corners) in reversed(list(enumerate(zones))):
            wide, tall = [each["x"] for each in corners], [each["y"] for each in corners]
            box = (x >= min(wide)) & (x <= max(wide)) & (y >= min(tall)) & (y <= max(tall))
            for cell in np.flatnonzero(box).tolist():
                if contains(corners, self.aisles.middle(cell)):
                    zone[cell] = number
        self.guarded = set(np.flatnonzero(zone >= 0).tolist())
        ahead = self.aisles.floor.neighbour
        self._near_guarded = (zone >= 0) | ((ahead >= 0) & (zone[ahead] >= 0)).any(axis=1)
        guard(self._traffic, zone)

    def entering(self, serial: str) -> list[str]:
        """The guarded zones that a robot stands in, is about to drive into, or would drive into next if it might."""
        if not self._guarded:
            return []
        robot, traffic = self._index[serial], self._traffic
        here, goal = int(traffic.cell[robot]), self._goal[robot]
        if not self._near_guarded[here]:
            return []
        cells = [here, int(traffic.next_cell[robot])]
        if goal >= 0 and goal != here and not traffic.held[robot]:
            number = self._row_of(goal)  # before the table is taken, which this may make anew
            row = self._distance[number]
            ways = [
                (int(row[ahead] + self._floor.cost[here, way]), way, int(ahead))
                for way, ahead in enumerate(self._floor.neighbour[here])
                if ahead >= 0
            ]
            cells += [min(ways)[2]] if ways else []
        zones = dict.fromkeys(int(traffic.zone[cell]) for cell in cells if cell >= 0)
        return [self._guarded[zone] for zone in zones if zone >= 0]

    def admit(self, serial: str, zone: str, granted: bool) -> None:
        """Whether a robot may drive into a guarded zone. One that waits for an answer does not wander about meanwhile."""
        if zone in self._guarded:
            robot = self._index[serial]
            self._traffic.admitted[robot, self._guarded.index(zone)] = granted
            if not granted:
                self._traffic.blocked_steps[robot] = 0

    def fallen(self, serial: str) -> None:
        """A robot lies on the floor: it stands fast, and the others see it and drive around."""
        self.hold(serial)
        self._fallen.add(int(self._traffic.cell[self._index[serial]]))
        self._close()

    def remove(self, serial: str) -> None:
        """A robot that lies on the floor is taken away."""
        robot = self._index[serial]
        leave(self._traffic, robot)
        self._away.add(robot)
        self._fallen.discard(int(self._traffic.cell[robot]))
        self._close()

    def _close(self) -> None:
        """Cells that nobody enters from now on; who stands in one may leave it."""
        if self._zones_shut | self._fallen == self.closed:
            return
        self.closed = self._zones_shut | self._fallen
        self._floor = closed_floor(self.aisles.floor, self.closed)
        self._traffic.floor = self._floor
        for goal, row in self._row.items():
            self._distance[row] = distances(self._floor, np.array([goal], np.int32))[0]

    def step(self) -> None:
        """One step of everybody, judged."""
        if not self.names:
            return
        traffic = self._traffic
        rows = np.array([self._row_of(goal) if goal >= 0 else -1 for goal in self._goal], np.int32)
        before = self._poses()
        step(traffic, rows, self._distance)
        found = check_step(self.aisles.floor.free, before, self._poses(), one_way=self.aisles.floor.one_way)
        self.conflicts += found.total
        self.steps += 1

    def steps_to(self, cell: int, goal: int) -> int:
        """Guidance-weighted steps between two cells."""
        row = self._row_of(goal)
        return int(self._distance[row, cell])

    def _poses(self) -> NDArray[np.int64]:
        poses = np.column_stack([self.aisles.place[self._traffic.cell], self._traffic.heading]).astype(np.int64)
        return np.delete(poses, sorted(self._away), axis=0) if self._away else poses

    def _row_of(self, goal: int) -> int:
        if goal not in self._row:
            row = self._row[goal] = len(self._row)
            if row == len(self._distance):
                self._distance = np.concatenate([self._distance, np.empty_like(self._distance)])
            self._distance[row] = distances(self._floor, np.array([goal], np.int32))[0]
        return self._row[goal]
