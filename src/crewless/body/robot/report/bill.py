"""The bill of parts: what there is to be bought or made, how many, and what it weighs."""

import csv
import io
from collections import Counter

from crewless.body.robot.actuators.drive import Drive
from crewless.body.robot.anthropometry import mass_kg
from crewless.body.robot.design import Design
from crewless.body.robot.humanoid import battery_kg, segment_motors
from crewless.body.robot.limits import drives_of

COLUMNS = ("part", "kind", "what", "count", "mass_each_kg", "mass_kg", "source")
_BREAKAGE = 1.1
"""Cable is cut with a tenth to spare."""
_CABLE_KG_M3 = 970.0
"""Polyethylene (density of the fibre)."""


def bill(design: Design) -> list[dict[str, str | int | float]]:
    """The rows, motors first, structure last; masses add up to the robot's (a hand alone: to hand and forearm)."""
    drives = drives_of(design)
    rows: list[dict[str, str | int | float]] = []

    def row(part: str, kind: str, what: str, count: int, each_kg: float, source: str) -> None:
        rows.append(
            {
                "part": part,
                "kind": kind,
                "what": what,
                "count": count,
                "mass_each_kg": round(each_kg, 5),
                "mass_kg": round(each_kg * count, 4),
                "source": source,
            }
        )

    def counted(key) -> list[tuple[Drive, int]]:
        found, first = Counter(key(one) for one in drives), {}
        for one in drives:
            first.setdefault(key(one), one)
        return [(first[name], number) for name, number in found.items()]

    for one, count in counted(lambda one: one.motor.name):
        note = "; ".join(filter(None, (one.motor.source, one.motor.assumption and f"assumed: {one.motor.assumption}")))
        row(one.motor.name, "motor", f"{1000 * one.motor.diameter_m:.0f} mm", count, one.motor.mass_kg, note)
    for one, count in counted(lambda one: (one.gear, one.motor.name)):
        what = f"1:{one.gear.ratio:g}, {one.gear.stages} stage{'s' if one.gear.stages > 1 else ''}, on {one.motor.name}"
        row(
            f"{one.gear.kind} {one.gear.ratio:g}",
            "gear",
            what,
            count,
            one.gear.mass_kg(one.motor.mass_kg),
            "assumed: transmission.KINDS",
        )
    for one, count in counted(lambda one: (one.stage.current_limit_a, one.motor.name)):
        stage_kg = one.mass_kg - one.motor.mass_kg - one.gear.mass_kg(one.motor.mass_kg)
        what = f"{one.stage.bus_v:g} V, {one.stage.current_limit_a:g} A, with encoder"
        row(
            f"stage {one.stage.current_limit_a:g} A",
            "power stage",
            what,
            count,
            stage_kg,
            "assumed: drive.Drive.mass_kg",
        )
    for one, count in counted(
        lambda one: one.tendon and (one.tendon.diameter_m, one.tendon.spool_radius_m, one.tendon.joint_radius_m)
    ):
        if one.tendon is None:
            continue
        length = 2.0 * one.tendon.length_m * _BREAKAGE
        what = f"{1000 * one.tendon.diameter_m:.1f} mm braid, {length:.2f} m; spool {1000 * one.tendon.spool_radius_m:g} mm, "
        what += f"pulley {1000 * one.tendon.joint_radius_m:g} mm"
        row(
            "tendon",
            "tendon",
            what,
            count,
            0.0,
            f"{1000 * one.tendon.area_m2 * length * _CABLE_KG_M3:.1f} g, in the structure",
        )
    if design.body is not None:
        pack = battery_kg(design)
        row("battery", "battery", f"{design.body.battery_wh:g} Wh", 1, pack, "assumed: lithium-ion pack")
        for segment, carried in segment_motors(design).items():
            sides = 1 if segment in ("head", "upper_trunk", "middle_trunk", "pelvis") else 2
            rest = mass_kg(segment, design.mass_kg) - carried
            row(
                f"structure {segment.replace('_', ' ')}",
                "structure",
                "frame, bearings, shell",
                sides,
                rest,
                "segment less parts",
            )
    else:
        carried = sum(one.mass_kg for one in drives)
        row(
            "structure forearm",
            "structure",
            "frame, shell",
            1,
            mass_kg("forearm", design.mass_kg) - carried,
            "segment less parts",
        )
        row("structure hand", "structure", "palm and fingers", 1, mass_kg("hand", design.mass_kg), "segment")
    return rows


def to_csv(rows: list[dict[str, str | int | float]]) -> str:
    """As a file."""
    text = io.StringIO()
    writer: csv.DictWriter[str] = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
