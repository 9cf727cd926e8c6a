"""A goal in plain words, by any endpoint that speaks OpenAI's chat completions. Its answer is a proposal: validated, repaired
at most twice, and never trusted beyond what the goal file's own reader accepts."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crewless.core.errors import BadInput, MissingTool
from crewless.planner.blueprint.model import Goal, schema
from crewless.planner.goal.file import HOW_TO_WRITE, make_goal

_REPAIRS = 2


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where to ask."""

    url: str
    """Up to and with ``/v1``."""
    model: str
    key: str = ""
    timeout_s: float = 60.0


def endpoint_of(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """From CREWLESS_LLM_URL, CREWLESS_LLM_MODEL and CREWLESS_LLM_KEY. Raises MissingTool that says how to do without."""
    url = environment.get("CREWLESS_LLM_URL", "")
    if not url:
        raise MissingTool(
            "a goal in plain words needs a language model, and none is named",
            alternatives=["CREWLESS_LLM_URL=http://localhost:8000/v1 and CREWLESS_LLM_MODEL=...", HOW_TO_WRITE],
        )
    return Endpoint(
        url=url.rstrip("/"),
        model=environment.get("CREWLESS_LLM_MODEL", "default"),
        key=environment.get("CREWLESS_LLM_KEY", ""),
    )


def goal_from_words(words: str, endpoint: Endpoint) -> Goal:
    """Ask, validate, repair at most twice. Raises BadInput when no proposal could be used."""
    fields = schema(Goal)
    # Files of this machine are not the model's to name.
    fields["properties"].pop("catalogues", None)
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
    for _ in range(1 + _REPAIRS):
        answer = _ask(messages, endpoint)
        try:
            proposal = json.loads(answer)
            if not isinstance(proposal, dict):
                raise BadInput("the answer is no JSON object")
            if "catalogues" in proposal:
                raise BadInput("the answer names catalogues, which only a person may")
            return make_goal(proposal, "the proposed goal")
        except json.JSONDecodeError as error:
            last = f"the answer is no JSON: {error}"
        except BadInput as error:
            last = str(error)
        messages += [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": f"That cannot be used: {last}. Answer again, JSON only."},
        ]
    raise BadInput(
        f"no usable goal came from {words[:60]!r} in {1 + _REPAIRS} tries: {last}", alternatives=[HOW_TO_WRITE]
    )


def _ask(messages: list[dict[str, str]], endpoint: Endpoint) -> str:
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": messages,
        "temperature": 0,
        "seed": 0,
        "response_format": {"type": "json_object"},
    }
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    if not endpoint.url.startswith(("http://", "https://")):
        raise BadInput(f"CREWLESS_LLM_URL={endpoint.url!r} is no address", alternatives=["http://localhost:8000/v1"])
    request = urllib.request.Request(f"{endpoint.url}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=endpoint.timeout_s) as reply:
            return str(json.load(reply)["choices"][0]["message"]["content"])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise BadInput(
            f"the endpoint {endpoint.url} gave no answer: {error}", alternatives=["another address", HOW_TO_WRITE]
        ) from error
