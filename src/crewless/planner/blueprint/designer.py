"""From a goal to a blueprint; an impossible goal is refused with what binds and the nearest goal that is possible."""

import math
from collections.abc import Callable
from dataclasses import replace

from crewless.core.errors import BadInput
from crewless.planner.blueprint.amounts import POWER_W, in_unit
from crewless.planner.blueprint.balance import balance, greedy
from crewless.planner.blueprint.catalogue import Catalogue, load_catalogue
from crewless.planner.blueprint.checker import Check, check
from crewless.planner.blueprint.construction import plan_construction
from crewless.planner.blueprint.layout import SlotFloor, arrange, make_floor
from crewless.planner.blueprint.model import (
    VERSION,
    Balance,
    Blueprint,
    Flow,
    Goal,
    Layout,
    Line,
    Place,
    Process,
    Station,
    TaskWork,
)

_LINES_TRIED, _MORE_LINES = 3, 100
"""Parallel lines are tried from the fewest possible to this many times as many, or to so many more."""


def design(goal: Goal, seed: int = 0) -> Blueprint:
    """A blueprint that passes every check. Raises BadInput when the goal is impossible."""
    catalogue = load_catalogue(goal)
    broken = _broken(goal, catalogue, *_least_size(goal, catalogue))
    if not broken:
        blueprint, broken = _try(goal, catalogue, seed)
        if blueprint is not None and not broken:
            return blueprint
    reasons = "; ".join(f"{c.name} {c.figure:,.0f} > {c.limit:,.0f} {c.unit}" for c in broken)
    # Where every product is made once a year.
    low, high = min(1.0, *(1 / rate for rate in goal.products.values())), 1.0
    if _limits(_scaled(goal, low), catalogue):
        raise BadInput(f"goal {goal.name!r} is impossible at any rate: {reasons}", alternatives=["higher limits"])
    for _ in range(20):
        # The work alone first: lines that are far too many take long to lay out.
        middle = math.sqrt(low * high)
        nearer = _scaled(goal, middle)
        if not _broken(nearer, catalogue, *_least_size(nearer, catalogue)) and not _limits(nearer, catalogue):
            low = middle
        else:
            high = middle
    # The sizing above leaves out nothing but the gaps of the layout, so little is given up here.
    while True:
        nearest, words = _as_written(_scaled(goal, low), catalogue)
        found, rest = _try(nearest, catalogue, seed)
        if found is not None and not rest:
            break
        if all(rate <= 1 for rate in nearest.products.values()):
            raise BadInput(f"goal {goal.name!r} is impossible at any rate: {reasons}", alternatives=["higher limits"])
        low *= 0.97
    raise BadInput(
        f"goal {goal.name!r} is impossible: {reasons}",
        alternatives=[f"the nearest possible goal, {100 * low:.3g}% of it: products {{{words}}}", "higher limits"],
    )


def _scaled(goal: Goal, share: float) -> Goal:
    return replace(goal, products={part: max(1.0, rate * share) for part, rate in goal.products.items()})


def _as_written(goal: Goal, catalogue: Catalogue) -> tuple[Goal, str]:
    """The goal with rates rounded down to what is written of them, in the units in which they were given, and the words."""
    rates, words = {}, []
    for part, rate in goal.products.items():
        unit, watt = goal.power_units.get(part), catalogue.parts[part].rated_w
        text = in_unit(rate * watt, unit, POWER_W[unit]) if unit else str(math.floor(rate))
        rates[part] = float(text.split()[0]) * (POWER_W[unit] / watt if unit else 1.0)
        words.append(f"{part}: {text}")
    return replace(goal, products=rates), ", ".join(words)


