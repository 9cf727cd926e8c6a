"""Search the hand's drives for the front of mass, force and heat (NSGA-II: Deb, Pratap, Agarwal, Meyarivan 2002).

Three objectives: the drives' mass (least), the weakest fingertip's continuous force (most), the heat in all windings while
each fingertip holds 5 N (least). What cannot be (too fast for its gear, slower to close than the hand that the search began
with, heavier than the forearm bears) is behind everything that can.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from crewless.body.robot.actuators.motor_table import motors
from crewless.body.robot.anthropometry import mass_kg
from crewless.body.robot.design import Design, DriveChoice, choice, drive
from crewless.body.robot.hand import hand_drives
from crewless.body.robot.limits import CLOSING_S, LEAST_FORCE_N, _check_speed, closing_s, fingertip_n, reach_m
from crewless.core.errors import BadInput

GROUPS = ("base", "curl", "thumb", "spread")
SHOWN = 60
"""Designs of the front that are kept."""
HELD_N = 5.0
"""Force of each fingertip for which the heat is reckoned."""
_RATIO = (60.0, 900.0)
_PULLEY_MM = (5.0, 11.0)
_SPOOL_MM = (3.0, 8.0)
_LARGEST_M = 0.017
"""Motors beyond this do not fit beside each other in the forearm."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found."""

    points: np.ndarray
    """The front, shape (n, 3): mass (kg), force (N), heat (W); by rising mass."""
    choices: list[dict[str, DriveChoice]]
    """Their drives."""
    knee: dict[str, DriveChoice]
    """Nearest to the best of all three, each measured by the front's extent."""
    start: np.ndarray
    """The design as given, shape (3,)."""
    everything: np.ndarray
    """All that was tried and can be, shape (m, 3)."""
    tried: int

    def verdict(self) -> str:
        """One sentence: whether something on the front beats the design as given in all three at once, and what."""
        costs, mine = _costs(self.points), _costs(self.start[None])[0]
        given = _said(self.start)
        better = (costs < mine - 1e-9).all(axis=1)
        if not better.any():
            return f"no design that was tried beats the given hand ({given}) in all three"
        gain = ((mine - costs) / np.abs(mine)).sum(axis=1)
        best = int(np.argmax(np.where(better, gain, -np.inf)))
        return (
            f"the given hand ({given}) is not on the front: {int(better.sum())} of {len(self.points)} designs there beat it "
            f"in all three, the best with {_said(self.points[best])}"
        )


def _said(point: np.ndarray) -> str:
    return f"{1000 * point[0]:.0f} g, {point[1]:.1f} N, {point[2]:.1f} W of heat"


def objectives(design: Design, slowest_s: float = CLOSING_S) -> tuple[np.ndarray, float]:
    """(mass, force, heat) of a design's hand, shape (3,), and by how much it breaks the limits (0 for not at all).

    ``slowest_s``: within which it must close.
    """
    drives = hand_drives(design)
    mass = sum(one.mass_kg for one in drives)
    force = min(fingertip_n(finger, design, peak=False) for finger in design.hand.fingers)
    heat = 0.0
    for finger in design.hand.fingers:
        for group, arm in (("thumb", 0), ("base", 0), ("curl", 1)):
            if (group == "thumb") == (finger == "thumb"):
                one = drive(design, group, name=group)
                current = HELD_N * reach_m(finger, design, arm) / one.torque_per_amp
                # At the winding's own temperature when it has come to rest; at its limit when it would not.
                celsius = min(float(one.heat.after(current, np.array([1e6]))[0, 0]), one.motor.max_winding_c)
                heat += current**2 * one.motor.resistance_at(max(celsius, one.ambient_c))
    broken = max(0.0, mass / (0.75 * mass_kg("forearm", design.mass_kg)) - 1.0)
    broken += max(0.0, closing_s(design) / slowest_s - 1.0) + max(0.0, 1.0 - force / LEAST_FORCE_N)
    for group in GROUPS:
        try:
            _check_speed(drive(design, group, name=group), group)
        except BadInput:
            broken += 1.0
    return np.array([mass, force, heat]), broken


