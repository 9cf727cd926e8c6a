"""A whole database at one moment, and what differs between two moments."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy import exc

from crewless.core.errors import BadInput, RecordUnreachable

Key = tuple[Any, ...]
Row = tuple[Any, ...]

# What makes all the reads of a transaction see one moment, by SQLAlchemy's name of the server.
_ONE_MOMENT = {
    "postgresql": "REPEATABLE READ",
    "mysql": "REPEATABLE READ",
    "mariadb": "REPEATABLE READ",
    "oracle": "SERIALIZABLE",
    "mssql": "SERIALIZABLE",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Every row of every table that is looked at, by primary key. Columns stand in the order of ``columns[table]``.

    Rows are kept, not hashed: they are a few MB, compare as fast, never collide, and can be shown as evidence.
    """

    columns: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, Mapping[Key, Row]]
    keys: Mapping[str, tuple[str, ...]]
    """The primary key's columns; empty for a table without one, whose rows are known by their content."""

    def named(self, table: str, key: Key) -> dict[str, Any]:
        """One row as a mapping; empty when there is no such row."""
        row = self.rows.get(table, {}).get(key)
        return dict(zip(self.columns[table], row, strict=True)) if row is not None else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One row that differs."""

    table: str
    key: Key
    kind: Literal["added", "removed", "changed"]
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold something else now."""
        names = self.before or self.after
        return tuple(n for n in names if self.before.get(n) != self.after.get(n))


def differences(before: Snapshot, after: Snapshot) -> list[Difference]:
    """Every row that differs, by table. A table that came, went or has other columns is one difference with no key."""
    found: list[Difference] = []
    for table in sorted(set(before.columns) | set(after.columns)):
        old, new = before.rows.get(table), after.rows.get(table)
        if old is None or new is None or before.columns[table] != after.columns[table]:
            kind = "added" if old is None else "removed" if new is None else "changed"
            schema = [{"columns": s.columns.get(table)} for s in (before, after)]
            found.append(Difference(table=table, key=(), kind=kind, before=schema[0], after=schema[1]))
            continue
        if old is new or old == new:
            continue
        for key in old.keys() | new.keys():
            if old.get(key) != new.get(key):
                kind = "added" if key not in old else "removed" if key not in new else "changed"
                pair = before.named(table, key), after.named(table, key)
                found.append(Difference(table=table, key=key, kind=kind, before=pair[0], after=pair[1]))
    return sorted(found, key=lambda d: (d.table, repr(d.key)))


