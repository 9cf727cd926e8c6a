"""Lengths and masses of a person's segments, which the humanoid keeps so that it fits what was made for people.

Segments: de Leva 1996, "Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters", J. Biomechanics 29(9), table 4,
men of 1.741 m and 73.0 kg: lengths scale with the stature. Phalanges and metacarpals: Buryanov and Kotiuk 2010, "Proportions
of hand segments", Int. J. Morphology 28(3), table 1. Breadths and the foot's height: Drillis and Contini 1966 in Winter 2009,
"Biomechanics and motor control of human movement", figure 4.1.
"""

from dataclasses import dataclass

STATURE_M = 1.741
"""Mean stature of the men in de Leva's data."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One row of the table."""

    length_m: float
    """Between joint centres, at the stature above."""
    mass_share: float
    centre: float
    """Centre of mass from the proximal (for the trunk: upper) end, share of the length."""
    gyration: tuple[float, float, float]
    """Radii about the sagittal, transverse and longitudinal axis, shares of the length."""


SEGMENTS = {
    "head": Segment(length_m=0.2429, mass_share=0.0694, centre=0.5002, gyration=(0.303, 0.315, 0.261)),
    "upper_trunk": Segment(length_m=0.1707, mass_share=0.1596, centre=0.2999, gyration=(0.505, 0.320, 0.465)),
    "middle_trunk": Segment(length_m=0.2155, mass_share=0.1633, centre=0.4502, gyration=(0.482, 0.383, 0.468)),
    "pelvis": Segment(length_m=0.1457, mass_share=0.1117, centre=0.6115, gyration=(0.615, 0.551, 0.587)),
    "upper_arm": Segment(length_m=0.2817, mass_share=0.0271, centre=0.5772, gyration=(0.285, 0.269, 0.158)),
    "forearm": Segment(length_m=0.2689, mass_share=0.0162, centre=0.4574, gyration=(0.276, 0.265, 0.121)),
    "hand": Segment(length_m=0.0862, mass_share=0.0061, centre=0.7900, gyration=(0.628, 0.513, 0.401)),
    "thigh": Segment(length_m=0.4222, mass_share=0.1416, centre=0.4095, gyration=(0.329, 0.329, 0.149)),
    "shank": Segment(length_m=0.4340, mass_share=0.0433, centre=0.4459, gyration=(0.255, 0.249, 0.103)),
    "foot": Segment(length_m=0.2581, mass_share=0.0137, centre=0.4415, gyration=(0.257, 0.245, 0.124)),
}

METACARPALS_M = {"thumb": 0.0462, "index": 0.0681, "middle": 0.0646, "ring": 0.0580, "little": 0.0537}
PHALANGES_M = {
    "thumb": (0.0316, 0.0217),
    "index": (0.0398, 0.0224, 0.0158),
    "middle": (0.0446, 0.0263, 0.0174),
    "ring": (0.0414, 0.0257, 0.0173),
    "little": (0.0327, 0.0181, 0.0160),
}
"""Bones from the palm outwards."""
TIP_TISSUE_M = 0.004
"""What a fingertip stands out over its bone (the same paper, table 2: 3.8 to 4.0 mm)."""

SHOULDER_HALF_BREADTH = 0.129
HIP_HALF_BREADTH = 0.0955 / 2.0
"""Half the hip breadth as a share of the stature; the figure gives the breadth over the hips, the joints stand at about half of
it."""
FOOT_HEIGHT = 0.039


def length_m(segment: str, stature_m: float) -> float:
    """A segment's length at a stature."""
    return SEGMENTS[segment].length_m * stature_m / STATURE_M


def mass_kg(segment: str, body_kg: float) -> float:
    """A segment's mass in a body (one side for limbs)."""
    return SEGMENTS[segment].mass_share * body_kg
