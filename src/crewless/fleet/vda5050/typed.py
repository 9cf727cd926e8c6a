"""Decoders that check a message while they parse it: the message types of :mod:`crewless.fleet.vda5050.messages`, with their
limits, in the words of msgspec. A test compares what they accept with the published schemas."""

import types
import typing
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

import msgspec
from annotated_types import Ge, Le, MinLen
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict, get_type_hints, is_typeddict

_DATE_TIME = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"
)
"""RFC 3339, section 5.6, without leap days: the few dates that it leaves out wrongly are judged by the schema."""


class _CannotSay(Exception):
    """A type that msgspec cannot read: a choice between several kinds of objects."""


def decoder(kind: type) -> msgspec.json.Decoder[Any] | None:
    """A decoder of a message type; None where msgspec cannot express it."""
    try:
        return msgspec.json.Decoder(_converted(kind, {}))
    except _CannotSay:
        return None


def _converted(kind: Any, known: dict[Any, Any]) -> Any:
    if is_typeddict(kind):
        if kind not in known:
            hints = get_type_hints(kind, include_extras=True)
            fields = {
                name: (Required if name in kind.__required_keys__ else NotRequired)[_converted(_bare(hint), known)]
                for name, hint in hints.items()
            }
            known[kind] = TypedDict(kind.__name__, fields)  # pyright: ignore[reportArgumentType]
        return known[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:], known)
    if origin in (Union, types.UnionType):
        parts = [_converted(each, known) for each in arguments]
        if sum(is_typeddict(each) for each in parts) > 1:
            raise _CannotSay(str(kind))
        return typing.Union[tuple(parts)]  # noqa: UP007
    if origin is list:
        return list[_converted(arguments[0], known)]
    if origin is dict or origin is Literal:
        return kind
    return kind


def _bare(hint: Any) -> Any:
    """Without NotRequired, which says nothing about the value."""
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def _annotated(kind: Any, notes: tuple[Any, ...], known: dict[Any, Any]) -> Any:
    limits: dict[str, Any] = {}
    for note in notes:
        for each in note.metadata if isinstance(note, FieldInfo) else [note]:
            if isinstance(each, Ge):
                limits["ge"] = each.ge
            elif isinstance(each, Le):
                limits["le"] = each.le
            elif isinstance(each, MinLen):
                limits["min_length"] = each.min_length
            else:
                raise _CannotSay(repr(each))
        extra = note.json_schema_extra if isinstance(note, FieldInfo) else None
        if isinstance(extra, dict) and extra.get("format") == "date-time":
            limits["pattern"] = _DATE_TIME
    return Annotated[_converted(kind, known), msgspec.Meta(**limits)]
