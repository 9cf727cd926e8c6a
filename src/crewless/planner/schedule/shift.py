"""A shift: which station works on which unit when, which robot tends it, what feeds what, and how far from the best that is.

The units of a line are alike, so their order at a station is given; what is searched is the order in which the robots, fewer
than the stations, tend them and bring them their material, and who goes where. It is planned what the simulated fleet does:
robots are sent when there is work, walk the aisles, carry, charge and cool down.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crewless.core.errors import BadInput
from crewless.fleet.simulate.robot import SimulatedRobotConfig
from crewless.planner.blueprint.model import Blueprint, parse
from crewless.planner.schedule import Schedule, schedule
from crewless.planner.schedule.factory import RobotLimits, factory_problem, walks_of
from crewless.planner.schedule.material import brought
from crewless.planner.schedule.works import works_of

SPEED_M_S = 1.5
"""Of a robot on the floor: an assumption."""
BATTERY_WH = 2000.0
"""Of a robot: an assumption, that of the simulated fleet."""
IDLE_SHARE = 0.1
"""Of a robot's power at work, drawn at rest; likewise."""
DRIVE_SHARE = 0.7
"""Of a robot's power at work, drawn while it drives; likewise."""
_COOLER_K = 10.0
"""A motor that was too hot cools down by so much before it works again; likewise."""
_WALK_K = 5.0
"""A motor may be so much warmer at the station than when its robot was chosen; likewise."""


@dataclass(frozen=True, kw_only=True)
class PlannedOperation:
    """One station's work on one unit, the part that a robot tends or the part that the station does alone; or a load that a
    robot brings to a station."""

    name: str
    unit: str
    station: str
    line: str
    after: tuple[str, ...]
    work_s: float
    """Seconds of work, expected repeats included; of a load from picking it up to dropping it."""
    start_s: float
    """When the robot sets out, or the station begins."""
    end_s: float
    by_hand: bool
    """A robot must be there."""
    walk_s: float = 0.0
    """The robot's way there, or to where the load lies, between ``start_s`` and the work."""
    robot: str = ""
    """Who does it in the plan. The dispatch is free to send another who is much nearer or sooner free."""


@dataclass(frozen=True, kw_only=True)
class ShiftPlan:
    """Operations in order of their planned start."""

    blueprint: str
    robots: int
    walk_s: float
    """Mean walk between two stations that are tended."""
    makespan_s: float
    lower_bound_s: float
    """No schedule of these operations with so many robots is shorter (proved; as if nobody had to walk to work, charge or cool)."""
    gap: float
    """(makespan - lower bound) / makespan."""
    method: str
    operations: tuple[PlannedOperation, ...]
    buffers: dict[str, float] = field(default_factory=dict)
    """Part to units that must lie ready at the beginning, because the shift uses more than it makes."""
    closed: tuple[tuple[int, int], ...] = ()
    """Pairs (from, until) in seconds in which no station works."""
    carriages: tuple[PlannedOperation, ...] = ()
    """The loads that robots bring, in order of their start; see :func:`crewless.planner.schedule.material.carriages`."""


def limits_of(blueprint: Blueprint) -> RobotLimits:
    """The body of the simulated robot (:class:`crewless.fleet.simulate.run.Shopfloor`), which nobody has measured.

    Its motors are one thermal mass (:class:`crewless.fleet.simulate.robot.SimulatedRobotConfig`), so the times until they are hot and
    cool again are exact for one long piece of work. Between pieces of work they are taken to lose what they lose halfway
    between cold and hot.
    """
    body, works_c, rests_c, time_s = _warmth(blueprint)
    share = min(0.5, max(0.02, blueprint.robot.charging_share))
    work_w = 1000.0 * blueprint.robot.power_kw
    reach_k = body.hot_c - body.air_c
    loss_w = 0.5 * reach_k / body.heat_resistance_k_w
    stops = works_c > body.hot_c
    return RobotLimits(
        speed_m_s=SPEED_M_S, battery_wh=BATTERY_WH, work_w=work_w, drive_w=DRIVE_SHARE * work_w,
        charge_w=work_w * (1 - share) / share,
        heat_j=body.heat_capacity_j_k * reach_k, heating_w=max(0.0, body.loss_share * work_w - loss_w), cooling_w=loss_w,
        hot_after_s=time_s * math.log((works_c - body.air_c) / (works_c - body.hot_c)) if stops else 0.0,
        again_after_s=time_s * math.log((works_c - body.hot_c + _COOLER_K) / (works_c - body.hot_c)) if stops else 1.0,
        pause_s=time_s * math.log((body.hot_c - rests_c) / (body.hot_c - _COOLER_K - rests_c)),
    )  # fmt: skip


def motor_below_c(blueprint: Blueprint, work_s: float) -> float:
    """A simulated robot whose motors are warmer than this when it begins such work becomes too hot in it. 0: none does.

    Work that makes every robot too hot is for those that are nearly cold: they stop last.
    """
    body, works_c, rests_c, time_s = _warmth(blueprint)
    if works_c <= body.hot_c:
        return 0.0
    # Backwards in time from the end: T = T_works - (T_works - T_hot) exp(t / (R C)).
    begins_c = works_c - (works_c - body.hot_c) * math.exp(work_s / time_s)
    return max(begins_c - _WALK_K, rests_c + _WALK_K)


