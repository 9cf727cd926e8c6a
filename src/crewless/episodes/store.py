"""Writing a dataset of episodes, one whole episode at a time.

An episode grows in ``crewless/partial/`` and moves to its place when it is complete. Whatever kills the writer, the
episodes before are as they were; the next writer clears away what a dead one left behind.
"""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.errors import BadInput, CorruptRecording, CrewlessError, StorageFull
from crewless.core.messages import Case, InputEvent, Point, Verdict
from crewless.core.services import SERVICES
from crewless.episodes import dataset_layout as layout
from crewless.episodes.actions import segment
from crewless.episodes.codec import to_json
from crewless.episodes.dataset import Dataset, EpisodeInfo, EpisodeStep, demonstrations, open_dataset
from crewless.episodes.links import control_rows
from crewless.episodes.video import VideoWriter

RATE_HZ = round(1.0 / SERVICES["frame"].period_s)
"""Rows a second."""
_SAMPLE = 16
"""Every 16th pixel of a picture goes into the statistics."""


class DatasetWriter:
    """Adds episodes to a dataset; makes the dataset if there is none. One writer at a time.

    Args:
        path: the dataset's folder.
        height: pixels.
        width: pixels.

    Raises:
        BadInput: the folder cannot be written, holds frames of another size, or another writer is at work on it.
        StorageFull: not even the metadata can be written.
    """

    def __init__(self, path: Path, height: int, width: int) -> None:
        if height < 16 or width < 16:
            raise BadInput(f"frames of {width}x{height} pixels cannot be recorded", alternatives=["at least 16x16"])
        self.path, self.height, self.width = path, height, width
        try:
            (path / "crewless").mkdir(parents=True, exist_ok=True)
            self._lock: int | None = os.open(path / "crewless", os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._unlock()
            raise BadInput(f"another recorder is writing to {path}", alternatives=["another folder"]) from error
        except OSError as error:
            raise layout.storage_error(path, error) from error
        self.num_episodes = self.num_frames = 0
        self._tasks: list[str] = []
        self._stats: dict[str, Any] = {}
        self._open_episode: EpisodeWriter | None = None
        try:
            self._resume()
        except CrewlessError:
            self._unlock()
            raise

    def begin(self, case: Case, who: str, task: str = "") -> "EpisodeWriter":
        """Start the next episode. Raises BadInput while another is open; StorageFull."""
        if self._open_episode is not None:
            raise BadInput("an episode is being recorded already", alternatives=["finish it", "abort it"])
        self._open_episode = EpisodeWriter(self, case, who, task or f"work case {case.id}")
        return self._open_episode

    def set_verdict(self, episode: int, verdict: Verdict) -> None:
        """Write down what reality said of an episode, over what was written before. Raises BadInput, StorageFull."""
        if not 0 <= episode < self.num_episodes:
            raise BadInput(
                f"there is no episode {episode} in {self.path}", alternatives=[f"0 to {self.num_episodes - 1}"]
            )
        layout.write_sealed(self.path / layout.verdict_path(episode), to_json(verdict))

    def close(self) -> None:
        """Abort the open episode, if any. Safe to call twice."""
        if self._open_episode is not None:
            self._open_episode.abort()
        self._unlock()

    def __enter__(self) -> "DatasetWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _resume(self) -> None:
        """Find where the last writer stopped, and clear away what it did not finish."""
        info_path = self.path / "meta/info.json"
        if info_path.exists():
            shape = layout.read_json(info_path).get("features", {}).get(layout.SCREEN, {}).get("shape")
            if shape != [self.height, self.width, 3]:
                raise BadInput(
                    f"{self.path} holds frames of shape {shape}, not {[self.height, self.width, 3]}",
                    alternatives=["another folder"],
                )
        shutil.rmtree(self.path / "crewless/partial", ignore_errors=True)
        while (self.path / layout.story_path(self.num_episodes)).exists():
            self.num_episodes += 1
        # Files of an episode that died while it was being moved would be taken for rows by standard readers.
        for make in (layout.data_path, layout.video_path, layout.meta_path):
            (self.path / make(self.num_episodes)).unlink(missing_ok=True)
        for episode in range(self.num_episodes):
            try:
                story = layout.read_sealed(self.path / layout.story_path(episode))
            except CorruptRecording:
                continue
            self.num_frames = max(self.num_frames, story["from_index"] + story["rows"])
            self._stats = layout.merged(self._stats, story["stats"])
            self._tasks += [""] * (story["task_index"] + 1 - len(self._tasks))
            self._tasks[story["task_index"]] = story["task"]
        self._write_info()

    def _write_info(self) -> None:
        if self._tasks:
            layout.write_tasks(self.path / "meta/tasks.parquet", self._tasks)
            layout.write_json(self.path / "meta/stats.json", self._stats)
        info = layout.info(
            self.height, self.width, RATE_HZ,
            episodes=self.num_episodes, frames=self.num_frames, tasks=len(self._tasks),
        )  # fmt: skip
        layout.write_json(self.path / "meta/info.json", info)

    def task_index(self, task: str) -> int:
        """The number of a task text, a new one if it is new."""
        if task not in self._tasks:
            self._tasks.append(task)
        return self._tasks.index(task)

    def ended(self, rows: int, stats: Mapping[str, Any] | None) -> None:
        """The open episode is over: complete if it has statistics, else aborted."""
        self._open_episode = None
        if stats is not None:
            self.num_episodes += 1
            self.num_frames += rows
            self._stats = layout.merged(self._stats, stats)
            self._write_info()


class EpisodeWriter:
    """One episode while it is being recorded. Made by :meth:`DatasetWriter.begin`.

    Change :attr:`image` where the screen has changed, then add a row. All times are seconds from the episode's start.
    """

    def __init__(self, writer: DatasetWriter, case: Case, who: str, task: str) -> None:
        self._writer, self._case, self._who, self._task = writer, case, who, task
        self.index = writer.num_episodes
        self.started_wall_s = time.time()
        self._folder = writer.path / "crewless/partial"
        self._pointers: list[Point] = []
        self._times_s: list[float] = []
        self._samples: list[np.ndarray] = []
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._video = VideoWriter(self._folder / "screen.mp4", writer.height, writer.width, RATE_HZ)
        except OSError as error:
            raise layout.storage_error(self._folder, error) from error

    @property
    def image(self) -> np.ndarray:
        """Shape (height, width, 4), uint8, BGRX: what the next changed row will show."""
        return self._video.image

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._video.rows

    @property
    def distinct(self) -> int:
        """Rows whose picture was encoded."""
        return len(self._video.distinct)

    def row(self, *, changed: bool, t_s: float, pointer: Point) -> None:
        """Add a row: :attr:`image` if it changed, else the same picture as the row before. Raises StorageFull."""
        try:
            if changed or self.rows == 0:
                if not self._samples or self.rows % (4 * RATE_HZ) == 0:
                    self._samples.append(self.image[::_SAMPLE, ::_SAMPLE, 2::-1].reshape(-1, 3) / 255.0)
                self._video.encode()
            else:
                self._video.repeat()
        except OSError as error:
            raise layout.storage_error(self._folder / "screen.mp4", error) from error
        self._pointers.append(pointer)
        self._times_s.append(t_s)

    def finish(
        self,
        outcome: str,
        *,
        events: Sequence[InputEvent] = (),
        story: Mapping[str, Any] | None = None,
    ) -> int:
        """Complete the episode; when this returns it is on the disk and visible.

        Args:
            outcome: what whoever worked says of it, such as ``done``.
            events: raw input in order of time.
            story: JSON values that are kept with it: decisions, applied, notes, regions, lost.

        Returns:
            The episode's index.

        Raises:
            BadInput: it has no row.
            StorageFull: the episode is lost, those before are intact.
        """
        if self.rows == 0:
            self.abort()
            raise BadInput("the episode has no frame", alternatives=["check that the capture is running"])
        try:
            return self._finish(outcome, events, dict(story or {}))
        except OSError as error:
            self.abort()
            raise layout.storage_error(self._folder, error) from error
        except StorageFull:
            self.abort()
            raise

    def abort(self) -> None:
        """Forget the episode."""
        with contextlib.suppress(OSError, ValueError):  # a file that could not be written is thrown away all the same
            self._video.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        for make in (layout.data_path, layout.video_path, layout.meta_path):
            (self._writer.path / make(self.index)).unlink(missing_ok=True)
        self._writer.ended(0, None)

    def _finish(self, outcome: str, events: Sequence[InputEvent], story: dict[str, Any]) -> int:
        root, rows = self._writer.path, self.rows
        self._video.close()
        times_s = np.asarray(self._times_s)
        columns = {
            layout.POINTER: np.asarray(self._pointers, np.float32),
            "action": control_rows(events, times_s, self._pointers),
            "timestamp": (np.arange(rows) / RATE_HZ).astype(np.float32),
            "frame_index": np.arange(rows),
            "episode_index": np.full(rows, self.index),
            "index": self._writer.num_frames + np.arange(rows),
            "task_index": np.full(rows, self._writer.task_index(self._task)),
        }
        stats = {key: layout.statistics(values.reshape(rows, -1)) for key, values in columns.items()}
        pixels = layout.statistics(np.concatenate(self._samples))
        stats[layout.SCREEN] = {k: v if k == "count" else [[[c]] for c in v] for k, v in pixels.items()}
        video, data, meta = (
            root / make(self.index) for make in (layout.video_path, layout.data_path, layout.meta_path)
        )
        layout.sync(self._folder / "screen.mp4")
        video.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self._folder / "screen.mp4", video)
        layout.write_table(data, _rows_table(columns))
        layout.write_table(meta, _meta_table(self.index, self._task, rows, self._writer.num_frames, stats))
        task_index = self._writer.task_index(self._task)
        distinct = self._video.distinct
        layout.write_sealed(
            root / layout.story_path(self.index),
            {
                "index": self.index,
                "case": to_json(self._case),
                "who": self._who,
                "outcome": outcome,
                "task": self._task,
                "task_index": task_index,
                "started_wall_s": self.started_wall_s,
                "rows": rows,
                "rate_hz": RATE_HZ,
                "duration_s": rows / RATE_HZ,
                "from_index": self._writer.num_frames,
                "pictures": [[row, round(self._times_s[row], 6)] for row in distinct],
                "events": [to_json(event) for event in events],
                "segments": [to_json(found) for found in segment(events)],
                "stats": stats,
                "files": {
                    make(self.index): layout.checksum(root / make(self.index))
                    for make in (layout.video_path, layout.data_path)
                },
                **story,
            },
        )
        shutil.rmtree(self._folder, ignore_errors=True)
        self._writer.ended(rows, stats)
        return self.index


