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
    """Of a CSV log: which column is what, such as "case=Ticket" "end=Closed"; the usual names are found without."""
    unfinished: Literal["drop", "refuse"] = "drop"
    """Of a log: what to do with a step that has a start and no end, or an end and no start. What is dropped is counted and said."""
    bad_rows: Literal["refuse", "drop"] = "refuse"
    """Of a log: what to do with a row that has no case, activity or time, or one that cannot be."""
    dates: Literal["guess", "day-first", "month-first"] = "guess"
    """Of a log: what 01/02/2026 means. What is guessed is said."""


def run(config: CompanyImportConfig) -> int:
    """Import it. Returns 0."""
    from crewless.company.discover import columns_of, import_process
    from crewless.company.discover.rows import ReadConfig

    reading = ReadConfig(unfinished=config.unfinished, bad_rows=config.bad_rows, dates=config.dates)
    import_process(config.source, config.out, columns=columns_of(config.columns), reading=reading)
    return 0
