"""Verify a piece of work in the database: the expected change happened, and no other.

The database is read, then a command is run (everything after ``--``) or, without one, you are asked to do the work; then it is
read again. Exit code 0 when the work was right, 1 when it was not. How to write the declaration: docs, "write a verifier".
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.core.errors import BadInput

GROUP = "screen work"


@dataclass(frozen=True, kw_only=True)
class VerifyConfig:
    """Options of ``crewless verify``."""

    database: str
    """SQLAlchemy URL, such as sqlite:///shop.sqlite3; the database is only read."""
    record: Path
    """The declaration (TOML) of what the work may change."""
    expect: tuple[str, ...] = ()
    """The right answer, as name=value, with the names that the declaration uses."""
    command: Positional[tuple[str, ...]] = ()
    """The command that does the work, after --."""


def run(config: VerifyConfig) -> int:
    """Read the database, let the work be done, read again, judge."""
    from crewless.core.messages import Case
    from crewless.verifiers import DatabaseVerifier, load_record

    expected = dict(_pair(text) for text in config.expect)
    case = Case(id="work", slots=expected)
    verifier = DatabaseVerifier(config.database, load_record(config.record), lambda _: expected)
    try:
        before = verifier.before(case)
        if config.command:
            print(f"the command ended with exit code {_run(config.command)}")
        else:
            _wait()
        verdict = verifier.judge(case, before, claimed_done=True)
    finally:
        verifier.close()
    print(verdict.outcome)
    for fault in verdict.evidence["faults"]:
        print(f"  expected but missing: {fault}")
    for change in verdict.evidence["unexpected"]:
        print(f"  changed unexpectedly: {change}")
    return 0 if verdict.outcome == "right" else 1


def _wait() -> None:
    try:
        input("do the work now, then press Return ")
    except (EOFError, RuntimeError):  # Python's words for an input that is at its end, or closed.
        print()
        raise BadInput(
            "cannot ask when the work is done: standard input is closed",
            alternatives=["the command that does the work, after --", "a terminal"],
        ) from None


def _run(command: Sequence[str]) -> int:
    try:
        return subprocess.run(command, check=False).returncode
    except OSError as error:
        raise BadInput(
            f"cannot run {command[0]!r}: {error.strerror}", alternatives=["a program on the PATH"]
        ) from error


def _pair(text: str) -> tuple[str, str]:
    """Name and value; numbers stay text, which the judge compares with the database's numbers digit by digit."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BadInput(f"--expect {text!r} is not name=value", alternatives=["name=value, such as status=3"])
    return name, value
