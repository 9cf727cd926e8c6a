"""The pages of a job: what tells them, what can be read on them, and what shows when a step has had its effect."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from crewless.policy.job.program import Expect, Outcome, filled
from crewless.policy.job.view import View
from crewless.policy.texts import plain
from crewless.training.induce.draft import OFTEN, Draft
from crewless.training.induce.intents import Trace
from crewless.training.induce.sources import page_sources

_ANCHORS = 8
_OUTCOMES = 6
_FRAME = 6
"""Texts of a program's own that are looked for on every page."""
_PRESSED = ("button", "link", "tab", "icon")


def page(draft: Draft, lead: int) -> Expect:
    """The page behind a step: what must show, and, kept in the draft, all that could be read there."""
    visit = draft.visits[lead]
    slots = {d: trace.slots for d, trace in enumerate(draft.traces)}
    taken = {name for env in draft.given.values() for name in env} | set(draft.slots)
    known = tuple(draft.sources.values())
    anchors, shown = _anchors(draft, lead)
    # Where the work begins the case before may still be shown.
    foreign = lead < 0 and not _shown_slots(draft, lead) and not draft.given
    sources = [] if foreign else page_sources(visit, slots, draft.alignment.common, draft.alignment.fixed, known)
    for source in sources:
        name, number = source.name, 2
        while name in draft.sources or name in taken:
            name, number = f"{source.name} ({number})", number + 1
        draft.sources[name] = replace(source, name=name)
    made = Expect(anchors=anchors, slots=shown, known=_known(draft, lead))
    draft.lead_of[id(made)] = lead
    return made


def outcome(draft: Draft, at: int, demos: Sequence[int]) -> Outcome:
    """What comes and goes by a step."""
    came: Counter[str] = Counter()
    went: Counter[str] = Counter()
    slots: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for d in demos:
        trace, intent = draft.traces[d], draft.columns[at].members[d][-1]
        before = trace.views[intent.steps[0]] if intent.steps else trace.views[intent.seen]
        after = trace.views[min(intent.end, len(trace.views) - 1)]
        a, b = _said(before, trace.slots), _said(after, trace.slots)
        # What stood there as words of a longer text does not come.
        came.update(t for t in b.keys() - a.keys() if not before.says(filled(b[t], trace.slots)))
        went.update(a.keys() - b.keys())
        for t, text in (*a.items(), *b.items()):
            spelled.setdefault(t, text)
        for name, value in trace.slots.items():
            slots[name] += value != "" and after.shows(value, at_least=1.1) and not before.shows(value, at_least=1.1)
    least = OFTEN * len(demos)
    return Outcome(
        shows=_telling([spelled[t] for t, n in sorted(came.items(), key=_most) if n >= least]),
        gone=tuple(spelled[t] for t, n in sorted(went.items(), key=_most)[:3] if n >= least),
        slots=tuple(name for name, n in slots.items() if n >= least),
    )


@lru_cache(maxsize=4096)
def _written(value: str) -> re.Pattern[str]:
    """A text as it may be read: with blanks where its letters stand apart, and with letters that look like digits."""
    return re.compile(
        r"\s?".join("[0oO]" if c in "0oO" else "[1lI]" if c in "1lI" else re.escape(c) for c in value), re.I
    )


def _said(view: View, slots: Mapping[str, str]) -> dict[str, str]:
    """The texts of a screen in small letters and as they are spelled, with the name of a given slot in braces where its value stands."""
    found: dict[str, str] = {}
    for e in view.elements:
        text = e.text
        for name, value in slots.items():
            if len(value) > 2 and plain(value) != plain(text):
                text = _written(value).sub(f"{{{name}}}", text)
        if len(plain(text)) > 1:
            found.setdefault(plain(text), text)
    return found


def frame_of_program(traces: Sequence[Trace]) -> tuple[str, ...]:
    """The program's own words at the top of every screen of every demonstration, such as its name and its menu. What stands further
    down may be of a page: where each case was begun on the page of the one before, that page is on every screen too."""
    screens = [view for trace in traces for view in trace.views]
    always = frozenset.intersection(*(frozenset(view.plain_texts) for view in screens))
    first = screens[0]
    words = [i for i, text in enumerate(first.plain_texts) if text in always and any(map(str.isalpha, text))]
    if not words:
        return ()
    top = min(words, key=lambda i: first.elements[i].box.y0)
    row = [i for i in words if i == top or i in first.level_with(top)]
    return tuple(dict.fromkeys(first.elements[i].text for i in row))[:_FRAME]


