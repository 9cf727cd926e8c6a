"""Programs on a display: any X program, and Chromium made quiet enough to be worked in."""

import contextlib
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crewless.body.screen.children import Child
from crewless.body.screen.display import Display, connect, connection_errors, hang_up
from crewless.core.errors import BadInput, DisplayDied, MissingTool, ProgramCrashed

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# --test-type keeps the infobar about --no-sandbox away, which would move every page down 28 pixels. The rest keeps the
# browser from talking to anybody but the page, and from drawing anything but it.
_CHROMIUM_FLAGS = (
    "--test-type",
    "--disable-gpu",
    "--password-store=basic",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-breakpad",
    "--disable-session-crashed-bubble",
    "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication",
    "--force-device-scale-factor=1",
    "--hide-crash-restore-bubble",
    "--noerrdialogs",
    # A page that slides and fades is quiet a third of a second later than one that does not.
    "--disable-smooth-scrolling",
    "--force-prefers-reduced-motion",
)
# A fresh profile's preferences do what the policy PasswordManagerEnabled=false does, without root and without touching
# a folder that every other browser on the machine reads.
_PREFERENCES = {
    "credentials_enable_service": False,
    "credentials_enable_autosignin": False,
    "profile": {"password_manager_enabled": False, "password_manager_leak_detection": False},
    "autofill": {"enabled": False, "profile_enabled": False, "credit_card_enabled": False},
    "translate": {"enabled": False},
    "browser": {"has_seen_welcome_page": True, "check_default_browser": False},
    "search": {"suggest_enabled": False},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ChromiumConfig:
    """How the browser is started."""

    devtools_port: int | None = None
    """A DevTools port for a scripted operator, 0 for any free one. None, as a worker has it: there is no such door."""
    program: str = ""
    """The browser's program; empty looks for its usual names."""
    flags: tuple[str, ...] = ()
    """Further command line flags."""
    start_s: float = 30.0
    """How long its window may take to appear."""


class Program:
    """A program that runs on a display."""

    def __init__(self, child: Child, folder: "tempfile.TemporaryDirectory[str] | None" = None) -> None:
        self.name = child.name
        self._child = child
        self._folder = folder

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    @property
    def folder(self) -> Path | None:
        """A browser's profile."""
        return Path(self._folder.name) if self._folder is not None else None

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._child.alive()

    def check(self) -> None:
        """Raises ProgramCrashed when it has ended."""
        if not self.alive():
            status = self._child.exit_status
            how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
            words = self._child.last_words()
            raise ProgramCrashed(f"{self.name} has ended with {how}{': ' + words if words else ''}")

    def close(self) -> None:
        """End it and remove its profile. Safe to call twice."""
        self._child.close()
        if self._folder is not None:
            # A browser's helpers may still be writing while they die.
            shutil.rmtree(self._folder.name, ignore_errors=True)
            self._folder.cleanup()
            self._folder = None


def launch(
    display: Display,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    window: bool = True,
    start_s: float = 20.0,
) -> Program:
    """Start a program on a display and wait for its window.

    Args:
        display: a display that runs.
        argv: the program and its arguments.
        env: added to the display's environment.
        window: whether the program opens one; if not, do not wait.
        start_s: how long the window may take.

    Raises:
        MissingTool: there is no such program.
        ProgramCrashed: it ended before it had a window, or had none in time.
        DisplayDied: the display is gone.
    """
    if not argv:
        raise BadInput("no program to launch", alternatives=["a command such as: xterm"])
    display.check()
    before = client_windows(display.name) if window else frozenset()
    program = Program(Child(argv, env={**display.environment(), **(env or {})}))
    if window:
        _wait_until(display, program, lambda: bool(client_windows(display.name) - before), "opened no window", start_s)
    return program


def launch_chromium(display: Display, url: str, config: ChromiumConfig | None = None) -> Program:
    """Start Chromium on a page, without tabs or borders, filling the screen, with a fresh profile. Raises as launch."""
    config = config or ChromiumConfig()
    display.check()
    folder = tempfile.TemporaryDirectory(prefix="crewless-chromium-", ignore_cleanup_errors=True)
    profile = Path(folder.name)
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(_PREFERENCES))
    (profile / "First Run").touch()
    argv = [config.program or find_chromium(), *_CHROMIUM_FLAGS, f"--user-data-dir={profile}", f"--app={url}"]
    argv += [f"--window-size={display.width},{display.height}", "--window-position=0,0"]
    if os.geteuid() == 0:
        argv.append("--no-sandbox")
    if shutil.disk_usage("/dev/shm").total < 512 << 20 if Path("/dev/shm").is_dir() else True:
        argv.append("--disable-dev-shm-usage")
    if config.devtools_port is not None:
        argv.append(f"--remote-debugging-port={config.devtools_port}")
    before = client_windows(display.name)
    try:
        program = Program(Child([*argv, *config.flags], env=display.environment()), folder)
    except BaseException:
        folder.cleanup()
        raise
    _wait_until(
        display, program, lambda: bool(client_windows(display.name) - before), "opened no window", config.start_s
    )
    _fill_the_screen(display, client_windows(display.name) - before)
    if config.devtools_port is not None:
        # That may be after its window has opened.
        port = config.devtools_port
        _wait_until(display, program, lambda: _listens(profile, port), "opened no DevTools port", config.start_s)
    return program


