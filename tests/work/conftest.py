"""A small real program to work in: a page in a real browser, a server, a database, and its judge.

The helpdesk is worked by replay only when the machine is quick enough for the recording. Here nothing hangs on time: keys
come in their order however late, and the page is never loaded anew.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from crewless.body.screen import ScreenBody
from crewless.core.messages import Action, Case, Demonstration, Observation, Point
from crewless.verifiers import Change, DatabaseVerifier, Record
from crewless.work.policies import save_demonstrations

PAGE = b"""<!doctype html><title>till</title><body style="margin:0">
<form style="margin:100px" onsubmit="fetch('/', {method: 'POST', body: n.value}); n.value = ''; return false">
<input id=n autofocus style="width:400px;height:40px;font:24px sans-serif"></form>"""
FIELD = Point(200, 120)
CASES, LIED = 6, 5


class Till:
    """A task: type the number of an order and press Return, and the order is closed. About one order the program lies."""

    name = "till"

    def setup(self, folder: Path) -> None:
        database = self.database = folder / "till.sqlite3"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, closed INT)")
            connection.executemany("INSERT INTO orders VALUES (?, 0)", [(n,) for n in range(1, CASES + 1)])
            connection.commit()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(PAGE)

            def do_POST(self) -> None:
                number = int(self.rfile.read(int(self.headers["Content-Length"])))
                if number != LIED:
                    with closing(sqlite3.connect(database)) as connection:
                        connection.execute("UPDATE orders SET closed = 1 WHERE id = ?", (number,))
                        connection.commit()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def cases(self) -> Sequence[Case]:
        return [Case(id=str(n), slots={"order": str(n)}) for n in range(1, CASES + 1)]

    def open(self, *, scripted: bool = False) -> ScreenBody:
        body = ScreenBody().start()
        try:
            body.launch_chromium(f"http://127.0.0.1:{self._server.server_port}/")
        except BaseException:
            body.close()
            raise
        return body

    def oracle(self, body):
        raise NotImplementedError("the recording is the oracle here")

    def verifier(self) -> DatabaseVerifier:
        declared = Record(changes=(Change(table="orders", where={"id": "{order}"}, set={"closed": "{closed}"}),))
        return DatabaseVerifier(f"sqlite:///{self.database}", declared, lambda case: {"closed": 1})

    def closed(self, case: Case) -> bool:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT closed FROM orders WHERE id = ?", (case.id,)).fetchone()[0])

    def teardown(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    task = Till()
    task.setup(tmp_path_factory.mktemp("till"))
    yield task
    task.teardown()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """How an order is closed, where the baseline finds it."""
    screen = Observation(elements=(), width=1280, height=800, t_s=0.0, frame_index=0)
    actions = (
        Action(verb="type", point=FIELD, text="9", source="order"),
        Action(verb="wait", seconds=2.5),  # while it waits here, a test kills it: nothing has been sent yet
        Action(verb="key", text="Return"),
        Action(verb="wait", seconds=2.0),  # the row is written by now
    )
    shown = Demonstration(
        case=Case(id="9", slots={"order": "9"}),
        steps=tuple((screen, one) for one in actions),
        last=screen,
        verdict="right",
    )
    return save_demonstrations([shown], tmp_path_factory.mktemp("recorded"))
