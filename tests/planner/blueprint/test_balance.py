"""Balances are the same in any unit, and no bound that is claimed is over what exhaustive search finds."""

import itertools
import math
import random
import re
from fractions import Fraction
from pathlib import Path

import pytest
from benchmarks.balance import CYCLE, generate

from crewless.cli import main
from crewless.core.errors import BadInput
from crewless.planner.blueprint.balance import balance, greedy, lower_bound
from crewless.planner.blueprint.cabs import search_stations
from crewless.planner.blueprint.loads import fill_stations
from crewless.planner.blueprint.model import load_blueprint
from crewless.planner.blueprint.whole_numbers import largest_fill, whole_numbers

CASES = Path(__file__).parents[4] / "shared/cases/planner/balance"
UNITS = {
    "seconds": 1.0,
    "minutes": 1 / 60,
    "thousandths": 1e3,
    "hours": 1 / 3600,
    "microseconds": 1e6,
    "odd": 0.123456789,
}


def fewest(times, after, cycle):
    """The fewest stations, by all sets of tasks that are closed under precedence (Held, Karp and Shareshian 1963)."""
    names = list(times)
    before = [sum(1 << names.index(a) for a in after[name]) for name in names]
    least = {0: (0, cycle)}  # stations opened, and how full the last one is
    for done in range(1 << len(names)):
        if done not in least:
            continue
        stations, full = least[done]
        for k, name in enumerate(names):
            if done >> k & 1 or before[k] & ~done:
                continue
            fits = full + times[name] <= cycle
            nxt = (stations, full + times[name]) if fits else (stations + 1, times[name])
            least[done | 1 << k] = min(nxt, least.get(done | 1 << k, nxt))
    return least[(1 << len(names)) - 1][0]


def drawn(source, count, cycle):
    times = {f"t{k}": source.randint(1, max(1, int(cycle * source.choice((0.3, 0.6, 1.0))))) for k in range(count)}
    names = list(times)
    return times, {n: tuple(a for a in names[:k] if source.random() < 0.25) for k, n in enumerate(names)}


def holds(times, after, cycle, stations, over=0.0):
    at = {name: k for k, tasks in enumerate(stations) for name in tasks}
    assert sorted(at) == sorted(times)
    assert sum(map(len, stations)) == len(times)
    assert all(at[a] <= at[b] for b, ones in after.items() for a in ones)
    for tasks in stations:
        assert sum(Fraction(times[t]) for t in tasks) <= Fraction(cycle) * Fraction(1 + over)


@pytest.mark.parametrize("seed", range(40))
def test_small_lines_get_the_fewest_stations_and_their_proof_in_every_unit(seed):
    source = random.Random(seed)
    cycle = source.choice((7, 60, 2000, 3600, 86_400, 1_000_003))
    times, after = drawn(source, source.randint(1, 10), cycle)
    least = fewest(times, after, cycle)
    for factor in UNITS.values():
        given = {name: time * factor for name, time in times.items()}
        stations, bound = balance(given, after, cycle * factor)
        holds(times, after, cycle, stations)
        assert (len(stations), bound) == (least, least)
        assert lower_bound(list(given.values()), cycle * factor) <= least


@pytest.mark.parametrize("seed", range(15))
def test_times_without_a_common_unit_get_no_false_proof(seed):
    source = random.Random(seed)
    times, after = drawn(source, 9, 100)
    times = {name: time * source.uniform(0.9, 1.0) for name, time in times.items()}
    least = fewest({name: Fraction(time) for name, time in times.items()}, after, Fraction(100.0))
    stations, bound = balance(times, after, 100.0)
    holds(times, after, 100.0, stations, over=1e-10)
    assert bound <= least
    assert len(stations) == least


