"""What a fleet is to do, as data: a floor with its stations, lines, operations, loads, and the body that the robots have.

The planner makes one (:func:`crewless.planner.schedule.shift.schedule_shift`); anybody else may: it is one JSON file, whose
schema is ``docs/reference/fleet-plan.schema.json``, and ``crewless fleet run PLAN.json`` carries it out. Nothing in this
package asks where it came from. Metres, seconds, watts; x to the east, y to the north.
"""

from collections.abc import Iterable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, cast

from annotated_types import Ge, Gt, MinLen
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import from_json

from crewless.core.errors import BadInput

VERSION = "1.0"
"""Version of the file format; a reader refuses another major version."""
TEND = "tend"
"""The action of a robot that works at a station; what a station does alone is an action of the station's own name."""
CELLS = "#>v<^+p"
"""What a cell of the floor may be: blocked; a lane to the east, south, west, north; open to all sides; a bay or parking place."""

_STRICT = ConfigDict(extra="forbid")
NonNegative = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]
Cell = tuple[Annotated[int, Ge(0)], Annotated[int, Ge(0)]]
"""Row from the north and column of a cell of the floor."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class FloorPlan:
    """The floor as a grid of square cells, each as wide as one lane."""

    cell_m: Positive
    cells: Annotated[tuple[str, ...], MinLen(1)]
    """One text for each row, from the north, one character of :data:`CELLS` for each cell. A lane may be left to its sides, never
    against its direction; a bay or parking place (``p``) opens to the lanes beside it only."""
    parking: tuple[Cell, ...] = ()
    """Where robots wait, in the order in which they are filled."""
    chargers: tuple[Cell, ...] = ()
    """Where robots charge: any cells, usually parking places."""
    width_m: NonNegative = 0.0
    """Width of the whole site, for pictures; 0: the width of the cells."""
    depth_m: NonNegative = 0.0
    forbidden: tuple[tuple[float, float, float, float], ...] = ()
    """Rectangles x, y, width, depth where nothing may stand, for pictures; the cells there are blocked already."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class PlannedStation:
    """A place where operations are done."""

    name: str
    bays: Annotated[tuple[Cell, ...], MinLen(1)]
    """Cells where a robot works at it; the first is its door, from which ways are measured."""
    work: str = ""
    """What is done there, in words: stations with the same words can stand in for each other."""
    x_m: float = 0.0
    y_m: float = 0.0
    width_m: NonNegative = 0.0
    depth_m: NonNegative = 0.0
    """Its rectangle, for pictures."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class PlannedLine:
    """Stations that a unit passes one after the other. A conveyor moves it between them; to another line it is carried."""

    name: str
    process: str
    """Lines of one process do the same; a unit whose station broke may go on in another of them."""
    stations: tuple[str, ...]
    part: str
    """What comes out at its end."""
    workpiece_kg: NonNegative
    """What a robot bears that carries an unfinished unit to another line."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class PlannedOperation:
    """One station's work on one unit: the part that a robot tends, or the part that the station does alone."""

    name: str
    station: str
    work_s: Positive
    """Seconds of work, expected repeats included."""
    by_hand: bool
    """A robot must be there."""
    after: tuple[str, ...] = ()
    """Operations that must be done before."""
    unit: str = ""
    line: str = ""
    start_s: float = 0.0
    """When the robot sets out, or the station begins: of what can be begun, the earliest goes first."""
    end_s: float = 0.0
    walk_s: NonNegative = 0.0
    """The robot's way there, between ``start_s`` and the work."""
    robot: str = ""
    """Who does it in the plan. The dispatch is free to send another who is much nearer or sooner free."""
    makes: str = ""
    """The part that the unit is when this is done; empty: it is not its last operation."""
    charge_needed: NonNegative = 0.0
    """Share of a full battery that a robot must have to begin it, what it keeps in reserve included; 0: not known."""
    motor_below_c: float = 0.0
    """Degrees Celsius: a robot whose motors are warmer becomes too hot in it; 0: none does, or it is not known."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class PlannedLoad:
    """Something that a robot picks up at one station and drops at another, for one operation that waits for it."""

    name: str
    part: str
    kg: NonNegative
    station: str
    """Where it is wanted."""
    operation: str
    """What waits for it."""
    source: str = ""
    """The station where it lies ready; empty when ``made_by`` makes it."""
    made_by: str = ""
    """The operation that makes it; empty when it lies ready."""
    work_s: NonNegative = 0.0
    """From picking it up to dropping it."""
    start_s: float | None = None
    """When the robot sets out; None: in time for what waits for it."""
    end_s: float = 0.0
    walk_s: NonNegative = 0.0
    """The robot's way to where the load lies."""
    robot: str = ""
    """As of an operation."""

    @property
    def by_hand(self) -> bool:
        """A robot brings it, always."""
        return True

    @property
    def after(self) -> tuple[str, ...]:
        """What must be done before."""
        return (self.made_by,) if self.made_by else ()


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class RobotBodyPlan:
    """The robots that the plan reckons with, all alike. What nobody has measured is an assumption of whoever made the plan."""

    kind: str
    """Their name; robots are called ``kind-1``, ``kind-2``. A unit that is one when it is made joins the fleet."""
    count: Annotated[int, Ge(0)]
    mass_kg: Positive = 60.0
    payload_kg: Positive = 30.0
    """What a robot carries at once."""
    speed_m_s: Positive = 1.5
    handle_s: NonNegative = 8.0
    """To pick up or to drop a load."""
    battery_wh: NonNegative = 2000.0
    work_w: Positive = 500.0
    drive_w: Positive = 350.0
    idle_w: NonNegative = 50.0
    charge_w: Positive = 2000.0


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class FleetPlan:
    """All that a fleet needs to know; :func:`check_plan` proves that it can be carried out."""

    version: str = VERSION
    name: str
    floor: FloorPlan
    stations: tuple[PlannedStation, ...]
    robots: RobotBodyPlan
    operations: Annotated[tuple[PlannedOperation, ...], MinLen(1)]
    """In order of their planned start."""
    loads: tuple[PlannedLoad, ...] = ()
    """Likewise."""
    lines: tuple[PlannedLine, ...] = ()
    walk_s: NonNegative = 0.0
    """Mean walk between two stations that are tended."""
    makespan_s: NonNegative = 0.0
    """When all is done, as planned."""
    lower_bound_s: NonNegative = 0.0
    """No schedule of these operations with so many robots is shorter (proved; as if nobody had to walk to work, charge or cool)."""
    gap: NonNegative = 0.0
    """(makespan - lower bound) / makespan."""
    method: str = ""
    """How the order was found."""
    buffers: dict[str, float] = field(default_factory=dict[str, float])
    """Part to units that must lie ready at the beginning, because more is used than made."""
    closed: tuple[tuple[int, int], ...] = ()
    """Pairs (from, until) in seconds in which no station works."""

    @property
    def expected_s(self) -> float:
        """The makespan; where none was planned, the time of all work one after the other."""
        return self.makespan_s or sum(one.work_s for one in self.operations)


