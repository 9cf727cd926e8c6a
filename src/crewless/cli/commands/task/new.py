"""Write the package of a new task: a small, complete example to start from.

It contains a program with a SQLite file, the declaration for the verifier, a scripted operator, the entry point and a test.
"""

import keyword
import re
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.core.errors import BadInput, StorageFull

_FILES = {
    "pyproject.toml": "pyproject.toml",
    "__init__.py": "{name}/__init__.py",
    "task.py": "{name}/task.py",
    "program.py": "{name}/program.py",
    "record.toml": "{name}/record.toml",
    "test.py": "tests/test_{name}.py",
}
"""Templates, and their paths in the new package."""


@dataclass(frozen=True, kw_only=True)
class TaskNewConfig:
    """Options of ``crewless task new``."""

    name: Positional[str]
    """The task's name: lower case letters, digits and underscores."""
    folder: Path = Path()
    """Folder in which the package's folder is made."""


def run(config: TaskNewConfig) -> int:
    """Write the package and print the next commands."""
    from crewless.core.installed_tasks import installed_tasks

    name = config.name
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise BadInput(f"{name!r} is not a valid task name", alternatives=["lower case letters, digits, underscores"])
    if name in installed_tasks():
        raise BadInput(f"a task named {name!r} is installed already", alternatives=[f"{name}_2", "crewless task list"])
    package = config.folder / name
    if package.exists():
        raise BadInput(f"{package} exists already", alternatives=["another name", "--folder DIR"])
    for path, text in skeleton(name).items():
        target = package / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        except OSError as error:
            raise StorageFull(f"cannot write {target}: {error.strerror}") from error
    print(f"package      {package}")
    print(f"test it      python -m pytest {package}")
    print(f"install it   python -m pip install -e {package}")
    print(f"work it      crewless work --oracle --task {name} --cases 2")
    return 0


def skeleton(name: str) -> dict[str, str]:
    """The files of a new task's package by their paths in it."""
    from importlib.resources import files
    from string import Template

    words = {"name": name, "Name": "".join(part.capitalize() for part in name.split("_"))}
    folder = files("crewless.cli.commands.task").joinpath("template")
    return {
        path.format(name=name): Template(folder.joinpath(f"{file}.template").read_text("utf-8")).substitute(words)
        for file, path in _FILES.items()
    }
