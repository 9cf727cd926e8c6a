"""Dispatching a plan, for ``crewless fleet`` and ``crewless plan run``: the options, and the run."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.core.runs import RunFolder
    from crewless.fleet.plan import FleetPlan
    from crewless.fleet.run.live import LiveRun
    from crewless.fleet.run.outcome import FleetOutcome
    from crewless.fleet.run.simulated import SimulatedRun
    from crewless.fleet.simulate.mishaps import MishapConfig


@dataclass(frozen=True, kw_only=True)
class DispatchOptions:
    """Options of every command that dispatches a plan."""

    runs: Path = Path("runs")
    """Where the run folder goes."""
    failures: float = 0.02
    """Probability that an attempt at an operation fails and is repeated."""
    late: float = 0.0
    """Share of robots that take twice as long; the same share takes half as long."""
    robots_die: int = 0
    """How many robots fail during the run."""
    stations_die: int = 0
    """How many stations fail permanently."""
    motors_hot: int = 0
    """How many robots have a motor that suddenly overheats."""
    zones_closed: int = 0
    """How many aisle sections are closed for ten minutes."""
    zones_guarded: int = 0
    """How many narrow aisle sections admit one robot at a time, each after a request."""
    pace: float = 0.0
    """Most simulated seconds per second, for watching with crewless dashboard; 0: as fast as possible. With a broker: the ratio
    of the robots' time to real time; 0: real time."""
    broker: str = ""
    """mqtt://[USER@]HOST[:PORT] (mqtts:// with TLS) of a broker: commands the robots that announce themselves
    there. The password is read from CREWLESS_MQTT_PASSWORD."""
    seed: int = 0
    """Seed of everything random."""


def check_broker(address: str) -> None:
    """Raises BadInput for a malformed address; an empty address means no broker."""
    if address:
        from crewless.fleet.vda5050.address import broker_address

        broker_address(address)


def reopen(path: Path, *, broker: str = "", pace: float = 0.0) -> "tuple[FleetPlan, DispatchOptions]":
    """The plan and the options stored in a run folder, so that the same failures are simulated again. Raises BadInput.

    Args:
        path: the run folder.
        broker: overrides the address stored in the run.
        pace: of simulated time in memory. With a broker, both processes use the pace stored in the run.
    """
    import json
    from dataclasses import fields

    from crewless.fleet.plan import load_plan

    try:
        first = json.loads((path / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path} is not the run folder of a dispatched plan: {error}", alternatives=["runs/...-fleet-run"]
        ) from error
    kept = {one.name: first[one.name] for one in fields(DispatchOptions) if one.name in first}
    now: dict[str, Any] = {"broker": broker} if broker else {}
    if not broker and not first.get("broker"):
        now["pace"] = pace
    return load_plan(path / "plan.json"), DispatchOptions(**{**kept, **now})


def carry_out(plan: "FleetPlan", folder: "RunFolder", options: DispatchOptions, *, resume: bool = False) -> None:
    """Run the plan: with simulated robots in memory, or with those that announce themselves at the broker."""
    if options.broker:
        _live(plan, folder, options, resume)
    else:
        _simulated(plan, folder, options, resume)


def _simulated(plan: "FleetPlan", folder: "RunFolder", options: DispatchOptions, resume: bool) -> None:
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import Progress

    from crewless.fleet.positions import PositionRecorder, frames_every
    from crewless.fleet.run.simulated import SimulatedRun

    run = SimulatedRun(
        plan, folder.path / "events.jsonl", mishaps=mishaps_of(options), seed=options.seed, resume=resume
    )
    record = PositionRecorder(
        run, folder.path, run.picture(), every=frames_every(len(run.fleet)), pace=options.pace, resume=resume
    )
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("running", total=len(run.operations))

        def advance(run: "SimulatedRun") -> None:
            record(run)
            progress.update(bar, completed=len(run.operations) - run.control.ledger.open)

        outcome = run.run(advance)
    record(run, last=True)
    folder.write_json("outcome.json", asdict(outcome))
    print(f"ran          {_counts(outcome)}, {outcome.done_twice} done twice")
    print(
        f"robots       {outcome.conflicts} conflicts in {outcome.steps:,} steps, {outcome.recharges} recharges, "
        f"{outcome.cooling_stops} stops to cool, {outcome.energy_kwh:,.1f} kWh, {outcome.joined} robots joined"
    )
    print(made_by(outcome))


def _live(plan: "FleetPlan", folder: "RunFolder", options: DispatchOptions, resume: bool) -> None:
    """Command the robots that announce themselves. Raises BadInput when the broker cannot be reached; the run can be resumed."""
    from dataclasses import asdict

    from rich.console import Console
    from rich.progress import Progress

    from crewless.fleet.positions import PositionRecorder, describe
    from crewless.fleet.run.live import LiveRun
    from crewless.fleet.vda5050.address import broker_address

    console = Console(stderr=True)

    def report(line: str) -> None:
        console.print(line, highlight=False, soft_wrap=True, markup=False)

    again = f"crewless fleet resume {folder.path} --broker {options.broker}"
    try:
        run = LiveRun(
            plan, folder.path / "events.jsonl", broker_address(options.broker), run=folder.path.name,
            mishaps=mishaps_of(options), seed=options.seed, pace=options.pace or 1.0,
            warn=lambda who, what: report(f"{who}: {what}"),
        )  # fmt: skip
    except BadInput as error:
        raise BadInput(error.message, alternatives=[*error.alternatives, again]) from error
    control, count = run.coordinator.control, len(run.coordinator.operations)
    record = PositionRecorder(run, folder.path, describe(plan, count), every=5, resume=resume)
    print(f"broker       {run.address}; run {folder.path.name}", flush=True)
    print(f"robots       crewless fleet robots {folder.path} --broker {options.broker}", flush=True)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("running", total=count)

        def advance(run: "LiveRun") -> None:
            record(run)
            progress.update(bar, completed=count - control.ledger.open)

        outcome = run.run(advance, report)
    record(run, last=True)
    folder.write_json("outcome.json", asdict(outcome))
    print(f"ran          {_counts(outcome)}")
    print(made_by(outcome))


def _counts(outcome: "FleetOutcome") -> str:
    return (
        f"{outcome.done} operations done ({outcome.carried} of them transports), {outcome.lost} lost, "
        f"{outcome.refused} refused, {outcome.failures} failed attempts repeated"
    )


def made_by(outcome: "FleetOutcome") -> str:
    """One line: the units made, and the time."""
    made = ", ".join(f"{count} {part}" for part, count in outcome.units.items()) or "nothing"
    return f"made         {made} in {outcome.makespan_s:,.0f} s (planned {outcome.planned_s:,.0f} s)"


def mishaps_of(options: DispatchOptions) -> "MishapConfig":
    """The failures that the options ask for. Raises BadInput."""
    from crewless.fleet.simulate.mishaps import MishapConfig

    return MishapConfig(
        failed_share=options.failures, late_share=options.late, robots_die=options.robots_die,
        stations_die=options.stations_die, motors_hot=options.motors_hot, zones_closed=options.zones_closed,
        zones_guarded=options.zones_guarded,
    )  # fmt: skip
