"""Logs as other tools write them: each kind gives the right value or a refusal that names the value, and nothing is left out or
guessed without a word. Small files of each kind, and the larger shared ones where they are."""

from pathlib import Path

import numpy as np
import pytest

from crewless.company.discover import import_process, read_log
from crewless.company.discover.calendars import find_week, unseen_days
from crewless.company.discover.people import find_people
from crewless.company.discover.rows import ReadConfig, has_life_cycle
from crewless.company.discover.sheet_of_log import discover
from crewless.company.discover.times import Times
from crewless.core.errors import BadInput

CASES = next(
    (up / "shared/cases/process" for up in Path(__file__).resolve().parents if (up / "shared/cases/process").is_dir()),
    None,
)
needs_cases = pytest.mark.skipif(CASES is None, reason="the shared cases are not here")
DROP = ReadConfig(bad_rows="drop")


def put(tmp_path: Path, text: str | bytes, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def xes(*traces: str) -> str:
    return f"<log>{''.join(f'<trace>{trace}</trace>' for trace in traces)}</log>"


def event(name: str, t: str, transition: str = "", start: str = "") -> str:
    parts = [
        ("concept:name", name),
        ("time:timestamp", t),
        ("lifecycle:transition", transition),
        ("start_timestamp", start),
    ]
    return "<event>" + "".join(f'<string key="{k}" value="{v}"/>' for k, v in parts if v) + "</event>"


def minutes(log) -> list[float]:
    return ((log.end - log.start) / 60).round(3).tolist()


def said(log, *words: str) -> bool:
    return any(all(word in note for word in words) for note in log.notes)


# Times.


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("1767600637000", "2026-01-05T08:10:37"), ("1767600637", "2026-01-05T08:10:37"), ("1767600637000000", "2026-01-05T08:10:37"),
        ("1767600637000000000", "2026-01-05T08:10:37"), ("1.767600637E12", "2026-01-05T08:10:37"), ("20260105", "2026-01-05T00:00:00"),
        ("20260105093000", "2026-01-05T09:30:00"), ("2026-01-05 09:30:00 UTC", "2026-01-05T09:30:00"),
        ("2026-01-05 09:30:00 +0100", "2026-01-05T09:30:00"), ("2026/01/05 09:30:00.000", "2026-01-05T09:30:00"),
        ("01/25/2026 09:30 PM", "2026-01-25T21:30:00"), ("1/25/26 12:05:01 am", "2026-01-25T00:05:01"),
        ("25.01.2026 09:30", "2026-01-25T09:30:00"), ("5-Jan-2026 09:30", "2026-01-05T09:30:00"),
        ("Jan 5, 2026 9:30:00 PM", "2026-01-05T21:30:00"), ("5. Mai 2026 09:30", "2026-05-05T09:30:00"),
        ("2026-01-05T09:30:00,250", "2026-01-05T09:30:00"), ("2026-01-05", "2026-01-05T00:00:00"),
    ],
)  # fmt: skip
def test_a_time_is_read_as_it_is_written(value: str, iso: str):
    times = Times("log")
    times.learn([value])
    assert np.datetime64(int(times.seconds(value, "row 2")), "s") == np.datetime64(iso)


@pytest.mark.parametrize("value", ["soon", "12", "13/13/2026", "2026-13-01", "25:00", "31/02/2026", "7.5", "1e30"])
def test_what_is_no_time_is_refused_by_its_value(value: str):
    times = Times("log")
    times.learn([value])
    with pytest.raises(BadInput, match=r"row 2: .* is not a time"):
        times.seconds(value, "row 2")


def dates(tmp_path: Path, days: list[str]) -> Path:
    return put(tmp_path, "case,activity,end\n" + "".join(f"{i},a,{day} 09:00\n" for i, day in enumerate(days)))


