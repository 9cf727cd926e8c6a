"""The one interpreter of jobs: walks over a job's steps, and asks its hands for what is to be done on the screen.

It is written as generators: each ``yield`` is one decision, and the screen is a new one behind it. Hands work on a screen
(:mod:`crewless.policy.job.hands`) or on a recording (:mod:`crewless.training.induce.replay`); the way through the job is the same.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

from crewless.core.messages import Decision
from crewless.policy.job.conditions import Nothing, decide, names_of_value, true_in
from crewless.policy.job.formats import rank_of
from crewless.policy.job.places import Place
from crewless.policy.job.program import (
    Drag,
    Expect,
    Form,
    If,
    Job,
    Judge,
    Key,
    Person,
    Press,
    Read,
    Rows,
    Set,
    Step,
    Type,
    Until,
    names_needed,
)  # fmt: skip
from crewless.policy.job.targets import Target
from crewless.policy.job.view import Band
from crewless.policy.judgement import Judged

Deeds = Generator[Decision, None, None]


class HandOverError(Exception):
    """The case goes to a person; the message says why."""


class Hands(Protocol):
    """What an interpreter needs of a screen. Every generator yields decisions and looks again after each."""

    def expect(self, page: Expect) -> Deeds:
        """Wait for a page. Raises HandOverError when it does not come."""
        ...

    def read(self, place: Place, env: Mapping[str, str], *, search: bool) -> "Generator[Decision, None, str | None]":
        """The text at a place; None where it is not there. ``search``: scroll for it."""
        ...

    def shows(self, target: Target, env: Mapping[str, str]) -> "Generator[Decision, None, bool]":
        """Whether a target is there, scrolled for."""
        ...

    def text_of(self, target: Target, env: Mapping[str, str]) -> "Generator[Decision, None, str | None]":
        """What a target says; None where it is not in sight."""
        ...

    def set(self, entry: Set, value: str, env: Mapping[str, str]) -> "Generator[Decision, None, bool]":
        """Give a widget its value; False where it is not there."""
        ...

    def press(self, step: Press, env: Mapping[str, str]) -> Deeds:
        """Press something and wait for the effect."""
        ...

    def key(self, step: Key, env: Mapping[str, str]) -> Deeds:
        """Press a key and wait for the effect."""
        ...

    def type(self, text: str, *, shown: bool) -> Deeds:
        """Type where the focus is. ``shown``: and see it come up. Raises HandOverError when it does not."""
        ...

    def drag(self, step: Drag, env: Mapping[str, str]) -> Deeds:
        """Drag something onto something."""
        ...

    def rows(self, marker: Target, env: Mapping[str, str], done: Sequence[tuple[str, ...]]) -> "Generator[Decision, None, tuple[str, ...] | None]":  # fmt: skip
        """Bring a row that is not done yet onto the screen, and be there; its texts, or None when there is none left."""
        ...

    def row(self) -> Band | None:
        """The row where the hands are."""
        ...

    def judge(self, name: str, text: str) -> Judged:
        """Which answer a text deserves."""
        ...

    def finish(self, job: Job, env: Mapping[str, str]) -> Deeds:
        """Wait until the screen shows that the case is finished. Raises HandOverError when it does not."""
        ...


class Interpreter:
    """One run of a job for one case.

    Args:
        job: what is worked.
        slots: what the queue gave.
        hands: what it is worked with.
    """

    def __init__(self, job: Job, slots: Mapping[str, str], hands: Hands) -> None:
        self.job, self.hands = job, hands
        self.env: dict[str, str] = dict(slots)
        self.judged: list[Judged] = []
        self.begun = False
        """Something was filled in or pressed after the first page."""
        self._pending: dict[str, Read] = {}

    def run(self) -> Deeds:
        """Work the case to its end. Raises HandOverError."""
        missing = [slot for slot in self.job.slots if not self.env.get(slot)]
        if missing:
            raise HandOverError(f"the case has no {', '.join(missing)}")
        yield from self._steps(self.job.steps)
        yield from self.hands.finish(self.job, self.env)

    def _steps(self, steps: Sequence[Step]) -> Deeds:
        for step in steps:
            yield from self._step(step)

    def _step(self, step: Step) -> Deeds:
        match step:
            case Expect():
                self._pending.clear()
                yield from self.hands.expect(step)
            case Read():
                yield from self._read(step)
            case Judge():
                yield from self._judge(step)
            case Form(entries):
                for entry in entries:
                    yield from self._set(entry)
            case Press():
                yield from self._before_leaving()
                yield from self._need(step.target)
                self.begun = True
                yield from self.hands.press(step, self.env)
            case Key():
                yield from self._before_leaving()
                if step.target is not None:
                    yield from self._need(step.target)
                yield from self.hands.key(step, self.env)
            case Type(value, shown):
                text = yield from self._value_of(value, "what is typed")
                if text:
                    self.begun = True
                    yield from self.hands.type(text, shown=shown)
            case Drag():
                yield from self._need(step.source)
                yield from self._need(step.to)
                self.begun = True
                yield from self.hands.drag(step, self.env)
            case If():
                yield from self._steps(step.steps if (yield from self._holds(step)) else step.otherwise)
            case Rows():
                yield from self._rows(step)
            case Until():
                yield from self._until(step)
            case Person(about):
                raise HandOverError(f"nothing was learnt about this: {about}")

    # Reading

    def _read(self, step: Read) -> Deeds:
        self.env.pop(step.name, None)
        text = yield from self.hands.read(step.place, self.env, search=False)
        if text is None:
            self._pending[step.name] = step
        else:
            self.env[step.name] = text

    def _fetch(self, name: str) -> Deeds:
        """Read what was not on the screen when its page came: it is scrolled for. Raises HandOverError when it must be there."""
        step = self._pending.pop(name, None)
        if step is None:
            return
        text = yield from self.hands.read(step.place, self.env, search=True)
        if text is not None:
            self.env[name] = text
        elif not step.optional:
            raise HandOverError(f"{step.place.words()} is not on the page, or has no text")

    def _need(self, target: Target) -> Deeds:
        for value in (target.text, target.row):
            if value is not None:
                for name in names_of_value(value):
                    yield from self._fetch(name)

    def _before_leaving(self) -> Deeds:
        for name in list(self._pending):
            yield from self._fetch(name)

    # Values

    def _value_of(self, value: object, about: str) -> "Generator[Decision, None, str | None]":
        """The text; None where nothing is to be done. Raises HandOverError where it cannot be told."""
        for name in names_of_value(value):  # pyright: ignore[reportArgumentType]
            yield from self._fetch(name)
        chosen = decide(value, self.env)  # pyright: ignore[reportArgumentType]
        if isinstance(chosen, Nothing):
            return None
        text = None if chosen is None else chosen.value(self.env)
        if text is None:
            seen = ", ".join(f"{n} is {self.env[n]!r}" for n in sorted(names_of_value(value)) if n in self.env)  # pyright: ignore[reportArgumentType]
            raise HandOverError(f"no value for {about}{f': {seen}' if seen else ''}")
        return text

    def _set(self, entry: Set) -> Deeds:
        if entry.optional:
            there = yield from self.hands.shows(entry.target, self.env)
            if not there:
                return
        text = yield from self._value_of(entry.value, entry.target.words())
        if text is None or (text == "" and entry.kind != "text"):
            return
        yield from self._need(entry.target)
        self.begun = True
        done = yield from self.hands.set(entry, text, self.env)
        if not done and not entry.optional:
            raise HandOverError(f"{entry.target.words()} is not on the page")

    def _judge(self, step: Judge) -> Deeds:
        text = yield from self._value_of(step.of, f"what {step.name} is judged by")
        judged = self.hands.judge(step.name, text or "")
        self.judged.append(judged)
        if not judged.answered:
            raise HandOverError(judged.why)
        self.env[step.name] = judged.values[0]

    def _holds(self, step: If) -> "Generator[Decision, None, bool]":
        if step.test is None:
            return (yield from self._comes(step.steps))
        for name in names_of_value(step.test):
            yield from self._fetch(name)
        held = true_in(step.test, self.env)
        if held is None:
            raise HandOverError(f"cannot tell whether {step.test.words()}")
        return held

    def _comes(self, steps: Sequence[Step]) -> "Generator[Decision, None, bool]":
        """Whether the first thing that these steps act on is there."""
        for step in steps:
            match step:
                case Press(target) | Until(target):
                    return (yield from self.hands.shows(target, self.env))
                case Form(entries) if entries:
                    return (yield from self.hands.shows(entries[0].target, self.env))
                case Rows(marker):
                    return (yield from self.hands.shows(marker, self.env))
                case Drag(source):
                    return (yield from self.hands.shows(source, self.env))
                case _:
                    continue
        return False

    # Loops

    def _rows(self, step: Rows) -> Deeds:
        done: list[tuple[str, ...]] = []
        outer = dict(self.env)
        for name in names_needed(step.steps) - {each.name for each in step.steps if isinstance(each, Read)}:
            yield from self._fetch(name)
        while len(done) < 1000:
            key = yield from self.hands.rows(step.marker, self.env, done)
            if key is None:
                break
            done.append(key)
            self.env = dict(outer)
            yield from self._steps(step.steps)
            # What was left unread in a row is not there.
            for name in [name for name, read in self._pending.items() if read in step.steps]:
                self._pending.pop(name)
        self.env = outer

    def _until(self, step: Until) -> Deeds:
        yield from self._need(step.target)
        for _ in range(step.most):
            there = yield from self.hands.shows(step.target, self.env)
            if there:
                return
            if step.back is not None and (yield from self._is_beyond(step)):
                yield from self.hands.press(step.back, self.env)
            elif isinstance(step.press, Press):
                if not (yield from self.hands.shows(step.press.target, self.env)):
                    break
                yield from self.hands.press(step.press, self.env)
            else:
                yield from self.hands.key(step.press, self.env)
        raise HandOverError(f"{step.target.words()} does not come")

    def _is_beyond(self, step: Until) -> "Generator[Decision, None, bool]":
        """Whether what shows is beyond what is wanted. Raises HandOverError where the two cannot be compared."""
        wanted = None if step.target.text is None else step.target.text.value(self.env)
        now = None if step.shown is None else (yield from self.hands.text_of(step.shown, self.env))
        ranks = None if wanted is None else rank_of(wanted), None if now is None else rank_of(now)
        if ranks[0] is None or ranks[1] is None or ranks[0][0] != ranks[1][0]:
            raise HandOverError(f"cannot tell whether {now!r} is before or behind {wanted!r}")
        return ranks[1] > ranks[0]
