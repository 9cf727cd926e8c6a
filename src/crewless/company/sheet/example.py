"""A sheet to begin with: orders for machines in a firm of thirty cells. Its numbers are made up, of a plausible size."""

from crewless.company.sheet.model import (
    Arrival,
    Arrow,
    Calendar,
    Cell,
    Duration,
    Gateway,
    Meeting,
    Performer,
    Pool,
    Sheet,
    WorkProfile,
)

_ROWS = """
sort mail         | desk    | 0.10 .02 .00
register order    | desk    | 0.25 .04 .00
check customer    | desk    | 0.20 .02 .10
answer customer   | desk    | 0.30 .03 .00
read drawing      | sales   | 0.60 .06 .05
choose machine    | sales   | 0.50 .05 .10
price             | sales   | 0.40 .04 .10
write offer       | sales   | 0.50 .03 .10
review offer      | sales   | 0.30 .00 .70 meeting 3 0.5 0.4 0.90
follow up         | sales   | 0.20 .01 .00
check credit      | finance | 0.30 .03 .20
check export      | finance | 0.25 .02 .10
release order     | finance | 0.20 .00 .50 meeting 2 0.5 0.3 0.95
adapt design      | design  | 1.50 .08 .10
calculate parts   | design  | 0.80 .06 .10
review design     | design  | 0.60 .00 .80 meeting 4 1.0 0.5 0.90
write part list   | design  | 0.50 .04 .10
plan capacity     | planner | 0.40 .03 .10
order material    | planner | 0.40 .03 .10
write work order  | planner | 0.30 .02 .10
pick material     | floor   | 0.50 .02 .00
machine parts     | floor   | 2.00 .05 .00
assemble          | floor   | 2.50 .05 .20
paint             | floor   | 1.00 .02 .00
test machine      | test    | 1.00 .00 .85
sign off          | test    | 0.20 .00 .30 meeting 2 0.3 0.5 0.95
pack              | floor   | 0.60 .01 .05
book carrier      | desk    | 0.20 .02 .00
invoice           | finance | 0.25 .03 .05
file              | desk    | 0.10 .01 .05
"""
"""Cell, pool, and of a person: mean hours, error, catch; the meeting: people, hours, probability, agree."""

_FLOW = """
in sort mail; sort mail register order; register order check customer; check customer known?
known? read drawing .8; known? answer customer .2; answer customer read drawing
read drawing choose machine; choose machine price; price write offer; write offer review offer; review offer taken?
taken? follow up .3; taken? order .7; follow up order; order checks
checks check credit; checks check export; checks plan capacity; check credit checked; check export checked
plan capacity checked; checked release order; release order custom?
custom? adapt design .4; custom? write part list .6; adapt design calculate parts; calculate parts review design
review design write part list; write part list work
work order material 1; work write work order 1; work paint .3; order material pick material; pick material ready
write work order machine parts; machine parts ready; paint ready; ready assemble; assemble test machine
test machine sign off; sign off pack; pack shipped; shipped book carrier; shipped invoice; book carrier filed; invoice filed
filed file; file out
"""
_GATES = {
    "in": "start", "known?": "xor", "taken?": "xor", "order": "xor", "checks": "and", "checked": "and", "custom?": "xor", "work": "or",
    "ready": "or", "shipped": "and", "filed": "and", "out": "end",
}  # fmt: skip
_POOLS = {"desk": (3, 32.0), "sales": (8, 55.0), "finance": (4, 52.0), "design": (7, 60.0), "planner": (3, 48.0), "floor": (12, 38.0), "test": (5, 45.0)}  # fmt: skip


def example_sheet() -> Sheet:
    """Thirty cells, each by a person; twenty-five of them could be done by AI, five by a robot."""
    cells = tuple(_cell(line) for line in _ROWS.strip().splitlines())
    names = [cell.name for cell in cells]
    shift = tuple((24.0 * day + 8, 24.0 * day + 16.5) for day in range(5))
    people = [
        Pool(name=name, count=n, calendar="office", cost_per_hour=rate, sick_days_per_year=10.0, leave_days_per_year=25.0, handover=0.05)
        for name, (n, rate) in _POOLS.items()
    ]  # fmt: skip
    machines = [
        Pool(name="ai", count=8, cost_per_hour=2.0),
        Pool(name="robots", count=8, cost_per_hour=9.0, sick_days_per_year=18.0),
    ]
    return Sheet(
        cells=cells,
        gateways=tuple(Gateway(name=name, kind=kind) for name, kind in _GATES.items()),
        arrows=tuple(
            _arrow(words, [*names, *_GATES]) for words in _FLOW.replace("\n", ";").split(";") if words.strip()
        ),
        resources=(*people, *machines),
        calendars=(Calendar(name="office", week=shift),),
        arrival=Arrival(between=Duration(kind="exponential", numbers=(0.8,)), calendar="office"),
    )


def _cell(line: str) -> Cell:
    name, pool, words = (part.strip() for part in line.split("|"))
    hours, error, catch, *meeting = words.split()
    mean, wrong, caught = float(hours), float(error), float(catch)
    works: dict[Performer, WorkProfile] = {
        "person": WorkProfile(resource=pool, duration=_about(mean, 0.6), error=wrong, catch=caught),
    }
    if pool == "floor":
        works["robot"] = WorkProfile(
            resource="robots", duration=_about(mean * 0.8, 0.1), error=wrong / 2, catch=caught / 2
        )
    elif name not in ("review design", "sign off", "test machine"):
        # Quick, cheap; somewhat more errors of its own, and it finds fewer of those that others made.
        works["ai"] = WorkProfile(
            resource="ai", duration=_about(mean / 10, 0.3), error=wrong * 1.2, catch=caught * 0.7, cost=0.05
        )
    else:
        works["ai"] = WorkProfile(
            resource="ai", duration=_about(mean / 6, 0.3), error=0.0, catch=caught * 0.6, cost=0.20
        )
    numbers = [float(word) for word in meeting[1:]]
    agreed = (
        Meeting(people=int(numbers[0]), hours=numbers[1], probability=numbers[2], agree=numbers[3]) if meeting else None
    )
    return Cell(name=name, role=pool, works=works, meeting=agreed)


def _about(mean: float, spread: float) -> Duration:
    """Gamma with a coefficient of variation of ``spread``."""
    shape = 1 / spread**2
    return Duration(kind="gamma", numbers=(shape, mean / shape))


def _arrow(words: str, names: list[str]) -> Arrow:
    words = words.strip()
    source = next(name for name in sorted(names, key=len, reverse=True) if words.startswith(name + " "))
    rest = words[len(source) + 1 :]
    target = next(name for name in sorted(names, key=len, reverse=True) if rest == name or rest.startswith(name + " "))
    chance = rest[len(target) :].strip()
    return Arrow(source=source, target=target, probability=float(chance or 1))
