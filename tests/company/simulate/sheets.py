"""Small sheets for the tests, made in one line."""

from crewless.company.sheet.model import (
    Arrival,
    Arrow,
    Calendar,
    Cell,
    Duration,
    Gateway,
    Meeting,
    Pool,
    Sheet,
    WorkProfile,
)

OFFICE = Calendar(name="office", week=tuple((24.0 * day + 9, 24.0 * day + 17) for day in range(5)))


def takes(hours: float) -> Duration:
    return Duration(numbers=(hours,))


def cell(
    name: str,
    hours: float = 1.0,
    *,
    resource: str = "staff",
    meeting: Meeting | None = None,
    rework: str = "",
    **work: float,
) -> Cell:
    """Done by a person in so many hours; ``work``: error, catch, cost."""
    return Cell(
        name=name,
        works={"person": WorkProfile(resource=resource, duration=takes(hours), **work)},
        meeting=meeting,
        rework=rework,
    )


def sheet(
    cells: list[Cell], flow: str, *, every: float = 10.0, gates: str = "", calendar: str = "", **staff: int
) -> Sheet:
    """``flow`` is ``in>a a>out``, with ``g>a:0.3`` for a probability; ``gates`` is ``g:xor j:and``."""
    arrows = []
    for word in flow.split():
        ends, _, probability = word.partition(":")
        source, target = ends.split(">")
        arrows.append(Arrow(source=source, target=target, probability=float(probability or 1)))
    kinds = [("in", "start"), ("out", "end"), *(tuple(gate.split(":")) for gate in gates.split())]
    return Sheet(
        cells=tuple(cells),
        gateways=tuple(Gateway(name=name, kind=kind) for name, kind in kinds),
        arrows=tuple(arrows),
        resources=tuple(Pool(name=name, count=n, calendar=calendar) for name, n in (staff or {"staff": 1}).items()),
        calendars=(OFFICE,),
        arrival=Arrival(between=takes(every)),
    )
