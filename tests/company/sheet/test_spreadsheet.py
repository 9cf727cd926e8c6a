"""What is written to a spreadsheet is read back as it was; what cannot be read is named."""

import csv
from pathlib import Path

import pytest
from openpyxl import Workbook

from crewless.company.discover import import_process
from crewless.company.sheet.model import (
    Arrow,
    Calendar,
    Cell,
    Duration,
    Gateway,
    Meeting,
    Pool,
    Sheet,
    WorkProfile,
)
from crewless.company.sheet.spreadsheet import read_cells, read_sheet, write_sheet
from crewless.core.errors import BadInput

SHEET = Sheet(
    cells=(
        Cell(
            name='=write, "twice"\nä',
            role="clerk",
            works={
                "person": WorkProfile(
                    resource="r", duration=Duration(kind="lognormal", numbers=(-0.1, 1 / 3)), error=0.1
                ),
                "ai": WorkProfile(resource="r", duration=Duration(kind="table", numbers=(0.0, 1e-9, 2.0)), cost=0.07),
            },
            meeting=Meeting(people=3, hours=0.5, agree=0.9),
            priority=-2,
            capacity=7,
        ),
    ),
    gateways=(Gateway(name="in", kind="start"), Gateway(name="out", kind="end")),
    arrows=(
        Arrow(source="in", target='=write, "twice"\nä', delay=Duration(numbers=(0.1,))),
        Arrow(source='=write, "twice"\nä', target="out"),
    ),
    resources=(
        Pool(name="r", count=2, calendar="office", cost_per_hour=0.1 + 0.2, leave_days_per_year=25.5, handover=1 / 7),
    ),
    calendars=(Calendar(name="office", week=((9.0, 17.5), (33.0, 41.0))),),
)


@pytest.mark.parametrize("name", ["sheet.xlsx", "sheet"])
def test_a_sheet_is_read_back_as_it_was(tmp_path: Path, name: str):
    write_sheet(SHEET, tmp_path / name)
    assert read_sheet(tmp_path / name) == SHEET


@pytest.mark.parametrize(
    ("table", "old", "new", "words"),
    [
        ("arrows", "1.0", "lots", "arrows row 1, probability: 'lots'"),
        ("resources", "r,2", "r,2.5", "resources row 1, count: '2.5'"),
        ("calendars", "9.0-17.5", "9.0", "calendars row 1, week"),
        ("cells", "clerk,person", "clerk,persn", "cells row 1, performer: 'persn'"),
        ("gateways", "kind", "sort", "no column 'kind'"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path: Path, table: str, old: str, new: str, words: str):
    write_sheet(SHEET, tmp_path / "s")
    path = tmp_path / "s" / f"{table}.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(BadInput, match=words):
        read_sheet(tmp_path / "s")


LIST = """name,role,performer,duration,error,ai duration,meeting people
write,clerk,,exponential 0.5,0.1,constant 0.01,
check,chief,ai,constant 0.1,,,3
"""


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
def test_a_list_of_cells_alone_is_worked_in_the_order_of_its_rows(tmp_path: Path, kind: str):
    path = tmp_path / f"list{kind}"
    if kind == ".csv":
        path.write_text(LIST)
    else:
        book = Workbook()
        for row in csv.reader(LIST.splitlines()):
            book.worksheets[0].append(row)
        book.save(path)
    sheet = import_process(path, tmp_path / "sheet", print_line=lambda what: None).sheet
    assert [(arrow.source, arrow.target) for arrow in sheet.arrows] == [
        ("start", "write"),
        ("write", "check"),
        ("check", "end"),
    ]
    write, check = sheet.cells
    assert write.works == {
        "person": WorkProfile(resource="clerk", duration=Duration(kind="exponential", numbers=(0.5,)), error=0.1),
        "ai": WorkProfile(resource="clerk", duration=Duration(numbers=(0.01,))),
    }
    assert (check.performer, check.works) == (
        "ai",
        {"ai": WorkProfile(resource="chief", duration=Duration(numbers=(0.1,)))},
    )
    assert check.meeting == Meeting(people=3, hours=0.5)
    assert read_sheet(tmp_path / "sheet") == sheet


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,performer,duration\nwrite,person,exponential x\n", "cells row 1, person duration: 'x' is not a number"),
        ("name,duration,colour\nwrite,constant 1,red\n", "a column 'colour'"),
        ("name,duration\nwrite,constant 1\nwrite,constant 2\n", "'write' is empty or already used"),
    ],
)
def test_a_list_that_cannot_be_is_named(tmp_path: Path, text: str, words: str):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(BadInput, match=words):
        read_cells(tmp_path / "list.csv")


@pytest.mark.parametrize("week", ["1-3 every 1", "3-1 every 9", "1 every 2", "1-2 every x"])
def test_a_repeated_week_that_cannot_be_is_named(tmp_path: Path, week: str):
    write_sheet(SHEET, tmp_path / "s")
    path = tmp_path / "s/calendars.csv"
    path.write_text(f"name,week\noffice,{week}\n")
    with pytest.raises(BadInput, match="calendars row 1, week"):
        read_sheet(tmp_path / "s")