def test_a_day_above_twelve_tells_the_order_and_nothing_is_said(tmp_path: Path):
    log = read_log(dates(tmp_path, ["03/04/2026", "03/14/2026"]))
    assert (np.diff(log.end) / 86400).tolist() == [10.0]
    assert not said(log, "day")


def test_where_nothing_tells_day_and_month_the_shorter_reading_is_taken_and_said(tmp_path: Path):
    american = [f"01/{day:02}/2026" for day in range(1, 13)]
    log = read_log(dates(tmp_path, american))
    assert (log.end[-1] - log.end[0]) / 86400 == 11
    assert said(log, "01/01/2026", "month first", "--dates day-first")
    european = read_log(dates(tmp_path, [f"{day:02}/01/2026" for day in range(1, 13)]))
    assert (european.end[-1] - european.end[0]) / 86400 == 11
    assert said(european, "day first")
    forced = read_log(dates(tmp_path, american), config=ReadConfig(dates="day-first"))
    assert (forced.end[-1] - forced.end[0]) / 86400 == 334
    assert not forced.notes[0].startswith("no date")


# Starts, ends and life cycles.


def test_an_event_of_xes_may_name_its_own_start(tmp_path: Path):
    log = read_log(put(tmp_path, xes(event("a", "2026-01-05T09:10:00Z", start="2026-01-05T09:00:00Z")), "log.xes"))
    assert minutes(log) == [10.0]
    assert not log.estimated


def test_ends_that_stand_before_their_starts_in_the_file_are_joined_by_time(tmp_path: Path):
    rows = event("a", "2026-01-05T09:10:00Z", "complete") + event("a", "2026-01-05T09:00:00Z", "start")
    log = read_log(put(tmp_path, xes(rows), "log.xes"), config=ReadConfig(unfinished="refuse"))
    assert minutes(log) == [10.0]


def test_an_end_that_comes_twice_counts_once_and_is_said(tmp_path: Path):
    rows = "".join(
        event("a", f"2026-01-05T09:{m}:00Z", t) for m, t in (("00", "START"), ("10", "COMPLETE"), ("20", "COMPLETE"))
    )
    log = read_log(put(tmp_path, xes(rows), "log.xes"))
    assert minutes(log) == [10.0]
    assert said(log, "1 steps", "once more")


def test_an_end_without_any_start_is_kept_and_a_start_without_end_left_out_both_said(tmp_path: Path):
    text = "case,activity,lifecycle,time\n1,a,start,2026-01-05T09:00\n1,a,complete,2026-01-05T09:10\n2,a,complete,2026-01-05T10:00\n3,a,start,2026-01-05T11:00\n"
    log = read_log(put(tmp_path, text))
    assert len(log) == 2
    assert said(log, "1 steps", "never begun", "kept")
    assert said(log, "1 steps", "never ended", "left out")


def test_the_rest_of_a_life_cycle_is_left_out_and_counted(tmp_path: Path):
    steps = ["schedule", "start", "suspend", "resume", "complete", "schedule", "withdraw", "start", "ate_abort"]
    rows = "".join(event("a", f"2026-01-05T09:{10 + i}:00Z", step) for i, step in enumerate(steps))
    log = read_log(put(tmp_path, xes(rows), "log.xes"))
    assert minutes(log) == [3.0, 1.0]
    assert said(log, "5 rows", "schedule 2", "suspend 1", "withdraw 1")


def test_a_business_column_called_status_is_no_life_cycle(tmp_path: Path):
    text = "case,activity,timestamp,status\n1,a,2026-01-05T09:00,complete\n1,b,2026-01-05T09:10,incomplete\n"
    log = read_log(put(tmp_path, text))
    assert log.activities == ("a", "b")
    assert said(log, "'status'", "incomplete", "not a life cycle")
    assert has_life_cycle(["start", "complete"], "status")
    assert not has_life_cycle(["complete", "cancelled"], "status")
    assert not has_life_cycle(["In Progress", "Closed", "Assigned"], "lifecycle:transition")


