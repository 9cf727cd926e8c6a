"""A drive: motor, gear, tendon and power stage as one joint sees them; and the same as MuJoCo's ``<dcmotor>``.

Seen from the joint a geared motor with a constant efficiency is again a motor, of one turn a turn (N is rotor turns a turn of
the joint, e the efficiency of gear and tendon, i the true current):

    speed        w = N w_joint         so   K' = N Kt
    torque       t = N e Kt i          so   i' = e i
    voltage      v = i R + Kt w        so   R' = R / e
    heat         i'^2 R' = e i^2 R     so   thermal resistances divided by e, capacities times e
    inertia      J' = N^2 Jr           friction  b' = e N^2 b

Torque, speed, voltage and temperature are then exactly those of the real one while the motor drives the joint. What they
are not: the losses of a joint that drives its motor back are not modelled apart.
"""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from crewless.body.robot.actuators.heat import Heat
from crewless.body.robot.actuators.motor import COPPER_PER_K, REFERENCE_C, Motor
from crewless.body.robot.actuators.transmission import Gear, Tendon
from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class PowerStage:
    """The inverter that feeds one motor."""

    bus_v: float
    current_limit_a: float
    modulation: float = 0.95
    """Share of the bus that reaches the winding; dead time and minimum pulses take the rest (Krishnan 2010, chapter 3)."""
    quiescent_w: float = 0.15
    """What one stage with its encoder draws while nothing moves; an assumption."""

    def __post_init__(self) -> None:
        if not (0 < self.bus_v <= 60.0):
            raise BadInput(
                f"a bus of {self.bus_v:g} V", alternatives=["above 0 and at most 60 V (safety extra-low voltage)"]
            )
        if not (math.isfinite(self.current_limit_a) and self.current_limit_a > 0):
            raise BadInput(f"a current limit of {self.current_limit_a:g} A", alternatives=["above 0"])
        if not 0 < self.modulation <= 1:
            raise BadInput(f"a modulation of {self.modulation:g}", alternatives=["above 0, at most 1"])

    @property
    def volts(self) -> float:
        """What the winding can get."""
        return self.bus_v * self.modulation


