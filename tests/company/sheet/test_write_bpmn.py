"""A sheet that is exported as BPMN and read back means the same."""

from itertools import pairwise
from pathlib import Path

import pytest
from benchmarks.company_logs import write_log

from crewless.company.discover import import_process
from crewless.company.sheet.bpmn import read_model
from crewless.company.sheet.example import example_sheet
from crewless.company.sheet.layout import layout
from crewless.company.sheet.model import (
    Arrival,
    Arrow,
    Calendar,
    Cell,
    Duration,
    Gateway,
    Pool,
    Sheet,
    WorkProfile,
)
from crewless.company.sheet.quantiles import quantiles_of
from crewless.company.sheet.write_bpmn import write_bpmn
from crewless.company.simulate.replications import SimulateConfig, run_sheet

DURATIONS = {
    "constant": (0.5,), "exponential": (2.0,), "uniform": (1.0, 2.0), "triangular": (1.0, 3.0, 1.5), "normal": (2.0, 0.2),
    "lognormal": (0.1, 0.4), "gamma": (2.0, 0.7), "weibull": (1.5, 2.0), "table": (0.0, 1.0, 5.0),
}  # fmt: skip


def sheet_with(duration: Duration) -> Sheet:
    work = {"person": WorkProfile(resource="desk", duration=duration, cost=1.5)}
    return Sheet(
        cells=(Cell(name="check", role="clerks", works=work), Cell(name="pay <now>", role="tills", works=work)),
        gateways=tuple(Gateway(name=n, kind=k) for n, k in (("in", "start"), ("ok?", "xor"), ("out", "end"))),
        arrows=(
            Arrow(source="in", target="check"),
            Arrow(source="check", target="ok?"),
            Arrow(source="ok?", target="pay <now>", probability=0.7, label="approved"),
            Arrow(source="ok?", target="check", probability=0.1, label="again", delay=Duration(kind="exponential", numbers=(24.0,))),
            Arrow(source="ok?", target="out", probability=0.2, label="refused"),
            Arrow(source="pay <now>", target="out", delay=Duration(numbers=(48.0,))),
        ),
        resources=(Pool(name="desk", count=3, calendar="office", cost_per_hour=25.0),),
        calendars=(Calendar(name="office", week=((9.0, 17.0), (32.0, 41.5), (94.0, 102.0))),),
        arrival=Arrival(between=Duration(kind="exponential", numbers=(4.0,)), calendar="office"),
    )  # fmt: skip


@pytest.mark.parametrize("kind", DURATIONS)
def test_what_is_written_is_read_back(tmp_path: Path, kind: str):
    sheet = sheet_with(Duration(kind=kind, numbers=DURATIONS[kind]))
    assert write_bpmn(sheet, tmp_path / "m.bpmn") == ()
    back, notes = read_model(tmp_path / "m.bpmn")
    assert [(c.name, c.role, c.work().cost) for c in back.cells] == [
        (c.name, c.role, c.work().cost) for c in sheet.cells
    ]
    for mine, theirs in zip(back.cells, sheet.cells, strict=True):
        mine, theirs = quantiles_of(mine.work().duration, 20), quantiles_of(theirs.work().duration, 20)
        assert mine == pytest.approx(theirs, rel=0.03, abs=0.03)
    assert back.resources == sheet.resources
    assert {c.name: [pytest.approx(week, abs=1e-6) for week in c.week] for c in back.calendars} == {
        c.name: list(c.week) for c in sheet.calendars
    }
    assert back.arrival == sheet.arrival
    assert {(a.source, a.target, a.label): a.probability for a in back.arrows if a.source == "ok?"} == {
        (a.source, a.target, a.label): a.probability for a in sheet.arrows if a.source == "ok?"
    }
    assert sorted(n for a in back.arrows for n in a.delay.numbers) == pytest.approx(
        sorted(n for a in sheet.arrows for n in a.delay.numbers)
    )
    assert not [note for note in notes if "assumed" in note or "left out" in note]


def test_a_sheet_that_was_discovered_runs_as_fast_after_the_way_through_bpmn(tmp_path: Path):
    found = import_process(write_log("receipt", tmp_path, share=0.3), tmp_path / "s.xlsx").sheet
    write_bpmn(found, tmp_path / "m.bpmn")
    back = read_model(tmp_path / "m.bpmn").sheet
    length = SimulateConfig(weeks=26, warmup_weeks=8, replications=6)
    mine, theirs = (run_sheet(one, length).measures for one in (back, found))
    for name in ("lead_h", "lead_p95_h", "throughput"):
        assert mine[name].mean == pytest.approx(theirs[name].mean, rel=0.15), name


def test_what_a_model_cannot_hold_is_named(tmp_path: Path):
    lost = write_bpmn(example_sheet(), tmp_path / "m.bpmn")
    assert any("meetings" in line for line in lost)
    assert any("could be done by others" in line for line in lost)
    back = read_model(tmp_path / "m.bpmn").sheet
    assert {c.name for c in back.cells} == {c.name for c in example_sheet().cells}
    assert {g.kind for g in back.gateways} == {g.kind for g in example_sheet().gateways}


def test_a_terminate_end_survives(tmp_path: Path):
    sheet = sheet_with(Duration())
    sheet = Sheet(
        cells=sheet.cells,
        gateways=tuple(Gateway(name=g.name, kind="terminate" if g.kind == "end" else g.kind) for g in sheet.gateways),
        arrows=sheet.arrows, resources=sheet.resources, calendars=sheet.calendars, arrival=sheet.arrival,
    )  # fmt: skip
    write_bpmn(sheet, tmp_path / "m.bpmn")
    assert "terminate" in {g.kind for g in read_model(tmp_path / "m.bpmn").sheet.gateways}


def test_a_node_stands_below_what_leads_to_it_unless_the_arrow_leads_back():
    for sheet in (example_sheet(), sheet_with(Duration())):
        found = layout(sheet)
        for number, arrow in enumerate(sheet.arrows):
            down = found.layer[arrow.target] > found.layer[arrow.source]
            assert down != (number in found.back), arrow
        for layer in range(found.layers):
            columns = sorted(found.column[name] for name, at in found.layer.items() if at == layer)
            assert all(b - a == 1 for a, b in pairwise(columns))
