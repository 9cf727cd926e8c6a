"""A person takes what the worker hands over, at its own pace and with breaks; the run folder becomes a sheet of measured cells."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crewless.cli.demo_phases import DemoConfig
from crewless.cli.demo_phases import check as check_demo
from crewless.company.discover import import_process
from crewless.company.discover.run_folder import sheet_of_run
from crewless.company.sheet.spreadsheet import read_sheet
from crewless.company.simulate.visits import simulate_visits
from crewless.core.errors import BadInput, BodyFailure
from crewless.core.events import read_events
from crewless.core.messages import Action, Applied, Case, Decision, Verdict
from crewless.core.runs import RunFolder
from crewless.work import mixed
from crewless.work.mixed import Handled, PersonConfig, PersonPace, read_handled, summarise_mixed, work_mixed
from crewless.work.runner import CaseResult, RunnerConfig

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


def worked(monkeypatch: pytest.MonkeyPatch, folder: Path, desk: Desk) -> tuple[RunFolder, list[Handled]]:
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


def handled(case: str, arrived: float, left: float, *review: float) -> Handled:
    taken, done = review or (float("nan"), float("nan"))
    return Handled(
        case=case, outcome="right", silent_wrong=False, handed_over=bool(review), arrived_s=arrived, taken_s=arrived,
        left_s=left, review_taken_s=taken, review_left_s=done,
    )  # fmt: skip


def test_a_shift_is_summed_up_by_hand():
    numbers = summarise_mixed([handled("1", 0, 10), handled("2", 10, 12, 20, 36)])
    assert numbers == {
        "cases": 2, "an_hour": 200.0, "lead_mean_s": 18.0, "lead_median_s": 26.0, "handed_over": 0.5, "right": 1.0,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A mixed shift of ten cases: five done in 8 s, of which one wrong; five given up after 2 s and worked for 20 s by a
    person with a break from 90 to 120."""
    folder = RunFolder(tmp_path / "run")
    folder.write_json("config.json", {"person_works_s": 90.0, "person_rests_s": 30.0})
    for n in range(10):
        over, case = n % 2 == 1, str(n)
        folder.events.add(case=case, cell="work", resource="worker", kind="start")
        outcome = "handed_over" if over else "wrong" if n == 0 else "right"
        folder.events.add(case=case, cell="work", resource="worker", kind="verdict", outcome=outcome)
        times = [100.0, 101.0] if over else [100.0, 101.0, 104.0, 107.0]
        folder.write_json(f"receipts/{case}.json", {"steps": [{"t_s": t} for t in times]})
        one = handled(case, 30.0 * n, 30 * n + (2.0 if over else 8.0), *([30 * n + 2, 30 * n + 22] if over else []))
        if n == 3:
            # It began at 92, in the break that ends at 120, so to say: 28 of its seconds were none of work.
            one = handled(case, 90.0, 92.0, 92.0, 140.0)
        folder.metric(kind="handled", **{name: getattr(one, name) for name in Handled.__slots__})
    return folder.path


def test_a_run_becomes_a_sheet_of_measured_cells(run: Path, tmp_path: Path):
    said: list[str] = []
    sheet = import_process(f"run:{run}", tmp_path / "sheet.xlsx", tell=said.append).sheet
    assert read_sheet(tmp_path / "sheet.xlsx") == sheet
    cells = {cell.name: cell for cell in sheet.cells}
    assert set(cells) == {"judge", "hand over", "reply", "review"}
    ai = {name: cell.works["ai"] for name, cell in cells.items() if "ai" in cell.works}
    # Reading ends with the second decision, after a second; what is given up then has taken two.
    assert ai["judge"].error == pytest.approx(0.6)
    assert ai["hand over"].catch == pytest.approx(5 / 6)
    assert ai["reply"].duration.kind == "constant"
    assert ai["reply"].duration.numbers[0] * 3600 == pytest.approx(7.0, abs=0.01)
    review = cells["review"].works["person"]
    assert review.duration.numbers[0] * 3600 == pytest.approx(20.0, abs=0.01)
    assert sheet.arrival.between.numbers[0] * 3600 == pytest.approx(30.0, abs=0.01)
    week = sheet.calendars[0].week
    assert len(week) == 168 * 3600 / 120
    assert week[1] == pytest.approx((120 / 3600, 210 / 3600))
    assert any("5 handed over, 1 of 5 answers wrong" in line for line in said)


def test_half_of_the_cases_go_to_review_as_they_did(run: Path):
    sheet, _ = sheet_of_run(run)
    life = simulate_visits(sheet, 0.1, seed=3)
    share = (life.cell == "review").sum() / (life.cell == "judge").sum()
    assert share == pytest.approx(0.5, abs=0.05)


def test_a_folder_without_a_worker_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="no run folder"):
        sheet_of_run(tmp_path)
    RunFolder(tmp_path).events.add(case="1", cell="demonstrate", resource="operator", kind="start")
    with pytest.raises(BadInput, match="no case that a worker judged"):
        sheet_of_run(tmp_path)


def test_a_metric_that_is_none_is_named(tmp_path: Path):
    (tmp_path / "metrics.jsonl").write_text('{"kind": "loss"}\n' + json.dumps({"kind": "handled"}) + "\n")
    with pytest.raises(BadInput, match=r"metrics\.jsonl:2"):
        read_handled(tmp_path)


@pytest.mark.parametrize("wrong", [{"arrive_s": 0.0}, {"person_pace_s": -1.0}, {"person_works_s": 0.0}])
def test_a_demonstration_with_a_person_that_cannot_be_is_refused_before_anything_starts(wrong: dict[str, float]):
    with pytest.raises(BadInput, match=next(iter(wrong)).removeprefix("person_")):
        check_demo(DemoConfig(human_cells=("review",), **wrong))  # type: ignore[arg-type]
