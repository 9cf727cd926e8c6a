"""Many replications of a sheet in threads (the loop holds no lock), measures, and intervals.

Replication number *r* has the same cases with the same random numbers for every choice of performers (common random numbers),
so that two choices are compared by the differences of their replications.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crewless.company.sheet.model import WEEK_H, Performer, Sheet
from crewless.company.simulate import engine
from crewless.company.simulate.compiled import CompiledSheet, compile_sheet
from crewless.company.simulate.engine import CASE_COLUMNS, CELL_COLUMNS, LEAD_LOW_H, LEAD_STEP, simulate
from crewless.company.simulate.statistics import Interval, interval, quantiles, warmup_end
from crewless.core.errors import BadInput

MEASURES = {
    "throughput": "cases a week",
    "lead_h": "hours from arrival to end",
    "lead_median_h": "median of the hours from arrival to end",
    "lead_p95_h": "95th percentile of the hours from arrival to end",
    "right": "share of cases that end without an error in them",
    "right_first_time": "share that end right and were never sent back",
    "cost": "dollars a case, for the hours worked and the visits",
    "paid": "dollars a case, when every hour that a pool is there is paid",
    "waiting_h": "hours a case that it waits for a performer",
    "work_h": "hours a case that a performer works on it",
    "meeting_h": "person-hours a case in meetings",
    "handovers": "a case",
    "rework": "times that a case is sent back",
    "present": "mean number of cases in progress",
    "turned_away": "share of cases that were refused because a cell was full",
    "growth": "growth of the number of open cases over the measured time, as a share of the arrivals",
}
"""What a replication is measured by, and the unit."""
Choice = Mapping[str, Performer]
Replication = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], int]


@dataclass(frozen=True, kw_only=True)
class SimulateConfig:
    """How long and how often."""

    weeks: float = 26.0
    """Measured, after the warm-up."""
    warmup_weeks: float = 4.0
    """Left out; :func:`find_warmup` finds how many are needed."""
    replications: int = 20
    """Each with random numbers of its own."""
    batches: int = 26
    """Equal parts of a replication, for intervals within one."""
    seed: int = 0
    """Seed of the first replication; the others follow from it."""
    threads: int = 0
    """0: one for each core that this process may use."""


@dataclass(frozen=True, kw_only=True)
class SimulationOutcome:
    """What many replications of one choice say."""

    measures: dict[str, Interval]
    """The keys of ``MEASURES``."""
    by_replication: NDArray[np.float64]
    """Shape (replications, len(MEASURES))."""
    cells: NDArray[np.float64]
    """Shape (cells, 7): a case done, the columns of ``engine.CELL_COLUMNS``."""
    busy: NDArray[np.float64]
    """Shape (pools,): share of the open hours of all members that is worked or met in."""
    pool_waiting_h: NDArray[np.float64]
    """Shape (pools,): hours a case that is waited for the pool."""
    overloaded: bool
    """The queues grew; lead times then say only how long was simulated."""
    events: int


def run_replication(program: CompiledSheet, config: SimulateConfig, number: int) -> Replication:
    """One replication. Shapes (batches + 1, 13), (batches + 1, cells, 7), (bins,), and the events.

    Raises:
        BadInput: a length or a number of replications that cannot be.
        Ended: a case can never end, or there are more cases than any company holds; :func:`refuse` puts it into words.
    """
    _check(config)
    seed = np.uint64(config.seed * 1_000_003 + number)
    warmup = config.warmup_weeks * WEEK_H
    status, where, events, cases, cells, histogram, *_ = simulate(
        program, seed, warmup + config.weeks * WEEK_H, warmup, config.batches, False
    )
    if status != engine.DONE:
        raise Ended(status, where)
    if not cases[:, _DONE].any() and cases[:, _ARRIVED].any():
        raise Ended(_NOTHING_DONE, int(cells[:, :, 0].sum(axis=0).argmax()))
    return cases, cells, histogram, events


_ARRIVED, _DONE = CASE_COLUMNS.index("arrived"), CASE_COLUMNS.index("done")
_NOTHING_DONE = -1
"""A status beside the engine's: cases came and none ended."""


class Ended(Exception):
    """A replication that ended before its time: a status of the engine, and a node or a number of cases."""


def _check(config: SimulateConfig) -> None:
    for name in ("weeks", "replications", "batches"):
        if not getattr(config, name) > 0:
            raise BadInput(f"{name} {getattr(config, name)}", alternatives=["more than 0"])
    if config.warmup_weeks < 0 or config.seed < 0:
        raise BadInput(f"warm-up {config.warmup_weeks} weeks, seed {config.seed}", alternatives=["0 or more"])


def refuse(sheet: Sheet, ended: Ended) -> BadInput:
    """The error that says it with row and name."""
    status, where = ended.args
    if status == engine.CROWDED:
        return BadInput(
            f"{where:,} cases are in progress at the same time: they do not end, or arrive faster than they are finished",
            alternatives=["more members", "fewer arrivals", "fewer parallel branches"],
        )
    names = [c.name for c in sheet.cells] + [g.name for g in sheet.gateways]
    row = where + 1 if where < len(sheet.cells) else where + 1 - len(sheet.cells)
    name = f"{'cells' if where < len(sheet.cells) else 'gateways'} row {row} ({names[where]})"
    if status == engine.STUCK:
        return BadInput(
            f"{name}: a case waits here forever for a branch that it did not take",
            alternatives=["an xor or an or that joins what an xor or an or has split"],
        )
    if status == _NOTHING_DONE:
        return BadInput(
            f"no case ended in the whole time; most visits were to {name}: this cycle cannot finish, or takes longer",
            alternatives=["an error below 1 where a catch is 1", "a probability below 1 of going back", "more weeks"],
        )
    return BadInput(
        f"{name}: a case came here {engine.MOST_VISITS:,} times: this cycle cannot finish",
        alternatives=["a probability below 1 of going back", "an error below 1 where a catch is 1"],
    )


