"""The whole demonstration on one machine, in phases: record an operator at work on a task's queue, learn the job, work the
remaining cases, verify every case."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tyro.conf import Suppress

from crewless.cli.task_options import DEFAULT_TASK
from crewless.core.cache import keep_compiled_code_here
from crewless.core.errors import BadInput
from crewless.core.installed_tasks import fill_options, load_task, make_task
from crewless.core.messages import Case, Demonstration
from crewless.core.results import CaseResult, HandledCase, results_of
from crewless.core.runs import RunFolder
from crewless.core.task import Task
from crewless.policy.judgement import check_share
from crewless.work.learning import LearnConfig, learn, read_recordings
from crewless.work.mixed import PersonConfig, summarise_mixed, work_mixed
from crewless.work.policies import save_demonstrations
from crewless.work.receipts import write_index
from crewless.work.recording_session import EpisodeRecording, OperatorResult, record_operator
from crewless.work.runner import Runner, RunnerConfig, summarise

if TYPE_CHECKING:
    from crewless.core.body import Body

Report = Callable[[str, str, int, int], None]
"""Called with (phase, what is happening, steps done, total steps)."""


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """Options of ``crewless demo``: its task and its size."""

    task: str = DEFAULT_TASK
    """An installed task that is worked on a screen (see crewless task list; --task NAME --help shows its options)."""
    demonstrations: int = 16
    """Cases that the scripted operator works while being recorded."""
    archive: int = 200
    """Solved cases that the worker opens on the screen and learns from, if the task has any; 0: none."""
    queue: int = 20
    """Cases that the worker then works alone."""
    replayed: int = 4
    """Cases tried by plain coordinate replay, for comparison; 0: none."""
    max_silent_wrong: float = 0.02
    """Accepted share of all cases that may be answered wrongly without asking a person. A smaller share hands over more cases."""
    human_cells: tuple[Literal["review"], ...] = ()
    """review: a person works the cases that the worker hands over, while the worker continues; the scripted operator plays the
    person."""
    arrive_s: float = 14.0
    """With human cells: seconds between two arriving cases."""
    person_pace_s: float = 0.3
    """With human cells: seconds that the person thinks before each action."""
    person_works_s: float = 90.0
    """With human cells: seconds that the person works between two breaks."""
    person_rests_s: float = 30.0
    """With human cells: length of each break in seconds."""
    seed: int = 0
    """Seed that selects the cases and starts training."""
    runs: Path = Path("runs")
    """Where the run folder is made."""
    unsealed: bool = False
    """Work even where this machine's kernel cannot keep the worker to its screen."""
    options: Suppress[Any] = None
    """The task's own options; None: its defaults."""


@dataclass(kw_only=True)
class DemoResult:
    """The results of a demonstration."""

    run: RunFolder
    operator: list[OperatorResult] = field(default_factory=list)
    worker: list[CaseResult] = field(default_factory=list)
    replay: list[CaseResult] = field(default_factory=list)
    archive: list[CaseResult] = field(default_factory=list)
    demonstrations: list[Demonstration] = field(default_factory=list)
    mixed: list[HandledCase] = field(default_factory=list)
    """With human cells: every case of the queue, whoever finished it."""
    checkpoint: Path | None = None
    training_s: float = 0.0
    video: Path | None = None
    report: Path | None = None

    def table(self) -> list[dict[str, Any]]:
        """One row per worker: counts of outcomes and seconds per case."""
        operator = [
            CaseResult(
                case=r.case, who="operator", outcome=r.verdict.outcome, silent_wrong=r.verdict.silent_wrong,
                seconds=r.seconds,
            )
            for r in self.operator
        ]  # fmt: skip
        rows = [("operator", operator), ("worker", self.worker)]
        if self.mixed:
            person = [
                CaseResult(
                    case=one.case, who="person", outcome=one.outcome, silent_wrong=one.silent_wrong,
                    seconds=one.review_left_s - one.review_taken_s,
                )
                for one in self.mixed
                if one.handed_over
            ]  # fmt: skip
            rows.append(("person", person))
        if self.replay:
            rows.append(("coordinate replay", self.replay))
        return [{"who": who, **summarise(results)} for who, results in rows]


def check(config: DemoConfig) -> None:
    """Raises BadInput for numbers that are too small for a demonstration."""
    for name, least in (("demonstrations", 2), ("queue", 1), ("archive", 0), ("replayed", 0)):
        if getattr(config, name) < least:
            raise BadInput(f"{name} is {getattr(config, name)}", alternatives=[f"{least} or more"])
    check_share(config.max_silent_wrong)
    person_of(config)
    if config.human_cells and not config.arrive_s > 0:
        raise BadInput(f"arrive_s is {config.arrive_s}", alternatives=["more than 0"])


