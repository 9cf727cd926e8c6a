"""Simulate a sheet: throughput, lead time, cost, errors, meetings."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class CompanySimulateConfig:
    """Options of ``crewless company simulate``."""

    sheet: Positional[Path]
    """A workbook (.xlsx) or a folder of CSV files."""
    give: tuple[str, ...] = ()
    """Cells with another performer than in the sheet, such as "review=ai" "pack=robot"; "all=ai" means every cell that AI can
    do."""
    weeks: float = 26.0
    """Weeks that are measured, after the warm-up."""
    warmup: float = -1.0
    """Weeks that are left out at the start. A negative number: estimated from a trial run."""
    replications: int = 20
    """Independent replications."""
    seed: int = 0
    """Seed of the first replication."""


def run(config: CompanySimulateConfig) -> int:
    """Simulate it and print the measures. Returns 0."""
    from rich.console import Console
    from rich.table import Table

    from crewless.cli.commands.company._choices import choice_of, length_of
    from crewless.company.sheet.spreadsheet import read_sheet
    from crewless.company.simulate.compiled import chosen
    from crewless.company.simulate.replications import MEASURES, run_sheet

    sheet = read_sheet(config.sheet)
    choice = choice_of(sheet, config.give)
    length = length_of(
        sheet, choice, weeks=config.weeks, warmup=config.warmup, replications=config.replications, seed=config.seed
    )
    outcome = run_sheet(sheet, length, choice)
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(header_style="bold", box=None)
    for name in ("measure", "mean", "± 95 %", "unit"):
        table.add_column(name, justify="left" if name in ("measure", "unit") else "right")
    for name, unit in MEASURES.items():
        one = outcome.measures[name]
        table.add_row(name, f"{one.mean:,.4g}", f"{one.half:,.2g}", unit)
    console.print(table)
    table = Table(header_style="bold", box=None)
    for name in ("cell", "by", "visits", "waiting h", "work h", "meeting h", "errors", "caught"):
        table.add_column(name, justify="left" if name in ("cell", "by") else "right")
    for cell, row in zip(chosen(sheet, choice), outcome.cells[:, :6], strict=True):
        table.add_row(cell.name, cell.performer, *(f"{value:.3g}" for value in row))
    console.print(table)
    print("of each cell: for a case that was done")
    for resource, busy, waits in zip(sheet.resources, outcome.busy, outcome.pool_waiting_h, strict=True):
        print(f"{resource.name:<12} {busy:4.0%} busy, {waits:.3g} h a case are waited for it")
    if outcome.overloaded:
        print("overloaded   more comes than is worked: the queues grow, and lead times say only how long was simulated")
    return 0
