"""The run folder: config and results that a reader never sees half of."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from crewless.core.errors import BadInput, StorageFull
from crewless.core.events import read_events
from crewless.core.runs import RunFolder


@dataclass(frozen=True)
class SomeConfig:
    tickets: Path = Path("tickets.csv")
    limit: float = 0.02


def test_a_run_folder_says_which_command_it_was_with_which_config(tmp_path):
    run = RunFolder.create(tmp_path, "work", SomeConfig(limit=0.1))
    config = json.loads((run.path / "config.json").read_text())
    assert config == {"command": "work", "tickets": "tickets.csv", "limit": 0.1}
    assert run.path.name.endswith("-work")


def test_two_runs_in_one_second_have_two_folders(tmp_path):
    assert len({RunFolder.create(tmp_path, "work").path for _ in range(3)}) == 3


def test_json_is_replaced_whole_or_not_at_all(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.write_json("deep/report.json", {"right": 1})

    class Unwritable:
        def __str__(self):
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageFull, match=r"cannot write .*report\.json: No space left"):
        run.write_json("deep/report.json", {"right": Unwritable()})
    assert json.loads((run.path / "deep/report.json").read_text()) == {"right": 1}
    assert [path.name for path in (run.path / "deep").iterdir()] == ["report.json"]


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"cannot make the run folder .*file/run"):
        RunFolder(tmp_path / "file/run")


def test_metrics_are_lines_with_a_time(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.metric(loss=0.5)
    run.metric(loss=0.25)
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in lines] == [0.5, 0.25]
    assert lines[0]["t"] <= lines[1]["t"]


def test_metrics_that_cannot_be_written_raise_storage_full(tmp_path):
    run = RunFolder(tmp_path / "run")
    (run.path / "metrics.jsonl").mkdir()
    with pytest.raises(StorageFull, match=r"metrics\.jsonl"):
        run.metric(loss=1.0)


def test_a_run_has_an_event_log_and_folders_on_demand(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.events.add(case="1", cell="work", resource="w", kind="start")
    assert len(list(read_events(run.path / "events.jsonl"))) == 1
    assert run.folder("episodes").is_dir()
