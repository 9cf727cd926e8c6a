"""What a run folder says of each case: written by whoever works, read by whoever counts."""

import json
from pathlib import Path

import pytest

from crewless.core.errors import BadInput
from crewless.core.results import (
    CaseResult,
    HandledCase,
    add_handled,
    decision_times_s,
    finished_cases,
    interrupted_cases,
    read_handled,
    receipt_name,
    result_data,
    results_of,
)
from crewless.core.runs import RunFolder

RIGHT = CaseResult(
    case="1", who="worker", outcome="right", silent_wrong=False, seconds=4.5, steps=3, judged={"queue": "a"}
)
NAN = float("nan")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """The worker has ended case 1 and begun case 2; somebody else has ended case 3."""
    run = RunFolder(tmp_path)
    for case, who in (("1", "worker"), ("2", "worker"), ("3", "reader")):
        run.events.add(case=case, cell="work", resource=who, kind="start")
    for result in (RIGHT, CaseResult(case="3", who="reader", outcome="wrong", silent_wrong=True, seconds=1.0)):
        run.events.add(
            case=result.case, cell="work", resource=result.who, kind="verdict", outcome=result.outcome,
            **result_data(result),
        )  # fmt: skip
    return run


def test_results_come_back_as_they_were_written_each_for_who_made_it(run: RunFolder):
    assert results_of(run, "worker") == [RIGHT]
    assert [one.case for one in results_of(run, "reader")] == ["3"]


def test_what_was_begun_and_has_no_verdict_was_interrupted(run: RunFolder):
    assert (finished_cases(run, "worker"), interrupted_cases(run, "worker")) == ({"1"}, {"2"})


def test_a_run_without_events_has_no_cases(tmp_path: Path):
    run = RunFolder(tmp_path)
    assert (results_of(run, "worker"), finished_cases(run, "worker"), interrupted_cases(run, "worker")) == (
        [],
        set(),
        set(),
    )


def handled(case: str, arrived_s: float, *, over: bool) -> HandledCase:
    return HandledCase(
        case=case, outcome="right", silent_wrong=False, handed_over=over, arrived_s=arrived_s, taken_s=arrived_s + 1,
        left_s=arrived_s + 5, review_taken_s=arrived_s + 6 if over else NAN, review_left_s=arrived_s + 26 if over else NAN,
    )  # fmt: skip


def test_cases_of_a_mixed_shift_are_read_by_arrival_among_other_metrics(tmp_path: Path):
    run = RunFolder(tmp_path)
    late, early = handled("b", 10.0, over=True), handled("a", 0.0, over=True)
    add_handled(run, late)
    run.metric(kind="loss", value=1.0)
    add_handled(run, early)
    assert read_handled(tmp_path) == [early, late]
    assert [one.lead_s for one in (early, handled("c", 0.0, over=False))] == [26.0, 5.0]
    assert read_handled(tmp_path / "none") == []


def test_a_metric_that_is_none_is_named(tmp_path: Path):
    (tmp_path / "metrics.jsonl").write_text('{"kind": "loss"}\n' + json.dumps({"kind": "handled"}) + "\n")
    with pytest.raises(BadInput, match=r"metrics\.jsonl:2"):
        read_handled(tmp_path)


@pytest.mark.parametrize("case", ["17", "a/b", "..", "index", ""])
def test_the_decisions_of_a_case_are_timed_from_its_first(tmp_path: Path, case: str):
    assert decision_times_s(tmp_path, case) == []
    RunFolder(tmp_path).write_json(f"receipts/{receipt_name(case)}.json", {"steps": [{"t_s": 7.0}, {"t_s": 9.5}]})
    assert decision_times_s(tmp_path, case) == [0.0, 2.5]


@pytest.mark.parametrize("text", ["{", '{"steps": [{}]}', "[]"])
def test_a_receipt_that_is_none_is_named(tmp_path: Path, text: str):
    (tmp_path / "receipts").mkdir()
    (tmp_path / "receipts" / "17.json").write_text(text)
    with pytest.raises(BadInput, match=r"receipts/17\.json is not a receipt"):
        decision_times_s(tmp_path, "17")
