"""What a worker drives: a screen or a robot. The contract that a third party's body must keep."""

from typing import Protocol, runtime_checkable

from crewless.core.messages import Action, Applied, Frame


@runtime_checkable
class Body(Protocol):
    """Photons out of the world, controls into it."""

    def frame(self) -> Frame:
        """The newest photons. Never blocks longer than one frame period. Raises BodyFailure when there are none."""
        ...

    def act(self, action: Action) -> Applied:
        """Carry the action out, wait until the world is quiet again, and say what was really done.

        Raises:
            BadInput: the body cannot do this verb, or the point lies outside it.
            BodyFailure: the body died before anything was sent.
            ActionUncertain: the body died after something was sent.
        """
        ...

    def settle(self, timeout_s: float = 5.0) -> Frame:
        """Wait until the photons are quiet or the time is up; the newest frame."""
        ...

    def close(self) -> None:
        """End everything that the body started. Safe to call twice."""
        ...
