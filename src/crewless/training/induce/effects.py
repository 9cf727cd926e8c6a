"""What an action did, from the screens before and after it: which field took a text, which list or box has changed, what is new."""

import re
from collections.abc import Sequence

from crewless.core.messages import Action, Element
from crewless.policy.job.slides import number_shown
from crewless.policy.job.view import View, level
from crewless.policy.texts import misread, plain, similarity

_SAME_PLACE_PX = 6
_IS_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?\s*\S{0,3}")
"""A number and a unit, such as “35 %”."""
_READ_AS = 0.75
"""From this similarity on a field shows what was typed into it."""


def shown(element: Element) -> str:
    """What a widget holds; the caret is no letter."""
    text = element.text
    if "focused" in element.state and element.kind in ("field", "textarea"):
        text = text[:-1] if text.endswith("|") else text
    return text.strip()


def shows(element: Element, text: str) -> bool:
    """Whether a widget holds a text, as far as it was read."""
    own, wanted = plain(shown(element)), plain(text)
    return own == wanted or (len(wanted) > 3 and wanted in own) or similarity(own, wanted) >= _READ_AS


def at_place(view: View, element: Element) -> Element | None:
    """The element that stands where another stood: about the same box, a widget rather than a text inside it."""
    near = [
        e for e in view.elements
        if abs(e.box.x0 - element.box.x0) <= _SAME_PLACE_PX and abs(e.box.y0 - element.box.y0) <= _SAME_PLACE_PX
        and abs(e.box.y1 - element.box.y1) <= 2 * _SAME_PLACE_PX
    ]  # fmt: skip
    if not near:
        near = [e for e in view.elements if e.text and element.box.contains(e.box.centre)]
    return max(near, key=lambda e: (e.kind == element.kind, e.box.width * e.box.height), default=None)


def at_element(view: View, before: View, index: int | None) -> Element | None:
    """What stands now where an element of the screen before stood."""
    return None if index is None else at_place(view, before.elements[index])


def is_new(element: Element, before: View, now: View) -> bool:
    """Whether it was not on the screen before; what has only moved there is not new."""
    if element.kind == "option":
        return True
    then, there = (sum(e.text == element.text for e in view.elements) for view in (before, now))
    return there > then


def typed_into(before: View, after: View, text: str) -> int | None:
    """The field whose text has become what was typed, on the screen before; else the one that has changed, or has the focus."""
    wanted = plain(text)
    changed = [
        (i, plain(shown(now))) for i, e in enumerate(before.elements)
        if e.kind in ("field", "textarea", "select")
        and (now := at_place(after, e)) is not None
        and plain(shown(now)) != plain(shown(e))
    ]  # fmt: skip
    fitting = [
        i for i, now in changed
        if wanted in now or (now and now in wanted) or similarity(now, text) >= _READ_AS or misread(now, wanted)
    ]  # fmt: skip
    if fitting or len(changed) == 1:
        return fitting[0] if fitting else changed[0][0]
    # One that goes on saying what it said has not got it.
    focused = [
        i for i, e in enumerate(before.elements)
        if "focused" in e.state and e.kind in ("field", "textarea")
        and ((now := at_place(after, e)) is None or not shown(now) or plain(shown(now)) != plain(shown(e)))
    ]  # fmt: skip
    return focused[0] if len(focused) == 1 else None


def changed_select(before: View, after: View) -> tuple[int, int] | None:
    """The one select whose text has changed: its index before and after."""
    found = [
        (i, j) for i, e in enumerate(before.elements) if e.kind == "select"
        for j, now in enumerate(after.elements)
        if now.kind in ("select", "field") and abs(now.box.x0 - e.box.x0) <= _SAME_PLACE_PX
        and abs(now.box.y0 - e.box.y0) <= _SAME_PLACE_PX and plain(now.text) != plain(e.text)
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def toggled(before: View, after: View) -> tuple[int, int] | None:
    """The one box whose tick has changed."""
    found = [
        (i, j) for i, e in enumerate(before.elements) if e.kind in ("checkbox", "radio")
        for j, now in enumerate(after.elements)
        if now.kind == e.kind and abs(now.box.x0 - e.box.x0) <= _SAME_PLACE_PX and abs(now.box.y0 - e.box.y0) <= _SAME_PLACE_PX
        and ("checked" in now.state) != ("checked" in e.state)
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def mostly_there(before: View, after: View) -> bool:
    """Whether what stood on a screen still stands there: a list that has closed leaves the page as it was."""
    texts = set(before.plain_texts) - {""}
    return len(texts & set(after.plain_texts)) >= 0.8 * len(texts)


def same_texts_of(a: View, b: View) -> bool:
    """Whether two screens say nearly the same."""
    one, other = set(a.plain_texts) - {""}, set(b.plain_texts) - {""}
    return len(one ^ other) <= 0.06 * len(one | other) + 2


def slid(before: View, after: View, action: Action) -> tuple[int, int] | None:
    """Of a drag along a line, the one number that it changed, before and after: that of a slider. None: it moved something else."""
    start, end = action.point, action.to
    if start is None or end is None or abs(start.y - end.y) > 2 * before.line:
        return None
    if len(set(before.plain_texts) ^ set(after.plain_texts)) > 2:
        return None
    found = [
        (i, j) for i, e in enumerate(before.elements) if _IS_NUMBER.fullmatch(e.text)
        for j, now in enumerate(after.elements)
        if abs(now.box.y0 - e.box.y0) <= _SAME_PLACE_PX and abs(now.box.x0 - e.box.x0) <= 2 * _SAME_PLACE_PX
        and number_shown(now.text) not in (None, number_shown(e.text)) and _worded(now.text) == _worded(e.text)
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _worded(text: str) -> list[str]:
    """What stands beside the numbers."""
    return [
        word for word in plain(text).split() if not any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    ]


def radio_group(view: View, index: int) -> tuple[str, ...]:
    """The texts of the radios that stand with one in a column or a row, at an even distance."""
    box = view.elements[index].box
    radios = [i for i, e in enumerate(view.elements) if e.kind == "radio"]
    column = [i for i in radios if abs(view.elements[i].box.x0 - box.x0) <= 4]
    row = [i for i in radios if level(view.elements[i].box, box)]
    members = row if len(row) > 1 else _run(view, column, index)
    return tuple(plain(view.elements[i].text) for i in members)


def _run(view: View, members: Sequence[int], index: int) -> list[int]:
    """Those of a column that follow each other closely, around one of them."""
    ordered = sorted(members, key=lambda i: view.elements[i].box.y0)
    at = ordered.index(index)
    first = last = at
    while (
        first > 0 and view.elements[ordered[first]].box.y0 - view.elements[ordered[first - 1]].box.y1 <= 2.5 * view.line
    ):
        first -= 1
    while (
        last + 1 < len(ordered)
        and view.elements[ordered[last + 1]].box.y0 - view.elements[ordered[last]].box.y1 <= 2.5 * view.line
    ):
        last += 1
    return ordered[first : last + 1]
