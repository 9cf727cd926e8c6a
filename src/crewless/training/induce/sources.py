"""What could have been read on the way: every place of every page that shows something of the case, with what stood there."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crewless.policy.job.places import (
    Area,
    Beside,
    Block,
    InRow,
    OfCard,
    Place,
    Starting,
    TableCell,
    block_below,
    card_lines,
    overlaps,
)
from crewless.policy.job.values import Variable
from crewless.policy.job.view import Band, View
from crewless.policy.texts import has_words, plain
from crewless.training.induce.effects import shown

ALWAYS = 0.95
"""A place that has a text in this share of the demonstrations has one always."""
SOMETIMES = 0.1
_MOST_LINES = 4
_WIDGETS = ("field", "textarea", "select")


@dataclass(frozen=True, slots=True)
class Source:
    """A place, its name, and what stood there in each demonstration (or row) that had it."""

    name: str
    place: Place
    visit: int
    values: Mapping[Any, str]
    always: bool
    cost: float = 0.05
    """What it costs to say it, beside a given slot."""
    needs: tuple[str, ...] = ()
    """Names that must be read before."""


@dataclass(slots=True)
class PageSeen:
    """One page on the way: of each demonstration the screens that showed it, in order."""

    number: int
    views: dict[int, list[View]] = field(default_factory=dict[int, list[View]])
    entered: dict[int, list[frozenset[str]]] = field(default_factory=dict[int, list[frozenset[str]]])
    """For each of the screens what had been entered by then, in small letters: it is not read back."""
    echoed: dict[int, list[frozenset[str]]] = field(default_factory=dict[int, list[frozenset[str]]])
    """That part of it which was entered on this very page, though a step has been taken since."""


def page_sources(
    visit: PageSeen, slots: Mapping[int, Mapping[str, str]], common: frozenset[str], fixed: frozenset[str],
    before: Sequence[Source] = (),
) -> list[Source]:  # fmt: skip
    """Every place of a page whose text varies from case to case, or is there only sometimes."""
    made: dict[Place, dict[Any, str]] = {}
    for demo, views in visit.views.items():
        seen = frozenset(views[0].plain_texts) if views else frozenset[str]()
        for at, view in enumerate(views):
            entered = visit.entered[demo][at] if demo in visit.entered else frozenset[str]()
            echoed = visit.echoed[demo][at] if demo in visit.echoed else frozenset[str]()
            for place, text in _readings(
                view, common, fixed, slots[demo], first=at == 0, seen=seen, entered=entered, echoed=echoed
            ):
                made.setdefault(place, {}).setdefault(demo, text)
            for place, text in _areas(view, fixed) if at == 0 else ():
                made.setdefault(place, {}).setdefault(demo, text)
    prefixes = _prefixes(visit, common)
    for demo, views in visit.views.items():
        for prefix in prefixes:
            text = next((t for view in views[:1] if (t := Starting(prefix).read(view, {})) is not None), None)
            if text is not None:
                made.setdefault(Starting(prefix), {})[demo] = text
    _read_the_rest(visit, slots, made)
    count = len(visit.views)
    found: list[Source] = []
    known = {frozenset(source.values.items()) for source in before}
    fixed_here = Counter(text for views in visit.views.values() for text in set(views[0].plain_texts) if views)
    labels = {text for text, n in fixed_here.items() if n >= 0.9 * count} & common
    taken: set[str] = set()
    for place, values in sorted(made.items(), key=lambda item: _plainness(item[0])):
        share = len(values) / count
        varied = len(set(values.values())) > 1
        if (
            share < SOMETIMES
            or (share >= ALWAYS and not varied)
            or (not (varied and share >= ALWAYS) and all(plain(text) in labels for text in values.values()))
        ):
            continue
        if all(_is_slot(text, slots[demo]) for demo, text in values.items() if isinstance(demo, int)):
            # Nothing but the case's own number again.
            continue
        if frozenset(values.items()) in known:
            # The same on an earlier page, or said more plainly.
            continue
        known.add(frozenset(values.items()))
        found.append(
            Source(
                name=_name_of(place, taken),
                place=place,
                visit=visit.number,
                values=values,
                always=len(values) == count,
                cost=0.05 + 0.02 * _plainness(place),
            )
        )
    return found


def _read_the_rest(
    visit: PageSeen, slots: Mapping[int, Mapping[str, str]], made: Mapping[Place, dict[Any, str]]
) -> None:  # fmt: skip
    """Read each place where it was not come upon as well: what a worker would read there."""
    for place, values in made.items():
        if len(values) < SOMETIMES * len(visit.views):
            continue
        for demo, views in visit.views.items():
            for at, view in enumerate(views if demo not in values else ()):
                text = place.read(view, slots[demo])
                if text is not None and not (demo in visit.entered and plain(text) in visit.entered[demo][at]):
                    values[demo] = text
                    break


def _is_slot(text: str, slots: Mapping[str, str]) -> bool:
    return any(plain(value) == plain(text) for value in slots.values())


def row_sources(
    rows: Mapping[Any, tuple[View, Band]], common: frozenset[str], *, without: Sequence[str] = _WIDGETS
) -> list[Source]:
    """The cells of the rows of a table: under their headings, or by their number where there are none."""
    made: dict[Place, dict[Any, str]] = {}
    for key, (view, band) in rows.items():
        headers = _headers_over(view, band, common)
        for header in headers:
            column = view.elements[header].text
            cell = view.cell(band, header) if view.header(band, column) == header else None
            if cell is not None and view.elements[cell].kind not in without and view.elements[cell].text:
                made.setdefault(InRow(column=column), {})[key] = view.elements[cell].text
        if not headers:
            texts = [view.elements[i] for i in view.in_band(band) if view.elements[i].text]
            for nth, element in enumerate(texts):
                if element.kind not in without and element.kind != "button":
                    made.setdefault(InRow(nth=nth), {})[key] = element.text
    made = _merged_headings(made)
    taken: set[str] = set()
    return [
        Source(
            name=_name_of(place, taken), place=place, visit=-1, values=values, always=len(values) == len(rows), cost=0.02
        )
        for place, values in made.items()
        if len(values) >= 0.5 * len(rows)
    ]  # fmt: skip


def joined_sources(
    keys: Sequence[Source], views: Mapping[Any, tuple[View, Band | None]], common: frozenset[str], visit: int
) -> list[Source]:
    """What stands in another table of the page, in the row that has the same text as one that is known already."""
    found: list[Source] = []
    taken: set[str] = {source.name for source in keys}
    for key in keys:
        made: dict[Place, dict[Any, str]] = {}
        for at, value in key.values.items():
            if at not in views or len(value) < 2:
                continue
            view, row = views[at]
            for place, text in _elsewhere(view, row, key.name, value, common):
                made.setdefault(place, {}).setdefault(at, text)
        for place, values in made.items():
            if len(values) >= max(2.0, 0.2 * len(key.values)):
                found.append(
                    Source(
                        name=_name_of(place, taken),
                        place=place,
                        visit=visit,
                        values=values,
                        always=len(values) == len(key.values),
                        cost=0.15,
                        needs=(key.name,),
                    )
                )
    return found


def _elsewhere(
    view: View, row: Band | None, name: str, value: str, common: frozenset[str]
) -> Iterator[tuple[Place, str]]:
    """The cells of the rows of other tables in which a text stands."""
    wanted = plain(value)
    for i, text in enumerate(view.plain_texts):
        if text != wanted:
            continue
        band = view.band_of(i)
        headers = _headers_over(view, band, common)
        over = next((h for h in headers if overlaps(view, h, i)), None)
        if over is None:
            continue
        column = view.elements[over].text
        if row is not None and row.holds(view.elements[i].box) and view.header(row, column) == over:
            continue
        for header in headers:
            place = TableCell(column=view.elements[header].text, key=Variable(name), key_column=column)
            found = place.read(view, {name: value}, row) if header != over else None
            if found is not None:
                yield place, found


def _readings(
    view: View, common: frozenset[str], fixed: frozenset[str], slots: Mapping[str, str], *, first: bool, seen: frozenset[str],
    entered: frozenset[str], echoed: frozenset[str],
) -> Iterator[tuple[Place, str]]:  # fmt: skip
    for i, e in enumerate(view.elements):
        if not e.text or view.plain_texts[i] not in common or e.kind in _WIDGETS:
            continue
        if not first and view.plain_texts[i] in seen:
            # What stands beside it was there when the page came; later it may be what was filled in.
            continue
        right = view.right_of(i)
        if right is not None:
            element = view.elements[right]
            text = shown(element)
            back = plain(text) in entered
            own = (element.kind in _WIDGETS and (not first or back)) or (not first and back) or plain(text) in echoed
            # Another label is no value: what stands between the two was not read.
            label = (
                element.text.rstrip().endswith(":")
                and view.plain_texts[right] in common
                and e.text.rstrip().endswith(":")
            )
            if text and view.plain_texts[right] != view.plain_texts[i] and not own and not label:
                yield Beside(label=e.text, side="right"), text
        block = block_below(view, i)
        block = [j for j in block if plain(shown(view.elements[j])) not in (echoed if first else entered)]
        held = [j for j in block if view.elements[j].kind in _WIDGETS]
        if block and (not held or (first and not any(plain(shown(view.elements[j])) in entered for j in held))):
            texts = [shown(view.elements[j]) for j in block]
            for at in range(min(len(block), _MOST_LINES)):
                if texts[at]:
                    yield Beside(label=e.text, side="below", line=at), texts[at]
            if len(block) > 1:
                yield Beside(label=e.text, side="below", line=-1), texts[-1]
                if len(block) > 2:
                    yield Beside(label=e.text, side="below", line=-2), texts[-2]
                if not held:
                    yield Block(label=e.text), "\n".join(texts)
    for name, value in slots.items():
        wanted = plain(value)
        for i, text in enumerate(view.plain_texts):
            if wanted and text == wanted and view.elements[i].kind in ("text", "link"):
                band = view.band_of(i)
                for header in _headers_over(view, band, fixed):
                    cell = view.cell(band, header)
                    if (
                        cell is not None
                        and cell != i
                        and view.elements[cell].text
                        and view.elements[cell].kind not in _WIDGETS
                    ):
                        yield TableCell(column=view.elements[header].text, key=Variable(name)), view.elements[cell].text
        for i, text in enumerate(view.plain_texts):
            if wanted and view.elements[i].kind not in ("field", "select") and has_words(text, wanted):
                lines = card_lines(view, i, value)
                # The last line first: a title may take one line or two.
                for at in (-1, *range(min(len(lines), _MOST_LINES))) if len(lines) > 1 else (0,):
                    line = lines[at]
                    if line and (at or plain(line) != wanted) and (first or plain(line) not in seen):
                        yield OfCard(key=Variable(name), line=at), line
                break


_AREA_WORDS = 6
"""Words between two lines that are always there, for them to be a text and not a value."""


def _areas(view: View, fixed: frozenset[str]) -> Iterator[tuple[Place, str]]:
    """What stands between one line that is always there and the next."""
    always = sorted(
        (i for i, e in enumerate(view.elements) if e.kind in ("text", "link", "button") and view.plain_texts[i] in fixed),
        key=lambda i: view.elements[i].box.y0,
    )  # fmt: skip
    for i, j in itertools.pairwise(always):
        if view.elements[j].box.y0 - view.elements[i].box.y1 < view.line:
            continue
        place = Area(above=(view.elements[i].text,), below=(view.elements[j].text,))
        text = place.read(view, {})
        if text is not None and len(text.split()) >= _AREA_WORDS:
            yield place, text


_WORDED = re.compile(r"\S+\s*")


def _prefixes(visit: PageSeen, common: frozenset[str]) -> list[str]:
    """The longest beginnings of lines that stand in every demonstration, while the line goes on differently."""
    counts: Counter[str] = Counter()
    for views in visit.views.values():
        own: set[str] = set()
        for e in views[0].elements if views else ():
            if e.kind not in ("text", "link") or plain(e.text) in common:
                continue
            words = [found.end() for found in _WORDED.finditer(e.text)]
            own.update(e.text[:end] for end in words[:4] if end < len(e.text) and e.text[:end].strip()[-1:] not in ".")
        counts.update(own)
    often = [prefix for prefix, n in counts.items() if n >= max(2.0, 0.5 * len(visit.views))]
    return [p for p in often if not any(o != p and o.startswith(p) and counts[o] >= counts[p] for o in often)]


def _headers_over(view: View, band: Band, common: frozenset[str]) -> list[int]:
    """The headings over a row: texts that stand in one row above it, of which the lowest such row is meant."""
    cells = view.in_band(band)
    rows: dict[int, list[int]] = {}
    for i, e in enumerate(view.elements):
        if (
            e.text and e.box.y1 <= band.y0 + 3 and e.kind in ("text", "link", "button") and view.plain_texts[i] in common
            and any(min(e.box.x1, view.elements[c].box.x1) - max(e.box.x0, view.elements[c].box.x0) > 0 for c in cells)
        ):  # fmt: skip
            rows.setdefault(round(e.box.centre.y / max(4.0, 0.6 * view.line)), []).append(i)
    for level in sorted(rows, reverse=True):
        near = [i for other in (level - 1, level, level + 1) for i in rows.get(other, ())]
        if len(near) >= 2 and not _has_own(view, near, cells, common):
            return sorted(near, key=lambda i: view.elements[i].box.x0)
    return []


def _has_own(view: View, headings: Sequence[int], cells: Sequence[int], common: frozenset[str]) -> bool:
    """Whether something of the case's own stands between headings: then they are a row of the table as well."""
    left = min(view.elements[c].box.x0 for c in cells) - 2
    right = max(view.elements[c].box.x1 for c in cells) + 2
    return any(
        e.text and e.kind in ("text", "link") and view.plain_texts[i] not in common and left <= e.box.centre.x <= right
        for i in view.level_with(headings[0]) for e in (view.elements[i],)
    )  # fmt: skip


