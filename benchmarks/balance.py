"""Line balancing (SALBP-1) on generated instances: stations, proved bound, gap, processor seconds.

python -m benchmarks.balance [--sizes 20 50 100 1000] [--instances 9] [--cp-sat 600]

The instances are drawn by :func:`generate`, in the style of Otto, Otto and Scholl (2013), "Systematic data generation and test
design for solution algorithms on the example of SALBPGen", EJOR 228; they are not theirs. Every balance is judged here from the
instance alone.
"""

import argparse
import itertools
import random
import time

from benchmarks.report import report
from crewless.planner.blueprint.balance import balance, greedy, lower_bound, topological

SLOW = "four sizes of nine instances, each in three units: some twenty minutes"
CYCLE = 1000
UNITS = {"seconds": 1.0, "minutes": 1 / 60, "thousandths": 1000.0}
"""The same line in each must have the same balance."""
STRENGTHS, TIMES = (0.2, 0.6, 0.9), ("bottom", "both", "middle")
"""Order strength, and where the peaks of the task times are: at a tenth of the cycle, at its half, or nine to one at both."""


def generate(n: int, strength: float, peak: str, seed: int) -> tuple[dict[str, float], dict[str, tuple[str, ...]]]:
    """Times and predecessors of n tasks.

    Times are normal around 0.1 or 0.5 of the cycle with a deviation of 0.05 of it, cut to 1 up to the cycle. Arcs from an earlier
    to a later task are added at random, half of them to one of the next five (chains), until the share of pairs that are
    ordered, directly or not, has reached ``strength``.
    """
    source = random.Random(f"{n} {strength} {peak} {seed}")
    times = {}
    for k in range(n):
        middle = peak == "middle" or (peak == "both" and source.random() < 0.1)
        times[f"t{k}"] = float(min(CYCLE, max(1, round(source.gauss((0.5 if middle else 0.1) * CYCLE, 0.05 * CYCLE)))))
    after: list[set[int]] = [set() for _ in range(n)]
    above = [1 << k for k in range(n)]  # Each task and all that comes before it, as bits.
    below = [1 << k for k in range(n)]
    ordered = 0
    while ordered < strength * n * (n - 1) / 2:
        a = source.randrange(n - 1)
        b = min(n - 1, a + source.randint(1, 5)) if source.random() < 0.5 else source.randrange(a + 1, n)
        if above[b] >> a & 1:
            continue
        after[b].add(a)
        for k in (k for k in range(n) if below[b] >> k & 1):
            above[k] |= above[a]
        for k in (k for k in range(n) if above[a] >> k & 1):
            below[k] |= below[b]
        ordered = sum(bits.bit_count() for bits in above) - n
    return times, {f"t{k}": tuple(f"t{a}" for a in sorted(before)) for k, before in enumerate(after)}


def faults(times: dict[str, float], after: dict[str, tuple[str, ...]], stations: list[list[str]]) -> list[str]:
    """What is wrong with a balance."""
    at = {name: k for k, tasks in enumerate(stations) for name in tasks}
    found = [f"{name} is missing" for name in times if name not in at]
    found += ["a task is there twice"] * (sum(map(len, stations)) != len(at))
    found += [f"station {k} is too full" for k, tasks in enumerate(stations) if sum(times[t] for t in tasks) > CYCLE]
    return found + [f"{a} after {b}" for b, before in after.items() for a in before if at[a] > at[b]]


