"""What the loop does in cases that can be reckoned by hand."""

from dataclasses import replace

import numpy as np
import pytest

from crewless.company.sheet.model import Arrival, Arrow, Duration, Gateway, Meeting, Pool, Sheet, WorkProfile
from crewless.company.simulate.replications import SimulateConfig, run_choices, run_sheet
from crewless.company.simulate.visits import simulate_visits
from crewless.core.errors import BadInput

from .sheets import cell, sheet, takes

SHORT = SimulateConfig(weeks=400.0, warmup_weeks=1.0, replications=4, batches=4)


def mean(of: Sheet, name: str, config: SimulateConfig = SHORT) -> float:
    return run_sheet(of, config).measures[name].mean


def first(of: Sheet, weeks: float = 2.0) -> list[tuple[str, float, float]]:
    """Cell, begun, ended of the first case."""
    v = simulate_visits(of, weeks)
    return [(str(v.cell[i]), float(v.begun_h[i]), float(v.ended_h[i])) for i in np.flatnonzero(v.case == 1)]


def test_work_is_laid_down_at_closing_time_and_taken_up_in_the_morning():
    assert first(sheet([cell("a", 4.0)], "in>a a>out", every=15.0, calendar="office")) == [("a", 15.0, 35.0)]


def test_work_waits_for_the_opening_and_goes_over_the_weekend():
    line = sheet([cell("a", 9.0)], "in>a a>out", every=4 * 24 + 1.0, calendar="office")
    assert first(line) == [("a", 105.0, 168.0 + 10.0)]


def test_arrivals_come_in_the_open_hours_of_their_calendar():
    line = sheet([cell("a", 0.5)], "in>a a>out", every=3.0)
    line = replace(line, arrival=replace(line.arrival, calendar="office"))
    begun = simulate_visits(line, 1.0).begun_h
    assert begun[:4].tolist() == [12.0, 15.0, 34.0, 37.0]


def test_parallel_ways_are_waited_for():
    both = sheet(
        [cell("a", 1.0, resource="x"), cell("b", 3.0, resource="y"), cell("c", 1.0, resource="x")],
        "in>g g>a g>b a>j b>j j>c c>out", gates="g:and j:and", x=1, y=1,
    )  # fmt: skip
    assert first(both) == [("a", 10.0, 11.0), ("b", 10.0, 13.0), ("c", 13.0, 14.0)]


@pytest.mark.parametrize(("chances", "ended"), [((1, 1), 14.0), ((1, 0), 12.0), ((0, 1), 14.0)])
def test_an_or_waits_for_the_ways_that_were_taken_and_no_others(chances, ended):
    some = sheet(
        [cell("a", 1.0, resource="x"), cell("b", 3.0, resource="y"), cell("c", 1.0, resource="x")],
        f"in>g g>a:{chances[0]} g>b:{chances[1]} a>j b>j j>c c>out", gates="g:or j:or", x=1, y=1,
    )  # fmt: skip
    assert first(some)[-1] == ("c", ended - 1.0, ended)


def test_an_or_takes_at_least_one_way():
    some = sheet([cell("a"), cell("b")], "in>g g>a:0.2 g>b:0.1 a>out b>out", gates="g:or")
    outcome = run_sheet(some, SHORT)
    taken = outcome.cells[:, 0]
    # None of both in 0.72 of the cases; then a by 2 to 1.
    assert taken == pytest.approx([0.2 + 0.72 * 2 / 3, 0.1 + 0.72 / 3], rel=0.03)


def test_a_member_reads_into_a_case_of_another_pool():
    line = sheet([cell("a", 1.0, resource="x"), cell("b", 1.0, resource="y")], "in>a a>b b>out", x=1, y=1)
    line = replace(line, resources=tuple(replace(r, handover=0.25) for r in line.resources))
    assert first(line)[1] == ("b", 11.0, 12.25)
    assert mean(line, "handovers") == 1.0


def test_an_arrow_can_take_time():
    line = sheet([cell("a"), cell("b")], "in>a a>b b>out")
    line = replace(line, arrows=(*line.arrows[:1], Arrow(source="a", target="b", delay=takes(5.0)), *line.arrows[2:]))
    assert first(line)[1] == ("b", 16.0, 17.0)


def test_the_urgent_is_begun_first_but_interrupts_nothing():
    cells = [replace(cell("a", 4.0), priority=0), replace(cell("b", 1.0), priority=1)]
    line = sheet(cells, "in>g g>a g>b a>out b>out", gates="g:and")
    assert first(line) == [("b", 10.0, 11.0), ("a", 11.0, 15.0)]


def test_a_full_cell_turns_away():
    line = sheet([replace(cell("a", 10.0), capacity=2)], "in>a a>out", every=4.0)
    # One in work and one waiting: of the arrivals every 4 h, one each 10 h is worked.
    assert mean(line, "turned_away") == pytest.approx(0.6, abs=0.01)


