"""A sheet as a spreadsheet and back without loss: one row a cell; ``.xlsx``, or a folder of CSV files.

Six tables: cells, gateways, arrows, resources, calendars, arrival. A duration is written ``exponential 0.5``, a week
``9-17; 33-41`` or ``0-1.5 every 2``. Numbers are written in full, so that reading gives the same bits.
"""

import csv
import gzip
from datetime import datetime
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from crewless.company.sheet.model import (
    PERFORMERS,
    Arrival,
    Arrow,
    Calendar,
    Cell,
    Duration,
    Gateway,
    Meeting,
    Performer,
    Pool,
    Sheet,
    WorkProfile,
    check,
    repeated_week,
)
from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from openpyxl import Workbook

_WORK = ("resource", "duration", "error", "catch", "cost")
_MEETING = ("people", "hours", "probability", "agree")
COLUMNS = {
    "cells": ["name", "role", "performer", "rework", "priority", "capacity", *(f"meeting {m}" for m in _MEETING)]
    + [f"{p} {w}" for p in PERFORMERS for w in _WORK],
    "gateways": ["name", "kind"],
    "arrows": ["source", "target", "probability", "delay", "label"],
    "resources": [
        "name",
        "count",
        "calendar",
        "cost_per_hour",
        "sick_days_per_year",
        "leave_days_per_year",
        "handover",
    ],
    "calendars": ["name", "week"],
    "arrival": ["between", "calendar"],
}
OPTIONAL = {"arrows": ["label"]}
"""Columns that a table may lack."""
Rows = dict[str, list[dict[str, str]]]


