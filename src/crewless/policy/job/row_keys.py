"""What tells one row, or one card, from the others, and where it stands now."""

from collections import Counter
from collections.abc import Mapping, Sequence

from crewless.policy.job.targets import Target, candidates
from crewless.policy.job.view import Band, View
from crewless.policy.texts import similarity

_LEFT_BEHIND = 2
"""So many texts may be new in a row behind a step."""


def find_row(view: View, marker: Target, env: Mapping[str, str], key: Sequence[str]) -> Band | None:
    """Where the row with these texts stands on a screen, though what it was found by may be gone."""
    keys = [(item_key(view, marker, hit.index), hit.index) for hit in candidates(marker, view, env)]
    for own, index in sorted(keys, key=lambda one: one[0] != tuple(key)):
        if same_row(own, key):
            return item_band(view, marker, index)
    own = [i for i, text in enumerate(view.plain_texts) if text in key and view.plain_texts.count(text) == 1]
    bands = [item_band(view, marker, i) for i in own]
    return next((band for band in bands if same_row(row_key(view, -1, band), key)), None)


def item_band(view: View, marker: Target, index: int) -> Band:
    """What belongs to one of the things that a loop goes over."""
    return view.item_of(index) if marker.title else view.band_of(index)


def item_key(view: View, marker: Target, index: int) -> tuple[str, ...]:
    """What tells one of them from the others: its texts."""
    return row_key(view, index, item_band(view, marker, index))


def row_key(view: View, index: int, band: Band | None = None) -> tuple[str, ...]:
    """What tells one row of a table from the others: its texts."""
    band = band or view.band_of(index)
    return tuple(view.plain_texts[i] for i in view.in_band(band) if view.elements[i].kind in ("text", "link"))


def first_left(keys: Sequence[tuple[str, ...]], done: Sequence[tuple[str, ...]]) -> int | None:
    """The first of the rows on a screen that was not done; None: all were. A row that was done and is there as it was is not taken
    for another one that is like it."""
    left = list((Counter(done) - Counter(keys)).elements())
    there = Counter(done)
    for at, key in enumerate(keys):
        if there[key]:
            there[key] -= 1
            continue
        same = next((other for other in left if same_row(key, other)), None)
        if same is None:
            return at
        left.remove(same)
    return None


def same_row(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether two rows have the same texts, a misread one allowed; what was done in a row may have left a word or two there."""
    if tuple(a) == tuple(b):
        return True
    if not a or not b:
        return False
    if len(a) != len(b):
        few, many = sorted((a, b), key=len)
        rest = iter(many)
        # In their order: two tables side by side may have the same texts in different rows.
        return len(few) >= 2 and len(many) - len(few) <= _LEFT_BEHIND and all(text in rest for text in few)
    equal = sum(x == y for x, y in zip(a, b, strict=True))
    near = sum(x == y or similarity(x, y) >= 0.6 or len(x) == len(y) == 1 for x, y in zip(a, b, strict=True))
    return near == len(a) and 2 * equal >= len(a)
