"""A mosquitto of one's own, on this machine only, for a run without a broker and for tests."""

import base64
import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from crewless.core.errors import MissingTool
from crewless.fleet.vda5050.address import BrokerAddress

USER = "crewless"
"""Who is let in."""
_ACCOUNTS = ("mosquitto", "nobody")
"""As whom mosquitto runs when root starts it; the first that is there."""
_ROUNDS = 20_000
_KEPT = "mosquitto.db"
_LAST_WORDS = 400


class Mosquitto:
    """Starts mosquitto on a free port of 127.0.0.1. It lets in who knows the password, and nobody else; it never runs as root.
    Sessions and retained messages are kept in ``folder`` over a restart.

    Args:
        folder: of what is kept.
        certificate: and ``key``, files (PEM): speak through TLS.
        key: see there.

    Raises:
        MissingTool: mosquitto is not installed, or did not start.
    """

    def __init__(self, folder: Path, *, certificate: Path | None = None, key: Path | None = None) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise MissingTool("mosquitto is not installed", alternatives=["apt-get install mosquitto"])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.password = secrets.token_urlsafe(24)
        self._program, self._folder, self._certificate, self._key = program, folder, certificate, key
        self._account = _account()
        self.start()

    @property
    def address(self) -> BrokerAddress:
        """With all that is needed to be let in."""
        return BrokerAddress(
            port=self.port, user=USER, password=self.password, tls=self._certificate is not None,
            authority=str(self._certificate or ""),
        )  # fmt: skip

    @property
    def url(self) -> str:
        """The address without the password, as commands take it."""
        return f"mqtt{'s' if self._certificate is not None else ''}://{USER}@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def start(self) -> None:
        """Start, or start again after :meth:`stop`."""
        # The account may not be let into the folder, nor into those above it.
        self._den = Path(tempfile.mkdtemp(prefix="crewless-mosquitto-"))
        # 0: no limit. What is queued for a control that is away must not be thrown away.
        lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous false", f"password_file {self._den}/users",
            "persistence true", f"persistence_location {self._den}/", "max_queued_messages 0",
            "max_inflight_messages 0", "set_tcp_nodelay true", "log_type error", "log_type warning", "log_dest stderr",
        ]  # fmt: skip
        (self._den / "users").write_text(f"{USER}:{_hashed(self.password)}\n")
        for word, file in (("certfile", self._certificate), ("keyfile", self._key)):
            if file is not None:
                shutil.copyfile(file, self._den / word)
                lines.append(f"{word} {self._den / word}")
        if (self._folder / _KEPT).is_file():
            shutil.copyfile(self._folder / _KEPT, self._den / _KEPT)
        if self._account is not None:
            lines.append(f"user {self._account.pw_name}")
        (self._den / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        for path in (*self._den.iterdir(), self._den):
            path.chmod(0o700 if path == self._den else 0o600)
            if self._account is not None:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        # To a file: a pipe that nobody reads would fill, and mosquitto would wait for it for ever.
        with (self._den / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._den / "mosquitto.conf")], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        until = time.monotonic() + 10
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        said = (self._den / "log").read_bytes()[-_LAST_WORDS:].decode(errors="replace").strip().splitlines()
        self.stop()
        raise MissingTool(f"mosquitto did not start on port {self.port}: {' | '.join(said) or 'it says nothing'}")

    def stop(self) -> None:
        """End it as a service is ended: it writes its sessions to the disk first. Safe to call twice."""
        self._process.terminate()
        self._process.wait(timeout=20)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(self._den / _KEPT, self._folder / _KEPT)
        shutil.rmtree(self._den, ignore_errors=True)

    def __enter__(self) -> "Mosquitto":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _account() -> pwd.struct_passwd | None:
    """Whom root becomes; None: we are somebody else already. Raises MissingTool."""
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise MissingTool(
        f"mosquitto is not started as root, and there is no account {' or '.join(_ACCOUNTS)}",
        alternatives=["useradd --system mosquitto"],
    )


def _hashed(password: str) -> str:
    """As ``mosquitto_passwd`` writes it: ``$7$rounds$salt$hash``, PBKDF2 with SHA-512 (mosquitto-passwd(5))."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    return f"$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
