"""An X display of one's own: Xvfb and a window manager that does nothing by itself."""

import contextlib
import os
import re
import select
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crewless.body.screen.authority import Cookie, authority
from crewless.body.screen.children import Child, require
from crewless.core.errors import BadInput, DisplayDied

if TYPE_CHECKING:
    from Xlib.display import Display as XConnection

    from crewless.core.messages import Box

# Stock openbox binds keys and the wheel over the bare root (desktop switching, menus): a stray scroll would send the
# worker to another desktop. Only what a person needs to move a dialog out of the way is kept. The focus follows the
# pointer, because focus by click makes the server hold every click back until openbox has looked at it, which takes
# seconds while openbox digests a changed keyboard map. A browser fills the screen exactly, so that a page's pixels do
# not depend on a title bar.
_OPENBOX_RC = """<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <desktops><number>1</number><popupTime>0</popupTime></desktops>
  <focus>
    <focusNew>yes</focusNew><focusLast>yes</focusLast><followMouse>yes</followMouse><focusDelay>0</focusDelay>
    <underMouse>no</underMouse><raiseOnFocus>no</raiseOnFocus>
  </focus>
  <placement><policy>Smart</policy><center>yes</center></placement>
  <keyboard></keyboard>
  <mouse>
    <dragThreshold>4</dragThreshold>
    <context name="Titlebar">
      <mousebind button="Left" action="Drag"><action name="Move"/></mousebind>
      <mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
    </context>
    <context name="Close">
      <mousebind button="Left" action="Click"><action name="Close"/></mousebind>
    </context>
  </mouse>
  <applications>
    <application class="Chrom*" type="normal"><decor>no</decor><maximized>yes</maximized></application>
    <application class="chrom*" type="normal"><decor>no</decor><maximized>yes</maximized></application>
    <application class="Google-chrome*" type="normal"><decor>no</decor><maximized>yes</maximized></application>
  </applications>
</openbox_config>
"""


class Display:
    """An X display that belongs to one worker. Who wants to use it needs its cookie, which only this user can read.

    Args:
        width: pixels, 64 to 8192.
        height: pixels, 64 to 8192.
    """

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        if not (64 <= width <= 8192 and 64 <= height <= 8192):
            raise BadInput(f"a display of {width}x{height} pixels", alternatives=["64 to 8192 pixels a side"])
        self.width, self.height = width, height
        self.name = ""
        """Like ``:77``; empty before :meth:`start`."""
        self._server: Child | None = None
        self._manager: Child | None = None
        self._cookie: Cookie | None = None

    def start(self, patience_s: float = 20.0) -> "Display":
        """Start the X server on a free number and the window manager on it. Does nothing when they run.

        Raises:
            MissingTool: Xvfb or openbox is not installed.
            DisplayDied: the server ended, or did not answer within ``patience_s``.
        """
        if self._server is not None:
            return self
        for program in ("Xvfb", "openbox"):
            require(program)
        self._cookie = Cookie()
        reader, writer = os.pipe()
        try:
            # -displayfd lets the server choose a number that nobody else has: two workers never meet.
            self._server = Child(
                ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{self.width}x{self.height}x24"]
                + ["-nolisten", "tcp", "-auth", str(self._cookie.server), "-noreset", "-dpi", "96"],
                pass_fds=[writer],
            )
        finally:
            os.close(writer)
        with contextlib.suppress(OSError):
            # The server stands between the program and every frame: where we may, it goes before the programs.
            os.setpriority(os.PRIO_PROCESS, self._server.pid, -5)
        try:
            self.name = f":{_read_number(reader, patience_s)}"
            self._cookie.belongs_to(self.name)
            with tempfile.TemporaryDirectory(prefix="crewless-openbox-") as folder:
                rc = Path(folder) / "rc.xml"
                rc.write_text(_OPENBOX_RC)
                self._manager = Child(["openbox", "--sm-disable", "--config-file", str(rc)], env=self.environment())
                self._wait_for_manager(patience_s)
        except BaseException as error:
            words = self._server.last_words()
            self.close()
            if isinstance(error, DisplayDied) and words:
                raise DisplayDied(f"{error.message}: {words}", alternatives=error.alternatives) from error
            raise
        finally:
            os.close(reader)
        return self

    def environment(self) -> dict[str, str]:
        """The environment for programs on this display: ours, without what ties them to another desktop session."""
        env = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
        return {**env, "DISPLAY": self.name, **authority(self.name)}

    def alive(self) -> bool:
        """Whether the X server and the window manager run."""
        return self._server is not None and self._server.alive() and self._manager is not None and self._manager.alive()

    def check(self) -> None:
        """Raises DisplayDied when it does not live."""
        if not self.alive():
            raise DisplayDied(f"the X display {self.name or 'that was never started'} is gone")

    def close(self) -> None:
        """End the server and with it every program on the display. Safe to call twice."""
        for child in (self._manager, self._server):
            if child is not None:
                child.close()
        if self._cookie is not None:
            self._cookie.close()
        self._manager = self._server = self._cookie = None

    def __enter__(self) -> "Display":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_for_manager(self, patience_s: float) -> None:
        end_s = time.monotonic() + patience_s
        connection = connect(self.name)
        try:
            atom = connection.intern_atom("_NET_SUPPORTING_WM_CHECK")
            while connection.screen().root.get_full_property(atom, 0) is None:
                if not self.alive() or time.monotonic() > end_s:
                    raise DisplayDied(f"openbox did not come up on {self.name}")
                time.sleep(0.01)
        finally:
            hang_up(connection)


