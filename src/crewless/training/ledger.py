"""What went into a set of weights: data, seeds, batch order, optimiser state. Enough to do it again, and to ask later which
recordings a mistake was learnt from."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.errors import StorageFull
from crewless.core.messages import Demonstration, Observation


class Ledger:
    """Writes ``ledger.jsonl`` and the optimiser's state into a folder.

    Each line has ``kind``: ``stage`` (name, seed, config, parents, data hashes), ``batch`` (stage, epoch, rows, loss) or
    ``weights`` (stage, hash).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines: list[str] = []

    def stage(self, name: str, *, seed: int, config: Any, data: Sequence[str], parents: Sequence[str] = ()) -> None:
        """A stage begins."""
        self._add(
            kind="stage",
            name=name,
            seed=seed,
            config=dataclasses.asdict(config),
            data=list(data),
            parents=list(parents),
        )

    def batch(self, *, stage: str, epoch: int, rows: Sequence[int], loss: float) -> None:
        """A batch was learnt from; ``rows`` number the decisions in the order in which the stage made them."""
        self._add(kind="batch", stage=stage, epoch=epoch, rows=list(rows), loss=round(loss, 6))

    def weights(self, stage: str, digest: str) -> None:
        """A stage ended with these weights."""
        self._add(kind="weights", stage=stage, hash=digest)

    def optimiser(self, stage: str, state: Mapping[str, Any]) -> None:
        """Keep the optimiser's state at the end of a stage."""
        arrays = {
            f"{index}.{name}": np.asarray(value)
            for index, entry in state["state"].items()
            for name, value in entry.items()
        }  # fmt: skip
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(self.folder / f"optimiser-{stage}.npz", **arrays)  # pyright: ignore[reportArgumentType]
        except OSError as error:
            raise StorageFull(f"cannot write the optimiser's state into {self.folder}: {error.strerror}") from error

    def close(self) -> None:
        """Write everything to the disk. Raises StorageFull."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "ledger.jsonl").write_text("".join(self._lines))
        except OSError as error:
            raise StorageFull(f"cannot write the ledger into {self.folder}: {error.strerror}") from error

    def _add(self, **line: Any) -> None:
        self._lines.append(json.dumps(line, separators=(",", ":"), default=str) + "\n")


def hash_of(demonstration: Demonstration) -> str:
    """A digest of everything that training looks at in a demonstration."""
    digest = hashlib.sha256(repr((demonstration.case.id, sorted(demonstration.case.slots.items()))).encode())
    for observation, action in demonstration.steps:
        digest.update(repr((_elements(observation), action)).encode())
    digest.update(repr(_elements(demonstration.last)).encode())
    return digest.hexdigest()[:16]


def _elements(observation: Observation) -> list[tuple[Any, ...]]:
    return [(e.text, tuple(e.box), e.kind, e.label, sorted(e.state)) for e in observation.elements]


def hash_together(hashes: Iterable[str]) -> str:
    """One digest for several, in order."""
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:16]
