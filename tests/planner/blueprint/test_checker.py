"""One fact for each thing that the checker measures: what is planted, which checks break by it, and with which figure."""

import dataclasses
from pathlib import Path

import pytest

from crewless.planner.blueprint.cards import SkillCard
from crewless.planner.blueprint.checker import Check, check
from crewless.planner.blueprint.designer import design
from crewless.planner.goal import load_goal

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def solar():
    return design(load_goal(ROOT / "examples/factory/solar.yaml"))


def put(b, **changes):
    return dataclasses.replace(b, **changes)


def nth(b, field, k=0, **changes):
    items = list(getattr(b, field))
    items[k] = put(items[k], **changes)
    return put(b, **{field: tuple(items)})


def by_name(b, field, key, name, **changes):
    k = next(k for k, one in enumerate(getattr(b, field)) if getattr(one, key) == name)
    return nth(b, field, k, **changes)


def station(b, k, **changes):
    """The k-th station of the first line, changed."""
    stations = list(b.lines[0].stations)
    stations[k] = put(stations[k], **changes)
    return nth(b, "lines", 0, stations=tuple(stations))


def place(b, k=0, **changes):
    places = list(b.layout.places)
    places[k] = put(places[k], **changes)
    return put(b, layout=put(b.layout, places=tuple(places)))


def goal(b, **changes):
    return put(b, goal=put(b.goal, **changes))


def stated(b, **changes):
    return put(b, balance=put(b.balance, **changes))


def flow(b, part, **changes):
    return by_name(b, "flows", "part", part, **changes)


def of(b, part):
    return next(f for f in b.flows if f.part == part)


def broken(b):
    return {one.name: one for one in check(b) if not one.ok}


def test_the_example_itself_breaks_nothing_and_every_check_has_a_figure(solar):
    found = check(solar)
    assert broken(solar) == {}
    assert len({one.name for one in found}) == len(found) == 35
    full = {one.name: one.figure for one in found}
    # 100 MW of 430 W panels in 8,000 h: every 123.84 s one; the sums are the checker's own business, the limits the goal's.
    assert 0.5 < full["fullest station"] <= 1
    assert 0 < full["busiest process"] <= 1
    assert {one.name: one.limit for one in found}["power"] == 1000
    assert {one.name: one.limit for one in found}["cost"] == 12_000_000
    assert {one.name: one.limit for one in found}["robots building at the same time"] == 20


def test_names_that_are_there_twice_are_counted_in_flows_and_in_processes(solar):
    twice = put(solar, flows=(*solar.flows, solar.flows[0]))
    assert broken(twice)["names defined twice"].figure == 1
    both = put(twice, processes=(*solar.processes, solar.processes[0]))
    assert broken(both)["names defined twice"].figure == 2
    assert len(check(both)) == 4, "nothing else is looked at"


def test_names_that_refer_to_nothing_are_named_wherever_they_stand(solar):
    def names(b):
        return broken(b)["names without a definition"].names

    assert names(by_name(solar, "flows", "part", "half_cell", part="ghost")) == ("ghost",)
    assert names(nth(solar, "processes", 0, consumes={"ghost": 1.0})) == ("ghost",)
    assert "ghost" in names(nth(solar, "processes", 0, makes="ghost"))
    assert names(nth(solar, "lines", 0, process="ghost")) == ("ghost",)
    task = put(solar.processes[0].tasks[0], skill="ghost")
    assert names(nth(solar, "processes", 0, tasks=(task, *solar.processes[0].tasks[1:]))) == ("ghost",)


def test_what_is_started_times_the_yield_is_what_is_made(solar):
    made = of(solar, "solar_panel")
    more = flow(solar, "solar_panel", started=made.started * 1.01)
    found = broken(more)["largest difference between supply and use of a part"]
    # 1 % more is started than what is made needs; the parts of it are short by as much.
    assert found.figure == pytest.approx(0.01, rel=0.02)
    none = flow(solar, "solar_panel", started=0.0)
    assert broken(none)["largest difference between supply and use of a part"].figure >= 1


@pytest.mark.parametrize(("field", "over"), [("used", 5.0), ("bought", 5.0), ("used", -5.0), ("bought", -5.0)])
def test_a_parts_supply_and_use_meet_to_the_piece(solar, field, over):
    was = of(solar, "glass_sheet")
    found = broken(flow(solar, "glass_sheet", **{field: getattr(was, field) + over}))
    assert found["largest difference between supply and use of a part"].figure == pytest.approx(5 / was.used)


