"""The messages that travel between the rooms of the house. Frozen data, no behaviour beyond reading them.

Pixel coordinates are in the body's native pixels, origin top left, x to the right, y down. Times named ``t_s`` are
seconds of ``time.monotonic()``; wall-clock times are named ``wall_s``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

Verb = Literal["click", "double_click", "drag", "type", "key", "scroll", "move", "wait", "done", "hand_over"]
VERBS: tuple[Verb, ...] = (
    "click", "double_click", "drag", "type", "key", "scroll", "move", "wait", "done", "hand_over",
)  # fmt: skip

ElementKind = Literal[
    "text", "link", "button", "tab", "field", "textarea", "select", "option", "checkbox", "radio", "icon"
]
ELEMENT_KINDS: tuple[ElementKind, ...] = (
    "text", "link", "button", "tab", "field", "textarea", "select", "option", "checkbox", "radio", "icon",
)  # fmt: skip

ROLES: tuple[str, ...] = (
    "bullets", "spin", "step", "slider", "thumb", "scroll", "switch", "cell", "day", "tree", "menu",
)  # fmt: skip
"""A field that shows bullets, one with steppers, such a stepper, the track of a slider (an icon), its thumb, a scroll bar, a
checkbox that slides, the text in a table's cell, a day of a calendar, the triangle of a tree, an entry of a menu bar."""

Outcome = Literal["right", "wrong", "handed_over", "error"]


InputKind = Literal["move", "press", "release", "key_down", "key_up"]


class Point(NamedTuple):
    """A pixel."""

    x: int
    y: int


class Box(NamedTuple):
    """A rectangle of pixels; x1 and y1 are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def centre(self) -> Point:
        """The middle pixel."""
        return Point((self.x0 + self.x1) // 2, (self.y0 + self.y1) // 2)

    @property
    def width(self) -> int:
        """Pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Pixels."""
        return self.y1 - self.y0

    def contains(self, point: Point) -> bool:
        """Whether the pixel lies inside."""
        return self.x0 <= point.x < self.x1 and self.y0 <= point.y < self.y1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Frame:
    """Photons with a timestamp."""

    pixels: np.ndarray
    """Shape (height, width, 3), uint8, RGB. May be a strided view into shared memory: copy before keeping it."""
    t_s: float
    """When the photons were taken."""
    index: int
    """Counts every frame that was taken, lost ones included."""
    changed: np.ndarray | None = None
    """Shape (ceil(height/16), ceil(width/16)), bool: 16 x 16 tiles that differ from the frame before. None: unknown."""
    pointer: Point | None = None
    """Where the pointer is; it is not drawn into ``pixels``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """One thing that can be read or pointed at."""

    text: str
    box: Box
    kind: ElementKind = "text"
    label: str = ""
    """The neighbour's text that names it: left of it, or above it."""
    state: frozenset[str] = frozenset()
    """Any of: checked, focused, disabled, selected."""
    confidence: float = 1.0
    """How sure perception is of the text, 0 to 1."""
    role: str = ""
    """What it is more closely than its kind says, one of :data:`ROLES`; empty where the kind says it all."""
    value: float | None = None
    """Of a slider or scroll bar: where its thumb stands, 0 at the left or top to 1; None for everything else."""
    look: tuple[int, ...] = ()
    """Of an icon: what it looks like, so that it is known again at another scale and in another theme."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What perception made of a frame."""

    elements: tuple[Element, ...]
    """In reading order: top to bottom, then left to right."""
    width: int
    height: int
    t_s: float
    frame_index: int
    pointer: Point | None = None
    lines_read: int = 0
    """How many text lines had to be read anew for this observation."""
    cpu_s: float = 0.0
    """What it cost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """What a policy asks for."""

    verb: Verb
    point: Point | None = None
    """click, double_click, scroll, drag: where. type: the field to focus first, or None for where the focus is."""
    to: Point | None = None
    """drag: where to let go."""
    text: str = ""
    """type: the text. key: a chord of X key names such as ``Return`` or ``ctrl+a``. hand_over: the reason."""
    amount: int = 0
    """scroll: wheel notches, positive is down."""
    element: int | None = None
    """Index into the observation's elements, where the action points at one."""
    source: str = ""
    """type: the slot that the text was copied from, such as ``ticket``."""
    seconds: float = 0.0
    """wait: how long."""
    joints: tuple[float, ...] = ()
    """move (a robot): a target for each actuator, in its own unit, held for one period of the control stream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What the body really did. Times are monotonic seconds; None means that it was not seen."""

    action: Action
    dispatched_s: float
    """The last control of the action had been sent."""
    changed_s: float | None = None
    """First pixels that changed afterwards."""
    settled_s: float | None = None
    """Pixels were quiet again."""
    changed_tiles: int = 0
    note: str = ""
    """Anything that differs from what was asked, for instance a correction after reading a field back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InputEvent:
    """One thing that a hand did with mouse or keyboard, as it was seen when it happened or read back from a recording."""

    t_s: float
    """Seconds, on the clock of whoever keeps it: monotonic when it is seen, from the episode's start in a recording."""
    kind: InputKind
    x: int = 0
    y: int = 0
    """The pointer, pixels."""
    button: int = 0
    """1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down; 0 when it is no button."""
    keysym: str = ""
    """X's name of the key, such as ``Return`` or ``a``; empty when it is no key."""
    char: str = ""
    """The character that the key types under the layout and the modifiers of that moment; empty when it types none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a policy decided and how sure it was; drawn into replays and read by the debugger."""

    action: Action
    confidence: float = 1.0
    """0 to 1: calibrated where the policy says so."""
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    """The alternatives that it weighed, by name."""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One unit of work: a ticket, a lift."""

    id: str
    slots: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the queue gives to whoever works the case, by name: for a ticket its number. Never the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What reality said of a case."""

    case: str
    outcome: Outcome
    claimed_done: bool
    """The worker said that it had finished the case."""
    evidence: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What was read from the system of record: before, after, expected, and what else had changed."""

    @property
    def silent_wrong(self) -> bool:
        """The worker said done and reality says no: the number that matters most."""
        return self.claimed_done and self.outcome == "wrong"


@dataclass(frozen=True, kw_only=True, slots=True)
class Demonstration:
    """One recorded episode as training sees it: what was on the screen, and what the person did about it."""

    case: Case
    steps: tuple[tuple[Observation, Action], ...]
    """The observation is the last settled one before the action began."""
    last: Observation
    """What the screen showed at the end."""
    verdict: Outcome | None = None
