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
            return WorkedCase(
                case=case, claimed_done=done, reason="" if done else decision.action.text, steps=tuple(steps)
            )
    return WorkedCase(
        case=case, claimed_done=False, reason=f"not finished after {max_steps} actions", steps=tuple(steps)
    )
