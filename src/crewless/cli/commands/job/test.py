"""Try a job on recordings: does it do on each recorded screen what the person did?"""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class JobTestConfig:
    """Options of ``crewless job test``."""

    folder: Positional[Path]
    """Folder of the job, made by ``crewless train``."""
    recordings: Positional[tuple[Path, ...]] = ()
    """Folders of recordings, made by ``crewless record``."""


def run(config: JobTestConfig) -> int:
    """Replay every recording. Returns 0 when the job explains all of them, 1 when it does not."""
    if not config.recordings:
        raise BadInput("no recording was given", alternatives=[f"crewless job test {config.folder} runs/.../episodes"])
    from rich.progress import Progress

    from crewless.core.cache import keep_compiled_code_here
    from crewless.policy.job.store import load_job
    from crewless.training.induce.replay import replay
    from crewless.training.induce.traces import trace_of
    from crewless.work.learning import read_recordings

    learnt, _ = load_job(config.folder)
    keep_compiled_code_here()
    with Progress(transient=True) as progress:
        bar = progress.add_task("reading recordings", total=1.0)
        found = read_recordings(
            config.recordings, lambda what, share: progress.update(bar, description=what, completed=share)
        )
    whole = 0
    for demonstration in found:
        trace = trace_of(demonstration)
        tried = replay(learnt.job, trace, {}, learnt.judgements)
        whole += not tried.problem
        said = tried.problem or "explained"
        print(f"{demonstration.case.id}: {tried.explained} of {tried.actions} actions; {said}")
    print(f"{whole} of {len(found)} recordings are explained from the beginning to the end")
    return 0 if whole == len(found) else 1
