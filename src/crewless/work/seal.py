"""Seals a worker's process: photons in, controls out, and nothing else.

Three layers, the first two held by the kernel, whatever code runs in the process, and the third by the interpreter:

* **Landlock** (Linux 5.13 and later, no privilege needed; see ``landlock(7)``): only named folders can be opened, for writing
  only some of them, and no TCP port can be reached or bound. An own network namespace (``unshare(2)``) where it is permitted.
* **A filter of system calls** (:mod:`crewless.work.seccomp`): no program and no process can be started, no socket opened or
  connected, no other process looked into or signalled. Threads remain, and the connection to the display, which is made before.
* **An audit hook** (PEP 578), which cannot be removed: the same for Python code, with an error that says so.

So the worker cannot read the system of record, ask the browser's debugger or the accessibility bus, or have another program do
so, even if its code or that of a library tried to.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crewless.core.errors import BadInput, BodyFailure
from crewless.work.seccomp import refuse_calls

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System call numbers, the same on every architecture since Linux 5.13 (asm-generic/unistd.h)."""
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNET = 0x40000000
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_NET_TCP = 0b11
_SCOPE_ABSTRACT_SOCKET, _SCOPE_SIGNAL = 1, 2
_ALL_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}

_DENIED_EVENTS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"}
    | {"socket.__new__", "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"}
)


UNSEALED_OPTION = "--unsealed"
"""The option of ``crewless work`` with which a worker runs that the kernel does not keep to its screen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """What holds."""

    files: bool
    """The kernel keeps the process to the named folders."""
    network: bool
    """The kernel keeps the process off every TCP port."""
    namespace: bool
    """The process has a network namespace of its own."""
    calls: bool
    """The kernel refuses it other programs, processes and sockets."""

    @property
    def whole(self) -> bool:
        """Everything holds that has to; a namespace of its own is one more lock on a door that is shut."""
        return self.files and self.network and self.calls


def seal(
    *, readable: Sequence[Path], writable: Sequence[Path], forbidden: Sequence[Path] = (), strict: bool = False
) -> Seal:
    """Seal this process, for good. Call it before any thread is started, and after the display has been connected.

    Args:
        readable: folders and files that may be read besides the interpreter's, the package's and the system's own.
        writable: folders and files that may also be written.
        forbidden: files and folders that the process must not be able to read, such as the system of record.
        strict: raise when the kernel cannot hold all of it.

    Raises:
        BadInput: something forbidden lies where the process may read (nothing is sealed then); ``strict``, and the kernel
            cannot hold all of it.
        BodyFailure: another thread runs already, which Landlock would leave out.
    """
    readable = [*_system_paths(), *readable]
    _check_forbidden(forbidden, [*readable, *writable])
    threads = os.listdir("/proc/self/task") if Path("/proc/self/task").is_dir() else [""]
    if len(threads) > 1:
        raise BodyFailure(f"{len(threads)} threads run already, and a seal must be put on before the second")
    result = _landlock(readable, list(writable))
    namespace = _own_network()
    calls = refuse_calls()
    held = Seal(files=result > 0, network=result >= 4 or namespace or calls, namespace=namespace, calls=calls)
    if strict:
        check_seal(asdict(held))

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in _DENIED_EVENTS or (event == "socket.sendmsg" and args[1] is not None):
            raise PermissionError(f"a sealed worker may not do {event}")

    sys.addaudithook(hook)
    return held


def check_seal(held: Mapping[str, bool]) -> None:
    """Raises BadInput where a process is not sealed whole: it says what is open, and how to run all the same."""
    doors = {"files": "files", "network": "the network", "calls": "programs and sockets"}
    open_doors = [words for name, words in doors.items() if not held.get(name, False)]
    if open_doors:
        raise BadInput(
            f"this kernel ({os.uname().release}) cannot seal a worker: open to it would be {', '.join(open_doors)}",
            alternatives=["Linux 5.13 or later with Landlock and seccomp", UNSEALED_OPTION],
        )


def _check_forbidden(forbidden: Sequence[Path], open_paths: Sequence[Path]) -> None:
    for path in forbidden:
        own = path.resolve()
        for place in open_paths:
            there = place.resolve()
            if own.is_relative_to(there):
                raise BadInput(
                    f"{path} must be kept from the worker, and {place} must be readable for it",
                    alternatives=["keep the system of record in a folder of its own, outside of that"],
                )


def _system_paths() -> list[Path]:
    import crewless

    package = Path(crewless.__file__).resolve().parent
    paths = [package, *(Path(prefix) for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix})]
    paths += [Path(entry) for entry in sys.path if entry.endswith(("-packages", ".zip"))]
    paths += [Path(p) for p in ("/usr", "/lib", "/lib64", "/bin", "/etc", "/sys", "/opt", "/run/udev")]
    # Of the processes, only itself: the environment and the command line of another one may hold the record's password.
    return paths + [Path("/proc", name) for name in ("self", "cpuinfo", "meminfo", "stat", "filesystems", "sys")]


def _landlock(readable: list[Path], writable: list[Path]) -> int:
    """Restrict this thread and everything started from it. Returns Landlock's ABI version, 0 where there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if abi < 1:
        return 0
    handled = _ALL_RIGHTS_BY_ABI[min(abi, 5)]
    attributes = struct.pack(
        "QQQ", handled, _NET_TCP if abi >= 4 else 0, _SCOPE_ABSTRACT_SOCKET | _SCOPE_SIGNAL if abi >= 6 else 0
    )
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return 0
    devices = [Path(p) for p in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")]
    rules = [(path, _READ) for path in readable]
    rules += [(path, handled) for path in [*writable, *devices]]
    try:
        for path, rights in rules:
            _allow(libc, ruleset, path, rights & handled)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return abi if libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH)
    except OSError:
        return
    try:
        if not path.is_dir():
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, descriptor)
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def _own_network() -> bool:
    return ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) == 0