class SnapshotReader:
    """Reads a database again and again. Holds one connection; a database that was away is reached again by itself.

    Args:
        url: SQLAlchemy's. A SQLite file is opened read-only, and so is a session with PostgreSQL, of which all schemas are
            read; give other servers an account that can only read.
        ignored_tables: not read.
        ignored_columns: not read, each as ``table.column``.

    Raises:
        BadInput: the URL cannot be understood, or its driver is not installed.
    """

    def __init__(
        self, url: str, *, ignored_tables: frozenset[str] = frozenset(), ignored_columns: frozenset[str] = frozenset()
    ) -> None:
        self._ignored_tables, self._ignored_columns = ignored_tables, ignored_columns
        try:
            parsed = sa.make_url(url)
            self._file = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
            if self._file is not None:
                parsed = sa.make_url("sqlite://").set(
                    database=f"file:{self._file.resolve()}", query={"mode": "ro", "uri": "true"}
                )
                self._engine = sa.create_engine(
                    parsed, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args={"check_same_thread": False}
                )  # fmt: skip
            else:
                level = _ONE_MOMENT.get(parsed.get_backend_name())
                self._engine = sa.create_engine(
                    parsed,
                    poolclass=sa.NullPool,
                    execution_options={"postgresql_readonly": True},
                    **({"isolation_level": level} if level else {}),
                )
        except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
            raise BadInput(
                f"cannot use the database {url!r}: {error}",
                alternatives=[
                    "sqlite:///file",
                    "postgresql+pg8000://user@host/name with pip install 'crewless[postgresql]'",
                ],
            ) from error
        self.url = self._engine.url.render_as_string(hide_password=True) if self._file is None else str(self._file)
        self._lock = threading.Lock()
        self._connection: sa.Connection | None = None
        self._inode = 0
        self._tables: dict[str, _Table] = {}
        self._version: tuple[int, int] | None = None
        self._last: Snapshot | None = None

    def schema(self) -> dict[str, tuple[str, ...]]:
        """Every table, the ignored ones too, and its columns. Raises RecordUnreachable."""
        with self._lock:
            try:
                connection = self._connect()
                with connection.begin():
                    inspector = sa.inspect(connection)
                    return {
                        name: tuple(c["name"] for c in inspector.get_columns(table, schema))
                        for name, schema, table in _tables(inspector)
                    }
            except (exc.SQLAlchemyError, OSError) as error:
                raise self._unreachable(error) from error

    def snapshot(self) -> Snapshot:
        """Everything, as of one moment; the one before when nothing was committed since. Raises RecordUnreachable."""
        with self._lock:
            try:
                return self._read(self._connect())
            except (exc.SQLAlchemyError, OSError) as error:
                raise self._unreachable(error) from error

    def close(self) -> None:
        """Let go of the database. Safe to call twice."""
        with self._lock:
            self._drop()
            self._engine.dispose()

    def _connect(self) -> sa.Connection:
        if self._file is not None:
            inode = self._file.stat().st_ino
            if inode != self._inode:
                self._drop()
                self._inode = inode
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _drop(self) -> None:
        self._last, self._version, self._tables = None, None, {}
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _unreachable(self, error: Exception) -> RecordUnreachable:
        self._drop()
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return RecordUnreachable(f"cannot read the database {self.url}: {reason}")

    def _read(self, connection: sa.Connection) -> Snapshot:
        if self._file is None:
            with connection.begin():
                self._reflect(connection)
                return self._read_tables(connection)
        connection.exec_driver_sql("BEGIN")  # one moment for all tables
        try:
            # The schema is read first: a deferred transaction fixes its moment at its first read, and data_version
            # alone is none.
            schema = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
            connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").all()
            version = schema, connection.exec_driver_sql("PRAGMA data_version").scalar_one()
            if self._last is None or version != self._version:
                if self._version is None or version[0] != self._version[0]:
                    self._reflect(connection)
                self._last, self._version = self._read_tables(connection), version
            return self._last
        finally:
            connection.exec_driver_sql("ROLLBACK")

    def _reflect(self, connection: sa.Connection) -> None:
        inspector = sa.inspect(connection)
        quote = self._engine.dialect.identifier_preparer.quote
        self._tables = {}
        for name, schema, table in _tables(inspector):
            if name in self._ignored_tables:
                continue
            every = (c["name"] for c in inspector.get_columns(table, schema))
            columns = [column for column in every if f"{name}.{column}" not in self._ignored_columns]
            if not columns:
                continue
            keys = inspector.get_pk_constraint(table, schema)["constrained_columns"]
            places = tuple(columns.index(key) for key in keys) if set(keys) <= set(columns) else ()
            source = quote(table) if schema is None else f"{quote(schema)}.{quote(table)}"
            select = f"SELECT {', '.join(map(quote, columns))} FROM {source}"
            self._tables[name] = _Table(columns=tuple(columns), key=places, select=select)

    def _read_tables(self, connection: sa.Connection) -> Snapshot:
        rows: dict[str, dict[Key, Row]] = {}
        cursor = connection.connection.cursor()  # the driver's own: three times as fast as result objects
        try:
            for name, table in self._tables.items():
                cursor.execute(table.select)
                rows[name] = _by_key(cursor.fetchall(), table.key)
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise OSError(str(error)) from error
        finally:
            cursor.close()
        return Snapshot(
            columns={name: table.columns for name, table in self._tables.items()},
            rows=rows,
            keys={name: tuple(table.columns[place] for place in table.key) for name, table in self._tables.items()},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    columns: tuple[str, ...]
    key: tuple[int, ...]
    """Where the primary key's columns stand; empty when the table has none."""
    select: str


def _tables(inspector: sa.Inspector) -> Iterator[tuple[str, str | None, str]]:
    """The name that a table goes by here, its schema (None for the usual one) and its name there."""
    schemas: list[str | None] = [None]
    # Elsewhere a schema is another database, or another person's.
    if inspector.dialect.name == "postgresql":
        others = (name for name in inspector.get_schema_names() if name != inspector.default_schema_name)
        schemas += [name for name in others if name != "information_schema" and not name.startswith("pg_")]
    for schema in schemas:
        for table in inspector.get_table_names(schema):
            yield table if schema is None else f"{schema}.{table}", schema, table


def _by_key(rows: Sequence[Any], places: tuple[int, ...]) -> dict[Key, Row]:
    if len(places) == 1:
        place = places[0]
        return {(row[place],): tuple(row) for row in rows}
    if places:
        return {tuple(row[place] for place in places): tuple(row) for row in rows}
    counted: dict[Key, Row] = {}  # without a key a row is known by its content and which of its equals it is
    seen: dict[Key, int] = {}
    for row in map(tuple, rows):
        # Arrays and JSON arrive as lists and dicts, which cannot be looked up.
        content = tuple(repr(cast(object, value)) if isinstance(value, (dict, list)) else value for value in row)
        seen[content] = seen.get(content, 0) + 1
        counted[(*content, seen[content])] = row
    return counted
