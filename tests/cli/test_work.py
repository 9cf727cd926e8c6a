"""What demo, record, train, work and verify say to input that they cannot use, and what verify says of work."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from crewless.cli import main
from crewless.core.messages import Case, Point
from crewless.episodes import DatasetWriter
from crewless.policy.checkpoint import FORMAT

PRETRAINED = Path(__file__).parents[2] / "src/crewless/policy/data/pretrained"
EPISODES = Path(__file__).parents[1] / "replay" / "recording"
DECLARATION = """
[[change]]
table = "orders"
where = { id = "{order}" }
set = { closed = "{closed}" }
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file of every kind that can be wrong, where the commands are run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "columns.csv").write_text("body,team\na,refunds\n")
    (tmp_path / "few.csv").write_text("text,category\na,refunds\nb,deliveries\n")
    (tmp_path / "record.toml").write_text(DECLARATION)
    (tmp_path / "typo.toml").write_text(DECLARATION.replace("orders", "order"))
    (tmp_path / "broken.toml").write_text("[[change")
    with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as connection:
        connection.executescript(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, closed INT); INSERT INTO orders VALUES (7, 0), (8, 0);"
        )
    shutil.copytree(PRETRAINED, tmp_path / "other")
    about = json.loads((PRETRAINED / "checkpoint.json").read_text())
    (tmp_path / "other" / "checkpoint.json").write_text(json.dumps({**about, "format": FORMAT + 1}))
    shutil.copytree(EPISODES, tmp_path / "damaged")
    (tmp_path / "damaged/meta/info.json").write_text("{")
    (tmp_path / "file").write_text("a file, not a folder")
    with DatasetWriter(tmp_path / "several", 48, 64) as writer:
        for task in ("office", "shop"):
            episode = writer.begin(Case(id="1"), "ann", task)
            episode.row(changed=True, t_s=0.0, pointer=Point(0, 0))
            episode.finish("done", events=[])
    return tmp_path


