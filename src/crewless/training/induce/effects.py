"""What an action did, from the screens before and after it: which field took a text, which list or box has changed, what is new."""

from crewless.core.messages import Element, Point
from crewless.policy.job.view import View
from crewless.policy.texts import plain, similarity

_SAME_PLACE_PX = 6
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


def near_box(element: Element, point: Point) -> bool:
    """Whether a point is on an element, or on the text that is being typed into it."""
    box = element.box
    return box.x0 - 4 <= point.x <= box.x1 + 4 + 9 * len(element.text) and box.y0 - 4 <= point.y < box.y1 + 4


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
    """The field whose text has become what was typed, on the screen before; focused ones first."""
    wanted = plain(text)
    changed = [
        i for i, e in enumerate(before.elements)
        if e.kind in ("field", "textarea", "select")
        and (now := at_place(after, e)) is not None
        and plain(shown(now)) != plain(shown(e))
        and (wanted in plain(shown(now)) or (plain(shown(now)) and plain(shown(now)) in wanted) or similarity(shown(now), text) >= _READ_AS)
    ]  # fmt: skip
    if changed:
        return changed[0]
    focused = [i for i, e in enumerate(before.elements) if "focused" in e.state and e.kind in ("field", "textarea")]
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
