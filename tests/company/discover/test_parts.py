"""Distributions, weeks, trees, pools and waits, each against what was put in."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from crewless.company.discover.calendars import ALWAYS, find_week
from crewless.company.discover.fit import fit, mean_of, quantiles
from crewless.company.discover.log import Log, Visit, make_log
from crewless.company.discover.people import People, find_people, working_hours
from crewless.company.discover.tree import (
    Chain,
    ExclusiveChoice,
    Leaf,
    Loop,
    Parallel,
    Sequence,
    Silent,
    concurrent_pairs,
    mine,
    names_of,
)
from crewless.company.discover.waiting import find_batches, find_waits
from crewless.company.sheet.model import Duration

MONDAY_S = 4 * 86400.0
"""1970-01-05 was the first Monday."""


def visits(*rows: tuple[str, str, str, float, float]) -> Log:
    """(case, activity, who, start and end in hours from Monday 00:00)."""
    return make_log(
        [Visit(case=c, activity=a, resource=r, start=MONDAY_S + s * 3600, end=MONDAY_S + e * 3600) for c, a, r, s, e in rows],
        "log",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("constant", (0.25,)), ("exponential", (2.0,)), ("gamma", (4.0, 0.5)), ("gamma", (0.4, 3.0)),
        ("lognormal", (-1.0, 1.2)), ("uniform", (1.0, 3.0)), ("triangular", (0.0, 9.0, 8.0)),
    ],
)  # fmt: skip
def test_a_distribution_is_known_again_from_its_own_quantiles(kind: str, numbers: tuple[float, ...]):
    found = fit(quantiles(Duration(kind=kind, numbers=numbers)))
    assert found.duration.kind == kind
    assert found.duration.numbers == pytest.approx(numbers, rel=0.05, abs=0.2)
    assert found.relative < 0.02
    assert found.ks < 0.02


def test_two_heaps_are_kept_as_a_table():
    values = np.concatenate([np.full(300, 0.1), np.full(100, 5.0)])
    found = fit(values)
    assert found.duration.kind == "table"
    assert mean_of(found.duration) == pytest.approx(values.mean(), rel=0.05)


def test_the_quantiles_of_a_gamma_have_its_mean_and_variance():
    for shape, scale in ((0.3, 2.0), (1.0, 1.0), (30.0, 0.1)):
        values = quantiles(Duration(kind="gamma", numbers=(shape, scale)))
        assert values.mean() == pytest.approx(shape * scale, rel=0.01)
        assert values.var() == pytest.approx(shape * scale**2, rel=0.05)


def test_earth_is_moved_by_hand():
    # The quantiles of two values lie evenly between them: on average 1 from the middle of 1 and 5.
    found = fit(np.array([1.0, 5.0]))
    assert (found.duration, found.emd) == (Duration(kind="constant", numbers=(3.0,)), pytest.approx(1.0))
    # 0 up to a third, then straight to 4 at two thirds, against 4 u: 2 x (4 / 18 + 1 / 9).
    found = fit(np.array([0.0, 0.0, 4.0, 4.0]))
    assert found.duration == Duration(kind="uniform", numbers=(0.0, 4.0))
    assert found.emd == pytest.approx(2 / 3, abs=1e-5)


def test_how_far_a_fit_lies_is_the_earth_mover_s_distance():
    values = np.random.default_rng(4).gamma(2.0, 1.5, 500)
    found = fit(values)
    shares = (np.arange(1000) + 0.5) / 1000
    assert found.emd == pytest.approx(wasserstein_distance(np.quantile(values, shares), quantiles(found.duration)))


def office(weeks: int) -> np.ndarray:
    """Sightings each half hour of Monday to Friday, 9 to 17."""
    hours = [168 * w + 24 * d + 9 + h / 2 + 0.1 for w in range(weeks) for d in range(5) for h in range(16)]
    return MONDAY_S + np.array(hours) * 3600


def test_an_office_week_is_found_though_somebody_once_worked_on_sunday():
    week = find_week(np.append(office(6), MONDAY_S + 150 * 3600))
    assert week.intervals() == tuple((24.0 * d + 9, 24.0 * d + 17) for d in range(5))
    assert week.support == pytest.approx(480 / 481)


def test_open_hours_are_counted_by_hand():
    week = find_week(office(6))
    at = lambda h: np.array([MONDAY_S + h * 3600])  # noqa: E731
    assert (week.open_hours(at(24 + 10)) - week.open_hours(at(16.5)))[0] == pytest.approx(1.5)
    assert week.open_hours(at(168 + 9)) - week.open_hours(at(9)) == pytest.approx(40)
    assert [bool(week.is_open(at(h))[0]) for h in (8.9, 9, 16.9, 17, 168 + 12, 5 * 24 + 12)] == [0, 1, 1, 0, 1, 0]
    assert week.edges(at(10)[0], at(24 + 20)[0]).tolist() == [at(h)[0] for h in (17, 33, 41)]


def test_a_choice_has_its_shares():
    tree = mine({("a", "b", "d"): 30, ("a", "c", "d"): 10})
    assert tree == Sequence((Leaf("a"), ExclusiveChoice((Leaf("b"), Leaf("c")), (0.75, 0.25)), Leaf("d")))


def test_what_comes_in_both_orders_is_parallel():
    tree = mine({("a", "b", "c", "d"): 5, ("a", "c", "b", "d"): 5})
    assert isinstance(tree, Sequence)
    assert tree.children[1] == Parallel((Leaf("b"), Leaf("c")))
    assert concurrent_pairs(tree) == {frozenset("bc")}


def test_overlap_is_parallel_though_the_order_never_changes():
    tree = mine({("a", "b", "c"): 5}, concurrent=[frozenset("ab")])
    assert isinstance(tree, Sequence)
    assert tree.children[0] == Parallel((Leaf("a"), Leaf("b")))


def test_a_loop_knows_how_often_it_goes_round():
    # 15 visits to the body, 5 of which are followed by the redo.
    tree = mine({("a",): 6, ("a", "r", "a"): 3, ("a", "r", "a", "r", "a"): 1})
    assert tree == Loop(Leaf("a"), (Leaf("r"),), (1.0,), 5 / 15)


def test_a_loop_that_goes_straight_back_is_found_though_its_end_is_parallel():
    tree = mine({("a", "b", "c"): 4, ("a", "c", "b"): 2, ("a", "b", "c", "a", "c", "b"): 2})
    assert tree == Loop(Sequence((Leaf("a"), Parallel((Leaf("b"), Leaf("c"))))), (Silent(),), (1.0,), 1 - 8 / 10)


def test_a_step_repeated_at_once_is_a_loop_of_its_own():
    tree = mine({("a", "b"): 1, ("a", "a", "a", "b"): 1})
    assert tree == Sequence((Loop(Leaf("a"), (Silent(),), (1.0,), 0.5), Leaf("b")))


def test_steps_that_are_skipped_together_are_one_choice():
    tree = mine({("a", "b", "c", "d"): 8, ("a", "d"): 2})
    both = Sequence((Leaf("b"), Leaf("c")))
    assert tree == Sequence((Leaf("a"), ExclusiveChoice((both, Silent()), (0.8, 0.2)), Leaf("d")))


def test_a_rare_arrow_does_not_hide_the_order():
    tree = mine({("a", "b", "c"): 200, ("a", "c", "b"): 1, ("b", "a", "c"): 1})
    assert tree == Sequence((Leaf("a"), Leaf("b"), Leaf("c")))


def test_where_no_block_fits_the_arrows_keep_their_shares():
    tree = mine({("a", "b", "c"): 2, ("b", "c", "a"): 1, ("c", "a", "b"): 1})
    assert isinstance(tree, Chain)
    assert names_of(tree) == {"a", "b", "c"}
    assert tree.shares == {
        ("", "a"): 0.5, ("", "b"): 0.25, ("", "c"): 0.25, ("a", "b"): 0.75, ("a", ""): 0.25, ("b", "c"): 0.75, ("b", ""): 0.25,
        ("c", ""): 0.5, ("c", "a"): 0.5,
    }  # fmt: skip


def test_pools_are_found_by_what_people_do():
    rows = [(f"{i}", "write", who, i, i + 0.5) for i, who in enumerate(["ana", "ben"] * 5)]
    rows += [(f"{i}", "check", who, i + 0.5, i + 1) for i, who in enumerate(["kim", "lea"] * 5)]
    people = find_people(visits(*rows))
    assert {pool.members for pool in people.pools} == {("ana", "ben"), ("kim", "lea")}
    assert people.pool_of == {"write": "does write", "check": "does check"}
    assert set(people.share.values()) == {1.0}


def test_where_nobody_is_named_there_are_as_many_as_worked_at_once():
    people = find_people(visits(("1", "a", "", 0, 2), ("2", "a", "", 1, 3), ("3", "a", "", 2, 4)))
    assert [pool.count for pool in people.pools] == [2]


def never_closed(log: Log) -> People:
    """The pools of a log too short to tell a week from."""
    people = find_people(log)
    return replace(people, pools=tuple(replace(pool, week=ALWAYS) for pool in people.pools))


def test_time_at_two_things_at_once_counts_half_for_each():
    log = visits(("1", "a", "ana", 0, 4), ("2", "b", "ana", 2, 4), ("3", "a", "ben", 0, 4))
    hours = working_hours(log, never_closed(log))
    assert hours.tolist() == pytest.approx([3.0, 1.0, 4.0])


def test_a_night_in_the_middle_of_a_visit_is_no_work():
    rows = [(str(i), "a", "ana", (t - MONDAY_S) / 3600, (t - MONDAY_S) / 3600 + 0.2) for i, t in enumerate(office(3))]
    log = visits(*rows, ("n", "a", "ben", 16.5, 24 + 9.5))
    assert working_hours(log, find_people(log))[-1] == pytest.approx(1.0)


def test_a_wait_is_explained_while_the_whole_pool_is_busy():
    log = visits(
        ("1", "a", "ana", 0, 1), ("1", "b", "ben", 5, 6),
        ("2", "a", "ana", 1, 2), ("2", "b", "ben", 6, 7),
        ("3", "b", "ben", 1, 5), ("4", "a", "ana", 2, 6), ("4", "b", "ben", 8, 9),
    )  # fmt: skip
    waits = find_waits(log, never_closed(log), set())
    # ben was busy from 1 to 7. Case 4 was ready at 6 and he was free from 7 to 8: it was not ready, for two hours.
    assert (waits.at_least / 3600).round(2).tolist() == [0, 0, 0, 0, 0, 0, 2]
    assert (waits.at_most / 3600).round(2).tolist() == [0, 4, 0, 4, 0, 0, 2]
    b = np.flatnonzero(log.activity == log.activities.index("b"))
    # Case 1 may have been ready for any of its four hours; of those that are known, the median between: none, or two.
    assert (waits.delays(b) / 3600).tolist() == [1.0, 1.0, 0.0, 2.0]


def test_a_delay_that_ends_as_the_doors_open_is_only_known_to_be_longer_than_the_day():
    rows = [(str(i), "a", "ana", (t - MONDAY_S) / 3600, (t - MONDAY_S) / 3600 + 0.1) for i, t in enumerate(office(3))]
    rows += [
        ("x", "a", "ana", 9.3, 9.5),
        ("x", "c", "kim", 11.5, 12),
        ("y", "a", "ana", 16.3, 16.5),
        ("y", "c", "kim", 24 + 9, 34),
    ]
    rows += [
        (f"k{i}", "c", "kim", (t - MONDAY_S) / 3600, (t - MONDAY_S) / 3600 + 0.1) for i, t in enumerate(office(3)[40:])
    ]
    log = visits(*rows)
    waits = find_waits(log, find_people(log), set())
    c = log.activities.index("c")
    late = np.flatnonzero((log.activity == c) & np.isin(log.case, [log.cases.index("x"), log.cases.index("y")]))
    assert (waits.at_most[late] / 3600).tolist() == pytest.approx([2.0, 16.5])
    assert (waits.at_least[late] / 3600).tolist() == pytest.approx([2.0, 0.5])
    # y waited for at least half an hour before the doors closed; x says what such a wait is.
    assert (waits.delays(late) / 3600).tolist() == pytest.approx([2.0, 2.0])


def test_doors_open_when_somebody_is_seen_and_not_when_the_week_says():
    """The week says 9; on Tuesday kim comes at 10 and begins with what has waited since Monday."""
    people = find_people(
        visits(*((str(i), "c", "kim", h, h + 0.1) for i, h in enumerate((office(3) - MONDAY_S) / 3600)))
    )
    log = visits(("1", "a", "ana", 10, 16.5), ("2", "c", "kim", 9.1, 16.5), ("1", "c", "kim", 34, 34.5))
    here = find_people(log)
    pools = tuple(replace(pool, week=people.pools[0].week) for pool in here.pools)
    waits = find_waits(log, replace(here, pools=pools), set())
    at = np.flatnonzero((log.activity == 1) & (log.case == 0))
    # Half an hour of Monday was left in which she was free.
    assert (waits.at_least[at] / 3600).tolist() == pytest.approx([0.5])
    assert (waits.at_most[at] / 3600).tolist() == pytest.approx([17.5])


def test_a_batch_is_seen_where_cases_gather_and_not_where_a_queue_is_worked_off():
    rows = []
    for day in range(4):
        for i in range(3):
            case, h = f"{day}.{i}", 24.0 * day
            rows += [(case, "make", "ana", h + i, h + i + 0.5), (case, "ship", "kim", h + 6, h + 7)]
            rows += [(case, "file", "lea", h + 7 + 0.5 * i, h + 7.5 + 0.5 * i)]
    log = visits(*rows)
    waits = find_waits(log, never_closed(log), set())
    found = find_batches(log, waits)
    assert set(found) == {"ship"}
    assert (found["ship"].kind, found["ship"].size, found["ship"].share) == ("parallel", 3.0, 1.0)