@dataclass(frozen=True, kw_only=True)
class Drive:
    """Everything between the bus and a joint. Torques and speeds are the joint's."""

    name: str
    motor: Motor
    gear: Gear
    stage: PowerStage
    ambient_c: float
    cooling: float = 1.0
    """How much better than in still air its housing is cooled."""
    tendon: Tendon | None = None
    encoder_bits: int = 12
    """Steps a turn of the rotor, as a power of two."""

    @property
    def ratio(self) -> float:
        """Rotor turns a turn of the joint."""
        return self.gear.ratio * (self.tendon.ratio if self.tendon else 1.0)

    @property
    def efficiency(self) -> float:
        """Efficiency of gear and tendon together, 0 to 1."""
        return self.gear.efficiency * (self.tendon.efficiency if self.tendon else 1.0)

    @property
    def heat(self) -> Heat:
        """Its motor's thermal nodes."""
        return Heat.of(self.motor, ambient_c=self.ambient_c, cooling=self.cooling)

    @property
    def torque_per_amp(self) -> float:
        """N e Kt, N m / A."""
        return self.ratio * self.efficiency * self.motor.torque_constant_nm_a

    @property
    def peak_current_a(self) -> float:
        """The lesser of the stage's limit and what the cold standing winding lets through."""
        return min(self.stage.current_limit_a, self.stage.volts / self.motor.resistance_at(self.ambient_c))

    @property
    def peak_torque_nm(self) -> float:
        """At standstill, cold; the tendon may not bear more than its limit."""
        torque = self.torque_per_amp * self.peak_current_a
        return min(torque, self.tendon.max_force_n * self.tendon.joint_radius_m) if self.tendon else torque

    @property
    def continuous_current_a(self) -> float:
        """For ever at standstill, winding at its limit; no more than the peak's."""
        hot = self.stage.volts / self.motor.resistance_at(self.motor.max_winding_c)
        return min(self.heat.continuous_current_a(), self.peak_current_a, hot)

    @property
    def continuous_torque_nm(self) -> float:
        """For ever at standstill."""
        return min(self.torque_per_amp * self.continuous_current_a, self.peak_torque_nm)

    def held(self, torque_nm: float, times_s: np.ndarray) -> np.ndarray:
        """Temperatures while a torque is held at standstill, or, once the winding is too hot for the bus to drive its current,
        what the bus still gives: i = min(torque / (N e Kt), V / R(T)). From cold. Shape (len(times_s), 2): winding, housing.
        """
        heat, volts = self.heat, self.stage.volts
        amps = min(torque_nm / self.torque_per_amp, self.stage.current_limit_a)
        free = heat.after(amps, times_s)
        if amps * self.motor.resistance_at(float(free[:, 0].max())) <= volts:
            return free
        c1, c2 = self.motor.winding_capacity_j_k, self.motor.housing_capacity_j_k
        r1, r2 = self.motor.winding_housing_k_w, heat.cooling_k_w
        step = min(0.02, 0.05 * r1 * c1)
        winding = housing = self.ambient_c
        found, at = np.empty((len(times_s), 2)), 0.0
        for number in np.argsort(times_s):
            while at < float(times_s[number]):
                seconds = min(step, float(times_s[number]) - at)
                resistance = self.motor.resistance_at(winding)
                flow = (winding - housing) / r1
                current = min(amps, volts / resistance)
                winding += seconds / c1 * (current**2 * resistance - flow)
                housing += seconds / c2 * (flow - (housing - self.ambient_c) / r2)
                at += seconds
            found[number] = (winding, housing)
        return found

    @property
    def no_load_speed_rad_s(self) -> float:
        """The joint's, nothing to move."""
        return self.motor.no_load_speed(self.stage.volts) / self.ratio

    @property
    def reflected_inertia_kg_m2(self) -> float:
        """N^2 Jr (Hogan 1985, "Impedance control", part II: inertia through a transformer)."""
        return self.ratio**2 * self.motor.rotor_inertia_kg_m2

    @property
    def damping_nm_s(self) -> float:
        """Friction of the motor at the joint: e N^2 b."""
        return self.efficiency * self.ratio**2 * self.motor.friction_nm_s

    @property
    def winding_in_model(self) -> bool:
        """Whether MuJoCo's motor carries the winding's temperature.

        It heats by V / R even where the stage allows less, so only where the two are of one size; elsewhere there is so much
        voltage to spare that the resistance does not matter to the torque.
        """
        return self.stage.current_limit_a >= 0.6 * self.stage.volts / self.motor.resistance_ohm

    @property
    def backlash_rad(self) -> float:
        """The gear's play at the joint."""
        return self.gear.backlash_rad / (self.tendon.ratio if self.tendon else 1.0)

    @property
    def mass_kg(self) -> float:
        """Motor, gear and power stage; the last, 4 g and 15 g a kilogram of motor, is an assumption."""
        return self.motor.mass_kg + self.gear.mass_kg(self.motor.mass_kg) + 0.004 + 0.015 * self.motor.mass_kg

    def speed_at(self, torque_nm: float) -> float:
        """The fastest that the joint turns against a torque, winding cold: w = (V - R i) / (N Kt), with i from torque and friction.

        Zero where the torque is more than it can give.
        """
        kt, resistance = self.motor.torque_constant_nm_a, self.motor.resistance_at(self.ambient_c)
        load_a = torque_nm / self.torque_per_amp
        if load_a > self.peak_current_a or torque_nm > self.peak_torque_nm:
            return 0.0
        speed = (self.stage.volts - resistance * load_a) / (kt + resistance * self.motor.friction_nm_s / kt)
        return max(0.0, speed) / self.ratio

    def power_w(self, torque_nm: float, speed_rad_s: float, winding_c: float | None = None) -> float:
        """Drawn from the bus: i^2 R(T) + Kt i w + what the stage needs itself, W. Nothing is fed back."""
        rotor_rad_s = speed_rad_s * self.ratio
        current = (
            torque_nm / self.torque_per_amp + self.motor.friction_nm_s * rotor_rad_s / self.motor.torque_constant_nm_a
        )
        hot = self.motor.resistance_at(self.ambient_c if winding_c is None else winding_c)
        return (
            max(0.0, current**2 * hot + self.motor.torque_constant_nm_a * current * rotor_rad_s)
            + self.stage.quiescent_w
        )

    def gains(self, load_kg_m2: float) -> tuple[float, float]:
        """Stiffness and damping of the position loop, N m / rad and N m s / rad.

        Full torque at 0.15 rad of error, but no faster than 60 rad/s, which 504 steps a second resolve; damping ratio 1:
        kd = 2 sqrt(kp J) (Franklin, Powell, Emami-Naeini, "Feedback control of dynamic systems", section 3.3).
        """
        inertia = self.reflected_inertia_kg_m2 + load_kg_m2
        stiffness = min(self.peak_torque_nm / 0.15, 60.0**2 * inertia)
        return stiffness, 2.0 * math.sqrt(stiffness * inertia)

    def bandwidth_hz(self, load_kg_m2: float, amplitude_rad: float) -> dict[str, float]:
        """What limits a sinus of the joint, each in Hz.

        current: R / (2 pi L), the winding's own pole. loop: sqrt(kp / J) / 2 pi. tendon: the first resonance,
        sqrt(k (1/Jload + 1/J')) / 2 pi (two inertias on a spring). speed: w0 / (2 pi A). torque: sqrt(t / (J A)) / 2 pi.
        """
        inertia = self.reflected_inertia_kg_m2 + load_kg_m2
        limits = {
            "current": self.motor.resistance_ohm / self.motor.inductance_h / math.tau,
            "loop": math.sqrt(self.gains(load_kg_m2)[0] / inertia) / math.tau,
            "speed": self.no_load_speed_rad_s / (math.tau * amplitude_rad),
            "torque": math.sqrt(self.peak_torque_nm / (inertia * amplitude_rad)) / math.tau,
        }
        if self.tendon is not None:
            soft = 1.0 / load_kg_m2 + 1.0 / self.reflected_inertia_kg_m2
            limits["tendon"] = math.sqrt(self.tendon.stiffness_nm_rad * soft) / math.tau
        return limits

    def add(
        self,
        spec: mujoco.MjSpec,
        *,
        target: str,
        transmission: "mujoco.mjtTrn",
        low: float,
        high: float,
        load_kg_m2: float,
    ) -> "mujoco.MjsActuator":
        """Put the drive on a joint or a tendon of a model, with its position loop inside.

        Its control is a joint angle (rad). Where ``winding_in_model``, its one activation is the winding's temperature above
        the ambient (K), with one thermal node: the winding's capacity against the air through both resistances. See
        :mod:`crewless.body.robot.winding` for two nodes and the right heat at the current limit. L / R is under the time
        step and left out.
        """
        kt, e = self.ratio * self.motor.torque_constant_nm_a, self.efficiency
        stiffness, damping = self.gains(load_kg_m2)
        heat = self.heat
        thermal = [
            (self.motor.winding_housing_k_w + heat.cooling_k_w) / e,
            self.motor.winding_capacity_j_k * e,
            0.0,
            COPPER_PER_K,
            REFERENCE_C,
            self.ambient_c,
        ]
        made = spec.add_actuator(name=self.name, target=target, trntype=transmission, ctrlrange=[low, high])
        made.set_to_dcmotor(
            motorconst=[kt, kt],
            resistance=self.motor.resistance_ohm / e,
            # The stage's limit, not the winding's resistance: that one is in the voltage.
            saturation=[min(self.torque_per_amp * self.stage.current_limit_a, self._tendon_torque_nm()), 0.0, 0.0],
            controller=[stiffness, 0.0, damping, 0.0, 0.0, self.stage.volts],
            thermal=thermal if self.winding_in_model else [0.0] * 6,
            ctrlspec=int(mujoco.mjtCtrlInput.mjINPUT_POS),
        )
        made.armature = self.reflected_inertia_kg_m2
        made.damping = [self.damping_nm_s, 0.0, 0.0]
        return made

    def _tendon_torque_nm(self) -> float:
        return self.tendon.max_force_n * self.tendon.joint_radius_m if self.tendon else math.inf
