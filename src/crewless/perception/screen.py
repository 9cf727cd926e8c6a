"""The perception of a screen: frames in, elements out, and only what has changed is read."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import pairwise

import numba
import numpy as np

from crewless.core.errors import BadInput
from crewless.core.messages import Box, Element, Frame, Observation, Point
from crewless.perception.crops import crop_word, side_paper
from crewless.perception.elements import assemble
from crewless.perception.letters import settle, spaced, told_by_shape, told_by_size
from crewless.perception.lines import DetectedLine, TextLine, Word, find_lines
from crewless.perception.read_lines import join_monospaced, split_icons
from crewless.perception.recognise import RecognisedText, Recogniser, RecogniserConfig, crop_key
from crewless.perception.segment import Segmentation, segment
from crewless.perception.sliders import find_sliders
from crewless.perception.toggles import find_toggles
from crewless.perception.widgets import find_widgets


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenPerceptionConfig:
    """How a screen is read."""

    recogniser: RecogniserConfig = field(default_factory=RecogniserConfig)
    cache_words: int = 20_000
    """Words whose pixels and text are remembered; about 500 bytes each."""
    warm_up: bool = True
    """Compile the usual shapes at the start instead of while the first page is read."""


class ScreenPerception:
    """Pixels to elements. Implements :class:`crewless.core.perception.Perception`.

    What a frame holds is found anew in every frame that differs from the one before (about 45 CPU ms for 1280 x 800); the
    dear part, reading, is done once for each distinct picture of a word, wherever it moves to.

    Raises:
        MissingTool: the recogniser's network or OpenVINO is not installed.
    """

    def __init__(self, config: ScreenPerceptionConfig | None = None) -> None:
        self.config = config or ScreenPerceptionConfig()
        self._recogniser = Recogniser(self.config.recogniser)
        if self.config.warm_up:
            self._recogniser.warm_up()
        self._words: OrderedDict[bytes, RecognisedText] = OrderedDict()
        self._lines: OrderedDict[tuple[bytes, ...], tuple[TextLine, tuple[str, ...]]] = OrderedDict()
        self._pixels: np.ndarray | None = None
        self._index, self._t_s = -1, -1.0
        self._last: Observation | None = None

    def perceive(self, frame: Frame) -> Observation:
        """What is in the frame. Raises BadInput for pixels that are not (height, width, 3) uint8."""
        start_s = time.process_time()
        if frame.pixels.ndim != 3 or frame.pixels.shape[2] != 3 or frame.pixels.dtype != np.uint8:
            raise BadInput(
                f"a frame of shape {frame.pixels.shape} and type {frame.pixels.dtype} is not a picture",
                alternatives=["shape (height, width, 3), uint8, RGB"],
            )
        if self._last is not None and not self._changed(frame):
            elements, lines_read = self._last.elements, 0
        else:
            self._pixels = _contiguous(frame.pixels)
            elements, lines_read = self._read(self._pixels)
        self._index, self._t_s = frame.index, frame.t_s
        height, width = frame.pixels.shape[:2]
        self._last = Observation(
            elements=elements,
            width=width,
            height=height,
            t_s=frame.t_s,
            frame_index=frame.index,
            pointer=frame.pointer,
            lines_read=lines_read,
            cpu_s=time.process_time() - start_s,
        )
        return self._last

    def reset(self) -> None:
        """Forget everything seen so far."""
        self._words.clear()
        self._lines.clear()
        self._pixels = self._last = None
        self._index = -1

    def read_field(self, frame: Frame, point: Point) -> str | None:
        """The text inside the field, text area or select at a point; None when there is none.

        Lines of a text area are joined with newlines: whether a line was wrapped or ended cannot be seen.
        """
        for element in self.perceive(frame).elements:
            if element.kind in ("field", "textarea", "select") and element.box.contains(point):
                return element.text
        return None

    def _changed(self, frame: Frame) -> bool:
        """Whether any pixel differs from those read last. The mask is trusted when no frame lies between."""
        # Pictures that are no part of a stream may have one index, but were not taken at one time.
        if frame.index == self._index and frame.t_s == self._t_s:
            return False
        if frame.changed is not None and frame.index == self._index + 1 and not frame.changed.any():
            return False
        return self._pixels is None or self._pixels.shape != frame.pixels.shape or not _same(frame.pixels, self._pixels)

    def _read(self, rgb: np.ndarray) -> tuple[tuple[Element, ...], int]:
        seg = segment(rgb)
        toggles = [*find_sliders(seg), *find_toggles(seg)]
        lines = find_lines(seg, [widget.box for widget in toggles])
        texts, lines_read = self._texts(seg, lines)
        lines, texts = join_monospaced(*split_icons(lines, texts))
        return assemble(seg, lines, texts, find_widgets(seg, lines, toggles)), lines_read

    def _texts(self, seg: Segmentation, lines: list[DetectedLine]) -> tuple[list[TextLine], int]:
        """What the lines say, and how many of them hold a word that had not been seen before."""
        keys: list[list[bytes]] = []
        unread: dict[bytes, np.ndarray] = {}
        lines_read = 0
        for line in lines:
            own: list[bytes] = []
            missing = False
            for word in line.words:
                crop = crop_word(seg, line, word)
                key = crop_key(crop)
                own.append(key)
                if key not in self._words:
                    missing = True
                    unread[key] = crop
            lines_read += missing
            keys.append(own)
        for key, reading in zip(unread, self._recogniser.read(list(unread.values())), strict=True):
            self._words[key] = reading
        texts: list[TextLine] = []
        far: list[tuple[str, ...]] = []
        for line, own in zip(lines, keys, strict=True):
            for key in own:
                self._words.move_to_end(key)
            whole = (*own, bytes([line.monospaced]))
            if whole not in self._lines:
                self._lines[whole] = _said(line, [self._words[key] for key in own])
            self._lines.move_to_end(whole)
            text, others = self._lines[whole]
            texts.append(text)
            far.append(others)
        while len(self._lines) > self.config.cache_words:
            self._lines.popitem(last=False)
        while len(self._words) > self.config.cache_words:
            self._words.popitem(last=False)
        return settle(lines, texts, far), lines_read


def _said(line: DetectedLine, readings: list[RecognisedText]) -> tuple[TextLine, tuple[str, ...]]:
    """What a line says, its spaces and shapes set right, and for each word what it says in far characters, or nothing."""
    words = [_spoken(reading, line, word) for reading, word in zip(readings, line.words, strict=True)]
    glyphs = [reading.glyphs if _inked(word, reading) else () for word, reading in zip(words, readings, strict=True)]
    words = told_by_size(words, glyphs, monospaced=line.monospaced)
    if not line.monospaced:
        words = [
            told_by_shape(
                text,
                word.parts or (Box(word.x0, word.y0, word.x1, word.y1),),
                baseline=line.baseline,
                ascent=line.ascent,
            )
            for text, word in zip(words, line.words, strict=True)
        ]
    far = tuple(
        _spoken(reading.far, line, word) if reading.far is not None else ""
        for reading, word in zip(readings, line.words, strict=True)
    )
    sure = tuple(reading.confidence for reading in readings)
    return TextLine(words=tuple(words), confidence=min(sure), sure=sure), far


def _spoken(reading: RecognisedText, line: DetectedLine, word: Word) -> str:
    """A reading with its spaces set right."""
    if line.monospaced:
        return reading.text.replace(" ", "")
    left = word.x0 - side_paper(line)
    return spaced(reading.text, reading.positions, [(a.x1 + b.x0) / 2 - left for a, b in pairwise(word.parts)])


def _inked(word: str, reading: RecognisedText) -> bool:
    return word.replace(" ", "") == reading.text.replace(" ", "")


def at_point(observation: Observation, point: Point) -> Element | None:
    """The smallest element at a point, or None."""
    hits = [element for element in observation.elements if element.box.contains(point)]
    return min(hits, key=lambda element: element.box.width * element.box.height, default=None)


def frame_of(rgb: np.ndarray, *, index: int = 0) -> Frame:
    """A frame from a picture, for reading single screenshots. ``rgb``: shape (height, width, 3), uint8."""
    return Frame(pixels=rgb, t_s=time.monotonic(), index=index)


@numba.njit(cache=True)
def _same(a, b):
    height, width = a.shape[:2]
    for y in range(height):
        different = 0
        for x in range(width):
            different |= (a[y, x, 0] ^ b[y, x, 0]) | (a[y, x, 1] ^ b[y, x, 1]) | (a[y, x, 2] ^ b[y, x, 2])
        if different:
            return False
    return True


@numba.njit(cache=True)
def _contiguous(pixels):
    """A copy in one piece: numpy takes four times as long over reversed channels."""
    height, width = pixels.shape[:2]
    out = np.empty((height, width, 3), np.uint8)
    for y in range(height):
        for x in range(width):
            out[y, x, 0] = pixels[y, x, 0]
            out[y, x, 1] = pixels[y, x, 1]
            out[y, x, 2] = pixels[y, x, 2]
    return out
