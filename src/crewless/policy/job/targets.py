"""Targets: which element of a screen is meant, said so that it holds at another scale, in another place and for another case."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from crewless.core.messages import Box, Element, Point
from crewless.policy.job.values import Environment, Expression
from crewless.policy.job.view import SAME, Band, View
from crewless.policy.texts import has_words, plain, similarity

Relation = Literal["label", "left", "above", "right", "below", "hint"]
FAMILIES: dict[str, str] = {
    "text": "words", "link": "words", "tab": "button", "button": "button", "icon": "button", "field": "field",
    "textarea": "field", "select": "field", "option": "option", "checkbox": "toggle", "radio": "toggle",
}  # fmt: skip
"""Kinds that perception may take for one another from one look of a program to the next."""
ACCEPT = 0.7
"""From this share of what a target says of itself an element is it."""
_CUT_OFF = 12
"""Letters from which on a text may be one that is cut off."""
MARGIN = 0.05
"""The next best must be worse by at least this."""


class Name(Struct, frozen=True):
    """A text that stands beside an element and names it."""

    relation: Relation
    text: str


class Target(Struct, frozen=True, kw_only=True):
    """A description of one element."""

    kinds: tuple[str, ...]
    """Kinds of element that were acted upon."""
    text: Expression | None = None
    """What it says; None: its text does not tell."""
    part: bool = False
    """The text stands somewhere in what it says."""
    names: tuple[Name, ...] = ()
    """Texts beside it that were there in every demonstration."""
    row: Expression | None = None
    """A text that stands in its row."""
    in_row: bool = False
    """It stands in the row that a loop is at."""
    column: str = ""
    """The heading of its column."""
    mask: str = ""
    """What it says, in small letters, with # for each number."""
    left: float | None = None
    """Where its left edge is, as a share of the screen's width: the column of a board or a list."""
    title: bool = False
    """It is the first line of a card or a row of a list."""
    nth: int | None = None
    """Which of those that fit equally well, from the top; negative: from the bottom. None: there must be only one."""
    at: tuple[float, float] = (0.5, 0.5)
    """Where in its box it is pressed, as shares of width and height."""
    offset: tuple[float, float] | None = None
    """A place beside it is meant: so many lines right of its left edge and below its middle."""
    place: tuple[float, float] = (0.5, 0.5)
    """Where it stood, as shares of the screen's width and height; it only tells apart what is equal otherwise."""

    def words(self) -> str:
        """Such as “the button 'Save'”."""
        kind = {"text": "text", "words": "text"}.get(self.kinds[0], self.kinds[0]) if self.kinds else "place"
        said = f"the {kind}" if self.offset is None else f"the place beside the {kind}"
        if self.text is not None:
            said += f" with {self.text.words()}" if self.part else f" {self.text.words()}"
        elif self.names:
            name = self.names[0]
            said += (
                f" “{name.text}”" if name.relation in ("label", "hint") else f" {_SIDES[name.relation]} “{name.text}”"
            )
        if self.column:
            said += f" under “{self.column}”"
        if self.in_row:
            said += " of the row"
        elif self.row is not None:
            said += f" in the row of {self.row.words()}"
        if self.nth is not None and self.text is None and not self.names:
            said += f", number {self.nth + 1 if self.nth >= 0 else f'{-self.nth} from the end'}"
        return said


_SIDES = {"left": "right of", "above": "below", "right": "left of", "below": "above"}
"""Where an element is whose name stands there."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An element that may be the one that is meant."""

    index: int
    score: float
    point: Point


def candidates(target: Target, view: View, env: Environment, row: Band | None = None) -> list[Hit]:
    """The elements that fit, the best first; empty where the target's text or row has no value."""
    wanted = None if target.text is None else target.text.value(env)
    key = None if target.row is None else target.row.value(env)
    if (target.text is not None and wanted is None) or (target.row is not None and key is None):
        return []
    if target.in_row and row is None:
        return []
    bands = [row] if target.in_row and row is not None else _bands(view, key) if key is not None else []
    if key is not None and not bands:
        return []
    columns = view.find(target.column) if target.column else []
    if target.column and not columns:
        return []
    found: list[Hit] = []
    for index, element in enumerate(view.elements):
        score = _score(target, view, index, wanted, bands, columns)
        if score >= ACCEPT:
            point = point_in(element.box, target.at)
            if target.offset is not None:
                right, down = (round(part * view.line) for part in target.offset)
                point = Point(element.box.x0 + right, element.box.centre.y + down)
                if not view.inside(point):
                    continue
            found.append(Hit(index, score, point))
    return sorted(found, key=lambda hit: -hit.score)


