"""A shift as a plan for a fleet: which station works on which unit when, which robot tends it, what feeds what, how far from
the best.

The units of a line are alike, so their order at a station is given; what is searched is the order in which the robots, fewer
than the stations, tend them and bring them their material, and who goes where. It is planned what the simulated fleet does:
robots are sent when there is work, walk the aisles, carry, charge and cool down.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from crewless.core.errors import BadInput
from crewless.fleet.plan import FleetPlan, PlannedLine, PlannedOperation, RobotBodyPlan, check_plan
from crewless.fleet.simulate.simulated_robot import SimulatedRobotConfig
from crewless.planner.blueprint.floor_plan import make_floor_plan
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule import Schedule, schedule
from crewless.planner.schedule.factory import RobotLimits, factory_problem, walks_of
from crewless.planner.schedule.material import HANDLE_S, PAYLOAD_KG, brought, loads_for
from crewless.planner.schedule.works import works_of

SPEED_M_S = 1.5
"""Speed of a robot on the floor: an assumption."""
BATTERY_WH = 2000.0
"""Battery of a robot: an assumption, shared with the simulated fleet."""
IDLE_SHARE = 0.1
"""Power at rest as a share of the power at work: an assumption."""
DRIVE_SHARE = 0.7
"""Power while driving as a share of the power at work: an assumption."""
_COOLER_K = 10.0
"""A motor that was too hot cools down by so much before it works again; likewise."""
_WALK_K = 5.0
"""A motor may be so much warmer at the station than when its robot was chosen; likewise."""


def limits_of(blueprint: Blueprint) -> RobotLimits:
    """The body of the simulated robot (:class:`crewless.fleet.simulate.body.SimulatedRobotConfig`), which nobody has
    measured.

    Its motors are one thermal mass, so the times until they are hot and cool again are exact for one long piece of work.
    Between pieces of work they are taken to lose what they lose halfway between cold and hot.
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
) -> FleetPlan:
    """Schedule the next ``units_per_line`` units of every line, each robot by name: a plan that a fleet can carry out.

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
        raise BadInput(f"{rounds} rounds cannot find a schedule", alternatives=["1 or more"])
    works, buffers = works_of(blueprint, units_per_line)
    loads = {each.name: each for each in loads_for(blueprint, works)}
    works += brought(blueprint, works)
    pool = max(1, blueprint.balance.robots) if robots is None else robots
    problem, walk_s = factory_problem(
        blueprint, works, robots=pool, limits=limits or limits_of(blueprint), closed=closed
    )
    # The budget is only a guard: rounds end the search long before, on any machine.
    found = schedule(problem, iterations=rounds, seed=seed, budget_s=600.0, progress=progress)
    walked = walks_of(problem, found)
    body = limits_of(blueprint)
    operations = list[PlannedOperation]()
    for number, (each, start, mode) in enumerate(zip(works, found.starts, found.assignments, strict=True)):
        chosen = problem.operations[number].modes[mode]
        hands = [problem.resources[r].name for r, _ in chosen.demands if problem.resources[r].is_robot]
        start_s, end_s, walk = float(start - walked[number]), float(start + chosen.duration), float(walked[number])
        robot = hands[0] if hands else ""
        if each.source:
            loads[each.name] = replace(
                loads[each.name], work_s=float(chosen.duration), start_s=start_s, end_s=end_s, walk_s=walk, robot=robot
            )
            continue
        operations.append(PlannedOperation(
            name=each.name, unit=each.unit, station=each.station, line=each.line, after=tuple(each.after),
            work_s=each.work_s, start_s=start_s, end_s=end_s, by_hand=each.by_hand, robot=robot, walk_s=walk,
            charge_needed=body.charge_needed(each.work_s) if each.by_hand else 0.0,
            motor_below_c=motor_below_c(blueprint, each.work_s) if each.by_hand else 0.0,
        ))  # fmt: skip
    operations.sort(key=lambda one: (one.start_s, one.name))
    floor, stations = make_floor_plan(blueprint, pool)
    return check_plan(FleetPlan(
        name=blueprint.goal.name, floor=floor, stations=stations, robots=_robots(blueprint, pool, body),
        operations=_with_parts(blueprint, operations), loads=tuple(loads.values()), lines=_lines(blueprint),
        walk_s=walk_s, makespan_s=float(found.makespan), lower_bound_s=float(found.lower_bound), gap=found.gap,
        method=found.method, buffers=buffers, closed=closed,
    ))  # fmt: skip


def _robots(blueprint: Blueprint, count: int, body: RobotLimits) -> RobotBodyPlan:
    mass_kg = {part.name: part.mass_kg for part in blueprint.parts}
    return RobotBodyPlan(
        kind=blueprint.robot.name, count=count, mass_kg=mass_kg.get(blueprint.robot.name, 60.0), payload_kg=PAYLOAD_KG,
        speed_m_s=body.speed_m_s, handle_s=HANDLE_S, battery_wh=body.battery_wh, work_w=body.work_w,
        drive_w=body.drive_w, idle_w=IDLE_SHARE * body.work_w, charge_w=body.charge_w,
    )  # fmt: skip


def _lines(blueprint: Blueprint) -> tuple[PlannedLine, ...]:
    makes = {process.name: process.makes for process in blueprint.processes}
    mass_kg = {part.name: part.mass_kg for part in blueprint.parts}
    return tuple(
        PlannedLine(
            name=line.name, process=line.process, stations=tuple(each.name for each in line.stations),
            # Too heavy a workpiece goes on a trolley, which weighs on the robot like a full load.
            part=makes[line.process], workpiece_kg=min(PAYLOAD_KG, mass_kg[makes[line.process]]),
        )
        for line in blueprint.lines
    )  # fmt: skip


def _with_parts(blueprint: Blueprint, operations: Sequence[PlannedOperation]) -> tuple[PlannedOperation, ...]:
    """The same, the last operation of every unit with the part that it makes."""
    makes = {process.name: process.makes for process in blueprint.processes}
    last = {line.stations[-1].name: makes[line.process] for line in blueprint.lines}
    ends: dict[str, tuple[float, str]] = {}
    for one in operations:
        if one.station in last:
            ends[one.unit] = max(ends.get(one.unit, (-1.0, "")), (one.end_s, one.name))
    final = {name for _, name in ends.values()}
    return tuple(replace(one, makes=last[one.station]) if one.name in final else one for one in operations)


def hours(windows: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Windows such as ``8-24``, in hours from the start, as pairs of seconds. Raises BadInput that names one that is none."""
    pairs = []
    for window in windows:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", window)
        start, until = (round(3600 * float(match[k])) for k in (1, 2)) if match else (0, 0)
        if until <= start:
            raise BadInput(f"--closed {window!r} is not a range of hours", alternatives=["8-24", "4-4.5"])
        pairs.append((start, until))
    return tuple(sorted(pairs))
