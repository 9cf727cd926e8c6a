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


class Blind:
    """A perception that reads nothing: enough for an operator or an oracle, which knows where everything is."""

    def perceive(self, frame: Frame) -> Observation:
        """An empty observation with the frame's time and size."""
        height, width, _ = frame.pixels.shape
        return Observation(
            elements=(), width=width, height=height, t_s=frame.t_s, frame_index=frame.index, pointer=frame.pointer
        )

    def reset(self) -> None:
        """There is nothing to forget."""
