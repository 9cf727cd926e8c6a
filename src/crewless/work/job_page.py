"""The page of a learnt job: its steps in words, what is not explained, and a picture of each thing that a demonstration acted on."""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from crewless.core.errors import CorruptRecording, StorageFull
from crewless.core.messages import Box, Demonstration
from crewless.episodes import Dataset, open_dataset
from crewless.policy.job.policy import LearntJob
from crewless.policy.job.store import Account, report_lines
from crewless.training.induce.intents import Intent, Trace
from crewless.training.induce.replay import said
from crewless.training.induce.traces import trace_of

_AROUND = (220, 60)
"""Pixels left and right of a thing, and above and below it, that its picture shows."""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c2430; background: #fff; }
pre { white-space: pre-wrap; background: #f5f7fa; padding: 1rem; border-radius: 6px; font: 14px/1.55 ui-monospace, monospace; }
ol { padding-left: 1.4rem; } li { margin: 0 0 1.2rem; } img { display: block; max-width: 100%; border: 1px solid #ccd3dc; margin-top: .3rem; }
.gap { color: #a33; }
"""


def write_job_page(
    learnt: LearntJob, account: Account, demonstrations: Sequence[Demonstration], recordings: Sequence[Path], path: Path
) -> Path:
    """Write the page; the pictures are of the first demonstration that is explained from the beginning to the end, or of the first.

    Returns the path. Raises StorageFull.
    """
    failed = {case for case, _ in account.problems}
    shown = next((d for d in demonstrations if d.case.id not in failed), demonstrations[0] if demonstrations else None)
    lines = report_lines(learnt, account)
    marked = "\n".join(
        f'<span class="gap">{escape(line)}</span>' if line.startswith("not explained") else escape(line)
        for line in lines
    )
    steps = "" if shown is None else _pictures(trace_of(shown), recordings)
    title = escape(learnt.job.name or "Job")
    about = "" if shown is None else f"<h2>Case {escape(shown.case.id)}, as it was understood</h2><ol>{steps}</ol>"
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1><p>What was learnt. It can be changed: "
        f"<code>crewless job edit {escape(str(path.parent))}</code></p><pre>{marked}</pre>{about}"
    )
    try:
        path.write_text(page)
    except OSError as error:
        raise StorageFull(f"cannot write {path}: {error.strerror}") from error
    return path


def _pictures(trace: Trace, recordings: Sequence[Path]) -> str:
    """One item for each thing that was meant."""
    source = _episode_of(trace.demonstration.case.id, recordings)
    return "".join(
        f"<li>{escape(said(trace, intent))}{_picture(trace, intent, source)}</li>" for intent in trace.intents
    )


def _picture(trace: Trace, intent: Intent, source: tuple[Dataset, int] | None) -> str:
    """The screen around what was acted on; empty where nothing was, or the recording cannot be read."""
    if intent.element is None or source is None:
        return ""
    view = trace.views[intent.seen]
    dataset, episode = source
    try:
        pixels = dataset.frame_at(episode, view.observation.t_s).pixels
    except CorruptRecording:
        return ""
    data = base64.b64encode(_png(_cut(pixels, view.elements[intent.element].box))).decode()
    return f'<img alt="{escape(said(trace, intent), quote=True)}" src="data:image/png;base64,{data}">'


def _episode_of(case: str, recordings: Sequence[Path]) -> tuple[Dataset, int] | None:
    """The recording of a case, and its number there."""
    for dataset in map(open_dataset, recordings):
        for info in dataset.episodes:
            if info.case.id == case:
                return dataset, info.index
    return None


def _cut(pixels: np.ndarray, box: Box) -> np.ndarray:
    """Shape (h, w, 3): the surroundings of a box, which is drawn in red."""
    height, width = pixels.shape[:2]
    x0, x1 = max(0, box.x0 - _AROUND[0]), min(width, box.x1 + _AROUND[0])
    y0, y1 = max(0, box.y0 - _AROUND[1]), min(height, box.y1 + _AROUND[1])
    part = pixels[y0:y1, x0:x1].copy()
    left, right = max(0, box.x0 - x0 - 3), min(part.shape[1], box.x1 - x0 + 3)
    top, bottom = max(0, box.y0 - y0 - 3), min(part.shape[0], box.y1 - y0 + 3)
    red = np.array([208, 32, 32], dtype=np.uint8)
    part[top : top + 2, left:right] = part[max(top, bottom - 2) : bottom, left:right] = red
    part[top:bottom, left : left + 2] = part[top:bottom, max(left, right - 2) : right] = red
    return part


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()
