"""A worker: body + perception + policy, working one case after another. Knows only the protocols."""

from collections.abc import Callable
from dataclasses import dataclass

from crewless.core.body import Body
from crewless.core.messages import Applied, Case, Decision, Observation
from crewless.core.perception import Perception
from crewless.core.policy import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One turn of the loop."""

    observation: Observation
    decision: Decision
    applied: Applied | None
    """None when the decision ended the case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkedCase:
    """What became of a case, as far as the worker knows."""

    case: Case
    claimed_done: bool
    reason: str
    """Why it was handed over; empty when it claims to be done."""
    steps: tuple[Step, ...]
    touched: bool
    """Something was begun that must not be left as it is for the next case; see :class:`crewless.core.policy.Policy`."""


_LEAVES_NO_TRACE = frozenset({"wait", "scroll", "done", "hand_over"})


def work_case(
    body: Body,
    perception: Perception,
    policy: Policy,
    case: Case,
    *,
    max_steps: int = 60,
    on_step: Callable[[Step], None] | None = None,
) -> WorkedCase:
    """Work one case until the policy says done or hands it over, or ``max_steps`` decisions have been made.

    Raises whatever the body raises: a case whose body died is neither done nor handed over.
    """
    policy.reset(case)
    steps: list[Step] = []
    while len(steps) < max_steps:
        observation = perception.perceive(body.frame())
        decision = policy.decide(observation)
        ended = decision.action.verb in ("done", "hand_over")
        applied = None if ended else body.act(decision.action)
        step = Step(observation=observation, decision=decision, applied=applied)
        steps.append(step)
        if on_step is not None:
            on_step(step)
        if applied is not None:
            policy.applied(applied)
        if ended:
            done = decision.action.verb == "done"
            return _ended(case, policy, steps, done, "" if done else decision.action.text)
    return _ended(case, policy, steps, False, f"not finished after {max_steps} actions")


def _ended(case: Case, policy: Policy, steps: list[Step], done: bool, reason: str) -> WorkedCase:
    acted = any(step.decision.action.verb not in _LEAVES_NO_TRACE for step in steps)
    touched = bool(getattr(policy, "touched", acted))
    return WorkedCase(case=case, claimed_done=done, reason=reason, steps=tuple(steps), touched=touched)
