"""What `record --operator`, `work` and `demo` make of their options: which tickets, and whose teams."""

from pathlib import Path
from typing import Any

import pytest

from crewless.cli.commands.record import RecordConfig, task_to_record
from crewless.cli.commands.work import WorkConfig, task_to_work
from crewless.cli.demo_phases import DemoConfig, demo
from crewless.core.errors import BadInput
from crewless.tasks.helpdesk.corpus import generate
from crewless.tasks.helpdesk.task import HelpdeskConfig, HelpdeskTask, _choose

TEAM = """
[[team]]
name = "{0}"
slug = "{0}"
preset = "About {0}"
reply = "We will see to {0}."
status = "Open"
"""


def recorded(**options: Any) -> HelpdeskConfig:
    return task_to_record(RecordConfig(operator=True, **options)).config  # type: ignore[attr-defined]


def worked(**options: Any) -> HelpdeskConfig:
    config, task = task_to_work(WorkConfig(task="helpdesk", **options), None)
    assert config.options == task.config  # type: ignore[attr-defined]
    return config.options


def texts(config: HelpdeskConfig) -> set[str]:
    tickets, _ = _choose(config)
    assert len(tickets) == config.num_cases
    return {ticket.text for ticket in tickets}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("shown", "cases"), [(20, 20), (120, 200), (200, 400)])
def test_the_worker_gets_tickets_that_the_operator_was_not_recorded_with(seed: int, shown: int, cases: int):
    seen = texts(recorded(cases=shown, seed=seed))
    unseen = texts(worked(cases=cases, seed=seed))
    if shown + cases <= 480:
        assert not seen & unseen
    else:
        # Templates come a second time, and some have nothing in them that differs.
        assert len(seen & unseen) < 0.1 * shown


def test_so_does_it_with_one_file_for_both_as_long_as_that_is_long_enough(tmp_path: Path):
    path = tmp_path / "tickets.csv"
    path.write_text("text,category\n" + "".join(f"ticket {i},refunds\n" for i in range(50)))
    own = HelpdeskConfig(tickets=path)
    seen = texts(recorded(cases=30, options=own))
    assert not seen & texts(worked(cases=20, options=own))
    assert len(seen & texts(worked(cases=25, options=own))) == 5


def test_more_tickets_begin_with_the_same_ones():
    assert generate(300, 3)[:40] == generate(40, 3)


def test_own_teams_must_answer_the_tickets(tmp_path: Path):
    teams, tickets = tmp_path / "teams.toml", tmp_path / "tickets.csv"
    teams.write_text(TEAM.format("loans") + TEAM.format("fees"))
    tickets.write_text("text,category\nHow long may I keep it?,loans\nWhat do I owe?,fees\nMay I eat here?,food\n")
    own = HelpdeskConfig(tickets=tickets, teams=teams)
    for config in (recorded(cases=3, options=own), worked(cases=3, options=own)):
        with pytest.raises(BadInput, match=r"'food' is answered by no team .*try: fees; loans; none"):
            HelpdeskTask(config).setup(tmp_path)
    with pytest.raises(BadInput, match="'food' is answered by no team"):
        demo(
            DemoConfig(demonstrations=2, queue=1, replayed=0, archive=0, runs=tmp_path / "runs", options=own),
            lambda *_: None,
        )