VERIFY = ["verify", "--database", "sqlite:///shop.sqlite3", "--record", "record.toml"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--queue", "0"], "queue is 0 (try: 1 or more)"),
        (["demo", "--demonstrations", "1"], "demonstrations is 1 (try: 2 or more)"),
        (["demo", "--max-silent-wrong", "7"], "7.0 is not a valid share of cases"),
        (["demo", "--tickets", "columns.csv"], "columns.csv has the columns body, team"),
        (["demo", "--tickets", "none.csv"], "cannot read the tickets none.csv"),
        (["demo", "--runs", "file"], "cannot make the run folder file/"),
        (["record"], "nothing to record: give --display or --operator (try: --display :0; --operator)"),
        (["record", "--operator", "--display", ":1"], "nothing to record: give --display or --operator"),
        (["record", "--display", ":98765"], "no X display answers at ':98765'"),
        (["record", "--display", "screen"], "'screen' is not the name of a display"),
        (["record", "--display", ":0", "--hide", "1,2,3"], "--hide '1,2,3' is not a box"),
        (["record", "--display", ":0", "--hide", "9,9,5,5"], "--hide '9,9,5,5' is empty"),
        (["record", "--operator", "--cases", "0"], "num_cases is 0"),
        (
            ["train", "several"],
            "the recordings are of 2 tasks: office, shop (try: recordings of one task; --task office",
        ),
        (["record", "--operator", "--tickets", "columns.csv"], "columns.csv has the columns body, team"),
        (["record", "--operator", "--out", "file"], "cannot make the run folder file"),
        (["train"], ""),
        (["train", "nothing"], "there is no dataset in nothing"),
        (["train", "damaged"], "damaged"),
        (["work", "--checkpoint", "none"], "there is no checkpoint in none"),
        (["work", "--checkpoint", "other"], f"has format {FORMAT + 1}"),
        (["work", "--checkpoint", str(PRETRAINED), "--max-silent-wrong", "7"], "7.0 is not a valid share of cases"),
        (
            ["work", "--task", "helpdesk", "--checkpoint", str(PRETRAINED), "--tickets", "columns.csv"],
            "columns.csv has the columns body, team",
        ),
        (
            ["work", "--task", "helpdesk", "--checkpoint", str(PRETRAINED), "--tickets", "few.csv"],
            "20 tickets were asked for",
        ),
        (
            ["work", "--checkpoint", str(PRETRAINED)],
            f"no task was given: {PRETRAINED} does not name one (try: --task carry",
        ),
        (
            ["work", "--task", "fingertip_reach", "--checkpoint", str(PRETRAINED)],
            "the task 'fingertip_reach' has no screen",
        ),
        (["work", "--oracle", "--task", "fingertip_reach", "--cases", "0"], "num_cases is 0"),
        (["record", "--operator", "--task", "fingertip_reach"], "the task 'fingertip_reach' has no screen"),
        (["demo", "--task", "fingertip_reach"], "the task 'fingertip_reach' has no screen"),
        (
            ["work", "--task", "helpdesk", "--checkpoint", str(PRETRAINED), "--resume", "none"],
            "none is not a run folder",
        ),
        ([*VERIFY, "--expect", "closed"], "--expect 'closed' is not name=value (try: name=value"),
        ([*VERIFY, "--expect", "order=7", "--", "true"], "names {closed}, which this case does not give"),
        ([*VERIFY, "--expect", "order=7", "closed=1", "--", "no-such-program"], "cannot run 'no-such-program'"),
        (["verify", "--database", "sqlite:///none.sqlite3", *VERIFY[3:], "--expect", "order=7"], "none.sqlite3"),
        (["verify", "--database", "shop", *VERIFY[3:]], "cannot use the database 'shop'"),
        ([*VERIFY[:4], "typo.toml"], "'order', which the database lacks (try: orders)"),
        ([*VERIFY[:4], "broken.toml"], "broken.toml is not TOML"),
        ([*VERIFY[:4], "none.toml"], "cannot read the record declaration none.toml"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(place: Path, capsys, arguments: list[str], words: str):
    try:
        code = main(arguments)
    except SystemExit as ended:  # tyro's own words on options, for people
        code = ended.code
        assert not words
    said = capsys.readouterr()
    assert code == 2, said.err
    assert "Traceback" not in said.err
    if words:
        assert words in said.err
        assert said.err.startswith(f"crewless {arguments[0]}: ")
        assert len(said.err.splitlines()) == 1


def sql(statement: str) -> list[str]:
    script = f"import sqlite3; c = sqlite3.connect('shop.sqlite3'); c.execute({statement!r}); c.commit(); c.close()"
    return ["--", "python3", "-c", script]


CLOSE = "UPDATE orders SET closed = 1 WHERE id = 7"


@pytest.mark.parametrize(
    ("statement", "code", "said"),
    [
        (CLOSE, 0, "right"),
        ("SELECT 1", 1, "expected but missing: orders.closed is 0, should be '1'"),
        ("UPDATE orders SET closed = 1", 1, "changed unexpectedly: "),
        ("INSERT INTO orders VALUES (9, 0)", 1, "orders"),
    ],
)
def test_the_work_of_a_command_is_judged(place: Path, capsys, statement: str, code: int, said: str):
    assert main([*VERIFY, "--expect", "order=7", "closed=1", *sql(statement)]) == code
    out = capsys.readouterr().out
    assert "the command ended with exit code 0" in out
    assert said in out
    assert ("right" in out.splitlines()) == (code == 0)


def test_the_work_of_a_person_is_judged(place: Path, capsys, monkeypatch):
    def person(prompt: str) -> str:
        subprocess.run(sql(CLOSE)[1:], check=True)
        return ""

    monkeypatch.setattr("builtins.input", person)
    assert main([*VERIFY, "--expect", "order=7", "closed=1"]) == 0


def test_nobody_who_could_do_the_work_is_one_line_and_no_crash(place: Path, capsys, monkeypatch):
    def nobody(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    assert main([*VERIFY, "--expect", "order=7", "closed=1"]) == 2
    assert "standard input is closed" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["--5", "²", "1e3", "007", ""])
def test_an_expected_value_may_be_any_text(place: Path, capsys, value: str):
    assert main([*VERIFY, "--expect", "order=7", f"closed={value}", *sql(CLOSE)]) == 1
    assert f"closed is 1, should be {value!r}" in capsys.readouterr().out


def test_a_failed_command_leaves_no_helpdesk_running(place: Path, capsys):
    assert main(["work", "--task", "helpdesk", "--checkpoint", str(PRETRAINED), "--tickets", "few.csv"]) == 2
    assert not list(place.rglob("host.json"))
