"""Make a sheet from a BPMN model, an event log, a spreadsheet, or a run folder (run:DIR)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class CompanyImportConfig:
    """Options of ``crewless company import``."""

    source: Positional[str]
    """A file, a folder of CSV files, or run:DIR."""
    out: Path = Path("sheet.xlsx")
    """Where the sheet is written: a workbook (.xlsx) or a folder of CSV files."""
    columns: tuple[str, ...] = ()
    """For a CSV log: which column holds what, such as "case=Ticket" "end=Closed"; columns with the usual names are found
    without it."""
    unfinished: Literal["drop", "refuse"] = "drop"
    """For a log: what to do with a step that has a start and no end, or an end and no start. Dropped steps are counted and
    reported."""
    bad_rows: Literal["refuse", "drop"] = "refuse"
    """For a log: what to do with a row whose case, activity or time is missing or invalid."""
    dates: Literal["guess", "day-first", "month-first"] = "guess"
    """For a log: what 01/02/2026 means. A guess is reported."""


def run(config: CompanyImportConfig) -> int:
    """Import it. Returns 0."""
    from crewless.company.discover import columns_of, import_process
    from crewless.company.discover.rows import ReadConfig

    reading = ReadConfig(unfinished=config.unfinished, bad_rows=config.bad_rows, dates=config.dates)
    import_process(config.source, config.out, columns=columns_of(config.columns), reading=reading)
    return 0
