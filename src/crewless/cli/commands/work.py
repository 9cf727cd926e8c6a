"""Let a trained worker work a queue through the screen, each case judged from the system of record.

A shift that was stopped goes on where it was: name its run folder with --resume.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.tasks.helpdesk.task import HelpdeskConfig
    from crewless.work.runner import CaseResult


@dataclass(frozen=True, kw_only=True)
class WorkConfig:
    """Options of ``crewless work``."""

    checkpoint: Path
    """What ``crewless train`` made."""
    tickets: Path | None = None
    """A CSV file with the columns text,category; none: the package's own tickets."""
    teams: Path | None = None
    """A TOML file of your own teams; none: the built-in ones that answer the tickets' categories."""
    cases: int = 20
    """How many tickets the queue holds."""
    max_silent_wrong: float = 0.02
    """The one knob: the share of cases that may be answered wrongly without anybody being asked."""
    seed: int = 0
    """Which tickets. They are others than `record --operator` takes for the same seed, as long as there are enough."""
    lying: bool = False
    """The program says saved and writes nothing for some of them: the judge must not believe it."""
    runs: Path = Path("runs")
    """Where the run folder is made."""
    resume: Path | None = None
    """A run folder of an earlier shift with the same options."""


def queue_config(config: WorkConfig) -> "HelpdeskConfig":
    """The queue: tickets that the operator was not recorded with."""
    from crewless.tasks.helpdesk.task import HelpdeskConfig

    return HelpdeskConfig(
        tickets=config.tickets,
        teams=config.teams,
        num_tickets=config.cases,
        seed=config.seed,
        unseen=True,
        lying=config.lying,
    )


def run(config: WorkConfig) -> int:
    """Work the queue and print the verdicts."""
    from crewless.core.cache import keep_compiled_code_here
    from crewless.core.runs import RunFolder
    from crewless.policy.checkpoint import load_checkpoint
    from crewless.policy.judgement import check_share
    from crewless.tasks.helpdesk.task import HelpdeskTask
    from crewless.work.receipts import write_index
    from crewless.work.runner import Runner, RunnerConfig, results_of, summarise

    check_share(config.max_silent_wrong)
    load_checkpoint(config.checkpoint)
    if config.resume is not None and not (config.resume / "config.json").exists():
        raise BadInput(f"{config.resume} is no run folder", alternatives=["a folder that `crewless work` made"])
    keep_compiled_code_here()
    run_folder = RunFolder(config.resume) if config.resume else RunFolder.create(config.runs, "work", config)
    task = HelpdeskTask(queue_config(config))
    task.setup(run_folder.path)
    try:
        shift_config = RunnerConfig(checkpoint=config.checkpoint, max_silent_wrong=config.max_silent_wrong)
        with Runner(task, run_folder, shift_config) as shift:
            shift.work(task.cases(), on_result=_print_one)
    finally:
        task.teardown()
    results = results_of(run_folder, "worker")
    numbers = summarise(results)
    rows = [
        {"case": r.case, "outcome": r.outcome, "silent_wrong": r.silent_wrong, "who": r.who, "seconds": r.seconds,
         "reason": r.reason}
        for r in results
    ]  # fmt: skip
    page = write_index(run_folder.folder("receipts"), "A shift", rows, "")
    print(
        f"{numbers['right']} right, {numbers['wrong']} wrong ({numbers['silent_wrong']} silently), "
        f"{numbers['handed_over']} handed over, {numbers['error']} errors\nreceipts  {page}"
    )
    return 0


def _print_one(result: "CaseResult") -> None:
    word = "silent wrong" if result.silent_wrong else result.outcome.replace("_", " ")
    print(
        f"case {result.case}: {word}, {result.seconds:.1f} s{': ' + result.reason if result.reason else ''}", flush=True
    )
