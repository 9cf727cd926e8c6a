"""Zones that a control closes, opens or guards because a mishap says so: where, is drawn from the seed."""

import random

from crewless.fleet.control.coordinator import FleetCoordinator
from crewless.fleet.simulate.mishaps import Mishap


def change_zone(coordinator: FleetCoordinator, mishap: Mishap, seed: int) -> None:
    """Carry out a mishap of :data:`crewless.fleet.simulate.mishaps.ZONE_KINDS`."""
    if mishap.kind == "guard":
        _guard(coordinator, mishap.name, seed)
    elif mishap.kind == "close":
        floor = coordinator.aisles.floor
        lanes = floor.one_way[floor.free] >= 0
        spots = [cell for cell, lane in enumerate(lanes) if lane]
        cell = spots[random.Random(seed * 31 + int(mishap.name)).randrange(len(spots))]
        coordinator.control.close_zone(f"spill {mishap.name}", [f"cell {cell}"])
    elif mishap.kind == "open":
        coordinator.control.open_zone(f"spill {mishap.name}")


def _guard(coordinator: FleetCoordinator, name: str, seed: int) -> None:
    """Both lanes, one cell to each side; no bay, where a robot works for long."""
    aisles = coordinator.aisles
    spots = [(int(row), int(column)) for row, column in zip(*(aisles.floor.one_way >= 0).nonzero(), strict=True)]
    row, column = random.Random(seed * 37 + int(name)).choice(spots)
    around = [each for each in spots if abs(each[0] - row) <= 1 and abs(each[1] - column) <= 1]
    half = aisles.cell_m / 2
    places = [aisles.middle(int(aisles.number[each])) for each in around]
    left, right = min(x for x, _ in places) - half, max(x for x, _ in places) + half
    south, north = min(y for _, y in places) - half, max(y for _, y in places) + half
    corners = [(left, south), (right, south), (right, north), (left, north)]
    coordinator.control.guard_zone(f"narrow {name}", corners)
