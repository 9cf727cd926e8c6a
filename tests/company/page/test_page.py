"""The page's server answers a scenario with the changed company, refuses what it cannot, and the page itself reacts to a click."""

import http.client
import json
import shutil

import pytest

from crewless.company.page.sheet_app import serve, sheet_app
from crewless.company.page.state import Page, changed, scenario_of
from crewless.company.sheet.example import example_sheet
from crewless.company.sheet.model import Duration
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
