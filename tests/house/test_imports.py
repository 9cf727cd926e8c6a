"""The walls of the house hold: each planted violation is found, and named."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = [
    ("core/clock.py", "import crewless.cli", "imports point downwards", "crewless.core.clock -> crewless.cli"),
    ("episodes/x.py", "import crewless.body", "imports point downwards", "crewless.episodes.x -> crewless.body"),
    (
        "perception/x.py",
        "from crewless.policy import x",
        "imports point downwards",
        "crewless.perception.x -> crewless",
    ),
    (
        "tasks/office/x.py",
        "import crewless.tasks.desk",
        "tasks do not know each other",
        "office.x -> crewless.tasks.desk",
    ),
    (
        "cli/x.py",
        "def f():\n    from crewless.tasks.desk import x",
        "a task is reached through its entry point only",
        "crewless.cli.x -> crewless.tasks.desk",
    ),
    (
        "work/x.py",
        "import crewless.company",
        "imports point downwards",
        "crewless.work is not allowed to import crewless.company",
    ),
    ("core/errors.py", "import crewless.core.events", "no import leads back", "No cycles are allowed in crewless.core"),
    ("fleet/x.py", "import crewless.planner", "imports point downwards", "crewless.fleet.x -> crewless.planner"),
    (
        "fleet/control/x.py",
        "import crewless.fleet.simulate",
        "control and simulated floor know each other by messages only",
        "crewless.fleet.control.x -> crewless.fleet.simulate",
    ),
    ("dashboard/x.py", "import crewless.policy", "the dashboard only reads", "crewless.dashboard.x -> crewless.policy"),
    ("core/events.py", "import torch", "what runs everywhere needs neither", "crewless.core.events -> torch"),
    ("episodes/x.py", "import mujoco", "what runs everywhere needs neither", "crewless.episodes.x -> mujoco"),
    ("policy/x.py", "def f():\n    import torch", "a deployed worker needs no torch", "crewless.policy.x -> torch"),
    ("verifiers/x.py", "import crewless.policy", "a verifier does not know", "crewless.verifiers.x -> crewless.policy"),
    ("perception/x.py", "import playwright", "a worker sees photons", "crewless.perception.x -> playwright"),
    ("garage/__init__.py", "", "imports point downwards", "crewless.garage"),
]
"""File, what is planted in it, the contract that breaks, and the words that name the culprit."""

ROOMS = ["body", "episodes", "perception", "policy", "verifiers", "training", "tasks", "tasks/office", "tasks/desk"]
ROOMS += [
    "fleet",
    "fleet/control",
    "fleet/simulate",
    "academy",
    "planner",
    "debugger",
    "work",
    "company",
    "growth",
    "dashboard",
]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the core and the configuration with every room of the design in it, all empty."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    shutil.copytree(ROOT / "dev", copy / "dev")
    shutil.copytree(ROOT / "src/crewless/core", copy / "src/crewless/core")
    (copy / "src/crewless/__init__.py").touch()
    for room in ["cli", *ROOMS]:
        (copy / "src/crewless" / room).mkdir()
        (copy / "src/crewless" / room / "__init__.py").touch()
    return copy


def lint(house: Path) -> tuple[int, str]:
    # Through the library: the lint-imports script would find the crewless that this environment has installed.
    script = (
        "import sys; sys.path[:0] = [{src!r}, {house!r}]; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(cache_dir=None, no_cache=True))"
    )
    command = [sys.executable, "-c", script.format(src=str(house / "src"), house=str(house))]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, env={"COLUMNS": "200", "PATH": ""})
    return done.returncode, done.stdout + done.stderr


def test_the_house_with_every_room_in_it_keeps_its_contracts(house):
    code, words = lint(house)
    assert code == 0, words


@pytest.mark.parametrize(("file", "planted", "contract", "culprit"), PLANTED)
def test_a_planted_violation_is_found(house, file, planted, contract, culprit):
    path = house / "src/crewless" / file
    new_folder = not path.parent.exists()
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(planted + "\n")
    try:
        code, words = lint(house)
    finally:
        if new_folder:
            shutil.rmtree(path.parent)
        elif before is None:
            path.unlink()
        else:
            path.write_text(before)
    assert code == 1, words
    line = next(line for line in words.splitlines() if contract in line)
    assert "BROKEN" in line
    assert culprit in words.replace("\n", " "), words
