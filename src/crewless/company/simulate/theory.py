"""What queueing theory says of the sheets that it can solve, and those sheets.

Sources: Kleinrock, Queueing Systems I (1975), chapters 3 to 5 (M/M/c, M/M/c/K, Pollaczek-Khinchine, Jackson) and II (1976),
chapter 3 (Cobham's priority formula).
"""

from dataclasses import dataclass
from math import factorial

import numpy as np

from crewless.company.sheet.model import Arrival, Arrow, Cell, Duration, Gateway, Pool, Sheet, WorkProfile


@dataclass(frozen=True, kw_only=True)
class QueueingModel:
    """A sheet and what theory says: the mean wait in hours of each cell, and the share that is turned away."""

    name: str
    sheet: Sheet
    waits_h: dict[str, float]
    turned_away: float | None = None


def erlang_c(servers: int, load: float) -> float:
    """Probability to wait in M/M/c with ``load`` = arrival rate x mean service; recursion by Erlang's B."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return servers * blocked / (servers - load * (1 - blocked))


def queue(name: str, rate: float, servers: int, service: Duration, capacity: int = 0) -> Sheet:
    """One cell with Poisson arrivals."""
    cell = Cell(name="work", works={"person": WorkProfile(resource="servers", duration=service)}, capacity=capacity)
    return _sheet((cell,), (("in", "work", 1.0), ("work", "out", 1.0)), {"servers": servers}, rate)


def _sheet(cells, ways, servers: dict[str, int], rate: float, gates: tuple[str, ...] = ()) -> Sheet:
    gateways = [Gateway(name="in", kind="start"), Gateway(name="out", kind="end")]
    return Sheet(
        cells=cells,
        gateways=(*gateways, *(Gateway(name=name, kind="xor") for name in gates)),
        arrows=tuple(Arrow(source=a, target=b, probability=p) for a, b, p in ways),
        resources=tuple(Pool(name=name, count=n) for name, n in servers.items()),
        arrival=Arrival(between=Duration(kind="exponential", numbers=(1 / rate,))),
    )


def _exponential(mean: float) -> Duration:
    return Duration(kind="exponential", numbers=(mean,))


def mmc(servers: int, use: float) -> QueueingModel:
    """M/M/c with mean service 1 h."""
    wait = erlang_c(servers, servers * use) / (servers * (1 - use))
    name = f"M/M/{servers}, load {use:g}"
    return QueueingModel(
        name=name, sheet=queue(name, servers * use, servers, _exponential(1.0)), waits_h={"work": wait}
    )


def mg1(use: float, service: Duration, mean: float, square: float) -> QueueingModel:
    """M/G/1: ``square`` is the second moment of the service."""
    rate = use / mean
    name = f"M/G/1 {service.kind}, load {use:g}"
    return QueueingModel(
        name=name, sheet=queue(name, rate, 1, service), waits_h={"work": rate * square / (2 * (1 - use))}
    )


def mmck(servers: int, capacity: int, load: float) -> QueueingModel:
    """M/M/c/K with mean service 1 h; the wait is of those who are let in."""
    weight = [load**n / factorial(min(n, servers)) / servers ** max(0, n - servers) for n in range(capacity + 1)]
    p = np.array(weight) / sum(weight)
    waiting = sum((n - servers) * p[n] for n in range(servers, capacity + 1))
    wait = waiting / (load * (1 - p[-1]))
    name = f"M/M/{servers}/{capacity}, load {load / servers:g}"
    sheet = queue(name, load, servers, _exponential(1.0), capacity)
    return QueueingModel(name=name, sheet=sheet, waits_h={"work": wait}, turned_away=float(p[-1]))


def jackson() -> QueueingModel:
    """Three stations, with a way back: an open Jackson network, each station as if it were M/M/c alone."""
    back, servers, means = 0.2, {"a": 1, "b": 3, "c": 2}, {"a": 0.5, "b": 1.6, "c": 1.0}
    rate = 1.2
    flow = {"a": rate / (1 - back), "b": 0.7 * rate / (1 - back), "c": rate / (1 - back)}
    cells = tuple(
        Cell(name=n, works={"person": WorkProfile(resource=n, duration=_exponential(means[n]))}) for n in servers
    )
    ways = (
        ("in", "a", 1.0), ("a", "x", 1.0), ("x", "b", 0.7), ("x", "c", 0.3), ("b", "c", 1.0), ("c", "y", 1.0),
        ("y", "a", back), ("y", "out", 1 - back),
    )  # fmt: skip
    waits = {}
    for n, count in servers.items():
        load = flow[n] * means[n]
        waits[n] = erlang_c(count, load) * means[n] / (count - load)
    return QueueingModel(
        name="Jackson, 3 stations", sheet=_sheet(cells, ways, servers, rate, ("x", "y")), waits_h=waits
    )


def priority() -> QueueingModel:
    """M/M/1 with two classes, the urgent one first and never interrupting (Cobham 1954)."""
    rate, share, mean = 0.8, 0.4, 1.0
    urgent, other = rate * share * mean, rate * (1 - share) * mean
    left = rate * mean**2  # Half the rate times the second moment 2 mean^2: the work that an arrival finds under way.
    work = WorkProfile(resource="server", duration=_exponential(mean))
    cells = (Cell(name="urgent", works={"person": work}, priority=1), Cell(name="other", works={"person": work}))
    ways = (
        ("in", "x", 1.0), ("x", "urgent", share), ("x", "other", 1 - share), ("urgent", "out", 1.0), ("other", "out", 1.0),
    )  # fmt: skip
    waits = {"urgent": left / (1 - urgent), "other": left / ((1 - urgent) * (1 - urgent - other))}
    return QueueingModel(
        name="M/M/1, two priorities", sheet=_sheet(cells, ways, {"server": 1}, rate, ("x",)), waits_h=waits
    )


def solved() -> list[QueueingModel]:
    """All of them."""
    return [
        mmc(1, 0.7),
        mmc(10, 0.8),
        mmc(100, 0.9),
        mg1(0.7, Duration(kind="constant", numbers=(1.0,)), 1.0, 1.0),
        mg1(0.7, Duration(kind="gamma", numbers=(0.5, 2.0)), 1.0, 3.0),
        mg1(0.7, Duration(kind="uniform", numbers=(0.5, 1.5)), 1.0, 13 / 12),
        jackson(),
        priority(),
        mmck(2, 5, 1.8),
        mmck(10, 15, 9.0),
    ]
