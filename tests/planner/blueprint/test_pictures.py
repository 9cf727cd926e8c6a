"""Pictures hold what they show; a grown site's next goal is a goal that can be designed."""

import dataclasses
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crewless.planner.blueprint.checker import check
from crewless.planner.blueprint.designer import design
from crewless.planner.blueprint.expansion import ExpandConfig, expand
from crewless.planner.blueprint.next_goal import goal_text, next_goal
from crewless.planner.blueprint.pictures import (
    add_schedule,
    draw_construction,
    draw_flow,
    draw_growth,
    draw_plan,
    draw_schedule,
    write_pictures,
)
from crewless.planner.blueprint.pictures.overview import figure
from crewless.planner.goal import load_goal
from crewless.planner.schedule.shift import schedule_shift

EXAMPLES = Path(__file__).parents[3] / "examples/factory"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def site():
    return design(load_goal(EXAMPLES / "self-expanding.yaml"))


def shapes(picture, tag="rect"):
    return [each for each in ElementTree.fromstring(picture).iter(SVG + tag) if each.get("class") == "st"]


def test_the_plan_shows_every_station_and_the_gantt_every_operation(site):
    assert len(shapes(draw_plan(site))) == sum(len(line.stations) for line in site.lines)
    assert len(shapes(draw_construction(site))) == len(site.construction)
    links = sum(len(p.consumes) for p in site.processes)
    assert len(shapes(draw_flow(site), "path")) == links
    shift = schedule_shift(site, 2)
    chart = draw_schedule(site, replace(shift, loads=()))
    bars = shapes(chart)
    assert len(bars) == len(shift.operations)
    # Loads have no bar; the robots that carry them count as busy.
    more = draw_schedule(site, shift)
    assert shift.loads
    assert len(shapes(more)) == len(bars)
    assert more != chart
    # The bar that ends last ends at the right border, 170 + 810.
    ends = [float(bar.get("x", 0)) + float(bar.get("width", 0)) for bar in bars]
    assert max(ends) == pytest.approx(980, abs=1)


def test_one_page_holds_all_pictures_and_needs_no_network(site, tmp_path):
    page = write_pictures(site, check(site), tmp_path)
    add_schedule(page, "<svg id='chart'></svg>", "3 operations & more")
    text = page.read_text()
    assert text.count("<svg") == 4
    assert "3 operations &amp; more" in text
    assert text.index("id='chart'") < text.index("<h2>Checks")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_choice_shows_one_process_in_every_picture(site, tmp_path):
    api = pytest.importorskip("playwright.sync_api")
    import shutil

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    page_file = write_pictures(site, check(site), tmp_path)
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        page.get_by_role("button", name="panel making").click()
        lit = "[...document.querySelectorAll('.st:not(.dim)')].map(e => e.dataset.p)"
        assert set(page.evaluate(lit)) == {"panel_making"}
        page.get_by_role("button", name="panel making").click()
        assert len(set(page.evaluate(lit))) == len(site.processes)
        browser.close()


def test_numbers_are_written_as_a_person_reads_them():
    assert [figure(value) for value in (4_144_000.0, 0.99139, 0, 40000)] == ["4,144,000", "0.9914", "0", "40,000"]


def test_the_next_goal_uses_the_robots_that_the_site_has_made(site, tmp_path):
    config = ExpandConfig(years=2)
    months = expand(site, config)
    goal = next_goal(site, months[-1], config)
    assert goal.robots_at_hand == int(months[-1].robots) > site.goal.robots_at_hand
    (tmp_path / "next.yaml").write_text(goal_text(goal, site.parts))
    again = load_goal(tmp_path / "next.yaml")
    assert again.products == pytest.approx(goal.products, rel=1e-3), "megawatts are written with four figures"
    assert dataclasses.replace(again, products=goal.products) == goal
    bigger = design(again)
    assert all(one.ok for one in check(bigger))
    # With more hands at hand, a site that is several times as large is built sooner than in proportion.
    stations = [sum(len(line.stations) for line in each.lines) for each in (site, bigger)]
    hours = [max(step.end_h for step in each.construction) for each in (site, bigger)]
    assert stations[1] > 2 * stations[0]
    assert hours[1] / hours[0] < stations[1] / stations[0]


def test_the_picture_of_growth_names_what_binds_when(site):
    months = expand(site, ExpandConfig(years=3, area_m2=20_000))
    picture = draw_growth(months)
    ElementTree.fromstring(picture)
    spans = [tuple(map(int, each)) for each in re.findall(r"months (\d+) to (\d+): growth", picture)]
    assert spans[0][0] == 1
    assert spans[-1][1] == 36
    for reason in {one.limits_growth for one in months}:
        assert f"limited by {reason}" in picture
