"""The page over HTTP: one page, and five questions about the sheet.

``GET /`` the page, ``GET /opening`` the sheet; ``POST /run``, ``/report``, ``/compare``, ``/bpmn`` with a scenario as JSON.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from crewless.company.page.state import Page
from crewless.company.sheet.model import Performer, Sheet, WorkProfile
from crewless.core.errors import BadInput, CrewlessError
from crewless.core.web import WebServer

_MOST_BYTES = 1_000_000
_FRESH = {"Cache-Control": "no-store"}


def sheet_app(page: Page) -> Starlette:
    """The ASGI app of a page."""
    answers: dict[str, Callable[[Any], str]] = {
        "/run": lambda asked: json.dumps(page.answer(asked)),
        "/report": page.report,
        "/compare": page.comparison,
        "/bpmn": page.model,
    }
    one_at_a_time = asyncio.Lock()
    """Two simulations at once would only be slower each."""

    def show(_: Request) -> Response:
        content = files("crewless.company.page").joinpath("page.html").read_bytes()
        return Response(content, media_type="text/html", headers=_FRESH)

    def opening(_: Request) -> Response:
        return Response(json.dumps(page.opening()), media_type="application/json", headers=_FRESH)

    async def answer(request: Request) -> Response:
        path = request.url.path
        try:
            text = await _body(request)
            if not text or path not in answers:
                raise BadInput(f"{path} with {len(text)} bytes", alternatives=list(answers))
            asked = json.loads(text)
            async with one_at_a_time:
                found = await run_in_threadpool(answers[path], asked)
        except (ValueError, CrewlessError) as error:
            said = json.dumps({"error": str(error)})
            return Response(said, 400, media_type="application/json", headers=_FRESH)
        kind = {"/run": "application/json", "/bpmn": "application/xml"}.get(path, "text/html")
        return Response(found, media_type=kind, headers=_FRESH)

    return Starlette(
        routes=[
            Route("/", show),
            Route("/opening", opening),
            Route("/{question:path}", answer, methods=["POST"]),
        ],
        exception_handlers={404: _not_here, 405: _not_here},
    )


async def _body(request: Request) -> bytes:
    """Raises BadInput: it is longer than any scenario."""
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > _MOST_BYTES:
            raise BadInput(f"more than {_MOST_BYTES:,} bytes", alternatives=["a scenario as the page sends it"])
    return found


def _not_here(_: Request, __: Exception) -> Response:
    return PlainTextResponse("not here\n", 404, headers=_FRESH)


def serve(
    sheet: Sheet,
    choice: Mapping[str, Performer],
    *,
    port: int,
    name: str,
    seed: int = 0,
    worker: WorkProfile | None = None,
    measured: str = "",
) -> None:
    """Simulate once, so that the engine is warm, then answer until Ctrl-C.

    Raises:
        BadInput: the port is taken, or the sheet cannot be run.
    """
    with WebServer(sheet_app(Page(sheet, choice, name, seed, worker, measured)), port=port) as server:
        print(f"page         http://localhost:{server.port}  (Ctrl-C ends it)", flush=True)
        server.wait()
