"""A policy that was learnt: points at elements and at texts to copy, reads the case, judges it, and hands over when unsure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crewless.core.messages import Action, Applied, Case, Decision, Element, Observation, Point
from crewless.policy.checkpoint import Checkpoint, load_checkpoint
from crewless.policy.features import KEYS, SCROLLS, VERBS, Memory, Past, Slots, inputs_of, screen_of
from crewless.policy.judgement import Judged
from crewless.policy.network import Scores, SkillNetwork, softmax
from crewless.policy.texts import plain, similarity
from crewless.policy.workflow import Choice, Commit, read_text, shown_value

_SAME = 0.85
_QUARTER_S = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class SkillPolicyConfig:
    """When the skill gives up."""

    min_confidence: float = 0.4
    """Least confidence of verb and target together; below it, the case is handed over."""
    tries: int = 3
    """So often the same thing is done on the same screen when nothing changes."""
    rounds: int = 4
    """So often the same thing is done on the same screen at all."""
    max_scrolls: int = 12
    """In a row."""
    patience: int = 4
    """So many quarters of a second an action that changed nothing is given before anything else is done: a page may be
    slow, and a second click may order a second time."""
    read_share: float = 0.2
    """The text is read as soon as reading is at least this likely: acting before it has been read cannot be made good."""
    repairs: int = 4
    """So often in a case a choice that did not hold is made again, or looked for further down."""


class SkillPolicy:
    """Works a case as the recordings show.

    Args:
        checkpoint: what was learnt.
        max_silent_wrong: the share of all cases that may be answered wrongly without anybody being asked.
        abstain: whether the judgement may hand over; without it every text is answered.
        config: when the skill itself gives up.
    """

    def __init__(
        self, checkpoint: Checkpoint, *, max_silent_wrong: float = 0.02, abstain: bool = True,
        config: SkillPolicyConfig | None = None,
    ) -> None:  # fmt: skip
        self.checkpoint = checkpoint
        self.workflow = checkpoint.workflow
        self.config = config or SkillPolicyConfig()
        judgement = checkpoint.judgement
        self.threshold = 0.0 if judgement is None or not abstain else judgement.threshold(max_silent_wrong)
        self._network = SkillNetwork(checkpoint.weights, checkpoint.network)
        self._keys = (*KEYS, *self.workflow.keys)
        self._names = tuple(c.name for c in self.workflow.choices)
        self.judged: Judged | None = None
        """What was made of the case's text; None before it was read."""
        self.text = ""
        """The case's text as it was read."""
        self.reset(Case(id=""))

    def reset(self, case: Case) -> None:
        """Begin a case."""
        self.case = case
        self._memory = Memory(slots=Slots.of(case.slots, self._names))
        self._made: set[int] = set()
        self._rounds: Counter[tuple[object, ...]] = Counter()
        self._repairs = self._waits = 0
        self.judged, self.text = None, ""

    @property
    def touched(self) -> bool:
        """Whether anything was clicked or typed after the case had been read: what comes before only leads to it. In a job without
        choices nothing is read, and everything counts."""
        verbs = [past.verb for past in self._memory.past]
        if self._names:
            verbs = verbs[verbs.index("read") + 1 :] if "read" in verbs else []
        return any(verb not in ("read", "wait", "scroll_up", "scroll_down") for verb in verbs)

    def applied(self, applied: Applied) -> None:
        """Nothing is learnt from it: whether the screen changed is seen on the next observation."""

    def decide(self, observation: Observation) -> Decision:
        """The next action. ``scores`` holds the likelier verbs and, named by their text, targets."""
        if self._too_soon(observation):
            self._waits += 1
            why = "nothing has changed yet"
            return Decision(action=Action(verb="wait", seconds=_QUARTER_S), confidence=1.0, why=why)
        self._memory.see(observation)
        inputs = inputs_of(observation, self._memory, self.workflow.literals)
        scores = self._network(inputs)
        verbs = softmax(scores.verb)
        if self._memory.has_read or (self.workflow.region.above == () and not self._names):
            verbs[VERBS.index("read")] = 0.0
        verbs[VERBS.index("hand_over")] = 0.0
        verbs /= verbs.sum()
        reads = verbs[VERBS.index("read")] >= self.config.read_share
        verb = "read" if reads else VERBS[int(verbs.argmax())]
        certainty = float(verbs.max())
        weighed = {VERBS[int(i)]: round(float(verbs[i]), 4) for i in np.argsort(-verbs)[:3]}
        if verb == "read":
            return self._read(observation, certainty, weighed)
        return self._checked(observation, self._act(observation, verb, certainty, scores, weighed))

    def _too_soon(self, observation: Observation) -> bool:
        """Whether the last thing done may still come to show an effect."""
        past, seen = self._memory.past, self._memory.seen
        if not past or seen is None or past[-1].verb in ("read", "wait"):
            return False
        return self._waits < self.config.patience and screen_of(seen) == screen_of(observation)

    def _read(self, observation: Observation, certainty: float, weighed: dict[str, float]) -> Decision:
        if certainty < self.config.min_confidence:
            return _hand_over(f"not sure whether this is the text to read: {certainty:.2f}", certainty, weighed)
        self.text = read_text(observation, self.workflow.region, self.case.slots.values())
        judgement = self.checkpoint.judgement
        if judgement is None or not self._names:
            self.judged = Judged(values=("",) * len(self._names), confidence=1.0, answered=True)
        else:
            self.judged = judgement.judge(self.text, threshold=self.threshold)
        judged = self.judged
        if not judged.answered:
            return _hand_over(judged.why, judged.confidence, judged.scores)
        self._memory.slots = self._memory.slots.filled(judged.values)
        self._memory.add(observation, Past(verb="read"))
        decision = self.decide(observation)
        return Decision(
            action=decision.action,
            confidence=min(decision.confidence, judged.confidence),
            scores={**decision.scores, **judged.scores},
            why=f"read {self.text[:80]!r}: {' / '.join(judged.values)} ({judged.confidence:.2f}); then {decision.why}",
        )

    def _act(
        self, observation: Observation, verb: str, certainty: float, scores: Scores, weighed: dict[str, float]
    ) -> Decision:
        element: int | None = None
        text, source, amount, point = "", "", 0, None
        if verb in ("scroll_up", "scroll_down") and (offered := self._offered(observation)) is not None:
            # Turning the wheel now would close the list, and nothing would say that it had ever been open.
            action = Action(verb="click", point=observation.elements[offered].box.centre, element=offered)
            return Decision(action=action, confidence=certainty, scores=weighed, why=_why(action, observation))
        aimed = verb in ("click", "double_click") or (verb == "type" and int(scores.aim.argmax()) == 1)
        if aimed:
            if not len(scores.element):
                return _hand_over("there is nothing on the screen to point at", certainty, weighed)
            pointers = self._consistent(observation, softmax(scores.element))
            if pointers is None:
                return self._scroll_on(observation, certainty, weighed)
            element = int(pointers.argmax())
            certainty *= float(pointers[element])
            point = observation.elements[element].box.centre
            for i in np.argsort(-pointers)[:3]:
                pointed = observation.elements[int(i)]
                name = pointed.text or pointed.label or pointed.kind
                weighed[f"{verb} {name[:40]}"] = round(float(pointers[i]), 4)
        if verb == "type":
            if not len(scores.source):
                return _hand_over("there is nothing to type", certainty, weighed)
            sources = softmax(scores.source)
            at = int(sources.argmax())
            certainty *= float(sources[at])
            names = self._memory.slots.names
            source = names[at] if at < len(names) else ""
            text = self._memory.slots.values[at] if at < len(names) else self.workflow.literals[at - len(names)]
            if not text:
                return _hand_over(f"the slot {source!r} to type has no value", certainty, weighed)
        elif verb == "key":
            keys = softmax(scores.key[: len(self._keys)])
            certainty *= float(keys.max())
            text = self._keys[int(keys.argmax())]
        elif verb in ("scroll_up", "scroll_down"):
            amount = SCROLLS[int(scores.scroll.argmax())] * (1 if verb == "scroll_down" else -1)
            at_x, at_y = self.workflow.scroll_at
            point = Point(int(at_x * observation.width), int(at_y * observation.height))
        if certainty < self.config.min_confidence:
            best = ", ".join(f"{name} {value:.2f}" for name, value in weighed.items())
            return _hand_over(f"not sure what to do here: {best}", certainty, weighed)
        outward = "scroll" if verb in ("scroll_up", "scroll_down") else verb
        action = Action(
            verb=outward, point=point, text=text, amount=amount, element=element, source=source,  # pyright: ignore[reportArgumentType]
            seconds=0.5 if verb == "wait" else 0.0,
        )  # fmt: skip
        return Decision(action=action, confidence=certainty, scores=weighed, why=_why(action, observation))

    def _consistent(self, observation: Observation, pointers: np.ndarray) -> np.ndarray | None:
        """Where the network points at another answer than the judged one, point at the judged one; None: it is not there."""
        target = observation.elements[int(pointers.argmax())]
        if target.kind not in ("option", "radio", "checkbox"):
            return pointers
        about = [
            (at, c) for at, c in enumerate(self.workflow.choices)
            if target.kind in c.kinds and _is_answer(target.text, c) and _may_belong(target, c)
        ]  # fmt: skip
        open_ = [c for at, c in about if at not in self._made] or [c for _, c in about]
        wanted = [self._memory.slots.judged[c.name] for c in open_]
        if not any(wanted) or any(w and similarity(target.text, w) >= _SAME for w in wanted):
            return pointers
        alike = np.array([
            max((similarity(e.text, w) for w in wanted if w), default=0.0) if e.kind == target.kind else 0.0
            for e in observation.elements[: len(pointers)]
        ])  # fmt: skip
        if alike.max() < _SAME:
            return None
        corrected = np.where(alike >= alike.max() - 1e-6, pointers + 1e-6, 0.0)
        return corrected / corrected.sum()

    def _checked(self, observation: Observation, decision: Decision) -> Decision:
        """The last check before an action: clicks that commit, and repetition."""
        action = decision.action
        if action.verb == "hand_over":
            return decision
        target = observation.elements[action.element] if action.element is not None else None
        if target is not None and action.verb == "click":
            fault = self._fault(observation, target)
            if fault is not None:
                return self._mend(observation, decision, *fault)
            if self._is_made(target):
                return self._scroll_on(observation, decision.confidence, dict(decision.scores))
        if action.verb == "done" and self._names:
            open_choices = [
                n for at, n in enumerate(self._names) if at not in self._made and self._memory.slots.judged[n]
            ]
            if open_choices:
                return _hand_over(
                    f"finished without choosing {', '.join(open_choices)}", decision.confidence, decision.scores
                )
        name = (action.verb, action.text, action.amount, target.text if target else "", target.label if target else "")
        self._rounds[(screen_of(observation), *name)] += 1
        if action.verb != "done":
            if self._memory.still >= self.config.tries:
                return _hand_over(
                    f"stuck: nothing changed after {self.config.tries} tries", decision.confidence, decision.scores
                )
            if self._rounds[(screen_of(observation), *name)] > self.config.rounds:
                return _hand_over("repeating the same action on the same screen", decision.confidence, decision.scores)
            tail = self._memory.past[-self.config.max_scrolls :]
            if len(tail) == self.config.max_scrolls and all(p.verb.startswith("scroll") for p in tail):
                return _hand_over("scrolled and did not find it", decision.confidence, decision.scores)
        self._remember(observation, action, target)
        return decision

    def _scroll_on(self, observation: Observation, certainty: float, weighed: dict[str, float]) -> Decision:
        """What is to be done next is not on the screen, but what stands near it is: it may stand further down."""
        self._repairs += 1
        if self._repairs > self.config.repairs:
            return _hand_over("what is to be chosen next is not among what the screen offers", certainty, weighed)
        at_x, at_y = self.workflow.scroll_at
        point = Point(int(at_x * observation.width), int(at_y * observation.height))
        action = Action(verb="scroll", point=point, amount=2)
        return Decision(
            action=action, confidence=certainty, scores=weighed, why="looking for the judged answer further down"
        )

    def _fault(self, observation: Observation, target: Element) -> tuple[int, str] | None:
        """The choice that stands against a committing click, and why; None when it may be made."""
        for commit in self.workflow.commits:
            if not _is_commit(target, commit):
                continue
            judged = self._memory.slots.judged
            for at in commit.needs:
                choice = self.workflow.choices[at]
                wanted = judged[choice.name]
                if not wanted:
                    continue
                shown = shown_value(observation, choice) if at in commit.visible else ""
                if shown and similarity(shown, wanted) < _SAME:
                    return at, f"about to click {target.text!r} but {choice.name!r} shows {shown!r}, not {wanted!r}"
                if not shown and at not in self._made:
                    return at, f"about to click {target.text!r} but {choice.name!r} has not been set to {wanted!r}"
        return None

    def _offered(self, observation: Observation) -> int | None:
        """The option of an open list that is the judged answer to a choice that was not made yet."""
        for at, choice in enumerate(self.workflow.choices):
            wanted = self._memory.slots.judged[choice.name]
            if not wanted or at in self._made or "option" not in choice.kinds:
                continue
            for index, element in enumerate(observation.elements):
                if element.kind == "option" and similarity(element.text, wanted) >= _SAME:
                    return index
        return None

    def _is_made(self, target: Element) -> bool:
        """A committing click that the recordings make once, that was made, and that changed the screen: what comes after it
        must be elsewhere on the page."""
        times = sum(_is_commit(target, commit) for commit in self.workflow.commits)
        return times == 1 and any(
            past.verb == "click"
            and past.changed
            and past.kind == target.kind
            and similarity(past.text, target.text) >= _SAME
            for past in self._memory.past
        )

    def _mend(self, observation: Observation, decision: Decision, at: int, fault: str) -> Decision:
        """Make a choice that is missing or did not hold, when its widget is on the screen; else hand over."""
        choice = self.workflow.choices[at]
        wanted = self._memory.slots.judged[choice.name]
        self._repairs += 1
        self._made.discard(at)
        answers = [
            i for i, e in enumerate(observation.elements)
            if e.kind in ("option", "radio", "checkbox") and e.kind in choice.kinds and similarity(e.text, wanted) >= _SAME
            and _may_belong(e, choice)
        ]  # fmt: skip
        openers = [
            i
            for i, e in enumerate(observation.elements)
            if e.kind == "select" and similarity(e.label, choice.name) > _SAME
        ]
        if self._repairs > self.config.repairs or not (answers or openers):
            return _hand_over(fault, decision.confidence, decision.scores)
        index = (answers or openers)[0]
        target = observation.elements[index]
        action = Action(verb="click", point=target.box.centre, element=index)
        self._remember(observation, action, target)
        return Decision(
            action=action, confidence=decision.confidence, scores=decision.scores, why=f"correcting: {fault}"
        )

    def _remember(self, observation: Observation, action: Action, target: Element | None) -> None:
        memory = self._memory
        self._waits = 0
        if action.verb in ("click", "double_click") and target is not None:
            memory.point_at(observation, action.verb, target)
            for at, choice in enumerate(self.workflow.choices):
                wanted = memory.slots.judged[choice.name]
                if (
                    wanted
                    and at not in self._made
                    and target.kind in choice.kinds
                    and similarity(target.text, wanted) >= _SAME
                ):
                    self._made.add(at)
                    break
        elif action.verb == "type":
            slot = memory.slots.names.index(action.source) if action.source else -1
            memory.add(
                observation,
                Past(
                    verb="type",
                    text="" if slot >= 0 else action.text,
                    slot=slot,
                    centre=target.box.centre if target else None,
                ),
            )
            if slot >= memory.slots.given:
                self._made.add(slot - memory.slots.given)
        elif action.verb == "scroll":
            memory.add(
                observation, Past(verb="scroll_down" if action.amount > 0 else "scroll_up", amount=action.amount)
            )
        else:
            memory.add(observation, Past(verb=action.verb, text=action.text if action.verb == "key" else ""))


