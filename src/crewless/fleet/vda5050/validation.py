"""From bytes off the wire to a message that can be trusted to have its fields; what is malformed is named, not believed.

The check is made while the message is parsed, against its type in :mod:`crewless.fleet.vda5050.messages`.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, get_args

import msgspec

from crewless.core.errors import BadInput
from crewless.fleet.vda5050 import factsheet, messages

Topic = Literal[
    "order", "instantActions", "state", "connection", "visualization", "factsheet", "zoneSet", "responses"
]  # fmt: skip
TOPICS: tuple[Topic, ...] = get_args(Topic)
_TYPES: Mapping[Topic, Any] = {
    "order": messages.Order,
    "instantActions": messages.InstantActions,
    "state": messages.State,
    "connection": messages.Connection,
    "visualization": messages.Visualization,
    "factsheet": factsheet.Factsheet,
    "zoneSet": factsheet.ZoneSet,
    "responses": messages.Responses,
}
T = TypeVar("T")
_MAJOR = messages.VERSION.split(".")[0] + "."


@cache
def _decoder(topic: Topic) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_TYPES[topic])


def decode(topic: Topic, payload: bytes) -> dict[str, Any]:
    """A message from its JSON. Raises BadInput that names sender and field when it is none, malformed, or of another version."""
    if topic not in _TYPES:
        raise BadInput(f"VDA 5050 has no topic {topic!r}", alternatives=TOPICS)
    try:
        message: dict[str, Any] = _decoder(topic).decode(payload)
    except msgspec.ValidationError as error:
        raise BadInput(f"malformed {topic} of {_sender(payload)}: {_words(error)}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadInput(f"{topic}: not JSON: {payload[:60]!r}") from error
    except RecursionError as error:
        raise BadInput(f"{topic}: nested too deeply: {payload[:60]!r}") from error
    if not message["version"].startswith(_MAJOR):
        raise BadInput(
            f"{message['serialNumber']} speaks VDA 5050 version {message['version']}", alternatives=[messages.VERSION]
        )
    return msgspec.to_builtins(message) if topic == "zoneSet" else message


def encode(topic: Topic, message: Mapping[str, Any]) -> bytes:
    """A message as JSON. Raises BadInput when it would not be understood: nothing malformed is ever sent."""
    payload = msgspec.json.encode(message)
    decode(topic, payload)
    return payload


def parse(what: str, payload: bytes, kind: type[T]) -> T:
    """Any other JSON off the wire, as its type. Raises BadInput when it is none, whatever is the matter with it."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadInput(f"malformed {what}: {error}") from error
    except RecursionError as error:
        raise BadInput(f"malformed {what}: nested too deeply: {payload[:60]!r}") from error


class _Signed(msgspec.Struct):
    serialNumber: str


def _sender(payload: bytes) -> str:
    try:
        return msgspec.json.decode(payload, type=_Signed).serialNumber
    except (msgspec.DecodeError, RecursionError):
        return "an unnamed sender"


def _words(error: msgspec.ValidationError) -> str:
    """In one line; a pattern says less than what it stands for."""
    return re.sub(r"`str` matching regex .* - at", "a date and time (RFC 3339) - at", str(error))
