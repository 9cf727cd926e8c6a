"""The designer's blueprints pass a checker that finds every fault planted in them; what cannot be used is one clear line."""

import dataclasses
import json
import random
import re
from pathlib import Path

import pytest
from benchmarks.balance import CYCLE, faults, generate

from crewless.cli import main
from crewless.core.errors import BadInput
from crewless.core.events import EventLog
from crewless.planner.blueprint.balance import balance, greedy, lower_bound, topological
from crewless.planner.blueprint.cards import SkillCard
from crewless.planner.blueprint.checker import check
from crewless.planner.blueprint.designer import design
from crewless.planner.blueprint.expansion import ExpandConfig, expand
from crewless.planner.blueprint.layout import arrange, make_floor
from crewless.planner.blueprint.measured import make_card, read_cards, read_tries, write_card
from crewless.planner.blueprint.model import load_blueprint, schema, to_json
from crewless.planner.goal import load_goal, make_goal

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples/factory").glob("*.yaml"))
SMALL = {"name": "x", "products": {"solar_panel": "10 MW"}, "area_m2": 2500, "power_kw": 1000, "budget_usd": 9e6,
         "robots_at_hand": 10, "catalogues": ["solar", "site"]}  # fmt: skip
CARD = {"version": "1.0", "skill": "lifting", "trials": 60, "successes": 57, "judged_by": "the rig", "results": "tries.jsonl",
        "measured_on": "2026-11-25", "simulated": True}  # fmt: skip


@pytest.fixture(scope="module")
def solar():
    return design(load_goal(ROOT / "examples/factory/solar.yaml"))


def test_lower_bound_of_hand_cases():
    assert lower_bound([4, 3, 3], 5) == 3  # LM1: ceil(10/5) = 2; LM2: three tasks over half of the cycle
    assert lower_bound([5, 5, 5, 5], 10) == 2
    assert lower_bound([4, 4, 4, 4, 4], 10) == 3  # LM3: five tasks over a third, two fit: 2.5 stations


def test_no_lower_bound_is_over_the_fewest_stations_by_trying_everything():
    assert (
        lower_bound([5.5, 4.6, 4.6, 4.6], 10) == 3
    )  # by pairs: 5.5 fits with nothing, and two of the others remain apart

    def fewest(times, bins):
        if not times:
            return len(bins)
        tries = [[*bins[:k], b + times[0], *bins[k + 1 :]] for k, b in enumerate(bins) if b + times[0] <= 12]
        return min(fewest(times[1:], more) for more in [*tries, [*bins, times[0]]])

    source, tight = random.Random(1), 0
    for _ in range(60):
        times = [source.randint(1, 12) for _ in range(source.randint(1, 7))]
        bound, least = lower_bound(times, 12), fewest(times, [])
        assert bound <= least
        tight += bound == least
    assert tight > 50


def test_generated_lines_have_the_order_strength_that_was_asked_for_and_their_balances_hold():
    times, after = generate(30, 0.6, "both", 1)
    before = {}
    for name in times:  # earlier tasks have smaller numbers
        before[name] = set(after[name]).union(*(before[one] for one in after[name]))
    assert 0.6 <= sum(map(len, before.values())) / (30 * 29 / 2) < 0.75
    stations, bound = balance(times, after, CYCLE)
    assert faults(times, after, stations) == []
    assert bound <= len(stations)
    assert faults(times, after, stations[::-1])


def test_balance_of_a_hand_case_is_optimal_where_the_greedy_rule_is_not():
    # 6 + 4 and 5 + 5 fill two stations of 10; in order of weight 6, 5, 5, 4 no rule may need fewer.
    times = {"a": 6.0, "b": 5.0, "c": 5.0, "d": 4.0}
    stations, bound = balance(times, dict.fromkeys(times, ()), 10)
    assert sorted(map(sorted, stations)) == [["a", "d"], ["b", "c"]]
    assert bound == 2


def test_search_beats_the_greedy_rule_where_precedence_misleads_it():
    # Weights: a 5, b 4, c 3, d 3, e 3, f 2. By rank 5+4, then 3+3+3, then 2; 5+3+2 and 4+3+3 fill two stations.
    times = {"a": 5.0, "b": 4.0, "c": 3.0, "d": 3.0, "e": 3.0, "f": 2.0}
    none = dict.fromkeys(times, ())
    assert len(greedy(times, none, 10)) == 3
    assert (len(balance(times, none, 10)[0]), balance(times, none, 10)[1]) == (2, 2)


