"""Does the capture keep 36 Hz, and what does it cost? Real display, real Chromium, a still page and one that never rests.

python -m benchmarks.capture [--seconds 20]
"""

import argparse
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report import report
from crewless.body.screen import Capture, Display, launch_chromium
from crewless.core.services import SERVICES

# 300 moving boxes and a line of text that changes with each of the browser's frames.
BUSY = """<!doctype html><body style="margin:0;overflow:hidden"><pre id=t></pre><script>
const boxes = Array.from({length: 300}, (_, i) => { const d = document.createElement('div');
  d.style.cssText = `position:absolute;width:30px;height:30px;background:hsl(${i},80%,60%)`; document.body.append(d);
  return d });
function step(t) { document.getElementById('t').textContent = 'frame at ' + t;
  boxes.forEach((d, i) => { d.style.left = (600 + 580 * Math.sin(t / 900 + i)) + 'px';
    d.style.top = (380 + 360 * Math.cos(t / 700 + i * 1.7)) + 'px' }); requestAnimationFrame(step) }
requestAnimationFrame(step)</script>"""
STILL = "<!doctype html><h1>Nothing moves here.</h1>"


def measure(page: str, seconds: float) -> dict[str, Any]:
    """Capture a page for a while; the capture's own figures."""
    with tempfile.TemporaryDirectory() as folder, Display() as display:
        file = Path(folder) / "page.html"
        file.write_text(page)
        program = launch_chromium(display, file.as_uri())
        # What is measured is work on a page, not a browser's start.
        time.sleep(3.0)
        with Capture(display.name, display.height, display.width) as capture:
            time.sleep(seconds)
            stats = capture.stats()
        program.close()
    return {**asdict(stats), "cpu_ms_per_frame": stats.cpu_ms_per_frame}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each page is captured")
    options = parser.parse_args()
    rows = []
    for page, content in (("still", STILL), ("busy", BUSY)):
        rows.append({"page": page, "to_reach_ms": 5.0, **measure(content, options.seconds)})
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    columns = ("page", "frames", "changed", "lost", "lateness_p50_ms", "lateness_p95_ms", "lateness_max_ms", "to_reach_ms", "cpu_ms_per_frame")  # fmt: skip
    rate_hz = SERVICES["frame"].rate_hz
    report("capture", rows, columns, [f"1280x800 at {rate_hz:g} Hz, {options.seconds:g} s a page; to reach: lateness p95; load {load}"])  # fmt: skip


if __name__ == "__main__":
    main()
