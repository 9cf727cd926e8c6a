"""Random numbers that depend on who asks and not on when: the case, the node, the visit and the purpose name a number.

Two choices of who does what therefore see the same cases with the same random numbers (common random numbers), whatever the
order in which their events come. The stream is splitmix64 (Steele, Lea, Flood 2014) with a case's own key as its start.
"""

from math import cos, exp, log, pi, sqrt

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A, _B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)

KINDS = ("constant", "exponential", "uniform", "triangular", "normal", "lognormal", "gamma", "weibull", "table")
CONSTANT, EXPONENTIAL, UNIFORM, TRIANGULAR, NORMAL, LOGNORMAL, GAMMA, WEIBULL, TABLE = range(9)


@njit(cache=True, nogil=True)
def key_of(seed, number):
    """The key of a stream: ``seed`` (uint64) and ``number`` (int) mixed."""
    x = seed + np.uint64(number) * _GOLDEN
    x = (x ^ (x >> _30)) * _A
    x = (x ^ (x >> _27)) * _B
    return x ^ (x >> _31)


@njit(cache=True, nogil=True)
def uniform(key, number):
    """The number ``number`` of the stream ``key``, inside (0, 1)."""
    return (float(key_of(key, number) >> _11) + 0.5) * 1.1102230246251565e-16


@njit(cache=True, nogil=True)
def normal(u):
    """Standard normal quantile of ``u``: Acklam's rational approximation (2003), relative error below 1.2e-9."""
    if u > 0.5:
        return -normal_low(1.0 - u)
    return normal_low(u)


@njit(cache=True, nogil=True)
def normal_low(u):
    """:func:`normal` for ``u`` of at most one half."""
    if u < 0.02425:
        q = sqrt(-2.0 * log(u))
        top = -7.784894002430293e-03 * q - 3.223964580411365e-01
        top = ((top * q - 2.400758277161838) * q - 2.549732539343734) * q
        top = (top + 4.374664141464968) * q + 2.938163982698783
        low = ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q + 3.754408661907416
        return top / (low * q + 1.0)
    q = u - 0.5
    r = q * q
    top = (-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02
    top = ((top * r + 1.383577518672690e02) * r - 3.066479806614716e01) * r + 2.506628277459239
    low = (-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02
    low = (low * r + 6.680131188771972e01) * r - 1.328068155288572e01
    return top * q / (low * r + 1.0)


@njit(cache=True, nogil=True)
def gamma(key, shape):
    """A gamma number of scale 1 from the stream ``key``: Marsaglia and Tsang (2000), their boost below shape 1."""
    a = shape if shape >= 1.0 else shape + 1.0
    d = a - 1.0 / 3.0
    c = 1.0 / sqrt(9.0 * d)
    number, value = 1, 0.0
    while True:
        radius = sqrt(-2.0 * log(uniform(key, number)))
        x = radius * cos(2.0 * pi * uniform(key, number + 1))
        v = (1.0 + c * x) ** 3
        if v > 0.0 and log(uniform(key, number + 2)) < 0.5 * x * x + d - d * v + d * log(v):
            value = d * v
            break
        number += 3
    return value if shape >= 1.0 else value * uniform(key, 0) ** (1.0 / shape)


@njit(cache=True, nogil=True)
def other(kind, n, first, end, key, number):
    """A duration of any kind but constant and exponential; see :class:`crewless.company.sheet.model.Duration`."""
    if kind == GAMMA:
        return n[first + 1] * gamma(key_of(key, number), n[first]) if n[first] > 0.0 else 0.0
    u = uniform(key, number)
    if kind == UNIFORM:
        return n[first] + u * (n[first + 1] - n[first])
    if kind == TRIANGULAR:
        low, high, mode = n[first], n[first + 1], n[first + 2]
        if high <= low:
            return low
        if u < (mode - low) / (high - low):
            return low + sqrt(u * (high - low) * (mode - low))
        return high - sqrt((1.0 - u) * (high - low) * (high - mode))
    if kind == NORMAL:
        return max(0.0, n[first] + n[first + 1] * normal(u))
    if kind == LOGNORMAL:
        return exp(n[first] + n[first + 1] * normal(u))
    if kind == WEIBULL:
        return n[first + 1] * (-log(u)) ** (1.0 / n[first]) if n[first] > 0.0 else 0.0
    place = u * (end - first - 1)
    low_at = int(place)
    if low_at >= end - first - 1:
        return n[end - 1]
    low = n[first + low_at]
    return low + (place - low_at) * (n[first + low_at + 1] - low)


@njit(cache=True, nogil=True)
def duration(kinds, firsts, n, d, key, number):
    """Hours of the duration ``d``, with the number ``number`` of the stream ``key``.

    Args:
        kinds: Shape (durations,); places in ``KINDS``.
        firsts: Shape (durations + 1,); where its numbers begin in ``n``.
        n: the numbers of all durations.
        d: which duration.
        key: uint64.
        number: which draw of the stream.
    """
    kind, first = kinds[d], firsts[d]
    if kind == CONSTANT:
        return n[first]
    if kind == EXPONENTIAL:
        return -log(uniform(key, number)) * n[first]
    return other(kind, n, first, firsts[d + 1], key, number)
