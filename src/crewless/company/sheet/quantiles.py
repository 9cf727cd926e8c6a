"""Durations without the engine: their quantiles, and durations that are so many times as long."""

from math import exp, log, sqrt
from statistics import NormalDist

from crewless.company.sheet.model import Duration


def quantiles_of(duration: Duration, count: int) -> list[float]:
    """``count`` values in hours, at the middles of as many equal shares."""
    return [quantile(duration, (i + 0.5) / count) for i in range(count)]


def quantile(duration: Duration, share: float) -> float:
    """The hours that the share ``share`` of all draws stays below, 0 < share < 1."""
    kind, n = duration.kind, duration.numbers
    if kind == "constant":
        return n[0]
    if kind == "exponential":
        return -n[0] * log(1 - share)
    if kind == "uniform":
        return n[0] + (n[1] - n[0]) * share
    if kind == "weibull":
        return n[1] * (-log(1 - share)) ** (1 / n[0]) if n[0] else 0.0
    if kind == "triangular":
        low, high, mode = n
        if high == low:
            return low
        if share < (mode - low) / (high - low):
            return low + sqrt(share * (high - low) * (mode - low))
        return high - sqrt((1 - share) * (high - low) * (high - mode))
    if kind == "normal":
        return max(0.0, n[0] + n[1] * NormalDist().inv_cdf(share))
    if kind == "lognormal":
        return exp(n[0] + n[1] * NormalDist().inv_cdf(share))
    if kind == "gamma":
        from scipy.special import gammaincinv

        return float(n[1] * gammaincinv(n[0], share)) if n[0] else 0.0
    at = share * (len(n) - 1)
    low = int(at)
    return n[low] + (n[min(low + 1, len(n) - 1)] - n[low]) * (at - low)


def scaled(duration: Duration, factor: float) -> Duration:
    """``factor`` times as long."""
    kind, n = duration.kind, duration.numbers
    if kind == "lognormal":
        return Duration(kind=kind, numbers=(n[0] + log(factor), n[1]))
    if kind in ("gamma", "weibull"):
        return Duration(kind=kind, numbers=(n[0], n[1] * factor))
    return Duration(kind=kind, numbers=tuple(value * factor for value in n))
