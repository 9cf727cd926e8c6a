"""Was what was typed seen on the screen as it was typed? What was not may be a secret, whatever its field is called.

A field of bullets, a prompt that shows nothing and a field of stars have one thing in common, in every language and every
design: the characters that were typed do not appear. So what has been drawn since the first key is read, and compared with
the keys. Reading errs now and then, and then an innocent text counts as a secret: a text too few can be borne.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from crewless.core.messages import Box, InputEvent, Observation
from crewless.episodes.actions import MODIFIERS

ReadLines = Callable[[list[np.ndarray]], list[str]]
"""The text of pictures of one line each: shape (height, width), float32, 0 is ink and 1 is paper."""

_DIFFERS = 40
"""Levels of 255 by which a pixel differs that has been drawn anew."""
_LINE_PX = (5, 64)
"""The height of a band that can be a line of text."""
_SURE = 4
"""Fewer characters than these are found in any text by chance."""
_CONFUSED = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "ı": "l"})
"""What a reader of pictures takes for each other."""
_LIKE_BULLETS = frozenset("0oec•.")
"""What a lone bullet is read as."""
_LIKE_A_CARET = frozenset("1lI|iJjt/")
_KEY_PREFIX = re.compile(
    r"(sk-|sk_|pk_live|rk_live|ghp_|gho_|ghs_|github_pat_|glpat-|xox[abeprs]-|AKIA|ASIA|AIza|eyJ|hf_|npm_|pypi-|dop_v1_|SG\.)"
)
"""How issuers begin their keys, so that a search can find them (GitHub, GitLab, Slack, AWS, Google, Stripe, JWT, ...)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TypedPiece:
    """Text that was typed in one go: nothing moved the caret within it."""

    first: int
    """Its first event."""
    end: int
    """Behind its last event."""
    text: str


def pieces(events: Sequence[InputEvent]) -> list[TypedPiece]:
    """The texts in a stretch of events, in order; a BackSpace takes a character away, any other key ends a piece."""
    found: list[TypedPiece] = []
    first, chars = -1, list[str]()

    def end(at: int) -> None:
        nonlocal first, chars
        if first >= 0:
            found.append(TypedPiece(first=first, end=at, text="".join(chars)))
        first, chars = -1, []

    for at, event in enumerate(events):
        if event.kind != "key_down" or event.keysym in MODIFIERS:
            continue
        if types_text(event):
            first = at if first < 0 else first
            chars.append(event.char)
        elif event.keysym == "BackSpace" and first >= 0:
            del chars[-1:]
        else:
            end(at)
    end(len(events))
    return found


def types_text(event: InputEvent) -> bool:
    """Whether a key types a character."""
    return event.kind == "key_down" and len(event.char) == 1 and event.char.isprintable()


def looks_like_a_key(text: str) -> bool:
    """Whether a word of the text is an access key by its looks: an issuer's prefix, or long and drawn at random."""
    for word in text.split():
        if _KEY_PREFIX.match(word):
            return True
        kinds = sum(any(test(c) for c in word) for test in (str.islower, str.isupper, str.isdigit))
        if len(word) >= 16 and kinds == 3 and not re.search(r"[/\\@]|\.\w{2,4}$", word):
            return True
        if re.fullmatch(r"[0-9a-fA-F]{32,}", word):
            return True
    return False


def finished_part(text: str) -> str:
    """Without a last word that may yet become a key."""
    head, _, word = text.rpartition(" ")
    unfinished = len(word) >= 6 and any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    return (head + " " if head else "") if unfinished or (word and _may_become_a_key(word)) else text


def _may_become_a_key(word: str) -> bool:
    return bool(_KEY_PREFIX.match(word)) or word in ("sk", "gh", "xox", "AK", "AI", "ey", "glpat", "github_pat")


def drawn(before: np.ndarray, now: np.ndarray) -> list[Box]:
    """Where lines have been drawn since. Pixels: shape (height, width, 3), uint8."""
    if before.shape != now.shape:
        return [Box(0, 0, now.shape[1], now.shape[0])]
    mask = np.abs(now.astype(np.int16) - before).max(axis=2) > _DIFFERS
    found: list[Box] = []
    # An accent, or the dot of an i, stands a pixel or two above its letter.
    for y0, y1 in _runs(mask.any(axis=1), gap=2):
        columns = np.flatnonzero(mask[y0:y1].any(axis=0))
        found.append(Box(int(columns[0]), y0, int(columns[-1]) + 1, y1))
    return found


def around(boxes: Sequence[Box]) -> Box | None:
    """The box around boxes."""
    if not boxes:
        return None
    return Box(min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes))


