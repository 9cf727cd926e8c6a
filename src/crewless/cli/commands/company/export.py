"""Write a sheet as a BPMN 2.0 model with a diagram and simulation data."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class CompanyExportConfig:
    """Options of ``crewless company export``."""

    sheet: Positional[Path]
    """A workbook (.xlsx) or a folder of CSV files."""
    out: Path = Path("model.bpmn")
    """Where the model is written."""


def run(config: CompanyExportConfig) -> int:
    """Write it. Returns 0."""
    from crewless.company.sheet.spreadsheet import read_sheet
    from crewless.company.sheet.write_bpmn import write_bpmn

    for line in write_bpmn(read_sheet(config.sheet), config.out):
        print(line)
    print(f"model        {config.out}")
    return 0
