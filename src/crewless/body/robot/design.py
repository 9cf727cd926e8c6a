"""What a robot is designed from: frozen dataclasses, read from YAML with every value checked."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from crewless.body.robot.actuators.drive import Drive, PowerStage
from crewless.body.robot.actuators.motor_table import motor
from crewless.body.robot.actuators.transmission import Gear, Tendon
from crewless.core.errors import BadInput

_STRICT: Mapping[str, Any] = {"extra": "forbid"}
"""Read by pydantic where a file comes in."""

FINGERS = ("thumb", "index", "middle", "ring", "little")


@dataclass(frozen=True, kw_only=True)
class DriveChoice:
    """Which motor and gear move a group of joints, and how."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    motor: str
    """A name of the motor table."""
    ratio: float
    """Gear ratio."""
    gear: Literal["planetary", "harmonic", "direct"] = "planetary"
    current_a: float
    """The power stage's limit."""
    spool_mm: float | None = None
    """Radius of the spool; a tendon when given."""
    pulley_mm: float | None = None
    """Radius of the joint's pulley."""
    wrap_deg: float = 90.0
    """Bends of the tendon on its way."""


def _hand_drives() -> dict[str, DriveChoice]:
    small = {"motor": "round13-48", "current_a": 0.5, "spool_mm": 5.0}
    return {
        "spread": DriveChoice(**small, ratio=220, pulley_mm=8.0, wrap_deg=70),
        "base": DriveChoice(**small, ratio=250, pulley_mm=9.0, wrap_deg=50),
        "curl": DriveChoice(**small, ratio=220, pulley_mm=8.0, wrap_deg=110),
        "arch": DriveChoice(**small, ratio=250, pulley_mm=9.0, wrap_deg=50),
        "thumb": DriveChoice(**small, ratio=250, pulley_mm=9.0, wrap_deg=80),
        "wrist": DriveChoice(motor="round16-48", ratio=220, current_a=1.0, spool_mm=7.0, pulley_mm=18.0, wrap_deg=30),
        "roll": DriveChoice(motor="round16-48", ratio=420, current_a=1.0),
    }


@dataclass(frozen=True, kw_only=True)
class HandDesign:
    """A hand with its forearm."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    side: Literal["right", "left"] = "right"
    fingers: tuple[Literal["thumb", "index", "middle", "ring", "little"], ...] = FINGERS
    palm_arch: bool = True
    """The little finger's metacarpal moves (one degree of freedom more)."""
    drives: Mapping[str, DriveChoice] = field(default_factory=lambda: MappingProxyType(_hand_drives()))
    """By group of joints: spread, base, curl, arch, thumb, wrist, roll. What is left out keeps its default."""
    tendon_friction: float = 0.06
    """Friction coefficient of the cable on its guides; an assumption for polyethylene braid on polished steel or PTFE (0.05 to
    0.1)."""
    pad_friction: float = 1.2
    """Friction coefficient of the fingertips; an assumption for soft silicone on dry smooth plastics (0.8 to 1.5)."""
    cooling: float = 2.0
    """How much better than in still air the motors are cooled by the forearm's frame; an assumption."""
    backlash: bool = False
    """Model the gears' play: every drive gets a rotor of its own in the simulation, which costs three times its time."""


def _humanoid_drives() -> dict[str, DriveChoice]:
    large = {"motor": "flat85-48", "gear": "harmonic", "current_a": 35.0}
    medium = {"motor": "flat68-48", "gear": "harmonic", "current_a": 20.0}
    small = {"motor": "flat45-48", "gear": "harmonic", "current_a": 6.0}
    return {
        "hip": DriveChoice(**large, ratio=100),
        "knee": DriveChoice(**large, ratio=100),
        "ankle": DriveChoice(**medium, ratio=120),
        "waist": DriveChoice(**large, ratio=100),
        "shoulder": DriveChoice(**medium, ratio=100),
        "elbow": DriveChoice(**medium, ratio=80),
        "neck": DriveChoice(**small, ratio=100),
    }