def line_picture(pixels: np.ndarray, box: Box) -> np.ndarray:
    """What was drawn in a box as a reader wants it: shape (height, width), float32, 0 the strongest ink and 1 the paper."""
    height, width = pixels.shape[:2]
    pad_y, pad_x = max(3, box.height // 4), max(4, box.height // 3)
    crop = pixels[
        max(0, box.y0 - pad_y) : min(height, box.y1 + pad_y), max(0, box.x0 - pad_x) : min(width, box.x1 + pad_x)
    ].astype(np.int16)
    paper = np.median(crop.reshape(-1, 3), axis=0)
    distance = np.abs(crop - paper).max(axis=2)
    return (1.0 - distance / max(1.0, float(distance.max()))).astype(np.float32)


class Echo:
    """What has been drawn between two pictures, read.

    Args:
        before: the screen before the first key, shape (height, width, 3), uint8.
        now: the screen after the last one.
        observation: what perception made of ``now``; None where it was not asked.
        read: reads lines.
    """

    def __init__(
        self, before: np.ndarray, now: np.ndarray, observation: Observation | None, read: ReadLines | None
    ) -> None:
        self.boxes = drawn(before, now)
        self.share = sum(b.width * b.height for b in self.boxes) / (now.shape[0] * now.shape[1])
        """Of the screen."""
        lines = [b for b in self.boxes if _LINE_PX[0] <= b.height <= _LINE_PX[1] and b.width >= 3]
        self._strips = read([line_picture(now, box) for box in lines[:24]]) if read is not None and lines else []
        self._texts: list[str] = []
        self._entries: list[str] = []
        self.observed = False
        if observation is not None:
            self.observe(observation)

    def observe(self, observation: Observation) -> None:
        """Take in what perception makes of the picture."""
        self.observed = True
        touched = [e for e in observation.elements if e.text and any(_meet(e.box, box) for box in self.boxes)]
        self._texts = [element.text for element in touched]
        self._entries = [element.text for element in touched if element.kind in ("field", "textarea")]

    def shows(self, text: str, context: str = "") -> bool:
        """Whether the text has appeared, right behind ``context``, which was seen before. Never true by a guess."""
        want = folded(text)
        if not want:
            return text.isspace() or (
                bool(text.strip()) and any(text.strip() in line for line in (*self._strips, *self._texts))
            )
        whole = want if len(want) >= _SURE else folded(context)[-8:] + want
        if len(set(whole)) == 1 and len(whole) > 1:
            return False  # a row of bullets reads like that
        if len(want) < _SURE and self._just(text.strip()):
            return True
        if len(whole) < _SURE:
            return False
        streams = (folded(" ".join(self._strips)), folded(" ".join(self._texts)))
        return any(_within(stream, whole) for stream in streams)

    def _just(self, text: str) -> bool:
        """Whether a line has been drawn that holds a short text and nothing more, letter by letter."""
        if set(text.casefold()) <= _LIKE_BULLETS:
            return False
        like_a_caret = set(text) <= _LIKE_A_CARET
        return any(_is_just(line.strip(), text) for line in (*(() if like_a_caret else self._strips), *self._entries))


def folded(text: str) -> str:
    """Letters and digits alone, without case, accents, and what readers confuse."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", text.replace("ß", "b").casefold()) if not unicodedata.combining(c)
    )
    return "".join(c for c in bare.translate(_CONFUSED) if c.isalnum())


def _is_just(line: str, want: str) -> bool:
    """The line is that and perhaps the caret, read as a letter."""
    return line == want or (line[:-1].strip() == want and line[-1:] in _LIKE_A_CARET)


def _within(stream: str, want: str) -> bool:
    """Whether a text stands in another, up to one error in five letters; the first and the last must be right."""
    if want in stream:
        return True
    errors = len(want) // 5
    if not errors:
        return False
    size = len(want)
    for start in (at for at, c in enumerate(stream) if c == want[0]):
        for end in range(start + size - errors, min(len(stream), start + size + errors) + 1):
            if end > start and stream[end - 1] == want[-1] and _distance(stream[start:end], want, errors) <= errors:
                return True
    return False


def _distance(a: str, b: str, most: int) -> int:
    """The edit distance (Levenshtein 1965); more than ``most`` is any number above it."""
    row = list(range(len(b) + 1))
    for at, have in enumerate(a, 1):
        last, row[0] = row[0], at
        for to, want in enumerate(b, 1):
            last, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, last + (have != want))
        if min(row) > most:
            return most + 1
    return row[-1]


def _runs(flags: np.ndarray, *, gap: int) -> Iterable[tuple[int, int]]:
    """First and last plus one of each run of true values; shorter gaps than that do not end one."""
    places = np.flatnonzero(flags)
    if not len(places):
        return
    cuts = np.flatnonzero(np.diff(places) > gap)
    for first, last in zip([0, *(cuts + 1)], [*cuts, len(places) - 1], strict=True):
        yield int(places[first]), int(places[last]) + 1


def _meet(a: Box, b: Box) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1
