"""Where loads are, as far as messages say: on a robot, where a robot died with them, or where they were made or lie ready."""

from collections.abc import Iterable, Mapping
from typing import Any

from crewless.fleet.control.operations import OperationLedger
from crewless.fleet.control.orders import action
from crewless.fleet.control.roadmap import Roadmap, StationNode
from crewless.fleet.control.robots import Robot
from crewless.fleet.site import Answer


class Loads:
    """What the control knows of the loads that its operations carry.

    Args:
        ledger: of the operations.
        stations: by name.
        roadmap: the floor.
        robots: by name; all of them are changed by the control only.
    """

    def __init__(
        self,
        ledger: OperationLedger,
        stations: Mapping[str, StationNode],
        roadmap: Roadmap,
        robots: Mapping[str, Robot],
    ) -> None:
        self._ledger, self._stations, self._roadmap, self._robots = ledger, stations, roadmap, robots
        self._holder: dict[str, str] = {}
        self._found: dict[str, tuple[float, float]] = {}
        """Where a site says that a load lies."""

    def heard(self, robot: Robot, before: Iterable[str]) -> list[str]:
        """A robot has reported what it carries; ``before`` is what it carried. Returns loads that it cannot have, because it was
        never sent for them: these are not believed."""
        claimed = [
            load for load in robot.loads
            if load in self._ledger.progress and robot.name not in self._ledger.progress[load].robots
        ]  # fmt: skip
        if claimed:
            robot.loads = tuple(load for load in robot.loads if load not in claimed)
        for load in before:
            if load not in robot.loads and self._holder.get(load) == robot.name:
                del self._holder[load]
        for load in robot.loads:
            self._holder[load] = robot.name
            self._found.pop(load, None)
        return claimed

    def answered(self, answer: Answer) -> Robot | None:
        """The site knows where a load is. Returns the robot that died with it, whose last message may be older than its place."""
        if answer.load_x_m is None or answer.load_y_m is None:
            return None
        self._found[answer.operation] = (answer.load_x_m, answer.load_y_m)
        robot = self._robots.get(self._holder.get(answer.operation, ""))
        return robot if robot is not None and robot.stuck else None

    def bearer(self, load: str) -> Robot | None:
        """The robot that has it and can still bring it."""
        robot = self._robots.get(self._holder.get(load, ""))
        return None if robot is None or robot.stuck else robot

    def nodes(self, load: str) -> list[str]:
        """From where it can be picked up when nobody can bring it, the best first."""
        robot = self._robots.get(self._holder.get(load, ""))
        place = self._found.get(load) or ((robot.x_m, robot.y_m) if robot is not None else None)
        if place is not None and place[0] == place[0]:
            return self._roadmap.beside(*place)
        return [self._stations[self.source(load)].node]

    def source(self, load: str) -> str:
        """The station where it was made or lies ready."""
        carry = self._ledger.operations[load].carry
        assert carry is not None
        return self._ledger.progress[carry.made_by].station if carry.made_by else carry.source

    def unwanted(self, robot: Robot) -> str:
        """A load that it carries and that nobody waits for any more; empty: none."""
        for load in robot.loads:
            progress = self._ledger.progress.get(load)
            if progress is not None and progress.status in ("done", "refused", "cancelled"):
                return load
        return ""

    def actions(
        self, load: str, order: str, pick_id: str, arguments: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Pick and drop, with the parameters that VDA 5050 names for them (section "Predefined actions") and the assignment's own."""
        carry = self._ledger.operations[load].carry
        assert carry is not None
        station, common = arguments["station"], {**arguments, "loadId": load, "loadType": carry.part}
        common["duration_s"] = arguments["duration_s"] / 2
        pick = {**common, "stationName": self.source(load), "weight": round(carry.kg, 3), "madeBy": carry.made_by}
        return action("pick", pick_id, pick), action("drop", order, {**common, "stationName": station})