def test_a_cycle_is_shown():
    with pytest.raises(BadInput, match="a <- b <- a"):
        topological({"a": ("b",), "b": ("a",)}, "the tasks")


def test_layout_brings_together_what_exchanges_much_and_keeps_off_forbidden_ground():
    floor = make_floor(900, 4, 10, forbidden=[(4, 4, 4, 4)])
    assert (4.0, 4.0) not in floor.slots
    needs = {name: [1] for name in "abcdefghij"}
    taken, after, before = arrange(floor, needs, {("a", "e"): 1.0}, seed=1)
    a, e = floor.slots[taken["a"][0][0]], floor.slots[taken["e"][0][0]]
    assert abs(a[0] - e[0]) + abs(a[1] - e[1]) == after == 4 < before


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_check_holds_on_the_examples(path):
    assert [one for one in check(design(load_goal(path))) if not one.ok] == []


def _flow(b, part, **changes):
    return dataclasses.replace(
        b, flows=tuple(dataclasses.replace(f, **changes) if f.part == part else f for f in b.flows)
    )


def _first(b, field, **changes):
    items = getattr(b, field)
    return dataclasses.replace(b, **{field: (dataclasses.replace(items[0], **changes), *items[1:])})


FAULTS = {
    "mass that enters but does not leave": lambda b: _flow(b, "glass_sheet", bought=1e6),
    "largest difference between supply and use of a part": lambda b: _flow(b, "half_cell", bought=5.0),
    "products with too few units shipped": lambda b: _flow(b, "solar_panel", shipped=1.0),
    "stock used beyond what is available": lambda b: _flow(b, "junction_box", from_stock=7.0),
    "processes whose parts and product differ in mass": lambda b: _first(b, "processes", waste_kg=3.0),
    "tasks whose time or attempts differ from their source": lambda b: _first(b, "work", tries=1.0),
    "fullest station": lambda b: _first(b, "lines", cycle_s=1.0),
    "lines with a task missing or assigned twice": lambda b: _first(b, "lines", stations=b.lines[0].stations[1:]),
    "busiest process": lambda b: dataclasses.replace(b, lines=b.lines[1:]),
    "lines with fewer stations than the proved bound": lambda b: _first(b, "lines", bound=99),
    "skills that no robot or machine has": lambda b: dataclasses.replace(
        b, skills=tuple(dataclasses.replace(s, kinds=("person",)) for s in b.skills)
    ),
    "robots working or charging": lambda b: dataclasses.replace(b, balance=dataclasses.replace(b.balance, robots=0)),
    "power beyond what is stated": lambda b: dataclasses.replace(
        b, balance=dataclasses.replace(b.balance, stations_kw=0.0)
    ),
    "power": lambda b: dataclasses.replace(b, goal=dataclasses.replace(b.goal, power_kw=1.0)),
    "cost": lambda b: dataclasses.replace(b, goal=dataclasses.replace(b.goal, budget_usd=1.0)),
    "site": lambda b: dataclasses.replace(b, goal=dataclasses.replace(b.goal, area_m2=1.0)),
    "stations that overlap": lambda b: dataclasses.replace(
        b, layout=dataclasses.replace(b.layout, places=tuple(
            dataclasses.replace(p, x_m=4.0, y_m=4.0) for p in b.layout.places))),
    "stations on an aisle or in a forbidden area": lambda b: dataclasses.replace(
        b, goal=dataclasses.replace(b.goal, forbidden=((0.0, 0.0, 50.0, 50.0),))),
    "stations without access to an aisle": lambda b: dataclasses.replace(
        b, layout=dataclasses.replace(b.layout, aisles=())),
    "stations without a place, or with two": lambda b: dataclasses.replace(
        b, layout=dataclasses.replace(b.layout, places=b.layout.places[1:])),
    "robots building at the same time": lambda b: dataclasses.replace(
        b, goal=dataclasses.replace(b.goal, robots_at_hand=1)),
    "construction steps before their predecessors": lambda b: dataclasses.replace(
        b, construction=tuple(dataclasses.replace(s, start_h=0.0) for s in b.construction)),
    "construction steps shorter than their work": lambda b: _first(b, "construction", work_h=1e9),
    "lines that no construction step builds": lambda b: dataclasses.replace(b, construction=()),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_checker_finds_a_planted_fault(solar, name):
    broken = {one.name for one in check(FAULTS[name](solar)) if not one.ok}
    assert name in broken


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b["processes"][0].update(consumes={"solar_panel": 1}), "cycle of the bill of materials: cell_string, solar_panel"),
        (lambda b: b["processes"][0]["tasks"][0].update(skill="alchemy"), "without a definition: alchemy"),
        (lambda b: b["goal"].update(stock={"half_cell": -5}), "goal.stock.half_cell: .*not '-5'"),
        (lambda b: b["processes"][1]["tasks"][0].update(after=["pack"]), "cycle of their process: .*panel_making: back_film"),
        (lambda b: b.update(skills=[s | {"kinds": ["person"]} for s in b["skills"]]), "skills that no robot or machine has: building, fine_assembly, "),
    ],
)  # fmt: skip
def test_a_blueprint_that_does_not_hold_is_refused_by_name(solar, tmp_path, capsys, change, words):
    raw = json.loads(to_json(solar))
    change(raw)
    (tmp_path / "b.json").write_text(json.dumps(raw))
    assert main(["plan", "schedule", str(tmp_path / "b.json"), "--runs", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert re.search(words, told), told
    assert len(told.splitlines()) == 1


def test_the_file_is_read_back_and_the_published_schema_is_the_code_s(solar):
    import fastjsonschema

    assert load_blueprint(to_json(solar), "x") == solar
    published = json.loads((ROOT / "docs/reference/blueprint.schema.json").read_text())
    assert published == schema()
    with pytest.raises(fastjsonschema.JsonSchemaException):
        fastjsonschema.compile({**published, "$schema": "http://json-schema.org/draft-07/schema#"})({"version": "1.0"})


def test_another_version_is_refused(solar):
    with pytest.raises(BadInput, match=r"version '9\.0'.*2\.1"):
        load_blueprint(to_json(dataclasses.replace(solar, version="9.0")), "x")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"products": {"toaster": 5}}, "unknown product 'toaster'"),
        ({"products": {"half_cell": 5}}, "no process makes 'half_cell'"),
        ({"products": {"solar_panel": -5}}, "not more than 0"),
        ({"stock": {"half_cell": -1}}, "stock.half_cell"),
        ({"robots_at_hand": 0}, "robots_at_hand"),
        ({"colour": "red"}, "colour"),
        ({"catalogues": ["steel"]}, "no catalogue 'steel'"),
        ({"skill_cards": [{**CARD, "skill": "juggling"}]}, "unknown skill 'juggling'"),
        ({"skill_cards": [{**CARD, "tasks": ["panel_making.bus"]}]}, "names the task 'panel_making.bus'"),
        ({"skill_cards": [CARD, CARD]}, "two skill cards of 'lifting'"),
        ({"skill_cards": {"lifting": 0.5}}, "not a list of cards"),
        ({"skill_cards": [{**CARD, "successes": 61}]}, "61 successes in 60 trials"),
        ({"skill_cards": [{**CARD, "version": "9.0"}]}, "version '9.0'"),
        ({"skill_cards": ["nowhere.yaml"]}, "nowhere.yaml"),
    ],
)
def test_a_goal_that_cannot_be_used_is_one_clear_line(changes, words):
    with pytest.raises(BadInput, match=words.replace(".", r"\.")) as caught:
        make_goal({**SMALL, **changes}, "goal")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("half_cell: 18", "solar_panel: 1", "the bill of materials has a cycle"),
        ("skill: soldering", "skill: alchemy", "'alchemy', which no robot or machine has"),
        ("half_cell: 18", "unobtainium: 1", "unknown part 'unobtainium'"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_one_clear_line(tmp_path, old, new, words):
    text = (ROOT / "src/crewless/planner/blueprint/data/solar.yaml").read_text()
    (tmp_path / "own.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput, match=words):
        make_goal({**SMALL, "catalogues": [str(tmp_path / "own.yaml"), "site"]}, "goal")


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("power_kw", 2000.0, "power"), ("budget_usd", 50e6, "budget"), ("area_m2", 8000.0, "space")],
)
def test_an_impossible_goal_names_what_binds_and_a_nearest_goal_that_is_possible(limit, value, words):
    hard = dataclasses.replace(load_goal(ROOT / "examples/factory/robots-and-panels.yaml"), **{limit: value})
    with pytest.raises(BadInput, match=f"impossible: .*{words}") as caught:
        design(hard)
    found = re.search(r"products \{humanoid: (\d+), solar_panel: ([\d.]+) MW\}", str(caught.value))
    assert found
    nearest = {"humanoid": float(found[1]), "solar_panel": float(found[2]) * 1e6 / 430}
    assert all(one.ok for one in check(design(dataclasses.replace(hard, products=nearest))))
    assert nearest["humanoid"] > 100_000, "near means not far below the goal"


