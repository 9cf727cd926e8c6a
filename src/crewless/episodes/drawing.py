"""What a replay draws over and beside the screen: pointer, ripples, boxes, caption, panel. Pictures are RGB uint8."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from crewless.core.messages import Box, Element, Point

PANEL = 400
"""Width of the side panel, pixels."""
INK, DIM, PAPER, LINE = (233, 236, 243), (147, 155, 173), (22, 25, 33), (52, 58, 74)
ACCENT = (86, 156, 255)
COLOURS = {
    "right": (64, 190, 120), "wrong": (235, 87, 87), "handed_over": (240, 180, 60), "error": (235, 87, 87),
    "text": (150, 155, 165), "link": (66, 133, 244), "button": (52, 168, 83), "tab": (52, 168, 83),
    "field": (200, 120, 20), "textarea": (200, 120, 20), "select": (160, 90, 200), "option": (160, 90, 200),
    "checkbox": (160, 90, 200), "radio": (160, 90, 200), "icon": (120, 120, 120),
}  # fmt: skip
_ARROW = np.array([(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)], np.int32)


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionLine:
    """One line of the action list."""

    time: str
    text: str
    now: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """What the side panel says."""

    title: str
    subtitle: str
    verb: str = ""
    target: str = ""
    confidence: float | None = None
    why: str = ""
    scores: tuple[tuple[str, float], ...] = ()
    """The alternatives, the best first."""
    actions: tuple[ActionLine, ...] = field(default=())


def draw_panel(panel: Panel, height: int) -> np.ndarray:
    """Shape (height, PANEL, 3)."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (PANEL, height), PAPER)
    draw = ImageDraw.Draw(image)
    left, right, y = 24, PANEL - 24, 22
    for line in _wrapped(panel.title, 20, right - left, lines=2, bold=True):
        draw.text((left, y), line, INK, _font(20, bold=True))
        y += 27
    for line in _wrapped(panel.subtitle, 14, right - left, lines=2):
        draw.text((left, y), line, DIM, _font(14))
        y += 20
    y += 12
    if panel.verb:
        y = _heading(draw, "DECISION", y)
        draw.text((left, y), panel.verb, ACCENT, _font(24, bold=True))
        y += 34
        for line in _wrapped(panel.target, 17, right - left, lines=2):
            draw.text((left, y), line, INK, _font(17))
            y += 24
        if panel.confidence is not None:
            draw.text((left, y + 4), f"{panel.confidence:.0%} sure", DIM, _font(14))
            _bar(draw, (left + 90, y + 9, right, y + 17), panel.confidence, ACCENT)
            y += 30
        for line in _wrapped(panel.why, 15, right - left, lines=4):
            draw.text((left, y), line, INK, _font(15))
            y += 21
        y += 12
    if panel.scores:
        y = _heading(draw, "ALTERNATIVES", y)
        for name, score in panel.scores:
            draw.text((left, y), _wrapped(name, 14, 190, lines=1)[0], INK, _font(14))
            _bar(draw, (left + 200, y + 5, right - 48, y + 13), score, DIM)
            draw.text((right, y), f"{score:.2f}", DIM, _font(14), anchor="ra")
            y += 24
        y += 12
    if panel.actions and y < height - 90:
        y = _heading(draw, "ACTIONS", y)
        fit = max(1, (height - y - 16) // 26)
        first = next((n for n, line in enumerate(panel.actions) if line.now), 0)
        first = max(0, min(first - fit // 2, len(panel.actions) - fit))
        for line in panel.actions[first : first + fit]:
            if line.now:
                draw.rounded_rectangle((left - 10, y - 4, right + 10, y + 21), 6, fill=(38, 52, 84))
            draw.text((left, y), line.time, DIM, _font(14))
            text = _wrapped(line.text, 15, right - left - 58, lines=1)[0]
            draw.text((left + 58, y - 1), text, INK if line.now else DIM, _font(15))
            y += 26
    return np.asarray(image)


def draw_pointer(image: np.ndarray, point: Point, *, pressed: bool) -> None:
    """An arrow with its tip at the point, in place."""
    import cv2

    arrow = _ARROW + np.array(point, np.int32)
    cv2.fillPoly(image, [arrow], ACCENT if pressed else (255, 255, 255), cv2.LINE_AA)
    cv2.polylines(image, [arrow], True, (0, 0, 0), 1, cv2.LINE_AA)


def draw_ripple(image: np.ndarray, point: Point, age: float) -> None:
    """A ring that grows and fades after a click, in place. ``age``: 0 to 1."""
    import cv2

    radius = int(8 + 26 * age)
    x0, y0 = max(0, point.x - radius - 3), max(0, point.y - radius - 3)
    part = image[y0 : point.y + radius + 4, x0 : point.x + radius + 4]
    over = part.copy()
    cv2.circle(over, (point.x - x0, point.y - y0), radius, ACCENT, 3, cv2.LINE_AA)
    cv2.addWeighted(over, 1 - age, part, age, 0, dst=part)


def draw_elements(image: np.ndarray, elements: Sequence[Element], target: Box | None) -> None:
    """Outlines in the colour of their kind, the target's a thick one, in place."""
    import cv2

    for element in elements:
        box = element.box
        cv2.rectangle(image, (box.x0 - 1, box.y0 - 1), (box.x1, box.y1), COLOURS[element.kind], 1)
    if target is not None:
        cv2.rectangle(image, (target.x0 - 4, target.y0 - 4), (target.x1 + 3, target.y1 + 3), ACCENT, 3, cv2.LINE_AA)


def draw_caption(image: np.ndarray, text: str) -> None:
    """What is being typed, on a dark band near the lower edge, in place; the end of a long text."""
    from PIL import Image, ImageDraw

    height, width = image.shape[:2]
    font = _font(22)
    while len(text) > 1 and font.getlength(text) > width * 0.8:
        text = text[max(1, len(text) // 20) :]
    half = int(font.getlength(text) / 2) + 22
    x0, x1, y0, y1 = max(0, width // 2 - half), min(width, width // 2 + half), height - 74, height - 28
    part = Image.fromarray(image[y0:y1, x0:x1] // 6)
    ImageDraw.Draw(part).text(((x1 - x0) // 2, (y1 - y0) // 2), text, (255, 255, 255), font, anchor="mm")
    image[y0:y1, x0:x1] = np.asarray(part)


def draw_banner(image: np.ndarray, title: str, detail: str, colour: tuple[int, int, int]) -> None:
    """A verdict across the middle, in place."""
    from PIL import Image, ImageDraw

    height, width = image.shape[:2]
    y0, y1 = height // 2 - 56, height // 2 + 56
    part = Image.fromarray(image[y0:y1] // 5)
    draw = ImageDraw.Draw(part)
    draw.rectangle((0, 0, width, 5), fill=colour)
    draw.text((width // 2, 46), title, colour, _font(38, bold=True), anchor="mm")
    draw.text((width // 2, 88), _wrapped(detail, 17, width - 80, lines=1)[0], INK, _font(17), anchor="mm")
    image[y0:y1] = np.asarray(part)


def _heading(draw, text: str, y: int) -> int:
    draw.line((24, y, PANEL - 24, y), LINE, 1)
    draw.text((24, y + 10), text, DIM, _font(11, bold=True))
    return y + 32


def _bar(draw, box: tuple[int, int, int, int], share: float, colour: tuple[int, int, int]) -> None:
    x0, y0, x1, y1 = box
    draw.rounded_rectangle(box, 4, fill=LINE)
    if share > 0.02:
        draw.rounded_rectangle((x0, y0, x0 + int((x1 - x0) * min(1.0, share)), y1), 4, fill=colour)


def _wrapped(text: str, size: int, width: int, *, lines: int, bold: bool = False) -> list[str]:
    """The text in at most so many lines of a width in pixels; an ellipsis where some of it is left out."""
    font, found, line = _font(size, bold=bold), [], ""
    words = text.split()
    for n, word in enumerate(words):
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= width:
            line = longer
            continue
        if len(found) == lines - 1 or not line:
            line = " ".join([line, *words[n:]]).strip()
            while font.getlength(line + "…") > width:
                line = line[:-1]
            return [*found, line + "…"]
        found.append(line)
        line = word
    return [*found, line] if line or not found else found


@cache
def _font(size: int, *, bold: bool = False):
    from PIL import ImageFont

    try:
        return ImageFont.truetype("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