def threads_of(config: SimulateConfig) -> int:
    """How many threads to use."""
    return config.threads or len(os.sched_getaffinity(0))


def run_choices(
    sheet: Sheet,
    choices: Sequence[Choice],
    config: SimulateConfig,
    progress: Callable[[int, int], None] | None = None,
) -> list[SimulationOutcome]:
    """All replications of all choices, in threads.

    Args:
        sheet: the company.
        choices: cells that others do than the sheet says; an empty one is the sheet as it is.
        config: how long and how often.
        progress: called with the replications done and the replications in all.

    Raises:
        BadInput: what :func:`compile_sheet` refuses, or a case that cannot end.
    """
    _check(config)
    programs = [compile_sheet(sheet, choice) for choice in choices]
    jobs = [(c, r) for c in range(len(programs)) for r in range(config.replications)]
    found: list[list[Replication]] = [[] for _ in programs]
    with ThreadPoolExecutor(threads_of(config)) as pool:
        try:
            results = pool.map(lambda job: run_replication(programs[job[0]], config, job[1]), jobs)
            for done, ((c, _), one) in enumerate(zip(jobs, results, strict=True), 1):
                found[c].append(one)
                if progress:
                    progress(done, len(jobs))
        except Ended as ended:
            pool.shutdown(cancel_futures=True)
            raise refuse(sheet, ended) from None
    return [outcome(program, found[c], config) for c, program in enumerate(programs)]


def run_sheet(sheet: Sheet, config: SimulateConfig, choice: Choice | None = None) -> SimulationOutcome:
    """Simulate one choice; see :func:`run_choices`."""
    return run_choices(sheet, [choice or {}], config)[0]


def outcome(program: CompiledSheet, replications: Sequence[Replication], config: SimulateConfig) -> SimulationOutcome:
    """Sums up replications of the same program."""
    open_h = program.members * program.week[program.calendar] * config.weeks
    pools = len(program.members)
    rows, cell_rows, busy, waits = [], [], [], []
    for cases, cells, histogram, _ in replications:
        spent = cells[1:].sum(axis=0)
        rows.append(_measures(program, cases[1:].sum(axis=0), spent, histogram, open_h, config))
        done = max(1.0, cases[1:, CASE_COLUMNS.index("done")].sum())
        cell_rows.append(spent / done)
        hours = spent[:, CELL_COLUMNS.index("work_h")] + spent[:, CELL_COLUMNS.index("meeting_h")]
        busy.append(np.bincount(program.pool, hours, pools) / open_h)
        waits.append(np.bincount(program.pool, spent[:, CELL_COLUMNS.index("waiting_h")], pools) / done)
    table = np.array(rows)
    growth = table[:, list(MEASURES).index("growth")]
    return SimulationOutcome(
        measures={name: interval(table[:, i]) for i, name in enumerate(MEASURES)},
        by_replication=table,
        cells=np.mean(cell_rows, axis=0),
        busy=np.mean(busy, axis=0),
        pool_waiting_h=np.mean(waits, axis=0),
        overloaded=bool(growth.mean() > 0.05 and growth.mean() > 2 * growth.std() / np.sqrt(len(growth))),
        events=sum(one[3] for one in replications),
    )


def _measures(program: CompiledSheet, sums, spent, histogram, open_h, config: SimulateConfig) -> list[float]:
    case = dict(zip(CASE_COLUMNS, sums.tolist(), strict=True))
    done = case["done"]
    nothing = float("nan")
    visits = spent[:, CELL_COLUMNS.index("visits")]
    used = np.isin(np.arange(len(program.members)), program.pool)
    paid = float((open_h * program.rate * used).sum() + (visits * program.cost).sum())
    left = max(0.0, case["arrived"] - case["turned_away"] - done)
    values = {
        name: case[name] / done if done else nothing
        for name in (
            "lead_h",
            "right",
            "right_first_time",
            "cost",
            "waiting_h",
            "work_h",
            "meeting_h",
            "handovers",
            "rework",
        )
    } | {
        "throughput": done / config.weeks,
        "lead_median_h": float(quantiles(histogram, 0.5, LEAD_LOW_H, LEAD_STEP)[0]),
        "lead_p95_h": float(quantiles(histogram, 0.95, LEAD_LOW_H, LEAD_STEP)[0]),
        "paid": paid / done if done else nothing,
        "present": case["present_h"] / (config.weeks * WEEK_H),
        "turned_away": case["turned_away"] / max(1.0, case["arrived"]),
        "growth": left / max(1.0, case["arrived"]),
    }
    return [values[name] for name in MEASURES]


def find_warmup(sheet: Sheet, config: SimulateConfig, choice: Choice | None = None) -> float:
    """Weeks to leave out: MSER on the cases under way, week by week, the mean of the replications (Welch 1983)."""
    weeks = max(8, round(config.weeks))
    program = compile_sheet(sheet, choice)
    pilot = SimulateConfig(weeks=float(weeks), warmup_weeks=0.0, batches=weeks, seed=config.seed)
    column = CASE_COLUMNS.index("present_h")
    try:
        found = [run_replication(program, pilot, r)[0][1:, column] for r in range(max(5, config.replications // 2))]
    except Ended as ended:
        raise refuse(sheet, ended) from None
    return float(warmup_end(np.mean(found, axis=0)))
