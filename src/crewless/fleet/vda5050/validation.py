"""From bytes off the wire to a message that can be trusted to have its fields; what is malformed is named, not believed.

A message is first read by a decoder that checks while it parses (:mod:`crewless.fleet.vda5050.typed`). What it refuses, and the
one topic that it cannot express, is judged by the JSON schema, which also finds the words for what is wrong.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, cast, get_args

import msgspec

from crewless.core.errors import BadInput
from crewless.fleet.vda5050 import factsheet, messages

Topic = Literal[
    "order", "instantActions", "state", "connection", "visualization", "factsheet", "zoneSet", "responses"
]  # fmt: skip
TOPICS: tuple[Topic, ...] = get_args(Topic)
_TYPES: Mapping[Topic, type] = {
    "order": messages.Order,
    "instantActions": messages.InstantActions,
    "state": messages.State,
    "connection": messages.Connection,
    "visualization": messages.Visualization,
    "factsheet": factsheet.Factsheet,
    "zoneSet": factsheet.ZoneSet,
    "responses": messages.Responses,
}
_MAJOR = messages.VERSION.split(".")[0] + "."


@cache
def schema(topic: Topic) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a message, made from its type."""
    from pydantic import TypeAdapter

    return _without_prose(TypeAdapter(_TYPES[topic]).json_schema())


@cache
def _compiled(topic: Topic) -> Callable[[Any], Any]:
    import fastjsonschema

    return cast(Callable[[Any], Any], fastjsonschema.compile(schema(topic)))


@cache
def _decoder(topic: Topic) -> msgspec.json.Decoder[Any] | None:
    from crewless.fleet.vda5050.typed import decoder

    return decoder(_TYPES[topic]) if topic in _TYPES else None


def check(topic: Topic, message: Mapping[str, Any]) -> None:
    """Raises BadInput that names the field when a message is not what its topic's schema says, or of another version."""
    import fastjsonschema

    if topic not in _TYPES:
        raise BadInput(f"VDA 5050 has no topic {topic!r}", alternatives=TOPICS)
    try:
        _compiled(topic)(message)
    except fastjsonschema.JsonSchemaValueException as error:
        sender = message.get("serialNumber", "an unnamed sender") if isinstance(message, dict) else "an unnamed sender"
        raise BadInput(f"malformed {topic} of {sender}: {error.message.replace('data', topic, 1)}") from error
    if message["version"].split(".")[0] != messages.VERSION.split(".")[0]:
        raise BadInput(
            f"{message['serialNumber']} speaks VDA 5050 version {message['version']}", alternatives=[messages.VERSION]
        )


def decode(topic: Topic, payload: bytes) -> dict[str, Any]:
    """A message from its JSON. Raises BadInput when it is none, or malformed."""
    quick = _decoder(topic)
    if quick is not None:
        try:
            message = quick.decode(payload)
            if message["version"].startswith(_MAJOR):
                return message
        except (msgspec.DecodeError, ValueError):
            pass
    try:
        message = msgspec.json.decode(payload)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadInput(f"{topic}: not JSON: {payload[:60]!r}") from error
    check(topic, message)
    return message


def encode(topic: Topic, message: Mapping[str, Any]) -> bytes:
    """A message as JSON. Raises BadInput when it would not be understood: nothing malformed is ever sent."""
    payload = msgspec.json.encode(message)
    quick = _decoder(topic)
    if quick is not None:
        try:
            if quick.decode(payload)["version"].startswith(_MAJOR):
                return payload
        except msgspec.DecodeError:
            pass
    check(topic, message)
    return payload


def _without_prose(node: Any) -> Any:
    """Titles and docstrings explain nothing to a validator."""
    if isinstance(node, dict):
        return {
            key: {name: _without_prose(each) for name, each in value.items()}
            if key in ("properties", "$defs")
            else _without_prose(value)
            for key, value in node.items()
            if not (key in ("title", "description") and isinstance(value, str))
        }
    return [_without_prose(each) for each in node] if isinstance(node, list) else node
