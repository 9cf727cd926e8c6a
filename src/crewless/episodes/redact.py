"""What never reaches the disk: the pixels of marked regions and the characters of secrets.

Pixels are blacked before they reach the encoder, so that no version of them is in any file. Characters typed while a
secret is on are not kept, nor is their number; the text that they made up is remembered until the episode has been
written, only to strike it out wherever else it turns up: in a decision, a slot, a note.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from crewless.core.messages import Box, InputEvent
from crewless.core.photons import TILE
from crewless.episodes.actions import MODIFIERS

PLACEHOLDER = "\u2588"
"""Stands for a secret, however long it was."""
_VISIBLE_KEYS = frozenset({"Return", "KP_Enter", "Tab", "ISO_Left_Tab", "Escape"})
"""Keys that are kept even then: they say how the field was left."""
_SHORTEST = 3
"""Shorter secrets are not struck out elsewhere: they would take ordinary words with them."""


class Redactor:
    """Knows what is secret at the moment."""

    def __init__(self, regions: tuple[Box, ...] = ()) -> None:
        self.regions: list[Box] = list(regions)
        """Boxes that are black in everything that is recorded."""
        self.secret = False
        """What is typed is not kept."""
        self.frozen = False
        """Where the secret shows is not known: the picture stands still."""
        self._typed: list[str] = []
        self._secrets: set[str] = set()
        self._said = False
        self._down: set[str] = set()
        """Keys that are down and were kept, by name."""

    def for_next_episode(self, regions: tuple[Box, ...]) -> "Redactor":
        """A fresh one with these regions; a secret that has begun goes on."""
        fresh = Redactor(regions)
        if self.secret:
            fresh.regions = list(self.regions)
            fresh.secret, fresh.frozen = True, self.frozen
            fresh._typed = list(self._typed)
        fresh._down = set(self._down)
        return fresh

    def mark(self, box: Box) -> None:
        """Black this box from now on."""
        if box not in self.regions:
            self.regions.append(box)

    def unmark(self, box: Box) -> None:
        """Show it again."""
        if box in self.regions:
            self.regions.remove(box)

    def begin_secret(self, box: Box | None) -> None:
        """A secret is being typed. ``box``: where it shows; it stays black after the secret has ended."""
        if not self.secret:
            self._said = False
        if box is not None:
            self.mark(box)
        self.secret, self.frozen = True, self.frozen or box is None

    def end_secret(self) -> None:
        """What is typed is no longer secret."""
        self._remember()
        self.secret = self.frozen = False

    def event(self, event: InputEvent) -> InputEvent | None:
        """The event as it may be kept; None when it may not."""
        raw = InputEvent(
            t_s=event.t_s, kind=event.kind, x=event.x, y=event.y,
            button=event.button, keysym=event.keysym, char=event.char,
        )  # fmt: skip
        if event.kind not in ("key_down", "key_up") or event.keysym in _VISIBLE_KEYS:
            return raw
        if event.kind == "key_up" and event.keysym not in MODIFIERS and event.keysym.casefold() not in self._down:
            return None  # it went down as part of a secret, and comes up when that has ended
        if not self.secret:
            (self._down.add if event.kind == "key_down" else self._down.discard)(event.keysym.casefold())
            return raw
        if event.keysym in MODIFIERS or event.kind == "key_up":
            return None
        if event.keysym == "BackSpace":
            del self._typed[-1:]
        elif event.char:
            self._typed.append(event.char)
        if self._said:
            return None
        self._said = True
        return InputEvent(t_s=event.t_s, kind="key_down", x=event.x, y=event.y, keysym="block", char=PLACEHOLDER)

    def knows(self, text: str) -> None:
        """Strike this text out of everything that is written about the episode."""
        if len(text) >= _SHORTEST:
            self._secrets.add(text)

    def scrub(self, value: Any) -> Any:
        """A JSON value without the secrets."""
        self._remember()
        if not self._secrets:
            return value
        if isinstance(value, str):
            for secret in sorted(self._secrets, key=len, reverse=True):
                value = value.replace(secret, PLACEHOLDER)
            return value
        if isinstance(value, Mapping):
            return {self.scrub(key): self.scrub(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.scrub(item) for item in value]
        return value

    def black(self, image: np.ndarray) -> None:
        """Black the regions of a picture in place. ``image``: shape (height, width, channels), uint8."""
        for box in self.regions:
            image[max(0, box.y0) : max(0, box.y1), max(0, box.x0) : max(0, box.x1)] = 0

    def covers(self, changed: np.ndarray) -> bool:
        """Whether every changed tile lies wholly inside one of the regions."""
        if not self.regions:
            return not changed.any()
        left = changed.copy()
        for box in self.regions:
            left[-(-box.y0 // TILE) : box.y1 // TILE, -(-box.x0 // TILE) : box.x1 // TILE] = False
        return not left.any()

    def _remember(self) -> None:
        self.knows("".join(self._typed))
        self._typed = []
