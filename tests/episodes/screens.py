"""Frames of a made-up ticket form, published into a real ring as a capture process would."""

import time
from dataclasses import dataclass, field

import cv2
import numpy as np

from crewless.core.messages import InputEvent, Point
from crewless.core.photons import TILE, FrameRing, tile_shape

HEIGHT, WIDTH = 208, 320


def form(typed: str = "", title: str = "Ticket 17", height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Shape (height, width, 4), uint8, BGRX: a title, a field with text in it, a button."""
    image = np.full((height, width, 4), 255, np.uint8)
    cv2.putText(image, title, (12, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (60, 30, 10, 0), 1, cv2.LINE_AA)
    cv2.rectangle(image, (12, 60), (width - 20, 90), (150, 150, 150, 0), 1)
    cv2.putText(image, typed, (18, 82), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0, 0), 1, cv2.LINE_AA)
    cv2.rectangle(image, (12, 150), (90, 180), (200, 120, 40, 0), -1)
    cv2.putText(image, "Save", (24, 172), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255, 0), 1, cv2.LINE_AA)
    return image


@dataclass
class Publisher:
    """Publishes only what differs, with the mask of changed tiles."""

    ring: FrameRing
    shown: np.ndarray | None = None
    published: list[np.ndarray] = field(default_factory=list)
    pointer: Point = field(default_factory=lambda: Point(5, 5))

    def show(self, image: np.ndarray) -> None:
        """One frame. Shape (height, width, 4), uint8."""
        mask = np.ones(tile_shape(*image.shape[:2]), bool)
        if self.shown is not None:
            differs = (self.shown[:, :, :3] != image[:, :, :3]).any(-1)
            rows, columns = mask.shape
            padded = np.zeros((rows * TILE, columns * TILE), bool)
            padded[: image.shape[0], : image.shape[1]] = differs
            mask = padded.reshape(rows, TILE, columns, TILE).any((1, 3))
        self.ring.publish(image if mask.any() else None, t_s=time.monotonic(), pointer=self.pointer, changed=mask)
        self.shown = image
        self.published.append(image[:, :, 2::-1].copy())

    def hold(self, frames: int) -> None:
        """The same picture, for some frames in real time."""
        for _ in range(frames):
            assert self.shown is not None
            self.show(self.shown)
            time.sleep(1 / 36)


def keys(text: str, t_s: float | None = None) -> list[InputEvent]:
    """Key strokes that produce a text."""
    found = []
    now = time.monotonic() if t_s is None else t_s
    for number, char in enumerate(text):
        name = "space" if char == " " else char
        found.append(InputEvent(t_s=now + number * 0.02, kind="key_down", keysym=name, char=char))
        found.append(InputEvent(t_s=now + number * 0.02 + 0.01, kind="key_up", keysym=name))
    return found


def click(x: int, y: int, t_s: float) -> list[InputEvent]:
    """A press and a release."""
    return [
        InputEvent(t_s=t_s, kind="press", x=x, y=y, button=1),
        InputEvent(t_s=t_s + 0.06, kind="release", x=x, y=y, button=1),
    ]
