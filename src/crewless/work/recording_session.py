"""Recording who works a case: the recorder's process beside the display, and a tap on mouse and keyboard."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crewless.core.case_loop import work_case
from crewless.core.errors import BadInput, CrewlessError, DisplayDied
from crewless.core.messages import Box, Case, Verdict
from crewless.core.perception import Blind
from crewless.core.photons import FrameRing
from crewless.core.runs import RunFolder
from crewless.core.task import Task
from crewless.work.screens import open_screen
from crewless.work.secret_watch import HELD_S, SecretWatch

_SLOTS = 36
"""Pictures in the ring, a second of them: the recorder waits for the search for passwords."""
_LAST_LOOK_S = 0.3
"""The operator knows from behind the screen that a page was answered a moment before the screen shows it."""


class EpisodeRecording:
    """Keeps what happens on a screen body's display as episodes of a dataset.

    Args:
        display: the display's name.
        ring: the file of its frame ring.
        dataset: the dataset's folder; episodes are added to it.
        task: written into each episode.
        regions: boxes that never reach the disk.
        secrets: look for the fields of passwords, so that these never reach the disk either. It costs a look at the screen
            for each press of a button; only where it is known that no secret is typed it can be left out.
    """

    def __init__(
        self,
        display: str,
        ring: Path,
        dataset: Path,
        *,
        task: str = "",
        regions: Sequence[Box] = (),
        secrets: bool = True,
    ) -> None:
        from crewless.body.screen import InputTap
        from crewless.episodes import Recorder

        self._task = task
        self._recording = False
        self._recorder = Recorder(ring, dataset, regions=regions, lag_s=HELD_S if secrets else 0.0)
        self._watch: SecretWatch | None = None
        self._ring: FrameRing | None = None
        self._tap = InputTap(display, on_event=self._event)
        try:
            if secrets:
                from crewless.perception.recognise import Recogniser
                from crewless.perception.screen import ScreenPerception

                self._ring = FrameRing.open(ring)
                reader = Recogniser()
                self._watch = SecretWatch(
                    self._recorder,
                    self._ring,
                    ScreenPerception(),
                    lambda lines: [found.text for found in reader.read(lines)],
                )
            self._tap.start()
        except BaseException:
            self.close()
            raise

    def start(self, case: Case, who: str) -> None:
        """The case begins."""
        if self._watch is not None:
            self._watch.begin()
        self._recorder.start(case, who, self._task)
        self._recording = True

    def note(self, kind: str, data: Mapping[str, Any], *, t_s: float) -> None:
        """Keep a message with the episode, at its monotonic time."""
        self._recorder.note(kind, data, t_s=t_s)

    def stop(self, verdict: Verdict) -> None:
        """The case has been judged."""
        if self._watch is not None:
            self._watch.finish()
        self._recording = False
        recorded = self._recorder.stop(verdict.outcome)
        self._recorder.set_verdict(recorded.index, verdict)

    def close(self) -> None:
        """End tap and recorder. Safe to call twice."""
        self._tap.close()
        if self._watch is not None:
            self._watch.close()
        self._recorder.close()
        if self._ring is not None:
            self._ring.close()

    def _event(self, event: Any) -> None:
        if not self._recording:
            return
        if self._watch is not None:
            self._watch.event(event)
        else:
            # This is the tap's thread: that the recorder is gone is said by stop, in the thread of whoever works.
            with suppress(CrewlessError):
                self._recorder.event(event)


@contextmanager
def watched_display(display: str) -> Iterator[FrameRing]:
    """Capture a display that is already there, and leave it alone. Yields its frame ring.

    Raises:
        BadInput: there is no such display.
    """
    from crewless.body.screen import Capture
    from crewless.body.screen.display import connect, hang_up

    try:
        connection = connect(display)
    except DisplayDied as error:
        raise BadInput(error.message, alternatives=_displays()) from error
    screen = connection.screen()
    height, width = int(screen.height_in_pixels), int(screen.width_in_pixels)
    hang_up(connection)
    with Capture(display, height, width, slots=_SLOTS) as capture:
        yield capture.ring


def _displays() -> list[str]:
    """The names of the displays of this machine."""
    numbers = (path.name.removeprefix("X") for path in sorted(Path("/tmp/.X11-unix").glob("X*")))
    return [f":{number}" for number in numbers if number.isdigit()] or ["crewless open PROGRAM"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorResult:
    """How the scripted operator did one case."""

    case: str
    verdict: Verdict
    seconds: float


def record_operator(
    task: Task,
    run: RunFolder,
    dataset: Path,
    cases: Sequence[Case],
    *,
    on_result: Callable[[OperatorResult], None] | None = None,
) -> list[OperatorResult]:
    """Let the task's scripted operator work the cases while its screen, mouse and keyboard are recorded.

    The operator's work is judged like anybody's, and what reality says of it stands in the recording. Raises BadInput when the
    task is not worked on a screen.
    """
    results: list[OperatorResult] = []
    body = open_screen(task, scripted=True)
    try:
        # The task has logged in already, and what the operator types is in the task's own files.
        recording = EpisodeRecording(body.display, body.ring.path, dataset, task=task.name, secrets=False)
        with ExitStack() as ending:
            ending.callback(recording.close)
            operator, verifier = task.oracle(body), task.verifier()
            for part in (operator, verifier):
                ending.callback(getattr(part, "close", lambda: None))
            for case in cases:
                before = verifier.before(case)
                run.events.add(case=case.id, cell="demonstrate", resource="operator", kind="start")
                recording.start(case, "operator")
                began_s = time.monotonic()
                work = work_case(body, Blind(), operator, case, max_steps=int(getattr(task, "max_steps", 60)))
                time.sleep(_LAST_LOOK_S)
                body.settle()
                seconds = time.monotonic() - began_s
                verdict = verifier.judge(case, before, claimed_done=work.claimed_done)
                recording.stop(verdict)
                run.events.add(
                    case=case.id, cell="demonstrate", resource="operator", kind="verdict", outcome=verdict.outcome,
                    seconds=seconds,
                )  # fmt: skip
                results.append(OperatorResult(case=case.id, verdict=verdict, seconds=seconds))
                if on_result is not None:
                    on_result(results[-1])
    finally:
        body.close()
    return results
