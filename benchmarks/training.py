"""What fine-tuning and a decision cost, and how well the worker does on a synthetic desk.

python -m benchmarks.training [--demonstrations 120] [--seeds 3]
"""

import argparse
import importlib.util
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from benchmarks.report import report
from crewless.policy.skill import load_policy
from crewless.training.stages import finetune


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--demonstrations", type=int, default=120)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--cases", type=int, default=100)
    given = options.parse_args()
    desk = _desk()
    rows = []
    for seed in range(given.seeds):
        seen = desk.tickets(given.demonstrations, seed)
        unseen = desk.tickets(given.cases, 1000 + seed, first=5000)
        with tempfile.TemporaryDirectory() as folder:
            demonstrations = [desk.demonstrate(t, seen[:14]) for t in seen]
            start_s, start_cpu_s = time.monotonic(), time.process_time()
            path = finetune(demonstrations, Path(folder) / "skill", seed=seed)
            row: dict[str, float] = {"seed": seed, "wall_s": time.monotonic() - start_s}
            row["cpu_s"] = time.process_time() - start_cpu_s
            policy = load_policy(path, abstain=False)
            for name, shape in {
                "as recorded": {},
                "infobar": {"top": 28, "infobar": "An infobar"},
                "700 px high": {"height": 700},
            }.items():
                start_cpu_s = time.process_time()
                runs = [desk.work(policy, t, unseen[:14], **shape) for t in unseen]
                decisions = sum(len(r.decisions) for r in runs)
                row[f"{name}: done as judged"] = sum(r.done and r.deed for r in runs) / len(runs)
                row[f"{name}: done otherwise"] = sum(r.done and not r.deed for r in runs) / len(runs)
                row[f"{name}: CPU ms a decision"] = (time.process_time() - start_cpu_s) * 1e3 / decisions
        rows.append(row)
    across = [
        {"what": name, **{f"seed {row['seed']:g}": row[name] for row in rows}} for name in rows[0] if name != "seed"
    ]
    columns = ("what", *(f"seed {row['seed']:g}" for row in rows))
    report("training", across, columns, [f"{given.demonstrations} demonstrations and {given.cases} cases of a synthetic desk"])  # fmt: skip


def _desk() -> ModuleType:
    path = Path(__file__).parent.parent / "tests" / "training" / "desk.py"
    spec = importlib.util.spec_from_file_location("desk", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["desk"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
