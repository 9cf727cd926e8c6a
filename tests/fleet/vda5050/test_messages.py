"""The types against the published schemas: the same verdict on samples and on every mutation of them."""

import copy
import json
from pathlib import Path

import fastjsonschema
import msgspec
import pytest

from crewless.core.errors import BadInput
from crewless.fleet.vda5050.validation import TOPICS, decode, encode

PUBLISHED = next(
    (up / "shared/data/vda5050" for up in Path(__file__).resolve().parents if (up / "shared/data/vda5050").is_dir()),
    None,
)
needs_published = pytest.mark.skipif(
    PUBLISHED is None, reason="the published VDA 5050 schemas are not beside this checkout"
)
HARD_TO_GUESS = {"date-time": "2026-01-31T12:00:00.00Z"}


def sample(node, root, every):
    """A value that fits a schema: with every optional field, or with none."""
    if "$ref" in node:
        found = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return sample(found, root, every)
    if "enum" in node:
        return node["enum"][0]
    if "const" in node:
        return node["const"]
    if "anyOf" in node:
        return sample(node["anyOf"][0], root, every)
    kind = node.get("type")
    kind = "string" if kind is None or isinstance(kind, list) else kind
    if kind == "object":
        wanted = node.get("properties", {}) if every else node.get("required", [])
        return {name: sample(node["properties"][name], root, every) for name in wanted}
    if kind == "array":
        return [sample(node["items"], root, every) for _ in range(node.get("minItems", 1))] if "items" in node else []
    return {
        "string": HARD_TO_GUESS.get(node.get("format", ""), "word"),
        "integer": 1, "number": max(0.5, node.get("minimum", 0.5)), "boolean": True,
    }[kind]  # fmt: skip


def mutations(value, put):
    """Every message that differs in one place: a field left out, of another type, out of range, a word not in the list."""
    if isinstance(value, dict):
        for key in list(value):
            kept = value.pop(key)
            yield "without " + key
            value[key] = kept
            yield from (key + "/" + what for what in mutations(kept, lambda new, key=key: value.__setitem__(key, new)))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from (f"{index}/{what}" for what in mutations(each, lambda new, i=index: value.__setitem__(i, new)))
    for wrong in (None, "no such word", -1000, 1000.5, 10**6, True, [], {}):
        put(wrong)
        yield f"= {wrong!r}"
        put(value)


def accepted_by(compiled, message):
    try:
        compiled(message)
    except fastjsonschema.JsonSchemaException:
        return False
    return True


def accepted(topic, message):
    """By our types, whatever the version."""
    if isinstance(message, dict) and isinstance(message.get("version"), str):
        message = message | {"version": "3.0.0"}
    try:
        decode(topic, msgspec.json.encode(message))
    except BadInput:
        return False
    return True


def published(topic):
    schema = json.loads((PUBLISHED / f"{topic}.schema.json").read_text())
    # 'uint32' is no format of JSON Schema; the library refuses names that it does not know.
    return schema, fastjsonschema.compile(schema, formats={"uint32": lambda value: True})


def full(topic):
    """A message of ours, with every optional field."""
    return sample(*2 * (published(topic)[0],), True) | {"version": "3.0.0"}


@needs_published
@pytest.mark.parametrize("topic", TOPICS)
def test_the_types_judge_as_the_published_schema_does(topic):
    schema, theirs = published(topic)
    seen = passed = 0
    for every in (True, False):
        message = sample(schema, schema, every)
        assert accepted_by(theirs, message)
        holder = [copy.deepcopy(message)]
        for what in mutations(holder[0], lambda new: holder.__setitem__(0, new)):  # noqa: B023
            judged = accepted(topic, holder[0])
            assert judged == accepted_by(theirs, holder[0]), what
            seen, passed = seen + 1, passed + judged
    assert seen > 50
    assert passed > 5


