"""Traces side by side: which intent of one demonstration is the same step of the job as which of another.

Intents become symbols: two are one symbol when they act on the same widget of the same page, whatever the case. Entries of one form
stand in one order in every trace, so that their order does not matter, and what is repeated in a row is one item. Then the traces
are aligned progressively (Needleman & Wunsch 1970, sequence against profile).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from crewless.core.messages import Box
from crewless.policy.job.targets import FAMILIES
from crewless.policy.job.view import View
from crewless.policy.texts import has_words, plain, similarity, spaced
from crewless.training.induce.effects import radio_group
from crewless.training.induce.intents import Intent, Trace, is_entry

COMMON = 0.5
"""A text that stands in this share of the demonstrations belongs to the program, not to a case."""
FIXED = 0.8
_LONGEST_BODY = 5
"""Steps that lead on in the body of a loop."""
_VALUES = 3
"""From so many different texts on presses are of one step whose text depends on the case."""
_SAME_AFTER = 0.6
"""From this mean Jaccard index on two steps lead to the same page."""
_STRAY = 0.1
"""A step that so few demonstrations have may be another one that was misread."""
_SAME_PLACE_PX = 12
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


@dataclass(frozen=True, slots=True)
class Item:
    """One step of one trace."""

    symbol: int
    intents: tuple[Intent, ...]
    rounds: "tuple[tuple[Item, ...], ...]" = ()
    """Of a loop, what was done in each round."""


@dataclass(slots=True)
class Column:
    """One step of the job: of each demonstration that has it the intents that make it."""

    symbol: int
    members: dict[int, list[Intent]] = field(default_factory=dict[int, list[Intent]])
    rounds: dict[int, tuple[tuple[Item, ...], ...]] = field(default_factory=dict[int, tuple[tuple[Item, ...], ...]])
    """Of a loop, what each demonstration did in each round."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Everything that is known once the traces stand side by side."""

    traces: tuple[Trace, ...]
    symbols: tuple[Symbol, ...]
    columns: tuple[Column, ...]
    common: frozenset[str]
    """Plain texts that belong to the program."""
    fixed: frozenset[str] = frozenset()
    """Those of them that stand in nearly every demonstration: headings, labels."""


def align(traces: Sequence[Trace]) -> Alignment:
    """Lay traces side by side."""
    common, fixed = common_texts(traces), common_texts(traces, share=FIXED)
    symbols: list[Symbol] = []
    rows = [_symbolised(trace, symbols, common) for trace in traces]
    rows = _beside_where_unseen(traces, symbols, rows)
    merged = _merged_submits(traces, symbols, rows)
    halves = _merged_halves(traces, symbols, rows, common)
    rows = [_with_halves(trace, row, symbols, halves) for trace, row in zip(traces, rows, strict=True)]
    merged |= _merged_values(traces, symbols, rows, common)
    merged |= _merged_strays(traces, symbols, rows)
    plain_rows = [_canonical([(merged.get(s, s), intents) for s, intents in row]) for row in rows]
    folded = fold(plain_rows, symbols, traces)
    columns = progressive([_joined_repeats(row) for row in folded])
    return Alignment(traces=tuple(traces), symbols=tuple(symbols), columns=tuple(columns), common=common, fixed=fixed)


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


def _symbolised(
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


def _beside_where_unseen(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Sequence[tuple[int, list[Intent]]]]
) -> list[list[tuple[int, list[Intent]]]]:
    """A field that was seen in some traces and in others only the text beside it: one step, told by that text in all of them."""
    having: dict[int, set[int]] = {}
    for number, row in enumerate(rows):
        for symbol, intents in row:
            if intents[0].kind == "text":
                having.setdefault(symbol, set()).add(number)
    told: dict[int, int] = {}
    for beside, own in having.items():
        if symbols[beside].family != "words" or not symbols[beside].names:
            continue
        for seen, others in having.items():
            known = {*symbols[seen].names, symbols[seen].hint}
            same = symbols[seen].family == "field" and symbols[beside].names[0] in known and not own & others
            if same and jaccard(symbols[seen].page, symbols[beside].page) >= SAME_PAGE:
                told[seen] = beside
    out: list[list[tuple[int, list[Intent]]]] = []
    for trace, row in zip(traces, rows, strict=True):
        out.append([])
        for symbol, intents in row:
            if symbol in told:
                symbol = told[symbol]
                intents = [_told_by(trace, intent, symbols[symbol].names[0]) for intent in intents]
            out[-1].append((symbol, intents))
    return out


