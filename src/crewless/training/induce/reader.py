"""Reads the actions of a recording as what was meant: typing, correcting, choosing from lists, moving on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crewless.core.messages import Action, Element, Point
from crewless.policy.job.program import MOVING
from crewless.policy.job.slides import number_shown
from crewless.policy.job.view import View
from crewless.policy.texts import plain
from crewless.training.induce.effects import (
    at_element,
    at_place,
    changed_select,
    is_new,
    mostly_there,
    same_texts_of,
    shown,
    shows,
    slid,
    toggled,
    typed_into,
)
from crewless.training.induce.intents import Intent, IntentKind

_EDITING = frozenset(
    {"BackSpace", "Delete", "Home", "End", "Left", "Right", "ctrl+a", "ctrl+u", "ctrl+k", "shift+Home", "shift+End"}
)
_ALONG = frozenset({"Down", "Up", "Home", "End", "Page_Down", "Page_Up", "Next", "Prior"})


@dataclass(slots=True)
class _Edit:
    """A field that is being filled in."""

    seen: int
    element: int | None
    point: Point | None
    text: str
    before: str
    steps: list[int] = field(default_factory=list[int])
    selected: bool = False
    typed: bool = False
    caret: int = 0


class Reader:
    """Walks over the recorded actions of one demonstration."""

    def __init__(self, views: Sequence[View], actions: Sequence[Action]) -> None:
        self.views, self.actions = views, actions
        self.found: list[Intent] = []
        self.edit: _Edit | None = None
        self.moves: list[int] = []
        """Tabs since the last thing that was meant: part of the job only where it cannot be seen where they lead."""

    def read(self) -> list[Intent]:
        """What was meant, in its order, corrections still in it."""
        at = 0
        while at < len(self.actions):
            at = self._one(at)
        self._end_edit(len(self.actions))
        return self.found

    def _one(self, at: int) -> int:
        """Take in the action ``at``, and what belongs to it; the next one."""
        action = self.actions[at]
        match action.verb:
            case "scroll" | "wait" | "move":
                return at + 1
            case "click":
                return self._click(at)
            case "type":
                self._typed(at)
                return at + 1
            case "key":
                return self._key(at)
            case "drag":
                self._end_edit(at)
                number = slid(self.views[at], self.views[at + 1], action)
                if number is not None:
                    value = str(number_shown(self.views[at + 1].elements[number[1]].text))
                    self._add("slide", at, element=number[0], value=value, drop=action.to, verb="drag")
                    return at + 1
                self._add(
                    "drag",
                    at,
                    element=self._card_at(at),
                    to=None if action.to is None else self.views[at].at(action.to),
                    drop=action.to,
                    verb="drag",
                )
                return at + 1
            case _:
                self._end_edit(at)
                if action.verb == "double_click":
                    chosen = self._chosen(at, self._element_at(at, action.point)) or self._chosen_at_once(at)
                    if chosen is not None:
                        return chosen
                self._add("press", at, verb=action.verb)
                return at + 1

    # The mouse

    def _click(self, at: int) -> int:
        self.moves = []
        view, action = self.views[at], self.actions[at]
        index = self._element_at(at, action.point)
        element = None if index is None else view.elements[index]
        chosen = self._chosen(at, index)
        if chosen is not None:
            return chosen
        beside = (
            element is not None
            and action.point is not None
            and not element.box.contains(action.point)
            and element.kind not in ("radio", "checkbox")
        )
        if element is not None and (element.kind in ("field", "textarea") or beside) and self._is_typed_into(at):
            if self.edit is not None and self._is_edited(self.edit, at, index):
                self.edit.selected = False
                self.edit.caret = len(self.edit.text)
                self.edit.steps.append(at)
                return at + 1
            self._end_edit(at)
            held = "" if beside else shown(element)
            self.edit = _Edit(seen=at, element=index, point=action.point, text=held, before=held, steps=[at])
            self.edit.caret = len(self.edit.text)
            return at + 1
        self._end_edit(at)
        if element is not None and element.kind == "radio":
            self._add("choice", at, value=element.text, end=at + 1)
        elif element is not None and element.kind == "checkbox" and not self._leads(at, element):
            self._add("toggle", at, value=self._state_after(at, index))
        elif not self._is_idle(at, element) and not self._is_reopened(at, index):
            self._add("press", at)
        return at + 1

    def _chosen(self, at: int, index: int | None) -> int | None:
        """Whether the click opens a list from which something is then chosen: the first action behind that; None: it does not."""
        if index is None:
            return None
        widget = self.views[at].elements[index]
        if widget.kind not in ("select", "field", "button", "text", "link", "icon"):
            return None
        follow = self._next(at)
        if follow is None:
            return None
        then, opened = self.actions[follow], self.views[follow]
        if then.verb == "click":
            picked = self._picked(at, follow, widget)
            if picked is None:
                return None
            option = opened.elements[picked]
            after = self._settled(follow)
            now = at_place(self.views[after], widget)
            holds = now is not None and shows(now, option.text)
            if option.kind != "option" and not holds:
                return None
            if widget.kind not in ("select", "field") and not mostly_there(self.views[at], self.views[after]):
                return None
            self._end_edit(at)
            self._add("choice", at, value=option.text, end=follow + 1, steps=(at, follow))
            return follow + 1
        if (
            then.verb == "key"
            and (then.text in _ALONG or then.text == "Return")
            and widget.kind in ("select", "field", "button")
        ):
            return self._chosen_by_keys(at, index, follow)
        return None

    def _picked(self, at: int, follow: int, widget: Element) -> int | None:
        """What a click chose of an opened list: a text that was not there before. The rows of a list are as wide as its widget."""
        before, opened, point = self.views[at], self.views[follow], self.actions[follow].point
        if point is None:
            return None
        beside = [
            i for i, e in enumerate(opened.elements)
            if e.text and widget.box.x0 <= min(point.x, e.box.centre.x) and max(point.x, e.box.centre.x) <= widget.box.x1
            and abs(e.box.centre.y - point.y) <= opened.line and is_new(e, before, opened)
        ]  # fmt: skip
        if opened.at(point) is None and beside:
            return min(beside, key=lambda i: abs(opened.elements[i].box.centre.y - point.y))
        index = self._element_at(follow, point)
        there = None if index is None else opened.elements[index]
        return index if there is not None and there.text and is_new(there, before, opened) else None

    def _chosen_at_once(self, at: int) -> int | None:
        """A double click on a select which opened its list and chose what then lay under the pointer: the next action; None: it did not."""
        index = self._element_at(at, self.actions[at].point)
        if index is None or self.views[at].elements[index].kind != "select":
            return None
        widget = self.views[at].elements[index]
        now = at_place(self.views[self._settled(at)], widget)
        if now is None or now.kind != "select" or not now.text or plain(now.text) == plain(widget.text):
            return None
        self._add("choice", at, value=now.text, end=at + 1)
        return at + 1

    def _chosen_by_keys(self, at: int, index: int | None, follow: int) -> int | None:
        steps = [] if index is None else [at]
        last = follow
        while last < len(self.actions) and self.actions[last].verb == "key" and self.actions[last].text in _ALONG:
            steps.append(last)
            last += 1
        closes = last < len(self.actions) and self.actions[last].verb == "key" and self.actions[last].text == "Return"
        if index is not None and not closes:
            return None
        if index is not None:
            steps.append(last)
            last += 1
            widget = self.views[at].elements[index]
            now = at_place(self.views[min(last, len(self.views) - 1)], widget)
            if (
                now is None
                or not now.text
                or (now.kind != "select" and widget.kind != "select" and now.text == widget.text)
            ):
                return None
            self._end_edit(at)
            self._add("choice", at, value=now.text, end=last, steps=tuple(steps))
            return last
        changed = changed_select(self.views[follow], self.views[last])
        if changed is None:
            return None
        self._end_edit(follow)
        before, now = changed
        self.found.append(
            Intent(
                kind="choice",
                seen=follow,
                element=before,
                point=self.views[follow].elements[before].box.centre,
                value=self.views[last].elements[now].text,
                end=last,
                steps=tuple(steps),
                from_value=self.views[follow].elements[before].text,
            )
        )
        return last

    def _leads(self, at: int, element: Element) -> bool:
        """Whether a click on what looks like a box does what a button does: what the page says changes, and the box is as it was."""
        before, after = self.views[at], self.views[at + 1]
        now = at_place(after, element)
        same = now is not None and now.kind == element.kind and ("checked" in now.state) == ("checked" in element.state)
        return same and not element.text and set(before.plain_texts) != set(after.plain_texts)

    def _state_after(self, at: int, index: int | None) -> str:
        """What a box is after a click: the other of what it was. A ring of focus may look like a tick, so that what it was is what it
        showed when it was first seen, and every click since has turned it over."""
        element = self.views[at].elements[index] if index is not None else None
        assert element is not None
        checked, first = "checked" in element.state, at
        for earlier in range(at - 1, -1, -1):
            then = at_place(self.views[earlier], element)
            if then is None or then.kind != element.kind:
                break
            checked, first = "checked" in then.state, earlier
        turns = 1 + sum(self.actions[i].verb == "click" and self._is_on(i, element) for i in range(first, at))
        return "on" if checked != (turns % 2 == 1) else "off"

    def _is_on(self, at: int, element: Element) -> bool:
        """Whether an action was on an element, or on the words that belong to it."""
        index = self._element_at(at, self.actions[at].point)
        return index is not None and self.views[at].elements[index] is at_place(self.views[at], element)

    def _is_idle(self, at: int, element: Element | None) -> bool:
        """A click beside everything, which did nothing."""
        if element is not None and element.kind not in ("text", "field", "textarea", "icon"):
            return False
        before, after = self.views[at], self.views[at + 1]
        if before is after:
            # The screen before was not caught.
            return False
        return [(e.text, e.box) for e in before.elements] == [(e.text, e.box) for e in after.elements] or (
            element is not None and element.kind in ("field", "textarea") and same_texts_of(before, after)
        )

    # The keyboard

    def _typed(self, at: int) -> None:
        text = self.actions[at].text
        if self.edit is None:
            found = None if self._is_behind_chord(at) else typed_into(self.views[at], self.views[at + 1], text)
            if found is None:
                for move in self.moves:
                    self._add("key", move, value=self.actions[move].text, verb="key")
                self.edit = _Edit(seen=at, element=None, point=None, text="", before="")
            else:
                element = self.views[at].elements[found]
                held = shown(element)
                # After Tab the field's text is selected, and what is typed takes its place.
                self.edit = _Edit(seen=at, element=found, point=element.box.centre, text=held, before=held)
                self.edit.caret, self.edit.selected = len(held), bool(held)
            self.moves = []
        edit = self.edit
        if edit.selected or (not edit.typed and not self._kept(edit, at, text)):
            edit.text, edit.caret, edit.selected = "", 0, False
        edit.text = edit.text[: edit.caret] + text + edit.text[edit.caret :]
        edit.caret += len(text)
        edit.typed = True
        edit.steps.append(at)

    def _is_behind_chord(self, at: int) -> bool:
        """Whether a chord such as ctrl+l was pressed just before, which puts the focus wherever it does."""
        before = next((a for a in reversed(self.actions[:at]) if a.verb not in ("wait", "move")), None)
        return (
            before is not None and before.verb == "key" and "+" in before.text and before.text not in _EDITING | MOVING
        )

    def _kept(self, edit: _Edit, at: int, text: str) -> bool:
        """Whether what stood in the field stays beside what is typed: it was no hint that vanishes."""
        if not edit.text:
            return True
        after = at_element(self.views[at + 1], self.views[edit.seen], edit.element)
        return after is not None and plain(edit.text) in plain(shown(after)) and plain(text) != plain(shown(after))

    def _key(self, at: int) -> int:
        chord, edit = self.actions[at].text, self.edit
        if edit is not None and chord in _EDITING:
            _apply(edit, chord)
            edit.steps.append(at)
            return at + 1
        if (
            edit is not None
            and edit.element is not None
            and chord in ("Return", "shift+Return", "KP_Enter")
            and (self._is_area(edit) or self._goes_on(at))
        ):
            edit.text = edit.text[: edit.caret] + "\n" + edit.text[edit.caret :]
            edit.caret += 1
            edit.typed = True
            edit.steps.append(at)
            return at + 1
        if chord in _ALONG and edit is None:
            then = self._chosen_by_keys(at, None, at)
            if then is not None:
                return then
        held = edit
        self._end_edit(at)
        if chord in MOVING and (held is not None or self._moves_focus(at)):
            self.moves.append(at)
            return at + 1
        self.moves = []
        if chord == "Escape" and same_texts_of(self.views[at], self.views[at + 1]):
            return at + 1
        if chord in _EDITING and self._next_types(at):
            # What the field held is replaced by what is typed next.
            return at + 1
        if chord == "space" or chord == " ":
            pair = toggled(self.views[at], self.views[at + 1])
            if pair is not None:
                before, now = pair
                on = "checked" in self.views[at + 1].elements[now].state
                self._add("toggle", at, value="on" if on else "off", element=before)
                return at + 1
        into = held.element if held is not None else None
        if held is not None and held.typed and self.found and self.found[-1].kind == "text":
            into = self.found[-1].element
        seen = held.seen if held is not None else at
        self._add("key", at, value=chord, element=into, seen=seen, verb="key")
        return at + 1

    def _moves_focus(self, at: int) -> bool:
        """Whether a Tab is only the way to something that is acted on next."""
        return same_texts_of(self.views[at], self.views[at + 1])

    def _goes_on(self, at: int) -> bool:
        """Whether a Return begins a new line: it is typed on at once, and the page stays."""
        follow = self._next(at)
        typed = follow is not None and self.actions[follow].verb == "type" and self.actions[follow].point is None
        return typed and mostly_there(self.views[at], self.views[at + 1])

    def _is_area(self, edit: _Edit) -> bool:
        return edit.element is not None and self.views[edit.seen].elements[edit.element].kind == "textarea"

    def _is_typed_into(self, at: int) -> bool:
        """Whether the next thing that happens after a click on a field is typing, or editing."""
        follow = self._next(at)
        if follow is None:
            return False
        then = self.actions[follow]
        return then.verb == "type" or (then.verb == "key" and then.text in _EDITING)

    def _next_types(self, at: int) -> bool:
        follow = self._next(at)
        return follow is not None and (
            self.actions[follow].verb == "type"
            or (self.actions[follow].verb == "key" and self.actions[follow].text in _EDITING)
        )

    def _is_edited(self, edit: _Edit, at: int, index: int | None) -> bool:
        now = at_element(self.views[at], self.views[edit.seen], edit.element)
        there = now is not None and index is not None and self.views[at].elements[index].box == now.box
        # Behind a turn of the wheel another field may stand in its place.
        return there and self._has_name_of(edit.seen, edit.element, at, index)

    def _has_name_of(self, then: int, one: int | None, now: int, other: int | None) -> bool:
        """Whether two elements of two screens are named by the same text."""
        if one is None or other is None:
            return False
        names = [self.views[k].names_of(i)[:1] for k, i in ((then, one), (now, other))]
        return [plain(name) for name in names[0]] == [plain(name) for name in names[1]]

    def _is_reopened(self, at: int, index: int | None) -> bool:
        """Whether a list was opened, left, and is opened again by the next click."""
        follow = self._next(at)
        if index is None or follow is None or self.actions[follow].verb != "click":
            return False
        then = self._element_at(follow, self.actions[follow].point)
        lists = [v.elements[i].kind for v, i in ((self.views[at], index), (self.views[follow], then)) if i is not None]
        return lists == ["select", "select"] and self._has_name_of(at, index, follow, then)

    def _end_edit(self, at: int) -> None:
        edit, self.edit = self.edit, None
        if edit is None or not edit.typed:
            return
        after = self.views[min(max(edit.steps) + 1, len(self.views) - 1)]
        self.found.append(
            Intent(
                kind="type" if edit.element is None else "text",
                seen=edit.seen,
                element=self._label_of(edit, after),
                point=edit.point,
                value=edit.text.strip("\n"),
                end=max(edit.steps) + 1,
                steps=tuple(edit.steps),
                from_value=edit.before,
            )
        )

    def _label_of(self, edit: _Edit, after: View) -> int | None:
        """What the place is described by: the field itself, or, where it can be seen only since something stands in it, its label.
        None: nothing was seen of it."""
        before = self.views[edit.seen]
        if edit.element is None or edit.point is None or before.elements[edit.element].box.contains(edit.point):
            return edit.element
        field = after.at(edit.point)
        if field is None or after.elements[field].kind not in ("field", "textarea"):
            return edit.element
        names = [plain(name) for name in after.names_of(field)]
        return next((i for name in names for i, text in enumerate(before.plain_texts) if text == name), edit.element)

    # Places

    def _add(
        self, kind: IntentKind, at: int, *, value: str = "", verb: str = "click", to: int | None = None, drop: Point | None = None, end: int | None = None,
        steps: tuple[int, ...] = (), element: int | None = None, seen: int | None = None,
    ) -> None:  # fmt: skip
        index = element if element is not None else self._element_at(at, self.actions[at].point)
        seen = at if seen is None else seen
        held = "" if index is None else shown(self.views[seen].elements[index])
        self.found.append(
            Intent(
                kind=kind,
                seen=seen,
                element=index,
                point=self.actions[at].point,
                value=value,
                verb=verb,
                to=to,
                drop=drop,
                end=at + 1 if end is None else end,
                steps=steps or (at,),
                from_value=held,
            )
        )

    def _element_at(self, at: int, point: Point | None) -> int | None:
        """What was pointed at; beside everything that was recognised, the text from which the place is told."""
        action = self.actions[at]
        if point is None:
            return None
        found = action.element if point == action.point and action.element is not None else self.views[at].at(point)
        return found if found is not None else self.views[at].near(point)

    def _card_at(self, at: int) -> int | None:
        """What is dragged: whatever line of a card was seized, the card is told by its first."""
        found = self._element_at(at, self.actions[at].point)
        return None if found is None or not self.views[at].elements[found].text else self.views[at].block_start(found)

    def _next(self, at: int) -> int | None:
        """The next action that is more than looking about."""
        return next(
            (i for i in range(at + 1, len(self.actions)) if self.actions[i].verb not in ("scroll", "wait", "move")),
            None,
        )

    def _settled(self, at: int) -> int:
        """The screen before the next action."""
        return min(at + 1, len(self.views) - 1)


def _apply(edit: _Edit, chord: str) -> None:
    if edit.selected and chord in ("BackSpace", "Delete"):
        edit.text, edit.caret, edit.selected, edit.typed = "", 0, False, True
        return
    edit.selected = False
    match chord:
        case "ctrl+a":
            edit.selected = True
        case "ctrl+u":
            edit.text, edit.caret, edit.typed = edit.text[edit.caret :], 0, True
        case "ctrl+k":
            edit.text, edit.typed = edit.text[: edit.caret], True
        case "BackSpace":
            if edit.caret:
                edit.text = edit.text[: edit.caret - 1] + edit.text[edit.caret :]
                edit.caret -= 1
                edit.typed = True
        case "Delete":
            edit.text = edit.text[: edit.caret] + edit.text[edit.caret + 1 :]
            edit.typed = True
        case "Home":
            edit.caret = 0
        case "End":
            edit.caret = len(edit.text)
        case "Left":
            edit.caret = max(0, edit.caret - 1)
        case "Right":
            edit.caret = min(len(edit.text), edit.caret + 1)
        case _:
            edit.selected = True
