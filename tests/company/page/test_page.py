"""The page's server answers a scenario with the changed company, refuses what it cannot, and the page itself reacts to a click."""

import http.client
import json
import shutil

import pytest

from crewless.company.page.sheet_app import serve, sheet_app
from crewless.company.page.state import Page, changed, scenario_of
from crewless.company.sheet.example import example_sheet
from crewless.company.sheet.model import Arrow, Cell, Duration, Gateway, Pool, Sheet, WorkProfile
from crewless.company.sheet.quantiles import scaled
from crewless.core.errors import BadInput
from crewless.core.web import WebServer


@pytest.fixture(scope="module")
def port():
    with WebServer(sheet_app(Page(example_sheet(), {}, "example"))) as server:
        yield server.port


def ask(port: int, method: str, path: str, body: object = None, host: str = "localhost") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {"Host": f"{host}:{port}"})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_a_cell_that_is_handed_over_changes_the_company(port):
    status, text = ask(port, "POST", "/run", {"choice": {}})
    same = json.loads(text)
    assert status == 200
    assert same["measures"]["lead_h"]["gap"] == 0
    handed = json.loads(ask(port, "POST", "/run", {"choice": {"assemble": "robot", "review design": "ai"}})[1])
    assert handed["measures"]["lead_h"]["gap"] < 0
    assert handed["measures"]["meeting_h"]["significant"]
    assert handed["cells"][15][3] == 0, "AI meets nobody"


