"""What happens to the program after a case was given up: it is opened anew only when something had been begun."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crewless.core.errors import BadInput
from crewless.core.messages import Action, Applied, Case, Decision, Frame, Point, Verdict
from crewless.core.runs import RunFolder
from crewless.work.recording_session import record_operator
from crewless.work.runner import Runner, RunnerConfig

CLICK, GIVE_UP = Action(verb="click", point=Point(1, 1)), Action(verb="hand_over", text="not sure")


class Still:
    """A body on which nothing happens, and which is no screen."""

    def __init__(self) -> None:
        self.closed = False

    def frame(self) -> Frame:
        return Frame(pixels=np.zeros((4, 4, 3), np.uint8), t_s=time.monotonic(), index=0)

    def act(self, action: Action) -> Applied:
        return Applied(action=action, dispatched_s=time.monotonic())

    def settle(self, timeout_s: float = 5.0) -> Frame:
        return self.frame()

    def close(self) -> None:
        self.closed = True


class Scripted:
    """Does the same in every case."""

    def __init__(self, actions: list[Action], said: dict[str, bool]) -> None:
        self._script, self._actions = actions, list[Action]()
        self.__dict__.update(said)

    def reset(self, case: Case) -> None:
        self._actions = list(self._script)

    def decide(self, observation: Any) -> Decision:
        return Decision(action=self._actions.pop(0))

    def applied(self, applied: Applied) -> None: ...


class Cases:
    """Two cases that everybody gives up."""

    name = "cases"

    def __init__(self, *actions: Action, **said: bool) -> None:
        self.opened: list[Still] = []
        self._actions, self._said = list(actions), said

    def setup(self, folder: Path) -> None: ...

    def cases(self) -> list[Case]:
        return [Case(id="1"), Case(id="2")]

    def open(self, *, scripted: bool = False) -> Still:
        self.opened.append(Still())
        return self.opened[-1]

    def oracle(self, body: Still) -> Scripted:
        return Scripted(self._actions, self._said)

    def verifier(self) -> "Cases":
        return self

    def before(self, case: Case) -> dict[str, str]:
        return {"seen": case.id}

    def judge(self, case: Case, before: Any, *, claimed_done: bool) -> Verdict:
        return Verdict(case=case.id, outcome="handed_over", claimed_done=claimed_done, evidence=before)

    def teardown(self) -> None: ...


@pytest.mark.parametrize(
    ("task", "opened"),
    [
        (Cases(GIVE_UP), 1),
        (Cases(Action(verb="scroll", amount=1), Action(verb="wait", seconds=0.1), GIVE_UP), 1),
        (Cases(CLICK, GIVE_UP), 2),
        (Cases(CLICK, GIVE_UP, touched=False), 1),
        (Cases(GIVE_UP, touched=True), 2),
    ],
    ids=["nothing", "looked", "clicked", "clicked, but only to get there", "says so"],
)
def test_a_program_is_opened_anew_when_a_case_was_given_up_half_done(task: Cases, opened: int, tmp_path: Path):
    with Runner(task, RunFolder(tmp_path), RunnerConfig(policy="oracle", receipts=False)) as runner:  # type: ignore[arg-type]
        results = runner.work(task.cases())
        assert [one.outcome for one in results] == ["handed_over", "handed_over"]
        assert len(task.opened) == opened
    assert all(body.closed for body in task.opened)


def test_what_is_no_screen_is_neither_recorded_nor_given_to_a_sealed_worker(tmp_path: Path):
    task = Cases(GIVE_UP)
    with pytest.raises(BadInput, match="the task 'cases' has no screen: its body is a Still"):
        record_operator(task, RunFolder(tmp_path), tmp_path / "episodes", task.cases())  # type: ignore[arg-type]
    with (
        Runner(task, RunFolder(tmp_path), RunnerConfig(checkpoint=tmp_path)) as runner,  # type: ignore[arg-type]
        pytest.raises(BadInput, match="has no screen"),
    ):
        runner.work(task.cases())
    assert len(task.opened) == 2
    assert all(body.closed for body in task.opened)


def test_a_worker_needs_a_checkpoint_and_an_oracle_none(tmp_path: Path):
    with pytest.raises(BadInput, match=r"the policy 'skill' needs a checkpoint \(try: crewless train; oracle\)"):
        Runner(Cases(), RunFolder(tmp_path), RunnerConfig())  # type: ignore[arg-type]