def search(
    design: Design,
    *,
    population: int = 60,
    generations: int = 40,
    seed: int = 0,
    on_generation: Callable[[], None] = lambda: None,
) -> Found:
    """Search from a design; the same seed finds the same.

    Args:
        design: its hand's motors, ratios and radii are varied; everything else is kept.
        population: designs in a generation.
        generations: how many.
        seed: of the search.
        on_generation: called after each generation.

    Raises BadInput: fewer than one generation or eight designs.
    """
    if generations < 1 or population < 8:
        raise BadInput(f"{generations} generations of {population}", alternatives=["at least 1 of at least 8"])
    names = sorted(name for name, one in motors().items() if one.diameter_m <= _LARGEST_M)
    rng = np.random.default_rng(seed)
    genes = rng.random((population, 4 * len(GROUPS)))
    genes[0] = _encode(design, names)
    # Without this a slow hand would be strong and cool for nothing.
    start, slowest_s = objectives(design)[0], closing_s(design)
    seen: list[np.ndarray] = []
    seen_genes: list[np.ndarray] = []
    tried = 0

    def judge(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nonlocal tried
        values, broken = [], []
        for row in rows:
            try:
                value, fault = objectives(_with(design, _decode(row, names, design)), slowest_s)
            except BadInput:
                value, fault = np.array([1.0, 0.0, 1e3]), 10.0
            values.append(value)
            broken.append(fault)
            tried += 1
            if fault == 0.0:
                seen.append(value)
                seen_genes.append(row)
        return np.array(values), np.array(broken)

    values, broken = judge(genes)
    for _ in range(generations):
        rank, crowd = _rank(_costs(values), broken)
        parents = [_tournament(rng, rank, crowd) for _ in range(2 * population)]
        children = _mate(rng, genes[parents[:population]], genes[parents[population:]])
        more, faults = judge(children)
        genes, values, broken = np.vstack([genes, children]), np.vstack([values, more]), np.append(broken, faults)
        rank, crowd = _rank(_costs(values), broken)
        kept = np.lexsort((-crowd, rank))[:population]
        genes, values, broken = genes[kept], values[kept], broken[kept]
        on_generation()
    if not seen:
        raise BadInput(
            "the search found no hand that can be built", alternatives=["more generations", "a heavier robot"]
        )
    everything = np.array(seen)
    front = _front(everything)
    values, genes = everything, np.array(seen_genes)
    cost = _costs(values[front])
    spread = np.ptp(cost, axis=0)
    nearest = int(np.argmin((((cost - cost.min(axis=0)) / np.where(spread > 0, spread, 1.0)) ** 2).sum(axis=1)))
    choices = [_decode(row, names, design) for row in genes[front]]
    return Found(
        points=values[front],
        choices=choices,
        knee=choices[nearest],
        start=start,
        everything=everything,
        tried=tried,
    )


def as_spec(drives: dict[str, DriveChoice]) -> dict[str, dict[str, Any]]:
    """The drives as a specification's ``hand: drives:`` takes them."""
    return {
        group: {
            "motor": one.motor,
            "ratio": one.ratio,
            "current_a": one.current_a,
            "spool_mm": one.spool_mm,
            "pulley_mm": one.pulley_mm,
            "wrap_deg": one.wrap_deg,
        }
        for group, one in drives.items()
    }


def _with(design: Design, drives: dict[str, DriveChoice]) -> Design:
    return replace(design, hand=replace(design.hand, drives={**design.hand.drives, **drives}))


def _decode(row: np.ndarray, names: list[str], design: Design) -> dict[str, DriveChoice]:
    made = {}
    for number, group in enumerate(GROUPS):
        which, ratio, pulley, spool = row[4 * number : 4 * number + 4]
        before = choice(design, group)
        name = names[min(int(which * len(names)), len(names) - 1)]
        # The stage is sized for the motor: three times its continuous current.
        amps = 3.0 * motors()[name].continuous_current_a(min(design.ambient_c, 60.0))
        made[group] = replace(
            before,
            motor=name,
            gear="planetary",
            ratio=round(float(_RATIO[0] * (_RATIO[1] / _RATIO[0]) ** ratio), 0),
            current_a=round(float(amps), 3),
            pulley_mm=round(float(_PULLEY_MM[0] + (_PULLEY_MM[1] - _PULLEY_MM[0]) * pulley), 1),
            spool_mm=round(float(_SPOOL_MM[0] + (_SPOOL_MM[1] - _SPOOL_MM[0]) * spool), 1),
        )
    return made


def _encode(design: Design, names: list[str]) -> np.ndarray:
    row = []
    for group in GROUPS:
        one = choice(design, group)
        which = names.index(one.motor) if one.motor in names else 0
        row += [
            (which + 0.5) / len(names),
            np.log(one.ratio / _RATIO[0]) / np.log(_RATIO[1] / _RATIO[0]),
            ((one.pulley_mm or _PULLEY_MM[0]) - _PULLEY_MM[0]) / (_PULLEY_MM[1] - _PULLEY_MM[0]),
            ((one.spool_mm or _SPOOL_MM[0]) - _SPOOL_MM[0]) / (_SPOOL_MM[1] - _SPOOL_MM[0]),
        ]
    return np.clip(np.array(row), 0.0, 1.0)


def _costs(values: np.ndarray) -> np.ndarray:
    """All to be made small."""
    return values * [1.0, -1.0, 1.0]


def _rank(costs: np.ndarray, broken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Front number (0 is best) and crowding distance of each, shape (n,). A design beats another when it breaks the limits
    less, or equally and is nowhere worse and somewhere better."""
    less = (costs[:, None] <= costs[None]).all(axis=2) & (costs[:, None] < costs[None]).any(axis=2)
    beats = (broken[:, None] < broken[None]) | ((broken[:, None] == broken[None]) & less)
    rank = np.full(len(costs), -1)
    left = np.ones(len(costs), bool)
    level = 0
    while left.any():
        best = left & ~(beats & left[:, None]).any(axis=0)
        rank[best] = level
        left &= ~best
        level += 1
    crowd = np.zeros(len(costs))
    for number in range(level):
        members = np.flatnonzero(rank == number)
        for column in costs[members].T:
            order = np.argsort(column, kind="stable")
            extent = column[order[-1]] - column[order[0]]
            crowd[members[order[[0, -1]]]] = np.inf
            if extent > 0 and len(members) > 2:
                crowd[members[order[1:-1]]] += (column[order[2:]] - column[order[:-2]]) / extent
    return rank, crowd


def _front(values: np.ndarray) -> np.ndarray:
    """Which of all that was tried nothing beats, by rising mass; at most ``SHOWN`` of them, the most apart."""
    _, first = np.unique(values.round(6), axis=0, return_index=True)
    costs = _costs(values[first])
    beaten = np.array([((costs <= one).all(axis=1) & (costs < one).any(axis=1)).any() for one in costs])
    best = first[~beaten]
    while len(best) > SHOWN:
        _, crowd = _rank(_costs(values[best]), np.zeros(len(best)))
        best = np.delete(best, int(np.argmin(crowd)))
    return best[np.argsort(values[best, 0], kind="stable")]


def _tournament(rng: np.random.Generator, rank: np.ndarray, crowd: np.ndarray) -> int:
    a, b = rng.integers(len(rank), size=2)
    return int(a if (rank[a], -crowd[a]) <= (rank[b], -crowd[b]) else b)


def _mate(rng: np.random.Generator, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Blend crossover, then a nudge to one gene in eight and now and then a new motor."""
    share = rng.uniform(-0.2, 1.2, a.shape)
    children = np.where(rng.random(a.shape) < 0.5, a, a + share * (b - a))
    children += np.where(rng.random(a.shape) < 0.125, 0.12 * rng.standard_normal(a.shape), 0.0)
    fresh = (rng.random(a.shape) < 0.06) & (np.arange(a.shape[1]) % 4 == 0)
    return np.clip(np.where(fresh, rng.random(a.shape), children), 0.0, 1.0)
