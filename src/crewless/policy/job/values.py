"""Expressions: how a text that is typed, chosen or looked for follows from what is given and what has been read.

Each is frozen data that says itself in words, and gives its value for an environment (names to texts), or None where it has none:
a job then hands over instead of typing something else.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Literal

from msgspec import Struct

from crewless.policy.job.formats import DateFormat, NumberFormat

Environment = Mapping[str, str]
CASES: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "UPPER CASE": str.upper,
    "Title Case": lambda text: re.sub(r"[^\W\d_]+(?:['’][^\W\d_]+)?", lambda m: m[0][:1].upper() + m[0][1:].lower(), text),
    "First letter large": lambda text: text[:1].upper() + text[1:].lower(),
    "without spaces": lambda text: re.sub(r"\s+", "", text),
    "digits only": lambda text: re.sub(r"\D", "", text),
    "letters and digits only": lambda text: re.sub(r"[\W_]", "", text),
    "initials": lambda text: "".join(word[:1] for word in re.findall(r"[^\W\d_]+", text)).upper(),
}  # fmt: skip
PATTERNS: dict[str, str] = {
    "number": r"(?<![\w.,])[-−]?\d+(?:[.,'’\u00a0 ]\d{3})*(?:[.,]\d+)?(?![\w])",
    "digits": r"\d+",
    "code": r"(?=[\w\-/]*\d)(?=[\w\-/]*[A-Za-z])[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*",
    "e-mail": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "date": r"\d{1,4}[-./]\d{1,2}[-./]\d{2,4}",
    "word": r"[^\W\d_]+(?:[-'’][^\W\d_]+)*",
    "capital word": r"[A-ZÀ-Þ][^\W\d_]*(?:[-'’][^\W\d_]+)*",
    "in brackets": r"(?<=\()[^()]+(?=\))",
}  # fmt: skip
"""What may be found inside a text, by name."""


class Constant(Struct, frozen=True, tag=True):
    """Always the same text."""

    text: str

    def value(self, env: Environment) -> str | None:
        """The text."""
        return self.text

    def words(self) -> str:
        """In quotation marks."""
        return f"“{self.text}”"


class Variable(Struct, frozen=True, tag=True):
    """A text by its name: a given slot, or something that was read or judged before."""

    name: str

    def value(self, env: Environment) -> str | None:
        """What the environment holds; None: it was not read."""
        return env.get(self.name)

    def words(self) -> str:
        """The name."""
        return self.name


class Words(Struct, frozen=True, tag=True):
    """Some words of a text, from ``first`` up to and without ``last`` (None: to the end); negative ones count from the end."""

    of: "Expression"
    first: int
    last: int | None

    def value(self, env: Environment) -> str | None:
        """None where it has fewer words."""
        text = self.of.value(env)
        if text is None:
            return None
        found = text.split()
        if self.last is not None and (self.last - self.first > len(found) or abs(self.first) > len(found)):
            return None
        return " ".join(found[self.first : self.last]) or None

    def words(self) -> str:
        """Such as “word 2 of name”."""
        if self.last is not None and self.last - self.first == 1:
            return f"word {_place(self.first)} of {self.of.words()}"
        if self.last is None:
            return f"{self.of.words()} from word {_place(self.first)} on"
        if self.first == 0:
            return (
                f"{self.of.words()} without its last {-self.last} word(s)"
                if self.last < 0
                else f"the first {self.last} words of {self.of.words()}"
            )
        return f"words {_place(self.first)} to {_place(self.last - 1)} of {self.of.words()}"


class Split(Struct, frozen=True, tag=True):
    """One of the parts of a text that a mark separates, without the spaces around it."""

    of: "Expression"
    by: str
    index: int

    def value(self, env: Environment) -> str | None:
        """None where the mark does not stand in it, or there are fewer parts."""
        text = self.of.value(env)
        if text is None or self.by not in text:
            return None
        parts = [part.strip() for part in text.split(self.by)]
        return parts[self.index] if -len(parts) <= self.index < len(parts) and parts[self.index] else None

    def words(self) -> str:
        """Such as “part 1 of address at ','”."""
        mark = "line break" if self.by == "\n" else f"“{self.by}”"
        return f"part {_place(self.index)} of {self.of.words()} at {mark}"


class Matching(Struct, frozen=True, tag=True):
    """What fits a pattern of :data:`PATTERNS` inside a text, the ``index``-th."""

    of: "Expression"
    pattern: str
    index: int

    def value(self, env: Environment) -> str | None:
        """None where there are fewer."""
        text = self.of.value(env)
        if text is None:
            return None
        found = re.findall(PATTERNS[self.pattern], text)
        return found[self.index] if -len(found) <= self.index < len(found) else None

    def words(self) -> str:
        """Such as “number 1 in subject”."""
        return f"{self.pattern} {_place(self.index)} in {self.of.words()}"


class Between(Struct, frozen=True, tag=True):
    """What stands in a text behind ``before`` and before ``after``; an empty one is the text's own end."""

    of: "Expression"
    before: str
    after: str

    def value(self, env: Environment) -> str | None:
        """None where they do not stand in it."""
        text = self.of.value(env)
        if text is None:
            return None
        start = text.find(self.before) if self.before else 0
        if start < 0:
            return None
        start += len(self.before)
        end = text.find(self.after, start) if self.after else len(text)
        return (text[start:end].strip() or None) if end >= 0 else None

    def words(self) -> str:
        """Such as “what follows 'Order ' in title”."""
        if self.before and self.after:
            return f"what stands between “{self.before}” and “{self.after}” in {self.of.words()}"
        return (
            f"what follows “{self.before}” in {self.of.words()}"
            if self.before
            else f"what comes before “{self.after}” in {self.of.words()}"
        )


