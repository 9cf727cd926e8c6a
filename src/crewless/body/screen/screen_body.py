"""The screen as a body: frames from the ring, actions through the motor, and patience until the program has answered."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from crewless.body.screen.apps import ChromiumConfig, Program, launch, launch_chromium
from crewless.body.screen.capture import Capture, CaptureStats
from crewless.body.screen.display import Display
from crewless.body.screen.input_driver import InputDriver
from crewless.body.screen.settling import SettleConfig, Settling
from crewless.core.errors import ActionUncertain, BadInput, BodyFailure, DisplayDied
from crewless.core.messages import Action, Applied, Frame, Point
from crewless.core.photons import FrameRing
from crewless.core.services import SERVICES

ReadBack = Callable[[Frame, Point], str | None]
"""Reads the text of the field at a point; None when it cannot be read."""

_FRAME_S = SERVICES["frame"].period_s
_STALE_S = 3.0
"""Photons older than this are no photons: the capture hangs."""
_POINTED = frozenset({"click", "double_click", "drag"})
_MAY_LOAD_A_PAGE = frozenset({"click", "double_click", "key"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenBodyConfig:
    """What the screen is like and how patient the body is."""

    width: int = 1280
    height: int = 800
    slots: int = 8
    """Different pictures that the frame ring holds, 4 bytes a pixel each."""
    settle: SettleConfig = field(default_factory=SettleConfig)
    settle_timeout_s: float = 5.0
    """An action is given up waiting for after this long; the note says so."""
    focus_s: float = 0.08
    """How long a clicked field may take to show that it has the focus, before typing goes on regardless."""
    drawn_s: float = 8.0
    """How long a new window may take to show something."""


class ScreenBody:
    """A :class:`~crewless.core.body.Body` made of an X display, its capture, its motor and the programs on it.

    ``with ScreenBody() as body: body.launch_chromium("http://...")``. A process that drives a display which another one
    started uses :meth:`attach`; it then owns nothing of it.

    Args:
        config: size and patience.
        read_back: reads a field after typing, so that what is wrong can be corrected once.
    """

    def __init__(self, config: ScreenBodyConfig | None = None, *, read_back: ReadBack | None = None) -> None:
        self.config = config or ScreenBodyConfig()
        self._read_back = read_back
        self._display: Display | None = None
        self._capture: Capture | None = None
        self._motor: InputDriver | None = None
        self._ring: FrameRing | None = None
        self._programs: list[Program] = []
        self._settling: Settling | None = None
        self._quiet = False
        self._next = 0
        self._quiet_since = 0

    def start(self) -> "ScreenBody":
        """Start the display, the capture and the motor. Does nothing when they run. Raises MissingTool, BodyFailure."""
        if self._motor is not None:
            return self
        try:
            self._display = Display(self.config.width, self.config.height).start()
            self._capture = Capture(
                self._display.name, self.config.height, self.config.width, slots=self.config.slots
            ).start()
            self._ring = self._capture.ring
            self._motor = InputDriver(self._display.name, on_control=self._look)
        except BaseException:
            self.close()
            raise
        return self

    @classmethod
    def attach(
        cls,
        display: str,
        ring: Path,
        config: ScreenBodyConfig | None = None,
        *,
        read_back: ReadBack | None = None,
    ) -> "ScreenBody":
        """Drive a display and read a ring that belong to another process. Raises DisplayDied, BodyFailure."""
        body = cls(config, read_back=read_back)
        body._ring = FrameRing.open(ring)
        try:
            body._motor = InputDriver(display, on_control=body._look)
        except BaseException:
            body.close()
            raise
        return body

    @property
    def display(self) -> str:
        """The display's name, like ``:77``. Raises BodyFailure before :meth:`start`."""
        return self.motor.display

    @property
    def ring(self) -> FrameRing:
        """Where the frames are; its ``path`` is what :meth:`attach` asks for. Raises BodyFailure before :meth:`start`."""
        if self._ring is None:
            raise BodyFailure("the screen has not been started, or has been closed")
        return self._ring

    @property
    def motor(self) -> InputDriver:
        """Mouse and keyboard; its ``controls`` are the log of what was sent. Raises BodyFailure before :meth:`start`."""
        if self._motor is None:
            raise BodyFailure("the screen has not been started, or has been closed")
        return self._motor

    @property
    def programs(self) -> tuple[Program, ...]:
        """What was launched, oldest first."""
        return tuple(self._programs)

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, window: bool = True) -> Program:
        """Start a program and wait until its window is drawn. Raises MissingTool, ProgramCrashed, DisplayDied."""
        return self._add(launch(self._own_display(), argv, env=env, window=window), window)

    def launch_chromium(self, url: str, config: ChromiumConfig | None = None) -> Program:
        """Start Chromium on a page and wait until it is drawn. Raises MissingTool, ProgramCrashed, DisplayDied."""
        return self._add(launch_chromium(self._own_display(), url, config), True)

    def frame(self) -> Frame:
        """The newest photons. Raises BodyFailure when there are none."""
        self.check()
        newest = self.ring.latest()
        if newest is None:
            time.sleep(_FRAME_S)
            newest = self.ring.latest()
        if newest is None:
            raise BodyFailure(f"no frame has come from {self.display}")
        return newest

    def act(self, action: Action) -> Applied:
        """Carry the action out and wait for the program's answer; see :class:`~crewless.core.body.Body`."""
        self._check_action(action)
        self.check()
        sent = self.motor.sent
        try:
            return self._act(action)
        except BodyFailure as error:
            if self.motor.sent > sent:
                raise ActionUncertain(
                    f"{error.message}, after {_words(action)} had been sent",
                    alternatives=["look at the system of record before the case is worked again"],
                ) from error
            raise

    def settle(self, timeout_s: float = 5.0) -> Frame:
        """Wait until nothing has changed for a while, or the time is up; the newest frame. Raises BodyFailure."""
        begin_s = time.monotonic() - self.config.settle.quiet_s
        self._follow(Settling(config=self.config.settle, start_s=begin_s, sent_s=begin_s, expects_change=False))
        self._next = max(0, self.ring.count - 1 - round(self.config.settle.quiet_s / _FRAME_S))
        self._wait(timeout_s)
        return self.frame()

    def check(self) -> None:
        """Raises DisplayDied, ProgramCrashed or BodyFailure when something of the body has ended."""
        if self._display is not None:
            self._display.check()
        for program in self._programs:
            program.check()
        if self._capture is not None:
            self._capture.check()
        if self.ring.closed:
            raise DisplayDied(f"the frames of {self.display} have ended")
        newest = self.ring.latest()
        if newest is not None and time.monotonic() - newest.t_s > _STALE_S:
            raise BodyFailure(f"the newest frame of {self.display} is {time.monotonic() - newest.t_s:.1f} s old")

    def capture_stats(self) -> CaptureStats:
        """How well the capture keeps time. Raises BodyFailure for an attached body: its owner knows."""
        if self._capture is None:
            raise BodyFailure("this body does not own the capture of its display")
        return self._capture.stats()

    def close(self) -> None:
        """End everything that the body started. Safe to call twice."""
        if self._motor is not None:
            self._motor.close()
        for program in reversed(self._programs):
            program.close()
        self._programs.clear()
        if self._capture is not None:
            self._capture.close()
        elif self._ring is not None:
            self._ring.close()
        if self._display is not None:
            self._display.close()
        self._motor = self._capture = self._ring = self._display = None

    def __enter__(self) -> "ScreenBody":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own_display(self) -> Display:
        if self._display is None:
            raise BodyFailure("programs are launched by the process that started the display")
        return self._display

    def _add(self, program: Program, window: bool) -> Program:
        self._programs.append(program)
        end_s = time.monotonic() + self.config.drawn_s
        while window and time.monotonic() < end_s and _uniform(self.frame()):
            time.sleep(_FRAME_S)
        if window:
            begin_s = time.monotonic()
            slow = replace(self.config.settle, quiet_s=2 * self.config.settle.quiet_s)
            self._follow(Settling(config=slow, start_s=begin_s, sent_s=begin_s, expects_change=False))
            self._wait(self.config.settle_timeout_s)
        return program

    def _check_action(self, action: Action) -> None:
        if action.verb in ("done", "hand_over"):
            raise BadInput(f"{action.verb!r} ends a case; a screen cannot do it", alternatives=["click", "type", "key"])
        if action.verb == "move":
            raise BadInput("'move' is for a robot's joints; a screen has none", alternatives=["click", "type", "key"])
        if action.verb in _POINTED and action.point is None:
            raise BadInput(f"{action.verb} needs a point", alternatives=["Action(verb=..., point=Point(x, y))"])
        if action.verb == "drag" and action.to is None:
            raise BadInput("drag needs the point where to let go", alternatives=["Action(verb='drag', point=, to=)"])
        for point in (action.point, action.to):
            if point is not None:
                self.motor.check_inside(Point(*point))

    def _act(self, action: Action) -> Applied:
        restless = self._restless()
        before = self._read_field(action)
        if action.point is not None:
            self.motor.move(action.point)
        settling = Settling(
            config=self.config.settle,
            start_s=time.monotonic(),
            expects_change=action.verb != "wait",
            grace_s=self._grace_s(action),
            restless=restless,
        )
        self._follow(settling)
        note = self._send(action, settling)
        dispatched_s = settling.sent_s = time.monotonic()
        settled = self._wait(self.config.settle_timeout_s)
        if not settled:
            note = _join(note, f"still changing after {self.config.settle_timeout_s:g} s")
        if action.verb == "type":
            note = _join(note, self._correct(action, before))
        settled_s = time.monotonic() if settled else None
        self._quiet_since = self._next
        return Applied(
            action=action,
            dispatched_s=dispatched_s,
            changed_s=None if settling.changed_s is None else max(settling.changed_s, dispatched_s),
            settled_s=settled_s,
            changed_tiles=settling.changed_tiles,
            note=note,
        )

    def _send(self, action: Action, settling: Settling) -> str:
        """Send the controls of an action, the pointer being there already; a note of what differs from what was asked."""
        point, motor = action.point, self.motor
        if action.verb in ("click", "double_click") and point is not None:
            motor.click(point, times=1 if action.verb == "click" else 2)
        elif action.verb == "drag" and point is not None and action.to is not None:
            motor.drag(point, action.to)
        elif action.verb == "scroll":
            motor.scroll(action.amount, point)
        elif action.verb == "key":
            motor.chord(action.text)
        elif action.verb == "type":
            if point is not None:
                motor.click(point)
                self._pause(self.config.focus_s, until=lambda: settling.changed_s is not None)
            motor.type(action.text)
        elif action.verb == "wait":
            self._pause(action.seconds)
        return ""

    def _grace_s(self, action: Action) -> float:
        submits = action.verb == "type" and action.text.endswith("\n")
        return self.config.settle.grace_s if action.verb in _MAY_LOAD_A_PAGE or submits else 0.0

    def _read_field(self, action: Action) -> str | None:
        """What the field to be typed into reads; None where nothing is read back."""
        reads = self._read_back is not None and action.verb == "type" and action.point is not None
        if not reads or self._read_back is None or action.point is None or action.text.endswith(("\n", "\t")):
            return None
        return self._read_back(self.frame(), action.point)

    def _correct(self, action: Action, before: str | None) -> str:
        """Read the field back and, if it differs, type it once more; a note."""
        asked, read = _plain(action.text), _plain(self._read_field(action))
        if read is None or read == asked:
            return ""
        if _plain(before):
            # What was typed stands somewhere in what the field held before: typing it anew would wipe that out.
            fits = asked is not None and asked in read
            return "" if fits else f"the field reads {read!r}; not corrected, because it held {_plain(before)!r} before"
        self.motor.chord("ctrl+a")
        self._follow(Settling(config=self.config.settle, start_s=time.monotonic()))
        self.motor.type(action.text)
        assert self._settling is not None
        self._settling.sent_s = time.monotonic()
        self._wait(self.config.settle_timeout_s)
        again = _plain(self._read_field(action))
        outcome = "" if again == asked else f", and reads {again!r} now"
        return f"the field read {read!r}; typed once more{outcome}"

    def _restless(self) -> np.ndarray | None:
        """Tiles that changed since the screen was last quiet, while nobody did anything."""
        self._settling = None
        count = self.ring.count
        found: np.ndarray | None = None
        for index in range(max(0, self._quiet_since, count - 64), count):
            frame = self.ring.get(index)
            if frame is not None and frame.changed is not None and frame.changed.any():
                found = frame.changed if found is None else found | frame.changed
        return found if found is not None and found.sum() <= self.config.settle.restless_tiles else None

    def _follow(self, settling: Settling) -> None:
        self._settling, self._quiet, self._next = settling, False, self.ring.count

    def _look(self) -> bool:
        """Take in the frames that have come; whether the screen is quiet now."""
        if self._settling is None or self._ring is None:
            return False
        while self._next < self._ring.count:
            frame = self._ring.get(self._next)
            self._next += 1
            if frame is not None:
                self._quiet = self._settling.see(frame.t_s, frame.changed)
        return self._quiet

    def _pause(self, seconds: float, until: Callable[[], bool] | None = None) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and not (until is not None and until()):
            time.sleep(min(_FRAME_S / 4, max(0.0, end_s - time.monotonic())))
            self._look()

    def _wait(self, timeout_s: float) -> bool:
        """Look until the screen is quiet; False when the time is up first. Raises BodyFailure."""
        end_s = time.monotonic() + timeout_s
        quiet = self._look()
        while not quiet and time.monotonic() < end_s:
            time.sleep(_FRAME_S / 4)
            quiet = self._look()
            self.check()
        self._quiet_since = self._next
        return quiet


def _uniform(frame: Frame) -> bool:
    """Whether the picture is a single colour inside its margin, as a window is before its program has drawn in it."""
    sample = frame.pixels[32:-32:2, 32:-32:2]
    return bool((sample == sample[0, 0]).all())


def _plain(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _words(action: Action) -> str:
    where = f" at {action.point.x},{action.point.y}" if action.point is not None else ""
    return f"{action.verb}{where}"
