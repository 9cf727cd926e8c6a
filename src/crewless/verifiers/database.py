"""The judge of work that ends in a database: did what should have changed change, and did nothing else?"""

import difflib
import hashlib
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from crewless.core.errors import BadInput
from crewless.core.messages import Case, Verdict
from crewless.verifiers.declaration import Change, Gain, Record, fill, names_in
from crewless.verifiers.snapshot import Difference, Key, Row, Snapshot, SnapshotReader, differences

Expected = Callable[[Case], Mapping[str, Any] | None]
"""What the declaration's placeholders should stand for in a case; None: the case should have been handed over."""
_Values = dict[str, tuple[Any, ...]]


class DatabaseVerifier:
    """Judges cases from outside, by two looks at the whole database.

    Cases may overlap: several workers can have cases open at once. What happened to the rows of another case while it was
    open is held against that case, not this one. From the moment of its last look on its rows are to stay as that look found
    them: what happens to them then is held against every case that is still open, for it cannot be told which one did it.

    A case can be looked at again with the same ``before``, as long as whoever asks keeps it: what others did between the
    looks is not held against it. A case that is to be worked again is opened again, by :meth:`before`.

    Args:
        url: SQLAlchemy's; SQLite files are opened read-only.
        record: what a case may do.
        expected: gives the right answer to a case, for the judge only.

    Raises:
        BadInput: the declaration does not fit the database; the message names the table or column and what there is.
        RecordUnreachable: the database cannot be read.
    """

    def __init__(self, url: str, record: Record, expected: Expected) -> None:
        self._record, self._expected = record, expected
        self._reader = SnapshotReader(url, ignored_tables=record.ignored_tables, ignored_columns=record.ignored_columns)
        try:
            _check(record, self._reader.schema())
        except Exception:
            self._reader.close()
            raise
        self._lock = threading.Lock()
        self._open: dict[str, _Open] = {}
        """By case; not judged yet."""
        self._judged: weakref.WeakSet[_Before] = weakref.WeakSet()
        """May be looked at again."""

    def before(self, case: Case) -> Mapping[str, Any]:
        """Look at the database before the case is worked. Opens the case until it is judged."""
        with self._lock:
            opened = _Open(case)
            self._open.pop(case.id, None)
            for other in (*self._open.values(), *(before.opened for before in self._judged)):
                if other.case.id != case.id:
                    other.beside = [o for o in other.beside if o.case.id != case.id]
                    other.beside.append(opened)  # from now on this one stands for the case
                    opened.beside.append(other)
            # Before the look: a case that is judged meanwhile must know of this one.
            self._open[case.id] = opened
        return _Before(opened, self._reader.snapshot())

    def judge(self, case: Case, before: Mapping[str, Any], *, claimed_done: bool) -> Verdict:
        """Look again and compare. A verdict that is not ``right`` says why in its evidence under ``faults``.

        Returns:
            ``right``: claimed, and exactly what should have changed did. ``handed_over``: not claimed, and nothing
            changed. ``wrong``: anything else. Evidence: ``before`` and ``after`` of the declared row, ``expected``,
            ``faults`` (what should be and is not), ``unexpected`` (what changed and should not have), ``spoiled`` (the cases
            that had been judged before, and whose rows are among those).
        """
        old: Snapshot = before["snapshot"]
        new = self._reader.snapshot()
        found = differences(old, new)
        same_schema = all(difference.key for difference in found)
        with self._lock:
            opened = before.opened if isinstance(before, _Before) else self._open.get(case.id)
            beside = list(opened.beside) if opened is not None and same_schema else []
            if opened is not None:
                if self._open.get(case.id) is opened:
                    del self._open[case.id]
                opened.left = self._left(case, new, found) if same_schema else {}
                if isinstance(before, _Before):
                    self._judged.add(before)
        spoiled: list[str] = []
        for other in beside:
            found += _undone(other.left or {}, new, found)
        for other in beside:
            theirs = self._footprint(other.case, new, found)
            if other.left is not None:
                kept = {row for row in theirs if row in other.left and other.left[row] == _row(new, *row)}
                if theirs - kept or any(row != _row(new, *place) for place, row in other.left.items()):
                    spoiled.append(other.case.id)
                theirs = kept
            found = [d for d in found if (d.table, d.key) not in theirs]
        expected = self._expected(case)
        values = _values(case, expected)
        faults: list[str] = []
        unexpected = found
        if claimed_done and expected is None:
            faults.append("the case belongs to nobody and should have been handed over")
        elif claimed_done and same_schema:
            faults, unexpected = self._compare(values, old, new, found)
        outcome = "wrong" if faults or unexpected else "right" if claimed_done else "handed_over"
        return Verdict(
            case=case.id,
            outcome=outcome,
            claimed_done=claimed_done,
            evidence={
                "before": self._shown(values, old) if same_schema else {},
                "after": self._shown(values, new) if same_schema else {},
                "expected": {name: _plain(value) for name, value in (expected or {}).items()},
                "faults": faults,
                "unexpected": [_describe(difference) for difference in unexpected],
                **({"spoiled": spoiled} if spoiled and unexpected else {}),
            },
        )

    def fingerprint(self, before: Mapping[str, Any]) -> str:
        """What a look found, in a few letters that can be kept: equal for equal content of everything that is judged."""
        snapshot: Snapshot = before["snapshot"]
        found = hashlib.sha256()
        for table in sorted(snapshot.rows):
            found.update(repr((table, snapshot.columns[table])).encode())
            for row in sorted(map(repr, snapshot.rows[table].values())):
                found.update(row.encode())
        return found.hexdigest()[:32]

    def close(self) -> None:
        """Let go of the database. Safe to call twice."""
        self._reader.close()

    def _compare(
        self, values: _Values, old: Snapshot, new: Snapshot, found: list[Difference]
    ) -> tuple[list[str], list[Difference]]:
        """What should be and is not, and the differences that nothing in the declaration explains."""
        faults: list[str] = []
        explained: set[tuple[str, Key]] = set()
        by_row = {(d.table, d.key): d for d in found}
        for change in self._record.changes:
            if not _applies(change, values):
                continue
            rows = _matching(new, change, values)
            if len(rows) != 1 or rows[0] not in old.rows[change.table]:
                faults.append(f"{change.table}: {len(rows)} rows where one was to be found: {_show(change, values)}")
                continue
            faults += _faults(change, new.named(change.table, rows[0]), values)
            difference = by_row.get((change.table, rows[0]))
            if difference is not None and set(difference.columns) <= {*change.set, *change.free}:
                explained.add((change.table, rows[0]))
        for gain in self._record.gains:
            rows = _matching(new, gain, values, among=(d.key for d in _added(found, gain.table)))
            _name(gain, [new.named(gain.table, key) for key in rows], new, values)
            if not _applies(gain, values):
                continue
            if len(rows) != gain.rows:
                faults.append(f"{gain.table}: {len(rows)} new rows, should be {gain.rows}: {_show(gain, values)}")
            declared = {*gain.where, *gain.set, *gain.free, *new.keys[gain.table]}
            for key in rows:
                row = new.named(gain.table, key)
                faults += _faults(gain, row, values)
                if all(value is None for column, value in row.items() if column not in declared):
                    explained.add((gain.table, key))
        return faults, [d for d in found if (d.table, d.key) not in explained]

    def _footprint(self, case: Case, new: Snapshot, found: list[Difference]) -> set[tuple[str, Key]]:
        """The rows among the differences that belong to a case, whatever was done to them."""
        values = _values(case, self._expected(case))
        rows: set[tuple[str, Key]] = set()
        for change in self._record.changes:
            if _known(change, values):
                mine = {d.key for d in found if d.table == change.table and d.kind == "changed"}
                rows |= {(change.table, key) for key in _matching(new, change, values, among=mine)}
        for gain in self._record.gains:
            known = _known(gain, values)
            added = (d.key for d in _added(found, gain.table))
            keys = _matching(new, gain, values, among=added) if known else []
            _name(gain, [new.named(gain.table, key) for key in keys], new, values)
            rows |= {(gain.table, key) for key in keys}
        return rows

    def _left(self, case: Case, new: Snapshot, found: list[Difference]) -> "_Rows":
        """A case's own rows as its look finds them."""
        return {place: _row(new, *place) for place in self._footprint(case, new, found)}

    def _shown(self, values: _Values, snapshot: Snapshot) -> dict[str, Any]:
        """The declared rows as they are in a snapshot, for a person to look at."""
        shown: dict[str, Any] = {}
        for change in self._record.changes:
            for key in _matching(snapshot, change, values)[:1] if _known(change, values) else ():
                row = snapshot.named(change.table, key)
                shown[change.table] = {column: _plain(value) for column, value in row.items()}
        return shown


