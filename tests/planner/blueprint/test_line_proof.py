"""What the checker proves of a line by itself: never more than the truth, and enough for the lines that are designed."""

import dataclasses
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
