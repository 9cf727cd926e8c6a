"""Choices are what they claim to be; effects, bottleneck and verdicts come out where they can be reckoned beforehand."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from crewless.company.compare.charts import ChartLine, ChartPoint, bars, scatter, ticks
from crewless.company.compare.compare import compare, main_effects, nondominated, performers
from crewless.company.compare.designs import along_share, design, factorial, machine_of, one_at_a_time
from crewless.company.compare.report import as_json, report_page
from crewless.company.sheet.example import example_sheet
from crewless.company.sheet.model import Arrival, Arrow, Cell, Duration, Gateway, Pool, Sheet, WorkProfile
from crewless.company.simulate.replications import SimulateConfig, run_choices
from crewless.company.simulate.statistics import Interval
from crewless.core.errors import BadInput

QUICK = SimulateConfig(weeks=30.0, warmup_weeks=2.0, replications=6, batches=10)


def line(*names: str, works) -> Sheet:
    """Cells in a row with cases every hour on average."""
    way = ["in", *names, "out"]
    return Sheet(
        cells=tuple(Cell(name=name, works=works[name]) for name in names),
        gateways=(Gateway(name="in", kind="start"), Gateway(name="out", kind="end")),
        arrows=tuple(Arrow(source=a, target=b) for a, b in itertools.pairwise(way)),
        resources=(
            Pool(name="people", count=2),
            Pool(name="machine", count=5),
            Pool(name="expert", count=1),
        ),
        arrival=Arrival(between=Duration(kind="exponential", numbers=(1.0,))),
    )


def work(hours: float, resource: str = "machine", **more: float) -> WorkProfile:
    return WorkProfile(resource=resource, duration=Duration(numbers=(hours,)), **more)


@pytest.fixture(scope="module")
def found():
    """Slow people at the first cell; quick ones at the second, who find what the machine does not; equals at the third."""
    sheet = line(
        "make", "check", "send",
        works={
            "make": {"person": work(1.2, "people", error=0.2), "ai": work(0.1, error=0.2)},
            "check": {"person": work(0.05, "expert", catch=0.9), "robot": work(0.05)},
            "send": {"person": work(0.01, "expert"), "ai": work(0.01)},
        },
    )  # fmt: skip
    return compare(sheet, QUICK)


def test_people_hold_back_where_they_are_slow_and_help_where_they_catch_errors(found):
    verdicts = {effect.cell: effect.verdict for effect in found.effects}
    assert verdicts["make"] == "holds back"
    assert verdicts["check"] in ("helps", "both")  # A case that is sent back takes longer too.
    assert verdicts["send"] in ("neither", "holds back")
    effect = {effect.cell: effect for effect in found.effects}
    # Of errors in 0.2, found with 0.9 and made anew: wrong are 0.02 / 0.82 instead of 0.2.
    assert effect["check"].alone["right"].mean == pytest.approx(0.2 - 0.02 / 0.82, abs=0.01)
    assert effect["make"].alone["lead_h"].mean > 1.1
    assert abs(effect["make"].alone["right"].mean) < 0.005, "the same error, and common random numbers"


def test_the_bottleneck_is_the_pool_that_is_waited_for_and_one_more_relieves_it(found):
    of = {b.choice: b for b in found.bottlenecks}
    assert of["all people"].pool == "people"
    assert of["all people"].relief_h.mean > of["all people"].relief_h.half
    assert of["all people"].busy == pytest.approx(0.5 * 1.2 / 0.82, rel=0.05)


def test_the_findings_say_where_the_claim_holds_and_where_it_is_false(found):
    text = "\n".join(found.findings)
    assert "People slow this sheet down" in text
    assert "Throughput is not significantly lower" in text
    assert "People significantly raise the share of cases right" in text
    assert "check" in text


def test_where_people_are_no_slower_the_claim_is_said_to_be_false():
    sheet = line("a", works={"a": {"person": work(0.1, "people"), "ai": work(0.5)}})
    findings = compare(sheet, QUICK, "one").findings
    assert "here the claim is false" in findings[0]


def test_the_choices_of_all_kinds_are_there_and_the_front_is_beaten_by_none(found):
    names = [named.name for named in found.named]
    assert names[:5] == [
        "no people",
        "people only at make",
        "people only at check",
        "people only at send",
        "all people",
    ]
    assert len([n for n in names if n.startswith("factorial")]) == 8
    front = [found.outcomes[i].measures for i in found.pareto]
    for one in found.outcomes:
        assert not any(
            one.measures["cost"].mean < f["cost"].mean and one.measures["lead_h"].mean < f["lead_h"].mean
            and one.measures["right"].mean > f["right"].mean for f in front
        )  # fmt: skip


def test_a_report_holds_every_finding_and_plot_and_the_json_every_choice(found):
    page = report_page(found, "shop <1>")
    assert "shop &lt;1&gt;" in page
    assert page.count("<svg") >= 8
    assert "People slow this sheet down" in page
    assert len(as_json(found)["choices"]) == len(found.named)


def test_machines_and_people_are_named_cell_by_cell():
    sheet = example_sheet()
    machines = machine_of(sheet)
    assert len(machines) == 30
    assert machines["paint"] == "robot"
    single = one_at_a_time(sheet)
    assert len(single) == 62
    assert list(performers(sheet, single[1]).values()).count("person") == 1
    assert single[31].share == 1.0
    assert {named.share for named in along_share(sheet)} == {k / 10 for k in range(1, 10)}


def test_a_sheet_without_a_choice_is_refused():
    sheet = line("a", works={"a": {"person": work(0.1, "people")}})
    with pytest.raises(BadInput, match="nothing to choose"):
        compare(sheet, QUICK)


@pytest.mark.parametrize("factors", [3, 7, 8, 30, 63])
def test_a_design_is_balanced_at_right_angles_and_free_of_pairs(factors: int):
    signs = design(factors).astype(int)
    assert len(signs) <= 128
    assert (signs.T @ signs == len(signs) * np.eye(factors)).all()
    assert (signs.sum(axis=0) == 0).all()
    pairs = (signs[:, :1] * signs[:, 1:])[:, : min(6, factors - 1)]
    assert (signs.T @ pairs == 0).all()


def test_main_effects_of_a_known_sum_come_back():
    class Known:
        def __init__(self, value: float) -> None:
            self.measures = {"cost": Interval(mean=value, half=0.0)}

    signs = design(8)
    effects = np.arange(8.0)
    outcomes = [Known(float(row @ effects / 2 + 3 * row[0] * row[1])) for row in signs]
    assert main_effects(signs, outcomes, "cost") == pytest.approx(effects)  # pyright: ignore[reportArgumentType]


def test_common_luck_makes_differences_surer():
    sheet = example_sheet()
    short = SimulateConfig(weeks=8.0, warmup_weeks=2.0, replications=8)
    machines = machine_of(sheet)
    base, other = run_choices(sheet, [machines, machines | {"sort mail": "person"}], short)
    lead = 1
    paired = (other.by_replication - base.by_replication)[:, lead].std()
    apart = np.sqrt(base.by_replication[:, lead].var() + other.by_replication[:, lead].var())
    assert paired < apart


def test_an_overloaded_choice_is_never_on_the_front():
    sheet = line("a", works={"a": {"person": work(5.0, "people"), "ai": work(0.5)}})
    sheet = replace(sheet, cells=sheet.cells)
    outcomes = run_choices(sheet, [{}, {"a": "ai"}], QUICK)
    assert outcomes[0].overloaded
    assert nondominated(outcomes) == [1]


def test_the_factorial_of_few_cells_is_all_combinations():
    sheet = line("a", "b", works={key: {"person": work(0.1, "people"), "ai": work(0.1)} for key in "ab"})
    assert {tuple(named.choice.values()) for named in factorial(sheet)} == {
        ("person", "person"), ("person", "ai"), ("ai", "person"), ("ai", "ai"),
    }  # fmt: skip


def test_plots_have_round_ticks_and_leave_out_what_is_no_number():
    assert ticks(0.0, 97.0) == [0, 20, 40, 60, 80]
    assert ticks(-1.0, 1.0) == pytest.approx([-1, -0.5, 0, 0.5, 1])
    points = (ChartPoint(x=0, y=1, half=0.1, title="<a>"), ChartPoint(x=1, y=float("nan")))
    drawn = scatter("n", "x", "y", [ChartLine(name="l", points=points)])
    assert drawn.count("<circle") == 2  # one point, one legend
    assert "&lt;a&gt;" in drawn
    assert "nan" not in bars(
        "n", "u", [("a", Interval(mean=float("nan"), half=0.0)), ("b", Interval(mean=-1.0, half=0.2))]
    )
