"""Times and a cycle as whole numbers of one unit, so that whether tasks fit into a station is never a matter of rounding."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from crewless.core.errors import BadInput

_NOISE = Fraction(1, 10**14)
"""Share by which a few operations on floats may be off: 806 s given as 806 / 60 minutes means 403 / 30."""
_LARGEST_SUM = 2**53
"""Up to here floats count exactly, and the search reckons with floats."""
_FINEST = 2**40
"""Units of a cycle where the times have no common one."""


def whole_numbers(times: Sequence[float], cycle: float) -> tuple[list[int], int]:
    """The times and the cycle in one common unit. Same result whatever the unit that they are given in.

    Tasks that fit into the cycle fit in the whole numbers too, so a bound that is proved of these holds. Where the numbers are
    simple fractions (of a second, a minute, an hour) the reverse is true to the last digit. Where they have no common
    unit that is small enough, each is rounded down to a 2^40th of the cycle: of a thousand tasks then those fit that exceed it
    by a billionth.

    Raises:
        BadInput: a time that is negative or not finite, or a cycle that is not over 0.
    """
    for time in times:
        if not math.isfinite(time) or time < 0:
            raise BadInput(f"a task's time is {time}", alternatives=["0 or more"])
    if not math.isfinite(cycle) or cycle <= 0:
        raise BadInput(f"the cycle is {cycle}", alternatives=["more than 0"])
    fractions = [_simplest(float(time)) for time in times]
    whole_cycle = _simplest(float(cycle))
    unit = math.lcm(*(one.denominator for one in fractions), whole_cycle.denominator)
    numbers, capacity = [int(one * unit) for one in fractions], int(whole_cycle * unit)
    divisor = math.gcd(*numbers, capacity)
    numbers, capacity = [one // divisor for one in numbers], capacity // divisor
    # A load that exceeds the capacity by one unit must exceed the given cycle too, whatever was rounded.
    if capacity * _NOISE * 4 < 1 and sum(numbers) + capacity < _LARGEST_SUM:
        return numbers, capacity
    capacity = min(_FINEST, _LARGEST_SUM // 2 // max(1, len(numbers)))
    scale = Fraction(capacity) / Fraction(cycle)
    numbers = [math.floor(Fraction(time) * scale) for time in times]
    if sum(numbers) >= _LARGEST_SUM:
        raise BadInput(f"the times add up to more than {_LARGEST_SUM // capacity:,} cycles of {cycle:g}")
    return numbers, capacity


@lru_cache(maxsize=100_000)
def _simplest(value: float) -> Fraction:
    """The fraction with the smallest denominator within the noise of ``value`` (continued fractions, as in Stern's tree)."""
    exact = Fraction(value)
    low, high = exact * (1 - _NOISE), exact * (1 + _NOISE)
    # Convergents of the first fraction in which the two ends differ.
    p0, q0, p1, q1 = 0, 1, 1, 0
    while True:
        whole = math.ceil(low)
        if whole <= high:
            return Fraction(whole * p1 + p0, whole * q1 + q0)
        whole -= 1
        p0, q0, p1, q1 = p1, q1, whole * p1 + p0, whole * q1 + q0
        low, high = 1 / (high - whole), 1 / (low - whole)


def largest_fill(numbers: Sequence[int], capacity: int) -> int:
    """The most that any of the numbers add up to within the capacity: no station is ever fuller.

    By sums as bits; where the capacity is too large for that it is returned as it is.
    """
    if capacity > 2_000_000 or sum(numbers) <= capacity:
        return min(capacity, sum(numbers))
    sums, mask = 1, (1 << (capacity + 1)) - 1
    for number in numbers:
        sums |= (sums << number) & mask
        if sums >> capacity:
            return capacity
    return sums.bit_length() - 1
