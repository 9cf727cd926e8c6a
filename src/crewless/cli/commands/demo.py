"""Run the whole demonstration: record work on a queue, learn it, work the rest, verify every case.

A scripted operator works cases of a task in a real program and is recorded. A worker learns from the recording, sees only the
screen, and works the remaining cases. A verifier judges every case from the system of record. Without --task, the task is a
helpdesk: the real django-helpdesk in a real Chromium.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crewless.cli.demo_phases import DemoConfig

if TYPE_CHECKING:
    from rich.console import Console

GROUP = "screen work"
_PHASES = {
    "program": ("start the program", 12.0, 0.0),
    "watch": ("record the operator", 10.0, 7.5),
    "learn": ("learn from the recordings", 40.0, 0.0),
    "archive": ("read solved cases", 12.0, 2.0),
    "work": ("work the queue", 12.0, 7.0),
    "replay": ("coordinate replay, to compare", 12.0, 6.0),
    "report": ("receipts and video", 8.0, 0.0),
}
"""For each phase its title and its expected time: seconds at its start, and seconds for each case."""


def config_for(arguments: Sequence[str]) -> type[DemoConfig]:
    """The options with those of the task."""
    from crewless.cli.task_options import DEFAULT_TASK, value_of, with_options_of

    return with_options_of(DemoConfig, value_of(arguments, "--task") or DEFAULT_TASK)


def run(config: DemoConfig) -> int:
    """Run it with a progress display. Returns 0 when the demonstration ran, whatever its results are."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from crewless.cli.demo_phases import check, demo

    check(config)
    console = Console()
    plan = _plan(config)
    began_s = time.monotonic()
    columns = (
        TextColumn("{task.description:<30}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[what]}"),
    )
    with Progress(*columns, console=console) as progress:
        bars = {
            name: progress.add_task(_PHASES[name][0], total=1.0, what=f"about {s:.0f} s") for name, s in plan.items()
        }
        total = progress.add_task("[bold]all", total=sum(plan.values()), what="")

        def report(phase: str, what: str, done: int, of: int) -> None:
            progress.update(bars[phase], total=max(1, of), completed=done, what=what)
            names = list(plan)
            past = sum(plan[name] for name in names[: names.index(phase)])
            completed = past + plan[phase] * done / max(1, of)
            elapsed = time.monotonic() - began_s
            left = _left_s(elapsed, completed, sum(plan.values()))
            progress.update(total, completed=completed, what=f"{elapsed:.0f} s, about {left:.0f} s left")
            if not console.is_terminal:
                console.print(f"[{elapsed:5.0f} s] {_PHASES[phase][0]} {done}/{of}: {what}", highlight=False)

        result = demo(config, report)
    _print(console, result, time.monotonic() - began_s)
    return 0


def _plan(config: DemoConfig) -> dict[str, float]:
    """Expected seconds of the phases that will run, in order."""
    counts = {
        "watch": config.demonstrations,
        "archive": config.archive,
        "work": config.queue,
        "replay": config.replayed,
    }
    return {
        name: start + each * counts.get(name, 0)
        for name, (_, start, each) in _PHASES.items()
        if counts.get(name, 1) > 0
    }


def _left_s(elapsed_s: float, completed_s: float, total_s: float) -> float:
    """The remaining expected time, scaled by how fast this machine has been so far."""
    pace = elapsed_s / completed_s if completed_s > 30 else 1.0
    return max(0.0, (total_s - completed_s) * pace)


def _print(console: "Console", result: Any, seconds: float) -> None:
    from rich.table import Table

    table = Table(title="What the system of record says", title_justify="left", header_style="bold")
    table.add_column("who")
    for name in ("cases", "right", "wrong", "silent wrong", "handed over", "error", "seconds per case"):
        table.add_column(name, justify="right")
    for row in result.table():
        median = row["seconds_median"]
        table.add_row(
            row["who"],
            *(str(row[key]) for key in ("cases", "right", "wrong", "silent_wrong", "handed_over", "error")),
            "" if median is None else f"{median:.1f}",
        )
    console.print(table)
    if result.archive:
        read = [r for r in result.archive if r.collected]
        each = sorted(r.seconds for r in read)[len(read) // 2] if read else 0.0
        console.print(f"read {len(read)} of {len(result.archive)} solved cases, {each:.1f} s per case")
    console.print(f"trained in {result.training_s:.0f} s; total time {seconds:.0f} s", highlight=False)
    if result.mixed:
        from crewless.work.mixed import summarise_mixed

        numbers = summarise_mixed(result.mixed)
        console.print(
            f"together: {numbers['an_hour']:.0f} cases per hour, mean lead time {numbers['lead_mean_s']:.1f} s, "
            f"{numbers['handed_over']:.0%} handed over, {numbers['right']:.0%} finally right",
            highlight=False,
        )
        console.print(f"make sheet   crewless company import run:{result.run.path}", highlight=False, soft_wrap=True)
    console.print(f"run folder   {result.run.path}", highlight=False, soft_wrap=True)
    console.print(f"receipts     {result.report}", highlight=False, soft_wrap=True)
    if result.video is not None:
        console.print(f"video        {result.video}", highlight=False, soft_wrap=True)
