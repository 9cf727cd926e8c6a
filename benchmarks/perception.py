"""How well and at what cost a screen is read: ``python -m benchmarks.perception [--verbose]``.

Pages are shown by a real Chromium; the document tells the truth about words and controls (the judge's process may look at
it, perception sees pixels only). CPU time is that of the whole process, OpenVINO's threads included.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report
from crewless.body.screen.display import Display
from crewless.core.errors import MissingTool
from crewless.core.messages import Box, Element, Observation, Point
from crewless.perception.screen import ScreenPerception, frame_of

PAGES = Path(__file__).parents[1] / "tests" / "perception" / "pages"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

TRUTH = r"""
() => {
  const W = innerWidth, H = innerHeight, words = [], controls = [];
  const seen = (el, r) => {
    if (r.width < 2 || r.height < 2 || r.left < 0 || r.top < 0 || r.right > W || r.bottom > H) return false;
    return [r.top + 1, (r.top + r.bottom) / 2, r.bottom - 1].every(y => {
      const top = document.elementFromPoint((r.left + r.right) / 2, y);
      return !!top && (el.contains(top) || top.contains(el));
    });
  };
  const box = r => [r.left, r.top, r.right, r.bottom];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const el = n.parentElement, style = getComputedStyle(el);
    if (!el || el.closest('select,textarea,script,style,option') || style.visibility === 'hidden' || +style.opacity < .1) continue;
    for (const m of n.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(n, m.index); range.setEnd(n, m.index + m[0].length);
      const r = range.getBoundingClientRect();
      if (!seen(el, r)) continue;
      words.push({text: style.textTransform === 'uppercase' ? m[0].toUpperCase() : m[0], box: box(r)});
    }
  }
  const kindOf = el => {
    const tag = el.tagName, type = (el.type || '').toLowerCase();
    if (tag === 'SELECT') return 'select';
    if (tag === 'TEXTAREA') return 'textarea';
    if (tag === 'INPUT') return {checkbox: 'checkbox', radio: 'radio', submit: 'button', button: 'button'}[type] || 'field';
    if (el.getAttribute('role') === 'tab') return 'tab';
    if (tag === 'BUTTON' || el.classList.contains('btn')) return 'button';
    return 'link';
  };
  for (const el of document.querySelectorAll('input:not([type=hidden]),textarea,select,button,a[href],[role=tab]')) {
    const r = el.getBoundingClientRect(), style = getComputedStyle(el);
    if (style.visibility === 'hidden' || +style.opacity < .1 || !seen(el, r)) continue;
    const kind = kindOf(el);
    if (kind === 'button' && style.backgroundColor === 'rgba(0, 0, 0, 0)' && (style.borderStyle === 'none' || style.borderColor === 'rgba(0, 0, 0, 0)')) continue;
    let text = el.innerText || '';
    if (kind === 'field' || kind === 'textarea') text = el.value || el.placeholder || '';
    if (kind === 'select') text = el.options.length ? el.options[Math.max(0, el.selectedIndex)].text : '';
    if (el.tagName === 'INPUT' && kind === 'button') text = el.value;
    const rgb = (style.color.match(/[\d.]+/g) || [0, 0, 0]).map(Number);
    const coloured = rgb[2] - Math.min(rgb[0], rgb[1]) >= 60 || style.textDecorationLine.includes('underline');
    if (kind === 'link' && (!coloured || !text.trim())) continue;
    controls.push({kind, box: box(r), text: text.trim(), checked: !!el.checked, focused: el === document.activeElement,
                   selected: el.getAttribute('aria-selected') === 'true'});
  }
  return {words, controls};
}
"""


@dataclass(kw_only=True)
class Score:
    """Counts over pages."""

    lines: int = 0
    exact: int = 0
    characters: int = 0
    edits: int = 0
    controls: int = 0
    found: int = 0
    mistakes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def rates(self) -> dict[str, float]:
        """Share of lines that are exactly right, of characters that are wrong, of controls that are found."""
        return {
            "exact_lines": self.exact / max(1, self.lines),
            "cer": self.edits / max(1, self.characters),
            "control_recall": self.found / max(1, self.controls),
        }


def distance(a: str, b: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def score_page(observation: Observation, truth: dict[str, Any], score: Score) -> None:
    """Hold an observation against the document: each element's text against the words inside its box."""
    words = [(word["text"], Box(*(round(v) for v in word["box"]))) for word in truth["words"] if word["text"] != "▼"]
    used: set[int] = set()
    skip = ("field", "textarea", "select")
    elements = [e for e in observation.elements if e.kind not in (*skip, "icon", "option")]
    for element in sorted(elements, key=lambda e: e.box.width * e.box.height):
        box = _reach(element, observation)
        inside = [i for i, (_, own) in enumerate(words) if i not in used and box.contains(own.centre)]
        used.update(inside)
        inside.sort(key=lambda i: words[i][1].x0)
        expected = " ".join(words[i][0] for i in inside)
        if expected or (element.text and element.kind == "text" and _whole(element.box, observation)):
            _count(score, expected, element.text)
    for i, (text, own) in enumerate(words):
        if i not in used and own.height >= 8:
            _count(score, text, "")
    for control in truth["controls"]:
        own = Box(*(round(v) for v in control["box"]))
        if own.height < 8 or own.y1 > observation.height or own.y0 < 0:
            continue
        score.controls += 1
        hits = [e for e in observation.elements if e.kind == control["kind"] and _hit(e, own)]
        right = [e for e in hits if e.kind not in ("checkbox", "radio") or ("checked" in e.state) == control["checked"]]
        if right:
            score.found += 1
        else:
            score.missing.append(
                f"{control['kind']} {control['text'][:30]!r} {tuple(own)} checked={control['checked']}"
            )
        if right and control["kind"] in skip and control["text"]:
            expected, got = " ".join(control["text"].split()), " ".join(right[0].text.split())
            # A long text is cut off by the field's end, for people too.
            _count(score, got if len(got) > 12 and expected.startswith(got) else expected, got)


