"""Schedule the first shift of a blueprint, or an instance file, with a lower bound and a Gantt chart."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class PlanScheduleConfig:
    """Options of ``crewless plan schedule``."""

    what: Positional[str]
    """A goal file (YAML), a goal in plain words, a blueprint (JSON), or an instance: .sm, .mm, .rcp (projects), .fjs (job
    shops)."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    skills: tuple[Path, ...] = ()
    """Skill cards (files or folders), in addition to those in the goal file; crewless skill makes them."""
    units: int = 3
    """Units that each line starts."""
    rounds: int = 10
    """Rounds of the schedule search."""
    closed: tuple[str, ...] = ()
    """Hours from the start in which no station works, such as 8-24 or 4-4.5; a simulated run ignores them."""
    budget_s: float = 10.0
    """Processor seconds for an instance; a shift is limited by rounds instead."""
    checks: bool = False
    """List every check, not only the failed ones."""
    seed: int = 0
    """Seed of the layout search and of the schedule search."""


def run(config: PlanScheduleConfig) -> int:
    """Design and schedule. Returns 0 when every check holds."""
    from crewless.planner.schedule import is_instance

    if is_instance(Path(config.what)):
        return _instance(config)
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


def _instance(config: PlanScheduleConfig) -> int:
    from crewless.core.runs import RunFolder
    from crewless.planner.schedule import read_instance, schedule

    path = Path(config.what)
    problem = read_instance(path)
    found = schedule(problem, budget_s=config.budget_s, seed=config.seed)
    folder = RunFolder.create(config.runs, "plan-schedule", config)
    rows = []
    for i, (start, m) in enumerate(zip(found.starts, found.assignments, strict=True), 1):
        mode = problem.operations[i - 1].modes[m]
        rows.append(
            {
                "operation": i,
                "start": start,
                "end": start + mode.duration,
                "holds": [[r + 1, n] for r, n in mode.demands],
            }
        )
    summary = {
        "makespan": found.makespan,
        "lower_bound": found.lower_bound,
        "method": found.method,
        "cpu_s": found.cpu_s,
    }
    written = folder.write_json("schedule.json", {"instance": path.name, **summary, "operations": rows})
    proved = "proved" if found.makespan == found.lower_bound else f"lower bound {found.lower_bound:,}"
    print(
        f"scheduled    {len(rows)} operations on {len(problem.resources)} resources in {found.makespan:,} time units; "
        f"{proved} (gap {found.gap:.1%}, {found.method}, {found.cpu_s:.1f} s)"
    )
    print(f"schedule     {written}")
    print(f"run folder   {folder.path}")
    return 0
