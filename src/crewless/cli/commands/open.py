"""Open any program on its own X display, to see what a worker would see.

The display is virtual, not your desktop: take a picture with --screenshot, or connect a viewer such as x11vnc.
"""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.core.errors import BadInput, StorageFull

GROUP = "screen work"


@dataclass(frozen=True, kw_only=True)
class OpenConfig:
    """Options of ``crewless open``."""

    program: Positional[tuple[str, ...]]
    """The program and its arguments (put the program's own options after --), or a web address, which opens in Chromium."""
    width: int = 1280
    """Pixels."""
    height: int = 800
    """Pixels."""
    screenshot: Path | None = None
    """Write a picture (.png) once the screen has stopped changing, then exit. Without it, the program stays open until Ctrl-C."""
    stay: bool = False
    """With --screenshot: keep the program open afterwards."""
    patience_s: float = 5.0
    """Longest wait for the screen to stop changing; then the picture is taken anyway."""


def run(config: OpenConfig) -> int:
    """Start the display and the program. Returns 0 when the program ended, the picture was written, or Ctrl-C was pressed."""
    _check(config)
    from crewless.body.screen import ScreenBody, ScreenBodyConfig

    with ScreenBody(ScreenBodyConfig(width=config.width, height=config.height)) as body:
        first = config.program[0]
        is_address = first.startswith(("http://", "https://", "file://", "about:", "data:"))
        program = body.launch_chromium(first) if is_address else body.launch(config.program)
        print(f"{program.name} is on display {body.display}", flush=True)
        from crewless.body.screen.authority import authority

        for name, value in authority(body.display).items():
            print(f"a viewer needs {name}={value}", flush=True)
        if config.screenshot is not None:
            _write_png(config.screenshot, body.settle(config.patience_s).pixels)
            print(f"wrote {config.screenshot}", flush=True)
            if not config.stay:
                return 0
        with contextlib.suppress(KeyboardInterrupt):
            print("Ctrl-C ends it", flush=True)
            while program.alive():
                time.sleep(0.2)
    return 0


def _check(config: OpenConfig) -> None:
    if not config.program:
        raise BadInput(
            "no program was named", alternatives=["crewless open xterm", "crewless open https://example.org"]
        )
    for name, size in (("width", config.width), ("height", config.height)):
        if not 64 <= size <= 16384:
            raise BadInput(f"--{name} {size} is not a valid screen size", alternatives=["64 to 16384 pixels"])
    picture = config.screenshot
    if picture is not None and picture.suffix.lower() != ".png":
        raise BadInput(
            f"--screenshot writes a .png file, not {picture.name!r}", alternatives=[str(picture.with_suffix(".png"))]
        )
    if picture is not None and not picture.absolute().parent.is_dir():
        raise BadInput(
            f"there is no folder {picture.parent} for the screenshot", alternatives=[f"mkdir -p {picture.parent}"]
        )


def _write_png(path: Path, pixels: object) -> None:
    import cv2
    import numpy as np

    _, encoded = cv2.imencode(".png", np.ascontiguousarray(np.asarray(pixels)[:, :, ::-1]))
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise StorageFull(f"cannot write {path}: {error.strerror}") from error
