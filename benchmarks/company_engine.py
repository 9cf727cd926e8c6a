"""Events a second of the company's engine, SimPy and Ciw on one model: an open network of five stations with calendars.

Cases come as a Poisson stream and pass five stations, with a choice of ways and a way back. Three stations work 9 to 17 from
Monday to Friday, two 8 to 20 from Monday to Saturday; work that is not done at closing time goes on when the calendar opens.

An event is the same for all: a case that arrives, or a piece of work that ends. What a program does besides (calendars that
open and close, SimPy's requests) is its own affair and not counted.
"""

import argparse
import random
import time
from bisect import bisect_right
from statistics import mean

import numpy as np

from benchmarks.report import report
from crewless.company.sheet.model import Arrival, Arrow, Calendar, Cell, Duration, Gateway, Pool, Sheet, WorkProfile
from crewless.company.simulate.compiled import compile_sheet
from crewless.company.simulate.engine import CASE_COLUMNS, CELL_COLUMNS
from crewless.company.simulate.replications import SimulateConfig, run_replication

OFFICE = tuple((24.0 * day + 9, 24.0 * day + 17) for day in range(5))
LATE = tuple((24.0 * day + 8, 24.0 * day + 20) for day in range(6))
STATIONS = {
    "intake": (2, 0.25, OFFICE),
    "check": (4, 0.4, OFFICE),
    "repair": (8, 1.4, OFFICE),
    "pack": (2, 0.3, LATE),
    "bill": (1, 0.15, LATE),
}
"""Members, mean hours of work (exponential), calendar."""
BETWEEN_H = 0.9
WAYS = {
    "intake": {"check": 1.0},
    "check": {"repair": 0.6, "pack": 0.4},
    "repair": {"check": 0.15, "pack": 0.85},
    "pack": {"bill": 1.0},
    "bill": {},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=float, default=6_000, help="of the company's engine")
    parser.add_argument("--simpy-weeks", type=float, default=400)
    parser.add_argument("--ciw-weeks", type=float, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    ours(1.0, 0)  # compiles
    programs = {
        "crewless": (ours, options.weeks),
        "SimPy": (with_simpy, options.simpy_weeks),
        "Ciw": (with_ciw, options.ciw_weeks),
    }
    found: dict[str, list[tuple[int, float, float]]] = {name: [] for name in programs}
    for seed in range(options.repeats):
        for name, (run, weeks) in programs.items():
            found[name].append(run(weeks, seed))
    best = {name: max(events / cpu_s for events, cpu_s, _ in runs) for name, runs in found.items()}
    rows = [
        {
            "program": name, "events": sum(events for events, _, _ in runs), "cpu_s": sum(cpu for _, cpu, _ in runs),
            "events_per_cpu_s": best[name], "worst": min(events / cpu for events, cpu, _ in runs),
            "times": best["crewless"] / best[name], "lead_h": mean(lead for _, _, lead in runs),
        }
        for name, runs in found.items()
    ]  # fmt: skip
    report(
        "company_engine", rows, ["program", "events", "cpu_s", "events_per_cpu_s", "worst", "times", "lead_h"],
        ["an event: a case that arrives or a piece of work that ends, for all three; nothing else is counted",
         f"events_per_cpu_s: the best of {options.repeats} runs, one thread; times: how many times as fast Crewless is",
         "lead_h: mean hours of a case, a check that all three run the same model"],
    )  # fmt: skip


def sheet() -> Sheet:
    """The model."""
    arrows = [Arrow(source="in", target="intake"), Arrow(source="bill", target="out")]
    gates = [Gateway(name="in", kind="start"), Gateway(name="out", kind="end")]
    for name, ways in WAYS.items():
        if len(ways) > 1:
            gates.append(Gateway(name=f"after {name}", kind="xor"))
            arrows.append(Arrow(source=name, target=f"after {name}"))
        source = f"after {name}" if len(ways) > 1 else name
        arrows += [Arrow(source=source, target=to, probability=p) for to, p in ways.items()]
    week = {OFFICE: "office", LATE: "late"}
    return Sheet(
        cells=tuple(
            Cell(name=name, works={"person": WorkProfile(resource=name, duration=Duration(kind="exponential", numbers=(mean_h,)))})
            for name, (_, mean_h, _) in STATIONS.items()
        ),
        gateways=tuple(gates),
        arrows=tuple(arrows),
        resources=tuple(Pool(name=name, count=n, calendar=week[c]) for name, (n, _, c) in STATIONS.items()),
        calendars=tuple(Calendar(name=name, week=c) for c, name in week.items()),
        arrival=Arrival(between=Duration(kind="exponential", numbers=(BETWEEN_H,))),
    )  # fmt: skip


def ours(weeks: float, seed: int) -> tuple[int, float, float]:
    """Events, CPU seconds, mean lead time."""
    program = compile_sheet(sheet())
    config = SimulateConfig(weeks=weeks, warmup_weeks=0.0, seed=seed)
    began = time.process_time()
    cases, cells, _, _ = run_replication(program, config, 0)
    cpu_s = time.process_time() - began
    case = dict(zip(CASE_COLUMNS, cases.sum(axis=0), strict=True))
    # Work is counted when it begins; what is still under way at the end is a handful.
    events = int(case["arrived"] + cells[:, :, CELL_COLUMNS.index("visits")].sum())
    return events, cpu_s, case["lead_h"] / case["done"]


class Week:
    """A calendar for SimPy: when work that begins now is done."""

    def __init__(self, intervals: tuple[tuple[float, float], ...]) -> None:
        self.intervals, self.opens = intervals, [start for start, _ in intervals]
        self.worked = [sum(b - a for a, b in intervals[:i]) for i in range(len(intervals))]
        self.whole = sum(b - a for a, b in intervals)

    def ends(self, now: float, hours: float) -> float:
        """The hour at which work of so many open hours is done."""
        base, at = divmod(now, 168.0)
        i = bisect_right(self.opens, at) - 1
        if i >= 0 and at + hours <= self.intervals[i][1]:
            return now + hours
        done = self.worked[i] + min(at, self.intervals[i][1]) - self.opens[i] if i >= 0 else 0.0
        weeks, rest = divmod(done + hours, self.whole)
        i = max(0, bisect_right(self.worked, rest) - 1)
        return (base + weeks) * 168.0 + self.opens[i] + rest - self.worked[i]


def with_simpy(weeks: float, seed: int) -> tuple[int, float, float]:
    """The same in SimPy: a process a case, a Resource a station, one timeout a piece of work, calendars by arithmetic."""
    import simpy

    rng = random.Random(seed)
    env = simpy.Environment()
    stations = {name: simpy.Resource(env, capacity=n) for name, (n, _, _) in STATIONS.items()}
    calendars = {name: Week(c) for name, (_, _, c) in STATIONS.items()}
    rates = {name: 1 / hours for name, (_, hours, _) in STATIONS.items()}
    ways = {name: list(to.items()) for name, to in WAYS.items()}
    events, leads = [0], []

    def case():
        began, name = env.now, "intake"
        events[0] += 1
        while True:
            with stations[name].request() as member:
                yield member
                yield env.timeout(calendars[name].ends(env.now, rng.expovariate(rates[name])) - env.now)
            events[0] += 1
            to = ways[name]
            if not to:
                break
            name = to[0][0] if len(to) == 1 or rng.random() < to[0][1] else to[1][0]
        leads.append(env.now - began)

    def source():
        while True:
            yield env.timeout(rng.expovariate(1 / BETWEEN_H))
            env.process(case())

    env.process(source())
    began = time.process_time()
    env.run(until=weeks * 168.0)
    return events[0], time.process_time() - began, mean(leads)


def with_ciw(weeks: float, seed: int) -> tuple[int, float, float]:
    """The same in Ciw: schedules of servers, whose work is resumed."""
    import ciw

    names = list(STATIONS)

    def schedule(members: int, intervals: tuple[tuple[float, float], ...]):
        counts, ends = [], []
        for start, end in intervals:
            counts += [0, members]
            ends += [start, end]
        return ciw.Schedule(numbers_of_servers=[*counts, 0], shift_end_dates=[*ends, 168.0], preemption="resume")

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1 / BETWEEN_H), None, None, None, None],
        service_distributions=[ciw.dists.Exponential(1 / hours) for _, hours, _ in STATIONS.values()],
        routing=[[WAYS[a].get(b, 0.0) for b in names] for a in names],
        number_of_servers=[schedule(n, c) for n, _, c in STATIONS.values()],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    began = time.process_time()
    simulation.simulate_until_max_time(weeks * 168.0)
    cpu_s = time.process_time() - began
    gone = list(simulation.nodes[-1].all_individuals)
    arrived = simulation.nodes[0].number_of_individuals
    # An interrupted piece of work leaves a record for each part of it: only the part that ends it counts.
    ended = [r for one in simulation.get_all_individuals() for r in one.data_records if r.record_type == "service"]
    leads = [one.data_records[-1].exit_date - one.data_records[0].arrival_date for one in gone]
    return arrived + len(ended), cpu_s, float(np.mean(leads))


if __name__ == "__main__":
    main()
