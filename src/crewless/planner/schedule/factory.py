"""A blueprint's work as one scheduling problem: stations, the units on them, and robots that walk the aisles, charge and warm up.

A robot is sent when there is work for it, as the dispatch does it: its walk begins when what the work comes after has ended.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crewless.core.errors import BadInput
from crewless.fleet.traffic.grid import distances
from crewless.planner.blueprint.floor_plan import make_aisles
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule.problem import Mode, Operation, Precedence, Problem, Resource, Schedule
from crewless.planner.schedule.works import WorkItem


@dataclass(frozen=True, kw_only=True)
class RobotLimits:
    """What a robot's body allows. No hardware was measured: :func:`limits_of` takes what the simulated robot assumes.

    Attributes:
        speed_m_s: along the aisles.
        battery_wh: of a full battery; 0: none.
        work_w: power drawn at work.
        drive_w: and on the way with a load.
        charge_w: power of a charger.
        reserve_share: of the battery, kept for the walks between stations and to the charger.
        heat_j: heat that the motors can take up until they are too hot; 0: no limit.
        heating_w: heat that stays in them at work, the mean between cold and hot.
        cooling_w: heat that they lose at rest, the same mean.
        hot_after_s: so long a robot that begins cold works until it must stop and cool; 0: for ever.
        again_after_s: and so long after each such stop.
        pause_s: such a stop.
    """

    speed_m_s: float = 1.5
    battery_wh: float = 2000.0
    work_w: float = 500.0
    drive_w: float = 350.0
    charge_w: float = 2000.0
    reserve_share: float = 0.2
    heat_j: float = 0.0
    heating_w: float = 0.0
    cooling_w: float = 1.0
    hot_after_s: float = 0.0
    again_after_s: float = 1.0
    pause_s: float = 0.0

    def charge_needed(self, work_s: float) -> float:
        """Share of a full battery that a robot must have to begin so much work: what it takes and the reserve. 0: no battery."""
        if not self.battery_wh:
            return 0.0
        return work_s * self.work_w / 3600 / self.battery_wh + self.reserve_share

    def lasts_s(self, work_s: float) -> float:
        """How long so much work without interruption takes one robot that begins cold, its stops to cool included."""
        if not self.hot_after_s or work_s <= self.hot_after_s:
            return work_s
        return work_s + math.ceil((work_s - self.hot_after_s) / self.again_after_s) * self.pause_s


def factory_problem(
    blueprint: Blueprint,
    works: Sequence[WorkItem],
    *,
    robots: int,
    limits: RobotLimits,
    closed: tuple[tuple[int, int], ...] = (),
) -> tuple[Problem, float]:
    """The problem, one operation for each of ``works``, and the mean walk between two stations in seconds.

    What a robot tends or brings has one mode for each robot, and between two stations it walks the layout's aisles. Who brings a
    load walks to its source, which is set-up, and takes it from there to the station, which is the operation. The order of
    units at a station is among the works' own; the station is a resource only where it has closed hours.

    Args:
        blueprint: what was built.
        works: from :func:`crewless.planner.schedule.works.works_of`, and the loads that are brought for them.
        robots: how many there are.
        limits: of each robot's body.
        closed: pairs (from, until) in seconds in which no station works: breaks, maintenance.

    Raises:
        BadInput: no robot where one is needed, or one piece of work that a robot's battery or motors cannot do.
    """
    by_hand = list(dict.fromkeys((one.source or one.station, one.station) for one in works if one.by_hand))
    """From where to where robots get by their operations, the families of the problem: tending is from a station to itself."""
    if by_hand and robots < 1:
        raise BadInput(f"{robots} robots, but station {by_hand[0][1]} needs one", alternatives=["1 or more"])
    walks, spots, across, mean_s = _walks(blueprint, by_hand, limits.speed_m_s)
    battery = math.floor(limits.battery_wh * 3600 * (1 - limits.reserve_share))
    stations = list(dict.fromkeys(one.station for one in works if not one.source)) if closed else []
    station = {name: r for r, name in enumerate(stations)}
    resources = [Resource(name=name, closed=closed) for name in stations]
    pool = range(len(resources), len(resources) + (robots if by_hand else 0))
    resources += [
        Resource(
            name=f"{blueprint.robot.name}-{k + 1}", setup=walks, sent_when_ready=True,
            family=len(by_hand) + k % spots if spots else -1, battery=battery,
            charge_time=math.ceil(battery / limits.charge_w) if battery else 0, heat_limit=math.floor(limits.heat_j),
            cooling=max(1, math.floor(limits.cooling_w)),
        )
        for k in range(len(pool))
    ]  # fmt: skip
    family = {pair: k for k, pair in enumerate(by_hand)}
    known: dict[tuple[str, str, bool, float], tuple[Mode, ...]] = {}
    for one in works:
        key = one.source, one.station, one.by_hand, one.work_s
        if key in known:
            continue
        if one.source:
            duration = math.ceil(one.work_s + across[family[one.source, one.station]] - 1e-9)
            energy = math.ceil(duration * limits.drive_w) if battery else 0
            heat = math.ceil(duration * limits.heating_w * limits.drive_w / limits.work_w)
            heat = min(math.floor(limits.heat_j), heat)
            known[key] = tuple(Mode(duration=duration, demands=((r, 1),), energy=energy, heat=heat) for r in pool)
            continue
        duration = max(1, math.ceil((limits.lasts_s(one.work_s) if one.by_hand else one.work_s) - 1e-9))
        own = ((station[one.station], 1),) if closed else ()
        if not one.by_hand:
            known[key] = (Mode(duration=duration, demands=own),)
            continue
        energy = math.ceil(one.work_s * limits.work_w) if battery else 0
        if energy > battery:
            raise BadInput(
                f"{one.work_s:,.0f} s of work at {one.station} need {energy:,} J and a robot's battery gives {battery:,}",
                alternatives=["a larger battery", "more stations, so that each has less to do"],
            )
        # Work that makes a robot too hot, with its stops, is begun cold.
        heat = min(math.floor(limits.heat_j), math.ceil(one.work_s * limits.heating_w))
        known[key] = tuple(Mode(duration=duration, demands=(*own, (r, 1)), energy=energy, heat=heat) for r in pool)
    number = {one.name: i for i, one in enumerate(works)}
    problem = Problem(
        operations=tuple(
            Operation(
                modes=known[one.source, one.station, one.by_hand, one.work_s],
                family=family.get((one.source or one.station, one.station), 0),
                name=one.name,
            )
            for one in works
        ),
        resources=tuple(resources),
        precedences=tuple(
            Precedence(before=number[before], after=i) for i, one in enumerate(works) for before in one.after
        )
        + tuple(Precedence(before=i, after=number[one.feeds]) for i, one in enumerate(works) if one.feeds),
    )
    return problem, mean_s


def walks_of(problem: Problem, found: Schedule) -> list[int]:
    """Set-up or travel before each operation, by the robot that does it."""
    walked = [0] * len(found.starts)
    at = {r: resource.family for r, resource in enumerate(problem.resources) if resource.setup}
    for i in sorted(range(len(walked)), key=lambda i: found.starts[i]):
        operation = problem.operations[i]
        for r, _ in operation.modes[found.assignments[i]].demands:
            if r in at:
                if at[r] >= 0:
                    walked[i] = max(walked[i], problem.resources[r].setup[at[r]][operation.family])
                at[r] = operation.family
    return walked


def _walks(
    blueprint: Blueprint, ways: list[tuple[str, str]], speed_m_s: float
) -> tuple[tuple[tuple[int, ...], ...], int, list[float], float]:
    """Whole seconds from each way's end, and then from each parking place, to each way's begin; how many parking places; the
    seconds of each way; and the mean between two stations that are tended (ways that end where they begin)."""
    if not ways:
        return (), 0, [], 0.0
    aisles = make_aisles(blueprint)
    names = list(dict.fromkeys(name for way in ways for name in way))
    place = {name: k for k, name in enumerate(names)}
    doors = np.array([aisles.bays[name][0] for name in names], np.int32)
    # Every other one is a charger.
    spots = np.array(aisles.parking[1::2], np.int32)
    # From each station, and then from each parking place, to each station.
    steps = distances(aisles.floor, doors)[:, np.concatenate([doors, spots])].T * (aisles.cell_m / speed_m_s)
    begins, ends = (np.array([place[way[k]] for way in ways]) for k in (0, 1))
    leaves = np.concatenate([ends, len(names) + np.arange(len(spots))])
    table = tuple(tuple(row) for row in np.ceil(steps[np.ix_(leaves, begins)]).astype(np.int64).tolist())
    tended = [place[begin] for begin, end in ways if begin == end]
    mean_s = float(steps[np.ix_(tended, tended)].sum() / max(1, len(tended) * (len(tended) - 1)))
    return table, len(spots), steps[begins, ends].tolist(), mean_s
