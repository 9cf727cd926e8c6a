"""Programs that exist only as observations: pages of widgets that can be looked at, clicked, typed into and scrolled.

They give the stage ``pretrain`` its screens and the tests a program whose state can be judged. No pixels are made.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from crewless.core.messages import Action, Box, Element, ElementKind, Observation, Point

CHAR_PX = 8
LINE_PX = 22


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntheticWidget:
    """One thing on a page."""

    id: str
    kind: ElementKind
    text: str = ""
    """What is written on it; for a select its first value."""
    label: str = ""
    """Drawn above it as a text of its own, unless ``caption_left``."""
    options: tuple[str, ...] = ()
    """Options of a select, or of a group of radio buttons."""
    goto: str = ""
    """The page that a click leads to; for a field, the page that Return leads to."""
    effect: str = ""
    """A name that is written down when it is clicked, such as ``save``."""
    x: int = 0
    width: int = 0
    """Pixels; 0: as wide as its text."""
    caption_left: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntheticPage:
    """Rows of widgets, top to bottom; widgets of a row stand beside each other."""

    rows: tuple[tuple[SyntheticWidget, ...], ...]
    x: int = 220
    """Left edge of the rows."""
    y: int = 80
    gap: int = 18
    wrap: int = 100
    """Characters after which a text goes on in the next line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SyntheticGoal:
    """One thing that the scripted operator does: click, type, key, choose (in a select or a group of radios), done."""

    verb: str
    widget: str = ""
    text: str = ""
    """type: the text; key: the key; choose: the option."""


@dataclass(kw_only=True, slots=True)
class _Placed:
    widget: SyntheticWidget
    element: Element
    option: str = ""
    popup: bool = False


