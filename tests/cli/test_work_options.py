"""What `record --operator`, `work` and `demo` make of their options: which tickets, and whose teams."""

from pathlib import Path

import pytest

from crewless.cli.demo_run import DemoConfig, demo
from crewless.cli.record import RecordConfig
from crewless.cli.record import queue_config as recorded
from crewless.cli.work import WorkConfig
from crewless.cli.work import queue_config as worked
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


def texts(config: HelpdeskConfig) -> set[str]:
    tickets, _ = _choose(config)
    assert len(tickets) == config.num_tickets
    return {ticket.text for ticket in tickets}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("shown", "cases"), [(20, 20), (120, 200), (200, 400)])
def test_the_worker_gets_tickets_that_the_operator_was_not_recorded_with(seed: int, shown: int, cases: int):
    seen = texts(recorded(RecordConfig(operator=True, cases=shown, seed=seed)))
    unseen = texts(worked(WorkConfig(checkpoint=Path("w"), cases=cases, seed=seed)))
    if shown + cases <= 480:
        assert not seen & unseen
    else:
        # Templates come a second time, and some have nothing in them that differs.
        assert len(seen & unseen) < 0.1 * shown


def test_so_does_it_with_one_file_for_both_as_long_as_that_is_long_enough(tmp_path: Path):
    path = tmp_path / "tickets.csv"
    path.write_text("text,category\n" + "".join(f"ticket {i},refunds\n" for i in range(50)))
    seen = texts(recorded(RecordConfig(operator=True, tickets=path, cases=30)))
    assert not seen & texts(worked(WorkConfig(checkpoint=Path("w"), tickets=path, cases=20)))
    assert len(seen & texts(worked(WorkConfig(checkpoint=Path("w"), tickets=path, cases=25)))) == 5


def test_more_tickets_begin_with_the_same_ones():
    assert generate(300, 3)[:40] == generate(40, 3)


def test_own_teams_must_answer_the_tickets(tmp_path: Path):
    teams, tickets = tmp_path / "teams.toml", tmp_path / "tickets.csv"
    teams.write_text(TEAM.format("loans") + TEAM.format("fees"))
    tickets.write_text("text,category\nHow long may I keep it?,loans\nWhat do I owe?,fees\nMay I eat here?,food\n")
    for config in (
        recorded(RecordConfig(operator=True, tickets=tickets, teams=teams, cases=3)),
        worked(WorkConfig(checkpoint=Path("w"), tickets=tickets, teams=teams, cases=3)),
    ):
        with pytest.raises(BadInput, match=r"'food' is answered by no team .*try: fees; loans; none"):
            HelpdeskTask(config).setup(tmp_path)
    with pytest.raises(BadInput, match="'food' is answered by no team"):
        demo(
            DemoConfig(
                tickets=tickets, teams=teams, demonstrations=2, queue=1, replayed=0, archive=0, runs=tmp_path / "runs"
            ),
            lambda *_: None,
        )
