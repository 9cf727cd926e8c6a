"""What a robot knows of itself: true values with a delay, noise and steps."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """How one kind of sensor sees a value, in the value's own unit."""

    step: float
    """Resolution: what is read is a multiple of it; 0 for none."""
    noise: float
    """Standard deviation, white, before the steps."""
    delay_s: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise BadInput(f"a sensor's {name} of {value:g}", alternatives=["0 or more"])


def encoder(bits: int, *, ratio: float = 1.0, noise_steps: float = 0.5, delay_s: float = 1e-3) -> Sensor:
    """An encoder of 2^bits steps a turn, ``ratio`` turns a turn of the joint (1: on the joint; the drive's ratio: on the rotor).

    Rounding alone gives an error of step / sqrt(12) (Widrow and Kollar 2008, "Quantization noise", chapter 5).
    """
    if not 1 <= bits <= 32:
        raise BadInput(f"an encoder of {bits} bits", alternatives=["1 to 32"])
    step = math.tau / 2**bits / ratio
    return Sensor(step=step, noise=noise_steps * step, delay_s=delay_s)


class Reader:
    """Reads one sensor of each joint, once a period; the same seed gives the same readings."""

    def __init__(self, sensor: Sensor, *, period_s: float, seed: int = 0) -> None:
        self._sensor = sensor
        # A reading is as old as the delay says, rounded to whole periods.
        self._past: deque[np.ndarray] = deque(maxlen=round(sensor.delay_s / period_s) + 1)
        self._rng = np.random.default_rng(seed)

    def read(self, true: np.ndarray) -> np.ndarray:
        """What is read now; before the delay has passed once, the oldest value that there is. Any shape, kept."""
        self._past.append(np.array(true, dtype=float))
        seen = self._past[0] + self._sensor.noise * self._rng.standard_normal(np.shape(true))
        return np.round(seen / self._sensor.step) * self._sensor.step if self._sensor.step else seen
