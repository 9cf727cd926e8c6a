"""Dispatch a plan file to simulated robots, or with --broker to the robots on that broker."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.cli.commands.fleet._dispatch import DispatchOptions, carry_out, check_broker


@dataclass(frozen=True, kw_only=True)
class FleetRunConfig(DispatchOptions):
    """Options of ``crewless fleet run``."""

    plan: Positional[Path]
    """A plan (JSON), written by ``crewless plan schedule`` or by you."""


def run(config: FleetRunConfig) -> int:
    """Carry it out. Returns 0."""
    from crewless.core.runs import RunFolder
    from crewless.fleet.plan import load_plan, plan_json

    check_broker(config.broker)
    plan = load_plan(config.plan)
    folder = RunFolder.create(config.runs, "fleet-run", config)
    (folder.path / "plan.json").write_bytes(plan_json(plan))
    carry_out(plan, folder, config)
    print(f"run folder   {folder.path}")
    return 0
