"""The recorder's own process: frames from the ring and messages from the parent become episodes.

Messages are JSON lines on the standard input, answers JSON lines on the standard output. The recorder stays a few frames
behind the screen, so that a message that says "what is typed now is secret" still comes in time for the frames of the
moment in which it was sent; with ``--lag-s`` it stays further behind, as far as the ring holds the pictures. A "hold" is
stricter: nothing that was shown since is ever recorded before the hold ends. What the ring cannot keep for so long is lost,
and counted: a picture too few can be borne, a password on the disk cannot.

``python -m crewless.episodes.recording --ring RING --dataset FOLDER [--region x0,y0,x1,y1 ...] [--lag-s SECONDS]``
"""

import argparse
import json
import queue
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from crewless.core.errors import BadInput, CrewlessError, error_to_json
from crewless.core.messages import Box, Frame, InputEvent, Point
from crewless.core.photons import TILE, FrameRing
from crewless.core.services import SERVICES
from crewless.episodes.codec import case_from, dumps, verdict_from
from crewless.episodes.redact import Redactor
from crewless.episodes.store import DatasetWriter, EpisodeWriter

LAG_FRAMES = 3
"""How far the recorder stays behind the screen at least: 83 ms."""
_ROOM = 3
"""Changed pictures that may come while a frame is being fetched: it is not waited for longer than that."""


class Recording:
    """One episode while it is being recorded from a ring.

    Args:
        ring: where the frames come from.
        episode: where they go.
        redactor: what must not.
        start_s: monotonic time of the episode's beginning.
    """

    def __init__(self, ring: FrameRing, episode: EpisodeWriter, redactor: Redactor, start_s: float) -> None:
        self._ring, self._episode, self._redactor, self._start_s = ring, episode, redactor, start_s
        self._next = max(0, ring.count - 1)
        self._stale = True
        self._pointer, self._last_s = Point(0, 0), 0.0
        self._events: list[InputEvent] = []
        self._notes: list[dict[str, Any]] = []
        self.lost = 0
        """Frames that were not captured, or that were overwritten before they could be copied."""

    def event(self, data: Mapping[str, Any]) -> None:
        """Keep an input event, unless it is secret."""
        kept = self._redactor.event(InputEvent(**data))
        if kept is not None:
            self._events.append(replace(kept, t_s=round(kept.t_s - self._start_s, 6)))

    def note(self, kind: str, t_s: float, data: Any) -> None:
        """Keep a decision, an applied action, the focus, or anything else that is JSON."""
        self._notes.append({"kind": kind, "t_s": round(t_s - self._start_s, 6), "data": data})

    def redrawn(self) -> None:
        """The regions have changed: the next frame is copied whole."""
        self._stale = True

    def take(self, *, until: int, held_s: float | None = None, last: bool = False) -> None:
        """Record the frames up to and without index ``until``. Raises StorageFull.

        Args:
            until: index in the ring.
            held_s: no picture of this monotonic time or later may be recorded; it waits in the ring, and is lost when the
                ring needs its place.
            last: nothing can wait any longer.
        """
        while self._next < until:
            frame = self._ring.get(self._next)
            if frame is not None and held_s is not None and frame.t_s >= held_s:
                if not last and self._ring.room(self._next) >= _ROOM:
                    return
                frame = None
            self._take(frame)
            self._next += 1

    def finish(self, outcome: str, *, held_s: float | None = None) -> int:
        """Complete the episode and return its index. Raises BadInput, StorageFull: then there is no episode."""
        try:
            self.take(until=self._ring.count, held_s=held_s, last=True)
        except CrewlessError:
            self._episode.abort()
            raise
        story = {
            "notes": self._notes,
            "lost": self.lost,
            "start_s": self._start_s,
            "regions": [list(box) for box in self._redactor.regions],
        }
        return self._episode.finish(outcome, events=self._events, story=self._redactor.scrub(story))

    def _take(self, frame: Frame | None) -> None:
        changed = False
        if frame is None:
            self.lost += 1
            self._stale = True
            if self._episode.rows == 0:
                return
            t_s = self._last_s + SERVICES["frame"].period_s
        else:
            self._pointer = frame.pointer or self._pointer
            t_s = frame.t_s - self._start_s
            changed = self._copy(frame)
            if not changed and self._episode.rows == 0:
                return  # overwritten while it was copied, and there is no picture before it to repeat
        self._episode.row(changed=changed, t_s=t_s, pointer=self._pointer)
        self._last_s = t_s

    def _copy(self, frame: Frame) -> bool:
        """Bring the episode's picture up to the frame; whether anything visible changed."""
        image = self._episode.image
        if self._redactor.frozen:
            # Nothing is known of what a secret looks like while it is typed: the picture stands still.
            self._stale = True
            if self._episode.rows == 0:
                image[:] = 0
                return True
            return False
        mask = frame.changed
        if not self._stale and mask is not None:
            if not mask.any():
                return False
            rows = np.flatnonzero(mask.any(1))
            columns = np.flatnonzero(mask.any(0))
            top, bottom = int(rows[0]) * TILE, int(rows[-1] + 1) * TILE
            left, right = int(columns[0]) * TILE, int(columns[-1] + 1) * TILE
            hidden = self._redactor.covers(mask)
        else:
            top, left, (bottom, right), hidden = 0, 0, image.shape[:2], False
        image[top:bottom, left:right] = _bgrx(frame.pixels)[top:bottom, left:right]
        self._redactor.black(image)
        if not self._ring.intact(frame):
            self.lost += 1
            self._stale = True
            return False
        self._stale = False
        return not hidden


