"""Proves the balances of a blueprint, whoever proposed it. Shares no code with the designer and believes no figure of it.

It reads the data file alone: what the designer states (flows, loads, power, cost) is computed anew and compared.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from crewless.planner.blueprint.model import Blueprint

_SAME = 1e-6
"""Relative difference that counts as equal."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check and its figure. ``ok`` says whether it holds; ``names`` what breaks it, where that has a name."""

    name: str
    figure: float
    limit: float
    unit: str
    ok: bool
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What is wrong, for an error."""
        if self.names:
            return f"{self.name}: {', '.join(self.names[:5])}{', ...' if len(self.names) > 5 else ''}"
        return f"{self.name}: {self.figure:,.4g}, at most {self.limit:,.4g} {self.unit}"


def _most(name: str, figure: float, limit: float, unit: str) -> Check:
    return Check(name=name, figure=figure, limit=limit, unit=unit, ok=figure <= limit + _SAME * max(1.0, abs(limit)))


def _none(name: str, figure: float, unit: str) -> Check:
    return Check(name=name, figure=figure, limit=0.0, unit=unit, ok=figure == 0)


def _nobody(name: str, names: Iterable[str], unit: str) -> Check:
    """As :func:`_none`, of things that have names."""
    found = tuple(sorted(names))
    return Check(name=name, figure=len(found), limit=0.0, unit=unit, ok=not found, names=found)


def check(blueprint: Blueprint) -> list[Check]:
    """Every check, in a fixed order, also those that hold; of a file whose names refer to nothing only the first ones."""
    structure = _structure(blueprint)
    if not all(one.ok for one in structure):
        return structure
    return [
        *structure,
        *_mass(blueprint),
        *_takt(blueprint),
        *_skill(blueprint),
        *_space(blueprint),
        *_energy(blueprint),
        *_construction(blueprint),
    ]


def _structure(b: Blueprint) -> list[Check]:
    """Names refer to something, and neither the bill of materials nor a process has a cycle."""
    parts = {p.name for p in b.parts}
    unknown = {f.part for f in b.flows} - parts
    unknown |= {p for process in b.processes for p in (process.makes, *process.consumes)} - parts
    unknown |= {line.process for line in b.lines} - {p.name for p in b.processes}
    unknown |= {t.skill for p in b.processes for t in p.tasks} - {s.name for s in b.skills}
    twice = len(b.flows) - len({f.part for f in b.flows}) + len(b.processes) - len({p.makes for p in b.processes})
    makes = {p.makes for p in b.processes}
    waits = _circle({p.makes: {c for c in p.consumes if c in makes} for p in b.processes})
    turning = [
        f"{p.name}: {name}"
        for p in b.processes
        for name in _circle({t.name: set(t.after) & {one.name for one in p.tasks} for t in p.tasks})
    ]
    return [
        _nobody("names without a definition", unknown, "names"),
        _none("names defined twice", twice, "names"),
        _nobody("parts in a cycle of the bill of materials", waits, "parts"),
        _nobody("tasks in a cycle of their process", turning, "tasks"),
    ]


def _circle(waits: dict[str, set[str]]) -> set[str]:
    """What is on a cycle, or waits for one (Kahn 1962)."""
    while ready := {name for name, on in waits.items() if not on}:
        waits = {name: on - ready for name, on in waits.items() if name not in ready}
    return set(waits)


def _mass(b: Blueprint) -> list[Check]:
    mass = {p.name: p.mass_kg for p in b.parts}
    flow = {f.part: f for f in b.flows}
    uneven = sum(
        abs(sum(mass.get(c, 0) * n for c, n in p.consumes.items()) - mass.get(p.makes, 0) - p.waste_kg) > 1e-6
        for p in b.processes
    )
    worst = 0.0
    needed = dict.fromkeys(mass, 0.0)
    for p in b.processes:
        started = flow[p.makes].started if p.makes in flow else 0.0
        for c, n in p.consumes.items():
            needed[c] = needed.get(c, 0.0) + n * started
        if p.makes in flow:
            f = flow[p.makes]
            worst = max(worst, abs(f.started * p.yield_share - f.made) / max(1.0, f.made))
    over_stock = 0.0
    for name, need in needed.items():
        f = flow.get(name)
        supply = f.made + f.bought + f.from_stock if f else 0.0
        out = need + b.goal.products.get(name, 0.0)
        worst = max(worst, abs(supply - out) / max(1.0, out))
        if f:
            worst = max(worst, abs(f.used - need) / max(1.0, need))
            over_stock = max(over_stock, f.from_stock - b.goal.stock.get(name, 0.0))
    made = {p.makes for p in b.processes}
    conjured = sum(f.part not in made and f.made > 0 for f in b.flows)
    short = sum(
        part not in flow or flow[part].shipped < rate * (1 - _SAME) for part, rate in b.goal.products.items()
    )  # fmt: skip
    into = sum((f.bought + f.from_stock) * mass.get(f.part, 0) for f in b.flows)
    out = sum(f.shipped * mass.get(f.part, 0) for f in b.flows)
    for p in b.processes:
        if p.makes in flow:
            f = flow[p.makes]
            out += f.started * p.waste_kg + (f.started - f.made) * mass.get(p.makes, 0)
    return [
        _none("processes whose parts and product differ in mass", uneven, "processes"),
        _most("largest difference between supply and use of a part", worst, 0.0, "share"),
        _none("parts that no process makes", conjured, "parts"),
        _most("stock used beyond what is available", over_stock, 0.0, "units"),
        _none("products with too few units shipped", short, "products"),
        _most("mass that enters but does not leave", abs(into - out) / max(1.0, into), 0.0, "share"),
    ]


def _takt(b: Blueprint) -> list[Check]:
    process = {p.name: p for p in b.processes}
    expected = {(w.process, w.task): w.time_s * w.tries for w in b.work}
    fullest = wrong = misplaced = 0.0
    late: set[str] = set()
    capacity = dict.fromkeys(process, 0.0)
    for line in b.lines:
        tasks = {t.name: t for t in process[line.process].tasks}
        capacity[line.process] += b.goal.operating_h * 3600 / line.cycle_s
        at = {name: i for i, s in enumerate(line.stations) for name in s.tasks}
        assigned = [name for s in line.stations for name in s.tasks]
        misplaced += sorted(assigned) != sorted(tasks)
        late |= {
            f"{line.name}: {t.name} before {a}"
            for t in tasks.values()
            for a in t.after
            if at.get(a, 0) > at.get(t.name, 0)
        }
        for s in line.stations:
            load = sum(expected.get((line.process, n), math.inf) for n in s.tasks if n in tasks)
            fullest = max(fullest, load / line.cycle_s)
            wrong += abs(load - s.load_s) > 1e-6 * max(1.0, load)
    started = {f.part: f.started for f in b.flows}
    slow = max((started.get(p.makes, 0.0) / max(capacity[p.name], 1e-12) for p in b.processes), default=0.0)
    fewer = sum(len(line.stations) < line.bound for line in b.lines)
    return [
        _none("tasks whose time or attempts differ from their source", _unfounded(b), "tasks"),
        _most("fullest station", fullest, 1.0, "of the cycle"),
        _none("stations with a wrong stated load", wrong, "stations"),
        _none("lines with a task missing or assigned twice", misplaced, "lines"),
        _nobody("tasks before their predecessors", late, "tasks"),
        _most("busiest process", slow, 1.0, "of its capacity"),
        _none("lines with fewer stations than the proved bound", fewer, "lines"),
    ]


def _unfounded(b: Blueprint) -> int:
    """Tasks that are reckoned with something else than a skill card of theirs says, or the catalogue where there is none."""
    stated = {(w.process, w.task): w for w in b.work}
    assumed = {s.name: s.success for s in b.skills}
    wrong = len(b.work) - len(stated)
    for p in b.processes:
        for t in p.tasks:
            time_s, tries, timed, tried = t.time_s, 1 / assumed[t.skill], False, False
            # From the general to the special, so that what is said last counts.
            for card in sorted(b.goal.skill_cards, key=lambda card: bool(card.tasks)):
                named = f"{p.name}.{t.name}" in card.tasks
                if card.skill == t.skill and (named or not card.tasks):
                    tries, tried = (card.trials + 1) / card.successes, True
                    if named and card.mean_s is not None:
                        time_s, timed = card.mean_s, True
            w = stated.get((p.name, t.name))
            wrong += (
                w is None
                or (w.time_measured, w.tries_measured) != (timed, tried)
                or abs(w.time_s - time_s) > _SAME * time_s
                or abs(w.tries - tries) > _SAME * tries
            )
    return wrong


def _hands(b: Blueprint) -> float:
    """Robots that work at once, from tasks and cycles alone."""
    process = {p.name: p for p in b.processes}
    skills = {s.name: s for s in b.skills}
    expected = {(w.process, w.task): w.time_s * w.tries for w in b.work}
    busy = 0.0
    for line in b.lines:
        for t in process[line.process].tasks:
            if b.robot.name in skills[t.skill].kinds:
                busy += expected.get((line.process, t.name), math.inf) / line.cycle_s
    return busy


def _skill(b: Blueprint) -> list[Check]:
    able = {s.name for s in b.skills if {b.robot.name, "machine"} & set(s.kinds)}
    needed = {t.skill for p in b.processes for t in p.tasks} | {step.skill for step in b.construction}
    return [
        _nobody("skills that no robot or machine has", needed - able, "skills"),
        _most("robots working or charging", _hands(b) / (1 - b.robot.charging_share), b.balance.robots, "robots"),
    ]


def _space(b: Blueprint) -> list[Check]:
    rects = {p.station: (p.x_m, p.y_m, p.width_m, p.depth_m) for p in b.layout.places}
    stations = {s.name: line for line in b.lines for s in line.stations}
    process = {p.name: p for p in b.processes}
    lost = len(set(stations) ^ set(rects)) + len(b.layout.places) - len(rects)
    small = sum(
        r[2] * r[3] < process[stations[n].process].station_area_m2 - _SAME for n, r in rects.items() if n in stations
    )
    outside = sum(
        r[0] < -_SAME or r[1] < -_SAME or r[0] + r[2] > b.layout.width_m + _SAME or r[1] + r[3] > b.layout.depth_m + _SAME
        for r in rects.values()
    )  # fmt: skip
    blocked = sum(_meets(r, bad) for r in rects.values() for bad in (*b.goal.forbidden, *b.layout.aisles))
    # Sweep from west to east, so that a thousand stations do not need a million comparisons.
    overlaps = 0
    active: list[tuple[float, float, float, float]] = []
    for r in sorted(rects.values()):
        active = [a for a in active if a[0] + a[2] > r[0] + _SAME]
        overlaps += sum(_meets(a, r) for a in active)
        active.append(r)
    shut = sum(not any(_touches(r, aisle) for aisle in b.layout.aisles) for r in rects.values())
    return [
        _most("site", b.layout.width_m * b.layout.depth_m, b.goal.area_m2, "m2"),
        _none("stations without a place, or with two", lost, "stations"),
        _none("stations that are too small", small, "stations"),
        _none("stations outside the site", outside, "stations"),
        _none("stations on an aisle or in a forbidden area", blocked, "stations"),
        _none("stations that overlap", overlaps, "pairs"),
        _none("stations without access to an aisle", shut, "stations"),
    ]


def _meets(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return (
        min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]) > _SAME
        and min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]) > _SAME
    )


def _touches(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    deep = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return min(wide, deep) > -_SAME and max(wide, deep) > 1.0


def _energy(b: Blueprint) -> list[Check]:
    process = {p.name: p for p in b.processes}
    stations_kw = sum(process[line.process].station_power_kw * len(line.stations) for line in b.lines)
    robots = math.ceil(_hands(b) / (1 - b.robot.charging_share) - 1e-9)
    power = stations_kw + robots * b.robot.power_kw + b.goal.area_m2 * b.building.power_kw_per_m2
    usd = sum(process[line.process].station_cost_usd * len(line.stations) for line in b.lines)
    usd += max(0, robots - b.goal.robots_at_hand) * b.robot.cost_usd + b.goal.area_m2 * b.building.cost_usd_per_m2
    stated_kw = b.balance.stations_kw + b.balance.robots_kw + b.balance.building_kw
    stated_usd = b.balance.stations_usd + b.balance.robots_usd + b.balance.building_usd
    return [
        _most("power", power, b.goal.power_kw, "kW"),
        _most("power beyond what is stated", power - stated_kw, 0.0, "kW"),
        _most("cost", usd, b.goal.budget_usd, "USD"),
        _most("cost beyond what is stated", usd - stated_usd, 0.0, "USD"),
    ]


def _construction(b: Blueprint) -> list[Check]:
    end = {step.name: step.end_h for step in b.construction}
    early = sum(end.get(a, math.inf) > step.start_h + _SAME for step in b.construction for a in step.after)
    ends: list[tuple[float, int, int]] = []
    for step in b.construction:
        ends += [(step.start_h, 1, step.robots), (step.end_h, 0, -step.robots)]
    at_once = most = 0
    for _, _, robots in sorted(ends):
        at_once += robots
        most = max(most, at_once)
    short = sum((s.end_h - s.start_h) * s.robots < s.work_h * (1 - _SAME) for s in b.construction)
    unbuilt = len({line.name for line in b.lines} - {step.line for step in b.construction})
    return [
        _none("construction steps before their predecessors", early, "steps"),
        _most("robots building at the same time", most, b.goal.robots_at_hand, "robots"),
        _none("construction steps shorter than their work", short, "steps"),
        _none("lines that no construction step builds", unbuilt, "lines"),
    ]