def test_errors_that_surface_later_send_the_case_back_to_who_made_them():
    line = sheet(
        [cell("a", 0.1, error=0.5), cell("b", 0.1, catch=0.5), cell("c", 0.1)], "in>a a>b b>c c>out", every=1.0
    )
    outcome = run_sheet(line, SHORT)
    # An error stays with p(1-q)/(1-pq); the first cell is visited 1/(1-pq) times.
    assert outcome.measures["right"].mean == pytest.approx(2 / 3, abs=0.005)
    assert outcome.measures["right_first_time"].mean == pytest.approx(0.5, abs=0.005)
    assert outcome.cells[:, 0] == pytest.approx([4 / 3, 4 / 3, 1.0], rel=0.01)
    assert outcome.measures["rework"].mean == pytest.approx(1 / 3, abs=0.01)


def test_a_caught_error_goes_to_the_cell_that_mends_it():
    cells = [cell("a", error=0.999), cell("b", catch=1.0, rework="mend"), cell("mend")]
    line = sheet(cells, "in>a a>b b>out mend>b in>g g>mend:0 g>a:1", gates="g:xor")
    line = replace(line, arrows=tuple(a for a in line.arrows if (a.source, a.target) != ("in", "a")))
    assert [name for name, _, _ in first(line)] == ["a", "b", "mend", "b"]


def test_an_error_found_in_parallel_is_a_detour():
    cells = [cell("a", error=1.0), cell("b", resource="x", catch=0.5), cell("c", 9.0, resource="y")]
    line = sheet(cells, "in>a a>g g>b g>c b>j c>j j>out", gates="g:and j:and", every=1000.0, staff=1, x=1, y=1)
    found = run_sheet(line, replace(SHORT, weeks=4000.0))
    # However often b sends it back to a, c is done once and the join comes together.
    assert found.cells[:, 0] == pytest.approx([2.0, 2.0, 1.0], rel=0.1)


def test_a_meeting_takes_as_many_as_must_agree_until_all_do():
    meeting = Meeting(people=2, hours=1.0, agree=0.5)
    line = sheet([cell("a", 1.0, meeting=meeting)], "in>a a>out", every=100.0, staff=3)
    # Two who agree with one half each do so in one round of four.
    assert mean(line, "meeting_h", replace(SHORT, weeks=20_000.0)) == pytest.approx(2 * 1.0 * 4, rel=0.03)
    assert mean(line, "lead_h", replace(SHORT, weeks=20_000.0)) == pytest.approx(1.0 + 4.0, rel=0.03)


def test_a_meeting_is_paid_for_each_of_its_people():
    line = sheet([cell("a", 1.0, meeting=Meeting(people=3, hours=2.0))], "in>a a>out", every=100.0, staff=3)
    line = replace(line, resources=tuple(replace(pool, cost_per_hour=10.0) for pool in line.resources))
    # One hour of one person, and two of three.
    assert mean(line, "cost") == pytest.approx(10.0 * (1.0 + 3 * 2.0))


def test_a_meeting_keeps_its_people_from_their_work():
    cells = [cell("a", 1.0, meeting=Meeting(people=2, hours=3.0)), cell("b", 1.0)]
    line = sheet(cells, "in>g g>a g>b a>out b>out", gates="g:and", staff=2)
    line = replace(line, cells=(line.cells[0], replace(cell("b", 1.5), priority=0)))
    # a ends at 11; the meeting waits for the member at b until 11.5, and the free one waits with it.
    visits = simulate_visits(line, 0.1)
    assert [(bool(m), b, e) for m, b, e in zip(visits.meeting, visits.begun_h, visits.ended_h, strict=True)] == [
        (False, 10.0, 11.0), (False, 10.0, 11.5), (True, 11.5, 14.5),
    ]  # fmt: skip


def test_whoever_is_no_person_meets_nobody():
    one = cell("a", 1.0, meeting=Meeting(people=2, hours=1.0))
    one = replace(one, works=one.works | {"ai": WorkProfile(resource="ai", duration=takes(0.1))})
    line = sheet([one], "in>a a>out", staff=2, ai=1)
    person, ai = run_choices(line, [{}, {"a": "ai"}], SHORT)
    assert person.measures["meeting_h"].mean == 2.0
    assert ai.measures["meeting_h"].mean == 0.0
    assert ai.measures["lead_h"].mean == pytest.approx(0.1)


def test_the_sick_and_those_on_leave_are_missed():
    line = sheet([cell("a", 0.5)], "in>a a>out", every=0.4 / 10, staff=10)
    days = 365.25
    line = replace(
        line, resources=(replace(line.resources[0], sick_days_per_year=0.1 * days, leave_days_per_year=0.2 * days),)
    )
    # More comes than can be worked, so that what is done says who was there: 0.9 x 0.8 of them.
    hurried = replace(SHORT, weeks=50.0, replications=10)
    assert mean(line, "throughput", hurried) == pytest.approx(0.9 * 0.8 * 10 * 2 * 168, rel=0.02)
    assert run_sheet(line, hurried).overloaded