def _told_by(trace: Trace, intent: Intent, text: str) -> Intent:
    """The intent with the text beside its field as what it is told by."""
    view, point = trace.views[intent.seen], intent.point
    labels = [i for i, own in enumerate(view.plain_texts) if own == text and view.elements[i].kind in ("text", "link")]
    if point is None or not labels:
        return intent

    def far(i: int) -> int:
        box = view.elements[i].box
        return abs(box.x0 - point.x) + abs(box.centre.y - point.y)

    return replace(intent, element=min(labels, key=far))


def _merged_submits(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Sequence[tuple[int, list[Intent]]]]
) -> dict[int, int]:
    """Return in a field that leads where a button leads: one step, done in two ways. The rarer symbol to the other."""
    after: dict[int, list[frozenset[str]]] = {}
    counts: Counter[int] = Counter()
    common = common_texts(traces)
    for trace, row in zip(traces, rows, strict=True):
        for number, intents in row:
            counts[number] += 1
            after.setdefault(number, []).append(
                page_of(trace.views[min(intents[-1].end, len(trace.views) - 1)], common)
            )
    leading = [n for n, s in enumerate(symbols) if s.kind in ("press", "key") and not s.rows]
    merged: dict[int, int] = {}
    for key in leading:
        if symbols[key].kind != "key" or symbols[key].text not in ("Return", "KP_Enter"):
            continue
        for press in leading:
            if symbols[press].kind != "press" or press in merged or symbols[press].verb != "click":
                continue
            same_before = jaccard(symbols[key].page, symbols[press].page) >= SAME_PAGE
            same_after = _mean_jaccard(after[key], after[press]) >= _SAME_AFTER
            both = any({key, press} <= {n for n, _ in row} for row in rows)
            if same_before and same_after and not both:
                rare, other = (key, press) if counts[key] <= counts[press] else (press, key)
                merged[rare] = other
                break
    return merged


def _merged_halves(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Sequence[tuple[int, list[Intent]]]], common: frozenset[str]
) -> dict[int, int]:  # fmt: skip
    """A button and the words close beside it, one or the other pressed, which lead to the same: halves of one widget, such as that in
    which a file is chosen. The rarer symbol to the other."""
    after: dict[int, list[frozenset[str]]] = {}
    beside: dict[int, set[str]] = {}
    having: dict[int, set[int]] = {}
    for number, (trace, row) in enumerate(zip(traces, rows, strict=True)):
        for symbol, intents in row:
            intent = intents[-1]
            if intent.kind != "press" or intent.element is None or symbols[symbol].rows or not symbols[symbol].text:
                continue
            having.setdefault(symbol, set()).add(number)
            end = trace.views[min(intent.end, len(trace.views) - 1)]
            after.setdefault(symbol, []).append(page_of(end, common))
            beside.setdefault(symbol, set()).update(_close_by(trace.views[intent.seen], intent.element))
    merged: dict[int, int] = {}
    for words, button in product(having, having):
        one, other = symbols[words], symbols[button]
        if (one.family, other.family) != ("words", "button") or having[words] & having[button]:
            continue
        close = other.text in beside[words] and one.text in beside[button]
        if (
            close
            and jaccard(one.page, other.page) >= SAME_PAGE
            and _mean_jaccard(after[words], after[button]) >= _SAME_AFTER
        ):
            rare, usual = sorted((words, button), key=lambda n: len(having[n]))
            merged[rare] = usual
    return merged


def _with_halves(
    trace: Trace, row: Sequence[tuple[int, list[Intent]]], symbols: Sequence[Symbol], halves: Mapping[int, int]
) -> list[tuple[int, list[Intent]]]:
    """A row with the usual half in place of the other one."""
    out: list[tuple[int, list[Intent]]] = []
    for symbol, intents in row:
        if symbol in halves:
            symbol = halves[symbol]
            intents = [_on_half(trace, intent, symbols[symbol].text) for intent in intents]
        out.append((symbol, intents))
    return out