def test_a_goal_that_no_rate_makes_possible_says_so():
    goal = dataclasses.replace(load_goal(ROOT / "examples/factory/humanoid.yaml"), power_kw=1.0)
    with pytest.raises(BadInput, match="impossible at any rate: power"):
        design(goal)


def test_a_skill_card_takes_the_place_of_assumptions_and_is_named_as_the_source():
    general = {**CARD, "trials": 59, "successes": 30}  # (59 + 1) / 30 = 2 tries
    own = {
        **CARD,
        "trials": 9,
        "successes": 10 - 2,
        "mean_s": 28.0,
        "p95_s": 40.0,
        "tasks": ["panel_making.lay_strings"],
    }
    assumed = design(make_goal(SMALL, "g"))
    carded = design(make_goal({**SMALL, "skill_cards": [general, own]}, "g"))
    assert all(one.ok for one in check(carded))
    total = [sum(s.load_s for s in b.lines[0].stations) for b in (assumed, carded)]
    # Lifting: front film 15 s, strings 35 s, back film 25 s, pack 25 s, at 0.99. Then 65 s in 2 tries, and 28 s in 10 / 8.
    assert total[1] - total[0] == pytest.approx(65 * 2 + 28 * 10 / 8 - 100 / 0.99)
    work = {one.task: one for one in carded.work}
    assert (work["lay_strings"].time_measured, work["pack"].time_measured, work["bus"].tries_measured) == (
        True,
        False,
        False,
    )
    assert work["pack"].tries_source.startswith("measured: 30 of 59 (38% to 63%), judged by the rig")
    assert work["bus"].tries_source.startswith("assumption")
    assert load_blueprint(to_json(carded), "x") == carded