def _warmth(blueprint: Blueprint) -> tuple[SimulatedRobotConfig, float, float, float]:
    """The simulated robot's body, the temperatures that its motors go to at work and at rest, and in how many seconds."""
    body = SimulatedRobotConfig(serial="planned")
    works_c, rests_c = (
        body.air_c + body.heat_resistance_k_w * body.loss_share * share * 1000.0 * blueprint.robot.power_kw
        for share in (1.0, IDLE_SHARE)
    )
    return body, works_c, rests_c, body.heat_capacity_j_k * body.heat_resistance_k_w


def schedule_shift(
    blueprint: Blueprint,
    units_per_line: int = 2,
    *,
    rounds: int = 10,
    seed: int = 0,
    robots: int | None = None,
    limits: RobotLimits | None = None,
    closed: tuple[tuple[int, int], ...] = (),
    progress: Callable[[Schedule], None] | None = None,
) -> ShiftPlan:
    """Schedule the next ``units_per_line`` units of every line, each robot by name.

    Args:
        blueprint: what was built.
        units_per_line: how many units each line begins.
        rounds: of the search; a fixed number, so that a seed gives the same schedule on every machine.
        seed: of the search.
        robots: how many there are; None: as many as the blueprint's balance says.
        limits: of each robot's body; None: :func:`limits_of` the blueprint.
        closed: pairs (from, until) in seconds in which no station works.
        progress: called with every better schedule.

    Raises:
        BadInput: nothing to do, no robot where one is needed, or work that no robot's battery can do.
    """
    if rounds < 1:
        raise BadInput(f"{rounds} rounds find no schedule", alternatives=["1 or more"])
    works, buffers = works_of(blueprint, units_per_line)
    works += brought(blueprint, works)
    pool = max(1, blueprint.balance.robots) if robots is None else robots
    problem, walk_s = factory_problem(
        blueprint, works, robots=pool, limits=limits or limits_of(blueprint), closed=closed
    )
    # The budget is only a guard: rounds end the search long before, on any machine.
    found = schedule(problem, iterations=rounds, seed=seed, budget_s=600.0, progress=progress)
    walked = walks_of(problem, found)
    operations, carried = list[PlannedOperation](), list[PlannedOperation]()
    for number, (each, start, mode) in enumerate(zip(works, found.starts, found.assignments, strict=True)):
        chosen = problem.operations[number].modes[mode]
        hands = [problem.resources[r].name for r, _ in chosen.demands if problem.resources[r].is_robot]
        (carried if each.source else operations).append(
            PlannedOperation(
                name=each.name, unit=each.unit, station=each.station, line=each.line, after=tuple(each.after),
                work_s=float(chosen.duration) if each.source else each.work_s, start_s=float(start - walked[number]), end_s=float(start + chosen.duration),
                by_hand=each.by_hand, robot=hands[0] if hands else "", walk_s=float(walked[number]),
            )
        )  # fmt: skip
    for rows in (operations, carried):
        rows.sort(key=lambda one: (one.start_s, one.name))
    return ShiftPlan(
        blueprint=blueprint.goal.name, robots=pool, walk_s=walk_s, makespan_s=float(found.makespan),
        lower_bound_s=float(found.lower_bound), gap=found.gap, method=found.method, operations=tuple(operations),
        buffers=buffers, closed=closed, carriages=tuple(carried),
    )  # fmt: skip


def hours(windows: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Windows such as ``8-24``, in hours from the start, as pairs of seconds. Raises BadInput that names one that is none."""
    pairs = []
    for window in windows:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", window)
        start, until = (round(3600 * float(match[k])) for k in (1, 2)) if match else (0, 0)
        if until <= start:
            raise BadInput(f"{window!r} are no closed hours", alternatives=["8-24", "4-4.5"])
        pairs.append((start, until))
    return tuple(sorted(pairs))


def check_stations(shift: ShiftPlan, blueprint: Blueprint) -> None:
    """Raises BadInput that names a station which the schedule has and the blueprint has not."""
    stations = {station.name for line in blueprint.lines for station in line.stations}
    for one in shift.operations:
        if one.station not in stations:
            raise BadInput(
                f"the schedule of {shift.blueprint!r} names station {one.station!r}, which the blueprint has not",
                alternatives=[f"a schedule of {blueprint.goal.name!r}"],
            )


def read_schedule(path: Path) -> ShiftPlan:
    """Read back what ``plan schedule`` wrote. Raises BadInput."""
    try:
        shift: ShiftPlan = parse(ShiftPlan, json.loads(path.read_bytes()), str(path))
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read the schedule {path}: {error}") from error
    if not shift.operations:
        raise BadInput(f"the schedule {path} holds no operation")
    return shift
