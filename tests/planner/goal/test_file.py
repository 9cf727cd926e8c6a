"""What a goal file says is read as a person meant it, or refused in one line that names key, value and what is known."""

import dataclasses
import re
from pathlib import Path

import pytest
import yaml

from crewless.cli import main
from crewless.core.errors import BadInput
from crewless.planner.blueprint.amounts import amount, in_unit
from crewless.planner.blueprint.checker import check
from crewless.planner.blueprint.designer import design
from crewless.planner.blueprint.expansion import ExpandConfig, expand
from crewless.planner.blueprint.next_goal import goal_text, next_goal
from crewless.planner.blueprint.strict_yaml import read_yaml
from crewless.planner.goal import load_goal, make_goal

ROOT = Path(__file__).parents[3]
CASES = ROOT.parent / "shared/cases/planner/goals"
GOOD = {"name": "x", "products": {"solar_panel": "10 MW"}, "area_m2": 2500, "power_kw": 1000, "budget_usd": 9e6,
        "robots_at_hand": 10, "catalogues": ["solar", "site"]}  # fmt: skip
UNITS = "a number of units a year; with a unit: W, kW, MW, GW"


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("100 MW", 100, "MW"), ("100MW", 100, "MW"), (" 2.5 GW ", 2.5, "GW"), ("1_000", 1000, ""), ("1e6", 1e6, ""),
        ("1,000,000", 1e6, ""), ("1,000.5", 1000.5, ""), (".5 kW", 0.5, "kW"), (7, 7, ""), (2.5e-3, 0.0025, ""),
        ("1,000,000.25 W", 1_000_000.25, "W"), ("1e3 W", 1000, "W"),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text, value, unit):
    assert amount(text, "k", {"W": 1, "kW": 1e3, "MW": 1e6, "GW": 1e9}, "units a year") == (value, unit)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("100,5 MW", "'100,5 MW' has a comma that may mean two things (try: 100.5; 1005)"),
        ("100,500 MW", "'100,500 MW' has a comma that may mean two things (try: 100.500; 100500)"),
        ("0,5", "has a comma that may mean two things (try: 0.5)"),
        ("1.000,5", "has a comma that may mean two things (try: 1.0005)"),
        ("10,00,000", "has a comma that may mean two things (try: 1000000)"),
        ("500 TW", f"'500 TW' has the unit 'TW', which is not known here (try: {UNITS})"),
        ("20k", f"'20k' has the unit 'k', which is not known here (try: {UNITS})"),
        ("100 mw", "has the unit 'mw'"),
        ("100 MW/a", "has the unit 'MW/a'"),
        ("10 %", "has the unit '%'"),
        ("1 000", "has the unit '000'"),
        (float("inf"), f"'inf' is not finite (try: {UNITS})"),
        (float("nan"), "'nan' is not finite"),
        (10**400, "is not finite"),
        ("1e999", "'1e999' is not finite"),
        (0, f"'0' is not more than 0 (try: {UNITS})"),
        ("0 MW", "'0 MW' is not more than 0"),
        (-5, "'-5' is not more than 0"),
        ("-5 MW", "'-5 MW' is not more than 0"),
        (True, "'True' is not a number"),
        (None, "'None' is not a number"),
        ([1], "'[1]' is not a number"),
        ("many", "'many' is not a number"),
        ("", "'' is not a number"),
        ("1.2.3", "'1.2.3' is not a number"),
    ],
)
def test_a_rate_that_cannot_be_used_names_key_value_and_the_units_known(value, words):
    with pytest.raises(BadInput) as caught:
        make_goal({**GOOD, "products": {"solar_panel": value}}, "g.yaml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("g.yaml: products.solar_panel: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["area_m2", "power_kw", "budget_usd", "robots_at_hand", "operating_h", "stock.half_cell"]
)
@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1, "3,5", "3 furlongs", True, "no"])
def test_every_number_of_a_goal_is_refused_by_its_key(key, value):
    changed = {"stock": {"half_cell": value}} if "." in key else {key: value}
    with pytest.raises(BadInput, match=re.escape(f"g: {key}: '{value}'")):
        make_goal({**GOOD, **changed}, "g")