def test_other_transitions_make_every_event_a_step(tmp_path: Path):
    rows = event("a", "2026-01-05T09:00:00Z", "In Progress") + event("b", "2026-01-05T09:10:00Z", "Closed")
    log = read_log(put(tmp_path, xes(rows), "log.xes"))
    assert len(log) == 2
    assert said(log, "In Progress", "every row is a separate step")


def test_a_log_of_starts_alone_gets_ends_from_what_came_next(tmp_path: Path):
    text = "case,activity,resource,start_time\n1,a,ana,2026-01-05T09:00\n1,b,ben,2026-01-05T09:30\n2,a,ana,2026-01-05T09:20\n2,b,ben,2026-01-05T09:50\n"
    log = read_log(put(tmp_path, text))
    # Ana begins case 2 at 9:20; Ben begins case 2 at 9:50, but nothing follows b of case 1 within its case.
    assert minutes(log) == [20.0, 0.0, 30.0, 0.0]
    assert log.estimated
    assert said(log, "names no ends")


def test_an_empty_start_column_is_as_none(tmp_path: Path):
    text = (
        "case,activity,resource,start_timestamp,end_timestamp\n1,a,ana,,2026-01-05T09:00\n1,b,ana,,2026-01-05T09:10\n"
    )
    log = read_log(put(tmp_path, text))
    assert minutes(log) == [0.0, 10.0]
    assert said(log, "names no starts")


def test_an_estimated_duration_is_at_most_twice_the_median_of_its_kind(tmp_path: Path):
    """Five visits are seen 10 minutes after the one before; the sixth a day later: it had waited."""
    ends = [f"2026-01-05T09:{m}0" for m in range(6)] + ["2026-01-06T10:00"]
    text = "case,activity,resource,end\n0,b,ana,2026-01-05T08:50\n" + "".join(f"0,a,ana,{end}\n" for end in ends)
    assert minutes(read_log(put(tmp_path, text))) == [0.0, *[10.0] * 6, 20.0]


def test_a_row_that_cannot_be_can_be_left_out_and_is_counted(tmp_path: Path):
    text = "case,activity,start,end\n1,a,2026-01-05T09:00,2026-01-05T09:10\n1,b,2026-01-05T09:30,2026-01-05T09:20\n,c,2026-01-05T09:30,2026-01-05T09:40\n1,d,soon,2026-01-05T09:20\n"
    path = put(tmp_path, text)
    with pytest.raises(BadInput, match=r"row 3.*before it starts.*--bad-rows drop"):
        read_log(path)
    log = read_log(path, config=DROP)
    assert log.activities == ("a",)
    assert said(log, "3 of 4 rows", "row 3")
    without = xes(event("a", "2026-01-05T09:00:00Z") + '<event><string key="concept:name" value="b"/></event>')
    with pytest.raises(BadInput, match=r"trace '1', event 2.*no time"):
        read_log(put(tmp_path, without, "log.xes"))
    assert said(read_log(tmp_path / "log.xes", config=DROP), "1 of 2 rows")


# People, encodings, numbers, workbooks, calendars.


def test_null_words_are_nobody(tmp_path: Path):
    people = ["ana", "NULL", "nan", "None", "", "ana"]
    rows = "".join(f"{i},a,{who},2026-01-05T09:{i}0,2026-01-05T09:{i}5\n" for i, who in enumerate(people))
    log = read_log(put(tmp_path, "case,activity,resource,start,end\n" + rows))
    assert log.resources == ("", "ana")
    assert said(log, "3 rows name nobody", "'NULL'")
    assert [(pool.count, pool.members) for pool in find_people(log).pools] == [(1, ("ana",))]


