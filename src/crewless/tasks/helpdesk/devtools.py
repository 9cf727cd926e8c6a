"""A look behind the screen through Chromium's DevTools: for the scripted operator and the judge, never for a worker.

One WebSocket and one command are all that is needed. Playwright could send it too, but it needs a Node process for each
connection, and it attaches to every page and worker of the browser, which would change the browser that is being recorded.
"""

import json
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from crewless.core.errors import BadInput, BodyFailure, ProgramCrashed


class DevTools:
    """Evaluates expressions in the browser's page.

    Args:
        profile: the browser's profile folder; it holds the port when the browser was started with one.

    Raises:
        BadInput: the browser was started without DevTools.
        BodyFailure: there is no page to talk to.
    """

    def __init__(self, profile: Path, *, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s
        ready = profile / "DevToolsActivePort"
        end_s = time.monotonic() + 2.0
        while not ready.exists():
            if time.monotonic() > end_s:
                raise BadInput("the browser has no DevTools port", alternatives=["open(scripted=True)"])
            time.sleep(0.02)
        self._port = int(ready.read_text().splitlines()[0])
        self._channel: ClientConnection | None = None
        self._ending = ExitStack()
        self._last = 0

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page, as JSON carries it. None while the page is being exchanged.

        Raises:
            ProgramCrashed: the browser does not answer.
        """
        try:
            if self._channel is None:
                self._channel = self._connect()
            reply = self._command(self._channel, "Runtime.evaluate", {"expression": expression, "returnByValue": True})
        except (OSError, WebSocketException) as error:
            self.close()
            raise ProgramCrashed(f"the browser does not answer on its DevTools port {self._port}: {error}") from error
        result = reply.get("result", {})
        if "exceptionDetails" in result:
            text = result["exceptionDetails"].get("exception", {}).get("description", "")
            raise BodyFailure(f"the page could not be asked: {text.splitlines()[0] if text else result}")
        return result.get("result", {}).get("value")

    def close(self) -> None:
        """Let go. Safe to call twice."""
        self._channel = None
        self._ending.close()

    def _connect(self) -> ClientConnection:
        # A proxy named in the environment must not be asked for this machine's own port.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self._port}/json/list", timeout=self._timeout_s) as answer:
            pages = [target for target in json.load(answer) if target["type"] == "page"]
        if not pages:
            raise BodyFailure("the browser shows no page")
        channel = connect(
            pages[0]["webSocketDebuggerUrl"],
            proxy=None,
            compression=None,
            max_size=None,
            open_timeout=self._timeout_s,
            close_timeout=1.0,
            ping_interval=None,
        )
        return self._ending.enter_context(channel)

    def _command(self, channel: ClientConnection, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._last += 1
        channel.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            message = json.loads(channel.recv(self._timeout_s))
            if message.get("id") == self._last:
                return message
