"""A person takes what the worker hands over, at its own pace and with breaks."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crewless.cli.demo_phases import DemoConfig
from crewless.cli.demo_phases import check as check_demo
from crewless.core.errors import BadInput, BodyFailure
from crewless.core.events import read_events
from crewless.core.messages import Action, Applied, Case, Decision, Verdict
from crewless.core.results import CaseResult, HandledCase, read_handled
from crewless.core.runs import RunFolder
from crewless.work import mixed
from crewless.work.mixed import PersonConfig, PersonPace, summarise_mixed, work_mixed
from crewless.work.runner import RunnerConfig

CASES = tuple(Case(id=str(n), slots={"ticket": str(n)}) for n in range(1, 5))


class Worker:
    """Stands for a shift: hands over the even cases."""

    def __init__(self, task: Any, run: RunFolder, config: RunnerConfig) -> None:
        pass

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start(self) -> None:
        pass

    def work(self, cases: Sequence[Case]) -> list[CaseResult]:
        outcome = "handed_over" if int(cases[0].id) % 2 == 0 else "right"
        return [CaseResult(case=cases[0].id, who="worker", outcome=outcome, silent_wrong=False, seconds=0.0)]


class Desk:
    """Stands for the person's desk: two actions a case, each judged right."""

    def __init__(self, fail: bool = False) -> None:
        self.fail, self.done, self.actions = fail, [], 0

    def open(self, *, scripted: bool) -> Any:
        assert scripted
        return SimpleNamespace(frame=lambda: None, act=self.act, settle=lambda: None, close=lambda: None)

    def act(self, action: Action) -> Applied:
        if self.fail:
            raise BodyFailure("the desk is gone")
        return Applied(action=action, dispatched_s=0.0)

    def oracle(self, body: Any) -> "Desk":
        return self

    def reset(self, case: Case) -> None:
        self.actions = 0

    def decide(self, observation: Any) -> Decision:
        self.actions += 1
        return Decision(action=Action(verb="done" if self.actions > 2 else "wait"))

    def applied(self, applied: Applied) -> None:
        pass

    def verifier(self) -> Any:
        def judge(case: Case, before: Any, *, claimed_done: bool) -> Verdict:
            self.done.append(case.id)
            return Verdict(case=case.id, outcome="right", claimed_done=claimed_done)

        return SimpleNamespace(before=lambda case: {}, judge=judge)


def worked(monkeypatch: pytest.MonkeyPatch, folder: Path, desk: Desk) -> tuple[RunFolder, list[HandledCase]]:
    monkeypatch.setattr(mixed, "Runner", Worker)
    monkeypatch.setattr(mixed, "Blind", lambda: SimpleNamespace(perceive=lambda frame: None))
    run = RunFolder(folder)
    config = RunnerConfig(checkpoint=folder)
    found = work_mixed(None, desk, run, CASES, config, PersonConfig(pace_s=0.25), every_s=0.02)  # type: ignore[arg-type]
    return run, found


def test_what_is_handed_over_goes_to_the_person_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    desk = Desk()
    run, found = worked(monkeypatch, tmp_path, desk)
    assert desk.done == ["2", "4"]
    assert {one.case: (one.handed_over, one.outcome) for one in found} == {
        "1": (False, "right"), "2": (True, "right"), "3": (False, "right"), "4": (True, "right"),
    }  # fmt: skip
    for one in found:
        assert one.arrived_s <= one.taken_s <= one.left_s
        assert not one.handed_over or one.left_s <= one.review_taken_s <= one.review_left_s
        assert one.lead_s == (one.review_left_s if one.handed_over else one.left_s) - one.arrived_s
    kinds = [(event.cell, event.case, event.kind) for event in read_events(run.events.path)]
    assert [one for one in kinds if one[0] == "review"] == [
        ("review", "2", "start"), ("review", "2", "verdict"), ("review", "4", "start"), ("review", "4", "verdict"),
    ]  # fmt: skip
    assert [one.case for one in read_handled(tmp_path)] == ["1", "2", "3", "4"]


def test_a_desk_that_dies_ends_the_shift_with_its_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    with pytest.raises(BodyFailure, match="the desk is gone"):
        worked(monkeypatch, tmp_path, Desk(fail=True))


def test_a_person_is_away_in_its_breaks():
    person = PersonConfig(works_s=90, rests_s=30)
    assert [person.away_s(t) for t in (0, 89, 90, 100, 119, 120, 215)] == [0, 0, 30, 20, 1, 0, 25]
    assert PersonConfig(rests_s=0).away_s(1000) == 0


def test_a_person_thinks_before_each_action_and_waits_for_the_end_of_a_break():
    slept: list[float] = []
    now = [85.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    person = PersonConfig(pace_s=10.0, works_s=90, rests_s=30, seed=3)
    desk = Desk()
    paced = PersonPace(desk, person, lambda: now[0], sleep)  # type: ignore[arg-type]
    paced.reset(Case(id="1"))
    for _ in range(3):
        paced.decide(None)  # type: ignore[arg-type]
    assert desk.actions == 3
    thought, (away,) = [one for one in slept if one < 20], [one for one in slept if one > 20]
    assert len(thought) == 3
    assert all(5 <= one <= 15 for one in thought)
    assert len(set(thought)) == 3
    assert away == pytest.approx(120 - (85 + thought[0]))
    again: list[float] = []
    other = PersonPace(desk, person, lambda: 0.0, again.append)  # type: ignore[arg-type]
    other.reset(Case(id="1"))
    other.decide(None)  # type: ignore[arg-type]
    assert again == thought[:1], "the same person takes the same time for the same case"


@pytest.mark.parametrize("wrong", [{"pace_s": -1.0}, {"works_s": 0.0}, {"rests_s": float("nan")}])
def test_a_person_that_cannot_be_is_refused(wrong: dict[str, float]):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        PersonConfig(**wrong)


def test_a_ticket_must_come_in_some_time(tmp_path: Path):
    with pytest.raises(BadInput, match="every 0 s"):
        work_mixed(None, None, RunFolder(tmp_path), CASES, RunnerConfig(checkpoint=tmp_path), PersonConfig(), every_s=0)  # type: ignore[arg-type]


def handled(case: str, arrived: float, left: float, *review: float) -> HandledCase:
    taken, done = review or (float("nan"), float("nan"))
    return HandledCase(
        case=case, outcome="right", silent_wrong=False, handed_over=bool(review), arrived_s=arrived, taken_s=arrived,
        left_s=left, review_taken_s=taken, review_left_s=done,
    )  # fmt: skip


def test_a_shift_is_summed_up_by_hand():
    numbers = summarise_mixed([handled("1", 0, 10), handled("2", 10, 12, 20, 36)])
    assert numbers == {
        "cases": 2, "an_hour": 200.0, "lead_mean_s": 18.0, "lead_median_s": 26.0, "handed_over": 0.5, "right": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [{"arrive_s": 0.0}, {"person_pace_s": -1.0}, {"person_works_s": 0.0}])
def test_a_demonstration_with_a_person_that_cannot_be_is_refused_before_anything_starts(wrong: dict[str, float]):
    with pytest.raises(BadInput, match=next(iter(wrong)).removeprefix("person_")):
        check_demo(DemoConfig(human_cells=("review",), **wrong))  # type: ignore[arg-type]
