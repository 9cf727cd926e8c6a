"""The page's server: on this machine only, one page, four questions."""

import json
import threading
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from crewless.company.page.state import Page
from crewless.company.sheet.model import Performer, Sheet
from crewless.core.errors import BadInput, CrewlessError

_MOST_BYTES = 1_000_000
_HERE = ("localhost", "127.0.0.1")


class _Handler(BaseHTTPRequestHandler):
    """``GET /`` the page, ``GET /opening`` the sheet; ``POST /run``, ``/report``, ``/compare`` with a wish as JSON."""

    protocol_version = "HTTP/1.1"

    def __init__(self, page: Page, busy: threading.Lock, *arguments: Any) -> None:
        self.page, self.busy = page, busy
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """The page and what it draws."""
        if not self._is_here():
            return
        if self.path == "/":
            self._send(files("crewless.company.page").joinpath("page.html").read_bytes(), "text/html")
        elif self.path == "/opening":
            self._send(json.dumps(self.page.opening()).encode(), "application/json")
        else:
            self._send(b"not here", "text/plain", HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """A wish is simulated, one at a time: two at once would only be slower each."""
        if not self._is_here():
            return
        answers = {"/run": self._run, "/report": self.page.report, "/compare": self.page.comparison}
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= _MOST_BYTES or self.path not in answers:
                raise BadInput(f"{self.path} with {length} bytes", alternatives=list(answers))
            asked = json.loads(self.rfile.read(length))
            with self.busy:
                body = answers[self.path](asked)
        except (ValueError, CrewlessError) as error:
            told = json.dumps({"error": str(error)}).encode()
            self._send(told, "application/json", HTTPStatus.BAD_REQUEST)
            return
        self._send(body.encode(), "application/json" if self.path == "/run" else "text/html")

    def _run(self, asked: Any) -> str:
        return json.dumps(self.page.answer(asked))

    def _is_here(self) -> bool:
        """Another site must not ask through this machine's browser under a name of its own."""
        if (self.headers.get("Host") or "").rpartition(":")[0] in _HERE:
            return True
        self._send(b"this machine only", "text/plain", HTTPStatus.FORBIDDEN)
        return False

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if status != HTTPStatus.OK:
            # What was sent along may not have been read.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal is the user's."""


def make_server(page: Page, port: int = 0) -> ThreadingHTTPServer:
    """A server that is not running yet, on this machine only. Port 0: any that is free; see ``server_port``.

    Raises:
        BadInput: the port is taken, or not one that may be used.
    """
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, page, threading.Lock()))
    except (OSError, OverflowError) as error:
        raise BadInput(f"port {port} cannot be used: {error}", alternatives=["--port 0 for any that is free"]) from None


def serve(sheet: Sheet, choice: Mapping[str, Performer], *, port: int, name: str, seed: int = 0) -> None:
    """Simulate once, so that the engine is warm, then answer until Ctrl-C."""
    server = make_server(Page(sheet, choice, name, seed), port)
    print(f"page         http://localhost:{server.server_port}  (Ctrl-C ends it)", flush=True)
    with server:
        server.serve_forever()
