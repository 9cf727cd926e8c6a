"""The helpdesk queue, worked through the screen: how often is it right, silently wrong, handed over, and how fast?

For each seed: an operator is recorded on tickets of one file, a worker is trained from the recordings alone, it reads an archive
of solved tickets on the screen, and it works unseen tickets of another file. The worker works *every* ticket, and how sure its
judgement was is kept; the rows "abstaining" count those below the worker's threshold as handed over, as they would have been
before anything was touched. So both rows come from the same deeds.

Phases can be run one after another, on different days: what is there is not done again. A full seed takes about two hours:

    python -m benchmarks.helpdesk --tickets train.csv --queue dev.csv --folder DIR --seeds 0 1 2
"""

import argparse
import dataclasses
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report
from crewless.core.cache import keep_compiled_code_here
from crewless.core.events import read_events
from crewless.core.results import CaseResult, results_of
from crewless.core.runs import RunFolder
from crewless.work.learning import LearnConfig, learn, read_recordings
from crewless.work.policies import load_demonstrations, save_demonstrations
from crewless.work.recording_session import record_operator
from crewless.work.runner import Runner, RunnerConfig

SLOW = "works hundreds of tickets on a real screen: about two hours a seed"
PHASES = ("record", "learn", "work", "archive", "work-archive", "baselines", "curve")
CURVE = (20, 40, 80)
"""Demonstrations; the last point of the curve, all of them, is the phase "work"."""
PROMISE = 0.02
BASELINES = {"coordinates": "coordinate replay", "text_match": "text-match replay", "nearest": "nearest neighbour only"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bench:
    """One seed."""

    folder: Path
    tickets: Path
    queue: Path
    seed: int
    demonstrations: int
    archive: int
    cases: int
    baseline_cases: int
    curve_cases: int

    @property
    def run(self) -> RunFolder:
        """Where this seed's work is kept."""
        return RunFolder(self.folder / f"seed-{self.seed}")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the phases that are missing, then report everything that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=Path, required=True, help="CSV of text,category: demonstrations and archive")
    parser.add_argument("--queue", type=Path, required=True, help="CSV of text,category: the unseen tickets")
    parser.add_argument("--folder", type=Path, required=True, help="where the work is kept between calls")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--phases", nargs="*", default=list(PHASES), choices=PHASES)
    parser.add_argument("--demonstrations", type=int, default=120)
    parser.add_argument("--archive", type=int, default=1000)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--baseline-cases", type=int, default=20)
    parser.add_argument("--curve-cases", type=int, default=50)
    options = parser.parse_args(argv)
    keep_compiled_code_here()
    benches = [
        Bench(
            folder=options.folder, tickets=options.tickets, queue=options.queue, seed=seed,
            demonstrations=options.demonstrations, archive=options.archive, cases=options.cases,
            baseline_cases=options.baseline_cases, curve_cases=options.curve_cases,
        )
        for seed in options.seeds
    ]  # fmt: skip
    steps: dict[str, Callable[[Bench], None]] = {
        "record": record,
        "learn": learn_worker,
        "work": lambda bench: work(bench, "work", bench.run.path / "worker"),
        "archive": read_archive,
        "work-archive": lambda bench: work(bench, "work-archive", bench.run.path / "worker-archive"),
        "baselines": baselines,
        "curve": curve,
    }
    for bench in benches:
        for phase in PHASES:
            if phase in options.phases:
                print(f"seed {bench.seed}: {phase}", flush=True)
                steps[phase](bench)
    rows = [row for bench in benches for row in rows_of(bench)]
    columns = ("seed", "row", "cases", "right", "silent_wrong", "handed_over", "faults", "median_s", "p95_s", "note")
    report("helpdesk", rows, columns, notes=[f"tickets {options.tickets.name}, unseen tickets {options.queue.name}"])


def train_task(bench: Bench) -> Any:
    """The helpdesk that is learnt from."""
    from crewless.tasks.helpdesk.task import HelpdeskConfig, HelpdeskTask

    return HelpdeskTask(
        HelpdeskConfig(
            tickets=bench.tickets, num_cases=bench.demonstrations, num_archive=bench.archive, seed=bench.seed
        )
    )  # fmt: skip


def queue_task(bench: Bench, cases: int) -> Any:
    """The helpdesk with the unseen tickets."""
    from crewless.tasks.helpdesk.task import HelpdeskConfig, HelpdeskTask

    return HelpdeskTask(HelpdeskConfig(tickets=bench.queue, num_cases=cases, seed=bench.seed))