def test_no_part_is_made_by_no_process(solar):
    was = of(solar, "half_cell")
    conjured = flow(solar, "half_cell", made=was.bought, bought=0.0)
    assert broken(conjured)["parts that no process makes"].figure == 1
    two = flow(conjured, "glass_sheet", made=1.0)
    assert broken(two)["parts that no process makes"].figure == 2


def test_stock_may_be_used_to_the_last_piece_and_no_further(solar):
    was = of(solar, "junction_box")
    used = flow(solar, "junction_box", from_stock=7.0, bought=was.bought - 7)
    assert broken(goal(used, stock={"junction_box": 7.0})) == {}
    assert broken(goal(used, stock={"junction_box": 6.0}))["stock used beyond what is available"].figure == 1
    assert broken(used)["stock used beyond what is available"].figure == 7


def test_a_product_is_shipped_in_full(solar):
    less = of(solar, "solar_panel").shipped * 0.999
    assert broken(flow(solar, "solar_panel", shipped=less))["products with too few units shipped"].figure == 1
    gone = put(solar, flows=tuple(f for f in solar.flows if f.part != "solar_panel"))
    assert broken(gone)["products with too few units shipped"].figure == 1


def test_mass_is_kept_by_each_process_and_by_the_site(solar):
    waste = solar.processes[0].waste_kg
    assert broken(nth(solar, "processes", 0, waste_kg=waste + 0.001))[
        "processes whose parts and product differ in mass"
    ].figure == 1  # fmt: skip
    found = broken(flow(solar, "glass_sheet", bought=of(solar, "glass_sheet").bought * 2))
    assert 0 < found["mass that enters but does not leave"].figure < 1


def test_a_station_states_its_own_load(solar):
    load = solar.lines[0].stations[0].load_s
    for wrong in (load * 1.001, load * 0.999):
        assert broken(station(solar, 0, load_s=wrong))["stations with a wrong stated load"].figure == 1
    other = next(k for k, line in enumerate(solar.lines) if line.process != solar.lines[0].process)
    both = station(solar, 0, load_s=1.0)
    both = nth(both, "lines", other, stations=(put(both.lines[other].stations[0], load_s=1.0),))
    assert broken(both)["stations with a wrong stated load"].figure == 2


def test_a_station_may_be_full_and_not_over_full(solar):
    line = solar.lines[0]
    most = max(s.load_s for s in line.stations)

    def at(cycle_s):
        return {c.name: c for c in check(nth(solar, "lines", 0, cycle_s=cycle_s))}["fullest station"]

    assert at(most).ok
    assert at(most).figure == pytest.approx(1)
    assert not at(most * (1 - 1e-6)).ok
    assert at(most * 0.5).figure == pytest.approx(2)


def test_tasks_keep_to_the_order_of_their_stations(solar):
    line = solar.lines[0]
    (only,) = line.stations
    halves = [put(only, tasks=only.tasks[:6]), put(only, name="x", tasks=only.tasks[6:])]
    name = "tasks before their predecessors"
    assert name not in broken(nth(solar, "lines", 0, stations=tuple(halves)))
    # Laminate waits for the electroluminescence, which is the last of the first half; all other orders are within a half.
    assert only.tasks[5:7] == ("electroluminescence", "laminate")
    found = broken(nth(solar, "lines", 0, stations=tuple(halves[::-1])))[name]
    assert found.names == (f"{line.name}: laminate before electroluminescence",)


def test_each_task_stands_in_one_station_once(solar):
    line = solar.lines[0]
    assert (
        broken(nth(solar, "lines", 0, stations=line.stations[1:]))["lines with a task missing or assigned twice"].figure
        == 1
    )
    twice = put(line.stations[0], tasks=(*line.stations[0].tasks, line.stations[0].tasks[0]))
    assert "lines with a task missing or assigned twice" in broken(
        nth(solar, "lines", 0, stations=(twice, *line.stations[1:]))
    )


def test_a_line_has_no_fewer_stations_than_it_says_are_needed(solar):
    count = len(solar.lines[0].stations)
    assert "lines with fewer stations than the proved bound" not in broken(nth(solar, "lines", 0, bound=count))
    assert (
        broken(nth(solar, "lines", 0, bound=count + 1))["lines with fewer stations than the proved bound"].figure == 1
    )


