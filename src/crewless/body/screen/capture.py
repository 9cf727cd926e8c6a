"""Photons out of an X display: 36 frames a second into a :class:`~crewless.core.photons.FrameRing`, by a process of its
own, so that nothing that the worker computes can make a frame late.

The process is this module run as a program. :class:`Capture` is its handle in the worker.
"""

import argparse
import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crewless.body.screen.authority import authority
from crewless.body.screen.children import Child
from crewless.body.screen.display import connect, connection_errors
from crewless.core.clock import Ratekeeper
from crewless.core.errors import BodyFailure, CrewlessError
from crewless.core.messages import Point
from crewless.core.photons import TILE, FrameRing, tile_shape
from crewless.core.services import SERVICES

if TYPE_CHECKING:
    from mss.base import MSS

_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_memcmp.restype = ctypes.c_int


def changed_tiles(now: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """Which 16 x 16 tiles differ between two pictures.

    Bands of 16 rows are compared by the C library first: most of a screen stands still, and telling so costs one pass
    over the memory. Only bands that differ are looked at tile by tile.

    Args:
        now: shape (height, width, 4), uint8, contiguous.
        before: the same shape.

    Returns:
        Shape ``tile_shape(height, width)``, bool; None when nothing differs.
    """
    height, width = now.shape[:2]
    rows, columns = tile_shape(height, width)
    row_bytes, now_at, before_at = width * 4, now.ctypes.data, before.ctypes.data
    now_words, before_words = now.view(np.uint32)[:, :, 0], before.view(np.uint32)[:, :, 0]
    mask: np.ndarray | None = None
    for row in range(rows):
        top, bottom = row * TILE, min(height, row * TILE + TILE)
        if _memcmp(now_at + top * row_bytes, before_at + top * row_bytes, (bottom - top) * row_bytes) == 0:
            continue
        differs = (now_words[top:bottom] != before_words[top:bottom]).any(axis=0)
        if mask is None:
            mask = np.zeros((rows, columns), dtype=bool)
        mask[row] = np.add.reduceat(differs, np.arange(0, width, TILE), dtype=np.int32) > 0
    return mask


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureStats:
    """How well the photons kept time."""

    frames: int
    """Frames taken; lost ones are not among them."""
    changed: int
    """How many of them differed from the frame before."""
    lost: int
    """Periods in which no frame was taken. Each left a gap in the ring's indices."""
    lateness_p50_ms: float
    lateness_p95_ms: float
    lateness_max_ms: float
    cpu_s: float
    """Processor time of the loop, start-up not counted."""

    @property
    def cpu_ms_per_frame(self) -> float:
        """Milliseconds of processor time a frame."""
        return self.cpu_s * 1e3 / self.frames if self.frames else 0.0


class Capture:
    """The capture process of a display.

    Args:
        display: its name, like ``:77``.
        height: pixels.
        width: pixels.
        slots: how many different pictures the ring holds.
    """

    def __init__(self, display: str, height: int, width: int, *, slots: int = 8) -> None:
        self._display, self._size, self._slots = display, (height, width), slots
        self._ring: FrameRing | None = None
        self._child: Child | None = None
        self._last = CaptureStats(
            frames=0, changed=0, lost=0, lateness_p50_ms=0, lateness_p95_ms=0, lateness_max_ms=0, cpu_s=0
        )

    @property
    def ring(self) -> FrameRing:
        """Where the frames are. Raises BodyFailure before :meth:`start` and after :meth:`close`."""
        if self._ring is None:
            raise BodyFailure("capture has not been started")
        return self._ring

    def start(self, patience_s: float = 20.0) -> "Capture":
        """Start the process and wait for its first frame. Does nothing when it runs. Raises BodyFailure."""
        if self._child is not None:
            return self
        height, width = self._size
        self._ring = FrameRing.create(height, width, slots=self._slots)
        # The package may be on our path only because somebody put it there: the child must find the same one.
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        env |= authority(self._display)
        argv = [sys.executable, "-m", "crewless.body.screen.capture", "--display", self._display]
        # When we are killed, the process has to delete the ring that we no longer can: it hears of that by SIGHUP.
        self._child = Child(
            [*argv, "--ring", str(self._ring.path), "--stats", str(self._stats_path())],
            env=env,
            on_parent_death=signal.SIGHUP,
        )
        end_s = time.monotonic() + patience_s
        while self._ring.count == 0:
            if not self._child.alive() or time.monotonic() > end_s:
                words = self._child.last_words()
                self.close()
                raise BodyFailure(f"capture of {self._display} did not start: {words or 'no frame in time'}")
            time.sleep(0.005)
        return self

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.alive()

    def check(self) -> None:
        """Raises BodyFailure when the process has ended."""
        if not self.alive():
            words = self._child.last_words() if self._child is not None else ""
            raise BodyFailure(f"capture of {self._display} has ended{': ' + words if words else ''}")

    def stats(self) -> CaptureStats:
        """How the capture keeps time, up to now; after its end, how it kept time."""
        if self.alive() and self._child is not None:
            path = self._stats_path()
            path.unlink(missing_ok=True)
            self._child.signal(signal.SIGUSR1)
            end_s = time.monotonic() + 2.0
            while not path.exists() and self.alive() and time.monotonic() < end_s:
                time.sleep(0.005)
        self._read_stats()
        return self._last

    def close(self) -> None:
        """End the process and delete the ring. Safe to call twice."""
        if self._child is not None:
            self._child.close()
            self._child = None
        if self._ring is not None:
            self._read_stats()
            self._stats_path().unlink(missing_ok=True)
            self._ring.close()
            self._ring = None

    def __enter__(self) -> "Capture":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stats_path(self) -> Path:
        return self.ring.path.with_suffix(".json")

    def _read_stats(self) -> None:
        if self._ring is None:
            return
        with contextlib.suppress(OSError, ValueError):
            self._last = CaptureStats(**json.loads(self._stats_path().read_text()))


def capture(display: str, ring: FrameRing, stats_path: Path, orphaned: threading.Event) -> None:
    """Fill the ring until SIGTERM, or until ``orphaned`` is set. SIGUSR1 writes the statistics. Raises DisplayDied, BodyFailure."""
    import mss
    import mss.exception

    wanted = {"stop": False, "stats": False}
    signal.signal(signal.SIGTERM, lambda *_: wanted.update(stop=True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda *_: wanted.update(stats=True))
    _come_first()
    rate_hz = SERVICES["frame"].rate_hz
    assert rate_hz is not None
    connection = connect(display)
    pointer = connection.screen().root
    with mss.MSS(backend="xshmgetimage", display=display) as camera:
        monitor = camera.monitors[0]
        if (monitor["height"], monitor["width"]) != (ring.height, ring.width):
            raise BodyFailure(
                f"the display is {monitor['width']}x{monitor['height']}, the ring {ring.width}x{ring.height}"
            )
        before = _grab(camera)
        where = pointer.query_pointer()
        ring.publish(before, t_s=time.monotonic(), pointer=Point(where.root_x, where.root_y))
        frames, changed, cpu_s = 1, 1, time.process_time()
        keeper = Ratekeeper(rate_hz)
        while not wanted["stop"] and not orphaned.is_set():
            lost = keeper.keep()
            if lost:
                ring.skip(lost)
            t_s = time.monotonic()
            now = _grab(camera)
            where = pointer.query_pointer()
            mask = changed_tiles(now, before)
            ring.publish(
                None if mask is None else now, t_s=t_s, pointer=Point(where.root_x, where.root_y), changed=mask
            )
            frames += 1
            if mask is not None:
                changed += 1
                before = now
            if wanted["stats"]:
                wanted["stats"] = False
                _write_stats(stats_path, keeper, frames, changed, time.process_time() - cpu_s)
        _write_stats(stats_path, keeper, frames, changed, time.process_time() - cpu_s)


def _come_first() -> None:
    """Ask to run as soon as a frame is due. Only root may; who may not keeps time as well as the machine allows."""
    with contextlib.suppress(OSError):
        # The kernel keeps a twentieth of each core from real-time processes, so that none can hang the machine; this
        # one sleeps nine tenths of its time anyway.
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        return
    with contextlib.suppress(OSError):
        os.nice(-5)


def _grab(camera: "MSS") -> np.ndarray:
    shot = camera.grab(camera.monitors[0])
    return np.frombuffer(shot.raw, dtype=np.uint8).reshape(shot.height, shot.width, 4)


def _write_stats(path: Path, keeper: Ratekeeper, frames: int, changed: int, cpu_s: float) -> None:
    stats = CaptureStats(
        frames=frames,
        changed=changed,
        lost=keeper.lost,
        lateness_p50_ms=keeper.lateness_ms(50),
        lateness_p95_ms=keeper.lateness_ms(95),
        lateness_max_ms=keeper.lateness_ms(100),
        cpu_s=cpu_s,
    )
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(asdict(stats)))
    partial.replace(path)


def main() -> int:
    """The capture process."""
    parser = argparse.ArgumentParser(prog="crewless.body.screen.capture", description=capture.__doc__)
    parser.add_argument("--display", required=True, help="name of the X display, like :77")
    parser.add_argument("--ring", required=True, type=Path, help="file of the ring, made by the worker")
    parser.add_argument("--stats", required=True, type=Path, help="where the statistics go, as JSON")
    options = parser.parse_args()
    orphaned = threading.Event()
    signal.signal(signal.SIGHUP, lambda *_: orphaned.set())
    try:
        ring = FrameRing.open(options.ring)
    except CrewlessError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    import mss.exception

    status = 0
    try:
        capture(options.display, ring, options.stats, orphaned)
    except CrewlessError as error:
        print(error, file=sys.stderr)
        status = error.exit_code
    except (*connection_errors(), mss.exception.ScreenShotError) as error:
        print(f"the X display {options.display} is gone: {error}", file=sys.stderr)
        status = 1
    finally:
        ring.finish()
        if orphaned.is_set():
            options.ring.unlink(missing_ok=True)
            options.stats.unlink(missing_ok=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