class Server:
    """Obeys the parent's messages one by one; between them it records."""

    def __init__(
        self, ring: FrameRing, writer: DatasetWriter, regions: tuple[Box, ...], answers: TextIO, lag_frames: int
    ) -> None:
        self._lag_frames = lag_frames
        self._ring, self._writer, self._regions, self._answers = ring, writer, regions, answers
        self._recording: Recording | None = None
        self._episode: EpisodeWriter | None = None
        self._redactor = Redactor(regions)
        self._failure: CrewlessError | None = None
        self._held_s: float | None = None
        """Nothing that was shown since this monotonic time may be recorded yet."""

    def serve(self, messages: "queue.Queue[str | None]") -> None:
        """Until the parent closes its end."""
        period_s = SERVICES["frame"].period_s
        while True:
            try:
                line = messages.get(timeout=None if self._recording is None else period_s)
                while line is not None:
                    self._obey(json.loads(line))
                    line = messages.get_nowait()
                break
            except queue.Empty:
                pass
            self._record(until=self._due())
        if self._episode is not None:
            self._episode.abort()

    def _due(self) -> int:
        """Frames before this one are recorded now: those that are old enough, and those that cannot wait any longer."""
        latest = self._ring.count - LAG_FRAMES
        due = self._ring.count - self._lag_frames
        while due < latest and self._ring.room(due) < _ROOM:
            due += 1
        return due

    def _record(self, *, until: int) -> None:
        """Record, or remember why it failed until the parent asks for the episode."""
        if self._recording is None:
            return
        try:
            self._recording.take(until=until, held_s=self._held_s)
        except CrewlessError as error:
            self._failure = error
            self._recording = None
            if self._episode is not None:
                self._episode.abort()
                self._episode = None

    def _obey(self, message: dict[str, Any]) -> None:
        kind = message.pop("do")
        recording = self._recording
        if kind in ("start", "stop", "verdict"):
            try:
                answer = getattr(self, f"_{kind}")(**message)
            except CrewlessError as error:
                self._answer(**error_to_json(error))
            else:
                self._answer(**answer)
        elif kind in ("mark", "unmark", "secret"):
            self._redact(kind, message)
        elif kind == "hold":
            self._held_s = message["since_s"]
        elif kind == "knows":
            self._redactor.knows(message["text"])
        elif recording is not None and kind == "event":
            recording.event(message)
        elif recording is not None:
            recording.note(**message)

    def _redact(self, kind: str, message: dict[str, Any]) -> None:
        recording = self._recording
        box = None if message["box"] is None else Box(*message["box"])
        loosened = kind == "unmark" or (kind == "secret" and not message["on"])
        if loosened:
            # What was captured while the rule held is recorded by that rule.
            self._record(until=self._ring.count)
        if kind == "secret" and loosened:
            self._redactor.end_secret()
        elif kind == "secret":
            self._redactor.begin_secret(box)
        elif box is not None:
            getattr(self._redactor, kind)(box)
        if recording is not None:
            recording.redrawn()

    def _answer(self, **answer: Any) -> None:
        self._answers.write(dumps(answer) + "\n")
        self._answers.flush()

    def _start(self, case: dict[str, Any], who: str, task: str, t_s: float) -> dict[str, Any]:
        if self._recording is not None:
            raise BadInput("an episode is being recorded already", alternatives=["stop it first"])
        self._failure = None
        self._redactor = self._redactor.for_next_episode(self._regions)
        self._episode = self._writer.begin(case_from(case), who, task)
        self._recording = Recording(self._ring, self._episode, self._redactor, t_s)
        return {"index": self._episode.index}

    def _stop(self, outcome: str) -> dict[str, Any]:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        recording, episode = self._recording, self._episode
        if recording is None or episode is None:
            raise BadInput("no episode is being recorded", alternatives=["start one first"])
        self._recording = self._episode = None
        index = recording.finish(outcome, held_s=self._held_s)
        return {
            "index": index,
            "rows": episode.rows,
            "distinct": episode.distinct,
            "lost": recording.lost,
            "cpu_s": time.process_time(),
        }

    def _verdict(self, episode: int, verdict: dict[str, Any]) -> dict[str, Any]:
        self._writer.set_verdict(episode, verdict_from(verdict))
        return {"index": episode}


