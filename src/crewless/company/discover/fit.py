"""Which distribution a set of durations comes from, and how well it fits.

The measure is the earth mover's distance (Wasserstein 1) between the values and the distribution, over 1,000 quantiles; the
Kolmogorov-Smirnov distance is reported beside it. Where no curve comes within what a sample of this size allows, the quantiles
of the values themselves are kept as a table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from scipy.special import digamma, gammaincinv, ndtri, polygamma

from crewless.company.sheet.model import Duration

_SHARES = (np.arange(1000) + 0.5) / 1000
_NORMAL = ndtri(_SHARES)
_TABLE = 101
"""Quantiles of a table: every hundredth."""
_ORDER = ("constant", "exponential", "uniform", "gamma", "lognormal", "triangular")
"""Simplest first: the first that lies as near as chance alone would put a sample is taken, else the nearest."""
_EXACT = 1e-5
"""Relative; what is nearer than this is the same."""
_NEAR = 0.05
"""A curve is good enough within 5 % of the mean, besides what chance alone puts between a sample and its distribution."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A distribution and how far it lies from the values."""

    duration: Duration
    count: int
    mean: float
    emd: float
    """Earth mover's distance, in the unit of the values."""
    ks: float
    """Kolmogorov-Smirnov distance, 0 to 1."""

    @property
    def relative(self) -> float:
        """The earth mover's distance as a share of the mean."""
        return self.emd / self.mean if self.mean else 0.0


def fit(values: np.ndarray) -> Fit:
    """The nearest distribution of non-negative values. Shape (n,). No values: a constant 0."""
    values = np.sort(np.asarray(values, float))
    if not len(values):
        return Fit(duration=Duration(), count=0, mean=0.0, emd=0.0, ks=0.0)
    mean, deviation = float(values.mean()), float(values.std())
    observed = np.quantile(values, _SHARES)
    # What a sample lies from its own distribution: about 0.8 sigma / sqrt(n) for an exponential, less for a uniform one.
    chance = 0.8 * deviation / sqrt(len(values)) + _EXACT * mean
    best: Fit | None = None
    for kind in _ORDER:
        numbers = _FITS[kind](values, mean, deviation)
        if numbers is None:
            continue
        duration = Duration(kind=kind, numbers=tuple(float(f"{n:.6g}") for n in numbers))
        found = _measured(duration, values, observed, mean)
        if best is None or found.emd < best.emd:
            best = found
        if found.emd <= chance:
            break
    assert best is not None, "constant always fits somehow"
    if best.emd > _NEAR * mean + chance:
        table = _table(values, mean)
        duration = Duration(kind="table", numbers=tuple(float(f"{n:.6g}") for n in np.maximum.accumulate(table)))
        best = _measured(duration, values, observed, mean)
    return best


def _table(values: np.ndarray, mean: float) -> np.ndarray:
    """Quantiles of sorted values. Between the last two of them a straight line says too much of a long tail: the last is drawn in, and
    if need be those before it, until the mean is that of the values."""
    table = np.quantile(values, np.linspace(0, 1, min(_TABLE, max(2, len(values)))))
    for last in range(len(table) - 1, 0, -1):
        step = np.full(len(table), 1.0)
        step[0] = step[-1] = 0.5
        excess = float(step @ table) - mean * (len(table) - 1)
        if abs(excess) <= 1e-9 * mean * len(table):
            break
        # Those from ``last`` on are level: they share the excess, but do not fall below the one before.
        table[last:] = max(table[last] - excess / float(step[last:].sum()), table[last - 1])
    return table


def quantiles(duration: Duration) -> np.ndarray:
    """At the shares 0.0005, 0.0015, ... 0.9995. Shape (1000,)."""
    kind, n = duration.kind, duration.numbers
    if kind == "constant":
        return np.full(len(_SHARES), n[0])
    if kind == "exponential":
        return -n[0] * np.log1p(-_SHARES)
    if kind == "uniform":
        return n[0] + (n[1] - n[0]) * _SHARES
    if kind == "triangular":
        low, high, mode = n
        if high == low:
            return np.full(len(_SHARES), low)
        rise = (mode - low) / (high - low)
        left = low + np.sqrt(_SHARES * (high - low) * (mode - low))
        right = high - np.sqrt((1 - _SHARES) * (high - low) * (high - mode))
        return np.where(rise > _SHARES, left, right)
    if kind == "normal":
        return np.maximum(0.0, n[0] + n[1] * _NORMAL)
    if kind == "lognormal":
        return np.exp(n[0] + n[1] * _NORMAL)
    if kind == "weibull":
        return n[1] * (-np.log1p(-_SHARES)) ** (1 / n[0])
    if kind == "gamma":
        return n[1] * gammaincinv(n[0], _SHARES)
    return np.interp(_SHARES, np.linspace(0, 1, len(n)), n)


def mean_of(duration: Duration) -> float:
    """The mean, from the quantiles where there is no short formula; good to about 1 % for heavy tails."""
    n = duration.numbers
    exact = {
        "constant": lambda: n[0],
        "exponential": lambda: n[0],
        "gamma": lambda: n[0] * n[1],
        "lognormal": lambda: float(np.exp(n[0] + n[1] ** 2 / 2)),
    }
    return exact[duration.kind]() if duration.kind in exact else float(quantiles(duration).mean())


def _measured(duration: Duration, values: np.ndarray, observed: np.ndarray, mean: float) -> Fit:
    expected = quantiles(duration)
    # A hair above each point: the numbers of a duration are kept to six places.
    points = np.concatenate([values, expected]) * (1 + 2 * _EXACT)
    of_values = np.searchsorted(values, points, side="right") / len(values)
    ks = float(np.abs(of_values - np.searchsorted(expected, points, side="right") / len(expected)).max())
    distance = float(np.mean(np.abs(expected - observed)))
    return Fit(duration=duration, count=len(values), mean=mean, emd=distance, ks=ks)


Numbers = tuple[float, ...] | None


def _exponential(_: np.ndarray, mean: float, deviation: float) -> Numbers:
    return (mean,) if deviation else None


def _uniform(values: np.ndarray, _: float, deviation: float) -> Numbers:
    return (values[0], values[-1]) if deviation else None


def _triangular(values: np.ndarray, mean: float, deviation: float) -> Numbers:
    low, high = float(values[0]), float(values[-1])
    mode = min(high, max(low, 3 * mean - low - high))
    return (low, high, mode) if deviation else None


def _lognormal(values: np.ndarray, _: float, deviation: float) -> Numbers:
    if values[0] <= 0 or not deviation:
        return None
    logs = np.log(values)
    return float(logs.mean()), float(logs.std())


def _gamma(values: np.ndarray, mean: float, deviation: float) -> Numbers:
    """Maximum likelihood: T. Minka, "Estimating a gamma distribution", 2002, equation 10, the shape by Newton steps."""
    if values[0] <= 0 or not deviation:
        return None
    gap = log(mean) - float(np.log(values).mean())
    if gap < 1e-9:
        return None
    shape = (3 - gap + sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(8):
        top = -gap + log(shape) - float(digamma(shape))
        shape = 1 / (1 / shape + top / (shape**2 * (1 / shape - float(polygamma(1, shape)))))
    return shape, mean / shape


_FITS: dict[str, Callable[[np.ndarray, float, float], Numbers]] = {
    "constant": lambda values, mean, deviation: (float(np.median(values)),),
    "exponential": _exponential,
    "uniform": _uniform,
    "gamma": _gamma,
    "lognormal": _lognormal,
    "triangular": _triangular,
}
