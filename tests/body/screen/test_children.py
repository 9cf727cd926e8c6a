import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crewless.body.screen.children import Child, require
from crewless.core.errors import MissingTool


def running(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids: list[int], patience_s: float = 10.0) -> bool:
    end_s = time.monotonic() + patience_s
    while any(map(running, pids)) and time.monotonic() < end_s:
        time.sleep(0.02)
    return not any(map(running, pids))


def test_a_missing_program_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MissingTool, match="apt-get install -y --no-install-recommends xvfb"):
        require("Xvfb")


def test_close_ends_grandchildren_that_ignore_the_polite_signal() -> None:
    child = Child(["sh", "-c", "trap '' TERM; (trap '' TERM; sleep 60) & echo $!; wait"])
    while not child.last_words():
        time.sleep(0.01)
    grandchild = int(child.last_words())
    child.close(patience_s=0.2)
    child.close()
    assert gone([child.pid, grandchild])


def test_last_words_are_the_end_of_what_it_wrote() -> None:
    child = Child(["sh", "-c", "echo one; echo two >&2; exit 3"])
    while child.alive():
        time.sleep(0.01)
    assert (child.exit_status, child.last_words(1)) == (3, "two")
    child.close()


def test_a_child_outlives_the_thread_that_asked_for_it() -> None:
    import threading

    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(Child(["sleep", "60"])))
    thread.start()
    thread.join()
    time.sleep(0.1)
    assert children[0].alive()
    children[0].close()


@pytest.mark.screen
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_worker_that_is_killed(number: signal.Signals) -> None:
    script = """
import os, time
from crewless.body.screen import ScreenBody
body = ScreenBody().start()
program = body.launch(["xterm"])
print(body.ring.path, program.pid, body._display._server.pid, body._display._manager.pid, body._capture._child.pid)
import sys; sys.stdout.flush()
time.sleep(60)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=env) as worker:
        assert worker.stdout is not None
        ring, *pids = worker.stdout.readline().split()
        assert all(running(int(pid)) for pid in pids)
        worker.send_signal(number)
    assert gone([int(pid) for pid in pids])
    assert not Path(ring).exists()