def _rows_table(columns: Mapping[str, np.ndarray]) -> Any:
    import pyarrow as pa

    def column(values: np.ndarray) -> Any:
        if values.ndim == 1:
            return pa.array(values)
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])

    return pa.table({name: column(values) for name, values in columns.items()})


def _meta_table(episode: int, task: str, rows: int, from_index: int, stats: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    chunk, file = divmod(episode, layout.CHUNK)
    place = {"chunk_index": chunk, "file_index": file}
    values: dict[str, Any] = {
        "episode_index": episode,
        "tasks": [task],
        "length": rows,
        "dataset_from_index": from_index,
        "dataset_to_index": from_index + rows,
    }
    for prefix in ("data", "meta/episodes", f"videos/{layout.SCREEN}"):
        values |= {f"{prefix}/{name}": number for name, number in place.items()}
    values[f"videos/{layout.SCREEN}/from_timestamp"] = 0.0
    values[f"videos/{layout.SCREEN}/to_timestamp"] = rows / RATE_HZ
    values |= {f"stats/{key}/{name}": value for key, part in stats.items() for name, value in part.items()}
    return pa.table({name: pa.array([value]) for name, value in values.items()})


__all__ = [
    "RATE_HZ", "Dataset", "DatasetWriter", "EpisodeInfo", "EpisodeStep", "EpisodeWriter", "demonstrations", "open_dataset",
]  # fmt: skip
