"""Record people at work: the screen, the mouse and the keyboard of a display, one episode a case.

With --display it records whoever sits there; the terminal asks when a case begins and ends. With --operator it records the
scripted operator of the helpdesk, which needs nobody.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.core.messages import Box
    from crewless.tasks.helpdesk.task import HelpdeskConfig
    from crewless.work.recording_session import OperatorResult


@dataclass(frozen=True, kw_only=True)
class RecordConfig:
    """Options of ``crewless record``."""

    display: str = ""
    """The X display to record, such as :0."""
    operator: bool = False
    """Record the scripted operator of the helpdesk instead of a person."""
    out: Path = Path("runs/recorded")
    """Where the recording goes; episodes are added to one that is already there."""
    slot: str = "ticket"
    """What identifies a case for whoever works it, and is asked for when a case begins."""
    who: str = "person"
    """Who is being recorded."""
    hide: tuple[str, ...] = ()
    """Boxes that never reach the disk, each as x0,y0,x1,y1."""
    cases: int = 20
    """With --operator: how many tickets."""
    tickets: Path | None = None
    """With --operator: a CSV file with the columns text,category."""
    teams: Path | None = None
    """With --operator: a TOML file of your own teams; none: the built-in ones that answer the tickets' categories."""
    seed: int = 0
    """With --operator: which tickets. `work` takes others for the same seed."""


def run(config: RecordConfig) -> int:
    """Record until the cases are done, or the person says so."""
    if config.operator == bool(config.display):
        raise BadInput("whom to record was not said", alternatives=["--display :0", "--operator"])
    return _operator(config) if config.operator else _person(config, input)


def queue_config(config: RecordConfig) -> "HelpdeskConfig":
    """What the scripted operator works."""
    from crewless.tasks.helpdesk.task import HelpdeskConfig

    return HelpdeskConfig(tickets=config.tickets, teams=config.teams, num_tickets=config.cases, seed=config.seed)


def _operator(config: RecordConfig) -> int:
    from crewless.core.runs import RunFolder
    from crewless.tasks.helpdesk.task import HelpdeskTask
    from crewless.work.recording_session import record_operator

    task = HelpdeskTask(queue_config(config))
    folder = RunFolder(config.out)
    # A helpdesk of its own each time: in one that is already there the same tickets would have been answered.
    with tempfile.TemporaryDirectory(prefix="crewless-helpdesk-") as helpdesk:
        task.setup(Path(helpdesk))
        try:
            record_operator(task, folder, config.out / "episodes", task.cases(), on_result=_print_one)
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
        recording = EpisodeRecording(config.display, ring.path, config.out / "episodes", regions=regions)
        try:
            while value := _asked(ask, f"{config.slot} of the next case (empty: stop): "):
                recording.start(Case(id=value, slots={config.slot: value}), config.who)
                _asked(ask, "recording; Return when the case is done ")
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
            f"--hide {text!r} is no box", alternatives=["x0,y0,x1,y1 in pixels, such as 0,0,400,60"]
        ) from None
    if x0 >= x1 or y0 >= y1:
        raise BadInput(f"--hide {text!r} holds no pixel", alternatives=["x0 < x1 and y0 < y1"])
    return Box(x0, y0, x1, y1)


def _print_one(result: "OperatorResult") -> None:
    print(f"case {result.case}: {result.verdict.outcome.replace('_', ' ')}, {result.seconds:.1f} s", flush=True)
