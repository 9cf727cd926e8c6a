"""A benchmark's result, for eyes and for machines: a table on the terminal and JSON under ``benchmarks/results``."""

import datetime
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def report(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    notes: Sequence[str] = (),
    *,
    variant: str = "",
) -> Path:
    """Print the table and write ``benchmarks/results/<name>.json``.

    Args:
        name: the benchmark's module name.
        rows: one mapping a line; a column that a row lacks stays empty.
        columns: the keys to show, in order. Units belong in their names, as in ``median_ms``.
        notes: what a reader must know to trust the numbers, and what falls short.
        variant: what tells this result from others of the same benchmark; it is added to the file's name.

    Returns:
        The JSON file.
    """
    from rich.console import Console
    from rich.table import Table

    machine = describe_machine()
    # Where somebody's files lie is nobody else's business: of an absolute path only the name is kept.
    arguments = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    command = " ".join(["python -m", f"benchmarks.{name}", *arguments])
    table = Table(title=name, title_justify="left", title_style="bold", box=None, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if all(_is_number(row.get(column)) for row in rows) else "left")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    # In a file or a pipe rich would cut the columns down to 80 characters.
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    for note in [*notes, f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}; {command}"]:
        console.print(f"  {note}", style="dim", highlight=False)
    result = {
        "name": name,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine,
        "command": command,
        "columns": list(columns),
        "rows": [dict(row) for row in rows],
        "notes": list(notes),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}{variant and '-'}{variant}.json"
    path.write_text(json.dumps(result, indent=1, default=_plain) + "\n")
    return path


def describe_machine() -> dict[str, Any]:
    """The processor's model, the cores that this process may use, memory in GiB, and the versions that matter."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = models[0] if models else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """A numpy scalar as Python's, anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)