def test_the_same_seed_gives_the_same_replication_in_any_number_of_threads():
    line = sheet([cell("a", 1.0, error=0.3), cell("b", 1.0, catch=0.7)], "in>a a>b b>out", every=3.0)
    found = [run_sheet(line, replace(SHORT, threads=threads)).by_replication for threads in (1, 2, 1)]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0], run_sheet(line, replace(SHORT, seed=1)).by_replication)


def test_what_a_choice_does_not_touch_has_the_same_luck():
    times = Duration(kind="exponential", numbers=(1.0,))
    a = replace(cell("a"), works={"person": WorkProfile(resource="x", duration=times)})
    b = replace(cell("b"), works={"person": WorkProfile(resource="y", duration=times, error=0.5), "ai": WorkProfile(resource="z", duration=takes(0.1))})  # fmt: skip
    line = sheet([a, b], "in>a a>b b>out", every=2.0, x=1, y=1, z=1)
    found = [simulate_visits(line, 20.0, choice=choice) for choice in ({}, {"b": "ai"})]
    rows = [np.column_stack([v.case, v.begun_h, v.ended_h])[v.cell == "a"] for v in found]
    assert np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            sheet([cell("a"), cell("b")], "in>g g>a:0.5 g>b:0.5 a>j b>j j>out", gates="g:xor j:and"),
            ["gateways row 4 (j)", "waits here forever"],
        ),
        (
            sheet([cell("a", error=1.0), cell("b", catch=1.0)], "in>a a>b b>out"),
            ["cells row ", "no case ended", "cannot finish"],
        ),
        (
            sheet([cell("a", 0.0)], "in>a a>g g>a:0.99999 g>out:0.00001", gates="g:xor"),
            ["cannot finish", "10,000 times"],
        ),
        (sheet([cell("a"), cell("b")], "in>a a>b b>g g>a:0.7 g>out:0.2", gates="g:xor"), ["g: ", "0.9"]),
        (sheet([cell("a", meeting=Meeting(people=5, hours=1.0))], "in>a a>out", staff=2), ["row 1 (a)", "5", "staff has 2"]),
        (sheet([cell("a", 0.1)], "in>a a>a a>out"), ["row 1 (a)", "no case ended", "cannot finish"]),
        (sheet([cell("a")], "in>a a>out", every=0.0), ["arrival", "0"]),
    ],
    ids=["xor into and", "error always caught", "loop without time", "probabilities", "too few to meet", "multiplies", "no time between"],
)  # fmt: skip
def test_a_sheet_that_cannot_finish_is_refused_by_row_and_value(broken: Sheet, words: list[str]):
    with pytest.raises(BadInput) as caught:
        run_sheet(broken, SHORT)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("change", [{"weeks": 0.0}, {"replications": 0}, {"warmup_weeks": -1.0}, {"seed": -1}])
def test_a_run_that_cannot_be_is_refused(change):
    with pytest.raises(BadInput, match=str(next(iter(change.values())))):
        run_sheet(sheet([cell("a")], "in>a a>out"), replace(SHORT, **change))


def test_a_performer_that_the_cell_has_no_work_for_is_refused():
    with pytest.raises(BadInput, match=r"cells row 1 \(a\).*'robot'.*person"):
        run_sheet(sheet([cell("a")], "in>a a>out"), SHORT, {"a": "robot"})
    with pytest.raises(BadInput, match="no cell 'b'"):
        run_sheet(sheet([cell("a")], "in>a a>out"), SHORT, {"b": "ai"})


def test_an_inclusive_join_waits_for_a_branch_that_is_still_on_its_way():
    """Both branches of the split are taken; one goes straight to the join, the other is delayed by an hour on the arrow into it. The
    join is passed once, after the hour."""
    both = Sheet(
        cells=(cell("a", 0.0), cell("b", 0.0)),
        gateways=tuple(Gateway(name=n, kind=k) for n, k in (("s", "start"), ("split", "or"), ("join", "or"), ("e", "end"))),
        arrows=(
            Arrow(source="s", target="split"),
            Arrow(source="split", target="a", probability=1.0),
            Arrow(source="split", target="join", probability=1.0, delay=Duration(numbers=(1.0,))),
            Arrow(source="a", target="join"),
            Arrow(source="join", target="b"),
            Arrow(source="b", target="e"),
        ),
        resources=(Pool(name="staff", count=9),),
        arrival=Arrival(between=Duration(numbers=(2.0,))),
    )  # fmt: skip
    found = run_sheet(both, SimulateConfig(weeks=4, warmup_weeks=1, replications=1, batches=2))
    assert found.measures["lead_h"].mean == pytest.approx(1.0)
    assert found.cells[1][0] == pytest.approx(1.0)
