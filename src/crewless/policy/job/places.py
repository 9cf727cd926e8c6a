"""Places: where on a screen a text is read, said by what stands around it."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from crewless.core.messages import Element
from crewless.policy.job.values import Environment, Expression
from crewless.policy.job.view import Band, View
from crewless.policy.texts import has_words, plain

Side = Literal["right", "below"]
_BLOCK_GAP = 1.2
"""Lines: what stands closer than this under a line belongs to its block."""


class Beside(Struct, frozen=True, tag=True):
    """The text right of a label, or one of the lines below it."""

    label: str
    side: Side = "right"
    line: int = 0
    """below: which of the lines of the block; negative from its end."""

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """None where the label or the text is not on the screen."""
        for label in view.find(self.label):
            if self.side == "right":
                found = view.right_of(label)
                if found is not None:
                    return view.elements[found].text
                continue
            block = block_below(view, label)
            if -len(block) <= self.line < len(block):
                return view.elements[block[self.line]].text
        return None

    def words(self) -> str:
        """Such as “the text right of 'Total due'”."""
        if self.side == "right":
            return f"the text right of “{self.label}”"
        place = (
            "last line"
            if self.line == -1
            else f"line {self.line + 1 if self.line >= 0 else f'{-self.line} from the end'}"
        )
        return f"the {place} below “{self.label}”"


class Block(Struct, frozen=True, tag=True):
    """All lines below a label, up to the first gap."""

    label: str

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """Joined by line breaks; None where nothing stands there."""
        for label in view.find(self.label):
            block = block_below(view, label)
            if block:
                return "\n".join(view.elements[i].text for i in block)
        return None

    def words(self) -> str:
        """Such as “the lines below 'Sender'”."""
        return f"the lines below “{self.label}”"


class Starting(Struct, frozen=True, tag=True):
    """What follows in a line that begins with certain words."""

    prefix: str

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """None where no line begins so, or nothing follows."""
        for element in view.elements:
            if (
                element.kind in ("text", "link")
                and element.text.startswith(self.prefix)
                and len(element.text.strip()) > len(self.prefix.strip())
            ):
                return element.text[len(self.prefix) :].strip() or None
        return None

    def words(self) -> str:
        """Such as “the line that begins with 'Total due:'”."""
        return f"what follows “{self.prefix.strip()}” in its line"


class TableCell(Struct, frozen=True, tag=True):
    """The cell of a table under a heading, in the row of a text."""

    column: str
    key: Expression
    key_column: str = ""
    """The heading over that text; empty: it stands anywhere in the row."""

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """None where the heading or the row is not on the screen."""
        key = self.key.value(env)
        if key is None:
            return None
        own = None if row is None or not self.key_column else view.header(row, self.key_column)
        for i in _keys(view, key):
            band = view.band_of(i)
            over = view.header(band, self.key_column) if self.key_column else None
            if self.key_column and (over is None or not overlaps(view, over, i)):
                continue
            if row is not None and over is not None and over == own and row.holds(view.elements[i].box):
                # The row itself, and not the one in the other table.
                continue
            header = view.header(band, self.column)
            found = None if header is None else view.cell(band, header)
            if found is not None and found != i and view.elements[found].text:
                return view.elements[found].text
        return None

    def words(self) -> str:
        """Such as “'Price' in the row of article”."""
        return f"“{self.column}” in the row of {self.key.words()}"


class InRow(Struct, frozen=True, tag=True):
    """A cell of the row that a loop is at: under a heading, or by its number from the left."""

    column: str = ""
    nth: int = 0

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """None where there is no such cell."""
        if row is None:
            return None
        if self.column:
            header = view.header(row, self.column)
            found = None if header is None else view.cell(row, header)
            return None if found is None else view.elements[found].text or None
        texts = [view.elements[i].text for i in view.in_band(row) if view.elements[i].text]
        return texts[self.nth] if -len(texts) <= self.nth < len(texts) else None

    def words(self) -> str:
        """Such as “'Ordered' of the row”."""
        return f"“{self.column}” of the row" if self.column else f"text {self.nth + 1} of the row"


class Area(Struct, frozen=True, tag=True):
    """The case's own lines between two lines that are always there."""

    above: tuple[str, ...]
    """Lines over it, the best first; none: from the top."""
    below: tuple[str, ...]
    skip: frozenset[str] = frozenset()
    """Lines that are always there and do not belong to it, in small letters."""

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """The lines joined by spaces; None where there are none, or nothing says where they begin."""
        if self.above and not any(view.find(text) for text in self.above):
            return None
        lines = [e for e in view.lines_between(self.above, self.below) if own_line(e, self.skip, env)]
        return " ".join(e.text.strip() for e in lines) or None

    def words(self) -> str:
        """Such as “the text between 'Details' and 'Comment'”."""
        above = f"“{self.above[0]}”" if self.above else "the top"
        below = f"“{self.below[0]}”" if self.below else "the end"
        return f"the text between {above} and {below}"


