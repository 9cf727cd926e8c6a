"""The dashboard reads run folders and what is added to them; a real browser sees every robot where the run put it."""

import json
import shutil
import threading
import time
import urllib.error
import urllib.request

import pytest

from crewless.core.errors import BadInput
from crewless.dashboard import Dashboard, DashboardConfig, Tail, list_runs

CHROMIUM = shutil.which("chromium")
FLOOR = {
    "name": "a small floor", "width_m": 20, "depth_m": 10, "cell_m": 2, "cells": ["##########"] * 3 + ["<" * 10, ">" * 10],
    "doing": ["idle", "driving", "working", "charging", "cooling", "paused", "empty", "dead"], "operations": 4,
    "planned_s": 100, "lower_bound_s": 90, "stations": [["press-1.1", "press", 4, 4, 4, 4]], "chargers": [[17, 5]],
    "forbidden": [],
}  # fmt: skip


def frame(t, done, robots, **more):
    rest = {"conflicts": 0, "working": [], "down": [], "closed": []}
    return json.dumps({"t": t, "done": done, "open": 4 - done, "robots": robots, **rest, **more}) + "\n"


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs" / "20260101-000000-plan-run"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"command": "plan-run"}')
    (folder / "floor.json").write_text(json.dumps(FLOOR))
    (folder / "schedule.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder / "positions.jsonl").write_text(
        frame(0, 0, [[1, 1, 0, 1, 90, 30], [5, 5, 0, 2, 50, 60]], names=["r-1", "r-2"])
        + frame(10, 1, [[3, 1, 0, 1, 90, 31], [5, 5, 0, 2, 49, 61]])
    )
    event = {"t": 10.0, "case": "x#1", "cell": "press-1.1", "resource": "r-2", "kind": "end", "outcome": "done"}
    (folder / "events.jsonl").write_text(json.dumps(event | {"cost_usd": 0, "energy_j": 0, "data": {}}) + "\n")
    (tmp_path / "runs" / "no run").mkdir()
    (tmp_path / "secret.json").write_text('{"key": 1}')
    return tmp_path / "runs"


@pytest.fixture
def dashboard(runs):
    server = Dashboard(DashboardConfig(runs=runs, port=0))
    yield server
    server.stop()


def get(server, path):
    with urllib.request.urlopen(server.address + path, timeout=5) as reply:
        return reply.read()


def test_only_folders_with_a_config_are_runs(runs):
    (found,) = list_runs(runs)
    assert (found.name, found.command, found.ended, found.has_floor) == (
        "20260101-000000-plan-run", "plan-run", False, True,
    )  # fmt: skip


def test_a_tail_gives_whole_lines_once_and_begins_anew_with_the_file(tmp_path):
    tail = Tail(tmp_path / "log")
    assert tail.read() == []
    (tmp_path / "log").write_text("a\nb")
    assert tail.read() == ["a"]
    with (tmp_path / "log").open("a") as file:
        file.write("c\n")
    assert tail.read() == ["bc"]
    (tmp_path / "log").write_text("x\n")
    assert tail.read() == ["x"]


