"""The run folder of a shift becomes a sheet of measured cells."""

from pathlib import Path

import pytest

from crewless.company.discover import import_process
from crewless.company.discover.run_folder import sheet_of_run
from crewless.company.sheet.spreadsheet import read_sheet
from crewless.company.simulate.visits import simulate_visits
from crewless.core.errors import BadInput
from crewless.core.results import HandledCase, add_handled
from crewless.core.runs import RunFolder


def handled(case: str, arrived: float, left: float, *review: float) -> HandledCase:
    taken, done = review or (float("nan"), float("nan"))
    return HandledCase(
        case=case, outcome="right", silent_wrong=False, handed_over=bool(review), arrived_s=arrived, taken_s=arrived,
        left_s=left, review_taken_s=taken, review_left_s=done,
    )  # fmt: skip


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
        add_handled(folder, one)
    return folder.path


def test_a_run_becomes_a_sheet_of_measured_cells(run: Path, tmp_path: Path):
    said: list[str] = []
    sheet = import_process(f"run:{run}", tmp_path / "sheet.xlsx", print_line=said.append).sheet
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
    visits = simulate_visits(sheet, 0.1, seed=3)
    share = (visits.cell == "review").sum() / (visits.cell == "judge").sum()
    assert share == pytest.approx(0.5, abs=0.05)


def test_the_role_of_the_cells_is_the_task_that_the_run_names(run: Path):
    assert {cell.role for cell in sheet_of_run(run)[0].cells} == {"work"}
    RunFolder(run).write_json("config.json", {"task": "invoices"})
    assert {cell.role for cell in sheet_of_run(run)[0].cells} == {"invoices"}


def test_a_folder_without_a_worker_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="not a run folder"):
        sheet_of_run(tmp_path)
    RunFolder(tmp_path).events.add(case="1", cell="demonstrate", resource="operator", kind="start")
    with pytest.raises(BadInput, match="contains no case that a worker answered"):
        sheet_of_run(tmp_path)
