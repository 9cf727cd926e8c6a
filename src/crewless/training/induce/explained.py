"""Values from what was known: one expression, a condition for it, or a tree of constants, whichever says the least."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crewless.policy.job.conditions import Either, Nothing, Value
from crewless.policy.job.program import If, Step
from crewless.policy.job.values import Constant
from crewless.training.induce.expressions import Example, explain
from crewless.training.induce.rules import Decided, Ruled, Tree, cost_of, learn_tree

DO, LEAVE = "do", "leave"
_PLAIN = 1.9
"""An expression that costs less is not measured against a tree of conditions."""


@dataclass(frozen=True, slots=True)
class Known:
    """What values may be explained by."""

    envs: Mapping[Any, Mapping[str, str]]
    """Of each demonstration, or row, what was known."""
    costs: Mapping[str, float]
    optional: Sequence[str]
    """Names that are not in every one of them."""
    given: Sequence[str]
    """Names of the case itself."""


def explained(values: Mapping[Any, str], absent: Sequence[Any], known: Known) -> Value | None:
    """A value that gives what was given, and nothing where nothing was given; None: there is none.

    Args:
        values: of each demonstration, or row, that gave one.
        absent: those that gave none.
        known: what they knew.
    """
    envs = known.envs
    found = explain([Example(envs[key], values[key]) for key in values], costs=known.costs) if values else []
    expression = found[0] if found else None
    if expression is not None and not absent and expression.cost < _PLAIN:
        return expression.expression
    distinct = set(values.values())
    tree: Tree | None = None
    if len(distinct) <= max(2, len(values) // 2):
        cases = [Ruled(envs[key], f"={values[key]}") for key in values] + [Ruled(envs[key], LEAVE) for key in absent]
        tree = learn_tree(cases, known.optional, given=known.given)
    if expression is not None and not absent:
        if tree is None or expression.cost <= cost_of(tree):
            return expression.expression
    elif expression is not None:
        when = condition(dict.fromkeys(values, DO) | dict.fromkeys(absent, LEAVE), known)
        if when is not None and (tree is None or cost_of(when) + expression.cost <= cost_of(tree)):
            return as_value(when, {DO: expression.expression, LEAVE: Nothing()})
    return (
        None
        if tree is None
        else as_value(tree, {LEAVE: Nothing(), **{f"={text}": Constant(text) for text in distinct}})
    )


def condition(labels: Mapping[Any, str], known: Known) -> Tree | None:
    """A tree that tells what is done from what is left."""
    cases = [Ruled(known.envs[key], label) for key, label in labels.items()]
    return learn_tree(cases, known.optional, given=known.given)


def as_value(tree: Tree, leaves: Mapping[str, Value]) -> Value:
    """A tree with a value at each of its ends."""
    if isinstance(tree, Decided):
        return leaves[tree.label]
    return Either(tree.test, as_value(tree.yes, leaves), as_value(tree.no, leaves))


def guarded(tree: Tree, steps: tuple[Step, ...], otherwise: tuple[Step, ...] = ()) -> list[Step]:
    """Steps under the conditions that lead to “do”, others where they do not."""
    if isinstance(tree, Decided):
        return list(steps if tree.label == DO else otherwise)
    yes, no = guarded(tree.yes, steps, otherwise), guarded(tree.no, steps, otherwise)
    return [If(tree.test, tuple(yes), tuple(no))]
