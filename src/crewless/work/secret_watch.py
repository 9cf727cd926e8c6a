"""Passwords never reach the disk: what is typed is held back until the screen has shown what became of it.

After whatever may have moved the focus (a press of a button, Tab, Return, a pause in typing) the screen is looked at, and again
when something has been typed. Two things are asked, and either makes it a secret: whether the field or prompt is for one
(:mod:`crewless.work.secrets`), and whether the text has not appeared as it was typed (:mod:`crewless.work.echo`). Until that has been
judged, what is done waits here; it reaches the recorder after the recorder has been told. What cannot be judged is dropped.

The recorder's pictures wait as well, however long the judgement takes on a busy machine, and the place of the secret is black in
them from before its first character to the end of the episode. Pictures that the ring cannot keep for so long are lost.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from crewless.core.errors import CrewlessError
from crewless.core.messages import Box, Frame, InputEvent, Observation, Point
from crewless.core.perception import Perception
from crewless.core.photons import FrameRing
from crewless.episodes import Recorder
from crewless.work.echo import (
    Echo,
    ReadLines,
    TypedPiece,
    around,
    finished_part,
    looks_like_a_key,
    pieces,
    types_text,
)  # fmt: skip
from crewless.work.secrets import secret_boxes

DRAWN_S = 0.12
"""From a press or a Tab to the picture that shows the focus: a browser takes two or three frames of its own."""
_SETTLED_S = 0.08
"""A picture that was taken sooner does not say where the focus has gone; the one of ``DRAWN_S`` may be a frame old."""
TYPED_S = 0.6
"""From the first key to the picture that shows what it did to a field; a person has typed two or three by then."""
_AGAIN_S = 1.0
"""From one look at a text that is being typed to the next."""
_HEARD_S = 0.02
"""What the clock of the X server and ours may be apart."""
_ECHO_S = 0.1
"""From a key to the picture that shows its character."""
_AFTER_S = (0.04, 0.12)
"""Moments after the end of a text at which its last characters may be seen, before the page has gone."""
_GIVE_UP_S = 1.5
"""A text that has not appeared so long after its last key is not going to."""
HELD_S = 0.9
"""How far the recorder should stay behind the screen: the second look, and the time to read it."""
PAUSE_S = 3.0
"""After this long without a key a program may have moved the focus by itself."""
_PATIENCE_S = 20.0
"""To judge everything that is held back, at the end of an episode."""
_COMMAND_SHARE = 0.1
"""A single key that draws more of the screen anew than this was a command, not a character."""
_FREEZE_SHARE = 0.25
"""More of the screen than this is not blacked for a text that was not recognised; the picture stands still instead."""
_MOVING_KEYS = frozenset({"Tab", "ISO_Left_Tab", "Return", "KP_Enter"})
_NOWHERE = Box(0, 0, 0, 0)
_RIM = 3
"""Pixels that are blacked around what was drawn."""


@dataclass(kw_only=True, eq=False)
class _Stretch:
    """What is done between two moments at which the focus may have moved."""

    began_s: float
    point: Point | None = None
    events: list[InputEvent] = field(default_factory=list)
    """Held back."""
    base: Frame | None = None
    """What the screen showed before the first key that is held back."""
    typed_s: float | None = None
    """When that key came."""
    last_typed_s: float = 0.0
    shown: str = ""
    """What was typed before them in this field, and seen."""
    last: Frame | None = None
    """What the screen showed when the next stretch began."""
    ended_s: float | None = None
    tried_s: float = 0.0
    """When it was last looked for what was typed."""
    looked: bool = False
    """The first look is done."""
    boxes: list[Box] = field(default_factory=list)
    """Where its secret shows; empty: it is none, as far as is known."""
    sure: bool = False
    """It has been seen which field has the focus."""
    alone: bool = True
    """Nothing that was typed before in this field has been kept back."""


@dataclass(kw_only=True)
class _Look:
    """What one look at a stretch is to find out, and found."""

    stretch: _Stretch
    final: bool
    frame: Frame | None
    """To see what the field is for."""
    frames: list[Frame]
    """To see whether the text has appeared, the likeliest first."""
    events: list[InputEvent]
    """Those whose effect can be seen by now."""
    seen: tuple[list[Box], bool] | None = None
    judged: list[tuple[TypedPiece, Box | None, bool]] = field(default_factory=list)
    """Each text; where it may show if it is a secret (None: unknown); and whether it is one."""


class SecretWatch:
    """Stands between an input tap and a recorder, and tells the recorder what is secret before it hears of it.

    Args:
        recorder: hears the events.
        ring: the file of the frame ring.
        perception: reads the screen. Used in this watch's thread, and in :meth:`begin`.
        read: reads lines that have just been drawn, in this watch's thread; None relies on the perception alone.
    """

    def __init__(
        self, recorder: Recorder, ring: FrameRing, perception: Perception, read: ReadLines | None = None
    ) -> None:
        self._recorder, self._ring, self._perception, self._read = recorder, ring, perception, read
        self._lock = threading.Condition()
        self._stretches: list[_Stretch] = []
        """Undecided ones, oldest first."""
        self._point: Point | None = None
        self._typed_s = 0.0
        self._secret = False
        """What the recorder was told last."""
        self._named = False
        """It was told so because the field is for secrets."""
        self._boxes: list[Box] = []
        """Where the secret shows that is typed now."""
        self._shown, self._alone = "", True
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
        seen = None if frame is None else self._look_for_fields(frame, stretch)[0]
        with self._lock:
            self._stretches, self._hurry, self._point = [stretch], False, None
            self._shown, self._alone = "", True
            self._judge_field(stretch, seen)
            self._hold_pictures()
            self._lock.notify()

    def event(self, event: InputEvent) -> None:
        """Something was done. Passes it on, now or when it has been judged."""
        moves = (event.kind == "press" and event.button <= 3) or (
            event.kind == "key_down" and event.keysym in _MOVING_KEYS
        )
        typed = types_text(event) and not moves
        with self._lock:
            now_s = time.monotonic()
            if typed and not self._stretches:
                paused = now_s - self._typed_s > PAUSE_S
                if paused or not (self._secret and self._named):
                    again = _Stretch(began_s=self._typed_s, point=self._point, looked=True)
                    again.boxes = list(self._boxes) if self._named else []
                    again.shown, again.alone = self._shown, self._alone
                    self._stretches.append(again)
            if typed:
                self._typed_s = now_s
            if not self._stretches:
                self._pass([event])
            else:
                self._hold(self._stretches[-1], event, typed=typed)
            if moves:
                if self._stretches:
                    self._stretches[-1].ended_s = now_s
                    self._stretches[-1].last = self._shot() if self._stretches[-1].typed_s is not None else None
                self._point = Point(event.x, event.y) if event.kind == "press" else None
                self._shown, self._alone = "", True
                self._stretches.append(_Stretch(began_s=now_s, point=self._point))
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
        if typed:
            stretch.last_typed_s = time.monotonic()
            if stretch.typed_s is None:
                # The tap may hear of it after it has been drawn.
                stretch.typed_s = min(stretch.last_typed_s, event.t_s) - _HEARD_S
                stretch.base = self._shot_before(stretch.typed_s)
        stretch.events.append(event)

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._closing and (wait_s := self._wait_s()) != 0:
                    self._lock.wait(wait_s)
                if self._closing:
                    return
                look = self._plan(self._stretches[0])
            try:
                self._carry_out(look)
            except Exception as error:  # Said by finish, to whoever works; until then nothing more is passed on.
                with self._lock:
                    self._failure = error
                    self._lock.notify_all()
                return
            with self._lock:
                if not self._stretches or self._stretches[0] is not look.stretch:
                    continue
                self._judge(look)
                self._hold_pictures()
                self._lock.notify_all()

    def _wait_s(self) -> float | None:
        """Until the oldest stretch can be looked at; 0: now, None: nothing is to be done."""
        if not self._stretches:
            return None
        stretch, now_s = self._stretches[0], time.monotonic()
        if stretch.ended_s is not None or self._hurry:
            if stretch.typed_s is None:
                return 0.0
            end_s = stretch.last_typed_s + _ECHO_S if stretch.ended_s is None else stretch.ended_s + _AFTER_S[-1]
            return max(0.0, end_s - now_s)
        if not stretch.looked:
            return max(0.0, stretch.began_s + DRAWN_S - now_s)
        if stretch.typed_s is None:
            return None
        due_s = max(stretch.typed_s + TYPED_S, stretch.tried_s + _AGAIN_S)
        return max(0.0, min(due_s, max(stretch.last_typed_s, stretch.tried_s) + _GIVE_UP_S) - now_s)

    def _plan(self, stretch: _Stretch) -> _Look:
        """What to look at; called with the lock."""
        frame = self._shot()
        over = stretch.ended_s is not None or self._hurry
        if over:
            idle = stretch.typed_s is None
            after = [self._frame_at(stretch.ended_s + s) for s in _AFTER_S] if stretch.ended_s is not None else [frame]
            # On a machine that is late even the newest one may be needed.
            frames = [f for f in (stretch.last, *after, frame) if f is not None]
            return _Look(
                stretch=stretch, final=True, frame=None if idle else stretch.last or frame, frames=frames,
                events=list(stretch.events),
            )  # fmt: skip
        if not stretch.looked or stretch.typed_s is None:
            return _Look(stretch=stretch, final=False, frame=frame, frames=[], events=[])
        final = time.monotonic() >= stretch.last_typed_s + _GIVE_UP_S
        visible_s = time.monotonic() if final or frame is None else frame.t_s - _ECHO_S
        events = [event for event in stretch.events if event.t_s <= visible_s]
        frames = [] if frame is None else [frame]
        return _Look(stretch=stretch, final=final, frame=frame, frames=frames, events=events)

    def _carry_out(self, look: _Look) -> None:
        """Read the screen; called without the lock."""
        stretch = look.stretch
        observation: Observation | None = None
        if look.frame is not None:
            look.seen, observation = self._look_for_fields(look.frame, stretch)
        texts = pieces(look.events)
        if not texts or (look.seen is not None and look.seen[0] and (look.seen[1] or not stretch.sure)):
            return
        if not look.final:
            # A last word that may become an access key waits for its end, and its key.
            while texts and finished_part(texts[-1].text) != texts[-1].text:
                look.events.pop()
                texts = pieces(look.events)
        echoes: dict[int, Echo] = {}
        for text in texts:
            look.judged.append((text, *self._judge_text(look, text, observation, echoes, alone=len(texts) == 1)))

    def _judge_text(
        self, look: _Look, text: TypedPiece, observation: Observation | None, echoes: dict[int, Echo], *, alone: bool
    ) -> tuple[Box | None, bool]:
        """Where a text may show, and whether it is to be kept back."""
        stretch = look.stretch
        if not text.text:
            return _NOWHERE, False  # taken away again with BackSpace
        base = stretch.base
        first: Echo | None = None
        if base is not None:
            # Lines that were drawn are soon read; where a frame was drawn around them, they are to be found on the whole screen.
            for whole in (False, True):
                for frame in look.frames:
                    echo = self._echo(look, frame, base, observation, echoes, whole=whole)
                    first = first or echo
                    if echo.shows(text.text, stretch.shown):
                        return self._place(echo), looks_like_a_key(text.text)
            command = alone and len(text.text) == 1 and not stretch.shown and stretch.alone
            if command and look.final and any(echo.share > _COMMAND_SHARE for echo in echoes.values()):
                return _NOWHERE, False
        return (None if first is None else self._place(first)), True

    def _echo(
        self,
        look: _Look,
        frame: Frame,
        base: Frame,
        observation: Observation | None,
        echoes: dict[int, Echo],
        *,
        whole: bool,
    ) -> Echo:
        """What has been drawn by the time of a frame."""
        echo = echoes.get(frame.index)
        if echo is None:
            same = look.frame is not None and frame.index == look.frame.index
            echo = echoes[frame.index] = Echo(base.pixels, frame.pixels, observation if same else None, self._read)
        if whole and not echo.observed:
            echo.observe(self._perception.perceive(frame))
        return echo

    @staticmethod
    def _place(echo: Echo) -> Box | None:
        box = around(echo.boxes)
        if box is None:
            return _NOWHERE
        if echo.share > _FREEZE_SHARE:
            return None
        return Box(max(0, box.x0 - _RIM), max(0, box.y0 - _RIM), box.x1 + _RIM, box.y1 + _RIM)

    def _judge(self, look: _Look) -> None:
        """A look is done: tell the recorder, and pass on what has been judged. Called with the lock."""
        stretch = look.stretch
        first_look = not stretch.looked
        self._judge_field(stretch, look.seen)
        if first_look and not look.final:
            return
        if stretch.typed_s is not None and look.final and not look.events:
            return  # a key came while nothing was expected any more
        if stretch.boxes:
            if look.final or stretch.typed_s is not None:
                self._tell(stretch.boxes, named=True)
                self._pass(stretch.events)
                self._stretches.pop(0)
            return
        done = 0
        for text, box, secret in look.judged:
            if secret and not look.final and not looks_like_a_key(text.text):
                break  # it may yet appear
            self._tell([], named=False)
            self._pass(stretch.events[done : text.first])
            if secret:
                self._tell_hidden(box)
                stretch.alone = False
            else:
                stretch.shown = (stretch.shown + text.text)[-40:]
            self._pass(stretch.events[text.first : text.end])
            done = text.end
        if look.final:
            rest = stretch.events[done:] if len(look.events) == len(stretch.events) else look.events[done:]
            self._pass(rest)
            done += len(rest)
        del stretch.events[:done]
        stretch.tried_s = time.monotonic()
        left = [event for event in stretch.events if types_text(event)]
        self._shown, self._alone = stretch.shown, stretch.alone
        if not left and (stretch.ended_s is not None or self._hurry or look.final or done):
            self._pass(stretch.events)
            self._stretches.pop(0)
        elif done:
            stretch.typed_s = left[0].t_s if left else None

    def _judge_field(self, stretch: _Stretch, seen: tuple[list[Box], bool] | None) -> None:
        """What a look has said of the field."""
        stretch.looked = True
        if seen is None:
            return
        boxes, sure = seen
        # A look that saw where the focus is decides over those that did not; among equals either is enough.
        if sure and not stretch.sure:
            stretch.boxes, stretch.sure = boxes, True
        elif sure == stretch.sure:
            stretch.boxes += [box for box in boxes if box not in stretch.boxes]
        self._tell(stretch.boxes, named=bool(stretch.boxes))

    def _tell(self, boxes: Sequence[Box], *, named: bool = False) -> None:
        # That the recorder is gone is said by its stop, to whoever works.
        with suppress(CrewlessError):
            for box in boxes:
                self._recorder.mark(box)
            if self._secret and not boxes:
                self._recorder.secret(False)
            elif boxes and not self._secret:
                self._recorder.secret(True, box=boxes[0])
        self._secret, self._boxes, self._named = bool(boxes), list(boxes), named

    def _tell_hidden(self, box: Box | None) -> None:
        """A text has not appeared: it is kept back, and so is the place where something was drawn meanwhile."""
        if box is not None:
            self._tell([box], named=False)
            return
        with suppress(CrewlessError):
            self._recorder.secret(True)
        self._secret, self._boxes, self._named = True, [], False

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
            copy = self._copy(frame)
            if copy is not None:
                return copy
        return None

    def _shot_before(self, t_s: float) -> Frame | None:
        """A copy of the newest frame that is older than a moment; of the oldest near it where none is."""
        found: Frame | None = None
        for index in range(self._ring.count - 1, max(-1, self._ring.count - 8), -1):
            frame = self._ring.get(index)
            if frame is not None:
                found = frame
                if frame.t_s < t_s:
                    break
        return None if found is None else self._copy(found) or self._shot()

    def _frame_at(self, t_s: float) -> Frame | None:
        """A copy of the first frame from a moment on that the ring still has; of the newest where all are older."""
        found: Frame | None = None
        for index in range(self._ring.count - 1, max(-1, self._ring.count - 400), -1):
            frame = self._ring.get(index)
            if frame is None:
                if found is not None:
                    break
                continue
            if found is not None and frame.t_s < t_s:
                break
            found = frame
        return None if found is None else self._copy(found) or self._shot()

    def _copy(self, frame: Frame) -> Frame | None:
        copy = replace(frame, pixels=np.array(frame.pixels), changed=None)
        return copy if self._ring.intact(frame) else None

    def _look_for_fields(self, frame: Frame, stretch: _Stretch) -> tuple[tuple[list[Box], bool], Observation]:
        settled = stretch.looked or frame.t_s >= stretch.began_s + _SETTLED_S
        observation = self._perception.perceive(frame)
        return secret_boxes(observation, frame.pixels, stretch.point, settled=settled), observation
