"""What an operator does, as goals: each step says when it is reached and what to do about it as long as it is not."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.jobs.eyes import Look
from crewless.body.screen.display import open_popup
from crewless.core.messages import Action, Point

Wanted = str | bool
_NOTCH_PX = 120
_MARGIN_PX = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How somebody works. All zero: by script, always the same way. Shares are of the occasions that there are."""

    shuffle: float = 0.0
    """Fields that are not taken in the order of the form."""
    mistakes: float = 0.0
    """Fields in which something else is put first, and put right at once or before the form is sent."""
    slips: float = 0.0
    """Typed texts with a slip that is taken back at once."""
    tabs: float = 0.0
    """Fields that are reached by Tab, where the one before has the focus."""
    pauses: float = 0.0
    """Actions before which nothing happens for a while."""
    scrolls: float = 0.0
    """Actions before which the page is scrolled about."""


SCRIPTED = Manner()
PERSON = Manner(shuffle=0.5, mistakes=0.12, slips=0.10, tabs=0.5, pauses=0.15, scrolls=0.05)
STYLES = {"scripted": SCRIPTED, "person": PERSON}


class Hand:
    """Makes actions land where things are.

    Args:
        display: of the screen; where popups are looked for.
        manner: how it works.
        chance: of everything that varies.
    """

    def __init__(self, display: str, manner: Manner, chance: random.Random) -> None:
        self.display, self.manner, self.chance = display, manner, chance
        self._notch_px = float(_NOTCH_PX)
        self._turned: tuple[float, int] | None = None

    def happens(self, share: float) -> bool:
        """Whether something that happens in this share of the occasions happens now."""
        return share > 0 and self.chance.random() < share

    def saw(self, look: Look) -> None:
        """Measure how far a notch of the wheel went."""
        if self._turned is not None:
            before, notches = self._turned
            went_px = abs(look["scrolled"] - before) / abs(notches)
            if went_px and 0 < look["scrolled"] < look["end"] - 1:
                self._notch_px = went_px
        self._turned = None

    def to(self, look: Look, box: Sequence[float], act: Callable[[Point], list[Action]]) -> list[Action]:
        """Act on a thing, or scroll towards it when it cannot be seen."""
        # Where the page ends there is nothing to scroll to, however near to the edge a thing lies.
        top = look["view"][1] + (_MARGIN_PX if look["scrolled"] > 0 else 0)
        bottom = look["view"][3] - (_MARGIN_PX if look["scrolled"] < look["end"] - 1 else 0)
        if look["end"] > 0 and not (top <= box[1] and box[3] <= bottom):
            down = box[3] > bottom
            share = self.chance.uniform(0.2, 0.5) if down else self.chance.uniform(0.4, 0.8)
            goal = top + (bottom - top) * share
            notches = round(((box[1] + box[3]) / 2 - goal) / self._notch_px) or (1 if down else -1)
            return [self.wheel(look, notches)]
        return act(self.inside(box))

    def wheel(self, look: Look, notches: int) -> Action:
        """Turn the wheel at the right of the page, where nothing takes it for itself."""
        x0, y0, x1, y1 = look["view"]
        point = Point(
            int(x0 + (x1 - x0) * self.chance.uniform(0.93, 0.97)), int(y0 + (y1 - y0) * self.chance.uniform(0.5, 0.75))
        )
        self._turned = look["scrolled"], notches
        return Action(verb="scroll", point=point, amount=notches)

    def inside(self, box: Sequence[float]) -> Point:
        """A point inside, mostly near the middle, never in the outer fifth."""
        x = box[0] + (box[2] - box[0]) * min(0.8, max(0.2, self.chance.gauss(0.5, 0.12)))
        y = box[1] + (box[3] - box[1]) * min(0.8, max(0.2, self.chance.gauss(0.5, 0.12)))
        return Point(int(x), int(y))

    def click(self, look: Look, box: Sequence[float]) -> list[Action]:
        """Click it."""
        return self.to(look, box, lambda point: [Action(verb="click", point=point)])

    def fill(self, look: Look, name: str, value: Wanted) -> list[Action]:
        """Give a widget a value that it does not have."""
        item = look["items"][name]
        if isinstance(value, bool):
            return self.click(look, item["box"])
        if item["kind"] == "select":
            return self._choose(look, item, value)
        if item["value"]:
            wipe = [Action(verb="key", text="ctrl+a"), *self.type(value)]
            if item["focused"]:
                return wipe
            return self.to(look, item["box"], lambda point: [Action(verb="click", point=point), *wipe])
        if item["focused"]:
            return self.type(value)
        return self.to(look, item["box"], lambda point: self.type(value, point))

    def type(self, text: str, point: Point | None = None) -> list[Action]:
        """Type a text into the field at a point, or where the focus is."""
        if len(text) > 2 and self.happens(self.manner.slips):
            at = self.chance.randrange(1, len(text))
            wrong = text[:at] + self.chance.choice("aeimrst") + text[at : at + 1]
            back = len(wrong) - at
            return [
                Action(verb="type", point=point, text=wrong),
                *[Action(verb="key", text="BackSpace")] * back,
                Action(verb="type", text=text[at:]),
            ]
        return [Action(verb="type", point=point, text=text)]

    def _choose(self, look: Look, item: Mapping[str, Any], option: str) -> list[Action]:
        if "rows" in item:
            # The program says itself where the rows of its list are, once it is open.
            return self.click(look, item["rows"].get(option, item["box"]))
        box = open_popup(self.display)
        if box is None:
            return self.click(look, item["box"])
        # The popup is a window of its own, outside the page: rows of equal height inside a border of one pixel.
        height = (box.height - 2) / len(item["options"])
        top = box.y0 + 1 + item["options"].index(option) * height
        row = [box.x0 + 8.0, top, box.x0 + min(box.width - 8.0, 200.0), top + height]
        return [Action(verb="click", point=self.inside(row))]