def test_a_german_spreadsheet_is_read(tmp_path: Path):
    text = "Case;Activity;Start;End;Cost\n1;prüfen;05.01.2026 09:00;05.01.2026 09:10;1.012,50\n"
    for content, remark in ((text.encode("cp1252"), True), (text.encode(), False), (text.encode("utf-16"), False)):
        log = read_log(put(tmp_path, content))
        assert log.activities == ("prüfen",)
        assert log.cost.tolist() == [1012.5]
        assert said(log, "Windows-1252") == remark


@pytest.mark.parametrize(
    ("separator", "cost", "value"), [(",", "1234.5", 1234.5), ("\t", "1,234.50", 1234.5), ("\t", "1,234", 1234.0), (";", "1,234", 1.234), ("\t", "€ 12,5", 12.5)]
)  # fmt: skip
def test_a_number_is_read_as_it_is_written(tmp_path: Path, separator: str, cost: str, value: float):
    rows = [["case", "activity", "end", "cost"], ["1", "a", "2026-01-05T09:00", cost]]
    assert read_log(put(tmp_path, "\n".join(separator.join(row) for row in rows) + "\n")).cost.tolist() == [value]


def test_a_log_in_a_workbook_is_a_log_and_a_list_of_cells_is_none(tmp_path: Path):
    from datetime import datetime

    from openpyxl import Workbook

    book = Workbook()
    page = book.worksheets[0]
    page.append(["Case ID", "Activity", "User", "Start", "End"])
    page.append([7, "write", "ana", datetime(2026, 1, 5, 9), datetime(2026, 1, 5, 9, 30)])
    book.save(tmp_path / "log.xlsx")
    log = read_log(tmp_path / "log.xlsx")
    assert (log.cases, minutes(log)) == (("7",), [30.0])
    assert [cell.name for cell in import_process(tmp_path / "log.xlsx", tmp_path / "s.xlsx").sheet.cells] == ["write"]


def test_a_log_of_one_day_is_repeated_on_the_days_that_it_does_not_show():
    """2026-01-08 is a Thursday."""
    seen = np.array(
        [np.datetime64(f"2026-01-08T{h:02}:30").astype("datetime64[s]").astype(float) for h in range(9, 17)]
    )
    span = (seen[0], seen[-1])
    assert unseen_days(span) == [0, 1, 2, 4, 5, 6]
    assert find_week(seen, span=span).hours == 7 * 8
    assert find_week(seen).hours == 8
    # A log that has seen all five working days knows that nobody works on the others.
    assert unseen_days((seen[0] - 3 * 86400, seen[0] + 86400)) == []


def test_a_rare_activity_is_in_the_sheet_and_cases_finish(tmp_path: Path):
    """One case in forty is withdrawn after any step: with the usual thinning its arrows are all too rare."""
    rows = []
    for case in range(120):
        steps = ["register", "check", "ask", "check", "decide", "pay" if case % 3 else "refuse"]
        steps = steps if case % 4 else [one for one in steps if one != "ask"]
        if case % 17 == 5:
            steps = [*steps[: 1 + case % 4], "withdraw"]
        if case == 77:
            steps.insert(2, "appeal")
        rows += [
            f"{case},{step},ana,2026-01-{5 + case % 20:02}T{9 + i:02}:{case % 60:02},2026-01-{5 + case % 20:02}T{9 + i:02}:{case % 60:02}:30\n"
            for i, step in enumerate(steps)
        ]
    log = read_log(put(tmp_path, "case,activity,resource,start,end\n" + "".join(rows)))
    found = discover(log)
    assert {cell.name for cell in found.sheet.cells} == set(log.activities)
    assert {"withdraw", "appeal"} < set(log.activities)
    assert found.conformance.fitness > 0.9


