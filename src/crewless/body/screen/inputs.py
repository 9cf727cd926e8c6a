"""Whoever works, person or program: what their mouse and keyboard did, seen by the X server's RECORD extension.

A person's hands and XTEST look the same here, so demonstrations of both are recorded alike.
"""

import contextlib
import queue
import struct
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from crewless.body.screen.display import connect, connection_errors, hang_up
from crewless.body.screen.keyboard import Keymap, read_keymap
from crewless.core.errors import DisplayDied
from crewless.core.messages import InputEvent
from crewless.core.services import SERVICES

if TYPE_CHECKING:
    from Xlib.display import Display as XConnection

_MOVE_S = SERVICES["frame"].period_s
_EVENT = struct.Struct("=BBHIIIIhhhhHBx")
"""Core protocol, KeyPress and its kin: type, detail, sequence, time, root, event, child, root x and y, x and y, state,
same screen."""
_KINDS: dict[int, Literal["key_down", "key_up", "press", "release"]] = {
    2: "key_down",
    3: "key_up",
    4: "press",
    5: "release",
}
_MOTION = 6
_CHANGE_MAP = 100
"""Core request ChangeKeyboardMapping."""
_XKB_SET_MAP, _XKB_GET_BY_NAME = 9, 23
"""Requests of the keyboard extension; the second is what setxkbmap sends."""


