"""What a robot knows of itself: true values with a delay, noise and steps."""

import math
from collections import deque
from collections.abc import Sequence
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


def speed_from(angle: Sensor, window_s: float = 10e-3) -> Sensor:
    """The speed that is reckoned from an angle: the difference of two readings over a window.

    Two independent noises add to sqrt(2) of one; the mean over a window is half a window old.
    """
    return Sensor(
        step=angle.step / window_s,
        noise=math.sqrt(2.0) * angle.noise / window_s,
        delay_s=angle.delay_s + window_s / 2.0,
    )


def torque_from_current(limit_a: float, torque_per_amp: float, *, bits: int = 12, delay_s: float = 1e-3) -> Sensor:
    """A torque that is reckoned from the phases' current: a converter of ``bits`` over twice the limit, one step of noise.

    What the gear's friction makes of it is not in it. Bits, noise and delay are assumptions for shunts in motor drivers.
    """
    step = 2.0 * limit_a / 2**bits * torque_per_amp
    return Sensor(step=step, noise=step, delay_s=delay_s)


THERMISTOR = Sensor(step=0.5, noise=0.25, delay_s=0.5)
"""In a winding, K: an assumption for a moulded thermistor behind a converter of 8 bits."""


class SensorReader:
    """Reads one sensor of each joint, once a period; the same seed gives the same readings.

    Args:
        sensor: one kind for all joints, or one for each, all with the same delay.
        period_s: between two readings.
        seed: of the noise.
    """

    def __init__(self, sensor: Sensor | Sequence[Sensor], *, period_s: float, seed: int = 0) -> None:
        kinds = [sensor] if isinstance(sensor, Sensor) else list(sensor)
        delays = {kind.delay_s for kind in kinds}
        if len(delays) != 1:
            raise BadInput(f"sensors with delays of {sorted(delays)} s in one reader", alternatives=["one delay"])
        self._step, self._noise = (
            np.array([getattr(kind, name) for kind in kinds], dtype=float) for name in ("step", "noise")
        )
        # A reading is as old as the delay says, rounded to whole periods.
        self._past: deque[np.ndarray] = deque(maxlen=round(delays.pop() / period_s) + 1)
        self._rng = np.random.default_rng(seed)

    def read(self, true: np.ndarray) -> np.ndarray:
        """What is read now; before the delay has passed once, the oldest value that there is. Any shape, kept."""
        self._past.append(np.array(true, dtype=float))
        seen = self._past[0] + self._noise * self._rng.standard_normal(np.shape(true))
        coarse = np.where(self._step > 0, self._step, 1.0)
        return np.where(self._step > 0, np.round(seen / coarse) * coarse, seen)

    def forget(self) -> None:
        """What was seen before is not read any more; the noise goes on."""
        self._past.clear()
