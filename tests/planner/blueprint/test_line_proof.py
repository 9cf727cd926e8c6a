"""What the checker proves of a line by itself: never more than the truth, and enough for the lines that are designed."""

import dataclasses
import itertools
import math
import random

import pytest
from benchmarks.balance import CYCLE, generate

from crewless.planner.blueprint.balance import balance
from crewless.planner.blueprint.checker import check
from crewless.planner.blueprint.designer import design
from crewless.planner.blueprint.line_proof import proved_stations
from crewless.planner.goal import make_goal


def fewest(times, after, cycle):
    """The fewest stations by trying every order (branches cut only where a station is opened too many)."""
    best = [len(times)]

    def go(done, room, opened):
        if opened >= best[0]:
            return
        if len(done) == len(times):
            best[0] = opened
            return
        for name in times:
            if name not in done and set(after[name]) <= done:
                fits = times[name] <= room
                go(done | {name}, (room if fits else cycle) - times[name], opened + (not fits))

    go(frozenset(), 0, 0)
    return best[0]


@pytest.mark.parametrize("seed", range(30))
def test_no_more_is_proved_than_every_order_of_the_tasks_shows(seed):
    source = random.Random(seed)
    cycle = source.choice((7, 60, 3600))
    times = {f"t{k}": source.randint(1, cycle) for k in range(source.randint(1, 6))}
    names = list(times)
    after = {name: tuple(a for a in names[:k] if source.random() < 0.3) for k, name in enumerate(names)}
    least = fewest(times, after, cycle)
    for factor in (1.0, 1 / 60, 1e6):
        scaled = {name: time * factor for name, time in times.items()}
        assert proved_stations(scaled, after, cycle * factor, 99) == least
        assert proved_stations(scaled, after, cycle * factor, least - 1 or 1) == (least - 1 or 1)


@pytest.mark.parametrize("seed", range(9))
def test_every_proof_of_the_search_on_twenty_tasks_is_proved_again_from_other_code(seed):
    times, after = generate(20, (0.2, 0.6, 0.9)[seed % 3], ("middle", "both", "bottom")[seed // 3], seed)
    stations, bound = balance(times, after, CYCLE, budget_s=30)
    assert bound == len(stations) == proved_stations(times, after, CYCLE, 99)


def test_a_task_that_is_longer_than_the_cycle_proves_nothing():
    assert proved_stations({"a": 2.0}, {"a": ()}, 1.0, 5) == 1


def test_full_stations_and_halves_are_counted_to_the_last_unit():
    none = {"a": (), "b": (), "c": (), "d": ()}
    assert proved_stations(dict.fromkeys("abcd", 5.0), none, 10.0, 9) == 2
    assert proved_stations(dict.fromkeys("abcd", 5.001), none, 10.0, 9) == 4
    assert proved_stations(dict.fromkeys("abcd", 1 / 3), none, 1.0, 9) == 2
    assert proved_stations(dict.fromkeys("abcd", 0.34), none, 1.0, 9) == 2
    assert proved_stations(dict.fromkeys("abcd", 0.1), none, 1.0, 9) == 1


@pytest.fixture(scope="module")
def solar():
    goal = {"name": "x", "products": {"solar_panel": "40 MW"}, "area_m2": 2500, "power_kw": 1000, "budget_usd": 9e6}
    return design(make_goal(goal | {"robots_at_hand": 10, "catalogues": ["solar", "site"]}, "g"))


def test_a_bound_that_is_stated_one_too_high_is_found_without_the_search(solar):
    def stated(more):
        lines = tuple(dataclasses.replace(one, bound=one.bound + more) for one in solar.lines)
        return {c.name: c for c in check(dataclasses.replace(solar, lines=lines))}

    assert stated(0)["lines whose stated bound cannot be proved"].ok
    found = stated(1)["lines whose stated bound cannot be proved"]
    assert not found.ok
    assert found.names == tuple(sorted(line.name for line in solar.lines))


def test_precedence_alone_can_need_a_station_more():
    # 6 + 4 and 5 + 5 fill two stations of 10; one after the other it is 6 | 5 4 | 5.
    times, names = {"a": 6.0, "b": 5.0, "c": 4.0, "d": 5.0}, "abcd"
    assert proved_stations(times, dict.fromkeys(names, ()), 10.0, 9) == 2
    assert proved_stations(times, {"a": (), "b": ("a",), "c": ("b",), "d": ("c",)}, 10.0, 9) == 3
    assert proved_stations(times, {"a": (), "b": ("a",), "c": (), "d": ("b",)}, 10.0, 9) == 2


@pytest.mark.parametrize(
    ("groups", "stations"),
    [
        ({0.51: 200}, 200),  # each alone
        ({0.34: 300}, 150),  # two in a station
        ({0.26: 300}, 100),  # three
        ({0.501: 60, 0.25: 60}, 60),  # one of each, or better
        ({0.7: 100, 0.35: 100}, 150),  # nothing fits beside the large ones
        ({0.7: 100, 0.3: 100}, 100),  # everything does
        ({0.9: 50, 0.05: 100, 0.6: 40, 0.45: 41}, 111),  # 50, 40, and of the 41 two each
        ({0.2: 401}, 81),
        ({0.21: 400}, 100),
    ],
)
def test_large_lines_are_proved_by_weights_where_no_search_gets_to_an_end(groups, stations):
    sizes = [size for size, count in groups.items() for _ in range(count)]
    times = {f"t{k}": 3600 * size for k, size in enumerate(sizes)}
    assert proved_stations(times, dict.fromkeys(times, ()), 3600.0, len(times)) == stations


@pytest.mark.parametrize("seed", range(12))
def test_lines_that_are_known_to_fit_are_never_proved_not_to(seed):
    source = random.Random(seed)
    stations, times, after, cycle = 10, {}, {}, 1000
    for k in range(stations):
        # Nearly full ones, of two or three tasks, in the order of the stations.
        room = cycle - source.choice((0, 0, 1, 7, 40))
        cuts = sorted(source.sample(range(1, room), source.randint(1, 2)))
        for low, high in itertools.pairwise([0, *cuts, room]):
            earlier = [a for a in times if int(a.split(".")[0]) < k]
            name = f"{k}.{low}"
            after[name] = tuple(source.sample(earlier, min(len(earlier), 2)))
            times[name] = float(high - low)
    assert proved_stations(times, after, cycle, 99) <= stations
    assert proved_stations(times, after, cycle, 99) >= math.ceil(sum(times.values()) / cycle)
