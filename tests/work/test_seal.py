"""A sealed process reaches its screen and nothing else. Every attempt is made in a real process against a real target."""

import ctypes
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from crewless.body.screen import Capture, Display
from crewless.core.errors import BadInput, BodyFailure
from crewless.work import seal as sealing

LANDLOCK = ctypes.CDLL(None, use_errno=True).syscall(444, None, ctypes.c_size_t(0), 1)
SRC = Path(__file__).parents[2] / "src"
KERNEL = frozenset({"EACCES", "EPERM"})
"""What the kernel says."""
HOOK = frozenset({"PermissionError"})
"""What the interpreter's audit hook says: an error without a number."""

pytestmark = [
    pytest.mark.screen,
    pytest.mark.skipif(
        LANDLOCK < 4, reason=f"this kernel offers Landlock {max(0, LANDLOCK)}, not 4 or later (Linux 6.7)"
    ),
]


@pytest.fixture(scope="module")
def attempted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], list[bool]]]:
    folder = tmp_path_factory.mktemp("seal")
    database = folder / "record.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("CREATE TABLE secret (word TEXT); INSERT INTO secret VALUES ('photon')")
    for name in ("checkpoint", "cache"):
        (folder / name).mkdir()
    (folder / "checkpoint" / "weights").write_text("weights")
    with ExitStack() as open_now:
        display = open_now.enter_context(Display(320, 240))
        capture = open_now.enter_context(Capture(display.name, 240, 320))
        record = open_now.enter_context(database.open("rb"))
        abstract = f"crewless-test-{os.getpid()}"
        listeners = {}
        for name, family, kind, address in (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
            ("path", socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "bus")),
        ):
            listeners[name] = open_now.enter_context(socket.socket(family, kind))
            listeners[name].bind(address)
            if kind == socket.SOCK_STREAM:
                listeners[name].listen()
        targets = {
            "database": str(database),
            "descriptor": record.fileno(),
            "tcp": listeners["tcp"].getsockname()[1],
            "udp": listeners["udp"].getsockname()[1],
            "abstract": abstract,
            "path": str(folder / "bus"),
            "server": f"/tmp/.X11-unix/X{display.name[1:]}",
            "display": display.name,
            "ring": str(capture.ring.path),
            "checkpoint": str(folder / "checkpoint"),
            "cache": str(folder / "cache"),
        }
        # What the sealed process cannot reach is there, and can be reached by another one.
        for name in ("tcp", "abstract", "path"):
            with socket.socket(listeners[name].family) as probe:
                probe.connect(listeners[name].getsockname())
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("sealed.py")), json.dumps(targets)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SRC)},
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        listeners["udp"].setblocking(False)
        answer = json.loads(done.stdout.splitlines()[-1])
        with pytest.raises(BlockingIOError):
            print(listeners["udp"].recv(16))
        yield answer["found"], answer["held"]


@pytest.mark.parametrize(
    "attempt",
    [
        "file",
        "file by libc",
        "file by the parent's descriptor",
        "file by the parent's root",
        "the parent's environment",
        "new file",
        "new file by libc",
        "checkpoint changed",
        "tcp by libc",
        "tcp server by libc",
        "udp by libc",
        "abstract socket by libc",
        "path socket by libc",
        "display's socket by libc",
        "pair of sockets by libc",
        "program by libc",
        "program by libc's execveat",
        "program by libc's spawn",
        "fork by libc",
        "the parent traced",
        "the parent's memory",
        "the parent signalled",
        "io_uring",
    ],
)
def test_the_kernel_holds_it_even_where_the_interpreter_is_passed_by(attempted, attempt):
    found, _ = attempted
    assert found[attempt] in KERNEL


def test_the_rights_of_a_file_stay_as_they_are(attempted):
    assert attempted[0]["rights of a file"] == "unchanged"


def test_sqlite_s_own_code_cannot_open_the_record(attempted):
    assert attempted[0]["file by sqlite"] == "OperationalError"


def test_the_c_library_s_system_starts_nothing(attempted):
    found, _ = attempted
    assert found["program by libc's system"] == "refused"
    assert found["file by a program"] not in ("0", *KERNEL)


@pytest.mark.parametrize("attempt", ["tcp", "abstract socket", "path socket", "udp", "udp message"])
def test_the_interpreter_lets_it_open_no_socket(attempted, attempt):
    assert attempted[0][attempt] in HOOK


@pytest.mark.parametrize("attempt", ["program", "shell", "fork"])
def test_the_interpreter_lets_it_start_nothing(attempted, attempt):
    assert attempted[0][attempt] in HOOK


def test_it_says_what_holds(attempted):
    _, (files, network, _, calls, whole) = attempted
    assert (files, network, calls, whole) == (True, True, True, True)


def test_a_second_connection_to_the_display_is_refused_as_well(attempted):
    assert attempted[0]["display once more"] in HOOK


@pytest.mark.parametrize(
    ("attempt", "got"),
    [
        ("display", "320"),
        ("ring", "(240, 320, 3)"),
        ("checkpoint", "weights"),
        ("cache", "kept"),
        ("import", "cv2"),
        ("thread", "ran"),
    ],
)
def test_what_it_works_with_is_there(attempted, attempt, got):
    assert attempted[0][attempt] == got


@pytest.mark.parametrize(
    ("landlock", "calls", "words"),
    [(0, True, "open to it would be files"), (7, False, "open to it would be programs and sockets")],
)
def test_a_kernel_that_cannot_hold_it_is_refused_and_the_option_is_named(monkeypatch, landlock, calls, words):
    monkeypatch.setattr(sealing, "_landlock", lambda readable, writable: landlock)
    monkeypatch.setattr(sealing, "_own_network", lambda: False)
    monkeypatch.setattr(sealing, "refuse_calls", lambda: calls)
    monkeypatch.setattr(sealing.os, "listdir", lambda path: ["1"])
    monkeypatch.setattr(sealing.sys, "addaudithook", lambda hook: None)
    with pytest.raises(BadInput, match=words) as caught:
        sealing.seal(readable=[], writable=[], strict=True)
    assert "--unsealed" in caught.value.alternatives
    assert not sealing.seal(readable=[], writable=[]).whole


def test_a_seal_that_would_leave_a_thread_out_is_refused():
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    try:
        with pytest.raises(BodyFailure, match="threads run already"):
            sealing.seal(readable=[], writable=[])
    finally:
        waiting.set()
        thread.join()
