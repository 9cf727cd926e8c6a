"""A goal in plain words, by any endpoint that speaks OpenAI's chat completions. Its answer is a proposal: asked for with a JSON
schema (structured output), validated, repaired at most twice, and never trusted beyond what the goal file's own reader accepts.
An endpoint that knows no schemas is asked for any JSON instead, and one that knows neither for text."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from crewless.core.errors import BadInput, MissingTool
from crewless.core.web import is_this_machine
from crewless.planner.blueprint.model import Goal, schema
from crewless.planner.goal.file import HOW_TO_WRITE, make_goal

_REPAIRS = 2
_PERSONS = ("catalogues", "skill_cards")
_DERIVED = "power_units"
"""Follows from how the rates are written."""
_LARGEST = 1_000_000
"""Bytes of an answer; what is longer is no goal."""


@dataclass(frozen=True, kw_only=True)
class ChatEndpoint:
    """Where to ask."""

    url: str
    """Up to and with ``/v1``."""
    model: str
    key: str = field(default="", repr=False)
    timeout_s: float = 60.0


def chat_endpoint(environment: Mapping[str, str] = os.environ) -> ChatEndpoint:
    """From CREWLESS_LLM_URL, CREWLESS_LLM_MODEL and CREWLESS_LLM_KEY. Raises MissingTool that says how to do without."""
    url = environment.get("CREWLESS_LLM_URL", "")
    if not url:
        raise MissingTool(
            "a goal in plain words needs a language model, and none is configured",
            alternatives=["CREWLESS_LLM_URL=http://localhost:8000/v1 and CREWLESS_LLM_MODEL=...", HOW_TO_WRITE],
        )
    return ChatEndpoint(
        url=url.rstrip("/"),
        model=environment.get("CREWLESS_LLM_MODEL", "default"),
        key=environment.get("CREWLESS_LLM_KEY", ""),
    )


def goal_from_words(words: str, endpoint: ChatEndpoint) -> Goal:
    """Ask, validate, repair at most twice. Raises BadInput when no proposal could be used."""
    fields = schema(Goal)
    # Files of this machine are not the model's to name, and what was measured not its to say.
    for name in (*_PERSONS, _DERIVED):
        fields["properties"].pop(name, None)
    fields.get("$defs", {}).pop("SkillCard", None)
    messages = [
        {
            "role": "system",
            "content": "Turn the user's wish into a factory goal. Products: humanoid, solar_panel, station_kit; a "
            "solar_panel rate may be text such as '100 MW'. Answer with JSON of this schema only: "
            + json.dumps(fields),
        },
        {"role": "user", "content": words},
    ]
    last = ""
    shapes: list[dict[str, Any] | None] = [
        {"type": "json_schema", "json_schema": {"name": "goal", "schema": fields}}, {"type": "json_object"}, None,
    ]  # fmt: skip
    for _ in range(1 + _REPAIRS):
        answer = _ask(messages, endpoint, shapes)
        try:
            proposal = json.loads(_unfenced(answer))
            if not isinstance(proposal, dict):
                raise BadInput("the answer is not a JSON object")
            for name in _PERSONS:
                if name in proposal:
                    raise BadInput(f"the answer names {name}, which only a person may set")
            # Chosen, not given: a field that is null says nothing.
            return make_goal({k: v for k, v in proposal.items() if v is not None}, "the proposed goal")
        except json.JSONDecodeError as error:
            last = f"the answer is not JSON: {error}"
        except BadInput as error:
            last = str(error)
        messages += [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": f"That cannot be used: {last}. Answer again, JSON only."},
        ]
    raise BadInput(
        f"no usable goal came from {words[:60]!r} in {1 + _REPAIRS} tries: {last}", alternatives=[HOW_TO_WRITE]
    )


def _unfenced(answer: str) -> str:
    """Without the code fence that a model puts around JSON although it was asked not to."""
    text = answer.strip()
    if text.startswith("```") and text.endswith("```"):
        return text[3:-3].removeprefix("json").strip()
    return text


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Elsewhere, the library would send the key along."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Never: the answer is an error that names its number."""


def _ask(messages: list[dict[str, str]], endpoint: ChatEndpoint, shapes: list[dict[str, Any] | None]) -> str:
    """One answer. A shape of answer that the endpoint does not know is taken off the list."""
    if not endpoint.url.startswith(("http://", "https://")):
        raise BadInput(f"CREWLESS_LLM_URL={endpoint.url!r} is not a URL", alternatives=["http://localhost:8000/v1"])
    headers = {"Content-Type": "application/json"}
    local = is_this_machine(urlsplit(endpoint.url).hostname or "")
    if endpoint.key:
        if not local and not endpoint.url.startswith("https://"):
            raise BadInput(
                f"CREWLESS_LLM_KEY would be sent unencrypted to {endpoint.url}",
                alternatives=[endpoint.url.replace("http://", "https://", 1), "no key"],
            )
        headers["Authorization"] = f"Bearer {endpoint.key}"
    # What stays on this machine goes through no proxy, and a key goes nowhere but where it was meant to.
    opener = urllib.request.build_opener(_NoRedirect, *([urllib.request.ProxyHandler({})] if local else []))
    while True:
        body: dict[str, Any] = {"model": endpoint.model, "messages": messages, "temperature": 0, "seed": 0}
        if shapes[0] is not None:
            body["response_format"] = shapes[0]
        request = urllib.request.Request(f"{endpoint.url}/chat/completions", json.dumps(body).encode(), headers)
        try:
            with opener.open(request, timeout=endpoint.timeout_s) as reply:
                message = json.loads(reply.read(_LARGEST))["choices"][0]["message"]
            if message.get("refusal"):
                raise BadInput(f"the endpoint {endpoint.url} refuses: {str(message['refusal'])[:200]}")
            return str(message["content"])
        except urllib.error.HTTPError as error:
            words = error.read(500).decode(errors="replace")
            error.close()
            if error.code in (400, 404, 415, 422, 501) and "response_format" in body:
                shapes.pop(0)
                continue
            raise BadInput(
                f"the endpoint {endpoint.url} answers {error.code}: {words[:200]}",
                alternatives=["another address, model or key", HOW_TO_WRITE],
            ) from error
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise BadInput(
                f"the endpoint {endpoint.url} did not answer: {error}", alternatives=["another address", HOW_TO_WRITE]
            ) from error