class InputTap:
    """Taps a display's input from :meth:`start` to :meth:`close`.

    Moves are thinned to one a frame period; the last one before a rest or before a button or key always comes through.

    Args:
        display: its name, like ``:77``.
        on_event: called with each event in the tap's thread; None puts them into :attr:`events`.
    """

    def __init__(self, display: str, on_event: Callable[[InputEvent], object] | None = None) -> None:
        self.display = display
        self.events: queue.SimpleQueue[InputEvent] = queue.SimpleQueue()
        self._deliver = on_event or self.events.put
        self._control: XConnection | None = None
        self._data: XConnection | None = None
        self._context: Any = None
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._rest = threading.Event()
        self._closing = False
        self._move: InputEvent | None = None
        self._moved_s = 0.0
        self._keymap: Keymap | None = None
        self._lent: dict[int, tuple[int, ...]] = {}
        self._offset_s = 0.0
        self._xkb = 0

    def start(self) -> "InputTap":
        """Begin. Events from now on are seen. Does nothing when it runs. Raises DisplayDied."""
        if self._context is not None:
            return self
        from Xlib.ext import record

        self._control, self._data = connect(self.display), connect(self.display)
        if not self._control.has_extension("RECORD"):
            raise DisplayDied(f"the X display {self.display} has no RECORD extension")
        self._offset_s = clock_offset_s(self._control)
        self._keymap = read_keymap(self._control)
        nothing = (0, 0)
        keyboard = self._control.query_extension("XKEYBOARD")
        self._xkb = keyboard.major_opcode if keyboard is not None and keyboard.present else 0
        # Changes of the keyboard map are recorded among the keys, in order: by the time that a key is looked up here, it
        # may long have been lent another character.
        wanted = {
            "core_requests": (_CHANGE_MAP, _CHANGE_MAP),
            "core_replies": nothing,
            "ext_requests": (self._xkb, self._xkb, _XKB_SET_MAP, _XKB_GET_BY_NAME) if self._xkb else (0, 0, 0, 0),
            "ext_replies": (0, 0, 0, 0),
            "delivered_events": nothing,
            "device_events": (2, _MOTION),
            "errors": nothing,
            "client_started": False,
            "client_died": False,
        }
        self._context = self._control.record_create_context(0, [record.AllClients], [wanted])
        self._control.sync()
        started = threading.Event()
        for name, target in (("tap", lambda: self._record(started)), ("rest", self._flush_moves)):
            thread = threading.Thread(target=target, name=f"crewless-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)
        if not started.wait(5.0):
            self.close()
            raise DisplayDied(f"the X display {self.display} did not begin to record")
        return self

    def alive(self) -> bool:
        """Whether events still come."""
        return bool(self._threads) and self._threads[0].is_alive()

    def drain(self) -> list[InputEvent]:
        """Every event that waits in :attr:`events`, oldest first."""
        found: list[InputEvent] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self.events.get_nowait())
        return found

    def close(self) -> None:
        """End. Safe to call twice."""
        self._closing = True
        self._rest.set()
        if self._control is not None:
            with contextlib.suppress(*connection_errors()):
                if self._context is not None:
                    self._control.record_disable_context(self._context)
                    self._control.flush()
        for thread in self._threads:
            thread.join(2.0)
        for connection in (self._control, self._data):
            if connection is not None:
                hang_up(connection)
        self._control = self._data = self._context = None
        self._threads = []

    def __enter__(self) -> "InputTap":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _record(self, started: threading.Event) -> None:
        from Xlib.ext import record

        def take(reply: Any) -> None:
            if reply.category == record.StartOfData:
                started.set()
            elif reply.category == record.FromServer and not reply.client_swapped:
                for at in range(0, len(reply.data) - _EVENT.size + 1, _EVENT.size):
                    self._take(_EVENT.unpack_from(reply.data, at))

            elif reply.category == record.FromClient and not reply.client_swapped:
                self._take_request(reply.data)

        assert self._data is not None
        with contextlib.suppress(*connection_errors()):
            self._data.record_enable_context(self._context, take)
            self._data.record_free_context(self._context)
        self._rest.set()

    def _take(self, raw: tuple[int, ...]) -> None:
        kind, detail, _, stamp_ms, _, _, _, x, y, _, _, state, _ = raw
        t_s = self._monotonic_s(stamp_ms)
        with self._lock:
            if kind == _MOTION:
                self._move = InputEvent(t_s=t_s, kind="move", x=x, y=y, button=0, keysym="", char="")
                if t_s - self._moved_s >= _MOVE_S:
                    self._give_move()
                else:
                    self._rest.set()
                return
            named = _KINDS.get(kind & 0x7F)
            if named is None:
                return
            self._give_move()
            keysym = char = ""
            is_key = named in ("key_down", "key_up")
            if is_key:
                keysym, char = self._map().read(detail, state)
            self._deliver(
                InputEvent(t_s=t_s, kind=named, x=x, y=y, button=0 if is_key else detail, keysym=keysym, char=char)
            )

    def _take_request(self, data: bytes) -> None:
        """A client changes the keyboard map: a key or two by the core request, everything by the keyboard extension."""
        opcode, second, _ = struct.unpack_from("=BBH", data)
        if opcode == _CHANGE_MAP:
            first, width = struct.unpack_from("=BB", data, 4)
            for at in range(second):
                self._lent[first + at] = struct.unpack_from(f"={width}I", data, 8 + 4 * width * at)
        elif opcode == self._xkb and second in (_XKB_SET_MAP, _XKB_GET_BY_NAME):
            self._lent.clear()
        else:
            return
        self._keymap = None

    def _give_move(self) -> None:
        if self._move is not None:
            self._moved_s = self._move.t_s
            self._deliver(self._move)
            self._move = None

    def _flush_moves(self) -> None:
        """Deliver the last move before a rest: it was held back, and no later event will push it out."""
        while True:
            self._rest.wait()
            self._rest.clear()
            if self._closing or not self.alive():
                with self._lock:
                    self._give_move()
                return
            time.sleep(_MOVE_S)
            with self._lock:
                self._give_move()

    def _map(self) -> Keymap:
        from Xlib import X

        assert self._control is not None
        with contextlib.suppress(*connection_errors()):
            while self._control.pending_events():
                if self._control.next_event().type == X.MappingNotify:
                    self._keymap = None
            if self._keymap is None:
                self._keymap = read_keymap(self._control).with_rows(self._lent)
        assert self._keymap is not None
        return self._keymap

    def _monotonic_s(self, stamp_ms: int) -> float:
        """Server milliseconds, which wrap after 49.7 days, as monotonic seconds of the last hours."""
        now_s = time.monotonic()
        ahead_ms = (stamp_ms / 1e3 + self._offset_s - now_s) * 1e3
        wrapped = round(ahead_ms / 2**32)
        return stamp_ms / 1e3 + self._offset_s - wrapped * 2**32 / 1e3


def clock_offset_s(connection: "XConnection", tries: int = 5) -> float:
    """Monotonic seconds minus the server's clock, by the quickest of a few round trips.

    Each changes a property of a window of ours and takes the time that the server stamps on the notice of it.
    """
    from Xlib import X, Xatom

    window = connection.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent, event_mask=X.PropertyChangeMask)
    best: tuple[float, float] | None = None
    try:
        for _ in range(tries):
            sent_s = time.monotonic()
            window.change_property(Xatom.WM_NAME, Xatom.STRING, 8, b"crewless clock")
            event = connection.next_event()
            while event.type != X.PropertyNotify:
                event = connection.next_event()
            took_s = time.monotonic() - sent_s
            if best is None or took_s < best[0]:
                best = took_s, sent_s + took_s / 2 - event.time / 1e3
    finally:
        window.destroy()
        connection.flush()
    assert best is not None
    return best[1]
