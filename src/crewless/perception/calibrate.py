"""Makes the bounds of :mod:`crewless.perception.quantise` anew, from the fonts of this system: ``python -m crewless.perception.calibrate``."""

import json
import re
import string
from pathlib import Path

import numpy as np

from crewless.perception.quantise import RANGES, measure_ranges
from crewless.perception.recognise import Recogniser, RecogniserConfig


def calibration_crops(seed: int = 0, count: int = 1500) -> list[np.ndarray]:
    """Words, names, numbers and signs in the fonts of this system, as perception would cut them out.

    Each of shape (height, width), float32, 0 is ink and 1 is paper.
    """
    from pydoc_data.topics import topics

    from PIL import Image, ImageDraw, ImageFont

    rng = np.random.default_rng(seed)
    # English prose that every Python brings.
    words = sorted(set(re.findall(r"[a-z]{1,14}", " ".join(topics.values()))))
    fonts = sorted(Path("/usr/share/fonts/truetype").rglob("*.ttf"))
    crops = []
    for _ in range(count):
        kind = rng.integers(5)
        text = words[rng.integers(len(words))]
        if kind == 1:
            text = text.capitalize()
        elif kind == 2:
            text = text.upper()
        elif kind == 3:
            text = "".join(rng.choice(list(string.digits + ".,:-/#$%"), rng.integers(1, 12)))
        elif kind == 4:
            text = "".join(
                rng.choice(list(string.ascii_letters + string.digits + string.punctuation), rng.integers(1, 4))
            )
        size = int(rng.integers(10, 33))
        font = ImageFont.truetype(str(fonts[rng.integers(len(fonts))]), size)
        left, top, right, bottom = (int(value) for value in font.getbbox(text))
        pad = max(2, round(0.15 * size))
        picture = Image.new("L", (max(8, right - left + 2 * pad), max(8, bottom - top + 2 * pad)), 255)
        ImageDraw.Draw(picture).text((pad - left, pad - top), text, fill=0, font=font)
        crops.append(np.asarray(picture, np.float32) / 255.0)
    return crops


def main() -> None:
    """Write the bounds anew, from the fonts of this system."""
    reader = Recogniser(RecogniserConfig(eight_bits=False))
    batches = [batch for _, batch in reader.batches(calibration_crops())]
    ranges = measure_ranges(reader.model, batches)
    text = json.dumps({"made_by": "python -m crewless.perception.calibrate", "ranges": ranges}, indent=1)
    RANGES.parent.mkdir(exist_ok=True)
    RANGES.write_text(text + "\n")
    print(f"{len(ranges)} convolutions, {RANGES}")


if __name__ == "__main__":
    main()
