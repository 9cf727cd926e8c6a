"""Make a video of a recorded episode, annotated with each decision and its reason.

Without --episode, the episodes are listed; a single episode is taken directly.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.episodes.dataset import EpisodeInfo
    from crewless.perception.screen import ScreenPerception

GROUP = "screen work"


@dataclass(frozen=True, kw_only=True)
class ReplayConfig:
    """Options of ``crewless replay``."""

    recording: Positional[Path]
    """The folder of a recording, or a run folder that holds one in episodes/."""
    episode: int | None = None
    """Index of the episode in the list."""
    out: Path | None = None
    """Where the video (.mp4) is written; default: the current folder."""
    elements: bool = False
    """Also draw the elements that perception found; slower."""
    rate_hz: int = 18
    """Frames per second."""


def run(config: ReplayConfig) -> int:
    """List the episodes or write the video."""
    if not 1 <= config.rate_hz <= 120:
        raise BadInput(f"--rate-hz is {config.rate_hz}", alternatives=["1 to 120"])
    if config.out is not None and config.out.suffix.lower() != ".mp4":
        raise BadInput(
            f"the video is an .mp4, not {config.out.name!r}", alternatives=[str(config.out.with_suffix(".mp4"))]
        )
    from crewless.episodes.dataset import open_dataset
    from crewless.episodes.render import render

    inside = config.recording / "episodes"
    dataset = open_dataset(inside if (inside / "meta/info.json").exists() else config.recording)
    episodes = dataset.episodes
    if config.episode is None and len(episodes) != 1:
        _print(episodes)
        return 0
    episode = episodes[0].index if config.episode is None else config.episode
    out = config.out or Path(f"{config.recording.resolve().name}-{episode}.mp4")
    from rich.progress import Progress

    with Progress(transient=True) as progress:
        bar = progress.add_task("drawing", total=None)
        render(
            dataset,
            episode,
            out,
            _perception() if config.elements else None,
            rate_hz=config.rate_hz,
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    print(f"wrote {out}")
    return 0


def _perception() -> "ScreenPerception":
    from crewless.core.cache import keep_compiled_code_here

    keep_compiled_code_here()
    from crewless.perception.screen import ScreenPerception

    return ScreenPerception()


def _print(episodes: "list[EpisodeInfo]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("episode", "case", "who", "outcome", "seconds", "task"):
        table.add_column(column)
    for info in episodes:
        table.add_row(str(info.index), info.case.id, info.who, info.outcome, f"{info.duration_s:.1f}", info.task)
    Console().print(table)
    print("\nchoose one with --episode" if episodes else "\nthe recording has no episodes yet")