def check_plan(plan: FleetPlan, what: str = "the plan") -> FleetPlan:
    """The plan. Raises BadInput that names what hangs in the air: a name that is not there or there twice, a cell off the floor."""

    def wrong(words: str, alternatives: Iterable[str] = ()) -> BadInput:
        return BadInput(f"{what}: {words}", alternatives=list(alternatives)[:5])

    def unique(kind: str, names: Sequence[str]) -> set[str]:
        found = set(names)
        if len(found) < len(names):
            raise wrong(f"two {kind} have the name {next(name for name in names if names.count(name) > 1)!r}")
        return found

    rows = plan.floor.cells
    for number, row in enumerate(rows):
        unknown = set(row) - set(CELLS)
        if unknown:
            raise wrong(f"row {number} of the floor holds {min(unknown)!r}", CELLS)
        if len(row) != len(rows[0]):
            raise wrong(f"row {number} of the floor has {len(row)} cells, the first row has {len(rows[0])}")
    places = [("a parking place", cell) for cell in plan.floor.parking]
    places += [("a charger", cell) for cell in plan.floor.chargers]
    places += [(f"a bay of station {each.name!r}", cell) for each in plan.stations for cell in each.bays]
    for kind, (row, column) in places:
        if row >= len(rows) or column >= len(rows[0]) or rows[row][column] == "#":
            raise wrong(f"{kind} is at row {row}, column {column}, where no robot may stand")
    stations = unique("stations", [each.name for each in plan.stations])
    names = unique("operations or loads", [each.name for each in (*plan.operations, *plan.loads)])
    operations = {each.name for each in plan.operations}
    for line in plan.lines:
        for name in line.stations:
            if name not in stations:
                raise wrong(f"line {line.name!r} has station {name!r}, which does not exist", sorted(stations))
    for one in (*plan.operations, *plan.loads):
        if one.station not in stations:
            raise wrong(f"{one.name!r} is done at station {one.station!r}, which does not exist", sorted(stations))
        if one.by_hand and plan.robots.count < 1:
            raise wrong(f"{one.name!r} needs a robot, and the plan has none", ["robots.count of 1 or more"])
    for one in plan.operations:
        for before in one.after:
            if before not in names:
                raise wrong(f"operation {one.name!r} comes after {before!r}, which does not exist")
    for load in plan.loads:
        if load.operation not in operations:
            raise wrong(f"load {load.name!r} is for operation {load.operation!r}, which does not exist")
        if bool(load.source) == bool(load.made_by):
            raise wrong(f"load {load.name!r} needs either source or made_by")
        if load.source and load.source not in stations:
            raise wrong(f"load {load.name!r} waits at station {load.source!r}, which does not exist", sorted(stations))
        if load.made_by and load.made_by not in operations:
            raise wrong(f"load {load.name!r} is made by operation {load.made_by!r}, which does not exist")
    return plan


def load_plan(path: Path) -> FleetPlan:
    """Read a plan file. Raises BadInput: one line that names the file, the field and the value."""
    try:
        raw = from_json(path.read_bytes(), allow_inf_nan=False)
        version = cast(dict[str, Any], raw).get("version", VERSION) if isinstance(raw, dict) else VERSION
        if str(version).partition(".")[0] != VERSION.partition(".")[0]:
            raise BadInput(f"{path} has version {version!r}", alternatives=[VERSION])
        plan = TypeAdapter(FleetPlan).validate_python(raw)
    except OSError as error:
        raise BadInput(f"cannot read the plan {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        given = "" if first["type"] == "missing" else f", not {repr(first['input'])[:60]}"
        where = ".".join(map(str, first["loc"])) or "it"
        raise BadInput(f"{path} is not a fleet plan: {where}: {first['msg']}{given}") from error
    except ValueError as error:
        raise BadInput(f"{path} is not a fleet plan: {error}") from error
    return check_plan(plan, str(path))


def plan_json(plan: FleetPlan) -> bytes:
    """The plan as a file that :func:`load_plan` reads back."""
    return TypeAdapter(FleetPlan).dump_json(plan, indent=1) + b"\n"


def plan_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a plan file."""
    return TypeAdapter(FleetPlan).json_schema()
