"""A goal in plain words, against a local endpoint that answers what the test tells it to."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from crewless.core.errors import BadInput, MissingTool
from crewless.planner.goal.words import Endpoint, endpoint_of, goal_from_words

GOOD = json.dumps(
    {"name": "p", "products": {"solar_panel": "100 MW"}, "area_m2": 8000, "power_kw": 3000, "budget_usd": 6e7,
     "robots_at_hand": 20}
)  # fmt: skip


@pytest.fixture
def fake():
    answers: list[str] = []
    asked: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps({"choices": [{"message": {"content": answers.pop(0)}}]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answers, asked, Endpoint(url=f"http://127.0.0.1:{server.server_port}/v1", model="m")
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_good_answer_is_read_as_a_goal_file_would_be(fake):
    answers, _, endpoint = fake
    answers.append(GOOD)
    assert goal_from_words("panels", endpoint).products == {"solar_panel": pytest.approx(100e6 / 430)}


def test_a_bad_answer_is_repaired_with_the_error_in_the_question(fake):
    answers, asked, endpoint = fake
    answers += ["not json", GOOD.replace("solar_panel", "toaster"), GOOD]
    assert goal_from_words("panels", endpoint).name == "p"
    assert "toaster" in asked[2]["messages"][-1]["content"]


def test_after_two_repairs_it_gives_up_and_says_how_to_write_the_file(fake):
    answers, asked, endpoint = fake
    answers += ["no"] * 5
    with pytest.raises(BadInput, match=r"in 3 tries.*a goal file such as"):
        goal_from_words("panels", endpoint)
    assert len(asked) == 3


def test_a_proposal_may_not_name_files(fake):
    answers, _, endpoint = fake
    answers += [json.dumps({**json.loads(GOOD), "catalogues": ["/etc/passwd"]})] * 3
    with pytest.raises(BadInput, match="names catalogues"):
        goal_from_words("panels", endpoint)


def test_without_an_endpoint_it_says_how_to_write_the_goal_file():
    with pytest.raises(MissingTool, match="a goal file such as"):
        endpoint_of({})