def demo(config: DemoConfig, report: Report) -> DemoResult:
    """Run the demonstration. Everything that it starts has ended when it returns or raises.

    Raises:
        BadInput: as :func:`check` says, or the task is not installed, is not worked on a screen, has too few cases, or cannot use
            its options.
    """
    check(config)
    kind = load_task(config.task)
    wanted = config.demonstrations + config.queue + config.replayed
    common = {"num_cases": wanted, "num_archive": config.archive, "seed": config.seed}
    config = replace(config, options=fill_options(kind, config.options, common))
    keep_compiled_code_here()
    run = RunFolder.create(config.runs, "demo", config)
    result = DemoResult(run=run)
    task = make_task(kind, config.options)
    report("program", "starting the program", 0, 1)
    task.setup(run.path)
    try:
        cases = list(task.cases())
        if len(cases) < wanted:
            raise BadInput(
                f"{wanted} cases are needed, and the task {task.name!r} has {len(cases)}",
                alternatives=["smaller --demonstrations, --queue, --replayed"],
            )
        solved = list(getattr(task, "archive", tuple)())[: config.archive]
        shown = cases[: config.demonstrations]
        queue = cases[config.demonstrations : config.demonstrations + config.queue]
        rest = cases[config.demonstrations + config.queue : wanted]
        report("program", f"{wanted} cases in the queue, {len(solved)} solved cases", 1, 1)
        _watch(task, run, shown, result, report)
        checkpoint = _learn(run, config, task.name, result, report)
        if solved:
            checkpoint = _read_archive(task, solved, run, checkpoint, result, report, unsealed=config.unsealed)
        elif config.archive:
            report("archive", f"skipped: the task {task.name} has no solved cases", 1, 1)
        result.checkpoint = checkpoint
        if config.human_cells:
            _work_mixed(task, make_task(kind, config.options), run, config, checkpoint, queue, result, report)
        else:
            _work(task, run, config, checkpoint, queue, result, report)
        if rest:
            _replay(task, run, rest, result, report, unsealed=config.unsealed)
    finally:
        task.teardown()
    _report(run, result, report)
    return result


def _watch(task: Task, run: RunFolder, cases: Sequence[Case], result: DemoResult, report: Report) -> None:
    report("watch", "the operator begins", 0, len(cases))

    def on_result(one: OperatorResult) -> None:
        result.operator.append(one)
        report(
            "watch",
            f"case {one.case}: {one.verdict.outcome.replace('_', ' ')}, {one.seconds:.1f} s",
            len(result.operator),
            len(cases),
        )

    record_operator(
        task,
        run,
        run.path / "episodes" / "operator",
        cases,
        on_result=on_result,
    )


def _learn(run: RunFolder, config: DemoConfig, task: str, result: DemoResult, report: Report) -> Path:
    began_s = time.monotonic()
    found = result.demonstrations = read_recordings(
        [run.path / "episodes" / "operator"], lambda what, share: report("learn", what, int(40 * share), 100)
    )
    checkpoint = learn(
        found,
        run.folder("checkpoints") / "worker",
        task=task,
        config=LearnConfig(seed=config.seed, learner="network"),
        progress=lambda what, share: report("learn", what, 40 + int(60 * share), 100),
    )
    result.training_s = time.monotonic() - began_s
    report("learn", f"trained in {result.training_s:.0f} s", 100, 100)
    return checkpoint


def _read_archive(
    task: Task,
    cases: Sequence[Case],
    run: RunFolder,
    checkpoint: Path,
    result: DemoResult,
    report: Report,
    *,
    unsealed: bool,
) -> Path:
    from crewless.training.stages import refit_judgement

    report("archive", "opening solved cases", 0, len(cases))
    read = RunFolder(run.path / "archive")

    def on_result(one: CaseResult) -> None:
        result.archive.append(one)
        report("archive", f"case {one.case}: {(one.collected or ['', 'nothing'])[1]}", len(result.archive), len(cases))

    shift_config = RunnerConfig(
        checkpoint=checkpoint, policy="archive", who="reader", receipts=False, reads=True, unsealed=unsealed
    )
    with Runner(task, read, shift_config) as shift:
        shift.work(cases, on_result=on_result)
    found = [(r.collected[0], r.collected[1]) for r in result.archive if r.collected]
    return refit_judgement(checkpoint, result.demonstrations, found, run.folder("checkpoints") / "worker-archive")


