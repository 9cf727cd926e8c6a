"""A goal in plain words, against a local endpoint that answers what the test tells it to."""

import json
import os
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from crewless.core.errors import BadInput, MissingTool
from crewless.planner.goal.words import ChatEndpoint, chat_endpoint, goal_from_words

GOOD = json.dumps(
    {"name": "p", "products": {"solar_panel": "100 MW"}, "area_m2": 8000, "power_kw": 3000, "budget_usd": 6e7,
     "robots_at_hand": 20}
)  # fmt: skip


@pytest.fixture
def fake():
    answers: list = []
    asked: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            asked[-1]["headers"] = dict(self.headers)
            answer = answers.pop(0)
            if isinstance(answer, int):
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/v1/elsewhere")
                self.end_headers()
                self.wfile.write(b"not for you")
                return
            message = answer if isinstance(answer, dict) else {"content": answer}
            body = json.dumps({"choices": [{"message": message}]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answers, asked, ChatEndpoint(url=f"http://127.0.0.1:{server.server_port}/v1", model="m")
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_key_is_sent_only_through_tls_or_on_this_machine(fake, monkeypatch):
    answers, asked, endpoint = fake
    away = ChatEndpoint(url="http://llm.example/v1", model="m", key="sk-secret")
    with pytest.raises(
        BadInput, match=r"unencrypted to http://llm\.example/v1 \(try: https://llm\.example/v1"
    ) as caught:
        goal_from_words("panels", away)
    assert "sk-secret" not in f"{caught.value}{away!r}"
    for host in (
        "http://127.0.0.1.evil.example/v1",
        "http://localhost.evil.example/v1",
        "http://127.0.0.1@evil.example/v1",
    ):
        with pytest.raises(BadInput, match="unencrypted"):
            goal_from_words("panels", replace(away, url=host))
    # What stays here goes through no proxy either.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    answers.append(GOOD)
    goal_from_words("panels", replace(endpoint, key="sk-secret"))
    assert asked[0]["headers"]["Authorization"] == "Bearer sk-secret"


def test_a_key_does_not_follow_a_redirection(fake):
    answers, asked, endpoint = fake
    answers += [302, GOOD]
    with pytest.raises(BadInput, match="answers 302"):
        goal_from_words("panels", replace(endpoint, key="sk-secret"))
    assert len(asked) == 1


def test_a_good_answer_is_read_as_a_goal_file_would_be(fake):
    answers, _, endpoint = fake
    answers.append(GOOD)
    assert goal_from_words("panels", endpoint).products == {"solar_panel": pytest.approx(100e6 / 430)}


def test_it_asks_for_the_goals_schema_and_takes_a_field_that_is_null_for_none(fake):
    answers, asked, endpoint = fake
    answers.append(json.dumps({**json.loads(GOOD), "stock": None}))
    assert goal_from_words("panels", endpoint).stock == {}
    form = asked[0]["response_format"]
    assert form["type"] == "json_schema"
    properties = form["json_schema"]["schema"]["properties"]
    assert {"products", "area_m2", "power_kw", "budget_usd", "robots_at_hand"} <= set(properties)
    assert "catalogues" not in properties


def test_an_endpoint_that_knows_no_schema_is_asked_for_json_and_then_for_text(fake):
    answers, asked, endpoint = fake
    answers += [400, 422, f"```json\n{GOOD}\n```"]
    assert goal_from_words("panels", endpoint).name == "p"
    assert [each.get("response_format", {}).get("type") for each in asked] == ["json_schema", "json_object", None]


def test_what_is_no_use_is_not_asked_again(fake):
    answers, asked, endpoint = fake
    answers += [401]
    with pytest.raises(BadInput, match="answers 401: not for you"):
        goal_from_words("panels", endpoint)
    answers += [{"content": None, "refusal": "I will not build that"}]
    with pytest.raises(BadInput, match="refuses: I will not build that"):
        goal_from_words("panels", endpoint)
    assert len(asked) == 2


def test_an_endpoint_that_is_not_there_is_named():
    with pytest.raises(BadInput, match=r"127\.0\.0\.1:1/v1 did not answer.*a goal file such as"):
        goal_from_words("panels", ChatEndpoint(url="http://127.0.0.1:1/v1", model="m"))
    with pytest.raises(BadInput, match="is not a URL"):
        goal_from_words("panels", ChatEndpoint(url="file:///etc", model="m"))


def test_the_command_turns_words_into_a_checked_blueprint(fake, tmp_path, monkeypatch):
    from crewless.cli import main

    answers, _, endpoint = fake
    answers.append(GOOD)
    monkeypatch.setenv("CREWLESS_LLM_URL", endpoint.url)
    assert main(["plan", "design", "panels of 100 MW a year", "--runs", str(tmp_path)]) == 0
    assert list(tmp_path.glob("*/blueprint.json"))


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
        chat_endpoint({})


@pytest.mark.skipif(
    not os.environ.get("CREWLESS_LLM_URL"),
    reason="no language model is named: CREWLESS_LLM_URL (and CREWLESS_LLM_MODEL)",
)
def test_a_real_model_makes_a_goal_of_words():
    words = "100 MW of solar panels a year. There are 8000 m2, 3000 kW, 60 million dollars, and 20 robots to build it."
    goal = goal_from_words(words, chat_endpoint())
    assert goal.products == {"solar_panel": pytest.approx(100e6 / 430, rel=0.01)}
    assert (goal.area_m2, goal.power_kw, goal.budget_usd, goal.robots_at_hand) == (8000, 3000, 60e6, 20)
