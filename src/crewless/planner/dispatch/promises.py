"""What the control remembers of each robot, and of each promise that it made; none of it outlives the process."""

import math
from dataclasses import dataclass, field


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
    promised: str = ""
    """The operation that it has, or ``charge``."""
    order: str = ""
    charger: str = ""
    """The charger that it was sent to."""


@dataclass(slots=True)
class Promise:
    """An operation that a robot was given, on the control's clock."""

    sent_s: float
    """When the order, or the question that follows a doubt, was last sent."""
    since_s: float
    expected_s: float
    """Drive and work."""
    acknowledged: bool = False
    doubt: str = ""
    """Why the promise is off; the site is being asked."""
    blame: bool = False
    cancelling: bool = False
    route: list[str] = field(default_factory=list)
    released: int = 0
    """Nodes of the route that the robot may drive to."""
    update: int = 0
    running_s: float = math.inf
    """When the robot said first that it works."""
