"""Let a trained worker work a queue of cases; each is verified in the system of record.

The worker is a sealed process that sees only the screen. With --oracle, the task's own script works instead: it knows the
answers, runs unsealed in this process, and works for robots too. --resume RUN_FOLDER continues a shift that was stopped.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tyro.conf import Suppress

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.core.messages import Case
    from crewless.core.results import CaseResult
    from crewless.core.task import Task
    from crewless.policy.learnt import Learnt

GROUP = "screen work"


@dataclass(frozen=True, kw_only=True)
class WorkConfig:
    """Options of ``crewless work``."""

    checkpoint: Path | None = None
    """The worker's checkpoint, made by ``crewless train``."""
    oracle: bool = False
    """Let the task's own script work; no checkpoint is needed."""
    task: str = ""
    """The task; default: the checkpoint's (see crewless task list; --task NAME --help shows its options)."""
    cases: int = 20
    """How many cases are worked."""
    max_silent_wrong: float = 0.02
    """Accepted share of all cases that may be answered wrongly without asking a person. A smaller share hands over more cases."""
    seed: int = 0
    """Seed that selects the cases: other cases than `record --operator` takes with the same seed, as long as there are enough."""
    runs: Path = Path("runs")
    """Where the run folder is made."""
    resume: Path | None = None
    """Run folder of an earlier shift, made with the same options, to continue."""
    unsealed: bool = False
    """Work even if this machine's kernel cannot seal the worker."""
    options: Suppress[Any] = None
    """The task's own options; None: its defaults."""


def config_for(arguments: Sequence[str]) -> type[WorkConfig]:
    """The options with those of the task, as far as one is named."""
    from crewless.cli.task_options import value_of, with_options_of

    name = value_of(arguments, "--task")
    if not name and (checkpoint := value_of(arguments, "--checkpoint")):
        from crewless.policy.learnt import task_of

        name = task_of(Path(checkpoint))
    return with_options_of(WorkConfig, name) if name else WorkConfig


def run(config: WorkConfig) -> int:
    """Work the queue and print the verdicts."""
    from crewless.core.cache import keep_compiled_code_here
    from crewless.core.results import results_of
    from crewless.core.runs import RunFolder
    from crewless.policy.judgement import check_share
    from crewless.policy.learnt import learnt_in
    from crewless.work.receipts import write_index
    from crewless.work.runner import Runner, RunnerConfig, summarise

    check_share(config.max_silent_wrong)
    if config.oracle == (config.checkpoint is not None):
        raise BadInput(
            "give a worker: either --checkpoint or --oracle", alternatives=["--checkpoint runs/worker", "--oracle"]
        )
    checkpoint = None if config.checkpoint is None else learnt_in(config.checkpoint)
    config, task = task_to_work(config, checkpoint)
    if config.resume is not None and not (config.resume / "config.json").exists():
        raise BadInput(f"{config.resume} is not a run folder", alternatives=["a folder that `crewless work` made"])
    keep_compiled_code_here()
    run_folder = RunFolder(config.resume) if config.resume else RunFolder.create(config.runs, "work", config)
    who = "oracle" if config.oracle else "worker"
    if config.oracle:
        print(f"oracle       the script of {task.name} works; it knows the answers and is not limited to the screen")
    task.setup(run_folder.path)
    try:
        shift_config = RunnerConfig(
            checkpoint=config.checkpoint,
            policy="oracle" if config.oracle else "skill",
            max_silent_wrong=config.max_silent_wrong,
            who=who,
            unsealed=config.unsealed,
            # A script has no process that could die alone, and a robot's case cannot be taken up in the middle.
            restarts=0 if config.oracle else RunnerConfig.restarts,
        )
        with Runner(task, run_folder, shift_config) as shift:
            shift.work(_queue(task, config.cases, checkpoint), on_result=_print_one)
    finally:
        task.teardown()
    results = results_of(run_folder, who)
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


def task_to_work(config: WorkConfig, checkpoint: "Learnt | None") -> "tuple[WorkConfig, Task]":
    """The task whose queue is worked, and the options with everything filled in. Raises BadInput, MissingTool."""
    from crewless.core.installed_tasks import fill_options, has_option, load_task, make_task

    kind = load_task(_task_name(config, checkpoint))
    # A task that cannot be asked for unseen cases is asked for more, and the last of them are taken.
    shown = 0 if checkpoint is None or has_option(kind, "unseen") else len(checkpoint.cases)
    common = {"num_cases": config.cases + shown, "seed": config.seed, "unseen": not config.oracle}
    options = fill_options(kind, config.options, common)
    return replace(config, task=kind.name, options=options), make_task(kind, options)


def _task_name(config: WorkConfig, checkpoint: "Learnt | None") -> str:
    from crewless.core.installed_tasks import installed_tasks

    learnt = "" if checkpoint is None else checkpoint.task
    if not (config.task or learnt):
        lacking = "" if checkpoint is None else f": {config.checkpoint} does not name one"
        raise BadInput(f"no task was given{lacking}", alternatives=[f"--task {one}" for one in installed_tasks()])
    if config.task and learnt and config.task != learnt:
        print(
            f"crewless work: {config.checkpoint} was trained for the task {learnt!r} and now works {config.task!r}",
            file=sys.stderr,
        )
    return config.task or learnt


def _queue(task: "Task", wanted: int, checkpoint: "Learnt | None") -> "list[Case]":
    """The cases to work. Prints how many of them the worker may have been trained on."""
    from crewless.cli.task_options import first_cases, last_cases
    from crewless.core.installed_tasks import has_option

    if checkpoint is None:
        return first_cases(task, wanted)
    cases = last_cases(task, wanted)
    if not has_option(type(task), "unseen"):
        known = sum(case.id in checkpoint.cases for case in cases)
        if known:
            print(f"cases        {known} of {len(cases)} have the ids of cases that the worker was trained on")
    return cases


def _print_one(result: "CaseResult") -> None:
    word = "silent wrong" if result.silent_wrong else result.outcome.replace("_", " ")
    print(
        f"case {result.case}: {word}, {result.seconds:.1f} s{': ' + result.reason if result.reason else ''}", flush=True
    )
