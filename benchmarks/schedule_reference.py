"""Reference instances of project scheduling (rcpsp) and flexible job shops (fjsp): how far over the best known makespan?

    python -m benchmarks.schedule_reference rcpsp|fjsp|made --budget-s 10 [--cp-sat]

The budget is processor time of one thread, so that a busy machine costs nobody anything. Every schedule is judged by a checker
that shares no code with the package. With ``--cp-sat`` the solver alone, one worker, gets the same model without search and the
same time beside it. ``made`` draws flexible job shops in the shape of four published sets (see :func:`draw`); what is over is counted
there against the better of the two, since nobody else knows them.

Each instance's row is kept as soon as it is known, beside the results. A run that was ended goes on where it was, as long as
the code of the search, the budget and the options are the same; ``--anew`` begins again.
"""

import argparse
import csv
import dataclasses
import hashlib
import itertools
import json
import random
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import crewless.planner.schedule
from benchmarks.report import RESULTS, report
from benchmarks.schedule_checker import check_fjsp, check_general, check_rcpsp
from crewless.planner.schedule import (
    Mode,
    Operation,
    Precedence,
    Problem,
    Resource,
    Schedule,
    read_fjsp,
    read_rcpsp,
    schedule,
)
from crewless.planner.schedule.cpsat import solve

SLOW = "takes ten seconds or more an instance, 113 instances"
DATA = Path(__file__).parents[2] / "shared" / "data"
FOLDERS = {"rcpsp": "psplib", "fjsp": "fjsp", "made": ""}
CODE = ("bounds", "cpsat", "genetic", "problem", "read", "solve", "tabu")
"""The modules that decide a result: rows of other code are not gone on with."""
PRESENT = {
    "rcpsp": {"J120_51.txt": 143, "J120_63.txt": 99},
    "fjsp": {
        "10.txt": 193, "74.txt": 825, "75.txt": 753, "76.txt": 831, "77.txt": 795, "78.txt": 779, "79.txt": 1057,
        "80.txt": 1085, "81.txt": 1076, "82.txt": 994, "83.txt": 1071, "88.txt": 1549,
    },
}  # fmt: skip
"""Makespans that have been improved since the file of best known values was made: mk10 and rdata la21 to la30 and la35 by the tables of
github.com/ScheduleOpt/benchmarks (read on 2026-11-27), J120 6_1 and 7_3 by PSPLIB."""
MADE = [f"{shape}-{number}" for number in range(3) for shape in ("barnes", "edata", "vdata", "dauzere")]
READERS: dict[str, Callable[[Path], Problem]] = {"rcpsp": read_rcpsp, "fjsp": read_fjsp}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("kind", choices=FOLDERS, nargs="?", default="rcpsp")
    options.add_argument("--data", type=Path, help="folder with best_known.csv and the instances")
    options.add_argument("--budget-s", type=float, default=10.0)
    options.add_argument("--every", type=int, default=1, help="each so manieth of the sample, for a shorter run")
    options.add_argument("--cp-sat", action="store_true", help="the solver alone beside it")
    options.add_argument("--anew", action="store_true", help="forget the rows of an earlier run")
    given = options.parse_args()
    data = given.data or DATA / FOLDERS[given.kind]
    if given.kind == "made":
        _made(given.budget_s, given.every)
        return
    if not (data / "best_known.csv").exists():
        print(f"schedule_reference: left out, {data} holds no best_known.csv; say where it is with --data")
        return
    with (data / "best_known.csv").open() as file:
        known = list(csv.DictReader(file))
    names = [row["instance"] for row in known if _in_sample(given.kind, row)][:: given.every]
    best_known = {row["instance"]: int(row["best_known_makespan"]) for row in known} | PRESENT[given.kind]
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / f"schedule_reference-{given.kind}-{given.budget_s:g}s{'-cp-sat' if given.cp_sat else ''}.jsonl"
    if given.anew:
        kept.unlink(missing_ok=True)
    code = _fingerprint()
    done = {row["instance"]: row for row in _rows(kept) if row["code"] == code}
    rows: list[dict[str, object]] = []
    # Every sixth first, then the next: a run that is ended early has looked everywhere in the sample.
    for name in sorted(names, key=lambda name: names.index(name) % 6):
        if name not in done:
            done[name] = _measure(given.kind, data / name, best_known[name], given.budget_s, given.cp_sat) | {
                "code": code
            }
            with kept.open("a") as file:
                file.write(json.dumps(done[name]) + "\n")
            print(done[name], flush=True)
        rows.append({column: value for column, value in done[name].items() if column != "code"})
    means = {
        column: sum(values) / len(values)
        for column in ("over_percent", "alone_over_percent")
        if (values := [float(str(row[column])) for row in rows if column in row])
    }
    none = sum("alone_over_percent" not in row for row in rows)
    rows.append({"instance": f"mean of {len(rows)}", **means})
    notes = ["over_percent: over the present best known makespans, which may be negative: a better one"]
    if given.cp_sat:
        notes += [_solver(), _wins(rows[:-1])]
        notes += [f"the solver alone found no schedule for {none} of them"] if none else []
    columns = ["instance", "makespan", "best_known", "lower_bound", "over_percent", "alone_over_percent", "cpu_s"]
    columns = columns[:5] + columns[5 if given.cp_sat else 6 :]
    report("schedule_reference", rows, columns, notes, variant=kept.stem.removeprefix("schedule_reference-"))


def _solver() -> str:
    return f"the solver alone: CP-SAT of OR-Tools {version('ortools')}, one thread, the same model without search"