class Cased(Struct, frozen=True, tag=True):
    """A text in another case, or without some of its characters; see :data:`CASES`."""

    of: "Expression"
    how: str

    def value(self, env: Environment) -> str | None:
        """The text so written."""
        text = self.of.value(env)
        return None if text is None else CASES[self.how](text) or None

    def words(self) -> str:
        """Such as “name in UPPER CASE”."""
        return f"{self.of.words()} in {self.how}" if "case" in self.how.lower() else f"{self.of.words()}, {self.how}"


class Dated(Struct, frozen=True, tag=True):
    """A date from one format in another."""

    of: "Expression"
    read: DateFormat
    write: DateFormat

    def value(self, env: Environment) -> str | None:
        """None where the text is no date in the format."""
        text = self.of.value(env)
        value = None if text is None else self.read.read(text)
        return None if value is None else self.write.write(value)

    def words(self) -> str:
        """Such as “date written as dd.mm.yyyy”."""
        return f"{self.of.words()} written as {self.write.pattern}"


class Numbered(Struct, frozen=True, tag=True):
    """A number from one format in another, and with ``times`` and ``plus`` reckoned with on the way."""

    of: "Expression"
    read: NumberFormat
    write: NumberFormat
    times: str = "1"
    plus: str = "0"

    def number(self, env: Environment) -> Decimal | None:
        """The value before it is written."""
        text = self.of.value(env)
        value = None if text is None else self.read.read(text)
        return None if value is None else value * Decimal(self.times) + Decimal(self.plus)

    def value(self, env: Environment) -> str | None:
        """None where the text is no number in the format."""
        value = self.number(env)
        return None if value is None else self.write.write(value)

    def words(self) -> str:
        """Such as “amount × 1.19 written as 1,234.50”."""
        said = (
            self.of.words()
            + (f" × {self.times}" if self.times != "1" else "")
            + (f" + {self.plus}" if self.plus != "0" else "")
        )
        return f"{said} written as {self.write.write(Decimal('1234.5'))}"


class Reckoned(Struct, frozen=True, tag=True):
    """Two numbers reckoned with."""

    left: "Numbered"
    how: Literal["+", "-", "*", "/"]
    right: "Numbered"
    write: NumberFormat

    def value(self, env: Environment) -> str | None:
        """None where one of them is none, or the second of a division is 0."""
        left, right = self.left.number(env), self.right.number(env)
        if left is None or right is None:
            return None
        try:
            value = {"+": left + right, "-": left - right, "*": left * right}.get(self.how)
            value = left / right if value is None else value
        except (DivisionByZero, InvalidOperation):
            return None
        return self.write.write(value)

    def words(self) -> str:
        """Such as “price * count”."""
        return f"{self.left.of.words()} {self.how} {self.right.of.words()} written as {self.write.write(Decimal('1234.5'))}"


class Joined(Struct, frozen=True, tag=True):
    """Texts one behind the other."""

    parts: "tuple[Expression, ...]"

    def value(self, env: Environment) -> str | None:
        """None where one part has none."""
        values = [part.value(env) for part in self.parts]
        return None if None in values else "".join(value for value in values if value is not None)

    def words(self) -> str:
        """The parts with + between them."""
        return " + ".join(part.words() for part in self.parts)


class Lookup(Struct, frozen=True, tag=True):
    """What belongs to a text in a small table that was learnt."""

    of: "Expression"
    table: tuple[tuple[str, str], ...]

    def value(self, env: Environment) -> str | None:
        """None for a text that no demonstration had."""
        text = self.of.value(env)
        return None if text is None else dict(self.table).get(text)

    def words(self) -> str:
        """The rows of the table."""
        return f"{self.of.words()} looked up: " + ", ".join(f"{key} → {value}" for key, value in self.table)


Expression = (
    Constant | Variable | Words | Split | Matching | Between | Cased | Dated | Numbered | Reckoned | Joined | Lookup
)


def names_in(expression: Expression) -> frozenset[str]:
    """The names that an expression needs."""
    if isinstance(expression, Variable):
        return frozenset({expression.name})
    if isinstance(expression, Joined):
        return frozenset(name for part in expression.parts for name in names_in(part))
    if isinstance(expression, Reckoned):
        return names_in(expression.left) | names_in(expression.right)
    return frozenset() if isinstance(expression, Constant) else names_in(expression.of)


def _place(index: int) -> str:
    """1 for 0, “last” for -1."""
    return str(index + 1) if index >= 0 else "last" if index == -1 else f"{-index} from the end"
