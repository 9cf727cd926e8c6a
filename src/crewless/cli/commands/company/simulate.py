"""The company as a sheet of cells, each computed by a person, AI or a robot: make it, and see what every human cell costs.

example: write a sheet of thirty cells to begin with. import SOURCE: a sheet from a BPMN model, an event log, a spreadsheet,
or run:DIR, the folder of a shift. simulate SHEET: throughput, lead time, cost, errors, meetings. compare SHEET: who should do
which cell. page SHEET: the sheet in a browser; click a cell to hand it to AI, robot or person.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

if TYPE_CHECKING:
    from crewless.company.sheet.model import Performer, Sheet
    from crewless.company.simulate.replications import SimulateConfig


@dataclass(frozen=True, kw_only=True)
class CompanyConfig:
    """Options of ``crewless company``."""

    action: Positional[Literal["example", "import", "simulate", "compare", "page"]]
    """What to do."""
    what: Positional[str]
    """example: where the sheet goes; import: the source; else a sheet, a workbook (.xlsx) or a folder of CSV files."""
    out: Path = Path("sheet.xlsx")
    """import: where the sheet goes, a workbook (.xlsx) or a folder of CSV files."""
    columns: tuple[str, ...] = ()
    """import, of a CSV log: which column is what, such as "case=Ticket" "end=Closed"; the usual names are found without."""
    unfinished: Literal["refuse", "drop"] = "refuse"
    """import, of a log: what to do with a step that has a start and no end."""
    give: tuple[str, ...] = ()
    """simulate, page: cells that others do than the sheet says, such as "review=ai" "pack=robot"; "all=ai" means all that can."""
    design: Literal["one", "factorial", "all"] = "all"
    """compare: one cell at a time, all or an orthogonal part of the combinations too, or the curve over the share as well."""
    weeks: float = 26.0
    """Measured, after the warm-up."""
    warmup: float = -1.0
    """Weeks that are left out at the start; below 0: found from a trial run."""
    replications: int = 20
    """Lives with luck of their own."""
    seed: int = 0
    """Of the first life."""
    runs: Path = Path("runs")
    """compare: where the run folder goes."""
    ray: str = ""
    """compare: on the Ray cluster at this address, "local" for one on this machine; empty: in threads."""
    port: int = 8420
    """page: on this machine only; 0: any that is free."""


def run(config: CompanyConfig) -> int:
    """Do it. Returns 0."""
    if config.action == "example":
        from crewless.company.sheet.example import example_sheet
        from crewless.company.sheet.spreadsheet import write_sheet

        write_sheet(example_sheet(), Path(config.what))
        print(f"sheet        {config.what}")
        return 0
    if config.action == "import":
        from crewless.company.discover import columns_of, import_process

        import_process(config.what, config.out, columns=columns_of(config.columns), unfinished=config.unfinished)
        return 0
    from crewless.company.sheet.spreadsheet import read_sheet

    sheet = read_sheet(Path(config.what))
    if config.action == "page":
        from crewless.company.page.server import serve

        serve(sheet, _choice(sheet, config.give), port=config.port, name=Path(config.what).stem, seed=config.seed)
        return 0
    (_simulate if config.action == "simulate" else _compare)(sheet, config)
    return 0


def _choice(sheet: "Sheet", given: tuple[str, ...]) -> "dict[str, Performer]":
    from crewless.company.sheet.model import PERFORMERS
    from crewless.core.errors import BadInput

    choice: dict[str, Performer] = {}
    for word in given:
        name, _, performer = word.rpartition("=")
        known: Performer | None = next((p for p in PERFORMERS if p == performer), None)
        if known is None or not name:
            raise BadInput(f"--give {word!r}", alternatives=["CELL=person", "CELL=ai", "CELL=robot", "all=ai"])
        if name == "all":
            choice |= {cell.name: known for cell in sheet.cells if known in cell.works}
        else:
            choice[name] = known
    return choice


def _length(sheet: "Sheet", config: CompanyConfig, choice: "dict[str, Performer]") -> "SimulateConfig":
    from crewless.company.simulate.replications import SimulateConfig, find_warmup

    plain = SimulateConfig(weeks=config.weeks, warmup_weeks=0.0, replications=config.replications, seed=config.seed)
    weeks = config.warmup if config.warmup >= 0 else find_warmup(sheet, plain, choice)
    print(f"warm-up      {weeks:g} weeks left out, {config.weeks:g} measured, {config.replications} lives")
    return SimulateConfig(weeks=config.weeks, warmup_weeks=weeks, replications=config.replications, seed=config.seed)


def _simulate(sheet: "Sheet", config: CompanyConfig) -> None:
    from rich.console import Console
    from rich.table import Table

    from crewless.company.simulate.compiled import chosen
    from crewless.company.simulate.replications import MEASURES, run_sheet

    choice = _choice(sheet, config.give)
    outcome = run_sheet(sheet, _length(sheet, config, choice), choice)
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


def _compare(sheet: "Sheet", config: CompanyConfig) -> None:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from crewless.company.compare.compare import compare
    from crewless.company.compare.report import as_json, report_page
    from crewless.company.simulate.ray_runs import on_ray
    from crewless.company.simulate.replications import run_choices
    from crewless.core.runs import RunFolder

    run_with = on_ray(config.ray) if config.ray else run_choices
    length = _length(sheet, config, {})
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("simulating", total=None)
        found = compare(
            sheet, length, config.design,
            lambda done, whole: progress.update(bar, completed=done, total=whole), run_with,
        )  # fmt: skip
    folder = RunFolder.create(config.runs, "company-compare", config)
    folder.write_json("comparison.json", as_json(found))
    page = folder.path / "report.html"
    page.write_text(report_page(found, Path(config.what).stem), encoding="utf-8")
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
