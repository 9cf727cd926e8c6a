"""A job as data: steps, what each must find on the screen, and what shows afterwards. A person can open it, read it and edit it.

A job is a list of steps. Those that change what is filled in stand in a :class:`Form`, whose order does not matter; those that lead
on stand alone and say what shows when they have had their effect. Before the first step on a page stands an :class:`Expect`:
nothing is read or done where the page does not show it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from crewless.core.errors import BadInput
from crewless.policy.job.conditions import Test, Value, names_of_value
from crewless.policy.job.places import Place
from crewless.policy.job.slides import Slide
from crewless.policy.job.targets import Target
from crewless.policy.job.values import Expression

FORMAT = 1
MOVING = frozenset({"Tab", "shift+Tab", "ISO_Left_Tab", "shift+ISO_Left_Tab"})
"""Keys that lead from one field to another."""
SetKind = Literal["text", "choice", "toggle", "date", "slider"]
PressVerb = Literal["click", "double_click", "right_click", "hover"]


class Outcome(Struct, frozen=True):
    """What tells that a step had its effect."""

    shows: tuple[str, ...] = ()
    """Texts that come; one of them is enough. A slot's name in braces stands for its value: “Order {order} is booked”."""
    gone: tuple[str, ...] = ()
    """Texts that go; all of them."""
    slots: tuple[str, ...] = ()
    """Given slots whose value then stands on the screen."""

    def words(self) -> str:
        """Such as “until 'Saved' shows”."""
        shown = [*(f"“{text}”" for text in self.shows[:3]), *(f"the {slot}" for slot in self.slots)]
        if shown:
            return f"until {' or '.join(shown)} shows"
        return f"until “{self.gone[0]}” is gone" if self.gone else "until the screen changes"


def filled(text: str, slots: Mapping[str, str]) -> str:
    """A text with the values of the slots that it names in braces."""
    for name, value in slots.items():
        text = text.replace(f"{{{name}}}", value)
    return text


class Expect(Struct, frozen=True, tag=True):
    """A page: what must be on the screen before anything is read or done there."""

    anchors: tuple[str, ...]
    """Texts; at least half of them must be there."""
    slots: tuple[str, ...] = ()
    """Given slots whose value must be there: the page of this case and of no other."""
    known: tuple[str, ...] = ()
    """Texts of things that can be pressed there, in small letters, as they were seen."""

    def words(self) -> str:
        """What is waited for."""
        shown = [*(f"“{text}”" for text in self.anchors[:3]), *(f"the {slot}" for slot in self.slots)]
        return f"Wait for the page that shows {', '.join(shown)}" if shown else "Wait until the page is there"


class Read(Struct, frozen=True, tag=True):
    """A text is read and kept under a name."""

    name: str
    place: Place
    optional: bool = False
    """It need not be there."""

    def words(self) -> str:
        """What is read, and its name."""
        return f"Read {self.place.words()} as {self.name}{', if it is there' if self.optional else ''}"


class Judge(Struct, frozen=True, tag=True):
    """Which of several answers a text deserves."""

    name: str
    of: Expression
    answers: tuple[str, ...]

    def words(self) -> str:
        """The answers."""
        return f"Judge {self.of.words()} as {self.name}: {', '.join(f'“{answer}”' if answer else 'nothing' for answer in self.answers)}"


class Set(Struct, frozen=True, tag=True):
    """A widget gets its final value."""

    target: Target
    kind: SetKind
    value: Value
    optional: bool = False
    """Where the widget is not on the page, nothing is done."""
    seen: int = 0
    """In how many demonstrations."""
    slide: Slide | None = None
    """slider: where its thumb stands."""

    def words(self) -> str:
        """The widget and the value."""
        verb = {"text": "Fill in", "choice": "Choose in", "toggle": "Set", "date": "Pick in", "slider": "Slide"}[
            self.kind
        ]
        there = ", if it is there" if self.optional else ""
        return f"{verb} {self.target.words()}{there}: {self.value.words()}"


class Form(Struct, frozen=True, tag=True):
    """Final values of one page, in whatever order."""

    entries: tuple[Set, ...]

    def words(self) -> str:
        """A heading for what follows."""
        return "Fill in, in any order"


class Press(Struct, frozen=True, tag=True):
    """Something is pressed, once, and its effect waited for."""

    target: Target
    verb: PressVerb = "click"
    outcome: Outcome = Outcome()
    commits: bool = False
    """It may change the record: it is never done twice."""
    seen: int = 0

    def words(self) -> str:
        """What is pressed and what shows then."""
        verb = {"click": "Press", "double_click": "Double-click", "right_click": "Right-click", "hover": "Point at"}[
            self.verb
        ]
        return f"{verb} {self.target.words()}, {self.outcome.words()}"


class Key(Struct, frozen=True, tag=True):
    """A key or a chord is pressed."""

    chord: str
    target: Target | None = None
    """Where the focus must be: it is clicked first."""
    outcome: Outcome = Outcome()
    commits: bool = False
    seen: int = 0

    def words(self) -> str:
        """The key."""
        where = f" in {self.target.words()}" if self.target is not None else ""
        return f"Press the key {self.chord}{where}, {self.outcome.words()}"


class Type(Struct, frozen=True, tag=True):
    """Text is typed where the focus is, without a field that could be seen."""

    value: Value
    shown: bool = False
    """What was typed could be read afterwards."""
    seen: int = 0

    def words(self) -> str:
        """The text."""
        return f"Type {self.value.words()}"


