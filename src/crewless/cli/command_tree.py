"""The commands, found in the folder ``cli/commands`` without importing one of them, so that ``crewless --help`` is quick.

A module is a command, a package is a command with subcommands. What is read of a file is its text: the first line of its
docstring is the summary, and a line ``GROUP = "..."`` says under which heading the command is listed. A name that begins with an
underscore is no command; underscores inside a name become hyphens, and one at the end is left out, as in ``import_.py``.
"""

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

GROUPS = ("screen work", "company", "planning and fleet", "robots", "tools")
"""The headings in the order of the help. A command may bring a heading of its own, which is then listed after these."""
_SUMMARY = re.compile(r'\s*(?:#[^\n]*\s*)*r?"""\s*([^\n]*)')
_GROUP = re.compile(r'^GROUP = "([^"\n]+)"', re.M)


class Command(NamedTuple):
    """One command."""

    words: tuple[str, ...]
    """What is typed after ``crewless``, such as ("plan", "design")."""
    module: str
    """What is imported when it is called."""
    summary: str
    group: str
    """The heading that it is listed under; a subcommand has that of its command."""
    subcommands: "dict[str, Command]"
    """By their last word; empty: it can be run."""

    @property
    def name(self) -> str:
        """``plan design``."""
        return " ".join(self.words)

    @property
    def config(self) -> str:
        """The name of its options' dataclass: ``PlanDesignConfig``."""
        return "".join(part.capitalize() for word in self.words for part in word.split("-")) + "Config"


def command_tree() -> dict[str, Command]:
    """Every command by its name, in alphabetical order."""
    from crewless.cli import commands

    return _tree(commands.__path__, commands.__name__, (), "")


def runnable(tree: dict[str, Command] | None = None) -> Iterator[Command]:
    """Every command that can be run, subcommands included."""
    for command in (command_tree() if tree is None else tree).values():
        if command.subcommands:
            yield from runnable(command.subcommands)
        else:
            yield command


def help_text() -> str:
    """What ``crewless --help`` prints."""
    tree = command_tree()
    found = list(dict.fromkeys(command.group for command in tree.values()))
    groups = [*(g for g in GROUPS if g in found), *(g for g in found if g not in GROUPS)]
    width = max(map(len, tree))
    lines = []
    for group in groups:
        lines += ["", f"{group}:"]
        lines += [f"  {name:<{width}}  {one.summary}" for name, one in tree.items() if one.group == group]
    return "\n".join(
        [
            "usage: crewless COMMAND [OPTIONS]",
            "",
            "Learns a job from recordings of the screen, does it through the same screen, and verifies every result.",
            *lines,
            "",
            "crewless COMMAND --help   the options of a command, or its subcommands",
            "crewless --version        the version",
            "--debug                   with any command: show the traceback of an error",
        ]
    )


def subcommands_text(command: Command) -> str:
    """What ``crewless COMMAND --help`` prints for a command with subcommands."""
    width = max(map(len, command.subcommands))
    return "\n".join(
        [
            f"usage: crewless {command.name} SUBCOMMAND [OPTIONS]",
            "",
            command.summary,
            "",
            "subcommands:",
            *(f"  {name:<{width}}  {one.summary}" for name, one in command.subcommands.items()),
            "",
            f"crewless {command.name} SUBCOMMAND --help   the options of a subcommand",
        ]
    )


def _tree(folders: Iterable[str], package: str, before: tuple[str, ...], group: str) -> dict[str, Command]:
    found = {}
    for folder in folders:
        for entry in os.scandir(folder):
            stem, suffix = os.path.splitext(entry.name)
            inside = os.path.join(entry.path, "__init__.py")
            is_package = not suffix and os.path.isfile(inside)
            if stem.startswith("_") or not (is_package or suffix == ".py"):
                continue
            with open(inside if is_package else entry.path, encoding="utf-8") as file:
                text = file.read()
            summary, named = _SUMMARY.match(text), _GROUP.search(text)
            words, module = (*before, stem.rstrip("_").replace("_", "-")), f"{package}.{stem}"
            own = group or (named[1] if named else "other")
            found[words[-1]] = Command(
                words=words,
                module=module,
                summary=summary[1].removesuffix('"""').rstrip(" .") if summary else "",
                group=own,
                subcommands=_tree([entry.path], module, words, own) if is_package else {},
            )
    return dict(sorted(found.items()))
