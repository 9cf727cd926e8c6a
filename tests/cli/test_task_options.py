"""A task's options become the command's; which of its cases are recorded, and which are worked."""

import dataclasses
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tyro

from crewless.cli.commands import record, work
from crewless.cli.commands.record import RecordConfig, task_to_record
from crewless.cli.commands.work import WorkConfig, _queue, task_to_work
from crewless.cli.task_options import first_cases, last_cases, value_of, with_options_of
from crewless.core import installed_tasks
from crewless.core.errors import BadInput
from crewless.core.messages import Case
from crewless.core.task import Task
from crewless.policy.checkpoint import Checkpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class ShelfConfig:
    """Options of a made-up task."""

    num_cases: int = 5
    seed: int = 0
    where: Path
    """The shelf."""
    out: str = "door"
    """The way out."""
    dark: bool = False


class Base:
    def setup(self, folder: Path) -> None: ...
    def open(self, *, scripted: bool = False) -> Any: ...
    def oracle(self, body: Any) -> Any: ...
    def verifier(self) -> Any: ...
    def teardown(self) -> None: ...


class Shelf(Base):
    """Put things on a shelf."""

    name = "shelf"
    options = ShelfConfig

    def __init__(self, config: ShelfConfig) -> None:
        self.config = config

    def cases(self) -> list[Case]:
        return [Case(id=str(n)) for n in range(1, self.config.num_cases + 1)]


class Fixed(Base):
    """Has ten cases, and no options."""

    name = "fixed"

    def cases(self) -> list[Case]:
        return [Case(id=str(n)) for n in range(1, 11)]


@pytest.fixture(autouse=True)
def tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two installed tasks beside the package's own."""
    own = [
        EntryPoint(name=kind.name, value=f"{__name__}:{kind.__name__}", group="crewless.tasks")
        for kind in (Shelf, Fixed)
    ]
    found = {**installed_tasks.installed_tasks(), **{entry.name: entry for entry in own}}
    monkeypatch.setattr(installed_tasks, "installed_tasks", lambda: found)


def parsed(module: Any, *arguments: str) -> Any:
    return tyro.cli(module.config_for(arguments), args=arguments)


def trained(*cases: str) -> Checkpoint:
    return SimpleNamespace(task="", cases=cases)  # type: ignore[return-value]


def test_the_options_of_the_task_are_options_of_the_command(tmp_path: Path):
    config = parsed(work, "--oracle", "--task", "shelf", "--where", "left", "--dark", "--cases", "3", "--seed", "7")
    assert isinstance(config, WorkConfig)
    config, task = task_to_work(config, None)
    assert task.config == ShelfConfig(num_cases=3, seed=7, where=Path("left"), dark=True)  # type: ignore[attr-defined]
    assert dataclasses.asdict(config)["options"]["num_cases"] == 3


def test_those_that_the_command_sets_itself_are_no_options_of_their_own(capsys):
    with pytest.raises(SystemExit):
        parsed(work, "--oracle", "--task=shelf", "--where", "left", "--num-cases", "3")
    assert "num-cases" in capsys.readouterr().err


def test_an_option_that_both_have_is_the_command_s_and_the_task_s_gets_a_longer_name():
    config = parsed(record, "--operator", "--task", "shelf", "--where", "left", "--out", "here", "--task-out", "window")
    assert (config.out, config.options.out) == (Path("here"), "window")
    assert task_to_record(config).config.out == "window"  # type: ignore[attr-defined]


def test_an_option_without_a_default_must_be_given(capsys):
    with pytest.raises(SystemExit):
        parsed(work, "--oracle", "--task", "shelf")
    assert "--where" in capsys.readouterr().err


def test_the_help_explains_them_under_a_heading_of_the_task(capsys):
    with pytest.raises(SystemExit):
        parsed(work, "--task", "shelf", "--help")
    said = capsys.readouterr().out
    assert "shelf options" in said
    assert "The shelf." in said


def test_a_task_without_options_adds_none():
    assert with_options_of(WorkConfig, "fixed") is WorkConfig
    assert isinstance(task_to_record(RecordConfig(operator=True, task="fixed")), Fixed)


def test_a_recording_of_a_person_asks_for_no_task():
    assert record.config_for(["--display", ":0"]) is RecordConfig


@pytest.mark.parametrize(
    "given", [["--task", "a"], ["--task=a"], ["--task", "b", "--task", "a"], ["x", "--task", "a", "y"]]
)
def test_the_value_of_an_option_is_found_before_it_is_parsed(given: list[str]):
    assert value_of(given, "--task") == "a"
    assert value_of(given, "--tas") == ""


def ids(cases: list[Case]) -> list[str]:
    return [case.id for case in cases]


def test_record_takes_the_first_cases_and_work_the_last():
    assert ids(first_cases(Fixed(), 3)) == ["1", "2", "3"]
    assert ids(last_cases(Fixed(), 3)) == ["8", "9", "10"]
    with pytest.raises(BadInput, match="--cases is 0"):
        first_cases(Fixed(), 0)


def test_where_there_are_fewer_cases_than_were_asked_for_all_are_taken_and_that_is_said(capsys):
    assert len(last_cases(Fixed(), 11)) == 10
    assert "11 were asked for; the task fixed has only 10" in capsys.readouterr().out


def test_cases_that_the_worker_was_shown_are_counted(capsys):
    assert ids(_queue(Fixed(), 4, trained(*"1234567"))) == ["7", "8", "9", "10"]
    assert "1 of 4 have the ids of cases that the worker was trained on" in capsys.readouterr().out
    _queue(Fixed(), 3, trained(*"1234567"))
    assert capsys.readouterr().out == ""


def test_a_task_that_knows_no_unseen_cases_is_asked_for_more_and_the_last_are_taken(capsys):
    config = WorkConfig(task="shelf", cases=4, options=ShelfConfig(where=Path()))
    _, task = task_to_work(config, trained(*"123"))
    assert ids(_queue(task, 4, trained(*"123"))) == ["4", "5", "6", "7"]
    assert capsys.readouterr().out == ""


def test_the_task_is_the_checkpoint_s_unless_another_is_named(capsys):
    learnt = SimpleNamespace(task="fixed", cases=())
    assert task_to_work(WorkConfig(), learnt)[1].name == "fixed"  # type: ignore[arg-type]
    assert capsys.readouterr().err == ""
    other = WorkConfig(task="shelf", options=ShelfConfig(where=Path()), checkpoint=Path("w"))
    assert task_to_work(other, learnt)[1].name == "shelf"  # type: ignore[arg-type]
    assert "w was trained for the task 'fixed' and now works 'shelf'" in capsys.readouterr().err
    with pytest.raises(BadInput, match="w does not name one"):
        task_to_work(WorkConfig(checkpoint=Path("w")), trained())


def test_these_are_tasks():
    assert isinstance(Fixed(), Task)
    assert isinstance(Shelf(ShelfConfig(where=Path())), Task)
