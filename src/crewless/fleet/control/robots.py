"""What the control remembers of each robot, and of each assignment that it made; none of it outlives the process."""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crewless.fleet.control.operations import FleetOperation
from crewless.fleet.vda5050.error_types import INVALID_ORDER_ACTION, PASSING, canonical
from crewless.fleet.vda5050.limits import FactsheetLimits, limits_of
from crewless.fleet.vda5050.order_rules import idle
from crewless.fleet.vda5050.topics import MANUFACTURER

MAP = "floor"
"""The map that all nodes lie on."""
COMMANDED = frozenset({"AUTOMATIC", "SEMIAUTOMATIC"})
"""Operating modes in which a robot does what it is sent."""
KNOWN_STOPS = frozenset({"motorTooHot", "batteryEmpty"})
"""Words of the robots known here: they stand still with these whatever the level, and go on by themselves."""
_LONGEST_REST = 6
"""Doublings."""
_FARTHEST_M, _HOTTEST_C = 1e5, 1e4


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
    offers: frozenset[str] = frozenset()
    """Actions that its factsheet says it does at a node."""
    x_m: float = math.nan
    y_m: float = math.nan
    charge: float = 100.0
    faults: frozenset[str] = frozenset()
    """Errors with which it cannot go on with its order."""
    fatal: frozenset[str] = frozenset()
    """Of these, those with which it takes no new order either (VDA 5050, section 6.6.5.1)."""
    heard: bool = False
    """It has sent a state."""
    mute: bool = False
    """It is on line and has sent no state for too long."""
    spoke_s: float = math.inf
    """When it sent its last state, or came on line, on the control's clock."""
    asked_state_s: float = -math.inf
    """When it was asked for one."""
    paused: bool = False
    mode: str = ""
    """Operating mode; empty: not known."""
    emergency_stop: str = "NONE"
    localized: bool = True
    map_id: str = ""
    idle: bool = True
    """It has nothing left of any order (section 6.6.8)."""
    holds: str = ""
    """The order that its last state was about."""
    limits: FactsheetLimits = field(default_factory=FactsheetLimits)
    errors: tuple[Mapping[str, Any], ...] = ()
    """As in its last state."""
    errors_before: tuple[Mapping[str, Any], ...] = ()
    """What it reported before its order went out."""
    times_sent: int = 0
    """How often its order was."""
    unfit_since_s: float = math.inf
    ordered_s: float = -math.inf
    """When it was sent an order or an update."""
    stray_s: float = -math.inf
    """When it was asked last to stop what was called off."""
    rests_until_s: float = -math.inf
    """It has refused orders, and is not asked again before."""
    refusals: int = 0
    """Without one that it took in between."""
    refused: set[str] = field(default_factory=set[str])
    """Operations that it has said it cannot do."""
    refused_skills: set[str] = field(default_factory=set[str])
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
    def skills(self) -> frozenset[str]:
        """What it does at a node, as far as it has not refused to."""
        return self.offers - self.refused_skills

    @property
    def unfit(self) -> str:
        """Why no order may go to it, in words; empty: one may. It must be on line and have been heard.

        VDA 5050 version 3.0.0: section 6.6.6, table 10 (operating modes; one in INTERVENED may be sent orders, and gets no new work
        all the same, for a person steers it), 6.6.5.1 (a FATAL error takes no new order), and the schema of the state
        (``safetyState``, ``mobileRobotPosition``).
        """
        if self.mode not in COMMANDED:
            return f"is in operating mode {self.mode}"
        if self.emergency_stop != "NONE":
            return f"has an active emergency stop ({self.emergency_stop})"
        if self.fatal:
            return f"reports {', '.join(sorted(self.fatal))}"
        if math.isnan(self.x_m):
            return "has sent no position"
        if not self.localized:
            return "does not know where it is (localized is false)"
        if self.map_id != MAP:
            return f"is on map {self.map_id!r}, not on {MAP!r}"
        return "has sent no state for too long" if self.mute else ""

    @property
    def fit(self) -> bool:
        """Whether it can be reckoned with: free now, or when it has done what it does."""
        return self.online and self.heard and not self.unfit

    @property
    def free(self) -> bool:
        """Whether it can be sent somewhere: it is there, has said how it is, and has nothing to do."""
        return self.online and self.heard and self.idle and not (self.assigned or self.paused or self.unfit)

    @property
    def stuck(self) -> bool:
        """Whether it cannot bring what it carries any more, so that somebody has to fetch it."""
        return not self.online or self.mute or "batteryEmpty" in self.faults

    def ready_s(self) -> float:
        """From when on it may be sent an order again: it has refused some, or takes one only every so often."""
        return max(self.rests_until_s, self.ordered_s + self.limits.order_interval_s)

    def takes(self, operation: FleetOperation) -> bool:
        """Whether it can be asked to do that: it has not refused it, and the load is not too heavy."""
        return operation.name not in self.refused and (
            operation.carry is None or operation.carry.kg <= self.limits.load_kg
        )

    def refuse(self, kind: str, name: str, skill: str) -> str:
        """It has not taken an order, and is not asked for the same again. Returns that in words.

        Args:
            kind: the error by which it refuses, in the standard's word.
            name: of the operation; empty: it was an errand.
            skill: that it needs.
        """
        if kind == INVALID_ORDER_ACTION:
            self.refused_skills.add(skill)
            return f"does not do {skill!r}, though its factsheet says so ({kind}): not asked again"
        if kind not in PASSING and name:
            self.refused.add(name)
        return f"refuses orders ({kind})"

    def rest(self, now_s: float, rest_s: float) -> None:
        """It has refused an order: it is asked again after a while, which doubles each time."""
        self.rests_until_s = now_s + rest_s * 2 ** min(self.refusals, _LONGEST_REST)
        self.refusals += 1

    def begin_anew(self) -> None:
        """It has begun anew: what it refused before it may take now, and its clock and numbers may begin anew too."""
        self.refused.clear()
        self.refused_skills.clear()
        self.refusals, self.rests_until_s, self.newest = 0, -math.inf, ("", -1)

    def describe(self, factsheet: Mapping[str, Any]) -> bool:
        """Take over what a factsheet says. Returns whether it says anything new: then what was refused may be taken now."""
        offers = frozenset(
            action["actionType"]
            for action in factsheet["protocolFeatures"]["mobileRobotActions"]
            if "NODE" in action["actionScopes"]
        )
        limits = limits_of(factsheet)
        if (offers, limits) == (self.offers, self.limits):
            return False
        self.offers, self.limits = offers, limits
        self.refused.clear()
        self.refused_skills.clear()
        return True

    def is_old(self, state: Mapping[str, Any]) -> bool:
        """Whether a state is older than one that was heard: after an interruption messages are sent again."""
        stamp = state["timestamp"], state["headerId"]
        earlier = stamp[0] < self.newest[0] and stamp[1] <= self.newest[1]
        # Within one millisecond the number of the message tells.
        if earlier or (stamp[0] == self.newest[0] and stamp[1] < self.newest[1]):
            return True
        self.newest = stamp
        return False

    def place(self, position: Mapping[str, Any]) -> None:
        """Take over where it says that it is. What is farther away than any floor is no place."""
        x, y = position["x"], position["y"]
        there = abs(x) < _FARTHEST_M and abs(y) < _FARTHEST_M
        self.x_m, self.y_m, self.theta = (x, y, position["theta"]) if there else (math.nan, math.nan, 0.0)
        self.localized, self.map_id = position["localized"], position["mapId"]

    def read(self, state: Mapping[str, Any], now_s: float) -> None:
        """Take over what a state says."""
        self.heard, self.mute, self.spoke_s = True, False, now_s
        self.mode, self.emergency_stop = state["operatingMode"], state["safetyState"]["activeEmergencyStop"]
        self.idle, self.holds, self.errors = idle(state), state["orderId"], tuple(state["errors"])
        if "mobileRobotPosition" in state:
            self.place(state["mobileRobotPosition"])
        self.charge = state["powerSupply"]["stateOfCharge"]
        self.paused = state.get("paused", False)
        self.loads = tuple(each["loadId"] for each in state.get("loads", ()) if "loadId" in each)
        kinds = [(canonical(error["errorType"]), error["errorLevel"]) for error in state["errors"]]
        self.fatal = frozenset(
            kind for kind, level in kinds if level == "FATAL" or (kind in KNOWN_STOPS and level != "WARNING")
        )
        self.faults = self.fatal | {kind for kind, level in kinds if level == "CRITICAL"}
        running = any(each["actionStatus"] == "RUNNING" for each in state["actionStates"])
        self.doing = (
            "empty" if "batteryEmpty" in self.faults else "cooling" if self.faults else "paused" if self.paused
            else "charging" if state["powerSupply"]["charging"] else "working" if running
            else "driving" if state["driving"] or state["nodeStates"] else "idle"
        )  # fmt: skip
        for each in state.get("information", ()):
            if each["infoType"] == "motorTemperature":
                with contextlib.suppress(ValueError):
                    motor_c = float(each.get("infoDescriptor", "").removesuffix(" C"))
                    self.motor_c = motor_c if abs(motor_c) < _HOTTEST_C else math.nan


@dataclass(slots=True)
class Assignment:
    """An operation that a robot was given, on the control's clock."""

    sent_s: float
    """When the order, its cancellation, or the question that follows its revocation, was last sent."""
    since_s: float
    expected_s: float
    """Drive and work."""
    message: dict[str, Any] | None = None
    """The order or update that was sent last: sent again it must be the same (VDA 5050, section 6.1.4.5)."""
    acknowledged: bool = False
    accepted: int = -1
    """The last update that the robot has taken."""
    wants_more: bool = False
    """The robot is near the end of what is released."""
    cancels: list[str] = field(default_factory=list[str])
    """Identifiers of the cancellations that were sent."""
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