def test_the_sliders_change_it_too(port):
    lead = {}
    for name, scenario in {
        "as it is": {}, "less demand": {"demand": 0.5}, "no errors": {"errors": 0}, "more staff": {"members": {"floor": 30}},
    }.items():  # fmt: skip
        lead[name] = json.loads(ask(port, "POST", "/run", scenario)[1])["measures"]
    assert lead["less demand"]["throughput"]["mean"] == pytest.approx(
        lead["as it is"]["throughput"]["mean"] / 2, rel=0.1
    )
    assert lead["no errors"]["right"]["mean"] == 1.0
    assert lead["more staff"]["lead_h"]["mean"] < lead["as it is"]["lead_h"]["mean"]


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ({"choice": {"asemble": "ai"}}, "asemble"),
        ({"choice": {"assemble": "ai"}}, "cells row 23 (assemble)"),
        ({"choice": {"assemble": "dog"}}, "dog"),
        ({"demand": 0}, "demand 0"),
        ({"demand": "much"}, "much"),
        ({"members": {"floor": 0}}, "floor"),
        ({"members": {"test": 1}}, "test has 1 members"),
        ([1], "[1]"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_with_its_value(port, scenario, words):
    status, text = ask(port, "POST", "/run", scenario)
    assert status == 400
    assert words in json.loads(text)["error"]


def test_other_paths_and_other_hosts_get_nothing(port):
    assert ask(port, "GET", "/etc/passwd")[0] == 404
    assert ask(port, "GET", "/run")[0] == 404
    assert ask(port, "POST", "/none", {})[0] == 400
    assert ask(port, "POST", "/run")[0] == 400
    assert "more than 1,000,000 bytes" in ask(port, "POST", "/run", {"choice": "x" * 1_000_000})[1]
    assert ask(port, "GET", "/opening", host="evil.example")[0] == 403
    assert ask(port, "POST", "/run", {}, host="evil.example")[0] == 403


def test_a_taken_port_is_bad_input(port):
    with pytest.raises(BadInput, match=f":{port}: Address already in use"):
        serve(example_sheet(), {}, port=port, name="example")


def test_the_report_sets_the_choice_beside_the_sheet(port):
    status, page = ask(port, "POST", "/report", {"choice": {"assemble": "robot"}})
    assert status == 200
    assert "as opened" in page
    assert "<svg" in page


def test_demand_scales_every_distribution():
    for kind, numbers, mean in (
        ("gamma", (2.0, 3.0), 6.0), ("uniform", (1.0, 3.0), 2.0), ("exponential", (4.0,), 4.0), ("weibull", (1.0, 3.0), 3.0),
    ):  # fmt: skip
        half = scaled(Duration(kind=kind, numbers=numbers), 0.5).numbers
        means = {"gamma": lambda n: n[0] * n[1], "uniform": sum, "exponential": sum, "weibull": lambda n: n[1]}
        assert means[kind](half) == pytest.approx(means[kind](numbers) / 2), mean
    assert scaled(Duration(kind="lognormal", numbers=(1.0, 0.3)), 2.0).numbers == pytest.approx((1.6931, 0.3), abs=1e-4)
    scenario = scenario_of(example_sheet(), {"errors": 20})
    assert max(w.error for c in changed(example_sheet(), scenario).cells for w in c.works.values()) == 1.0


def people_only() -> Sheet:
    """Two cells of people, one after the other, as a log gives them; a choice with labels behind the first."""
    works = {"person": WorkProfile(resource="desk", duration=Duration(kind="exponential", numbers=(0.5,)))}
    return Sheet(
        cells=(Cell(name="check", role="clerks", works=works), Cell(name="pay", role="clerks", works=works)),
        gateways=tuple(Gateway(name=n, kind=k) for n, k in (("in", "start"), ("ok?", "xor"), ("out", "end"))),
        arrows=(
            Arrow(source="in", target="check"),
            Arrow(source="check", target="ok?"),
            Arrow(source="ok?", target="pay", probability=0.75, label="approved"),
            Arrow(source="ok?", target="out", probability=0.25, label="refused"),
            Arrow(source="pay", target="out", delay=Duration(numbers=(24.0,))),
        ),
        resources=(Pool(name="desk", count=2),),
    )


def test_machines_that_the_sheet_does_not_know_are_asked_for_or_measured():
    page = Page(people_only(), {}, "people")
    everything = {"check": "ai", "pay": "ai"}
    with pytest.raises(BadInput, match="the sheet does not say how 'ai' does it"):
        page.answer({"choice": everything})
    found = page.answer({"choice": everything, "machine": {"seconds": 36, "error": 0.1, "workers": 2}})
    # Half an hour each by people, 36 s by machines.
    assert found["cells"][0][2] == pytest.approx(0.01, rel=0.02)
    assert found["measures"]["right"]["mean"] == pytest.approx(0.9 * (1 - 0.75 * 0.1), abs=0.02)
    with pytest.raises(BadInput, match="no worker was measured"):
        page.answer({"choice": everything, "machine": {"measured": True}})
    worker = WorkProfile(resource="worker", duration=Duration(numbers=(0.02,)), error=0.0)
    measured = Page(people_only(), {}, "people", worker=worker, measured="run 7")
    assert measured.opening()["worker"] == {"words": "72 s a visit, 0.0% wrong (run 7)"}
    assert measured.answer({"choice": everything, "machine": {"measured": True}})["cells"][1][2] == pytest.approx(
        0.015, abs=0.001
    )


@pytest.mark.parametrize(
    ("machine", "words"),
    [({"seconds": -1, "error": 0}, "seconds -1"), ({"seconds": 1, "error": 2}, "error 2"), ({"seconds": 1}, "error None"), ({"seconds": 1, "error": 0, "workers": 0}, "workers 0"), (3, "machine 3")],
)  # fmt: skip
def test_a_machine_that_cannot_be_is_refused_with_its_value(machine: object, words: str):
    with pytest.raises(BadInput, match=words):
        scenario_of(people_only(), {"machine": machine})


def test_the_map_has_every_node_and_arrow_with_labels_shares_and_delays():
    found = Page(people_only(), {}, "people").opening()["map"]
    assert [node["layer"] for node in sorted(found["nodes"], key=lambda n: n["layer"])] == [0, 1, 2, 3, 4]
    arrows = {(a["source"], a["target"]): a for a in found["arrows"]}
    assert (arrows["ok?", "pay"]["label"], arrows["ok?", "pay"]["share"]) == ("approved", 0.75)
    assert arrows["pay", "out"]["delay_h"] == pytest.approx(24.0)


def test_the_choice_can_be_taken_along_as_bpmn(port):
    status, text = ask(port, "POST", "/bpmn", {"choice": {"assemble": "robot"}})
    assert status == 200
    assert "processSimulationInfo" in text
    assert "BPMNShape" in text


@pytest.mark.browser
def test_the_page_fits_a_telephone_and_says_what_machines_need():
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium")
    errors: list[str] = []
    with playwright.sync_playwright() as driver, WebServer(sheet_app(Page(people_only(), {}, "people"))) as server:
        browser = driver.chromium.launch(executable_path=chromium)
        tab = browser.new_page(viewport={"width": 390, "height": 844})
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"http://localhost:{server.port}/")
        tab.wait_for_selector("body[data-version='1']")
        wide = "document.documentElement.scrollWidth"
        assert tab.evaluate(wide) <= 390
        assert "approved · 75 %" in (tab.locator("#map").text_content() or "")
        assert "median" in tab.locator(".card[data-measure=lead_h]").inner_text()
        tab.click("#machines")
        assert "2 of 2 cells say only how people do them" in tab.locator("#needs").inner_text()
        assert "--worker run:DIR" in tab.locator("#needs").inner_text()
        assert tab.evaluate(wide) <= 390
        tab.click("#given")
        tab.wait_for_selector("body[data-version='2']")
        assert tab.locator("button.by.person").count() == 0
        tab.click("#map [data-node=check]")
        tab.wait_for_selector("body[data-version='3']")
        assert tab.locator("tr[data-cell=check] button").inner_text() == "person"
        assert tab.evaluate(wide) <= 390
        browser.close()
    assert not errors


@pytest.mark.browser
def test_a_click_on_a_row_hands_the_cell_over_on_the_page(port):
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium)
        tab = browser.new_page()
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"http://localhost:{port}/")
        tab.wait_for_selector("body[data-version='1']")
        card = tab.locator(".card[data-measure=lead_h]")
        before = card.inner_text()
        tab.click("tr[data-cell=assemble]")
        tab.wait_for_selector("body[data-version='2']")
        assert tab.locator("tr[data-cell=assemble] button").inner_text() == "robot"
        assert card.inner_text() != before
        assert "−" in card.inner_text()
        tab.click("#machines")
        tab.wait_for_selector("body[data-version='3']")
        assert tab.locator("button.by.person").count() == 0
        tab.evaluate("scenario.demand = -1; run()")
        tab.wait_for_selector("body[data-version='4']")
        assert "demand -1" in tab.locator("#alert").inner_text()
        browser.close()
    assert not errors
