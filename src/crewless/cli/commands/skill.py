"""Make a skill card for the planner from results: measured success rate and time.

The card records how often a skill succeeded, in how many attempts, how long an attempt took, and who judged it. RESULTS is a
run folder or its events.jsonl (each start of a case and the verdict that follows), a .jsonl file of attempts (seconds, and
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
    """A run folder, an event log, a file of attempts, or a benchmark's results."""
    skill: str
    """Name of the skill in the catalogues, for instance fine_assembly."""
    judged_by: str
    """What judged the attempts: a verifier, a person, a test rig."""
    out: Path = Path("skills")
    """Folder where the card is written."""
    where: tuple[str, ...] = ()
    """Which attempts or which row to use, as field=value: cell=work, task=pinch_lift policy=oracle."""
    tasks: tuple[str, ...] = ()
    """Tasks that the attempts performed, as process.task. Without any, the card applies to the skill's success rate only."""
    conditions: tuple[str, ...] = ()
    """Conditions of the measurement, as name=value: robot=humanoid object=cube."""
    measured_on: str = ""
    """Date as year-month-day; default: today."""
    hardware: bool = False
    """Measured on a real robot; otherwise the card says simulated."""


def run(config: SkillConfig) -> int:
    """Read the results, write the card and print its content."""
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
    times = f"{card.mean_s:.3g} s per attempt (p95 {card.p95_s:.3g})" if card.mean_s else "no times"
    print(f"{card.skill}: {card.source}; {times}; {card.tries:.3f} attempts expected")
    print(f"card         {path}")
    return 0


def _pair(text: str) -> tuple[str, str]:
    from crewless.core.errors import BadInput

    name, sign, value = text.partition("=")
    if not sign or not name:
        raise BadInput(f"{text!r} is not name=value", alternatives=["task=pinch_lift"])
    return name, value
