"""Intents become symbols: two are one symbol when they act on the same widget of the same page, whatever the case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crewless.policy.job.targets import FAMILIES
from crewless.policy.job.view import View
from crewless.policy.texts import has_words, plain, similarity
from crewless.training.induce.effects import radio_group
from crewless.training.induce.intents import Intent, Trace, is_entry

COMMON = 0.5
"""A text that stands in this share of the demonstrations belongs to the program, not to a case."""
_SOME, _TOGETHER = 0.3, 4
"""So many texts in just the same demonstrations, at least this share of them, are labels of a page."""
SAME_PAGE = 0.45
"""From this Jaccard index of their common texts on two screens are the same page."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A step of the job, before it is known what it needs."""

    kind: str
    verb: str
    family: str
    page: frozenset[str]
    names: tuple[str, ...] = ()
    """Common texts that name the widget."""
    text: str = ""
    """What it says, where that does not change with the case; of a key the chord."""
    group: frozenset[str] = frozenset()
    """radio: the texts of its group."""
    column: str = ""
    """The heading of a column whose widgets repeat row by row."""
    rows: bool = False
    """It is one of several alike, row by row."""
    hint: str = ""
    """What an empty field says of itself."""


def common_texts(traces: Sequence[Trace], *, share: float = COMMON) -> frozenset[str]:
    """Texts, in small letters, that stand on some screen of that share of the demonstrations, and are no given slot; and those that
    always come together in some of them, as the labels of a page do that only some cases have."""
    where: dict[str, set[int]] = {}
    for number, trace in enumerate(traces):
        own = {plain(value) for value in trace.slots.values()}
        for text in {text for view in trace.views for text in view.plain_texts if text and text not in own}:
            where.setdefault(text, set()).add(number)
    count = len(traces)
    least = max(2.0, share * count) if count > 1 else 1.0
    together: dict[frozenset[int], list[str]] = {}
    for text, demos in where.items():
        if max(3.0, _SOME * count) <= len(demos) < least:
            together.setdefault(frozenset(demos), []).append(text)
    pages = {text for texts in together.values() if len(texts) >= _TOGETHER for text in texts}
    return frozenset({text for text, demos in where.items() if len(demos) >= least} | pages)


def page_of(view: View, common: frozenset[str]) -> frozenset[str]:
    """The common texts on a screen."""
    return frozenset(text for text in view.plain_texts if text in common)


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Of two sets; 1 for two empty ones."""
    return len(a & b) / len(a | b) if a or b else 1.0


def common_names(view: View, index: int, common: frozenset[str]) -> tuple[str, ...]:
    """The texts beside an element that belong to the program."""
    return tuple(plain(name) for name in view.names_of(index) if plain(name) in common)


def repeats(view: View, index: int, common: frozenset[str]) -> tuple[bool, str]:
    """Whether an element is one of several alike in the rows of a table, and the heading of their column."""
    siblings = view.alike(index)
    header = _header(view, siblings, common) if siblings else ""
    if len(siblings) < 2:
        # A table of one row looks like a field with a label over it: other demonstrations tell.
        return False, header
    own = []
    for i in siblings:
        left = view.left_of(i)
        label = plain(view.elements[left].text) if left is not None else plain(view.elements[i].label)
        own.append(label if label in common else "")
    named = {name for name in own if name}
    if len(named) > 0.5 * len(siblings):
        return False, header
    above = {plain(view.elements[j].text) for i in siblings if (j := view.above(i, lines=1.6)) is not None}
    if len(above & common) > 0.5 * len(siblings):
        return False, header
    return _in_table(view, index, common) or len(siblings) > 2, header


def _in_table(view: View, index: int, common: frozenset[str]) -> bool:
    """Whether the row of an element has a text of the case's own in it."""
    return any(
        view.elements[i].kind in ("text", "link") and view.plain_texts[i] not in common for i in view.level_with(index)
    )


