"""What a shift does when the program dies under it, and when it was killed itself; and what a dead worker is said to have died of."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crewless.core.errors import BodyFailure
from crewless.core.events import read_events
from crewless.core.messages import Action, Applied, Case, Decision, Frame
from crewless.core.runs import RunFolder
from crewless.verifiers import Change, DatabaseVerifier, Record
from crewless.work.runner import Runner, RunnerConfig
from crewless.work.worker import cause_of_death

TELEMETRY = "2026-11-27 10:00:00 WARNING telemetry: could not reach the collector, retrying\n"
TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    load()\n'


@pytest.mark.parametrize(
    ("said", "status", "cause"),
    [
        (TRACE + "ValueError: no such weights\n" + TELEMETRY, 1, "ValueError: no such weights"),
        (TRACE + "KeyError: 'x'\n" + TRACE + "crewless.core.errors.BadInput: no\n" + TELEMETRY, 1, "crewless.core.errors.BadInput: no"),
        (TELEMETRY, -9, "ended by signal 9 (SIGKILL)"),
        (TRACE + "OSError: a case failed, and was reported\n" + TELEMETRY, -9, "ended by signal 9 (SIGKILL)"),
        ("Fatal Python error: Segmentation fault\n\nCurrent thread 0x01:\n" + TELEMETRY, -11, "Fatal Python error: Segmentation fault"),
        ("terminate called after throwing an instance of 'ov::Exception'\n  what():  no model\n" + TELEMETRY, -6, "what():  no model"),
        (TELEMETRY + "cannot allocate 3 GB\n" + TELEMETRY, 1, "cannot allocate 3 GB"),
        (TELEMETRY, 7, "exit code 7"),
        ("", None, "exit code None"),
    ],
)  # fmt: skip
def test_a_dead_process_is_said_to_have_died_of_its_last_error(said: str, status: int | None, cause: str):
    assert cause_of_death(said, status) == cause


class Still:
    """A body on which nothing happens."""

    def frame(self) -> Frame:
        return Frame(pixels=np.zeros((4, 4, 3), np.uint8), t_s=time.monotonic(), index=0)

    def act(self, action: Action) -> Applied:
        return Applied(action=action, dispatched_s=time.monotonic())

    def settle(self, timeout_s: float = 5.0) -> Frame:
        return self.frame()

    def close(self) -> None: ...


class Orders:
    """A task with a server, a process of its own, through which alone an order can be closed."""

    name = "orders"

    def __init__(self, folder: Path) -> None:
        self.database = folder / "orders.sqlite3"
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, closed INT)")
            connection.executemany("INSERT INTO orders VALUES (?, 0)", [(n,) for n in range(1, 5)])
            connection.commit()
        self.opened, self.starts, self.kill_in, self.mute = 0, True, set[str](), False
        self.server = self._server()

    def cases(self) -> list[Case]:
        return [Case(id=str(n)) for n in range(1, 5)]

    def open(self, *, scripted: bool = False) -> Still:
        self.opened += 1
        return Still()

    def revive(self) -> str:
        if self.server.poll() is None:
            return ""
        if not self.starts:
            raise BodyFailure("the server of orders does not start")
        self.server = self._server()
        return "the server of orders had ended and was started anew"

    def oracle(self, body: Any) -> "Closes":
        return Closes(self)

    def verifier(self) -> DatabaseVerifier:
        declared = Record(changes=(Change(table="orders", where={"id": "{order}"}, set={"closed": 1}),))
        return DatabaseVerifier(f"sqlite:///{self.database}", declared, lambda case: {"order": int(case.id)})

    def write(self, order: str, closed: int = 1) -> None:
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.execute("UPDATE orders SET closed = ? WHERE id = ?", (closed, order))
            connection.commit()

    def kill(self) -> None:
        self.server.kill()
        self.server.wait()

    def _server(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


class Closes:
    """Closes the order where the server lives, and hands over where it is dead."""

    touched = False

    def __init__(self, task: Orders) -> None:
        self._task = task

    def reset(self, case: Case) -> None:
        self._case = case

    def decide(self, observation: Any) -> Decision:
        if self._case.id in self._task.kill_in:
            self._task.kill_in.discard(self._case.id)
            self._task.kill()
        if self._task.server.poll() is not None:
            return Decision(action=Action(verb="hand_over", text="the page does not answer"))
        self._task.write(self._case.id)
        return Decision(action=Action(verb="done"))

    def applied(self, applied: Applied) -> None: ...


@pytest.fixture
def orders(tmp_path: Path) -> Iterator[Orders]:
    task = Orders(tmp_path)
    yield task
    task.kill()


CONFIG = RunnerConfig(policy="oracle", aftermath_s=0.0)


def notes(run: RunFolder) -> list[tuple[str, str]]:
    return [(event.case, event.outcome) for event in read_events(run.events.path) if event.kind == "note"]


def test_a_program_that_dies_under_a_case_is_started_anew_once_and_the_receipt_says_so(orders: Orders, tmp_path: Path):
    run = RunFolder(tmp_path / "run")
    orders.kill_in = {"2"}
    with Runner(orders, run, CONFIG) as shift:  # type: ignore[arg-type]
        results = shift.work(orders.cases())
    assert [one.outcome for one in results] == ["right"] * 4
    assert notes(run) == [("2", "restarted")]
    assert orders.opened == 2
    receipts = [json.loads((run.path / "receipts" / f"{n}.json").read_text())["restarts"] for n in range(1, 5)]
    assert receipts == [[], ["the server of orders had ended and was started anew"], [], []]
    assert "Begun anew" in (run.path / "receipts" / "2.html").read_text()


def test_a_program_that_died_between_two_cases_is_started_before_the_next(orders: Orders, tmp_path: Path):
    run = RunFolder(tmp_path / "run")
    orders.kill()
    with Runner(orders, run, CONFIG) as shift:  # type: ignore[arg-type]
        assert [one.outcome for one in shift.work(orders.cases()[:1])] == ["right"]
    assert notes(run) == [("1", "revived")]


def test_a_case_under_which_it_dies_twice_is_left_to_a_person(orders: Orders, tmp_path: Path):
    class Dies(Closes):
        def decide(self, observation: Any) -> Decision:
            orders.kill()
            return super().decide(observation)

    orders.oracle = lambda body: Dies(orders)  # type: ignore[method-assign]
    run = RunFolder(tmp_path / "run")
    with Runner(orders, run, CONFIG) as shift:  # type: ignore[arg-type]
        (result,) = shift.work(orders.cases()[:1])
    assert result.outcome == "error"
    assert "started anew" in result.reason
    assert notes(run) == [("1", "restarted")]


def test_where_it_does_not_start_again_the_cases_are_handed_over(orders: Orders, tmp_path: Path):
    orders.starts = False
    orders.kill()
    run = RunFolder(tmp_path / "run")
    with Runner(orders, run, CONFIG) as shift:  # type: ignore[arg-type]
        results = shift.work(orders.cases()[:2])
    assert [(one.outcome, one.reason) for one in results] == [
        ("handed_over", "the server of orders does not start")
    ] * 2
    assert orders.opened == 0


def killed_in(orders: Orders, run: RunFolder, case: Case) -> None:
    """A shift as it is when it was killed: the case has been begun, and no verdict was written."""

    class Killed(BaseException): ...

    class Stops(Closes):
        def decide(self, observation: Any) -> Decision:
            raise Killed

    usual, orders.oracle = orders.oracle, lambda body: Stops(orders)  # type: ignore[method-assign]
    with pytest.raises(Killed), Runner(orders, run, CONFIG) as shift:  # type: ignore[arg-type]
        shift.work([case])
    orders.oracle = usual  # type: ignore[method-assign]


def test_a_case_that_a_killed_shift_left_untouched_is_taken_up_again(orders: Orders, tmp_path: Path):
    run = RunFolder(tmp_path / "run")
    killed_in(orders, run, orders.cases()[1])
    with Runner(orders, run, CONFIG) as shift:  # type: ignore[arg-type]
        results = shift.work(orders.cases())
    assert [one.outcome for one in results] == ["right"] * 4
    assert notes(run) == [("2", "resumed")]
    assert "killed" in json.loads((run.path / "receipts" / "2.json").read_text())["restarts"][0]


def test_one_that_was_touched_is_left_to_a_person(orders: Orders, tmp_path: Path):
    run = RunFolder(tmp_path / "run")
    killed_in(orders, run, orders.cases()[1])
    orders.write("2")
    with Runner(orders, run, CONFIG) as shift:  # type: ignore[arg-type]
        results = shift.work(orders.cases()[1:])
    assert [one.outcome for one in results] == ["error", "right", "right"]
    assert "look at the system of record" in results[0].reason


def test_the_record_is_known_by_its_content(orders: Orders):
    verifier = orders.verifier()
    case = orders.cases()[0]
    first = verifier.fingerprint(verifier.before(case))
    assert verifier.fingerprint(verifier.before(case)) == first
    orders.write("3")
    assert verifier.fingerprint(verifier.before(case)) != first
    orders.write("3", 0)
    assert verifier.fingerprint(verifier.before(case)) == first
    verifier.close()
