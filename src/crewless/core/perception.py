"""Frame to observation: the contract of a perception."""

from typing import Protocol, runtime_checkable

from crewless.core.messages import Frame, Observation


@runtime_checkable
class Perception(Protocol):
    """Keeps what it has read and reads only what has changed since."""

    def perceive(self, frame: Frame) -> Observation:
        """What is in the frame."""
        ...

    def reset(self) -> None:
        """Forget everything seen so far."""
        ...
