"""Sphinx's configuration. The help texts of the commands are taken from the commands themselves, at every build."""

import os
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


_write_help(Path(__file__).parent / "_generated")
