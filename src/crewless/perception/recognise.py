"""Crops of text to strings: the PP-OCRv6 small recogniser of the rapidocr wheel, all of its letters.

The wheel's network knows 18,708 characters. Its last layer, a product with 18,710 columns, would cost a fifth of its time
for every word, and most words need few of them. So the columns are parted at load, inside OpenVINO's own graph: the *near*
ones (Latin with all its accents, Greek, digits, punctuation) are multiplied always, the *far* ones (Chinese and Japanese)
only for crops in which the near ones leave a step unexplained. What neither explains is unread
(:mod:`crewless.perception.letters`): Cyrillic, Arabic and others are not among the classes.

Left out are classes that would let one picture have two names: full-width forms of ASCII, letters of dead scripts, emoji
and dingbats, which icons would be taken for. Compiled networks are cached on disk.

Crops are read independently of each other, so what is read of a crop depends on its pixels alone.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.cache import cache_folder
from crewless.core.errors import MissingTool
from crewless.perception.crops import Glyph, glyphs_in
from crewless.perception.letters import is_far, is_near, pieces_of
from crewless.perception.quantise import can_multiply_bytes, load_ranges, quantise

_HEIGHT = 48
_STRIDE = 8
"""Pixels of the network's input per time step."""
_STEP = 16
"""Widths are rounded up to a multiple of this, and wide ones to twice as much, so that few shapes have to be compiled."""
_WIDE = 256
_BATCH = 4
_MIN_WIDTH = 64
"""Crops are not narrowed below this width: single digits need it."""
_UNEXPLAINED = 8.0
"""Largest near logit of a step below which the far characters are asked. English words stay above 14 in 19 of 20, Chinese
ones fall below 6."""
_DOUBT = 0.85
"""Mean probability of a reading's characters below which it is read again."""
_UNSURE_STEP = 20.0
"""Only steps with a largest near logit below this one are multiplied with the far columns."""


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
        heads = _part_head(core, model)
        self.model = heads.model
        self._heads = heads
        if can_multiply_bytes() if eight_bits is None else eight_bits:
            quantise(self.model, load_ranges())
        self._hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.config.threads}
        self._compile = core.compile_model
        self._request = core.compile_model(self.model, "CPU", self._hints).create_infer_request()
        self._far_request: Any = None

    def read(self, crops: list[np.ndarray]) -> list["RecognisedText"]:
        """Text of each crop.

        Args:
            crops: each of shape (height, width), float32, 0 is ink and 1 is paper.
        """
        readings = self._read(crops, self.config.squeeze)
        # Narrowing costs thin accents: what was read with doubt, or has some, is read again as wide as it is.
        again = [n for n, reading in enumerate(readings) if _doubtful(reading) and self.config.squeeze < 1.0]
        for number, second in zip(again, self._read([crops[n] for n in again], 1.0), strict=True):
            first = readings[number]
            if second.confidence > first.confidence and second.text.count(" ") >= first.text.count(" "):
                readings[number] = second
        return readings

    def _read(self, crops: list[np.ndarray], squeeze: float) -> list["RecognisedText"]:
        readings: list[RecognisedText | None] = [None] * len(crops)
        open_: list[tuple[int, np.ndarray, np.ndarray]] = []
        for part, batch in self.batches(crops, squeeze):
            self._request.infer([batch])
            near, features = (self._request.get_output_tensor(which).data for which in (0, 1))
            for row, number in enumerate(part):
                crop = crops[number]
                reading = _without_false_spaces(_greedy(near[row], self._heads.near, _scale(crop, squeeze)), crop)
                readings[number] = replace(reading, glyphs=_in_place(reading, crop))
                if float(near[row].max(axis=1).min()) < _UNEXPLAINED:
                    open_.append((number, near[row].copy(), features[row].copy()))
        for (number, near, _), far in zip(open_, self._far(open_), strict=True):
            scale = _scale(crops[number], squeeze)
            whole = _greedy(np.concatenate([near, far], axis=1), self._heads.near + self._heads.far, scale)
            first = readings[number]
            if first is not None and any(is_far(c) for c in whole.text):
                readings[number] = replace(first, far=whole)
        return [reading for reading in readings if reading is not None]

    def batches(self, crops: list[np.ndarray], squeeze: float | None = None) -> Iterator[tuple[list[int], np.ndarray]]:
        """Crops of about the same width together: their numbers, and the network's input of shape (batch, 3, 48, width)."""
        import cv2

        squeeze = self.config.squeeze if squeeze is None else squeeze
        widths = [_scaled(crop, squeeze) for crop in crops]
        order = sorted(range(len(crops)), key=widths.__getitem__)
        for first in range(0, len(order), _BATCH):
            part = order[first : first + _BATCH]
            # Two batch sizes only: each shape costs a compilation the first time.
            batch = np.ones((1 if len(part) == 1 else _BATCH, _HEIGHT, _rounded(widths[part[-1]])), np.float32)
            for row, number in enumerate(part):
                scaled = widths[number]
                batch[row, :, :scaled] = cv2.resize(crops[number], (scaled, _HEIGHT), interpolation=cv2.INTER_LINEAR)
            yield part, _planes(batch)

    def warm_up(self) -> None:
        """Compile the shapes that words of a page usually have, so that the first page does not pay for it."""
        for width in range(_MIN_WIDTH, _WIDE + 1, _STEP):
            for count in (1, _BATCH):
                self._request.infer([_planes(np.ones((count, _HEIGHT, width), np.float32))])

    def _far(self, crops: list[tuple[int, np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """The far characters' logits of each crop, of shape (steps, characters); none where the near ones explain a step."""
        if not crops:
            return []
        if self._far_request is None:
            self._far_request = self._compile(self._heads.far_model, "CPU", self._hints).create_infer_request()
        unsure = [near.max(axis=1) < _UNSURE_STEP for _, near, _ in crops]
        rows = np.concatenate([features[own] for (_, _, features), own in zip(crops, unsure, strict=True)])
        self._far_request.infer([rows])
        logits = self._far_request.get_output_tensor().data
        out, at = [], 0
        for own in unsure:
            far = np.full((len(own), len(self._heads.far)), -1e9, np.float32)
            far[own] = logits[at : at + int(own.sum())]
            at += int(own.sum())
            out.append(far)
        return out


@dataclass(frozen=True, kw_only=True, slots=True)
class RecognisedText:
    """What was read of a crop."""

    text: str
    confidence: float
    """Mean of the characters' probabilities; 0 when nothing was read."""
    positions: tuple[float, ...]
    """Where each character was seen first: pixels from the left edge of the crop, good to a few pixels."""
    glyphs: tuple[Glyph | None, ...] = ()
    """The ink of each letter but spaces; None where it touches another's."""
    far: "RecognisedText | None" = None
    """The reading that knows Chinese and Japanese too, where it found some. Whether it holds, the page around tells."""


def _scaled(crop: np.ndarray, squeeze: float) -> int:
    """The width at which a crop is read."""
    full = round(crop.shape[1] * _HEIGHT / crop.shape[0])
    return max(min(full, _MIN_WIDTH), round(full * squeeze), 8)


def _without_false_spaces(reading: RecognisedText, crop: np.ndarray) -> RecognisedText:
    """A reading without the spaces that no gap in the ink bears out."""
    if " " not in reading.text.strip():
        return reading
    # A crop is about 1.7 ascents high; the narrowest space between two letters is a fifth of an ascent.
    least = max(2.0, 0.2 * crop.shape[0] / 1.7)
    # Above the baseline only: an underline runs through its spaces.
    empty = (crop[: round(0.68 * len(crop))].min(axis=0) > 0.75).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], empty, [0]))))
    gaps = [(int(x0), int(x1)) for x0, x1 in edges.reshape(-1, 2) if x1 - x0 >= least]
    kept = [
        at
        for at, letter in enumerate(reading.text)
        if letter != " "
        or not 0 < at < len(reading.text) - 1
        or any(x1 > reading.positions[at - 1] - 2 and x0 < reading.positions[at + 1] + 2 for x0, x1 in gaps)
    ]
    if len(kept) == len(reading.text):
        return reading
    text = "".join(reading.text[at] for at in kept)
    return replace(reading, text=text, positions=tuple(reading.positions[at] for at in kept))


