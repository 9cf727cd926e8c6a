"""What makes a design impossible, each said with its number before anything is built."""

import math

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.actuators.transmission import KINDS
from crewless.body.robot.anthropometry import PHALANGES_M, STATURE_M
from crewless.body.robot.design import BODY_GROUPS, HAND_GROUPS, Design, drive
from crewless.body.robot.hand import RANGES, TIP_SHARE, hand, hand_drives
from crewless.body.robot.humanoid import humanoid, humanoid_drives
from crewless.core.errors import BadInput

CLOSING_S = 1.5
"""A hand that needs longer to close is none."""
LEAST_FORCE_N = 2.0
"""Least continuous force of a fingertip: with a friction coefficient of 1.2, two of them then hold 4.8 N, half a kilogram."""


def check(design: Design) -> None:
    """Raises BadInput for the first thing that cannot be; builds the model at the end, which checks the masses."""
    _check_sizes(design)
    for group in (*HAND_GROUPS, *(BODY_GROUPS if design.body else ())):
        _check_speed(drive(design, group, name=group), group)
    _check_closes(design)
    _check_bus(design)
    if design.body is None:
        hand(design)
    else:
        humanoid(design)


def drives_of(design: Design) -> list[Drive]:
    """Every drive in the order of the model's actuators."""
    return hand_drives(design) if design.body is None else humanoid_drives(design)


def standing_w(design: Design) -> float:
    """What the power stages draw while nothing moves and nothing is held."""
    return sum(one.stage.quiescent_w for one in drives_of(design))


def continuous_w(design: Design) -> float:
    """What all drives draw at their continuous torque, standing, windings hot."""
    return sum(one.power_w(one.continuous_torque_nm, 0.0, one.motor.max_winding_c) for one in drives_of(design))


def reach_m(finger: str, design: Design, first: int = 0) -> float:
    """From a finger's base (0) or middle (1) joint to the middle of its pad, straight."""
    scale = design.height_m / STATURE_M
    return sum(PHALANGES_M[finger][first:]) * scale - 0.004


def fingertip_n(finger: str, design: Design, *, peak: bool) -> float:
    """The force of a straight finger's pad: the lesser of what base and curl drive can hold, F = torque / reach.

    For the thumb the base joint of its two phalanges. At rest; peak force (``peak``) or continuous force.
    """

    def torque(one: Drive) -> float:
        return one.peak_torque_nm if peak else one.continuous_torque_nm

    if finger == "thumb":
        return torque(drive(design, "thumb", name=finger)) / reach_m(finger, design)
    base = torque(drive(design, "base", name=finger)) / reach_m(finger, design)
    return min(base, torque(drive(design, "curl", name=finger)) / reach_m(finger, design, 1))


def closing_s(design: Design) -> float:
    """The time in which a flat hand becomes a fist: the slowest joint's way over its speed (acceleration takes 20 ms more)."""
    ways = {
        "base": RANGES["base"][1],
        "curl": RANGES["middle"][1] + TIP_SHARE * RANGES["tip"][1],
        "thumb": RANGES["thumb_opposition"][1],
    }
    return max(way / drive(design, group, name=group).no_load_speed_rad_s for group, way in ways.items())


def _check_sizes(design: Design) -> None:
    for name, value, low, high, unit in (
        ("mass", design.mass_kg, 20.0, 200.0, "kg"),
        ("height", design.height_m, 1.2, 2.2, "m"),
        ("ambient", design.ambient_c, -40.0, 80.0, "C"),
        ("bus power", design.bus_w, 1.0, 1e5, "W"),
        ("encoder", design.encoder_bits, 1, 32, "bits"),
        ("tendon friction", design.hand.tendon_friction, 0.0, 1.0, ""),
        ("pad friction", design.hand.pad_friction, 0.1, 3.0, ""),
        ("cooling", design.hand.cooling, 0.1, 10.0, ""),
        *(
            (
                ("body cooling", design.body.cooling, 0.1, 10.0, ""),
                ("battery", design.body.battery_wh, 1.0, 1e5, "Wh"),
                ("battery density", design.body.battery_wh_kg, 50.0, 1000.0, "Wh/kg"),
            )
            if design.body
            else ()
        ),
    ):
        if not (math.isfinite(value) and low <= value <= high):
            raise BadInput(f"{name} {value:g} {unit}".strip(), alternatives=[f"{low:g} to {high:g} {unit}".strip()])
    for where, known, drives in (
        ("hand", HAND_GROUPS, design.hand.drives),
        ("body", BODY_GROUPS, design.body.drives if design.body else {}),
    ):
        for group in drives:
            if group not in known:
                raise BadInput(f"{where}.drives: there is no group of joints {group!r}", alternatives=list(known))


def _check_speed(one: Drive, group: str) -> None:
    rotor = one.motor.no_load_speed(one.stage.volts)
    limits = {
        f"motor {one.motor.name}": one.motor.max_speed_rad_s,
        f"a {one.gear.kind} gear": KINDS[one.gear.kind].max_input_rad_s,
    }
    for part, limit in limits.items():
        if rotor > limit:
            raise BadInput(
                f"drive {group}: {one.stage.bus_v:g} V turns the rotor at {rotor:.0f} rad/s, {part} allows {limit:.0f}",
                alternatives=[f"a bus of at most {one.stage.bus_v * limit / rotor:.0f} V", "a motor with more turns"],
            )
    if one.motor.resistance_at(one.motor.max_winding_c) * one.heat.continuous_current_a() > one.stage.volts:
        raise BadInput(
            f"drive {group}: a bus of {one.stage.bus_v:g} V cannot drive {one.heat.continuous_current_a():.2g} A, what motor "
            f"{one.motor.name} could bear continuously",
            alternatives=["a higher bus voltage", "a motor with fewer turns"],
        )


def _check_closes(design: Design) -> None:
    fingers = design.hand.fingers
    if "thumb" not in fingers or len(set(fingers)) < 2 or len(set(fingers)) != len(fingers):
        raise BadInput(
            f"a hand of {', '.join(fingers) or 'no fingers'} cannot close on anything",
            alternatives=["thumb and at least one finger, each once"],
        )
    seconds = closing_s(design)
    if seconds > CLOSING_S:
        raise BadInput(
            f"the hand needs {seconds:.1f} s to close",
            alternatives=[f"at most {CLOSING_S:g} s: lower gear ratios, more volts"],
        )
    for finger in fingers:
        force = fingertip_n(finger, design, peak=False)
        if force < LEAST_FORCE_N:
            raise BadInput(
                f"the hand cannot close on anything: the {finger}'s tip presses with {force:.2f} N",
                alternatives=[f"at least {LEAST_FORCE_N:g} N: a higher gear ratio, a stronger motor, better cooling"],
            )


def _check_bus(design: Design) -> None:
    needed = continuous_w(design)
    if needed > design.bus_w:
        raise BadInput(
            f"a bus of {design.bus_w:g} W cannot feed {len(drives_of(design))} drives at their continuous torque",
            alternatives=[f"at least {math.ceil(needed):g} W", "smaller motors"],
        )
