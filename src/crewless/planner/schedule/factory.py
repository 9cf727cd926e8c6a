"""A blueprint's work as one scheduling problem: stations, the units on them, and robots that walk, charge and warm up."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from crewless.core.errors import BadInput
from crewless.planner.blueprint.model import Blueprint, Line
from crewless.planner.schedule.problem import Mode, Operation, Precedence, Problem, Resource, Schedule
from crewless.planner.schedule.solve import schedule


@dataclass(frozen=True, kw_only=True)
class RobotLimits:
    """What a robot's body allows; the defaults are those of the simulated robot of the dispatch. No hardware was measured.

    Attributes:
        speed_m_s: along the aisles.
        battery_wh: of a full battery; 0: none.
        work_w: power drawn at work.
        charge_w: power of a charger.
        reserve_share: of the battery, kept for the walks between stations and to the charger.
        heat_j: work's heat that the motors can hold before they are too hot; 0: no limit.
        cooling_w: heat that they lose at rest.
        loss_share: of the power drawn, what heats the motors.
    """

    speed_m_s: float = 1.5
    battery_wh: float = 1000.0
    work_w: float = 250.0
    charge_w: float = 2000.0
    reserve_share: float = 0.2
    heat_j: float = 0.0
    cooling_w: float = 100.0
    loss_share: float = 0.3


@dataclass(frozen=True, kw_only=True)
class PlannedOperation:
    """One station's work on one unit, and who does it.

    Attributes:
        name: ``station#unit``.
        unit: ``line#unit``.
        after: operations that must have ended.
        robot: ``robot-1`` and so on; empty where the station works by itself.
        duration_s: expected, repeats included, in whole seconds.
    """

    name: str
    unit: str
    station: str
    line: str
    after: tuple[str, ...]
    robot: str
    start_s: int
    duration_s: int


@dataclass(frozen=True, kw_only=True)
class FactorySchedule:
    """The work of a built factory in order of its start, and what is known of how good that is.

    Attributes:
        schedule: makespan, lower bound and gap, in seconds.
        problem: what was solved, for a checker.
    """

    blueprint: str
    robots: int
    operations: tuple[PlannedOperation, ...]
    schedule: Schedule
    problem: Problem


def schedule_blueprint(
    blueprint: Blueprint,
    *,
    units: int = 2,
    robots: int | None = None,
    limits: RobotLimits | None = None,
    closed: tuple[tuple[int, int], ...] = (),
    budget_s: float = 5.0,
    seed: int = 0,
    iterations: int | None = None,
    progress: Callable[[Schedule], None] | None = None,
) -> FactorySchedule:
    """The first ``units`` units of every line, as short as the budget buys.

    Args:
        blueprint: what was built.
        units: of each line.
        robots: how many there are; None: as many as the blueprint's balance says.
        limits: of each robot's body.
        closed: pairs (from, until) in seconds in which no station works: breaks, maintenance.
        budget_s: processor seconds.
        seed: of the search.
        iterations: rounds of the search instead of the clock: the same schedule on every machine.
        progress: called with every better schedule.

    Raises:
        BadInput: no unit, no robot where one is needed, or one piece of work empties a battery.
    """
    problem, rows = factory_problem(blueprint, units=units, robots=robots, limits=limits, closed=closed)
    told = schedule(problem, budget_s=budget_s, seed=seed, iterations=iterations, progress=progress)
    planned = []
    for row, operation, start, mode in zip(rows, problem.operations, told.starts, told.assignments, strict=True):
        name, unit, station, line, after = row
        chosen = operation.modes[mode]
        hands = [problem.resources[r].name for r, _ in chosen.demands if problem.resources[r].name.startswith("robot-")]
        planned.append(
            PlannedOperation(
                name=name, unit=unit, station=station, line=line, after=after, robot=hands[0] if hands else "",
                start_s=start, duration_s=chosen.duration,
            )
        )  # fmt: skip
    planned.sort(key=lambda one: (one.start_s, one.name))
    pool = sum(resource.name.startswith("robot-") for resource in problem.resources)
    return FactorySchedule(
        blueprint=blueprint.goal.name, robots=pool, operations=tuple(planned), schedule=told, problem=problem
    )


Row = tuple[str, str, str, str, tuple[str, ...]]


def factory_problem(
    blueprint: Blueprint,
    *,
    units: int = 2,
    robots: int | None = None,
    limits: RobotLimits | None = None,
    closed: tuple[tuple[int, int], ...] = (),
) -> tuple[Problem, list[Row]]:
    """The problem, and for each of its operations name, unit, station, line, and the names that it comes after.

    A station is a resource of capacity 1. Work by hand needs a robot too: one mode for each robot, and between two stations
    it walks (Manhattan distance). A line starts once each part that it consumes has been made once; units keep their order.

    Raises:
        BadInput: as :func:`schedule_blueprint`.
    """
    limits = limits or RobotLimits()
    pool = blueprint.balance.robots if robots is None else robots
    if units < 1:
        raise BadInput(f"{units} units a line make no schedule", alternatives=["1 or more"])
    stations = [station for line in blueprint.lines for station in line.stations]
    by_hand = [station.name for station in stations if station.robots > 0]
    if by_hand and pool < 1:
        raise BadInput(f"{pool} robots, and {by_hand[0]} is worked by hand", alternatives=["1 or more"])
    pool = pool if by_hand else 0
    place = {p.station: (p.x_m + p.width_m / 2, p.y_m + p.depth_m / 2) for p in blueprint.layout.places}
    family = {name: k for k, name in enumerate(by_hand)}
    travel = tuple(
        tuple(
            math.ceil((abs(place[a][0] - place[b][0]) + abs(place[a][1] - place[b][1])) / limits.speed_m_s)
            for b in by_hand
        )
        for a in by_hand
    )
    # Energy in watt-seconds, heat in joules: both whole numbers.
    battery = math.floor(limits.battery_wh * 3600 * (1 - limits.reserve_share))
    body = {
        "setup": travel,
        "battery": battery,
        "charge_time": math.ceil(battery / limits.charge_w) if battery else 0,
        "heat_limit": math.floor(limits.heat_j),
        "cooling": max(1, math.floor(limits.cooling_w)),
    }
    resources = [Resource(name=station.name, closed=closed) for station in stations]
    resources += [Resource(name=f"robot-{k + 1}", **body) for k in range(pool)]
    index = {resource.name: r for r, resource in enumerate(resources)}
    modes: dict[str, tuple[Mode, ...]] = {}
    for station in stations:
        duration = max(1, math.ceil(station.load_s - 1e-9))
        if station.robots > 0:
            energy = math.ceil(duration * limits.work_w)
            heat = math.ceil(energy * limits.loss_share) if limits.heat_j else 0
            for what, needs, limit in (("energy", energy, battery), ("heat", heat, body["heat_limit"])):
                if limit and needs > limit:
                    raise BadInput(
                        f"one piece of work at {station.name} needs {what} {needs:,} J",
                        alternatives=[f"up to {limit:,}"],
                    )
            modes[station.name] = tuple(
                Mode(duration=duration, demands=((index[station.name], 1), (len(stations) + k, 1)), energy=energy, heat=heat)
                for k in range(pool)
            )  # fmt: skip
        else:
            modes[station.name] = (Mode(duration=duration, demands=((index[station.name], 1),)),)
    rows = _rows(blueprint, units)
    number = {row[0]: i for i, row in enumerate(rows)}
    return (
        Problem(
            operations=tuple(Operation(modes=modes[row[2]], family=family.get(row[2], 0), name=row[0]) for row in rows),
            resources=tuple(resources),
            precedences=tuple(
                Precedence(before=number[before], after=i) for i, row in enumerate(rows) for before in row[4]
            ),
        ),
        rows,
    )


def _rows(blueprint: Blueprint, units: int) -> list[Row]:
    by_process: dict[str, list[Line]] = {}
    for line in blueprint.lines:
        by_process.setdefault(line.process, []).append(line)
    process = {p.name: p for p in blueprint.processes}
    makers = {p.makes: p.name for p in blueprint.processes if p.name in by_process}
    rows: list[Row] = []
    for name, lines in by_process.items():
        # The first unit of the first line that makes each part; later ones come from the buffer that then fills.
        feeders = [by_process[makers[part]][0] for part in process[name].consumes if part in makers]
        waits = tuple(f"{feeder.stations[-1].name}#1" for feeder in feeders)
        for line, unit in itertools.product(lines, range(1, units + 1)):
            before = waits if unit == 1 else ()
            for station in line.stations:
                same = (f"{station.name}#{unit - 1}",) if unit > 1 else ()
                label = f"{station.name}#{unit}"
                rows.append((label, f"{line.name}#{unit}", station.name, line.name, (*before, *same)))
                before = (label,)
    return rows