def test_a_card_is_made_from_tries_events_and_benchmark_rows(tmp_path):
    said = {"skill": "lifting", "judged_by": "the rig", "results": "x", "measured_on": "2026-11-25", "simulated": True}
    tries = tmp_path / "tries.jsonl"
    tries.write_text(
        "".join(json.dumps({"seconds": s, "outcome": o}) + "\n" for s, o in ((4, "right"), (6, "wrong"), (5, "right")))
    )
    card = make_card(read_tries(tries), **said)
    assert (card.trials, card.successes, card.mean_s, card.p95_s, card.tries) == (3, 2, 5.0, 6.0, 2.0)
    clock = iter((0.0, 10.0, 12.0, 20.0, 21.0, 30.0))
    log = EventLog(tmp_path / "run/events.jsonl", clock=lambda: next(clock))
    for case, outcome in (("a", "right"), ("b", "handed_over"), ("c", "forfeited")):
        log.add(case=case, cell="work", resource="robot", kind="start")
        log.add(case=case, cell="work", resource="robot", kind="verdict", outcome=outcome)
    found = read_tries(tmp_path / "run", {"cell": "work"})
    assert (found.trials, found.successes, found.seconds) == (2, 1, (10.0, 8.0))
    bench = ROOT / "benchmarks/results/manipulation.json"
    oracle = make_card(read_tries(bench, {"task": "cube_rotate", "policy": "oracle"}), **said)
    assert (oracle.trials, oracle.successes, oracle.mean_s) == (100, 100, None)
    # Wilson's lower end when all succeed: n / (n + z^2).
    assert oracle.interval[0] == pytest.approx(100 / (100 + 1.96**2))
    write_card(oracle, tmp_path / "cards/lifting.json")
    assert read_cards([tmp_path / "cards"]) == (oracle,)
    assert json.loads((ROOT / "docs/reference/skill-card.schema.json").read_text()) == schema(SkillCard)
    with pytest.raises(BadInput, match="none of 100 attempts"):
        make_card(read_tries(bench, {"task": "cube_rotate", "policy": "nothing"}), **said)
    for path, where, words in (
        (bench, {"task": "cube_rotate"}, "contains 2 matching rows"), (tries, {"outcome": "?"}, r"no attempt with outcome=\?"), (tmp_path / "no", {}, "does not exist"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=words):
            read_tries(path, where)


def test_the_commands_make_a_card_and_design_by_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("tries.jsonl").write_text('{"ok": true}\n{"ok": false}\n')
    assert (
        main(["skill", "tries.jsonl", "--skill", "lifting", "--judged-by", "rig", "--measured-on", "2026-11-25"]) == 0
    )
    assert "1 of 2" in capsys.readouterr().out
    goal = str(ROOT / "examples/factory/solar.yaml")
    assert main(["plan", "design", goal, "--skills", "skills"]) == 0
    assert "4 of 15 tasks use measured skills" in capsys.readouterr().out
    page = next(Path("runs").glob("*/blueprint.html")).read_text()
    assert "measured: 1 of 2" in page
    assert "assumption" in page


def test_the_expanding_site_grows_and_says_what_binds():
    months = expand(design(load_goal(ROOT / "examples/factory/self-expanding.yaml")), ExpandConfig(years=3))
    assert len(months) == 36
    assert months[-1].stations > months[0].stations
    assert all(one.limits_growth and one.limits_production for one in months)
    poor = expand(
        design(load_goal(ROOT / "examples/factory/self-expanding.yaml")), ExpandConfig(years=1, area_m2=10_000)
    )
    assert {one.limits_growth for one in poor} == {"land"}
    assert poor[-1].stations == pytest.approx(poor[0].stations)


def test_a_factory_that_makes_no_kits_cannot_expand(solar):
    with pytest.raises(BadInput, match="does not make humanoid"):
        expand(solar)


def test_a_blueprint_that_somebody_broke_is_refused_by_the_command(solar, tmp_path, capsys):
    from crewless.cli import main

    (tmp_path / "b.json").write_bytes(to_json(FAULTS["power"](solar)))
    assert main(["plan", "run", str(tmp_path / "b.json"), "--runs", str(tmp_path)]) == 2
    assert "fails its checks: power:" in capsys.readouterr().err
    cyclic = tuple(dataclasses.replace(p, consumes={**p.consumes, "solar_panel": 1.0}) for p in solar.processes)
    (tmp_path / "c.json").write_bytes(to_json(dataclasses.replace(solar, processes=cyclic)))
    assert main(["plan", "schedule", str(tmp_path / "c.json"), "--runs", str(tmp_path)]) == 2
    assert "cycle of the bill of materials: cell_string, solar_panel" in capsys.readouterr().err


def test_one_command_leads_from_a_goal_to_a_run_factory(tmp_path):
    from crewless.cli import main

    assert main(["plan", "run", str(ROOT / "examples/factory/solar.yaml"), "--runs", str(tmp_path)]) == 0
    (folder,) = tmp_path.iterdir()
    names = {path.name for path in folder.iterdir()}
    assert {"blueprint.json", "checks.json", "blueprint.html", "plan.json", "schedule.svg", "events.jsonl"} <= names
    assert {"floor.json", "positions.jsonl", "site.jsonl"} <= names
    assert json.loads((folder / "outcome.json").read_text())["lost"] == 0
    assert "http" not in (folder / "blueprint.html").read_text().replace("http://www.w3.org/2000/svg", "")


def test_a_plan_is_written_with_its_bound_and_carried_out_as_it_was_written(tmp_path, capsys):
    from crewless.cli import main

    goal = str(ROOT / "examples/factory/solar.yaml")
    assert main(["plan", "schedule", goal, "--units", "1", "--runs", str(tmp_path / "a")]) == 0
    (file,) = tmp_path.glob("a/*/plan.json")
    planned = json.loads(file.read_text())
    assert 0 < planned["lower_bound_s"] <= planned["makespan_s"]
    assert planned["gap"] == pytest.approx(1 - planned["lower_bound_s"] / planned["makespan_s"])
    assert main(["fleet", "run", str(file), "--runs", str(tmp_path / "b")]) == 0
    (outcome,) = tmp_path.glob("b/*/outcome.json")
    ran = json.loads(outcome.read_text())
    assert ran["carried"] > 0
    assert ran["done"] - ran["carried"] == len(planned["operations"])
    (tmp_path / "other.json").write_text(json.dumps({**planned, "stations": planned["stations"][1:]}))
    assert main(["fleet", "run", str(tmp_path / "other.json"), "--runs", str(tmp_path)]) == 2
    assert "which does not exist" in capsys.readouterr().err
