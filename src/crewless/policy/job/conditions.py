"""Conditions over what is given and what has been read, and values that depend on them."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from crewless.policy.job.formats import DateFormat
from crewless.policy.job.values import Environment, Expression, Numbered, names_in
from crewless.policy.texts import has_words, plain


class Present(Struct, frozen=True, tag=True):
    """Something was there to be read."""

    name: str

    def holds(self, env: Environment) -> bool | None:
        """Whether it was."""
        return self.name in env

    def words(self) -> str:
        """Such as “discount is there”."""
        return f"{self.name} is there"


class Equal(Struct, frozen=True, tag=True):
    """Two texts are the same, letter case and spaces aside."""

    left: Expression
    right: Expression

    def holds(self, env: Environment) -> bool | None:
        """None: one of them has no value."""
        left, right = self.left.value(env), self.right.value(env)
        return None if left is None or right is None else plain(left) == plain(right)

    def words(self) -> str:
        """Such as “country is 'France'”."""
        return f"{self.left.words()} is {self.right.words()}"


class Contains(Struct, frozen=True, tag=True):
    """A text has a word or words in it."""

    of: Expression
    text: str

    def holds(self, env: Environment) -> bool | None:
        """None: the text has no value."""
        value = self.of.value(env)
        return None if value is None else has_words(value, self.text)

    def words(self) -> str:
        """Such as “subject contains 'refund'”."""
        return f"{self.of.words()} contains “{self.text}”"


class AtLeast(Struct, frozen=True, tag=True):
    """A number is as large as another, or larger."""

    left: Numbered
    right: Numbered | Decimal

    def holds(self, env: Environment) -> bool | None:
        """None: one of them is no number."""
        left = self.left.number(env)
        right = self.right if isinstance(self.right, Decimal) else self.right.number(env)
        return None if left is None or right is None else left >= right

    def words(self) -> str:
        """Such as “amount ≥ 500”."""
        right = self.right if isinstance(self.right, Decimal) else self.right.of.words()
        return f"{self.left.of.words()} ≥ {right}"


class SameNumber(Struct, frozen=True, tag=True):
    """Two numbers are equal, however they are written."""

    left: Numbered
    right: Numbered | Decimal

    def holds(self, env: Environment) -> bool | None:
        """None: one of them is no number."""
        left = self.left.number(env)
        right = self.right if isinstance(self.right, Decimal) else self.right.number(env)
        return None if left is None or right is None else left == right

    def words(self) -> str:
        """Such as “amount = open amount”."""
        right = self.right if isinstance(self.right, Decimal) else self.right.of.words()
        return f"{self.left.of.words()} = {right}"


class NotBefore(Struct, frozen=True, tag=True):
    """A date is another one, or after it."""

    left: Expression
    left_format: DateFormat
    right: Expression
    right_format: DateFormat

    def holds(self, env: Environment) -> bool | None:
        """None: one of them is no date."""
        left, right = self.left.value(env), self.right.value(env)
        a = None if left is None else self.left_format.read(left)
        b = None if right is None else self.right_format.read(right)
        return None if a is None or b is None else a >= b

    def words(self) -> str:
        """Such as “due not before received”."""
        return f"{self.left.words()} not before {self.right.words()}"


class All(Struct, frozen=True, tag=True):
    """Several conditions at once."""

    tests: "tuple[Test, ...]"

    def holds(self, env: Environment) -> bool | None:
        """False as soon as one does not hold."""
        found = [true_in(test, env) for test in self.tests]
        return False if False in found else None if None in found else True

    def words(self) -> str:
        """Joined by “and”."""
        return " and ".join(test.words() for test in self.tests)


Test = Present | Equal | Contains | AtLeast | SameNumber | NotBefore | All


class Nothing(Struct, frozen=True, tag=True):
    """What is done where nothing is to be done: the widget stays as it is."""

    def words(self) -> str:
        """Two words."""
        return "left alone"


class Either(Struct, frozen=True, tag=True):
    """One value or another."""

    test: Test
    yes: "Value"
    no: "Value"

    def words(self) -> str:
        """If, then, else."""
        return f"{self.yes.words()} if {self.test.words()}, else {self.no.words()}"


Value = Expression | Either | Nothing


def true_in(test: Test, env: Environment) -> bool | None:
    """Whether a condition holds. What is not there is equal to nothing and contains nothing; None: what is there is not a number or
    a date, as the condition expects."""
    if not isinstance(test, (Present, All)) and not names_of_value(test) <= env.keys():
        return False
    return test.holds(env)


def decide(value: Value, env: Environment) -> "Expression | Nothing | None":
    """The branch that is taken; None: a condition cannot be told."""
    while isinstance(value, Either):
        held = true_in(value.test, env)
        if held is None:
            return None
        value = value.yes if held else value.no
    return value


def names_of_value(value: "Value | Test") -> frozenset[str]:
    """The names that a value or a condition needs."""
    return frozenset(_names(value))


def _names(value: "Value | Test") -> Iterator[str]:
    match value:
        case Either(test, yes, no):
            yield from _names(test)
            yield from _names(yes)
            yield from _names(no)
        case Nothing():
            return
        case Present(name):
            yield name
        case Equal(left, right):
            yield from names_in(left) | names_in(right)
        case Contains(of, _):
            yield from names_in(of)
        case AtLeast(left, right) | SameNumber(left, right):
            yield from names_in(left) | (frozenset() if isinstance(right, Decimal) else names_in(right))
        case NotBefore(left, _, right, _):
            yield from names_in(left) | names_in(right)
        case All(tests):
            for test in tests:
                yield from _names(test)
        case _:
            yield from names_in(value)
