"""Over real HTTP: what the browser would send, sent by hand."""

import html
import os
import re
import signal
import sqlite3
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from crewless.core.errors import BadInput
from crewless.core.messages import Case
from crewless.core.task import Task
from crewless.tasks.helpdesk import HelpdeskConfig, HelpdeskTask
from crewless.tasks.helpdesk.host.lying import lies_about

SHARE = 0.4


class Client:
    """A staff member's session."""

    def __init__(self, task: HelpdeskTask) -> None:
        self.task = task
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self.post("login/", {"username": task.host.staff, "password": task.host.password})

    def get(self, path: str) -> str:
        with self._opener.open(self.task.host.url + path, timeout=20) as answer:
            self.url = answer.url
            return answer.read().decode()

    def post(self, path: str, fields: dict[str, object]) -> str:
        page = self.get("login/") if path == "login/" else self.get(path.removesuffix("update/"))
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)
        assert token
        body = urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        with self._opener.open(self.task.host.url + path, body, timeout=20) as answer:
            self.url = answer.url
            return answer.read().decode()

    def save(self, case: Case, **changed: object) -> str:
        """What the filled-in form sends."""
        answer = self.task.expected(case)
        assert answer is not None
        fields = {
            "preset": "1", "comment": answer["reply"], "new_status": answer["status"], "public": "1", "time_spent": "",
            "title": self._title(case), "owner": "0", "priority": "3", "queue": answer["queue"], "due_date": "",
        }  # fmt: skip
        return self.post(f"tickets/{case.id}/update/", {**fields, **changed})

    def _title(self, case: Case) -> str:
        """As the form holds it."""
        connection = sqlite3.connect(f"file:{self.task.host.database}?mode=ro", uri=True)
        try:
            return connection.execute("SELECT title FROM helpdesk_ticket WHERE id=?", (case.id,)).fetchone()[0]
        finally:
            connection.close()


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    yield from serve(tmp_path_factory, HelpdeskConfig(num_cases=40, num_archive=30, seed=3, none_share=0.2))


@pytest.fixture(scope="module")
def lying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    config = HelpdeskConfig(num_cases=12, seed=1, none_share=0, lying=True, lying_share=SHARE)
    yield from serve(tmp_path_factory, config)


def serve(factory: pytest.TempPathFactory, config: HelpdeskConfig) -> Iterator[Client]:
    task = HelpdeskTask(config)
    task.setup(factory.mktemp("run"))
    try:
        yield Client(task)
    finally:
        task.teardown()


def of_status(client: Client, status: str, nth: int = 0) -> Case:
    cases = [case for case in client.task.cases() if (client.task.expected(case) or {}).get("status_name") == status]
    return cases[nth]


def judged(client: Client, case: Case, **changed: object):
    verifier = client.task.verifier()
    before = verifier.before(case)
    client.save(case, **changed)
    verdict = verifier.judge(case, before, claimed_done=True)
    verifier.close()
    return verdict


def test_it_is_a_task():
    assert isinstance(HelpdeskTask(), Task)


@pytest.mark.parametrize("status", ["Open", "Resolved", "Closed"])
def test_a_ticket_saved_as_it_should_be_is_right(honest: Client, status: str):
    verdict = judged(honest, of_status(honest, status))
    assert verdict.outcome == "right", verdict.evidence


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"queue": 1}, "helpdesk_ticket.queue_id is 1"),
        ({"new_status": 5}, "helpdesk_ticket.status is 5"),
        ({"comment": "Go away."}, "helpdesk_followup.comment is 'Go away.'"),
    ],
)
def test_a_wrong_save_is_wrong(honest: Client, changed: dict[str, object], fault: str):
    case = of_status(honest, "Open", 1 + len(fault) % 7)
    verdict = judged(honest, case, **changed)
    assert verdict.silent_wrong
    assert any(found.startswith(fault) for found in verdict.evidence["faults"])


def test_a_change_that_was_not_asked_for_is_wrong(honest: Client):
    verdict = judged(honest, of_status(honest, "Resolved", 1), priority=1)
    assert verdict.silent_wrong
    assert {u["table"] for u in verdict.evidence["unexpected"]} == {"helpdesk_ticket", "helpdesk_ticketchange"}


def test_looking_at_pages_changes_nothing(honest: Client):
    case = of_status(honest, "Closed", 1)
    verifier = honest.task.verifier()
    before = verifier.before(case)
    for path in ("dashboard/", "tickets/", f"tickets/{case.id}/", "tickets/1/", "kb/", "reports/"):
        honest.get(path)
    assert verifier.judge(case, before, claimed_done=False).outcome == "handed_over"
    verifier.close()


def test_a_ticket_number_in_the_search_box_leads_to_the_ticket(honest: Client):
    honest.get("tickets/?q=35&status=1&status=2&status=3&search_type=header")
    assert honest.url == honest.task.host.url + "tickets/35/"


def test_style_sheets_are_served_and_kept(honest: Client):
    with urllib.request.urlopen(honest.task.host.url + "static/helpdesk/css/sb-admin.css") as answer:
        assert answer.headers["Cache-Control"] == "max-age=86400"


