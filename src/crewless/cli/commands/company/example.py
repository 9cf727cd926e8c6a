"""Write an example sheet of thirty cells."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class CompanyExampleConfig:
    """Options of ``crewless company example``."""

    out: Positional[Path]
    """Where the sheet is written: a workbook (.xlsx) or a folder of CSV files."""


def run(config: CompanyExampleConfig) -> int:
    """Write it. Returns 0."""
    from crewless.company.sheet.example import example_sheet
    from crewless.company.sheet.spreadsheet import write_sheet

    write_sheet(example_sheet(), config.out)
    print(f"sheet        {config.out}")
    return 0
