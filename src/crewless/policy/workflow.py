"""What the recordings of a job say about it beside the weights: the choices in it, where the case's text stands, which
clicks commit. Plain data, kept in the checkpoint, and readable by a person."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crewless.core.messages import Action, Element, Observation, Point
from crewless.policy.texts import plain, similarity


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A place in the work where the answer varies from case to case."""

    name: str
    """The label of the widget, where it has one."""
    verb: str
    """click or type."""
    kinds: tuple[str, ...]
    """Kinds of element that were pointed at."""
    values: tuple[str, ...]
    """Every answer that was given, as it stood on the screen; empty: the step was left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """Where a case's own text stands: below ``above``, over ``below``, and none of the lines that are always there."""

    above: tuple[str, ...] = ()
    """Constant lines over the text, the best first."""
    below: tuple[str, ...] = ()
    boilerplate: frozenset[str] = frozenset()
    """Lines, as ``masked`` makes them, that stand there whatever the case."""
    after: tuple[str, ...] = ()
    """Lines that only a finished case shows there, such as the heading of the answer it was given: the text ends over them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A click that was never seen before certain choices had been made."""

    text: str
    kind: str
    needs: tuple[int, ...]
    """Indices of choices."""
    visible: tuple[int, ...]
    """Of these the widget showed the chosen value, whenever it was on the screen at that moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """Everything learnt about a job that is not a weight."""

    choices: tuple[Choice, ...]
    region: Region = Region()
    commits: tuple[Commit, ...] = ()
    literals: tuple[str, ...] = ()
    """Texts that were typed in every case."""
    keys: tuple[str, ...] = ()
    """Keys beyond ``features.KEYS``."""
    outcome_label: str = ""
    """The label under which a finished case shows what was chosen; empty: it does not."""
    outcome_choice: int = -1
    outcomes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The judgement that was seen most often with each outcome."""
    scroll_at: tuple[float, float] = (0.5, 0.5)
    """Where the wheel was turned, as a share of the screen's width and height."""


def masked(line: str, slots: Iterable[str]) -> str:
    """A line as it is compared between cases: lower case, and each given slot's value as a whole word replaced."""
    text = plain(line)
    for value in slots:
        if value:
            text = re.sub(rf"(?<!\w){re.escape(plain(value))}(?!\w)", "<slot>", text)
    return text


def read_text(observation: Observation, region: Region, slots: Iterable[str]) -> str:
    """The case's own text: the region's lines in reading order, joined by spaces; a line that the next repeats and goes on
    from is left out. Empty when nothing is there."""
    values = tuple(slots)
    found = [e for e in lines_between(observation, region) if is_own(e.text, region.boilerplate, values)]
    lines = [e.text.strip() for e in sorted(found, key=_reading_order)]
    # A long title takes several lines.
    for first in range(len(lines) - 1, 0, -1):
        title, rest = plain(" ".join(lines[:first])).rstrip(". …"), plain(" ".join(lines[first:]))
        if rest.startswith(title) or (len(title) > 12 and similarity(title, rest[: len(title)]) > 0.85):
            return " ".join(lines[first:])
    return " ".join(lines)


def lines_between(observation: Observation, region: Region) -> list[Element]:
    """The lines of a region, whosever they are."""
    top, bottom = _between(observation, region)
    return [e for e in observation.elements if e.kind in ("text", "link") and top <= e.box.centre.y < bottom]


def is_own(line: str, boilerplate: frozenset[str], slots: tuple[str, ...]) -> bool:
    """Whether a line belongs to the case: it has a word, and it is not one of those that are always there."""
    mask = masked(line, slots)
    return mask not in boilerplate and bool(re.search(r"[^\W\d_]{2,}", mask.replace("<slot>", "")))


def _between(observation: Observation, region: Region) -> tuple[int, int]:
    below = [e for t in (*region.below, *region.after) for e in _lines_like(observation, t)]
    top, bottom = 0, observation.height
    for text in region.above:
        found = _lines_like(observation, text)
        if found:
            top = max(e.box.y1 for e in found[:1]) - 2
            break
    for element in sorted(below, key=lambda e: e.box.y0):
        if element.box.y0 > top:
            bottom = element.box.y0
            break
    return top, bottom


def _lines_like(observation: Observation, text: str) -> list[Element]:
    return [e for e in observation.elements if plain(e.text) == text or similarity(e.text, text) > 0.85]


def _reading_order(element: Element) -> tuple[int, int]:
    return element.box.centre.y // 8, element.box.x0


def labels_of(element: Element, observation: Observation) -> tuple[str, ...]:
    """The texts that may name an element: its label, and the nearest text over it that starts at the same x."""
    over = [
        e
        for e in observation.elements
        if e is not element
        and abs(e.box.x0 - element.box.x0) <= 12
        and 0 <= element.box.y0 - e.box.y1 <= 1.5 * max(1, element.box.height)
    ]
    nearest = max(over, key=lambda e: e.box.y1, default=None)
    return tuple(t for t in (element.label, nearest.text if nearest else "") if t)


def labelled(observation: Observation, label: str) -> list[Element]:
    """Elements that a label names."""
    return [
        e
        for e in observation.elements
        if e.text and any(similarity(t, label) > 0.85 for t in labels_of(e, observation))
    ]  # fmt: skip


def outcome_text(observation: Observation, workflow: Workflow) -> str:
    """What a finished case shows under the outcome's label: one of the choice's values, or, when it is none of them, the
    text itself, an outcome that no recording had. Empty when there is no such label on the screen, or nothing under it."""
    if workflow.outcome_choice < 0:
        return ""
    values = workflow.choices[workflow.outcome_choice].values
    shown = labelled(observation, workflow.outcome_label)
    for element in shown:
        best = max(values, key=lambda v: similarity(v, element.text), default="")
        if best and similarity(best, element.text) >= 0.85:
            return best
    return next((element.text for element in shown if element.text), "")


def shown_value(observation: Observation, choice: Choice) -> str:
    """What the choice's widget shows: the text of the select or field of that name, or the radio that is checked; empty
    when the widget is not on the screen."""
    for element in labelled(observation, choice.name):
        if element.kind in ("select", "field"):
            return element.text
        if element.kind == "radio" and "checked" in element.state:
            return element.text
    return ""


def target_of(observation: Observation, action: Action) -> int | None:
    """Index of the element that an action points at: the smallest that holds the point, else the nearest within 24 px."""
    if action.verb not in ("click", "double_click", "type"):
        return None
    if action.element is not None and 0 <= action.element < len(observation.elements):
        return action.element
    if action.point is None:
        return None
    hits = [i for i, e in enumerate(observation.elements) if e.box.contains(action.point)]
    if hits:
        return min(hits, key=lambda i: observation.elements[i].box.width * observation.elements[i].box.height)
    far = {i: _distance(e, action.point) for i, e in enumerate(observation.elements)}
    nearest = min(far, key=far.__getitem__, default=None)
    return nearest if nearest is not None and far[nearest] <= 24 else None


def _distance(element: Element, point: Point) -> float:
    box = element.box
    dx = max(box.x0 - point.x, 0, point.x - box.x1 + 1)
    dy = max(box.y0 - point.y, 0, point.y - box.y1 + 1)
    return float((dx * dx + dy * dy) ** 0.5)
