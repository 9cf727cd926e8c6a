"""From a goal to a running factory: design a blueprint, schedule it, run it, expand it.

design GOAL.yaml (or plain words): a checked blueprint with pictures. schedule BLUEPRINT.json: the first shift, with its lower
bound, gap and Gantt chart. run GOAL.yaml or BLUEPRINT.json: all of it, dispatched to simulated robots, or with --broker to
whatever robots are there. robots RUN_FOLDER: simulated robots for such a run. resume RUN_FOLDER: go on with a run that was killed.
expand GOAL.yaml or BLUEPRINT.json: what binds, year by year.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.fleet.simulate.mishaps import MishapConfig
    from crewless.fleet.simulate.run import FleetOutcome
    from crewless.planner.blueprint.model import Blueprint
    from crewless.planner.schedule.shift import ShiftPlan


@dataclass(frozen=True, kw_only=True)
class PlanConfig:
    """Options of ``crewless plan``."""

    action: Positional[Literal["design", "schedule", "run", "robots", "resume", "expand"]]
    """What to do."""
    what: Positional[str]
    """A goal file (YAML), a goal in plain words, or a blueprint (JSON); for resume and robots, the folder of a run."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    skills: tuple[Path, ...] = ()
    """Skill cards (files or folders), beside those that the goal file names; crewless skill makes them."""
    units: int = 3
    """schedule, run: units that each line begins."""
    rounds: int = 10
    """schedule, run: rounds of the search for a schedule."""
    schedule: Path | None = None
    """run: a schedule.json to carry out instead of a new one."""
    closed: tuple[str, ...] = ()
    """schedule: hours from the start in which no station works, such as 8-24 or 4-4.5; a simulated run keeps none."""
    failures: float = 0.02
    """run: chance that a piece of work comes to nothing and is done again."""
    late: float = 0.0
    """run: share of robots that take twice as long; as many take half as long."""
    robots_die: int = 0
    """run: robots that die on the way."""
    stations_die: int = 0
    """run: stations that break for good."""
    motors_hot: int = 0
    """run: motors that are suddenly too hot."""
    zones_closed: int = 0
    """run: pieces of an aisle that are closed for ten minutes."""
    zones_guarded: int = 0
    """run: narrow pieces of an aisle that one robot at a time may enter, each after it asked."""
    pace: float = 0.0
    """run: simulated seconds a second at most, to watch it with crewless dashboard; 0: as fast as it goes. With a broker, the
    robots' time to real time; 0: real time."""
    broker: str = ""
    """run, resume, robots: mqtt://[USER@]HOST[:PORT] (mqtts:// with TLS) of a broker that robots are on, to command those that
    announce themselves there; the password is read from CREWLESS_MQTT_PASSWORD."""
    robots: int | None = None
    """robots: how many, as many as were planned if not given; 0: stations and the site's record only, beside real robots."""
    years: int = 5
    """expand: how long."""
    seed: int = 0
    """Of the layout's search, of the schedule's and of everything that is simulated."""


def run(config: PlanConfig) -> int:
    """Design, schedule, run or expand. Returns 0 when every check holds."""
    from crewless.core.runs import RunFolder

    if config.broker:
        from crewless.fleet.vda5050.address import broker_address

        broker_address(config.broker)
    if config.action == "resume":
        return _resume(config)
    if config.action == "robots":
        from crewless.cli.plan_fleet import simulate

        return simulate(config)
    if config.closed:
        from crewless.core.errors import BadInput
        from crewless.planner.schedule.shift import hours

        hours(config.closed)
        if config.action == "run":
            raise BadInput("--closed is for plan schedule; the simulated robots of plan run keep no hours")
    blueprint = _blueprint(config)
    folder = RunFolder.create(config.runs, f"plan-{config.action}", config)
    good = _design(blueprint, folder)
    if config.action in ("schedule", "run"):
        _operate(blueprint, folder, config)
    if config.action == "expand":
        _expand(blueprint, folder, config.years)
    print(f"run folder   {folder.path}")
    return 0 if good else 1


def _resume(config: PlanConfig) -> int:
    from crewless.core.errors import BadInput
    from crewless.core.runs import RunFolder

    blueprint, shift, config = reopen(config)
    path = Path(config.what)
    if (path / "outcome.json").is_file():
        raise BadInput(f"the run in {path} has ended; there is nothing to go on with")
    _carry_out(blueprint, shift, RunFolder(path), config, resume=True)
    print(f"run folder   {path}")
    return 0


