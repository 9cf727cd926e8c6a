"""A sheet that is known is found again from its log; conformance is what can be counted by hand."""

from pathlib import Path

import numpy as np
import pytest

from crewless.company.discover import import_process, read_log
from crewless.company.discover.conformance_checking import conformance
from crewless.company.discover.findings import report
from crewless.company.discover.fit import mean_of
from crewless.company.discover.flow import flow_of
from crewless.company.discover.log import Log, Visit, make_log
from crewless.company.discover.sheet_of_log import DiscoverConfig, Discovery, discover
from crewless.company.discover.tree import mine
from crewless.company.sheet.bpmn import read_bpmn
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
    check,
)
from crewless.company.sheet.spreadsheet import read_sheet
from crewless.company.simulate.visits import simulate_visits

OFFICE = tuple((24.0 * d + 9, 24.0 * d + 17) for d in range(5))
SHARED = next(
    (
        up / "shared/data/eventlogs"
        for up in Path(__file__).resolve().parents
        if (up / "shared/data/eventlogs").is_dir()
    ),
    None,
)


def known() -> Sheet:
    """Read; then judge and price side by side; three in ten are refused, one in five goes back to be read again."""

    def cell(name: str, who: str, *numbers: float, kind: str = "exponential") -> Cell:
        work = WorkProfile(resource=who, duration=Duration(kind=kind, numbers=numbers))
        return Cell(name=name, role=who, works={"person": work})

    return check(
        Sheet(
            cells=(
                cell("read", "clerks", 0.2), cell("judge", "experts", 4.0, 0.1, kind="gamma"),
                cell("price", "clerks", 0.1, 0.5, kind="uniform"), cell("refuse", "clerks", 0.05, kind="constant"),
                cell("reply", "clerks", 0.3),
            ),
            gateways=tuple(
                Gateway(name=n, kind=k)
                for n, k in (("in", "start"), ("out", "end"), ("all", "and"), ("both", "and"), ("well?", "xor"))
            ),
            arrows=(
                Arrow(source="in", target="read"), Arrow(source="read", target="all"), Arrow(source="all", target="judge"),
                Arrow(source="all", target="price"), Arrow(source="judge", target="both"), Arrow(source="price", target="both"),
                Arrow(source="both", target="well?"), Arrow(source="well?", target="read", probability=0.2),
                Arrow(source="well?", target="refuse", probability=0.3),
                Arrow(source="well?", target="reply", probability=0.5, delay=Duration(kind="constant", numbers=(2.0,))),
                Arrow(source="refuse", target="out"), Arrow(source="reply", target="out"),
            ),
            resources=(Pool(name="clerks", count=6, calendar="office"), Pool(name="experts", count=4, calendar="office")),
            calendars=(Calendar(name="office", week=OFFICE),),
            arrival=Arrival(between=Duration(kind="exponential", numbers=(0.25,)), calendar="office"),
        )
    )  # fmt: skip


def log_of(sheet: Sheet, weeks: float, seed: int) -> Log:
    """One replication as a log: who of a pool did a visit is dealt in turn among those who are free."""
    visits = simulate_visits(sheet, weeks, seed=seed)
    order = np.argsort(visits.begun_h, kind="stable")
    count = {r.name: r.count for r in sheet.resources}
    free = {r.name: [-np.inf] * r.count for r in sheet.resources}
    ended = set(visits.case[np.isin(visits.cell, ["refuse", "reply"])].tolist())
    rows = []
    for i in order:
        pool = str(visits.resource[i])
        at = min(range(count[pool]), key=lambda m: free[pool][m])
        free[pool][at] = visits.ended_h[i]
        if int(visits.case[i]) in ended:
            start, end = (4 * 86400 + 3600 * h for h in (visits.begun_h[i], visits.ended_h[i]))
            rows.append(
                Visit(
                    case=str(visits.case[i]),
                    activity=str(visits.cell[i]),
                    start=start,
                    end=end,
                    resource=f"{pool} {at}",
                )
            )
    return make_log(rows, "log")


@pytest.fixture(scope="module")
def log() -> Log:
    return log_of(known(), 8, 1)


@pytest.fixture(scope="module")
def found(log: Log) -> Discovery:
    return discover(log)


def probability(sheet: Sheet, target: str) -> float:
    """Of the arrow out of a choice to ``target``."""
    choices = {g.name for g in sheet.gateways if g.kind == "xor"}
    return next(a.probability for a in sheet.arrows if a.target == target and a.source in choices)


def test_the_flow_is_found_again_with_its_shares(found: Discovery):
    assert {frozenset(("judge", "price"))} == {
        frozenset(a.target for a in found.sheet.arrows if a.source == g.name)
        for g in found.sheet.gateways
        if g.kind == "and" and sum(a.source == g.name for a in found.sheet.arrows) > 1
    }
    again = next(g.name for g in found.sheet.gateways if g.name.startswith("again"))
    back = next(a for a in found.sheet.arrows if a.source == again and a.target.startswith("merge"))
    assert back.probability == pytest.approx(0.2, abs=0.03)
    assert probability(found.sheet, "reply") == pytest.approx(5 / 8, abs=0.03)
    assert found.rework["read"] == pytest.approx(0.2, abs=0.03)
    assert found.conformance.fitness == 1.0
    assert found.conformance.fitting == 1.0
    assert found.conformance.precision > 0.95


