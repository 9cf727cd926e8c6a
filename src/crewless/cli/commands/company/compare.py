"""Compare who should perform which cell: simulate each choice and write a report."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class CompanyCompareConfig:
    """Options of ``crewless company compare``."""

    sheet: Positional[Path]
    """A workbook (.xlsx) or a folder of CSV files."""
    design: Literal["one", "factorial", "all"] = "all"
    """Which choices: `one` changes one cell at a time; `factorial` adds an orthogonal array of combinations; `all` adds the curve
    over the share of human cells."""
    weeks: float = 26.0
    """Weeks that are measured, after the warm-up."""
    warmup: float = -1.0
    """Weeks that are left out at the start. A negative number: estimated from a trial run."""
    replications: int = 20
    """Independent replications of each choice; all choices share their random numbers."""
    seed: int = 0
    """Seed of the first replication."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    ray: str = ""
    """Address of a Ray cluster to run on, or "local" for one on this machine. Empty: threads of this process."""


def run(config: CompanyCompareConfig) -> int:
    """Compare, print, write the report. Returns 0."""
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from crewless.cli.commands.company._choices import length_of
    from crewless.company.compare.compare import compare
    from crewless.company.compare.report import as_json, report_page
    from crewless.company.sheet.spreadsheet import read_sheet
    from crewless.company.simulate.ray_runs import on_ray
    from crewless.company.simulate.replications import run_choices
    from crewless.core.runs import RunFolder

    run_with = on_ray(config.ray) if config.ray else run_choices
    sheet = read_sheet(config.sheet)
    length = length_of(
        sheet, {}, weeks=config.weeks, warmup=config.warmup, replications=config.replications, seed=config.seed
    )
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("simulating", total=None)
        found = compare(
            sheet, length, config.design,
            lambda done, whole: progress.update(bar, completed=done, total=whole), run_with,
        )  # fmt: skip
    folder = RunFolder.create(config.runs, "company-compare", config)
    folder.write_json("comparison.json", as_json(found))
    page = folder.path / "report.html"
    page.write_text(report_page(found, config.sheet.stem), encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(
        title="People at one cell, machines at all others: what changes",
        title_justify="left",
        header_style="bold",
        box=None,
    )
    for name in ("cell", "verdict", "lead h", "±", "throughput", "±", "right, points", "±", "cost $", "±"):
        table.add_column(name, justify="left" if name in ("cell", "verdict") else "right")
    for effect in found.effects:
        cells = []
        for name, scale in (("lead_h", 1), ("throughput", 1), ("right", 100), ("cost", 1)):
            one = effect.alone[name]
            cells += [f"{scale * one.mean:+.3g}", f"{scale * one.half:.2g}"]
        table.add_row(effect.cell, effect.verdict, *cells)
    console.print(table)
    for line in found.findings:
        console.print(f"- {line}", highlight=False, soft_wrap=True)
    print(f"{len(found.named)} choices, {found.events:,} events")
    print(f"report       {page}")
    print(f"run folder   {folder.path}")
    return 0
