"""Record a person at work, or the scripted operator of a task.

The screen, the mouse and the keyboard of a display are recorded, one episode per case. With --display, a person is recorded,
and the terminal asks when each case begins and ends. With --operator, the task's scripted operator is recorded; no person is
needed.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tyro.conf import Suppress

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.core.messages import Box
    from crewless.core.task import Task
    from crewless.work.recording_session import OperatorResult

GROUP = "screen work"


@dataclass(frozen=True, kw_only=True)
class RecordConfig:
    """Options of ``crewless record``."""

    display: str = ""
    """The X display to record, such as :0."""
    operator: bool = False
    """Record the scripted operator of a task instead of a person."""
    task: str = ""
    """With --operator: the task, default helpdesk (see crewless task list). With --display: the task name stored in each
    episode."""
    out: Path = Path("runs/recorded")
    """Where the recording is written; episodes are added to an existing recording."""
    slot: str = "case"
    """With --display: the slot that identifies a case; its value is asked for when a case begins."""
    who: str = "person"
    """With --display: name of the recorded person."""
    hide: tuple[str, ...] = ()
    """With --display: boxes that are blacked out before anything is written, each as x0,y0,x1,y1 in pixels."""
    cases: int = 20
    """With --operator: how many cases are recorded, the first ones of the queue."""
    seed: int = 0
    """With --operator: seed that selects the cases. With the same seed, `work` takes other cases."""
    options: Suppress[Any] = None
    """The task's own options; None: its defaults."""


def config_for(arguments: Sequence[str]) -> type[RecordConfig]:
    """The options, with those of the task when an operator is to be recorded."""
    from crewless.cli.task_options import DEFAULT_TASK, asks_for_help, value_of, with_options_of

    if "--operator" in arguments or asks_for_help(arguments):
        return with_options_of(RecordConfig, value_of(arguments, "--task") or DEFAULT_TASK)
    return RecordConfig


def run(config: RecordConfig) -> int:
    """Record until the cases are done, or the person ends the session."""
    if config.operator == bool(config.display):
        raise BadInput("nothing to record: give --display or --operator", alternatives=["--display :0", "--operator"])
    return _operator(config) if config.operator else _person(config, input)


def task_to_record(config: RecordConfig) -> "Task":
    """The task that the operator is recorded with. Raises BadInput, MissingTool."""
    from crewless.cli.task_options import DEFAULT_TASK
    from crewless.core.installed_tasks import fill_options, load_task, make_task

    kind = load_task(config.task or DEFAULT_TASK)
    return make_task(kind, fill_options(kind, config.options, {"num_cases": config.cases, "seed": config.seed}))


def _operator(config: RecordConfig) -> int:
    from crewless.cli.task_options import first_cases
    from crewless.core.runs import RunFolder
    from crewless.work.recording_session import record_operator

    task = task_to_record(config)
    folder = RunFolder(config.out)
    # A program of its own each time: in one that is already there the same cases would have been worked.
    with tempfile.TemporaryDirectory(prefix=f"crewless-{task.name}-") as scratch:
        task.setup(Path(scratch))
        try:
            cases = first_cases(task, config.cases)
            record_operator(task, folder, config.out / "episodes", cases, on_result=_print_one)
        finally:
            task.teardown()
    print(f"recording  {config.out / 'episodes'}")
    return 0


def _person(config: RecordConfig, ask: Callable[[str], str]) -> int:
    from crewless.core.cache import keep_compiled_code_here
    from crewless.core.messages import Case, Verdict
    from crewless.work.recording_session import EpisodeRecording, watched_display

    keep_compiled_code_here()
    regions = [_box(text) for text in config.hide]
    count = 0
    with watched_display(config.display) as ring:
        for box, text in zip(regions, config.hide, strict=True):
            if box.x0 < 0 or box.y0 < 0 or box.x1 > ring.width or box.y1 > ring.height:
                raise BadInput(
                    f"--hide {text!r} is not on the screen of {config.display}",
                    alternatives=[f"0 to {ring.width}, 0 to {ring.height}"],
                )
        folder = config.out / "episodes"
        recording = EpisodeRecording(config.display, ring.path, folder, task=config.task, regions=regions)
        try:
            while value := _asked(ask, f"{config.slot} of the next case (leave empty to stop): "):
                recording.start(Case(id=value, slots={config.slot: value}), config.who)
                _asked(ask, "recording; press Return when the case is done ")
                recording.stop(Verdict(case=value, outcome="right", claimed_done=True, evidence={"judge": config.who}))
                count += 1
        finally:
            recording.close()
    print(f"{count} cases recorded\nrecording  {config.out / 'episodes'}")
    return 0


def _asked(ask: Callable[[str], str], prompt: str) -> str:
    try:
        return ask(prompt).strip()
    except EOFError:
        return ""


def _box(text: str) -> "Box":
    from crewless.core.messages import Box

    try:
        x0, y0, x1, y1 = (int(part) for part in text.split(","))
    except ValueError:
        raise BadInput(
            f"--hide {text!r} is not a box", alternatives=["x0,y0,x1,y1 in pixels, such as 0,0,400,60"]
        ) from None
    if x0 >= x1 or y0 >= y1:
        raise BadInput(f"--hide {text!r} is empty", alternatives=["x0 < x1 and y0 < y1"])
    return Box(x0, y0, x1, y1)


def _print_one(result: "OperatorResult") -> None:
    print(f"case {result.case}: {result.verdict.outcome.replace('_', ' ')}, {result.seconds:.1f} s", flush=True)