def _on_half(trace: Trace, intent: Intent, text: str) -> Intent:
    view = trace.views[intent.seen]
    level = [] if intent.element is None else view.level_with(intent.element)
    other = next((i for i in level if view.plain_texts[i] == text), None)
    return intent if other is None else replace(intent, element=other, point=view.elements[other].box.centre)


def _close_by(view: View, index: int) -> set[str]:
    """The texts that stand beside an element with hardly a gap between."""
    box = view.elements[index].box
    return {
        view.plain_texts[i] for i in view.level_with(index)
        if max(view.elements[i].box.x0 - box.x1, box.x0 - view.elements[i].box.x1) <= view.line
    }  # fmt: skip


def _merged_values(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Sequence[tuple[int, list[Intent]]]], common: frozenset[str]
) -> dict[int, int]:  # fmt: skip
    """Presses that differ in nothing but what they say, where that was given or shown before: the day of a calendar, an entry of a
    list that is no select. One step whose target depends on the case. Each symbol to the commonest of its like."""
    told: Counter[int] = Counter()
    counts: Counter[int] = Counter()
    for trace, row in zip(traces, rows, strict=True):
        words = _words_before(trace, common)
        for number, intents in row:
            intent = intents[0]
            if intent.kind == "press" and symbols[number].text and intent.element is not None:
                counts[number] += 1
                text = trace.views[intent.seen].plain_texts[intent.element]
                told[number] += _bare(text) in words[intent.seen]
    depends = [n for n in sorted(counts, key=lambda n: (-counts[n], n)) if told[n] >= 0.8 * counts[n]]
    merged: dict[int, int] = {}
    for n in depends:
        own = symbols[n]
        like = [
            other for other in depends
            if other != n and other not in merged and symbols[other].family == own.family and symbols[other].verb == own.verb
            and symbols[other].text.isdigit() == own.text.isdigit() and jaccard(symbols[other].page, own.page) >= SAME_PAGE
        ]  # fmt: skip
        if n not in merged and len(like) >= _VALUES - 1:
            merged |= dict.fromkeys(like, n)
    return merged


def _merged_strays(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Sequence[tuple[int, list[Intent]]]]
) -> dict[int, int]:
    """Entries into a widget whose surroundings were misread in very few traces: in the place of another one, of the same kind and on
    the same page, that just these traces lack. The rare symbol to the other."""
    having: dict[int, set[int]] = {}
    places: dict[int, list[Box]] = {}
    for number, row in enumerate(rows):
        for symbol, intents in row:
            intent = intents[-1]
            if is_entry(intent) and intent.element is not None and not symbols[symbol].rows:
                having.setdefault(symbol, set()).add(number)
                places.setdefault(symbol, []).append(traces[number].views[intent.seen].elements[intent.element].box)
    merged: dict[int, int] = {}
    for rare, own in having.items():
        if len(own) > _STRAY * len(traces):
            continue
        stray = symbols[rare]
        like = [
            usual for usual, others in having.items()
            if len(others) >= COMMON * len(traces) and not own & others
            and (symbols[usual].kind, symbols[usual].family) == (stray.kind, stray.family)
            and jaccard(symbols[usual].page, stray.page) >= SAME_PAGE
            and any(abs(a.x0 - b.x0) + abs(a.y0 - b.y0) <= _SAME_PLACE_PX for a in places[usual] for b in places[rare])
        ]  # fmt: skip
        if len(like) == 1:
            merged[rare] = like[0]
    return merged


def _words_before(trace: Trace, common: frozenset[str]) -> list[frozenset[str]]:
    """Of each screen the words that were given, or had shown by then in texts of the case's own."""
    known = {_bare(word) for value in trace.slots.values() for word in (plain(value), *spaced(value))}
    out: list[frozenset[str]] = []
    for view in trace.views:
        for text in view.plain_texts:
            if text and text not in common:
                known |= {_bare(word) for word in (text, *spaced(text))}
        out.append(frozenset(known))
    return out


