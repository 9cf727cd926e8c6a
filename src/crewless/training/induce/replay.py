"""A job against a recording: does it do what the person did, step for step, on the person's own screens?

The interpreter is the one that works; only the hands differ. They look at the recorded screens of a page, all at once, and instead of
acting they look whether the person did the same.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from crewless.core.messages import Decision
from crewless.policy.job.hands import aim, holds_text, is_page
from crewless.policy.job.interpreter import Deeds, HandOverError, Interpreter
from crewless.policy.job.places import Place
from crewless.policy.job.program import Drag, Expect, Job, Judge, Key, Press, Set, filled, walk
from crewless.policy.job.row_keys import find_row, first_left, item_band, item_key
from crewless.policy.job.targets import Target, alike, candidates, ground
from crewless.policy.job.view import Band, View
from crewless.policy.judgement import Judged, Judgement
from crewless.policy.texts import misread, plain
from crewless.training.induce.intents import Intent, Trace, is_entry
from crewless.training.induce.targets import same_spot

Found = TypeVar("Found")
_SAME_COLUMN = 0.08
"""Of the screen's width: what is let go so near is let go in the same column."""
_SUBMITS = ("Return", "KP_Enter")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one replay."""

    actions: int
    """Intents of the demonstration."""
    explained: int
    """Of these the job did, in its own way through."""
    misread: int
    """Of these were texts in which a letter was read wrongly."""
    problem: str
    """Why the job stopped, or what it would have done otherwise; empty: it explains all."""


def replay(
    job: Job, trace: Trace, answers: Mapping[str, str], judgements: Mapping[str, Judgement] | None = None
) -> Replayed:  # fmt: skip
    """Run a job on a recording.

    Args:
        job: what is tried.
        trace: the recording.
        answers: what the person judged, by name.
        judgements: what judges where no answer is given.
    """
    hands = ReplayHands(trace, _by_name(job, answers), job.frame, judgements or {})
    run = Interpreter(job, trace.slots, hands)
    problem = ""
    try:
        for _ in run.run():
            pass
    except HandOverError as reason:
        problem = str(reason)
    total = len(trace.intents)
    explained = len(hands.explained)
    if not problem and explained < total:
        left = next(intent for at, intent in enumerate(trace.intents) if at not in hands.explained)
        problem = f"the job does not do this: {said(trace, left)}"
    return Replayed(total, explained, hands.misread, problem)


def _by_name(job: Job, answers: Mapping[str, str]) -> dict[str, str]:
    """The answers by the names that the job has for them: it may have been learnt from other recordings than they."""
    judged = [step for step in walk(job.steps) if isinstance(step, Judge)]
    named = {step.name: answers[step.name] for step in judged if step.name in answers}
    for step in judged:
        fitting = [name for name in answers if name not in named and answers[name] in step.answers]
        if step.name not in named and len(fitting) == 1:
            named[step.name] = answers[fitting[0]]
    return {**answers, **named}


_VERBS = {
    "text": "fill in", "choice": "choose in", "toggle": "set", "slide": "slide", "press": "press", "key": "press the key", "drag": "drag",
    "type": "type",
}  # fmt: skip


def said(trace: Trace, intent: Intent) -> str:
    """An intent in words, such as “fill in the field “Amount”: 12.50”."""
    verb = _VERBS[intent.kind] if intent.verb in ("click", "key", "drag") else intent.verb.replace("_", "-")
    if intent.kind == "key":
        verb = f"{verb} {intent.value}"
    where = ""
    if intent.element is not None:
        view = trace.views[intent.seen]
        element = view.elements[intent.element]
        beside = is_entry(intent) and element.kind not in ("text", "link", "checkbox")
        name = (next(iter(view.names_of(intent.element)), "") if beside else "") or element.text or element.label
        thing = f"{element.kind}{f' “{name}”' if name else ''}"
        if intent.kind in ("text", "key") and element.kind in ("text", "link"):
            thing = f"place beside the {thing}"
        where = f"{' in' if intent.kind == 'key' else ''} the {thing}"
    value = f": {intent.value}" if intent.value and intent.kind != "key" else ""
    return f"{verb}{where}{value}"


@dataclass(slots=True)
class ReplayHands:
    """Hands on a recording. Implements :class:`crewless.policy.job.interpreter.Hands`."""

    trace: Trace
    answers: Mapping[str, str]
    frame: tuple[str, ...] = ()
    """What every page of the program has."""
    judgements: Mapping[str, Judgement] = field(default_factory=dict[str, Judgement])
    explained: set[int] = field(default_factory=set[int])
    misread: int = 0
    _lead: int = -1
    """The intent that led to this page; -1: the first page."""
    _here: tuple[View, tuple[str, ...], Target, Band] | None = None

    def _segment(self) -> tuple[list[int], int, Sequence[View]]:
        """The entries of the page, the intent that leads on (or -1), and the page's screens."""
        intents = self.trace.intents
        entries: list[int] = []
        on = -1
        for at in range(self._lead + 1, len(intents)):
            if not is_entry(intents[at]):
                on = at
                break
            entries.append(at)
        start = 0 if self._lead < 0 else intents[self._lead].end
        last = intents[on].seen if on >= 0 else len(self.trace.views) - 1
        if on >= 0 and intents[on].steps:
            last = max(last, intents[on].steps[0])
        return entries, on, self.trace.views[start : max(start, last) + 1]

    def expect(self, page: Expect) -> Deeds:
        """The page's screens must show it."""
        self._here = None
        _, _, views = self._segment()
        if any(is_page(page, view, self.trace.slots, self.frame) for view in views):
            return
        raise HandOverError(f"the page that shows “{page.anchors[0] if page.anchors else '?'}” does not come")
        yield

    def read(self, place: Place, env: Mapping[str, str], *, search: bool) -> Generator[Decision, None, str | None]:
        """The first text that stood there."""
        if self._here is not None:
            return place.read(self._here[0], env, self._here[3])
        _, _, views = self._segment()
        return next((text for view in views if (text := place.read(view, env)) is not None), None)
        yield

    def shows(self, target: Target, env: Mapping[str, str]) -> Generator[Decision, None, bool]:
        """Whether some screen of the page shows it."""
        _, _, views = self._segment()
        return any(ground(target, view, env, self.row()) is not None for view in views)
        yield

    def text_of(self, target: Target, env: Mapping[str, str]) -> Generator[Decision, None, str | None]:
        """What it says on the last screen of the page."""
        _, _, views = self._segment()
        hit = ground(target, views[-1], env, self._row_in(views[-1]))
        return None if hit is None else views[-1].elements[hit.index].text
        yield

    def set(self, entry: Set, value: str, env: Mapping[str, str]) -> Generator[Decision, None, bool]:
        """The person must have given the same widget the same value, or found it there."""
        entries, _, views = self._segment()
        target = aim(entry, value)
        for at in entries:
            intent = self.trace.intents[at]
            view = self.trace.views[intent.seen]
            if at in self.explained or intent.element is None:
                continue
            hit = ground(target, view, env, self._row_in(view))
            if hit is None or not (
                same_spot(view, hit.index, intent.element) or view.elements[intent.element].box.contains(hit.point)
            ):
                continue
            if intent.value != value and not (entry.kind == "choice" and plain(intent.value) == plain(value)):
                if not misread(value, intent.value):
                    raise HandOverError(
                        f"{entry.target.words()} would get {value!r}; the demonstration gave {intent.value!r}"
                    )
                self.misread += 1
            self.explained.add(at)
            return True
        for view in views:
            hit = ground(target, view, env, self._row_in(view))
            if hit is not None:
                element = view.elements[hit.index]
                held = (("checked" in element.state) == (value == "on")) if entry.kind == "toggle" else (
                    "checked" in element.state if element.kind == "radio" else alike(element.text, value) or holds_text(element, value)
                )  # fmt: skip
                if held:
                    return True
                raise HandOverError(f"{entry.target.words()} would get {value!r}; the demonstration left it alone")
        return False
        yield

    def press(self, step: Press, env: Mapping[str, str]) -> Deeds:
        """The person must have pressed the same next."""
        at, intent = self._next(step.target.words())
        view = self.trace.views[intent.seen]
        if intent.kind == "key" and intent.value in _SUBMITS:
            self._on(at)
            return
        if intent.kind != "press" or intent.verb != step.verb or intent.element is None:
            self._differs(step.target.words(), intent)
        hit = ground(step.target, view, env, self._row_in(view))
        if hit is None or not same_spot(view, hit.index, intent.element):
            self._differs(step.target.words(), intent)
        self._on(at)
        return
        yield

    def key(self, step: Key, env: Mapping[str, str]) -> Deeds:
        """The person must have pressed the same key next, or the button that does the same."""
        at, intent = self._next(f"the key {step.chord}")
        if not (intent.kind == "key" and intent.value == step.chord) and not (
            step.chord in _SUBMITS and intent.kind == "press"
        ):
            self._differs(f"the key {step.chord}", intent)
        self._on(at)
        return
        yield

    def type(self, text: str, *, shown: bool) -> Deeds:
        """The person must have typed the same."""
        at, intent = self._next(f"typing {text!r}")
        if intent.kind != "type" or not misread(text, intent.value):
            self._differs(f"typing {text!r}", intent)
        self._on(at)
        return
        yield

    def drag(self, step: Drag, env: Mapping[str, str]) -> Deeds:
        """The person must have dragged the same to the same place."""
        at, intent = self._next(step.words())
        view = self.trace.views[intent.seen]
        source, to = ground(step.source, view, env, self._row_in(view)), ground(step.to, view, env, self._row_in(view))
        if intent.kind != "drag" or source is None or to is None or intent.element is None or intent.drop is None:
            self._differs(step.words(), intent)
        there = intent.to is not None and same_spot(view, to.index, intent.to)
        there = there or abs(to.point.x - intent.drop.x) <= _SAME_COLUMN * view.observation.width
        if not same_spot(view, source.index, intent.element) or not there:
            self._differs(step.words(), intent)
        self._on(at)
        return
        yield

    def rows(
        self, marker: Target, env: Mapping[str, str], done: Sequence[tuple[str, ...]]
    ) -> Generator[Decision, None, tuple[str, ...] | None]:
        """The next row of any of the page's screens."""
        self._here = None
        _, _, views = self._segment()
        fewest = min((sum(e.kind == "option" for e in view.elements) for view in views), default=0)
        for view in views:
            if sum(e.kind == "option" for e in view.elements) > fewest:
                continue
            hits = sorted(candidates(marker, view, env), key=lambda hit: view.elements[hit.index].box.y0)
            keys = [item_key(view, marker, hit.index) for hit in hits]
            at = first_left(keys, done)
            if at is not None:
                self._here = view, keys[at], marker, item_band(view, marker, hits[at].index)
                return keys[at]
        return None
        yield

    def row(self) -> Band | None:
        """Where the row stood when it was found."""
        return None if self._here is None else self._here[3]

    def judge(self, name: str, text: str) -> Judged:
        """What the person judged."""
        if name not in self.answers and name in self.judgements:
            return self.judgements[name].judge(text, threshold=0.0)
        if name not in self.answers:
            return Judged(values=("",), confidence=0.0, answered=False, why=f"nothing was judged as {name}")
        return Judged(values=(self.answers[name],), confidence=1.0, answered=True)

    def finish(self, job: Job, env: Mapping[str, str]) -> Deeds:
        """The last screen must show what tells that the case is finished."""
        view = self.trace.views[-1]
        if job.done.shows and not any(view.says(filled(text, self.trace.slots)) for text in job.done.shows):
            raise HandOverError(f"the last screen does not show “{job.done.shows[0]}”")
        return
        yield

    def _row_in(self, view: View) -> Band | None:
        """The row on another screen of the page."""
        if self._here is None:
            return None
        found, key, marker, band = self._here
        now = band if view is found else find_row(view, marker, self.trace.slots, key)
        return band if now is None else now

    def _next(self, about: str) -> tuple[int, Intent]:
        entries, on, _ = self._segment()
        left = [at for at in entries if at not in self.explained]
        if left:
            raise HandOverError(f"the job does not do this: {said(self.trace, self.trace.intents[left[0]])}")
        if on < 0:
            raise HandOverError(f"the job goes on with {about}; the demonstration ends here")
        return on, self.trace.intents[on]

    def _differs(self, about: str, intent: Intent) -> NoReturn:
        raise HandOverError(f"the job goes on with {about}; the demonstration did this: {said(self.trace, intent)}")

    def _on(self, at: int) -> None:
        self.explained.add(at)
        self._lead = at
        self._here = None
