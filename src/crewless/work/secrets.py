"""Passwords never reach the disk: what is typed is held back until the screen has shown into what it is typed.

After whatever may have moved the focus (a press of a button, Tab, Return, a pause in typing) the screen is looked at, and again
when something has been typed. Until both have been judged, what is done waits here; it reaches the recorder after the recorder
has been told whether it is a secret. A field is a secret's when its label, its placeholder or a word beside it names one, or when
it shows a row of bullets. Where it cannot be seen which field has the focus, any such field on the screen is enough.

The recorder's pictures wait as well, however long the judgement takes on a busy machine, and the secret's field is black in
them from before its first character to the end of the episode. Pictures that the ring cannot keep for so long are lost.
"""

import re
import threading
import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from crewless.core.errors import CrewlessError
from crewless.core.messages import Box, Element, Frame, InputEvent, Observation, Point
from crewless.core.perception import Perception
from crewless.core.photons import FrameRing
from crewless.episodes import Recorder
from crewless.episodes.actions import MODIFIERS

DRAWN_S = 0.12
"""From a press or a Tab to the picture that shows the focus: a browser takes two or three frames of its own."""
_SETTLED_S = 0.08
"""A picture that was taken sooner does not say where the focus has gone; the one of ``DRAWN_S`` may be a frame old."""
TYPED_S = 0.6
"""From the first key to the picture that shows what it did to a field; a person has typed two or three by then."""
HELD_S = 0.9
"""How far the recorder should stay behind the screen: the second look, and the time to read it."""
PAUSE_S = 3.0
"""After this long without a key a program may have moved the focus by itself."""
_PATIENCE_S = 20.0
"""To judge everything that is held back, at the end of an episode."""
_ENTRY = ("field", "textarea", "select")
_MOVING_KEYS = frozenset({"Tab", "ISO_Left_Tab", "Return", "KP_Enter"})
_NEAR_LEFT, _NEAR_ABOVE = 240, 40
"""Pixels between a field and words that belong to it, where perception saw no label."""
_RIM = 3
"""Pixels that are blacked around a field: with the focus its frame moves by one or two."""
_NAMES = re.compile(
    r"pass[ -]?(word|phrase|code|wort)|kennwort|mots? de passe|contrasena|palabra clave|senha|palavra.passe|wachtwoord"
    r"|losenord|adgangskode|passord|salasana|haslo|heslo|parola|sifre|jelszo|пароль"
    r"|\bpwd\b|\bpass\b|\bpins?\b|\bpin[ -]?code|\bsecrets?\b|\bgeheim|\bcvv2?\b|\bcvc2?\b|\bcsc\b"
    r"|security code|card verification|one.time code|verification code|\botp\b|密码|密碼|パスワード|暗証番号|비밀번호"
)
_OTHERS = re.compile(r"\b(user ?name|user|e-?mail|login|benutzername|utilisateur|usuario)\b")
"""A line that names these as well ("User name and password") stands over a form, not beside a field."""


