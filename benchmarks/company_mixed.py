"""A mixed shift of worker and person: run for real, and simulated from the cells that an earlier shift has measured.

python -m benchmarks.company_mixed [--tickets 20] [--folder DIR] [--first RUN]

The helpdesk, Chromium, the sealed worker; the scripted operator with pace and breaks plays the person. Shift A is worked after
learning and imported as a sheet (`crewless company import run:A`). Shift B works other tickets with the same checkpoint. The
sheet of A is simulated once for each replication, with the arrivals of B, and set beside B. Nothing of B is used for it.
At a fixed arrival rate the throughput is that rate whatever the model says, so it is judged on a third shift, C, whose tickets all wait from
the start: worker and person are saturated there. Lead times are judged on B.
`--first` takes a shift A that has been worked already: the run folder of `crewless demo --human-cells review`.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.report import report
from crewless.cli.demo_phases import DemoConfig, demo, person_of
from crewless.company.discover.run_folder import sheet_of_run
from crewless.company.sheet.model import WEEK_H, Sheet
from crewless.core.results import HandledCase, read_handled
from crewless.core.runs import RunFolder
from crewless.work.mixed import summarise_mixed, work_mixed
from crewless.work.runner import RunnerConfig

SATURATED_S = 2.0
"""Between two tickets of the shift whose queue is full from the start: several times faster than they can be worked."""
LONGEST_H = 1 / 12
"""That a ticket takes of a shift's length, at most: the simulation goes on for so long."""
COLUMNS = [
    "what",
    "shift A, real",
    "shift B, real",
    "shift C, real",
    "simulated from A",
    "95 % of replications",
    "off by",
    "to reach",
]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tickets", type=int, default=20, help="in each of the two shifts")
    options.add_argument("--folder", type=Path, help="where the run folders go and stay")
    options.add_argument("--first", type=Path, help="a shift A that has been worked already")
    options.add_argument("--replications", type=int, default=400)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return measure(chosen.folder or Path(scratch), chosen.tickets, chosen.replications, chosen.first)


def measure(folder: Path, tickets: int, replications: int, first: Path | None) -> int:
    config = DemoConfig(
        demonstrations=12,
        archive=60,
        queue=tickets,
        replayed=0,
        max_silent_wrong=0.05,
        human_cells=("review",),
        runs=folder,
    )
    if first is None:
        first = demo(config, lambda phase, what, done, of: print(f"{phase} {done}/{of}: {what}", flush=True)).run.path
    checkpoint = first / "checkpoints" / "worker-archive"
    second = _shift(folder / "shift-b", tickets, config, checkpoint, config.arrive_s)
    saturated = _shift(folder / "shift-c", tickets, config, checkpoint, SATURATED_S)
    sheet, lines = sheet_of_run(first)
    real_a, real_b = summarise_mixed(read_handled(first)), summarise_mixed(second)
    real_c = summarise_mixed(saturated)
    simulated = [simulate(sheet, tickets, seed) for seed in range(replications)]
    at_once = [simulate(full_queue(sheet), tickets, seed) for seed in range(replications)]
    rows = []
    values = np.array([one["an_hour"] for one in at_once])
    low, high = np.quantile(values, [0.025, 0.975])
    rows.append({
        "what": "tickets an hour, all waiting from the start", "shift C, real": real_c["an_hour"],
        "simulated from A": values.mean(), "95 % of replications": f"{low:.3g} to {high:.3g}",
        "off by": values.mean() / real_c["an_hour"] - 1, "to reach": "within 15%",
    })  # fmt: skip
    for name, what, bound in (
        ("an_hour", "tickets an hour, at B's arrivals", None), ("lead_mean_s", "lead time, mean s", 0.15),
        ("lead_median_s", "lead time, median s", None), ("handed_over", "share handed over", None),
    ):  # fmt: skip
        values = np.array([one[name] for one in simulated])
        low, high = np.quantile(values, [0.025, 0.975])
        rows.append({
            "what": what, "shift A, real": real_a[name], "shift B, real": real_b[name], "simulated from A": values.mean(),
            "95 % of replications": f"{low:.3g} to {high:.3g}", "off by": values.mean() / real_b[name] - 1,
            "to reach": f"within {bound:.0%}" if bound else "",
        })  # fmt: skip
    person = (
        f"pace {config.person_pace_s:g} s, {config.person_works_s:g} s at work and {config.person_rests_s:g} s away"
    )
    notes = [
        *lines,
        f"{tickets} tickets in each shift, one every {config.arrive_s:g} s; the person is the scripted operator, {person}",
        "the person's desk is a second program with the same tickets; 95 % of replications: what chance alone does to so few tickets",
    ]
    report("company_mixed", rows, COLUMNS, notes)
    return 0 if all(abs(row["off by"]) <= 0.15 for row in rows if row["to reach"]) else 1


def _shift(folder: Path, tickets: int, config: DemoConfig, checkpoint: Path, every_s: float) -> list[HandledCase]:
    """Other tickets than the demonstration's, worked with its checkpoint."""
    from crewless.tasks.helpdesk.task import HelpdeskConfig, HelpdeskTask

    run = RunFolder(folder)
    with_tickets = HelpdeskConfig(num_cases=tickets, num_archive=0, seed=config.seed, unseen=True)
    task, desk = HelpdeskTask(with_tickets), HelpdeskTask(with_tickets)
    task.setup(run.path)
    try:
        desk.setup(run.folder("desk"))
        return work_mixed(
            task,
            desk,
            run,
            task.cases(),
            RunnerConfig(checkpoint=checkpoint, max_silent_wrong=config.max_silent_wrong),
            person_of(config),
            every_s=every_s,
            on_result=lambda who, one: print(
                f"{folder.name}: ticket {one.case}: {one.outcome} by {who}, {one.lead_s:.1f} s", flush=True
            ),
        )
    finally:
        desk.teardown()
        task.teardown()


def full_queue(sheet: Sheet) -> Sheet:
    """The sheet with cases that all come at the start."""
    between = replace(sheet.arrival.between, kind="constant", numbers=(SATURATED_S / 3600,))
    return replace(sheet, arrival=replace(sheet.arrival, between=between))


def simulate(sheet: Sheet, tickets: int, seed: int) -> dict[str, float]:
    """One replication's first ``tickets`` cases, from an empty start, in the words of ``summarise_mixed``."""
    from crewless.company.simulate.visits import simulate_visits

    hours = max(10 * tickets * sheet.arrival.between.numbers[0], tickets * LONGEST_H)
    visits = simulate_visits(sheet, hours / WEEK_H, seed=seed)
    arrived, ended, reviewed = [], [], []
    for case in range(1, tickets + 1):
        mine = visits.case == case
        arrived.append(visits.queued_h[mine].min())
        ended.append(visits.ended_h[mine].max())
        reviewed.append("review" in visits.cell[mine])
    lead = np.sort(np.array(ended) - np.array(arrived)) * 3600
    return {
        "an_hour": tickets / (max(ended) - min(arrived)), "lead_mean_s": float(lead.mean()),
        "lead_median_s": float(lead[len(lead) // 2]), "handed_over": float(np.mean(reviewed)),
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
