"""The scripted operator: the policy that knows the answers and shows how the work is done.

It looks behind the screen only to find things: where an element lies in screen pixels, and what state the page is in.
Everything that it does goes through the body's mouse and keyboard, as a person's work does. What it does next follows
from what the page shows now, so a slow page, a popup that closed, or a click that missed is put right by itself.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crewless.core.errors import BadInput
from crewless.core.messages import Action, Applied, Case, Decision, Observation, Point
from crewless.tasks.helpdesk.devtools import DevTools

_FIRST_NOTCH_PX = 120
"""How far a wheel notch is taken to scroll the page before a first one has been seen to: browsers differ."""
_MARGIN_PX = 14
"""Nearer to an edge of the visible part than this, an element is scrolled to before it is clicked."""

# One question for everything: where the widgets of a ticket's page lie in the window, and what they hold.
_LOOK = """(() => {
  const box = e => { if (!e) return null; const r = e.getBoundingClientRect();
    return r.width && r.height ? [r.left, r.top, r.right, r.bottom] : null };
  const one = s => document.querySelector(s), form = one('#ticket-respond-form');
  const select = s => { const e = one(s); return e && { box: box(e), index: e.selectedIndex,
    options: [...e.options].map(o => o.text.trim()), focused: document.activeElement === e } };
  const radio = form && form.querySelector('input[name=new_status]:checked');
  const labels = form ? [...form.querySelectorAll('fieldset label')] : [];
  const header = one('nav.sticky-top'), collapse = one('#collapseDetails'), badge = one('h2 .badge');
  return { ready: document.readyState === 'complete', left: screenX, top: screenY + outerHeight - innerHeight,
    width: innerWidth, height: innerHeight, scrolled: scrollY,
    end: ((document.documentElement || {}).scrollHeight || innerHeight) - innerHeight, header: header ? header.getBoundingClientRect().bottom : 0,
    ticket: badge ? badge.textContent.replace('#', '').trim() : '',
    search: box(one('#search_query')), typed: one('#search_query') ? one('#search_query').value : '',
    tab: box(one('#respond-tab')), responding: !!one('#respond-tab.active') && !!one('#respond-tab-pane.show'),
    preset: select('#id_preset'), comment: one('#commentBox') ? one('#commentBox').value : '',
    status: radio ? radio.id.slice(3) : '',
    statuses: Object.fromEntries(labels.map(l => [l.textContent.trim().toLowerCase(), box(l)])),
    details: box(one('a[href="#collapseDetails"]')),
    detailed: !!collapse && collapse.classList.contains('show') && !collapse.classList.contains('collapsing'),
    moving: !!one('.collapsing'), queue: select('#id_queue'),
    save: form ? box(form.querySelector('button[type=submit]')) : null,
    followups: document.querySelectorAll('#followup-list > *').length,
    facts: Object.fromEntries([...document.querySelectorAll('.col > small')].map(
      s => [s.textContent.trim().toLowerCase(), s.nextElementSibling ? s.nextElementSibling.textContent.trim() : ''])) };
})()"""


class OperatedScreen(Protocol):
    """What the operator must know of a body: the display's name, and the browser's profile."""

    @property
    def display(self) -> str:
        """Like ``:77``."""
        ...

    @property
    def programs(self) -> tuple[Any, ...]:
        """What runs on it; the browser is the last, and has a ``folder``."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorConfig:
    """How the operator works."""

    seed: int = 0
    """Seed of the click positions and of the scrolling."""
    patience: int = 60
    """How often it waits for one page before it gives the case up."""