def ground(target: Target, view: View, env: Environment, row: Band | None = None) -> Hit | None:
    """The element that is meant; None where there is none, or where several fit equally well."""
    found = candidates(target, view, env, row)
    if not found:
        return None
    best = [hit for hit in found if hit.score >= found[0].score - MARGIN]
    if len(best) > 1:
        # What says the same in one place is one thing read twice, such as a label and its field.
        best = _distinct(best, view)
    if len(best) == 1:
        return best[0]
    if target.nth is None:
        return None
    ordered = sorted(best, key=lambda hit: (view.elements[hit.index].box.y0, view.elements[hit.index].box.x0))
    return ordered[target.nth] if -len(ordered) <= target.nth < len(ordered) else None


def point_in(box: Box, at: tuple[float, float]) -> Point:
    """A pixel of a box by shares of its width and height, never on its edge."""
    x = box.x0 + min(max(round(at[0] * box.width), 1), max(box.width - 2, 1))
    y = box.y0 + min(max(round(at[1] * box.height), 1), max(box.height - 2, 1))
    return Point(x, y)


def _score(
    target: Target, view: View, index: int, wanted: str | None, bands: Sequence[Band], columns: Sequence[int]
) -> float:
    """The share of what the target says of itself that holds for an element; 0 where something does not that must."""
    element = view.elements[index]
    total, got = 1.0, _kind_score(target, element)
    if got < 0:
        return 0.0
    if bands and not any(band.holds(element.box) for band in bands):
        return 0.0
    if target.mask and re.sub(r"\d+", "#", view.plain_texts[index]) != target.mask:
        return 0.0
    if target.left is not None and abs(element.box.x0 / max(1, view.observation.width) - target.left) > 0.02:
        return 0.0
    if target.title and (not element.text or view.block_start(index) != index):
        return 0.0
    if columns and not any(_under(view, index, header) for header in columns):
        return 0.0
    if wanted is not None:
        alike = _said(element, wanted, part=target.part)
        if alike < SAME:
            return 0.0
        total, got = total + 4, got + 4 * alike
    if target.names:
        held = [_named(view, index, name) for name in target.names]
        if wanted is None and not target.column and not any(held):
            return 0.0
        weight = 2.0 if wanted is None else 1.0
        total, got = total + weight, got + weight * max(sum(held) / len(held), 0.9 if held[0] else 0.0)
    away = abs(element.box.centre.x / max(1, view.observation.width) - target.place[0])
    away += abs(element.box.centre.y / max(1, view.observation.height) - target.place[1])
    return got / total - 0.02 * min(1.0, away)


def _kind_score(target: Target, element: Element) -> float:
    if element.kind in target.kinds:
        return 1.0
    family = FAMILIES.get(element.kind, element.kind)
    families = {FAMILIES.get(kind, kind) for kind in target.kinds}
    if family in families:
        return 0.7
    if target.text is not None and {family} | families <= {"words", "button", "option"}:
        return 0.4
    return -1.0


def _said(element: Element, wanted: str, *, part: bool) -> float:
    own, text = plain(element.text), plain(wanted)
    if own == text:
        return 1.0
    if part:
        return 1.0 if has_words(own, text) else 0.0
    # "Approve" is not "approved": only of a long text the beginning says enough.
    if min(len(own), len(text)) < _CUT_OFF and (own.startswith(text) or text.startswith(own)):
        return 0.0
    if min(len(own), len(text)) < 4 or "".join(filter(str.isdigit, own)) != "".join(filter(str.isdigit, text)):
        return 0.0
    return similarity(element.text, wanted)


def _named(view: View, index: int, name: Name) -> bool:
    return any(alike(text, name.text) for text in named_by(view, index).get(name.relation, ()))


def named_by(view: View, index: int) -> dict[str, tuple[str, ...]]:
    """The texts beside an element, by relation."""
    return view.names(index)


def alike(a: str, b: str) -> bool:
    """Two readings of one text."""
    return plain(a) == plain(b) or similarity(a, b) >= SAME


def _under(view: View, index: int, header: int) -> bool:
    a, b = view.elements[index].box, view.elements[header].box
    return index != header and a.y0 >= b.y1 - 2 and min(a.x1, b.x1) - max(a.x0, b.x0) > 0


def _bands(view: View, key: str) -> list[Band]:
    """The rows in which a text stands."""
    wanted = plain(key)
    found = [
        i for i, text in enumerate(view.plain_texts)
        if text == wanted or has_words(text, wanted)
    ] or view.find(key)  # fmt: skip
    return [view.band_of(i) for i in found]


def _distinct(hits: Sequence[Hit], view: View) -> list[Hit]:
    kept: list[Hit] = []
    for hit in hits:
        box = view.elements[hit.index].box
        if not any(view.elements[other.index].box.contains(box.centre) or box.contains(view.elements[other.index].box.centre) for other in kept):  # fmt: skip
            kept.append(hit)
    return kept