def test_limits_may_be_given_in_their_units_and_stock_may_be_nothing():
    goal = make_goal(
        {**GOOD, "area_m2": "0.25 ha", "power_kw": "1 MW", "budget_usd": "9_000_000 USD", "stock": {"half_cell": 0}},
        "g",
    )
    assert (goal.area_m2, goal.power_kw, goal.budget_usd, goal.stock) == (2500, 1000, 9e6, {"half_cell": 0})
    with pytest.raises(BadInput, match="operating_h"):
        make_goal({**GOOD, "operating_h": 9000}, "more hours than a year has")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{a: 1, a: 2}", "g: the key 'a' is defined twice, line 1"),
        ("a: 1\nb: 2\na: 3\n", "g: the key 'a' is defined twice, lines 1 and 3"),
        ("products:\n  x: 1\n  x: 1\n", "g: the key 'x' is defined twice, lines 2 and 3"),
        ("a: [{b: 1, 'b': 2}]", "the key 'b' is defined twice"),
        ("a: 0100", "line 1: '0100' is not what it seems: YAML reads 64"),
        ("a: 1:30", "line 1: '1:30' is not what it seems: YAML reads 90"),
        ("[" * 5000, "g is not YAML"),
        ("- 1", "not a mapping"),
        ("a: [", "g is not YAML"),
        ("a: 2026-02-31", "g is not YAML"),
    ],
)
def test_yaml_that_does_not_say_what_it_seems_to_is_refused(text, words):
    with pytest.raises(BadInput, match=re.escape(words)):
        read_yaml(text, "g")


def test_yaml_that_is_well_formed_is_read():
    assert read_yaml("a: {b: 10, c: -0.5, d: 0, e: 1e3}\nbase: &x {p: 1}\nmore: {<<: *x, p: 2}", "g") == {
        "a": {"b": 10, "c": -0.5, "d": 0, "e": "1e3"}, "base": {"p": 1}, "more": {"p": 2}}  # fmt: skip


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not on this machine")
@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("infinite", "products.humanoid: 'inf' is not finite"),
        ("twice-the-same-key", "the key 'solar_panel' is defined twice"),
        ("terawatt", "W, kW, MW, GW"),
        ("20k", "W, kW, MW, GW"),
        ("impossible", "impossible at any rate: power"),
    ],
)
def test_the_goals_that_were_reported_are_one_line_each(case, words, tmp_path, capsys):
    assert main(["plan", "design", str(CASES / f"{case}.yaml"), "--runs", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1


def test_the_nearest_goal_is_said_in_the_goals_own_units_and_is_possible():
    hard = dataclasses.replace(load_goal(ROOT / "examples/factory/solar.yaml"), power_kw=150.0)
    with pytest.raises(BadInput, match="impossible: power") as caught:
        design(hard)
    found = re.search(r"products \{solar_panel: ([\d.]+ MW)\}", str(caught.value))
    assert found, str(caught.value)
    raw = {
        "products": {"solar_panel": found[1]},
        "power_kw": 150,
        "area_m2": hard.area_m2,
        "budget_usd": hard.budget_usd,
    }
    again = make_goal({**raw, "name": "again", "robots_at_hand": 20, "catalogues": ["solar", "site"]}, "g")
    assert all(one.ok for one in check(design(again)))
    assert 5 < float(found[1].split()[0]) < 100


def test_a_goal_a_million_times_too_large_has_a_nearest_goal_too():
    goal = load_goal(ROOT / "examples/factory/humanoid.yaml")
    with pytest.raises(BadInput, match="impossible: power") as caught:
        design(dataclasses.replace(goal, products={"humanoid": 2e10}))
    found = re.search(r"products \{humanoid: (\d+)\}", str(caught.value))
    assert found, str(caught.value)
    assert int(found[1]) >= 20_000, "the example's own goal is possible"


def test_a_rate_is_written_in_its_unit_and_never_rounded_up():
    assert in_unit(95_310_000, "MW", 1e6) == "95.31 MW"
    assert in_unit(95_319_999, "MW", 1e6) == "95.31 MW"
    assert in_unit(430, "MW", 1e6) == "0.00043 MW"
    assert in_unit(1_234_567_890, "kW", 1e3) == "1234567 kW"
    assert in_unit(100e6, "MW", 1e6) == "100 MW"
    assert in_unit(1.7 * 1e9, "GW", 1e9) == "1.7 GW"


def test_the_goal_of_the_grown_site_is_written_in_the_units_of_the_first_one(tmp_path):
    blueprint = design(load_goal(ROOT / "examples/factory/self-expanding.yaml"))
    grown = next_goal(blueprint, expand(blueprint, ExpandConfig(years=1))[-1])
    text = goal_text(grown, blueprint.parts)
    assert re.fullmatch(r"[\d.]+ MW", yaml.safe_load(text)["products"]["solar_panel"])
    (tmp_path / "next.yaml").write_text(text)
    read = load_goal(tmp_path / "next.yaml")
    assert read.products == pytest.approx(grown.products, rel=1e-3)
    assert read.power_units == {"solar_panel": "MW"}
