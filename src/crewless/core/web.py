"""One web server for every page of Crewless: an ASGI app (https://asgi.readthedocs.io), served from a thread of its own.

It has no passwords. So it listens on this machine only unless ``host`` says otherwise, and it answers only to names that no
name server can point at it: another site could otherwise ask it through a browser on this machine, under a name of its own
(DNS rebinding).
"""

import logging
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    import uvicorn

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_STOP_S = 2
"""How long an answer that is under way may still take when the server is stopped."""


class WebServer:
    """Serves ``app``; it answers when the constructor returns.

    Args:
        app: the ASGI app; only HTTP is served, no WebSockets.
        host: the name or address of this machine to listen at.
        port: 0: any that is free.

    Raises:
        BadInput: the port is taken, or the address is none that can be listened at.
    """

    def __init__(self, app: AsgiApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        try:
            listening = _listen(host, port)
        except OSError as error:
            raise BadInput(
                f"cannot listen at {host}:{port}: {error.strerror or error}",
                alternatives=["--port 0 for any that is free"],
            ) from None
        self.port: int = listening.getsockname()[1]
        self._host = host
        self._server = _uvicorn(_KnownNames(app, host))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="web server", daemon=True
        )
        self._thread.start()
        while self._thread.is_alive() and not self._server.started:
            self._thread.join(0.005)

    @property
    def address(self) -> str:
        """``http://...``"""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self.port}"

    def wait(self) -> None:
        """Until it is stopped."""
        self._thread.join()

    def stop(self) -> None:
        """End it: no new questions, and answers under way may take two seconds more. Safe to call twice."""
        # That an answer was cut off is no fault to be reported. The next server sets the level anew.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> "WebServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port < 1 << 16:
        raise OSError(None, "no port has that number")
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def _uvicorn(app: AsgiApp) -> "uvicorn.Server":
    import uvicorn

    # The terminal is the user's: only what went wrong inside the app is said there.
    return uvicorn.Server(
        uvicorn.Config(
            app, http="h11", ws="none", loop="asyncio", lifespan="off", log_config=None, log_level="error",
            access_log=False, server_header=False, proxy_headers=False, timeout_graceful_shutdown=_STOP_S,
        )
    )  # fmt: skip


class _KnownNames:
    """Passes a question on when it was asked under a name of this machine: an IP address, localhost, the machine's own
    name or the one that the server listens at; refuses it with 403 otherwise."""

    def __init__(self, app: AsgiApp, host: str) -> None:
        self._app = app
        self._names = {"localhost", host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = _asked_name(scope)
        if scope["type"] != "http" or name in self._names or _is_address(name):
            await self._app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": b"this machine does not answer to that name\n"})


def _asked_name(scope: Scope) -> str:
    """The host of the ``Host`` header, without its port, in small letters; empty: there is none."""
    for key, value in scope.get("headers", ()):
        if key == b"host":
            try:
                return urlsplit(f"//{value.decode('latin-1')}").hostname or ""
            except ValueError:
                return ""
    return ""


def is_this_machine(host: str) -> bool:
    """Whether what is sent to a host stays on this machine: ``localhost``, or an address of the loopback (RFC 6761, 6890)."""
    name = host.lower().rstrip(".").partition("%")[0]
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
