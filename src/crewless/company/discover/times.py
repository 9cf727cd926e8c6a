"""The texts of a log's times as seconds. How a column is written is found from all of it, and what had to be guessed is said."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from crewless.core.errors import BadInput

DateOrder = Literal["guess", "day-first", "month-first"]
_EPOCH = datetime(1970, 1, 1)
_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))
"""From which size on a number counts nanoseconds, microseconds, milliseconds, seconds since 1970: 1973 to 5138 in seconds."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?(?:[eE]\+?\d+)?")
_ZONE = re.compile(r"\s*(Z|UTC|GMT|(?:UTC|GMT)?\s*[+-]\d\d:?\d\d(?:\s*UTC)?)$", re.IGNORECASE)
_PARTS = re.compile(
    r"(?P<one>[A-Za-z]{3,9}|\d{1,4})\.?(?P<gap>[./ -]\s?)(?P<two>[A-Za-z]{3,9}|\d{1,2})\.?,?[./ -]\s?(?P<three>\d{4}|\d{2})"
    r"(?:[T,\s]+(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,:](?P<part>\d+))?)?"
    r"\s*(?P<half>[AaPp])?(?:\.?[Mm]\.?)?)?"
)
_MONTHS = {
    m: i for i, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)
}
_MONTHS |= {"mär": 3, "mai": 5, "okt": 10, "dez": 12}


def said(t: float) -> str:
    """A time as text."""
    return (_EPOCH + timedelta(seconds=t)).isoformat(sep=" ", timespec="milliseconds")


class Times:
    """Turns the texts of one log's times into seconds, all on the clock of the first."""

    def __init__(self, name: str, order: DateOrder = "guess") -> None:
        self._name = name
        self._zone: timezone | None = None
        self._day_first = order != "month-first"
        self._order = order
        self.guess = ""
        """What was guessed about day and month; empty when nothing had to be."""

    def learn(self, values: Iterable[str]) -> None:
        """Find out whether the day or the month comes first where a column is written with slashes, hyphens or points.

        A value above 12 tells. Where none does, the reading in which the log spans less time is taken: read the wrong way, the
        days of a month become months of a year. ``guess`` says so.
        """
        first, second = 0, 0
        odd: list[str] = []
        noon, points = False, True
        for value in dict.fromkeys(values):
            parts = _PARTS.fullmatch(_ZONE.sub("", value.strip())) if value and not _iso(value.strip()) else None
            one, two = (parts["one"], parts["two"]) if parts else ("", "")
            if parts and one.isdigit() and two.isdigit() and len(one) <= 2:
                first, second = max(first, int(one)), max(second, int(two))
                noon |= bool(parts["half"])
                points &= parts["gap"].startswith(".")
                odd.append(value)
        if not odd or self._order != "guess":
            return
        if first > 12 or second > 12:
            self._day_first = first > 12
            return
        if points:
            return  # 01.02.2026 is written where the day comes first.
        spans = []
        for self._day_first in (True, False):
            found = [t for value in odd if (t := self._moment(value)) is not None]
            spans.append(max(found) - min(found))
        self._day_first = spans[0] < spans[1] or (spans[0] == spans[1] and not noon)
        order, other = ("day", "month") if self._day_first else ("month", "day")
        self.guess = (
            f"no date tells whether its day or its month comes first ({odd[0]!r}): read {order} first, in which the log spans "
            f"{min(spans).days if spans[0] != spans[1] else spans[0].days} days; --dates {other}-first reads it the other way"
        )

    def seconds(self, value: str, where: str) -> float:
        """Raises BadInput that names row and value."""
        moment = self._moment(value)
        if moment is None:
            raise BadInput(
                f"{self._name}, {where}: {value!r} is not a time",
                alternatives=["2026-01-31T09:30:00+01:00", "31.01.2026 09:30", "seconds since 1970", "--bad-rows drop"],
            )
        if moment.tzinfo is not None:
            if self._zone is None:
                self._zone = timezone(moment.utcoffset() or timedelta())
            moment = moment.astimezone(self._zone).replace(tzinfo=None)
        return (moment - _EPOCH).total_seconds()

    def _moment(self, value: str) -> datetime | None:
        value = value.strip()
        return _iso(value) or self._written(value)

    def _written(self, value: str) -> datetime | None:
        """``31/01/2026 9:30 PM`` and its kin; None when it is none."""
        zone = _ZONE.search(value)
        parts = _PARTS.fullmatch(_ZONE.sub("", value))
        if not parts:
            return None
        one, two, three = parts["one"], parts["two"], parts["three"]
        if len(one) > 2 and one.isdigit():
            year, month, day = one, two, three
        elif one.isalpha():
            year, month, day = three, one, two
        elif two.isalpha() or self._day_first:
            year, month, day = three, two, one
        else:
            year, month, day = three, one, two
        hour = int(parts["hour"] or 0)
        if parts["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + 12 * (parts["half"] in "pP")
        try:
            moment = datetime(
                int(year) + (2000 if len(year) == 2 else 0),
                int(month) if month.isdigit() else _MONTHS[month[:3].lower()],
                int(day),
                hour,
                int(parts["minute"] or 0),
                int(parts["second"] or 0),
                int((parts["part"] or "0")[:6].ljust(6, "0")),
            )
        except (ValueError, KeyError):
            return None
        return moment.replace(tzinfo=_zone_of(zone[1])) if zone else moment


def _zone_of(text: str) -> timezone:
    sign = re.search(r"([+-])(\d\d):?(\d\d)", text)
    if not sign:
        return UTC
    offset = timedelta(hours=int(sign[2]), minutes=int(sign[3]))
    return timezone(-offset if sign[1] == "-" else offset)


def _iso(value: str) -> datetime | None:
    """ISO 8601, or a number since 1970. Digits alone are a date only where they are one: 20260131, 20260131093000."""
    if _NUMBER.fullmatch(value):
        form = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(value))
        if form and value.isdigit() and value[:2] in ("19", "20"):
            try:
                return datetime.strptime(value, form)
            except ValueError:
                pass
        number = float(value.replace(",", "."))
        for least, scale in _SCALES:
            if number > least:
                try:
                    return _EPOCH + timedelta(seconds=number / scale)
                except OverflowError:
                    return None
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    zone = _ZONE.search(value)
    if zone and zone.start() > 9:
        try:
            return datetime.fromisoformat(value[: zone.start()]).replace(tzinfo=_zone_of(zone[1]))
        except ValueError:
            pass
    return None
