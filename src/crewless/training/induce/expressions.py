"""The expressions that turn sources into the text that was typed, in every demonstration: programming by example.

The line of FlashFill (Gulwani, "Automating string processing in spreadsheets using input-output examples", POPL 2011): every way to
get the first text from its sources is written down, what fails on another demonstration is struck out, and the rest is ranked by
how little it says. Ours are fewer and plainer than FlashFill's, so that a person can read what was learnt.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation
from itertools import combinations

from crewless.policy.job.formats import PARTS_OF_DATES, DateFormat, NumberFormat, dates_in, numbers_in
from crewless.policy.job.values import (
    CASES,
    PATTERNS,
    Between,
    Cased,
    Constant,
    Dated,
    Expression,
    Joined,
    Lookup,
    Matching,
    Numbered,
    Reckoned,
    Split,
    Variable,
    Words,
)
from crewless.policy.texts import misread

SPLITS = (",", ";", ":", "-", "/", "(", ")", "|", "@", ".", "_", "#", "\n", " – ", " - ")
_WORDS = 6
"""Words of a text that are told apart by their number from either end."""
_EXACT = 0.5
"""Share of the demonstrations in which it must be equal to the letter."""
_ONE_OF = 8
"""In one of so many demonstrations the screen may have been misread beyond recognition."""
_LONGEST_PART = 15
"""Letters of a part of a date, such as “September 2026”."""
_MOST_HOLES = 8
_RECKONED = 12
"""Numeric sources beyond so many are not tried in pairs."""


@dataclass(frozen=True, slots=True)
class Example:
    """One demonstration's sources by name, and the text that is to be explained."""

    sources: Mapping[str, str]
    target: str


@dataclass(frozen=True, slots=True)
class Explained:
    """An expression that gives the target in every example; the less it says the better."""

    cost: float
    expression: Expression


def explain(
    examples: Sequence[Example], *, tables: bool = True, costs: Mapping[str, float] | None = None
) -> list[Explained]:
    """Every explanation that was found, the plainest first. Empty: there is none.

    Args:
        examples: at least one.
        tables: whether a small table of what belongs to what may be learnt.
        costs: what it costs to name a source, by its name; 0 where it does not say.
    """
    own = costs or {}
    examples = pivot(examples)
    targets = [one.target for one in examples]
    found: dict[Expression, float] = {}
    if len(set(targets)) == 1:
        found[Constant(targets[0])] = 0.3 if len(examples) > 1 else 1.5
    names = [name for name in examples[0].sources if all(name in one.sources for one in examples)]
    for name in _mostly_there(examples):
        for cost, expression in _from_one(name, sorted(examples, key=lambda one, name=name: name not in one.sources)):
            cost += own.get(name, 0.0)
            found[expression] = min(cost, found.get(expression, cost))
    if not found or min(found.values()) > 2.0:
        for cost, expression in (
            *_from_two(names, examples),
            *_framed(names, examples),
            *_joined(names, examples),
            *_put_together(names, examples),
        ):
            found[expression] = min(cost, found.get(expression, cost))
    if tables and not found:
        for cost, expression in _tables(names, examples):
            found[expression] = min(cost, found.get(expression, cost))
    judged = [Explained(cost + (misfit(expression, examples) or 0.0), expression) for expression, cost in found.items()]
    return sorted(judged, key=lambda one: (one.cost, repr(one.expression)))


