import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crewless.core.errors import BadInput, RecordUnreachable
from crewless.core.messages import Case
from crewless.core.verifier import Verifier
from crewless.verifiers import Change, DatabaseVerifier, Gain, Record

RECORD = Record(
    changes=(
        Change(
            table="ticket",
            where={"id": "{ticket}"},
            set={"queue": "{queue}", "status": "{status}"},
            free=("modified",),
        ),
    ),
    gains=(
        Gain(
            name="followup",
            table="followup",
            where={"ticket_id": "{ticket}"},
            set={"comment": "{reply}"},
            free=("date",),
        ),
        Gain(
            table="note",
            where={"followup_id": "{followup.id}"},
            set={"text": "closed"},
            when={"status": [4]},
        ),
    ),
    ignored_tables=frozenset({"session"}),
    ignored_columns=frozenset({"person.last_login"}),
)
CASE, OTHER = Case(id="2", slots={"ticket": "2"}), Case(id="3", slots={"ticket": "3"})


def expected(case: Case) -> dict[str, object] | None:
    return None if case.id == "9" else {"queue": 7, "status": 1, "reply": "We are on it."}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "desk.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        PRAGMA journal_mode=WAL;
        CREATE TABLE ticket (id INTEGER PRIMARY KEY, text TEXT, queue INT, status INT, modified TEXT);
        CREATE TABLE followup (id INTEGER PRIMARY KEY, ticket_id INT, comment TEXT, date TEXT, cost INT);
        CREATE TABLE note (id INTEGER PRIMARY KEY, followup_id INT, text TEXT);
        CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, last_login TEXT);
        CREATE TABLE session (key TEXT PRIMARY KEY, data TEXT);
        CREATE TABLE pair (a INT, b INT);
        INSERT INTO ticket VALUES (1,'a',1,1,''),(2,'b',1,1,''),(3,'c',1,1,''),(9,'spam',1,1,'');
        INSERT INTO person VALUES (1,'agent','');
        INSERT INTO pair VALUES (1,2),(1,2);
        """
    )
    connection.close()
    return path


@pytest.fixture
def verifier(database: Path):
    verifier = DatabaseVerifier(f"sqlite:///{database}", RECORD, expected)
    yield verifier
    verifier.close()


def write(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


RIGHT = (
    "UPDATE ticket SET queue=7, modified='now' WHERE id=2",
    "INSERT INTO followup VALUES (NULL, 2, 'We are on it.', 'today', NULL)",
)


def outcome(verifier: DatabaseVerifier, database: Path, *statements: str, claimed_done: bool = True):
    before = verifier.before(CASE)
    write(database, *statements)
    return verifier.judge(CASE, before, claimed_done=claimed_done)


def test_it_is_a_verifier(verifier: DatabaseVerifier):
    assert isinstance(verifier, Verifier)


def test_exactly_what_should_have_changed_is_right(verifier: DatabaseVerifier, database: Path):
    verdict = outcome(verifier, database, *RIGHT)
    assert verdict.outcome == "right"
    assert not verdict.silent_wrong
    assert verdict.evidence["before"]["ticket"]["queue"] == 1
    assert verdict.evidence["after"]["ticket"]["queue"] == 7
    assert json.dumps(verdict.evidence)


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        ((), "ticket.queue is 1, should be 7"),
        ((RIGHT[0].replace("7", "6"), RIGHT[1]), "ticket.queue is 6, should be 7"),
        ((RIGHT[0], RIGHT[1].replace("on it", "off")), "followup.comment is 'We are off.', should be 'We are on it.'"),
        ((RIGHT[0],), "followup: 0 new rows, should be 1: ticket_id 2"),
        ((*RIGHT, RIGHT[1]), "followup: 2 new rows, should be 1: ticket_id 2"),
    ],
)
def test_a_wrong_or_missing_value_is_a_silent_wrong_that_says_why(
    verifier: DatabaseVerifier, database: Path, statements: tuple[str, ...], fault: str
):
    verdict = outcome(verifier, database, *statements)
    assert verdict.silent_wrong
    assert fault in verdict.evidence["faults"]


@pytest.mark.parametrize(
    ("statement", "table", "kind"),
    [
        ("INSERT INTO followup VALUES (NULL, 1, 'x', '', NULL)", "followup", "added"),
        ("INSERT INTO note VALUES (NULL, 1, 'closed')", "note", "added"),
        ("UPDATE person SET name='mallory'", "person", "changed"),
        ("UPDATE ticket SET modified='now' WHERE id=1", "ticket", "changed"),
        ("UPDATE ticket SET text='edited' WHERE id=2", "ticket", "changed"),
        ("DELETE FROM ticket WHERE id=3", "ticket", "removed"),
        ("DELETE FROM pair WHERE rowid=1", "pair", "removed"),
        ("UPDATE followup SET cost=5", "followup", "added"),
        ("CREATE TABLE trap (id INT)", "trap", "added"),
        ("DROP TABLE pair", "pair", "removed"),
        ("ALTER TABLE person ADD COLUMN age INT", "person", "changed"),
        ("DROP TABLE ticket", "ticket", "removed"),
        ("ALTER TABLE followup DROP COLUMN comment", "followup", "changed"),
    ],
)
def test_anything_else_that_changes_makes_it_wrong(
    verifier: DatabaseVerifier, database: Path, statement: str, table: str, kind: str
):
    verdict = outcome(verifier, database, *RIGHT, statement)
    assert verdict.silent_wrong
    assert (table, kind) in [(u["table"], u["kind"]) for u in verdict.evidence["unexpected"]]


def test_ignored_tables_and_columns_may_change(verifier: DatabaseVerifier, database: Path):
    noise = ("INSERT INTO session VALUES ('k', 'v')", "UPDATE person SET last_login='now'")
    assert outcome(verifier, database, *RIGHT, *noise).outcome == "right"


def test_handed_over_and_untouched_is_handed_over(verifier: DatabaseVerifier, database: Path):
    assert outcome(verifier, database, claimed_done=False).outcome == "handed_over"


def test_handed_over_and_touched_is_wrong_but_not_silent(verifier: DatabaseVerifier, database: Path):
    verdict = outcome(verifier, database, RIGHT[0], claimed_done=False)
    assert verdict.outcome == "wrong"
    assert not verdict.silent_wrong


def test_claiming_a_case_of_nobody_is_a_silent_wrong(verifier: DatabaseVerifier):
    case = Case(id="9", slots={"ticket": "9"})
    assert verifier.judge(case, verifier.before(case), claimed_done=True).silent_wrong
    assert verifier.judge(case, verifier.before(case), claimed_done=False).outcome == "handed_over"


def test_overlapping_cases_are_judged_apart(verifier: DatabaseVerifier, database: Path):
    first, second = verifier.before(CASE), verifier.before(OTHER)
    write(database, *RIGHT)
    write(database, "UPDATE ticket SET queue=5 WHERE id=3", "INSERT INTO followup VALUES (NULL, 3, 'no', '', NULL)")
    assert verifier.judge(OTHER, second, claimed_done=True).silent_wrong
    assert verifier.judge(CASE, first, claimed_done=True).outcome == "right"


def right_for(ticket: int) -> tuple[str, str]:
    return (
        f"UPDATE ticket SET queue=7, modified='now' WHERE id={ticket}",
        f"INSERT INTO followup VALUES (NULL, {ticket}, 'We are on it.', 'today', NULL)",
    )


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE ticket SET queue=5 WHERE id=3",
        "UPDATE ticket SET modified='later' WHERE id=3",
        "UPDATE followup SET comment='We are off.' WHERE ticket_id=3",
        "INSERT INTO followup VALUES (NULL, 3, 'We are on it.', 'today', NULL)",
        "DELETE FROM followup WHERE ticket_id=3",
        "UPDATE ticket SET queue=1, modified='' WHERE id=3",
        "DELETE FROM ticket WHERE id=3",
    ],
)
def test_who_spoils_a_neighbour_that_was_judged_right_is_wrong(verifier: DatabaseVerifier, database: Path, spoil: str):
    first, second = verifier.before(CASE), verifier.before(OTHER)
    write(database, *right_for(3))
    assert verifier.judge(OTHER, second, claimed_done=True).outcome == "right"
    write(database, *RIGHT, spoil)
    verdict = verifier.judge(CASE, first, claimed_done=True)
    assert verdict.silent_wrong


def test_a_neighbour_that_was_judged_is_named_when_its_row_is_spoiled(verifier: DatabaseVerifier, database: Path):
    first, second = verifier.before(CASE), verifier.before(OTHER)
    verifier.judge(OTHER, second, claimed_done=False)
    write(database, *RIGHT, "UPDATE ticket SET queue=5 WHERE id=3")
    assert verifier.judge(CASE, first, claimed_done=True).evidence["spoiled"] == ["3"]


def test_a_neighbour_that_was_judged_and_left_alone_is_no_fault(verifier: DatabaseVerifier, database: Path):
    first, second = verifier.before(CASE), verifier.before(OTHER)
    write(database, *right_for(3))
    verifier.judge(OTHER, second, claimed_done=True)
    write(database, *RIGHT)
    assert verifier.judge(CASE, first, claimed_done=True).outcome == "right"


def test_a_second_look_does_not_hold_a_neighbour_s_work_against_the_case(verifier: DatabaseVerifier, database: Path):
    first, second = verifier.before(CASE), verifier.before(OTHER)
    assert verifier.judge(CASE, first, claimed_done=True).outcome == "wrong"  # its last click is still on its way
    write(database, *RIGHT, *right_for(3))
    assert verifier.judge(CASE, first, claimed_done=True).outcome == "right"
    assert verifier.judge(OTHER, second, claimed_done=True).outcome == "right"


def test_nor_the_work_of_one_who_came_between_the_looks(verifier: DatabaseVerifier, database: Path):
    first = verifier.before(CASE)
    assert verifier.judge(CASE, first, claimed_done=True).outcome == "wrong"
    second = verifier.before(OTHER)
    write(database, *RIGHT, *right_for(3))
    assert verifier.judge(CASE, first, claimed_done=True).outcome == "right"
    # What came late for the first is by now known to be its own.
    assert verifier.judge(OTHER, second, claimed_done=True).outcome == "right"


def test_a_case_that_is_opened_again_stands_for_itself(verifier: DatabaseVerifier, database: Path):
    first = verifier.before(CASE)
    verifier.judge(CASE, first, claimed_done=False)
    other, again = verifier.before(OTHER), verifier.before(CASE)
    write(database, *RIGHT, *right_for(3))
    assert verifier.judge(OTHER, other, claimed_done=True).outcome == "right"
    assert verifier.judge(CASE, again, claimed_done=True).outcome == "right"


def test_what_can_no_longer_be_looked_at_is_forgotten(verifier: DatabaseVerifier):
    for number in range(50):
        case = Case(id=str(number), slots={"ticket": str(number)})
        verifier.judge(case, verifier.before(case), claimed_done=False)
    assert not verifier._open
    assert not verifier._judged


def test_a_row_of_a_case_that_is_not_open_is_not_forgiven(verifier: DatabaseVerifier, database: Path):
    verifier.judge(OTHER, verifier.before(OTHER), claimed_done=False)
    assert outcome(verifier, database, *RIGHT, "UPDATE ticket SET queue=5 WHERE id=3").silent_wrong


def test_a_rule_that_depends_on_the_expected_value(database: Path):
    verifier = DatabaseVerifier(
        f"sqlite:///{database}", RECORD, lambda case: {"queue": 7, "status": 4, "reply": "We are on it."}
    )
    change = "UPDATE ticket SET queue=7, status=4 WHERE id=2"
    assert outcome(verifier, database, change, RIGHT[1]).evidence["faults"] == [
        "note: 0 new rows, should be 1: followup_id 1"
    ]
    write(database, "DELETE FROM followup", "UPDATE ticket SET queue=1, status=1")
    note = "INSERT INTO note SELECT NULL, id, 'closed' FROM followup"
    assert outcome(verifier, database, change, RIGHT[1], note).outcome == "right"
    verifier.close()


def test_the_judge_cannot_write(verifier: DatabaseVerifier):
    with pytest.raises(Exception, match="readonly"):
        verifier._reader._connect().exec_driver_sql("DELETE FROM ticket")


def test_a_database_that_is_away_is_unreachable_and_reached_again(verifier: DatabaseVerifier, database: Path):
    before = verifier.before(CASE)
    away = database.with_name("away")
    database.rename(away)
    with pytest.raises(RecordUnreachable, match=r"desk\.sqlite3") as caught:
        verifier.judge(CASE, before, claimed_done=True)
    assert caught.value.retry_safe
    away.rename(database)
    assert verifier.judge(CASE, before, claimed_done=False).outcome == "handed_over"


def test_a_file_that_is_no_database_is_unreachable(tmp_path: Path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear judge, " * 100)
    with pytest.raises(RecordUnreachable, match=r"letter\.txt.*not a database"):
        DatabaseVerifier(f"sqlite:///{path}", RECORD, expected)


def test_no_database_is_unreachable(tmp_path: Path):
    with pytest.raises(RecordUnreachable, match=r"none\.sqlite3"):
        DatabaseVerifier(f"sqlite:///{tmp_path}/none.sqlite3", RECORD, expected)


@pytest.mark.parametrize("url", ["not a url", "cobol://x/y"])
def test_an_url_that_means_nothing_is_bad_input(url: str):
    with pytest.raises(BadInput, match=url):
        DatabaseVerifier(url, RECORD, expected)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record(changes=(Change(table="tickets", where={"id": 1}),)), r"table 'tickets'.*try: ticket"),
        (Record(changes=(Change(table="ticket", where={"idd": 1}),)), r"column of ticket 'idd'.*try: id"),
        (Record(ignored_columns=frozenset({"person.login"})), r"column of person 'login'.*try: last_login"),
        (Record(changes=(Change(table="pair", where={"a": 1}),), ignored_tables=frozenset({"pair"})), "both"),
    ],
)
def test_a_declaration_that_does_not_fit_names_what_would(database: Path, record: Record, message: str):
    with pytest.raises(BadInput, match=message):
        DatabaseVerifier(f"sqlite:///{database}", record, expected)


def test_a_name_that_no_case_gives_is_bad_input(database: Path):
    record = Record(changes=(Change(table="ticket", where={"id": "{number}"}),))
    verifier = DatabaseVerifier(f"sqlite:///{database}", record, expected)
    with pytest.raises(BadInput, match=r"\{number\}.*queue; reply; status; ticket"):
        outcome(verifier, database)
    verifier.close()


def test_a_file_that_was_put_in_the_other_s_place_is_the_one_that_is_read(verifier: DatabaseVerifier, database: Path):
    """A backup that is restored is a new file under the old name; an open connection would go on reading the old one."""
    before = verifier.before(CASE)
    copy = database.with_name("backup.sqlite3")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    write(copy, *RIGHT)
    copy.replace(database)
    assert verifier.judge(CASE, before, claimed_done=True).outcome == "right"


def test_a_record_in_which_nothing_was_written_is_not_read_twice(verifier: DatabaseVerifier, database: Path):
    first = verifier.before(CASE)["snapshot"]
    assert verifier.before(CASE)["snapshot"] is first
    write(database, RIGHT[0])
    assert verifier.before(CASE)["snapshot"] is not first