def cp_sat(
    times: dict[str, float], after: dict[str, tuple[str, ...]], cycle: int, most: int, limit_s: float
) -> tuple[int, int]:
    """Stations and bound that CP-SAT finds alone in processor seconds of one thread, from ``most`` stations as by rank.

    The usual model: a station for each task, within what its predecessors and followers leave, loads as linear constraints.
    """
    from ortools.sat.python import cp_model

    from crewless.planner.schedule.cpsat import stopped_after

    names = topological(after, "the tasks")
    before: dict[str, set[str]] = {}
    for name in names:
        before[name] = set(after[name]).union(*(before[one] for one in after[name]))
    behind: dict[str, set[str]] = {name: set() for name in names}
    for name, ones in before.items():
        for one in ones:
            behind[one].add(name)
    work = {name: int(time_s) for name, time_s in times.items()}
    first = {n: -(-(work[n] + sum(work[a] for a in before[n])) // cycle) - 1 for n in names}
    last = {n: most - -(-(work[n] + sum(work[a] for a in behind[n])) // cycle) for n in names}
    model = cp_model.CpModel()
    at = {n: model.new_int_var(first[n], last[n], n) for n in names}
    count = model.new_int_var(lower_bound(list(times.values()), cycle), most, "stations")
    loads: list[list[object]] = [[] for _ in range(most)]
    for n in names:
        picks = {k: model.new_bool_var(f"{n}.{k}") for k in range(first[n], last[n] + 1)}
        model.add_exactly_one(picks.values())
        model.add(at[n] == sum(k * pick for k, pick in picks.items()))
        model.add(count >= at[n] + 1)
        for k, pick in picks.items():
            loads[k].append(pick * work[n])
        for a in after[n]:
            model.add(at[a] <= at[n])
    for load in loads:
        model.add(sum(load) <= cycle)
    model.minimize(count)
    for k, tasks in enumerate(greedy(times, after, cycle)):
        for n in tasks:
            model.add_hint(at[n], k)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    with stopped_after(solver, limit_s):
        status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return (int(solver.objective_value) if found else most), int(solver.best_objective_bound + 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", type=int, default=[20, 50, 100, 1000])
    parser.add_argument(
        "--instances", type=int, default=9, help="of each size, over classes of order and times in turn"
    )
    parser.add_argument("--budget-s", type=float, default=10.0, help="by the clock, for each balance")
    parser.add_argument("--cp-sat", type=float, default=0.0, help="processor seconds of CP-SAT alone beside it")
    options = parser.parse_args()
    # Compile first: it is done once for each installation.
    warm = generate(50, 0.6, "middle", 0)
    balance(*warm, CYCLE, budget_s=1.0)
    rows = []
    classes = list(itertools.product(STRENGTHS, TIMES))
    for n in options.sizes:
        for k in range(options.instances):
            # In steps of four: six of the nine hold every order strength and every kind of times twice.
            strength, peak = classes[4 * k % len(classes)]
            times, after = generate(n, strength, peak, k)
            counts = {}
            for unit, factor in UNITS.items():
                given = {name: factor * time_s for name, time_s in times.items()}
                began, began_s = time.process_time(), time.monotonic()
                stations, bound = balance(given, after, factor * CYCLE, budget_s=options.budget_s)
                spent = time.process_time() - began, time.monotonic() - began_s
                wrong = faults(times, after, stations)
                assert not wrong, wrong
                counts[unit] = len(stations), bound, *spent
            found, bound, cpu_s, wall_s = counts["seconds"]
            row = {
                "n": n, "instance": k, "order strength": strength, "times": peak, "stations": found, "bound": bound,
                "proved": found == bound, "same in minutes and thousandths": len({c[:2] for c in counts.values()}) == 1,
                "by rank": len(greedy(times, after, CYCLE)), "cpu_s": cpu_s, "wall_s": wall_s,
            }  # fmt: skip
            if options.cp_sat:
                row["cp-sat"], row["cp-sat bound"] = cp_sat(times, after, CYCLE, row["by rank"], options.cp_sat)
                # Two proofs that exclude each other would show a false one.
                assert row["cp-sat bound"] <= found, "CP-SAT proves that there is no such balance"
                assert bound <= row["cp-sat"], "CP-SAT has found fewer than are said to be proved"
            rows.append(row)
            print(rows[-1], flush=True)
        own = [row for row in rows if row["n"] == n]
        mean = {name: sum(row[name] for row in own) / len(own) for name in ("stations", "bound", "by rank", "cpu_s")}
        rows.append({"n": n, "instance": f"mean of {len(own)}", "proved": sum(row["proved"] for row in own)} | mean)
    columns = ["n", "instance", "order strength", "times", "stations", "bound", "proved", "same in minutes and thousandths",
               "by rank", "cpu_s", "wall_s"]  # fmt: skip
    notes = [
        "by rank: stations by ranked positional weight alone",
        f"{options.budget_s:g} s by the clock for each balance",
    ]
    variant = ""
    if options.cp_sat:
        from importlib.metadata import version

        columns += ["cp-sat", "cp-sat bound"]
        single = [row for row in rows if "cp-sat" in row]
        optima = [row for row in single if row["cp-sat"] == row["cp-sat bound"]]
        reached = sum(row["stations"] == row["cp-sat"] for row in optima)
        notes += [
            f"CP-SAT: OR-Tools {version('ortools')}, one thread, {options.cp_sat:g} processor seconds, given the balance by rank",
            f"of {len(single)}: CP-SAT proved {len(optima)}, and {reached} of these optima were reached; the balance proved "
            f"{sum(row['proved'] for row in single)}; fewer stations than CP-SAT in "
            f"{sum(row['stations'] < row['cp-sat'] for row in single)}, more in {sum(row['stations'] > row['cp-sat'] for row in single)}",
        ]
        variant = "cp-sat"
    report("balance", rows, columns, notes, variant=variant)


if __name__ == "__main__":
    main()