def _bgrx(pixels: np.ndarray) -> np.ndarray:
    """The four bytes a pixel that a ring's RGB view lies in: copying them as they are is ten times as fast.

    Shape (height, width, 3) to (height, width, 4), no copy.
    """
    height, width, _ = pixels.shape
    if pixels.strides[1:] != (4, -1):
        raise BadInput(f"not a frame of a ring: strides {pixels.strides}")
    return np.lib.stride_tricks.as_strided(pixels[:, :, ::-1], (height, width, 4), (pixels.strides[0], 4, 1))


def serve(ring_path: Path, dataset: Path, regions: tuple[Box, ...], lag_s: float = 0.0) -> int:
    """The process: the exit status is 0, or the error's when nothing could be opened."""
    messages: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            messages.put(line)
        messages.put(None)

    try:
        ring = FrameRing.open(ring_path)
        writer = DatasetWriter(dataset, ring.height, ring.width)
    except CrewlessError as error:
        sys.stdout.write(dumps(error_to_json(error)) + "\n")
        return error.exit_code
    lag_frames = max(LAG_FRAMES, round(lag_s / SERVICES["frame"].period_s))
    server = Server(ring, writer, regions, sys.stdout, lag_frames)
    sys.stdout.write(dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    threading.Thread(target=read, daemon=True).start()
    try:
        server.serve(messages)
    finally:
        writer.close()
        ring.close()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The recorder's process; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m crewless.episodes.recording", description="Records a frame ring.")
    parser.add_argument("--ring", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--region", type=_box, action="append", default=[], metavar="x0,y0,x1,y1")
    parser.add_argument("--lag-s", type=float, default=0.0)
    chosen = parser.parse_args(arguments)
    return serve(chosen.ring, chosen.dataset, tuple(chosen.region), chosen.lag_s)


def _box(text: str) -> Box:
    try:
        return Box(*(int(part) for part in text.split(",")))
    except (TypeError, ValueError) as error:
        raise BadInput(f"not a box: {text!r}", alternatives=["x0,y0,x1,y1 in pixels"]) from error


if __name__ == "__main__":
    sys.exit(main())
