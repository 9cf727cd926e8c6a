"""Record what happens on a screen, keep it exactly, and read it back: to train on, to watch, to check against.

Times are seconds from an episode's start, pixels are RGB as they were on the screen.
"""

from crewless.episodes.actions import ActionSegment, segment
from crewless.episodes.dataset import Dataset, EpisodeInfo, EpisodeStep, demonstrations, open_dataset
from crewless.episodes.recorder import Recorder
from crewless.episodes.store import DatasetWriter, EpisodeWriter

__all__ = [
    "ActionSegment",
    "Dataset",
    "DatasetWriter",
    "EpisodeInfo",
    "EpisodeStep",
    "EpisodeWriter",
    "Recorder",
    "demonstrations",
    "open_dataset",
    "segment",
]