@pytest.mark.parametrize(
    "path",
    ["/run/other", "/api/run/..", "/file/..%2f/secret.json", "/file/20260101-000000-plan-run/..%2f..%2fsecret.json",
     "/file/20260101-000000-plan-run/events.jsonl", "/file/20260101-000000-plan-run/none.svg", "/stream/no%20run"],
)  # fmt: skip
def test_what_is_no_run_or_no_picture_is_not_served(dashboard, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(dashboard, path)
    assert caught.value.code == 404
    caught.value.close()


def test_the_stream_sends_what_is_there_and_what_is_added_and_ends_with_the_outcome(dashboard, runs):
    folder = runs / "20260101-000000-plan-run"

    def later():
        time.sleep(0.3)
        with (folder / "positions.jsonl").open("a") as file:
            file.write(frame(20, 4, [[3, 1, 0, 0, 90, 31], [5, 5, 0, 0, 49, 61]]))
        (folder / "outcome.json").write_text('{"done": 4, "lost": 0}')

    writer = threading.Thread(target=later)
    writer.start()
    text = get(dashboard, "/stream/20260101-000000-plan-run").decode()
    writer.join()
    sent = [block.split("\ndata: ") for block in text.removesuffix("\n\n").split("\n\n")]
    frames = [each for kind, data in sent if kind == "event: frame" for each in json.loads(data)]
    assert [each["t"] for each in frames] == [0, 10, 20]
    assert [json.loads(data)[0]["case"] for kind, data in sent if kind == "event: event"] == ["x#1"]
    assert sent[-1] == ["event: outcome", '[{"done": 4, "lost": 0}]']


def test_another_site_cannot_read_it_under_a_name_of_its_own(dashboard):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(
            urllib.request.Request(f"{dashboard.address}/api/runs", headers={"Host": "evil.example"})
        )
    assert caught.value.code == 403
    caught.value.close()


def test_a_stream_of_a_run_that_goes_on_ends_with_the_dashboard(runs):
    server = Dashboard(DashboardConfig(runs=runs, port=0))
    with urllib.request.urlopen(f"{server.address}/stream/20260101-000000-plan-run", timeout=5) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.readline() == b"event: frame\n"
        server.stop()
        rest = stream.read().decode()
    assert "x#1" in rest
    assert "event: outcome" not in rest


def test_a_folder_or_a_port_that_cannot_be_used_is_named(tmp_path, dashboard):
    with pytest.raises(BadInput, match="there is no folder"):
        Dashboard(DashboardConfig(runs=tmp_path / "none", port=0))
    taken = int(dashboard.address.rpartition(":")[2])
    with pytest.raises(BadInput, match=f"cannot listen at 127.0.0.1:{taken}"):
        Dashboard(DashboardConfig(runs=tmp_path, port=taken))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_sees_every_robot_live(dashboard, runs):
    api = pytest.importorskip("playwright.sync_api")
    folder = runs / "20260101-000000-plan-run"
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        wrong = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(dashboard.address)
        # The run is looked at before it has a floor.
        (folder / "floor.json").unlink()
        page.get_by_role("link", name="20260101-000000-plan-run").click()
        page.get_by_role("cell", name="x#1").wait_for()
        (folder / "floor.json").write_text(json.dumps(FLOOR))
        page.locator("#pill.live").wait_for()
        assert page.locator("#done").inner_text() == "1"
        assert page.locator("#events li").all_inner_texts() == ["0:00:10\nx#1 done (r-2)"]
        assert page.get_by_role("link", name="schedule").get_attribute("href").endswith("/schedule.svg")
        # The second robot works at 5, 5: its green dot is where the floor says, and the pointer names it.
        scale = page.evaluate("scale")
        colour = page.evaluate(
            "([x,y])=>{const r=devicePixelRatio||1;return [...map.getContext('2d').getImageData(x*r,y*r,1,1).data]}",
            [5 * scale - 6, (10 - 5) * scale],
        )
        assert colour[:3] == [0x18, 0x80, 0x38]
        page.locator("#map").click(position={"x": 5 * scale, "y": (10 - 5) * scale})
        page.get_by_text("r-2", exact=True).wait_for()
        assert "working" in page.locator("#picked").inner_text()
        with (folder / "positions.jsonl").open("a") as file:
            file.write(
                frame(20, 4, [[3, 1, 0, 7, 90, 31, 0], [5, 5, 0, 0, 49, None, 1]], lying=[[11, 1]], conflicts=None)
            )
        page.wait_for_function("frames.length == 3")
        page.wait_for_function("document.getElementById('done').textContent == '4'")
        assert page.evaluate("[...document.querySelectorAll('#legend b')].map(b=>+b.textContent)") == [
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            1,
        ]
        # A load on the floor at 11, 1, and one on the second robot, up and to the right of its middle: both are brown.
        assert page.locator("#loads, #lying").all_inner_texts() == ["1", "1"]
        crate = page.evaluate(
            "([x,y])=>{const r=devicePixelRatio||1;return [...map.getContext('2d').getImageData(x*r,y*r,1,1).data]}",
            [11 * scale, (10 - 1) * scale],
        )
        assert crate[:3] == [0x8A, 0x5A, 0x2B]
        assert "carries\na load" in page.locator("#picked").inner_text()
        assert page.locator("#conflicts").inner_text() == "not known"
        (folder / "outcome.json").write_text('{"done": 4, "lost": 0, "done_twice": 0, "refused": 0}')
        page.locator("#pill.ended").wait_for()
        # Back in time by the slider.
        page.locator("#at").fill("0")
        page.wait_for_function("document.getElementById('clock').textContent == '0:00:00'")
        assert wrong == []
        browser.close()
