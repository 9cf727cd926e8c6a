"""What the skill's network sees: the elements of an observation, what was done so far, and the slots, as numbers.

The same code builds the inputs in training and at work, so that both see the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from crewless.core.messages import ELEMENT_KINDS, Element, Observation, Point
from crewless.policy.texts import similarity

VERBS = ("click", "double_click", "type", "key", "scroll_up", "scroll_down", "wait", "read", "done", "hand_over")
"""What the skill can decide. ``read`` makes the judgement and never reaches the body."""
KEYS = (
    "Return", "Tab", "Escape", "BackSpace", "Delete", "space", "Down", "Up", "Left", "Right", "Page_Down", "Page_Up",
    "Home", "End", "ctrl+a", "ctrl+s", "ctrl+Return", "ctrl+f", "ctrl+l", "F5",
)  # fmt: skip
SPARE_KEYS = 12
"""Keys that a recording uses beyond ``KEYS`` are given these places."""
SCROLLS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20)
"""Wheel notches that the skill can ask for."""
STATES = ("checked", "focused", "disabled", "selected")
MAX_SLOTS = 8
MAX_LITERALS = 8
HISTORY = 8
MAX_ELEMENTS = 224
"""Elements beyond so many, in reading order, are not looked at; a dense 1280x800 page has about 110."""
SIMILAR = 0.8
"""From this similarity on two texts are taken for the same."""

ELEMENT_NUMBERS = len(ELEMENT_KINDS) + len(STATES) + 14 + 5 * MAX_SLOTS
HISTORY_NUMBERS = len(VERBS) + len(ELEMENT_KINDS) + MAX_SLOTS + HISTORY + 5
SLOT_NUMBERS = 6 + MAX_SLOTS
GLOBAL_NUMBERS = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """One thing that was done."""

    verb: str
    kind: str = ""
    text: str = ""
    """Text of the target, or the key, or the literal that was typed."""
    label: str = ""
    slot: int = -1
    """Which slot's value was typed or pointed at; -1: none."""
    centre: Point | None = None
    """Centre of the target."""
    amount: int = 0
    changed: bool = True
    """The screen looked different afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """Names and values, in the order in which the network sees them: given by the case first, then judged."""

    names: tuple[str, ...]
    given: int
    """So many of them are given."""
    values: tuple[str, ...]
    """Empty where it is not known."""

    @classmethod
    def of(cls, given: Mapping[str, str], judged: Sequence[str]) -> "Slots":
        """Slots of a case before anything is judged; names are sorted so that they always stand in the same place."""
        names = tuple(sorted(given))
        return cls(
            names=names + tuple(judged), given=len(names), values=tuple(given[n] for n in names) + ("",) * len(judged)
        )

    def filled(self, judgement: Sequence[str]) -> "Slots":
        """With the judged slots filled."""
        return replace(self, values=self.values[: self.given] + tuple(judgement))

    @property
    def judged(self) -> dict[str, str]:
        """Values of the judged slots by name."""
        return dict(zip(self.names[self.given :], self.values[self.given :], strict=True))

    def match(self, text: str) -> int:
        """The slot whose value this text is; -1: none. A judged slot goes before a given one of the same value."""
        best, at = SIMILAR, -1
        for index, value in enumerate(self.values):
            alike = similarity(text, value)
            if alike >= best and (alike > best or at < self.given):
                best, at = alike, index
        return at


@dataclass(kw_only=True, slots=True)
class Memory:
    """What the skill keeps while it works a case."""

    slots: Slots
    past: list[Past] = field(default_factory=list[Past])
    used: set[int] = field(default_factory=set[int])
    """Slots that were typed or pointed at."""
    has_read: bool = False
    still: int = 0
    """So many decisions in a row left the screen as it was."""
    seen: Observation | None = None
    """The screen at the last decision."""

    def see(self, observation: Observation) -> None:
        """Note whether the last thing done changed the screen. Call once before each decision."""
        if self.past and self.past[-1].verb != "read" and self.seen is not None:
            changed = screen_of(self.seen) != screen_of(observation)
            self.past[-1] = replace(self.past[-1], changed=changed)
            self.still = 0 if changed else self.still + 1

    def add(self, observation: Observation, past: Past) -> None:
        """Note what was done on this screen."""
        self.past.append(past)
        if past.slot >= 0:
            self.used.add(past.slot)
        if past.verb == "read":
            self.has_read = True
        self.seen = observation

    def point_at(self, observation: Observation, verb: str, element: Element) -> None:
        """Note a click."""
        self.add(
            observation,
            Past(
                verb=verb, kind=element.kind, text=element.text, label=element.label,
                slot=self.slots.match(element.text), centre=element.box.centre,
            ),
        )  # fmt: skip


Screen = frozenset[tuple[str, str, frozenset[str], int, int]]
"""For each element: text, kind, state, and place in steps of 8 pixels."""


def screen_of(observation: Observation) -> Screen:
    """What makes two screens the same: texts, kinds, states, and places to within 8 pixels."""
    return frozenset((e.text, e.kind, e.state, e.box.x0 // 8, e.box.y0 // 8) for e in observation.elements)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """One decision's inputs; n is the number of elements, h of past actions, s of slots, l of literals."""

    elements: np.ndarray
    """Shape: (n, ELEMENT_NUMBERS), float32."""
    element_texts: tuple[str, ...]
    element_labels: tuple[str, ...]
    history: np.ndarray
    """Shape: (h, HISTORY_NUMBERS), newest last."""
    history_texts: tuple[str, ...]
    history_labels: tuple[str, ...]
    slots: np.ndarray
    """Shape: (s, SLOT_NUMBERS)."""
    slot_names: tuple[str, ...]
    slot_values: tuple[str, ...]
    literals: tuple[str, ...]
    screen: np.ndarray
    """Shape: (GLOBAL_NUMBERS,)."""


