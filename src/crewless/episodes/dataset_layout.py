"""Where the files of a dataset lie, and how they get there whole.

LeRobotDataset v3.0, one file of each kind per episode, and one folder more, ``crewless/``, that other readers ignore. The
standard lets many episodes share a file; one each means that a damaged file costs one episode and that a finished episode
is never written to again.
"""

import errno
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.errors import BadInput, CorruptRecording, StorageFull
from crewless.episodes.codec import dumps
from crewless.episodes.links import CONTROL_NAMES

VERSION = "v3.0"
SCREEN = "observation.images.screen"
POINTER = "observation.pointer"
CHUNK = 1000
"""Files in a folder."""


def data_path(episode: int) -> str:
    """The rows of an episode."""
    return f"data/chunk-{episode // CHUNK:03d}/file-{episode % CHUNK:03d}.parquet"


def video_path(episode: int) -> str:
    """The pictures of an episode."""
    return f"videos/{SCREEN}/chunk-{episode // CHUNK:03d}/file-{episode % CHUNK:03d}.mp4"


def meta_path(episode: int) -> str:
    """What standard readers know about an episode."""
    return f"meta/episodes/chunk-{episode // CHUNK:03d}/file-{episode % CHUNK:03d}.parquet"


def story_path(episode: int) -> str:
    """What Crewless knows about an episode; an episode exists when this file does."""
    return f"crewless/episode-{episode:06d}.json"


def verdict_path(episode: int) -> str:
    """What reality said of it; comes later than the rest."""
    return f"crewless/verdict-{episode:06d}.json"


def info(height: int, width: int, rate_hz: int, *, episodes: int, frames: int, tasks: int) -> dict[str, Any]:
    """The content of ``meta/info.json``."""
    scalar = {"shape": [1], "names": None}
    video = {
        "video.height": height, "video.width": width, "video.codec": "h264", "video.pix_fmt": "gbrp",
        "video.is_depth_map": False, "video.fps": rate_hz, "video.channels": 3, "has_audio": False,
    }  # fmt: skip
    return {
        "codebase_version": VERSION,
        "robot_type": "crewless_screen",
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": tasks,
        "chunks_size": CHUNK,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": rate_hz,
        "splits": {"train": f"0:{episodes}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
        "features": {
            SCREEN: {"dtype": "video", "shape": [height, width, 3], "names": ["height", "width", "channels"], "info": video},
            POINTER: {"dtype": "float32", "shape": [2], "names": ["x", "y"]},
            "action": {"dtype": "float32", "shape": [len(CONTROL_NAMES)], "names": list(CONTROL_NAMES)},
            "timestamp": {"dtype": "float32", **scalar},
            **{
                name: {"dtype": "int64", **scalar}
                for name in ("frame_index", "episode_index", "index", "task_index")
            },
        },
    }  # fmt: skip


def write_json(path: Path, value: Mapping[str, Any], *, indent: int | None = 1) -> None:
    """Write a file that is either the old one or the new one, whole, whatever happens. Raises StorageFull."""
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(dumps(value) + "\n" if indent is None else json.dumps(value, indent=indent) + "\n")
        sync(partial)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise storage_error(path, error) from error


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON with a checksum of itself. Raises StorageFull."""
    body = dumps(value)
    write_json(path, {"body": json.loads(body), "crc32": zlib.crc32(body.encode())}, indent=None)


def read_sealed(path: Path) -> dict[str, Any]:
    """Read what :func:`write_sealed` wrote. Raises CorruptRecording."""
    value = read_json(path)
    body = value.get("body")
    if not isinstance(body, dict) or zlib.crc32(dumps(body).encode()) != value.get("crc32"):
        raise CorruptRecording(f"{path} is damaged: its checksum does not fit its content")
    return body


def read_json(path: Path) -> dict[str, Any]:
    """Raises CorruptRecording."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CorruptRecording(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise CorruptRecording(f"{path} is damaged: not a JSON object")
    return value


def checksum(path: Path) -> int:
    """CRC-32 of a file. Raises OSError."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value = zlib.crc32(block, value)
    return value


def sync(path: Path) -> None:
    """The file's content is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(path: Path, error: OSError) -> StorageFull | BadInput:
    """What to raise when writing ``path`` failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull(
            f"no space left to write {path}; the episodes before are complete",
            alternatives=["free space and record again"],
        )
    return BadInput(f"cannot write {path}: {error.strerror or error}")


def write_tasks(path: Path, tasks: list[str]) -> None:
    """``meta/tasks.parquet``: a pandas index of task texts and a column of numbers, written without pandas."""
    import pyarrow as pa

    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": pa.array(tasks, pa.string())})
    columns = [
        {
            "name": "task_index",
            "field_name": "task_index",
            "pandas_type": "int64",
            "numpy_type": "int64",
            "metadata": None,
        },
        {"name": "task", "field_name": "task", "pandas_type": "unicode", "numpy_type": "object", "metadata": None},
    ]
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": columns, "pandas_version": "2.2.0"}
    write_table(path, table.replace_schema_metadata({"pandas": json.dumps(pandas)}))


def write_table(path: Path, table: Any) -> None:
    """Write Parquet whole or not at all. Raises StorageFull."""
    import pyarrow.parquet as pq

    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, partial, use_dictionary=False, write_statistics=False)
        sync(partial)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise storage_error(path, error) from error


def statistics(values: np.ndarray) -> dict[str, list[Any]]:
    """min, max, mean, std per column and the count of rows. ``values`` has shape (rows, columns)."""
    values = values.astype(np.float64)
    return {
        "min": values.min(0).tolist(),
        "max": values.max(0).tolist(),
        "mean": values.mean(0).tolist(),
        "std": values.std(0).tolist(),
        "count": [len(values)],
    }


def merged(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    """The statistics of two sets of rows together, per feature (Chan, Golub, LeVeque 1979, eq. 2.1)."""
    out: dict[str, Any] = {}
    for key in b:
        if key not in a:
            out[key] = b[key]
            continue
        one, two = ({name: np.asarray(values) for name, values in part[key].items()} for part in (a, b))
        m, n = float(one["count"][0]), float(two["count"][0])
        mean = (one["mean"] * m + two["mean"] * n) / (m + n)
        squares = m * (one["std"] ** 2 + (one["mean"] - mean) ** 2) + n * (two["std"] ** 2 + (two["mean"] - mean) ** 2)
        out[key] = {
            "min": np.minimum(one["min"], two["min"]).tolist(),
            "max": np.maximum(one["max"], two["max"]).tolist(),
            "mean": mean.tolist(),
            "std": np.sqrt(squares / (m + n)).tolist(),
            "count": [int(m + n)],
        }
    return out