class Step(Protocol):
    """A goal on the way through a case. Each case has its own."""

    def done(self, look: Look) -> bool:
        """Whether it is reached."""
        ...

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """What to do about it; nothing: wait."""
        ...


def page_is(page: str) -> Callable[[Look], bool]:
    """That a page shows."""
    return lambda look: look["page"] == page


def holds(name: str, value: Any) -> Callable[[Look], bool]:
    """That a widget holds a value, or has it as its state."""
    return lambda look: (
        name in look["items"] and value in (look["items"][name]["value"], look["items"][name].get("state"))
    )


@dataclass(kw_only=True)
class Open:
    """Look a case up by its number: type it into the field and press Return."""

    text: str
    page: str = ""
    until: Callable[[Look], bool] | None = None
    """What shows the case, where it is no page."""
    field: str = "search"
    keys: str = "Return"
    _asked: bool = False

    def done(self, look: Look) -> bool:
        """The case's page shows."""
        shows = look["page"] == self.page if self.until is None else self.until(look)
        return shows and (self._asked or self.field not in look["items"])

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Type, then Return once."""
        if self.field not in look["items"]:
            return []
        if look["items"][self.field]["value"] == self.text:
            if self._asked:
                return []
            self._asked = True
            return [Action(verb="key", text=self.keys)]
        self._asked = False
        return hand.fill(look, self.field, self.text)


@dataclass(kw_only=True)
class Press:
    """Click something, once, until its effect shows."""

    name: str
    until: Callable[[Look], bool]
    _pressed: bool = False

    def done(self, look: Look) -> bool:
        """It was clicked and the effect shows."""
        return self._pressed and self.until(look)

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Click it."""
        if self._pressed or self.name not in look["items"] or look["items"][self.name]["box"] is None:
            return []
        actions = hand.click(look, look["items"][self.name]["box"])
        self._pressed = actions[-1].verb == "click"
        return actions