_Rows = dict[tuple[str, Key], Row | None]


@dataclass(slots=True, eq=False)
class _Open:
    case: Case
    beside: "list[_Open]" = field(default_factory=list["_Open"])
    """Cases that were open, or could still be looked at, at some time while this one was."""
    left: _Rows | None = None
    """Its rows as the last look at it found them; None: it has not been judged."""


class _Before(dict[str, Any]):
    """What ``before`` returns: a mapping that knows which opening of the case it belongs to."""

    def __init__(self, opened: _Open, snapshot: Snapshot) -> None:
        super().__init__(snapshot=snapshot)
        self.opened = opened

    __hash__ = object.__hash__  # type: ignore[assignment]


def _row(snapshot: Snapshot, table: str, key: Key) -> Row | None:
    return snapshot.rows.get(table, {}).get(key)


def _undone(left: _Rows, new: Snapshot, found: list[Difference]) -> list[Difference]:
    """Rows that are no longer as a judged case left them, where that cannot be seen otherwise: they are as they were before."""
    seen = {(d.table, d.key) for d in found}
    undone: list[Difference] = []
    for (table, key), row in left.items():
        now = _row(new, table, key)
        if now == row or (table, key) in seen or table not in new.columns:
            continue
        kind = "removed" if now is None else "added" if row is None else "changed"
        was = dict(zip(new.columns[table], row, strict=True)) if row is not None else dict[str, Any]()
        undone.append(Difference(table=table, key=key, kind=kind, before=was, after=new.named(table, key)))
    return undone


