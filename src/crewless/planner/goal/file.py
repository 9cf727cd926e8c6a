"""Reads a goal from YAML, or from plain data that somebody else proposed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput
from crewless.planner.blueprint.amounts import LIMIT_UNITS, POWER_W, amount
from crewless.planner.blueprint.cards import SkillCard
from crewless.planner.blueprint.catalogue import load_catalogue
from crewless.planner.blueprint.measured import read_cards
from crewless.planner.blueprint.model import Goal, parse
from crewless.planner.blueprint.strict_yaml import read_yaml

HOW_TO_WRITE = (
    "a goal file such as: {name: panels, products: {solar_panel: 100 MW}, area_m2: 8000, power_kw: 3000, "
    "budget_usd: 60000000, robots_at_hand: 20}"
)


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
    if "power_units" in raw:
        raise BadInput(
            f"{what}: power_units follow from the products", alternatives=["products: {solar_panel: 100 MW}"]
        )
    powers: dict[str, str] = {}
    plain: dict[str, Any] = {}
    for part, given in products.items():
        plain[part], unit = amount(given, f"{what}: products.{part}", POWER_W, "units a year")
        if unit:
            powers[part] = unit
    raw["products"] = plain
    if isinstance(stock := raw.get("stock"), dict):
        raw["stock"] = {
            part: amount(given, f"{what}: stock.{part}", {}, "units", zero=True)[0] for part, given in stock.items()
        }
    for field, (units, plain_unit) in LIMIT_UNITS.items():
        if field in raw:
            number, unit = amount(raw[field], f"{what}: {field}", units, plain_unit)
            raw[field] = number * units.get(unit, 1.0)
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
    goal: Goal = parse(Goal, raw | ({"power_units": powers} if powers else {}), what)
    parts = load_catalogue(goal).parts
    rates = dict(goal.products)
    for part, unit in powers.items():
        if not parts[part].rated_w:
            raise BadInput(f"{what}: {part!r} has no rated power", alternatives=[f"{part}: units a year"])
        rates[part] = rates[part] * POWER_W[unit] / parts[part].rated_w
    return replace(goal, products=rates)


def with_cards(goal: Goal, cards: tuple[SkillCard, ...]) -> Goal:
    """The goal with more skill cards. Raises BadInput: one that fits no skill, or one more for the same."""
    more = replace(goal, skill_cards=(*goal.skill_cards, *cards))
    load_catalogue(more)
    return more
