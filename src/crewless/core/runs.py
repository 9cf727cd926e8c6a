"""A run folder per command: config, events, metrics, episodes, checkpoints, report. The dashboard and ``replay`` read it."""

import dataclasses
import json
import os
import time
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput, StorageFull
from crewless.core.events import EventLog


class RunFolder:
    """The folder of one run.

    Layout: ``config.json``, ``events.jsonl``, ``metrics.jsonl``, ``episodes/``, ``checkpoints/``, ``receipts/``,
    ``report.html``. Folders are made when first asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"cannot make the run folder {path}: {error.strerror}") from error
        self.events = EventLog(path / "events.jsonl")

    @classmethod
    def create(cls, root: Path, command: str, config: Any = None) -> "RunFolder":
        """A new folder ``root/<date>-<time>-<command>`` that holds the frozen config dataclass it was run with."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = root / f"{stamp}-{command}"
        number = 2
        while path.exists():
            path = root / f"{stamp}-{command}-{number}"
            number += 1
        run = cls(path)
        fields = dataclasses.asdict(config) if dataclasses.is_dataclass(config) and not isinstance(config, type) else {}
        run.write_json("config.json", {"command": command, **fields})
        return run

    def folder(self, name: str) -> Path:
        """A folder inside the run, made if it is not there."""
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write_json(self, name: str, value: Any) -> Path:
        """Write a JSON file so that a reader never sees half of it. Raises StorageFull."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        try:
            partial.write_text(json.dumps(value, indent=1, default=str) + "\n")
            os.replace(partial, path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StorageFull(f"cannot write {path}: {error.strerror}") from error
        return path

    def metric(self, **values: Any) -> None:
        """Append one line of metrics with the wall-clock time."""
        try:
            with (self.path / "metrics.jsonl").open("a") as file:
                file.write(json.dumps({"t": time.time(), **values}, default=str) + "\n")
        except OSError as error:
            raise StorageFull(f"cannot write {self.path / 'metrics.jsonl'}: {error.strerror}") from error
