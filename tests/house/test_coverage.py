"""The tests prove that they cover: protocols, tasks, commands, rooms, benchmarks, system packages."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import crewless.core
from crewless.cli.command_tree import Command, command_tree, runnable
from crewless.cli.commands import doctor
from crewless.core import conformance

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def protocols() -> list[type]:
    found = []
    for module in pkgutil.iter_modules(crewless.core.__path__, "crewless.core."):
        members = inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        found += [
            kind for _, kind in members if getattr(kind, "_is_protocol", False) and kind.__module__ == module.name
        ]
    return found


@pytest.mark.parametrize("protocol", protocols(), ids=lambda kind: kind.__name__)
def test_a_protocol_is_small_and_has_a_check_whose_rules_are_broken_in_a_test(protocol):
    name = protocol.__name__.lower()
    assert callable(getattr(conformance, f"check_{name}", None)), f"core.conformance lacks check_{name}"
    assert any(rule.startswith(f"{name}.") for rule in conformance.RULES)
    assert len([member for member in vars(protocol) if not member.startswith("_")]) <= 6


def test_every_protocol_was_found():
    assert {kind.__name__ for kind in protocols()} >= {"Body", "Perception", "Policy", "Task", "Verifier"}


TASKS = metadata.entry_points(group="crewless.tasks")


@pytest.mark.parametrize("entry", TASKS, ids=lambda entry: entry.name)
def test_a_task_has_an_oracle_and_a_test_that_runs_its_check(entry):
    folder = ROOT / "src" / Path(*entry.module.split("."))
    if not folder.exists() and not folder.with_suffix(".py").exists():
        pytest.skip(f"{entry.module} has not been built yet")
    task = entry.load()
    assert task.name == entry.name
    assert callable(task.oracle)
    tests = (ROOT / "tests" / Path(*entry.module.split(".")[1:])).rglob("test_*.py")
    assert any("check_task(" in test.read_text() for test in tests), f"no test runs check_task on {entry.name}"


COMMANDS = {command.name: command for command in [*command_tree().values(), *runnable()]}
"""Every command, those with subcommands and the subcommands."""


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_a_command_has_a_section_in_the_docs(command: Command):
    page = (ROOT / "docs/reference/cli.md").read_text()
    heading = "#" * (1 + len(command.words))
    assert re.search(rf"^{heading} crewless {command.name}$", page, re.M)
    assert f"../_generated/{'-'.join(command.words)}.txt" in page


@pytest.mark.parametrize("command", list(runnable()), ids=lambda command: command.name)
def test_a_command_has_a_config_and_a_run(command: Command):
    module = importlib.import_module(command.module)
    config = getattr(module, command.config)
    assert config.__dataclass_params__.frozen
    assert all(one.kind is one.KEYWORD_ONLY for one in inspect.signature(config).parameters.values())
    assert list(inspect.signature(module.run).parameters) == ["config"]
    tree = ast.parse(inspect.getsource(config))
    fields = [node for node in tree.body[0].body if isinstance(node, ast.AnnAssign)]
    docs = [node for node in tree.body[0].body[1:] if isinstance(node, ast.Expr)]
    assert len(fields) == len(docs), f"a field of {config.__name__} says nothing of itself"


def test_no_command_is_documented_that_is_not_there():
    page = (ROOT / "docs/reference/cli.md").read_text()
    assert set(re.findall(r"^##+ crewless (.+)$", page, re.M)) == set(COMMANDS)


def test_the_doctor_and_the_installer_agree_on_system_packages():
    script = (ROOT / "dev/system.sh").read_text()
    listed = set(re.findall(r'^  "\S+ (\S+)"$', script, re.M))
    assert set(doctor.PROGRAMS.values()) | set(doctor.FONTS.values()) <= listed
    assert listed - set(doctor.PROGRAMS.values()) - set(doctor.FONTS.values()) == {"xterm", "postgresql"}, (
        "for the tests only"
    )


def test_constraints_pin_every_requirement_and_hold_no_path_and_no_gpu_package():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pins = {}
    for line in lines:
        name, _, version = line.partition("==")
        assert re.fullmatch(r"[\w.-]+", name), line
        assert re.fullmatch(r"[\w.]+", version), line
        pins[normal(name)] = version
    assert not [name for name in pins if re.search("nvidia|cuda|triton|torchvision", name)]
    extras = PROJECT["project"]["optional-dependencies"].values()
    for requirement in [*PROJECT["project"]["dependencies"], *(one for extra in extras for one in extra)]:
        assert normal(re.match(r"[\w.-]+", requirement)[0]) in pins, f"{requirement} is not pinned"
    assert pins["torch"] == "2.13.0"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_committed_file_names_a_registry_or_a_folder_of_a_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.split(b"\0")
    names = [name.decode() for name in listed if name]
    if not names:
        pytest.skip("not a git checkout")
    words = re.compile(
        rb"(?:--|\b)(?:extra-)?index-url|\bfind-links|pypi\.org|files\.pythonhosted|/home/\w+/|(?<![\w.])/work/"
    )
    for name in names:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".yaml", ".json", ".sh", "") and path.is_file():
            found = words.search(path.read_bytes())
            assert not found or name == "tests/house/test_coverage.py", f"{name}: {found[0]}"


def test_every_benchmark_can_be_imported_without_running_and_has_a_main():
    script = (
        "import importlib, benchmarks.run as run\n"
        "for name in run.names():\n"
        "    assert callable(importlib.import_module(f'benchmarks.{name}').main), name\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
