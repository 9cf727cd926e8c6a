"""Schedule the first shift of a blueprint: lower bound, gap and Gantt chart."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class PlanScheduleConfig:
    """Options of ``crewless plan schedule``."""

    what: Positional[str]
    """A goal file (YAML), a goal in plain words, or a blueprint (JSON)."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    skills: tuple[Path, ...] = ()
    """Skill cards (files or folders), in addition to those in the goal file; crewless skill makes them."""
    units: int = 3
    """Units that each line starts."""
    rounds: int = 10
    """Rounds of the schedule search."""
    closed: tuple[str, ...] = ()
    """Hours from the start in which no station works, such as 8-24 or 4-4.5. A simulated run ignores them."""
    checks: bool = False
    """List every check, not only the failed ones."""
    seed: int = 0
    """Seed of the layout search and of the schedule search."""


def run(config: PlanScheduleConfig) -> int:
    """Design and schedule. Returns 0 when every check passed."""
    from crewless.cli.commands.plan._steps import blueprint_of, write_design, write_schedule
    from crewless.core.runs import RunFolder
    from crewless.planner.schedule.shift import hours, schedule_shift

    closed = hours(config.closed)
    blueprint = blueprint_of(config.what, config.skills, config.seed)
    folder = RunFolder.create(config.runs, "plan-schedule", config)
    good = write_design(blueprint, folder, every_check=config.checks)
    plan = schedule_shift(blueprint, config.units, rounds=config.rounds, seed=config.seed, closed=closed)
    write_schedule(blueprint, folder, plan)
    print(f"run folder   {folder.path}")
    return 0 if good else 1