@dataclass(kw_only=True)
class SyntheticProgram:
    """A program with state.

    Args:
        pages: by name; a function makes a page anew each time it is shown, from the values so far.
        start: the first page.
        frame: widgets that stay at the top and at the left of every page, with their boxes.
    """

    pages: Mapping[str, SyntheticPage | Callable[["SyntheticProgram"], SyntheticPage]]
    start: str
    frame: Sequence[tuple[SyntheticWidget, Box]] = ()
    width: int = 1280
    height: int = 800
    top: int = 0
    """Everything stands lower by so many pixels, as below an infobar."""
    infobar: str = ""
    notch_px: int = 53
    """What one wheel notch moves the page by. Real programs differ: Chromium 120 on X11, older ones 53."""
    values: dict[str, str] = field(default_factory=dict)
    """What fields hold, what selects show, which radio is on."""
    effects: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """What was done for good, with the values at that moment."""
    page: str = ""
    scroll: int = 0
    focus: str = ""
    popup: str = ""
    pointer: Point | None = None
    frames: int = 0

    def __post_init__(self) -> None:
        self.page = self.page or self.start

    def observe(self) -> Observation:
        """What a perception without mistakes would make of the screen."""
        self.frames += 1
        elements = sorted((p.element for p in self._placed()), key=lambda e: (e.box.y0, e.box.x0))
        return Observation(
            elements=tuple(elements), width=self.width, height=self.height, t_s=float(self.frames),
            frame_index=self.frames, pointer=self.pointer,
        )  # fmt: skip

    def act(self, action: Action) -> None:
        """Do what an action would do."""
        if action.verb in ("click", "double_click") and action.point is not None:
            self._click(action.point)
        elif action.verb == "type":
            if action.point is not None:
                self._click(action.point)
            if self.focus:
                self.values[self.focus] = self.values.get(self.focus, "") + action.text
        elif action.verb == "key":
            self._key(action.text)
        elif action.verb == "scroll":
            self.scroll = max(0, min(self._limit(), self.scroll + action.amount * self.notch_px))

    def find(self, widget: str, option: str = "") -> Element | None:
        """The element of a widget, or of its option; None when it is not on the screen."""
        for placed in reversed(self._placed()):
            if placed.widget.id == widget and placed.option == option:
                return placed.element
        return None

    def operate(self, goal: SyntheticGoal, notches: int = 5) -> Action:
        """What a person would do next for a goal; an action that is no scroll and opens no popup reaches it."""
        if goal.verb == "key":
            return Action(verb="key", text=goal.text)
        if goal.verb == "type":
            return Action(verb="type", text=goal.text)
        option = (
            goal.text if goal.verb == "choose" and (self.popup == goal.widget or self._is_radio(goal.widget)) else ""
        )
        element = self.find(goal.widget, option)
        if element is None:
            return Action(
                verb="scroll",
                point=Point(self.width // 2, self.height // 2),
                amount=notches * self._direction(goal.widget),
            )
        return Action(verb="click", point=element.box.centre)

    def _direction(self, widget: str) -> int:
        for placed in self._lay_out():
            if placed.widget.id == widget:
                return 1 if placed.element.box.y0 > self.height // 2 else -1
        return 1

    def _is_radio(self, widget: str) -> bool:
        return any(w.id == widget and w.kind == "radio" for row in self._rows().rows for w in row)

    def _rows(self) -> SyntheticPage:
        page = self.pages[self.page]
        return page if isinstance(page, SyntheticPage) else page(self)

    def _limit(self) -> int:
        bottoms = [p.element.box.y1 + self.scroll for p in self._lay_out()]
        return max(0, max(bottoms, default=0) + 60 - self.height)

    def _click(self, point: Point) -> None:
        self.pointer = point
        hit = next((p for p in reversed(self._placed()) if p.element.box.contains(point)), None)
        popup, self.popup = self.popup, ""
        if hit is None or (popup and not hit.popup):
            return
        widget = hit.widget
        if hit.popup or (widget.kind == "radio" and hit.option):
            self.values[widget.id] = hit.option
        elif widget.kind == "select":
            self.popup = widget.id
        elif widget.kind in ("field", "textarea"):
            self.focus = widget.id
        elif widget.kind == "checkbox":
            self.values[widget.id] = "" if self.values.get(widget.id) else "on"
        if widget.effect and hit.element.kind == widget.kind:
            self.effects.append((widget.effect, dict(self.values)))
        if widget.goto and widget.kind not in ("field", "textarea") and hit.element.kind == widget.kind:
            self._go(widget.goto)

    def _key(self, key: str) -> None:
        if key == "Escape":
            self.popup = ""
        widget = next((p.widget for p in self._placed() if p.widget.id == self.focus), None)
        if key == "Return" and widget is not None and widget.goto:
            self._go(widget.goto)

    def _go(self, page: str) -> None:
        self.page, self.scroll, self.focus, self.popup = page, 0, "", ""

    def _placed(self) -> list[_Placed]:
        shown = [p for p in self._lay_out() if p.element.box.y0 >= self._fold() and p.element.box.y1 <= self.height]
        for widget, box in self.frame:
            moved = Box(box.x0, box.y0 + self.top, box.x1, box.y1 + self.top)
            shown.append(self._element(widget, moved))
        if self.infobar:
            bar = SyntheticWidget(id="", kind="text", text=self.infobar)
            shown.append(
                _Placed(
                    widget=bar, element=Element(text=self.infobar, box=Box(12, 4, 12 + CHAR_PX * len(self.infobar), 24))
                )
            )
        if self.popup:
            opener = next((p for p in shown if p.widget.id == self.popup and p.element.kind == "select"), None)
            if opener is not None:
                shown = self._open(opener, shown)
        return shown

    def _fold(self) -> int:
        header = [box.y1 for _, box in self.frame if box.y0 < 10 or box.y1 < 60]
        return self.top + max(header, default=0)

    def _open(self, opener: _Placed, shown: list[_Placed]) -> list[_Placed]:
        box, options = opener.element.box, opener.widget.options
        height = LINE_PX * len(options)
        top = box.y1 if box.y1 + height <= self.height else max(0, min(box.y0 - height, self.height - height))
        cover = Box(box.x0, top, box.x1, top + height)
        kept = [p for p in shown if p is opener or not _overlap(p.element.box, cover)]
        for i, option in enumerate(options):
            line = Box(box.x0, top + i * LINE_PX, box.x1, top + (i + 1) * LINE_PX)
            state = frozenset({"selected"}) if option == self.values.get(opener.widget.id) else frozenset[str]()
            element = Element(text=option, box=line, kind="option", state=state)
            kept.append(_Placed(widget=opener.widget, element=element, option=option, popup=True))
        return kept

    def _lay_out(self) -> list[_Placed]:
        page = self._rows()
        placed: list[_Placed] = []
        y = page.y + self.top - self.scroll
        for row in page.rows:
            bottom, x = y, page.x
            for widget in row:
                left, at = (page.x + widget.x if widget.x else x), y
                if widget.label and not widget.caption_left:
                    caption = Box(left, at, left + CHAR_PX * len(widget.label), at + LINE_PX)
                    text = SyntheticWidget(id="", kind="text", text=widget.label)
                    placed.append(_Placed(widget=text, element=Element(text=widget.label, box=caption)))
                    at += LINE_PX + 4
                if widget.kind == "radio":
                    for option in widget.options:
                        box = Box(left, at, left + 30 + CHAR_PX * len(option), at + LINE_PX)
                        on = (
                            frozenset({"checked"})
                            if self.values.get(widget.id, widget.text) == option
                            else frozenset[str]()
                        )
                        element = Element(text=option, box=box, kind="radio", label=widget.label, state=on)
                        placed.append(_Placed(widget=widget, element=element, option=option))
                        at += LINE_PX + 2
                elif widget.kind == "text" and len(widget.text) > page.wrap:
                    for line in _wrapped(widget.text, page.wrap):
                        box = Box(left, at, left + CHAR_PX * len(line), at + LINE_PX)
                        placed.append(_Placed(widget=widget, element=Element(text=line, box=box, label=widget.label)))
                        at += LINE_PX
                else:
                    width = widget.width or CHAR_PX * max(2, len(widget.text)) + (24 if widget.kind == "button" else 0)
                    height = {"textarea": 80, "button": 34, "field": 32, "select": 34}.get(widget.kind, LINE_PX)
                    placed.append(self._element(widget, Box(left, at, left + width, at + height)))
                    at += height
                bottom = max(bottom, at)
                x = max(p.element.box.x1 for p in placed if p.widget is widget) + 30 if placed else x + 30
            y = bottom + page.gap
        return placed

    def _element(self, widget: SyntheticWidget, box: Box) -> _Placed:
        text = (
            self.values.get(widget.id, widget.text) if widget.kind in ("field", "textarea", "select") else widget.text
        )
        state: set[str] = set()
        if self.focus and widget.id == self.focus:
            state.add("focused")
        if widget.kind == "checkbox" and self.values.get(widget.id):
            state.add("checked")
        if widget.kind == "tab" and widget.goto == self.page:
            state.add("selected")
        return _Placed(
            widget=widget,
            element=Element(text=text, box=box, kind=widget.kind, label=widget.label, state=frozenset(state)),
        )


def _overlap(a: Box, b: Box) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width) or [""]
