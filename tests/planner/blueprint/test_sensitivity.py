"""What a factory would be if its assumptions were wrong, counted by hand on a line of one task."""

import dataclasses
import json
from pathlib import Path

import pytest

from crewless.cli import main
from crewless.planner.blueprint.designer import design
from crewless.planner.blueprint.sensitivity import sensitivity
from crewless.planner.goal import load_goal, make_goal

ROOT = Path(__file__).parents[3]
OWN = """
parts:
  - {name: cup, mass_kg: 1.0, source: test}
  - {name: clay, mass_kg: 1.0, cost_usd: 1.0, source: test}
processes:
  - name: turning
    makes: cup
    consumes: {clay: 1}
    yield_share: 1.0
    waste_kg: 0.0
    tasks: [{name: turn, time_s: 60, skill: potter}]
    station_area_m2: 16
    station_power_kw: 2
    station_cost_usd: 1000
    source: test
skills: [{name: potter, success: 0.8, kinds: [humanoid], source: test}]
"""
CARD = {"version": "1.0", "skill": "potter", "trials": 99, "successes": 80, "judged_by": "rig", "results": "x",
        "measured_on": "2026-11-25", "simulated": True}  # fmt: skip


@pytest.fixture
def goal(tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    # 8,000 h: 28.8 M s. 960,000 cups: one every 30 s.
    raw = {"name": "cups", "products": {"cup": 960_000}, "area_m2": 400, "power_kw": 30, "budget_usd": 1e6}
    return make_goal(raw | {"robots_at_hand": 3, "catalogues": [str(tmp_path / "own.yaml"), "site"]}, "g")


def test_stations_robots_power_and_cost_by_hand(goal):
    rows = {one.name: one for one in sensitivity(goal)}
    base = rows["as assumed"]
    # 60 s in 1 / 0.8 tries is 75 s, every 30 s: 2.5 stations; 2.5 busy hands with 12 % of the time on the charger are 2.84 robots.
    assert (base.stations, base.robots, base.ground_m2, base.breaks) == (3, 3, 48, ())
    assert base.power_kw == pytest.approx(3 * 2 + 3 * 0.5 + 400 * 0.03)
    assert base.build_usd == pytest.approx(3 * 1000 + 400 * 900)
    slower = rows["assumed times x 5"]
    assert (slower.stations, slower.robots) == (13, 15)
    assert slower.build_usd == pytest.approx(13 * 1000 + 12 * 20_000 + 400 * 900)
    assert slower.breaks == ("power",), "26 + 7.5 + 12 kW of 30"
    # 25 stations of 16 m2 just fit.
    assert (rows["assumed times x 10"].ground_m2, rows["assumed times x 10"].breaks) == (400, ("power",))
    # Failures twice as often: 0.6 succeed, 100 s; at five times as often none would, and one of a hundred is taken.
    assert rows["assumed failures x 2"].stations == 4
    assert rows["assumed failures x 5"].stations == 200
    assert rows["lines run 65% of the hours"].stations == 4
    assert rows["turning: assumed times x 2"].stations == 5


def test_what_was_measured_stays_as_it_is(goal):
    measured = {**CARD, "mean_s": 60.0, "p95_s": 70.0, "tasks": ["turning.turn"]}
    raw = dataclasses.asdict(goal) | {
        "products": {"cup": 960_000},
        "catalogues": list(goal.catalogues),
        "skill_cards": [measured],
    }
    raw.pop("power_units")
    rows = sensitivity(make_goal(raw, "g"))
    # (99 + 1) / 80 tries, as 0.8 of them succeed: the same line, whatever the catalogue says.
    assert {one.stations for one in rows if one.name.startswith(("as", "turning"))} == {3}


def test_no_design_has_fewer_stations_than_are_said_to_be_needed():
    for name in ("humanoid", "solar", "self-expanding"):
        goal = load_goal(ROOT / f"examples/factory/{name}.yaml")
        stations = sum(len(line.stations) for line in design(goal).lines)
        first, *others = sensitivity(goal)
        assert first.stations <= stations
        assert first.breaks == ()
        assert all(one.stations >= first.stations for one in others)


def test_the_page_says_that_it_stands_on_assumptions_before_any_figure(tmp_path, capsys):
    assert main(["plan", "design", str(ROOT / "examples/factory/humanoid.yaml"), "--runs", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "as assumed" in told
    assert "assumed times x 10: 68 stations" in told
    (folder,) = tmp_path.iterdir()
    page = (folder / "blueprint.html").read_text()
    assert page.index("These figures follow from assumptions") < page.index('class="cards"')
    assert "assumed times x 5" in page
    assert json.loads((folder / "sensitivity.json").read_text())[0]["name"] == "as assumed"
