"""Thirty everyday shapes, generated: what a hand meets on a table and in a toolbox, 5 to 120 mm, 10 g to 2 kg."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

from dataclasses import dataclass
from typing import Literal

import mujoco

Kind = Literal["sphere", "cylinder", "box", "disc", "tool"]
_COLOUR = [0.9, 0.55, 0.2, 1.0]
_FRICTION = [0.6, 0.005, 0.0001]
"""Friction of dry plastics and wood on each other; where a fingertip touches, the pad's own counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShapePart:
    """A piece of a shape; its long axis is x."""

    kind: Literal["sphere", "cylinder", "box"]
    size_m: tuple[float, float, float]
    """Whole lengths along x, y and z; of a cylinder along x the diameter twice."""
    at_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    share: float = 1.0
    """Share of the mass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A thing to hold. Its origin is where it is best taken."""

    name: str
    kind: Kind
    mass_kg: float
    parts: tuple[ShapePart, ...]

    @property
    def grip_m(self) -> tuple[float, float, float]:
        """Lengths of the part that is taken, along its x, y and z."""
        return self.parts[0].size_m

    def add(self, spec: "mujoco.MjSpec", name: str, pos: tuple[float, float, float]) -> "mujoco.MjsBody":
        """Put it into a scene on a free joint of its name."""
        body = spec.worldbody.add_body(name=name, pos=list(pos))
        body.add_freejoint(name=name)
        for number, part in enumerate(self.parts):
            x, y, z = part.size_m
            size, quat, kind = [x / 2, y / 2, z / 2], [1.0, 0.0, 0.0, 0.0], mujoco.mjtGeom.mjGEOM_BOX
            if part.kind == "sphere":
                size, kind = [x / 2, 0, 0], mujoco.mjtGeom.mjGEOM_SPHERE
            elif part.kind == "cylinder":
                # A disc lies flat: its axis is its short side.
                flat = z < y
                size, kind = [y / 2, (z if flat else x) / 2, 0], mujoco.mjtGeom.mjGEOM_CYLINDER
                quat = quat if flat else [0.5**0.5, 0.0, 0.5**0.5, 0.0]
            body.add_geom(
                name=f"{name}_{number}",
                type=kind,
                size=size,
                pos=list(part.at_m),
                quat=quat,
                mass=self.mass_kg * part.share,
                friction=_FRICTION,
                condim=4,
                rgba=_COLOUR,
            )
        return body


def _one(
    name: str, kind: Kind, part: Literal["sphere", "cylinder", "box"], mm: tuple[float, float, float], kg: float
) -> Shape:
    size = (mm[0] / 1e3, mm[1] / 1e3, mm[2] / 1e3)
    return Shape(name=name, kind=kind, mass_kg=kg, parts=(ShapePart(kind=part, size_m=size),))


def _tool(name: str, kg: float, *parts: ShapePart) -> Shape:
    return Shape(name=name, kind="tool", mass_kg=kg, parts=parts)


SHAPES: tuple[Shape, ...] = (
    *(_one(f"ball {d:g} mm", "sphere", "sphere", (d, d, d), kg) for d, kg in ((12, 0.010), (20, 0.02), (40, 0.05), (65, 0.06), (90, 0.3), (120, 0.6))),
    *(
        _one(f"rod {d:g} x {length:g} mm", "cylinder", "cylinder", (length, d, d), kg)
        for d, length, kg in ((5, 100, 0.010), (10, 120, 0.02), (20, 110, 0.06), (30, 120, 0.25), (50, 120, 0.5), (66, 115, 0.37), (75, 120, 1.0), (90, 120, 2.0))
    ),
    *(
        _one(f"box {x:g} x {y:g} x {z:g} mm", "box", "box", (x, y, z), kg)
        for x, y, z, kg in ((20, 8, 12, 0.010), (30, 20, 20, 0.03), (40, 40, 40, 0.1), (60, 50, 50, 0.2), (100, 60, 40, 0.4), (120, 30, 60, 0.5), (110, 80, 60, 1.0))
    ),
    *(_one(f"disc {d:g} x {h:g} mm", "disc", "cylinder", (d, d, h), kg) for d, h, kg in ((24, 5, 0.012), (50, 8, 0.05), (80, 12, 0.15), (110, 20, 0.4))),
    _tool(
        "screwdriver", 0.12, ShapePart(kind="cylinder", size_m=(0.09, 0.028, 0.028), share=0.6), ShapePart(kind="cylinder", size_m=(0.09, 0.006, 0.006), at_m=(0.09, 0, 0), share=0.4)
    ),
    _tool("hammer", 0.6, ShapePart(kind="cylinder", size_m=(0.12, 0.03, 0.03), share=0.3), ShapePart(kind="box", size_m=(0.03, 0.10, 0.03), at_m=(0.075, 0, 0), share=0.7)),
    _tool("spanner", 0.2, ShapePart(kind="box", size_m=(0.12, 0.008, 0.022), share=0.6), ShapePart(kind="box", size_m=(0.03, 0.01, 0.04), at_m=(0.07, 0, 0), share=0.4)),
    _tool("torch", 0.3, ShapePart(kind="cylinder", size_m=(0.11, 0.034, 0.034), share=0.7), ShapePart(kind="cylinder", size_m=(0.03, 0.05, 0.05), at_m=(0.07, 0, 0), share=0.3)),
    _tool("spatula", 0.15, ShapePart(kind="box", size_m=(0.11, 0.014, 0.024), share=0.6), ShapePart(kind="box", size_m=(0.10, 0.003, 0.07), at_m=(0.105, 0, 0), share=0.4)),
)  # fmt: skip