def last_outcome(traces: Sequence[Trace]) -> Outcome:
    """What the last screens have in common that those before the last step have not."""
    last: Counter[str] = Counter()
    before: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for trace in traces:
        end = trace.views[-1]
        begin = trace.views[trace.intents[-1].steps[0]] if trace.intents and trace.intents[-1].steps else trace.views[0]
        said = _said(end, trace.slots)
        last.update(said.keys())
        before.update(_said(begin, trace.slots).keys())
        for t, text in said.items():
            spelled.setdefault(t, text)
    count = len(traces)
    shows = [
        t for t, n in sorted(last.items(), key=_most) if n >= OFTEN * count and before[t] <= 0.1 * count and len(t) > 1
    ]
    slots = tuple(
        name for name in traces[0].slots
        if sum(trace.views[-1].shows(trace.slots.get(name, ""), at_least=1.1) for trace in traces) >= 0.95 * count
    )  # fmt: skip
    return Outcome(shows=_telling([spelled[t] for t in shows]), slots=slots)


def _telling(texts: Sequence[str]) -> tuple[str, ...]:
    """Of the texts that come, those that name the case, where there are any: a message of another case is then none."""
    return tuple([text for text in texts if "{" in text] or texts)[:_OUTCOMES]


def scroll_at(traces: Sequence[Trace]) -> tuple[float, float]:
    """Where the wheel was turned, as shares of the screen; near the right edge where it never was."""
    points = [
        (p.x / max(1, t.views[0].observation.width), p.y / max(1, t.views[0].observation.height))
        for t in traces
        for p in t.scrolls
    ]
    if not points:
        return 0.97, 0.5
    xs, ys = sorted(x for x, _ in points), sorted(y for _, y in points)
    return round(xs[len(xs) // 2], 3), round(ys[len(ys) // 2], 3)


def _most(item: tuple[str, int]) -> tuple[int, int, str]:
    """The most frequent first, then the longest: short texts are the likeliest to be misread or to stand elsewhere."""
    return -item[1], -min(len(item[0]), 30), item[0]


def _anchors(draft: Draft, lead: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    visit = draft.visits[lead]
    count = len(visit.views)
    here = _shown_first(draft, lead)
    elsewhere: Counter[str] = Counter()
    others = [other for other in draft.visits if other != lead and draft.visits[other].views]
    for other in others:
        for text, n in _shown_first(draft, other).items():
            elsewhere[text] = max(elsewhere[text], round(100 * n / len(draft.visits[other].views)))
    least = count if lead < 0 else OFTEN * count
    always = [text for text, n in here.items() if n >= least and len(text) > 1]
    if lead < 0 and others:
        # Where the work begins depends on how the case before ended: only what every page of the program shows counts.
        always = [text for text in always if elsewhere[text] >= 50]
    views = next(iter(visit.views.values()), None)
    order = {plain(e.text): i for i, e in enumerate(views[0].elements)} if views else {}
    # A number is rather of a case, or of a day, than of the page.
    always.sort(key=lambda t: (elsewhere[t] >= 50, any(map(str.isdigit, t)), order.get(t, 999), t))
    spelled = {plain(e.text): e.text for shown in visit.views.values() for e in shown[0].elements}
    return tuple(spelled[text] for text in always[:_ANCHORS]), () if lead < 0 else _shown_slots(draft, lead)


def _shown_slots(draft: Draft, lead: int) -> tuple[str, ...]:
    """The given slots whose value the page shows when it has come."""
    visit = draft.visits[lead]
    count = len(visit.views)
    return tuple(
        name for name in draft.slots
        if count and sum(
            shown[0].shows(draft.traces[d].slots.get(name, ""), at_least=1.1) for d, shown in visit.views.items()
        ) >= 0.95 * count
    )  # fmt: skip


def _shown_first(draft: Draft, lead: int) -> Counter[str]:
    """In how many demonstrations each text shows when the page has come."""
    return Counter(
        text for views in draft.visits[lead].views.values() for text in {t for t in views[0].plain_texts if t}
    )


def _known(draft: Draft, lead: int) -> tuple[str, ...]:
    """What could be pressed on the page in some demonstration."""
    found = {
        view.plain_texts[i] for views in draft.visits[lead].views.values() for view in views
        for i, e in enumerate(view.elements) if e.kind in _PRESSED and view.plain_texts[i] in draft.alignment.common
    }  # fmt: skip
    return tuple(sorted(found))
