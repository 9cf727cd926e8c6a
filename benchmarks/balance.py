"""Line balancing (SALBP-1) on generated instances: stations, proved bound, gap, processor seconds.

python -m benchmarks.balance [--sizes 50 100] [--instances 20]

The instances are drawn by :func:`generate`, in the style of Otto, Otto and Scholl (2013), "Systematic data generation and test
design for solution algorithms on the example of SALBPGen", EJOR 228; they are not theirs. Every balance is judged here from the
instance alone.
"""

import argparse
import itertools
import random
import time

from benchmarks.report import report
from crewless.planner.blueprint.balance import balance, greedy, lower_bound

SLOW = "two sizes of twenty instances: about two minutes"
CYCLE = 1000
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", type=int, default=[50, 100])
    parser.add_argument("--instances", type=int, default=20)
    options = parser.parse_args()
    rows = []
    for n in options.sizes:
        classes = list(itertools.product(STRENGTHS, TIMES))
        for k in range(options.instances):
            strength, peak = classes[k % len(classes)]
            times, after = generate(n, strength, peak, k)
            began = time.process_time()
            stations, bound = balance(times, after, CYCLE)
            cpu_s = time.process_time() - began
            wrong = faults(times, after, stations)
            assert not wrong, wrong
            rows.append({
                "n": n, "instance": k, "order strength": strength, "times": peak, "stations": len(stations), "bound": bound,
                "gap": 1 - bound / len(stations), "proved": len(stations) == bound,
                "by rank": len(greedy(times, after, CYCLE)), "bound before search": lower_bound(list(times.values()), CYCLE),
                "cpu_s": cpu_s,
            })  # fmt: skip
            print(rows[-1], flush=True)
        own = [row for row in rows if row["n"] == n]
        mean = {
            name: sum(row[name] for row in own) / len(own) for name in ("stations", "bound", "gap", "by rank", "cpu_s")
        }
        rows.append({"n": n, "instance": f"mean of {len(own)}", "proved": sum(row["proved"] for row in own)} | mean)
    columns = ["n", "instance", "order strength", "times", "stations", "bound", "gap", "proved", "by rank",
               "bound before search", "cpu_s"]  # fmt: skip
    report("balance", rows, columns, ["by rank: stations by ranked positional weight alone"])


if __name__ == "__main__":
    main()
