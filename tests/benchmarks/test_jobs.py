"""The jobs of the benchmark: their judges tell right from wrong, and their programs serve what a case needs."""

import random
import re
import sqlite3
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from benchmarks.jobs.desktop import DesktopProgram
from benchmarks.jobs.drift import DRIFTS, TRAPS, Drift
from benchmarks.jobs.job import NUM_SHEETS, JobKind, sheets_of
from benchmarks.jobs.judge import JOURNAL, Asked, JobJudge, RowChange
from benchmarks.jobs.server import WebProgram, WebServer, make_database, read_form
from benchmarks.jobs.suite import JOBS, job_named
from benchmarks.jobs.task import JobTask, JobTaskConfig

from crewless.core.conformance import check_task
from crewless.core.errors import BadInput
from crewless.core.messages import Case

SEEDS = range(10)


@pytest.fixture(params=list(JOBS))
def job(request: pytest.FixtureRequest) -> JobKind:
    """Each job that can be worked here."""
    found = JOBS[request.param]
    if reason := found.lacks():
        pytest.skip(reason)
    return found


def ready(job: JobKind, folder: Path) -> tuple[Path, list[Any]]:
    """A job's database as it is before the first case, and its cases."""
    sheets, database = sheets_of(job), folder / "program.sqlite3"
    make_database(database, job.program.schema, job.program.fill, sheets)
    return database, sheets


def carry_out(database: Path, asked: Asked) -> None:
    """Write what a case asks for, as the program would."""
    with closing(sqlite3.connect(database)) as db, db:
        for change in asked.changes:
            names = list(change.values)
            if change.where is None:
                marks = ", ".join("?" for _ in names)
                sql = f"INSERT INTO {change.table} ({', '.join(names)}) VALUES ({marks})"
                db.execute(sql, tuple(change.values.values()))
            else:
                marks = ", ".join(f"{name} = ?" for name in names)
                where = " AND ".join(f"{name} = ?" for name in change.where)
                sql = f"UPDATE {change.table} SET {marks} WHERE {where}"
                assert db.execute(sql, (*change.values.values(), *change.where.values())).rowcount == 1
        db.executemany(f"INSERT INTO {JOURNAL} (what) VALUES (?)", [("test",)] * asked.entries)


def test_every_job_has_300_cases_of_its_own_and_the_same_ones_again(job):
    sheets = sheets_of(job)
    assert len({sheet["id"] for sheet in sheets}) == NUM_SHEETS == 300
    assert sheets == sheets_of(job)


def test_doing_nothing_is_wrong_where_it_is_claimed_and_handed_over_where_it_is_not(job, tmp_path):
    database, sheets = ready(job, tmp_path)
    for seed in SEEDS:
        sheet = random.Random(seed).choice(sheets)
        judge, case = JobJudge(database, lambda case, sheet=sheet: job.asked(sheet)), Case(id=str(sheet["id"]))
        before = judge.before(case)
        assert judge.judge(case, before, claimed_done=True).outcome == "wrong"
        assert judge.judge(case, before, claimed_done=False).outcome == "handed_over"


def test_what_is_asked_for_is_right_once_and_a_bogus_commit_the_second_time(job, tmp_path):
    database, sheets = ready(job, tmp_path)
    for sheet in random.Random(1).sample(sheets, 3):
        asked = job.asked(sheet)
        judge, case = JobJudge(database, lambda case, asked=asked: asked), Case(id=str(sheet["id"]))
        before = judge.before(case)
        carry_out(database, asked)
        assert judge.judge(case, before, claimed_done=True).outcome == "right"
        carry_out(database, asked)
        again = judge.judge(case, before, claimed_done=True)
        assert (again.outcome, again.evidence["bogus"] >= 1) == ("wrong", True)


def test_what_another_case_asks_for_is_wrong(job, tmp_path):
    database, sheets = ready(job, tmp_path)
    first = sheets[0]
    other = next(sheet for sheet in sheets[1:] if job.asked(sheet) != job.asked(first))
    judge, case = JobJudge(database, lambda case: job.asked(first)), Case(id=str(first["id"]))
    before = judge.before(case)
    carry_out(database, job.asked(other))
    assert judge.judge(case, before, claimed_done=True).silent_wrong


def test_a_change_of_another_row_or_column_is_seen_by_the_judge(tmp_path):
    database = tmp_path / "a.sqlite3"
    make_database(
        database,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b);",
        lambda db, sheets: db.executemany("INSERT INTO t (a, b) VALUES (?, ?)", [("x", "1"), ("y", "2")]),
        [],
    )
    asked = Asked(changes=(RowChange(table="t", where={"a": "x"}, values={"b": "9"}),))
    judge, case = JobJudge(database, lambda case: asked), Case(id="1")
    before = judge.before(case)
    carry_out(database, asked)
    assert judge.judge(case, before, claimed_done=True).outcome == "right"
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE t SET a = 'z' WHERE id = 2")
    verdict = judge.judge(case, before, claimed_done=True)
    assert verdict.outcome == "wrong"
    assert verdict.evidence["extra"] == ['t {"a": "z"}']


