"""Options that several subcommands of ``crewless company`` share: who performs which cell, and how long is simulated."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crewless.company.sheet.model import Performer, Sheet
    from crewless.company.simulate.replications import SimulateConfig


def choice_of(sheet: "Sheet", given: tuple[str, ...]) -> "dict[str, Performer]":
    """The cells whose performer differs from the sheet, from words such as "review=ai" and "all=robot". Raises BadInput."""
    from crewless.company.sheet.model import PERFORMERS
    from crewless.core.errors import BadInput

    choice: dict[str, Performer] = {}
    for word in given:
        name, _, performer = word.rpartition("=")
        known: Performer | None = next((p for p in PERFORMERS if p == performer), None)
        if known is None or not name:
            raise BadInput(f"--give {word!r}", alternatives=["CELL=person", "CELL=ai", "CELL=robot", "all=ai"])
        if name == "all":
            choice |= {cell.name: known for cell in sheet.cells if known in cell.works}
        else:
            choice[name] = known
    return choice


def length_of(
    sheet: "Sheet", choice: "dict[str, Performer]", *, weeks: float, warmup: float, replications: int, seed: int
) -> "SimulateConfig":
    """How long is simulated. A negative warm-up is estimated from a trial run and printed."""
    from crewless.company.simulate.replications import SimulateConfig, find_warmup

    plain = SimulateConfig(weeks=weeks, warmup_weeks=0.0, replications=replications, seed=seed)
    left_out = warmup if warmup >= 0 else find_warmup(sheet, plain, choice)
    print(f"warm-up      {left_out:g} weeks left out, {weeks:g} measured, {replications} replications")
    return SimulateConfig(weeks=weeks, warmup_weeks=left_out, replications=replications, seed=seed)
