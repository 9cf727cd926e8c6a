"""System calls that a sealed process is refused by the kernel, whoever asks: Python, a C library, or machine code of its own.

A seccomp filter (``seccomp(2)``, Linux 3.17 and later, no privilege needed): a program for the kernel's packet filter machine
(``bpf_asm`` in the kernel's documentation), which looks at each system call's number and first arguments. It is put together here
and handed over by ctypes; nothing is compiled. It cannot be taken off again, and everything that is started later has it too.

What is let through: reading and writing what is open already, the files that Landlock allows, memory, time, threads.
"""

import ctypes
import os
import platform
import struct
import sys

_SECCOMP = {"x86_64": (317, 0xC000003E), "aarch64": (277, 0xC00000B7)}
"""The number of seccomp(2) and the audit name of the machine (linux/audit.h)."""
_SET_MODE_FILTER, _FLAG_TSYNC = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_EPERM, _ENOSYS = 1, 38
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions (linux/bpf_common.h): BPF_LD+W+ABS, BPF_JMP+JEQ+K, JGE, JSET, BPF_RET+K."""
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
"""Where ``struct seccomp_data`` holds them."""
_X32 = 0x40000000
"""Numbers from here on are x86_64's other interface, which would pass by a list of the usual ones."""
_CLONE_THREAD = 0x00010000
_TO_ITSELF = ("kill", "tgkill", "prlimit64")
"""Allowed where the first argument is this process (for the last: or 0)."""

_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "mount_setattr": (442, 442),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
}
"""Other programs and processes; sockets; what would pass by this filter (io_uring); rights and times of files, which Landlock does not
guard; other name spaces, mounts, shared memory of System V; the kernel itself. Numbers of x86_64 (arch/x86/entry/syscalls) and
aarch64 (asm-generic/unistd.h)."""


def refuse_calls() -> bool:
    """Refuse the calls of the table from now on, in all threads of this process. False where the kernel or the machine has no filter."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _SECCOMP or sys.maxsize < 2**32:
        return False
    program = _program(machine, os.getpid())
    code = ctypes.create_string_buffer(b"".join(program))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return libc.syscall(_SECCOMP[machine][0], _SET_MODE_FILTER, _FLAG_TSYNC, described) == 0


def _program(machine: str, pid: int) -> list[bytes]:
    """The filter, one instruction of eight bytes each (``struct sock_filter``)."""
    numbers = {name: pair[machine == "aarch64"] for name, pair in _REFUSED.items()}
    refuse, allow = _step(_RETURN, _ERRNO | _EPERM), _step(_RETURN, _ALLOW)
    kill = _step(_RETURN, _KILL_PROCESS)
    steps = [_step(_LOAD, _MACHINE_AT), _step(_EQUAL, _SECCOMP[machine][1], 1, 0), kill, _step(_LOAD, _NUMBER_AT)]
    if machine == "x86_64":
        steps += [_step(_AT_LEAST, _X32, 0, 1), kill]
    special: dict[str, list[bytes]] = {
        # Nothing happens, and it is called done: libraries mark the files of their own caches so, and end where they may not.
        **{key: [_step(_RETURN, _ERRNO)] for key in ("chmod", "fchmod", "fchmodat", "fchmodat2")},
        # Without it, the C library asks for a thread by clone, whose flags can be looked at.
        "clone3": [_step(_RETURN, _ERRNO | _ENOSYS)],
        "clone": [_step(_LOAD, _argument(0)), _step(_ANY_BIT, _CLONE_THREAD, 0, 1), allow, refuse],
        # To nobody but whom it is connected with.
        "sendto": [
            _step(_LOAD, _argument(4)), _step(_EQUAL, 0, 0, 3), _step(_LOAD, _argument(4) + 4), _step(_EQUAL, 0, 0, 1), allow, refuse,
        ],
        **{name: [_step(_LOAD, _argument(0)), _step(_EQUAL, pid, 1, 0), refuse, allow] for name in _TO_ITSELF},
        "prlimit64": [_step(_LOAD, _argument(0)), _step(_EQUAL, pid, 2, 0), _step(_EQUAL, 0, 1, 0), refuse, allow],
    }  # fmt: skip
    for name, number in numbers.items():
        if number is not None:
            then = special.get(name, [refuse])
            steps += [_step(_EQUAL, number, 0, len(then)), *then]
    return [*steps, allow]


def _argument(number: int) -> int:
    """Where the lower half of an argument is, on a machine that puts it first, as both here do."""
    return _ARGUMENTS_AT + 8 * number


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
