"""Symbols that are one step of the job all the same: done in two ways, with another value each time, or where the screen was misread."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from crewless.core.messages import Box
from crewless.policy.job.view import View
from crewless.policy.texts import plain, spaced
from crewless.training.induce.intents import Intent, Trace, is_entry
from crewless.training.induce.symbols import COMMON, SAME_PAGE, Symbol, jaccard, page_of

Row = list[tuple[int, list[Intent]]]
"""Of one trace the symbols in their order, each with the intents that make it."""
_VALUES = 3
"""From so many different texts on presses are of one step whose text depends on the case."""
_SAME_AFTER = 0.6
"""From this mean Jaccard index on two steps lead to the same page."""
_STRAY = 0.1
"""A step that so few demonstrations have may be another one that was misread."""
_SAME_PLACE_PX = 12


def beside_where_unseen(traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Row]) -> list[Row]:
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
    return [_retold(trace, row, told, symbols, _told_by) for trace, row in zip(traces, rows, strict=True)]


def _retold(
    trace: Trace, row: Row, told: Mapping[int, int], symbols: Sequence[Symbol], how: Callable[[Trace, Intent, Symbol], Intent]
) -> Row:  # fmt: skip
    """A row with other symbols in the place of some, and their intents told as those are."""
    return [
        (told[n], [how(trace, intent, symbols[told[n]]) for intent in intents]) if n in told else (n, intents)
        for n, intents in row
    ]


def _told_by(trace: Trace, intent: Intent, symbol: Symbol) -> Intent:
    """The intent with the text beside its field as what it is told by."""
    view, point = trace.views[intent.seen], intent.point
    labels = [
        i
        for i, own in enumerate(view.plain_texts)
        if own == symbol.names[0] and view.elements[i].kind in ("text", "link")
    ]
    if point is None or not labels:
        return intent

    def far(i: int) -> int:
        box = view.elements[i].box
        return abs(box.x0 - point.x) + abs(box.centre.y - point.y)

    return replace(intent, element=min(labels, key=far))


def merged_submits(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Row], common: frozenset[str]
) -> dict[int, int]:
    """Return in a field that leads where a button leads: one step, done in two ways. The rarer symbol to the other."""
    after: dict[int, list[frozenset[str]]] = {}
    counts: Counter[int] = Counter()
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


def one_of_halves(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Row], common: frozenset[str]
) -> list[Row]:  # fmt: skip
    """A button and the words close beside it, one or the other pressed, which lead to the same: halves of one widget, such as that in
    which a file is chosen. The usual one stands in all of them."""
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
    return [_retold(trace, row, merged, symbols, _on_half) for trace, row in zip(traces, rows, strict=True)]


def _on_half(trace: Trace, intent: Intent, symbol: Symbol) -> Intent:
    view = trace.views[intent.seen]
    level = [] if intent.element is None else view.level_with(intent.element)
    other = next((i for i in level if view.plain_texts[i] == symbol.text), None)
    return intent if other is None else replace(intent, element=other, point=view.elements[other].box.centre)


def _close_by(view: View, index: int) -> set[str]:
    """The texts that stand beside an element with hardly a gap between."""
    box = view.elements[index].box
    return {
        view.plain_texts[i] for i in view.level_with(index)
        if max(view.elements[i].box.x0 - box.x1, box.x0 - view.elements[i].box.x1) <= view.line
    }  # fmt: skip


def merged_values(
    traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Row], common: frozenset[str]
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


def merged_strays(traces: Sequence[Trace], symbols: Sequence[Symbol], rows: Sequence[Row]) -> dict[int, int]:
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
