"""Show a sheet in a browser: click a cell to assign it to a person, AI or a robot."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class CompanyPageConfig:
    """Options of ``crewless company page``."""

    sheet: Positional[Path]
    """A workbook (.xlsx) or a folder of CSV files."""
    give: tuple[str, ...] = ()
    """Cells with another performer than in the sheet, such as "review=ai" "pack=robot"; "all=ai" means every cell that AI can
    do."""
    seed: int = 0
    """Seed of the first replication."""
    worker: str = ""
    """A run folder, as run:DIR: the measured work of its AI worker is offered for cells that state only how people do them."""
    port: int = 8420
    """Port, on this machine only; 0: any free port."""


def run(config: CompanyPageConfig) -> int:
    """Serve it until Ctrl-C. Returns 0."""
    from crewless.cli.commands.company._choices import choice_of
    from crewless.company.page.sheet_app import serve
    from crewless.company.sheet.spreadsheet import read_sheet

    sheet, worker, measured = read_sheet(config.sheet), None, ""
    if config.worker:
        from crewless.company.discover import RUN
        from crewless.company.discover.run_folder import measured_worker

        folder = Path(config.worker.removeprefix(RUN))
        worker, measured = measured_worker(folder), folder.name
    serve(
        sheet,
        choice_of(sheet, config.give),
        port=config.port,
        name=config.sheet.stem,
        seed=config.seed,
        worker=worker,
        measured=measured,
    )
    return 0
