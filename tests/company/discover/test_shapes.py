"""Logs in the shape of six public ones are imported with default options: no activity is lost, and the sheet's throughput and lead
times are near the log's own."""

from pathlib import Path

import pytest
from benchmarks.company_logs import SHAPES, write_log

from crewless.company.discover import import_process, read_log
from crewless.company.discover.calibration import figures, simulated_cases
from crewless.company.sheet.model import Sheet


def compared(sheet: Sheet, path: Path) -> tuple[float, float, float]:
    """Throughput, median and 95th percentile of lead times: the sheet's over the log's."""
    _, first, last = read_log(path).case_times()
    first, last = first / 3600, last / 3600
    window = first.max() - first.min()
    arrived, left = simulated_cases(sheet, window, 5)
    inside = arrived <= window
    mine, theirs = figures((left - arrived)[inside]), figures(last - first)
    return (left <= window).sum() / (last <= first.max()).sum(), mine[1] / theirs[1], mine[2] / theirs[2]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_log_of_a_usual_shape_is_imported_and_its_sheet_is_as_fast(tmp_path: Path, shape: str):
    path = write_log(shape, tmp_path)
    made = import_process(path, tmp_path / "sheet.xlsx")
    assert {cell.name for cell in made.sheet.cells} == set(read_log(path).activities)
    throughput, median, p95 = compared(made.sheet, path)
    assert throughput == pytest.approx(1, abs=0.1)
    assert median == pytest.approx(1, abs=0.25)
    assert p95 == pytest.approx(1, abs=0.25)


def test_the_made_logs_have_what_is_rare_in_the_real_ones(tmp_path: Path):
    """Each has an activity of less than one case in a hundred, and a life cycle or nobody to read."""
    for shape in SHAPES:
        log = read_log(write_log(shape, tmp_path))
        visits = [(log.activity == a).sum() for a in range(len(log.activities))]
        assert min(visits) < 0.01 * len(log.cases), shape
        assert len(log.variants()) > 15, shape
    assert any("SCHEDULE" in note for note in read_log(tmp_path / "bpic-2012.csv").notes)
    assert any("'NULL'" in note for note in read_log(tmp_path / "hospital-billing.csv").notes)
