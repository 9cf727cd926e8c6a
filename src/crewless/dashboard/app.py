"""The pages over HTTP, and what happens in a run as server-sent events (WHATWG HTML, section 9.2). It only reads.

Routes: ``/`` the list of runs; ``/run/NAME`` one run; ``/file/NAME/FILE`` a picture or page of its folder; ``/api/runs`` and
``/api/run/NAME`` as JSON; ``/stream/NAME`` server-sent events: ``frame`` (robots' places), ``event`` (the event log) and
``outcome``, each with a list of JSON lines.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from crewless.core.errors import BadInput
from crewless.core.web import WebServer
from crewless.dashboard.folders import Tail, list_runs, read_json

_KINDS = {".html": "text/html", ".svg": "image/svg+xml", ".json": "application/json"}
_ICON = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="#188038"/></svg>'
_FRESH = {"Cache-Control": "no-store"}
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
    """The dashboard and its server, which runs in a thread of its own.

    Raises:
        BadInput: the folder is not there, or the port is taken.
    """

    def __init__(self, config: DashboardConfig) -> None:
        if not config.runs.is_dir():
            raise BadInput(f"there is no folder {config.runs} with run folders", alternatives=["--runs FOLDER"])
        self._pages = _Pages(config.runs)
        self._server = WebServer(self._pages.app(), host=config.host, port=config.port)

    @property
    def address(self) -> str:
        """``http://...``"""
        return self._server.address

    def wait(self) -> None:
        """Until it is stopped."""
        self._server.wait()

    def stop(self) -> None:
        """End it."""
        self._pages.ending = True
        self._server.stop()


class _Pages:
    """What is answered for each route."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self.ending = False
        """Streams end soon after it is set."""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.list),
                Route("/favicon.ico", self.icon),
                Route("/api/runs", self.runs_as_json),
                Route("/api/run/{name}", self.run_as_json),
                Route("/run/{name}", self.run),
                Route("/file/{name}/{file}", self.file),
                Route("/stream/{name}", self.stream),
            ],
            exception_handlers={404: _not_found},
        )

    def list(self, _: Request) -> Response:
        return _page("runs.html")

    def icon(self, _: Request) -> Response:
        return Response(_ICON, media_type="image/svg+xml", headers=_FRESH)

    def runs_as_json(self, _: Request) -> Response:
        return _json([asdict(run) for run in list_runs(self._runs)])

    def run_as_json(self, request: Request) -> Response:
        path = self._folder(request)
        pictures = [file.name for file in sorted(path.iterdir()) if file.suffix in (".svg", ".html")]
        found = {name: read_json(path / f"{name}.json") for name in ("config", "floor", "outcome")}
        return _json({"name": path.name, "pictures": pictures, **found})

    def run(self, request: Request) -> Response:
        return _page("floor.html" if (self._folder(request) / "floor.json").is_file() else "run.html")

    def file(self, request: Request) -> Response:
        path = self._folder(request) / request.path_params["file"]
        if path.name != request.path_params["file"] or path.suffix not in _KINDS:
            raise HTTPException(404)
        try:
            if path.parent.resolve() != path.resolve().parent:
                raise OSError("a link leads out of the folder")
            content = path.read_bytes()
        except OSError:
            raise HTTPException(404, "there is no such file") from None
        return Response(content, media_type=_KINDS[path.suffix], headers=_FRESH)

    async def stream(self, request: Request) -> Response:
        path = await run_in_threadpool(self._folder, request)
        return StreamingResponse(self._news(path), media_type="text/event-stream", headers=_FRESH)

    def _folder(self, request: Request) -> Path:
        """Only what the list shows: no path leads out of the folder. Raises HTTPException."""
        name = request.path_params["name"]
        if not any(run.name == name for run in list_runs(self._runs)):
            raise HTTPException(404)
        return self._runs / name

    async def _news(self, path: Path) -> AsyncIterator[str]:
        tails = {"frame": Tail(path / "positions.jsonl"), "event": Tail(path / "events.jsonl")}
        quiet_since_s = time.monotonic()
        while not self.ending:
            # Looked at first: what is read after it is complete.
            outcome = await run_in_threadpool(read_json, path / "outcome.json")
            for kind, tail in tails.items():
                while lines := await run_in_threadpool(tail.read):
                    quiet_since_s = time.monotonic()
                    for start in range(0, len(lines), _BATCH):
                        yield _sent(kind, "[" + ",".join(lines[start : start + _BATCH]) + "]")
            if outcome is not None:
                yield _sent("outcome", json.dumps([outcome]))
                return
            if time.monotonic() - quiet_since_s > _QUIET_S:
                quiet_since_s = time.monotonic()
                yield ": nothing new\n\n"
            await asyncio.sleep(_POLL_S)


def _not_found(_: Request, error: Exception) -> Response:
    said = error.detail if isinstance(error, HTTPException) and error.detail != "Not Found" else "there is no such page"
    return PlainTextResponse(f"{said}\n", 404, headers=_FRESH)


def _page(name: str) -> Response:
    content = resources.files("crewless.dashboard").joinpath("pages", name).read_bytes()
    return Response(content, media_type="text/html", headers=_FRESH)


def _json(value: Any) -> Response:
    return Response(json.dumps(value), media_type="application/json", headers=_FRESH)


def _sent(kind: str, data: str) -> str:
    return f"event: {kind}\ndata: {data}\n\n"
