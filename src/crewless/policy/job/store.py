"""A learnt job on the disk: a folder with ``job.json``, which a person may edit, ``learnt.json`` with where it came from and how well
it explains what was recorded, and one file of arrays for each judgement."""

import zipfile
from pathlib import Path
from typing import Any

import msgspec

import crewless
from crewless.core.errors import CheckpointMismatch, StorageFull
from crewless.policy.arrays import (
    JUDGEMENT_NUMBERS,
    file_hash,
    judgement_arrays,
    judgement_from,
    save_arrays,
)  # fmt: skip
from crewless.policy.job.policy import LearntJob
from crewless.policy.job.program import FORMAT, job_from, job_json, lines_of
from crewless.policy.judgement import Judgement

_PROBLEMS = 8
"""Cases that are named one by one."""
JOB, ABOUT = "job.json", "learnt.json"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job came from, and how well it explains what was recorded."""

    task: str = ""
    cases: tuple[str, ...] = ()
    """Ids of the cases that were demonstrated."""
    data: str = ""
    """Hash of the demonstrations."""
    actions: int = 0
    """What the people did, corrections and scrolling aside."""
    explained: int = 0
    """Of these a job that was learnt without the demonstration does as well, on its screens."""
    whole: int = 0
    """Demonstrations that such a job explains from the beginning to the end."""
    misread: int = 0
    """Texts in which it would have typed a letter that was read wrongly."""
    problems: tuple[tuple[str, str], ...] = ()
    """Case and what was not explained of it."""
    seconds: float = 0.0
    """What learning took."""


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    crewless: str
    account: Account
    judgements: tuple[dict[str, Any], ...]
    files: dict[str, str]


def is_job(folder: Path) -> bool:
    """Whether a folder holds a learnt job."""
    return (folder / JOB).exists()


def save_job(learnt: LearntJob, account: Account, folder: Path) -> Path:
    """Write a job; what the folder held of another one is replaced. Returns the folder. Raises StorageFull."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("judgement-*.npz"):
            old.unlink()
        judgements: list[dict[str, Any]] = []
        for number, (name, judgement) in enumerate(sorted(learnt.judgements.items())):
            file = f"judgement-{number}.npz"
            save_arrays(folder / file, judgement_arrays(judgement))
            numbers = {each: getattr(judgement, each) for each in JUDGEMENT_NUMBERS}
            judgements.append({"name": name, "file": file, "classes": [list(c) for c in judgement.classes], **numbers})
        stored = _Stored(
            format=FORMAT, crewless=crewless.__version__, account=account, judgements=tuple(judgements),
            files={str(one["file"]): file_hash(folder / str(one["file"])) for one in judgements},
        )  # fmt: skip
        (folder / JOB).write_bytes(job_json(learnt.job) + b"\n")
        (folder / ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(stored), indent=1) + b"\n")
    except OSError as error:
        raise StorageFull(f"cannot write the job {folder}: {error.strerror}") from error
    return folder


def load_job(folder: Path, *, task: str = "") -> tuple[LearntJob, Account]:
    """Read a job back, as it is now: a person may have edited it.

    Raises:
        CheckpointMismatch: there is none, it is damaged, of another format, or (with ``task``) of another task.
        BadInput: ``job.json`` is no job.
    """
    again = ["crewless train"]
    try:
        stored = msgspec.json.decode((folder / ABOUT).read_bytes(), type=_Stored)
        job = job_from((folder / JOB).read_bytes())
    except FileNotFoundError as error:
        raise CheckpointMismatch(f"there is no learnt job in {folder}", alternatives=again) from error
    except (OSError, msgspec.MsgspecError) as error:
        raise CheckpointMismatch(f"{folder / ABOUT} cannot be read: {error}", alternatives=again) from error
    if task and stored.account.task and stored.account.task != task:
        raise CheckpointMismatch(
            f"{folder} was trained for the task {stored.account.task!r}", alternatives=[f"one for {task!r}", *again]
        )
    judgements: dict[str, Judgement] = {}
    for about in stored.judgements:
        path = folder / str(about["file"])
        try:
            if file_hash(path) != stored.files.get(path.name):
                raise CheckpointMismatch(f"{path} is missing or damaged", alternatives=again)
            judgements[str(about["name"])] = judgement_from(about, path)
        except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise CheckpointMismatch(f"{path} is damaged: {error!r}", alternatives=again) from error
    return LearntJob(job=job, judgements=judgements), stored.account


def account_in(folder: Path) -> Account:
    """The account alone. Raises CheckpointMismatch."""
    return load_job(folder)[1]


def report_lines(learnt: LearntJob, account: Account) -> list[str]:
    """A job for a person: its steps in words, how well it explains what was recorded, and what it does not explain."""
    lines = [*lines_of(learnt.job), ""]
    if account.actions:
        lines.append(
            f"learnt from {len(account.cases)} demonstrations; {account.explained} of {account.actions} actions and {account.whole} whole "
            "demonstrations are explained, each by a job that was learnt without it"
        )
    if account.misread:
        lines.append(f"a letter was read wrongly in {account.misread} of the texts that it would have typed")
    for about in learnt.job.unexplained:
        lines.append(f"not explained: {about}")
    for case, problem in account.problems[:_PROBLEMS]:
        lines.append(f"case {case}, tried without having seen it: {problem}")
    if len(account.problems) > _PROBLEMS:
        lines.append(f"and {len(account.problems) - _PROBLEMS} more cases")
    return lines
