"""What becomes of the units whose station broke: they go on in a parallel line, from that station on.

What is assumed of the floor: the conveyors of a line serve that line only, so the workpiece is carried to the parallel station by a
robot; what a machine was tended with is not tended with another, so a workpiece that the broken station held is tended again
there; material that was brought to the broken station is brought on. Too heavy a workpiece goes on a trolley, which weighs on the robot
like a full load. Where there is no parallel line the operation is refused, with what hangs on it.
"""

from collections.abc import Iterator

from crewless.fleet.control.fleet_control import FleetControl
from crewless.fleet.control.operations import Carry, Operation
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.schedule.material import HANDLE_S, PAYLOAD_KG
from crewless.planner.schedule.shift import ShiftPlan

TEND = "tend"
"""The action of a robot that works at a station; what a station does alone is an action of the station's own name."""


class Reroute:
    """Moves the work of broken stations.

    Args:
        blueprint: what was built.
        shift: its schedule.
        control: whose plan is changed; changes that its log holds already are known.
    """

    def __init__(self, blueprint: Blueprint, shift: ShiftPlan, control: FleetControl) -> None:
        self._control = control
        self._units: dict[str, list[str]] = {}
        """Unit to its operations in order."""
        for one in shift.operations:
            self._units.setdefault(one.unit, []).append(one.name)
        self._stations = {line.name: [each.name for each in line.stations] for line in blueprint.lines}
        self._tasks = {each.name: each.tasks for line in blueprint.lines for each in line.stations}
        self._line = {each.name: line.name for line in blueprint.lines for each in line.stations}
        self._process = {line.name: line.process for line in blueprint.lines}
        self._used = {one.line for one in shift.operations}
        makes = {process.name: process.makes for process in blueprint.processes}
        mass_kg = {part.name: part.mass_kg for part in blueprint.parts}
        self._part = {line.name: makes[line.process] for line in blueprint.lines}
        self._kg = {name: min(PAYLOAD_KG, mass_kg[part]) for name, part in self._part.items()}
        # What an earlier life of the planner added.
        planned = {one.name for one in shift.operations}
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
            lines = self._lines(station)
            if not lines:
                for name in left + [each for each in inbound if ledger.progress[each].status != "done"]:
                    self._control.give_up(name, f"station {station} is down")
            elif any(ledger.progress[name].status == "assigned" for name in left + inbound):
                later = True
            else:
                # All of one unit goes to one line.
                self._move(unit, left[0], inbound, station, lines[int(unit.rpartition("#")[2]) % len(lines)])
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

    def _lines(self, station: str) -> list[str]:
        """Lines of the same process whose stations from this one on do the same and are whole."""
        line = self._line[station]
        at = self._stations[line].index(station)
        rest = [self._tasks[each] for each in self._stations[line][at:]]
        return sorted(
            other
            for other in self._used - {line}
            if self._process[other] == self._process[line]
            and [self._tasks[each] for each in self._stations[other][at:]] == rest
            and not self._control.down & set(self._stations[other][at:])
        )

    def _move(self, unit: str, first: str, inbound: list[str], station: str, line: str) -> None:
        """The unit goes on in another line from its operation ``first`` on."""
        control, ledger, names = self._control, self._control.ledger, self._units[unit]
        at = names.index(first)
        for name in names[at:]:
            one = ledger.operations[name]
            there = self._stations[line][self._stations[self._line[one.station_kind]].index(one.station_kind)]
            control.move(name, station_kind=there, skill=TEND if one.skill == TEND else there)
        target = self._kind(first)
        before = names[at - 1] if at else ""
        tended = before and ledger.progress[before].station == station and ledger.progress[before].status == "done"
        if tended and ledger.operations[first].skill != TEND:
            # The robot's part was done at the station that broke: once more at the other.
            was = ledger.operations[before]
            again = f"{before.partition(' again at ')[0]} again at {target}"
            self._carry(f"{unit} to {target}", self._part[line], self._kg[line], before, target, first)
            tend = Operation(
                operation=again, skill=TEND, station_kind=target, duration_s=was.duration_s, rank=was.rank,
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
            self._carry(f"{unit} to {target}", self._part[line], self._kg[line], before, target, first)

    def _carry(self, name: str, part: str, kg: float, made_by: str, station: str, first: str) -> None:
        """Something is carried from where it was made, or brought to, before ``first`` can begin."""
        rank = self._control.ledger.operations[first].rank
        carry = Carry(part=part, kg=kg, made_by=made_by)
        self._control.add(
            Operation(
                operation=name, skill="pick", station_kind=station, duration_s=2 * HANDLE_S, after=(made_by,), rank=rank,
                carry=carry,
            ),
            [first],
        )  # fmt: skip