class OfCard(Struct, frozen=True, tag=True):
    """A line of the card, or of the message, in which a text stands: whatever is known of it by that text alone."""

    key: Expression
    line: int = 0
    """0: the line with the text in it; negative: from the end, since a title may take two."""

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """None where the text is not on the screen, or the card has no such line."""
        key = self.key.value(env)
        for i in _keys(view, key) if key else ():
            lines = card_lines(view, i, key or "")
            if -len(lines) <= self.line < len(lines):
                return lines[self.line] or None
        return None

    def words(self) -> str:
        """Such as “line 2 of the card with order”."""
        place = (
            f"line {self.line + 1}"
            if self.line >= 0
            else "the last line"
            if self.line == -1
            else f"line {-self.line} from the end"
        )
        return f"{place} of the card with {self.key.words()}"


class Seen(Struct, frozen=True, tag=True):
    """A text that is there or not."""

    text: str

    def read(self, view: View, env: Environment, row: Band | None = None) -> str | None:
        """The text, or None."""
        return self.text if view.shows(self.text) else None

    def words(self) -> str:
        """The text."""
        return f"whether “{self.text}” is there"


Place = Beside | Block | Starting | TableCell | InRow | Area | OfCard | Seen


def own_line(element: Element, skip: frozenset[str], env: Environment) -> bool:
    """Whether a line has a word and is none of those that are always there."""
    text = plain(element.text)
    return (
        element.kind in ("text", "link")
        and text not in skip
        and any(len(word) > 1 and word.isalpha() for word in text.split())
    )


def block_below(view: View, label: int) -> list[int]:
    """The lines that stand under a label, each close under the one before and beginning at about the same x."""
    found: list[int] = []
    box = view.elements[label].box
    bottom, left = box.y1, box.x0
    for i in sorted(range(len(view.elements)), key=lambda i: view.elements[i].box.y0):
        e = view.elements[i]
        if i == label or not e.text or e.box.y0 < bottom - 3 or abs(e.box.x0 - left) > 3 * view.line:
            continue
        limit = (3.0 if not found else _BLOCK_GAP) * view.line
        if e.box.y0 - bottom > limit:
            break
        if not found:
            left = e.box.x0
        if abs(e.box.x0 - left) <= view.line:
            found.append(i)
            bottom = e.box.y1
    return found


def card_lines(view: View, index: int, key: str) -> list[str]:
    """The lines of a card from the one with the key on: lines of one framed text, or what stands close below."""
    lines = view.elements[index].text.split("\n")
    if len(lines) > 1:
        wanted = plain(key)
        at = next((n for n, line in enumerate(lines) if has_words(line, wanted)), 0)
        return [line.strip() for line in lines[at:]]
    return [lines[0], *(view.elements[i].text for i in block_below(view, index))]


def overlaps(view: View, a: int, b: int) -> bool:
    """Whether two elements share some of their width."""
    one, other = view.elements[a].box, view.elements[b].box
    return min(one.x1, other.x1) - max(one.x0, other.x0) > 0


def _keys(view: View, key: str) -> Sequence[int]:
    """Where a text stands: alone, or else as whole words of a longer one."""
    wanted = plain(key)
    if not wanted:
        return []
    return [i for i, text in enumerate(view.plain_texts) if text == wanted] or [
        i for i, text in enumerate(view.plain_texts) if has_words(text, wanted)
    ]
