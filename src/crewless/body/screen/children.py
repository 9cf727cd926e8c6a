"""Programs that are started and never left behind, however the process that started them ends.

Three nets, each for what slips through the one before: ``close`` ends the whole process group; ``atexit`` closes what
was forgotten; and the kernel's parent-death signal (prctl(2), PR_SET_PDEATHSIG) ends the child when the parent is
killed. The kernel sends that signal when the *thread* that started the child ends, so one thread, which lives as long
as the process, starts them all.
"""

import atexit
import contextlib
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

from crewless.core.errors import MissingTool

_APT = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "chromium": "chromium",
    "setpriv": "util-linux",
    "xterm": "xterm",
    "setxkbmap": "x11-xkb-utils",
}


def require(program: str) -> str:
    """The full path of a program. Raises MissingTool that names the command which installs it."""
    path = shutil.which(program)
    if path is None:
        package = _APT.get(program)
        mend = f"apt-get install -y --no-install-recommends {package}" if package else f"put {program} on the PATH"
        raise MissingTool(f"{program} is not installed", alternatives=[mend])
    return path


class Child:
    """A program that ends with us, with everything that it starts.

    Args:
        argv: the program and its arguments.
        env: its whole environment; None takes ours.
        pass_fds: file descriptors that it inherits.
        on_parent_death: what the kernel sends it when we are killed.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        on_parent_death: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = Path(argv[0]).name
        command = [require("setpriv"), "--pdeathsig", on_parent_death.name.removeprefix("SIG"), "--"]
        command += [require(argv[0]), *argv[1:]]
        self._log: IO[bytes] = tempfile.TemporaryFile(prefix="crewless-log-")  # noqa: SIM115 - closed in close()
        try:
            self._process = _start_from_lasting_thread(command, env=env, pass_fds=pass_fds, log=self._log)
        except BaseException:
            self._log.close()
            raise
        _LIVING.add(self)

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its process group."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return self._process.poll()

    def last_words(self, lines: int = 3) -> str:
        """The end of what it wrote to standard output and error, on one line."""
        if self._log.closed:
            return ""
        size = os.fstat(self._log.fileno()).st_size
        text = os.pread(self._log.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
        return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself."""
        if self.alive():
            self._process.send_signal(number)

    def close(self, patience_s: float = 3.0) -> None:
        """End it and its process group: politely, then, after ``patience_s``, not. Safe to call twice."""
        if self._log.closed:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
        _wait_until_empty(self.pid, patience_s)
        self._log.close()
        _LIVING.discard(self)


_LIVING: "weakref.WeakSet[Child]" = weakref.WeakSet()
_REQUESTS: "queue.SimpleQueue[tuple[Future[subprocess.Popen[bytes]], Callable[[], subprocess.Popen[bytes]]]]" = (
    queue.SimpleQueue()
)
_START = threading.Lock()
_starter: threading.Thread | None = None


def _start_from_lasting_thread(
    argv: list[str], *, env: Mapping[str, str] | None, pass_fds: Sequence[int], log: IO[bytes]
) -> "subprocess.Popen[bytes]":
    global _starter
    with _START:
        if _starter is None or not _starter.is_alive():
            _starter = threading.Thread(target=_serve, name="crewless-children", daemon=True)
            _starter.start()
    reply: Future[subprocess.Popen[bytes]] = Future()

    def begin() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            argv,
            env=None if env is None else dict(env),
            pass_fds=tuple(pass_fds),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    _REQUESTS.put((reply, begin))
    return reply.result()


def _serve() -> None:
    while True:
        reply, begin = _REQUESTS.get()
        try:
            reply.set_result(begin())
        except BaseException as error:
            reply.set_exception(error)


def _wait_until_empty(group: int, patience_s: float) -> None:
    """Wait until no process of the group is left: grandchildren end a little after the child."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.005)


@atexit.register
def _close_all() -> None:
    for child in list(_LIVING):
        child.close(patience_s=1.0)
