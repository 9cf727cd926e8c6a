"""One replication of a sheet as a table of visits: what an event log would say of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crewless.company.sheet.model import WEEK_H, Performer, Sheet
from crewless.company.simulate import engine
from crewless.company.simulate.compiled import chosen, compile_sheet
from crewless.company.simulate.replications import Ended, refuse


@dataclass(frozen=True, kw_only=True)
class Visits:
    """A row for each piece of work and each meeting, in the order in which they ended. Times in hours from a Monday 00:00."""

    case: NDArray[np.int64]
    """Shape (visits,), like all of them; cases count from 1 in the order of their arrival."""
    cell: NDArray[np.str_]
    resource: NDArray[np.str_]
    meeting: NDArray[np.bool_]
    queued_h: NDArray[np.float64]
    begun_h: NDArray[np.float64]
    ended_h: NDArray[np.float64]


def simulate_visits(
    sheet: Sheet, weeks: float, *, seed: int = 0, choice: Mapping[str, Performer] | None = None
) -> Visits:
    """What is done in so many weeks from an empty start. Raises BadInput as :func:`crewless.company.simulate.replications.run_sheet`."""
    program = compile_sheet(sheet, choice)
    horizon = weeks * WEEK_H
    status, where, _, _, _, _, case, node, met, times = engine.simulate(program, np.uint64(seed), horizon, 0.0, 1, True)
    if status != engine.DONE:
        raise refuse(sheet, Ended(status, where))
    cells = chosen(sheet, choice or {})
    return Visits(
        case=case,
        cell=np.array([cell.name for cell in cells])[node],
        resource=np.array([cell.work().resource for cell in cells])[node],
        meeting=met,
        queued_h=times[:, 0],
        begun_h=times[:, 1],
        ended_h=times[:, 2],
    )
