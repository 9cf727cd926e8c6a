"""A shift that is dispatched, for ``crewless plan run``, ``resume`` and ``robots``: its options, and carrying it out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tyro.conf import Positional

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.fleet.simulate.mishaps import MishapConfig
    from crewless.fleet.simulate.remote import Remote
    from crewless.fleet.simulate.run import FleetOutcome
    from crewless.planner.blueprint.model import Blueprint
    from crewless.planner.schedule.shift import ShiftPlan


@dataclass(frozen=True, kw_only=True)
class PlanRunConfig:
    """Options of ``crewless plan run``."""

    what: Positional[str]
    """A goal file (YAML), a goal in plain words, or a blueprint (JSON)."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    skills: tuple[Path, ...] = ()
    """Skill cards (files or folders), beside those that the goal file names; crewless skill makes them."""
    units: int = 3
    """Units that each line begins."""
    rounds: int = 10
    """Rounds of the search for a schedule."""
    schedule: Path | None = None
    """A schedule.json to carry out instead of a new one."""
    failures: float = 0.02
    """Chance that a piece of work comes to nothing and is done again."""
    late: float = 0.0
    """Share of robots that take twice as long; as many take half as long."""
    robots_die: int = 0
    """Robots that die on the way."""
    stations_die: int = 0
    """Stations that break for good."""
    motors_hot: int = 0
    """Motors that are suddenly too hot."""
    zones_closed: int = 0
    """Pieces of an aisle that are closed for ten minutes."""
    zones_guarded: int = 0
    """Narrow pieces of an aisle that one robot at a time may enter, each after it asked."""
    pace: float = 0.0
    """Simulated seconds a second at most, to watch it with crewless dashboard; 0: as fast as it goes. With a broker, the robots'
    time to real time; 0: real time."""
    broker: str = ""
    """mqtt://[USER@]HOST[:PORT] (mqtts:// with TLS) of a broker that robots are on, to command those that announce themselves
    there; the password is read from CREWLESS_MQTT_PASSWORD."""
    seed: int = 0
    """Of the layout's search, of the schedule's and of everything that is simulated."""


def check_broker(address: str) -> None:
    """Raises BadInput for an address that cannot be one; an empty one is none."""
    if address:
        from crewless.fleet.vda5050.address import broker_address

        broker_address(address)


def reopen(path: Path, *, broker: str = "", pace: float = 0.0) -> "tuple[Blueprint, ShiftPlan, PlanRunConfig]":
    """What a run folder holds: its blueprint, its schedule, and its options, so that the same goes wrong. Raises BadInput.

    Args:
        path: the run folder.
        broker: goes before the run's own.
        pace: of simulated time in memory; where two processes must agree on it, the run's own holds.
    """
    import json
    from dataclasses import fields

    from crewless.planner.blueprint.model import load_blueprint
    from crewless.planner.schedule.shift import read_schedule

    try:
        first = json.loads((path / "config.json").read_text())
        blueprint = load_blueprint((path / "blueprint.json").read_bytes(), str(path / "blueprint.json"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} is no folder of a plan run: {error}", alternatives=["runs/...-plan-run"]) from error
    kept = {one.name: first[one.name] for one in fields(PlanRunConfig) if one.name in first}
    now: dict[str, Any] = {"what": str(path), "schedule": None}
    if broker:
        now["broker"] = broker
    elif not first.get("broker"):
        now["pace"] = pace
    return blueprint, read_schedule(path / "schedule.json"), PlanRunConfig(**{**kept, **now})


def carry_out(
    blueprint: "Blueprint", shift: "ShiftPlan", folder: "RunFolder", config: PlanRunConfig, *, resume: bool = False
) -> None:
    """Run the shift: with simulated robots in memory, or with those that announce themselves at the broker."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import Progress

    from crewless.fleet.simulate.positions import PositionRecorder, frames_every
    from crewless.fleet.simulate.run import Shopfloor

    if config.broker:
        _direct(blueprint, shift, folder, config, resume)
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


def _direct(
    blueprint: "Blueprint", shift: "ShiftPlan", folder: "RunFolder", config: PlanRunConfig, resume: bool
) -> None:
    """Command whatever robots announce themselves. Raises BadInput when no broker is there; the run can be resumed."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import Progress

    from crewless.fleet.simulate.positions import PositionRecorder, describe
    from crewless.fleet.simulate.remote import Remote
    from crewless.fleet.vda5050.address import broker_address

    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, highlight=False, soft_wrap=True, markup=False)

    again = f"crewless plan resume {folder.path} --broker {config.broker}"
    try:
        floor = Remote(
            blueprint, shift, folder.path / "events.jsonl", broker_address(config.broker), run=folder.path.name,
            mishaps=mishaps_of(config), seed=config.seed, pace=config.pace or 1.0, warn=lambda who, what: say(f"{who}: {what}"),
        )  # fmt: skip
    except BadInput as error:
        raise BadInput(error.message, alternatives=[*error.alternatives, again]) from error
    picture = describe(blueprint, shift, floor.foreman.aisles, floor.chargers, len(floor.foreman.operations))
    record = PositionRecorder(floor, folder.path, picture, every=5, resume=resume)
    print(f"broker       {floor.endpoint}; run {folder.path.name}", flush=True)
    print(f"robots       crewless plan robots {folder.path} --broker {config.broker}", flush=True)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("running", total=len(floor.foreman.operations))

        def tell(floor: "Remote") -> None:
            record(floor)
            progress.update(bar, completed=len(floor.foreman.operations) - floor.foreman.control.ledger.open)

        outcome = floor.run(tell, say)
    record(floor, last=True)
    folder.write_json("outcome.json", asdict(outcome))
    print(
        f"ran          {outcome.done} operations done ({outcome.carried} of them loads carried), {outcome.lost} lost, "
        f"{outcome.refused} refused; {outcome.failures} tries failed and were repeated"
    )
    print(made_by(outcome))


def made_by(outcome: "FleetOutcome") -> str:
    """What a shift made, and how long it took."""
    made = ", ".join(f"{count} {part}" for part, count in outcome.units.items())
    return f"made         {made} in {outcome.makespan_s:,.0f} s (planned {outcome.planned_s:,.0f} s)"


def mishaps_of(config: PlanRunConfig) -> "MishapConfig":
    """What the options say goes wrong. Raises BadInput."""
    from crewless.fleet.simulate.mishaps import MishapConfig

    return MishapConfig(
        failed_share=config.failures, late_share=config.late, robots_die=config.robots_die,
        stations_die=config.stations_die, motors_hot=config.motors_hot, zones_closed=config.zones_closed,
        zones_guarded=config.zones_guarded,
    )  # fmt: skip
