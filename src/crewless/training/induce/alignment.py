"""Traces side by side: which intent of one demonstration is the same step of the job as which of another.

Intents become symbols: two are one symbol when they act on the same widget of the same page, whatever the case. Entries of one form
stand in one order in every trace, so that their order does not matter, and what is repeated in a row is one item. Then the traces
are aligned progressively (Needleman & Wunsch 1970, sequence against profile).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crewless.training.induce.intents import Intent, Trace, is_entry
from crewless.training.induce.merging import (
    beside_where_unseen,
    merged_strays,
    merged_submits,
    merged_values,
    one_of_halves,
)
from crewless.training.induce.symbols import SAME_PAGE, Symbol, common_texts, jaccard, symbolised

FIXED = 0.8
_LONGEST_BODY = 5
"""Steps that lead on in the body of a loop."""


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
    rows = [symbolised(trace, symbols, common) for trace in traces]
    rows = beside_where_unseen(traces, symbols, rows)
    merged = merged_submits(traces, symbols, rows, common)
    rows = one_of_halves(traces, symbols, rows, common)
    merged |= merged_values(traces, symbols, rows, common)
    merged |= merged_strays(traces, symbols, rows)
    plain_rows = [_canonical([(merged.get(s, s), intents) for s, intents in row]) for row in rows]
    folded = fold(plain_rows, symbols, traces)
    columns = progressive([_joined_repeats(row) for row in folded])
    return Alignment(traces=tuple(traces), symbols=tuple(symbols), columns=tuple(columns), common=common, fixed=fixed)


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