def flows(goal: Goal, catalogue: Catalogue) -> tuple[Flow, ...]:
    """What is made, bought and used in a year, from finished to raw (material requirements, exploded by level)."""
    used = dict.fromkeys(catalogue.parts, 0.0)
    made: list[Flow] = []
    for part in reversed(catalogue.order):
        shipped = goal.products.get(part, 0.0)
        need = used[part] + shipped
        stock = min(goal.stock.get(part, 0.0), need)
        process = catalogue.processes[part]
        if need == 0:
            continue
        started = (need - stock) / process.yield_share
        for name, amount in process.consumes.items():
            used[name] += amount * started
        made.append(
            Flow(
                part=part,
                made=need - stock,
                started=started,
                bought=0.0,
                from_stock=stock,
                used=used[part],
                shipped=shipped,
            )
        )
    for part, need in used.items():
        if part not in catalogue.processes and need > 0:
            stock = min(goal.stock.get(part, 0.0), need)
            made.append(
                Flow(part=part, made=0.0, started=0.0, bought=need - stock, from_stock=stock, used=need, shipped=0.0)
            )
    return tuple(made)


def work_of(process: Process, goal: Goal, catalogue: Catalogue) -> tuple[TaskWork, ...]:
    """Time and expected tries of each task: a skill card's where there is one, else what the catalogue assumes.

    A failed try is repeated: 1 / success rate tries are expected, the mean of a geometric number.
    """
    rows = []
    for task in process.tasks:
        cards = [card for card in goal.skill_cards if card.skill == task.skill]
        own = next((card for card in cards if f"{process.name}.{task.name}" in card.tasks), None)
        card = own or next((card for card in cards if not card.tasks), None)
        skill = catalogue.skills[task.skill]
        timed = own if own and own.mean_s else None
        rows.append(
            TaskWork(
                process=process.name, task=task.name, skill=task.skill,
                time_s=timed.mean_s if timed and timed.mean_s else task.time_s, time_measured=timed is not None,
                time_source=timed.source if timed else process.source,
                tries=card.tries if card else 1 / skill.success, tries_measured=card is not None,
                tries_source=card.source if card else skill.source,
            )
        )  # fmt: skip
    return tuple(rows)


def expected_s(process: Process, goal: Goal, catalogue: Catalogue) -> dict[str, float]:
    """Task to seconds, repeats included."""
    return {one.task: one.time_s * one.tries for one in work_of(process, goal, catalogue)}


def _lines(
    goal: Goal, catalogue: Catalogue, made: tuple[Flow, ...], balancer: Callable[..., tuple[list[list[str]], int]]
) -> tuple[Line, ...]:
    lines: list[Line] = []
    for flow in made:
        if flow.started == 0:
            continue
        process = catalogue.processes[flow.part]
        takt_s = goal.operating_h * 3600 / flow.started
        times = expected_s(process, goal, catalogue)
        after = {task.name: task.after for task in process.tasks}
        least = max(1, math.ceil(max(times.values()) / takt_s - 1e-9))
        # The fewest stations in all; a tie goes to fewer lines.
        count = min(
            range(least, min(_LINES_TRIED * least + 3, least + _MORE_LINES)),
            key=lambda n: (n * len(greedy(times, after, n * takt_s)), n),
        )
        stations, bound = balancer(times, after, count * takt_s)
        skill = {task.name: task.skill for task in process.tasks}
        for number in range(1, count + 1):
            name = f"{process.name}-{number}"
            places = []
            for position, tasks in enumerate(stations, 1):
                hands = sum(
                    times[t] for t in tasks if catalogue.robot.name in catalogue.skills[skill[t]].kinds
                ) / (count * takt_s)  # fmt: skip
                places.append(
                    Station(
                        name=f"{name}.{position}",
                        tasks=tuple(tasks),
                        load_s=sum(times[t] for t in tasks),
                        robots=hands,
                    )
                )
            lines.append(
                Line(name=name, process=process.name, cycle_s=count * takt_s, stations=tuple(places), bound=bound)
            )
    return tuple(lines)


def _by_name(catalogue: Catalogue) -> dict[str, Process]:
    return {process.name: process for process in catalogue.processes.values()}


