"""Hands on a screen: find, scroll, fill in, choose, press, and look whether it had its effect.

Nothing is waited for by time alone: every deed has something that must show, and a limit after which a person is asked. What may
change the record is done once.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec.structs import replace

from crewless.core.messages import Action, Decision, Element, Point
from crewless.policy.job.interpreter import Deeds, HandOverError
from crewless.policy.job.places import InRow, Place
from crewless.policy.job.program import MOVING, Drag, Expect, Job, Key, Outcome, Press, Set, filled
from crewless.policy.job.row_keys import find_row, first_left, item_band, item_key, row_key
from crewless.policy.job.slides import BESIDE, TRIES, number_shown
from crewless.policy.job.targets import Hit, Target, alike, candidates, ground
from crewless.policy.job.values import Constant
from crewless.policy.job.view import Band, View
from crewless.policy.judgement import Judged, Judgement
from crewless.policy.texts import misread, plain, similarity

Found = TypeVar("Found")
_DISMISS = (
    "×", "x", "✕", "close", "dismiss", "not now", "no thanks", "maybe later", "later", "skip", "cancel", "got it", "ok", "accept",
    "accept all", "accept cookies", "i agree", "agree", "reject all", "necessary only", "continue",
    "schließen", "ablehnen", "akzeptieren", "alle akzeptieren", "verstanden", "später", "abbrechen",
    "fermer", "accepter", "plus tard", "cerrar", "aceptar", "chiudi", "accetta", "sluiten", "accepteren",
)  # fmt: skip
"""What closes a bar or a dialog that lies over a page, in the order of preference. Nothing else is ever pressed unasked."""
_GRAVE = (
    "delete",
    "remove",
    "discard",
    "pay",
    "send",
    "transfer",
    "löschen",
    "entfernen",
    "supprimer",
    "eliminar",
    "elimina",
    "verwijder",
)
"""Where one of these words stands beside it, nothing is closed."""
_SAME_PLACE_PX = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class HandsConfig:
    """How patient hands are."""

    patience_s: float = 20.0
    """How long the effect of a press, or a page, may take."""
    list_patience_s: float = 3.0
    """How long an opened list may take."""
    look_s: float = 0.25
    """Between two looks while something is waited for."""
    notches: int = 4
    """Of the wheel, for each step of a search."""
    most_scrolls: int = 30
    tries: int = 2
    """How often a widget is given its value before a person is asked."""
    dismissals: int = 3
    """How many bars and dialogs are closed in a case."""


@dataclass(slots=True)
class _Filled:
    entry: Set
    value: str


@dataclass(slots=True)
class ScreenHands:
    """Hands for one case. :attr:`view` is the newest screen; whoever runs them sets it before each step."""

    job: Job
    judgements: Mapping[str, Judgement]
    thresholds: Mapping[str, float]
    config: HandsConfig = field(default_factory=HandsConfig)
    view: View = field(init=False)
    slots: Mapping[str, str] = field(default_factory=dict[str, str])
    page: Expect | None = None
    _row: tuple[tuple[str, ...], Target, Band] | None = None
    _row_env: Mapping[str, str] = field(default_factory=dict[str, str])
    _filled: list[_Filled] = field(default_factory=list[_Filled])
    _dismissed: int = 0
    _still: tuple[tuple[str, int, int], ...] = ()
    """A screen that was turned in vain."""

    # Pages

    def expect(self, page: Expect) -> Deeds:
        """Wait for a page; close what lies over it."""
        self.page, self._row = page, None
        self._filled.clear()
        came = yield from self._until(lambda: self._is_page(page), self.config.patience_s)
        while not came and (yield from self._dismiss()):
            came = yield from self._until(lambda: self._is_page(page), 2.0)
        if not came:
            strange = [text for text in self.job.frame if not self.view.shows(text)]
            missing = [text for text in page.anchors if not self.view.shows(text)]
            lacking = [name for name in page.slots if not self.view.shows(self.slots.get(name, ""))]
            about = (
                f"“{strange[0]}”, which every page of the program has,"
                if strange
                else f"“{missing[0]}”"
                if missing and not anchored(page, self.view)
                else f"the {lacking[0]} of this case"
                if lacking
                else "the page"
            )
            raise HandOverError(f"{about} does not show; the screen shows {self._gist()}")

    def _is_page(self, page: Expect) -> bool:
        return is_page(page, self.view, self.slots, self.job.frame)

    def _gist(self) -> str:
        texts = [e.text for e in self.view.elements if e.text and e.kind in ("text", "button")][:4]
        return ", ".join(f"“{text[:40]}”" for text in texts) or "nothing"

    def _dismiss(self) -> "Generator[Decision, None, bool]":
        """Close a bar or a dialog that no demonstration had; False where there is none, or it is too grave to be closed unasked."""
        known = set(self.page.known) if self.page is not None else set[str]()
        best: tuple[int, int] | None = None
        for index, element in enumerate(self.view.elements):
            text = self.view.plain_texts[index] or element.text.strip().lower()
            if element.kind in ("button", "link", "icon", "text") and text in _DISMISS and text not in known:
                rank = (_DISMISS.index(text), index)
                best = rank if best is None or rank < best else best
        if best is None or self._dismissed >= self.config.dismissals or self._grave(best[1]):
            return False
        self._dismissed += 1
        element = self.view.elements[best[1]]
        yield self._decision(
            Action(verb="click", point=element.box.centre, element=best[1]),
            f"close what lies over the page: {element.text}",
        )
        return True

    def _grave(self, index: int) -> bool:
        box = self.view.elements[index].box
        near = [
            e.text.lower() for e in self.view.elements
            if abs(e.box.centre.y - box.centre.y) < 12 * self.view.line and abs(e.box.centre.x - box.centre.x) < 40 * self.view.line
        ]  # fmt: skip
        known = set(self.page.known) if self.page is not None else set[str]()
        return any(word in text.split() for text in near for word in _GRAVE if plain(text) not in known)

    # Reading

    def read(self, place: Place, env: Mapping[str, str], *, search: bool) -> "Generator[Decision, None, str | None]":
        """The text at a place; scrolled for where it is not in sight and ``search`` says so."""

        def look() -> str | None:
            return place.read(self.view, env, self.row())

        text = look()
        if text is None and search and not isinstance(place, InRow):
            text = yield from self._search(look)
        return text

    def shows(self, target: Target, env: Mapping[str, str]) -> "Generator[Decision, None, bool]":
        """Whether a target is somewhere on the page."""
        return (yield from self._find(target, env)) is not None

    def text_of(self, target: Target, env: Mapping[str, str]) -> "Generator[Decision, None, str | None]":
        """What a target says, where it is in sight."""
        hit = ground(target, self.view, env, self.row())
        return None if hit is None else self.view.elements[hit.index].text
        yield

    def _find(self, target: Target, env: Mapping[str, str]) -> "Generator[Decision, None, Hit | None]":
        def look() -> Hit | None:
            return ground(target, self.view, env, self.row())

        hit = look()
        if hit is None and not target.in_row:
            hit = yield from self._search(look)
        return hit

    def _search(self, look: Callable[[], Found | None]) -> "Generator[Decision, None, Found | None]":
        """Scroll down to the end and then up to the beginning until something is seen."""
        start = self.view.signature
        if start == self._still:
            return None
        moved = False
        x, y = self.job.scroll_at
        point = Point(int(x * self.view.observation.width), int(y * self.view.observation.height))
        for direction in (1, -1):
            for _ in range(self.config.most_scrolls):
                before = self.view.signature
                yield self._decision(
                    Action(verb="scroll", point=point, amount=direction * self.config.notches),
                    "looking for what comes next",
                )
                found = look()
                if found is not None:
                    return found
                if self.view.signature == before:
                    break
                moved = True
        # A page that does not move is not turned again for the next thing that is not there.
        self._still = () if moved else start
        return None

    # Filling in

    def set(self, entry: Set, value: str, env: Mapping[str, str]) -> "Generator[Decision, None, bool]":
        """Give a widget its value, and look whether it holds it. Raises HandOverError where it does not."""
        for _ in range(self.config.tries):
            hit = yield from self._find(aim(entry, value), env)
            if hit is None:
                return False
            if self._holds(entry, value, self._widget(hit, entry)):
                self._filled.append(_Filled(entry, value))
                return True
            match entry.kind:
                case "text":
                    yield from self._type_into(hit, value)
                case "toggle":
                    yield from self._click(hit, f"set {entry.target.words()} {value}")
                case "slider":
                    yield from self._slide(hit, entry, value, env)
                case _:
                    yield from self._choose(entry, hit, value)
            held = yield from self._until(lambda: self._shows_value(entry, value, env), 2.0)
            if held:
                self._filled.append(_Filled(entry, value))
                return True
        raise HandOverError(f"{entry.target.words()} does not show {value!r} after it was set")

    def _shows_value(self, entry: Set, value: str, env: Mapping[str, str]) -> bool:
        hit = ground(aim(entry, value), self.view, env, self.row())
        return hit is not None and self._holds(entry, value, self._widget(hit, entry))

    def _widget(self, hit: Hit, entry: Set) -> Element:
        """What shows the value: the element itself, or what stands at the place beside it that is meant."""
        if entry.target.offset is not None:
            at = self.view.at(hit.point)
            level = [i for i in self.view.level_with(hit.index) if self.view.elements[i].text]
            at = (
                at
                if at is not None
                else min(level, key=lambda i: abs(self.view.elements[i].box.x0 - hit.point.x), default=None)
            )
            if at is not None:
                return self.view.elements[at]
        return self.view.elements[hit.index]

    def _holds(self, entry: Set, value: str, element: Element) -> bool:
        match entry.kind:
            case "toggle":
                return ("checked" in element.state) == (value == "on")
            case "choice" if element.kind == "radio":
                return "checked" in element.state
            case "choice":
                return alike(element.text, value)
            case "slider":
                return number_shown(value) is not None and number_shown(element.text) == number_shown(value)
            case _:
                return holds_text(element, value)

    def _type_into(self, hit: Hit, value: str) -> Deeds:
        element = self.view.elements[hit.index]
        inside = self.view.at(hit.point)
        held = self.view.elements[inside].text if inside is not None and inside != hit.index else ""
        if held or (element.text and element.box.contains(hit.point)):
            yield self._decision(
                Action(verb="click", point=hit.point, element=hit.index), f"into {element.label or element.text}"
            )
            yield self._decision(Action(verb="key", text="ctrl+a"), "what it holds is replaced")
            yield self._decision(Action(verb="type", text=value), f"fill in {value!r}")
        else:
            yield self._decision(
                Action(verb="type", point=hit.point, text=value, element=hit.index), f"fill in {value!r}"
            )

    def _slide(self, hit: Hit, entry: Set, value: str, env: Mapping[str, str]) -> Deeds:
        """Drag the thumb to where the number is shown for it; what is left is done by smaller drags and then by keys."""
        wanted, slide = number_shown(value), entry.slide
        if wanted is None or slide is None:
            raise HandOverError(f"{entry.target.words()} cannot be set to {value!r}")
        thumb: Point | None = None
        beside = list(BESIDE)
        for turn in range(TRIES):
            now = number_shown(self.view.elements[hit.index].text)
            if now is None or now == wanted:
                return
            if turn < TRIES // 2:
                start = thumb or slide.point(self.view, hit, now, right=beside[0])
                end = slide.further(self.view, start, wanted - now)
                yield self._decision(Action(verb="drag", point=start, to=end, element=hit.index), f"slide to {value}")
            else:
                end = None
                key = "Right" if (now < wanted) == (slide.step > 0) else "Left"
                yield self._decision(Action(verb="key", text=key), f"slide on to {value}")
            again = yield from self._find(entry.target, env)
            if again is None:
                return
            hit = again
            if number_shown(self.view.elements[hit.index].text) != now:
                # It stands where it was let go.
                thumb = end
            elif len(beside) > 1:
                # Nothing was seized there, or it was moved too little: the next try begins a little beside it.
                thumb = None
                beside.pop(0)

    def _choose(self, entry: Set, hit: Hit, value: str) -> Deeds:
        widget = self.view.elements[hit.index]
        if widget.kind == "radio":
            yield from self._click(hit, f"choose {value}")
            return
        before = self.view
        yield from self._click(hit, f"open {entry.target.words()}")
        found = yield from self._until(lambda: self._option(before, widget, value), self.config.list_patience_s)
        opened = any(e.text and not _was_there(e, before) for e in self.view.elements)
        if found is None:
            found = yield from self._search_list(before, widget, value)
        if found is None:
            yield self._decision(Action(verb="key", text="Escape"), "the list does not offer it")
            if not opened:
                # Some programs close a list that is opened while they are still drawing; whoever called tries once more.
                return
            raise HandOverError(f"{entry.target.words()} does not offer {value!r}")
        option = self.view.elements[found]
        yield self._decision(Action(verb="click", point=option.box.centre, element=found), f"choose {option.text}")

    def _option(self, before: View, widget: Element, value: str) -> int | None:
        """What the opened list offers under that text: something that was not there before, near the widget."""
        fitting = [
            i for i in self.view.find(value)
            if self.view.elements[i].box != widget.box
            and (self.view.elements[i].kind == "option" or not _was_there(self.view.elements[i], before))
        ]  # fmt: skip
        return min(
            fitting,
            key=lambda i: (
                self.view.elements[i].kind != "option", -similarity(self.view.elements[i].text, value),
                abs(self.view.elements[i].box.centre.x - widget.box.centre.x) + abs(self.view.elements[i].box.centre.y - widget.box.centre.y),
            ),
            default=None,
        )  # fmt: skip

    def _search_list(self, before: View, widget: Element, value: str) -> "Generator[Decision, None, int | None]":
        """Turn the wheel over an opened list that is longer than what it shows."""
        offered = [e for e in self.view.elements if e.kind == "option"] or [
            e for e in self.view.elements if e.text and not _was_there(e, before) and e.box != widget.box
        ]
        if not offered:
            return None
        middle = sorted(offered, key=lambda e: e.box.y0)[len(offered) // 2].box.centre
        for direction in (1, -1):
            for _ in range(self.config.most_scrolls):
                seen = self.view.signature
                yield self._decision(
                    Action(verb="scroll", point=middle, amount=2 * direction), "further along the list"
                )
                found = self._option(before, widget, value)
                if found is not None:
                    return found
                if self.view.signature == seen:
                    break
        return None

    # Pressing

    def press(self, step: Press, env: Mapping[str, str]) -> Deeds:
        """Press something and wait for its effect. What commits is pressed once, after another look at what was filled in."""
        if step.commits:
            yield from self._check_filled(env)
        hit = yield from self._find(step.target, env)
        while hit is None and (yield from self._dismiss()):
            hit = yield from self._find(step.target, env)
        if hit is None:
            raise HandOverError(f"{step.target.words()} is not on the page")
        before = self.view
        verb = "double_click" if step.verb == "double_click" else "click"
        yield self._decision(
            Action(verb=verb, point=hit.point, element=hit.index), f"press {step.target.words()}", confidence=hit.score
        )
        yield from self._effect(step.outcome, before, step.target.words(), again=None if step.commits else step)

    def key(self, step: Key, env: Mapping[str, str]) -> Deeds:
        """Press a key where the focus is, or in a field."""
        if step.commits:
            yield from self._check_filled(env)
        if step.target is not None and not self._focused_last(step.target, env):
            hit = yield from self._find(step.target, env)
            if hit is None:
                raise HandOverError(f"{step.target.words()} is not on the page")
            yield from self._click(hit, f"into {step.target.words()}")
        before = self.view
        yield self._decision(Action(verb="key", text=step.chord), f"the key {step.chord}")
        if step.chord in MOVING and not step.outcome.shows:
            # Where the focus has gone cannot always be seen.
            return
        yield from self._effect(step.outcome, before, f"the key {step.chord}", again=None)

    def _focused_last(self, target: Target, env: Mapping[str, str]) -> bool:
        """Whether the field was the last that was filled in, or shows that it has the focus."""
        hit = ground(target, self.view, env, self.row())
        if hit is not None and "focused" in self.view.elements[hit.index].state:
            return True
        return bool(self._filled) and self._filled[-1].entry.target == target

    def type(self, text: str, *, shown: bool) -> Deeds:
        """Type where the focus is, and see it come up where it did so in the demonstrations."""
        before = self.view.count(text)
        yield self._decision(Action(verb="type", text=text), f"type {text!r}")
        if shown and not (yield from self._until(lambda: self.view.count(text) > before, self.config.list_patience_s)):
            raise HandOverError(f"{text!r} was typed and does not show; the screen shows {self._gist()}")

    def drag(self, step: Drag, env: Mapping[str, str]) -> Deeds:
        """Drag something onto something, once."""
        source = yield from self._find(step.source, env)
        to = ground(step.to, self.view, env, self.row())
        if source is None or to is None:
            raise HandOverError(f"{(step.source if source is None else step.to).words()} is not on the page")
        before = self.view
        yield self._decision(
            Action(verb="drag", point=source.point, to=to.point, element=source.index),
            f"drag {step.source.words()} onto {step.to.words()}",
        )
        yield from self._effect(step.outcome, before, f"dragging {step.source.words()}", again=None)

    def _effect(self, outcome: Outcome, before: View, about: str, *, again: Press | None) -> Deeds:
        if (
            yield from self._until(
                lambda: self._happened(outcome, before), self.config.patience_s if again is None else 4.0
            )
        ):
            return
        if again is not None:
            # Nothing at all has changed: the click went astray, as on a page that was not listening yet.
            hit = ground(again.target, self.view, self.slots, self.row())
            if hit is not None and self.view.signature == before.signature:
                yield from self._click(hit, f"press {about} again: nothing has changed")
            if (yield from self._until(lambda: self._happened(outcome, before), self.config.patience_s)):
                return
        raise HandOverError(f"{about} had no effect that shows: {outcome.words()}; the screen shows {self._gist()}")

    def _happened(self, outcome: Outcome, before: View) -> bool:
        if outcome.shows:
            texts = [filled(text, self.slots) for text in outcome.shows]
            return any(self.view.says(text) and not before.says(text) for text in texts)
        if outcome.slots and any(
            self.view.shows(self.slots.get(name, "")) and not before.shows(self.slots.get(name, ""))
            for name in outcome.slots
        ):
            return True
        if outcome.gone:
            # As it stood there: a word of it may well be part of what comes.
            return not {plain(filled(text, self.slots)) for text in outcome.gone} & set(self.view.plain_texts)
        return self.view.signature != before.signature

    def _check_filled(self, env: Mapping[str, str]) -> Deeds:
        """Look at what was filled in before it is committed: what is in sight must hold its value."""
        for done in list(self._filled):
            if done.entry.target.in_row:
                continue
            hit = ground(aim(done.entry, done.value), self.view, env)
            if hit is not None and not self._holds(done.entry, done.value, self._widget(hit, done.entry)):
                again = yield from self.set(done.entry, done.value, env)
                if not again:
                    raise HandOverError(f"{done.entry.target.words()} no longer shows {done.value!r}")

    # Rows

    def rows(
        self, marker: Target, env: Mapping[str, str], done: Sequence[tuple[str, ...]]
    ) -> "Generator[Decision, None, tuple[str, ...] | None]":
        """Be at the next row that is not done yet."""
        self._row_env = dict(env)

        def look() -> tuple[tuple[str, ...], Target, Band] | None:
            hits = sorted(candidates(marker, self.view, env), key=lambda hit: self.view.elements[hit.index].box.y0)
            keys = [item_key(self.view, marker, hit.index) for hit in hits]
            at = first_left(keys, done)
            return None if at is None else (keys[at], marker, item_band(self.view, marker, hits[at].index))

        self._row = None
        found = look()
        if found is None:
            found = yield from self._search_down(look)
        self._row = found
        return None if found is None else found[0]

    def _search_down(self, look: Callable[[], Found | None]) -> "Generator[Decision, None, Found | None]":
        x, y = self.job.scroll_at
        point = Point(int(x * self.view.observation.width), int(y * self.view.observation.height))
        for _ in range(self.config.most_scrolls):
            before = self.view.signature
            yield self._decision(Action(verb="scroll", point=point, amount=self.config.notches), "are there more rows")
            if self.view.signature == before:
                return None
            found = look()
            if found is not None:
                return found
        return None

    def row(self) -> Band | None:
        """The row where the hands are, where it stands now."""
        if self._row is None:
            return None
        key, marker, band = self._row
        now = find_row(self.view, marker, self._row_env, key)
        if now is None and set(row_key(self.view, -1, band)) & set(key):
            # An open list may lie over part of it.
            return band
        return now

    # Judging and finishing

    def judge(self, name: str, text: str) -> Judged:
        """By the judgement of that name; without one nothing is answered."""
        judgement = self.judgements.get(name)
        if judgement is None:
            return Judged(values=("",), confidence=0.0, answered=False, why=f"nothing was learnt about {name}")
        return judgement.judge(text, threshold=self.thresholds.get(name, float("inf")))

    def finish(self, job: Job, env: Mapping[str, str]) -> Deeds:
        """Wait until the screen shows that the case is finished."""
        if not job.done.shows and not job.done.slots:
            return

        def over() -> bool:
            shown = not job.done.shows or any(self.view.says(filled(text, self.slots)) for text in job.done.shows)
            return shown and all(self.view.shows(self.slots.get(name, ""), at_least=1.1) for name in job.done.slots)

        if not (yield from self._until(over, self.config.patience_s)):
            raise HandOverError(f"the screen does not show that the case is finished; it shows {self._gist()}")

    # Looking

    def _until(
        self, question: Callable[[], Found | None], patience_s: float
    ) -> "Generator[Decision, None, Found | None]":
        """Look again and again until there is an answer; the last one, None or False, when the time is up."""
        answer = question()
        began_s = self.view.observation.t_s
        while not answer and self.view.observation.t_s - began_s < patience_s:
            yield self._decision(Action(verb="wait", seconds=self.config.look_s), "waiting")
            answer = question()
        return answer

    def _click(self, hit: Hit, why: str) -> Deeds:
        yield self._decision(Action(verb="click", point=hit.point, element=hit.index), why, confidence=hit.score)

    def _decision(self, action: Action, why: str, *, confidence: float = 1.0) -> Decision:
        return Decision(action=action, confidence=min(1.0, max(0.0, confidence)), why=why)


def anchored(page: Expect, view: View) -> bool:
    """Whether at least half of a page's anchors are on a screen."""
    return 2 * sum(view.shows(text) for text in page.anchors) >= len(page.anchors)