@dataclass(kw_only=True)
class PressEach:
    """Click each of several things once; in which order does not matter."""

    effects: Mapping[str, Callable[[Look], bool]]
    """By name what shows that its click had its effect."""
    _left: list[str] | None = None
    _pressed: str = ""

    def done(self, look: Look) -> bool:
        """All were clicked and the last effect shows."""
        return self._left == [] and self.effects[self._pressed](look)

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Click the next one when the effect of the last one shows."""
        if self._left is None:
            self._left = list(self.effects)
            if hand.happens(hand.manner.shuffle):
                hand.chance.shuffle(self._left)
        if not self._left or (self._pressed and not self.effects[self._pressed](look)):
            return []
        item = look["items"].get(self._left[0])
        if item is None or item["box"] is None:
            return []
        actions = hand.click(look, item["box"])
        if actions[-1].verb == "click":
            self._pressed = self._left.pop(0)
        return actions


@dataclass(kw_only=True)
class PressAgain:
    """Click something again and again until something shows, as one turns pages."""

    name: str
    until: Callable[[Look], bool]
    seen: Callable[[Look], Any] = lambda look: look["page"]
    """What differs after each click, so that a click is not repeated before it had its effect."""
    _last: Any = None

    def done(self, look: Look) -> bool:
        """It shows."""
        return self.until(look)

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Click it, unless the last click has yet to show."""
        if self.name not in look["items"] or self.seen(look) == self._last:
            return []
        actions = hand.click(look, look["items"][self.name]["box"])
        if actions[-1].verb == "click":
            self._last = self.seen(look)
        return actions


@dataclass(kw_only=True)
class Fill:
    """Give widgets their final values. The order is the form's, or whatever the manner makes of it."""

    values: Mapping[str, Wanted]
    groups: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of a radio button the name of its group: to be wrong first, another one of the group is clicked."""
    _agenda: list[tuple[str, Wanted]] | None = None
    _touched: set[str] = field(default_factory=set[str])
    _tabbed: bool = False

    def done(self, look: Look) -> bool:
        """Every entry was seen to, and every widget holds its value."""
        items = look["items"]
        ready = self._agenda is not None and not self._agenda
        return ready and all(name in items and items[name]["value"] == value for name, value in self.values.items())

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """See to the next widget."""
        if any(name not in look["items"] for name in self.values):
            return []
        if self._agenda is None:
            self._agenda = self._plan(look, hand)
        while self._agenda and look["items"][self._agenda[0][0]]["value"] == self._agenda[0][1]:
            self._agenda.pop(0)
        if not self._agenda:
            # Something was undone on the way: it is seen to again.
            self._agenda = [(n, v) for n, v in self.values.items() if look["items"][n]["value"] != v]
            if not self._agenda:
                return [Action(verb="wait", seconds=0.05)]
        name, value = self._agenda[0]
        item = look["items"][name]
        if isinstance(value, str) and item["kind"] != "select" and not item["focused"]:
            before = next((i for i in look["items"].values() if i["focused"]), None)
            follows = before is not None and before["order"] >= 0 and before["order"] + 1 == item["order"]
            if (
                follows
                and before is not None
                and before["kind"] in ("text", "entry")
                and hand.happens(hand.manner.tabs)
            ):
                return [Action(verb="key", text="Tab")]
        return hand.fill(look, name, value)

    def _plan(self, look: Look, hand: Hand) -> list[tuple[str, Wanted]]:
        names = list(self.values)
        if hand.happens(hand.manner.shuffle):
            for _ in range(max(1, len(names) // 2)):
                a, b = hand.chance.randrange(len(names)), hand.chance.randrange(len(names))
                names[a], names[b] = names[b], names[a]
        plan: list[tuple[str, Wanted]] = []
        later: list[tuple[str, Wanted]] = []
        for name in names:
            value = self.values[name]
            if hand.happens(hand.manner.mistakes):
                wrong = self._wrong(look, hand, name, value)
                if wrong is not None:
                    plan.append(wrong)
                    if hand.happens(0.4):
                        later.append((name, value))
                        continue
            plan.append((name, value))
        return plan + later

    def _wrong(self, look: Look, hand: Hand, name: str, value: Wanted) -> tuple[str, Wanted] | None:
        item = look["items"][name]
        if isinstance(value, bool):
            group = name.rpartition(":")[0]
            others = [n for n in look["items"] if item["kind"] == "radio" and n != name and n.startswith(group + ":")]
            if item["kind"] == "radio":
                return (hand.chance.choice(others), True) if others else None
            return name, not value
        if item["kind"] == "select":
            return name, hand.chance.choice([row for row in item["options"] if row not in ("", value)])
        other = [v for n, v in self.values.items() if n != name and isinstance(v, str) and v != value]
        return name, hand.chance.choice(other) if other else value[: max(1, len(value) // 2)]


@dataclass(kw_only=True)
class Drag:
    """Drag one thing onto another."""

    name: str
    onto: str
    until: Callable[[Look], bool]
    place: tuple[float, float] | None = None
    """Where within the other thing, as shares of its width and height; None: anywhere in its inner part."""
    _dragged: bool = False

    def done(self, look: Look) -> bool:
        """It was dragged and the effect shows."""
        return self._dragged and self.until(look)

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Drag it."""
        items = look["items"]
        if self._dragged or any(name not in items or items[name]["box"] is None for name in (self.name, self.onto)):
            return []
        box, place, start = items[self.onto]["box"], self.place, hand.inside(items[self.name]["box"])
        strays = hand.happens(hand.manner.mistakes)
        if place is not None:
            wide = place[0] + (hand.chance.choice((-0.1, 0.1)) if strays else 0.0)
            wide = min(0.95, max(0.05, wide)) if strays else wide
            to = Point(round(box[0] + (box[2] - box[0]) * wide), round(box[1] + (box[3] - box[1]) * place[1]))
        else:
            # A second thought: it is let go near where it was taken, which changes nothing.
            to = Point(start.x + 9, start.y + 14) if strays else hand.inside(box)
        actions = hand.to(look, items[self.name]["box"], lambda point: [Action(verb="drag", point=start, to=to)])
        self._dragged = actions[-1].verb == "drag" and not strays
        return actions


