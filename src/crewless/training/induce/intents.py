"""A recording as what was meant: final values of widgets, and what was pressed to go on.

In which order the fields of a form were filled in, what was typed first and then corrected, whether Tab or the mouse led to the next
field, what was scrolled and where somebody paused: none of that is part of the job.
"""

from dataclasses import dataclass
from typing import Literal

from crewless.core.messages import Demonstration, Point
from crewless.policy.job.targets import FAMILIES
from crewless.policy.job.view import View
from crewless.policy.texts import plain
from crewless.training.induce.effects import (
    radio_group,
)

IntentKind = Literal["text", "choice", "toggle", "slide", "press", "key", "drag", "type"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """One thing that was meant. ``seen`` numbers the screens of its demonstration."""

    kind: IntentKind
    seen: int
    """The screen on which its target was pointed at."""
    element: int | None
    """Index of the target on that screen; None: nothing was recognised there."""
    point: Point | None
    value: str = ""
    """text, choice: the final one; toggle: on or off; key: the chord; type: the text."""
    verb: str = "click"
    to: int | None = None
    """drag: the element where it was let go."""
    drop: Point | None = None
    """drag: where it was let go."""
    end: int = 0
    """The first screen on which its effect could show."""
    steps: tuple[int, ...] = ()
    """The recorded actions that it is made of."""
    from_value: str = ""
    """What the widget showed before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """A demonstration with its intents."""

    demonstration: Demonstration
    views: tuple[View, ...]
    """One for each screen: before each action, and the last."""
    intents: tuple[Intent, ...]
    scrolls: tuple[Point, ...] = ()
    """Where the wheel was turned."""
    first: int = 0
    """The screen on which it begins: within a loop not the first one."""
    until: int = -1
    """The screen on which it ends; -1: the last one."""

    @property
    def last(self) -> int:
        """The screen on which it ends."""
        return len(self.views) - 1 if self.until < 0 else self.until

    @property
    def slots(self) -> dict[str, str]:
        """What the queue gave."""
        return dict(self.demonstration.case.slots)


def is_entry(intent: Intent) -> bool:
    """Whether it gives a widget its value, so that its order among its like does not matter."""
    return intent.kind in ("text", "choice", "toggle", "slide")


def identity(view: View, intent: Intent) -> tuple[object, ...]:
    """What tells one widget of a page from the others: its family, its names, the words of its row. A group of radios is one."""
    if intent.element is None:
        return (intent.kind, intent.point)
    element = view.elements[intent.element]
    family = FAMILIES.get(element.kind, element.kind)
    if element.kind == "radio":
        return (family, radio_group(view, intent.element))
    # A field that could not be seen goes by the text beside it.
    own = plain(element.text) if element.kind in ("checkbox", "text", "link") else ""
    beside = tuple(
        plain(view.elements[i].text)
        for i in view.level_with(intent.element)
        if view.elements[i].kind in ("text", "link")
    )
    # What stands further away may be scrolled out of sight when it is corrected.
    names = tuple(plain(name) for name in view.names_of(intent.element)[:1])
    return (family, own, names, beside) if own or names or beside else (family, element.box.x0, element.box.y0)
