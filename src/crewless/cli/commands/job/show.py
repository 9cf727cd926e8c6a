"""Print a learnt job in words: its steps, its conditions, and what was not understood."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class JobShowConfig:
    """Options of ``crewless job show``."""

    folder: Positional[Path]
    """Folder of the job, made by ``crewless train``."""
    json: bool = False
    """Print the job's data instead, as ``crewless job edit`` opens it."""


def run(config: JobShowConfig) -> int:
    """Print it."""
    from crewless.policy.job.program import job_json
    from crewless.policy.job.store import load_job, report_lines

    learnt, account = load_job(config.folder)
    print(job_json(learnt.job).decode() if config.json else "\n".join(report_lines(learnt, account)))
    return 0
