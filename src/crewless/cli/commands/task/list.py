"""List the installed tasks: name, description, origin."""

import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint


@dataclass(frozen=True, kw_only=True)
class TaskListConfig:
    """Options of ``crewless task list``."""

    plain: bool = False
    """Print only the names, one per line; nothing is imported."""


def run(config: TaskListConfig) -> int:
    """Print the table."""
    from crewless.core.installed_tasks import installed_tasks

    tasks = installed_tasks()
    if config.plain:
        print("\n".join(tasks))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", no_wrap=True)
    table.add_column("description", overflow="fold")
    table.add_column("origin", overflow="fold")
    for name, entry in tasks.items():
        table.add_row(name, _summary(name), _origin(entry))
    Console(width=None if sys.stdout.isatty() else 140).print(table, highlight=False)
    return 0


def _summary(name: str) -> str:
    from crewless.core.errors import CrewlessError
    from crewless.core.installed_tasks import load_task

    try:
        return ((load_task(name).__doc__ or "").strip().splitlines() or [""])[0]
    except CrewlessError as error:
        return str(error)


def _origin(entry: EntryPoint) -> str:
    return entry.module if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