def _reach(element: Element, observation: Observation) -> Box:
    x0, y0, x1, y1 = element.box
    if element.kind in ("checkbox", "radio") and element.text:
        return Box(x0, y0 - 2, min(observation.width, x1 + 48 + 12 * len(element.text)), y1 + 2)
    return Box(x0 - 2, y0 - 3, x1 + 2, y1 + 3)


def _hit(element: Element, own: Box) -> bool:
    return element.box.contains(own.centre) or (element.kind in ("link", "tab") and own.contains(element.box.centre))


def _whole(box: Box, observation: Observation) -> bool:
    return box.x0 > 1 and box.y0 > 1 and box.x1 < observation.width - 1 and box.y1 < observation.height - 1


def _count(score: Score, expected: str, got: str) -> None:
    score.lines += 1
    score.exact += expected == got
    score.characters += len(expected)
    score.edits += distance(expected, got)
    if expected != got:
        score.mistakes.append(f"{expected!r} read as {got!r}")


def screenshot(page: Any) -> np.ndarray:
    """What a page shows. Shape (height, width, 3), uint8, RGB."""
    import cv2

    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(picture[:, :, ::-1])


def own_pages(browser: Any) -> list[tuple[str, np.ndarray, dict[str, Any]]]:
    """Name, picture and truth of each page of ours, and of one at larger letters."""
    shots = []
    for name, zoom in (("bootstrap", 1.0), ("plain", 1.0), ("dark", 1.0), ("table", 1.0), ("bootstrap", 1.25)):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto((PAGES / f"{name}.html").as_uri())
        if zoom != 1.0:
            page.evaluate(f"document.body.style.zoom = {zoom}")
        shots.append((name if zoom == 1.0 else f"{name} x{zoom}", screenshot(page), page.evaluate(TRUTH)))
        page.close()
    return shots


def helpdesk_pages(browser: Any) -> list[tuple[str, np.ndarray, dict[str, Any]]]:
    """The list and a ticket of the package's own helpdesk, which is started for it. Raises MissingTool."""
    from crewless.tasks.helpdesk.task import HelpdeskConfig, HelpdeskTask

    task = HelpdeskTask(HelpdeskConfig(num_cases=40))
    with tempfile.TemporaryDirectory() as folder:
        try:
            task.setup(Path(folder))
            return _helpdesk_pages(browser, task.host.url.rstrip("/"), task.host.staff, task.host.password)
        finally:
            task.teardown()


