"""Going first: a process that must keep a rate asks the kernel for it, and hears what it got.

On a busy machine the ordinary scheduler lets a process that has slept wait behind others for tens of milliseconds, which
is more than a frame period. Under SCHED_FIFO it runs as soon as it wakes. What is permitted differs from machine to
machine (it needs CAP_SYS_NICE or an rtprio limit), so nothing here fails: the answer says what holds.
"""

import ctypes
import os
from typing import Literal

Standing = Literal["fifo", "nice", "ordinary"]
_NICE = -15
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


def go_first(priority: int = 10) -> Standing:
    """Let the calling thread run before ordinary processes; a child does not inherit it.

    Args:
        priority: 1 to 99; among those that go first, the higher one runs. The kernel itself keeps 5 % of each second for
            the others (sched_rt_runtime_us), so a runaway loop cannot take the machine.

    Returns:
        ``fifo``: first in, first out, before everything ordinary. ``nice``: only more often than others. ``ordinary``:
        neither is permitted here.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
        return "fifo"
    except (OSError, AttributeError):
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        return "nice"
    except OSError:
        return "ordinary"


def stay_in_memory() -> bool:
    """Keep the pages of this process from being taken away once it has touched them. False where that is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0