def test_the_archive_shows_the_outcome_of_the_team(honest: Client):
    for case in honest.task.archive()[:5]:
        answer = honest.task.expected(case)
        assert answer is not None
        page = honest.get(f"tickets/{case.id}/").replace("&#x27;", "'")
        assert answer["reply"] in page
        assert re.search(rf"Queue</small>\s*<p>{re.escape(answer['team'])}</p>", page)
        assert re.search(rf"Status</small>\s*<p>{answer['status_name']}</p>", page)


def test_cases_give_the_number_and_never_the_answer(honest: Client):
    cases = honest.task.cases()
    assert [case.id for case in cases] == [str(number) for number in range(31, 71)]
    assert all(dict(case.slots) == {"ticket": case.id} for case in cases)
    assert None in [honest.task.expected(case) for case in cases]


def test_a_ticket_of_the_inbox_shows_its_text_and_no_team(honest: Client):
    case = of_status(honest, "Resolved", 2)
    page = honest.get(f"tickets/{case.id}/")
    assert honest.task.ticket(case).text[:12] in page.replace("&#x27;", "'")
    assert re.search(r"Queue</small>\s*<p>Inbox</p>", page)


def test_a_save_that_was_a_lie_looks_saved_and_is_caught(lying: Client):
    told, honest = [], []
    for case in lying.task.cases():
        lie = lies_about(int(case.id), share=SHARE, seed=1)
        (told if lie else honest).append(case)
        verifier = lying.task.verifier()
        before = verifier.before(case)
        page = lying.save(case)
        answer = lying.task.expected(case)
        assert answer is not None
        assert re.search(rf"Queue</small>\s*<p>{re.escape(answer['team'])}</p>", page)
        verdict = verifier.judge(case, before, claimed_done=True)
        verifier.close()
        assert verdict.silent_wrong == lie
        if lie:
            assert verdict.evidence["after"] == verdict.evidence["before"]
            assert "Inbox" in lying.get(f"tickets/{case.id}/")
    assert told
    assert honest


def test_a_lie_is_told_about_the_asked_for_share():
    told = sum(lies_about(ticket, share=0.3, seed=0) for ticket in range(2000))
    assert 530 <= told <= 670


def test_a_helpdesk_goes_on_where_it_stopped_and_ends_with_its_parent(tmp_path: Path):
    config = HelpdeskConfig(num_cases=2, none_share=0)
    task = HelpdeskTask(config)
    task.setup(tmp_path)
    try:
        Client(task).save(task.cases()[0])
        password = task.host.password
    finally:
        task.teardown()
        task.teardown()
    again = HelpdeskTask(config)
    again.setup(tmp_path)
    try:
        assert again.host.password == password
        answer = again.expected(again.cases()[0])
        assert answer is not None
        assert answer["team"] in Client(again).get("tickets/1/")
        proc = again.host._proc
        assert proc.stdin is not None
        proc.stdin.close()  # as when this process dies
        assert proc.wait(timeout=10) == 0
    finally:
        again.teardown()
    with pytest.raises(BadInput, match="filled differently"):
        HelpdeskTask(HelpdeskConfig(num_cases=3)).setup(tmp_path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (HelpdeskConfig(num_cases=0), "num_cases is 0"),
        (HelpdeskConfig(num_archive=-1), "num_archive is -1"),
        (HelpdeskConfig(none_share=2), "none_share is 2"),
        (HelpdeskConfig(tickets=Path("none.csv")), r"none\.csv"),
    ],
)
def test_a_faulty_config_is_bad_input(tmp_path: Path, config: HelpdeskConfig, message: str):
    with pytest.raises(BadInput, match=message):
        HelpdeskTask(config).setup(tmp_path)


def test_a_file_with_too_few_tickets_says_how_many_it_holds(tmp_path: Path):
    path = tmp_path / "tickets.csv"
    path.write_text("text,category\na,refunds\nb,returns\n")
    with pytest.raises(BadInput, match=r"40 tickets were asked for.*holds 2"):
        HelpdeskTask(HelpdeskConfig(tickets=path)).setup(tmp_path)
    with pytest.raises(BadInput, match=r"num_archive is 5.*leaves 1 solved"):
        HelpdeskTask(HelpdeskConfig(tickets=path, num_cases=1, num_archive=5)).setup(tmp_path)


def test_a_server_that_died_is_served_anew_at_the_same_address_with_the_same_record(tmp_path: Path):
    task = HelpdeskTask(HelpdeskConfig(num_cases=2, none_share=0))
    task.setup(tmp_path)
    try:
        url, first = task.host.url, task.host
        case = task.cases()[0]
        Client(task).save(case)
        assert task.revive() == ""
        os.kill(first.pid, signal.SIGKILL)
        first._proc.wait()
        assert not first.alive()
        assert "started anew" in task.revive()
        assert task.host is not first
        assert (task.host.url, task.host.alive()) == (url, True)
        answer = task.expected(case)
        assert answer is not None
        assert str(answer["reply"])[:40] in html.unescape(Client(task).get(f"tickets/{case.id}/"))
    finally:
        task.teardown()