@dataclass(kw_only=True)
class Keys:
    """Press keys, or type, where the focus is; once."""

    actions: Sequence[Action]
    until: Callable[[Look], bool]
    when: Callable[[Look], bool] = lambda look: True
    _sent: bool = False

    def done(self, look: Look) -> bool:
        """They were pressed and the effect shows."""
        return self._sent and self.until(look)

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Press them."""
        if self._sent or not self.when(look):
            return []
        self._sent = True
        return list(self.actions)


@dataclass(kw_only=True)
class FillByKeys:
    """Give the fields of a terminal's form their values: the focus goes from field to field by keys."""

    values: Mapping[str, str]
    _wrong: dict[str, str] | None = None

    def done(self, look: Look) -> bool:
        """Every field holds its value."""
        items = look["items"]
        return not self._wrong and all(n in items and items[n]["value"] == value for n, value in self.values.items())

    def act(self, look: Look, hand: Hand) -> list[Action]:
        """Fill the field that has the focus, or go on to the next one that lacks its value."""
        items, names = look["items"], list(self.values)
        at = next((n for n in names if n in items and items[n]["focused"]), None)
        if at is None:
            return []
        if self._wrong is None:
            others = [value for value in self.values.values() if len(value) > 1]
            self._wrong = {n: hand.chance.choice(others) for n in names if hand.happens(hand.manner.mistakes)}
            self._wrong = {n: wrong for n, wrong in self._wrong.items() if wrong != self.values[n]}
        holds_now, wanted = items[at]["value"], self._wrong.get(at, self.values[at])
        if at in self._wrong and holds_now == wanted:
            del self._wrong[at]
            # A second thought: at once, or when the other fields are filled.
            if hand.happens(0.5):
                return []
            return [Action(verb="key", text="Tab")]
        if holds_now == self.values[at] and at not in self._wrong:
            ahead = [
                (names.index(n) - names.index(at)) % len(names) for n in names if items[n]["value"] != self.values[n]
            ]
            up = bool(ahead) and min(ahead) == len(names) - 1 and hand.manner.tabs > 0
            return [Action(verb="key", text="Up" if up else "Tab")]
        wipe = [Action(verb="key", text="ctrl+u")] if holds_now else []
        return [*wipe, *hand.type(wanted)]