@dataclass(frozen=True, kw_only=True)
class BodyDesign:
    """The humanoid that carries two hands."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    base: Literal["free", "fixed"] = "free"
    """free: stands on its feet. fixed: the pelvis is bolted down, for work with the arms."""
    drives: Mapping[str, DriveChoice] = field(default_factory=lambda: MappingProxyType(_humanoid_drives()))
    """By group of joints: hip, knee, ankle, waist, shoulder, elbow, neck."""
    cooling: float = 2.5
    """How much better than in still air the motors are cooled by the limbs' frames; an assumption."""
    battery_wh: float = 1200.0
    battery_wh_kg: float = 180.0
    """Specific energy of the battery pack; an assumption for lithium-ion packs (150 to 200)."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """A robot, whole."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _STRICT

    name: str = "crewless one"
    height_m: float = 1.80
    mass_kg: float = 80.0
    """Segments get their shares of it; what the motors leave over is structure."""
    bus_v: float = 48.0
    bus_w: float = 3000.0
    """What the battery and the bus can give at once."""
    ambient_c: float = 25.0
    encoder_bits: int = 12
    """Resolution of every motor's encoder, which sits on the rotor; an assumption for magnetic encoders on small motors."""
    hand: HandDesign = field(default_factory=HandDesign)
    body: BodyDesign | None = field(default_factory=BodyDesign)
    """None: a hand alone."""


HAND_GROUPS = tuple(_hand_drives())
BODY_GROUPS = tuple(_humanoid_drives())


def choice(design: Design, group: str) -> DriveChoice:
    """A group's drive, the default where the design says nothing. Raises BadInput for a group that there is not."""
    if group in HAND_GROUPS:
        return {**_hand_drives(), **design.hand.drives}[group]
    if group in BODY_GROUPS and design.body is not None:
        return {**_humanoid_drives(), **design.body.drives}[group]
    raise BadInput(f"there is no group of joints {group!r}", alternatives=[*HAND_GROUPS, *BODY_GROUPS])


def drive(design: Design, group: str, *, name: str, length_m: float = 0.3) -> Drive:
    """The drive of one joint of a group; ``length_m`` is its tendon's. Raises BadInput."""
    chosen = choice(design, group)
    in_hand = group in HAND_GROUPS
    tendon = None
    if (chosen.spool_mm is None) != (chosen.pulley_mm is None):
        raise BadInput(f"drive {group}: a tendon needs both radii", alternatives=["spool_mm and pulley_mm", "neither"])
    if chosen.spool_mm is not None and chosen.pulley_mm is not None:
        tendon = Tendon(
            spool_radius_m=chosen.spool_mm * 1e-3,
            joint_radius_m=chosen.pulley_mm * 1e-3,
            wrap_rad=math.radians(chosen.wrap_deg),
            friction=design.hand.tendon_friction,
            length_m=length_m,
            diameter_m=0.8e-3 if group not in ("wrist",) else 1.5e-3,
        )
    body_cooling = design.body.cooling if design.body else 1.0
    return Drive(
        name=name,
        motor=motor(chosen.motor),
        gear=Gear(ratio=float(chosen.ratio), kind=chosen.gear),
        stage=PowerStage(bus_v=design.bus_v, current_limit_a=chosen.current_a),
        ambient_c=design.ambient_c,
        cooling=design.hand.cooling if in_hand else body_cooling,
        tendon=tendon,
        encoder_bits=design.encoder_bits,
    )


def load_design(path: Path) -> Design:
    """Read a design from a YAML file.

    Raises:
        BadInput: it cannot be read, holds a field that there is not, or a value of the wrong kind. Whether the robot can
            work is for :func:`crewless.body.robot.limits.check`.
    """
    import yaml

    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the design {path}: {getattr(error, 'strerror', None) or error}") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    return design_from(values if values is not None else {}, str(path))


def design_from(values: Any, where: str = "design") -> Design:
    """A design from plain values. Raises BadInput with the first field that is wrong."""
    from pydantic import TypeAdapter, ValidationError

    if not isinstance(values, dict):
        raise BadInput(
            f"{where} holds {type(values).__name__}, not fields", alternatives=["name: ...", "height_m: 1.8"]
        )
    try:
        return TypeAdapter(Design).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{where}: {place}: {first['msg'].lower()}, not {first['input']!r}") from error
