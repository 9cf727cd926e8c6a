"""Crops of text to strings: the PP-OCRv6 small recogniser of the rapidocr wheel, its head cut down to what we read.

The wheel's network knows 18,708 characters; almost all weights of its last layer, and about a fifth of its time, are
spent on scripts that the screens here do not show. At load the last matrix product is replaced by one with the columns
of printable ASCII and a few signs, inside OpenVINO's own graph; the compiled result is cached on disk.

Crops are read independently of each other, so what is read of a crop depends on its pixels alone.
"""

import hashlib
import importlib.util
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.cache import cache_folder
from crewless.core.errors import MissingTool
from crewless.core.messages import Box
from crewless.perception.quantise import can_multiply_bytes, load_ranges, quantise

CHARACTERS = "".join(chr(code) for code in range(33, 127)) + "£€°éèüöäßñç…–—‘’“”•·×→✓©§"
_HEIGHT = 48
_STRIDE = 8
"""Pixels of the network's input per time step."""
_STEP = 16
"""Widths are rounded up to a multiple of this, and wide ones to twice as much, so that few shapes have to be compiled."""
_WIDE = 256
_BATCH = 4
_MIN_WIDTH = 64
"""Crops are not narrowed below this width: single digits need it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecogniserConfig:
    """How text is read."""

    threads: int = 1
    cache_dir: Path | None = None
    """Where compiled networks are kept; None: ``$XDG_CACHE_HOME/crewless`` or ``~/.cache/crewless``."""
    model: Path | None = None
    """The recogniser's ONNX file; None: the one in the rapidocr wheel."""
    eight_bits: bool | None = None
    """Multiply in 8 bits; None: where the processor is faster at it. The last digits of confidences differ then."""
    squeeze: float = 0.7
    """Wide crops are narrowed by this factor before they are read. Cheaper by about a quarter; single digits suffer, so
    crops are never narrowed below a least width."""


