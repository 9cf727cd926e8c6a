"""Makes the recording that the process replay tests run over: two seconds of a form of 96 x 64 pixels.

PYTHONPATH=src python tests/replay/make_recording.py
"""

import shutil
from pathlib import Path

import numpy as np

from crewless.core.messages import Case, InputEvent, Point
from crewless.episodes import DatasetWriter

HERE = Path(__file__).parent
FOLDER = HERE / "recording"


def screen(typed: int, *, button: bool) -> np.ndarray:
    """Shape (64, 96, 4), uint8, BGRX: an outlined field, a bar for each typed letter, a blue button."""
    image = np.full((64, 96, 4), 255, np.uint8)
    image[10:22, 8:80] = 150
    image[11:21, 9:79] = 255
    for letter in range(typed):
        image[13:19, 11 + 5 * letter : 14 + 5 * letter] = 0
    if button:
        image[40:52, 8:40, :3] = (200, 120, 40)
    return image


def main() -> None:
    """Write the recording anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    events = [
        InputEvent(t_s=0.2, kind="move", x=20, y=20),
        InputEvent(t_s=0.3, kind="press", x=30, y=16, button=1),
        InputEvent(t_s=0.35, kind="release", x=30, y=16, button=1),
        InputEvent(t_s=0.7, kind="key_down", keysym="o", char="o"),
        InputEvent(t_s=0.8, kind="key_down", keysym="k", char="k"),
        InputEvent(t_s=1.2, kind="press", x=24, y=46, button=1),
        InputEvent(t_s=1.25, kind="release", x=24, y=46, button=1),
    ]
    with DatasetWriter(FOLDER, 64, 96) as writer:
        episode = writer.begin(Case(id="1", slots={"ticket": "1"}), "operator", "fill the form")
        for row in range(72):
            changed = row in (0, 26, 30, 46)
            if changed:
                episode.image[:] = screen({0: 0, 26: 1, 30: 2, 46: 2}[row], button=row < 46)
            episode.row(changed=changed, t_s=row / 36, pointer=Point(30, 16) if row < 36 else Point(24, 46))
        episode.finish("done", events=events)


if __name__ == "__main__":
    main()
