"""The shift's end of a worker: starts the sealed process, hands it cases, hears what it did."""

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from crewless.core.cache import cache_folder, keep_compiled_code_here
from crewless.core.errors import ActionUncertain, BodyFailure, CrewlessError, error_from_json
from crewless.core.messages import Case
from crewless.episodes.codec import dumps, to_json
from crewless.work.seal import check_seal
from crewless.work.worker_proc import WorkerConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a worker said of one case."""

    case: str
    claimed_done: bool
    reason: str
    seconds: float
    """Wall-clock, from taking the case to claiming it done or handing it over."""
    cpu_s: float
    """CPU seconds of the worker's process alone."""
    rss_mb: float
    touched: bool = False
    """It had begun something that the next case must not find half done."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    collected: list[str] | None = None
    """What an archive reader read: the case's text and its outcome."""
    judged: dict[str, Any] | None = None
    """What the judgement made of the case's text: values, confidence, and the text as it was read."""


class Worker:
    """A sealed worker process.

    Args:
        config: what it is started with.
        start_timeout_s: how long it may take until it is ready.

    Raises:
        BodyFailure: it did not become ready.
        BadInput: it is not sealed whole, and ``config`` does not ask for it all the same.
        CrewlessError: what it said itself, such as CheckpointMismatch or MissingTool.
    """

    def __init__(self, config: WorkerConfig, *, start_timeout_s: float = 120.0) -> None:
        self.config = config
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        keep_compiled_code_here()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "crewless.work.worker_proc", json.dumps(asdict(config))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            bufsize=1,
            env=_environment(config.display),
        )
        self.seal: dict[str, bool] = {}
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            message = self._next(start_timeout_s)
            if message["kind"] != "ready":
                raise _said_error(message)
            if not config.unsealed:
                check_seal(message["seal"])
        except BaseException:
            self.close()
            raise
        self.seal = message["seal"]
        self.pid: int = message["pid"]

    def work(
        self, case: Case, *, timeout_s: float = 120.0, on_step: Callable[[dict[str, Any]], None] | None = None
    ) -> Report:
        """Work one case.

        Raises:
            ActionUncertain, ProgramCrashed, DisplayDied: as the body said.
            BodyFailure: the worker itself died, or did not finish in time.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(dumps(to_json(case)) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise BodyFailure(f"the worker has ended: {self._said()}") from error
        steps: list[dict[str, Any]] = []
        ends_s = time.monotonic() + timeout_s
        while True:
            message = self._next(ends_s - time.monotonic())
            if message["kind"] == "step":
                steps.append(message)
                if on_step is not None:
                    on_step(message)
            elif message["kind"] == "work":
                return Report(
                    steps=steps, **{k: v for k, v in message.items() if k in Report.__slots__ and k != "steps"}
                )
            else:
                error = _said_error(message)
                if isinstance(error, (ActionUncertain, BodyFailure)):
                    raise error
                # Not what a case can end with: the worker's own fault, and it is started anew.
                raise BodyFailure(error.message, alternatives=error.alternatives) from error

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=3)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _next(self, timeout_s: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            self._process.kill()
            raise BodyFailure("the worker did not answer in time and was stopped") from None
        if not line:
            raise BodyFailure(f"the worker died: {self._said()}")
        return json.loads(line)

    def _said(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        self._errors.seek(0)
        return cause_of_death(self._errors.read(), self._process.poll())


_ERROR = re.compile(r"[\w.]*(Error|Exception|Interrupt|Exit|Warning|Failure|Died|Crashed)\b.*|[\w.]+: .+")
_FATAL = re.compile(r"Fatal Python error: .+|\s*what\(\): .+|.*(Segmentation fault|Out of memory|Killed)\b.*")
_CHATTER = re.compile(r"warn|telemetry|deprecat|\binfo\b|\bdebug\b|\bnotice\b|^\s", re.IGNORECASE)


def cause_of_death(said: str, status: int | None) -> str:
    """What ended a process, in one line: the last thing it said that is an error, or how the system ended it.

    Libraries warn until the last moment, so the last line says nothing.

    Args:
        said: its standard error.
        status: its exit status; negative is the signal that ended it, None: not known yet.
    """
    lines = said.splitlines()
    fatal = [line.strip() for line in lines if _FATAL.fullmatch(line)]
    if fatal:
        return fatal[-1]
    if status is not None and status < 0:
        with contextlib.suppress(ValueError):
            return f"ended by signal {-status} ({signal.Signals(-status).name})"
        return f"ended by signal {-status}"
    begun = max(
        (at for at, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")), default=None
    )
    if begun is not None:
        for line in lines[begun + 1 :]:
            if not line.startswith((" ", "\t")) and _ERROR.fullmatch(line):
                return line
    plain = [line.strip() for line in lines if line.strip() and not _CHATTER.search(line)]
    return plain[-1] if plain else f"exit code {status}"


def _said_error(message: dict[str, Any]) -> CrewlessError:
    return error_from_json(message["error"], message["message"], message["alternatives"])


_PASSED_ON = frozenset(
    {"PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
)
_PASSED_ON_KINDS = ("LC_", "NUMBA_", "PYTHON")


def _environment(display: str) -> dict[str, str]:
    """What a worker needs, and nothing else of ours: an environment is where keys and passwords are handed around.

    Its home is in the cache folder: some libraries insist on writing into one.
    """
    from crewless.body.screen.authority import authority

    cache = cache_folder()
    home = cache / "home"
    home.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k in _PASSED_ON or k.startswith(_PASSED_ON_KINDS)}
    usual = os.environ.get("XAUTHORITY") or str(Path.home() / ".Xauthority")
    cookie = authority(display) or ({"XAUTHORITY": usual} if Path(usual).is_file() else {})
    # One thread: more would run before the seal, and a worker is to cost one core.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **threads, **cookie, "DISPLAY": display, "HOME": str(home), "XDG_CACHE_HOME": str(cache.parent)}
