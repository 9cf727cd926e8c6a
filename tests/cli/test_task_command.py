"""``crewless task new`` writes a package that keeps the contract as it is; ``work --oracle`` works any task."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crewless.cli import main
from crewless.core import installed_tasks
from crewless.core.events import read_events
from crewless.core.installed_tasks import load_task

SRC = Path(__file__).parents[2] / "src"


@pytest.fixture
def package(tmp_path: Path, capsys) -> Path:
    assert main(["task", "new", "file_claims", "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"python -m pytest {tmp_path / 'file_claims'}" in said
    assert "crewless work --oracle --task file_claims --cases 2" in said
    return tmp_path / "file_claims"


@pytest.fixture
def entered(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The new package as pip would install it: on the path, with its entry point."""
    about = package / "file_claims-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: file_claims\nVersion: 0.1\n")
    project = (package / "pyproject.toml").read_text()
    line = next(line for line in project.splitlines() if line.startswith("file_claims = "))
    (about / "entry_points.txt").write_text(f"[{installed_tasks.ENTRY_POINTS}]\n{line.replace(chr(34), '')}\n")
    monkeypatch.syspath_prepend(str(package))
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "file_claims"]:
        del sys.modules[name]


@pytest.mark.screen
@pytest.mark.browser
def test_a_new_task_passes_its_own_test_and_the_linter(package: Path):
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    tested = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package)]
    done = subprocess.run(tested, cwd=package, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    for words in (
        ["check", "--isolated", "--line-length", "120"],
        ["format", "--check", "--isolated", "--line-length", "120"],
    ):
        done = subprocess.run([sys.executable, "-m", "ruff", *words, "."], cwd=package, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_task_that_is_installed_is_listed_and_loaded(entered: Path, capsys):
    assert main(["task", "list"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("file_claims"))
    assert "Cancel orders in a small program in a browser." in row
    assert row.strip().endswith("file_claims 0.1")
    assert load_task("file_claims").name == "file_claims"
    assert main(["task", "list", "--plain"]) == 0
    assert "file_claims" in capsys.readouterr().out.splitlines()


@pytest.mark.screen
@pytest.mark.browser
def test_its_oracle_works_by_name_with_an_option_of_the_task(entered: Path, tmp_path: Path, capsys):
    words = ["work", "--oracle", "--task", "file_claims", "--cases", "2", "--state", "paid", "--runs", str(tmp_path)]
    assert main(words) == 0
    assert "2 right, 0 wrong (0 silently), 0 handed over, 0 errors" in capsys.readouterr().out
    [folder] = tmp_path.glob("*-work")
    evidence = json.loads((folder / "receipts/1001.json").read_text())["evidence"]
    assert "paid" in json.dumps(evidence)


def test_a_package_that_is_there_already_is_left_alone(package: Path, capsys):
    assert main(["task", "new", "file_claims", "--folder", str(package.parent)]) == 2
    assert "file_claims exists already" in capsys.readouterr().err


def test_the_oracle_of_a_robot_task_works_unsealed_and_the_run_says_so(tmp_path: Path, capsys):
    words = ["work", "--oracle", "--task", "fingertip_reach", "--cases", "2", "--seed", "3", "--runs", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "the script of fingertip_reach works; it knows the answers" in said
    assert "2 right, 0 wrong" in said
    [folder] = tmp_path.iterdir()
    config = json.loads((folder / "config.json").read_text())
    assert (config["oracle"], config["task"]) == (True, "fingertip_reach")
    assert (config["options"]["num_cases"], config["options"]["seed"]) == (2, 3)
    events = [(event.case, event.kind, event.resource) for event in read_events(folder / "events.jsonl")]
    assert events == [(case, kind, "oracle") for case in ("1", "2") for kind in ("start", "verdict")]
    receipt = json.loads((folder / "receipts/1.json").read_text())
    assert receipt["who"] == "oracle"
    assert {step["decision"]["action"]["verb"] for step in receipt["steps"]} == {"move", "done"}
    assert main([*words, "--resume", str(folder)]) == 0
    assert "case 1" not in capsys.readouterr().out, "what has a verdict is not worked again"