class ScriptedOperator:
    """Works tickets of django-helpdesk. A :class:`crewless.core.policy.Policy` that ignores what perception sees.

    Args:
        body: a screen whose browser was started with DevTools.
        expected: the answers, by the names of ``HelpdeskTask.expected``.
        config: how it works.

    Raises:
        BadInput: the body is not such a screen.
    """

    def __init__(
        self,
        body: object,
        expected: Callable[[Case], Mapping[str, Any] | None],
        config: OperatorConfig | None = None,
    ) -> None:
        display, programs = getattr(body, "display", None), getattr(body, "programs", ())
        folder: Path | None = programs[-1].folder if programs else None
        if not isinstance(display, str) or folder is None:
            raise BadInput(
                f"the operator needs a screen with a browser, not {body!r}", alternatives=["open(scripted=True)"]
            )
        self._config = config or OperatorConfig()
        self._expected = expected
        self._display = display
        self._tools = DevTools(folder)
        self._case: Case | None = None
        self._answer: Mapping[str, Any] | None = None
        self._chance = random.Random(self._config.seed)
        self._asked = self._opened = self._marked = self._saved = False
        self._followups = 0
        self._waited = 0
        self._notch_px = float(_FIRST_NOTCH_PX)
        self._turned: tuple[float, int] | None = None

    def reset(self, case: Case) -> None:
        """Begin a ticket."""
        self._case, self._answer = case, self._expected(case)
        self._chance = random.Random(f"operator/{self._config.seed}/{case.id}")
        self._asked = self._opened = self._marked = self._saved = False
        self._waited = 0
        self._turned = None

    @property
    def touched(self) -> bool:
        """Whether the answer has been begun, so that the form must not be left as it is."""
        return self._opened and self._answer is not None

    def decide(self, observation: Observation) -> Decision:
        """The next action, from the state of the page. ``observation`` is not looked at."""
        if self._case is None:
            raise BadInput("no case has been started", alternatives=["reset(case)"])
        page = self._tools.evaluate(_LOOK)
        if page:
            self._measure(page)
        action, why = self._next(page, self._case, self._answer) if page else (None, "the page is being exchanged")
        if action is None:
            self._waited += 1
            if self._waited > self._config.patience:
                return Decision(action=Action(verb="hand_over", text=f"timed out: {why}"), why=why)
            action = Action(verb="wait", seconds=0.15)
        elif action.verb != "wait":
            self._waited = 0
        return Decision(action=action, why=why)

    def applied(self, applied: Applied) -> None:
        """Nothing to learn from it: the page is looked at anew before each action."""

    def close(self) -> None:
        """Let go of the browser. Safe to call twice."""
        self._tools.close()

    def _next(self, page: Mapping[str, Any], case: Case, answer: Mapping[str, Any] | None) -> tuple[Action | None, str]:
        """The action that the page's state asks for and why; None: wait."""
        number = case.slots["ticket"]
        if not page["ready"]:
            return None, "the page is loading"
        if not self._opened:
            if page["ticket"] == number and page["typed"] == "":
                self._opened, self._followups = True, page["followups"]
            else:
                return self._search(page, number)
        if answer is None:
            return Action(verb="hand_over", text="no team answers this"), "it belongs to no team"
        if self._saved:
            if page["facts"].get("queue") == answer["team"] and page["followups"] > self._followups:
                return Action(verb="done"), "the page shows it saved"
            return None, "the save is under way"
        return self._answer_ticket(page, answer)

    def _search(self, page: Mapping[str, Any], number: str) -> tuple[Action | None, str]:
        if page["typed"] == number:
            if self._asked:
                return None, "the ticket is being opened"
            self._asked = True
            return Action(verb="key", text="Return"), "jump to the ticket"
        self._asked = False
        if page["search"] is None:
            return None, "there is no search box yet"
        if page["typed"]:
            return Action(verb="key", text="ctrl+a"), "the search box holds something else"
        action = Action(verb="type", point=self._land(page, page["search"]), text=number, source="ticket")
        return action, "look the ticket up"

    def _answer_ticket(self, page: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[Action | None, str]:
        if not page["responding"]:
            if page["tab"] is None:
                return None, "the tabs are not there yet"
            return self._click(page, page["tab"], "the form to respond with")
        preset, queue = page["preset"], page["queue"]
        if preset["options"][preset["index"]] != answer["preset"]:
            return self._choose(page, preset, answer["preset"])
        if page["comment"].replace("\r\n", "\n") != answer["reply"]:
            return None, "the reply is being filled in"
        status = answer["status_name"].lower()
        if page["status"] != status or not self._marked:
            # Clicked even where it is set already: a rule that is carried out shows; one that happens to hold does not.
            action, why = self._click(page, page["statuses"][status], f"the ticket becomes {status}")
            self._marked = action is not None and action.verb == "click"
            return action, why
        if not page["detailed"]:
            if page["moving"]:
                return None, "the details are unfolding"
            return self._click(page, page["details"], "the queue is among the details")
        if queue["options"][queue["index"]] != answer["team"]:
            return self._choose(page, queue, answer["team"])
        action, why = self._click(page, page["save"], "everything is filled in")
        self._saved = action is not None and action.verb == "click"
        return action, why

    def _click(self, page: Mapping[str, Any], box: list[float], why: str) -> tuple[Action | None, str]:
        """Click an element, or scroll towards it when it cannot be seen."""
        scroll = self._scroll_to(page, box)
        if scroll is not None:
            return scroll, f"scroll to it: {why}"
        return Action(verb="click", point=self._land(page, box)), why

    def _choose(self, page: Mapping[str, Any], select: Mapping[str, Any], option: str) -> tuple[Action | None, str]:
        from crewless.body.screen.display import open_popup

        popup = open_popup(self._display)
        if popup is None:
            return self._click(page, select["box"], f"choose {option}")
        # The popup is a window of its own, outside the page: rows of equal height inside a border of one pixel.
        rows = len(select["options"])
        row = select["options"].index(option)
        height = (popup.height - 2) / rows
        top = popup.y0 + 1 + row * height
        box = [popup.x0 + 8.0, top, popup.x0 + min(popup.width - 8.0, 200.0), top + height]
        return Action(verb="click", point=self._inside(box)), option

    def _scroll_to(self, page: Mapping[str, Any], box: list[float]) -> Action | None:
        top, bottom = page["header"] + _MARGIN_PX, page["height"] - _MARGIN_PX
        if top <= box[1] and box[3] <= bottom:
            return None
        # Down, it goes to the upper half, so that what comes next on the form can be seen as well.
        share = self._chance.uniform(0.15, 0.45) if box[3] > bottom else self._chance.uniform(0.4, 0.8)
        goal = top + (bottom - top) * share
        notches = round(((box[1] + box[3]) / 2 - goal) / self._notch_px)
        if notches == 0:
            notches = 1 if box[3] > bottom else -1
        # Right of the form nothing takes the wheel for itself, as a text box would.
        x = page["left"] + page["width"] * self._chance.uniform(0.80, 0.94)
        y = page["top"] + page["height"] * self._chance.uniform(0.45, 0.75)
        self._turned = page["scrolled"], notches
        return Action(verb="scroll", point=Point(int(x), int(y)), amount=notches)

    def _measure(self, page: Mapping[str, Any]) -> None:
        """How far a notch went. Where the page ended on the way, it goes at least as far."""
        if self._turned is not None:
            before, notches = self._turned
            went_px = abs(page["scrolled"] - before) / abs(notches)
            inside = 0 < page["scrolled"] < page["end"] - 1
            self._notch_px = went_px if inside and went_px else max(self._notch_px, went_px)
        self._turned = None

    def _land(self, page: Mapping[str, Any], box: list[float]) -> Point:
        return self._inside([box[0] + page["left"], box[1] + page["top"], box[2] + page["left"], box[3] + page["top"]])

    def _inside(self, box: list[float]) -> Point:
        """A point inside, mostly near the middle, never in the outer fifth."""
        x = box[0] + (box[2] - box[0]) * min(0.8, max(0.2, self._chance.gauss(0.5, 0.12)))
        y = box[1] + (box[3] - box[1]) * min(0.8, max(0.2, self._chance.gauss(0.5, 0.12)))
        return Point(int(x), int(y))
