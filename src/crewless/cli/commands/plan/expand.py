"""Simulate a site that expands itself: what limits it, month by month, and the goal for the grown site."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class PlanExpandConfig:
    """Options of ``crewless plan expand``."""

    what: Positional[str]
    """A goal file (YAML), a goal in plain words, or a blueprint (JSON)."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    skills: tuple[Path, ...] = ()
    """Skill cards (files or folders), in addition to those in the goal file; crewless skill makes them."""
    years: int = 5
    """Years that are simulated."""
    checks: bool = False
    """List every check, not only the failed ones."""
    seed: int = 0
    """Seed of the layout search."""


def run(config: PlanExpandConfig) -> int:
    """Design, then expand. Returns 0 when every check passed."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from crewless.cli.commands.plan._steps import blueprint_of, write_design
    from crewless.core.runs import RunFolder
    from crewless.planner.blueprint.expansion import ExpandConfig, expand
    from crewless.planner.blueprint.next_goal import goal_text, next_goal
    from crewless.planner.blueprint.pictures import draw_growth

    blueprint = blueprint_of(config.what, config.skills, config.seed)
    folder = RunFolder.create(config.runs, "plan-expand", config)
    good = write_design(blueprint, folder, every_check=config.checks)
    settings = ExpandConfig(years=config.years)
    months = expand(blueprint, settings)
    folder.write_json("expansion.json", [asdict(one) for one in months])
    (folder.path / "expansion.svg").write_text(draw_growth(months) + "\n")
    (folder.path / "next-goal.yaml").write_text(goal_text(next_goal(blueprint, months[-1], settings), blueprint.parts))
    table = Table(title="The site at the end of each year", title_justify="left", header_style="bold", box=None)
    for name in ("year", "stations", "own robots", "panels MW", "land m2", "money M USD", "output x"):
        table.add_column(name, justify="right")
    for name in ("output limited by", "growth limited by"):
        table.add_column(name)
    for one in months[11::12]:
        table.add_row(
            str(one.month // 12), f"{one.stations:,.0f}", f"{one.robots:,.0f}", f"{one.panels_kw / 1000:,.1f}",
            f"{one.area_m2:,.0f}", f"{one.money_usd / 1e6:,.0f}", f"{one.scale:.2f}", one.limits_production,
            one.limits_growth,
        )  # fmt: skip
    Console().print(table)
    print(f"picture      {folder.path / 'expansion.svg'}")
    print(
        f"next goal    {folder.path / 'next-goal.yaml'}, with the {months[-1].robots:,.0f} robots of the grown site as robots_at_hand"
    )
    print(f"run folder   {folder.path}")
    return 0 if good else 1
