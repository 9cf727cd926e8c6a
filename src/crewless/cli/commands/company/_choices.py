"""Options that several subcommands of ``crewless company`` share: who performs which cell, and how long is simulated."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crewless.company.sheet.model import Performer, Sheet, WorkProfile
    from crewless.company.simulate.replications import SimulateConfig


def choice_of(sheet: "Sheet", given: tuple[str, ...]) -> "dict[str, Performer]":
    """The cells whose performer differs from the sheet, from words such as "review=ai" and "all=robot". Raises BadInput."""
    from crewless.company.sheet.machine import refuse_all
    from crewless.company.sheet.model import PERFORMERS
    from crewless.core.errors import BadInput

    choice: dict[str, Performer] = {}
    for word in given:
        name, _, performer = word.rpartition("=")
        known: Performer | None = next((p for p in PERFORMERS if p == performer), None)
        if known is None or not name:
            raise BadInput(f"--give {word!r}", alternatives=["CELL=person", "CELL=ai", "CELL=robot", "all=ai"])
        if name == "all":
            refuse_all(sheet, known)
            left = [cell.name for cell in sheet.cells if known not in cell.works]
            if left:
                print(
                    f"give         {len(left)} of {len(sheet.cells)} cells do not say how {known!r} does them, and stay: {', '.join(left[:5])}"
                )
            choice |= {cell.name: known for cell in sheet.cells if known in cell.works}
        else:
            choice[name] = known
    return choice


def measured_work(worker: str) -> "tuple[WorkProfile | None, str]":
    """What the worker of ``run:DIR`` did, and the name of the run; None and "" without one. Raises BadInput."""
    if not worker:
        return None, ""
    from crewless.company.discover import RUN
    from crewless.company.discover.run_folder import measured_worker

    folder = Path(worker.removeprefix(RUN))
    return measured_worker(folder), folder.name


def with_worker(sheet: "Sheet", worker: str) -> "Sheet":
    """The sheet in which the worker of ``run:DIR`` could do the cells that say only how people do them. Raises BadInput."""
    from crewless.company.sheet.machine import people_only, with_machine

    work, run = measured_work(worker)
    if work is None:
        return sheet
    print(f"worker       as in {run}, for {len(people_only(sheet))} of {len(sheet.cells)} cells")
    return with_machine(sheet, work)


def length_of(
    sheet: "Sheet", choice: "dict[str, Performer]", *, weeks: float, warmup: float, replications: int, seed: int
) -> "SimulateConfig":
    """How long is simulated. A negative warm-up is estimated from a trial run and printed."""
    from crewless.company.simulate.replications import SimulateConfig, find_warmup

    plain = SimulateConfig(weeks=weeks, warmup_weeks=0.0, replications=replications, seed=seed)
    left_out = warmup if warmup >= 0 else find_warmup(sheet, plain, choice)
    print(f"warm-up      {left_out:g} weeks left out, {weeks:g} measured, {replications} replications")
    return SimulateConfig(weeks=weeks, warmup_weeks=left_out, replications=replications, seed=seed)
