"""Observation to action: the contract of a policy, learnt or scripted."""

from typing import Protocol, runtime_checkable

from crewless.core.messages import Applied, Case, Decision, Observation


@runtime_checkable
class Policy(Protocol):
    """Works one case at a time.

    A policy that can tell going to a case from working on it may say so with an attribute or property ``touched``: whether it
    has begun, in this case, something that must not be left as it is, such as a form that is half filled in. A screen on which a
    case was given up in that state is opened anew before the next one. Without the attribute any click, key or move counts.
    """

    def reset(self, case: Case) -> None:
        """Begin a case; nothing of the case before is kept."""
        ...

    def decide(self, observation: Observation) -> Decision:
        """The next action. The verbs ``done`` and ``hand_over`` end the case."""
        ...

    def applied(self, applied: Applied) -> None:
        """Hear what the body really did of the last decision."""
        ...
