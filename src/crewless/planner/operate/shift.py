"""The first units of every line: which station works on which unit when, and what really happens when robots fail.

A thin path of its own: a list schedule by line and a simulated shift in which tries fail and robots break. Time is simulated, so
the event log of a blueprint and a seed is the same every time, to the byte.
"""

import heapq
import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from crewless.core.errors import BadInput, StorageFull
from crewless.core.events import Event
from crewless.planner.blueprint.model import Blueprint, parse


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One station's work on one unit."""

    name: str
    unit: str
    station: str
    line: str
    after: tuple[str, ...]
    planned_s: float
    start_s: float


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Operations in order of their planned start."""

    blueprint: str
    robots: int
    operations: tuple[Operation, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a shift came to."""

    done: int
    lost: int
    done_twice: int
    retries: int
    breakdowns: int
    makespan_s: float
    planned_s: float
    energy_kwh: float
    units: dict[str, int]
    """Part to units that were made."""


def schedule_shift(blueprint: Blueprint, units_per_line: int = 2) -> Shift:
    """A permutation flow shop on every line: unit n enters a station when unit n - 1 has left it, and feeders fill first.

    A line starts once each part that it consumes has been made once.
    """
    if units_per_line < 1:
        raise BadInput(f"{units_per_line} units a line make no shift", alternatives=["1 or more"])
    process = {p.name: p for p in blueprint.processes}
    makers = {p.makes: p.name for p in blueprint.processes}
    by_process: dict[str, list] = {}
    for line in blueprint.lines:
        by_process.setdefault(line.process, []).append(line)
    first_out: dict[str, tuple[float, str]] = {}
    operations: list[Operation] = []

    def fill(name: str) -> None:
        if name in first_out:
            return
        feeders = [makers[c] for c in process[name].consumes if c in makers and makers[c] in by_process]
        for feeder in feeders:
            fill(feeder)
        begin = max((first_out[f][0] for f in feeders), default=0.0)
        waits = tuple(first_out[f][1] for f in feeders)
        for line in by_process[name]:
            free = [begin] * len(line.stations)
            last_unit: list[str] = [""] * len(line.stations)
            for unit in range(1, units_per_line + 1):
                ready, before = begin, waits if unit == 1 else ()
                for k, station in enumerate(line.stations):
                    start = max(ready, free[k])
                    label = f"{station.name}#{unit}"
                    after = (*before, *((last_unit[k],) if last_unit[k] else ()))
                    operations.append(
                        Operation(
                            name=label, unit=f"{line.name}#{unit}", station=station.name, line=line.name,
                            after=after, planned_s=station.load_s, start_s=start,
                        )
                    )  # fmt: skip
                    ready = free[k] = start + station.load_s
                    last_unit[k], before = label, (label,)
                if name not in first_out:
                    first_out[name] = (ready, last_unit[-1])

    for name in by_process:
        fill(name)
    operations.sort(key=lambda one: (one.start_s, one.name))
    return Shift(blueprint=blueprint.goal.name, robots=blueprint.balance.robots, operations=tuple(operations))


def read_schedule(path: Path) -> Shift:
    """Read back what ``plan schedule`` wrote. Raises BadInput."""
    try:
        return parse(Shift, json.loads(path.read_bytes()), str(path))
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read the schedule {path}: {error}") from error