def _in_place(reading: RecognisedText, crop: np.ndarray) -> tuple[Glyph | None, ...]:
    """The ink of each letter but spaces, where a piece of ink stands at the place of just this letter; else None."""
    places = [at for letter, at in zip(reading.text, reading.positions, strict=True) if letter != " "]
    pieces = [pieces_of(letter) for letter in reading.text if letter != " "]
    runs = glyphs_in(crop, sum(pieces))
    owner = [[n for n, at in enumerate(places) if run.x0 - 3 <= at < run.x1 + 3] for run in runs]
    if len(runs) == sum(pieces):
        # As many as there should be: each is the next letter's, if its place agrees.
        expected = [n for n, count in enumerate(pieces) for _ in range(count)]
        if all(
            not own or n in own or min(abs(n - o) for o in own) == 0 for n, own in zip(expected, owner, strict=True)
        ):
            owner = [[n] for n in expected]
    claimed: list[Glyph | None] = [None] * len(places)
    taken: set[int] = set()
    for run, own in zip(runs, owner, strict=True):
        if len(own) == 1 and own[0] not in taken:
            claimed[own[0]] = run
        elif len(own) > 1:
            nearest = sorted(own, key=lambda n: abs(places[n] - (run.x0 + run.x1) / 2))
            near, next_ = (abs(places[n] - (run.x0 + run.x1) / 2) for n in nearest[:2])
            if near + 2.5 < next_ and nearest[0] not in taken and not run.x0 <= places[nearest[1]] < run.x1:
                claimed[nearest[0]] = run
                own = nearest[:1]
        taken.update(own if len(own) == 1 else ())
    return tuple(claimed)