def _merged_headings(made: Mapping[Place, dict[Any, str]]) -> dict[Place, dict[Any, str]]:
    """Readings of a heading that differ by a letter are one heading: the commonest."""
    out: dict[Place, dict[Any, str]] = {}
    for place, values in sorted(made.items(), key=lambda item: -len(item[1])):
        same = next(
            (
                p
                for p in out
                if isinstance(p, InRow)
                and isinstance(place, InRow)
                and p.column
                and plain(p.column) == plain(place.column)
            ),
            None,
        )
        if same is None:
            out[place] = dict(values)
        else:
            for key, value in values.items():
                out[same].setdefault(key, value)
    return out


def _plainness(place: Place) -> int:
    """How plainly a place says what is read: 0 is the plainest."""
    match place:
        case Beside(_, "right"):
            return 0
        case TableCell():
            return 1
        case OfCard():
            return 2
        case Beside(_, _, line):
            return 1 if line == 0 else 2 if line > 0 else 3
        case Starting():
            return 2
        case _:
            return 4


def _name_of(place: Place, taken: set[str]) -> str:
    match place:
        case Beside(label, "right"):
            base = label
        case Beside(label, _, line):
            base = (
                label
                if line == 0
                else f"{label}, last line"
                if line == -1
                else f"{label}, line {line + 1}"
                if line > 0
                else f"{label}, line {-line} from the end"
            )
        case Block(label):
            base = f"{label}, all lines"
        case Starting(prefix):
            base = prefix
        case TableCell(column, key, _):
            base = f"{column} of {key.words()}"
        case Area(above, _):
            base = f"text below {above[0]}" if above else "text"
        case OfCard(key, line):
            base = f"card of {key.words()}, {'last line' if line < 0 else f'line {line + 1}'}"
        case InRow(column, nth):
            base = f"row {column}" if column else f"row text {nth + 1}"
        case _:
            base = "text"
    base = base.strip(" :*") or "text"
    name, number = base, 2
    while name in taken:
        name, number = f"{base} {number}", number + 1
    taken.add(name)
    return name
