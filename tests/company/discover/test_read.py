"""Logs of every kind are read; what cannot be is named by row and value."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from crewless.company.discover import import_process, read_log
from crewless.company.discover.read_csv import read_csv
from crewless.company.discover.rows import ReadConfig
from crewless.core.errors import BadInput
from crewless.core.events import EventLog, read_events, write_xes

STRICT = ReadConfig(unfinished="refuse")
HEAD = "case_id,activity,resource,start_time,end_time\n"


def csv_log(tmp_path: Path, text: str, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_columns_are_found_by_their_usual_names_whatever_the_separator(tmp_path: Path):
    text = "Case ID;Task;User;Begin;Finish Time\n7;write;ana;2026-01-05 09:00;2026-01-05 10:30\n"
    log = read_csv(csv_log(tmp_path, text))
    assert (log.cases, log.activities, log.resources) == (("7",), ("write",), ("ana",))
    assert (log.end - log.start).tolist() == [5400.0]


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-01-05T09:00:00+02:00", "2026-01-05T08:00:00+01:00", 0.0),
        ("05.01.2026 09:00", "05.01.2026 09:01", 60.0),
        ("13/01/2026 09:00:00", "13/01/2026 09:00:30", 30.0),
        ("01/13/2026 09:00:00", "01/13/2026 09:00:30", 30.0),
        ("1767603600", "1767603601.5", 1.5),
        ("1767603600000", "1767603601500", 1.5),
        ("2026-01-05T09:00:00Z", "2026-01-05T09:00:00.250Z", 0.25),
    ],
)
def test_times_are_read_as_they_are_usually_written(tmp_path: Path, start: str, end: str, seconds: float):
    log = read_csv(csv_log(tmp_path, f"{HEAD}1,a,r,{start},{end}\n"))
    assert (log.end - log.start).tolist() == [seconds]


def test_the_clock_is_that_of_the_first_row(tmp_path: Path):
    log = read_csv(csv_log(tmp_path, HEAD + "1,a,r,2026-01-05T09:00:00+02:00,2026-01-05T07:30:00Z\n"))
    assert np.datetime64(int(log.start[0]), "s") == np.datetime64("2026-01-05T09:00:00")
    assert log.end[0] - log.start[0] == 1800


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        (HEAD + "1,a,r,2026-01-05T10:00,2026-01-05T09:00\n", {}, ["row 2", "'a'", "2026-01-05 09:00", "before it starts"]),
        (HEAD + "1,a,r,2026-01-05T10:00,2026-01-05T11:00\n1,b,r,2026-01-05T11:00,\n", {}, ["row 3", "'b'", "no end"]),
        (HEAD + "1,a,r,soon,2026-01-05T09:00\n", {}, ["row 2", "'soon' is not a time"]),
        (HEAD + "1,,r,2026-01-05T08:00,2026-01-05T09:00\n", {}, ["row 2", "activity"]),
        ("order,activity,end\n1,a,2026-01-05\n", {}, ["no column looks like the case", "order, activity, end", "case=NAME"]),
        ("order,activity,end\n1,a,2026-01-05\n", {"case": "ordr"}, ["'ordr'", "order"]),
        ("order,activity,end\n1,a,2026-01-05\n", {"kase": "order"}, ["'kase'", "resource"]),
        (HEAD, {}, ["no visits"]),
        (HEAD.strip() + ",cost\n1,a,r,2026-01-05T08:00,2026-01-05T09:00,free\n", {}, ["row 2", "'free'"]),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_named(tmp_path: Path, text: str, columns: dict[str, str], words: list[str]):
    with pytest.raises(BadInput) as caught:
        read_csv(csv_log(tmp_path, text), columns=columns, config=STRICT)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_column_can_be_chosen_and_what_has_no_end_dropped(tmp_path: Path):
    text = "order,activity,start,end\n9,a,2026-01-05T08:00,2026-01-05T09:00\n9,b,2026-01-05T09:00,\n"
    log = read_csv(csv_log(tmp_path, text), columns={"case": "order"})
    assert (log.cases, len(log)) == (("9",), 1)


LIFECYCLE = "case,activity,lifecycle,timestamp\n"


def test_a_row_for_each_event_is_paired_first_in_first_out(tmp_path: Path):
    rows = [
        "start,2026-01-05T08:00",
        "start,2026-01-05T08:10",
        "complete,2026-01-05T08:30",
        "complete,2026-01-05T09:00",
    ]
    log = read_csv(csv_log(tmp_path, LIFECYCLE + "".join(f"1,a,{row}\n" for row in rows)))
    assert ((log.end - log.start) / 60).tolist() == [30.0, 50.0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            ["start,2026-01-05T06:00", "complete,2026-01-05T07:00", "start,2026-01-05T08:00"],
            "row 4.*'a' of case '1', started at 2026-01-05 08:00.*no end",
        ),
        (["start,2026-01-05T08:00", "complete,2026-01-05T09:00", "complete,2026-01-05T10:00"], "row 4.*never begun"),
        (["start,2026-01-05T08:00", "complete,2026-01-05T07:00"], "row 3.*ends at 2026-01-05 07:00.*never begun"),
    ],
)
def test_an_event_without_its_partner_is_named(tmp_path: Path, rows: list[str], words: str):
    with pytest.raises(BadInput, match=words):
        read_csv(csv_log(tmp_path, LIFECYCLE + "".join(f"1,a,{row}\n" for row in rows)), config=STRICT)


def test_a_log_of_ends_alone_gets_starts_from_who_was_free(tmp_path: Path):
    rows = "1,a,ana,2026-01-05T08:00\n2,a,ana,2026-01-05T08:20\n1,b,ana,2026-01-05T08:30\n"
    log = read_csv(csv_log(tmp_path, "case,activity,resource,timestamp\n" + rows))
    assert log.estimated
    # The first of a case has nothing before it; b of case 1 could begin when ana had ended case 2.
    assert sorted(((log.end - log.start) / 60).tolist()) == [0.0, 0.0, 10.0]


@pytest.fixture
def company(tmp_path: Path) -> Path:
    clock: Iterator[float] = iter([1767603600.0 + 60 * i for i in range(9)])
    log = EventLog(tmp_path / "events.jsonl", clock=lambda: next(clock))
    for case in ("1", "2"):
        log.add(case=case, cell="work", resource="w", kind="start")
        log.add(case=case, cell="work", resource="w", kind="note", outcome="restarted")
        log.add(case=case, cell="work", resource="w", kind="end", cost_usd=0.5)
    return log.path


def test_the_companys_own_log_and_its_xes_say_the_same(company: Path, tmp_path: Path):
    mine = read_log(company)
    write_xes(read_events(company), tmp_path / "log.xes")
    (tmp_path / "log.xes.gz").write_bytes(gzip.compress((tmp_path / "log.xes").read_bytes()))
    for other in (read_log(tmp_path / "log.xes"), read_log(tmp_path / "log.xes.gz")):
        assert (other.cases, other.activities, other.resources) == (mine.cases, mine.activities, mine.resources)
        assert (other.end - other.start).tolist() == (mine.end - mine.start).tolist() == [120.0, 120.0]
        assert other.cost.tolist() == mine.cost.tolist() == [0.5, 0.5]


def test_work_that_was_never_ended_is_named_by_its_line(company: Path):
    EventLog(company).add(case="3", cell="work", resource="w", kind="start")
    with pytest.raises(BadInput, match=r"line 7.*case '3'.*no end"):
        read_log(company, config=STRICT)
    log = read_log(company)
    assert len(log) == 2
    assert log.notes == ("1 steps were begun and never ended and were left out",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html/>", "begins with <html>"),
        ("<log><trace>", "cannot be read as XES"),
        ('<log><trace><string key="concept:name" value="k"/><event><string key="concept:name" value="a"/></event></trace></log>', "trace 'k', event 1: .*it has no time"),
        ('<log><trace><event><string key="concept:name" value="a"/><date key="time:timestamp" value="noon"/></event></trace></log>', "trace '1', event 1: 'noon' is not a time"),
    ],
)  # fmt: skip
def test_an_xes_file_that_cannot_be_is_named(tmp_path: Path, text: str, words: str):
    with pytest.raises(BadInput, match=words):
        read_log(csv_log(tmp_path, text, "log.xes"))


def test_what_cannot_be_imported_is_told_what_can(tmp_path: Path):
    with pytest.raises(BadInput, match=r"\.bpmn.*run:DIR"):
        import_process(tmp_path / "gone", tmp_path / "s")
    with pytest.raises(BadInput, match="cannot be imported"):
        import_process(csv_log(tmp_path, "", "log.pdf"), tmp_path / "s")
