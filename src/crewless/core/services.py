"""Every stream of the system: its rate, whether it is logged, and how it is thinned. Everything that runs in time takes
its rate from here."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One stream."""

    rate_hz: float | None
    """None: published on change."""
    logged: bool
    """Whether the recorder keeps it."""
    decimation: int = 1
    """One in this many is kept when logged."""
    what: str

    @property
    def period_s(self) -> float:
        """Seconds between two messages. Raises ValueError for a stream that is published on change."""
        if self.rate_hz is None:
            raise ValueError("a stream that is published on change has no period")
        return 1.0 / self.rate_hz


SERVICES: dict[str, Service] = {
    "frame": Service(rate_hz=36.0, logged=True, what="pictures from the body"),
    "control": Service(rate_hz=18.0, logged=True, what="pointer, buttons, keys; joint targets"),
    "input": Service(rate_hz=None, logged=True, what="raw input events, from a person or a program"),
    "observation": Service(rate_hz=None, logged=False, what="elements that perception made of a frame"),
    "decision": Service(rate_hz=None, logged=True, what="what the policy asked for, with its confidence"),
    "applied": Service(rate_hz=None, logged=True, what="what the body actually did"),
    "verdict": Service(rate_hz=None, logged=True, what="the verifier's judgement, once per case"),
    "event": Service(rate_hz=None, logged=True, what="the company's append-only log"),
}