def _wins(rows: list[dict[str, object]]) -> str:
    """Where who is ahead."""
    both = [row for row in rows if "alone_over_percent" in row]
    ahead = sum(float(str(row["over_percent"])) < float(str(row["alone_over_percent"])) for row in both)
    behind = [str(r["instance"]) for r in both if float(str(r["over_percent"])) > float(str(r["alone_over_percent"]))]
    return f"against the solver alone: ahead in {ahead}, behind in {len(behind)} of {len(both)}: {', '.join(behind) or 'none'}"


def draw(name: str) -> Problem:
    """A flexible job shop in the shape of a published set; drawn from its name, and none of that set.

    barnes: 15 jobs of 10 operations, each machine once in a job, three machines doubled (Chambers and Barnes 1996). edata, vdata:
    15 jobs of 10; few operations with a second machine, and all with five of ten (Hurink, Jurisch and Thole 1994). dauzere: 15
    jobs of 15 to 25 operations on 8 machines, times that differ from machine to machine (Dauzere-Peres and Paulli 1994).
    """
    source, shape = random.Random(name), name.split("-")[0]
    operations: list[Operation] = []
    precedences = []
    machines = {"barnes": 13, "dauzere": 8}.get(shape, 10)
    for _ in range(15):
        count = source.randint(15, 25) if shape == "dauzere" else 10
        route = source.sample(range(10), 10) if shape != "dauzere" else [source.randrange(8) for _ in range(count)]
        for k, first in enumerate(route):
            time_s = source.randint(10, 100) if shape == "dauzere" else source.randint(5, 99)
            if shape == "barnes":
                able = {first: time_s} | ({first + 10: time_s} if first < 3 else {})
            elif shape == "edata":
                able = {first: time_s} | ({source.randrange(10): time_s} if source.random() < 0.15 else {})
            elif shape == "vdata":
                able = {first: time_s} | dict.fromkeys(source.sample(range(10), 4), time_s)
            else:
                some = source.sample(range(8), source.randint(1, 4))
                able = {m: max(1, round(time_s * source.uniform(0.8, 1.2))) for m in {first, *some}}
            if k:
                precedences.append(Precedence(before=len(operations) - 1, after=len(operations)))
            operations.append(
                Operation(modes=tuple(Mode(duration=d, demands=((m, 1),)) for m, d in sorted(able.items())))
            )
    return Problem(operations=tuple(operations), resources=(Resource(),) * machines, precedences=tuple(precedences))


def _made(budget_s: float, every: int) -> None:
    rows: list[dict[str, object]] = []
    for name in MADE[::every]:
        problem = draw(name)
        told, alone = schedule(problem, budget_s=budget_s, seed=1), solve(problem, limit_s=budget_s)
        assert check_general(dataclasses.asdict(problem), told.starts, told.assignments) == told.makespan
        best = min(told.makespan, alone.makespan or told.makespan)
        rows.append({
            "instance": name, "makespan": told.makespan, "best_known": best, "cpu_s": told.cpu_s,
            "lower_bound": max(told.lower_bound, alone.lower_bound), "over_percent": 100 * (told.makespan / best - 1),
            "method": told.method,
        })  # fmt: skip
        if alone.makespan is not None:
            rows[-1]["alone_over_percent"] = 100 * (alone.makespan / best - 1)
        print(rows[-1], flush=True)
    means = {
        column: sum(float(str(row[column])) for row in rows if column in row) / len(rows)
        for column in ("over_percent", "alone_over_percent")
    }
    notes = ["best_known: the better of the two", _solver(), _wins(rows)]
    columns = ["instance", "makespan", "best_known", "lower_bound", "over_percent", "alone_over_percent", "cpu_s"]
    rows.append({"instance": f"mean of {len(rows)}", **means})
    report("schedule_reference", rows, columns, notes, variant=f"made-{budget_s:g}s-cp-sat")


def _measure(kind: str, path: Path, known: int, budget_s: float, with_solver: bool) -> dict[str, object]:
    problem = READERS[kind](path)
    told = schedule(problem, budget_s=budget_s, seed=1)
    row: dict[str, object] = {"instance": path.name, "best_known": known}
    row |= {"makespan": _checked(kind, path, problem, told), "lower_bound": told.lower_bound}
    row |= {"over_percent": 100 * (told.makespan / known - 1), "cpu_s": told.cpu_s, "method": told.method}
    if with_solver:
        alone = solve(problem, limit_s=budget_s)
        if alone.makespan is not None:
            row["alone_over_percent"] = 100 * (alone.makespan / known - 1)
    return row


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in CODE:
        digest.update((Path(crewless.planner.schedule.__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()[:12]


def _rows(path: Path) -> list[dict[str, object]]:
    """The last line may have been cut off when the run was ended."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def _in_sample(kind: str, row: dict[str, str], count: "itertools.count[int]" = itertools.count()) -> bool:
    """rcpsp: every fifth of the J120 in the file's order, 60 of 300. fjsp: Brandimarte and Hurink rdata."""
    if kind == "fjsp":
        return row["set"] in ("Brandimarte", "rdata_la")
    return row["instance"].startswith("J120") and next(count) % 5 == 0


def _checked(kind: str, path: Path, problem: Problem, told: Schedule) -> int:
    if kind == "rcpsp":
        makespan = check_rcpsp(path, told.starts)
    else:
        machines = [o.modes[m].demands[0][0] for o, m in zip(problem.operations, told.assignments, strict=True)]
        makespan = check_fjsp(path, told.starts, machines)
    assert makespan == told.makespan
    return makespan


if __name__ == "__main__":
    main()
