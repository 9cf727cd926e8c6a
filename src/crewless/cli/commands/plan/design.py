"""Design a factory blueprint for a goal, check it and draw it."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class PlanDesignConfig:
    """Options of ``crewless plan design``."""

    what: Positional[str]
    """A goal file (YAML), a goal in plain words, or a blueprint (JSON), which is checked and drawn again."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    skills: tuple[Path, ...] = ()
    """Skill cards (files or folders), in addition to those in the goal file; crewless skill makes them."""
    checks: bool = False
    """List every check, not only the failed ones."""
    seed: int = 0
    """Seed of the layout search."""


def run(config: PlanDesignConfig) -> int:
    """Design it. Returns 0 when every check passed."""
    from crewless.cli.commands.plan._steps import blueprint_of, write_design
    from crewless.core.runs import RunFolder

    blueprint = blueprint_of(config.what, config.skills, config.seed)
    folder = RunFolder.create(config.runs, "plan-design", config)
    good = write_design(blueprint, folder, every_check=config.checks)
    print(f"run folder   {folder.path}")
    return 0 if good else 1
