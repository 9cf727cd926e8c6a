"""Loops over things that are acted upon one after another: cards that are dragged, rows that are opened or decided."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from crewless.policy.job.program import Person, Read, Rows, Step, names_needed
from crewless.policy.job.row_keys import row_key
from crewless.policy.job.targets import Target
from crewless.policy.job.values import Constant
from crewless.policy.job.view import Band, View
from crewless.policy.texts import plain
from crewless.training.induce.alignment import Alignment, Item, progressive
from crewless.training.induce.draft import Draft
from crewless.training.induce.explained import DO, LEAVE, Known, condition, guarded
from crewless.training.induce.intents import Intent
from crewless.training.induce.rows import RowKey, reads_for, same_texts, sources_of

BlockOf = Callable[[Draft], list[Step]]
"""Makes the steps of a draft, with the readings that they need."""


Head = tuple[int, Intent, tuple[Item, ...]]
"""A demonstration, the first intent of one of its rounds, and the round."""
_PRESSED = ("button", "link", "tab", "icon", "text")


@dataclass(frozen=True, slots=True)
class Thing:
    """One of the things that a loop goes over, where it was seen."""

    view: View
    index: int
    band: Band


def loop_of(draft: Draft, at: int, demos: frozenset[int], block: BlockOf) -> list[Step]:
    """The steps for a loop: what is done with each thing, and with which.

    Args:
        draft: the job around it.
        at: the loop's column.
        demos: the demonstrations that it belongs to.
        block: makes the steps of a draft.
    """
    column, about = draft.columns[at], draft.said(at)
    own = [d for d in sorted(column.rounds) if d in demos]
    rounds = [(d, round_) for d in own for round_ in column.rounds[d]]
    heads = [(d, round_[0].intents[0], round_) for d, round_ in rounds]
    if any(intent.element is None for _, intent, _ in heads):
        draft.miss(own, f"{about}: which of them")
        return [Person(f"{about}: which of them")]
    title = all(_title(draft, d, intent) for d, intent, _ in heads)
    marked = heads if title else _marked(draft, heads)
    things, acted = _things(draft, own, marked, title=title)
    marker = _marker(draft, marked, title=title)
    local = sources_of(draft, at, {key: (thing.view, thing.band) for key, thing in things.items()})
    envs = {
        key: {**draft.env(key[0], at), **{n: s.values[key] for n, s in local.items() if key in s.values}} for key in things
    }  # fmt: skip
    costs = {**draft.costs(), **{name: source.cost for name, source in local.items()}}
    inner = _inner(draft, heads, acted, envs, things, costs)
    steps = block(inner)
    draft.gaps += [replace(gap, demonstration=heads[gap.demonstration][0]) for gap in inner.gaps]
    draft.judged |= inner.judged
    left = [key for key in things if key not in acted]
    if left:
        optional = [name for name, source in local.items() if not source.always] + draft.optional(at)
        known = Known(envs, costs, optional, draft.slots)
        tree = condition(dict.fromkeys(acted, DO) | dict.fromkeys(left, LEAVE), known)
        if tree is None:
            draft.miss(own, f"{about}: which of them")
            return [Person(f"{about}: which of them")]
        steps = guarded(tree, tuple(steps))
    reads: list[Read] = reads_for(names_needed(steps), local)
    return [Rows(marker=marker, steps=(*reads, *steps), seen=len(own))]


def _title(draft: Draft, d: int, intent: Intent) -> bool:
    view = draft.traces[d].views[intent.seen]
    assert intent.element is not None
    element = view.elements[intent.element]
    return element.kind in ("text", "link") and view.block_start(intent.element) == intent.element


def _marked(draft: Draft, heads: Sequence[Head]) -> Sequence[Head]:
    """The heads with what every row has one of as their element, where now one and now another button of a row is pressed."""
    texts: Counter[str] = Counter()
    own: set[str] = set()
    rows: list[dict[str, int]] = []
    for d, intent, _ in heads:
        view = draft.traces[d].views[intent.seen]
        assert intent.element is not None
        own.add(view.plain_texts[intent.element])
        level = (intent.element, *view.level_with(intent.element))
        rows.append({view.plain_texts[i]: i for i in level if view.elements[i].kind in _PRESSED})
        texts.update(rows[-1].keys())
    text = next((text for text, n in texts.most_common() if text in own and n == len(heads)), None)
    if len(own) < 2 or text is None:
        return heads
    return [
        (d, replace(intent, element=row[text]), round_) for (d, intent, round_), row in zip(heads, rows, strict=True)
    ]


def _things(
    draft: Draft, own: Sequence[int], heads: Sequence[Head], *, title: bool
) -> tuple[dict[RowKey, Thing], dict[RowKey, int]]:
    """Everything that could have been acted upon, and of what was the number of the round."""
    things: dict[RowKey, Thing] = {}
    acted: dict[RowKey, int] = {}
    for number, (d, intent, _) in enumerate(heads):
        view = draft.traces[d].views[intent.seen]
        assert intent.element is not None
        band = view.item_of(intent.element) if title else view.band_of(intent.element)
        key = d, row_key(view, intent.element, band)
        things[key] = Thing(view, intent.element, band)
        acted[key] = number
    for d in own:
        firsts = [intent for other, intent, _ in heads if other == d][:1]
        for intent in firsts:
            view = draft.traces[d].views[intent.seen]
            assert intent.element is not None
            for i in view.alike(intent.element):
                if title and view.block_start(i) != i:
                    continue
                band = view.item_of(i) if title else view.band_of(i)
                key = row_key(view, i, band)
                if same_texts(key, [other for e, other in things if e == d]) is None:
                    things[d, key] = Thing(view, i, band)
    return things, acted


def _marker(draft: Draft, heads: Sequence[Head], *, title: bool) -> Target:
    """What each of the things has one of."""
    elements = [draft.traces[d].views[i.seen].elements[i.element] for d, i, _ in heads if i.element is not None]
    kinds = Counter(element.kind for element in elements)
    texts = {plain(element.text) for element in elements}
    masks = {re.sub(r"\d+", "#", plain(element.text)) for element in elements}
    across = sorted(
        e.box.x0 / max(1, draft.traces[d].views[0].observation.width)
        for e, (d, _, _) in zip(elements, heads, strict=True)
    )
    own = next(iter(texts)) if len(texts) == 1 else ""
    mask = next(iter(masks)) if len(masks) == 1 and not own and any(c.isalpha() for c in next(iter(masks))) else ""
    left = across[len(across) // 2]
    steady = across[-1] - across[0] < 0.01
    return Target(
        kinds=tuple(kinds), text=Constant(own) if own else None, mask=mask, title=title, left=round(left, 3) if steady else None,
        place=(round(left, 3), 0.5),
    )  # fmt: skip


def _inner(
    draft: Draft, heads: Sequence[Head], acted: Mapping[RowKey, int],
    envs: Mapping[RowKey, Mapping[str, str]], things: Mapping[RowKey, Thing], costs: Mapping[str, float],
) -> Draft:  # fmt: skip
    """A draft of the loop's body: each round is a trace of its own."""
    traces = []
    for d, intent, round_ in heads:
        intents = tuple(i for item in round_ for i in item.intents)
        traces.append(replace(draft.traces[d], intents=intents, first=intent.seen, until=intents[-1].end))
    keys = {number: key for key, number in acted.items()}
    alignment = Alignment(
        traces=tuple(traces), symbols=draft.alignment.symbols, columns=tuple(progressive([round_ for _, _, round_ in heads])),
        common=draft.alignment.common, fixed=draft.alignment.fixed,
    )  # fmt: skip
    return Draft(
        alignment, given={n: envs[keys[n]] for n in keys}, given_costs=costs,
        bands={n: things[keys[n]].band for n in keys},
    )  # fmt: skip
