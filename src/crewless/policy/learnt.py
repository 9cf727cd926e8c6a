"""What a worker has learnt, in either of its forms: a job, or a network with a workflow."""

from dataclasses import dataclass
from pathlib import Path

from crewless.core.errors import CrewlessError
from crewless.core.policy import Policy
from crewless.policy.checkpoint import load_checkpoint, task_named_in
from crewless.policy.job.store import account_in, is_job


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """What is known of a worker's folder."""

    task: str
    cases: tuple[str, ...]
    """Ids of the cases that it was shown."""


def learnt_in(folder: Path) -> Learnt:
    """Raises CheckpointMismatch: there is nothing, or it is damaged."""
    if is_job(folder):
        account = account_in(folder)
        return Learnt(task=account.task, cases=account.cases)
    checkpoint = load_checkpoint(folder)
    return Learnt(task=checkpoint.task, cases=checkpoint.cases)


def task_of(folder: Path) -> str:
    """The task that it was trained for; empty when it names none or cannot be read."""
    if not is_job(folder):
        return task_named_in(folder)
    try:
        return account_in(folder).task
    except CrewlessError:
        return ""


def load_policy(folder: Path, *, max_silent_wrong: float = 0.02, abstain: bool = True) -> Policy:
    """The policy of a worker that has learnt what is in a folder.

    Raises:
        CheckpointMismatch: there is nothing, or it is damaged.
        BadInput: ``max_silent_wrong`` is no share.
    """
    if is_job(folder):
        from crewless.policy.job.policy import JobPolicy
        from crewless.policy.job.store import load_job

        return JobPolicy(load_job(folder)[0], max_silent_wrong=max_silent_wrong, abstain=abstain)
    from crewless.policy.skill import load_policy as load_skill

    return load_skill(folder, max_silent_wrong=max_silent_wrong, abstain=abstain)
