"""What the factory would be if its assumptions were wrong: nearly every time and success rate in it is one until somebody measures it."""

import math
from dataclasses import dataclass, replace

from crewless.planner.blueprint.catalogue import Catalogue, load_catalogue
from crewless.planner.blueprint.designer import expected_s, flows
from crewless.planner.blueprint.model import Goal

TIMES, FAILURES, HOURS = (2.0, 5.0, 10.0), (2.0, 5.0), (0.65,)
"""Assumed times longer, assumed failures more frequent, and lines that run for less of the hours: 65 % is what much of industry reaches of
its planned hours (overall equipment effectiveness; 85 % is called world class in Nakajima 1988, Introduction to TPM)."""


@dataclass(frozen=True, kw_only=True)
class SensitivityCase:
    """One set of assumptions."""

    name: str
    stations: int
    """No fewer do the work; whole ones for each process."""
    robots: int
    power_kw: float
    build_usd: float
    ground_m2: float
    """Under stations, without aisles."""
    breaks: tuple[str, ...]
    """Limits of the goal that it breaks, by name."""


def sensitivity(goal: Goal) -> list[SensitivityCase]:
    """As assumed, and then one change after the other; last each process alone with its assumed times doubled.

    What a skill card says was measured and stays as it is.
    """
    catalogue = load_catalogue(goal)
    rows = [_size("as assumed", goal, catalogue)]
    rows += [_size(f"assumed times x {k:g}", goal, _slower(catalogue, k)) for k in TIMES]
    rows += [_size(f"assumed failures x {k:g}", goal, _clumsier(catalogue, k)) for k in FAILURES]
    rows += [
        _size(f"lines run {k:.0%} of the hours", replace(goal, operating_h=k * goal.operating_h), catalogue)
        for k in HOURS
    ]
    used = [catalogue.processes[f.part].name for f in flows(goal, catalogue) if f.started]
    return rows + [_size(f"{name}: assumed times x 2", goal, _slower(catalogue, 2.0, name)) for name in used]


def _slower(catalogue: Catalogue, factor: float, only: str = "") -> Catalogue:
    processes = {
        part: replace(p, tasks=tuple(replace(task, time_s=factor * task.time_s) for task in p.tasks))
        if not only or p.name == only
        else p
        for part, p in catalogue.processes.items()
    }
    return replace(catalogue, processes=processes)


def _clumsier(catalogue: Catalogue, factor: float) -> Catalogue:
    # One of a hundred succeeds at least: below that no line would be built.
    skills = {name: replace(s, success=max(0.01, 1 - factor * (1 - s.success))) for name, s in catalogue.skills.items()}
    return replace(catalogue, skills=skills)


def _size(name: str, goal: Goal, catalogue: Catalogue) -> SensitivityCase:
    building, robot = catalogue.building, catalogue.robot
    stations, power_kw, usd, ground_m2, busy = 0, 0.0, 0.0, 0.0, 0.0
    for flow in flows(goal, catalogue):
        if not flow.started:
            continue
        process = catalogue.processes[flow.part]
        times = expected_s(process, goal, catalogue)
        each_s = goal.operating_h * 3600 / flow.started
        count = max(1, math.ceil(sum(times.values()) / each_s - 1e-9))
        busy += sum(times[t.name] for t in process.tasks if robot.name in catalogue.skills[t.skill].kinds) / each_s
        stations += count
        power_kw += count * process.station_power_kw
        usd += count * process.station_cost_usd
        ground_m2 += count * process.station_area_m2
    robots = math.ceil(busy / (1 - robot.charging_share) - 1e-9)
    power_kw += robots * robot.power_kw + goal.area_m2 * building.power_kw_per_m2
    usd += max(0, robots - goal.robots_at_hand) * robot.cost_usd + goal.area_m2 * building.cost_usd_per_m2
    limits = (("power", power_kw, goal.power_kw), ("budget", usd, goal.budget_usd), ("ground", ground_m2, goal.area_m2))
    return SensitivityCase(
        name=name, stations=stations, robots=robots, power_kw=power_kw, build_usd=usd, ground_m2=ground_m2,
        breaks=tuple(what for what, figure, limit in limits if figure > limit * (1 + 1e-9)),
    )  # fmt: skip
