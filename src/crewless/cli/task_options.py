"""Shared by the commands that take a task: which task is meant, its options as options of the command, its cases."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, TypeVar, get_type_hints

from crewless.core.errors import BadInput
from crewless.core.installed_tasks import COMMON_OPTIONS, load_task, options_of
from crewless.core.messages import Case
from crewless.core.task import Task

Config = TypeVar("Config")
DEFAULT_TASK = "helpdesk"
"""The task of ``demo`` and ``record --operator`` where none is named: it comes with the package."""


def value_of(arguments: Sequence[str], option: str) -> str:
    """The value of an option before the command line has been parsed; empty when it is not given."""
    found = ""
    for at, word in enumerate(arguments):
        if word == option and at + 1 < len(arguments):
            found = arguments[at + 1]
        elif word.startswith(f"{option}="):
            found = word.partition("=")[2]
    return found


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether only help is asked for."""
    return any(word in ("-h", "--help") for word in arguments)


def with_options_of(config: type[Config], name: str) -> type[Config]:
    """A command's options with those of a task beside them, as its field ``options``.

    Raises:
        BadInput, MissingTool: as :func:`~crewless.core.installed_tasks.load_task` does.
    """
    import tyro

    kind = options_of(load_task(name))
    if kind is None:
        return config
    own = {field.name for field in dataclasses.fields(config)}  # pyright: ignore[reportArgumentType]
    hints = get_type_hints(kind, include_extras=True)
    changed = []
    for field in dataclasses.fields(kind):
        if field.name in COMMON_OPTIONS:
            default = 0 if field.default is dataclasses.MISSING else field.default
            changed.append((field.name, tyro.conf.Suppress[hints[field.name]], dataclasses.field(default=default)))
        elif field.name in own:
            renamed = Annotated[hints[field.name], tyro.conf.arg(name=f"task-{field.name}")]
            copy = dataclasses.field(default=field.default, default_factory=field.default_factory)  # pyright: ignore[reportCallIssue, reportArgumentType]
            changed.append((field.name, renamed, copy))
    shown = dataclasses.make_dataclass(kind.__name__, changed, bases=(kind,), frozen=True, kw_only=True)
    beside = Annotated[
        tyro.conf.OmitArgPrefixes[shown], tyro.conf.arg(name=name, help=f"The options of the task {name}.")
    ]
    missing = dataclasses.MISSING
    complete = all(f.default is not missing or f.default_factory is not missing for f in dataclasses.fields(shown))
    field = dataclasses.field(default_factory=shown) if complete else dataclasses.field()
    return dataclasses.make_dataclass(
        config.__name__, [("options", beside, field)], bases=(config,), frozen=True, kw_only=True
    )


def first_cases(task: Task, wanted: int) -> list[Case]:
    """The first cases of a task that has been set up, or all when there are no more. Raises BadInput."""
    return _checked(task, wanted)[:wanted]


def last_cases(task: Task, wanted: int) -> list[Case]:
    """The last cases of a task that has been set up, or all when there are no more. Raises BadInput."""
    return _checked(task, wanted)[-wanted:]


def _checked(task: Task, wanted: int) -> list[Case]:
    cases = list(task.cases())
    if wanted < 1:
        raise BadInput(f"--cases is {wanted}", alternatives=["1 or more"])
    if wanted > len(cases):
        print(
            f"cases      {wanted} were asked for; the task {task.name} has only {len(cases)}, and all of them are used"
        )
    return cases
