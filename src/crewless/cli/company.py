"""The company as a sheet of cells, each computed by a person, AI or a robot: make it and see what every human cell costs.

import SOURCE: a sheet from a BPMN model, an event log, a spreadsheet, or run:DIR, the folder of a shift.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class CompanyConfig:
    """Options of ``crewless company``."""

    action: Positional[Literal["import"]]
    """What to do."""
    what: Positional[str]
    """import: the source."""
    out: Path = Path("sheet.xlsx")
    """import: where the sheet goes, a workbook (.xlsx) or a folder of CSV files."""
    columns: tuple[str, ...] = ()
    """import, of a CSV log: which column is what, such as "case=Ticket" "end=Closed"; the usual names are found without."""
    unfinished: Literal["refuse", "drop"] = "refuse"
    """import, of a log: what to do with a step that has a start and no end."""


def run(config: CompanyConfig) -> int:
    """Returns 0."""
    from crewless.company.discover import columns_of, import_process

    import_process(config.what, config.out, columns=columns_of(config.columns), unfinished=config.unfinished)
    return 0
