"""When is a screen quiet again? Decided from the change masks alone, frame by frame.

What makes it hard: a click on a link first changes the link (21 ms after it), then nothing for a while, and the new page
comes later (233 ms); carets blink and spinners turn for ever. So:

- tiles that changed while nobody did anything are *restless* and never count;
- a change of a few tiles counts only for a while: a caret or a spinner must not keep the body waiting;
- as long as nothing big has changed, an action that may load a page is given a grace before quiet is believed.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class SettleConfig:
    """When quiet is believed. Times in seconds."""

    quiet_s: float = 0.12
    """Nothing may change for this long."""
    first_change_s: float = 0.25
    """How long an action's first change is waited for."""
    grace_s: float = 0.3
    """Quiet is not believed earlier than this after a click or a key, unless something big has changed."""
    small_tiles: int = 16
    """A change of at most this many 16 x 16 tiles is small: a caret, a spinner of 48 pixels, a button that was pressed."""
    small_s: float = 0.8
    """Small changes count for this long after the action."""
    big_tiles: int = 200
    """From this many tiles on, all together, a page has come."""
    restless_tiles: int = 40
    """At most this many tiles can be restless; more than that is a page that still loads."""


@dataclass(kw_only=True, slots=True)
class Settling:
    """Follows the frames after an action.

    Args:
        config: when quiet is believed.
        start_s: when the action began to reach the program.
        expects_change: whether to wait for a first change at all.
        grace_s: overrides the config's.
        restless: shape as the change masks; tiles that do not count.
    """

    config: SettleConfig
    start_s: float
    expects_change: bool = True
    grace_s: float = 0.0
    restless: np.ndarray | None = None
    sent_s: float | None = None
    """When the last control had been sent; the screen is not quiet before that. None: still sending."""
    changed_s: float | None = None
    """When the first change was seen."""
    last_s: float | None = None
    """When the last change that counts was seen."""
    touched: np.ndarray | None = field(default=None)
    """Tiles that have changed since the start, restless ones left out."""

    @property
    def changed_tiles(self) -> int:
        """How many different tiles have changed."""
        return 0 if self.touched is None else int(self.touched.sum())

    def see(self, t_s: float, changed: np.ndarray | None) -> bool:
        """Take in the next frame; whether the screen is quiet now.

        Args:
            t_s: when the frame was taken.
            changed: its change mask; None counts as no change.
        """
        config = self.config
        if changed is not None and t_s >= self.start_s and changed.any():
            counts = changed & ~self.restless if self.restless is not None else changed
            number = int(counts.sum())
            if number:
                self.touched = counts.copy() if self.touched is None else self.touched | counts
                self.changed_s = t_s if self.changed_s is None else self.changed_s
                since_s = t_s - (self.start_s if self.sent_s is None else self.sent_s)
                if number > config.small_tiles or self.sent_s is None or since_s <= config.small_s:
                    self.last_s = t_s
        if self.sent_s is None:
            return False
        if self.last_s is None:
            return t_s - self.sent_s >= (config.first_change_s if self.expects_change else config.quiet_s)
        if t_s - max(self.last_s, self.sent_s) < config.quiet_s:
            return False
        return t_s - self.sent_s >= self.grace_s or self.changed_tiles >= config.big_tiles
