"""Steps that several subcommands of ``crewless plan`` share: read or design a blueprint, write it, write a schedule."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.fleet.plan import FleetPlan
    from crewless.planner.blueprint.model import Blueprint
    from crewless.planner.blueprint.sensitivity import SensitivityCase


def blueprint_of(what: str, skills: tuple[Path, ...], seed: int) -> "Blueprint":
    """Read a blueprint from a file, or design one for a goal, given as a file or in plain words. Raises BadInput."""
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
        raise BadInput(f"{path} is a scheduling instance, not a goal", alternatives=[f"crewless plan schedule {path}"])
    if path.suffix == ".json":
        if skills:
            raise BadInput(
                f"--skills cannot change {path}, which is already designed", alternatives=["--skills with a goal file"]
            )
        try:
            blueprint = load_blueprint(path.read_bytes(), str(path))
        except OSError as error:
            raise BadInput(f"cannot read the blueprint {path}: {error.strerror}") from error
        broken = [str(one) for one in check(blueprint) if not one.ok]
        if broken:
            raise BadInput(
                f"{path} fails its checks: {'; '.join(broken)}", alternatives=["crewless plan design GOAL.yaml"]
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
    """Check and draw the blueprint; print the failed checks, or all of them. Returns whether all checks pass."""
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
            verdict = "passed" if one.ok else "[red]FAILED"
            table.add_row(one.name, figure(one.figure), figure(one.limit), one.unit, verdict)
        console.print(table)
    stations = sum(len(line.stations) for line in blueprint.lines)
    hours = max(step.end_h for step in blueprint.construction)
    measured = sum(one.tries_measured for one in blueprint.work)
    good = sum(one.ok for one in checks)
    for name, words in (
        ("checks", f"{good} of {len(checks)} passed" + ("" if every_check else "; list them with --checks")),
        ("factory", f"{len(blueprint.lines)} lines, {stations} stations, {blueprint.balance.robots} robots, built in {hours:,.0f} h, as assumed"),
        *(("otherwise", _otherwise(one)) for one in scenarios if one.name.startswith("assumed times")),
        ("skills", f"{measured} of {len(blueprint.work)} tasks use measured skills, the others use assumptions"),
        ("page", str(page)),
    ):  # fmt: skip
        console.print(f"{name:<12} {words}", highlight=False, soft_wrap=True, markup=False)
    return good == len(checks)


def _otherwise(one: "SensitivityCase") -> str:
    broken = f"; over the limit of {', '.join(one.breaks)}" if one.breaks else ""
    return f"{one.name}: {one.stations:,} stations, {one.robots:,} robots, {one.power_kw:,.0f} kW, {one.build_usd / 1e6:,.1f} M USD{broken}"


def write_schedule(blueprint: "Blueprint", folder: "RunFolder", plan: "FleetPlan") -> None:
    """Write the plan, draw its chart, and print its makespan and bound."""
    from crewless.fleet.plan import plan_json
    from crewless.planner.blueprint.pictures import add_schedule, write_schedule_pictures

    (folder.path / "plan.json").write_bytes(plan_json(plan))
    chart = write_schedule_pictures(blueprint, plan, folder.path)
    words = (
        f"{len(plan.operations)} operations and {len(plan.loads)} transports by {plan.robots.count} robots in "
        f"{plan.makespan_s:,.0f} s; "
        f"lower bound {plan.lower_bound_s:,.0f} s (gap {plan.gap:.1%}, {plan.method})"
    )
    add_schedule(
        folder.path / "blueprint.html", chart.read_text(), f"{words}. Pale bars: the station works without a robot."
    )
    print(f"scheduled    {words}")
    print(f"plan         {folder.path / 'plan.json'}")
    print(f"chart        {chart}")
