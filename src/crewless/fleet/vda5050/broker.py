"""A mosquitto of one's own, on this machine only, for a run without a broker and for tests."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from crewless.core.errors import MissingTool


class Mosquitto:
    """Starts mosquitto on a free port of 127.0.0.1; sessions and retained messages are kept in ``folder`` over a restart.

    Args:
        folder: of the configuration and of what is kept.
        settings: lines of ``mosquitto.conf`` about who is let in.

    Raises:
        MissingTool: mosquitto is not installed, or did not start.
    """

    def __init__(self, folder: Path, settings: str = "allow_anonymous true") -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise MissingTool("mosquitto is not installed", alternatives=["apt-get install mosquitto"])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._program, self._config = program, folder / "mosquitto.conf"
        # 0: no limit. What is queued for a control that is away must not be thrown away. Without `user`, mosquitto started
        # by root would become a user that may not write to the folder.
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\n{settings}\npersistence true\n"
            f"persistence_location {folder.resolve()}/\nmax_queued_messages 0\nmax_inflight_messages 0\n"
            f"set_tcp_nodelay true\nlog_type error\nlog_type warning\nuser root\n"
        )
        self.start()

    def start(self) -> None:
        """Start, or start again after :meth:`stop`."""
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        until = time.monotonic() + 10
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise MissingTool(f"mosquitto did not start on port {self.port}; its configuration is {self._config}")

    def stop(self) -> None:
        """End it as a service is ended: it writes its sessions to the disk first."""
        self._process.terminate()
        self._process.communicate(timeout=20)

    def __enter__(self) -> "Mosquitto":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