def load_policy(path: Path, *, max_silent_wrong: float = 0.02, abstain: bool = True, task: str = "") -> SkillPolicy:
    """Read a checkpoint and make a policy of it.

    Raises:
        CheckpointMismatch: it is of another version or task, or damaged.
        BadInput: ``max_silent_wrong`` is no share.
    """
    return SkillPolicy(load_checkpoint(Path(path), task=task), max_silent_wrong=max_silent_wrong, abstain=abstain)


def _is_answer(text: str, choice: Choice) -> bool:
    return any(value and similarity(text, value) >= 0.93 for value in choice.values)


def _may_belong(element: Element, choice: Choice) -> bool:
    """A radio or a box with another label belongs to another choice; options of a popup have none."""
    return element.kind == "option" or not element.label or similarity(element.label, choice.name) > 0.6


def _is_commit(target: Element, commit: Commit) -> bool:
    return plain(target.text) == commit.text or (
        target.kind == commit.kind and similarity(target.text, commit.text) >= _SAME
    )


def _hand_over(reason: str, confidence: float, scores: Mapping[str, float]) -> Decision:
    return Decision(action=Action(verb="hand_over", text=reason), confidence=confidence, scores=scores, why=reason)


def _why(action: Action, observation: Observation) -> str:
    target = observation.elements[action.element] if action.element is not None else None
    named = f" {target.kind} {target.text or target.label!r}" if target else ""
    return f"{action.verb}{named}{' ' + repr(action.text) if action.text else ''}{f' {action.amount:+d}' if action.amount else ''}"