def _fill_the_screen(display: Display, windows: frozenset[int], patience_s: float = 2.0) -> None:
    """No border, and as large as the display.

    openbox's rule for browsers does the same, but it is looked up once, when a window is shown, and about one browser in twenty
    says which program it is only after that. A window that cannot grow so large is left as it is.
    """
    from Xlib import X, error
    from Xlib.protocol.event import ClientMessage

    connection = connect(display.name)
    try:
        root = connection.screen().root
        state = connection.intern_atom("_NET_WM_STATE")
        across, down, bare = (
            connection.intern_atom(name)
            for name in ("_NET_WM_STATE_MAXIMIZED_HORZ", "_NET_WM_STATE_MAXIMIZED_VERT", "_OB_WM_STATE_UNDECORATED")
        )
        add, program_asks = 1, 1
        end_s = time.monotonic() + patience_s
        for window in windows:
            browser = connection.create_resource_object("window", window)
            for first, second in ((bare, 0), (across, down)):
                message = ClientMessage(
                    window=browser, client_type=state, data=(32, [add, first, second, program_asks, 0])
                )
                root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
            connection.flush()
            while time.monotonic() < end_s:
                size, place = browser.get_geometry(), root.translate_coords(browser, 0, 0)
                if (size.width, size.height, place.x, place.y) == (display.width, display.height, 0, 0):
                    break
                time.sleep(0.02)
    except (error.BadWindow, error.BadDrawable):
        pass  # a window that has closed again; whoever needs it will say so
    except connection_errors() as problem:
        raise DisplayDied(f"the X display {display.name} is gone") from problem
    finally:
        hang_up(connection)


def find_chromium() -> str:
    """The browser's full path. Raises MissingTool."""
    for name in CHROMIUM_NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    raise MissingTool(
        f"no browser is installed (looked for {', '.join(CHROMIUM_NAMES)})",
        alternatives=["apt-get install -y --no-install-recommends chromium"],
    )


def client_windows(display: str) -> frozenset[int]:
    """The ids of the windows that the window manager has taken into its care and that can be seen."""
    from Xlib import X, error

    connection = connect(display)
    try:
        root = connection.screen().root
        listed = root.get_full_property(connection.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType)
        seen = set()
        for window in listed.value if listed is not None else ():
            try:
                attributes = connection.create_resource_object("window", window).get_attributes()
            except error.BadWindow:
                continue
            if attributes.map_state == X.IsViewable:
                seen.add(int(window))
        return frozenset(seen)
    except connection_errors() as problem:
        raise DisplayDied(f"the X display {display} is gone") from problem
    finally:
        hang_up(connection)


def _listens(profile: Path, port: int) -> bool:
    """Whether the browser's DevTools can be reached. It names the port that it chose itself in a file of its profile."""
    if port == 0:
        return (profile / "DevToolsActivePort").exists()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _wait_until(display: Display, program: Program, ready: Callable[[], bool], missing: str, start_s: float) -> None:
    end_s = time.monotonic() + start_s
    try:
        while not ready():
            display.check()
            program.check()
            if time.monotonic() > end_s:
                raise ProgramCrashed(f"{program.name} {missing} within {start_s:g} s")
            time.sleep(0.02)
    except BaseException:
        program.close()
        raise