ZONES = {
    "BLOCKED": {}, "LINE_GUIDED": {}, "COORDINATED_REPLANNING": {}, "RELEASE": {"releaseLossBehavior": "STOP"},
    "SPEED_LIMIT": {"maximumSpeed": 0.5}, "ACTION": {"entryActions": [], "duringActions": [], "exitActions": []},
    "PRIORITY": {"priorityFactor": 0.5}, "PENALTY": {"penaltyFactor": 0.5},
    "DIRECTED": {"direction": 1.0, "directedLimitation": "STRICT"},
    "BIDIRECTED": {"direction": 1.0, "bidirectedLimitation": "SOFT"},
}  # fmt: skip


@needs_published
@pytest.mark.parametrize("zone_type", ZONES)
def test_a_zone_needs_what_its_type_needs_and_survives_the_wire(zone_type):
    _, theirs = published("zoneSet")
    corners = [{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 0.0}, {"x": 1.0, "y": 1.0}]
    zone = {"zoneId": "z", "zoneType": zone_type, "vertices": corners, **ZONES[zone_type]}
    message = full("zoneSet")
    message["zoneSet"]["zones"] = [zone]
    assert accepted_by(theirs, message)
    assert decode("zoneSet", encode("zoneSet", message)) == message
    for name in ZONES[zone_type]:
        message["zoneSet"]["zones"] = [{key: value for key, value in zone.items() if key != name}]
        assert not accepted_by(theirs, message)
        with pytest.raises(BadInput, match=f"malformed zoneSet.*{name}"):
            encode("zoneSet", message)
    holder = [copy.deepcopy(zone)]
    for what in mutations(holder[0], lambda new: holder.__setitem__(0, new)):
        message["zoneSet"]["zones"] = [holder[0]]
        assert accepted("zoneSet", message) == accepted_by(theirs, message), what


HELLO = {
    "headerId": 1, "timestamp": "2026-01-31T12:00:00.00Z", "version": "3.0.0", "manufacturer": "acme", "serialNumber": "r7",
    "connectionState": "ONLINE",
}  # fmt: skip


def test_dates_are_dates():
    for stamp in ("2026-13-01T00:00:00Z", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T24:00:00Z", "now"):
        with pytest.raises(BadInput, match=r"a date and time .*timestamp"):
            decode("connection", msgspec.json.encode(HELLO | {"timestamp": stamp}))
    for stamp in ("2026-01-31t12:00:00z", "2026-01-31T12:00:00.123456+01:00", "2026-01-31T12:00:00-0530"):
        assert decode("connection", msgspec.json.encode(HELLO | {"timestamp": stamp}))["timestamp"] == stamp


@needs_published
def test_a_message_survives_the_wire():
    for topic in TOPICS:
        message = full(topic)
        assert decode(topic, encode(topic, message)) == message


def test_what_is_malformed_is_named():
    with pytest.raises(BadInput, match=r"malformed connection of r7.*connectionState"):
        encode("connection", HELLO | {"connectionState": "ASLEEP"})
    with pytest.raises(BadInput, match=r"malformed connection of an unnamed sender.*serialNumber"):
        encode("connection", HELLO | {"serialNumber": 7})
    with pytest.raises(BadInput, match=r"r7 speaks VDA 5050 version 2\.1\.0"):
        encode("connection", HELLO | {"version": "2.1.0"})
    with pytest.raises(BadInput, match="not JSON"):
        decode("state", b"\xff\x00")
    with pytest.raises(BadInput, match="malformed state of an unnamed sender"):
        decode("state", b"[]")
    with pytest.raises(BadInput, match="no topic 'orders'"):
        encode("orders", HELLO)


def test_what_is_nested_deeper_than_anybody_means_is_refused():
    for payload in (b"[" * 100_000, b'{"maps":' + b"[" * 100_000 + b"]" * 100_000 + b"}"):
        with pytest.raises(BadInput, match=r"nested too deeply|malformed state"):
            decode("state", payload)
