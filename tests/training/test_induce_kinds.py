"""Kinds of recordings, each made by hand as small as it can be: what a job is learnt from them, and that it explains them when left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from crewless.core.messages import Action, Box, Case, Demonstration, Element, ElementKind, Observation
from crewless.policy.job.conditions import Either
from crewless.policy.job.program import Form, Key, Press, Set, Type, lines_of, walk
from crewless.training.learn_job import Learning, learn_job


def at(row: int, column: int, text: str = "", kind: ElementKind = "text", *, label: str = "", state: Sequence[str] = (), width: int = 0) -> Element:  # fmt: skip
    """An element in a row and a column of a page of lines of 30 px."""
    x, y = 40 + 160 * column, 40 + 30 * row
    size = width or (
        140 if kind in ("field", "select") else 16 if kind in ("checkbox", "radio") else 9 * max(1, len(text))
    )
    height = 24 if kind in ("field", "select", "button") else 16
    return Element(text=text, box=Box(x, y, x + size, y + height), kind=kind, label=label, state=frozenset(state))


@dataclass
class Recorder:
    """Puts a demonstration together: what shows, what is done, what shows then."""

    slots: Mapping[str, str]
    steps: list[tuple[Observation, Action]] = field(default_factory=list)

    def does(self, screen: Sequence[Element], action: Action) -> None:
        self.steps.append((self._seen(screen), action))

    def clicks(self, screen: Sequence[Element], on: Element) -> None:
        own = self._seen(screen)
        self.steps.append((own, Action(verb="click", point=on.box.centre, element=own.elements.index(on))))

    def types(self, screen: Sequence[Element], text: str) -> None:
        self.does(screen, Action(verb="type", text=text))

    def presses(self, screen: Sequence[Element], chord: str) -> None:
        self.does(screen, Action(verb="key", text=chord))

    def ends(self, screen: Sequence[Element]) -> Demonstration:
        case = Case(id=next(iter(self.slots.values())), slots=dict(self.slots))
        return Demonstration(case=case, steps=tuple(self.steps), last=self._seen(screen), verdict="right")

    def _seen(self, screen: Sequence[Element]) -> Observation:
        order = tuple(sorted(screen, key=lambda e: (e.box.y0, e.box.x0)))
        number = len(self.steps)
        return Observation(elements=order, width=1000, height=700, t_s=float(number), frame_index=number)


def learnt(make: Callable[[int], Demonstration], count: int = 10) -> Learning:
    learning = learn_job([make(n) for n in range(count)], processes=1)
    assert learning.account.problems == ()
    assert learning.account.explained == learning.account.actions
    return learning


def entries(learning: Learning) -> list[Set]:
    return [entry for step in walk(learning.learnt.job.steps) if isinstance(step, Form) for entry in step.entries]


# --- a terminal ----------------------------------------------------------------------------------------------------


def meter(n: int) -> Demonstration:
    """A program worked by keys alone: nothing shows where the text goes until it stands there."""
    number, last, now, by = f"M{500 + 7 * n}", 1000 + 37 * n, 1210 + 61 * n, ("customer", "estimate", "customer")[n % 3]
    recorder = Recorder({"meter": number})
    blank = [at(0, 0, "METERS"), at(2, 0, "Meter number"), at(14, 0, "Type a number and press Return")]
    recorder.types(blank, number)
    recorder.presses([*blank, at(2, 1, number)], "Return")
    page = [
        at(0, 0, "METERS"), at(2, 0, "Meter number"), at(2, 1, number), at(4, 0, "Last reading"), at(4, 1, str(last)), at(5, 0, "Now"),
        at(5, 1, str(now)), at(6, 0, "Read by"), at(6, 1, by), at(8, 0, "Reading"), at(9, 0, "Used"), at(10, 0, "Code A or E"),
    ]  # fmt: skip
    filled = list(page)
    for row, text in ((8, str(now)), (9, str(now - last)), (10, "A" if by == "customer" else "E")):
        recorder.types(list(filled), text)
        filled.append(at(row, 1, text))
        recorder.presses(list(filled), "Tab" if row < 10 else "F2")
    return recorder.ends([*blank, at(15, 0, f"Meter {number} is saved")])


def test_a_program_without_visible_fields_is_worked_by_its_keys() -> None:
    learning = learnt(meter)
    steps = list(walk(learning.learnt.job.steps))
    assert [step.chord for step in steps if isinstance(step, Key)] == ["Return", "Tab", "Tab", "F2"]
    typed = [step for step in steps if isinstance(step, Type)]
    assert [step.value.words() for step in typed] == [
        "meter", "Now", "Now - Last reading written as 1235", "“A” if Read by is “customer”, else “E”",
    ]  # fmt: skip
    assert all(step.shown for step in typed)


def test_what_shows_afterwards_names_the_case() -> None:
    steps = walk(learnt(meter).learnt.job.steps)
    last = [step for step in steps if isinstance(step, Key)][-1]
    assert "Meter {meter} is saved" in last.outcome.shows


# --- a form --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a form is filled in."""

    looks_twice: bool = False
    """The list is opened, left and opened again."""
    behind: bool = False
    """The recorder has missed the page that came, and shows the one before."""
    unseen: bool = False
    """The field is not recognised before something stands in it."""


