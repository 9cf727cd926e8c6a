"""Programs in windows of their own: how they are started, and where they write down what the operator must know."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """One window of a program."""

    argv: Sequence[str]
    """``{database}`` stands for the file, ``{state}`` for where the program writes its state, ``{python}`` for this interpreter,
    ``{width}`` and ``{height}`` for the screen's size."""
    state: str = "state"
    """The name of the state's file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DesktopProgram:
    """A program that is worked in windows of its own."""

    schema: str
    fill: Callable[[Any, Sequence[Mapping[str, Any]]], None]
    windows: Sequence[Window]

    def states(self, folder: Path) -> list[Path]:
        """The files of the windows' states."""
        return [folder / f"{window.state}.json" for window in self.windows]