def reopen(config: PlanConfig) -> "tuple[Blueprint, ShiftPlan, PlanConfig]":
    """What a run folder holds: its blueprint, its schedule, and its options, so that the same goes wrong. Raises BadInput."""
    import json
    from dataclasses import fields, replace

    from crewless.core.errors import BadInput
    from crewless.planner.blueprint.model import load_blueprint
    from crewless.planner.schedule.shift import read_schedule

    path = Path(config.what)
    try:
        first = json.loads((path / "config.json").read_text())
        blueprint = load_blueprint((path / "blueprint.json").read_bytes(), str(path / "blueprint.json"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} is no folder of a plan run: {error}", alternatives=["runs/...-plan-run"]) from error
    now = ("action", "what", "runs", "schedule", "robots", *(("broker",) if config.broker else ()))
    # The pace of simulated time is the run's where two processes must agree on it.
    now += () if config.broker or first.get("broker") else ("pace",)
    kept = {one.name: first[one.name] for one in fields(PlanConfig) if one.name in first and one.name not in now}
    return blueprint, read_schedule(path / "schedule.json"), replace(config, **kept)


def _blueprint(config: PlanConfig) -> "Blueprint":
    from crewless.core.errors import BadInput
    from crewless.planner.blueprint.checker import check
    from crewless.planner.blueprint.designer import design
    from crewless.planner.blueprint.measured import read_cards
    from crewless.planner.blueprint.model import load_blueprint
    from crewless.planner.goal import load_goal, with_cards
    from crewless.planner.goal.words import chat_endpoint, goal_from_words

    path = Path(config.what)
    if path.suffix == ".json":
        if config.skills:
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
    if path.suffix in (".yaml", ".yml") or " " not in config.what:
        goal = load_goal(path)
    else:
        goal = goal_from_words(config.what, chat_endpoint())
    if config.skills:
        goal = with_cards(goal, read_cards(config.skills))
    return design(goal, config.seed)


def _design(blueprint: "Blueprint", folder: "RunFolder") -> bool:
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


def _operate(blueprint: "Blueprint", folder: "RunFolder", config: PlanConfig) -> None:
    from dataclasses import asdict

    from crewless.planner.blueprint.pictures import add_schedule, write_schedule_pictures
    from crewless.planner.schedule.shift import check_stations, hours, read_schedule, schedule_shift

    if config.schedule is not None:
        shift = read_schedule(config.schedule)
        check_stations(shift, blueprint)
    else:
        shift = schedule_shift(
            blueprint, config.units, rounds=config.rounds, seed=config.seed, closed=hours(config.closed)
        )
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
    if config.action == "run":
        _carry_out(blueprint, shift, folder, config)


def _carry_out(
    blueprint: "Blueprint", shift: "ShiftPlan", folder: "RunFolder", config: PlanConfig, resume: bool = False
) -> None:
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import Progress

    from crewless.fleet.simulate.positions import PositionRecorder, frames_every
    from crewless.fleet.simulate.run import Shopfloor

    if config.broker:
        from crewless.cli.plan_fleet import direct

        direct(blueprint, shift, folder, config, resume)
        return
    floor = Shopfloor(
        blueprint, shift, folder.path / "events.jsonl", mishaps=mishaps_of(config), seed=config.seed, resume=resume
    )
    record = PositionRecorder(
        floor, folder.path, floor.picture(), every=frames_every(len(floor.fleet)), pace=config.pace, resume=resume
    )
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("running", total=len(floor.operations))

        def tell(floor: Shopfloor) -> None:
            record(floor)
            progress.update(bar, completed=len(floor.operations) - floor.control.ledger.open)

        outcome = floor.run(tell)
    record(floor, last=True)
    folder.write_json("outcome.json", asdict(outcome))
    print(
        f"ran          {outcome.done} operations done ({outcome.carried} of them loads carried), {outcome.lost} lost, "
        f"{outcome.done_twice} twice, {outcome.refused} refused; {outcome.failures} tries failed and were repeated"
    )
    print(
        f"robots       {outcome.conflicts} conflicts in {outcome.steps:,} steps, {outcome.recharges} recharges, "
        f"{outcome.cooling_stops} stops to cool, {outcome.energy_kwh:,.1f} kWh, {outcome.joined} made here joined the fleet"
    )
    print(made_by(outcome))


def made_by(outcome: "FleetOutcome") -> str:
    """What a shift made, and how long it took."""
    made = ", ".join(f"{count} {part}" for part, count in outcome.units.items())
    return f"made         {made} in {outcome.makespan_s:,.0f} s (planned {outcome.planned_s:,.0f} s)"


def mishaps_of(config: PlanConfig) -> "MishapConfig":
    """What the options say goes wrong. Raises BadInput."""
    from crewless.fleet.simulate.mishaps import MishapConfig

    return MishapConfig(
        failed_share=config.failures, late_share=config.late, robots_die=config.robots_die,
        stations_die=config.stations_die, motors_hot=config.motors_hot, zones_closed=config.zones_closed,
        zones_guarded=config.zones_guarded,
    )  # fmt: skip


def _expand(blueprint: "Blueprint", folder: "RunFolder", years: int) -> None:
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from crewless.planner.blueprint.expansion import ExpandConfig, expand
    from crewless.planner.blueprint.next_goal import goal_text, next_goal
    from crewless.planner.blueprint.pictures import draw_growth

    settings = ExpandConfig(years=years)
    months = expand(blueprint, settings)
    folder.write_json("expansion.json", [asdict(one) for one in months])
    (folder.path / "expansion.svg").write_text(draw_growth(months) + "\n")
    (folder.path / "next-goal.yaml").write_text(goal_text(next_goal(blueprint, months[-1], settings)))
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
    print(f"picture      {folder.path / 'expansion.svg'}")
    print(
        f"next goal    {folder.path / 'next-goal.yaml'}, with the {months[-1].robots:,.0f} robots that the site has then"
    )
