"""The real worker process on a real screen."""

import os
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from crewless.body.screen import ScreenBody
from crewless.core.errors import BadInput, BodyFailure, CheckpointMismatch, CorruptRecording
from crewless.core.messages import Case
from crewless.work import worker as worker_module
from crewless.work.seal import check_seal
from crewless.work.worker import Worker
from crewless.work.worker_proc import WorkerConfig

pytestmark = [pytest.mark.screen]

CASE = Case(id="7", slots={"ticket": "7"})


@pytest.fixture(scope="module")
def body() -> Iterator[ScreenBody]:
    with ScreenBody() as body:
        body.launch(["xterm", "-e", "sh", "-c", "echo a line of text; sleep 600"])
        yield body


@pytest.fixture
def config(body: ScreenBody, tmp_path: Path) -> WorkerConfig:
    return WorkerConfig(
        display=body.display, ring=str(body.ring.path), checkpoint=str(tmp_path), policy="nothing", max_steps=5
    )


def open_files(pid: int) -> list[str]:
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        found.append(os.readlink(entry))
    return found


def sockets_of(pid: int, *tables: str) -> set[str]:
    """The process's sockets that stand in one of its network namespace's tables."""
    listed = {
        line.split()[9] for table in tables for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    }
    mine = {match[1] for name in open_files(pid) if (match := re.fullmatch(r"socket:\[(\d+)\]", name))}
    return mine & listed


def test_it_is_sealed_holds_no_other_file_and_ends_when_it_is_killed(config: WorkerConfig, tmp_path: Path):
    record = tmp_path / "record.sqlite3"
    with (
        ExitStack() as opened,
        closing(sqlite3.connect(record)) as connection,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DATABASE_PASSWORD", "wonderland")
        worker = opened.enter_context(Worker(config))
        connection.execute("CREATE TABLE held_open (by TEXT)")
        heard: list[dict] = []
        report = worker.work(CASE, timeout_s=60, on_step=heard.append)
        assert (report.case, report.claimed_done, report.reason, report.steps) == ("7", True, "", heard)
        assert [step["decision"]["action"]["verb"] for step in heard] == ["done"]
        assert heard[0]["elements"] > 0, "perception works inside the seal"
        assert report.cpu_s > 0 < report.rss_mb
        assert set(worker.seal) == {"files", "network", "namespace", "calls"}
        assert b"wonderland" not in Path(f"/proc/{worker.pid}/environ").read_bytes()
        assert sockets_of(worker.pid, "tcp", "tcp6", "udp", "udp6", "raw") == set()
        names = open_files(worker.pid)
        assert str(config.ring) in " ".join(Path(f"/proc/{worker.pid}/maps").read_text().split())
        assert not [name for name in names if name.startswith(str(tmp_path)) or name.endswith("sqlite3")]
        os.kill(worker.pid, 9)
        with pytest.raises(BodyFailure, match=r"the worker (died|is gone)"):
            worker.work(CASE, timeout_s=60)


def test_a_worker_that_is_not_sealed_whole_runs_only_if_that_was_asked_for(config: WorkerConfig, monkeypatch):
    seen: list[dict[str, bool]] = []

    def check(held: dict[str, bool]) -> None:
        seen.append(held)
        check_seal({**held, "calls": False})

    monkeypatch.setattr("crewless.work.worker.check_seal", check)
    with pytest.raises(BadInput, match="programs and sockets") as caught:
        Worker(config)
    assert "--unsealed" in caught.value.alternatives
    with Worker(replace(config, unsealed=True)) as worker:
        assert [worker.seal] == seen


def test_what_it_cannot_start_from_is_said_in_its_own_kind(config: WorkerConfig):
    with pytest.raises(CheckpointMismatch, match="there is no checkpoint"):
        Worker(replace(config, policy="skill"))
    with pytest.raises(BadInput, match=r"there is no policy 'guess'.*coordinates"):
        Worker(replace(config, policy="guess"))


def test_recordings_that_cannot_be_read_are_corrupt(config: WorkerConfig, tmp_path: Path):
    (tmp_path / "demonstrations.jsonl.gz").write_bytes(b"\x1f\x8b not really")
    with pytest.raises(CorruptRecording, match=r"demonstrations\.jsonl\.gz"):
        Worker(replace(config, policy="coordinates"))


def test_a_worker_without_a_display_does_not_become_ready(config: WorkerConfig):
    with pytest.raises(BodyFailure):
        Worker(replace(config, ring="/dev/shm/no-such-ring"))


def test_a_worker_that_says_nothing_is_stopped(config: WorkerConfig, monkeypatch):
    monkeypatch.setattr(worker_module.sys, "executable", "/bin/cat")
    with pytest.raises(BodyFailure, match="the worker died"):
        Worker(config, start_timeout_s=20)
    script = Path(config.checkpoint) / "mute"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr(worker_module.sys, "executable", str(script))
    with pytest.raises(BodyFailure, match="did not answer in time"):
        Worker(config, start_timeout_s=0.2)
