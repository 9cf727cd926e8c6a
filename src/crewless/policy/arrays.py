"""Arrays and judgements on the disk, the same bytes for the same values."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from crewless.policy.judgement import Judgement

JUDGEMENT_NUMBERS = ("gamma", "slope", "share")
_ARRAYS = ("examples", "labels", "duals", "held_out_scores", "held_out_right", "held_out_nearest")


def judgement_arrays(judgement: Judgement) -> dict[str, np.ndarray]:
    """What of a judgement is an array."""
    return {name: getattr(judgement, name) for name in _ARRAYS}


def judgement_from(about: Mapping[str, Any], path: Path) -> Judgement:
    """A judgement from its numbers and the file of its arrays. Raises KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile."""
    arrays: dict[str, Any] = load_arrays(path)
    return Judgement(
        classes=tuple(tuple(c) for c in about["classes"]),
        gamma=float(about["gamma"]),
        slope=float(about["slope"]),
        share=float(about["share"]),
        **{name: arrays[name] for name in _ARRAYS},
    )


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by their names; the same arrays make the same file. Raises OSError."""
    with path.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            # a fixed date: the same weights must give the same file
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as out:
                np.lib.format.write_array(out, np.asarray(arrays[name]), allow_pickle=False)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """What :func:`save_arrays` wrote. Raises OSError, ValueError or zipfile.BadZipFile."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def file_hash(path: Path) -> str:
    """SHA-256 of a file. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
