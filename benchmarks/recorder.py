"""What recording costs: processor time, bytes, lost frames, and whether every pixel comes back.

A made-up helpdesk is worked at 36 Hz, 1280x800, in a mix taken from people at such a queue: a third of the time typing (8
keys a second, the caret blinks), popups, scrolling in notches, a new page every six seconds, reading in between. The
recorder is the real one, in its own process, fed through a real frame ring.

    python -m benchmarks.recorder [--seconds 36]
"""

import argparse
import tempfile
import time
import zlib
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import report
from crewless.core.clock import Ratekeeper
from crewless.core.messages import Box, Case, InputEvent, Point
from crewless.core.photons import TILE, FrameRing, tile_shape
from crewless.core.services import SERVICES
from crewless.episodes import Recorder, open_dataset

HEIGHT, WIDTH = 800, 1280
RATE_HZ = 1 / SERVICES["frame"].period_s
CPU_TO_REACH, GB_TO_REACH = 0.25, 1.0
WORDS = [
    "please",
    "the",
    "card",
    "my",
    "payment",
    "has",
    "not",
    "arrived",
    "refund",
    "account",
    "since",
    "monday",
    "order",
    "help",
    "why",
    "was",
    "charged",
    "twice",
]
REPLY = "Thank you for writing. The refund is on its way and will reach you in three days. " * 20


def page(number: int) -> np.ndarray:
    """A long page of text, tables and buttons. Shape (1600, WIDTH, 4), uint8, BGRX."""
    random = np.random.default_rng(number)
    image = np.full((1600, WIDTH, 4), 255, np.uint8)
    cv2.rectangle(image, (0, 0), (WIDTH, 56), (246, 247, 245, 0), -1)
    cv2.putText(image, f"Helpdesk / Ticket {number}", (30, 38), 0, 0.8, (40, 40, 40, 0), 1, cv2.LINE_AA)
    for line in range(50):
        y = 90 + line * 30
        if line % 7 == 6:
            for column in range(4):
                cv2.rectangle(image, (40 + column * 300, y - 18), (200 + column * 300, y + 6), (200, 120, 40, 0), -1)
            continue
        text = " ".join(random.choice(WORDS, 14))
        cv2.putText(image, text, (40, y), 0, 0.55, (50, 40, 40, 0), 1, cv2.LINE_AA)
        cv2.line(image, (40, y + 10), (1240, y + 10), (225, 225, 225, 0), 1)
    return image


class BusyPage:
    """Draws what the screen shows in each frame, as damage to the frame before."""

    def __init__(self) -> None:
        self.pages = [page(number) for number in range(8)]
        self.image = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        self.scroll = self.typed = 0
        self.events: list[tuple[str, str]] = []

    def frame(self, number: int) -> Box | None:
        """Bring :attr:`image` up to a frame; what changed, or None."""
        self.events = []
        second, part = divmod(number / RATE_HZ, 6.0)
        current = self.pages[int(second) % len(self.pages)]
        phase = number % int(6 * RATE_HZ)
        if phase == 0:
            self.scroll = self.typed = 0
            self.image[:] = current[:HEIGHT]
            return Box(0, 0, WIDTH, HEIGHT)
        if 1.0 <= part < 2.0 and phase % 4 == 0:  # the wheel
            self.scroll = min(self.scroll + 53, 1600 - HEIGHT)
            self.image[:] = current[self.scroll : self.scroll + HEIGHT]
            return Box(0, 0, WIDTH, HEIGHT)
        if phase == int(2.2 * RATE_HZ):  # a popup opens
            cv2.rectangle(self.image, (400, 200), (700, 500), (240, 240, 240, 0), -1)
            for row in range(9):
                cv2.putText(self.image, WORDS[row], (420, 230 + 32 * row), 0, 0.6, (30, 30, 30, 0), 1, cv2.LINE_AA)
            return Box(400, 200, 701, 501)
        if phase == int(3.0 * RATE_HZ):  # and closes
            self.image[:] = current[self.scroll : self.scroll + HEIGHT]
            return Box(400, 200, 701, 501)
        if 3.2 <= part < 5.5 and phase % 9 in (0, 4):  # a key
            self.events.append((REPLY[self.typed], "key"))
            self.typed += 1
            x = 60 + self.typed * 11
            cv2.putText(self.image, REPLY[self.typed - 1], (x, 620), 0, 0.6, (0, 0, 0, 0), 1, cv2.LINE_AA)
            return Box(x - 4, 600, min(x + 24, WIDTH), 630)
        if phase % 18 == 9:  # the caret
            self.image[740:760, 60:62, :3] = 255 - self.image[740:760, 60:62, :3]
            return Box(60, 740, 62, 760)
        return None


