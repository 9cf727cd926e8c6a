"""The pages over HTTP, and what happens in a run as server-sent events (WHATWG HTML, section 9.2). It only reads.

Routes: ``/`` the list of runs; ``/run/NAME`` one run; ``/file/NAME/FILE`` a picture or page of its folder; ``/api/runs`` and
``/api/run/NAME`` as JSON; ``/stream/NAME`` server-sent events: ``frame`` (robots' places), ``event`` (the event log) and
``outcome``, each with a list of JSON lines.
"""

import json
import threading
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from crewless.core.errors import BadInput
from crewless.dashboard.folders import Tail, list_runs, read_json

_KINDS = {".html": "text/html", ".svg": "image/svg+xml", ".json": "application/json"}
_ICON = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="#188038"/></svg>'
_POLL_S = 0.2
_QUIET_S = 10.0
"""A comment is sent after so long without news, so that proxies keep the connection."""
_BATCH = 250
"""Lines in one server-sent event."""


@dataclass(frozen=True, kw_only=True)
class DashboardConfig:
    """Options of ``crewless dashboard``."""

    runs: Path = Path("runs")
    """The folder with the run folders."""
    host: str = "127.0.0.1"
    """Where it listens. It has no passwords: leave it on this machine, or put something that has them in front."""
    port: int = 8642
    """0: any that is free."""


class Dashboard:
    """The server; it runs in a thread of its own.

    Raises:
        BadInput: the folder is not there, or the port is taken.
    """

    def __init__(self, config: DashboardConfig) -> None:
        if not config.runs.is_dir():
            raise BadInput(f"there is no folder {config.runs} with run folders", alternatives=["--runs FOLDER"])
        root = config.runs

        class Handler(_Handler):
            runs = root

        try:
            self._server = ThreadingHTTPServer((config.host, config.port), Handler)
        except OSError as error:
            raise BadInput(
                f"cannot listen at {config.host}:{config.port}: {error.strerror}", alternatives=["--port 0"]
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """``http://...``"""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def wait(self) -> None:
        """Until it is stopped."""
        self._thread.join()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    runs: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/") if part]
        try:
            match parts:
                case []:
                    self._page("runs.html")
                case ["favicon.ico"]:
                    self._send(HTTPStatus.OK, "image/svg+xml", _ICON)
                case ["api", "runs"]:
                    self._json([asdict(run) for run in list_runs(self.runs)])
                case ["api", "run", name] if self._folder(name):
                    self._json(self._run(self.runs / name))
                case ["run", name] if self._folder(name):
                    self._page("floor.html" if (self.runs / name / "floor.json").is_file() else "run.html")
                case ["file", name, file] if (
                    self._folder(name) and Path(file).name == file and Path(file).suffix in _KINDS
                ):
                    self._file(self.runs / name / file)
                case ["stream", name] if self._folder(name):
                    self._stream(self.runs / name)
                case _:
                    self._send(HTTPStatus.NOT_FOUND, "text/plain", b"there is no such page\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the reader has left

    def _folder(self, name: str) -> bool:
        """Only what the list shows: no path leads out of the folder."""
        return any(run.name == name for run in list_runs(self.runs))

    def _run(self, path: Path) -> dict[str, Any]:
        pictures = [file.name for file in sorted(path.iterdir()) if file.suffix in (".svg", ".html")]
        return {
            "name": path.name, "config": read_json(path / "config.json"), "floor": read_json(path / "floor.json"),
            "outcome": read_json(path / "outcome.json"), "pictures": pictures,
        }  # fmt: skip

    def _file(self, path: Path) -> None:
        try:
            if path.parent.resolve() != path.resolve().parent:
                raise OSError("a link leads out of the folder")
            content = path.read_bytes()
        except OSError:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"there is no such file\n")
            return
        self._send(HTTPStatus.OK, _KINDS[path.suffix], content)

    def _page(self, name: str) -> None:
        content = resources.files("crewless.dashboard").joinpath("pages", name).read_bytes()
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", content)

    def _json(self, value: Any) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(value).encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, path: Path) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        tails = {"frame": Tail(path / "positions.jsonl"), "event": Tail(path / "events.jsonl")}
        quiet = time.monotonic()
        while True:
            outcome = read_json(path / "outcome.json")  # looked at first: what is read after it is complete
            news = False
            for kind, tail in tails.items():
                while lines := tail.read():
                    news = True
                    for start in range(0, len(lines), _BATCH):
                        self._tell(kind, "[" + ",".join(lines[start : start + _BATCH]) + "]")
            if outcome is not None:
                self._tell("outcome", json.dumps([outcome]))
                return
            if news:
                quiet = time.monotonic()
            elif time.monotonic() - quiet > _QUIET_S:
                quiet = time.monotonic()
                self.wfile.write(b": nothing new\n\n")
            time.sleep(_POLL_S)

    def _tell(self, kind: str, data: str) -> None:
        self.wfile.write(f"event: {kind}\ndata: {data}\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """A dashboard does not chat."""