def test_the_lines_of_a_process_make_what_is_started(solar):
    process = solar.lines[0].process
    own = [k for k, line in enumerate(solar.lines) if line.process == process]
    slower = solar
    for k in own:
        slower = nth(slower, "lines", k, cycle_s=solar.lines[k].cycle_s * 1.5)
    assert broken(slower)["busiest process"].figure == pytest.approx(1.5, rel=0.01)
    assert broken(goal(solar, operating_h=4000.0))["busiest process"].figure == pytest.approx(2, rel=0.02)


def test_a_tasks_time_and_tries_are_those_of_its_source(solar):
    name = "tasks whose time or attempts differ from their source"
    was = solar.work[0]
    for changes in (
        {"time_s": was.time_s * 1.001},
        {"tries": was.tries * 1.001},
        {"time_measured": True},
        {"tries_measured": True},
    ):
        assert broken(nth(solar, "work", 0, **changes))[name].figure == 1
    assert broken(put(solar, work=solar.work[1:]))[name].figure == 1
    assert broken(put(solar, work=(*solar.work, was)))[name].figure == 1


def test_robots_are_enough_for_work_and_charging(solar):
    name = "robots working or charging"
    need = {c.name: c for c in check(solar)}[name].figure
    assert solar.balance.robots - 1 < need <= solar.balance.robots, "as few as can be"
    assert broken(stated(solar, robots=solar.balance.robots - 1))[name].figure == need
    # Half of the time on the charger: as many again.
    half = put(solar, robot=put(solar.robot, charging_share=0.5))
    assert {c.name: c for c in check(half)}[name].figure == pytest.approx(need * (1 - solar.robot.charging_share) / 0.5)


def test_a_station_has_the_area_that_its_process_needs(solar):
    need = {p.name: p.station_area_m2 for p in solar.processes}[solar.lines[0].process]
    name = solar.lines[0].stations[0].name
    k = next(k for k, p in enumerate(solar.layout.places) if p.station == name)
    was = solar.layout.places[k]
    assert was.width_m * was.depth_m >= need
    exact = place(solar, k, width_m=need / was.depth_m)
    assert "stations that are too small" not in broken(exact)
    small = place(solar, k, width_m=0.99 * need / was.depth_m)
    assert broken(small)["stations that are too small"].figure == 1


@pytest.mark.parametrize("edge", ["west", "south", "east", "north"])
def test_a_station_stands_inside_the_site_up_to_its_edge(solar, edge):
    # Of the places, the one that is nearest to the edge, moved on to the edge and over it.
    width, depth = solar.layout.width_m, solar.layout.depth_m
    one = solar.layout.places[0]
    at = {
        "west": {"x_m": 0.0},
        "south": {"y_m": 0.0},
        "east": {"x_m": width - one.width_m},
        "north": {"y_m": depth - one.depth_m},
    }[edge]
    ((axis, value),) = at.items()
    over = {axis: value - 0.01 if value == 0 else value + 0.01}
    assert "stations outside the site" not in broken(place(solar, 0, **at))
    assert broken(place(solar, 0, **over))["stations outside the site"].figure == 1


def test_stations_touch_and_do_not_overlap(solar):
    a = solar.layout.places[0]
    beside = place(solar, 1, x_m=a.x_m + a.width_m, y_m=a.y_m, width_m=a.width_m, depth_m=a.depth_m)
    inside = place(solar, 1, x_m=a.x_m + a.width_m - 0.01, y_m=a.y_m, width_m=a.width_m, depth_m=a.depth_m)
    same = place(solar, 1, x_m=a.x_m, y_m=a.y_m, width_m=a.width_m, depth_m=a.depth_m)
    others = {c.name: c for c in check(beside)}["stations that overlap"].figure
    assert broken(inside)["stations that overlap"].figure == others + 1
    assert broken(same)["stations that overlap"].figure >= 1


def test_a_station_stands_off_forbidden_ground_and_aisles(solar):
    a = solar.layout.places[0]
    name = "stations on an aisle or in a forbidden area"
    assert broken(goal(solar, forbidden=((a.x_m, a.y_m, 1.0, 1.0),)))[name].figure == 1
    assert name not in broken(goal(solar, forbidden=((a.x_m - 1, a.y_m, 1.0, 1.0),)))
    aisle = put(solar, layout=put(solar.layout, aisles=(*solar.layout.aisles, (a.x_m, a.y_m, 1.0, 1.0))))
    assert broken(aisle)[name].figure == 1


