import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crewless.body.screen import Display, ScreenBody, ScreenBodyConfig
from crewless.body.screen.settling import SettleConfig


class Site:
    """A small web site: serves ``page`` at every path, keeps what is posted to it and what was asked for."""

    def __init__(self) -> None:
        self.page = "<h1>empty</h1>"
        self.delay_s = 0.0
        self.posts: list[tuple[str, str]] = []
        self.gets: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/favicon.ico":
                    site.gets.append(self.path)
                    time.sleep(site.delay_s if self.path != "/" else 0)
                content = f"<!doctype html><meta charset=utf-8><title>{self.path}</title>{site.page}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                site.posts.append((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def wait_for(self, path: str, body: str, patience_s: float = 5.0) -> bool:
        """Whether this has been posted, waiting a little for it."""
        end_s = time.monotonic() + patience_s
        while (path, body) not in self.posts and time.monotonic() < end_s:
            time.sleep(0.02)
        return (path, body) in self.posts

    def wait_until(self, path: str, holds: Callable[[str], bool], patience_s: float = 5.0) -> bool:
        """Whether the newest post to this path is such a one, waiting a little for it."""
        end_s = time.monotonic() + patience_s
        while not holds(self.last(path) or "") and time.monotonic() < end_s:
            time.sleep(0.02)
        return holds(self.last(path) or "")

    def last(self, path: str) -> str | None:
        return next((body for at, body in reversed(self.posts) if at == path), None)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="session")
def site_server() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="session")
def browser(site_server: Site) -> Iterator[ScreenBody]:
    """One Chromium for every test that only needs a page."""
    # On a busy machine a browser may take longer to show a click than a worker waits for it: these tests wait longer.
    patient = ScreenBodyConfig(settle=SettleConfig(first_change_s=3.0, grace_s=0.8, quiet_s=0.25))
    with ScreenBody(patient) as body:
        body.launch_chromium(site_server.url)
        yield body


@pytest.fixture
def site(site_server: Site) -> Site:
    site_server.posts.clear()
    site_server.gets.clear()
    site_server.delay_s = 0.0
    return site_server


@pytest.fixture(scope="session")
def display() -> Iterator[Display]:
    with Display(640, 480) as shown:
        yield shown
