"""The sheet of a company from what it already has: a BPMN model, an event log, a spreadsheet, or the folder of a shift."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.company.discover.log import Log
    from crewless.company.discover.rows import ReadConfig
    from crewless.company.discover.sheet_of_log import DiscoverConfig
    from crewless.company.sheet.model import Sheet

RUN = "run:"
"""What a source begins with that is the folder of a shift."""
KINDS = (
    "a BPMN model (.bpmn, .bpmn20.xml)",
    "an event log (.csv, .csv.gz, .xlsx, .xes, .xes.gz, .jsonl)",
    "a sheet (.xlsx, a folder of CSV files, or a CSV list of cells)",
    "run:DIR, the folder of a shift",
)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of a source."""

    sheet: "Sheet"
    lines: tuple[str, ...]
    """What was found, for a terminal."""
    out: Path
    report: Path | None = None


def import_process(
    source: str | Path,
    out: Path,
    *,
    columns: Mapping[str, str] | None = None,
    reading: "ReadConfig | None" = None,
    config: "DiscoverConfig | None" = None,
    print_line: Callable[[str], None] = print,
) -> Imported:
    """Make a sheet of a source and write it to ``out``; a report of what a log says goes beside it.

    Args:
        source: one of :data:`KINDS`.
        out: a workbook (.xlsx) or a folder of CSV files.
        columns: of a CSV log: which column is the case, activity, resource, start, end, role, lifecycle, cost.
        reading: of a log: what is done with rows that are unfinished or cannot be.
        config: how a sheet is found in a log.
        print_line: called with each line about what is being done and what was found.

    Raises:
        BadInput: it cannot be read, with row and value, or the sheet cannot be run.
    """
    from crewless.company.sheet.spreadsheet import write_sheet

    text, report = str(source), None
    if text.startswith(RUN):
        from crewless.company.discover.run_folder import sheet_of_run

        sheet, lines = sheet_of_run(Path(text.removeprefix(RUN)))
    else:
        path = Path(text)
        if not path.exists():
            raise BadInput(f"there is no {path}", alternatives=KINDS)
        if _is_bpmn(path):
            from crewless.company.sheet.bpmn import read_model

            sheet, notes = read_model(path)
            lines = [
                f"{len(sheet.cells)} cells, {len(sheet.gateways)} gateways, {len(sheet.arrows)} arrows, "
                f"{len(sheet.resources)} resources",
                *notes,
            ]
        elif not columns and (path.is_dir() or _is_sheet(path)):
            from crewless.company.sheet.spreadsheet import is_cells, read_cells, read_sheet

            alone = not path.is_dir() and is_cells(path)
            sheet = read_cells(path) if alone else read_sheet(path)
            lines = [f"{len(sheet.cells)} cells, {len(sheet.resources)} resources"]
            if alone:
                lines.append(
                    "the list has cells only: they are worked in the order of the rows, one case per hour, until you edit the sheet"
                )
        else:
            from crewless.company.discover.findings import summary, write_report
            from crewless.company.discover.sheet_of_log import discover

            print_line(f"reading {path.name}")
            log = read_log(path, columns=columns, config=reading)
            found = discover(log, config, print_line)
            sheet, lines = found.sheet, summary(log, found)
            write_sheet(sheet, out)
            report = write_report(log, found, out.with_name(f"{out.stem}-report.md"))
    if report is None:
        write_sheet(sheet, out)
    for line in lines:
        print_line(line)
    print_line(f"sheet        {out}")
    if report:
        print_line(f"report       {report}")
    return Imported(sheet=sheet, lines=tuple(lines), out=out, report=report)


def _is_bpmn(path: Path) -> bool:
    """By its name; a file that only says that it is XML by what it begins with."""
    name = path.name.lower()
    if name.endswith((".bpmn", ".bpmn2", ".bpmn20.xml", ".bpmn.xml")):
        return path.is_file()
    return name.endswith(".xml") and path.is_file() and b"definitions" in path.read_bytes()[:4000]


def _is_sheet(path: Path) -> bool:
    """Whether a file is a sheet or a list of cells, and no log."""
    from crewless.company.discover.read_csv import looks_like_log
    from crewless.company.sheet.spreadsheet import is_cells, workbook_tables

    if path.suffix != ".xlsx":
        return path.suffix == ".csv" and is_cells(path)
    tables = workbook_tables(path)
    return "arrows" in tables or not any(table and looks_like_log(table[0]) for table in tables.values())


def columns_of(words: Sequence[str]) -> dict[str, str]:
    """``case=Ticket`` and the like as a mapping. Raises BadInput."""
    found = {}
    for word in words:
        what, equals, column = word.partition("=")
        if not (equals and what and column):
            raise BadInput(
                f"{word!r} does not name a column",
                alternatives=["case=NAME", "activity=NAME", "start=NAME", "end=NAME"],
            )
        found[what] = column
    return found


def read_log(path: Path, *, columns: Mapping[str, str] | None = None, config: "ReadConfig | None" = None) -> "Log":
    """An event log of any kind, by the end of its name. Raises BadInput."""
    from crewless.company.discover.read_csv import read_csv, read_workbook_log
    from crewless.company.discover.read_xes import read_event_log, read_xes

    name = path.name.removesuffix(".gz").lower()
    if name.endswith((".csv", ".tsv", ".txt")):
        return read_csv(path, columns=columns, config=config)
    if name.endswith(".xlsx"):
        return read_workbook_log(path, columns=columns, config=config)
    if columns:
        raise BadInput(f"{path.name} has no columns to choose", alternatives=["a CSV log", "a workbook"])
    if name.endswith(".xes"):
        return read_xes(path, config=config)
    if path.name.endswith(".jsonl"):
        return read_event_log(path, config=config)
    raise BadInput(f"{path.name} cannot be imported", alternatives=KINDS)


__all__ = ["KINDS", "RUN", "Imported", "columns_of", "import_process", "read_log"]
