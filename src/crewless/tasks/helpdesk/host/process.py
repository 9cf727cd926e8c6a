"""Starting and stopping the helpdesk's process from the side that poses the work. No Django in here."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from crewless.core.errors import BadInput, BodyFailure, MissingTool
from crewless.tasks.helpdesk.host.settings import staff_password


@dataclass(frozen=True, kw_only=True, slots=True)
class HostConfig:
    """How the helpdesk is served."""

    port: int = 0
    """0: any free port."""
    lying_share: float = 0.0
    """Share of the tickets whose saves only look saved."""
    lying_seed: int = 0
    start_timeout_s: float = 60.0
    """The first start on a machine also makes the empty database: a few seconds."""


class HelpdeskHost:
    """A helpdesk that is being served.

    Args:
        folder: everything it writes goes here; a helpdesk that is already there goes on where it stopped.
        content: what a fresh one is filled with, see :func:`crewless.tasks.helpdesk.host.seed.seed_database`.
        config: how it is served.

    Raises:
        BadInput: the folder holds a helpdesk that was filled with something else.
        MissingTool: django-helpdesk or waitress is not installed.
        BodyFailure: it did not come up; the message holds the end of its log.
    """

    def __init__(self, folder: Path, content: dict[str, Any], config: HostConfig | None = None) -> None:
        config = config or HostConfig()
        for module, package in (("helpdesk", "django-helpdesk"), ("waitress", "waitress")):
            if find_spec(module) is None:
                raise MissingTool(f"{package} is not installed", alternatives=["pip install 'crewless[helpdesk]'"])
        self.folder = folder.resolve()
        self.database = self.folder / "helpdesk.sqlite3"
        self.staff: str = content["staff"]
        folder.mkdir(parents=True, exist_ok=True)
        self.password = staff_password(self.folder)
        seed = self.folder / "seed.json"
        written = json.dumps(content, ensure_ascii=False, indent=1)
        if self.database.exists() and seed.exists() and seed.read_text("utf-8") != written:
            raise BadInput(
                f"{self.folder} holds a helpdesk that was filled differently", alternatives=["a folder of its own"]
            )
        seed.write_text(written, "utf-8")
        ready = self.folder / "host.json"
        ready.unlink(missing_ok=True)
        self._log: IO[bytes] = (self.folder / "host.log").open("ab")
        command = [sys.executable, "-m", "crewless.tasks.helpdesk.host", "--folder", str(self.folder)]
        command += ["--port", str(config.port), "--until-stdin-closes"]
        command += ["--lying-share", str(config.lying_share), "--lying-seed", str(config.lying_seed)]
        self._proc = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self._log, stderr=self._log)
        deadline_s = time.monotonic() + config.start_timeout_s
        while not ready.exists():
            if self._proc.poll() is not None or time.monotonic() > deadline_s:
                self.stop()
                tail = (self.folder / "host.log").read_text(errors="replace").strip().splitlines()[-1:]
                raise BodyFailure(f"the helpdesk of {self.folder} did not start: {' '.join(tail) or 'no word from it'}")
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{json.loads(ready.read_text())['port']}/"

    @property
    def pid(self) -> int:
        """Id of its operating-system process."""
        return self._proc.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._proc.poll() is None

    def stop(self) -> None:
        """End the process. Safe to call twice; the folder stays."""
        if self._proc.poll() is None:
            self._proc.terminate()
            try:
                self._proc.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._proc.kill()
                self._proc.wait()
        if self._proc.stdin is not None:
            self._proc.stdin.close()
        self._log.close()
