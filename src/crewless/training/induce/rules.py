"""Conditions learnt from demonstrations: the smallest tree over values and presence that tells every demonstration right.

What fits by chance is the danger: many tests, few demonstrations. So tests are ranked by how plainly they speak (two numbers compared
before a word that occurs), a tree must be worth its size, and whoever calls judges it by leaving demonstrations out.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations, pairwise
from math import log2

from crewless.policy.job.conditions import AtLeast, Contains, Equal, NotBefore, Present, SameNumber, Test, true_in
from crewless.policy.job.formats import DateFormat, NumberFormat, dates_in, numbers_in
from crewless.policy.job.values import Constant, Numbered, Variable
from crewless.policy.texts import are_prose, plain
from crewless.training.induce.expressions import number_formats

_DEPTH = 3
_ROOTS = 10
"""So many of the best tests are tried at each node."""
_CATEGORIES = 10
"""A source with at most so many different texts is compared with each of them."""
_WORDS = 400
_PAIRS = 14
_ONE_OF = 40
"""One of so many cases may be told wrong by a branch, where a number was misread."""
_SLACK_BITS = 5.0
"""What a tree may say more than it explains: a rule is likelier than chance."""
_WHOLE = NumberFormat()


@dataclass(frozen=True, slots=True)
class Ruled:
    """A case that a tree must tell right: what was known, and the class."""

    env: Mapping[str, str]
    label: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A class."""

    label: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A test and what follows from it."""

    test: Test
    yes: "Tree"
    no: "Tree"
    cost: float


Tree = Decided | Branch


@dataclass(frozen=True, slots=True)
class _Candidate:
    test: Test
    cost: float
    held: tuple[bool | None, ...]


def learn_tree(cases: Sequence[Ruled], optional: Sequence[str] = (), *, given: Sequence[str] = ()) -> Tree | None:
    """The cheapest tree that tells every case right; None: there is none of at most three levels that says less than it explains.

    Args:
        cases: at least one of each class.
        optional: names that are not in every environment.
        given: names of the case itself, such as its number: a limit on them is less plausible.
    """
    labels = {case.label for case in cases}
    if len(labels) == 1:
        return Decided(next(iter(labels)))
    candidates = _candidates(cases, optional, given)
    for spared in (0, len(cases) // _ONE_OF):
        tree = _grow(cases, list(range(len(cases))), candidates, _DEPTH, spared)
        if tree is not None and _bits(tree, candidates) <= _explained_bits(cases) + _SLACK_BITS:
            return tree
    return None


def _bits(tree: Tree, candidates: Sequence[_Candidate]) -> float:
    """The length of a tree (Rissanen 1978, minimum description length): which test it is, of those that are as plain, at each branch."""
    if isinstance(tree, Decided):
        return 0.5
    as_plain = sum(candidate.cost <= tree.cost for candidate in candidates)
    return log2(max(1, as_plain)) + 2 * tree.cost + _bits(tree.yes, candidates) + _bits(tree.no, candidates)


def _explained_bits(cases: Sequence[Ruled]) -> float:
    counts = Counter(case.label for case in cases)
    return len(cases) * _entropy(counts)


def cost_of(tree: Tree) -> float:
    """What a tree says, in all."""
    return 0.0 if isinstance(tree, Decided) else tree.cost + cost_of(tree.yes) + cost_of(tree.no)


def _grow(
    cases: Sequence[Ruled], own: list[int], candidates: Sequence[_Candidate], depth: int, spared: int
) -> Tree | None:
    labels = Counter(cases[i].label for i in own)
    label, times = labels.most_common(1)[0]
    if len(own) - times <= spared:
        return Decided(label)
    if depth == 0:
        return None
    scored: list[tuple[float, float, _Candidate]] = []
    for candidate in candidates:
        held = [candidate.held[i] for i in own]
        if held.count(None) > len(own) // _ONE_OF or all(h is not False for h in held) or not any(held):
            continue
        gain = _gain(cases, own, candidate.held)
        scored.append((-gain + 0.02 * candidate.cost, candidate.cost, candidate))
    if not scored:
        return None
    scored.sort(key=lambda one: one[:2])
    best: Tree | None = None
    perfect = [one for one in scored if -one[0] + 0.02 * one[1] >= _entropy(labels) - 1e-9]
    for _, _, candidate in sorted(perfect, key=lambda one: one[1])[:1] or scored[:_ROOTS]:
        yes = _grow(cases, [i for i in own if candidate.held[i]], candidates, depth - 1, spared)
        no = (
            _grow(cases, [i for i in own if candidate.held[i] is False], candidates, depth - 1, spared)
            if yes is not None
            else None
        )
        if yes is None or no is None:
            continue
        made = Branch(candidate.test, yes, no, candidate.cost)
        if best is None or cost_of(made) < cost_of(best):
            best = made
    return best


def _gain(cases: Sequence[Ruled], own: Sequence[int], held: Sequence[bool | None]) -> float:
    yes = Counter(cases[i].label for i in own if held[i])
    no = Counter(cases[i].label for i in own if held[i] is False)
    total = yes.total() + no.total()
    before = _entropy(yes + no)
    return before - (yes.total() * _entropy(yes) + no.total() * _entropy(no)) / total


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    return -sum(n / total * log2(n / total) for n in counts.values() if n) if total else 0.0


def _candidates(cases: Sequence[Ruled], optional: Sequence[str], given: Sequence[str]) -> list[_Candidate]:
    envs = [case.env for case in cases]
    names = list(dict.fromkeys(n for env in envs for n in env))
    found: list[tuple[float, Test]] = [(1.0, Present(name)) for name in optional]
    numeric: list[Numbered] = []
    dated: list[tuple[Variable, DateFormat]] = []
    for name in names:
        texts = [env[name] for env in envs if name in env]
        distinct = set(texts)
        if len(distinct) < 2:
            continue
        formats = _number_formats(texts)
        if formats:
            number = Numbered(Variable(name), formats[0], _WHOLE)
            numeric.append(number)
            found += [(3.0 if name in given else 1.2, AtLeast(number, limit)) for limit in _limits(number, cases)]
        days = _date_format(texts)
        if days is not None:
            dated.append((Variable(name), days))
            found += [
                (3.0 if name in given else 1.3, NotBefore(Variable(name), days, Constant(days.write(limit)), days))
                for limit in _first_days(Variable(name), days, cases)
            ]
        if len({plain(text) for text in distinct}) <= _CATEGORIES and not formats:
            found += [(1.4, Equal(Variable(name), Constant(text))) for text in sorted(distinct)]
        elif not formats and days is None:
            # Of what somebody wrote, some word or other tells any few cases apart: that is for judgement.
            cost = 4.0 if are_prose(texts) else 2.2
            found += [(cost, Contains(Variable(name), word)) for word in _words(name, cases)]
    for a, b in combinations(numeric[:_PAIRS], 2):
        found += [(1.0, AtLeast(a, b)), (1.0, AtLeast(b, a)), (0.9, SameNumber(a, b))]
    for (a, fa), (b, fb) in combinations(dated[:_PAIRS], 2):
        found += [(1.1, NotBefore(a, fa, b, fb)), (1.1, NotBefore(b, fb, a, fa))]
    for a, b in combinations(names, 2):
        both = [(plain(env[a]), plain(env[b])) for env in envs if a in env and b in env]
        same = sum(x == y for x, y in both)
        if both and 0 < same < len(both):
            found.append((1.3, Equal(Variable(a), Variable(b))))
    out: list[_Candidate] = []
    seen: set[tuple[bool | None, ...]] = set()
    for cost, test in sorted(found, key=lambda one: (one[0], repr(one[1]))):
        held = tuple(true_in(test, env) for env in envs)
        if held not in seen:
            seen.add(held)
            out.append(_Candidate(test, cost, held))
    return out


def _number_formats(texts: Sequence[str]) -> list[NumberFormat]:
    """The formats of a column of numbers, of which one in many may be misread."""
    formats = number_formats(texts)
    if formats or len(texts) < _ONE_OF:
        return formats
    return (
        number_formats([text for text in texts if numbers_in(text)])
        if sum(bool(numbers_in(text)) for text in texts) >= len(texts) * (1 - 1 / _ONE_OF)
        else []
    )


def _limits(number: Numbered, cases: Sequence[Ruled]) -> list[Decimal]:
    """Numbers between neighbours of different classes, the roundest of each gap."""
    pairs = sorted(
        (value, case.label) for case in cases if (value := number.number(case.env)) is not None
    )  # fmt: skip
    found = [
        _roundest(low, high) for (low, a), (high, b) in pairwise(pairs) if a != b and low < high
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def _first_days(name: Variable, form: DateFormat, cases: Sequence[Ruled]) -> list[date]:
    """Days between neighbours of different classes, the roundest of each gap: of a year, of a month."""
    pairs = sorted(
        (day, case.label)
        for case in cases if (day := form.read(name.value(case.env) or "")) is not None
    )  # fmt: skip
    found = [_roundest_day(low, high) for (low, a), (high, b) in pairwise(pairs) if a != b and low < high]
    return list(dict.fromkeys(found))


def _roundest_day(low: date, high: date) -> date:
    """The day after ``low`` and up to ``high`` that a person would name."""
    years = [date(year, 1, 1) for year in range(low.year + 1, high.year + 1)]
    middle = (low.year + high.year + 1) / 2
    if years:
        return max(
            years, key=lambda day: (day.year % 100 == 0, day.year % 10 == 0, day.year % 5 == 0, -abs(day.year - middle))
        )
    months = [date(high.year, month, 1) for month in range(low.month + 1, high.month + 1)]
    return months[-1] if months else high


def _roundest(low: Decimal, high: Decimal) -> Decimal:
    """The number above ``low`` and up to ``high`` with the fewest digits; 1, 2 and 5 before others."""
    if low < 0 <= high:
        return Decimal(0)
    best: Decimal | None = None
    for power in range(9, -5, -1):
        for step in (Decimal(10), Decimal(5), Decimal("2.5"), Decimal(2), Decimal(1)):
            unit = step.scaleb(power - 1) if step >= 10 else step.scaleb(power)
            value = (low / unit).to_integral_value(rounding="ROUND_FLOOR") * unit + unit
            if low < value <= high and (best is None or _digits(value) < _digits(best)):
                best = value
    return (best if best is not None else high).normalize() + 0


def _digits(value: Decimal) -> tuple[int, int]:
    digits = list(value.normalize().as_tuple().digits)
    return (len(digits), 0 if digits[-1] in (1, 5) else 1)


def _date_format(texts: Sequence[str]) -> DateFormat | None:
    for form, _ in dates_in(texts[0]):
        if all(form.read(text) is not None for text in texts):
            return form
    return None


def _words(name: str, cases: Sequence[Ruled]) -> list[str]:
    """Words that occur in some of the texts, not in all."""
    counts: Counter[str] = Counter()
    total = 0
    for case in cases:
        if name in case.env:
            total += 1
            counts.update({word for word in re.findall(r"\w+", plain(case.env[name])) if len(word) > 1})
    kept = [word for word, n in counts.most_common(_WORDS) if 1 < n < total]
    return sorted(kept)
