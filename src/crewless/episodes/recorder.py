"""Recording, seen from the parent: :mod:`crewless.episodes.recording` does it in a process of its own, so that a slow
encoder or a full disk never delays the work."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from crewless.core.errors import CrewlessError, error_from_json
from crewless.core.messages import Applied, Box, Case, Decision, InputEvent, Verdict
from crewless.episodes.codec import dumps, to_json


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What became of an episode."""

    index: int
    rows: int
    """Frames, at the frame rate."""
    distinct: int
    """Frames that differed from the one before."""
    lost: int
    """Frames that should have been recorded and were not."""
    cpu_s: float
    """Processor time of the recorder's process since it started."""


class Recorder:
    """Records what is on a screen into a dataset. Only :meth:`start`, :meth:`stop` and :meth:`set_verdict` wait.

    Args:
        ring: the frame ring that the capture writes.
        dataset: the dataset's folder.
        regions: boxes that are black in everything that is recorded.
        lag_s: how far it stays behind the screen where the ring holds the pictures for so long. A :meth:`secret` or a
            :meth:`mark` holds for everything that has not been recorded by then.

    Raises:
        BadInput: the dataset cannot be written or holds frames of another size.
        BodyFailure: there is no ring.
    """

    def __init__(self, ring: Path, dataset: Path, *, regions: Sequence[Box] = (), lag_s: float = 0.0) -> None:
        command = [sys.executable, "-m", "crewless.episodes.recording", "--ring", str(ring), "--dataset", str(dataset)]
        command += ["--lag-s", str(lag_s)]
        for box in regions:
            command += ["--region", ",".join(map(str, box))]
        self.dataset = dataset
        self._telling = threading.Lock()
        # Not in our process group: Ctrl-C in a terminal reaches the parent, which then closes the recorder in order.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            self._answer()
        except CrewlessError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The recorder's process."""
        return self._process.pid

    def start(self, case: Case, who: str, task: str = "") -> int:
        """Begin an episode and return its index. Raises BadInput, StorageFull."""
        self._tell("start", case=to_json(case), who=who, task=task, t_s=time.monotonic())
        return int(self._answer()["index"])

    def event(self, event: InputEvent) -> None:
        """Something happened at the pointer or the keyboard."""
        names = ("t_s", "kind", "x", "y", "button", "keysym", "char")
        self._tell("event", **{name: getattr(event, name) for name in names})

    def decision(self, decision: Decision) -> None:
        """The policy has decided."""
        self.note("decision", to_json(decision))

    def applied(self, applied: Applied) -> None:
        """The body has acted."""
        self.note("applied", to_json(applied))

    def note(self, kind: str, data: Any, *, t_s: float | None = None) -> None:
        """Keep any JSON value with the episode, at a monotonic time; now by default."""
        self._tell("note", kind=kind, t_s=time.monotonic() if t_s is None else t_s, data=data)

    def secret(self, on: bool, box: Box | None = None) -> None:
        """What is typed from now on is secret, or no longer is. Say it before the first key.

        It may begin before the episode does. Until it ends, typed characters are not kept and the picture stands still. ``box``: where the secret shows; then
        only that box is blacked, from now to the end of the episode or :meth:`unmark`, and the rest stays visible.
        """
        self._tell("secret", on=on, box=None if box is None or not on else list(box))

    def mark(self, box: Box) -> None:
        """Black this box from now on, in this episode."""
        self._tell("mark", box=list(box))

    def unmark(self, box: Box) -> None:
        """Show it again."""
        self._tell("unmark", box=list(box))

    def hold(self, since_s: float | None) -> None:
        """Record nothing that was shown at this monotonic time or later, until it is said again; None: hold nothing.

        Pictures that the ring cannot keep for so long are lost, and counted.
        """
        self._tell("hold", since_s=since_s)

    def knows(self, secret: str) -> None:
        """Strike this text out of everything that is written about the episode, pixels excepted."""
        self._tell("knows", text=secret)

    def stop(self, outcome: str) -> Recorded:
        """End the episode; it is complete on the disk when this returns.

        Raises:
            StorageFull: the disk is full; this episode is lost, those before are intact.
            BadInput: no episode is being recorded, or not one frame came.
        """
        self._tell("stop", outcome=outcome)
        return Recorded(**self._answer())

    def set_verdict(self, episode: int, verdict: Verdict) -> None:
        """Write down what reality said of an episode. Raises BadInput, StorageFull."""
        self._tell("verdict", episode=episode, verdict=to_json(verdict))
        self._answer()

    def close(self) -> None:
        """End the process; an episode that was not stopped is thrown away. Safe to call twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, what: str, **message: Any) -> None:
        assert self._process.stdin is not None
        try:
            # Events come from the thread of whoever taps them, notes from that of whoever works.
            with self._telling:
                self._process.stdin.write(dumps({"do": what, **message}) + "\n")
                self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise self._dead() from error

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._dead()
        answer = json.loads(line)
        if "error" in answer:
            raise error_from_json(**answer)
        return answer

    def _dead(self) -> CrewlessError:
        return CrewlessError(
            f"the recorder's process {self.pid} has ended (status {self._process.poll()}); the episodes that it finished are"
            f" in {self.dataset}",
            alternatives=["start another recorder"],
        )