def write_sheet(sheet: Sheet, path: Path) -> None:
    """As a workbook when ``path`` ends in ``.xlsx``, else as a folder of CSV files."""
    tables = _rows(sheet)
    if path.suffix != ".xlsx":
        path.mkdir(parents=True, exist_ok=True)
        for name, columns in COLUMNS.items():
            with (path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(tables[name])
        return
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, columns in COLUMNS.items():
        page = book.create_sheet(name)
        for at, row in enumerate([dict(zip(columns, columns, strict=True)), *tables[name]], 1):
            for place, column in enumerate(columns, 1):
                cell = page.cell(at, place, row[column])
                cell.data_type = "s"  # A name that begins with = is no formula.
                cell.font = Font(bold=at == 1)
        page.freeze_panes = "B2"
        for place, column in enumerate(columns, 1):
            widest = max((len(row[column]) for row in tables[name]), default=0)
            page.column_dimensions[get_column_letter(place)].width = min(40, max(len(column), widest) + 2)
    book.save(path)


def read_sheet(path: Path) -> Sheet:
    """What :func:`write_sheet` wrote, edited or not.

    Raises:
        BadInput: a table or a column that is missing, a value that is not a number, and all that ``check`` refuses.
    """
    tables: Rows = {}
    for name, columns in COLUMNS.items():
        lines = _workbook_lines(path, name) if path.suffix == ".xlsx" else _csv_lines(path / f"{name}.csv")
        head = lines[0] if lines else []
        missing = [column for column in columns if column not in head and column not in OPTIONAL.get(name, ())]
        if missing:
            raise BadInput(f"{path.name}, {name}: there is no column {missing[0]!r}", alternatives=head)
        tables[name] = [dict(zip(head, line, strict=False)) for line in lines[1:] if any(line)]
    return check(_sheet(tables))


def read_cells(path: Path) -> Sheet:
    """A list of cells alone, one row a cell, worked one after the other in the order of the rows: a CSV file, or the first
    table of a workbook.

    Only ``name`` is needed. Columns without a performer's name (``duration``, ``resource``, ``error``, ``catch``, ``cost``) are
    those of the row's performer, who is a person unless ``performer`` says otherwise; the resource is the role unless it is
    named. A case comes every hour; resources have one member who is always there.

    Raises:
        BadInput: as :func:`read_sheet`.
    """
    lines = _workbook_lines(path, "") if path.suffix == ".xlsx" else _csv_lines(path)
    head = [word.strip().lower() for word in lines[0]] if lines else []
    known = [*COLUMNS["cells"], *_WORK]
    unknown = [word for word in head if word and word not in known]
    if "name" not in head or unknown:
        what = "no column 'name'" if "name" not in head else f"a column {unknown[0]!r}"
        raise BadInput(f"{path.name}: there is {what}", alternatives=known)
    rows = []
    for line in lines[1:]:
        if any(line):
            given = dict(zip(head, line, strict=False))
            row = dict.fromkeys(COLUMNS["cells"], "") | {"priority": "0", "capacity": "0"}
            row |= {column: value for column, value in given.items() if value and column in row}
            row["performer"] = row["performer"] or "person"
            row |= {f"{row['performer']} {w}": given[w] for w in _WORK if given.get(w)}
            _fill(row)
            rows.append(row)
    names = [row["name"] for row in rows]
    way = ["start", *names, "end"]
    resources = dict.fromkeys(row[f"{p} resource"] for row in rows for p in PERFORMERS if row[f"{p} resource"])
    member = {"count": "1", "calendar": "", **dict.fromkeys(COLUMNS["resources"][3:], "0")}
    tables: Rows = {
        "cells": rows,
        "gateways": [{"name": end, "kind": end} for end in ("start", "end")],
        "arrows": [
            {"source": a, "target": b, "probability": "1", "delay": "constant 0", "label": ""} for a, b in pairwise(way)
        ],
        "resources": [{"name": name, **member} for name in resources],
        "calendars": [],
        "arrival": [{"between": "exponential 1", "calendar": ""}],
    }
    return check(_sheet(tables))


def is_cells(path: Path) -> bool:
    """Whether a CSV file or a workbook is a list of cells alone, and neither a whole sheet nor an event log."""
    if path.suffix == ".xlsx":
        return "arrows" not in _book(path).sheetnames
    lines = _csv_lines(path)
    head = {word.strip().lower() for word in lines[0]} if lines else set()
    return "name" in head and bool(head & {"performer", *_WORK, *(f"{p} duration" for p in PERFORMERS)} - {"resource"})


def _fill(row: dict[str, str]) -> None:
    """What a row leaves out of the works that it begins to describe."""
    for performer in PERFORMERS:
        given = any(row[f"{performer} {w}"] for w in _WORK)
        if given or performer == row["performer"]:
            row[f"{performer} resource"] = row[f"{performer} resource"] or row["role"] or f"{performer}s"
            row[f"{performer} duration"] = row[f"{performer} duration"] or "constant 0"
            for w in ("error", "catch", "cost"):
                row[f"{performer} {w}"] = row[f"{performer} {w}"] or "0"
    if row["meeting people"]:
        defaults = {"meeting hours": "0.5", "meeting probability": "1", "meeting agree": "1"}
        row |= {column: row[column] or value for column, value in defaults.items()}


def decoded(path: Path) -> tuple[str, str]:
    """The text of a file, and a remark where its encoding had to be guessed: UTF-8, UTF-16 with its mark, else the code page that
    Western European spreadsheets write (Windows-1252). Gzipped where the name ends in ``.gz``. Raises OSError, EOFError."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace"), ""
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        remark = f"the file is not UTF-8 (byte {content[error.start]:#04x} at {error.start:,}): read as Windows-1252"
        return content.decode("cp1252", errors="replace"), remark


def _csv_lines(path: Path) -> list[list[str]]:
    try:
        return [row for row in csv.reader(StringIO(decoded(path)[0], newline="")) if row]
    except (OSError, csv.Error) as error:
        raise BadInput(f"{path.name} cannot be read: {error}") from None


def _book(path: Path) -> "Workbook":
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return load_workbook(path, data_only=True)
    except (OSError, KeyError, BadZipFile, InvalidFileException) as error:
        raise BadInput(f"{path.name} cannot be read as a workbook: {error}") from None


def workbook_tables(path: Path) -> dict[str, list[list[str]]]:
    """Every table of a workbook: its rows as texts, times in ISO 8601. Raises BadInput."""
    return {page.title: [[_text(v) for v in row] for row in page.iter_rows(values_only=True)] for page in _book(path)}


def _text(value: object) -> str:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else "" if value is None else str(value)


def _workbook_lines(path: Path, name: str) -> list[list[str]]:
    """The rows of a table; of the first table when ``name`` is empty."""
    book = _book(path)
    if name and name not in book.sheetnames:
        raise BadInput(f"{path.name} has no table {name!r}", alternatives=COLUMNS)
    page = book[name or book.sheetnames[0]]
    return [["" if value is None else str(value) for value in row] for row in page.iter_rows(values_only=True)]


def _duration(duration: Duration) -> str:
    return " ".join([duration.kind, *map(repr, duration.numbers)])


def _week(week: tuple[tuple[float, float], ...]) -> str:
    """Thousands of equal breaks would not fit into a workbook's cell, which holds 32,767 characters."""
    if len(week) > 2:
        (start, end), every = week[0], week[1][0] - week[0][0]
        if week == repeated_week(start, end, every):
            return f"{start!r}-{end!r} every {every!r}"
    return "; ".join(f"{start!r}-{end!r}" for start, end in week)


def _rows(sheet: Sheet) -> Rows:
    cells = []
    for cell in sheet.cells:
        row = dict.fromkeys(COLUMNS["cells"], "")
        row |= {"name": cell.name, "role": cell.role, "performer": cell.performer, "rework": cell.rework}
        row |= {"priority": repr(cell.priority), "capacity": repr(cell.capacity)}
        if cell.meeting:
            row |= {f"meeting {m}": repr(getattr(cell.meeting, m)) for m in _MEETING}
        for performer, work in cell.works.items():
            row |= {f"{performer} {w}": repr(getattr(work, w)) for w in ("error", "catch", "cost")}
            row |= {f"{performer} resource": work.resource, f"{performer} duration": _duration(work.duration)}
        cells.append(row)
    return {
        "cells": cells,
        "gateways": [{"name": g.name, "kind": g.kind} for g in sheet.gateways],
        "arrows": [
            {
                "source": a.source,
                "target": a.target,
                "probability": repr(a.probability),
                "delay": _duration(a.delay),
                "label": a.label,
            }
            for a in sheet.arrows
        ],
        "resources": [
            {"name": r.name, "count": repr(r.count), "calendar": r.calendar}
            | {"cost_per_hour": repr(r.cost_per_hour), "sick_days_per_year": repr(r.sick_days_per_year)}
            | {"leave_days_per_year": repr(r.leave_days_per_year), "handover": repr(r.handover)}
            for r in sheet.resources
        ],
        "calendars": [{"name": c.name, "week": _week(c.week)} for c in sheet.calendars],
        "arrival": [{"between": _duration(sheet.arrival.between), "calendar": sheet.arrival.calendar}],
    }


class _Row:
    """A row that knows where it stands, so that a bad value can be named."""

    def __init__(self, table: str, number: int, values: dict[str, str]) -> None:
        self.where, self.values = f"{table} row {number}", values

    def text(self, column: str) -> str:
        return self.values.get(column, "")

    def number(self, column: str, value: str | None = None) -> float:
        value = self.text(column) if value is None else value
        try:
            return float(value)
        except ValueError:
            raise BadInput(f"{self.where}, {column}: {value!r} is not a number") from None

    def whole(self, column: str) -> int:
        if not self.number(column).is_integer():
            raise BadInput(f"{self.where}, {column}: {self.text(column)!r} is not an integer")
        return int(self.number(column))

    def duration(self, column: str) -> Duration:
        kind, *numbers = self.text(column).split() or [""]
        return Duration(kind=kind, numbers=tuple(self.number(column, n) for n in numbers))

    def week(self, column: str) -> tuple[tuple[float, float], ...]:
        text = self.text(column)
        if " every " in text:
            interval, every = text.split(" every ", 1)
            ends = [self.number(column, n) for n in interval.split("-")]
            if len(ends) != 2 or not self.number(column, every) >= ends[1] - ends[0] > 0:
                raise BadInput(f"{self.where}, {column}: {text!r}", alternatives=["0-1.5 every 2"])
            return repeated_week(ends[0], ends[1], self.number(column, every))
        parts = [part.split("-") for part in text.split(";") if part.strip()]
        if any(len(part) != 2 for part in parts):
            raise BadInput(f"{self.where}, {column}: {text!r}", alternatives=["9-17; 33-41", "0-1.5 every 2"])
        return tuple((self.number(column, a), self.number(column, b)) for a, b in parts)

    def cell(self) -> Cell:
        works: dict[Performer, WorkProfile] = {
            p: WorkProfile(
                resource=self.text(f"{p} resource"),
                duration=self.duration(f"{p} duration"),
                **{w: self.number(f"{p} {w}") for w in ("error", "catch", "cost")},
            )
            for p in PERFORMERS
            if self.text(f"{p} duration") or self.text(f"{p} resource")
        }
        meeting = None
        if self.text("meeting people"):
            numbers = {m: self.number(f"meeting {m}") for m in _MEETING[1:]}
            meeting = Meeting(people=self.whole("meeting people"), **numbers)
        performer: Performer | None = next((p for p in PERFORMERS if p == self.text("performer")), None)
        if performer is None:
            raise BadInput(f"{self.where}, performer: {self.text('performer')!r}", alternatives=PERFORMERS)
        return Cell(
            name=self.text("name"),
            role=self.text("role"),
            performer=performer,
            works=works,
            rework=self.text("rework"),
            meeting=meeting,
            priority=self.whole("priority"),
            capacity=self.whole("capacity"),
        )


def _sheet(tables: Rows) -> Sheet:
    rows = {name: [_Row(name, i, values) for i, values in enumerate(table, 1)] for name, table in tables.items()}
    if len(rows["arrival"]) != 1:
        raise BadInput(f"arrival has {len(rows['arrival'])} rows", alternatives=["1"])
    arrival = rows["arrival"][0]
    return Sheet(
        cells=tuple(row.cell() for row in rows["cells"]),
        gateways=tuple(Gateway(name=row.text("name"), kind=row.text("kind")) for row in rows["gateways"]),
        arrows=tuple(
            Arrow(
                source=row.text("source"),
                target=row.text("target"),
                probability=row.number("probability"),
                delay=row.duration("delay"),
                label=row.text("label"),
            )
            for row in rows["arrows"]
        ),
        resources=tuple(
            Pool(
                name=row.text("name"),
                count=row.whole("count"),
                calendar=row.text("calendar"),
                cost_per_hour=row.number("cost_per_hour"),
                sick_days_per_year=row.number("sick_days_per_year"),
                leave_days_per_year=row.number("leave_days_per_year"),
                handover=row.number("handover"),
            )
            for row in rows["resources"]
        ),
        calendars=tuple(Calendar(name=row.text("name"), week=row.week("week")) for row in rows["calendars"]),
        arrival=Arrival(between=arrival.duration("between"), calendar=arrival.text("calendar")),
    )
