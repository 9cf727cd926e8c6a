"""Tasks by name: what is there, what is not, and what is not as it should be."""

import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from crewless.core import installed_tasks
from crewless.core.errors import BadInput, MissingTool
from crewless.core.installed_tasks import fill_options, has_option, load_task, make_task, options_of


@dataclass(frozen=True, kw_only=True)
class PlainConfig:
    """Options."""

    num_cases: int = 3
    colour: str = "red"


class Plain:
    """A class that is enough of a task to be made."""

    name = "plain"
    options = PlainConfig

    def __init__(self, config: PlainConfig | None = None) -> None:
        self.config = config


class Bare:
    """One without options."""

    name = "bare"


def enter(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    found = [EntryPoint(name=name.rstrip("_"), value=value, group="crewless.tasks") for name, value in values.items()]
    monkeypatch.setattr(installed_tasks.metadata, "entry_points", lambda group: found)


def test_the_tasks_of_the_package_are_there_by_name_and_none_is_imported_for_it():
    found = installed_tasks.installed_tasks()
    assert {entry.name for entry in entry_points(group="crewless.tasks")} == set(found)
    assert list(found) == sorted(found)
    assert found["helpdesk"].value == "crewless.tasks.helpdesk:HelpdeskTask"


def test_a_name_that_is_not_there_is_answered_with_the_nearest_or_all(monkeypatch: pytest.MonkeyPatch):
    enter(monkeypatch, plain="a:B", bare="a:C")
    with pytest.raises(BadInput, match=r"there is no task 'plane' \(try: plain; crewless task list\)"):
        load_task("plane")
    with pytest.raises(BadInput, match=r"there is no task 'x' \(try: bare; plain; crewless task list\)"):
        load_task("x")


def test_two_packages_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch):
    enter(monkeypatch, plain="a:B", plain_="c:D")
    with pytest.raises(BadInput, match="two packages register a task 'plain': a:B and c:D"):
        load_task("plain")


def test_what_an_entry_point_names_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "needy_task.py").write_text("import no_such_package.part\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    own = f"{__name__}:"
    enter(
        monkeypatch,
        gone="no_such_module:X",
        inside="crewless.no_such:X",
        lost=f"{own}Nothing",
        needy="needy_task:X",
        word=f"{own}enter",
    )
    for name in ("gone", "inside", "lost"):
        with pytest.raises(BadInput, match=f"the task '{name}' is registered as .*, which cannot be found"):
            load_task(name)
    with pytest.raises(MissingTool, match="the task 'needy' needs the package no_such_package"):
        load_task("needy")
    with pytest.raises(BadInput, match="which is not a class"):
        load_task("word")
    assert "needy_task" not in sys.modules


def test_options_are_filled_with_what_is_common_and_the_task_has():
    common = {"num_cases": 7, "seed": 1, "unseen": True, "num_archive": 9}
    assert fill_options(Plain, None, common) == PlainConfig(num_cases=7)  # type: ignore[arg-type]
    assert fill_options(Plain, PlainConfig(colour="blue"), common) == PlainConfig(num_cases=7, colour="blue")  # type: ignore[arg-type]
    assert fill_options(Bare, None, common) is None  # type: ignore[arg-type]
    assert make_task(Plain, PlainConfig(num_cases=2)).config == PlainConfig(num_cases=2)  # type: ignore[arg-type, attr-defined]
    assert isinstance(make_task(Bare), Bare)  # type: ignore[arg-type]
    assert has_option(Plain, "num_cases")  # type: ignore[arg-type]
    assert not has_option(Plain, "unseen")  # type: ignore[arg-type]
    assert not has_option(Bare, "seed")  # type: ignore[arg-type]


def test_options_that_are_no_dataclass_are_refused():
    with pytest.raises(BadInput, match="the options of the task 'odd' are <class 'int'>"):
        options_of(type("Odd", (), {"name": "odd", "options": int}))
