"""100 choices of who does what x 100 replications of the example sheet of 30 cells: seconds on all cores of this machine."""

import argparse
import time

from benchmarks.report import report
from crewless.company.compare.designs import along_share, factorial, one_at_a_time
from crewless.company.sheet.example import example_sheet
from crewless.company.simulate.replications import SimulateConfig, run_choices, threads_of

SLOW = "ten thousand replications, one to two minutes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choices", type=int, default=100)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--weeks", type=float, default=13)
    options = parser.parse_args()
    sheet = example_sheet()
    named = [*one_at_a_time(sheet), *along_share(sheet), *factorial(sheet)]
    # Of the whole plan evenly, so that it is neither all machines nor all people.
    chosen = [named[i * len(named) // options.choices].choice for i in range(options.choices)]
    config = SimulateConfig(weeks=options.weeks, warmup_weeks=2, replications=options.replications, batches=13)
    run_choices(sheet, chosen[:1], SimulateConfig(weeks=1, replications=1))  # compiles
    wall, cpu = time.perf_counter(), time.process_time()
    outcomes = run_choices(sheet, chosen, config)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    events = sum(one.events for one in outcomes)
    leads = [one.measures["lead_h"] for one in outcomes]
    rows = [{
        "cells": len(sheet.cells), "choices": len(chosen), "replications": options.replications, "weeks": options.weeks,
        "replications in all": len(chosen) * options.replications, "events": events, "wall_s": wall, "cpu_s": cpu,
        "events_per_cpu_s": events / cpu, "threads": threads_of(config),
    }]  # fmt: skip
    report("company_compare", rows, list(rows[0]), [
        f"lead time from {min(i.mean for i in leads):.3g} to {max(i.mean for i in leads):.3g} h; the widest interval is "
        f"{max(i.half / i.mean for i in leads):.1%} of its mean; overloaded: {sum(o.overloaded for o in outcomes)}",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