def tiles(box: Box) -> np.ndarray:
    """The mask of tiles that a box touches."""
    mask = np.zeros(tile_shape(HEIGHT, WIDTH), bool)
    mask[box.y0 // TILE : -(-box.y1 // TILE), box.x0 // TILE : -(-box.x1 // TILE)] = True
    return mask


def cpu_s(pid: int) -> float:
    """Processor time of a process, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measure(seconds: float, folder: Path) -> dict[str, float]:
    """Record for some seconds and read back."""
    ring = FrameRing.create(HEIGHT, WIDTH)
    screen = BusyPage()
    shown: list[int] = []

    def publish(number: int) -> None:
        box = screen.frame(number)
        mask = tiles(box) if box else np.zeros(tile_shape(HEIGHT, WIDTH), bool)
        pointer = Point(200 + number % 700, 300 + number % 211)
        ring.publish(screen.image if box else None, t_s=time.monotonic(), pointer=pointer, changed=mask)
        shown.append(zlib.crc32(screen.image[:, :, 2::-1].tobytes()))

    publish(0)
    with Recorder(ring.path, folder) as recorder:
        recorder.start(Case(id="busy"), "benchmark")
        begin_s, begin_cpu_s = time.monotonic(), cpu_s(recorder.pid)
        clock = Ratekeeper(RATE_HZ)
        for number in range(1, int(seconds * RATE_HZ)):
            if late := clock.keep():
                ring.skip(late)
                shown.extend([0] * late)
            publish(number)
            for char, _ in screen.events:
                recorder.event(InputEvent(t_s=time.monotonic(), kind="key_down", keysym=char, char=char))
        wall_s, used_s = time.monotonic() - begin_s, cpu_s(recorder.pid) - begin_cpu_s
        recorded = recorder.stop("done")
        finish_s = cpu_s(recorder.pid) - begin_cpu_s - used_s
    ring.close()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    dataset = open_dataset(folder)
    begin = time.process_time()
    wrong = sum(zlib.crc32(frame.pixels.tobytes()) != shown[frame.index] for frame in dataset.frames(0))
    read_s = time.process_time() - begin
    return {
        "seconds": wall_s,
        "rows": recorded.rows,
        "distinct": recorded.distinct,
        "lost_by_capture": clock.lost,
        "lost_by_recorder": recorded.lost - clock.lost,
        "cpu_share": used_s / wall_s,
        "finish_cpu_ms": finish_s * 1e3,
        "gb_per_hour": size / wall_s * 3600 / 1e9,
        "pictures_not_exact": wrong,
        "read_cpu_ms_per_picture": read_s / recorded.distinct * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What recording costs.")
    parser.add_argument("--seconds", type=float, default=36.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(chosen.seconds, Path(folder) / "set")
    aims = {"cpu_share": CPU_TO_REACH, "gb_per_hour": GB_TO_REACH, "lost_by_recorder": 0, "pictures_not_exact": 0}
    rows = [{"what": name, "measured": value, "at_most": aims.get(name)} for name, value in found.items()]
    report("recorder", rows, ("what", "measured", "at_most"), ["1280x800 at 36 Hz, a made-up busy page"])


if __name__ == "__main__":
    main()