_FOREIGN = frozenset(
    {"DBUS_SESSION_BUS_ADDRESS", "GTK_IM_MODULE", "QT_IM_MODULE", "SESSION_MANAGER", "WAYLAND_DISPLAY", "XAUTHORITY"}
    | {"XDG_SESSION_TYPE", "XMODIFIERS"}
)


def connect(name: str) -> "XConnection":
    """A new connection to a display. Raises DisplayDied when nobody answers, BadInput when that is no display's name."""
    from Xlib import error
    from Xlib.display import Display as XConnection

    local = re.fullmatch(r":(\d+)(\.\d+)?", name)
    if local is not None and not _answers(int(local[1])):
        # python-xlib would go on to look for a server on the network, and leave its sockets open.
        raise DisplayDied(f"no X display answers at {name!r}")
    try:
        with _with_cookie(name):
            return XConnection(name)
    except error.DisplayNameError as problem:
        raise BadInput(f"{name!r} is not the name of a display", alternatives=[":1"]) from problem
    except (error.DisplayError, error.ConnectionClosedError, OSError) as problem:
        refused = isinstance(problem, error.DisplayConnectionError) and "auth" in str(problem).lower()
        if refused:
            raise DisplayDied(
                f"the X display {name!r} lets only those in who have its cookie",
                alternatives=["set XAUTHORITY to the file that holds it"],
            ) from problem
        raise DisplayDied(f"no X display answers at {name!r}") from problem


_ENVIRONMENT = threading.Lock()


@contextlib.contextmanager
def _with_cookie(name: str) -> Iterator[None]:
    """python-xlib looks for the cookie where the environment says; each display of ours has its own."""
    ours = authority(name)
    if not ours:
        yield
        return
    with _ENVIRONMENT:
        before = os.environ.get("XAUTHORITY")
        os.environ.update(ours)
        try:
            yield
        finally:
            if before is None:
                del os.environ["XAUTHORITY"]
            else:
                os.environ["XAUTHORITY"] = before


def hang_up(connection: "XConnection") -> None:
    """Close a connection, also one whose server is gone."""
    with contextlib.suppress(*connection_errors()):
        connection.close()
    with contextlib.suppress(*connection_errors()):
        connection.display.socket.close()


def connection_errors() -> tuple[type[BaseException], ...]:
    """What python-xlib raises when the server goes away under a connection."""
    from Xlib import error

    known: Any = (error.ConnectionClosedError, error.DisplayConnectionError, OSError)
    return known


def _answers(number: int) -> bool:
    path = f"/tmp/.X11-unix/X{number}"
    for address in (path, "\0" + path):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.connect(address)
            return True
    return False


def _read_number(reader: int, patience_s: float) -> int:
    end_s = time.monotonic() + patience_s
    text = b""
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([reader], [], [], max(0.0, end_s - time.monotonic()))
        if not ready:
            raise DisplayDied(f"Xvfb did not answer within {patience_s:g} s")
        part = os.read(reader, 32)
        if not part:
            raise DisplayDied("Xvfb ended before it had a display")
        text += part
    return int(text)


def open_popup(display_name: str) -> "Box | None":
    """The open popup of a select, in screen pixels. Raises DisplayDied."""
    from Xlib import X, error

    # Only here: numpy, which comes with it, starts a thread, and who connects may still have to be sealed.
    from crewless.core.messages import Box

    connection = connect(display_name)
    try:
        for window in connection.screen().root.query_tree().children:
            try:
                attributes, at = window.get_attributes(), window.get_geometry()
            except (error.BadWindow, error.BadDrawable):
                continue
            if attributes.override_redirect and attributes.map_state == X.IsViewable and at.width > 40 < at.height:
                return Box(at.x, at.y, at.x + at.width, at.y + at.height)
        return None
    finally:
        hang_up(connection)
