"""From recordings to a worker: perception reads what was recorded, training learns from it."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from crewless.core.errors import BadInput
from crewless.core.messages import Demonstration

Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class LearnConfig:
    """How a worker is trained."""

    seed: int = 0
    learner: Literal["job", "network"] = "job"
    """job: a program that a person can read, explained by what was on the screen. network: clicks imitated, with a judgement."""
    pretrained: bool = True
    """network: start from the checkpoint that is shipped, made from generic synthetic screens."""


def read_recordings(
    datasets: Sequence[Path], progress: Progress | None = None, *, processes: int | None = None
) -> list[Demonstration]:
    """Perceive every episode of the datasets.

    Args:
        datasets: folders of recordings.
        progress: hears what is happening and the share that is done.
        processes: how many read at once; None: one for each core that this process may use.

    Raises:
        BadInput: none of them holds an episode.
        CorruptRecording: an episode cannot be read.
    """
    from crewless.episodes import open_dataset

    wanted = [(path, info.index) for path in datasets for info in open_dataset(path).episodes]
    if not wanted:
        raise BadInput(f"no episodes in {', '.join(map(str, datasets))}", alternatives=["crewless record"])
    workers = max(1, min(processes or len(os.sched_getaffinity(0)), len(wanted) // _WORTH_A_PROCESS))
    # Neighbours share most of their words, so each process gets a run of them, cut small enough to show progress.
    size = max(1, min(_WORTH_A_PROCESS, -(-len(wanted) // workers)))
    parts = [wanted[at : at + size] for at in range(0, len(wanted), size)]
    tell = progress or (lambda what, share: None)
    found: list[Demonstration] = []
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_reading)
    try:
        for part in pool.map(_read_part, parts):
            found += part
            tell(f"reading recordings {len(found)}/{len(wanted)}", len(found) / len(wanted))
    finally:
        pool.shutdown(cancel_futures=True)
    return found


def task_of_recordings(datasets: Sequence[Path]) -> str:
    """The task that the episodes name; empty when none does. Raises BadInput when they are of several tasks."""
    from crewless.episodes import open_dataset

    names = sorted({info.task for path in datasets for info in open_dataset(path).episodes} - {""})
    if len(names) > 1:
        raise BadInput(
            f"the recordings are of {len(names)} tasks: {', '.join(names)}",
            alternatives=["recordings of one task", *(f"--task {name}" for name in names)],
        )
    return names[0] if names else ""


_WORTH_A_PROCESS = 4
"""Episodes that take longer to read than a process takes to start."""
_perception: Any = None


def _start_reading() -> None:
    global _perception
    from crewless.perception.screen import ScreenPerception

    _perception = ScreenPerception()


def _read_part(part: Sequence[tuple[Path, int]]) -> list[Demonstration]:
    from crewless.episodes import demonstrations, open_dataset

    found: list[Demonstration] = []
    for path in dict.fromkeys(path for path, _ in part):
        indices = {index for where, index in part if where == path}
        found += demonstrations(open_dataset(path), _perception, only=indices)
    return found


def learn(
    demonstrations: Sequence[Demonstration],
    out: Path,
    *,
    task: str,
    config: LearnConfig | None = None,
    archive: Sequence[tuple[str, str]] = (),
    progress: Progress | None = None,
) -> Path:
    """Train a worker. Returns ``out``, its checkpoint. Raises BadInput when there is too little to learn from."""
    config = config or LearnConfig()
    if config.learner == "job":
        from crewless.training.learn_job import learn_job, save_learning

        return save_learning(learn_job(demonstrations, task=task, archive=archive, progress=progress), out)
    from crewless.training.stages import PRETRAINED, finetune

    return finetune(
        demonstrations,
        out,
        pretrained=PRETRAINED if config.pretrained else None,
        archive=archive,
        seed=config.seed,
        progress=progress,
        task=task,
    )