class Drag(Struct, frozen=True, tag=True):
    """Something is dragged onto something else."""

    source: Target
    to: Target
    outcome: Outcome = Outcome()
    commits: bool = True
    seen: int = 0

    def words(self) -> str:
        """From and to."""
        return f"Drag {self.source.words()} onto {self.to.words()}"


class If(Struct, frozen=True, tag=True):
    """Steps that are done only under a condition, or where their page comes up."""

    test: Test | None
    """None: where the first step's page or target shows."""
    steps: "tuple[Step, ...]"
    otherwise: "tuple[Step, ...]" = ()

    def words(self) -> str:
        """The condition."""
        return f"If {self.test.words()}" if self.test is not None else "If it shows"


class Rows(Struct, frozen=True, tag=True):
    """Steps for every row of a table or list."""

    marker: Target
    """What every row has one of."""
    steps: "tuple[Step, ...]"
    more: Press | None = None
    """What leads to the next page of the table, while it is there."""
    seen: int = 0

    def words(self) -> str:
        """What the rows are."""
        return f"For every row that has {self.marker.words()}"


class Until(Struct, frozen=True, tag=True):
    """Something is pressed again and again until a target shows."""

    target: Target
    press: "Press | Key"
    back: Press | None = None
    """What is pressed instead where :attr:`shown` is beyond what is wanted."""
    shown: Target | None = None
    """Where it can be seen how far it has come, such as the month of a calendar."""
    most: int = 60
    seen: int = 0

    def words(self) -> str:
        """What is pressed and for what."""
        press = self.press.target.words() if isinstance(self.press, Press) else self.press.chord
        back = f" or {self.back.target.words()}" if self.back is not None else ""
        return f"Press {press}{back} until {self.target.words()} shows"


class Person(Struct, frozen=True, tag=True):
    """What was done here was not understood: the case is handed over."""

    about: str

    def words(self) -> str:
        """What it is."""
        return f"Hand over: {self.about}"


Step = Expect | Read | Judge | Form | Press | Key | Type | Drag | If | Rows | Until | Person


class Job(Struct, frozen=True, kw_only=True):
    """A job."""

    slots: tuple[str, ...]
    """What the queue gives, by name."""
    steps: tuple[Step, ...]
    frame: tuple[str, ...] = ()
    """Texts that every screen of every demonstration showed, such as the program's name: without one of them it is another program."""
    done: Outcome = Outcome()
    """What the screen shows when a case is finished."""
    scroll_at: tuple[float, float] = (0.6, 0.5)
    """Where the wheel is turned, as shares of the screen."""
    demonstrations: int = 0
    unexplained: tuple[str, ...] = ()
    """What the demonstrations did and the job does not."""
    name: str = ""
    format: int = FORMAT


def job_json(job: Job) -> bytes:
    """A job as JSON, indented: what ``crewless job edit`` opens."""
    return msgspec.json.format(msgspec.json.encode(job), indent=1)


def job_from(data: bytes) -> Job:
    """Read a job. Raises BadInput, with where and what is wrong."""
    try:
        job = msgspec.json.decode(data, type=Job)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadInput(f"not a job: {error}", alternatives=["what `crewless job show --json` prints"]) from error
    if job.format != FORMAT:
        raise BadInput(f"the job has format {job.format}", alternatives=[f"format {FORMAT}: train it again"])
    return job


def lines_of(job: Job) -> list[str]:
    """The job in words, a line a step, inner steps indented."""
    frame = [f"On every page: {', '.join(f'“{text}”' for text in job.frame)}"] if job.frame else []
    return [*frame, *_lines(job.steps, "")]


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step, inner ones too."""
    for step in steps:
        yield step
        match step:
            case If(_, inner, otherwise):
                yield from walk(inner)
                yield from walk(otherwise)
            case Rows(_, inner):
                yield from walk(inner)
            case _:
                pass


def names_needed(steps: Sequence[Step]) -> frozenset[str]:
    """The names that steps use."""
    found: set[str] = set()

    def of(*targets: Target | None) -> None:
        for target in targets:
            for value in () if target is None else (target.text, target.row):
                if value is not None:
                    found.update(names_of_value(value))

    for step in steps:
        match step:
            case Form(entries):
                for entry in entries:
                    of(entry.target)
                    found.update(names_of_value(entry.value))
            case Press(target) | Key(_, target):
                of(target)
            case Drag(source, to):
                of(source, to)
            case Type(value):
                found.update(names_of_value(value))
            case If(test, inner, otherwise):
                found.update(names_of_value(test) if test is not None else ())
                found |= names_needed(inner) | names_needed(otherwise)
            case Rows(marker, inner):
                of(marker)
                found |= names_needed(inner)
            case Read(_, place):
                key = getattr(place, "key", None)
                found.update(names_of_value(key) if key is not None else ())
            case Until(target, press):
                of(target, press.target)
            case Judge(_, of_text, _):
                found.update(names_of_value(of_text))
            case _:
                pass
    return frozenset(found)


def _lines(steps: tuple[Step, ...], indent: str) -> Iterator[str]:
    for step in steps:
        seen = getattr(step, "seen", 0)
        yield f"{indent}{step.words()}{f'  ({seen} demonstrations)' if seen else ''}"
        match step:
            case Form(entries):
                for entry in entries:
                    yield f"{indent}  {entry.words()}  ({entry.seen} demonstrations)"
            case If(_, inner, otherwise):
                yield from _lines(inner, indent + "  ")
                if otherwise:
                    yield f"{indent}Else"
                    yield from _lines(otherwise, indent + "  ")
            case Rows(_, inner):
                yield from _lines(inner, indent + "  ")
            case _:
                pass
