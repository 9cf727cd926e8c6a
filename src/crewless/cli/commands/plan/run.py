"""Design, schedule and dispatch: to simulated robots, or with --broker to the robots on that broker."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.cli.commands.fleet._dispatch import DispatchOptions, carry_out, check_broker


@dataclass(frozen=True, kw_only=True)
class PlanRunConfig(DispatchOptions):
    """Options of ``crewless plan run``."""

    what: Positional[str]
    """A goal file (YAML), a goal in plain words, or a blueprint (JSON)."""
    skills: tuple[Path, ...] = ()
    """Skill cards (files or folders), in addition to those in the goal file; crewless skill makes them."""
    units: int = 3
    """Units that each line starts."""
    rounds: int = 10
    """Rounds of the schedule search."""
    checks: bool = False
    """List every check, not only the failed ones."""


def run(config: PlanRunConfig) -> int:
    """Design, schedule, carry out. Returns 0 when every check passed."""
    from crewless.cli.commands.plan._steps import blueprint_of, write_design, write_schedule
    from crewless.core.runs import RunFolder
    from crewless.planner.schedule.shift import schedule_shift

    check_broker(config.broker)
    blueprint = blueprint_of(config.what, config.skills, config.seed)
    folder = RunFolder.create(config.runs, "plan-run", config)
    good = write_design(blueprint, folder, every_check=config.checks)
    plan = schedule_shift(blueprint, config.units, rounds=config.rounds, seed=config.seed)
    write_schedule(blueprint, folder, plan)
    carry_out(plan, folder, config)
    print(f"run folder   {folder.path}")
    return 0 if good else 1
