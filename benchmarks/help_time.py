"""How long ``crewless --help`` takes, and what it imports. To reach: 0.3 s, nothing heavy."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import report

REPEATS = 15
HEAVY = ("numpy", "torch", "cv2", "av", "openvino", "numba", "django", "tyro", "rich")
_SCRIPT = "import sys; from crewless.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"


def main() -> None:
    """Measure the installed program, after one run that warms the file cache; its imports are counted apart."""
    program = Path(sys.executable).with_name("crewless")
    wall_ms, cpu_ms = [], []
    for repeat in range(REPEATS + 1):
        before, start_s = os.times(), time.perf_counter()
        subprocess.run([program, "--help"], capture_output=True, check=True)
        after = os.times()
        if repeat:
            wall_ms.append((time.perf_counter() - start_s) * 1e3)
            cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
            cpu_ms.append(cpu_s * 1e3)
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    row = {
        "what": "crewless --help",
        "median_ms": statistics.median(wall_ms),
        "worst_ms": max(wall_ms),
        "cpu_ms": statistics.mean(cpu_ms),
        "heavy_imports": sum(name in loaded for name in HEAVY),
        "to_reach_ms": 300,
    }
    report("help_time", [row], list(row), [f"{REPEATS} starts of a fresh interpreter; heavy: {', '.join(HEAVY)}"])


if __name__ == "__main__":
    main()
