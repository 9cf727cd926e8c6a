"""Keeping time: a loop that runs at a rate, and counts every time that it did not."""

import time
from collections import deque

import numpy as np

_REMEMBERED = 36 * 600
"""Periods that the percentiles look back over: ten minutes at the frame rate."""


class Ratekeeper:
    """Paces a loop. Late and lost periods are counted, never hidden.

    Args:
        rate_hz: iterations a second.
    """

    def __init__(self, rate_hz: float) -> None:
        self.period_s = 1.0 / rate_hz
        self._start_s = time.monotonic()
        self._next = 1
        self.lost = 0
        self._lateness_s: deque[float] = deque(maxlen=_REMEMBERED)

    def keep(self) -> int:
        """Sleep to the next period. Returns the number of whole periods that were lost before it (0 when in time)."""
        due_s = self._start_s + self._next * self.period_s
        delay_s = due_s - time.monotonic()
        if delay_s > 0:
            time.sleep(delay_s)
        late_s = max(0.0, time.monotonic() - due_s)
        lost = int(late_s / self.period_s)
        self._lateness_s.append(late_s)
        self.lost += lost
        self._next += 1 + lost
        return lost

    def lateness_ms(self, percentile: float) -> float:
        """A percentile (0 to 100) of how late the latest periods began, in milliseconds; 0 before the first."""
        return float(np.percentile(self._lateness_s, percentile)) * 1e3 if self._lateness_s else 0.0