def test_durations_people_and_weeks_are_found_again(found: Discovery):
    for cell in known().cells:
        mean = mean_of(cell.work().duration)
        assert found.durations[cell.name].mean == pytest.approx(mean, rel=0.08), cell.name
    assert found.durations["read"].relative < 0.03
    assert found.durations["price"].duration.kind == "uniform"
    assert {(pool.count, pool.week.intervals()) for pool in found.people.pools} == {(6, OFFICE), (4, OFFICE)}
    assert found.arrival.duration.kind == "exponential"
    assert found.arrival.mean == pytest.approx(0.25, rel=0.08)


def test_what_no_pool_explains_becomes_a_delay_where_it_happens(found: Discovery):
    assert set(found.delays) == {"reply"}
    assert found.delays["reply"].mean == pytest.approx(2.0, rel=0.1)
    assert {a.target for a in found.sheet.arrows if a.delay != Duration()} == {"reply"}


def test_the_found_sheet_behaves_like_the_known_one(found: Discovery, log: Log):
    other = log_of(found.sheet, 8, 2)
    (_, a, b), (_, c, d) = log.case_times(), other.case_times()
    assert (d - c).mean() == pytest.approx((b - a).mean(), rel=0.12)
    assert len(d) == pytest.approx(len(b), rel=0.1)


def test_the_report_names_every_cell_and_its_evidence(found: Discovery, log: Log):
    text = report(log, found, "log")
    assert all(f"| {cell.name} |" in text for cell in found.sheet.cells)
    assert "fitness 1.000 (alignments)" in text


def test_delays_can_be_left_out(log: Log):
    assert not discover(log, DiscoverConfig(delays=False)).delays


def test_agreement_is_counted_by_hand():
    gateways, arrows = flow_of(mine({("a", "b"): 1, ("a", "c"): 1}))
    work = {"person": WorkProfile(resource="r", duration=Duration())}
    sheet = Sheet(
        cells=tuple(Cell(name=n, works=work) for n in "abc"),
        gateways=gateways,
        arrows=arrows,
        resources=(Pool(name="r"),),
    )
    whole = conformance(sheet, {("a", "b"): 5, ("a", "c"): 5})
    assert (whole.fitness, whole.precision, whole.fitting) == (1.0, 1.0, 1.0)
    # The shortest way has two steps. a b: 0 of 4. a: 1 of 3. a b x: 1 of 5.
    some = conformance(sheet, {("a", "b"): 2, ("a",): 1, ("a", "b", "x"): 1})
    assert some.fitness == pytest.approx(1 - (1 / 3 + 1 / 5) / 4)
    assert some.fitting == 0.5
    assert ("x was not expected", 1) in some.deviations
    # At the start and after b one of one is taken, after a only b of b and c: 3 of 4.
    assert conformance(sheet, {("a", "b"): 4}).precision == 0.75


def test_an_inclusive_gateway_waits_for_what_was_begun_and_no_more():
    work = {"person": WorkProfile(resource="r", duration=Duration())}
    pairs = [("in", "or"), ("or", "a"), ("or", "b"), ("a", "join"), ("b", "join"), ("join", "c"), ("c", "out")]
    sheet = Sheet(
        cells=tuple(Cell(name=n, works=work) for n in "abc"),
        gateways=tuple(Gateway(name=n, kind=k) for n, k in (("in", "start"), ("or", "or"), ("join", "or"), ("out", "end"))),
        arrows=tuple(Arrow(source=s, target=t, probability=0.5 if s == "or" else 1.0) for s, t in pairs),
        resources=(Pool(name="r"),),
    )  # fmt: skip
    assert conformance(sheet, {("a", "c"): 1, ("b", "a", "c"): 1}).fitness == 1.0
    assert conformance(sheet, {("a", "c", "b"): 1}).fitness < 1.0
    assert conformance(sheet, {("c",): 1}).deviations[0][0] in ("a is missing", "b is missing")


@pytest.mark.skipif(SHARED is None, reason="the shared logs are not here")
@pytest.mark.parametrize(
    ("name", "cells", "pools", "fitness"),
    [("LoanApp_simplified_train", 12, 6, 1.0), ("PurchasingExample", 21, None, 0.98)],
)
def test_the_shared_logs_become_sheets(tmp_path: Path, name: str, cells: int, pools: int | None, fitness: float):
    assert SHARED
    said: list[str] = []
    made = import_process(SHARED / f"{name}.csv.gz", tmp_path / "sheet.xlsx", print_line=said.append)
    assert read_sheet(tmp_path / "sheet.xlsx") == made.sheet
    assert len(made.sheet.cells) == cells
    assert pools is None or len(made.sheet.resources) == pools
    assert made.report
    assert float(next(line for line in said if line.startswith("fitness")).split()[1]) >= fitness


@pytest.mark.skipif(SHARED is None, reason="the shared logs are not here")
def test_the_model_that_a_log_was_made_from_agrees_with_it_to_the_letter():
    assert SHARED
    sheet = read_bpmn(SHARED.parent / "bpmn/LoanApp_simplified.bpmn")
    agreement = conformance(sheet, read_log(SHARED / "LoanApp_simplified_train.csv.gz").variants())
    assert (agreement.fitness, agreement.fitting, agreement.unsolved) == (1.0, 1.0, 0)
    assert agreement.precision > 0.99