def full_line(source, count, cycle):
    """A line of stations that are full to the last unit: its fewest stations are known."""
    stations, times, after, rank = math.ceil(count / 4), {}, {}, {}
    sizes = [count // stations + (k < count % stations) for k in range(stations)]
    for k, size in enumerate(sizes):
        cuts = [0, *sorted(source.sample(range(1, cycle), size - 1)), cycle]
        for low, high in itertools.pairwise(cuts):
            name = f"t{len(times)}"
            times[name], rank[name] = high - low, k
    names = list(times)
    for name in names:
        earlier = [a for a in names if rank[a] < rank[name]]
        after[name] = tuple(source.sample(earlier, min(len(earlier), source.randint(0, 2))))
    return times, after, stations


@pytest.mark.parametrize("count", [20, 50, 100, 1000])
@pytest.mark.parametrize("cycle", [1000, 3600, 250_000])
def test_full_lines_of_any_size_have_their_known_bound_in_every_unit(count, cycle):
    times, after, least = full_line(random.Random(count * cycle), count, cycle)
    for factor in UNITS.values():
        given = {name: time * factor for name, time in times.items()}
        stations, bound = balance(given, after, cycle * factor, budget_s=0.2)
        holds(times, after, cycle, stations)
        # All the work fills so many stations: LM1 alone proves it, and no search may prove more.
        assert bound == least <= len(stations)


def test_the_two_searches_agree_with_everything_tried_and_claim_nothing_else():
    for seed in range(25):
        source = random.Random(seed)
        times, after = drawn(source, 10, 1000)
        least = fewest(times, after, 1000)
        numbers, names = list(times.values()), list(times)
        before = [[names.index(a) for a in after[n]] for n in names]
        filled = fill_stations(numbers, before, 1000, 1, math.inf)
        assert filled is not None
        assert len(filled) >= least
        holds(times, after, 1000, [[names[i] for i in tasks] for tasks in filled])
        found, proved = search_stations(numbers, before, 1000, least + 1, 5.0)
        assert found is not None
        assert (len(found), proved) == (least, least)
        assert search_stations(numbers, before, 1000, least, 5.0) == (None, least), "proves that fewer do not do"


def test_the_search_by_stations_beats_the_rule_on_most_lines_of_fifty_tasks():
    better = 0
    for seed in range(9):
        times, after = generate(50, (0.2, 0.6, 0.9)[seed % 3], "middle", seed)
        names = list(times)
        before = [[names.index(a) for a in after[n]] for n in names]
        by_rank = len(greedy(times, after, CYCLE))
        filled = fill_stations([int(t) for t in times.values()], before, CYCLE, by_rank - 1, math.inf)
        better += len(filled or names) < by_rank
    assert better >= 6


def test_simple_fractions_of_any_unit_become_their_own_whole_numbers():
    assert whole_numbers([806 / 60, 1078 / 60], 2000 / 60) == ([403, 539], 1000)
    assert whole_numbers([0.1, 0.2, 0.7], 0.3 * 3) == ([1, 2, 7], 9)
    # A cycle of 8,000 hours for 55,000 units, and a task that is tried 1 / 0.99 times: 28,800,000 / 55,000 s and 35 / 0.99 s.
    numbers, cycle = whole_numbers([35 / 0.99], 8000 * 3600 / 55_000)
    assert Fraction(numbers[0], cycle) == Fraction(3500, 99) / Fraction(5760, 11)
    assert whole_numbers([1_000_000_001.0, 1.0], 2e9) == ([1_000_000_001, 1], 2_000_000_000)


def test_numbers_without_a_common_unit_are_rounded_down_so_that_what_fits_still_fits():
    source = random.Random(1)
    for _ in range(50):
        times = [source.random() for _ in range(20)]
        cycle = sum(times[:7])
        numbers, capacity = whole_numbers(times, cycle)
        assert sum(numbers[:7]) <= capacity
        assert sum(numbers[:7]) >= capacity * (1 - 1e-10)
        assert sum(numbers) + capacity < 2**53, "floats count them exactly"


def test_the_cycle_is_cut_to_what_tasks_can_fill_of_it():
    assert largest_fill([4, 4, 4], 10) == 8
    assert largest_fill([3, 4, 7], 9) == 7
    assert largest_fill([1, 1], 10) == 2
    # Three tasks of 4 in stations of 10: two fill 8 of it, so that six tasks, 24 in all, need three stations; 24 / 10 would be three too.
    assert lower_bound([4] * 5, 10) == 3
    assert lower_bound([6] * 4 + [12] * 4, 17) == 6, "every load is a multiple of 6: 72 / 12"


@pytest.mark.parametrize(
    ("times", "after", "cycle", "words"),
    [
        ({"a": 5.0}, {"a": ()}, 4.0, "task 'a' takes 5 s, longer than the cycle of 4 s"),
        ({"a": math.nan}, {"a": ()}, 4.0, "time is nan"),
        ({"a": -1.0}, {"a": ()}, 4.0, "time is -1.0"),
        ({"a": 1.0}, {"a": ()}, 0.0, "cycle is 0.0"),
        ({"a": 1.0}, {"a": ()}, math.inf, "cycle is inf"),
        ({"a": 1.0}, {"a": ("b",)}, 4.0, "'b', which does not exist"),
        ({"a": 1.0, "b": 1.0}, {"a": ("b",), "b": ("a",)}, 4.0, "a <- b <- a"),
    ],
)
def test_a_line_that_cannot_be_balanced_is_refused_by_name(times, after, cycle, words):
    with pytest.raises(BadInput, match=re.escape(words)):
        balance(times, after, cycle)


def test_a_time_of_zero_and_a_task_as_long_as_the_cycle_are_possible():
    stations, bound = balance({"a": 0.0, "b": 3600.0, "c": 3600.0}, {"a": ("b",), "b": (), "c": ()}, 3600.0)
    assert (len(stations), bound) == (2, 2)
    assert balance({"a": 0.0}, {"a": ()}, 1.0) == ([["a"]], 1)


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not on this machine")
@pytest.mark.parametrize(("goal", "bound"), [("goal-8000", None), ("goal-55000", 16)])
def test_the_lines_of_boats_that_were_reported_are_designed(goal, bound, tmp_path):
    assert main(["plan", "design", str(CASES / f"{goal}.yaml"), "--runs", str(tmp_path)]) == 0
    (file,) = tmp_path.glob("*/blueprint.json")
    for line in load_blueprint(file.read_bytes(), "b").lines:
        assert line.bound == len(line.stations)
        assert bound in (None, line.bound)


def test_the_line_that_was_proved_falsely_needs_three_stations_by_hand():
    # t0 t1 | t2 t4 | t3 t5: 1,884, 1,901 and 1,646 of 2,000; in microseconds these are over 2^31.
    times = {"t0": 806.0, "t1": 1078.0, "t2": 568.0, "t3": 688.0, "t4": 1333.0, "t5": 958.0}
    after = {"t0": (), "t1": (), "t2": ("t0",), "t3": (), "t4": ("t2",), "t5": ("t0", "t4")}
    for factor in (1.0, 1 / 60, 1.8, 1000.0):
        stations, bound = balance({name: time * factor for name, time in times.items()}, after, 2000.0 * factor)
        assert (len(stations), bound) == (3, 3)
