"""``crewless company`` from an example to a report; what cannot be is one line and exit code 2."""

import json
from pathlib import Path

import pytest

from crewless.cli import main
from crewless.cli.commands.company._choices import choice_of
from crewless.company.sheet.example import example_sheet
from crewless.company.sheet.spreadsheet import read_sheet, write_sheet
from crewless.core.errors import BadInput

SHORT = ["--replications", "2", "--weeks", "4", "--warmup", "1"]


@pytest.fixture(scope="module")
def sheet(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sheet") / "shop"
    assert main(["company", "example", str(path)]) == 0
    return path


def test_the_example_is_written_as_it_is(sheet):
    assert read_sheet(sheet) == example_sheet()


def test_simulate_shows_every_measure_and_cell(sheet, capsys):
    assert main(["company", "simulate", str(sheet), *SHORT, "--give", "assemble=robot"]) == 0
    said = capsys.readouterr().out
    for word in ("lead_h", "right_first_time", "meeting_h", "review design", "floor", "busy", "1 weeks left out"):
        assert word in said
    assert next(line for line in said.splitlines() if line.strip().startswith("assemble")).split()[1] == "robot"


def test_the_warm_up_is_found_when_none_is_given(sheet, capsys):
    assert main(["company", "simulate", str(sheet), "--replications", "2", "--weeks", "8"]) == 0
    weeks = float(capsys.readouterr().out.split("warm-up")[1].split()[0])
    assert 0 <= weeks <= 4


def test_compare_writes_a_report_and_says_what_was_found(sheet, capsys, tmp_path):
    assert main(["company", "compare", str(sheet), *SHORT, "--design", "one", "--runs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "All people against no people" in said
    folder = next(tmp_path.iterdir())
    assert len(json.loads((folder / "comparison.json").read_text())["choices"]) == 62
    assert "<svg" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (("arrows.csv", "0.8", "0.7"), [], ["known?", "0.9"]),
        (("cells.csv", "sales,gamma", "sails,gamma"), [], ["cells row ", "sails"]),
        (None, ["--give", "assemble=ai"], ["row 23", "'ai'", "person; robot"]),
        (None, ["--give", "assemble"], ["--give 'assemble'", "CELL=ai"]),
        (None, ["--weeks", "0"], ["weeks 0"]),
    ],
)
def test_what_cannot_be_simulated_is_one_line_and_exit_code_2(tmp_path, capsys, change, options, words):
    write_sheet(example_sheet(), tmp_path / "s")
    if change:
        file = tmp_path / "s" / change[0]
        file.write_text(file.read_text().replace(change[1], change[2], 1))
    assert main(["company", "simulate", str(tmp_path / "s"), *SHORT, *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for word in words:
        assert word in said


def test_what_is_given_to_all_goes_to_all_that_can_and_later_words_win():
    choice = choice_of(example_sheet(), ("all=ai", "invoice=person"))
    assert len(choice) == 25
    assert choice["invoice"] == "person"
    with pytest.raises(BadInput, match="dog"):
        choice_of(example_sheet(), ("invoice=dog",))


def people_only_sheet(tmp_path):
    (tmp_path / "list.csv").write_text("name,duration\nread,exponential 0.2\njudge,constant 0.1\n")
    assert main(["company", "import", str(tmp_path / "list.csv"), "--out", str(tmp_path / "s")]) == 0
    return str(tmp_path / "s")


def test_giving_all_to_machines_says_what_is_needed_where_no_cell_knows_one(tmp_path, capsys):
    sheet = people_only_sheet(tmp_path)
    assert main(["company", "simulate", sheet, *SHORT, "--give", "all=ai"]) == 2
    said = capsys.readouterr().err
    assert "none of the 2 cells says how 'ai' does it" in said
    assert "--worker run:DIR" in said
    assert main(["company", "compare", sheet]) == 2
    assert "ai duration" in capsys.readouterr().err


def test_a_sheet_is_exported_as_bpmn_and_imported_again(tmp_path, capsys):
    sheet = people_only_sheet(tmp_path)
    assert main(["company", "export", sheet, "--out", str(tmp_path / "m.bpmn")]) == 0
    assert main(["company", "import", str(tmp_path / "m.bpmn"), "--out", str(tmp_path / "again")]) == 0
    assert "times of 2 of 2 cells" in capsys.readouterr().out
