"""A screen with the relations between its elements: what stands beside, above and below what, in which row, under which heading.

Distances count in **lines**, the height of a usual line of text on this screen, so that what was learnt at one scale holds at another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from crewless.core.messages import Box, Element, Observation, Point
from crewless.policy.texts import dice, has_words, plain, similarity

SAME = 0.86
"""From this similarity on two readings are the same text."""
CONTROLS = frozenset({"button", "field", "textarea", "select", "option", "checkbox", "radio", "tab", "icon"})
_LONG = 6
"""Letters from which on a text may be misread and is known all the same."""
_REACH = 40.0
"""Lines: nothing further away in its row stands beside something."""
_BELOW = 3.0
"""Lines: nothing further below belongs to what stands above."""


@dataclass(frozen=True, slots=True)
class Band:
    """One row of a table or list, in pixels."""

    y0: int
    y1: int
    x: int = 0
    """The middle of what the row was found by: of two headings of one name the nearer one is meant."""
    left: int = 0
    right: int = 1_000_000
    """Where it ends, of a card."""

    def holds(self, box: Box) -> bool:
        """Whether the middle of a box lies in it."""
        return self.y0 <= (box.y0 + box.y1) // 2 < self.y1 and self.left <= (box.x0 + box.x1) // 2 < self.right


class View:
    """One observation, looked at by relations. Indices are those of the observation's elements."""

    def __init__(self, observation: Observation) -> None:
        self.observation = observation
        self.elements = observation.elements

    @cached_property
    def line(self) -> float:
        """Pixels of a usual line of text."""
        heights = sorted(e.box.height for e in self.elements if e.kind in ("text", "link") and e.text)
        return float(heights[len(heights) // 2]) if heights else 14.0

    @cached_property
    def plain_texts(self) -> tuple[str, ...]:
        """Of each element, for comparisons."""
        return tuple(plain(e.text) for e in self.elements)

    @cached_property
    def signature(self) -> tuple[tuple[str, int, int], ...]:
        """What the screen says and where: another one after scrolling and after most effects."""
        return tuple((e.text, e.box.x0, e.box.y0) for e in self.elements)

    def find(self, text: str, *, at_least: float = SAME) -> list[int]:
        """The elements with this text, the most alike first, then in reading order."""
        wanted = plain(text)
        if not wanted:
            return []
        exact = [i for i, each in enumerate(self.plain_texts) if each == wanted]
        if exact:
            return exact
        near = [(similarity(e.text, text), i) for i, e in enumerate(self.elements) if e.text]
        return [i for alike, i in sorted(near, key=lambda one: (-one[0], one[1])) if alike >= at_least]

    def shows(self, text: str, *, at_least: float = SAME) -> bool:
        """Whether the text stands somewhere, alone or as whole words inside a longer one."""
        wanted = plain(text)
        if not wanted:
            return False
        if self.find(text, at_least=at_least):
            return True
        return any(has_words(each, wanted) for each in self.plain_texts if len(each) > len(wanted))

    def says(self, text: str) -> bool:
        """Whether all of the text stands somewhere; :meth:`shows` takes the beginning of it for a text that is cut off."""
        wanted = plain(text)
        if len(wanted) < _LONG:
            return bool(wanted) and any(each == wanted or has_words(each, wanted) for each in self.plain_texts)
        # Letters that stand apart are read with a blank between.
        whole = wanted.replace(" ", "")
        return any(
            has_words(each, wanted) or whole in each.replace(" ", "") or dice(each, wanted) >= SAME
            for each in self.plain_texts
        )

    def count(self, text: str) -> int:
        """In how many elements the text stands, alone or as whole words."""
        wanted = plain(text)
        return sum(each == wanted or has_words(each, wanted) for each in self.plain_texts) if wanted else 0

    @cached_property
    def _rows_of(self) -> tuple[frozenset[int], ...]:
        """Of each element, those whose middle is level with it."""
        found: list[set[int]] = [set() for _ in self.elements]
        order = sorted(range(len(self.elements)), key=lambda i: self.elements[i].box.centre.y)
        for at, i in enumerate(order):
            a = self.elements[i].box
            for j in order[at + 1 :]:
                b = self.elements[j].box
                if b.centre.y - a.centre.y > max(a.height, b.height):
                    break
                if level(a, b):
                    found[i].add(j)
                    found[j].add(i)
        return tuple(frozenset(each) for each in found)

    def level_with(self, index: int) -> list[int]:
        """The elements in the row of one, from left to right, itself not among them."""
        return sorted(self._rows_of[index], key=lambda i: self.elements[i].box.x0)

    def right_of(self, index: int) -> int | None:
        """The nearest element in the row to the right."""
        box = self.elements[index].box
        right = [i for i in self._rows_of[index] if self.elements[i].box.x0 >= box.x1 - 2 and self.elements[i].text]
        best = min(right, key=lambda i: self.elements[i].box.x0, default=None)
        return None if best is None or self.elements[best].box.x0 - box.x1 > _REACH * self.line else best

    def left_of(self, index: int, *, kinds: Iterable[str] = ("text", "link")) -> int | None:
        """The nearest text in the row to the left."""
        box, wanted = self.elements[index].box, frozenset(kinds)
        left = [
            i for i in self._rows_of[index]
            if self.elements[i].box.x1 <= box.x0 + 2 and self.elements[i].kind in wanted and self.elements[i].text
        ]  # fmt: skip
        best = max(left, key=lambda i: self.elements[i].box.x1, default=None)
        return None if best is None or box.x0 - self.elements[best].box.x1 > _REACH * self.line else best

    def above(self, index: int, *, lines: float = _BELOW) -> int | None:
        """The nearest text that stands over an element and begins near it or spans it."""
        box = self.elements[index].box
        over = [
            i for i, e in enumerate(self.elements)
            if i != index and e.kind in ("text", "link") and e.text and 0 <= box.y0 - e.box.y1 + 3 <= lines * self.line + 3
            and e.box.x0 < box.x1 and box.x0 < e.box.x1 + self.line and abs(e.box.x0 - box.x0) <= 6 * self.line
        ]  # fmt: skip
        return max(over, key=lambda i: (self.elements[i].box.y1, -abs(self.elements[i].box.x0 - box.x0)), default=None)

    def below(self, index: int, *, lines: float = _BELOW) -> int | None:
        """The nearest element that stands under one and overlaps it from left to right."""
        box = self.elements[index].box
        under = [
            i for i, e in enumerate(self.elements)
            if i != index and e.text and 0 <= e.box.y0 - box.y1 + 3 <= lines * self.line + 3
            and e.box.x0 < box.x1 + self.line and box.x0 < e.box.x1 + self.line
        ]  # fmt: skip
        return min(under, key=lambda i: (self.elements[i].box.y0, abs(self.elements[i].box.x0 - box.x0)), default=None)

    @cached_property
    def _names(self) -> dict[int, dict[str, tuple[str, ...]]]:
        return {}

    def names(self, index: int) -> dict[str, tuple[str, ...]]:
        """The texts beside an element, by where they stand: label, left, above, right, below. Those that are there."""
        known = self._names.get(index)
        if known is None:
            element = self.elements[index]
            sides = {"left": self.left_of(index), "above": self.above(index), "right": self.right_of(index)}
            known = {"label": (element.label,)} if element.label else {}
            known |= {side: (self.elements[i].text,) for side, i in sides.items() if i is not None}
            if element.kind in ("field", "textarea") and element.text:
                known["hint"] = (element.text,)
            self._names[index] = known
        return known

    def names_of(self, index: int) -> tuple[str, ...]:
        """The texts that may name an element, the likelier first: its own label, the text to its left, the text over it."""
        named = self.names(index)
        return tuple(dict.fromkeys(text for side in ("label", "left", "above") for text in named.get(side, ())))

    def in_column(self, header: int, *, until: int | None = None) -> list[int]:
        """The elements under a column's header, from top to bottom: what overlaps it from left to right, down to the first large
        gap (or to ``until``, a y)."""
        box = self.elements[header].box
        under = sorted(
            (i for i, e in enumerate(self.elements)
             if i != header and e.box.y0 >= box.y1 - 2 and _overlap(e.box, box) and (until is None or e.box.y1 <= until)),
            key=lambda i: self.elements[i].box.y0,
        )  # fmt: skip
        kept: list[int] = []
        bottom, pitch = box.y1, 0
        for i in under:
            gap = self.elements[i].box.y0 - bottom
            if gap > max(4 * self.line, 2.5 * pitch):
                break
            if kept:
                pitch = max(pitch, self.elements[i].box.y0 - self.elements[kept[-1]].box.y0)
            kept.append(i)
            bottom = max(bottom, self.elements[i].box.y1)
        return kept

    def band_of(self, index: int) -> Band:
        """The row of an element: from half way to what stands above it in its column to half way to what stands below."""
        box = self.elements[index].box
        margin = max(2, round(0.35 * self.line))
        return Band(box.y0 - margin, box.y1 + margin, box.centre.x)

    def in_band(self, band: Band) -> list[int]:
        """The elements of a row, from left to right; of a card line by line."""
        inside = [i for i, e in enumerate(self.elements) if band.holds(e.box)]
        if band.right < 1_000_000:
            return sorted(
                inside, key=lambda i: (self.elements[i].box.y0 // max(4, round(self.line)), self.elements[i].box.x0)
            )
        return sorted(inside, key=lambda i: self.elements[i].box.x0)

    def header(self, band: Band, column: str) -> int | None:
        """The heading of a column over a row; the nearest to what the row was found by where several are called so."""
        over = [
            i for i in self.find(column) if self.elements[i].box.y0 < band.y0 and not band.holds(self.elements[i].box)
        ]
        lowest = max((self.elements[i].box.y0 for i in over), default=0)
        near = [i for i in over if lowest - self.elements[i].box.y0 <= self.line]
        return min(near, key=lambda i: abs(self.elements[i].box.centre.x - band.x), default=None)

    def cell(self, band: Band, header: int) -> int | None:
        """The element of a row that stands under a header; the nearest to its middle where there are several."""
        box = self.elements[header].box
        inside = [i for i in self.in_band(band) if _overlap(self.elements[i].box, box)]
        return min(inside, key=lambda i: abs(self.elements[i].box.centre.x - box.centre.x), default=None)

    def alike(self, index: int) -> list[int]:
        """The elements that repeat one down its column, itself among them, from top to bottom: same kind and same text (or no text,
        or links and texts of a list), same left or right edge."""
        e = self.elements[index]
        words = plain(e.text) if e.kind in ("button", "tab") else ""
        return sorted(
            (
                i for i, other in enumerate(self.elements)
                if other.kind == e.kind and (not words or plain(other.text) == words)
                and (abs(other.box.x0 - e.box.x0) <= 4 or abs(other.box.x1 - e.box.x1) <= 4 or
                     (e.kind != "text" and abs(other.box.centre.x - e.box.centre.x) <= 4))
                and (e.kind in ("text", "link") or abs(other.box.height - e.box.height) <= 4)
            ),
            key=lambda i: self.elements[i].box.y0,
        )  # fmt: skip

    def at(self, point: Point) -> int | None:
        """The smallest element that holds a point."""
        hits = [i for i, e in enumerate(self.elements) if e.box.contains(point)]
        return min(hits, key=lambda i: self.elements[i].box.width * self.elements[i].box.height, default=None)

    def block_start(self, index: int) -> int:
        """The first line of the block that an element stands in: of a card its title."""
        while True:
            over = self.above(index, lines=1.4)
            if over is None or abs(self.elements[over].box.x0 - self.elements[index].box.x0) > 0.5 * self.line:
                return index
            index = over

    def item_of(self, index: int) -> Band:
        """What belongs to one of several things that repeat down a column: its row, or, where they stand further apart, its card."""
        box = self.elements[index].box
        below = [i for i in self.alike(index) if self.elements[i].box.y0 > box.y0 and self.block_start(i) == i]
        own = self.band_of(index)
        lines = [i for i, e in enumerate(self.elements) if e.text and abs(e.box.x0 - box.x0) <= 0.5 * self.line]
        last = index
        for i in sorted(lines, key=lambda i: self.elements[i].box.y0):
            if self.elements[last].box.y1 - 3 <= self.elements[i].box.y0 <= self.elements[last].box.y1 + self.line:
                last = i
        if last == index:
            return own
        limit = self.elements[below[0]].box.y0 if below else self.observation.height
        right = min(
            (
                e.box.x0
                for e in self.elements
                if e.text and e.box.x0 > max(self.elements[i].box.x1 for i in (index, last)) + 2 * self.line
            ),
            default=self.observation.width,
        )
        return Band(own.y0, min(limit, self.elements[last].box.y1 + 2), own.x, box.x0 - round(self.line), right)

    def inside(self, point: Point) -> bool:
        """Whether a point is on the screen."""
        return 0 <= point.x < self.observation.width and 0 <= point.y < self.observation.height

    def near(self, point: Point) -> int | None:
        """The text from which a place beside everything is best told: left of it in its row, else over it, else right of it, else
        below it."""
        best: tuple[float, int] | None = None
        for i, e in enumerate(self.elements):
            if not e.text:
                continue
            box, line = e.box, self.line
            on_words = box.y0 - 0.4 * line <= point.y < box.y1 + 0.4 * line and box.x1 <= point.x <= box.x1 + line * (
                2 + len(e.text)
            )
            if e.kind in ("radio", "checkbox") and not on_words:
                # A box is meant by its own words, and by nothing further away.
                continue
            in_row = box.y0 - 0.6 * line <= point.y < box.y1 + 0.6 * line
            in_column = box.x0 - line <= point.x <= box.x1 + 12 * line
            if in_row and box.x1 <= point.x:
                far = (point.x - box.x1) / line
            elif in_row and box.x0 > point.x:
                far = 4 + 2 * (box.x0 - point.x) / line
            elif in_column and box.y1 <= point.y:
                far = 1 + 1.5 * (point.y - box.y1) / line
            elif in_column and box.y0 > point.y:
                far = 6 + 2 * (box.y0 - point.y) / line
            else:
                continue
            if far <= _REACH and (best is None or far < best[0]):
                best = far, i
        return None if best is None else best[1]

    def lines_between(self, above: Sequence[str], below: Sequence[str]) -> list[Element]:
        """What stands under the lowest of ``above`` that is there and over the first of ``below`` behind it, in reading order."""
        tops = [self.elements[i].box.y1 for text in above for i in self.find(text)[:1]]
        top = max(tops, default=0)
        ends = [
            self.elements[i].box.y0 for text in below for i in self.find(text) if self.elements[i].box.y0 >= top - 2
        ]
        end = min(ends, default=self.observation.height)
        inside = [e for e in self.elements if e.box.y0 >= top - 2 and e.box.y1 <= end + 2 and e.text]
        return sorted(inside, key=lambda e: (e.box.centre.y // max(6, int(0.6 * self.line)), e.box.x0))


def level(a: Box, b: Box) -> bool:
    """Whether two boxes stand in one row: the middle of one lies within the other."""
    return (b.y0 <= a.centre.y < b.y1) or (a.y0 <= b.centre.y < a.y1)


def _overlap(a: Box, b: Box) -> bool:
    """From left to right."""
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0
