"""Reads a goal from YAML, or from plain data that somebody else proposed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.planner.blueprint.cards import SkillCard
from crewless.planner.blueprint.catalogue import load_catalogue, read_yaml
from crewless.planner.blueprint.measured import read_cards
from crewless.planner.blueprint.model import Goal, parse

HOW_TO_WRITE = (
    "a goal file such as: {name: panels, products: {solar_panel: 100 MW}, area_m2: 8000, power_kw: 3000, "
    "budget_usd: 60000000, robots_at_hand: 20}"
)

_POWER_W = {"W": 1.0, "kW": 1e3, "MW": 1e6, "GW": 1e9}


def load_goal(path: Path) -> Goal:
    """Read a goal file. Raises BadInput: one line that names what cannot be used."""
    try:
        content = path.read_text()
    except OSError as error:
        raise BadInput(f"cannot read the goal {path}: {error.strerror}", alternatives=[HOW_TO_WRITE]) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not text", alternatives=[HOW_TO_WRITE]) from error
    return make_goal(read_yaml(content, str(path)), str(path), folder=path.parent)


def make_goal(raw: dict[str, Any], what: str, folder: Path | None = None) -> Goal:
    """A goal from plain data; ``products`` may be given in W, kW, MW or GW for parts that have a rated power.

    Args:
        raw: the fields of :class:`Goal`.
        what: where it comes from, for errors.
        folder: what relative catalogue paths are relative to.
    """
    raw = dict(raw)
    products = raw.get("products")
    if not isinstance(products, dict) or not products:
        raise BadInput(f"{what}: products is missing or empty", alternatives=["products: {humanoid: 1000000}"])
    powers: dict[str, float] = {}
    plain: dict[str, Any] = {}
    for part, amount in products.items():
        match = re.fullmatch(r"\s*([\d.,_]+)\s*([kMG]?W)\s*", str(amount))
        if match:
            powers[part] = float(match[1].replace(",", "").replace("_", "")) * _POWER_W[match[2]]
        plain[part] = 1.0 if match else str(amount).replace(",", "") if isinstance(amount, str) else amount
    raw["products"] = plain
    if folder and isinstance(raw.get("catalogues"), list):
        raw["catalogues"] = [str(folder / c) if (folder / str(c)).is_file() else c for c in raw["catalogues"]]
    if "skill_cards" in raw:
        cards = raw["skill_cards"]
        if not isinstance(cards, list):
            raise BadInput(
                f"{what}: skill_cards: {str(cards)[:60]!r} is not a list of cards",
                alternatives=["[a file or folder of skill cards, ...], as crewless skill writes them"],
            )
        raw["skill_cards"] = read_cards(cards, folder)
    goal: Goal = parse(Goal, raw, what)
    parts = load_catalogue(goal).parts
    rates = dict(goal.products)
    for part, watt in powers.items():
        if not parts[part].rated_w:
            raise BadInput(f"{what}: {part!r} has no rated power", alternatives=[f"{part}: units a year"])
        rates[part] = watt / parts[part].rated_w
    return replace(goal, products=rates)


def with_cards(goal: Goal, cards: tuple[SkillCard, ...]) -> Goal:
    """The goal with more skill cards. Raises BadInput: one that fits no skill, or one more for the same."""
    more = replace(goal, skill_cards=(*goal.skill_cards, *cards))
    load_catalogue(more)
    return more
