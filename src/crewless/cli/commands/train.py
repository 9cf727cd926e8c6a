"""Train a worker from recordings.

Perception reads the frames; training learns the steps of the job, and which answer belongs to which text.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from crewless.core.errors import BadInput

GROUP = "screen work"


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Options of ``crewless train``."""

    recordings: Positional[tuple[Path, ...]]
    """Folders of recordings, made by ``crewless record``."""
    out: Path = Path("runs/worker")
    """Where the checkpoint is written."""
    task: str = ""
    """Task name stored in the checkpoint; default: the task named in the recordings."""
    seed: int = 0
    """Seed of training. The same seed and recordings give the same worker."""
    learner: Literal["job", "network"] = "job"
    """job: a program that can be read and edited; network: clicks imitated by a network, with one judgement."""


def run(config: TrainConfig) -> int:
    """Read, train, save, and print what was learnt."""
    if not config.recordings:
        raise BadInput("no recording was given", alternatives=["crewless train runs/.../episodes/operator"])
    from rich.progress import Progress

    from crewless.core.cache import keep_compiled_code_here
    from crewless.work.learning import LearnConfig, learn, read_recordings, task_of_recordings

    keep_compiled_code_here()
    with Progress(transient=True) as progress:
        bar = progress.add_task("reading recordings", total=1.0)

        def tell(what: str, share: float) -> None:
            progress.update(bar, description=what, completed=share)

        task = config.task or task_of_recordings(config.recordings)
        found = read_recordings(config.recordings, tell)
        learn(found, config.out, task=task, config=LearnConfig(seed=config.seed, learner=config.learner), progress=tell)
    if config.learner == "job":
        from crewless.policy.job.store import load_job, report_lines
        from crewless.work.job_page import write_job_page

        learnt, account = load_job(config.out)
        print("\n".join(report_lines(learnt, account)))
        page = write_job_page(learnt, account, found, config.recordings, config.out / "job.html")
        print(f"page        {page}")
    named = f" of the task {task}" if task else ""
    print(f"trained on {len(found)} recorded cases{named}\ncheckpoint  {config.out}")
    return 0
