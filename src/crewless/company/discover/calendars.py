"""Working weeks from the moments at which somebody was seen to work.

After Lopez-Pintado and Dumas, "Business process simulation with differentiated resources" (2022): the week is cut into
granules of an hour. The *confidence* of a granule is on how many of its days somebody was seen in it; the *support* of a
calendar is the share of all sightings that it covers.
"""

from dataclasses import dataclass

import numpy as np

from crewless.company.sheet.model import WEEK_H

GRANULE_H = 1.0
_GRANULES = int(WEEK_H / GRANULE_H)
_MONDAY_H = 72.0
"""1970-01-01 was a Thursday: hour 0 of its week is three days earlier."""


@dataclass(frozen=True, kw_only=True)
class Week:
    """Open hours of a week, and how they are known. Whole granules."""

    open: np.ndarray
    """Shape (168,), bool."""
    confidence: float
    """Mean confidence of the open granules."""
    support: float
    """Share of the sightings in open granules."""

    @property
    def hours(self) -> float:
        """Open hours of a week."""
        return float(self.open.sum() * GRANULE_H)

    def intervals(self) -> tuple[tuple[float, float], ...]:
        """As the sheet's calendars have it; empty when the week is open throughout."""
        if self.open.all():
            return ()
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self.open, [False]]).astype(int)))
        return tuple((float(a) * GRANULE_H, float(b) * GRANULE_H) for a, b in zip(edges[::2], edges[1::2], strict=True))

    def open_hours(self, t: np.ndarray) -> np.ndarray:
        """Open hours from the beginning of the log's clock to each time. ``t`` in seconds, any shape."""
        hours = np.asarray(t, float) / 3600 + _MONDAY_H
        weeks, into = np.divmod(hours, WEEK_H)
        done = np.concatenate([[0.0], np.cumsum(self.open) * GRANULE_H])
        return weeks * done[-1] + np.interp(into, np.arange(_GRANULES + 1) * GRANULE_H, done)

    def is_open(self, t: np.ndarray) -> np.ndarray:
        """Shape of ``t``, bool."""
        into = (np.asarray(t, float) / 3600 + _MONDAY_H) % WEEK_H
        return self.open[np.minimum((into / GRANULE_H).astype(int), _GRANULES - 1)]

    def edges(self, start: float, end: float) -> np.ndarray:
        """Seconds between ``start`` and ``end`` at which the week opens or closes. Shape (n,)."""
        hours = np.flatnonzero(self.open != np.roll(self.open, 1)) * GRANULE_H
        weeks = np.arange((start / 3600 + _MONDAY_H) // WEEK_H, (end / 3600 + _MONDAY_H) // WEEK_H + 1)
        t = (weeks[:, None] * WEEK_H + hours[None, :] - _MONDAY_H).ravel() * 3600
        return t[(t > start) & (t < end)]


_DENSE = 10
"""Sightings for each granule of the week above which each is judged by itself."""

ALWAYS = Week(open=np.ones(_GRANULES, bool), confidence=1.0, support=1.0)


def unseen_days(span: tuple[float, float]) -> list[int]:
    """Days of the week, 0 a Monday, that a log from ``span[0]`` to ``span[1]`` (seconds) does not touch. None where it touches all
    five working days: then it knows a week."""
    first, last = (int((t / 3600 + _MONDAY_H) // 24) for t in span)
    touched = {day % 7 for day in range(first, min(last, first + 6) + 1)}
    return [] if touched >= {0, 1, 2, 3, 4} else sorted(set(range(7)) - touched)


def find_week(
    seen: np.ndarray, *, confidence: float = 0.3, support: float = 0.95, span: tuple[float, float] | None = None
) -> Week:
    """The working week behind sightings.

    A granule is open when its confidence reaches ``confidence`` of the busiest granule's; the bar is lowered until the
    calendar covers ``support`` of the sightings.

    Args:
        seen: shape (n,), seconds: when work began or ended.
        confidence: 0 to 1.
        support: 0 to 1.
        span: from when to when the log goes, seconds. A day of the week that it does not touch is taken to be as those that it does.
    """
    if len(seen) < 2:
        return ALWAYS
    hours = seen / 3600 + _MONDAY_H
    granule = np.floor(hours % WEEK_H / GRANULE_H).astype(int)
    week = np.floor(hours / WEEK_H).astype(int)
    counts = np.bincount(granule, minlength=_GRANULES)
    days = np.array([len(np.unique(week[granule == g])) for g in range(_GRANULES)])
    weeks = max(1, int(week.max() - week.min()) + 1)
    share = days / weeks
    if counts.sum() < _DENSE * _GRANULES:
        # Too few sightings to know every hour of every day: a day of the week times an hour of the day.
        table = days.reshape(7, -1) / weeks
        product = np.outer(table.mean(1), table.mean(0)) / max(float(table.mean()), 1e-12)
        share = product.ravel()
    bar = confidence * share.max()
    while True:
        chosen = share >= max(bar, 1e-12)
        covered = counts[chosen].sum() / counts.sum()
        if covered >= support:
            for day in unseen_days(span) if span else ():
                chosen.reshape(7, -1)[day] = chosen.reshape(7, -1).any(0)
            return Week(open=chosen, confidence=float((days / weeks)[chosen].mean()), support=float(covered))
        bar *= 0.8
