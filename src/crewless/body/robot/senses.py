"""The sensors of all drives in a simulation: angle, speed, torque and winding, each late, coarse and noisy in its own way."""

from collections.abc import Sequence

import numpy as np

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.actuators.sensors import (
    THERMISTOR,
    Sensor,
    SensorReader,
    encoder,
    speed_from,
    torque_from_current,
)
from crewless.core.errors import BadInput

KINDS = ("angle", "speed", "torque", "winding")
"""The rows of a body's proprioception."""


def drive_sensors(one: Drive) -> dict[str, Sensor]:
    """A drive's sensors by kind, at the joint: rad, rad/s, N m, K.

    The encoder sits on the rotor, so a gear divides its steps; and it does not see what play there is behind the gear.
    """
    angle = encoder(one.encoder_bits, ratio=one.ratio)
    return {
        "angle": angle,
        "speed": speed_from(angle),
        "torque": torque_from_current(one.stage.current_limit_a, one.torque_per_amp),
        "winding": THERMISTOR,
    }


class Senses:
    """Reads every drive's sensors once a frame period.

    A delay is kept to a whole number of physics steps, and is at least one: MuJoCo's actuators report the step before. The
    winding's is kept to whole frames, in which its temperature is reckoned. Noise goes on over a reset, so two episodes of one
    body differ, and the same seed with the same calls gives the same readings.

    Args:
        drives: in the order of the model's actuators.
        seed: of all noise.
        sensors: for each drive its sensors by kind; those of :func:`drive_sensors` when None. A kind's delay must be the same
            in all drives.
    """

    def __init__(
        self, drives: Sequence[Drive], *, seed: int = 0, sensors: Sequence[dict[str, Sensor]] | None = None
    ) -> None:
        self._sensors = [drive_sensors(one) for one in drives] if sensors is None else list(sensors)
        if len(self._sensors) != len(drives) or any(set(one) != set(KINDS) for one in self._sensors):
            raise BadInput(
                f"sensors for {len(self._sensors)} of {len(drives)} drives",
                alternatives=[", ".join(KINDS) + " for each"],
            )
        self.count = len(drives)
        self.seed = seed
        self.readings = np.zeros((len(KINDS), self.count))
        """Shape (4, nu): what was read last."""
        self._readers: list[SensorReader] = []
        self._steps_back = np.zeros(len(KINDS), int)

    def begin(self, timestep_s: float, steps: int) -> None:
        """Get ready for a simulation with so many physics steps in a frame period. Raises BadInput."""
        self._readers = []
        for row, kind in enumerate(KINDS):
            delays = {one[kind].delay_s for one in self._sensors}
            if len(delays) != 1:
                raise BadInput(f"{kind} sensors with delays of {sorted(delays)} s", alternatives=["one delay for all"])
            late = max(1, round(delays.pop() / timestep_s))
            whole, self._steps_back[row] = divmod(late - 1, steps)
            kinds = [
                Sensor(step=one[kind].step, noise=one[kind].noise, delay_s=whole * steps * timestep_s)
                for one in self._sensors
            ]
            self._readers.append(SensorReader(kinds, period_s=steps * timestep_s, seed=self.seed * len(KINDS) + row))

    @property
    def stops(self) -> list[int]:
        """Physics steps before a frame period's end after which something is sampled, the earliest first; the last is 0."""
        return sorted({0, *self._steps_back.tolist()}, reverse=True)

    def sample(self, stop: int, true: np.ndarray) -> None:
        """Read what is due ``stop`` physics steps before the end of a frame period; ``true`` has shape (4, nu)."""
        for row in np.flatnonzero(self._steps_back == stop):
            self.readings[row] = self._readers[row].read(true[row])

    def reset(self, true: np.ndarray) -> None:
        """Forget what was, and read the start, shape (4, nu)."""
        for row, reader in enumerate(self._readers):
            reader.forget()
            self.readings[row] = reader.read(true[row])
