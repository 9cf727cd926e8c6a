"""Event logs in CSV: a row a visit with start and end, or a row an event with a lifecycle."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from math import nan
from pathlib import Path
from typing import TextIO

from crewless.company.discover.log import Log, Pairing, Times, Unfinished, Visit, make_log
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
_NEEDED = ("case", "activity", "end")


def read_csv(path: Path, *, columns: Mapping[str, str] | None = None, unfinished: Unfinished = "refuse") -> Log:
    """A log of comma, semicolon or tab separated values, gzipped where its name ends in ``.gz``.

    Args:
        path: the file.
        columns: which column is the case, activity, resource, start, end, role, lifecycle, cost; the rest is guessed.
        unfinished: what to do with a step that has a start and no end.

    Raises:
        BadInput: a column that is not there or not found, a value that cannot be; names row and value.
    """
    try:
        with _opened(path) as file:
            delimiter = _delimiter(file.readline())
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter, restval="")
            head = [name.lstrip("\ufeff") for name in reader.fieldnames or []]
            reader.fieldnames = head
            at = find_columns(path.name, head, columns or {})
            rows = list(reader)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path.name} cannot be read as CSV: {error}") from None
    if "lifecycle" in at and "start" not in at:
        visits = _paired(path.name, rows, at, unfinished)
    else:
        visits = list(_visits(path.name, rows, at, unfinished))
    return make_log(visits, path.name)


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
    missing = [what for what in _NEEDED if what not in at]
    if missing:
        raise BadInput(
            f"{name}: no column looks like the {missing[0]}; there are {', '.join(head) or 'none'}",
            alternatives=[f"--columns {missing[0]}=NAME", f"a column named {COLUMNS[missing[0]][0]}"],
        )
    return at


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_").replace(":", "_")


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", newline="", encoding="utf-8-sig")
    return path.open(newline="", encoding="utf-8-sig")


def _delimiter(head: str) -> str:
    return max(",;\t|", key=head.count)


def _visits(name: str, rows: list[dict[str, str]], at: Mapping[str, str], unfinished: Unfinished) -> Iterator[Visit]:
    times = Times(name)
    times.learn(row[at[what]] for row in rows for what in ("start", "end") if what in at)
    for number, row in enumerate(rows, 2):
        where = f"row {number}"
        start, end = row[at["start"]] if "start" in at else "", row[at["end"]]
        if "start" in at and not (start and end):
            if unfinished == "drop":
                continue
            what, value = ("end", end) if start else ("start", start)
            raise BadInput(
                f"{name}, {where}: {row[at['activity']]!r} of case {row[at['case']]!r} has no {what} ({at[what]} is "
                f"{value!r})",
                alternatives=["--unfinished drop leaves such rows out"],
            )
        yield _visit(name, row, at, where, times.seconds(start, where) if start else nan, times.seconds(end, where))


def _paired(name: str, rows: list[dict[str, str]], at: Mapping[str, str], unfinished: Unfinished) -> list[Visit]:
    times, pairs = Times(name), Pairing(name, unfinished)
    times.learn(row[at["end"]] for row in rows)
    for number, row in enumerate(rows, 2):
        where, transition = f"row {number}", row[at["lifecycle"]].strip().lower()
        if transition not in ("start", "complete", "end"):
            continue
        t = times.seconds(row[at["end"]], where)
        key = (row[at["case"]], row[at["activity"]])
        if transition == "start":
            pairs.start(key, _visit(name, row, at, where, t, t))
        else:
            pairs.end(key, _visit(name, row, at, where, nan, t))
    return pairs.finish()


def _visit(name: str, row: dict[str, str], at: Mapping[str, str], where: str, start: float, end: float) -> Visit:
    for what in ("case", "activity"):
        if not row[at[what]].strip():
            raise BadInput(f"{name}, {where}: the {what} ({at[what]}) is empty")
    try:
        cost = float(row[at["cost"]] or 0) if "cost" in at else 0.0
    except ValueError:
        raise BadInput(f"{name}, {where}: the cost {row[at['cost']]!r} is not a number") from None
    return Visit(
        case=row[at["case"]].strip(),
        activity=" ".join(row[at["activity"]].split()),
        start=start,
        end=end,
        resource=row[at["resource"]].strip() if "resource" in at else "",
        role=row[at["role"]].strip() if "role" in at else "",
        cost=cost,
        where=where,
    )
