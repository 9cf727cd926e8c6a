"""Whole frames: pages of a real browser, popups and a terminal on a real display, and reading only what changed."""

import shutil
import subprocess
from types import ModuleType

import numpy as np
import pytest

from crewless.core.errors import BadInput
from crewless.core.messages import Frame, Point
from crewless.core.perception import Perception
from crewless.perception.overlay import main
from crewless.perception.screen import ScreenPerception, frame_of

NAMES = ("bootstrap", "plain", "dark", "table", "bootstrap x1.25")


def test_keeps_the_contract(perception: ScreenPerception) -> None:
    assert isinstance(perception, Perception)


def test_picture_without_colour_is_refused(perception: ScreenPerception) -> None:
    with pytest.raises(BadInput, match=r"\(80, 60\)"):
        perception.perceive(frame_of(np.zeros((80, 60), np.uint8)))


def test_empty_frame_has_no_elements(perception: ScreenPerception) -> None:
    observation = perception.perceive(frame_of(np.zeros((80, 60, 3), np.uint8)))
    assert (observation.elements, observation.width, observation.height) == ((), 60, 80)


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_page_is_read_as_the_document_says(
    perception: ScreenPerception, shots: dict, bench: ModuleType, name: str
) -> None:
    rgb, truth = shots[name]
    score = bench.Score()
    bench.score_page(perception.perceive(frame_of(rgb)), truth, score)
    assert score.rates()["exact_lines"] >= (0.97 if name in ("bootstrap", "table") else 0.92), score.mistakes
    assert score.missing == []


@pytest.mark.browser
def test_controls_carry_their_labels(perception: ScreenPerception, shots: dict) -> None:
    observation = perception.perceive(frame_of(shots["bootstrap"][0]))
    labels = {e.label: (e.kind, e.text) for e in observation.elements if e.label}
    assert labels["First name"] == ("field", "Margaret")
    assert labels["Family name"] == ("field", "As in the passport")
    assert labels["Team"] == ("select", "Card delivery")
    assert labels["Reference"] == ("field", "")
    assert labels["Message"] == ("textarea", "Dear Margaret,\nyour new card is on its way.")
    assert labels["STATUS"] == ("text", "Waiting")
    toggles = {e.text: "checked" in e.state for e in observation.elements if e.kind in ("radio", "checkbox")}
    assert toggles == {
        "Standard post": True, "Courier": False, "Send a copy by e-mail": True, "Gift wrapping": False,
        "Visible to the customer": True, "Archive afterwards": False,
    }  # fmt: skip


@pytest.mark.browser
def test_elements_are_in_reading_order(perception: ScreenPerception, shots: dict) -> None:
    texts = [e.text for e in perception.perceive(frame_of(shots["table"][0])).elements]
    assert texts[:4] == ["Ticket", "Status", "Created", "Submitter"]
    assert [text[:4] for text in texts if text[:1] == "1" and text[3:4] == "."][:3] == ["101.", "102.", "103."]


@pytest.mark.browser
def test_unchanged_frame_costs_no_reading(perception: ScreenPerception, shots: dict) -> None:
    rgb = shots["plain"][0]
    first = perception.perceive(frame_of(rgb, index=3))
    again = perception.perceive(frame_of(rgb.copy(), index=9))
    assert first.lines_read > 0
    assert (again.lines_read, again.frame_index) == (0, 9)
    assert again.elements is first.elements


@pytest.mark.browser
def test_scrolled_text_is_known_again(perception: ScreenPerception, shots: dict) -> None:
    rgb = shots["table"][0]
    first = perception.perceive(frame_of(rgb, index=1))
    moved = perception.perceive(frame_of(np.concatenate([rgb[100:], rgb[:100]]), index=2))
    # Only lines that the cut went through may be new.
    assert moved.lines_read <= 8
    assert {e.text for e in first.elements if e.kind == "link"} & {e.text for e in moved.elements if e.kind == "link"}


