"""What several subcommands of ``crewless plan`` do: read or design a blueprint, write it down, write a schedule down."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.fleet.plan import FleetPlan
    from crewless.planner.blueprint.model import Blueprint
    from crewless.planner.blueprint.sensitivity import Scenario


def blueprint_of(what: str, skills: tuple[Path, ...], seed: int) -> "Blueprint":
    """The blueprint in a file, or one that is designed for a goal from a file or in plain words. Raises BadInput."""
    from crewless.core.errors import BadInput
    from crewless.planner.blueprint.checker import check
    from crewless.planner.blueprint.designer import design
    from crewless.planner.blueprint.measured import read_cards
    from crewless.planner.blueprint.model import load_blueprint
    from crewless.planner.goal import load_goal, with_cards
    from crewless.planner.goal.words import chat_endpoint, goal_from_words
    from crewless.planner.schedule import is_instance

    path = Path(what)
    if path.suffix != ".txt" and is_instance(path):
        raise BadInput(f"{path} is an instance to schedule, no goal", alternatives=[f"crewless plan schedule {path}"])
    if path.suffix == ".json":
        if skills:
            raise BadInput(f"{path} is designed already", alternatives=["--skills with a goal"])
        try:
            blueprint = load_blueprint(path.read_bytes(), str(path))
        except OSError as error:
            raise BadInput(f"cannot read the blueprint {path}: {error.strerror}") from error
        broken = [str(one) for one in check(blueprint) if not one.ok]
        if broken:
            raise BadInput(
                f"{path} does not hold: {'; '.join(broken)}", alternatives=["crewless plan design GOAL.yaml"]
            )
        return blueprint
    if path.suffix in (".yaml", ".yml") or " " not in what:
        goal = load_goal(path)
    else:
        goal = goal_from_words(what, chat_endpoint())
    if skills:
        goal = with_cards(goal, read_cards(skills))
    return design(goal, seed)


def write_design(blueprint: "Blueprint", folder: "RunFolder", *, every_check: bool = False) -> bool:
    """Check it, draw it, print what does not hold, or every check. Returns whether all of them hold."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from crewless.core.errors import BadInput
    from crewless.planner.blueprint.checker import check
    from crewless.planner.blueprint.model import to_json
    from crewless.planner.blueprint.pictures import write_pictures
    from crewless.planner.blueprint.pictures.overview import figure
    from crewless.planner.blueprint.sensitivity import sensitivity

    checks = check(blueprint)
    (folder.path / "blueprint.json").write_bytes(to_json(blueprint))
    folder.write_json("checks.json", [asdict(one) for one in checks])
    try:
        scenarios = sensitivity(blueprint.goal)
    except BadInput:
        # A blueprint from elsewhere, whose catalogues are not here.
        scenarios = []
    folder.write_json("sensitivity.json", [asdict(one) for one in scenarios])
    page = write_pictures(blueprint, checks, folder.path, scenarios)
    shown = [one for one in checks if every_check or not one.ok]
    console = Console()
    if shown:
        table = Table(title=blueprint.goal.name, title_justify="left", header_style="bold", box=None)
        for name in ("check", "figure", "limit", "unit", ""):
            table.add_column(name, justify="right" if name in ("figure", "limit") else "left")
        for one in shown:
            verdict = "holds" if one.ok else "[red]BROKEN"
            table.add_row(one.name, figure(one.figure), figure(one.limit), one.unit, verdict)
        console.print(table)
    stations = sum(len(line.stations) for line in blueprint.lines)
    hours = max(step.end_h for step in blueprint.construction)
    measured = sum(one.tries_measured for one in blueprint.work)
    good = sum(one.ok for one in checks)
    for name, words in (
        ("checks", f"{good} of {len(checks)} hold" + ("" if every_check else "; --checks lists them")),
        ("factory", f"{len(blueprint.lines)} lines, {stations} stations, {blueprint.balance.robots} robots, built in {hours:,.0f} h, as assumed"),
        *(("if not so", _otherwise(one)) for one in scenarios if one.name.startswith("assumed times")),
        ("skills", f"{measured} of {len(blueprint.work)} tasks by measured skills, the rest by assumptions"),
        ("page", str(page)),
    ):  # fmt: skip
        console.print(f"{name:<12} {words}", highlight=False, soft_wrap=True, markup=False)
    return good == len(checks)


def _otherwise(one: "Scenario") -> str:
    broken = f"; over the limit of {', '.join(one.breaks)}" if one.breaks else ""
    return f"{one.name}: {one.stations:,} stations, {one.robots:,} robots, {one.power_kw:,.0f} kW, {one.build_usd / 1e6:,.1f} M USD{broken}"


def write_schedule(blueprint: "Blueprint", folder: "RunFolder", plan: "FleetPlan") -> None:
    """Write the plan, draw its chart, and say how good it is."""
    from crewless.fleet.plan import plan_json
    from crewless.planner.blueprint.pictures import add_schedule, write_schedule_pictures

    (folder.path / "plan.json").write_bytes(plan_json(plan))
    chart = write_schedule_pictures(blueprint, plan, folder.path)
    words = (
        f"{len(plan.operations)} operations and {len(plan.loads)} loads to carry by {plan.robots.count} robots in "
        f"{plan.makespan_s:,.0f} s; "
        f"no schedule is under {plan.lower_bound_s:,.0f} s (gap {plan.gap:.1%}, {plan.method})"
    )
    add_schedule(folder.path / "blueprint.html", chart.read_text(), f"{words}. Pale: the station works alone.")
    print(f"scheduled    {words}")
    print(f"plan         {folder.path / 'plan.json'}")
    print(f"chart        {chart}")
