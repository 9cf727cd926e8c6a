"""Run folders as a reader sees them: which there are, what each is, and the lines that are added to its files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MOST = 2_000_000
"""Bytes that are read at once."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run folder."""

    name: str
    command: str
    ended: bool
    """It has an outcome or a report."""
    events_bytes: int
    has_floor: bool
    """It can be shown as a floor map."""


def list_runs(root: Path) -> list[Run]:
    """All run folders in a folder, the newest first. A folder without a config is none."""
    if not root.is_dir():
        return []
    found = []
    for path in sorted(root.iterdir(), reverse=True):
        config = read_json(path / "config.json")
        if config is None:
            continue
        events = path / "events.jsonl"
        found.append(
            Run(
                name=path.name, command=str(config.get("command", "")),
                ended=(path / "outcome.json").is_file() or (path / "report.html").is_file(),
                events_bytes=events.stat().st_size if events.is_file() else 0, has_floor=(path / "floor.json").is_file(),
            )
        )  # fmt: skip
    return found


def read_json(path: Path) -> dict[str, Any] | None:
    """An object from a file; None when it is not there, is half written or holds something else."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


class Tail:
    """Whole lines of a file that grows, as they come. A file that is not there yet has no lines yet."""

    def __init__(self, path: Path) -> None:
        self.path, self._at = path, 0

    def read(self) -> list[str]:
        """The lines that were added since the last call; a file that was begun anew is read anew."""
        try:
            with self.path.open("rb") as file:
                if file.seek(0, 2) < self._at:
                    self._at = 0
                file.seek(self._at)
                content = file.read(_MOST)
        except OSError:
            return []
        whole = content.rpartition(b"\n")[0]
        if not whole:
            return []
        self._at += len(whole) + 1
        return [line for line in whole.decode(errors="replace").split("\n") if line]
