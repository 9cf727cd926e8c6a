"""A site whose robots, panels and station kits build more of the same, month by month, until something binds.

State: stations, robots, panel power, money. Production is the blueprint's, scaled by the least of what the stations, the robots
and the power allow (a minimum of inputs: Leontief 1941). Growth is the least of what kits, builders, land, power, robots
and money allow; the least one is said to bind.
"""

from dataclasses import dataclass

from crewless.core.errors import BadInput
from crewless.planner.blueprint.model import Blueprint

_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class ExpandConfig:
    """Assumptions of the expansion; each can be replaced, none is measured."""

    years: int = 5
    area_m2: float = 400_000.0
    """Area that the site may grow to."""
    capacity_factor: float = 0.2
    """Mean over rated power of the panels."""
    robots_kept: float = 0.2
    """Share of the robots that join the site's own fleet; the rest is sold."""
    panels_kept: float = 0.3
    robot_price_usd: float = 25_000.0
    panel_price_usd_per_w: float = 0.25
    builders_share: float = 0.3
    """Share of robots that are not on a line and build."""
    supply_share_per_year: float = 1.0
    """How much more than in the month before, as a growth a year, the market can deliver of each bought part; 1 doubles."""


@dataclass(frozen=True, kw_only=True)
class Month:
    """The site at the end of a month."""

    month: int
    stations: float
    robots: float
    panels_kw: float
    money_usd: float
    area_m2: float
    scale: float
    """Output over the blueprint's."""
    made: dict[str, float]
    limits_production: str
    limits_growth: str


def expand(blueprint: Blueprint, config: ExpandConfig | None = None) -> list[Month]:
    """Run the site. Raises BadInput when the blueprint makes no robots, panels or kits."""
    config = config or ExpandConfig()
    if config.years < 1:
        raise BadInput(f"{config.years} years", alternatives=["1 or more"])
    products = blueprint.goal.products
    for part in ("humanoid", "solar_panel", "station_kit"):
        if part not in products:
            raise BadInput(
                f"the site cannot expand itself: it does not make {part}",
                alternatives=["examples/factory/self-expanding.yaml"],
            )
    process = {p.name: p for p in blueprint.processes}
    base = float(sum(len(line.stations) for line in blueprint.lines))
    kits_per_station = sum(process[x.process].station_kits * len(x.stations) for x in blueprint.lines) / base
    usd_per_station = blueprint.balance.stations_usd / base + blueprint.balance.building_usd / base
    area_per_station = blueprint.goal.area_m2 / base
    hours_per_station = sum(step.work_h for step in blueprint.construction) / base
    watt = next(p.rated_w for p in blueprint.parts if p.name == "solar_panel")
    b = blueprint.balance
    need_kw = b.stations_kw + b.robots_kw + b.building_kw
    stations, kits, panels_kw = base, 0.0, 0.0
    robots = float(max(b.robots, blueprint.goal.robots_at_hand))
    money = blueprint.goal.budget_usd - b.stations_usd - b.building_usd - b.robots_usd
    supply = 1.0
    months: list[Month] = []
    for month in range(1, config.years * _MONTHS + 1):
        power_kw = blueprint.goal.power_kw + panels_kw * config.capacity_factor
        allows = {
            "stations": stations / base,
            "robots": robots * (1 - config.builders_share) / max(b.robots, 1),
            "power": power_kw / need_kw,
            "bought parts": supply,
            "money for material": max(0.0, money) / max(1.0, b.material_usd_per_year / _MONTHS),
        }
        slowest = min(allows, key=lambda k: allows[k])
        scale = allows[slowest]
        made = {part: rate / _MONTHS * scale for part, rate in products.items()}
        robots += made["humanoid"] * config.robots_kept
        panels_kw += made["solar_panel"] * config.panels_kept * watt / 1000
        kits += made["station_kit"]
        money -= scale * b.material_usd_per_year / _MONTHS
        money += made["humanoid"] * (1 - config.robots_kept) * config.robot_price_usd
        money += made["solar_panel"] * (1 - config.panels_kept) * watt * config.panel_price_usd_per_w
        supply *= (1 + config.supply_share_per_year) ** (1 / _MONTHS)
        builders = max(0.0, robots - scale * b.robots)
        growth = {
            "kits": kits / max(kits_per_station, 1e-9),
            "builders": builders * blueprint.goal.operating_h / _MONTHS / hours_per_station,
            "land": config.area_m2 / area_per_station - stations,
            "money": max(0.0, money - b.material_usd_per_year / _MONTHS * scale) / usd_per_station,
            "power": max(0.0, power_kw / need_kw * base - stations),
            "robots": max(0.0, robots * (1 - config.builders_share) / max(b.robots, 1) * base - stations),
            "bought parts": max(0.0, supply * base - stations),
        }
        binds = min(growth, key=lambda k: growth[k])
        added = max(0.0, growth[binds])
        stations += added
        kits -= added * kits_per_station
        money -= added * usd_per_station
        months.append(
            Month(
                month=month, stations=stations, robots=robots, panels_kw=panels_kw, money_usd=money,
                area_m2=stations * area_per_station, scale=scale, made=made, limits_production=slowest,
                limits_growth=binds,
            )
        )  # fmt: skip
    return months
