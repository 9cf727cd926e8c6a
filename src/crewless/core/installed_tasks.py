"""The tasks that are installed, by name: entry points of the group ``crewless.tasks``. Nothing is imported but what is asked
for."""

import dataclasses
import difflib
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from crewless.core.errors import BadInput, MissingTool
from crewless.core.task import Task

ENTRY_POINTS = "crewless.tasks"
COMMON_OPTIONS = ("num_cases", "seed", "unseen", "num_archive")
"""Options of a task that mean the same for every task; see :class:`crewless.core.task.Task`."""


def installed_tasks() -> dict[str, metadata.EntryPoint]:
    """The entry points by name, in alphabetical order. Raises BadInput when two packages give a task the same name."""
    found: dict[str, metadata.EntryPoint] = {}
    for entry in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise BadInput(f"two packages register a task {entry.name!r}: {other.value} and {entry.value}")
    return found


def load_task(name: str) -> type[Task]:
    """The class of an installed task.

    Raises:
        BadInput: there is no such task, or its entry point names no task.
        MissingTool: it needs a package that is not installed.
    """
    entries = installed_tasks()
    if name not in entries:
        near = difflib.get_close_matches(name, entries, n=1, cutoff=0.6)
        raise BadInput(f"there is no task {name!r}", alternatives=[*(near or entries), "crewless task list"])
    entry = entries[name]
    try:
        task = entry.load()
    except ModuleNotFoundError as error:
        if error.name is None or entry.module == error.name or entry.module.startswith(f"{error.name}."):
            raise BadInput(f"the task {name!r} is registered as {entry.value}, which cannot be found") from error
        raise MissingTool(
            f"the task {name!r} needs the package {error.name}, which is not installed",
            alternatives=[f"python -m pip install {error.name.partition('.')[0]}", "crewless doctor"],
        ) from error
    except AttributeError as error:
        raise BadInput(f"the task {name!r} is registered as {entry.value}, which cannot be found") from error
    if not isinstance(task, type):
        raise BadInput(f"the task {name!r} is {entry.value}, which is not a class")
    return task


def options_of(task: type[Task]) -> type | None:
    """The dataclass of a task's options; None: it has none. Raises BadInput when what it names is no frozen dataclass."""
    options = getattr(task, "options", None)
    if options is None:
        return None
    if not (isinstance(options, type) and dataclasses.is_dataclass(options)):
        raise BadInput(f"the options of the task {task.name!r} are {options!r}", alternatives=["a frozen dataclass"])
    return options


def fill_options(task: type[Task], options: object | None, common: Mapping[str, Any]) -> object | None:
    """A task's options with the common ones set; None: it has no options.

    Args:
        task: its class.
        options: an instance of its options, or of a class made from them; None: the defaults.
        common: values of :data:`COMMON_OPTIONS`; those that the task does not have are left out.
    """
    kind = options_of(task)
    if kind is None:
        return None
    names = {field.name for field in dataclasses.fields(kind)}
    given = {} if options is None else {name: getattr(options, name) for name in names}
    return kind(**{**given, **{name: value for name, value in common.items() if name in names}})


def make_task(task: type[Task], options: object | None = None) -> Task:
    """A task with its options; None: the defaults, or none at all."""
    return task() if options is None else task(options)  # pyright: ignore[reportCallIssue]


def has_option(task: type[Task], name: str) -> bool:
    """Whether a task has an option of this name."""
    kind = options_of(task)
    return kind is not None and name in {field.name for field in dataclasses.fields(kind)}
