"""From a recording to its trace: the screens, and what was meant on them."""

from collections.abc import Sequence
from dataclasses import replace

from crewless.core.messages import Action, Demonstration
from crewless.policy.job.view import CONTROLS, View
from crewless.training.induce.effects import mostly_there
from crewless.training.induce.intents import Intent, Trace, identity, is_entry
from crewless.training.induce.reader import Reader


def trace_of(demonstration: Demonstration) -> Trace:
    """What was meant in a recording."""
    views = _caught_up(
        [*(View(observation) for observation, _ in demonstration.steps), View(demonstration.last)], demonstration
    )
    reader = Reader(views, [action for _, action in demonstration.steps])
    found = reader.read()
    scrolls = tuple(a.point for _, a in demonstration.steps if a.verb == "scroll" and a.point is not None)
    return Trace(
        demonstration=demonstration, views=views, intents=tuple(_final(found, views)), scrolls=scrolls
    )  # fmt: skip


def _caught_up(views: Sequence[View], demonstration: Demonstration) -> tuple[View, ...]:
    """The screens; where somebody was quicker than the recorder, and clicked on a control of a page that had just come, or behind a
    list that had just closed, the next one stands for the one that still showed what was before."""
    found, slots = list(views), [value for value in demonstration.case.slots.values() if value]
    for at, (_, action) in enumerate(demonstration.steps):
        before, after, point = found[at], found[at + 1], action.point
        if action.verb != "click" or point is None or action.element is not None or before.at(point) is not None:
            continue
        listed = [any(e.kind == "option" for e in view.elements) for view in (before, after)]
        if at and listed == [True, False] and _chose(views[at - 1], demonstration.steps[at - 1][1]):
            found[at] = after
            continue
        hit = after.at(point)
        came = hit is not None and after.elements[hit].kind in CONTROLS
        opened = any(after.shows(value, at_least=1.1) and not before.shows(value, at_least=1.1) for value in slots)
        # An open list hides much of its page as well, but what was there before it is there again.
        another = not mostly_there(before, after) and (at == 0 or not mostly_there(found[at - 1], after))
        if came and (opened or another):
            found[at] = after
    return tuple(found)


def _chose(view: View, action: Action) -> bool:
    """Whether an action was a click on an entry of an open list."""
    hit = None if action.point is None else view.at(action.point)
    return action.verb == "click" and hit is not None and view.elements[hit].kind == "option"


def _final(intents: Sequence[Intent], views: Sequence[View]) -> list[Intent]:
    """Only the last value of each widget between two steps that lead on; a box that ends as it began is left out."""
    kept: list[Intent] = []
    run: dict[tuple[object, ...], Intent] = {}

    def flush() -> None:
        for intent in sorted(run.values(), key=lambda one: one.seen):
            if intent.kind == "toggle" and intent.value == intent.from_value:
                continue
            kept.append(intent)
        run.clear()

    for intent in intents:
        if not is_entry(intent):
            flush()
            kept.append(intent)
            continue
        key = identity(views[intent.seen], intent)
        first = run.get(key)
        if intent.kind == "toggle" and intent.element is not None:
            was = "off" if intent.value == "on" else "on"
            intent = replace(intent, from_value=first.from_value if first else was)
        elif first is not None:
            intent = replace(intent, from_value=first.from_value)
        if first is not None:
            intent = replace(intent, steps=(*first.steps, *intent.steps))
        run[key] = intent
    flush()
    return kept