def is_page(page: Expect, view: View, slots: Mapping[str, str], frame: Sequence[str]) -> bool:
    """Whether a screen shows a page of this program and of this case."""
    ours = all(view.shows(text) for text in frame) and anchored(page, view)
    return ours and all(view.shows(slots.get(name, ""), at_least=1.1) for name in page.slots)


def aim(entry: Set, value: str) -> Target:
    """Where a value is given: of radios the one that says it."""
    if entry.kind == "choice" and entry.target.kinds == ("radio",):
        return replace(entry.target, text=Constant(value), nth=None)
    return entry.target


def holds_text(element: Element, value: str) -> bool:
    """Whether a field shows a text: as it was typed, in another format of its own, or as much of it as there is room for."""
    own = element.text
    if "focused" in element.state and own.endswith("|"):
        own = own[:-1]
    shown, wanted = plain(own), plain(value)
    if shown == wanted or similarity(own, value) >= 0.8 or misread(shown, wanted):
        return True
    if not shown:
        return not wanted
    digits, others = "".join(filter(str.isdigit, shown)), "".join(filter(str.isdigit, wanted))
    if len(others) >= 4 and len(others) >= 0.6 * len(wanted.replace(" ", "")) and sorted(digits) == sorted(others):
        return True
    flat, whole = shown.replace(" ", ""), wanted.replace(" ", "")
    return len(flat) >= max(6, 0.3 * len(whole)) and flat in whole


def _was_there(element: Element, before: View) -> bool:
    return any(
        e.text == element.text and abs(e.box.x0 - element.box.x0) <= _SAME_PLACE_PX and abs(e.box.y0 - element.box.y0) <= _SAME_PLACE_PX
        for e in before.elements
    )  # fmt: skip
