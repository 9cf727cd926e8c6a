"""A simulated robot's body: what it is made like, what its factsheet says of it, and who moves it.

No hardware was used: the figures of heat and battery are assumptions of the size of a small industrial carrier.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from crewless.fleet.vda5050.topics import MANUFACTURER
from crewless.fleet.vda5050.zone_sets import ZoneBook


class Mover(Protocol):
    """Who moves robots that navigate freely."""

    def send(self, serial: str, x_m: float, y_m: float) -> bool:
        """Drive there; returns whether it is there already."""
        ...

    def where(self, serial: str) -> tuple[float, float, float]:
        """X and y in metres, heading in radians."""
        ...

    def hold(self, serial: str) -> None:
        """Stand fast."""
        ...

    def idle(self, serial: str) -> None:
        """Nothing to do: make way."""
        ...

    def zones(self, serial: str, zones: ZoneBook) -> None:
        """The robot's zones have changed."""
        ...

    def entering(self, serial: str) -> list[str]:
        """Release zones that it stands in, or has before it on its way."""
        ...

    def admit(self, serial: str, zone: str, granted: bool) -> None:
        """Whether it may drive into a release zone."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedRobotConfig:
    """A robot's body."""

    serial: str
    manufacturer: str = MANUFACTURER
    skills: tuple[str, ...] = ("assemble",)
    x_m: float = 0.0
    y_m: float = 0.0
    speed_m_s: float = 1.5
    battery_wh: float = 1000.0
    idle_w: float = 20.0
    drive_w: float = 150.0
    work_w: float = 250.0
    charge_w: float = 2000.0
    loss_share: float = 0.3
    """Of the power drawn, what heats the motors."""
    heat_capacity_j_k: float = 4000.0
    heat_resistance_k_w: float = 0.6
    """Motor to air: one thermal mass, C dT/dt = P_loss - (T - T_air) / R."""
    air_c: float = 25.0
    hot_c: float = 90.0
    """It stops above, until it is ten degrees cooler."""
    carries: bool = False
    """It picks up loads and drops them."""
    payload_kg: float = 30.0
    body_kg: float = 60.0
    """With a load it draws more power by the load's share of its own mass (an assumption)."""
    visualize_s: float = 0.0
    """While it moves, its position is sent so often besides the states; 0: never."""


def skills_of(config: SimulatedRobotConfig) -> tuple[str, ...]:
    """The actions that it can do."""
    return (*config.skills, "charge", *(("pick", "drop") if config.carries else ()))


def factsheet(config: SimulatedRobotConfig) -> dict[str, Any]:
    """What the robot is and can do."""
    return {
        "typeSpecification": {
            "seriesName": "simulated", "mobileRobotKinematics": "OMNIDIRECTIONAL", "mobileRobotClass": "CARRIER",
            "maximumLoadMass": config.payload_kg, "localizationTypes": ["NATURAL"], "navigationTypes": ["FREELY_NAVIGATING", "VIRTUAL_LINE_GUIDED"],
            "supportedZones": ["BLOCKED", "RELEASE"],
        },
        "physicalParameters": {
            "minimumSpeed": 0.0, "maximumSpeed": config.speed_m_s, "maximumAcceleration": 1.0,
            "maximumDeceleration": 1.0, "minimumHeight": 1.8, "maximumHeight": 1.8, "width": 0.6, "length": 0.5,
        },
        "protocolLimits": {
            "maximumStringLengths": {}, "maximumArrayLengths": {},
            "timing": {"minimumOrderInterval": 0.0, "minimumStateInterval": 0.0},
        },
        "protocolFeatures": {
            "optionalParameters": [],
            "mobileRobotActions": [
                {"actionType": skill, "actionScopes": ["NODE"], "pauseAllowed": True, "cancelAllowed": True}
                for skill in skills_of(config)
            ],
        },
        "mobileRobotGeometry": {},
        "loadSpecification": {},
    }  # fmt: skip