def _bare(text: str) -> str:
    return text.lstrip("0") if text.isdigit() else text


def _mean_jaccard(a: Sequence[frozenset[str]], b: Sequence[frozenset[str]]) -> float:
    values = [jaccard(x, y) for x in a[:6] for y in b[:6]]
    return sum(values) / len(values) if values else 0.0


def _canonical(row: Iterable[tuple[int, list[Intent]]]) -> list[Item]:
    """Entries between two steps that lead on in one order, those of one symbol as one item."""
    out: list[Item] = []
    run: dict[int, list[Intent]] = {}
    for number, intents in row:
        if is_entry(intents[0]):
            run.setdefault(number, []).extend(intents)
            continue
        out += [Item(n, tuple(run[n])) for n in sorted(run)]
        run = {}
        out.append(Item(number, tuple(intents)))
    return out + [Item(n, tuple(run[n])) for n in sorted(run)]


def _joined_repeats(row: Sequence[Item]) -> list[Item]:
    """What is pressed several times in a row as one item."""
    out: list[Item] = []
    for item in row:
        if out and out[-1].symbol == item.symbol and not item.rounds and not is_entry(item.intents[0]):
            out[-1] = Item(item.symbol, (*out[-1].intents, *item.intents))
        else:
            out.append(item)
    return out


def fold(rows: Sequence[Sequence[Item]], symbols: list[Symbol], traces: Sequence[Trace]) -> list[list[Item]]:
    """Loops: what is done again and again, each time with another of several like things, as one item. A body that repeats in some
    traces is a loop of one round where it occurs once."""
    votes: Counter[tuple[int, ...]] = Counter()
    alike = _alternatives(rows, symbols, traces)
    for row, trace in zip(rows, traces, strict=True):
        leads = [item for item in row if not is_entry(item.intents[0])]
        votes.update(set(_repeated_bodies(leads, trace, alike)))
    bodies = [body for body, n in votes.items() if n >= max(1.0, 0.1 * len(rows))]
    # The longer body first: what repeats inside it is not the loop.
    bodies.sort(key=lambda body: (-len(body), -votes[body]))
    first: dict[tuple[int, str], int] = {}
    same = {n: first.setdefault((of, symbols[n].text), n) for n, of in alike.items()}
    out = [list(row) for row in rows]
    for body in bodies:
        number = len(symbols)
        head = symbols[body[0]]
        symbols.append(
            Symbol(
                kind="loop",
                verb="",
                family=head.family,
                page=head.page,
                names=head.names,
                text=head.text,
                column=head.column,
            )
        )
        out = [_folded(row, body, number, alike, same) for row in out]
    return out


def _alternatives(rows: Sequence[Sequence[Item]], symbols: Sequence[Symbol], traces: Sequence[Trace]) -> dict[int, int]:
    """Of each symbol the one that stands for it: buttons that stand side by side in a row, of which one is pressed in each row, are
    alternatives."""
    beside: dict[int, Counter[str]] = {}
    times: Counter[int] = Counter()
    for row, trace in zip(rows, traces, strict=True):
        for item in row:
            intent = item.intents[0]
            if intent.kind == "press" and intent.element is not None and symbols[item.symbol].text:
                view = trace.views[intent.seen]
                times[item.symbol] += 1
                level = {view.plain_texts[i] for i in view.level_with(intent.element)}
                beside.setdefault(item.symbol, Counter()).update(level)
    stands: dict[int, int] = {}
    for a in sorted(beside):
        stands[a] = a
        for b in sorted(set(stands.values()) - {a}):
            one, other = symbols[a], symbols[b]
            together = beside[a][other.text] >= 0.8 * times[a] and beside[b][one.text] >= 0.8 * times[b]
            same = one.text == other.text or together
            if same and jaccard(one.page, other.page) >= SAME_PAGE:
                stands[a] = b
                break
    return stands


