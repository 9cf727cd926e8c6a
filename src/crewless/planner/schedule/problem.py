"""What is to be scheduled, and what a schedule is. All times are whole numbers of one unit that the caller chooses."""

import graphlib
from dataclasses import dataclass

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Mode:
    """One way to do an operation: how long it takes, and how much of which resource it holds meanwhile.

    Attributes:
        duration: time units, >= 0.
        demands: pairs (resource index, amount).
        energy: taken from the battery of each robot that the mode holds.
        heat: put into the motors of each robot that the mode holds.
    """

    duration: int
    demands: tuple[tuple[int, int], ...] = ()
    energy: int = 0
    heat: int = 0


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A piece of work that runs without interruption in exactly one of its modes.

    Attributes:
        modes: the alternatives.
        release: not before this time.
        family: row and column in :attr:`Resource.setup`: a product for set-up, a place for travel.
    """

    modes: tuple[Mode, ...]
    release: int = 0
    family: int = 0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A machine, a robot, a crew; or material and money that are used up.

    Attributes:
        capacity: units at any time; of a resource that is used up: units in all.
        used_up: what an operation takes of it does not come back, whenever the operation runs (nonrenewable).
        closed: pairs (from, until) in which nothing may run on it.
        setup: ``setup[f][g]`` time between the end of an operation of family f and the start of one of family g. It may have
            more rows than families, for where a robot can be at the start.
        family: row of ``setup`` for what comes first: where a robot stands at the start; -1: the first needs no set-up.
        sent_when_ready: set-up begins only once everything that the operation comes after has ended, as with robots that
            are sent when there is work; else it is done ahead of time.
        battery: energy of a full battery; 0: none. A robot that lacks the energy for an operation is charged full first, and
            it is charged as well whenever it waits for long enough.
        charge_time: time for a full charge, before any set-up or travel.
        heat_limit: heat above which the robot may not be; 0: none.
        cooling: heat lost in one time unit.

    A resource with set-up, battery or heat has capacity 1.
    """

    capacity: int = 1
    used_up: bool = False
    closed: tuple[tuple[int, int], ...] = ()
    setup: tuple[tuple[int, ...], ...] = ()
    family: int = -1
    sent_when_ready: bool = False
    battery: int = 0
    charge_time: int = 0
    heat_limit: int = 0
    cooling: int = 1
    name: str = ""

    @property
    def is_robot(self) -> bool:
        """Whether what it did before decides when it can go on."""
        return bool(self.setup or self.battery or self.heat_limit)


@dataclass(frozen=True, kw_only=True)
class Precedence:
    """``after`` starts at the earliest ``lag`` time units after ``before`` has ended."""

    before: int
    after: int
    lag: int = 0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Operations, resources and the order between them; the aim is the least makespan.

    Raises:
        BadInput: an index, a capacity or a duration that cannot be, an operation that fits no resource, or a cycle.
    """

    operations: tuple[Operation, ...]
    resources: tuple[Resource, ...]
    precedences: tuple[Precedence, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.operations)
        for r, resource in enumerate(self.resources):
            if resource.capacity < 0:
                raise BadInput(f"resource {r} has capacity {resource.capacity}", alternatives=["0 or more"])
            if resource.is_robot and resource.capacity != 1:
                raise BadInput(
                    f"resource {r} has set-up, battery or heat, and capacity {resource.capacity}", alternatives=["1"]
                )
            if resource.used_up and (resource.is_robot or resource.closed):
                raise BadInput(f"resource {r} is used up and has set-up, battery, heat or closed windows")
            if any(until <= start or start < 0 for start, until in resource.closed):
                raise BadInput(f"resource {r} has an empty or negative closed window: {resource.closed}")
            if not -1 <= resource.family < max(1, len(resource.setup)):
                raise BadInput(
                    f"resource {r} starts in family {resource.family}",
                    alternatives=[f"-1 to {len(resource.setup) - 1}"],
                )
            if resource.heat_limit and resource.cooling < 1:
                raise BadInput(f"resource {r} never cools: cooling {resource.cooling}", alternatives=["1 or more"])
        seen: set[tuple[int, int]] = set()
        for i, operation in enumerate(self.operations):
            if not operation.modes:
                raise BadInput(f"operation {i} has no mode")
            if operation.release < 0:
                raise BadInput(f"operation {i} has release {operation.release}", alternatives=["0 or more"])
            # Operations of one station share their modes, one for each of hundreds of robots: looked through once.
            if (id(operation.modes), operation.family) not in seen:
                seen.add((id(operation.modes), operation.family))
                for mode in operation.modes:
                    self._check_mode(i, operation, mode)
        graph: dict[int, set[int]] = {i: set() for i in range(count)}
        for p in self.precedences:
            if not (0 <= p.before < count and 0 <= p.after < count):
                raise BadInput(
                    f"precedence {p.before} -> {p.after} names an unknown operation", alternatives=[f"0 to {count - 1}"]
                )
            if p.lag < 0:
                raise BadInput(f"precedence {p.before} -> {p.after} has lag {p.lag}", alternatives=["0 or more"])
            graph[p.after].add(p.before)
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            raise BadInput(f"the precedences have a cycle: {' -> '.join(map(str, error.args[1]))}") from None

    def _check_mode(self, i: int, operation: Operation, mode: Mode) -> None:
        if mode.duration < 0 or mode.energy < 0 or mode.heat < 0:
            raise BadInput(f"operation {i} has a negative duration, energy or heat")
        if len({r for r, _ in mode.demands}) != len(mode.demands):
            raise BadInput(f"operation {i} names a resource twice in one mode")
        for r, amount in mode.demands:
            if not 0 <= r < len(self.resources):
                raise BadInput(f"operation {i} needs resource {r}", alternatives=[f"0 to {len(self.resources) - 1}"])
            resource = self.resources[r]
            if not 0 <= amount <= resource.capacity:
                raise BadInput(
                    f"operation {i} needs {amount} of resource {r}", alternatives=[f"0 to {resource.capacity}"]
                )
            if resource.battery and mode.energy > resource.battery:
                raise BadInput(
                    f"operation {i} needs energy {mode.energy}", alternatives=[f"at most {resource.battery}"]
                )
            if resource.heat_limit and mode.heat > resource.heat_limit:
                raise BadInput(f"operation {i} makes heat {mode.heat}", alternatives=[f"at most {resource.heat_limit}"])
            if resource.setup and not 0 <= operation.family < len(resource.setup[0]):
                raise BadInput(
                    f"operation {i} has family {operation.family}", alternatives=[f"0 to {len(resource.setup[0]) - 1}"]
                )


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A feasible schedule and how good it is known to be.

    Attributes:
        starts: start of each operation.
        assignments: the chosen mode's index, for each operation.
        makespan: end of the last operation.
        lower_bound: no schedule is shorter.
        cpu_s: processor seconds that were spent.
        method: what found it.
    """

    starts: tuple[int, ...]
    assignments: tuple[int, ...]
    makespan: int
    lower_bound: int
    cpu_s: float = 0.0
    method: str = ""

    @property
    def gap(self) -> float:
        """(makespan - lower bound) / makespan; 0 is proved optimal."""
        return (self.makespan - self.lower_bound) / self.makespan if self.makespan else 0.0
