"""What makes a job: its cases, its program, how it is worked, and what it must bring about."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.jobs.desktop import DesktopProgram
from benchmarks.jobs.judge import Asked
from benchmarks.jobs.server import Sheet, WebProgram
from benchmarks.jobs.steps import Step

NUM_SHEETS = 300
"""Cases of each job."""


def _always() -> str:
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobKind:
    """One kind of work."""

    name: str
    what: str
    """In one line."""
    program: WebProgram | DesktopProgram
    make: Callable[[random.Random, int], Sheet]
    """A case from chance and its number from 0; ``id`` must be unique."""
    slots: Callable[[Sheet], Mapping[str, str]]
    """What the queue gives."""
    script: Callable[[Sheet], Sequence[Step]]
    asked: Callable[[Sheet], Asked]
    judged: bool = False
    """Something in it is no computation but a judgement."""
    lacks: Callable[[], str] = _always
    """Why it cannot be worked on this machine; empty: it can."""
    files: Callable[[Sheet], Mapping[str, bytes]] | None = None
    """Files that must be there, by their path, whole or below the program's folder."""


def sheets_of(job: JobKind, seed: int = 0) -> list[Sheet]:
    """Every case of a job, always the same ones for a seed."""
    return [job.make(random.Random(f"{job.name}/{seed}/{number}"), number) for number in range(NUM_SHEETS)]


def one_slot(name: str) -> Callable[[Sheet], Mapping[str, str]]:
    """The case's number as its only slot."""

    def slots(sheet: Sheet) -> Mapping[str, str]:
        return {name: str(sheet["id"])}

    return slots


def insert_rows(table: str, *columns: str) -> Callable[[Any, Sequence[Sheet]], None]:
    """Fills a table with a row for each case, whose columns stand in the case by the same names."""

    def fill(db: Any, sheets: Sequence[Sheet]) -> None:
        marks = ", ".join("?" for _ in columns)
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        db.executemany(sql, [tuple(sheet[column] for column in columns) for sheet in sheets])

    return fill
