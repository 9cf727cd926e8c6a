"""The operator of a job: works its steps one after another, by script or in the manner of a person."""

import random
from collections.abc import Callable, Sequence

from benchmarks.jobs.eyes import Eye
from benchmarks.jobs.steps import Hand, Manner, Step
from crewless.core.errors import BadInput
from crewless.core.messages import Action, Applied, Case, Decision, Observation

_PATIENCE = 80
"""How often it waits for one step before it gives the case up."""
_WAIT_S = 0.12
_OVER = ("modal", "cookies")
"""What may lie over a page and is closed first."""


class JobOperator:
    """A :class:`crewless.core.policy.Policy` that does not look at what perception sees.

    Args:
        display: of the screen.
        eye: where things are.
        script: the steps of a case, made anew for each.
        manner: how it works.
        seed: of everything that varies; each case varies by itself.
    """

    def __init__(
        self, display: str, eye: Eye, script: Callable[[Case], Sequence[Step]], manner: Manner, *, seed: int = 0
    ) -> None:
        self._display, self._eye, self._script, self._manner, self._seed = display, eye, script, manner, seed
        self._steps: list[Step] | None = None
        self._hand = Hand(display, manner, random.Random(seed))
        self._next: list[Action] = []
        self._waited = 0

    def reset(self, case: Case) -> None:
        """Begin a case."""
        self._steps = list(self._script(case))
        self._hand = Hand(self._display, self._manner, random.Random(f"operator/{self._seed}/{case.id}"))
        self._next, self._waited = [], 0

    def decide(self, observation: Observation) -> Decision:
        """The next action, from the state of the program. ``observation`` is not looked at."""
        if self._steps is None:
            raise BadInput("no case has been begun", alternatives=["reset(case)"])
        if self._next:
            return Decision(action=self._next.pop(0), why="goes on")
        look = self._eye.look()
        if look is not None:
            self._hand.saw(look)
            while self._steps and self._steps[0].done(look):
                self._steps.pop(0)
                self._waited = 0
            if not self._steps:
                return Decision(action=Action(verb="done"), why="every step is done")
            manner, hand = self._manner, self._hand
            why = repr(self._steps[0])[:120]
            for over in _OVER:
                if over in look["items"] and look["items"][over]["box"] is not None:
                    return Decision(action=hand.click(look, look["items"][over]["box"])[0], why=f"{over} lies over it")
            if look["end"] > 40 and hand.happens(manner.scrolls):
                down = hand.chance.randint(1, 3) * (1 if look["scrolled"] < look["end"] / 2 else -1)
                return Decision(action=hand.wheel(look, down), why="looks around")
            actions = self._steps[0].act(look, hand)
            if actions:
                if actions[0].verb != "wait":
                    self._waited = 0
                if hand.happens(manner.pauses):
                    actions = [Action(verb="wait", seconds=hand.chance.uniform(0.2, 0.9)), *actions]
                self._next = actions[1:]
                return Decision(action=actions[0], why=why)
        else:
            why = "the page is being exchanged"
        self._waited += 1
        if self._waited > _PATIENCE:
            return Decision(action=Action(verb="hand_over", text=f"waited in vain: {why}"), why=why)
        return Decision(action=Action(verb="wait", seconds=_WAIT_S), why=why)

    def applied(self, applied: Applied) -> None:
        """Nothing to learn from it: the program is looked at anew before each action."""

    def close(self) -> None:
        """Let go of the program. Safe to call twice."""
        self._eye.close()
