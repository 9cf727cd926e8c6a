"""What is filled in on one page: each widget with the value that it gets."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from crewless.policy.job.conditions import Value
from crewless.policy.job.places import Seen
from crewless.policy.job.program import Form, Judge, Person, Set, SetKind, Step
from crewless.policy.job.slides import Slide, number_shown, slide_from
from crewless.policy.job.targets import Name, Target, ground
from crewless.policy.job.values import Variable
from crewless.training.induce.draft import JUDGED, OFTEN, Draft, commonest, first
from crewless.training.induce.effects import shown
from crewless.training.induce.explained import Known, explained
from crewless.training.induce.judging import best_text
from crewless.training.induce.rows import rows_of
from crewless.training.induce.sources import Source

_TEXT_WORDS = 3
"""A text that is judged has so many words in the mean."""


def form(draft: Draft, columns: Iterable[int], demos: frozenset[int]) -> list[Step]:
    """The steps for the entries of a page: judgements, the form, then tables row by row."""
    entries: list[Set] = []
    judges: list[Step] = []
    after: list[Step] = []
    for at in columns:
        if draft.alignment.symbols[draft.columns[at].symbol].rows:
            made = _rows(draft, at, demos)
            if made is not None:
                after += made
                continue
        for step in _entry(draft, at, demos):
            match step:
                case Judge():
                    judges.append(step)
                case Form(own):
                    entries += own
                case _:
                    after.append(step)
    return [*judges, *([Form(tuple(entries))] if entries else []), *after]


def set_kind(kind: str) -> SetKind:
    """How an entry is set."""
    kinds: dict[str, SetKind] = {"text": "text", "toggle": "toggle", "slide": "slider"}
    return kinds.get(kind, "choice")


def _rows(draft: Draft, at: int, demos: frozenset[int]) -> list[Step] | None:
    """Row by row; None where there is one entry a demonstration and no rows that would be understood: a widget like any other."""
    gaps = len(draft.gaps)
    made = rows_of(draft, at, demos, set_kind(first(draft.columns[at]).kind))
    if len(draft.gaps) > gaps and all(len(intents) == 1 for intents in draft.columns[at].members.values()):
        del draft.gaps[gaps:]
        return None
    return made


def _entry(draft: Draft, at: int, demos: frozenset[int]) -> list[Step]:
    column, about = draft.columns[at], draft.said(at)
    own = [d for d in sorted(column.members) if d in demos]
    absent = [d for d in sorted(demos) if d not in column.members]
    absent = [] if draft.is_odd(absent) else absent
    kind = first(column).kind
    radio = bool(draft.alignment.symbols[column.symbol].group)
    target = (
        _radio(draft, at, own)
        if radio
        else draft.target(at, own, reads_text=kind == "toggle" or _beside(draft, at, own))
    )
    if target is None:
        draft.miss(own, f"{about}: where it stands")
        return [Person(f"{about}: where it stands")]
    optional = bool(absent) and not radio and _missing(draft, at, target, absent)
    values = {d: column.members[d][-1].value for d in own}
    left = [] if optional else absent
    known = Known({d: draft.env(d, at) for d in (*own, *absent)}, draft.costs(), draft.optional(at), draft.slots)
    value: Value | None = None
    held = {} if radio or not left else _held(draft, at, target, left, kind)
    if left and len(held) == len(left) and (kind == "toggle" or all(held.values())):
        # Those who left it alone found it as it should be.
        value = explained({**values, **held}, (), known)
    if value is None:
        value = explained(values, left, known)
    steps: list[Step] = []
    if value is None:
        judged = _judged(draft, at, about, values, left, kind)
        if judged is None:
            draft.miss(own, f"{about}, such as “{next(iter(values.values()), '')}”")
            return [Person(f"{about}, such as “{next(iter(values.values()), '')}”")]
        steps.append(judged)
        value = Variable(judged.name)
    return [*steps, Form((Set(
        target=target, kind=set_kind(kind), value=value, optional=optional, seen=len(own), slide=_slide(draft, at, own),
    ),))]  # fmt: skip


def _beside(draft: Draft, at: int, demos: Sequence[int]) -> bool:
    """Whether a field is described by a text beside it, since it cannot be seen itself before something stands in it."""
    found = [
        (draft.traces[d].views[i.seen], i) for d in demos for i in draft.columns[at].members[d][-1:] if i.kind == "text"
    ]
    return bool(found) and all(
        i.element is not None and view.elements[i.element].kind in ("text", "link") for view, i in found
    )


def _slide(draft: Draft, at: int, demos: Sequence[int]) -> Slide | None:
    """Where the thumb of a slider stood for which number; None: it is none."""
    drags: list[tuple[float, float, float]] = []
    for d in demos:
        for intent in draft.columns[at].members[d]:
            if intent.kind != "slide" or intent.element is None or intent.point is None or intent.drop is None:
                continue
            view = draft.traces[d].views[intent.seen]
            element = view.elements[intent.element]
            for text, point in ((element.text, intent.point), (intent.value, intent.drop)):
                number = number_shown(text)
                if number is not None:
                    right, down = point.x - element.box.x0, point.y - element.box.centre.y
                    drags.append((float(number), right / view.line, down / view.line))
    return slide_from(drags)


def _radio(draft: Draft, at: int, demos: Sequence[int]) -> Target:
    """Any radio of the group, under the words that name it where they are always the same: its own text is the value."""
    labels: Counter[str] = Counter()
    for d in demos:
        intent = draft.columns[at].members[d][-1]
        if intent.element is not None:
            labels[draft.traces[d].views[intent.seen].elements[intent.element].label] += 1
    label = commonest([text for text, n in labels.items() for _ in range(n)])
    always = bool(label) and labels[label] >= OFTEN * len(demos)
    return Target(kinds=("radio",), names=(Name("label", label),) if always else ())


def _missing(draft: Draft, at: int, target: Target, absent: Sequence[int]) -> bool:
    """Whether the widget is on no screen of those demonstrations that leave it alone."""
    views = draft.visits[draft.page_before(at)].views
    return not any(ground(target, view, draft.env(d, at)) is not None for d in absent for view in views.get(d, []))


def _held(draft: Draft, at: int, target: Target, demos: Sequence[int], kind: str) -> dict[int, str]:
    """What a widget shows in demonstrations that left it alone, where it is on a screen of the page."""
    found: dict[int, str] = {}
    for d in demos:
        for view in draft.visits[draft.page_before(at)].views.get(d, []):
            hit = ground(target, view, draft.env(d, at))
            if hit is not None:
                element = view.elements[hit.index]
                found[d] = ("on" if "checked" in element.state else "off") if kind == "toggle" else shown(element)
                break
    return found


def _judged(
    draft: Draft, at: int, about: str, values: Mapping[int, str], left: Sequence[int], kind: str
) -> Judge | None:  # fmt: skip
    """Which text tells the answer best, judged by texts that it was not learnt from; None: nothing to judge, or no text."""
    few = 2 <= len(set(values.values())) <= max(2, len(values) // 2)
    if not (kind in ("choice", "text") and few) and not (kind == "toggle" and left):
        return None
    answers = {**values, **dict.fromkeys(left, "")}
    texts = {
        name: {d: source.values[d] for d in answers}
        for name, source in draft.sources.items()
        if source.visit < at and source.always and all(d in source.values for d in answers)
        and sum(len(source.values[d].split()) for d in answers) >= _TEXT_WORDS * len(answers)
    }  # fmt: skip
    best = best_text(texts, answers)
    if best is None:
        return None
    name, number = f"judged {about}", 2
    while name in draft.sources:
        name, number = f"judged {about} {number}", number + 1
    draft.judged[name] = [(texts[best][d], answers[d]) for d in sorted(answers)]
    always = len(answers) == len(draft.traces)
    draft.sources[name] = Source(name=name, place=Seen(""), visit=JUDGED, values=dict(answers), always=always, cost=0.4)
    return Judge(name=name, of=Variable(best), answers=tuple(sorted(set(answers.values()))))