def member(n: int, manner: Manner = Manner()) -> Demonstration:
    """A member's page: a path with the file's name in it, a payment chosen by the words that are read, a box for the older ones."""
    number, born = f"MB-{200 + 3 * n}", f"{3 + n % 20:02}.0{1 + n % 9}.{(1948, 1979, 1953, 1990)[n % 4] + n % 5}"
    pays, file = ("cash", "card", "transfer")[n * 2 % 3], f"{('scan', 'photo', 'letter')[n % 3]}-{700 + 13 * n}.pdf"
    old = int(born[-4:]) < 1960
    recorder = Recorder({"member": number})
    search, frame = at(0, 1, "", "field", label="Number"), [at(0, 0, "Number"), at(0, 3, "Members")]
    recorder.clicks([*frame, search], search)
    recorder.types([*frame, at(0, 1, "", "field", label="Number", state=("focused",))], number)
    recorder.presses([*frame, at(0, 1, number, "field", label="Number", state=("focused",))], "Return")
    shown = [
        *frame, search, at(2, 0, f"Member {number}"), at(3, 0, "Born"), at(3, 1, born), at(4, 0, "Pays by"), at(4, 1, pays),
        at(5, 0, "File"), at(5, 1, file), at(7, 0, "Path"), at(8, 0, "Payment"), at(9, 0, "Plan"), at(12, 0, "Save", "button"),
    ]  # fmt: skip
    radios = [at(8, 1 + k, text, "radio") for k, text in enumerate(("cash", "card", "transfer"))]
    path, plan, box = (
        at(7, 1, "", "field", label="Path"),
        at(9, 1, "", "select", label="Plan"),
        at(10, 1, "Senior", "checkbox"),
    )
    page = [*shown, *radios, plan, box, *([] if manner.unseen else [path])]
    if manner.behind:
        recorder.does([*frame, search, at(2, 0, "Type a number")], Action(verb="click", point=path.box.centre))
    elif manner.unseen:
        recorder.does(page, Action(verb="click", point=path.box.centre))
    else:
        recorder.clicks(page, path)
    written = f"/inbox/new/{file}"
    recorder.types([*shown, *radios, plan, box, at(7, 1, "", "field", label="Path", state=("focused",))], written)
    page = [*shown, *radios, plan, box, at(7, 1, written, "field", label="Path", state=("focused",), width=300)]
    opened = [*page, *(at(9 + k, 1, text, "option") for k, text in enumerate(("Basic", "Gold"), 1))]
    if manner.looks_twice:
        recorder.clicks(page, plan)
        recorder.does(opened, Action(verb="scroll", point=plan.box.centre, amount=1))
    recorder.clicks(page, plan)
    recorder.clicks(opened, opened[-1])
    plan = at(9, 1, "Gold", "select", label="Plan")
    page = [*page[:-3], plan, box, page[-1]]
    own = next(radio for radio in radios if radio.text == pays)
    recorder.clicks(page, own)
    page = [
        e if e is not own else at(8, round((own.box.x0 - 40) / 160), pays, "radio", state=("checked",)) for e in page
    ]
    if old:
        recorder.clicks(page, box)
        page = [at(10, 1, "Senior", "checkbox", state=("checked",)) if e is box else e for e in page]
    recorder.clicks(page, next(e for e in page if e.kind == "button"))
    return recorder.ends([*frame, search, at(2, 0, f"Member {number} is renewed")])


def values(learning: Learning) -> dict[str, str]:
    return {entry.target.words(): entry.value.words() for entry in entries(learning)}


def test_a_form_by_what_is_read() -> None:
    found = values(learnt(member, 12))
    assert found["the field “Path”"] == "“/inbox/new/” + File"
    assert found["the radio"] == "Pays by"
    assert found["the select “Plan”"] == "“Gold”"


def test_a_box_by_the_year_of_birth() -> None:
    (box,) = [entry for entry in entries(learnt(member, 12)) if entry.kind == "toggle"]
    assert isinstance(box.value, Either)
    assert box.value.test.words() == "Born not before “01.01.1970”"
    assert box.value.yes.words() == "“off”"


def test_a_list_that_is_opened_twice_is_chosen_from_once() -> None:
    usual = learnt(member, 10)
    twice = learnt(lambda n: member(n, Manner(looks_twice=n % 3 == 0)), 10)
    assert lines_of(twice.learnt.job) == lines_of(usual.learnt.job)


def test_a_page_that_came_faster_than_the_recorder_looked() -> None:
    usual = learnt(member, 10)
    quick = learnt(lambda n: member(n, Manner(behind=n == 4)), 10)
    assert values(quick) == values(usual)


def test_a_field_that_only_some_recordings_show_is_one_field() -> None:
    learning = learnt(lambda n: member(n, Manner(unseen=n % 2 == 0)), 10)
    found = values(learning)
    assert [name for name in found if "Path" in name] == ["the place beside the text “Path”"]
    assert found["the place beside the text “Path”"] == "“/inbox/new/” + File"


def test_what_a_list_offers_is_not_read_as_the_page() -> None:
    learning = learnt(member, 12)
    assert not [line for line in lines_of(learning.learnt.job) if line.startswith("Read") and "Basic" in line]


def test_a_press_is_known_by_what_it_led_to() -> None:
    job = learnt(member, 10).learnt.job
    (press,) = [step for step in walk(job.steps) if isinstance(step, Press)]
    assert press.outcome.shows == job.done.shows == ("Member {member} is renewed",)
