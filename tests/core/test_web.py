"""The web server answers on this machine, under its own names only, and ends when it is told to."""

import http.client
import socket
import threading

import pytest

from crewless.core.errors import BadInput
from crewless.core.web import Receive, Scope, Send, WebServer


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
def server():
    with WebServer(hello) as server:
        yield server


def ask(server: WebServer, host: str | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.putrequest("GET", "/", skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_it_answers_at_once_at_its_address(server: WebServer):
    assert server.address == f"http://127.0.0.1:{server.port}"
    assert ask(server, f"127.0.0.1:{server.port}") == (200, b"hello")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8642", "10.1.2.3:80", "[::1]:80", socket.gethostname()])
def test_names_that_no_name_server_can_give_away_are_answered(server: WebServer, host: str):
    assert ask(server, host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "[", ""])
def test_a_question_under_another_name_is_refused(server: WebServer, host: str):
    status, words = ask(server, host)
    assert (status, words) == (403, b"this machine does not answer to that name\n")


def test_a_port_that_is_taken_or_none_is_said_in_one_line(server: WebServer):
    with pytest.raises(BadInput, match=rf"^cannot listen at 127\.0\.0\.1:{server.port}: .*\(try: --port 0") as caught:
        WebServer(hello, port=server.port)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match=r"cannot listen at 127\.0\.0\.1:70000: no port"):
        WebServer(hello, port=70000)
    with pytest.raises(BadInput, match=r"cannot listen at no\.such\.host\.invalid:0"):
        WebServer(hello, host="no.such.host.invalid")


def test_the_port_is_free_again_after_the_end_and_nobody_is_left():
    server = WebServer(hello)
    server.stop()
    server.stop()
    server.wait()
    assert "web server" not in [thread.name for thread in threading.enumerate()]
    with WebServer(hello, port=server.port) as again:
        assert ask(again, "localhost")[0] == 200


def test_a_fault_in_the_app_is_logged_as_an_error(caplog: pytest.LogCaptureFixture):
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("a fault of the app")

    with WebServer(broken) as server:
        assert ask(server, "localhost")[0] == 500
    assert "ValueError: a fault of the app" in caplog.text


def test_an_answer_without_an_end_does_not_hold_the_server_back(caplog: pytest.LogCaptureFixture):
    asked = threading.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"more", "more_body": True})
        asked.set()
        while (await receive())["type"] != "http.disconnect":
            pass

    server = WebServer(endless)
    with socket.create_connection(("127.0.0.1", server.port)) as reader:
        reader.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asked.wait(5)
        ended = threading.Thread(target=server.stop)
        ended.start()
        ended.join(30)
        assert not ended.is_alive()
    assert not caplog.records