def names_a_secret(text: str) -> bool:
    """Whether words beside a field say that what is typed into it is nobody else's business."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not "\u0300" <= c <= "\u036f")
    bare = unicodedata.normalize("NFC", bare)
    return bool(_NAMES.search(bare)) and not _OTHERS.search(bare)


def shows_bullets(pixels: np.ndarray, box: Box) -> bool:
    """Whether a field shows a row of equal, filled, round marks. ``pixels``: shape (height, width, 3), uint8."""
    inner = pixels[box.y0 + 3 : box.y1 - 3, box.x0 + 3 : box.x1 - 3].astype(np.int16)
    if min(inner.shape[:2]) < 6:
        return False
    paper = np.median(inner.reshape(-1, 3), axis=0)
    ink = np.abs(inner - paper).max(axis=2) > 60
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ink.any(axis=0), [False])).astype(np.int8)))
    marks = []
    for x0, x1 in edges.reshape(-1, 2).tolist():
        rows = np.flatnonzero(ink[:, x0:x1].any(axis=1))
        y0, y1 = int(rows[0]), int(rows[-1]) + 1
        if x1 - x0 <= 2 < y1 - y0:
            continue  # the caret
        filled = float(ink[y0:y1, x0:x1].mean())
        if x1 - x0 < 3 or abs((x1 - x0) - (y1 - y0)) > 1 or filled < 0.65:
            return False
        marks.append((x0, x1 - x0, y0, y1))
    if len(marks) < 2:
        return False
    steps = np.diff([mark[0] for mark in marks])
    same = all(np.ptp([mark[part] for mark in marks]) <= 1 for part in (1, 2, 3))
    return same and int(np.ptp(steps)) <= 2 and abs((marks[0][2] + marks[0][3]) / 2 - len(ink) / 2) < 0.2 * len(ink)


def secret_boxes(
    observation: Observation, pixels: np.ndarray, point: Point | None = None, *, settled: bool = True
) -> tuple[list[Box], bool]:
    """Where a secret would be typed now, empty when what is typed is none; and whether it was seen which field has the focus.

    Where it was not, every field that is for a secret is named.

    Args:
        observation: what the screen shows.
        pixels: the same, shape (height, width, 3), uint8, RGB.
        point: where a button was pressed last, if nothing has moved the focus since.
        settled: the screen has had the time to show where the focus is.
    """
    entries = [e for e in observation.elements if e.kind in _ENTRY]
    secret = [e.box for e in entries if is_secret(e, observation, pixels)]
    secret += [_right_of(e, observation) for e in observation.elements if _is_prompt(e, observation)]
    focused = [e.box for e in entries if "focused" in e.state]
    if point is not None:
        focused += [e.box for e in entries if e.box.contains(point)]
    sure = bool(focused) and settled
    if sure:
        secret = [box for box in secret if box in focused]
    return [Box(max(0, b.x0 - _RIM), max(0, b.y0 - _RIM), b.x1 + _RIM, b.y1 + _RIM) for b in secret], sure


def is_secret(entry: Element, observation: Observation, pixels: np.ndarray) -> bool:
    """Whether a field is for a secret."""
    if names_a_secret(entry.label) or names_a_secret(entry.text) or shows_bullets(pixels, entry.box):
        return True
    return not entry.label and any(
        names_a_secret(e.text) for e in observation.elements if e.kind in ("text", "link") and _beside(e.box, entry.box)
    )


def _beside(words: Box, entry: Box) -> bool:
    """Whether words stand left of a field or right above it."""
    row = min(words.y1, entry.y1) - max(words.y0, entry.y0) >= 0.5 * min(words.height, entry.height)
    if row:
        return 0 <= entry.x0 - words.x1 <= _NEAR_LEFT
    return 0 <= entry.y0 - words.y1 <= _NEAR_ABOVE and words.x0 < entry.x1 and words.x1 > entry.x0 - 8


def _is_prompt(element: Element, observation: Observation) -> bool:
    """Words that end in a colon with nothing after them, as in a terminal or before a field without a frame."""
    if element.kind != "text" or not element.text.rstrip().endswith((":", "：")) or not names_a_secret(element.text):
        return False
    box = element.box
    return not any(
        e.box.x0 >= box.x1 and min(e.box.y1, box.y1) - max(e.box.y0, box.y0) >= 0.5 * box.height
        for e in observation.elements
        if e.kind in (*_ENTRY, "text", "link")
    )


def _right_of(element: Element, observation: Observation) -> Box:
    box = element.box
    return Box(box.x1 + 1, max(0, box.y0 - 8), min(observation.width, box.x1 + 400), box.y1 + 8)


@dataclass(kw_only=True, eq=False)
class _Stretch:
    """What is done between two moments at which the focus may have moved."""

    began_s: float
    point: Point | None = None
    events: list[InputEvent] = field(default_factory=list)
    """Held back."""
    typed_s: float | None = None
    """When the first key came."""
    last: Frame | None = None
    """What the screen showed when the next stretch began."""
    ended: bool = False
    looked: bool = False
    """The first look is done."""
    boxes: list[Box] = field(default_factory=list)
    """Where its secret shows; empty: it is none, as far as is known."""
    sure: bool = False
    """It has been seen which field has the focus."""


class SecretWatch:
    """Stands between an input tap and a recorder, and tells the recorder what is secret before it hears of it.

    Args:
        recorder: hears the events.
        ring: the file of the frame ring.
        perception: reads the screen. Used in this watch's thread, and in :meth:`begin`.
    """

    def __init__(self, recorder: Recorder, ring: FrameRing, perception: Perception) -> None:
        self._recorder, self._ring, self._perception = recorder, ring, perception
        self._lock = threading.Condition()
        self._stretches: list[_Stretch] = []
        """Undecided ones, oldest first."""
        self._point: Point | None = None
        self._typed_s = 0.0
        self._secret = False
        """What the recorder was told last."""
        self._boxes: list[Box] = []
        """Where the secret shows that is typed now."""
        self._held_s: float | None = None
        """Since when the recorder was told to hold its pictures back."""
        self._failure: Exception | None = None
        self._hurry = self._closing = False
        self._thread = threading.Thread(target=self._run, name="crewless-secrets", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Before an episode: look, so that what is typed at once is judged too. Takes as long as one look."""
        stretch = _Stretch(began_s=time.monotonic(), looked=True)
        frame = self._shot()
        seen = None if frame is None else self._look(frame, stretch)
        with self._lock:
            self._stretches, self._hurry, self._point = [stretch], False, None
            self._judged(stretch, seen, final=False)
            self._hold_pictures()
            self._lock.notify()

    def event(self, event: InputEvent) -> None:
        """Something was done. Passes it on, now or when it has been judged."""
        moves = (event.kind == "press" and event.button <= 3) or (
            event.kind == "key_down" and event.keysym in _MOVING_KEYS
        )
        typed = event.kind == "key_down" and not moves and event.keysym not in MODIFIERS
        with self._lock:
            if typed and not self._stretches and time.monotonic() - self._typed_s > PAUSE_S:
                again = _Stretch(began_s=self._typed_s, point=self._point, looked=True, boxes=list(self._boxes))
                self._stretches.append(again)
            if typed:
                self._typed_s = time.monotonic()
            if not self._stretches:
                self._pass([event])
            else:
                self._hold(self._stretches[-1], event, typed=typed)
            if moves:
                if self._stretches:
                    self._stretches[-1].ended = True
                    self._stretches[-1].last = self._shot() if self._stretches[-1].typed_s is not None else None
                self._point = Point(event.x, event.y) if event.kind == "press" else None
                self._stretches.append(_Stretch(began_s=time.monotonic(), point=self._point))
            self._hold_pictures()
            self._lock.notify()

    def finish(self) -> None:
        """Before the episode ends: judge and pass on what is held back.

        Raises:
            CrewlessError: the screen could not be read; what was typed since is not in the episode.
        """
        with self._lock:
            self._hurry = True
            self._lock.notify()
            self._lock.wait_for(lambda: not self._stretches or self._failure is not None, timeout=_PATIENCE_S)
            # What could not be judged in time may be a secret.
            self._stretches = []
            self._tell([])
            if self._failure is not None:
                raise CrewlessError(f"the screen could not be searched for passwords: {self._failure}")

    def close(self) -> None:
        """End. What is held back is dropped."""
        with self._lock:
            self._closing = True
            self._stretches = []
            self._lock.notify()
        self._thread.join(_PATIENCE_S)

    def _hold(self, stretch: _Stretch, event: InputEvent, *, typed: bool) -> None:
        stretch.events.append(event)
        if typed and stretch.typed_s is None:
            stretch.typed_s = time.monotonic()

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._closing and (wait_s := self._wait_s()) != 0:
                    self._lock.wait(wait_s)
                if self._closing:
                    return
                stretch = self._stretches[0]
                final = stretch.ended or self._hurry or (stretch.looked and stretch.typed_s is not None)
                idle = stretch.typed_s is None and final
                frame = None if idle else stretch.last or self._shot()
            try:
                seen = None if frame is None else self._look(frame, stretch)
            except Exception as error:  # Said by finish, to whoever works; until then nothing more is passed on.
                with self._lock:
                    self._failure = error
                    self._lock.notify_all()
                return
            with self._lock:
                if not self._stretches or self._stretches[0] is not stretch:
                    continue
                if idle and stretch.typed_s is not None:
                    continue  # a key came while nothing was expected any more
                self._judged(stretch, seen, final=final)
                self._hold_pictures()
                self._lock.notify_all()

    def _wait_s(self) -> float | None:
        """Until the oldest stretch can be looked at; 0: now, None: nothing is to be done."""
        if not self._stretches:
            return None
        stretch = self._stretches[0]
        if stretch.ended or self._hurry:
            return 0.0
        if not stretch.looked:
            return max(0.0, stretch.began_s + DRAWN_S - time.monotonic())
        return None if stretch.typed_s is None else max(0.0, stretch.typed_s + TYPED_S - time.monotonic())

    def _judged(self, stretch: _Stretch, seen: tuple[list[Box], bool] | None, *, final: bool) -> None:
        """A look is done: tell the recorder, and pass on what was held back once it was the last look."""
        stretch.looked = True
        if seen is not None:
            boxes, sure = seen
            # A look that saw where the focus is decides over those that did not; among equals either is enough.
            if sure and not stretch.sure:
                stretch.boxes, stretch.sure = boxes, True
            elif sure == stretch.sure:
                stretch.boxes += [box for box in boxes if box not in stretch.boxes]
            self._tell(stretch.boxes)
        if final:
            self._pass(stretch.events)
            self._stretches.pop(0)

    def _tell(self, boxes: Sequence[Box]) -> None:
        # That the recorder is gone is said by its stop, to whoever works.
        with suppress(CrewlessError):
            for box in boxes:
                self._recorder.mark(box)
            if self._secret and not boxes:
                self._recorder.secret(False)
            elif boxes and not self._secret:
                self._recorder.secret(True, box=boxes[0])
        self._secret, self._boxes = bool(boxes), list(boxes)

    def _hold_pictures(self) -> None:
        """Tell the recorder from when on its pictures may show what has not been judged."""
        since_s = None
        for stretch in self._stretches:
            if not stretch.looked:
                since_s = stretch.began_s
            elif stretch.typed_s is not None:
                since_s = stretch.typed_s
            if since_s is not None:
                break
        if since_s != self._held_s:
            self._held_s = since_s
            with suppress(CrewlessError):
                self._recorder.hold(since_s)

    def _pass(self, events: Sequence[InputEvent]) -> None:
        with suppress(CrewlessError):
            for event in events:
                self._recorder.event(event)

    def _shot(self) -> Frame | None:
        """A copy of the newest frame."""
        for _ in range(3):
            frame = self._ring.latest()
            if frame is None:
                return None
            copy = replace(frame, pixels=np.array(frame.pixels), changed=None)
            if self._ring.intact(frame):
                return copy
        return None

    def _look(self, frame: Frame, stretch: _Stretch) -> tuple[list[Box], bool]:
        settled = stretch.looked or frame.t_s >= stretch.began_s + _SETTLED_S
        return secret_boxes(self._perception.perceive(frame), frame.pixels, stretch.point, settled=settled)