def _helpdesk_pages(browser: Any, url: str, user: str, password: str) -> list[tuple[str, np.ndarray, dict[str, Any]]]:
    """Of a running one, scrolled through with the Respond form open."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{url}/login/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    shots = []

    def take(name: str) -> None:
        page.wait_for_timeout(400)
        shots.append((name, screenshot(page), page.evaluate(TRUTH)))

    page.goto(f"{url}/tickets/")
    page.wait_for_timeout(1200)
    take("helpdesk list")
    page.mouse.wheel(0, 600)
    take("helpdesk list, scrolled")
    page.goto(f"{url}/tickets/3/")
    take("helpdesk ticket")
    page.click("#respond-tab")
    for offset in (450, 700):
        page.evaluate(f"window.scrollTo(0, {offset})")
        take(f"helpdesk respond at {offset}")
    page.get_by_text("Update ticket details").click()
    page.wait_for_timeout(600)
    page.evaluate("window.scrollTo(0, 9999)")
    take("helpdesk details")
    page.close()
    return shots


def costs(perception: ScreenPerception, rgb: np.ndarray, repeats: int = 5) -> dict[str, float]:
    """Medians in CPU milliseconds: a first full read, the same page again, and with 20 new lines."""
    full, same, known, twenty = [], [], [], []
    number = 0
    for repeat in range(repeats):
        perception.reset()
        number += 10
        observation = perception.perceive(frame_of(rgb, index=number))
        full.append(observation.cpu_s)
        same.append(perception.perceive(frame_of(rgb.copy(), index=number + 5)).cpu_s)
        moved = np.ascontiguousarray(np.roll(rgb, 16, axis=0))
        known.append(perception.perceive(frame_of(moved, index=number + 6)).cpu_s)
        twenty.append(_twenty_new(perception, rgb, observation, number + 7, repeat))
    medians = {"full": full, "unchanged": same, "known": known, "twenty_new_lines": [cpu for cpu, _ in twenty]}
    out = {f"{name}_cpu_ms": float(np.median(values)) * 1e3 for name, values in medians.items()}
    return {**out, "full_lines": observation.lines_read, "twenty_lines_read": float(np.median([n for _, n in twenty]))}


def _twenty_new(
    perception: ScreenPerception, rgb: np.ndarray, observation: Observation, index: int, repeat: int
) -> tuple[float, int]:
    """Forget the words of twenty lines and read the page again: what a page costs of which the rest is known."""
    perception.reset()
    hidden = rgb.copy()
    lines = [e for e in observation.elements if e.kind in ("text", "link") and e.text]
    chosen = [lines[(repeat + i * max(1, len(lines) // 20)) % len(lines)] for i in range(20)]
    for element in chosen:
        x0, y0, x1, y1 = element.box
        hidden[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1] = hidden[max(0, y0 - 2), max(0, x0 - 2)]
    perception.perceive(frame_of(hidden, index=index))
    again = perception.perceive(frame_of(rgb, index=index + 2))
    return again.cpu_s, again.lines_read


def tesseract(rgb: np.ndarray) -> float | None:
    """CPU seconds that tesseract takes for a page, or None where it is not installed."""
    import resource

    import cv2

    if shutil.which("tesseract") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        cv2.imwrite(str(path), rgb[:, :, ::-1])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["tesseract", str(path), "-", "--psm", "11"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the tables. The own pages are read also where the helpdesk cannot be started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="print every mistake")
    arguments = parser.parse_args()
    if CHROMIUM is None:
        raise MissingTool("no Chromium found", alternatives=["apt-get install chromium"])
    from playwright.sync_api import sync_playwright

    notes = ["CPU time of the whole process, median of 5; to reach: full 450, twenty new lines 150, unchanged 3 CPU ms"]
    # On a display, as a worker sees it: without one Chromium draws letters between pixels, and fewer words look alike.
    with Display(1280, 800) as display, sync_playwright() as play:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-device-scale-factor=1"]
        browser = play.chromium.launch(
            executable_path=CHROMIUM, headless=False, env={**display.environment()}, args=flags
        )
        shots = own_pages(browser)
        try:
            shots += helpdesk_pages(browser)
        except MissingTool as error:
            notes.append(f"without the helpdesk's pages: {error}")
        browser.close()
    start_s = time.process_time()
    perception = ScreenPerception()
    perception.perceive(frame_of(np.zeros((64, 64, 3), np.uint8)))
    notes.append(f"load and warm up {time.process_time() - start_s:.2f} CPU s")
    rows: list[dict[str, Any]] = []
    for number, (name, rgb, truth) in enumerate(shots):
        score = Score()
        score_page(perception.perceive(frame_of(rgb, index=2 * number + 2)), truth, score)
        rows.append({"page": name, **score.rates(), **asdict(score)})
        if arguments.verbose:
            print("".join(f"    {line}\n" for line in (*score.mistakes, *score.missing)), end="")
    for row, (name, rgb, _) in zip(rows, shots, strict=True):
        if name in ("table", "helpdesk list", "helpdesk ticket"):
            bar = tesseract(rgb)
            row |= {**costs(perception, rgb), "tesseract_cpu_ms": None if bar is None else bar * 1e3}
    columns = ("page", "lines", "exact_lines", "cer", "controls", "control_recall", "full_cpu_ms", "unchanged_cpu_ms", "known_cpu_ms", "twenty_new_lines_cpu_ms", "tesseract_cpu_ms")  # fmt: skip
    report("perception", rows, columns, notes)


def at(observation: Observation, x: float, y: float) -> list[Element]:
    """The elements at a point, smallest first."""
    hits = [e for e in observation.elements if e.box.contains(Point(round(x), round(y)))]
    return sorted(hits, key=lambda e: e.box.width * e.box.height)


if __name__ == "__main__":
    main()
