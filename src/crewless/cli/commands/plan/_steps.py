"""What several subcommands of ``crewless plan`` do: read or design a blueprint, write it down, write a schedule down."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.planner.blueprint.model import Blueprint
    from crewless.planner.schedule.shift import ShiftPlan


def blueprint_of(what: str, skills: tuple[Path, ...], seed: int) -> "Blueprint":
    """The blueprint in a file, or one that is designed for a goal from a file or in plain words. Raises BadInput."""
    from crewless.core.errors import BadInput
    from crewless.planner.blueprint.checker import check
    from crewless.planner.blueprint.designer import design
    from crewless.planner.blueprint.measured import read_cards
    from crewless.planner.blueprint.model import load_blueprint
    from crewless.planner.goal import load_goal, with_cards
    from crewless.planner.goal.words import chat_endpoint, goal_from_words

    path = Path(what)
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


def write_design(blueprint: "Blueprint", folder: "RunFolder") -> bool:
    """Check it, draw it, print the checks. Returns whether all of them hold."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from crewless.planner.blueprint.checker import check
    from crewless.planner.blueprint.model import to_json
    from crewless.planner.blueprint.pictures import write_pictures
    from crewless.planner.blueprint.pictures.overview import figure

    checks = check(blueprint)
    (folder.path / "blueprint.json").write_bytes(to_json(blueprint))
    folder.write_json("checks.json", [asdict(one) for one in checks])
    page = write_pictures(blueprint, checks, folder.path)
    table = Table(title=blueprint.goal.name, title_justify="left", header_style="bold", box=None)
    for name in ("check", "figure", "limit", "unit", ""):
        table.add_column(name, justify="right" if name in ("figure", "limit") else "left")
    for one in checks:
        verdict = "holds" if one.ok else "[red]BROKEN"
        table.add_row(one.name, figure(one.figure), figure(one.limit), one.unit, verdict)
    console = Console()
    console.print(table)
    stations = sum(len(line.stations) for line in blueprint.lines)
    hours = max(step.end_h for step in blueprint.construction)
    console.print(
        f"{len(blueprint.lines)} lines, {stations} stations, {blueprint.balance.robots} robots, built in {hours:,.0f} h",
        highlight=False,
    )
    measured = sum(one.tries_measured for one in blueprint.work)
    console.print(
        f"{measured} of {len(blueprint.work)} tasks by measured skills, the rest by assumptions", highlight=False
    )
    console.print(f"page         {page}", highlight=False, soft_wrap=True)
    return all(one.ok for one in checks)


def write_schedule(blueprint: "Blueprint", folder: "RunFolder", shift: "ShiftPlan") -> None:
    """Write the schedule of a shift, draw its chart, and say how good it is."""
    from dataclasses import asdict

    from crewless.planner.blueprint.pictures import add_schedule, write_schedule_pictures

    folder.write_json("schedule.json", asdict(shift))
    chart = write_schedule_pictures(
        blueprint, shift.operations, shift.makespan_s, shift.lower_bound_s, folder.path, shift.robots, shift.carriages
    )
    words = (
        f"{len(shift.operations)} operations and {len(shift.carriages)} loads to carry by {shift.robots} robots in "
        f"{shift.makespan_s:,.0f} s; "
        f"no schedule is under {shift.lower_bound_s:,.0f} s (gap {shift.gap:.1%}, {shift.method})"
    )
    add_schedule(folder.path / "blueprint.html", chart.read_text(), f"{words}. Pale: the station works alone.")
    print(f"scheduled    {words}")
    print(f"chart        {chart}")
