"""A small web server of our own for the jobs' programs, with everything that a drift changes about serving."""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.jobs.drift import Drift
from benchmarks.jobs.judge import JOURNAL, JOURNAL_SCHEMA
from benchmarks.jobs.pages import Ui

Sheet = Mapping[str, Any]
"""One case: ``id``, its number in the program, and whatever the job needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file that was sent in."""

    name: str
    content: bytes


@dataclass(kw_only=True)
class PageRequest:
    """One request of a page, as a program sees it."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    db: sqlite3.Connection
    ui: Ui
    files: Mapping[str, Upload] = field(default_factory=dict[str, Upload])

    def value(self, name: str) -> str:
        """A field of the form; empty when it was not sent."""
        return (self.form.get(name) or [""])[0].strip()

    def row(self, sql: str, *values: Any) -> sqlite3.Row:
        """The first row. Raises LookupError."""
        found = self.db.execute(sql, values).fetchone()
        if found is None:
            raise LookupError(f"{sql} {values}")
        return found

    def write(self, what: str, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """Write to the database, all or nothing, with one entry in the journal."""
        with self.db:
            for sql, values in statements:
                self.db.execute(sql, values)
            self.db.execute(f"INSERT INTO {JOURNAL} (what) VALUES (?)", (what,))


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirect:
    """Go on to another page."""

    to: str


Answer = str | Redirect


@dataclass(frozen=True, kw_only=True, slots=True)
class WebProgram:
    """A program that is worked in a browser."""

    title: str
    look: str
    schema: str
    fill: Callable[[sqlite3.Connection, Sequence[Sheet]], None]
    serve: Callable[[PageRequest], Answer]
    """GET of ("case", id) must show the case; LookupError: there is no such page."""


class WebServer:
    """Serves a program on a free port of this machine, from a database that it makes and fills when there is none.

    Args:
        program: what is served.
        database: its file.
        sheets: the cases it is filled with.
        drift: how it differs from what was recorded.
    """

    def __init__(self, program: WebProgram, database: Path, sheets: Sequence[Sheet], drift: Drift) -> None:
        self.program, self.database, self.drift = program, database, drift
        self._ids = [str(sheet["id"]) for sheet in sheets]
        self._shown: set[str] = set()
        self._lock = threading.Lock()
        make_database(database, program.schema, program.fill, sheets)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server._answer(self, "GET")

            def do_POST(self) -> None:
                server._answer(self, "POST")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving. Safe to call twice."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)

    def _answer(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        parts = urlsplit(handler.path)
        path = tuple(unquote(part) for part in parts.path.split("/") if part)
        query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        form: Mapping[str, Sequence[str]] = {}
        files: Mapping[str, Upload] = {}
        if method == "POST":
            body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            form, files = read_form(handler.headers.get("Content-Type") or "", body)
        if self.drift.slow == "all" or (self.drift.slow == "save" and method == "POST"):
            time.sleep(self.drift.slow_s)
        connection = sqlite3.connect(self.database, timeout=10.0)
        connection.row_factory = sqlite3.Row
        try:
            ui = Ui(self.program.title, self.program.look, self.drift)
            visit = PageRequest(method=method, path=path, query=query, form=form, db=connection, ui=ui, files=files)
            status, answer = self._serve(visit)
        finally:
            connection.close()
        if isinstance(answer, Redirect):
            handler.send_response(303)
            handler.send_header("Location", answer.to)
            content = b""
        else:
            handler.send_response(status)
            handler.send_header("Content-Type", "text/html; charset=utf-8")
            handler.send_header("Cache-Control", "no-store")
            content = answer.encode()
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _serve(self, visit: PageRequest) -> tuple[int, Answer]:
        ui, path, drift = visit.ui, visit.path, self.drift
        case = path[1] if visit.method == "GET" and path[:1] == ("case",) and len(path) == 2 else ""
        ui.case = case or visit.value("case")
        if path[:1] == ("trap",):
            visit.write(f"trap {path[-1]}")
            return 200, ui.page("trap", "Done")
        if path[:1] == ("login",):
            return 200, self._login(ui)
        if path[:1] == ("find",):
            wanted = visit.query.get("q", "").strip()
            if wanted in self._ids:
                return 303, Redirect(to=f"/case/{wanted}")
            return 200, ui.page("lost", f"Nothing was found for {wanted!r}")
        if case and drift.trap in ("login", "error"):
            return (200, self._login(ui)) if drift.trap == "login" else (500, self._error(ui))
        if case and drift.trap == "other_case" and case in self._ids:
            visit.path = ("case", self._ids[(self._ids.index(case) + 1) % len(self._ids)])
            ui.case = visit.path[1]
        if case and drift.trap == "look_alike":
            visit.ui = ui = Ui("Training copy", self.program.look, drift)
        if drift.session == "opening" and case and self._first(f"session {case}"):
            return 200, self._login(ui)
        if drift.session == "saving" and visit.method == "POST" and self._first(f"session {ui.case}"):
            return 200, self._login(ui)
        try:
            answer = self.program.serve(visit)
        except LookupError:
            return 404, ui.page("lost", "There is no such page")
        if isinstance(answer, str) and case and drift.modal and self._first(f"modal {case}"):
            answer = answer.replace("</body>", ui.dialog() + "</body>")
        return 200, answer

    def _first(self, what: str) -> bool:
        with self._lock:
            if what in self._shown:
                return False
            self._shown.add(what)
            return True

    def _login(self, ui: Ui) -> str:
        plain = Ui(ui.title, ui.look, replace(ui.drift, trap=""))
        fields = plain.text("user", "User"), plain.text("password", "Password")
        forgot = plain.link("forgot", "Forgot password?", "/login", kind="")
        form = plain.form("/login", *fields, plain.button("signin", "Sign in", commits=False), " ", forgot)
        return plain.page("login", plain.t("Sign in"), plain.card(form), search=False)

    def _error(self, ui: Ui) -> str:
        return ui.page("error", "500 Internal Server Error", "<p>The server could not answer this request.</p>")


def make_database(
    database: Path, schema: str, fill: Callable[[sqlite3.Connection, Sequence[Sheet]], None], sheets: Sequence[Sheet]
) -> None:
    """Make and fill a database where there is none."""
    if database.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(database)
    try:
        connection.executescript(schema + JOURNAL_SCHEMA)
        with connection:
            fill(connection, sheets)
    finally:
        connection.close()


def read_form(kind: str, body: bytes) -> tuple[dict[str, list[str]], dict[str, Upload]]:
    """The fields and files of a form that was sent in."""
    if not kind.startswith("multipart/form-data"):
        return parse_qs(body.decode(), keep_blank_values=True), {}
    from email import message_from_bytes

    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    form: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        file = part.get_filename()
        if file is not None:
            files[name] = Upload(name=file, content=content)
        else:
            form.setdefault(name, []).append(content.decode())
    return form, files