def record(bench: Bench) -> None:
    """Record the operator on the tickets that were not recorded before."""
    run = RunFolder(bench.run.path / "train")
    done = {e.case for e in read_events(run.events.path) if e.kind == "verdict"} if run.events.path.exists() else set()
    task = train_task(bench)
    task.setup(run.path)
    try:
        cases = [case for case in task.cases() if case.id not in done]
        if cases:
            record_operator(
                task, run, run.path / "episodes", cases,
                on_result=lambda r: print(f"  {r.case} {r.verdict.outcome} {r.seconds:.1f} s", flush=True),
            )  # fmt: skip
    finally:
        task.teardown()


def learn_worker(bench: Bench) -> None:
    """Perceive the recordings and train; the seconds go to the metrics."""
    out = bench.run.path / "worker"
    if (out / "checkpoint.json").exists():
        return
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    found = read_recordings([bench.run.path / "train" / "episodes"])
    read_s = time.monotonic() - began_s
    save_demonstrations(found, bench.run.folder("demonstrations"))
    trained_s = time.monotonic()
    learn(found, out, task="helpdesk", config=LearnConfig(seed=bench.seed, learner="network"))
    bench.run.metric(
        phase="learn", demonstrations=len(found), read_s=read_s, train_s=time.monotonic() - trained_s,
        cpu_s=time.process_time() - began_cpu_s,
    )  # fmt: skip


def read_archive(bench: Bench) -> None:
    """Open the solved tickets on the screen, and learn the judgement anew from what the pages showed."""
    from crewless.training.stages import refit_judgement

    run = RunFolder(bench.run.path / "archive")
    task = train_task(bench)
    task.setup(bench.run.path / "train")
    try:
        config = RunnerConfig(
            checkpoint=bench.run.path / "worker", policy="archive", who="reader", receipts=False, reads=True
        )
        with Runner(task, run, config) as shift:
            shift.work(task.archive(), on_result=_show)
    finally:
        task.teardown()
    found = [(r.collected[0], r.collected[1]) for r in results_of(run, "reader") if r.collected]
    demonstrations = load_demonstrations(bench.run.path / "demonstrations")
    refit_judgement(bench.run.path / "worker", demonstrations, found, bench.run.path / "worker-archive")


def work(bench: Bench, phase: str, checkpoint: Path) -> None:
    """Let the worker work every unseen ticket that it has not worked before."""
    run = RunFolder(bench.run.path / phase)
    task = queue_task(bench, bench.cases)
    task.setup(run.path)
    try:
        config = RunnerConfig(checkpoint=checkpoint, abstain=False)
        with Runner(task, run, config) as shift:
            count = 0

            def heard(result: CaseResult) -> None:
                nonlocal count
                count += 1
                _show(result)
                if count % 10 == 5:
                    stats = shift.body.capture_stats() if shift.body is not None else None
                    run.metric(memory_mb=memory_mb(), capture=None if stats is None else dataclasses.asdict(stats))

            shift.work(task.cases(), on_result=heard)
        answers = {c.id: None if (t := task.team(c)) is None else [t.preset, t.status, t.name] for c in task.cases()}
        run.write_json("answers.json", answers)
    finally:
        task.teardown()


def baselines(bench: Bench) -> None:
    """Let the simple policies work some of the unseen tickets."""
    for name in BASELINES:
        run = RunFolder(bench.run.path / f"baseline-{name}")
        task = queue_task(bench, bench.baseline_cases)
        task.setup(run.path)
        try:
            config = RunnerConfig(checkpoint=bench.run.path / "demonstrations", policy=name, who=name)
            with Runner(task, run, config) as shift:
                shift.work(task.cases(), on_result=_show)
        finally:
            task.teardown()


def curve(bench: Bench) -> None:
    """Learn from the first demonstrations only, and work some of the unseen tickets."""
    demonstrations = load_demonstrations(bench.run.path / "demonstrations")
    for count in CURVE:
        if count < len(demonstrations):
            worker = bench.run.path / f"worker-{count}"
            if not (worker / "checkpoint.json").exists():
                learn(
                    demonstrations[:count],
                    worker,
                    task="helpdesk",
                    config=LearnConfig(seed=bench.seed, learner="network"),
                )
            work(dataclasses.replace(bench, cases=bench.curve_cases), f"work-{count}", worker)


