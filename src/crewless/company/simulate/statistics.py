"""Means with intervals: Student's t, batch means, and where the warm-up ends."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and half the width of its 95 % confidence interval."""

    mean: float
    half: float

    def __contains__(self, value: float) -> bool:
        return abs(value - self.mean) <= self.half


def interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Confidence interval of the mean of independent values: replications, or batches that are long enough. Infinite for one
    value."""
    array = np.asarray(values, float)
    n = len(array)
    if n < 2:
        return Interval(mean=float(array.mean()) if n else float("nan"), half=inf)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * float(array.std(ddof=1)) / sqrt(n)
    return Interval(mean=float(array.mean()), half=half)


def ratio_interval(tops: ArrayLike, bottoms: ArrayLike, level: float = 0.95) -> Interval:
    """Confidence interval of a ratio of two sums over batches, such as waiting over visits (Law 2015, section 9.5.1: the
    classical estimator)."""
    top, bottom = np.asarray(tops, float), np.asarray(bottoms, float)
    if bottom.sum() == 0:
        return Interval(mean=float("nan"), half=inf)
    ratio = float(top.sum() / bottom.sum())
    spread = interval((top - ratio * bottom) / bottom.mean(), level)
    return Interval(mean=ratio, half=spread.half)


def warmup_end(series: ArrayLike) -> int:
    """How many values to leave out at the front: MSER (White 1997), the cut that makes the mean of the rest most certain.

    At most half is cut; a series whose best cut lies there has not settled.
    """
    array = np.asarray(series, float)
    best, at = inf, 0
    for cut in range(len(array) // 2 + 1):
        rest = array[cut:]
        doubt = float(rest.var()) / len(rest)
        if doubt < best * (1 - 1e-12):
            best, at = doubt, cut
    return at


def quantiles(histogram: NDArray[np.int64], at: ArrayLike, low: float, step: float) -> NDArray[np.float64]:
    """Quantiles of a histogram whose bins grow by ``exp(step)`` from ``low`` on; bin 0 is all below."""
    whole = histogram.sum()
    below = np.concatenate([[0], np.cumsum(histogram)])
    edges = np.concatenate([[0.0], low * np.exp(step * np.arange(len(histogram)))])
    if whole == 0:
        return np.full(len(np.atleast_1d(at)), np.nan)
    return np.interp(np.atleast_1d(np.asarray(at, float)) * whole, below, edges)
