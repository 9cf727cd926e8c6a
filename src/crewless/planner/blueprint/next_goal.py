"""The next goal: what a grown site can be asked for, with the robots, the land and the power that it has by then."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace

import yaml

from crewless.planner.blueprint.amounts import POWER_W, in_unit
from crewless.planner.blueprint.expansion import ExpandConfig, Month
from crewless.planner.blueprint.model import Blueprint, Goal, Part

_ROOM = 0.95
"""Share of the grown site's output that is asked for: whole stations, robots and slots do not divide evenly."""


def next_goal(blueprint: Blueprint, month: Month, config: ExpandConfig | None = None) -> Goal:
    """What the site can be asked for at the end of a month.

    The robots that it has kept are the robots at hand, its panels are power, what it has built counts as budget.
    """
    config = config or ExpandConfig()
    goal = blueprint.goal
    base = sum(len(line.stations) for line in blueprint.lines)
    grown = month.stations / base
    return replace(
        goal,
        name=f"{goal.name} after {month.month} months",
        products={part: float(int(rate * month.scale * _ROOM)) for part, rate in goal.products.items()},
        area_m2=float(int(month.area_m2)),
        power_kw=float(int(goal.power_kw + month.panels_kw * config.capacity_factor)),
        budget_usd=float(int(goal.budget_usd * max(1.0, grown) + max(0.0, month.money_usd))),
        robots_at_hand=int(month.robots),
        stock={},
    )


def goal_text(goal: Goal, parts: Sequence[Part]) -> str:
    """A goal as the YAML that :func:`crewless.planner.goal.file.load_goal` reads, rates in the units in which they were given."""
    rated_w = {part.name: part.rated_w for part in parts}
    values = {one.name: getattr(goal, one.name) for one in fields(goal)}  # type: ignore[arg-type]
    values["catalogues"] = list(goal.catalogues)
    values["skill_cards"] = [asdict(card) | {"tasks": list(card.tasks)} for card in goal.skill_cards]
    values["forbidden"] = [list(rectangle) for rectangle in goal.forbidden]
    for part, unit in values.pop("power_units").items():
        values["products"] = values["products"] | {
            part: in_unit(goal.products[part] * rated_w[part], unit, POWER_W[unit])
        }
    kept = {name: value for name, value in values.items() if value not in ({}, [], ())}
    return yaml.safe_dump(kept, sort_keys=False)
