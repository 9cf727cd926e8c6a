"""The blueprint: everything that must be known to build a factory, as frozen data. Units stand in the names."""

from dataclasses import field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import from_json

from crewless.core.errors import BadInput
from crewless.planner.blueprint.cards import SkillCard

VERSION = "2.1"
"""Of the file format; a reader refuses another first number."""

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
NonNegative = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Goal:
    """What is wanted, and within which limits."""

    name: str
    products: dict[str, Positive]
    """Part to units a year, good ones, shipped."""
    area_m2: Positive
    power_kw: Positive
    budget_usd: Positive
    robots_at_hand: Annotated[int, Ge(1), Le(10_000_000)]
    """Humanoids that build the site."""
    operating_h: Annotated[float, Gt(0), Le(8784)] = 8000.0
    """Hours a year in which the lines run."""
    power_units: dict[str, Literal["W", "kW", "MW", "GW"]] = field(default_factory=dict)
    """Part to the unit in which its rate was given; ``products`` holds units a year all the same."""
    stock: dict[str, NonNegative] = field(default_factory=dict)
    """Part to units that are there and are used up in the first year."""
    forbidden: tuple[tuple[float, float, float, float], ...] = ()
    """Rectangles x, y, width, depth in metres where nothing may stand."""
    catalogues: tuple[str, ...] = ("humanoid", "solar", "site")
    """Shipped catalogues by name, or paths of one's own."""
    skill_cards: tuple[SkillCard, ...] = ()
    """What was measured; takes the place of the catalogue's assumption."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Part:
    """Something that is bought or made, by the piece or by the kilogram."""

    name: str
    mass_kg: Positive
    cost_usd: NonNegative = 0.0
    """Price of a bought part; 0 for one that is made."""
    rated_w: NonNegative = 0.0
    """Electric power of a panel, so that a goal may be given in MW."""
    source: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class AssemblyTask:
    """The smallest piece of work; it is never split between stations."""

    name: str
    time_s: Positive
    """One try, for one unit of the process's product."""
    skill: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Process:
    """How one unit of a part is made."""

    name: str
    makes: str
    consumes: dict[str, Positive]
    """Part to units for one start."""
    yield_share: Annotated[float, Gt(0), Le(1)]
    """Good units for one start."""
    waste_kg: NonNegative
    """Mass that leaves as offcut at each start."""
    tasks: tuple[AssemblyTask, ...]
    station_area_m2: Positive
    station_power_kw: Positive
    station_cost_usd: Positive
    station_kits: NonNegative = 1.0
    """Kits of the site's own make that go into one station."""
    source: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Skill:
    """Something that a kind of robot or machine can do."""

    name: str
    success: Annotated[float, Gt(0), Le(1)]
    """Share of tries that succeed, 0 to 1; a failed try is repeated."""
    kinds: tuple[str, ...]
    """Who has it: ``machine`` is part of the station."""
    source: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class RobotKind:
    """A kind of robot."""

    name: str
    power_kw: Positive
    cost_usd: NonNegative
    charging_share: Annotated[float, Ge(0), Le(0.9)]
    """Share of time on the charger."""
    source: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Building:
    """What the site costs beside its stations, and how long it takes to build."""

    cost_usd_per_m2: NonNegative
    power_kw_per_m2: NonNegative
    slot_m: Positive
    """Side of the square that a small station fills; aisles are as wide."""
    slots_between_aisles: Annotated[int, Ge(1)]
    foundation_h_per_m2: Positive
    """Robot-hours."""
    install_h_per_station: Positive
    commission_h_per_line: Positive
    crew: Annotated[int, Ge(1)]
    """Robots that work on one step together."""
    skills: tuple[str, ...]
    """What the crew must be able to do."""
    source: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Flow:
    """What happens to one part in a year, units."""

    part: str
    made: NonNegative
    """Good ones."""
    started: NonNegative
    bought: NonNegative
    from_stock: NonNegative
    used: NonNegative
    shipped: NonNegative


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class TaskWork:
    """What one task is reckoned with, and where each number comes from."""

    process: str
    task: str
    skill: str
    time_s: Positive
    """One try."""
    time_measured: bool
    time_source: str
    tries: Annotated[float, Ge(1)]
    """Expected, until one succeeds."""
    tries_measured: bool
    tries_source: str


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Station:
    """One place of a line."""

    name: str
    tasks: tuple[str, ...]
    load_s: Positive
    """Expected work for one unit, repeats included."""
    robots: NonNegative


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Line:
    """One of the parallel lines of a process."""

    name: str
    process: str
    cycle_s: Positive
    stations: tuple[Station, ...]
    bound: Annotated[int, Ge(1)]
    """No line with this cycle has fewer stations (proved)."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Place:
    """Where a station stands; metres from the south-west corner."""

    station: str
    x_m: float
    y_m: float
    width_m: Positive
    depth_m: Positive


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Layout:
    """The floor."""

    width_m: Positive
    depth_m: Positive
    places: tuple[Place, ...]
    aisles: tuple[tuple[float, float, float, float], ...]
    """x, y, width, depth in metres."""
    transport_tonne_m: NonNegative
    """Mass times rectilinear distance in a year, between the middles of lines."""
    transport_before_tonne_m: NonNegative
    """The same before the local search."""


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class BuildStep:
    """One step of the construction."""

    name: str
    line: str
    after: tuple[str, ...]
    skill: str
    work_h: Positive
    """Robot-hours."""
    robots: Annotated[int, Ge(1)]
    start_h: NonNegative
    end_h: Positive


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Balance:
    """Power, robots, cost."""

    stations_kw: NonNegative
    robots_kw: NonNegative
    building_kw: NonNegative
    robots: Annotated[int, Ge(0)]
    stations_usd: NonNegative
    robots_usd: NonNegative
    building_usd: NonNegative
    material_usd_per_year: NonNegative


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Blueprint:
    """A factory, typed and versioned."""

    version: str
    goal: Goal
    parts: tuple[Part, ...]
    processes: tuple[Process, ...]
    skills: tuple[Skill, ...]
    robot: RobotKind
    building: Building
    flows: tuple[Flow, ...]
    work: tuple[TaskWork, ...]
    lines: tuple[Line, ...]
    layout: Layout
    construction: tuple[BuildStep, ...]
    balance: Balance


def parse(kind: Any, value: Any, what: str) -> Any:
    """``value`` (plain data) as the dataclass ``kind``. Raises BadInput: one line that names the field and the value."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise BadInput(
            f"{what}: {where}: {first['msg']}, not {str(first['input'])[:60]!r}"
            if first["type"] != "missing"
            else f"{what}: {where} is missing"
        ) from error


def to_json(value: Any) -> bytes:
    """A dataclass as JSON."""
    return TypeAdapter(type(value)).dump_json(value, indent=1) + b"\n"


def schema(kind: Any = Blueprint) -> dict[str, Any]:
    """JSON schema (draft 2020-12)."""
    return TypeAdapter(kind).json_schema()


def load_blueprint(content: bytes, what: str) -> Blueprint:
    """Read a blueprint file. Raises BadInput."""
    try:
        raw = from_json(content)
        version = raw.get("version") if isinstance(raw, dict) else None
        if isinstance(version, str) and version.split(".")[0] != VERSION.split(".")[0]:
            raise BadInput(f"{what} has version {version!r}", alternatives=[VERSION])
        blueprint = TypeAdapter(Blueprint).validate_json(content)
    except ValueError as error:
        if not isinstance(error, ValidationError):
            raise BadInput(f"{what} is not a blueprint: {error}") from error
        first = error.errors()[0]
        given = "" if first["type"] == "missing" else f", not {str(first['input'])[:60]!r}"
        raise BadInput(
            f"{what} is not a blueprint: {'.'.join(map(str, first['loc']))}: {first['msg']}{given}"
        ) from error
    return blueprint