SHARED_VALUES = {
    # name: (visits, cases, activities, words that are said)
    "rare_ending.csv": (207, 40, 8, ()),
    "start_timestamp.xes": (220, 60, 4, ()),
    "epoch_ms_end_only.csv": (300, 100, 3, ("names no starts",)),
    "complete_before_start.xes": (220, 60, 4, ()),
    "status_column_partly_complete.csv": (220, 60, 4, ("'status'", "not a life cycle")),
    "us_dates_low_days.csv": (96, 48, 2, ("month first", "--dates day-first")),
    "resource_null.csv": (220, 60, 4, ("123 rows name nobody",)),
    "one_day_log.csv": (84, 42, 2, ()),
    "complete_twice.csv": (220, 60, 4, ("1 steps", "once more")),
    "other_lifecycle.xes": (220, 60, 4, ("every row is a separate step",)),
    "slash_time.xes": (220, 60, 4, ("names no starts",)),
    "us_am_pm.csv": (220, 60, 4, ("month first",)),
    "iso_utc_word.csv": (220, 60, 4, ()),
    "german_excel_cp1252.csv": (220, 60, 4, ("Windows-1252",)),
    "log.xlsx": (220, 60, 4, ()),
    "start_column_empty.csv": (40, 20, 2, ("names no starts",)),
    "start_only.csv": (220, 60, 4, ("names no ends",)),
    "comma_decimal_cost.csv": (220, 60, 4, ()),
}


@needs_cases
@pytest.mark.parametrize("name", SHARED_VALUES)
def test_a_shared_log_is_imported_with_its_values_and_a_word_about_what_was_guessed(tmp_path: Path, name: str):
    assert CASES
    visits, cases, activities, words = SHARED_VALUES[name]
    log = read_log(CASES / name)
    assert (len(log), len(log.cases), len(log.activities)) == (visits, cases, activities)
    assert not words or said(log, *words), log.notes
    lines: list[str] = []
    made = import_process(CASES / name, tmp_path / "sheet.xlsx", print_line=lines.append)
    assert {cell.name for cell in made.sheet.cells} == set(log.activities)
    assert all(any(note in line for line in lines) for note in log.notes)


@needs_cases
def test_the_shared_logs_times_are_right():
    assert CASES
    for name in ("start_timestamp.xes", "complete_before_start.xes", "us_am_pm.csv", "iso_utc_word.csv", "log.xlsx"):
        log = read_log(CASES / name)
        assert set(minutes(log)) == {10.0}, name
        assert log.start.min() == np.datetime64("2026-01-05T09:00").astype("datetime64[s]").astype(float), name
    epoch = read_log(CASES / "epoch_ms_end_only.csv")
    assert str(np.datetime64(int(epoch.end.min()), "s")).startswith("2026-01-05")
    assert str(np.datetime64(int(epoch.end.max()), "s")).startswith("2026-01")
    _, first, last = epoch.case_times()
    assert 0.4 < (last - first).mean() / 3600 < 0.6
    assert set(read_log(CASES / "comma_decimal_cost.csv").cost.tolist()) == {12.5}
    assert [pool.count for pool in find_people(read_log(CASES / "resource_null.csv")).pools] == [1]
    assert "prüfen" in read_log(CASES / "german_excel_cp1252.csv").activities


@needs_cases
def test_the_shared_log_with_one_event_without_time_says_which_and_how_to_go_on():
    assert CASES
    with pytest.raises(BadInput, match=r"trace 'c5', event 2.*no time.*--bad-rows drop"):
        read_log(CASES / "one_event_without_time.xes")
    log = read_log(CASES / "one_event_without_time.xes", config=DROP)
    assert said(log, "1 of ", "rows cannot be read")


@needs_cases
def test_the_shared_log_of_one_day_says_that_a_week_is_not_known(tmp_path: Path):
    assert CASES
    lines: list[str] = []
    sheet = import_process(CASES / "one_day_log.csv", tmp_path / "s.xlsx", print_line=lines.append).sheet
    assert any("spans 0.4 days" in line and "Monday" in line for line in lines)
    assert all(len(calendar.week) == 7 for calendar in sheet.calendars)
