"""Means with intervals: Student's t, batch means, and where the warm-up ends."""

from dataclasses import dataclass
from math import exp, inf, lgamma, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and half the width of its 95 % confidence interval."""

    mean: float
    half: float

    def __contains__(self, value: float) -> bool:
        return abs(value - self.mean) <= self.half


def t_quantile(probability: float, freedom: int) -> float:
    """Of Student's distribution, for a probability above one half, by bisection on its exact distribution function."""
    low, high = 0.0, 1.0
    while _t_below(high, freedom) < probability:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        if _t_below(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return high


def _t_below(t: float, freedom: int) -> float:
    x = freedom / (freedom + t * t)
    return 1.0 - 0.5 * _beta(freedom / 2, 0.5, x)


def _beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function by its continued fraction (DLMF 8.17.22), modified Lentz."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta(b, a, 1.0 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    d = 1.0 - (a + b) * x / (a + 1)
    d = 1.0 / d
    c, value = 1.0, d
    for m in range(1, 300):
        step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1.0 / (1.0 + step * d), 1.0 + step / c
        value *= c * d
        step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / (1.0 + step * d), 1.0 + step / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * value


def interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Of the mean of independent values: replications, or batches that are long enough. Half is infinite for one value."""
    array = np.asarray(values, float)
    n = len(array)
    if n < 2:
        return Interval(mean=float(array.mean()) if n else float("nan"), half=inf)
    half = t_quantile((1 + level) / 2, n - 1) * float(array.std(ddof=1)) / sqrt(n)
    return Interval(mean=float(array.mean()), half=half)


def ratio_interval(tops: ArrayLike, bottoms: ArrayLike, level: float = 0.95) -> Interval:
    """Of a ratio of two sums over batches, such as waiting over visits (Law 2015, section 9.5.1: the classical estimator)."""
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
    """Of a histogram whose bins grow by ``exp(step)`` from ``low`` on; bin 0 is all below."""
    whole = histogram.sum()
    below = np.concatenate([[0], np.cumsum(histogram)])
    edges = np.concatenate([[0.0], low * np.exp(step * np.arange(len(histogram)))])
    if whole == 0:
        return np.full(len(np.atleast_1d(at)), np.nan)
    return np.interp(np.atleast_1d(np.asarray(at, float)) * whole, below, edges)
