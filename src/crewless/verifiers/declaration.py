"""The declaration of what one worked case may do to a database. A user writes one for own software, as a TOML file.

::

    [ignore]                                    # says nothing about the work
    tables = ["django_session"]
    columns = ["auth_user.last_login"]

    [[change]]                                  # exactly one row, which was there before
    table = "ticket"
    where = { id = "{ticket}" }                 # {ticket}: a slot of the case, or a value that the task expects
    set = { queue_id = "{queue}", status = "{status}" }
    free = ["modified"]                         # may change to anything, in this row only

    [[gain]]                                    # new rows
    name = "followup"                           # its columns can be named below: {followup.id}
    table = "followup"
    where = { ticket_id = "{ticket}" }          # which new rows are meant
    set = { comment = "{reply}" }               # what they must hold
    free = ["date"]                             # may hold anything; columns not named must be NULL
    rows = 1
    when = { status = [3, 4] }                  # only when the expected value is one of these

Everything that is not declared must stay as it was, in every table of the database.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One row, there before and after, that must end up holding certain values."""

    table: str
    where: Mapping[str, Any]
    set: Mapping[str, Any] = field(default_factory=dict[str, Any])
    free: tuple[str, ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """New rows that must appear."""

    table: str
    where: Mapping[str, Any]
    set: Mapping[str, Any] = field(default_factory=dict[str, Any])
    free: tuple[str, ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict[str, Any])
    rows: int = 1
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What a case may do to the system of record."""

    changes: tuple[Change, ...] = ()
    gains: tuple[Gain, ...] = ()
    ignored_tables: frozenset[str] = frozenset()
    ignored_columns: frozenset[str] = frozenset()
    """Each as ``table.column``."""


def load_record(path: Path) -> Record:
    """Read a declaration. Raises BadInput that names the file, the entry and what would have been accepted."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the record declaration {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the record declaration {path} is not TOML: {error}") from error
    _check_keys(f"{path}", content, {"ignore", "change", "gain"})
    ignore = content.get("ignore", {})
    _check_keys(f"{path}: [ignore]", ignore, {"tables", "columns"})
    changes = tuple(
        _entry(Change, row, f"{path}: [[change]] {n}") for n, row in enumerate(content.get("change", []), 1)
    )
    gains = tuple(_entry(Gain, row, f"{path}: [[gain]] {n}") for n, row in enumerate(content.get("gain", []), 1))
    if not changes and not gains:
        raise BadInput(f"the record declaration {path} declares nothing", alternatives=["[[change]]", "[[gain]]"])
    return Record(
        changes=changes,
        gains=gains,
        ignored_tables=frozenset(ignore.get("tables", ())),
        ignored_columns=frozenset(ignore.get("columns", ())),
    )


def names_in(value: Any) -> tuple[str, ...]:
    """The names in braces of a declared value. Raises BadInput when the braces do not pair."""
    if not isinstance(value, str):
        return ()
    try:
        return tuple(name for _, name, _, _ in string.Formatter().parse(value) if name is not None)
    except ValueError as error:
        raise BadInput(f"the declared value {value!r} cannot be read: {error}", alternatives=["{name}"]) from error


def fill(value: Any, values: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...]:
    """The values that a declared value stands for.

    Args:
        value: from the declaration. A text that is one ``{name}`` keeps the type of what it names.
        values: by name, the alternatives: more than one where a new row is named and several qualify.

    Raises:
        BadInput: it names something that neither the case nor the task gives.
    """
    names = names_in(value)
    for name in names:
        if name not in values:
            raise BadInput(
                f"the declaration names {{{name}}}, which this case does not give", alternatives=sorted(values)
            )
    if not names:
        return (value,)
    if value == f"{{{names[0]}}}":
        return values[names[0]]
    filled = (value,)
    for name in names:
        filled = tuple(old.replace(f"{{{name}}}", str(new)) for old in filled for new in values[name])
    return filled


def _entry(kind: type[Change] | type[Gain], row: dict[str, Any], where: str) -> Any:
    _check_keys(where, row, {f.name for f in fields(kind)})
    for name in ("table", "where"):
        if not row.get(name):
            raise BadInput(f"{where} lacks {name!r}")
    for name, wanted in (("where", dict), ("set", dict), ("when", dict), ("free", list), ("rows", int), ("table", str)):
        if name in row and not isinstance(row[name], wanted):
            raise BadInput(f"{where}: {name} is {row[name]!r}", alternatives=[f"a {wanted.__name__}"])
    given = dict(row)
    if "free" in row:
        given["free"] = tuple(row["free"])
    return kind(**given)


def _check_keys(where: str, row: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(row) - known):
        raise BadInput(f"{where} has an unknown {unknown[0]!r}", alternatives=sorted(known))
