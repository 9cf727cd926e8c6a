"""From a goal to a running factory: design a blueprint, schedule it, run it, expand it.

design GOAL.yaml (or plain words): a checked blueprint with pictures. schedule BLUEPRINT.json: the first shift. run GOAL.yaml or
BLUEPRINT.json: all of it, dispatched to simulated robots. expand GOAL.yaml or BLUEPRINT.json: what binds, year by year.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.planner.blueprint.model import Blueprint


@dataclass(frozen=True, kw_only=True)
class PlanConfig:
    """Options of ``crewless plan``."""

    action: Positional[Literal["design", "schedule", "run", "expand"]]
    """What to do."""
    what: Positional[str]
    """A goal file (YAML), a goal in plain words, or a blueprint (JSON)."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    units: int = 3
    """schedule, run: units that each line makes."""
    failures: float = 0.02
    """run: chance that a piece of work comes to nothing and is done again."""
    years: int = 5
    """expand: how long."""
    seed: int = 0
    """Of the layout's search and of the simulated failures."""


def run(config: PlanConfig) -> int:
    """Design, schedule, run or expand. Returns 0 when every check holds."""
    from crewless.core.runs import RunFolder

    blueprint = _blueprint(config)
    folder = RunFolder.create(config.runs, f"plan-{config.action}", config)
    good = _design(blueprint, folder)
    if config.action in ("schedule", "run"):
        _operate(blueprint, folder, config)
    if config.action == "expand":
        _expand(blueprint, folder, config.years)
    print(f"run folder   {folder.path}")
    return 0 if good else 1


def _blueprint(config: PlanConfig) -> "Blueprint":
    from crewless.core.errors import BadInput
    from crewless.planner.blueprint.checker import check
    from crewless.planner.blueprint.design import design
    from crewless.planner.blueprint.model import load_blueprint
    from crewless.planner.goal import load_goal
    from crewless.planner.goal.words import endpoint_of, goal_from_words

    path = Path(config.what)
    if path.suffix == ".json":
        try:
            blueprint = load_blueprint(path.read_bytes(), str(path))
        except OSError as error:
            raise BadInput(f"cannot read the blueprint {path}: {error.strerror}") from error
        broken = [f"{c.name}: {c.figure:,.4g}, at most {c.limit:,.4g} {c.unit}" for c in check(blueprint) if not c.ok]
        if broken:
            raise BadInput(
                f"{path} does not hold: {'; '.join(broken)}", alternatives=["crewless plan design GOAL.yaml"]
            )
        return blueprint
    if path.suffix in (".yaml", ".yml") or " " not in config.what:
        return design(load_goal(path), config.seed)
    return design(goal_from_words(config.what, endpoint_of()), config.seed)


def _design(blueprint: "Blueprint", folder: "RunFolder") -> bool:
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from crewless.planner.blueprint.checker import check
    from crewless.planner.blueprint.model import to_json
    from crewless.planner.pictures import write_pictures

    checks = check(blueprint)
    (folder.path / "blueprint.json").write_bytes(to_json(blueprint))
    folder.write_json("checks.json", [asdict(one) for one in checks])
    page = write_pictures(blueprint, checks, folder.path)
    table = Table(title=blueprint.goal.name, title_justify="left", header_style="bold", box=None)
    for name in ("check", "figure", "limit", "unit", ""):
        table.add_column(name, justify="right" if name in ("figure", "limit") else "left")
    for one in checks:
        verdict = "holds" if one.ok else "[red]BROKEN"
        table.add_row(one.name, f"{one.figure:,.4g}", f"{one.limit:,.6g}", one.unit, verdict)
    console = Console()
    console.print(table)
    stations = sum(len(line.stations) for line in blueprint.lines)
    hours = max(step.end_h for step in blueprint.construction)
    console.print(
        f"{len(blueprint.lines)} lines, {stations} stations, {blueprint.balance.robots} robots, built in {hours:,.0f} h",
        highlight=False,
    )
    console.print(f"page         {page}", highlight=False, soft_wrap=True)
    return all(one.ok for one in checks)


def _operate(blueprint: "Blueprint", folder: "RunFolder", config: PlanConfig) -> None:
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import Progress

    from crewless.planner.operate import run_shift, schedule_shift

    shift = schedule_shift(blueprint, config.units)
    folder.write_json("schedule.json", asdict(shift))
    print(f"scheduled    {len(shift.operations)} operations")
    if config.action == "run":
        log = folder.path / "events.jsonl"
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("running", total=len(shift.operations))
            outcome = run_shift(
                blueprint, shift, log, failure_share=config.failures, seed=config.seed,
                tell=lambda done, _: progress.update(bar, completed=done),
            )  # fmt: skip
        folder.write_json("outcome.json", asdict(outcome))
        made = ", ".join(f"{count} {part}" for part, count in outcome.units.items())
        print(
            f"ran          {outcome.done} operations done, {outcome.lost} lost, {outcome.done_twice} twice; "
            f"{outcome.failures} tries failed and were repeated"
        )
        print(f"made         {made} in {outcome.makespan_s:,.0f} s (planned {outcome.planned_s:,.0f} s)")


def _expand(blueprint: "Blueprint", folder: "RunFolder", years: int) -> None:
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from crewless.planner.expand import ExpandConfig, expand

    months = expand(blueprint, ExpandConfig(years=years))
    folder.write_json("expansion.json", [asdict(one) for one in months])
    table = Table(title="The site at the end of each year", title_justify="left", header_style="bold", box=None)
    for name in ("year", "stations", "own robots", "panels MW", "ground m2", "money M USD", "output x"):
        table.add_column(name, justify="right")
    for name in ("output bound by", "growth bound by"):
        table.add_column(name)
    for one in months[11::12]:
        table.add_row(
            str(one.month // 12), f"{one.stations:,.0f}", f"{one.robots:,.0f}", f"{one.panels_kw / 1000:,.1f}",
            f"{one.area_m2:,.0f}", f"{one.money_usd / 1e6:,.0f}", f"{one.scale:.2f}", one.limits_production,
            one.limits_growth,
        )  # fmt: skip
    Console().print(table)
