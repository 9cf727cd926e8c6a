"""Simple policies to compare with: doing nothing, and three kinds of replay."""

import random
from collections.abc import Sequence
from dataclasses import replace

from crewless.core.messages import Action, Applied, Case, Decision, Demonstration, Observation
from crewless.policy.sentences import embed
from crewless.policy.texts import similarity
from crewless.policy.workflow import Workflow, read_text, target_of


class DoNothing:
    """Says that it is done. A verifier that lets it pass is broken."""

    def reset(self, case: Case) -> None:
        """Nothing to begin."""

    def decide(self, observation: Observation) -> Decision:
        """Done."""
        return Decision(action=Action(verb="done"), why="does nothing")

    def applied(self, applied: Applied) -> None:
        """Nothing to hear."""


class CoordinateReplay:
    """Does what one recording did, pixel for pixel and key for key, then says that it is done. Values that the recorded
    case was given are replaced by those of the case at hand: otherwise it would work the recorded case again.

    Args:
        demonstrations: a recording is drawn from them for each case.
        seed: of the draw.
    """

    def __init__(self, demonstrations: Sequence[Demonstration], *, seed: int = 0) -> None:
        self.demonstrations = tuple(demonstrations)
        self._rng = random.Random(seed)
        self.reset(Case(id=""))

    def reset(self, case: Case) -> None:
        """Draw a recording."""
        self.case = case
        self._follow(self._rng.choice(self.demonstrations), 0)

    def decide(self, observation: Observation) -> Decision:
        """The recording's next action."""
        if self._at >= len(self._recording.steps):
            return Decision(action=Action(verb="done"), why="the recording is over")
        action = self._next(observation)
        self._at += 1
        return Decision(action=action, why=f"step {self._at} of the recording of case {self._recording.case.id}")

    def applied(self, applied: Applied) -> None:
        """A replay does not look back."""

    def _follow(self, recording: Demonstration, step: int) -> None:
        self._recording, self._at = recording, step

    def _next(self, observation: Observation) -> Action:
        recorded, action = self._recording.steps[self._at]
        if action.verb == "type":
            return replace(action, text=self._text(action), element=None)
        if action.element is not None and action.point is None:
            return replace(action, point=recorded.elements[action.element].box.centre, element=None)
        return replace(action, element=None)

    def _text(self, action: Action) -> str:
        given = self._recording.case.slots
        name = action.source or next((n for n, value in given.items() if value == action.text), "")
        return self.case.slots.get(name, action.text) if name in given else action.text


class TextReplay(CoordinateReplay):
    """Does what one recording did, but clicks where the recorded text stands now; hands over when it stands nowhere."""

    def _next(self, observation: Observation) -> Action:
        recorded, action = self._recording.steps[self._at]
        index = target_of(recorded, action)
        if action.verb not in ("click", "double_click", "type") or index is None:
            return super()._next(observation)
        wanted = recorded.elements[index]
        alike = {
            i: 2 * similarity(e.text, wanted.text) + similarity(e.label, wanted.label) + 0.5 * (e.kind == wanted.kind)
            for i, e in enumerate(observation.elements)
            if (similarity(e.text, wanted.text) > 0.85 if wanted.text else similarity(e.label, wanted.label) > 0.85)
        }
        if not alike:
            return Action(verb="hand_over", text=f"{wanted.text or wanted.label!r} is not on the screen")
        best = max(alike, key=alike.__getitem__)
        text = self._text(action) if action.verb == "type" else action.text
        return replace(action, point=observation.elements[best].box.centre, element=best, text=text)


class NearestNeighbour(TextReplay):
    """Text replay that reads the case, finds the single nearest solved case, and goes on in a recording with its answer.

    Args:
        demonstrations: the recordings.
        workflow: where the text stands.
        judgements: the answer of each recording.
        read_at: of each recording, the step before which its text is on the screen.
        solved: texts and answers among which the nearest is looked for: the recordings' own, and those of an archive.
        seed: of the draws.
    """

    def __init__(
        self, demonstrations: Sequence[Demonstration], workflow: Workflow, judgements: Sequence[tuple[str, ...]],
        read_at: Sequence[int], solved: Sequence[tuple[str, tuple[str, ...]]], *, seed: int = 0,
    ) -> None:  # fmt: skip
        self._workflow = workflow
        self._answers = tuple(answer for _, answer in solved)
        self._vectors = embed([text for text, _ in solved])
        self._judgements = tuple(judgements)
        self._read_at = tuple(read_at)
        self.judged: tuple[str, ...] | None = None
        super().__init__(demonstrations, seed=seed)

    def reset(self, case: Case) -> None:
        """Begin like any recording."""
        super().reset(case)
        self.judged = None

    def decide(self, observation: Observation) -> Decision:
        """The next action; at the read step, change over to a recording of the nearest case's answer."""
        if self.judged is None and self._at >= self._read_at[self.demonstrations.index(self._recording)]:
            text = read_text(observation, self._workflow.region, self.case.slots.values())
            self.judged = self._answers[int((self._vectors @ embed([text])[0]).argmax())]
            same = [i for i, j in enumerate(self._judgements) if j == self.judged]
            if same:
                chosen = self._rng.choice(same)
                self._follow(self.demonstrations[chosen], self._read_at[chosen])
        return super().decide(observation)
