"""The temperatures of every drive in a simulation: two nodes each, from the torques that were really given.

MuJoCo's ``<dcmotor>`` has a thermal node of its own, but it is one node, and it is heated by the current that the voltage
would drive: the limit of the power stage cuts the torque only, after the heat has been reckoned (MuJoCo 4.0.0; a motor at 12
times its limit is heated 144 times). So :class:`Windings` follows winding and housing beside the simulation and, where the
model has a winding's temperature, puts the true one back, so that the resistance is right. Any number of worlds at once.
"""

from collections.abc import Sequence

import numpy as np

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.actuators.motor import COPPER_PER_K, REFERENCE_C


class Windings:
    """Temperatures of windings and housings.

    Args:
        drives: in the order of the model's actuators.
        shape: of the worlds before it: () for one simulation, (num_worlds,) for many.
    """

    def __init__(self, drives: Sequence[Drive], shape: tuple[int, ...] = ()) -> None:
        def row(value):
            return np.array([value(one) for one in drives], dtype=float)

        self.limit_c = row(lambda one: one.motor.max_winding_c)
        """Shape (nu,)."""
        self.ambient_c = row(lambda one: one.ambient_c)
        self._torque_per_amp = row(lambda one: one.torque_per_amp)
        self._ohm = row(lambda one: one.motor.resistance_ohm)
        self._r1 = row(lambda one: one.motor.winding_housing_k_w)
        self._r2 = row(lambda one: one.heat.cooling_k_w)
        self._c1 = row(lambda one: one.motor.winding_capacity_j_k)
        self._c2 = row(lambda one: one.motor.housing_capacity_j_k)
        self._in_model = np.flatnonzero([one.winding_in_model for one in drives])
        self.winding_k = np.zeros((*shape, len(drives)))
        """Above the ambient. Shape (..., nu)."""
        self.housing_k = np.zeros((*shape, len(drives)))

    def step(self, torque_nm: np.ndarray, seconds: float, act: np.ndarray | None = None) -> None:
        """Heat by what the actuators give (``data.actuator_force``, shape (..., nu)) for ``seconds``, at most about 0.1.

        Args:
            torque_nm: at the joints; held to be constant over the step.
            seconds: since the last step.
            act: ``data.act``, shape (..., na); the temperatures in it are replaced by the true ones.
        """
        current = torque_nm / self._torque_per_amp
        watts = current**2 * self._ohm * (1.0 + COPPER_PER_K * (self.celsius - REFERENCE_C))
        # The winding exactly, for a housing that stands still: its time constant is under a second in a finger's motor.
        rest = self.housing_k + watts * self._r1
        ended = rest + (self.winding_k - rest) * np.exp(-seconds / (self._r1 * self._c1))
        flow = watts - self._c1 * (ended - self.winding_k) / seconds
        self.housing_k += seconds / self._c2 * (flow - self.housing_k / self._r2)
        self.winding_k = ended
        if act is not None:
            act[...] = self.winding_k[..., self._in_model]

    def reset(self) -> None:
        """All cold."""
        self.winding_k[...] = 0.0
        self.housing_k[...] = 0.0

    @property
    def celsius(self) -> np.ndarray:
        """The windings, degrees C. Shape (..., nu)."""
        return self.winding_k + self.ambient_c

    @property
    def overheated(self) -> np.ndarray:
        """Which windings are over their limit. Shape (..., nu)."""
        return self.celsius > self.limit_c
