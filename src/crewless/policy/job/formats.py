"""Dates and numbers as people write them: read in one format, written in another.

A format is data that a job keeps, so that what was learnt from ``31.01.2026`` reads the next date in the same way. What does not fit
its format is not read at all: nothing is guessed at work.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    "it": ("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"),
}  # fmt: skip
_PARTS = {
    "d": r"(?P<d>[1-9]|[12]\d|3[01])", "dd": r"(?P<d>0[1-9]|[12]\d|3[01])", "m": r"(?P<m>[1-9]|1[0-2])",
    "mm": r"(?P<m>0[1-9]|1[0-2])", "yy": r"(?P<y>\d\d)", "yyyy": r"(?P<y>\d{4})",
}  # fmt: skip
_TOKEN = re.compile(r"yyyy|yy|mmmm|mmm|mm|m|dd|d|[^a-z]+|[a-z]+")


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A way to write a date.

    Attributes:
        pattern: of ``d dd m mm mmm mmmm yy yyyy`` and what stands between them, such as ``dd.mm.yyyy`` or ``mmm d, yyyy``.
        language: of the months' names.
    """

    pattern: str
    language: str = "en"

    def read(self, text: str) -> date | None:
        """The date that a text is in this format, the first day of a month or a year; None: it is none, or has no year."""
        found = _date_pattern(self.pattern, self.language).fullmatch(text.strip())
        if found is None:
            return None
        parts = found.groupdict()
        if "y" not in parts:
            return None
        year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
        month = _month_number(parts["name"], self.language) if parts.get("name") else int(parts.get("m", 1))
        try:
            return date(year, month, int(parts.get("d", 1)))
        except ValueError:
            return None

    def write(self, value: date) -> str:
        """The date in this format."""
        name = MONTHS[self.language][value.month - 1]
        said = {
            "d": str(value.day), "dd": f"{value.day:02}", "m": str(value.month), "mm": f"{value.month:02}",
            "mmm": name[:3], "mmmm": name, "yy": f"{value.year % 100:02}", "yyyy": f"{value.year:04}",
        }  # fmt: skip
        return "".join(said.get(token, token) for token in tokens_of(self.pattern))


def tokens_of(pattern: str) -> list[str]:
    """The parts of a date's pattern: of day, month and year, and what stands between them."""
    return [str(token) for token in _TOKEN.findall(pattern)]


def _month_number(name: str, language: str) -> int:
    names = [each.casefold() for each in MONTHS[language]]
    folded = name.casefold().rstrip(".")
    return next(at for at, each in enumerate(names, 1) if each.startswith(folded[:3]))


@lru_cache(maxsize=256)
def _date_pattern(pattern: str, language: str) -> re.Pattern[str]:
    long = "|".join(MONTHS[language])
    short = "|".join(f"{name[:3]}[^\\W\\d_]{{0,2}}\\.?" for name in MONTHS[language])
    parts = {**_PARTS, "mmmm": f"(?P<name>{long})", "mmm": f"(?P<name>{short})"}
    return re.compile("".join(parts.get(token, re.escape(token)) for token in tokens_of(pattern)), re.I)


_SEPARATORS = ("-", ".", "/", " ", ". ")
DATE_FORMATS: tuple[DateFormat, ...] = (
    *(DateFormat(sep.join(order)) for sep in _SEPARATORS for order in (
        ("yyyy", "mm", "dd"), ("dd", "mm", "yyyy"), ("d", "m", "yyyy"), ("mm", "dd", "yyyy"), ("m", "d", "yyyy"),
        ("dd", "mm", "yy"), ("d", "m", "yy"), ("mm", "dd", "yy"), ("m", "d", "yy"), ("yyyy", "m", "d"),
    )),
    DateFormat("yyyymmdd"), DateFormat("ddmmyyyy"),
    *(DateFormat(pattern, language) for language in MONTHS for pattern in (
        "d mmmm yyyy", "dd mmmm yyyy", "d. mmmm yyyy", "dd. mmmm yyyy", "mmmm d, yyyy", "mmmm dd, yyyy", "d mmm yyyy", "dd mmm yyyy",
        "d. mmm yyyy", "mmm d, yyyy", "mmm dd, yyyy", "dd-mmm-yyyy", "d-mmm-yyyy", "mmm d yyyy", "dd/mmm/yyyy", "mmmm d yyyy",
    )),
)  # fmt: skip
"""What is tried when a format is not known yet, the more usual first."""


_MONTHS_OF_YEARS = tuple(DateFormat(p, language) for language in MONTHS for p in ("mmmm yyyy", "mmm yyyy", "yyyy mmmm"))
PARTS_OF_DATES: tuple[DateFormat, ...] = (
    DateFormat("d"), DateFormat("dd"), DateFormat("yyyy"), DateFormat("mm/yyyy"), DateFormat("yyyy-mm"),
    *(DateFormat(pattern, language) for language in MONTHS for pattern in ("mmmm yyyy", "mmm yyyy", "mmmm", "mmm")),
)  # fmt: skip
"""What a calendar shows of a date."""


