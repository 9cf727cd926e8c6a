"""A brushless motor by the constants of its data sheet, and what follows from them.

A brushless motor with its commutation is, seen from the bus, a direct-current motor: v = i R + Ke w, torque = Kt i, with
Ke = Kt in SI units (Krishnan 2010, "Permanent Magnet Synchronous and Brushless DC Motor Drives", section 9.3).
"""

import math
from dataclasses import dataclass, replace

from crewless.core.errors import BadInput

COPPER_PER_K = 0.0039
"""Temperature coefficient of copper's resistance at 20 to 25 degrees C, 1/K (IEC 60028: 0.00393)."""
REFERENCE_C = 25.0
"""Where catalogues state a resistance."""


@dataclass(frozen=True, kw_only=True)
class Motor:
    """The constants of one motor. All positive but ``no_load_current_a``, which may be 0."""

    name: str
    torque_constant_nm_a: float
    resistance_ohm: float
    """Phase to phase at 25 degrees C."""
    inductance_h: float
    rotor_inertia_kg_m2: float
    no_load_current_a: float
    no_load_speed_rad_s: float
    """Where ``no_load_current_a`` was measured; the two give the friction."""
    max_speed_rad_s: float
    """What the bearings and the rotor bear."""
    winding_housing_k_w: float
    housing_ambient_k_w: float
    winding_time_s: float
    """Time constant of the winding against its housing."""
    motor_time_s: float
    """Time constant of the whole motor against the ambient."""
    max_winding_c: float
    mass_kg: float
    diameter_m: float
    source: str = ""
    assumption: str = ""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, str):
                continue
            least = 0.0 if name == "no_load_current_a" else math.ulp(0.0)
            if not (math.isfinite(value) and value >= least):
                raise BadInput(f"motor {self.name}: {name} is {value:g}", alternatives=["a number above 0"])

    @property
    def motor_constant(self) -> float:
        """Km = Kt / sqrt(R): torque per square root of heat, N m / sqrt(W) (Hollerbach, Hunter, Ballantyne 1992)."""
        return self.torque_constant_nm_a / math.sqrt(self.resistance_ohm)

    @property
    def friction_nm_s(self) -> float:
        """Viscous friction that explains the no-load current: b = Kt I0 / w0, N m s."""
        return self.torque_constant_nm_a * self.no_load_current_a / self.no_load_speed_rad_s

    @property
    def winding_capacity_j_k(self) -> float:
        """C1 = t1 / R1: the catalogue's time constant of the winding is R1 C1 with the housing held."""
        return self.winding_time_s / self.winding_housing_k_w

    @property
    def housing_capacity_j_k(self) -> float:
        """C2 = t2 / R2: likewise for the housing against the ambient."""
        return self.motor_time_s / self.housing_ambient_k_w

    def resistance_at(self, winding_c: float) -> float:
        """R(T) = R25 (1 + a (T - 25)), ohm, with copper's a (IEC 60034-1, section 8.6)."""
        return self.resistance_ohm * (1.0 + COPPER_PER_K * (winding_c - REFERENCE_C))

    def stall_torque_nm(self, volts: float, winding_c: float = REFERENCE_C) -> float:
        """Kt V / R(T), N m: the standing motor on a source that gives whatever current it draws."""
        return self.torque_constant_nm_a * volts / self.resistance_at(winding_c)

    def no_load_speed(self, volts: float) -> float:
        """Where the back-EMF and the friction take all of the voltage: w = V / (Kt + b R / Kt), rad/s."""
        kt = self.torque_constant_nm_a
        return volts / (kt + self.friction_nm_s * self.resistance_ohm / kt)

    def continuous_current_a(self, ambient_c: float, cooling_k_w: float | None = None) -> float:
        """The current at which the standing motor's winding comes to rest at its limit.

        I = sqrt((Tmax - Ta) / (R(Tmax) (R1 + R2))): the heat that flows out at the limit equals I^2 R there (maxon,
        "Formulae handbook", section 6.3).

        Args:
            ambient_c: of the air around the housing.
            cooling_k_w: housing to ambient, when the motor sits in a structure that cools it; the catalogue's when None.

        Raises BadInput: the air is hotter than the winding may be.
        """
        if ambient_c >= self.max_winding_c:
            raise BadInput(
                f"motor {self.name} at {ambient_c:g} C ambient: its winding may reach {self.max_winding_c:g} C only"
            )
        outward = self.winding_housing_k_w + (self.housing_ambient_k_w if cooling_k_w is None else cooling_k_w)
        return math.sqrt((self.max_winding_c - ambient_c) / (self.resistance_at(self.max_winding_c) * outward))


def similar(parent: Motor, *, name: str, scale: float, turns: float) -> Motor:
    """A motor of the same shape and materials, ``scale`` times as large, with ``turns`` times the turns.

    At one flux density and one current density J: torque = B J x volume x radius ~ s^4 and heat = rho J^2 x volume ~ s^3, so
    Km ~ s^2.5. Flux through a turn ~ s^2, so Kt ~ n s^2; a turn's length over its wire's area gives R ~ n^2 / s, and
    L ~ n^2 s. Inertia ~ s^5, masses and heat capacities ~ s^3. Conduction into the housing ~ 1/s, convection from its
    surface ~ 1/s^2. The rim may run as fast as before, so speed ~ 1/s (Waldron and Hubert 1991, "Scaling of robotic
    mechanisms", ICRA; Wensing et al. 2017, "Proprioceptive actuator design in the MIT Cheetah", section IV).

    Raises BadInput: a scale or a number of turns that is not positive, or a scale beyond 0.5 to 2, where this is no
    longer worth anything.
    """
    if not (0.5 <= scale <= 2.0 and turns > 0):
        raise BadInput(
            f"motor {name}: {scale:g} times as large with {turns:g} times the turns", alternatives=["scale 0.5 to 2"]
        )
    kt, winding_k_w, housing_k_w = (
        parent.torque_constant_nm_a * turns * scale**2,
        parent.winding_housing_k_w / scale,
        parent.housing_ambient_k_w / scale**2,
    )
    return replace(
        parent,
        name=name,
        torque_constant_nm_a=kt,
        resistance_ohm=parent.resistance_ohm * turns**2 / scale,
        inductance_h=parent.inductance_h * turns**2 * scale,
        rotor_inertia_kg_m2=parent.rotor_inertia_kg_m2 * scale**5,
        # Friction torque over speed as the bearings' and the air's: ~ s^4 at the rim's speed, turned into a current.
        no_load_current_a=parent.friction_nm_s * scale**4 * (parent.no_load_speed_rad_s / scale) / kt,
        no_load_speed_rad_s=parent.no_load_speed_rad_s / scale,
        max_speed_rad_s=parent.max_speed_rad_s / scale,
        winding_housing_k_w=winding_k_w,
        housing_ambient_k_w=housing_k_w,
        winding_time_s=winding_k_w * parent.winding_capacity_j_k * scale**3,
        motor_time_s=housing_k_w * parent.housing_capacity_j_k * scale**3,
        mass_kg=parent.mass_kg * scale**3,
        diameter_m=parent.diameter_m * scale,
        source=f"designed: {parent.name} by similarity, {scale:g} times as large, {turns:g} times the turns",
    )
