"""The simple policies that a worker is compared with, and the file that their recordings reach a sealed process by."""

import gzip
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

from crewless.core.errors import BadInput, CorruptRecording
from crewless.core.messages import Demonstration
from crewless.core.policy import Policy
from crewless.episodes.codec import demonstration_from, dumps, to_json

BASELINES = ("nothing", "coordinates", "text_match", "nearest")
_FILE = "demonstrations.jsonl.gz"


def save_demonstrations(demonstrations: Sequence[Demonstration], folder: Path) -> Path:
    """Write them for :func:`load_baseline`; ``folder``."""
    with gzip.open(folder / _FILE, "wt", encoding="utf-8", compresslevel=3) as file:
        for demonstration in demonstrations:
            file.write(dumps(to_json(demonstration)) + "\n")
    return folder


def load_demonstrations(folder: Path) -> list[Demonstration]:
    """Read them back. Raises CorruptRecording."""
    try:
        with gzip.open(folder / _FILE, "rt", encoding="utf-8") as file:
            return [demonstration_from(json.loads(line)) for line in file]
    except (OSError, EOFError, ValueError, BadInput, zlib.error, TypeError, AttributeError) as error:
        raise CorruptRecording(f"cannot read {folder / _FILE}: {error}") from error


def load_baseline(name: str, folder: Path, *, seed: int = 0) -> Policy:
    """A baseline over the recordings in ``folder``; those that reality called wrong are left out. Raises BadInput."""
    from crewless.policy import baselines
    from crewless.training.choices import read_demonstrations

    if name not in BASELINES:
        raise BadInput(f"there is no policy {name!r}", alternatives=("skill", "archive", *BASELINES))
    if name == "nothing":
        return baselines.DoNothing()
    found = load_demonstrations(folder)
    kept = [d for d in found if d.verdict in (None, "right") and d.steps]
    if not kept:
        raise BadInput(f"none of the {len(found)} recordings in {folder} shows a case that was done")
    if name == "coordinates":
        return baselines.CoordinateReplay(kept, seed=seed)
    if name == "text_match":
        return baselines.TextReplay(kept, seed=seed)
    reading = read_demonstrations(kept)
    solved = list(zip(reading.texts, reading.judgements, strict=True))
    return baselines.NearestNeighbour(kept, reading.workflow, reading.judgements, reading.read_at, solved, seed=seed)
