"""Amounts as people write them: ``100 MW``, ``2.5 ha``, ``1_000_000``. What could mean two numbers is refused."""

import math
import re
from collections.abc import Mapping

from crewless.core.errors import BadInput

POWER_W = {"W": 1.0, "kW": 1e3, "MW": 1e6, "GW": 1e9}
"""Units of power, in watts."""
LIMIT_UNITS: dict[str, tuple[dict[str, float], str]] = {
    "area_m2": ({"m2": 1.0, "ha": 1e4}, "m2"),
    "power_kw": ({unit: watt / 1e3 for unit, watt in POWER_W.items()}, "kW"),
    "budget_usd": ({"USD": 1.0}, "USD"),
    "operating_h": ({"h": 1.0}, "hours a year"),
    "robots_at_hand": ({}, "robots"),
}
"""A goal's limits: what may stand behind their number, and what a number alone counts."""

_PLAIN = re.compile(r"[-+]?(\d[\d_]*(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[-+]?\d{1,3}((,\d{3}){2,}(\.\d+)?|,\d{3}\.\d+)")
"""Commas that can only stand between thousands: two of them, or one and a point behind it."""
_SPLIT = re.compile(r"\s*([-+]?[\d.,](?:[\d.,_]|e[-+]?\d)*)\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)


def amount(value: object, key: str, units: Mapping[str, float], plain: str, *, zero: bool = False) -> tuple[float, str]:
    """The number, and the unit that stands behind it, "" where none does.

    Args:
        value: a number, or text.
        key: what it says something of, for errors: file and key.
        units: that are known here.
        plain: what a number without a unit means, for errors.
        zero: whether 0 is possible.

    Raises:
        BadInput: one line with key, value and the units that are known.
    """
    known = [f"a number of {plain}", *([f"with a unit: {', '.join(units)}"] if units else [])]
    shown = repr(str(value)[:60])
    unit = ""
    if isinstance(value, bool):
        raise BadInput(f"{key}: {shown} is not a number", alternatives=known)
    if not isinstance(value, int | float | str):
        raise BadInput(f"{key}: {shown} is not a number", alternatives=known)
    if isinstance(value, str):
        split = _SPLIT.fullmatch(value)
        if split is None:
            raise BadInput(f"{key}: {shown} is not a number", alternatives=known)
        digits, unit = split[1], split[2]
        if "," in digits and not _THOUSANDS.fullmatch(digits):
            whole, dotted = digits.replace(",", ""), digits.replace(",", ".")
            clear = [w for w in (dotted, whole) if _PLAIN.fullmatch(w) and not re.match(r"0\d", w)]
            raise BadInput(f"{key}: {shown} has a comma that may mean two things", alternatives=clear or known)
        if not (_PLAIN.fullmatch(digits) or _THOUSANDS.fullmatch(digits)):
            raise BadInput(f"{key}: {shown} is not a number", alternatives=known)
        if unit and unit not in units:
            raise BadInput(f"{key}: {shown} has the unit {unit[:20]!r}, which is not known here", alternatives=known)
        given: str | float = digits.replace(",", "").replace("_", "")
    else:
        given = value
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadInput(f"{key}: {shown} is not finite", alternatives=known)
    if number < 0 or (number == 0 and not zero):
        raise BadInput(f"{key}: {shown} is not {'0 or more' if zero else 'more than 0'}", alternatives=known)
    return number, unit


def in_unit(number: float, unit: str, size: float) -> str:
    """``number`` in units of ``size``, rounded down to four figures, or to a whole number where it has more."""
    value = number / size
    digits = max(0, 3 - math.floor(math.log10(value))) if value > 0 else 0
    # A hair above, so that what was 1.7 is not 1.699 by the division.
    cut = math.floor(value * 10**digits * (1 + 1e-12)) / 10**digits
    return f"{cut:.{digits}f}".rstrip("0").rstrip(".") + f" {unit}" if digits else f"{cut:.0f} {unit}"
