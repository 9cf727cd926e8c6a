"""Make a skill card from results, for the planner: measured success and time.

The card says how often a skill succeeded, in how many tries, how long a try took, and who judged it. RESULTS is a run folder or its events.jsonl (each start of a case and the verdict that follows), a .jsonl of tries (seconds, and
outcome or ok), or a benchmark's .json (a row with right and seeds). crewless plan design --skills takes the cards.
"""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

GROUP = "planning and fleet"


@dataclass(frozen=True, kw_only=True)
class SkillConfig:
    """Options of ``crewless skill``."""

    results: Positional[Path]
    """A run folder, an event log, tries, or a benchmark's results."""
    skill: str
    """As the catalogues name it, for instance fine_assembly."""
    judged_by: str
    """What said whether a try was right: a verifier, a person, a test rig."""
    out: Path = Path("skills")
    """Folder for the card."""
    where: tuple[str, ...] = ()
    """Which tries or which row, as field=value: cell=work, task=pinch_lift policy=oracle."""
    tasks: tuple[str, ...] = ()
    """process.task that the tries did; a card without speaks of success alone."""
    conditions: tuple[str, ...] = ()
    """What it depends on, as name=value: robot=humanoid object=cube."""
    measured_on: str = ""
    """Date, year-month-day; today's if not given."""
    hardware: bool = False
    """A real robot did it; else the card says simulated."""


def run(config: SkillConfig) -> int:
    """Read, make the card, say what it says."""
    import datetime

    from crewless.planner.blueprint.measured import make_card, read_tries, write_card

    tries = read_tries(config.results, dict(_pair(text) for text in config.where))
    card = make_card(
        tries, skill=config.skill, judged_by=config.judged_by, results=str(config.results), simulated=not config.hardware,
        measured_on=config.measured_on or datetime.date.today().isoformat(), tasks=config.tasks,
        conditions=dict(_pair(text) for text in config.conditions),
    )  # fmt: skip
    path = config.out / f"{'-'.join((config.skill, *config.tasks))}.json"
    write_card(card, path)
    times = f"{card.mean_s:.3g} s a try (p95 {card.p95_s:.3g})" if card.mean_s else "no times"
    print(f"{card.skill}: {card.source}; {times}; {card.tries:.3f} tries expected")
    print(f"card         {path}")
    return 0


def _pair(text: str) -> tuple[str, str]:
    from crewless.core.errors import BadInput

    name, sign, value = text.partition("=")
    if not sign or not name:
        raise BadInput(f"{text!r} is no name=value", alternatives=["task=pinch_lift"])
    return name, value
