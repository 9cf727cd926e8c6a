"""When a control loses patience, and what it asks of batteries, stations and ways."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlConfig:
    """When the control loses patience."""

    resend_s: float = 2.0
    """An order or a question that nobody reacts to is sent again after."""
    silence_s: float = 10.0
    """A robot that was assigned work before a restart, and says nothing for so long, is lost."""
    mute_s: float = 45.0
    """A robot that is on line and sends no state for so long gets no work, and what it has is given to another. One is due every 30 s
    (VDA 5050, section 6.6); it is asked for one before."""
    unfit_s: float = 30.0
    """A robot that may not be sent any orders, for instance because of an emergency stop, keeps its work for so long."""
    offline_s: float = 0.0
    """A robot whose connection broke may come back for so long before its work is given to another."""
    late_factor: float = 3.0
    late_margin_s: float = 10.0
    """An operation is late when it takes ``late_factor`` times what was expected, and the margin."""
    max_failures: int = 3
    """An operation that fails so often is refused; what hangs on it waits, the rest goes on."""
    low_charge: float = 20.0
    """Percent: below, a free robot is sent to a charger."""
    charge_s: float = 600.0
    """So long on the charger at most."""
    cooling_s: float = 480.0
    """A motor that is too hot needs about so long; work that has been going on for longer is left with its robot, and other work
    is given to a cool one."""
    charge_to: float = 90.0
    """Percent: a robot that was low leaves the charger."""
    charger_places: int = 0
    """Robots that a charger takes at once; 0: any number."""
    speed_m_s: float = 1.5
    planned_m: float = 0.0
    """The robot that the schedule means is sent unless another that is free is nearer by more than this."""
    base_nodes: int = 0
    """So many nodes of a way are released at once, the rest by order updates as the robot gets on; 0: all."""
    carriers: int = 0
    """Robots that bring something to a station, or fetch something from it, at once; more would stand in each other's way. 0: any
    number."""
    block_dead: bool = False
    """A robot that died on the floor becomes a blocked zone, so that the others drive around it."""
