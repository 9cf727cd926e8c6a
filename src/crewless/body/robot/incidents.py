"""Worlds that went wrong: each one is written to a file as it was before, and counted.

Both backends of the worlds keep their book here, so that an incident means the same on a processor and on a GPU.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.errors import CorruptRecording


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """A world that went wrong and was put back to its start."""

    world: int
    step: int
    """Control steps that all worlds had made before."""
    why: str
    dump: Path | None
    """The file to :func:`load_incident`; None when no folder was given."""


class Incidents:
    """The book of what went wrong.

    Args:
        digest: names the model.
        num_worlds: how many worlds there are.
        folder: where a world that goes wrong is written to; not kept when None.
        max_dumps: so that a model which always diverges cannot fill the disk. Later incidents are counted all the same.
    """

    def __init__(self, digest: str, num_worlds: int, *, folder: Path | None, max_dumps: int) -> None:
        self.restarts = np.zeros(num_worlds, np.int64)
        """Shape (num_worlds,): how often each was put back to its start."""
        self.all: list[Incident] = []
        self._digest, self._folder, self._max_dumps = digest, folder, max_dumps

    def record(self, world: int, step: int, why: str, before: np.ndarray, parameters: dict[str, np.ndarray]) -> None:
        """Dump and count one.

        Args:
            world: which.
            step: control steps that all worlds had made before.
            why: in a few words.
            before: shape (num_state,): its state before the step that went wrong.
            parameters: the fields in which the worlds differ, each of shape (num_worlds, ...).
        """
        dump = None
        if self._folder is not None and len(self.all) < self._max_dumps:
            self._folder.mkdir(parents=True, exist_ok=True)
            dump = self._folder / f"world-{world}-step-{step}.npz"
            own: dict[str, Any] = {f"parameter.{name}": values[world] for name, values in parameters.items()}
            np.savez(dump, model=self._digest, state=before, **own)
        self.all.append(Incident(world=world, step=step, why=why, dump=dump))
        self.restarts[world] += 1


def load_incident(path: Path) -> tuple[str, np.ndarray, dict[str, np.ndarray]]:
    """The model's digest, the state (shape (num_state,)) before the step that went wrong, and the world's parameters.

    Raises CorruptRecording.
    """
    stored = read_arrays(path, {"model", "state"})
    return str(stored["model"]), stored["state"], parameters_in(stored)


def read_arrays(path: Path, needed: set[str]) -> dict[str, np.ndarray]:
    """The arrays of a file of worlds. Raises CorruptRecording."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            stored = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CorruptRecording(f"{path.name} cannot be read as the state of worlds: {error}") from error
    if not needed <= stored.keys():
        raise CorruptRecording(f"{path.name} lacks {', '.join(sorted(needed - stored.keys()))}")
    return stored


def parameters_in(stored: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The per-world parameters among a file's arrays, by name."""
    return {name.removeprefix("parameter."): value for name, value in stored.items() if name.startswith("parameter.")}