def test_a_station_is_reached_from_an_aisle_along_more_than_a_metre(solar):
    name = "stations without access to an aisle"
    a = solar.layout.places[0]
    assert broken(put(solar, layout=put(solar.layout, aisles=())))[name].figure == len(solar.layout.places)

    def alone(x_m, wide):
        layout = put(solar.layout, aisles=((x_m, a.y_m - 2, wide, 2.0),))
        return {c.name: c for c in check(put(solar, layout=layout))}[name].figure

    count = alone(a.x_m, 0.5)
    assert count == len(solar.layout.places), "half a metre is too little"
    assert alone(a.x_m, 2.0) < count
    layout = put(solar.layout, aisles=((a.x_m, a.y_m - 2.5, 2.0, 2.0),))
    assert broken(put(solar, layout=layout))[name].figure == count, "half a metre away"


def test_every_station_has_one_place(solar):
    name = "stations without a place, or with two"
    places = solar.layout.places
    for changed, figure in (
        (places[1:], 1),
        ((*places, places[0]), 1),
        ((*places, put(places[0], station="x")), 1),
        (places[2:], 2),
    ):
        assert broken(put(solar, layout=put(solar.layout, places=changed)))[name].figure == figure


def test_power_and_cost_are_counted_from_stations_robots_and_ground(solar):
    found = {c.name: c.figure for c in check(solar)}
    process = {p.name: p for p in solar.processes}
    stations = [process[line.process] for line in solar.lines for _ in line.stations]
    kw = sum(p.station_power_kw for p in stations) + solar.balance.robots * solar.robot.power_kw
    kw += solar.goal.area_m2 * solar.building.power_kw_per_m2
    usd = sum(p.station_cost_usd for p in stations) + max(0, solar.balance.robots - 20) * solar.robot.cost_usd
    usd += solar.goal.area_m2 * solar.building.cost_usd_per_m2
    assert found["power"] == pytest.approx(kw)
    assert found["cost"] == pytest.approx(usd)
    for name, limit, unit in (("power", "power_kw", kw), ("cost", "budget_usd", usd)):
        assert name not in broken(goal(solar, **{limit: unit}))
        assert name in broken(goal(solar, **{limit: unit * 0.999}))


@pytest.mark.parametrize("field", ["stations_usd", "building_usd", "stations_kw", "robots_kw", "building_kw"])
def test_what_is_stated_too_low_is_found_to_the_last_unit(solar, field):
    name = "cost beyond what is stated" if field.endswith("usd") else "power beyond what is stated"
    was = getattr(solar.balance, field)
    assert broken(stated(solar, **{field: was + 1})) == {}, "more may be stated"
    assert broken(stated(solar, **{field: was - 0.01}))[name].figure == pytest.approx(0.01, rel=1e-3)
    assert set(broken(stated(solar, **{field: was - 0.01}))) == {name}


def test_robots_beyond_those_at_hand_are_paid_for(solar):
    few = goal(solar, robots_at_hand=1)
    more = broken(few)["cost beyond what is stated"].figure
    assert more == pytest.approx((solar.balance.robots - 1) * solar.robot.cost_usd)


def test_construction_keeps_its_order_its_crew_and_its_work(solar):
    steps = solar.construction
    k = next(k for k, s in enumerate(steps) if s.after)
    before = {s.name: s for s in steps}[steps[k].after[0]]
    early = nth(solar, "construction", k, start_h=before.end_h - 0.01)
    assert broken(early)["construction steps before their predecessors"].figure == 1
    lost = nth(solar, "construction", k, after=("nowhere",))
    assert broken(lost)["construction steps before their predecessors"].figure == 1
    short = nth(solar, "construction", 0, end_h=steps[0].start_h + 0.99 * (steps[0].end_h - steps[0].start_h))
    assert broken(short)["construction steps shorter than their work"].figure == 1
    most = {c.name: c.figure for c in check(solar)}["robots building at the same time"]
    assert "robots building at the same time" not in broken(goal(solar, robots_at_hand=int(most)))
    assert "robots building at the same time" in broken(goal(solar, robots_at_hand=int(most) - 1))
    gone = put(solar, construction=tuple(s for s in steps if s.line != steps[0].line))
    assert broken(gone)["lines that no construction step builds"].figure == 1