def rows_of(bench: Bench) -> list[dict[str, Any]]:
    """The table's rows of one seed, as far as its phases have been run."""
    rows = []
    for phase, name in (("work", "demonstrations only"), ("work-archive", "and the archive read")):
        run = RunFolder(bench.run.path / phase)
        results = results_of(run, "worker")
        if results and (run.path / "answers.json").exists():  # else the phase was stopped on its way
            checkpoint = bench.run.path / ("worker" if phase == "work" else "worker-archive")
            rows += work_rows(
                bench.seed, name, results, json.loads((run.path / "answers.json").read_text()), checkpoint
            )
    for count in CURVE:
        run = RunFolder(bench.run.path / f"work-{count}")
        results = results_of(run, "worker")
        if results and (run.path / "answers.json").exists():
            answers = json.loads((run.path / "answers.json").read_text())
            rows += work_rows(
                bench.seed, f"{count} demonstrations", results, answers, bench.run.path / f"worker-{count}"
            )
    archive = results_of(RunFolder(bench.run.path / "archive"), "reader")
    if archive:
        rows.append({"seed": bench.seed, "row": "reading the archive", **counts(archive, archive), **times(archive)})
    for name, title in BASELINES.items():
        results = results_of(RunFolder(bench.run.path / f"baseline-{name}"), name)
        if results:
            rows.append({"seed": bench.seed, "row": title, **counts(results, results), **times(results)})
    return rows


def work_rows(
    seed: int, name: str, results: Sequence[CaseResult], answers: dict[str, Any], checkpoint: Path
) -> list[dict[str, Any]]:
    """Never abstaining, and abstaining at the promise, of the same deeds."""
    from crewless.policy.checkpoint import load_checkpoint

    judgement = load_checkpoint(checkpoint).judgement
    assert judgement is not None
    threshold = judgement.threshold(PROMISE)
    answered = [r for r in results if r.judged is not None and r.judged["confidence"] >= threshold]
    judged_right = [r for r in results if r.judged is not None and _same(r.judged["values"], answers[r.case])]
    faults = [r for r in judged_right if r.outcome != "right"]
    share = len(faults) / max(1, len(judged_right))
    note = f"faults: {len(faults)} of {len(judged_right)} judged right; threshold {threshold:.3f}"
    return [
        {"seed": seed, "row": f"{name}, never abstaining", **counts(results, results), "faults": share, **times(results)},
        {"seed": seed, "row": f"{name}, abstaining", **counts(answered, results), "note": note},
    ]  # fmt: skip


def counts(answered: Sequence[CaseResult], everything: Sequence[CaseResult]) -> dict[str, Any]:
    """Shares of all cases."""
    total = len(everything)
    right = sum(r.outcome == "right" for r in answered)
    silent = sum(r.silent_wrong for r in answered)
    return {
        "cases": total,
        "right": round(right / total, 4),
        "silent_wrong": round(silent / total, 4),
        "handed_over": round(1 - (right + silent) / total, 4),
    }


def times(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Seconds a ticket that was worked to the end."""
    seconds = [r.seconds for r in results if r.outcome in ("right", "wrong")]
    if not seconds:
        return {}
    return {"median_s": round(float(np.median(seconds)), 2), "p95_s": round(float(np.percentile(seconds, 95)), 2)}


def memory_mb() -> dict[str, float]:
    """Proportional set size of every process below this one, summed by program, in MB."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: dict[str, float] = {}
    queue = list(children.get(os.getpid(), []))
    while queue:
        pid = queue.pop()
        queue += children.get(pid, [])
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        name = next((w for w in (b"worker_proc", b"capture", b"helpdesk.host", b"recording", b"Xvfb", b"openbox", b"chrom") if any(w in x for x in words)), b"other")  # fmt: skip
        kilobytes = next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
        found[name.decode()] = found.get(name.decode(), 0.0) + kilobytes / 1024
    return {name: round(value, 1) for name, value in found.items()}


def _same(judged: Sequence[str], answer: Sequence[str] | None) -> bool:
    def plain(values: Sequence[str]) -> set[str]:
        return {"".join(c for c in value.lower() if c.isalnum()) for value in values}

    return answer is not None and plain(answer) <= plain(judged)


def _show(result: CaseResult) -> None:
    word = "silent wrong" if result.silent_wrong else result.outcome
    print(f"  {result.case} {word} {result.seconds:.1f} s {result.reason}", flush=True)


if __name__ == "__main__":
    main()
