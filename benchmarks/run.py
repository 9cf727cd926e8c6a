"""Runs the benchmarks one after the other: ``python -m benchmarks.run [NAME ...]``, all the quick ones without a name.

A benchmark is a module here with a function ``main()``. One that takes long has ``SLOW = "why, and how long"`` and runs
only when it is named.
"""

import importlib
import sys
import time
import traceback
from pathlib import Path

NOT_BENCHMARKS = {"run", "report", "schedule_checker", "company_logs", "__init__"}


def names() -> list[str]:
    """Every benchmark, in alphabetical order."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NOT_BENCHMARKS)


def main(chosen: list[str]) -> int:
    """Run them, the others too when one fails. Returns 1 when one failed, 2 when one is not there."""
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)} (try: {'; '.join(names())})", file=sys.stderr)
        return 2
    sys.argv[1:] = []  # A benchmark reads and reports its own arguments; here it has none.
    failed = []
    for name in chosen or names():
        start_s = time.perf_counter()
        try:
            module = importlib.import_module(f"benchmarks.{name}")
            slow = getattr(module, "SLOW", "")
            if slow and not chosen:
                print(f"{name}: left out, {slow}; run it with: python -m benchmarks.{name}\n")
                continue
            module.main()
        except (Exception, SystemExit) as error:  # argparse ends the process for options that it misses
            traceback.print_exception(error)
            failed.append(name)
        print(f"  {time.perf_counter() - start_s:.0f} s\n", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
