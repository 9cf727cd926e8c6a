"""What the control remembers of each robot, and of each assignment that it made; none of it outlives the process."""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crewless.fleet.vda5050.topics import MANUFACTURER


def name_of(manufacturer: str, serial: str) -> str:
    """A robot's name in the log: serial numbers are only unique within a manufacturer (VDA 5050, section "Header")."""
    return serial if manufacturer in ("", MANUFACTURER) else f"{manufacturer}/{serial}"


def named(name: str) -> tuple[str, str]:
    """Manufacturer and serial number of a name."""
    manufacturer, _, serial = name.rpartition("/")
    return manufacturer, serial


@dataclass(slots=True)
class Robot:
    """What the control knows of one robot, all of it from messages."""

    manufacturer: str
    serial: str
    online: bool = False
    skills: frozenset[str] = frozenset()
    x_m: float = math.nan
    y_m: float = math.nan
    charge: float = 100.0
    faults: frozenset[str] = frozenset()
    heard: bool = False
    paused: bool = False
    assigned: str = ""
    """The operation that it has, or ``charge``."""
    order: str = ""
    charger: str = ""
    """The charger that it was sent to."""
    asked_s: float = 0.0
    """When it was sent there."""
    charged_for: str = ""
    """The operation that it charges for; empty: it was low."""
    charge_before: float = 100.0
    charge_until: float = 100.0
    """Percent: when it was sent to the charger, and what it was to reach there."""
    full: float = 100.0
    """Percent: all that it can get, as far as is known."""
    theta: float = 0.0
    motor_c: float = math.nan
    """Where it says so in its information."""
    doing: str = "idle"
    """In one word, for a picture."""
    loads: tuple[str, ...] = ()
    """What it carries."""
    gone_s: float = math.inf
    """When it went off line, on the control's clock."""
    newest: tuple[str, int] = ("", -1)
    """Timestamp and number of the newest state."""
    name: str = field(init=False)
    """See :func:`name_of`."""

    def __post_init__(self) -> None:
        self.name = name_of(self.manufacturer, self.serial)

    @property
    def free(self) -> bool:
        """Whether it can be sent somewhere: it is there, has said how it is, and has nothing to do."""
        return self.online and self.heard and not (self.assigned or self.faults or self.paused)

    @property
    def stuck(self) -> bool:
        """Whether it cannot bring what it carries any more, so that somebody has to fetch it."""
        return not self.online or "batteryEmpty" in self.faults

    def is_old(self, state: Mapping[str, Any]) -> bool:
        """Whether a state is older than one that was heard: after an interruption messages are sent again."""
        stamp = state["timestamp"], state["headerId"]
        if stamp[0] < self.newest[0] and stamp[1] <= self.newest[1]:
            return True
        self.newest = stamp
        return False

    def read(self, state: Mapping[str, Any]) -> frozenset[str]:
        """Take over what a state says. Returns the errors that stop it."""
        self.heard = True
        if "mobileRobotPosition" in state:
            place = state["mobileRobotPosition"]
            self.x_m, self.y_m, self.theta = place["x"], place["y"], place["theta"]
        self.charge = state["powerSupply"]["stateOfCharge"]
        self.paused = state.get("paused", False)
        self.loads = tuple(each["loadId"] for each in state.get("loads", ()) if "loadId" in each)
        faults = frozenset(error["errorType"] for error in state["errors"] if error["errorLevel"] != "WARNING")
        running = any(each["actionStatus"] == "RUNNING" for each in state["actionStates"])
        self.doing = (
            "empty" if "batteryEmpty" in faults else "cooling" if faults else "paused" if self.paused
            else "charging" if state["powerSupply"]["charging"] else "working" if running
            else "driving" if state["driving"] or state["nodeStates"] else "idle"
        )  # fmt: skip
        for each in state.get("information", ()):
            if each["infoType"] == "motorTemperature":
                with contextlib.suppress(ValueError):
                    self.motor_c = float(each.get("infoDescriptor", "").removesuffix(" C"))
        return faults


@dataclass(slots=True)
class Assignment:
    """An operation that a robot was given, on the control's clock."""

    sent_s: float
    """When the order, or the question that follows its revocation, was last sent."""
    since_s: float
    expected_s: float
    """Drive and work."""
    acknowledged: bool = False
    revoked: str = ""
    """Why the assignment was taken back; the site is being asked what became of the work."""
    blame: bool = False
    cancelling: bool = False
    route: list[str] = field(default_factory=list[str])
    actions: dict[int, list[dict[str, Any]]] = field(default_factory=dict[int, list[dict[str, Any]]])
    """What is to be done at places of the route."""
    released: int = 0
    """Nodes of the route that the robot may drive to."""
    update: int = 0
    running_s: float = math.inf
    """When the robot said first that it works."""
    asked_s: float = math.inf
    """When the site was asked first."""
