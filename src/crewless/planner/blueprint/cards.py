"""The skill card: what was measured of a skill, by whom, in how many tries. A card takes the place of a catalogue's assumption.

A small YAML or JSON file. :mod:`crewless.planner.blueprint.measured` makes one from results, and reads them back.
"""

import math
from dataclasses import field
from typing import Annotated, Self

from annotated_types import Ge, Gt
from pydantic import ConfigDict, model_validator
from pydantic.dataclasses import dataclass

CARD_VERSION = "1.0"
"""Version of the file format; a reader refuses another major version."""


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class SkillCard:
    """One skill, as measured."""

    version: str
    skill: str
    """As the catalogues name it."""
    trials: Annotated[int, Ge(1)]
    successes: Annotated[int, Ge(1)]
    """Tries that were right, judged by ``judged_by``."""
    judged_by: str
    """What said so: a verifier, a person, a test rig."""
    results: str
    """Where the tries can be looked at: a run folder, a file of results."""
    measured_on: str
    """Date, year-month-day."""
    simulated: bool
    """No hardware was used."""
    mean_s: Annotated[float, Gt(0)] | None = None
    """Mean time of one attempt, right or wrong."""
    p95_s: Annotated[float, Gt(0)] | None = None
    tasks: tuple[str, ...] = ()
    """``process.task`` that were done in the tries: the times are theirs. None: the card speaks of success alone, since the
    tasks of one skill take different times, and of every task that needs the skill and has no card of its own."""
    conditions: dict[str, str | float] = field(default_factory=dict)
    """What it depends on: object, robot, policy, light."""

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if self.successes > self.trials:
            raise ValueError(f"{self.successes} successes in {self.trials} trials")
        if self.mean_s and self.p95_s and self.p95_s < self.mean_s / 20:
            raise ValueError(f"a 95th percentile of {self.p95_s} s is impossible with a mean of {self.mean_s} s")
        return self

    @property
    def tries(self) -> float:
        """Expected tries until one succeeds: the mean of 1 / p when every success rate p was equally likely beforehand.

        With s successes in n trials p is then Beta(s + 1, n - s + 1), and E[1 / p] = (n + 1) / s.
        """
        return (self.trials + 1) / self.successes

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the success rate (Wilson 1927)."""
        n, share, z = self.trials, self.successes / self.trials, 1.96
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def source(self) -> str:
        """In words, for the blueprint."""
        low, high = self.interval
        where = ", simulated" if self.simulated else ""
        return (
            f"measured: {self.successes} of {self.trials} ({low:.0%} to {high:.0%}), judged by {self.judged_by}, "
            f"{self.measured_on}{where}"
        )