def _mostly_there(examples: Sequence[Example]) -> list[str]:
    """The names that were read in all examples, or in all but very few, where a letter was not seen."""
    counts = Counter(name for one in examples for name in one.sources)
    return [name for name, n in counts.items() if len(examples) - n <= len(examples) // _ONE_OF]


def gives(expression: Expression, examples: Sequence[Example]) -> bool:
    """Whether it gives the target in every example: to the letter in most, misread in some, and in very few not at all, where the
    screen was read wrongly beyond recognition."""
    return misfit(expression, examples) is not None


def misfit(expression: Expression, examples: Sequence[Example]) -> float | None:
    """What speaks against an expression: 0 where it gives every target to the letter; None where it does not give them."""
    exact = near = 0
    allowed = len(examples) // _ONE_OF
    for at, one in enumerate(examples):
        value = expression.value(one.sources)
        if value == one.target:
            exact += 1
        elif value is not None and misread(value, one.target):
            near += 1
        if at + 1 - exact - near > allowed:
            return None
    if exact < _EXACT * len(examples):
        return None
    return (6.0 * (len(examples) - exact - near) + 1.5 * near) / len(examples)


def pivot(examples: Sequence[Example]) -> list[Example]:
    """The examples with the plainest first: what it says is tried before all else, and a misread one would mislead."""

    def plainness(one: Example) -> tuple[bool, bool, int]:
        return (not one.target.isascii(), any(c in "Il1O0" for c in one.target), -len(one.target))

    return sorted(examples, key=plainness)


# One source --------------------------------------------------------------------------------------------------------


def _from_one(name: str, examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    first = examples[0]
    source = Variable(name)
    for cost, piece in _pieces(source, first.sources[name]):
        text = piece.value(first.sources)
        if not text:
            continue
        if misread(text, first.target):
            if gives(piece, examples):
                yield cost, piece
        elif text.casefold() == first.target.casefold() or len(text) > len(first.target):
            for how in CASES:
                changed = Cased(piece, how)
                value = changed.value(first.sources)
                if value is not None and misread(value, first.target) and gives(changed, examples):
                    yield cost + 0.6, changed
        yield from _converted(cost, piece, text, examples)


def _converted(
    cost: float, piece: Expression, text: str, examples: Sequence[Example]
) -> Iterator[tuple[float, Expression]]:
    """As a date or a number in another format."""
    target = examples[0].target
    if dates_in(text) and text != target and (dates_in(target) or len(target) <= _LONGEST_PART):
        reads, writes = _date_formats(piece, examples)
        for read in reads:
            for write in writes:
                made = Dated(piece, read, write)
                if gives(made, examples):
                    part = 0.0 if dates_in(target) else 1.2
                    yield cost + 0.8 + part + 0.01 * writes.index(write), made
                    break
    if numbers_in(text) and numbers_in(target) and text != target:
        yield from _numbered(cost, piece, examples)


def _date_formats(piece: Expression, examples: Sequence[Example]) -> tuple[list[DateFormat], list[DateFormat]]:
    values = [piece.value(one.sources) or "" for one in examples]
    reads = [form for form, _ in dates_in(values[0]) if all(form.read(value) is not None for value in values)]
    if not dates_in(examples[0].target):
        day = next((read.read(values[0]) for read in reads), None)
        parts = [form for form in PARTS_OF_DATES if day is not None and form.write(day) == examples[0].target]
        return reads, parts
    writes = [
        form for form, _ in dates_in(examples[0].target)
        if all((day := form.read(one.target)) is not None and form.write(day) == one.target for one in examples)
    ]  # fmt: skip
    return reads, writes


def number_formats(texts: Sequence[str]) -> list[NumberFormat]:
    """The formats in which all texts are numbers. Thousands that only one of them shows are believed of all."""
    seen = dict.fromkeys(form for text in texts for form, _ in numbers_in(text))
    decimals = {form.decimals for form in seen}
    fitting: list[NumberFormat] = []
    for form in seen:
        free = NumberFormat(form.point, form.group, -1 if len(decimals) > 1 else form.decimals, form.before, form.after)
        if all(free.read(text) is not None for text in texts) and free not in fitting:
            fitting.append(free)
    # What separates thousands says more than what does not.
    return sorted(fitting, key=lambda form: (not form.group, form.decimals))


def _written(targets: Sequence[str]) -> list[NumberFormat]:
    """The formats that write all targets as they stand."""
    return [
        form for form in number_formats(targets)
        if all((value := form.read(text)) is not None and form.write(value) == text for text in targets)
    ]  # fmt: skip


def _numbered(cost: float, piece: Expression, examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    values = [piece.value(one.sources) for one in examples]
    if any(value is None for value in values):
        return
    writes = _written([one.target for one in examples])
    for read in number_formats([value or "" for value in values])[:3]:
        for write in writes[:3]:
            plain = Numbered(piece, read, write)
            if gives(plain, examples):
                yield cost + 0.8, plain
                return
            line = _line(read, write, values, examples)
            if line is not None:
                made = Numbered(piece, read, write, *line)
                if gives(made, examples):
                    yield cost + 2.4, made
                    return


def _line(
    read: NumberFormat, write: NumberFormat, values: Sequence[str | None], examples: Sequence[Example]
) -> tuple[str, str] | None:
    """A factor or a summand that leads from each source to its target; two different sources at least must say so."""
    pairs = [
        (x, y) for value, one in zip(values, examples, strict=True)
        if value is not None and (x := read.read(value)) is not None and (y := write.read(one.target)) is not None
    ]  # fmt: skip
    if len({x for x, _ in pairs}) < 2:
        return None
    (x0, y0), (x1, y1) = pairs[0], next(pair for pair in pairs if pair[0] != pairs[0][0])
    if y1 - y0 == x1 - x0:
        return "1", str(y0 - x0)
    if not x0 or not x1:
        return None
    # The largest one says the most about the factor; it is a short number that people reckon with.
    x, y = max(pairs, key=lambda pair: abs(pair[0]))
    for digits in range(5):
        factor = round(y / x, digits)
        if factor and all(
            abs(x * factor - y) <= Decimal("0.51") * Decimal(1).scaleb(-max(write.decimals, 0)) for x, y in pairs
        ):
            return str(factor), "0"
    return None


def _pieces(source: Expression, text: str) -> Iterator[tuple[float, Expression]]:
    """The text and its parts, each by a way to say which part is meant, with its cost."""
    yield 0.0, source
    count = len(text.split())
    for first in range(min(count, _WORDS)):
        for last in range(first + 1, min(count, _WORDS) + 1):
            if (first, last) != (0, count):
                yield 1.0 + 0.1 * (last - first - 1), Words(source, first, last)
        if first:
            yield 0.95, Words(source, first, None)
    for first in range(1, min(count, _WORDS) + 1):
        if first < count:
            yield 1.05, Words(source, -first, None)
            yield 1.1, Words(source, 0, -first)
    for by in SPLITS:
        if by in text:
            parts = text.count(by) + 1
            for index in (*range(min(parts, 4)), -1):
                yield 1.2, Split(source, by, index)
    for pattern, regex in PATTERNS.items():
        if pattern == "word":
            continue
        hits = len(re.findall(regex, text))
        for index in (*range(min(hits, 3)), *((-1,) if hits > 3 else ())):
            yield 1.1 if pattern in ("number", "code", "e-mail") else 1.25, Matching(source, pattern, index)


# Several sources ---------------------------------------------------------------------------------------------------


_HOW: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


def _from_two(names: Sequence[str], examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    writes = _written([one.target for one in examples])
    if not writes:
        return
    numeric = []
    for name in names:
        formats = number_formats([one.sources[name] for one in examples])
        if formats and len({one.sources[name] for one in examples}) > 1:
            numeric.append(Numbered(Variable(name), formats[0], writes[0]))
    for left, right in combinations(numeric[:_RECKONED], 2):
        for a, b in ((left, right), (right, left)):
            for how in ("+", "-", "*", "/"):
                if how in "+*" and a is right:
                    continue
                if not _fits(a, b, how, writes[0], examples[0]):
                    continue
                made = Reckoned(a, how, b, writes[0])  # pyright: ignore[reportArgumentType] - one of the four
                if gives(made, examples) and len(examples) > 1:
                    yield 2.6, made


def _fits(a: Numbered, b: Numbered, how: str, write: NumberFormat, one: Example) -> bool:
    left, right, target = a.number(one.sources), b.number(one.sources), write.read(one.target)
    if left is None or right is None or target is None:
        return False
    try:
        return abs(_HOW[how](left, right) - target) <= Decimal("0.51") * Decimal(1).scaleb(-max(write.decimals, 0))
    except (DivisionByZero, InvalidOperation):
        return False


_TOKEN = re.compile(r"\w(?:[\w.\-/@:']*\w)?|\s+|[^\w\s]")
"""Codes, dates, numbers and addresses stay whole."""


def _joined(names: Sequence[str], examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    """A constant text with holes, each of which is explained by itself."""
    if len(examples) < 2 or len({one.target for one in examples}) < 2:
        return
    rows = [_TOKEN.findall(one.target) for one in examples]
    common = [token for token in rows[0] if token.strip()]
    for row in rows[1:]:
        common = _common(common, [token for token in row if token.strip()])
    if not common:
        return
    holes = [_holes(row, common) for row in rows]
    if sum(len({hole[at] for hole in holes}) > 1 for at in range(len(common) + 1)) > _MOST_HOLES:
        return
    parts: list[Expression] = []
    cost, run = 1.0, ""
    for at in range(len(common) + 1):
        texts = [hole[at] for hole in holes]
        if len(set(texts)) == 1:
            run += texts[0]
        else:
            lead = _shared(texts, re.match(r"\s*", texts[0]))
            tail = _shared([text[::-1] for text in texts], re.match(r"\s*", texts[0][::-1]))[::-1]
            inner = [
                Example(one.sources, text[len(lead) : len(text) - len(tail)])
                for one, text in zip(examples, texts, strict=True)
            ]
            best = _best_hole(names, inner) if all(one.target.strip() for one in inner) else None
            if best is None:
                return
            if run + lead:
                parts.append(Constant(run + lead))
            parts.append(best.expression)
            cost, run = cost + best.cost + 0.3, tail
        if at < len(common):
            run += common[at]
    if run:
        parts.append(Constant(run))
    made = Joined(tuple(parts))
    if len(parts) > 1 and gives(made, examples):
        yield cost, made


def _framed(names: Sequence[str], examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    """A part of a source between texts that are always the same, whatever words they break, such as a folder before a file's name."""
    targets = [one.target for one in examples]
    if len(set(targets)) < 2:
        return
    begin, end = _beginning(targets), _beginning([target[::-1] for target in targets])[::-1]
    for lead in _cuts(begin):
        for tail in (cut[::-1] for cut in _cuts(end[::-1])):
            if not (lead or tail) or any(len(lead) + len(tail) >= len(target) for target in targets):
                continue
            inner = [Example(one.sources, one.target[len(lead) : len(one.target) - len(tail)]) for one in examples]
            for cost, piece in _from_each(names, pivot(inner)):
                parts = [*([Constant(lead)] if lead else []), piece, *([Constant(tail)] if tail else [])]
                made = Joined(tuple(parts))
                if gives(made, examples):
                    yield cost + 0.9 + 0.3 * (len(parts) - 1), made


def _beginning(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    low, high = min(texts), max(texts)
    return low[: next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))]


def _cuts(shared: str) -> list[str]:
    """A shared beginning, whole and cut behind each of its last marks, and none of it."""
    marks = [found.end() for found in re.finditer(r"[^\w]", shared)]
    return list(dict.fromkeys([shared, *(shared[:at] for at in reversed(marks[-4:])), ""]))


_GLUE = re.compile(r"[^\w]{0,3}")
_MOST_PIECES = 400


def _put_together(names: Sequence[str], examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    """Two or three parts of sources, one behind the other, with marks between: a name whose parts change places."""
    first = examples[0]
    pieces: dict[str, list[tuple[float, Expression]]] = {}
    count = 0
    for name in names:
        for cost, piece in _pieces(Variable(name), first.sources[name]):
            text = piece.value(first.sources)
            if text and text in first.target and text != first.target and count < _MOST_PIECES:
                pieces.setdefault(text, []).append((cost, piece))
                count += 1
    tried = 0
    for parts in _decomposed(first.target, pieces, 3):
        for cost, chosen in _ranked([pieces[part] if isinstance(part, str) else [part] for part in parts]):
            tried += 1
            if tried > 3000:
                return
            made = Joined(tuple(chosen))
            if gives(made, examples):
                yield cost + 0.5, made


def _decomposed(
    text: str, pieces: Mapping[str, Sequence[tuple[float, Expression]]], most: int
) -> Iterator[list[str | tuple[float, Expression]]]:
    """The ways to write a text as pieces with marks between, each piece by its text."""
    for piece in pieces:
        if not text.startswith(piece):
            continue
        rest = text[len(piece) :]
        if not rest:
            yield [piece]
            continue
        glue = _GLUE.match(rest)
        mark = glue[0] if glue else ""
        if most > 1 and rest[len(mark) :]:
            for more in _decomposed(rest[len(mark) :], pieces, most - 1):
                yield [piece, *([(0.0, Constant(mark))] if mark else []), *more]


def _ranked(
    options: Sequence[Sequence[tuple[float, Expression]]],
) -> list[tuple[float, list[Expression]]]:
    """Every choice of one for each place, the cheapest first."""
    made: list[tuple[float, list[Expression]]] = [(0.0, [])]
    for each in options:
        made = sorted(
            (
                (cost + more, [*chosen, piece])
                for cost, chosen in made
                for more, piece in sorted(each, key=lambda o: o[0])[:12]
            ),
            key=lambda one: one[0],
        )[:400]
    return made


def _best_hole(names: Sequence[str], examples: Sequence[Example]) -> Explained | None:
    examples = pivot(examples)
    for search in (_from_each, _put_together, _from_two):
        found = [Explained(cost + (misfit(e, examples) or 0.0), e) for cost, e in search(names, examples)]
        if found:
            return min(found, key=lambda one: (one.cost, repr(one.expression)))
    return None


def _from_each(names: Sequence[str], examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    for name in names:
        yield from _from_one(name, examples)


def _shared(texts: Sequence[str], lead: "re.Match[str] | None") -> str:
    start = lead[0] if lead else ""
    return start if all(text.startswith(start) for text in texts) else ""


def _common(a: Sequence[str], b: Sequence[str]) -> list[str]:
    """The longest common subsequence of two rows of tokens."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            table[i][j] = table[i + 1][j + 1] + 1 if a[i] == b[j] else max(table[i + 1][j], table[i][j + 1])
    kept, i, j = list[str](), 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            kept.append(a[i])
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return kept


def _holes(row: Sequence[str], common: Sequence[str]) -> list[str]:
    """What stands in a row of tokens before each of the common ones, and behind the last; matched from the left."""
    holes, at = [""], 0
    for token in row:
        if at < len(common) and token == common[at]:
            at += 1
            holes.append("")
        else:
            holes[-1] += token
    return holes + [""] * (len(common) + 1 - len(holes))


def _tables(names: Sequence[str], examples: Sequence[Example]) -> Iterator[tuple[float, Expression]]:
    """A small table: every text of a source always had the same answer, and each of them was seen more than once."""
    if len(examples) < 4:
        return
    for name in names:
        rows: dict[str, str] = {}
        counts: dict[str, int] = {}
        for one in examples:
            key = one.sources[name]
            if rows.setdefault(key, one.target) != one.target:
                break
            counts[key] = counts.get(key, 0) + 1
        else:
            known = sum(count for count in counts.values() if count > 1)
            if (
                2 <= len(rows) <= 0.6 * len(examples)
                and known >= 0.6 * len(examples)
                and len(set(rows.values())) < len(rows)
            ):
                yield 2.0 + 0.05 * len(rows), Lookup(Variable(name), tuple(sorted(rows.items())))


__all__ = ["Between", "Example", "Explained", "explain", "gives", "number_formats"]