def _values(case: Case, expected: Mapping[str, Any] | None) -> _Values:
    return {name: (value,) for name, value in {**case.slots, **(expected or {})}.items()}


def _added(found: Iterable[Difference], table: str) -> Iterable[Difference]:
    return (d for d in found if d.table == table and d.kind == "added" and d.key)


def _name(gain: Gain, rows: list[dict[str, Any]], snapshot: Snapshot, values: _Values) -> None:
    """Let later entries speak of a named gain's rows."""
    if gain.name:
        for column in snapshot.columns.get(gain.table, ()):
            values[f"{gain.name}.{column}"] = tuple(row[column] for row in rows)


def _known(entry: Change | Gain, values: _Values) -> bool:
    return all(name in values for value in entry.where.values() for name in names_in(value))


def _applies(entry: Change | Gain, values: _Values) -> bool:
    return all(
        any(_same(have, want) for have in fill(f"{{{name}}}", values) for want in _alternatives(wanted))
        for name, wanted in entry.when.items()
    )  # fmt: skip


def _alternatives(wanted: Any) -> list[Any]:
    return cast("list[Any]", wanted) if isinstance(wanted, list) else [wanted]


def _matching(
    snapshot: Snapshot, entry: Change | Gain, values: _Values, *, among: Iterable[Key] | None = None
) -> list[Key]:
    rows = snapshot.rows.get(entry.table, {})
    wanted = {column: fill(value, values) for column, value in entry.where.items()}
    places = [(snapshot.columns[entry.table].index(column), want) for column, want in wanted.items()] if rows else []
    return [
        key for key in (rows if among is None else among)
        if (row := rows.get(key)) is not None and all(any(_same(row[at], w) for w in want) for at, want in places)
    ]  # fmt: skip


def _faults(entry: Change | Gain, row: Mapping[str, Any], values: _Values) -> list[str]:
    faults: list[str] = []
    for column, value in entry.set.items():
        want = fill(value, values)
        if not any(_same(row[column], w) for w in want):
            faults.append(
                f"{entry.table}.{column} is {_plain(row[column])!r}, should be {_plain(want[0]) if want else None!r}"
            )
    return faults


def _same(have: Any, want: Any) -> bool:
    """Equal, up to what travels badly: a slot's number is text, and a browser ends lines with CR LF."""
    if have is None or want is None:
        return have is want
    if isinstance(have, str) and isinstance(want, str):
        return have.replace("\r\n", "\n") == want.replace("\r\n", "\n")
    if isinstance(have, str) or isinstance(want, str):
        return str(have) == str(want)
    return bool(have == want)


def _show(entry: Change | Gain, values: _Values) -> str:
    return ", ".join(f"{column} {'/'.join(map(str, fill(value, values)))}" for column, value in entry.where.items())


def _describe(difference: Difference) -> dict[str, Any]:
    columns = difference.columns if difference.kind == "changed" else tuple(difference.before or difference.after)
    return {
        "table": difference.table,
        "key": [_plain(part) for part in difference.key],
        "kind": difference.kind,
        "before": {c: _plain(difference.before[c]) for c in columns if c in difference.before},
        "after": {c: _plain(difference.after[c]) for c in columns if c in difference.after},
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _check(record: Record, schema: Mapping[str, tuple[str, ...]]) -> None:
    """Every table and column of the declaration exists. Raises BadInput with the nearest names that do."""

    def exists(name: str, known: Iterable[str], what: str) -> None:
        known = sorted(known)
        if name not in known:
            near = difflib.get_close_matches(name, known, n=5, cutoff=0.4)
            raise BadInput(
                f"the declaration names the {what} {name!r}, which the database lacks", alternatives=near or known
            )

    for table in record.ignored_tables:
        exists(table, schema, "table")
    for column in record.ignored_columns:
        table, _, name = column.partition(".")
        exists(table, schema, "table")
        exists(name, schema[table], f"column of {table}")
    for entry in (*record.changes, *record.gains):
        exists(entry.table, schema, "table")
        if entry.table in record.ignored_tables:
            raise BadInput(f"the declaration both ignores and judges the table {entry.table!r}")
        for name in (*entry.where, *entry.set, *entry.free):
            exists(name, schema[entry.table], f"column of {entry.table}")
            if f"{entry.table}.{name}" in record.ignored_columns:
                raise BadInput(f"the declaration both ignores and judges the column {entry.table}.{name}")
