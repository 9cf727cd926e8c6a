"""What a worker gone bad would try, after it has sealed itself. Run by test_seal.py with its targets as JSON; prints, as
JSON, what came of each attempt: what it got, or the name of the error."""

import ctypes
import errno
import json
import os
import platform
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
from pathlib import Path

from crewless.core.errors import CrewlessError
from crewless.work.seal import seal

LIBC = ctypes.CDLL(None, use_errno=True)
MACHINE = platform.machine()


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


def socketpair_by_libc() -> str:
    return str(checked(LIBC.socketpair(socket.AF_UNIX, socket.SOCK_STREAM, 0, (ctypes.c_int * 2)())))


def execute_by_libc(name: str) -> str:
    """execv and its like return only when they have failed."""
    argv = (ctypes.c_char_p * 2)(b"/bin/true", None)
    if name == "execveat":
        return str(checked(LIBC.syscall(322 if MACHINE == "x86_64" else 281, -100, b"/bin/true", argv, None, 0)))
    return str(checked(LIBC.execv(b"/bin/true", argv)))


def spawn_by_libc() -> str:
    argv, pid = (ctypes.c_char_p * 2)(b"/bin/true", None), ctypes.c_int()
    failed = LIBC.posix_spawn(ctypes.byref(pid), b"/bin/true", None, None, argv, None)
    if failed:
        raise OSError(failed, os.strerror(failed))
    return "spawned"


def fork_by_libc() -> str:
    pid = checked(LIBC.fork())
    if pid == 0:
        os._exit(0)
    return "forked"


def trace_by_libc(pid: int) -> str:
    LIBC.ptrace.restype = ctypes.c_long
    return str(checked(LIBC.ptrace(16, pid, None, None)))  # PTRACE_ATTACH


def memory_by_libc(pid: int) -> str:
    buffer = ctypes.create_string_buffer(8)
    vector = struct.pack("PP", ctypes.addressof(buffer), 8)
    return str(checked(LIBC.process_vm_readv(pid, vector, 1, vector, 1, 0)))


def signal_by_libc(pid: int) -> str:
    return str(checked(LIBC.kill(pid, 0)))


def ring_by_libc() -> str:
    """io_uring opens sockets and files by itself, so that no filter of system calls sees them."""
    return str(checked(LIBC.syscall(425, 8, ctypes.create_string_buffer(256))))


def change_mode_by_libc(path: str) -> str:
    """The call is answered as if it had been done; what counts is that the file's rights are as before."""
    before = os.stat(path).st_mode
    checked(LIBC.chmod(path.encode(), 0o777))
    return "changed" if os.stat(path).st_mode != before else "unchanged"


def thread() -> str:
    said = []
    runner = threading.Thread(target=lambda: said.append("ran"))
    runner.start()
    runner.join()
    return said[0]


def fork() -> str:
    if os.fork() == 0:
        os._exit(0)
    return "forked"


def talk_to_display(connection) -> str:
    return str(connection.screen().root.get_geometry().width)


def connect_display_again(name: str) -> str:
    from crewless.body.screen.display import connect as to_display

    return str(to_display(name).screen().width_in_pixels)


def look_at_ring(path: str) -> str:
    from crewless.core.photons import FrameRing

    frame = FrameRing.open(Path(path)).latest()
    return str(frame and frame.pixels.shape)


def write_file(path: str) -> str:
    Path(path).write_text("kept")
    return Path(path).read_text()


def attempts(at: dict, display):
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
        "path socket by libc": lambda: connect_by_libc(socket.AF_UNIX, unix(at["path"].encode() + b"\0")),
        "display's socket by libc": lambda: connect_by_libc(socket.AF_UNIX, unix(at["server"].encode() + b"\0")),
        "pair of sockets by libc": socketpair_by_libc,
        "program by libc": lambda: execute_by_libc("execv"),
        "program by libc's execveat": lambda: execute_by_libc("execveat"),
        "program by libc's spawn": spawn_by_libc,
        "program by libc's system": lambda: str(LIBC.system(f"touch {at['cache']}/started".encode()) and "refused"),
        "fork by libc": fork_by_libc,
        "the parent traced": lambda: trace_by_libc(parent),
        "the parent's memory": lambda: memory_by_libc(parent),
        "the parent signalled": lambda: signal_by_libc(parent),
        "io_uring": ring_by_libc,
        "rights of a file": lambda: change_mode_by_libc(at["checkpoint"] + "/weights"),
        "thread": thread,
        "udp": lambda: send(at["udp"], message=False),
        "udp message": lambda: send(at["udp"], message=True),
        "udp by libc": lambda: send_by_libc(at["udp"]),
        "program": lambda: subprocess.run(["true"], check=True).args[0],
        "shell": lambda: str(os.system("true")),
        "fork": fork,
        "display": lambda: talk_to_display(display),
        "display once more": lambda: connect_display_again(at["display"]),
        "ring": lambda: look_at_ring(at["ring"]),
        "checkpoint": lambda: Path(at["checkpoint"], "weights").read_text(),
        "checkpoint changed": lambda: write_file(at["checkpoint"] + "/weights"),
        "cache": lambda: write_file(at["cache"] + "/file"),
        "import": lambda: __import__("cv2").__name__,
    }


def main() -> None:
    at = json.loads(sys.argv[1])
    from crewless.body.screen.display import connect as to_display

    display = to_display(at["display"])
    writable = [Path(at["ring"]), Path(at["cache"])]
    held = seal(readable=[Path(at["checkpoint"])], writable=writable)
    found = {}
    for name, attempt in attempts(at, display).items():
        try:
            found[name] = attempt()
        except OSError as error:
            found[name] = errno.errorcode.get(error.errno or 0, type(error).__name__)
        except (sqlite3.Error, CrewlessError) as error:
            found[name] = type(error).__name__
    print(json.dumps({"held": [held.files, held.network, held.namespace, held.calls, held.whole], "found": found}))


if __name__ == "__main__":
    main()
