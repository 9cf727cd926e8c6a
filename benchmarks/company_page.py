"""From a click on a cell to the changed company on the page, in a real browser: the example sheet of thirty cells."""

import argparse
import shutil
import statistics
import time

from benchmarks.report import report
from crewless.company.page.sheet_app import sheet_app
from crewless.company.page.state import Page
from crewless.company.sheet.example import example_sheet
from crewless.core.web import WebServer

CELLS = ("sort mail", "read drawing", "review offer", "assemble", "test machine", "invoice")


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of a click on each of six cells")
    options = parser.parse_args()
    page = Page(example_sheet(), {}, "example")
    server = WebServer(sheet_app(page))
    clicks, paints, slides = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        tab = browser.new_page(viewport={"width": 1400, "height": 1000})
        tab.goto(f"http://localhost:{server.port}/")
        tab.wait_for_selector("body[data-version='1']")
        # In the page, so that the driver's own way to the browser does not count; a frame is painted after the change.
        watch = """async row => {
          const before = document.body.dataset.version, began = performance.now();
          document.querySelector(`tr[data-cell="${row}"]`).click();
          while (document.body.dataset.version === before) await new Promise(r => requestAnimationFrame(r));
          const changed = performance.now() - began;
          await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
          return [changed, performance.now() - began]}"""
        for _ in range(options.rounds):
            for cell in CELLS:
                changed, painted = tab.evaluate(watch, cell)
                clicks.append(changed)
                paints.append(painted)
        for demand in (0.5, 0.75, 1.25, 1.0):
            before = tab.evaluate("document.body.dataset.version")
            began = time.perf_counter()
            tab.get_by_label("demand").fill(str(demand))
            tab.wait_for_function("before => document.body.dataset.version !== before", arg=before)
            slides.append(1e3 * (time.perf_counter() - began))
        browser.close()
    server.stop()
    rows = [
        _row("click to changed numbers", clicks),
        _row("click to painted", paints),
        _row("slider to changed numbers, with the driver's way", slides),
    ]
    report("company_page", rows, list(rows[0]), [
        f"each change: {page.config.replications} replications of {page.config.weeks + page.config.warmup_weeks:g} weeks; wall-clock",
    ])  # fmt: skip


def _row(name: str, times: list[float]) -> dict:
    return {"what": name, "changes": len(times), "median_ms": statistics.median(times), "p95_ms": sorted(times)[int(0.95 * len(times))], "most_ms": max(times)}  # fmt: skip


if __name__ == "__main__":
    main()