def web_job(name: str) -> tuple[JobKind, WebProgram]:
    """A job that is worked in a browser."""
    job = job_named(name)
    assert isinstance(job.program, WebProgram)
    return job, job.program


def fetch(server: WebServer, path: str, **form: str) -> tuple[str, str]:
    """A page's text and address; with fields they are sent in."""
    data = urllib.parse.urlencode(form).encode() if form else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(server.url + path.lstrip("/"), data, timeout=20) as answer:
        return answer.read().decode(), urllib.parse.urlsplit(answer.url).path


def test_every_web_program_shows_a_case_that_is_looked_up_by_its_number_in_every_drift(tmp_path):
    for job in JOBS.values():
        if isinstance(job.program, DesktopProgram) or job.lacks() or job.name == "search_update":
            continue
        sheets = sheets_of(job)
        for drift in (Drift(), DRIFTS["german"], DRIFTS["modal"], DRIFTS["look_material"]):
            server = WebServer(job.program, tmp_path / f"{job.name}.sqlite3", sheets, drift)
            try:
                page, path = fetch(server, f"/find?q={sheets[7]['id']}")
            finally:
                server.close()
            assert path == f"/case/{sheets[7]['id']}"
            assert f'data-page="case {sheets[7]["id"]}"' in page
            assert ("Startseite" in page) == drift.german
            assert ('data-op="modal"' in page) == drift.modal


def test_a_session_is_lost_once_a_case_at_opening_or_at_saving(tmp_path):
    job, program = web_job("expense_boxes")
    sheets = sheets_of(job)
    number = str(sheets[0]["id"])
    server = WebServer(program, tmp_path / "a.sqlite3", sheets, DRIFTS["session_opening"])
    try:
        assert 'data-page="login"' in fetch(server, f"/case/{number}")[0]
        assert f'data-page="case {number}"' in fetch(server, f"/case/{number}")[0]
    finally:
        server.close()
    server = WebServer(program, tmp_path / "b.sqlite3", sheets, DRIFTS["session_saving"])
    try:
        assert 'data-page="login"' in fetch(server, "/save", case=number, booked="1")[0]
        assert 'data-page="booked' in fetch(server, "/save", case=number, booked="1")[0]
    finally:
        server.close()


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if trap != "slow_save"])
def test_a_trap_lies_in_the_place_of_what_the_case_needs(trap, tmp_path):
    job, program = web_job("expense_boxes")
    sheets = sheets_of(job)
    number, other = str(sheets[0]["id"]), str(sheets[1]["id"])
    server = WebServer(program, tmp_path / "a.sqlite3", sheets, Drift(trap=trap))
    try:
        if trap == "error":
            with pytest.raises(urllib.error.HTTPError, match="500"):
                fetch(server, f"/case/{number}")
            return
        page, _ = fetch(server, f"/case/{number}")
        shown = {"overlay": number, "look_alike": number, "other_case": other, "login": ""}[trap]
        assert (f'data-page="case {shown}"' in page) == bool(shown)
        if trap in ("overlay", "look_alike"):
            assert f"/trap/{trap}" in page
            judge, case = JobJudge(server.database, lambda case: job.asked(sheets[0])), Case(id=number)
            before = judge.before(case)
            fetch(server, f"/trap/{trap}", case=number)
            verdict = judge.judge(case, before, claimed_done=False)
            assert (verdict.outcome, verdict.evidence["bogus"]) == ("wrong", 1)
    finally:
        server.close()


def test_a_form_is_read_with_its_files():
    body = (
        b'--x\r\nContent-Disposition: form-data; name="case"\r\n\r\nAT-1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--x--\r\n'
    )
    form, files = read_form("multipart/form-data; boundary=x", body)
    assert form == {"case": ["AT-1"]}
    assert (files["file"].name, files["file"].content) == ("a.pdf", b"%PDF")
    assert read_form("application/x-www-form-urlencoded", b"a=1&a=2&b=")[0] == {"a": ["1", "2"], "b": [""]}


def test_unknown_names_are_said_with_those_that_there_are():
    with pytest.raises(BadInput, match="there is no job 'invoices'"):
        job_named("invoices")
    with pytest.raises(BadInput, match="there is no style 'robot'"):
        JobTask(job_named("slider"), JobTaskConfig(style="robot"))
    with pytest.raises(BadInput, match="there is no drift 'darker'"):
        JobTask(job_named("slider"), JobTaskConfig(drift="darker"))
    with pytest.raises(BadInput, match=re.escape("num_cases is 301")):
        JobTask(job_named("slider"), JobTaskConfig(num_cases=301))


@pytest.mark.screen
@pytest.mark.browser
def test_a_person_like_operator_does_a_case_on_a_screen_and_doing_nothing_does_not(tmp_path):
    check_task(
        lambda: JobTask(job_named("expense_boxes"), JobTaskConfig(num_cases=1, style="person")), tmp_path, max_steps=120
    )


@pytest.mark.screen
def test_a_program_in_a_window_of_its_own_is_worked_on_a_screen(tmp_path):
    job = job_named("tk_goods_in")
    if reason := job.lacks():
        pytest.skip(reason)
    check_task(lambda: JobTask(job, JobTaskConfig(num_cases=1)), tmp_path, max_steps=120)
