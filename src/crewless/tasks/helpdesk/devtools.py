"""A look behind the screen through Chromium's DevTools: for the scripted operator and the judge, never for a worker.

One WebSocket and one command are all that is needed, so there is no browser-driver package in between.
"""

import base64
import json
import os
import socket
import struct
import time
import urllib.request
from pathlib import Path
from typing import Any

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
        self._socket: socket.socket | None = None
        self._last = 0

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page, as JSON carries it. None while the page is being exchanged.

        Raises:
            ProgramCrashed: the browser does not answer.
        """
        try:
            if self._socket is None:
                self._socket = self._connect()
            reply = self._command("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        except OSError as error:
            self.close()
            raise ProgramCrashed(f"the browser does not answer on its DevTools port {self._port}: {error}") from error
        result = reply.get("result", {})
        if "exceptionDetails" in result:
            text = result["exceptionDetails"].get("exception", {}).get("description", "")
            raise BodyFailure(f"the page could not be asked: {text.splitlines()[0] if text else result}")
        return result.get("result", {}).get("value")

    def close(self) -> None:
        """Let go. Safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        # A proxy named in the environment must not be asked for this machine's own port.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self._port}/json/list", timeout=self._timeout_s) as answer:
            pages = [target for target in json.load(answer) if target["type"] == "page"]
        if not pages:
            raise BodyFailure("the browser shows no page")
        path = "/" + pages[0]["webSocketDebuggerUrl"].split("/", 3)[3]
        channel = socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout_s)
        key = base64.b64encode(os.urandom(16)).decode()
        channel.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += _receive(channel, 1)
        if b" 101 " not in answer.splitlines()[0]:
            channel.close()
            raise OSError(f"no WebSocket: {answer.splitlines()[0].decode(errors='replace')}")
        return channel

    def _command(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        assert self._socket is not None
        self._last += 1
        _send(self._socket, json.dumps({"id": self._last, "method": method, "params": parameters}).encode())
        while True:
            message = json.loads(_read(self._socket))
            if message.get("id") == self._last:
                return message


def _send(channel: socket.socket, payload: bytes, *, opcode: int = 1) -> None:
    """One masked frame (RFC 6455, section 5.2)."""
    mask = os.urandom(4)
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    channel.sendall(head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)))


def _read(channel: socket.socket) -> bytes:
    """The next whole message; pings are answered on the way."""
    message = b""
    while True:
        first, second = _receive(channel, 2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", _receive(channel, 2))
        elif size == 127:
            (size,) = struct.unpack("!Q", _receive(channel, 8))
        payload = _receive(channel, size)
        opcode = first & 0x0F
        if opcode == 8:
            raise OSError("the browser closed the connection")
        if opcode == 9:
            _send(channel, payload, opcode=10)
        elif opcode in (0, 1, 2):
            message += payload
            if first & 0x80:
                return message


def _receive(channel: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            raise OSError("the browser closed the connection")
        parts += part
    return bytes(parts)