def _repeated_bodies(leads: Sequence[Item], trace: Trace, alike: Mapping[int, int]) -> list[tuple[int, ...]]:
    """The bodies that repeat, each round with another thing."""
    numbers = [alike.get(item.symbol, item.symbol) for item in leads]
    found: list[tuple[int, ...]] = []
    at = 0
    while at < len(numbers):
        for size in range(1, _LONGEST_BODY + 1):
            body = numbers[at : at + size]
            rounds = 1
            while len(body) == size and numbers[at + rounds * size : at + (rounds + 1) * size] == body:
                rounds += 1
            whole = all(body != body[:part] * (size // part) for part in range(1, size))
            if rounds > 1 and whole and _others(trace, [leads[at + k * size].intents[0] for k in range(rounds)]):
                found.append(tuple(body))
                at += rounds * size - 1
                break
        at += 1
    return found


def _others(trace: Trace, intents: Sequence[Intent]) -> bool:
    """Whether each of the intents is about another thing: it says something else, or stands in another row."""
    seen: set[tuple[str, ...]] = set()
    for intent in intents:
        if intent.element is None:
            return False
        view = trace.views[intent.seen]
        own = (view.plain_texts[intent.element], *(view.plain_texts[i] for i in view.level_with(intent.element)))
        if own in seen:
            return False
        seen.add(own)
    texts = {trace.views[i.seen].plain_texts[i.element] for i in intents if i.element is not None}
    rows = {(trace.views[i.seen].elements[i.element].box.y0 // 4) for i in intents if i.element is not None}
    return len(texts) == len(intents) or len(rows) > 1


def _folded(
    row: Sequence[Item], body: tuple[int, ...], number: int, alike: Mapping[int, int], same: Mapping[int, int]
) -> list[Item]:
    leads = [at for at, item in enumerate(row) if not is_entry(item.intents[0])]
    numbers = [alike.get(row[at].symbol, row[at].symbol) for at in leads]
    out: list[Item] = []
    done, k = 0, 0
    while k < len(leads):
        rounds = 0
        while tuple(numbers[k + rounds * len(body) : k + (rounds + 1) * len(body)]) == body:
            rounds += 1
        if not rounds:
            k += 1
            continue
        parts: list[tuple[Item, ...]] = []
        begin = leads[k]
        out += row[done:begin]
        for r in range(rounds):
            last = leads[k + (r + 1) * len(body) - 1]
            parts.append(
                tuple(replace(item, symbol=same.get(item.symbol, item.symbol)) for item in row[begin : last + 1])
            )
            begin = last + 1
        done = begin
        out.append(Item(number, tuple(i for part in parts for item in part for i in item.intents), tuple(parts)))
        k += rounds * len(body)
    return out + list(row[done:])


def progressive(rows: Sequence[Sequence[Item]]) -> list[Column]:
    """Lay rows side by side: columns of the items that are the same step."""
    order = sorted(range(len(rows)), key=lambda d: (len(rows[d]), d))
    middle = order[len(order) // 2] if order else 0
    columns: list[Column] = []
    for d in [middle, *(d for d in order if d != middle)] if rows else []:
        columns = _joined(columns, d, rows[d])
    return columns


def _joined(columns: list[Column], d: int, row: Sequence[Item]) -> list[Column]:
    n, m = len(row), len(columns)
    table = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best = max(table[i + 1][j], table[i][j + 1])
            if row[i].symbol == columns[j].symbol:
                best = max(best, table[i + 1][j + 1] + 1 + 0.01 * len(columns[j].members))
            table[i][j] = best
    out: list[Column] = []
    i = j = 0
    while i < n or j < m:
        same = i < n and j < m and row[i].symbol == columns[j].symbol
        if same and table[i][j] == table[i + 1][j + 1] + 1 + 0.01 * len(columns[j].members):
            _put(columns[j], d, row[i])
            out.append(columns[j])
            i, j = i + 1, j + 1
        elif j < m and (
            i == n
            # Entries of one form stand in the order of their symbols, in the row and in the columns.
            or (
                table[i][j] == table[i][j + 1] and (table[i][j] != table[i + 1][j] or columns[j].symbol < row[i].symbol)
            )
        ):
            out.append(columns[j])
            j += 1
        else:
            out.append(Column(row[i].symbol))
            _put(out[-1], d, row[i])
            i += 1
    return out


def _put(column: Column, d: int, item: Item) -> None:
    column.members[d] = list(item.intents)
    if item.rounds:
        column.rounds[d] = item.rounds
