"""Who may use a display of ours: whoever can read its cookie, and that is this user and whom they hand it to.

A display has two files in a folder that only its owner can enter: one for the server, and one for programs, named by the
display's number (MIT-MAGIC-COOKIE-1, ``Xsecurity(7)``; the files' format is that of libXau, ``Xauth.h``).
"""

import contextlib
import os
import re
import secrets
import socket
import stat
import struct
import tempfile
from pathlib import Path

from crewless.core.errors import BodyFailure

_FAMILY_LOCAL, _FAMILY_WILD = 256, 65535
_METHOD = b"MIT-MAGIC-COOKIE-1"
_COOKIE_BYTES = 16


class Cookie:
    """The files of one display."""

    def __init__(self) -> None:
        content = _entries(secrets.token_bytes(_COOKIE_BYTES))
        self._content = content
        self.server = _folder() / f"server-{os.getpid()}-{secrets.token_hex(4)}"
        """What the server is told with ``-auth``. It must stay as long as the server: one that misses it lets everybody in."""
        _write(self.server, content)
        self._clients: Path | None = None

    def belongs_to(self, display: str) -> None:
        """From now on programs find it by the display's name."""
        self._clients = _folder() / _number(display)
        _write(self._clients, self._content)

    def close(self) -> None:
        """Remove the files. Safe to call twice."""
        if self._clients is not None:
            with contextlib.suppress(OSError):
                if self._clients.read_bytes() == self._content:
                    self._clients.unlink()
            self._clients = None
        self.server.unlink(missing_ok=True)


def authority_file(display: str) -> Path | None:
    """The file with the cookie of a display of ours; None when it is none of ours."""
    number = _number(display)
    if not number:
        return None
    try:
        path = _folder() / number
    except BodyFailure:
        return None
    return path if path.is_file() else None


def authority(display: str) -> dict[str, str]:
    """What programs of a display of ours need in their environment; empty for a display that is none of ours."""
    path = authority_file(display)
    return {} if path is None else {"XAUTHORITY": str(path)}


def _number(display: str) -> str:
    found = re.fullmatch(r":(\d+)(\.\d+)?", display)
    return found[1] if found is not None else ""


def _folder() -> Path:
    """Ours alone. Raises BodyFailure when somebody else has made it."""
    path = Path(tempfile.gettempdir()) / f"crewless-x-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    there = path.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.getuid() or there.st_mode & 0o077:
        raise BodyFailure(
            f"{path} is to hold the keys of displays, and others can get at it", alternatives=[f"remove {path}"]
        )
    return path


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, for this user only."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix="new-", delete=False) as file:
        file.write(content)
    os.replace(file.name, path)


def _entries(cookie: bytes) -> bytes:
    """For this machine's displays of any number: libXau takes either entry, python-xlib the first."""
    return b"".join(
        struct.pack(">H", family)
        + b"".join(struct.pack(">H", len(part)) + part for part in (where, b"", _METHOD, cookie))
        for family, where in ((_FAMILY_LOCAL, socket.gethostname().encode()), (_FAMILY_WILD, b""))
    )