@pytest.mark.browser
def test_only_the_changed_line_is_read(perception: ScreenPerception, shots: dict) -> None:
    rgb = shots["table"][0].copy()
    perception.perceive(frame_of(rgb, index=1))
    source, target = slice(46, 66), slice(400, 420)
    rgb[target, 30:200] = rgb[source, 230:400]
    assert 1 <= perception.perceive(frame_of(rgb, index=5)).lines_read <= 4


@pytest.mark.browser
def test_view_of_bgrx_memory_reads_like_a_copy(perception: ScreenPerception, shots: dict) -> None:
    rgb = shots["dark"][0]
    bgrx = np.zeros((*rgb.shape[:2], 4), np.uint8)
    bgrx[:, :, 2::-1] = rgb
    expected = perception.perceive(frame_of(rgb, index=1)).elements
    perception.reset()
    view = Frame(pixels=bgrx[:, :, 2::-1], t_s=0.0, index=2, pointer=Point(4, 5))
    observation = perception.perceive(view)
    assert observation.elements == expected
    assert observation.pointer == Point(4, 5)


@pytest.mark.browser
def test_mask_without_changes_is_believed_only_for_the_next_frame(perception: ScreenPerception, shots: dict) -> None:
    first, other = shots["plain"][0], shots["dark"][0]
    quiet = np.zeros((50, 80), bool)
    expected = perception.perceive(frame_of(first, index=1)).elements
    assert perception.perceive(Frame(pixels=other, t_s=0.0, index=2, changed=quiet)).elements is expected
    assert perception.perceive(Frame(pixels=other, t_s=0.0, index=7, changed=quiet)).elements != expected


@pytest.mark.browser
def test_field_is_read_back(perception: ScreenPerception, shots: dict) -> None:
    rgb, truth = shots["plain"]
    frame = frame_of(rgb)
    x0, y0, x1, y1 = next(c["box"] for c in truth["controls"] if c["kind"] == "field")
    assert perception.read_field(frame, Point(int(x0 + x1) // 2, int(y0 + y1) // 2)) == "John Fielding"
    assert perception.read_field(frame, Point(1200, 700)) is None


@pytest.mark.screen
@pytest.mark.browser
def test_options_of_a_native_popup_and_focus(
    perception: ScreenPerception, bench: ModuleType, display: str, settle, tmp_path
) -> None:
    if bench.CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    page_uri = (bench.PAGES / "bootstrap.html").as_uri()
    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            str(tmp_path), executable_path=bench.CHROMIUM, headless=False, no_viewport=True,
            args=["--no-sandbox", "--test-type", "--disable-gpu", f"--app={page_uri}", "--window-size=1280,800"],
            ignore_default_args=["--enable-automation"],
        )  # fmt: skip
        page = context.pages[0]
        page.wait_for_load_state()
        page.click("textarea")
        focused = perception.perceive(frame_of(settle(display), index=1)).elements
        page.click("select")
        opened = perception.perceive(frame_of(settle(display), index=3)).elements
        context.close()
    assert [(e.kind, e.label) for e in focused if "focused" in e.state] == [("textarea", "Message")]
    options = [(e.text, "selected" in e.state) for e in opened if e.kind == "option"]
    assert options == [("Card delivery", True), ("Refunds", False)]


@pytest.mark.screen
def test_terminal_text_is_read(perception: ScreenPerception, display: str, settle) -> None:
    if shutil.which("xterm") is None:
        pytest.skip("xterm is not installed")
    words = "Total balance: 1742 units; transfer failed twice."
    terminal = subprocess.Popen(
        ["xterm", "-fa", "DejaVu Sans Mono", "-fs", "12", "-e", f"echo '{words}'; sleep 60"], stderr=subprocess.DEVNULL
    )
    texts: list[str] = []
    try:
        # The window is there, and quiet, before the shell has written into it.
        for index in range(10):
            texts = [e.text for e in perception.perceive(frame_of(settle(display), index=index)).elements]
            if texts:
                break
    finally:
        terminal.terminate()
        terminal.wait(10)
    assert texts == [words]


def test_overlay_says_what_it_cannot_read(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    assert main(["none.png", str(tmp_path / "out.png")]) == 2
    assert "none.png" in capsys.readouterr().err
