"""From the elements that were acted upon to one description of them all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from msgspec.structs import replace

from crewless.core.messages import Point
from crewless.policy.job.targets import Name, Relation, Target, candidates, ground
from crewless.policy.job.values import Constant, Expression, Variable
from crewless.policy.job.view import Band, View
from crewless.policy.texts import has_words, misread, plain
from crewless.training.induce.expressions import Example, explain

_MOSTLY = 0.9
_PLAIN = 0.6
"""What an expression costs that names a text as a whole."""
_RELATIONS: tuple[Relation, ...] = ("label", "left", "above", "right", "hint")


@dataclass(frozen=True, slots=True)
class Acted:
    """One element that was acted upon: on which screen, where, and what was known then."""

    view: View
    index: int
    point: Point | None
    env: Mapping[str, str]
    band: Band | None = None
    """The row of a loop."""


def target_from(acted: Sequence[Acted], *, reads_text: bool, choose: bool = False) -> Target | None:
    """One target for all; None where nothing says which element is meant.

    Args:
        acted: at least one.
        reads_text: the element's own text tells it, as on a button; not so for a field, which holds something else each time.
        choose: its text may be given by a value that is not known yet, such as a judged answer; then no text is asked of it here.
    """
    base = _base(acted)
    tried: list[Target] = []
    if reads_text:
        tried += _by_text(acted, base)
    names = _names(acted)
    if names:
        tried.append(replace(base, names=names))
    column = _column(acted)
    tried += _by_row(acted, base, names, column)
    if column:
        tried.append(replace(base, column=column, names=()))
    if all(one.band is not None for one in acted):
        tried = [replace(target, in_row=True, names=() if target.column else target.names) for target in [*tried, base]]
    best: tuple[float, int, Target] | None = None
    for rank, target in enumerate(tried):
        counted = _numbered(target, acted)
        hits = sum(_hits(counted, one) for one in acted)
        if best is None or hits > best[0]:
            best = (hits, rank, counted)
        if hits == len(acted):
            return counted
    if best is not None and best[0] >= _MOSTLY * len(acted):
        return best[2]
    by_number = _numbered(base, acted)
    if by_number.nth is not None and sum(_hits(by_number, one) for one in acted) >= _MOSTLY * len(acted):
        return by_number
    return best[2] if best is not None and best[0] >= 0.6 * len(acted) else None


def value_target(target: Target, value: Expression, *, part: bool = False) -> Target:
    """The target with a text that is given."""
    return replace(target, text=value, part=part, nth=None)


def _hits(target: Target, one: Acted) -> bool:
    hit = ground(target, one.view, one.env, one.band)
    return hit is not None and same_spot(one.view, hit.index, one.index)


def same_spot(view: View, a: int, b: int) -> bool:
    """Whether two elements are one thing: the same, or one inside the other and of the same words."""
    if a == b:
        return True
    one, other = view.elements[a], view.elements[b]
    inside = one.box.contains(other.box.centre) or other.box.contains(one.box.centre)
    return inside and plain(one.text) == plain(other.text)


def _base(acted: Sequence[Acted]) -> Target:
    kinds = Counter(one.view.elements[one.index].kind for one in acted)
    at = [_share(one) for one in acted if one.point is not None] or [(0.5, 0.5)]
    places = [
        (e.box.centre.x / max(1, one.view.observation.width), e.box.centre.y / max(1, one.view.observation.height))
        for one in acted for e in (one.view.elements[one.index],)
    ]  # fmt: skip
    outside = [one for one in acted if one.point is not None and not _holds(one)]
    offset = None
    if len(outside) > 0.5 * len(acted):
        shifts = [
            ((one.point.x - b.x0) / one.view.line, (one.point.y - b.centre.y) / one.view.line)
            for one in outside if one.point is not None for b in (one.view.elements[one.index].box,)
        ]  # fmt: skip
        offset = (round(median(x for x, _ in shifts), 2), round(median(y for _, y in shifts), 2))
    wide = any(one.view.elements[one.index].box.width > 6 * one.view.line for one in acted)
    return Target(
        kinds=tuple(kind for kind, _ in kinds.most_common()),
        at=(round(median(x for x, _ in at), 2), round(median(y for _, y in at), 2)) if wide else (0.5, 0.5),
        place=(round(median(x for x, _ in places), 3), round(median(y for _, y in places), 3)), offset=offset,
    )  # fmt: skip


def _holds(one: Acted) -> bool:
    element = one.view.elements[one.index]
    return one.point is None or element.box.contains(one.point) or element.kind in ("radio", "checkbox")


def _share(one: Acted) -> tuple[float, float]:
    box = one.view.elements[one.index].box
    assert one.point is not None
    return (
        min(0.95, max(0.05, (one.point.x - box.x0) / max(1, box.width))),
        min(0.9, max(0.1, (one.point.y - box.y0) / max(1, box.height))),
    )


def _by_text(acted: Sequence[Acted], base: Target) -> list[Target]:
    texts = [one.view.elements[one.index].text for one in acted]
    if not all(texts):
        return []
    counts = Counter(plain(text) for text in texts)
    common, times = counts.most_common(1)[0]
    if times >= _MOSTLY * len(texts):
        word = Counter(text for text in texts if plain(text) == common).most_common(1)[0][0]
        found = [replace(base, text=Constant(word))]
        names = _names(acted)
        if names:
            found.append(replace(base, text=Constant(word), names=names))
        return found
    examples = [Example(one.env, text) for one, text in zip(acted, texts, strict=True)]
    said = explain(examples)[:2]
    found = [replace(base, text=one.expression) for one in said]
    parts: list[Target] = []
    names = [name for name in acted[0].env if all(name in one.env for one in acted)]
    for name in names:
        if all(has_words(text, one.env[name]) for one, text in zip(acted, texts, strict=True)):
            parts.append(replace(base, text=Variable(name), part=True))
    # What it has in it is said more plainly than how the whole of it is put together.
    return [*parts, *found] if said and said[0].cost > _PLAIN else [*found, *parts]


def _names(acted: Sequence[Acted]) -> tuple[Name, ...]:
    """The texts beside it that are always there, with where they stand."""
    found: list[Name] = []
    for relation in _RELATIONS:
        texts: Counter[str] = Counter()
        spelled: dict[str, Counter[str]] = {}
        for one in acted:
            for text in one.view.names(one.index).get(relation, ()):
                texts[plain(text)] += 1
                spelled.setdefault(plain(text), Counter())[text] += 1
        if texts:
            text, times = texts.most_common(1)[0]
            if text and times >= _MOSTLY * len(acted) and not (relation in ("right", "hint") and found):
                name = Name(relation, spelled[text].most_common(1)[0][0])
                if not any(misread(name.text, other.text) for other in found):
                    found.append(name)
    return tuple(found[:2])


def _by_row(acted: Sequence[Acted], base: Target, names: tuple[Name, ...], column: str) -> list[Target]:
    """The element in the row in which a known text stands."""
    if any(one.band is not None for one in acted):
        return []
    found: list[Target] = []
    for name in acted[0].env:
        if not all(name in one.env for one in acted):
            continue
        if all(_in_row_of(one, one.env[name]) for one in acted):
            row = replace(base, row=Variable(name))
            if column:
                found.append(replace(row, column=column))
            found += [replace(row, names=names), row] if names else [row]
            texts = {plain(one.view.elements[one.index].text) for one in acted}
            if len(texts) == 1 and "" not in texts:
                found.insert(0, replace(row, text=Constant(acted[0].view.elements[acted[0].index].text)))
        if len(found) > 6:
            break
    return found


def _in_row_of(one: Acted, value: str) -> bool:
    wanted = plain(value)
    if not wanted:
        return False
    box = one.view.elements[one.index].box
    return any(one.view.band_of(i).holds(box) for i in one.view.find(value, at_least=1.1) if i != one.index)


def _column(acted: Sequence[Acted]) -> str:
    """The heading over the element's column: the lowest text above it in a row of texts, which is always the same."""
    votes: Counter[str] = Counter()
    for one in acted:
        box = one.view.elements[one.index].box
        over = [
            i for i, e in enumerate(one.view.elements)
            if e.kind in ("text", "link", "button") and e.text and e.box.y1 <= box.y0 + 3 and min(e.box.x1, box.x1) - max(e.box.x0, box.x0) > 0
        ]  # fmt: skip
        votes.update({plain(one.view.elements[i].text) for i in over})
    always = {text for text, n in votes.items() if n >= _MOSTLY * len(acted)}
    best = ""
    one = acted[0]
    box = one.view.elements[one.index].box
    for e in sorted(one.view.elements, key=lambda e: e.box.y0):
        if plain(e.text) in always and e.box.y1 <= box.y0 + 3 and min(e.box.x1, box.x1) - max(e.box.x0, box.x0) > 0:
            best = e.text
    return best


def _numbered(target: Target, acted: Sequence[Acted]) -> Target:
    """With the number of the element among those that fit equally well, if it is always the same; else as it is."""
    ranks: list[int] = []
    backs: list[int] = []
    for one in acted:
        found = candidates(target, one.view, one.env, one.band)
        best = [hit for hit in found if hit.score >= found[0].score - 0.05] if found else []
        ordered = sorted(
            best, key=lambda hit: (one.view.elements[hit.index].box.y0, one.view.elements[hit.index].box.x0)
        )
        own = next((at for at, hit in enumerate(ordered) if hit.index == one.index), None)
        if own is None:
            continue
        if len(ordered) > 1:
            ranks.append(own)
            backs.append(own - len(ordered))
    if not ranks:
        return target
    front, times = Counter(ranks).most_common(1)[0]
    back, others = Counter(backs).most_common(1)[0]
    if max(times, others) < _MOSTLY * len(ranks):
        return target
    return replace(target, nth=front if times >= others else back)


__all__ = ["Acted", "same_spot", "target_from", "value_target"]
