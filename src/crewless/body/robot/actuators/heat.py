"""Two thermal nodes: the winding, and the housing between it and the air.

    C1 dT1/dt = I^2 R25 (1 + a (T1 - 25)) - (T1 - T2) / R1
    C2 dT2/dt = (T1 - T2) / R1 - (T2 - Ta) / R2

(lumped capacities, Incropera et al., "Fundamentals of Heat and Mass Transfer", chapter 5; two nodes as in Trujillo and
Cutkosky 2009, "Thermally constrained motor operation for a climbing robot", ICRA.) At a constant current it is linear even
though the resistance rises, so the answer is exact and no time step is needed.
"""

import math
from dataclasses import dataclass

import numpy as np

from crewless.body.robot.actuators.motor import COPPER_PER_K, REFERENCE_C, Motor
from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Heat:
    """A motor's two nodes in its surroundings."""

    motor: Motor
    ambient_c: float
    cooling_k_w: float
    """Housing to ambient."""

    @classmethod
    def of(cls, motor: Motor, *, ambient_c: float, cooling: float = 1.0) -> "Heat":
        """``cooling``: how much better than in still air the housing is cooled (a metal structure: 2 to 4)."""
        if not cooling > 0:
            raise BadInput(f"cooling {cooling:g}", alternatives=["1 in still air, 2 to 4 bolted to a metal structure"])
        return cls(motor=motor, ambient_c=ambient_c, cooling_k_w=motor.housing_ambient_k_w / cooling)

    def system(self, current_a: float) -> tuple[np.ndarray, np.ndarray]:
        """A and b of dT/dt = A T + b at a constant current; T = (winding, housing) in degrees C."""
        c1, c2 = self.motor.winding_capacity_j_k, self.motor.housing_capacity_j_k
        g1, g2 = 1.0 / self.motor.winding_housing_k_w, 1.0 / self.cooling_k_w
        watts = current_a**2 * self.motor.resistance_ohm
        matrix = np.array([[(watts * COPPER_PER_K - g1) / c1, g1 / c1], [g1 / c2, -(g1 + g2) / c2]])
        source = np.array([watts * (1.0 - COPPER_PER_K * REFERENCE_C) / c1, self.ambient_c * g2 / c2])
        return matrix, source

    def after(self, current_a: float, times_s: np.ndarray, start_c: tuple[float, float] | None = None) -> np.ndarray:
        """Temperatures under a constant current. Shape (len(times_s), 2): winding, housing.

        T(t) = T* + exp(A t) (T0 - T*), by A's eigenvectors; T* is where it would come to rest (or, when the resistance rises
        faster than the heat flows out, the point from which it runs away).
        """
        matrix, source = self.system(current_a)
        rest = np.linalg.solve(matrix, -source)
        values, vectors = np.linalg.eig(matrix)
        start = np.array([self.ambient_c] * 2 if start_c is None else start_c)
        weights = np.linalg.solve(vectors, start - rest)
        growth = np.exp(np.minimum(np.outer(np.asarray(times_s, float), np.real(values)), 50.0))
        return rest + (growth * np.real(weights)) @ np.real(vectors).T

    def continuous_current_a(self) -> float:
        """See :meth:`Motor.continuous_current_a`, with this cooling."""
        return self.motor.continuous_current_a(self.ambient_c, self.cooling_k_w)

    def seconds_to_limit(self, current_a: float, start_c: tuple[float, float] | None = None) -> float:
        """How long a current may flow until the winding is at its limit; infinite when it never gets there."""
        if current_a <= self.continuous_current_a() * (1 + 1e-12):
            return math.inf
        limit = self.motor.max_winding_c
        high = 1e-3
        while self.after(current_a, np.array([high]), start_c)[0, 0] < limit:
            high *= 2.0
        low = 0.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (
                (middle, high) if self.after(current_a, np.array([middle]), start_c)[0, 0] < limit else (low, middle)
            )
        return 0.5 * (low + high)
