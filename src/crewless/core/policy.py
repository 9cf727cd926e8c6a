"""Observation to action: the contract of a policy, learnt or scripted."""

from typing import Protocol, runtime_checkable

from crewless.core.messages import Applied, Case, Decision, Observation


@runtime_checkable
class Policy(Protocol):
    """Works one case at a time."""

    def reset(self, case: Case) -> None:
        """Begin a case; nothing of the case before is kept."""
        ...

    def decide(self, observation: Observation) -> Decision:
        """The next action. The verbs ``done`` and ``hand_over`` end the case."""
        ...

    def applied(self, applied: Applied) -> None:
        """Hear what the body really did of the last decision."""
        ...
