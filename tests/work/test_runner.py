"""A shift with the real, sealed worker process in a real browser; see conftest.py for the program that it works in."""

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crewless.core.errors import BadInput
from crewless.core.events import read_events
from crewless.core.results import finished_cases, results_of
from crewless.core.runs import RunFolder
from crewless.tasks.helpdesk import HelpdeskConfig, HelpdeskTask
from crewless.work.runner import Runner, RunnerConfig, check_share, summarise

if TYPE_CHECKING:
    from conftest import Till

pytestmark = [pytest.mark.screen, pytest.mark.browser]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(tmp_path_factory.mktemp("run"))


def config_of(recorded: Path) -> RunnerConfig:
    return RunnerConfig(checkpoint=recorded, policy="coordinates")


def kinds(run: RunFolder, case: str) -> list[tuple[str, str]]:
    return [(event.kind, event.outcome) for event in read_events(run.events.path) if event.case == case]


@pytest.fixture(scope="module")
def worked(till: "Till", run: RunFolder, recorded: Path):
    """One shift in which everything happens: the plain, the died and the lied about."""
    plain, browser, worker, late, lied, left = till.cases()
    cases = {"plain": plain, "browser": browser, "worker": worker, "late": late, "lied": lied}
    seen: dict[str, Any] = {"left": left}
    steps: dict[str, int] = {}

    with Runner(till, run, config_of(recorded)) as shift:

        def on_step(case, step):
            number = steps[case.id] = steps.get(case.id, 0) + 1
            if case == plain and number == 1:
                seen["files"] = [os.readlink(entry) for entry in Path(f"/proc/{shift.start().pid}/fd").iterdir()]
                seen["sealed"] = shift.start().seal
            if case == browser:
                seen.setdefault("judged before the next began", finished_cases(run, "worker"))
            if (case == browser and number == 1) or (case == late and till.closed(case)):
                os.kill(shift.body.programs[-1].pid, signal.SIGKILL)
            if case == worker and number == 1:
                os.kill(shift.start().pid, signal.SIGKILL)

        results = shift.work(cases.values(), on_step=on_step)
    seen["cases"] = {name: case.id for name, case in cases.items()}
    seen["results"] = dict(zip(cases, results, strict=True))
    return seen


RESTARTED = [("start", ""), ("note", "restarted"), ("start", ""), ("verdict", "right")]


def test_a_case_that_was_worked_as_shown_is_right(worked, run: RunFolder):
    result = worked["results"]["plain"]
    assert (result.outcome, result.silent_wrong, result.reason) == ("right", False, "")
    assert result.steps == 5
    assert min(result.seconds, result.cpu_s, result.rss_mb) > 0
    assert kinds(run, worked["cases"]["plain"]) == [("start", ""), ("verdict", "right")]


def test_the_verdict_is_in_the_log_before_the_next_case_begins(worked):
    assert worked["judged before the next began"] == {worked["cases"]["plain"]}


def test_the_worker_is_sealed_and_holds_nothing_of_the_record(worked, till: "Till"):
    assert not [name for name in worked["files"] if str(till.database.parent) in name]
    assert set(worked["sealed"]) == {"files", "network", "namespace", "calls"}


def test_a_browser_that_dies_is_replaced_and_the_untouched_case_is_handed_out_again(worked, run: RunFolder):
    case = worked["cases"]["browser"]
    assert worked["results"]["browser"].outcome == "right"
    assert kinds(run, case) == RESTARTED
    note = next(event for event in read_events(run.events.path) if event.kind == "note" and event.case == case)
    assert "has ended with signal 9" in note.data["why"]


def test_a_worker_that_dies_is_replaced_and_the_untouched_case_is_handed_out_again(worked, run: RunFolder):
    assert worked["results"]["worker"].outcome == "right"
    assert kinds(run, worked["cases"]["worker"]) == RESTARTED


def test_a_program_that_lies_is_caught(worked):
    """The page looks saved, the worker claims to be done, and the record knows better."""
    assert worked["results"]["lied"].silent_wrong


def test_a_case_that_was_done_before_the_browser_died_is_right_and_not_worked_again(worked, run: RunFolder):
    result = worked["results"]["late"]
    assert result.outcome == "right"
    assert result.seconds > 0 < result.steps
    assert kinds(run, worked["cases"]["late"]) == [("start", ""), ("verdict", "right")]


def test_each_case_has_a_receipt_with_the_screens_and_what_was_done(worked, run: RunFolder):
    for name in ("plain", "browser", "worker", "lied"):
        case, result = worked["cases"][name], worked["results"][name]
        record = json.loads((run.path / "receipts" / f"{case}.json").read_text())
        assert (record["outcome"], len(record["steps"])) == (result.outcome, result.steps)
        for when in ("before", "after"):
            assert (run.path / "receipts" / f"{case}-{when}.png").stat().st_size > 1000


def test_a_shift_that_goes_on_works_neither_what_is_judged_nor_what_was_under_way(
    worked, run: RunFolder, till: "Till", recorded: Path
):
    left = worked["left"].id
    run.events.add(case=left, cell="work", resource="worker", kind="start", record="what was there before")
    with Runner(till, run, config_of(recorded)) as shift:
        results = shift.work(till.cases())
        assert shift.body is None, "nothing had to be started"
    assert [(result.case, result.outcome) for result in results] == [(left, "error")]
    assert "look at the system of record" in results[0].reason
    assert {result.case for result in results_of(run, "worker")} == {case.id for case in till.cases()}
    with Runner(till, run, config_of(recorded)) as shift:
        assert shift.work(till.cases()) == []


def test_the_numbers_of_a_shift_add_up(worked):
    numbers = summarise(list(worked["results"].values()))
    assert (numbers["cases"], numbers["right"], numbers["wrong"], numbers["silent_wrong"]) == (5, 4, 1, 1)
    assert (numbers["right_share"], numbers["silent_wrong_share"]) == (0.8, 0.2)
    assert numbers["seconds_p95"] >= numbers["seconds_median"] > 0
    assert summarise([])["seconds_median"] is None


def test_who_does_nothing_on_the_helpdesk_and_claims_to_be_done_is_a_silent_wrong(tmp_path: Path):
    task, run = HelpdeskTask(HelpdeskConfig(num_cases=1, none_share=0)), RunFolder(tmp_path / "run")
    task.setup(tmp_path)
    try:
        with Runner(
            task, run, RunnerConfig(checkpoint=run.folder("checkpoints"), policy="nothing", who="idler")
        ) as shift:
            (result,) = shift.work(task.cases())
    finally:
        task.teardown()
    assert (result.who, result.steps) == ("idler", 1)
    assert result.silent_wrong
    assert (run.path / "receipts" / "1-after.png").exists()


@pytest.mark.parametrize("share", [-0.1, 7, float("nan")])
def test_a_share_is_between_nothing_and_all(share: float):
    with pytest.raises(BadInput, match="is not a valid share"):
        check_share(share)