def _work(
    task: Task,
    run: RunFolder,
    config: DemoConfig,
    checkpoint: Path,
    cases: Sequence[Case],
    result: DemoResult,
    report: Report,
) -> None:
    report("work", "the worker begins", 0, len(cases))

    def on_result(one: CaseResult) -> None:
        result.worker.append(one)
        word = "silent wrong" if one.silent_wrong else one.outcome.replace("_", " ")
        report("work", f"case {one.case}: {word}, {one.seconds:.1f} s", len(result.worker), len(cases))

    def record(body: "Body") -> EpisodeRecording:
        screen: Any = body
        folder = run.path / "episodes" / "worker"
        # The worker has learnt no password: the task has logged it in.
        return EpisodeRecording(screen.display, screen.ring.path, folder, task=task.name, secrets=False)

    shift_config = RunnerConfig(
        checkpoint=checkpoint, max_silent_wrong=config.max_silent_wrong, unsealed=config.unsealed
    )
    with Runner(task, run, shift_config, recording=record) as shift:
        shift.work(cases, on_result=on_result)


def _work_mixed(
    task: Task,
    desk: Task,
    run: RunFolder,
    config: DemoConfig,
    checkpoint: Path,
    cases: Sequence[Case],
    result: DemoResult,
    report: Report,
) -> None:
    report("work", "worker and person begin", 0, len(cases))

    def on_result(who: str, one: HandledCase) -> None:
        result.mixed.append(one)
        report(
            "work",
            f"case {one.case}: {one.outcome.replace('_', ' ')}, by the {who}, {one.lead_s:.1f} s after arrival",
            len(result.mixed),
            len(cases),
        )

    desk.setup(run.folder("desk"))
    try:
        work_mixed(
            task,
            desk,
            run,
            cases,
            RunnerConfig(checkpoint=checkpoint, max_silent_wrong=config.max_silent_wrong, unsealed=config.unsealed),
            person_of(config),
            every_s=config.arrive_s,
            on_result=on_result,
        )
    finally:
        desk.teardown()
    result.worker += results_of(run, "worker")
    run.write_json("mixed.json", summarise_mixed(result.mixed))


def person_of(config: DemoConfig) -> PersonConfig:
    """The person that the options describe. Raises BadInput."""
    return PersonConfig(
        pace_s=config.person_pace_s, works_s=config.person_works_s, rests_s=config.person_rests_s, seed=config.seed
    )


def _replay(
    task: Task, run: RunFolder, cases: Sequence[Case], result: DemoResult, report: Report, *, unsealed: bool
) -> None:
    report("replay", "coordinate replay begins", 0, len(cases))

    def on_result(one: CaseResult) -> None:
        result.replay.append(one)
        report("replay", f"case {one.case}: {one.outcome.replace('_', ' ')}", len(result.replay), len(cases))

    apart = RunFolder(run.path / "replay")
    recorded = save_demonstrations(result.demonstrations, apart.folder("checkpoints"))
    shift_config = RunnerConfig(checkpoint=recorded, policy="coordinates", who="replay", unsealed=unsealed)
    with Runner(task, apart, shift_config) as shift:
        shift.work(cases, on_result=on_result)


def _report(run: RunFolder, result: DemoResult, report: Report) -> None:
    from crewless.episodes import open_dataset
    from crewless.episodes.render import render

    report("report", "writing receipts and the video", 0, 1)
    table = result.table()
    run.write_json("result.json", {"table": table, "training_s": result.training_s})
    rows = [
        {"case": r.case, "outcome": r.outcome, "silent_wrong": r.silent_wrong, "who": r.who, "seconds": r.seconds,
         "reason": r.reason}
        for r in result.worker
    ]  # fmt: skip
    cells = "".join(
        f"<tr><td>{row['who']}</td>" + "".join(f'<td class="n">{row[k]}</td>' for k in _COUNTS)
        + f'<td class="n">{_seconds(row["seconds_median"])}</td></tr>'
        for row in table
    )  # fmt: skip
    head = "".join(f'<th class="n">{name.replace("_", " ")}</th>' for name in _COUNTS)
    summary = f'<table><tr><th></th>{head}<th class="n">seconds per case</th></tr>{cells}</table>'
    result.report = write_index(run.folder("receipts"), "Demonstration", rows, summary)
    worked = run.path / "episodes" / "worker"
    if worked.exists():
        result.video = run.path / "worker.mp4"
        episode = next((i for i, r in enumerate(result.worker) if r.outcome == "right"), 0)
        render(open_dataset(worked), episode, result.video)
    report("report", "done", 1, 1)


_COUNTS = ("cases", "right", "wrong", "silent_wrong", "handed_over", "error")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
