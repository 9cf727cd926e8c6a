"""What a worker gone bad would try, after it has sealed itself. Run by test_seal.py with its targets as JSON; prints, as
JSON, what came of each attempt: what it got, or the name of the error."""

import ctypes
import errno
import json
import os
import socket
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

from crewless.core.errors import CrewlessError
from crewless.work.seal import seal

LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> int:
    """A system call's result, or its error: asked of the C library itself, so that no audit hook hears of it."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def read_by_libc(path: str) -> str:
    descriptor = checked(LIBC.open(path.encode(), os.O_RDONLY))
    return os.read(descriptor, 16).decode(errors="replace")


def create_by_libc(path: str) -> str:
    return str(checked(LIBC.open(path.encode(), os.O_WRONLY | os.O_CREAT, 0o600)))


def query(path: str) -> str:
    return str(sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("SELECT * FROM secret").fetchall())


def connect(family: int, address) -> str:
    with socket.socket(family, socket.SOCK_STREAM) as channel:
        channel.connect(address)
    return "connected"


def connect_by_libc(family: int, address: bytes) -> str:
    descriptor = checked(LIBC.socket(family, socket.SOCK_STREAM, 0))
    checked(LIBC.connect(descriptor, address, len(address)))
    return "connected"


def unix(path: bytes) -> bytes:
    return struct.pack("=H", socket.AF_UNIX) + path


def tcp(port: int) -> bytes:
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton("127.0.0.1"))


def bind_by_libc(port: int) -> str:
    descriptor = checked(LIBC.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
    checked(LIBC.bind(descriptor, tcp(port), 16))
    return "bound"


def send(port: int, *, message: bool) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        if message:
            channel.sendmsg([b"secret"], [], 0, ("127.0.0.1", port))
        else:
            channel.sendto(b"secret", ("127.0.0.1", port))
    return "sent"


def send_by_libc(port: int) -> str:
    descriptor = checked(LIBC.socket(socket.AF_INET, socket.SOCK_DGRAM, 0))
    checked(LIBC.sendto(descriptor, b"secret", 6, 0, tcp(port), 16))
    return "sent"


def fork() -> str:
    if os.fork() == 0:
        os._exit(0)
    return "forked"


def talk_to_display(name: str) -> str:
    from crewless.body.screen.display import connect as to_display
    from crewless.body.screen.display import hang_up

    connection = to_display(name)
    size = connection.screen().width_in_pixels
    hang_up(connection)
    return str(size)


def look_at_ring(path: str) -> str:
    from crewless.core.photons import FrameRing

    frame = FrameRing.open(Path(path)).latest()
    return str(frame and frame.pixels.shape)


def write_file(path: str) -> str:
    Path(path).write_text("kept")
    return Path(path).read_text()


def attempts(at: dict):
    parent = os.getppid()
    abstract = at["abstract"].encode()
    return {
        "file": lambda: Path(at["database"]).read_bytes()[:6].decode(),
        "file by libc": lambda: read_by_libc(at["database"]),
        "file by sqlite": lambda: query(at["database"]),
        "file by the parent's descriptor": lambda: read_by_libc(f"/proc/{parent}/fd/{at['descriptor']}"),
        "file by the parent's root": lambda: read_by_libc(f"/proc/{parent}/root{at['database']}"),
        "file by a program": lambda: str(LIBC.system(f"cat {at['database']} >/dev/null 2>&1".encode())),
        "the parent's environment": lambda: read_by_libc(f"/proc/{parent}/environ"),
        "new file": lambda: write_file(at["database"] + ".new"),
        "new file by libc": lambda: create_by_libc(at["database"] + ".new"),
        "tcp": lambda: connect(socket.AF_INET, ("127.0.0.1", at["tcp"])),
        "tcp by libc": lambda: connect_by_libc(socket.AF_INET, tcp(at["tcp"])),
        "tcp server by libc": lambda: bind_by_libc(0),
        "abstract socket": lambda: connect(socket.AF_UNIX, b"\0" + abstract),
        "abstract socket by libc": lambda: connect_by_libc(socket.AF_UNIX, unix(b"\0" + abstract)),
        "path socket": lambda: connect(socket.AF_UNIX, at["path"]),
        "udp": lambda: send(at["udp"], message=False),
        "udp message": lambda: send(at["udp"], message=True),
        "udp by libc": lambda: send_by_libc(at["udp"]),
        "program": lambda: subprocess.run(["true"], check=True).args[0],
        "shell": lambda: str(os.system("true")),
        "fork": fork,
        "display": lambda: talk_to_display(at["display"]),
        "ring": lambda: look_at_ring(at["ring"]),
        "checkpoint": lambda: Path(at["checkpoint"], "weights").read_text(),
        "checkpoint changed": lambda: write_file(at["checkpoint"] + "/weights"),
        "cache": lambda: write_file(at["cache"] + "/file"),
        "import": lambda: __import__("cv2").__name__,
    }


def main() -> None:
    at = json.loads(sys.argv[1])
    writable = [Path(at["ring"]), Path(at["cache"])]
    held = seal(display=at["display"], readable=[Path(at["checkpoint"])], writable=writable)
    found = {}
    for name, attempt in attempts(at).items():
        try:
            found[name] = attempt()
        except OSError as error:
            found[name] = errno.errorcode.get(error.errno or 0, type(error).__name__)
        except (sqlite3.Error, CrewlessError) as error:
            found[name] = type(error).__name__
    print(json.dumps({"held": [held.files, held.network, held.namespace], "found": found}))


if __name__ == "__main__":
    main()
