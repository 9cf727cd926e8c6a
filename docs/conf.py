"""Sphinx's configuration. The help texts of the commands are taken from the commands themselves, at every build."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from crewless import __version__
from crewless.cli.command_tree import command_tree, runnable

project = "Crewless"
copyright = "the Crewless authors, Apache-2.0"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = "Crewless"
exclude_patterns = ["_build", "_generated"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# Thousands of entries would be copied into the table of contents of every page, which takes minutes.
toc_object_entries = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"members": True, "undoc-members": True, "show-inheritance": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
# Words of a docstring such as "height" name several attributes; they are no links.
suppress_warnings = ["ref.python"]
# Names of other projects, whose documentation is not there to link to when this is built offline.
nitpick_ignore_regex = [(r"py:.*", r"(?!crewless).*"), (r"py:.*", r"crewless\..*\._.*")]


def _write_help(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in {(), *(one.words for one in [*command_tree().values(), *runnable()])}:
        command = [sys.executable, "-m", "crewless", *name, "--help"]
        plain = {**os.environ, "COLUMNS": "96", "NO_COLOR": "1", "TERM": "dumb"}
        words = subprocess.run(command, capture_output=True, text=True, check=True, env=plain).stdout
        path = folder / f"{'-'.join(name) or 'crewless'}.txt"
        if not path.exists() or path.read_text() != words:
            path.write_text(words)


ROOMS = {
    "core": "core", "body": "body.screen", "robot": "body.robot", "episodes": "episodes", "perception": "perception",
    "policy": "policy", "verifiers": "verifiers", "training": "training", "tasks": "tasks", "work": "work",
    "company": "company", "planner": "planner", "fleet": "fleet", "dashboard": "dashboard",
}  # fmt: skip
"""Page of ``reference/`` to the package whose modules it lists, so that a new module is on its page by itself."""
PROGRAMS = re.compile(r"tasks\.helpdesk\.host\.(__main__|lying|settings|urls)$")
"""Modules that need a configured Django to be imported."""
OPTIONS = {"crewless.fleet.vda5050.factsheet": ("   :exclude-members: ArrayLengths",)}
"""A functional TypedDict whose keys are no Python names, described on the page by hand."""


def _modules(package: str) -> list[str]:
    """The package's modules by name, each package before what is in it."""
    source = Path(__file__).parents[1] / "src"
    found = []
    for path in (source / "crewless" / Path(*package.split("."))).rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        found.append(".".join(parts).removesuffix(".__init__"))
    return sorted(name for name in found if not PROGRAMS.search(name))


def _write_reference(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for page, package in ROOMS.items():
        lines: list[str] = []
        for name in _modules(package)[1:]:
            is_package = importlib.util.find_spec(name).submodule_search_locations is not None
            more = ("   :no-members:",) if is_package else OPTIONS.get(name, ())
            lines += [f"## {name}", "", "```{eval-rst}", f".. automodule:: {name}", *more, "```", ""]
        path = folder / f"{page}.md"
        if not path.exists() or path.read_text() != "\n".join(lines):
            path.write_text("\n".join(lines))


_write_help(Path(__file__).parent / "_generated")
_write_reference(Path(__file__).parent / "_generated" / "reference")
