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


def run(config: CompanyConfig) -> int:
    """Returns 0."""
    from crewless.company.discover import import_process  # pyright: ignore[reportMissingImports]

    import_process(config.what, config.out)
    return 0
