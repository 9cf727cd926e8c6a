"""What becomes of the units whose station broke: they go on in a parallel line, from that station on.

What is assumed of the floor: the conveyors of a line serve that line only, so the workpiece is carried to the parallel station by a
robot; what a machine was tended with is not tended with another, so a workpiece that the broken station held is tended again
there; material that was brought to the broken station is brought on. Too heavy a workpiece goes on a trolley, which weighs on the robot
like a full load. Where there is no parallel line the operation is refused, with what hangs on it.
"""

from collections.abc import Iterator

from crewless.fleet.control.fleet_control import FleetControl
from crewless.fleet.control.operations import Carry, FleetOperation
from crewless.fleet.plan import TEND, FleetPlan


class Reroute:
    """Moves the work of broken stations.

    Args:
        plan: its lines and stations.
        control: whose operations are changed; changes that its log holds already are known.
    """

    def __init__(self, plan: FleetPlan, control: FleetControl) -> None:
        self._control = control
        self._handle_s = 2 * plan.robots.handle_s
        self._units: dict[str, list[str]] = {}
        """Unit to its operations in order."""
        self._number: dict[str, int] = {}
        """Unit to its place among those of its line, from 1."""
        lines: dict[str, set[str]] = {}
        for one in plan.operations:
            unit = one.unit or one.name
            self._units.setdefault(unit, []).append(one.name)
            lines.setdefault(one.line, set()).add(unit)
            self._number.setdefault(unit, len(lines[one.line]))
        self._lines = {line.name: line for line in plan.lines}
        self._line = {name: line.name for line in plan.lines for name in line.stations}
        self._work = {each.name: each.work for each in plan.stations}
        self._used = {one.line for one in plan.operations}
        # What an earlier run of the control added.
        planned = {one.name for one in plan.operations}
        for name, one in control.ledger.operations.items():
            if one.carry is None and name not in planned:
                (behind,) = control.ledger.followers[name]
                unit = next(each for each in self._units.values() if behind in each)
                unit.insert(unit.index(behind), name)

    def give_up(self, station: str) -> bool:
        """Move all work of a broken station that nobody is doing. Returns whether some is still to be called off, and this to be
        called again."""
        ledger, later = self._control.ledger, False
        for unit, names in self._units.items():
            left = [name for name in names if self._is_left(name, station)]
            if not left:
                continue
            inbound = list(self._inbound(left[0]))
            lines = self._parallel(station)
            if not lines:
                for name in left + [each for each in inbound if ledger.progress[each].status != "done"]:
                    self._control.give_up(name, f"station {station} is down")
            elif any(ledger.progress[name].status == "assigned" for name in left + inbound):
                later = True
            else:
                # All of one unit goes to one line.
                self._move(unit, left[0], inbound, station, lines[self._number[unit] % len(lines)])
        return later

    def _is_left(self, name: str, station: str) -> bool:
        status = self._control.ledger.progress[name].status
        return self._control.ledger.operations[name].station_kind == station and status in ("waiting", "assigned")

    def _inbound(self, name: str) -> Iterator[str]:
        """What is or was carried to an operation."""
        ledger = self._control.ledger
        for each, one in ledger.operations.items():
            if one.carry is not None and name in ledger.followers[each] and one.station_kind == self._kind(name):
                yield each

    def _kind(self, name: str) -> str:
        return self._control.ledger.operations[name].station_kind

    def _parallel(self, station: str) -> list[str]:
        """Lines of the same process whose stations from this one on do the same and are whole."""
        if station not in self._line:
            return []
        line = self._lines[self._line[station]]
        at = line.stations.index(station)
        rest = [self._work[each] for each in line.stations[at:]]
        return sorted(
            other.name
            for other in self._lines.values()
            if other.name in self._used - {line.name}
            and other.process == line.process
            and [self._work[each] for each in other.stations[at:]] == rest
            and not self._control.down & set(other.stations[at:])
        )

    def _move(self, unit: str, first: str, inbound: list[str], station: str, line: str) -> None:
        """The unit goes on in another line from its operation ``first`` on."""
        control, ledger, names = self._control, self._control.ledger, self._units[unit]
        at = names.index(first)
        for name in names[at:]:
            one = ledger.operations[name]
            there = self._lines[line].stations[
                self._lines[self._line[one.station_kind]].stations.index(one.station_kind)
            ]
            control.move(name, station_kind=there, skill=TEND if one.skill == TEND else there)
        target = self._kind(first)
        before = names[at - 1] if at else ""
        tended = before and ledger.progress[before].station == station and ledger.progress[before].status == "done"
        if tended and ledger.operations[first].skill != TEND:
            # The robot's part was done at the station that broke: once more at the other.
            was = ledger.operations[before]
            again = f"{before.partition(' again at ')[0]} again at {target}"
            self._carry(
                f"{unit} to {target}", self._lines[line].part, self._lines[line].workpiece_kg, before, target, first
            )
            tend = FleetOperation(
                name=again, skill=TEND, station_kind=target, duration_s=was.duration_s, rank=was.rank,
                after=(f"{unit} to {target}",), charge_needed=was.charge_needed, motor_below_c=was.motor_below_c,
            )  # fmt: skip
            control.add(tend, [first])
            names.insert(at, again)
            return
        for name in inbound:
            one = ledger.operations[name]
            assert one.carry is not None
            if ledger.progress[name].status == "waiting":
                control.move(name, station_kind=target, skill=one.skill)
            else:
                workpiece = name.startswith(f"{unit} to ")
                onward = f"{unit} to {target}" if workpiece else f"{name.partition(' on to ')[0]} on to {target}"
                self._carry(onward, one.carry.part, one.carry.kg, name, target, first)
        if before and not any(name.startswith(f"{unit} to ") for name in inbound):
            self._carry(
                f"{unit} to {target}", self._lines[line].part, self._lines[line].workpiece_kg, before, target, first
            )

    def _carry(self, name: str, part: str, kg: float, made_by: str, station: str, first: str) -> None:
        """Something is carried from where it was made, or brought to, before ``first`` can begin."""
        rank = self._control.ledger.operations[first].rank
        carry = Carry(part=part, kg=kg, made_by=made_by)
        self._control.add(
            FleetOperation(
                name=name, skill="pick", station_kind=station, duration_s=self._handle_s, after=(made_by,), rank=rank,
                carry=carry,
            ),
            [first],
        )  # fmt: skip