def weigh(goal: Goal, catalogue: Catalogue, made: tuple[Flow, ...], lines: tuple[Line, ...]) -> Balance:
    """Power, robots and cost of the lines."""
    process = _by_name(catalogue)
    stations_kw = sum(process[line.process].station_power_kw * len(line.stations) for line in lines)
    stations_usd = sum(process[line.process].station_cost_usd * len(line.stations) for line in lines)
    busy = sum(station.robots for line in lines for station in line.stations)
    robots = math.ceil(busy / (1 - catalogue.robot.charging_share))
    return Balance(
        stations_kw=stations_kw,
        robots_kw=robots * catalogue.robot.power_kw,
        building_kw=goal.area_m2 * catalogue.building.power_kw_per_m2,
        robots=robots,
        stations_usd=stations_usd,
        robots_usd=max(0, robots - goal.robots_at_hand) * catalogue.robot.cost_usd,
        building_usd=goal.area_m2 * catalogue.building.cost_usd_per_m2,
        material_usd_per_year=sum(flow.bought * catalogue.parts[flow.part].cost_usd for flow in made),
    )


def _slots(line: Line, catalogue: Catalogue) -> list[int]:
    each = math.ceil(_by_name(catalogue)[line.process].station_area_m2 / catalogue.building.slot_m**2 - 1e-9)
    return [each] * len(line.stations)


def _floor(goal: Goal, catalogue: Catalogue) -> SlotFloor:
    building = catalogue.building
    return make_floor(goal.area_m2, building.slot_m, building.slots_between_aisles, goal.forbidden)


def _limits(
    goal: Goal, catalogue: Catalogue, lines: tuple[Line, ...] | None = None, size: Balance | None = None
) -> list[Check]:
    """The limits that the goal breaks, by size alone; ``lines`` and ``size`` where they are known already."""
    made = flows(goal, catalogue)
    lines = lines or _lines(goal, catalogue, made, lambda t, a, c: (greedy(t, a, c), 1))
    return _broken(
        goal,
        catalogue,
        sum(sum(_slots(line, catalogue)) for line in lines),
        size or weigh(goal, catalogue, made, lines),
    )


def _least_size(goal: Goal, catalogue: Catalogue) -> tuple[float, Balance]:
    """Slots, and power and cost, that no factory for the goal can do without: every station busy all the time."""
    building, robot = catalogue.building, catalogue.robot
    slots = stations_kw = stations_usd = busy = 0.0
    for flow in flows(goal, catalogue):
        if flow.started:
            process = catalogue.processes[flow.part]
            times = expected_s(process, goal, catalogue)
            each_s = goal.operating_h * 3600 / flow.started
            stations = sum(times.values()) / each_s
            busy += sum(times[t.name] for t in process.tasks if robot.name in catalogue.skills[t.skill].kinds) / each_s
            slots += stations * math.ceil(process.station_area_m2 / building.slot_m**2 - 1e-9)
            stations_kw += stations * process.station_power_kw
            stations_usd += stations * process.station_cost_usd
    robots = math.floor(busy / (1 - robot.charging_share))
    return slots, Balance(
        stations_kw=stations_kw, robots_kw=robots * robot.power_kw, building_kw=goal.area_m2 * building.power_kw_per_m2,
        robots=robots, stations_usd=stations_usd, robots_usd=max(0, robots - goal.robots_at_hand) * robot.cost_usd,
        building_usd=goal.area_m2 * building.cost_usd_per_m2, material_usd_per_year=0.0,
    )  # fmt: skip


def _broken(goal: Goal, catalogue: Catalogue, slots: float, size: Balance) -> list[Check]:
    floor = _floor(goal, catalogue)
    share = catalogue.building.slot_m**2
    usd = size.stations_usd + size.robots_usd + size.building_usd
    power = size.stations_kw + size.robots_kw + size.building_kw
    all_checks = [
        Check(name="power", figure=power, limit=goal.power_kw, unit="kW", ok=power <= goal.power_kw),
        Check(
            name="space for stations", figure=slots * share, limit=len(floor.slots) * share, unit="m2",
            ok=slots <= len(floor.slots),
        ),
        Check(name="budget", figure=usd, limit=goal.budget_usd, unit="USD", ok=usd <= goal.budget_usd),
    ]  # fmt: skip
    return [one for one in all_checks if not one.ok]


