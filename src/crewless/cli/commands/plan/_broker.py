"""``crewless plan run --broker`` and ``crewless plan robots``: the two sides of a shift over a real broker."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from crewless.cli.plan import PlanConfig, made_by, mishaps_of, reopen
from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.fleet.simulate.floor import Plant
    from crewless.fleet.simulate.remote import Remote
    from crewless.planner.blueprint.model import Blueprint
    from crewless.planner.schedule.shift import ShiftPlan


def direct(blueprint: "Blueprint", shift: "ShiftPlan", folder: "RunFolder", config: PlanConfig, resume: bool) -> None:
    """Command whatever robots announce themselves. Raises BadInput when no broker is there; the run can be resumed."""
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


def simulate(config: PlanConfig) -> int:
    """Simulated robots, stations and the site's record for a run. Returns 0 when no robot touched another."""
    from pathlib import Path

    from crewless.fleet.simulate.remote import simulate
    from crewless.fleet.vda5050.address import broker_address

    blueprint, shift, kept = reopen(config)
    if not kept.broker:
        raise BadInput("robots need a broker to speak over", alternatives=["--broker mqtt://127.0.0.1:1883"])
    if config.robots is not None and config.robots < 0:
        raise BadInput(f"{config.robots} robots", alternatives=["0 or more"])
    folder = Path(config.what)
    greeted = False

    def tell(plant: "Plant") -> None:
        nonlocal greeted
        if not greeted:
            greeted = True
            stations = len(plant.robots) - len(plant.fleet)
            print(f"on the floor {len(plant.fleet)} robots and {stations} stations that work by themselves", flush=True)

    print(f"broker       {broker_address(kept.broker)}; run {folder.resolve().name}", flush=True)
    plant = simulate(
        blueprint, shift, folder, broker_address(kept.broker), run=folder.resolve().name, mishaps=mishaps_of(kept),
        seed=kept.seed, pace=kept.pace or 1.0, robots=config.robots, tell=tell,
    )  # fmt: skip
    twice = len(plant.site.done) - len({operation for operation, _, _ in plant.site.done})
    print(
        f"recorded     {len(plant.site.done)} pieces of work, {twice} twice; {plant.motion.conflicts} conflicts in "
        f"{plant.motion.steps:,} steps, {plant.recharges} recharges, {plant.cooling_stops} stops to cool, "
        f"{plant.energy_kwh():,.1f} kWh"
    )
    return 1 if twice or plant.motion.conflicts else 0
