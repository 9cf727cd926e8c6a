"""From the rotor to the joint: gears with efficiency and backlash, tendons with the capstan's loss."""

import math
from dataclasses import dataclass

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Gear:
    """A reduction. ``ratio`` is rotor turns a turn of the output."""

    ratio: float
    kind: str = "planetary"
    """planetary, harmonic or direct; see ``KINDS``."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput(f"gear {self.kind!r}", alternatives=list(KINDS))
        low, high = KINDS[self.kind].ratios
        if not low <= self.ratio <= high:
            raise BadInput(f"a {self.kind} gear of ratio {self.ratio:g}", alternatives=[f"{low:g} to {high:g}"])

    @property
    def stages(self) -> int:
        """A planetary stage makes at most 1:6 in a small diameter; the others have one stage."""
        if self.kind != "planetary":
            return 1
        return max(1, math.ceil(math.log(self.ratio) / math.log(6.0) - 1e-9))

    @property
    def efficiency(self) -> float:
        """That of a stage to the power of their number (Mueller 1998, "Die Umlaufgetriebe": losses of stages multiply)."""
        return KINDS[self.kind].stage_efficiency ** self.stages

    @property
    def backlash_rad(self) -> float:
        """At the output. The last stage's play is seen whole, the others' divided by what comes after: about the last's."""
        return KINDS[self.kind].backlash_rad

    def mass_kg(self, motor_mass_kg: float) -> float:
        """An assumption: a share of the motor's mass for each stage, as catalogues of matching gearheads show."""
        return KINDS[self.kind].mass_share * self.stages * motor_mass_kg


@dataclass(frozen=True, kw_only=True)
class GearKind:
    """What the gears of one kind have in common."""

    ratios: tuple[float, float]
    stage_efficiency: float
    backlash_rad: float
    mass_share: float
    max_input_rad_s: float
    source: str


KINDS = {
    "direct": GearKind(
        ratios=(1.0, 1.0),
        stage_efficiency=1.0,
        backlash_rad=0.0,
        mass_share=0.0,
        max_input_rad_s=math.inf,
        source="no gear",
    ),
    "planetary": GearKind(
        ratios=(3.0, 1300.0),
        stage_efficiency=0.90,
        backlash_rad=math.radians(1.2),
        mass_share=0.30,
        max_input_rad_s=4190.0,
        source="assumption, within what catalogues of 10 to 22 mm planetary gearheads give: 0.88 to 0.92 a stage, 1 to 2 degrees, 40,000 rpm for the fast ones",
    ),
    "harmonic": GearKind(
        ratios=(30.0, 160.0),
        stage_efficiency=0.75,
        backlash_rad=math.radians(1.0 / 60.0),
        mass_share=0.80,
        max_input_rad_s=890.0,
        source="assumption, within what catalogues of strain wave gears give at rated load: 0.70 to 0.80, below an arc minute, 8,500 rpm",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Tendon:
    """A closed loop of cable from a spool on the gear to a pulley on the joint; it pulls both ways."""

    spool_radius_m: float
    joint_radius_m: float
    wrap_rad: float
    """All bends on the way, spool and pulley not counted, at which the cable slides on a guide."""
    friction: float
    length_m: float
    diameter_m: float = 0.8e-3
    modulus_pa: float = 40e9
    """Young's modulus of the braid as a whole; an assumption for braided ultra-high-molecular-weight polyethylene (fibres: 100
    GPa)."""
    strength_pa: float = 1.0e9
    """Likewise (fibres: 3 GPa)."""

    def __post_init__(self) -> None:
        for name in ("spool_radius_m", "joint_radius_m", "length_m", "diameter_m", "modulus_pa", "strength_pa"):
            if not getattr(self, name) > 0:
                raise BadInput(f"tendon: {name} is {getattr(self, name):g}", alternatives=["above 0"])
        if not (self.wrap_rad >= 0 and self.friction >= 0):
            raise BadInput(
                f"tendon: {self.wrap_rad:g} rad of bends with friction {self.friction:g}", alternatives=["0 or more"]
            )

    @property
    def ratio(self) -> float:
        """Spool turns a turn of the joint: r_joint / r_spool."""
        return self.joint_radius_m / self.spool_radius_m

    @property
    def efficiency(self) -> float:
        """exp(-mu theta): what is left of the pull after the bends (Eytelwein 1808; the capstan equation)."""
        return math.exp(-self.friction * self.wrap_rad)

    @property
    def area_m2(self) -> float:
        """Pi d^2 / 4."""
        return math.pi * self.diameter_m**2 / 4.0

    @property
    def max_force_n(self) -> float:
        """Half of what breaks it; a safety factor of 2 against fatigue is an assumption."""
        return 0.5 * self.strength_pa * self.area_m2

    def force_n(self, joint_torque_nm: float) -> float:
        """The pull behind a torque at the joint: F = torque / r."""
        return joint_torque_nm / self.joint_radius_m

    @property
    def stiffness_nm_rad(self) -> float:
        """At the joint, the spool held: k = (E A / l) r^2 (one run of the loop is loaded)."""
        return self.modulus_pa * self.area_m2 / self.length_m * self.joint_radius_m**2