_KIND = {kind: i for i, kind in enumerate(ELEMENT_KINDS)}
_VERB = {verb: i for i, verb in enumerate(VERBS)}


def inputs_of(observation: Observation, memory: Memory, literals: Sequence[str]) -> Inputs:
    """Build the inputs of one decision; ``memory.see`` must have been called with this observation."""
    elements = observation.elements[:MAX_ELEMENTS]
    slots = memory.slots
    before: Screen = frozenset() if memory.seen is None else screen_of(memory.seen)
    numbers, best_text, shown = _elements(observation, elements, memory, before)
    history = memory.past[-HISTORY:]
    slot_numbers = np.zeros((len(slots.names), SLOT_NUMBERS), dtype=np.float32)
    for i, value in enumerate(slots.values):
        slot_numbers[i, :6] = (1.0, bool(value), i >= slots.given, i in memory.used, best_text[i], shown[i])
        slot_numbers[i, 6 + i] = 1.0
    judged = range(slots.given, len(slots.values))
    screen = np.array(
        [
            observation.width / 1000, observation.height / 1000, len(elements) / 100, min(len(memory.past), 40) / 20,
            not memory.past or memory.past[-1].changed, memory.has_read, min(memory.still, 3) / 3,
            bool(judged) and all(i in memory.used for i in judged if slots.values[i]) and memory.has_read,
            bool(judged) and all(shown[i] > SIMILAR for i in judged if slots.values[i]) and memory.has_read,
        ],
        dtype=np.float32,
    )  # fmt: skip
    return Inputs(
        elements=numbers,
        element_texts=tuple(e.text for e in elements),
        element_labels=tuple(e.label for e in elements),
        history=_history(history, observation),
        history_texts=tuple(p.text for p in history),
        history_labels=tuple(p.label for p in history),
        slots=slot_numbers,
        slot_names=slots.names,
        slot_values=slots.values,
        literals=tuple(literals[:MAX_LITERALS]),
        screen=screen,
    )


def _elements(
    observation: Observation, elements: Sequence[Element], memory: Memory, before: Screen
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    slots = memory.slots
    count, kinds = len(elements), len(ELEMENT_KINDS)
    numbers = np.zeros((count, ELEMENT_NUMBERS), dtype=np.float32)
    texts = np.zeros((count, MAX_SLOTS), dtype=np.float32)
    labels = np.zeros((count, MAX_SLOTS), dtype=np.float32)
    targets = [p.centre for p in memory.past if p.centre is not None]
    last = targets[-1] if targets else Point(observation.width // 2, observation.height // 2)
    wide, high = float(observation.width), float(observation.height)
    place = np.array([e.box for e in elements], dtype=np.float32).reshape(count, 4)
    centre_x, centre_y = (place[:, 0] + place[:, 2]) / 2, (place[:, 1] + place[:, 3]) / 2
    width, height = place[:, 2] - place[:, 0], place[:, 3] - place[:, 1]
    for i, element in enumerate(elements):
        row = numbers[i]
        row[_KIND[element.kind]] = 1.0
        for s, state in enumerate(STATES):
            row[kinds + s] = state in element.state
        at = kinds + len(STATES)
        box = element.box
        row[at] = element.confidence
        row[at + 1] = (element.text, element.kind, element.state, box.x0 // 8, box.y0 // 8) not in before
        row[at + 2] = box.contains(last)
        if element.text:
            for s, value in enumerate(slots.values):
                if value:
                    texts[i, s] = similarity(element.text, value)
        if element.label:
            for s, name in enumerate(slots.names):
                labels[i, s] = similarity(element.label, name)
    at = kinds + len(STATES) + 3
    dx, dy = (centre_x - last.x) / 400, (centre_y - last.y) / 400
    numbers[:, at : at + 11] = np.stack(
        [
            centre_x / wide, centre_y / high, width / wide, height / high, centre_x / 1000, centre_y / 1000,
            width / 300, height / 50, dx.clip(-2, 2), dy.clip(-2, 2), np.hypot(dx, dy).clip(0, 2),
        ],
        axis=1,
    )  # fmt: skip
    at += 11
    best = texts.max(axis=0, initial=0.0)
    used = np.array([i in memory.used for i in range(MAX_SLOTS)], dtype=np.float32)
    numbers[:, at:] = np.concatenate(
        [texts >= 0.999, texts, (texts == best) & (texts > 0.5), labels, (texts >= SIMILAR) * used], axis=1
    )
    shown = ((texts >= SIMILAR) & (labels >= SIMILAR)).max(axis=0, initial=False).astype(np.float32)
    return numbers, best, shown


def _history(history: Sequence[Past], observation: Observation) -> np.ndarray:
    numbers = np.zeros((len(history), HISTORY_NUMBERS), dtype=np.float32)
    for i, past in enumerate(history):
        row = numbers[i]
        row[_VERB[past.verb]] = 1.0
        at = len(VERBS)
        if past.kind:
            row[at + _KIND[past.kind]] = 1.0
        at += len(ELEMENT_KINDS)
        if past.slot >= 0:
            row[at + past.slot] = 1.0
        at += MAX_SLOTS
        row[at + len(history) - 1 - i] = 1.0
        at += HISTORY
        row[at] = past.changed
        row[at + 1] = past.amount / 10
        if past.centre is not None:
            row[at + 2 : at + 5] = (1.0, past.centre.x / observation.width, past.centre.y / observation.height)
    return numbers
