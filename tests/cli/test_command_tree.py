"""The commands are found in their folder: a new one touches one file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crewless.cli import commands, main
from crewless.cli.command_tree import command_tree, help_text, runnable

SRC = Path(__file__).parents[2] / "src"
NEW = '''"""Greet somebody."""

from dataclasses import dataclass

GROUP = "{group}"


@dataclass(frozen=True, kw_only=True)
class {config}:
    """Options."""

    whom: str = "world"
    """Whom."""


def run(config: {config}) -> int:
    """Greet."""
    print(f"hello {{config.whom}}")
    return 0
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A second folder of commands, beside the package's own."""
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("crewless.cli.commands.greet")]:
        del sys.modules[name]


def test_a_new_command_is_one_file(folder: Path, capsys):
    (folder / "greet_all.py").write_text(NEW.format(config="GreetAllConfig", group="tools"))
    assert "  greet-all  Greet somebody\n" in help_text()
    assert main(["greet-all", "--whom", "Ada"]) == 0
    assert capsys.readouterr().out == "hello Ada\n"


def test_so_is_a_new_subcommand_and_a_new_heading(folder: Path, capsys):
    (folder / "greet").mkdir()
    (folder / "greet" / "__init__.py").write_text('"""Greetings."""\n\nGROUP = "politeness"\n')
    (folder / "greet" / "import_.py").write_text(NEW.format(config="GreetImportConfig", group="not looked at"))
    (folder / "greet" / "_shared.py").write_text("")
    (folder / "notes").mkdir()
    assert "\n\npoliteness:\n  greet " in help_text()
    found = command_tree()["greet"]
    assert list(found.subcommands) == ["import"]
    assert found.subcommands["import"].group == "politeness"
    assert main(["greet", "import"]) == 0
    assert main(["greet"]) == 2
    said = capsys.readouterr()
    assert said.out == "hello world\n"
    assert said.err == "crewless greet: a subcommand is missing (try: import; crewless greet --help)\n"


def test_a_copy_of_the_package_with_one_file_more_has_one_command_more(tmp_path: Path):
    shutil.copytree(SRC / "crewless", tmp_path / "crewless", ignore=shutil.ignore_patterns("__pycache__", "data"))
    (tmp_path / "crewless/cli/commands/greet.py").write_text(NEW.format(config="GreetConfig", group="tools"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def crewless(*arguments: str) -> str:
        command = [sys.executable, "-m", "crewless", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert "  greet      Greet somebody\n" in crewless("--help")
    assert crewless("greet", "--whom", "Ada") == "hello Ada\n"


def test_every_command_has_a_heading_a_short_summary_and_a_config_named_by_its_path():
    tree = command_tree()
    assert {"demo", "plan", "company", "robot", "academy", "task", "doctor"} <= set(tree)
    assert not [one.name for one in tree.values() if one.group == "other"]
    for one in [*tree.values(), *runnable()]:
        assert 10 < len(one.summary) <= 100, one.name
    names = {one.name: one.config for one in runnable()}
    assert names["plan design"] == "PlanDesignConfig"
    assert names["company import"] == "CompanyImportConfig"
    assert names["record"] == "RecordConfig"
    assert "plan" not in names
