"""The same replications on many machines: a sweep over a Ray cluster. Ray is an optional extra (``crewless[ray]``)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crewless.company.sheet.model import Performer, Sheet
from crewless.company.simulate.compiled import compile_sheet
from crewless.company.simulate.replications import (
    Ended,
    Replication,
    SimulateConfig,
    SimulationOutcome,
    outcome,
    refuse,
    run_replication,
)
from crewless.core.errors import MissingTool


def on_ray(address: str) -> Callable[..., list[SimulationOutcome]]:
    """A stand-in for :func:`crewless.company.simulate.replications.run_choices` that runs on a cluster.

    The replications are the same to the bit as those of threads: random numbers follow from the seed and the number of the
    replication alone.

    Args:
        address: of the cluster, as ``ray.init`` takes it; ``local`` starts one on this machine.

    Raises:
        MissingTool: Ray is not installed.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        raise MissingTool(
            "a sweep over machines needs the package ray, which is not installed",
            alternatives=["python -m pip install -c constraints.txt -e '.[ray]'", "threads of this machine"],
        ) from None
    if not ray.is_initialized():
        ray.init(address=None if address == "local" else address, include_dashboard=False, log_to_driver=False)
    remote: Any = ray.remote(_lives)

    def run(
        sheet: Sheet,
        choices: Sequence[Mapping[str, Performer]],
        config: SimulateConfig,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[SimulationOutcome]:
        programs = [compile_sheet(sheet, choice) for choice in choices]
        shared = ray.put(sheet)
        jobs = {remote.remote(shared, dict(choice), config): c for c, choice in enumerate(choices)}
        found: dict[int, list[Replication]] = {}
        waiting = list(jobs)
        while waiting:
            ready, waiting = ray.wait(waiting)
            for job in ready:
                replications, ended = ray.get(job)
                if ended:
                    for other in waiting:
                        ray.cancel(other)
                    raise refuse(sheet, Ended(*ended))
                found[jobs[job]] = replications
                if progress:
                    progress(len(found) * config.replications, len(choices) * config.replications)
        return [outcome(program, found[c], config) for c, program in enumerate(programs)]

    return run


def _lives(
    sheet: Sheet, choice: Mapping[str, Performer], config: SimulateConfig
) -> tuple[list[Replication], tuple[int, int] | None]:
    """All replications of one choice, or how one of them ended before its time."""
    program = compile_sheet(sheet, choice)
    try:
        return [run_replication(program, config, r) for r in range(config.replications)], None
    except Ended as ended:
        return [], (ended.args[0], ended.args[1])