@lru_cache(maxsize=16384)
def dates_in(text: str) -> tuple[tuple[DateFormat, date], ...]:
    """Every format in which the whole text is a date, with the date."""
    if not 5 <= len(text.strip()) <= 24 or not any(c.isdigit() for c in text):
        return ()
    return tuple((one, value) for one in DATE_FORMATS if (value := one.read(text)) is not None)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A way to write a number.

    Attributes:
        point: the decimal separator.
        group: what separates thousands; empty: nothing does.
        decimals: digits behind the point; -1: as many as it has.
        before, after: what stands around it, such as a currency.
    """

    point: str = "."
    group: str = ""
    decimals: int = -1
    before: str = ""
    after: str = ""

    def read(self, text: str) -> Decimal | None:
        """The number that a text is in this format, whatever its decimals; None: it is none."""
        text = _spaces(text).strip()
        if self.before == self.after == "" and not text.isdecimal():
            # In a number these letters are digits that were misread.
            text = text.translate(_DIGITS)
        if not text.startswith(self.before.strip()) or not text.endswith(self.after.strip()):
            return None
        body = text[len(self.before.strip()) : len(text) - len(self.after.strip())].strip()
        sign = -1 if body[:1] in "-−" and body else 1
        body = body.lstrip("-−+").strip()
        whole, point, fraction = body.partition(self.point)
        if self.group and self.group in whole:
            first, *rest = whole.split(self.group)
            if not 1 <= len(first) <= 3 or any(len(part) != 3 for part in rest):
                return None
            whole = "".join((first, *rest))
        if (
            not whole.isdecimal()
            or not whole.isascii()
            or (point and not (fraction.isdecimal() and fraction.isascii()))
        ):
            return None
        return sign * Decimal(f"{whole}.{fraction or '0'}")

    def write(self, value: Decimal) -> str:
        """The number in this format, rounded half up where its decimals are fixed."""
        if self.decimals >= 0:
            value = value.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        else:
            value = value.normalize() if value != value.to_integral_value() else value.quantize(Decimal(1))
        whole, _, fraction = f"{abs(value):f}".partition(".")
        if self.group:
            whole = f"{int(whole):,}".replace(",", self.group)
        sign = "-" if value < 0 else ""
        return f"{self.before}{sign}{whole}{self.point + fraction if fraction else ''}{self.after}"


_DIGITS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "|": "1"})
_NUMBER = re.compile(
    r"^(?P<before>(?:[^\w\s\-−+.,]|[A-Z]{2,3}\s|[A-Z]{1,3}[$€£¥])?\s?)(?P<body>(?:[\-−+]\s?)?\d[\d.,'’\s]*?)(?P<after>\s?[^\d.,]*)$"
)


def _spaces(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")


@lru_cache(maxsize=16384)
def rank_of(text: str) -> tuple[int, ...] | None:
    """What a text counts as where texts are put in order: a month with its year, a date, or a number; None: nothing of these.

    The rank begins with what kind it is, so that only what is alike is compared: 0 a month, 1 a date, 2 a number (in millionths).
    """
    months = (form.read(text) for form in _MONTHS_OF_YEARS)
    for month in months:
        if month is not None:
            return 0, month.year, month.month
    for _, day in dates_in(text)[:1]:
        return 1, day.toordinal()
    for _, number in numbers_in(text)[:1]:
        return 2, int(number * 1_000_000)
    return None


def numbers_in(text: str) -> tuple[tuple[NumberFormat, Decimal], ...]:
    """Every format in which the whole text is a number, with the number: ``1.234`` is two of them. A short word or sign before or
    behind it, such as a currency or ``%``, belongs to the format."""
    found = _NUMBER.match(_spaces(text).strip())
    if found is None or len(found["before"]) > 6 or len(found["after"]) > 6:
        return ()
    body = found["body"].strip()
    digits = body.lstrip("-−+").strip()
    marks = [c for c in digits if not c.isdigit()]
    pairs: list[tuple[str, str]] = []
    if not marks:
        pairs = [(".", "")]
    else:
        last = marks[-1]
        others = set(marks[:-1]) - {last}
        if last in ".," and marks.count(last) == 1 and len(others) <= 1:
            pairs.append((last, next(iter(others), "")))
        if len(set(marks)) == 1:
            pairs.append(("," if last == "." else ".", last))
    made: list[tuple[NumberFormat, Decimal]] = []
    for point, group in pairs:
        fraction = digits.rpartition(point)[2] if point in digits else ""
        one = NumberFormat(
            point=point, group=group, decimals=len(fraction), before=found["before"], after=found["after"]
        )
        try:
            value = one.read(text)
        except InvalidOperation:
            value = None
        if value is not None:
            made.append((one, value))
    return tuple(made)
