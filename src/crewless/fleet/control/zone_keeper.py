"""What becomes of zones when robots die, come back and leave: who is told, and who is let in."""

import math
from collections.abc import Callable, Iterable, Mapping

from crewless.fleet.control.orders import OrderSender
from crewless.fleet.control.roadmap import Roadmap
from crewless.fleet.control.robots import Robot
from crewless.fleet.control.zones import Zones


class ZoneKeeper:
    """Args:
    zones: that are closed or guarded.
    roadmap: the floor.
    robots: by name; changed by the control only.
    sender: of the control.
    block_dead: a robot that died on the floor becomes a blocked zone.
    complain: called with a robot's name and what is the matter with it.
    """

    def __init__(
        self, zones: Zones, roadmap: Roadmap, robots: Mapping[str, Robot], sender: OrderSender, *, block_dead: bool,
        complain: Callable[[str, str], None],
    ) -> None:  # fmt: skip
        self._zones, self._roadmap, self._robots, self._sender = zones, roadmap, robots, sender
        self._block_dead, self._complain = block_dead, complain

    def send(self, robots: Iterable[Robot] | None = None) -> None:
        """The zones as they are now, to some robots or to all."""
        for robot in self._sender.zone_set(self._robots.values() if robots is None else robots, self._zones):
            self._complain(robot.name, f"takes no more than {robot.limits.zones} zones: not sent them")

    def let_in(self) -> None:
        """Tell those who waited for a guarded zone that they may enter."""
        for name, answer in self._zones.next_in():
            self._sender.responses(self._robots[name], [answer])

    def block(self, robot: Robot) -> None:
        """It lies on the floor."""
        if self._block_dead and not math.isnan(robot.x_m):
            self._zones.close(f"dead {robot.name}", frozenset([self._roadmap.nearest(robot.x_m, robot.y_m)]))
            self.send()

    def unblock(self, robot: Robot) -> None:
        """It does not any more."""
        if self._zones.open(f"dead {robot.name}"):
            self.send()