class Recogniser:
    """Reads crops of text.

    Raises:
        MissingTool: the rapidocr wheel or OpenVINO is not installed.
    """

    def __init__(self, config: RecogniserConfig | None = None) -> None:
        self.config = config or RecogniserConfig()
        model = self.config.model or _wheel_model()
        if not model.is_file():
            raise MissingTool(f"no recogniser at {model}", alternatives=["pip install rapidocr"])
        eight_bits = self.config.eight_bits
        core = _core(self.config)
        self.model, self._characters = _cut_head(core, model)
        if can_multiply_bytes() if eight_bits is None else eight_bits:
            quantise(self.model, load_ranges())
        hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.config.threads}
        self._request = core.compile_model(self.model, "CPU", hints).create_infer_request()

    def read(self, crops: list[np.ndarray]) -> list["RecognisedText"]:
        """Text of each crop.

        Args:
            crops: each of shape (height, width), float32, 0 is ink and 1 is paper.
        """
        readings: list[RecognisedText | None] = [None] * len(crops)
        for part, batch in self.batches(crops):
            self._request.infer([batch])
            steps = self._request.get_output_tensor().data
            for row, number in enumerate(part):
                readings[number] = self._decode(steps[row], crops[number])
        return [reading for reading in readings if reading is not None]

    def batches(self, crops: list[np.ndarray]) -> Iterator[tuple[list[int], np.ndarray]]:
        """Crops of about the same width together: their numbers, and the network's input of shape (batch, 3, 48, width)."""
        import cv2

        order = sorted(range(len(crops)), key=lambda number: self._scaled(crops[number]))
        for first in range(0, len(order), _BATCH):
            part = order[first : first + _BATCH]
            # Two batch sizes only: each shape costs a compilation the first time.
            batch = np.ones(
                (1 if len(part) == 1 else _BATCH, _HEIGHT, _rounded(self._scaled(crops[part[-1]]))), np.float32
            )
            for row, number in enumerate(part):
                scaled = self._scaled(crops[number])
                batch[row, :, :scaled] = cv2.resize(crops[number], (scaled, _HEIGHT), interpolation=cv2.INTER_LINEAR)
            yield part, _planes(batch)

    def warm_up(self) -> None:
        """Compile the shapes that words of a page usually have, so that the first page does not pay for it."""
        for width in range(_MIN_WIDTH, _WIDE + 1, _STEP):
            for count in (1, _BATCH):
                self._request.infer([_planes(np.ones((count, _HEIGHT, width), np.float32))])

    def _scaled(self, crop: np.ndarray) -> int:
        """The width at which a crop is read."""
        full = round(crop.shape[1] * _HEIGHT / crop.shape[0])
        return max(min(full, _MIN_WIDTH), round(full * self.config.squeeze), 8)

    def _decode(self, steps: np.ndarray, crop: np.ndarray) -> "RecognisedText":
        best = steps.argmax(axis=1)
        sure = steps[np.arange(len(best)), best]
        starts = np.flatnonzero((best != 0) & (best != np.concatenate(([-1], best[:-1]))))
        scale = crop.shape[1] / self._scaled(crop)
        return RecognisedText(
            text="".join(self._characters[best[at]] for at in starts),
            confidence=float(sure[starts].mean()) if len(starts) else 0.0,
            positions=tuple(float((at + 0.5) * _STRIDE * scale) for at in starts),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class RecognisedText:
    """What was read of a crop."""

    text: str
    confidence: float
    """Mean of the characters' probabilities; 0 when nothing was read."""
    positions: tuple[float, ...]
    """Where each character was seen first: pixels from the left edge of the crop, good to a few pixels."""


def _rounded(width: int) -> int:
    step = _STEP if width <= _WIDE else 2 * _STEP
    return max(_MIN_WIDTH, -(-width // step) * step)


def _planes(batch: np.ndarray) -> np.ndarray:
    """Grey pictures as the network wants them: three equal planes from -1, ink, to 1, paper."""
    return np.repeat(batch[:, None] * 2.0 - 1.0, 3, axis=1)


def spaced(reading: RecognisedText, gaps: list[float]) -> str:
    """The text of a reading with a space at each gap (pixels from the crop's left edge) where none was read."""
    letters = list(reading.text)
    at = 0
    for number, position in enumerate(reading.positions):
        while at < len(gaps) and position > gaps[at]:
            at += 1
            if number > 0 and reading.text[number] != " " and reading.text[number - 1] != " ":
                letters[number] = " " + letters[number]
    return "".join(letters).strip()


def told_by_shape(text: str, parts: Sequence[Box], *, baseline: int, ascent: int) -> str:
    """Set right what thin strokes were read as: a bare bar is an I and never a 1, which has a flag; a stroke that goes
    below the baseline is a slash.

    Args:
        text: what was read.
        parts: the boxes of its words; nothing is changed when their number differs.
        baseline: of the line.
        ascent: of the line, in pixels.
    """
    words = text.split(" ")
    if len(words) == len(parts):
        for at, part in enumerate(parts):
            if words[at] not in ("1", "l", "|", "I", "/"):
                continue
            if part.width <= 0.28 * ascent:
                words[at] = "|" if part.y1 > baseline + 1 else "I"
            elif part.y1 > baseline and part.width > 0.3 * ascent:
                words[at] = "/"
    # In wide faces a colon stands as far from its neighbours as a word would.
    words = re.sub(r" +([:;,.!?])", r"\1", " ".join(words)).split(" ")
    # No English word begins with l and one of these; I does look like l in most fonts.
    return " ".join(re.sub(r"^l(?=[cdfgmnpqrstvwxz'])", "I", word) for word in words)


def _wheel_model() -> Path:
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise MissingTool("the recogniser's network is not installed", alternatives=["pip install rapidocr"])
    return Path(spec.origin).parent / "models" / "PP-OCRv6_rec_small.onnx"


def _core(config: RecogniserConfig) -> Any:
    try:
        import openvino
    except ImportError as error:
        raise MissingTool("openvino is not installed", alternatives=["pip install openvino"]) from error
    core = openvino.Core()
    folder = config.cache_dir or cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        core.set_property({"CACHE_DIR": str(folder)})
    except OSError:
        # A read-only home costs load time, nothing else.
        pass
    return core


def _cut_head(core: Any, model_path: Path) -> tuple[Any, str]:
    """The network with only the classes that we read. Class 0 is the CTC blank, the last one is the space."""
    import openvino
    from openvino import opset13 as op

    model = core.read_model(model_path)
    names = _class_names(model_path)
    add = next(node for node in reversed(model.get_ordered_ops()) if node.get_type_name() == "Add")
    product = add.input_value(0).get_node()
    weights, bias = product.input_value(1).get_node().data, add.input_value(1).get_node().data
    index = {name: number + 1 for number, name in enumerate(names)}
    kept = [character for character in CHARACTERS if character in index]
    columns = [0, *(index[character] for character in kept), weights.shape[1] - 1]
    logits = op.add(
        op.matmul(product.input_value(0), op.constant(weights[:, columns].copy()), False, False),
        op.constant(bias[columns].copy()),
    )
    build: Any = openvino.Model
    return build([op.softmax(logits, 2)], model.get_parameters(), "recogniser"), "".join(["\0", *kept, " "])


def _class_names(model_path: Path) -> list[str]:
    """The characters that the ONNX file names in its metadata, in the order of its classes from 1 on.

    The file ends with its metadata entries; reading them needs no onnx package: a key of the protobuf message
    ``StringStringEntryProto`` is followed by tag 0x12, a varint length, and the value.
    """
    content = model_path.read_bytes()
    at = content.rfind(b"\x0a\x09character\x12")
    if at < 0:
        raise MissingTool(f"{model_path} does not name its characters", alternatives=["pip install rapidocr>=3.10"])
    at += len(b"\x0a\x09character\x12")
    length = shift = 0
    while True:
        byte = content[at]
        length |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not byte & 0x80:
            break
    return content[at : at + length].decode().split("\n")


def crop_key(crop: np.ndarray) -> bytes:
    """The identity of a crop: equal for equal text in the same font and size, whatever its colours."""
    quantised = (crop * 15.0 + 0.5).astype(np.uint8)
    return hashlib.blake2b(quantised.tobytes(), digest_size=12, key=bytes(f"{crop.shape}", "ascii")).digest()
