"""Tables: what is filled in row by row, by what each row says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from crewless.policy.job.conditions import names_of_value
from crewless.policy.job.program import Form, Person, Read, Rows, Set, SetKind, Step
from crewless.policy.job.row_keys import row_key
from crewless.policy.job.targets import Target
from crewless.policy.job.values import Constant
from crewless.policy.job.view import Band, View
from crewless.policy.texts import misread, plain
from crewless.training.induce.alignment import Column
from crewless.training.induce.draft import Draft, first
from crewless.training.induce.effects import shown
from crewless.training.induce.explained import Known, explained
from crewless.training.induce.intents import Intent
from crewless.training.induce.sources import Source, joined_sources, row_sources

RowKey = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row of a demonstration's table, on the first screen that showed it, and the widget in it."""

    view: View
    index: int

    @property
    def band(self) -> Band:
        """Where it stands."""
        return self.view.band_of(self.index)


def rows_of(draft: Draft, at: int, demos: frozenset[int], kind: SetKind) -> list[Step]:
    """A loop over the rows of a table, with the value that a widget gets in each."""
    column, about = draft.columns[at], draft.said(at)
    own = [d for d in sorted(column.members) if d in demos]
    rows: dict[RowKey, RowShown] = {}
    acted: dict[RowKey, Intent] = {}
    for d in own:
        found = _siblings(draft, d, column)
        rows.update({(d, row_key(row.view, row.index)): row for row in found})
        keys = [key[1] for key in rows if key[0] == d]
        for intent in column.members[d]:
            if intent.element is not None:
                key = row_key(draft.traces[d].views[intent.seen], intent.element)
                acted[d, same_texts(key, keys) or key] = intent
    marker = _marker(draft, at, rows)
    if marker is None or any(key not in rows for key in acted):
        draft.miss(own, f"{about}: which rows")
        return [Person(f"{about}: which rows")]
    local = sources_of(draft, at, {key: (row.view, row.band) for key, row in rows.items()})
    envs = {
        key: {**draft.env(key[0], at), **{n: s.values[key] for n, s in local.items() if key in s.values}}
        for key in rows
    }
    values = {key: intent.value for key, intent in acted.items()}
    absent = [key for key in rows if key not in acted]
    if kind == "toggle":
        values |= {
            key: "on" if "checked" in rows[key].view.elements[rows[key].index].state else "off" for key in absent
        }
        absent = []
    costs = {**draft.costs(), **{name: source.cost for name, source in local.items()}}
    optional = [name for name, source in local.items() if not source.always] + draft.optional(at)
    value = explained(values, absent, Known(envs, costs, optional, draft.slots))
    if value is None and absent and all(shown(rows[key].view.elements[rows[key].index]) for key in absent):
        held = {key: shown(rows[key].view.elements[rows[key].index]) for key in absent}
        value = explained({**values, **held}, (), Known(envs, costs, optional, draft.slots))
    if value is None:
        draft.miss(own, f"{about}: what is done in a row")
        return [Person(f"{about}: what is done in a row")]
    entry = Set(target=replace(marker, in_row=True), kind=kind, value=value, seen=len(acted))
    return [Rows(marker=marker, steps=(*reads_for(names_of_value(value), local), Form((entry,))), seen=len(own))]


def sources_of(
    draft: Draft, at: int, rows: Mapping[RowKey, tuple[View, Band]]
) -> dict[str, Source]:  # fmt: skip
    """What each row says, and what stands in other tables in the row of the same text; by names that are not taken."""
    fixed = draft.alignment.fixed
    cells = row_sources(rows, fixed)
    joined = joined_sources(cells, rows, fixed, at)
    return {source.name: source for source in (*cells, *joined)}


def reads_for(needed: frozenset[str], local: Mapping[str, Source]) -> list[Read]:
    """The readings that a row's values need, each before those that need it."""
    wanted = set(needed)
    while True:
        more = {need for name in wanted if name in local for need in local[name].needs} - wanted
        if not more:
            break
        wanted |= more
    return [
        Read(source.name, source.place, optional=not source.always)
        for source in local.values()
        if source.name in wanted
    ]


def same_texts(key: tuple[str, ...], keys: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The row that has the same texts, a misread one allowed."""
    if key in keys:
        return key
    for other in keys:
        if len(other) == len(key):
            equal = sum(a == b for a, b in zip(key, other, strict=True))
            near = sum(a == b or misread(a, b) or len(a) == len(b) == 1 for a, b in zip(key, other, strict=True))
            if near == len(key) and equal >= 0.5 * len(key):
                return other
    return None


def _siblings(draft: Draft, d: int, column: Column) -> list[RowShown]:
    """Every row of the demonstration's table, seen once, no open list over it."""
    found: list[tuple[tuple[str, ...], RowShown]] = []
    intents = column.members[d]
    trace = draft.traces[d]
    views = trace.views[min(i.seen for i in intents) : max(i.seen for i in intents) + 1]
    index = intents[0].element
    if index is None:
        return []
    widget = trace.views[intents[0].seen].elements[index]
    fewest = min(sum(e.kind == "option" for e in view.elements) for view in views)
    for view in views:
        if sum(e.kind == "option" for e in view.elements) > fewest:
            continue
        anchor = next(
            (i for i, e in enumerate(view.elements) if e.kind == widget.kind and abs(e.box.centre.x - widget.box.centre.x) <= 6), None
        )  # fmt: skip
        for i in view.alike(anchor) if anchor is not None else ():
            key = row_key(view, i)
            if key and same_texts(key, [other for other, _ in found]) is None:
                found.append((key, RowShown(view, i)))
    return [row for _, row in found]


def _marker(draft: Draft, at: int, rows: Mapping[RowKey, RowShown]) -> Target | None:
    """What every row has one of: the widget itself, under its heading or alone."""
    if not rows:
        return None
    heading = draft.alignment.symbols[draft.columns[at].symbol].column
    widgets = [row.view.elements[row.index] for row in rows.values()]
    spelled = Counter(
        e.text for row in rows.values() for e in row.view.elements if heading and plain(e.text) == heading
    )
    kinds = Counter(widget.kind for widget in widgets)
    texts = {plain(widget.text) for widget in widgets}
    own = next(iter(texts)) if len(texts) == 1 and first(draft.columns[at]).kind == "press" else ""
    across = sorted(
        widget.box.centre.x / max(1, row.view.observation.width)
        for widget, row in zip(widgets, rows.values(), strict=True)
    )
    return Target(
        kinds=tuple(kinds), text=Constant(own) if own else None, column=spelled.most_common(1)[0][0] if spelled else "",
        place=(round(across[len(across) // 2], 3), 0.5),
    )  # fmt: skip
