"""Event logs in CSV files and workbooks: a row a visit with start and end, or a row an event with a life cycle."""

import csv
import zlib
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path

from crewless.company.discover.log import Log
from crewless.company.discover.rows import RawEvent, ReadConfig, log_of_rows
from crewless.company.sheet.spreadsheet import decoded, workbook_tables
from crewless.core.errors import BadInput

COLUMNS = {
    "case": ("case_id", "caseid", "case", "case:concept:name", "case_concept_name", "trace", "trace_id", "ticket", "ticket_id",
             "order_id"),
    "activity": ("activity", "activity_name", "concept:name", "concept_name", "task", "event", "step", "cell", "action"),
    "resource": ("resource", "org:resource", "org_resource", "user", "performer", "agent", "who", "employee", "worker"),
    "start": ("start_time", "start_timestamp", "start", "started", "begin", "begin_time", "time:start"),
    "end": ("end_time", "end_timestamp", "end", "ended", "complete_time", "completed", "complete", "finish", "finish_time",
            "time:timestamp", "time_timestamp", "timestamp", "time", "date"),
    "role": ("role", "org:role", "org_role", "group", "org:group", "department", "team"),
    "lifecycle": ("lifecycle:transition", "lifecycle_transition", "lifecycle", "transition", "status"),
    "cost": ("cost", "cost_usd", "cost:total"),
}  # fmt: skip
"""What each column is usually called, best first. Upper case, spaces and a byte order mark do not matter."""
_NEEDED = ("case", "activity")


def read_csv(path: Path, *, columns: Mapping[str, str] | None = None, config: ReadConfig | None = None) -> Log:
    """A log of comma, semicolon or tab separated values, gzipped where its name ends in ``.gz``; in UTF-8, UTF-16 with its mark, or
    else in the code page that Western European spreadsheets write (Windows-1252), which is said.

    Args:
        path: the file.
        columns: which column is the case, activity, resource, start, end, role, lifecycle, cost; the rest is guessed.
        config: what is done with rows that are unfinished or cannot be.

    Raises:
        BadInput: a column that is not there or not found, a value that cannot be; names row and value.
    """
    try:
        text, remark = decoded(path)
        delimiter = _delimiter(text.partition("\n")[0])
        lines = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise BadInput(f"{path.name} cannot be read as CSV: {error}") from None
    notes = [remark] if remark else []
    return _log_of_table(path.name, lines, columns or {}, config, decimal_comma=delimiter == ";", notes=notes)


def read_workbook_log(path: Path, *, columns: Mapping[str, str] | None = None, config: ReadConfig | None = None) -> Log:
    """The same from the first table of a workbook that has a log's columns. Raises BadInput as :func:`read_csv`."""
    tables = workbook_tables(path)
    name, lines = next(
        ((n, t) for n, t in tables.items() if t and (columns or looks_like_log(t[0]))), next(iter(tables.items()))
    )
    notes = [f"of {len(tables)} tables, {name!r} was read"] if len(tables) > 1 else []
    return _log_of_table(path.name, lines, columns or {}, config, decimal_comma=False, notes=notes)


def looks_like_log(head: Iterable[str]) -> bool:
    """Whether columns of these names are a log's: a case, an activity and a time."""
    plain = {_plain(name) for name in head}
    has = {what: any(_plain(name) in plain for name in names) for what, names in COLUMNS.items()}
    return has["case"] and has["activity"] and (has["start"] or has["end"])


def _log_of_table(
    name: str,
    lines: list[list[str]],
    columns: Mapping[str, str],
    config: ReadConfig | None,
    *,
    decimal_comma: bool,
    notes: list[str],
) -> Log:
    head = [word.strip() for word in lines[0]] if lines else []
    at = {what: head.index(column) for what, column in find_columns(name, head, columns).items()}
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if any(line):
            given = {what: line[place] if place < len(line) else "" for what, place in at.items()}
            rows.append(RawEvent(where=f"row {number}", **given))
    called = head[at["lifecycle"]] if "lifecycle" in at else ""
    return log_of_rows(rows, name, config, lifecycle=called, decimal_comma=decimal_comma, notes=notes)


def find_columns(name: str, head: list[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """What each column is to the reader: ``chosen`` first, then :data:`COLUMNS`. Raises BadInput."""
    for what, column in chosen.items():
        if what not in COLUMNS:
            raise BadInput(f"there is no column for {what!r}", alternatives=COLUMNS)
        if column not in head:
            raise BadInput(f"{name}: there is no column {column!r} for the {what}", alternatives=head)
    plain = {_plain(column): column for column in reversed(head)}
    at = dict(chosen)
    for what, names in COLUMNS.items():
        free = {plain[one]: one for one in map(_plain, names) if one in plain and plain[one] not in at.values()}
        if what not in at and free:
            at[what] = next(iter(free))
    missing = [what for what in _NEEDED if what not in at] + ["end"] * ("end" not in at and "start" not in at)
    if missing:
        raise BadInput(
            f"{name}: no column looks like the {missing[0]}; there are {', '.join(head) or 'none'}",
            alternatives=[f"--columns {missing[0]}=NAME", f"a column named {COLUMNS[missing[0]][0]}"],
        )
    return at


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_").replace(":", "_")


def _delimiter(head: str) -> str:
    return max(",;\t|", key=head.count)