def run_shift(
    blueprint: Blueprint,
    shift: Shift,
    log: Path,
    *,
    breakdown_share: float = 0.0,
    repair_s: float = 600.0,
    seed: int = 0,
    tell: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Carry the schedule out and write the event log; every operation is done once.

    Args:
        blueprint: what was built.
        shift: from :func:`schedule_shift`.
        log: the event log, JSON lines of :class:`crewless.core.events.Event`; ``t`` is simulated seconds.
        breakdown_share: chance that a robot breaks in an operation, 0 to 1; the operation begins anew with another robot.
        repair_s: how long a broken robot is away.
        seed: of the failures.
        tell: called with operations done and all.

    Raises:
        BadInput: the schedule is of another blueprint, or has a cycle.
    """
    if not 0 <= breakdown_share < 1:
        raise BadInput(f"a breakdown share of {breakdown_share}", alternatives=["0 or more, less than 1"])
    source = random.Random(seed)
    process = {p.name: p for p in blueprint.processes}
    success = {s.name: s.success for s in blueprint.skills}
    stations = {s.name: (line, s) for line in blueprint.lines for s in line.stations}
    last = {line.stations[-1].name: process[line.process].makes for line in blueprint.lines}
    todo = {one.name: one for one in shift.operations}
    for one in shift.operations:
        if one.station not in stations:
            raise BadInput(f"the schedule names station {one.station!r}, which the blueprint has not")
    waits = {one.name: set(one.after) for one in shift.operations}
    followers: dict[str, list[str]] = {}
    for name, before in waits.items():
        for one in before:
            if one not in todo:
                raise BadInput(f"operation {name!r} waits for {one!r}, which is not scheduled")
            followers.setdefault(one, []).append(name)
    ready = [(todo[n].start_s, n) for n, before in waits.items() if not before]
    heapq.heapify(ready)
    idle = list(range(1, max(1, shift.robots) + 1))
    heapq.heapify(idle)
    running: list[tuple[float, int, str, str, float]] = []
    now, done, twice, retries, breakdowns, energy_j = 0.0, {}, 0, 0, 0, 0.0
    units: dict[str, int] = {}
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as file:

            def write(t: float, name: str, robot: int, kind: str, outcome: str = "", joule: float = 0.0) -> None:
                one = todo[name]
                event = Event(
                    t=round(t, 3), case=one.unit, cell=one.station, resource=f"robot-{robot}" if robot else one.station,
                    kind=kind, outcome=outcome, energy_j=round(joule, 1), data={"operation": name},
                )  # fmt: skip
                file.write(json.dumps(asdict(event), separators=(",", ":")) + "\n")

            while ready or running:
                held = []
                while ready:
                    item = heapq.heappop(ready)
                    line, station = stations[todo[item[1]].station]
                    robot = 0
                    if station.robots > 0:
                        if not idle:
                            held.append(item)
                            break
                        robot = heapq.heappop(idle)
                    tasks = {t.name: t for t in process[line.process].tasks}
                    spent = 0.0
                    for t in station.tasks:
                        spent += tasks[t].time_s
                        while source.random() >= success[tasks[t].skill]:
                            retries += 1
                            spent += tasks[t].time_s
                    kind = "end"
                    if robot and source.random() < breakdown_share:
                        spent, kind = spent * source.random(), "failed"
                    write(now, item[1], robot, "start")
                    heapq.heappush(running, (now + spent, robot, item[1], kind, spent))
                for item in held:
                    heapq.heappush(ready, item)
                if not running:
                    raise BadInput("operations wait for a robot, and none is left")
                now, robot, name, kind, spent = heapq.heappop(running)
                if kind == "repaired":
                    heapq.heappush(idle, robot)
                    continue
                line, _ = stations[todo[name].station]
                joule = spent * 1e3 * (process[line.process].station_power_kw + bool(robot) * blueprint.robot.power_kw)
                energy_j += joule
                if kind == "failed":
                    breakdowns += 1
                    write(now, name, robot, "end", "failed", joule)
                    heapq.heappush(ready, (todo[name].start_s, name))
                    heapq.heappush(running, (now + repair_s, robot, name, "repaired", 0.0))
                    continue
                if robot:
                    heapq.heappush(idle, robot)
                write(now, name, robot, "end", "done", joule)
                twice += name in done
                done[name] = now
                if todo[name].station in last:
                    made = last[todo[name].station]
                    units[made] = units.get(made, 0) + 1
                for follower in followers.get(name, ()):
                    waits[follower].discard(name)
                    if not waits[follower]:
                        heapq.heappush(ready, (todo[follower].start_s, follower))
                if tell and len(done) % 100 == 0:
                    tell(len(done), len(todo))
    except OSError as error:
        raise StorageFull(f"cannot write the event log {log}: {error.strerror}") from error
    if len(done) < len(todo):
        raise BadInput(f"{len(todo) - len(done)} operations wait for each other in a circle")
    return Outcome(
        done=len(done), lost=len(todo) - len(done), done_twice=twice, retries=retries, breakdowns=breakdowns,
        makespan_s=max(done.values(), default=0.0),
        planned_s=max((o.start_s + o.planned_s for o in shift.operations), default=0.0),
        energy_kwh=energy_j / 3.6e6, units=dict(sorted(units.items())),
    )  # fmt: skip