def _try(goal: Goal, catalogue: Catalogue, seed: int) -> tuple[Blueprint | None, list[Check]]:
    made = flows(goal, catalogue)
    lines = _lines(goal, catalogue, made, balance)
    size = weigh(goal, catalogue, made, lines)
    broken = _limits(goal, catalogue, lines, size)
    if broken:
        return None, broken
    floor = _floor(goal, catalogue)
    try:
        layout = _layout(goal, catalogue, made, lines, floor, seed)
    except BadInput:
        # It fits by area, and not once stations of several slots meet the ends of the runs.
        slots = sum(sum(_slots(line, catalogue)) for line in lines)
        share = catalogue.building.slot_m**2
        return None, [
            Check(name="space for stations", figure=slots * share, limit=len(floor.slots) * share, unit="m2", ok=False)
        ]
    used = {line.process for line in lines}
    names = {flow.part for flow in made}
    blueprint = Blueprint(
        version=VERSION,
        goal=goal,
        parts=tuple(part for name, part in catalogue.parts.items() if name in names),
        processes=tuple(p for p in catalogue.processes.values() if p.name in used),
        skills=tuple(catalogue.skills.values()),
        robot=catalogue.robot,
        building=catalogue.building,
        flows=made,
        work=tuple(one for p in catalogue.processes.values() if p.name in used for one in work_of(p, goal, catalogue)),
        lines=lines,
        layout=layout,
        construction=plan_construction(goal, catalogue, made, lines),
        balance=size,
    )
    return blueprint, [one for one in check(blueprint) if not one.ok]


def transport(made: tuple[Flow, ...], lines: tuple[Line, ...], catalogue: Catalogue) -> dict[tuple[str, str], float]:
    """Tonnes a year from line to line; a part's flow is shared evenly by the lines that make it and those that use it."""
    by_part: dict[str, list[str]] = {}
    process = _by_name(catalogue)
    for line in lines:
        by_part.setdefault(process[line.process].makes, []).append(line.name)
    started = {flow.part: flow.started for flow in made}
    moved: dict[tuple[str, str], float] = {}
    for part, users in by_part.items():
        for consumed, amount in catalogue.processes[part].consumes.items():
            makers = by_part.get(consumed, [])
            tonne = started[part] * amount * catalogue.parts[consumed].mass_kg / 1000
            for maker in makers:
                for user in users:
                    moved[maker, user] = moved.get((maker, user), 0.0) + tonne / len(makers) / len(users)
    return moved


def _layout(
    goal: Goal, catalogue: Catalogue, made: tuple[Flow, ...], lines: tuple[Line, ...], floor: SlotFloor, seed: int
) -> Layout:
    needs = {line.name: _slots(line, catalogue) for line in lines}
    moved = transport(made, lines, catalogue)
    tries = max(100, min(3000, 12_000_000 // (len(moved) + len(floor.slots) + 1)))
    taken, after, before = arrange(floor, needs, moved, tries=tries, seed=seed)
    places = []
    for line in lines:
        for station, slots in zip(line.stations, taken[line.name], strict=True):
            xs, y = [floor.slots[s][0] for s in slots], floor.slots[slots[0]][1]
            places.append(
                Place(
                    station=station.name, x_m=min(xs), y_m=y,
                    width_m=max(xs) - min(xs) + floor.slot_m, depth_m=floor.slot_m,
                )
            )  # fmt: skip
    return Layout(
        width_m=floor.width_m,
        depth_m=floor.depth_m,
        places=tuple(places),
        aisles=floor.aisles,
        transport_tonne_m=after,
        transport_before_tonne_m=before,
    )