def _header(view: View, siblings: Sequence[int], common: frozenset[str]) -> str:
    top = view.elements[siblings[0]].box
    best, low = "", -1
    for i, e in enumerate(view.elements):
        if (
            e.kind in ("text", "link", "button") and view.plain_texts[i] in common and e.box.y1 <= top.y0 + 2
            and min(e.box.x1, top.x1) - max(e.box.x0, top.x0) > 0 and top.y0 - e.box.y1 <= 3.5 * view.line and e.box.y1 > low
        ):  # fmt: skip
            best, low = e.text, e.box.y1
    return best


def symbolised(
    trace: Trace, symbols: list[Symbol], common: frozenset[str]
) -> list[tuple[int, list[Intent]]]:  # fmt: skip
    """The trace's items: symbols with the intents that make them."""
    items: list[tuple[int, list[Intent]]] = []
    for intent in trace.intents:
        made = _symbol(trace.views[intent.seen], intent, common, trace.slots)
        number = next((n for n, other in enumerate(symbols) if _is_same(made, other)), -1)
        if number < 0:
            number = len(symbols)
            symbols.append(made)
        elif made.rows and not symbols[number].rows:
            symbols[number] = made
        items.append((number, [intent]))
    return items


def _symbol(view: View, intent: Intent, common: frozenset[str], slots: Mapping[str, str]) -> Symbol:
    page = page_of(view, common)
    if intent.element is None:
        return Symbol(
            kind=intent.kind, verb=intent.verb, family="", page=page, text=intent.value if intent.kind == "key" else ""
        )
    element = view.elements[intent.element]
    family = FAMILIES.get(element.kind, element.kind)
    text = plain(element.text)
    own = text if text in common and (not is_entry(intent) or element.kind == "checkbox") else ""
    if intent.kind == "key":
        own = intent.value
    slot = next((name for name, value in slots.items() if value and plain(value) == text), "")
    if intent.kind in ("drag", "press") and not slot:
        slot = next((name for name, value in slots.items() if value and has_words(text, value)), "")
    if slot and not is_entry(intent):
        own = f"<{slot}>"
    rows, column = repeats(view, intent.element, common)
    if element.kind == "radio" or (intent.kind == "text" and element.kind in ("text", "link")):
        rows, column = False, ""
    names = common_names(view, intent.element, common)
    if intent.kind == "text" and element.kind in ("text", "link") and text in common:
        # A field that cannot be seen before something stands in it goes by the text beside it.
        names = (text,)
    return Symbol(
        kind=intent.kind, verb=intent.verb, family=family, page=page,
        names=names, text=own,
        group=frozenset(radio_group(view, intent.element)) if element.kind == "radio" else frozenset(),
        column=plain(column), rows=rows, hint=text if element.kind in ("field", "textarea") and text in common else "",
    )  # fmt: skip


def _is_same(a: Symbol, b: Symbol) -> bool:
    if a.kind != b.kind or a.verb != b.verb or (a.kind == "key" and a.text != b.text):
        return False
    if a.family != b.family and not {a.family, b.family} <= {"words", "button", "option"}:
        return False
    known = (
        bool(a.names and b.names and a.names[0] == b.names[0])
        or bool(a.text and a.text == b.text)
        or bool(a.hint and a.hint == b.hint)
    )
    if jaccard(a.page, b.page) < (0.12 if known else SAME_PAGE):
        return False
    if a.group or b.group:
        return jaccard(a.group, b.group) >= 0.5
    if a.kind == "key":
        return not a.names or not b.names or bool(set(a.names) & set(b.names))
    if a.text.startswith("<") and a.text == b.text:
        return True
    if a.text or b.text:
        if a.text != b.text and similarity(a.text, b.text) < 0.86:
            return False
        return not (a.rows and b.rows) or a.column == b.column
    if a.rows or b.rows:
        return a.column == b.column and (a.rows == b.rows or bool(a.column))
    if a.hint and b.hint and not (a.names and b.names):
        return a.hint == b.hint
    if a.names and b.names:
        return a.names[0] == b.names[0] or len(set(a.names) & set(b.names)) > 1
    return not a.names and not b.names
