from pathlib import Path

import pytest

from crewless.core.errors import BadInput
from crewless.verifiers import Change, Gain, load_record
from crewless.verifiers.declaration import fill

GOOD = """
[ignore]
tables = ["session"]
columns = ["person.last_login"]
[[change]]
table = "ticket"
where = { id = "{ticket}" }
set = { queue = "{queue}" }
free = ["modified"]
[[gain]]
name = "followup"
table = "followup"
where = { ticket_id = "{ticket}" }
"""


def test_a_declaration_is_read(tmp_path: Path):
    path = tmp_path / "record.toml"
    path.write_text(GOOD)
    record = load_record(path)
    assert record.changes == (
        Change(table="ticket", where={"id": "{ticket}"}, set={"queue": "{queue}"}, free=("modified",)),
    )
    assert record.gains == (Gain(name="followup", table="followup", where={"ticket_id": "{ticket}"}),)
    assert record.ignored_tables == {"session"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[change", "not TOML"),
        ("", "declares nothing"),
        ("[[changes]]\ntable='t'", "unknown 'changes'.*try: change; gain; ignore"),
        ("[[change]]\ntable='t'", r"\[\[change\]\] 1 lacks 'where'"),
        ("[[gain]]\ntable='t'\nwhere={a=1}\nrow=2", "unknown 'row'.*rows"),
        ("[[gain]]\ntable='t'\nwhere={a=1}\nrows='2'", "rows is '2'.*a int"),
    ],
)
def test_a_faulty_declaration_says_what_is_wrong(tmp_path: Path, text: str, message: str):
    path = tmp_path / "record.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        load_record(path)


def test_a_declaration_that_is_not_there_is_bad_input(tmp_path: Path):
    with pytest.raises(BadInput, match=r"nowhere\.toml"):
        load_record(tmp_path / "nowhere.toml")


def test_a_value_that_is_one_name_keeps_its_type():
    values = {"n": (7,), "m": (1, 2)}
    assert fill("{n}", values) == (7,)
    assert fill("no {n}/{m}", values) == ("no 7/1", "no 7/2")
    assert fill(3, values) == (3,)


def test_braces_that_do_not_pair_are_bad_input():
    with pytest.raises(BadInput, match="cannot be read"):
        fill("{n", {"n": (7,)})