def test_a_skill_is_somebodys(solar):
    skill = solar.processes[0].tasks[0].skill
    by_person = by_name(solar, "skills", "name", skill, kinds=("person",))
    assert broken(by_person)["skills that no robot or machine has"].names == (skill,)
    built = nth(solar, "construction", 0, skill="ghost")
    assert broken(built)["skills that no robot or machine has"].names == ("ghost",)


def test_the_site_is_no_larger_than_the_ground(solar):
    area = solar.layout.width_m * solar.layout.depth_m
    assert "site" not in broken(goal(solar, area_m2=area))
    assert broken(goal(solar, area_m2=area * 0.999))["site"].figure == pytest.approx(area)


def test_a_broken_check_is_said_with_names_or_figures():
    assert str(Check(name="n", figure=6, limit=0, unit="u", ok=False, names=tuple("abcdef"))) == "n: a, b, c, d, e, ..."
    assert str(Check(name="n", figure=5, limit=0, unit="u", ok=False, names=tuple("abcde"))) == "n: a, b, c, d, e"
    assert str(Check(name="n", figure=1234.5, limit=1000, unit="kW", ok=False)) == "n: 1,234, at most 1,000 kW"


def test_a_measured_skill_counts_for_the_tasks_it_names_and_a_general_one_for_the_rest(solar):
    name = "tasks whose time or attempts differ from their source"
    task = next(w for w in solar.work if w.task == "pack")
    card = SkillCard(
        version="1.0", skill=task.skill, trials=59, successes=30, judged_by="the rig", results="x",
        measured_on="2026-11-25", simulated=True, mean_s=28.0, p95_s=40.0, tasks=(f"{task.process}.pack",),
    )  # fmt: skip
    own = goal(solar, skill_cards=(card,))
    assert broken(own)[name].figure == 1, "only the task that the card names"
    k = solar.work.index(task)
    # (59 + 1) / 30 tries of 28 s.
    told = nth(own, "work", k, time_s=28.0, time_measured=True, tries=2.0, tries_measured=True)
    assert name not in broken(told)
    general = goal(solar, skill_cards=(put(card, tasks=()),))
    lifts = sum(w.skill == task.skill for w in solar.work)
    assert broken(general)[name].figure == lifts > 1
    some = nth(general, "work", k, tries=2.0, tries_measured=True)
    assert broken(some)[name].figure == lifts - 1, "a general card says nothing of the time"
    timeless = nth(
        goal(solar, skill_cards=(put(card, mean_s=None, p95_s=None),)), "work", k, tries=2.0, tries_measured=True
    )
    assert name not in broken(timeless)


def test_neither_parts_nor_tasks_wait_for_each_other_in_a_circle(solar):
    k = next(k for k, p in enumerate(solar.processes) if p.makes == "cell_string")
    turning = nth(solar, "processes", k, consumes={**solar.processes[k].consumes, "solar_panel": 1.0})
    assert broken(turning)["parts in a cycle of the bill of materials"].names == ("cell_string", "solar_panel")
    tasks = solar.processes[k].tasks
    circle = nth(solar, "processes", k, tasks=(put(tasks[0], after=("inspect",)), *tasks[1:]))
    assert broken(circle)["tasks in a cycle of their process"].names == (
        "stringing: inspect", "stringing: load_cells", "stringing: solder",
    )  # fmt: skip


def test_crews_that_follow_each_other_in_the_same_hour_are_not_there_at_once(solar):
    first, second = solar.construction[:2]
    name = "robots building at the same time"
    steps = (put(first, start_h=0.0, end_h=10.0, robots=20), put(second, start_h=10.0, end_h=20.0, robots=20, after=()))
    assert name not in broken(put(solar, construction=steps))
    overlap = put(solar, construction=(steps[0], put(steps[1], start_h=9.0)))
    assert broken(overlap)[name].figure == 40


def test_a_bound_that_the_line_does_not_have_is_named(solar):
    found = broken(nth(solar, "lines", 0, bound=2))
    assert found["lines whose stated bound cannot be proved"].names == (solar.lines[0].name,)
