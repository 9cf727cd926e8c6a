"""A worker that could read the system of record is not started; what a worker says when it cannot start keeps its kind."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import crewless
from crewless.body.screen import ScreenBody
from crewless.core.cache import cache_folder
from crewless.core.errors import BadInput, CheckpointMismatch
from crewless.core.runs import RunFolder
from crewless.work.runner import Runner, RunnerConfig
from crewless.work.seal import seal
from crewless.work.worker import Worker
from crewless.work.worker_proc import WorkerConfig

pytestmark = [pytest.mark.screen, pytest.mark.xdist_group("worker")]


@pytest.fixture(scope="module")
def body() -> Iterator[ScreenBody]:
    with ScreenBody() as body:
        body.launch(["xterm", "-e", "sh", "-c", "echo a line of text; sleep 600"])
        yield body


@pytest.fixture
def config(body: ScreenBody, tmp_path: Path) -> WorkerConfig:
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    return WorkerConfig(display=body.display, ring=str(body.ring.path), checkpoint=str(checkpoint), policy="nothing")


@pytest.mark.parametrize(
    "record",
    [Path("/etc/hostname"), Path("/usr/lib/new.sqlite3"), Path(crewless.__file__).parent / "a.sqlite3", cache_folder()],
    ids=["etc", "usr", "package", "cache"],
)
def test_a_record_that_a_sealed_process_may_read_is_refused_before_anything_is_sealed(record: Path):
    readable = Path("/etc/passwd")
    with pytest.raises(BadInput, match="must be kept from the worker"):
        seal(readable=[], writable=[cache_folder()], forbidden=[record])
    assert readable.read_bytes()
    subprocess.run(["true"], check=True)


def test_a_link_does_not_hide_where_the_record_lies(tmp_path: Path):
    (tmp_path / "shop").symlink_to("/usr/share")
    with pytest.raises(BadInput, match="shop"):
        seal(readable=[], writable=[], forbidden=[tmp_path / "shop" / "shop.sqlite3"])


def test_a_worker_says_so_in_one_line_and_starts_where_the_record_is_apart(config: WorkerConfig, tmp_path: Path):
    inside = Path(config.checkpoint) / "record.sqlite3"
    with pytest.raises(BadInput) as caught:
        Worker(replace(config, forbidden=(str(inside),)))
    assert caught.value.exit_code == 2
    assert str(caught.value).count("try:") == 1
    Worker(replace(config, forbidden=(str(tmp_path / "record"),))).close()


def test_what_a_worker_cannot_start_from_keeps_class_exit_code_and_alternatives(config: WorkerConfig):
    with pytest.raises(CheckpointMismatch) as caught:
        Worker(replace(config, policy="skill"))
    assert (caught.value.exit_code, len(caught.value.alternatives) > 0) == (2, True)
    assert "try:" not in caught.value.message


class Desk:
    """A task of which only the record matters."""

    name = "desk"

    def __init__(self, body: ScreenBody, record: list[Path]) -> None:
        self.body, self.record = body, record

    def open(self, *, scripted: bool = False) -> ScreenBody:
        return ScreenBody.attach(self.body.display, self.body.ring.path)

    def verifier(self) -> None:
        return None


def test_a_shift_passes_on_where_the_task_keeps_its_record(body: ScreenBody, tmp_path: Path):
    task = Desk(body, [Path(sys.prefix) / "record.sqlite3"])
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    shift_config = RunnerConfig(checkpoint=checkpoint, policy="nothing")
    with Runner(task, RunFolder(tmp_path / "run"), shift_config) as shift:  # type: ignore[arg-type]
        with pytest.raises(BadInput, match=r"record\.sqlite3 must be kept from the worker"):
            shift.start()
        task.record = [tmp_path / "record.sqlite3"]
        assert shift.start().pid