def _scale(crop: np.ndarray, squeeze: float) -> float:
    """Pixels of a crop in one of what is read."""
    return crop.shape[1] / _scaled(crop, squeeze)


def _doubtful(reading: RecognisedText) -> bool:
    """Whether a second reading may find more."""
    letters = sum(map(str.isalpha, reading.text))
    return reading.far is None and letters >= 3 and (reading.confidence < _DOUBT or not reading.text.isascii())


def _greedy(logits: np.ndarray, characters: str, scale: float) -> RecognisedText:
    """The best character of each step; blanks and repetitions left out."""
    best = logits.argmax(axis=1)
    starts = np.flatnonzero((best != 0) & (best != np.concatenate(([-1], best[:-1]))))
    own = logits[starts]
    sure = 1.0 / np.exp(own - own.max(axis=1, keepdims=True)).sum(axis=1)
    return RecognisedText(
        text="".join(characters[best[at]] for at in starts),
        confidence=float(sure.mean()) if len(starts) else 0.0,
        positions=tuple(float((at + 0.5) * _STRIDE * scale) for at in starts),
    )


def _rounded(width: int) -> int:
    step = _STEP if width <= _WIDE else 2 * _STEP
    return max(_MIN_WIDTH, -(-width // step) * step)


def _planes(batch: np.ndarray) -> np.ndarray:
    """Grey pictures as the network wants them: three equal planes from -1, ink, to 1, paper."""
    return np.repeat(batch[:, None] * 2.0 - 1.0, 3, axis=1)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heads:
    """The network with its last layer parted in two."""

    model: Any
    """Outputs: near logits, of shape (batch, steps, len(near)), and features, of shape (batch, steps, 120)."""
    far_model: Any
    """From features to far logits."""
    near: str
    """Its characters in the order of the classes: first the CTC blank, last the space."""
    far: str


def _part_head(core: Any, model_path: Path) -> _Heads:
    import openvino
    from openvino import opset13 as op

    model = core.read_model(model_path)
    add = next(node for node in reversed(model.get_ordered_ops()) if node.get_type_name() == "Add")
    product = add.input_value(0).get_node()
    weights, bias = product.input_value(1).get_node().data, add.input_value(1).get_node().data
    names = _class_names(model_path)
    near = [number for number, name in enumerate(names, 1) if is_near(name)]
    far = [number for number, name in enumerate(names, 1) if is_far(name)]

    def head(source: Any, columns: list[int]) -> Any:
        part = op.constant(np.ascontiguousarray(weights[:, columns]))
        return op.add(op.matmul(source, part, False, False), op.constant(bias[columns].copy()))

    build: Any = openvino.Model
    features = product.input_value(0)
    # The first class is the CTC blank, the last one is the space.
    outputs = [head(features, [0, *near, weights.shape[1] - 1]).output(0), features]
    given = op.parameter([-1, weights.shape[0]], np.float32)
    return _Heads(
        model=build(outputs, model.get_parameters(), "recogniser"),
        far_model=build([head(given, far).output(0)], [given], "far"),
        near="".join(["\0", *(names[number - 1] for number in near), " "]),
        far="".join(names[number - 1] for number in far),
    )


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
