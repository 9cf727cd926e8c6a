from pathlib import Path

import pytest

from crewless.core.errors import BadInput
from crewless.tasks.helpdesk.desk import BUILT_IN, desk_for, load_desk

TEAM = '[[team]]\nname = "{0}"\nslug = "{0}"\npreset = "P {0}"\nreply = "R"\nstatus = "{1}"\n'


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_desk_has_twelve_teams_with_replies_of_their_own_and_all_statuses(name: str):
    desk = load_desk(name)
    assert len(desk.teams) == 12
    assert len({team.reply for team in desk.teams}) == 12
    assert {team.status for team in desk.teams} == {"Open", "Resolved", "Closed"}
    # A line break would come back from the browser as two characters, and # links to another ticket.
    assert not any(set("\n#{<") & set(team.reply) for team in desk.teams)


def test_banking77_has_seventy_seven_categories():
    assert len(load_desk("banking77").categories) == 77


def test_the_desk_is_found_by_its_categories():
    assert desk_for(["refunds", "none"]).name == "shop"
    assert desk_for(["card_arrival"]).name == "banking77"


def test_an_unknown_category_is_named_with_the_known_ones():
    with pytest.raises(BadInput, match=r"'refund' is answered by no team of the desk 'shop'.*refunds"):
        desk_for(["refund", "deliveries"])
    with pytest.raises(BadInput, match="'x'"):
        load_desk("shop").team_of("x")


def test_none_belongs_to_no_team():
    assert load_desk("shop").team_of("none") is None


def test_own_teams_are_read_from_a_file(tmp_path: Path):
    path = tmp_path / "desk.toml"
    path.write_text(TEAM.format("a", "Open") + TEAM.format("b", "Closed"))
    assert [team.categories for team in load_desk(path).teams] == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[team", "not TOML"),
        (TEAM.format("a", "Open"), "has 1 teams"),
        (TEAM.format("a", "Open") * 2, "name 'a' is used twice"),
        (TEAM.format("a", "Done") + TEAM.format("b", "Open"), "status 'Done'.*Open; Resolved; Closed"),
        ('[[team]]\nname = "a"\n', "team 'a' lacks"),
    ],
)
def test_a_faulty_desk_says_what_is_wrong(tmp_path: Path, text: str, message: str):
    path = tmp_path / "desk.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        load_desk(path)


def test_no_such_desk_names_the_built_in_ones(tmp_path: Path):
    with pytest.raises(BadInput, match="try: shop; banking77"):
        load_desk(tmp_path / "none.toml")
