"""Own schemas against the published ones: the same verdict on samples and on every mutation of them."""

import copy
import json
from pathlib import Path

import fastjsonschema
import msgspec
import pytest

from crewless.core.errors import BadInput
from crewless.fleet.vda5050.validation import TOPICS, _decoder, check, decode, encode, schema

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


def verdict(compiled, message):
    try:
        compiled(message)
    except fastjsonschema.JsonSchemaException:
        return "refused"
    return "accepted"


def reads(quick, message):
    try:
        quick.decode(msgspec.json.encode(message))
    except msgspec.DecodeError:
        return False
    return True


@needs_published
@pytest.mark.parametrize("topic", TOPICS)
def test_own_schema_judges_as_the_published_one_does(topic):
    published = json.loads((PUBLISHED / f"{topic}.schema.json").read_text())
    # 'uint32' is no format of JSON Schema; the library refuses names that it does not know.
    theirs = fastjsonschema.compile(published, formats={"uint32": lambda value: True})
    ours = fastjsonschema.compile(schema(topic))
    quick = _decoder(topic)
    assert (quick is None) == (topic == "zoneSet"), "the one that is left to the schema"
    seen = passed = 0
    for every in (True, False):
        for source in (published, schema(topic)):
            message = sample(source, source, every)
            assert verdict(theirs, message) == "accepted"
            assert verdict(ours, message) == "accepted"
            holder = [copy.deepcopy(message)]
            for what in mutations(holder[0], lambda new: holder.__setitem__(0, new)):  # noqa: B023
                assert verdict(ours, holder[0]) == verdict(theirs, holder[0]), what
                seen += 1
                if quick is not None and reads(quick, holder[0]):
                    # What it refuses goes to the schema; what it lets through is believed.
                    assert verdict(theirs, holder[0]) == "accepted", what
                    passed += 1
    assert seen > 50
    assert quick is None or passed > 10


@needs_published
@pytest.mark.parametrize(
    "zone_type", ["RELEASE", "SPEED_LIMIT", "ACTION", "PRIORITY", "PENALTY", "DIRECTED", "BIDIRECTED"]
)
def test_a_zone_needs_what_its_type_needs(zone_type):
    message = sample(schema("zoneSet"), schema("zoneSet"), True)
    message["zoneSet"]["zones"][0] |= {"zoneType": zone_type}
    theirs = fastjsonschema.compile(json.loads((PUBLISHED / "zoneSet.schema.json").read_text()))
    assert verdict(theirs, message) == "refused"
    with pytest.raises(BadInput, match="malformed zoneSet"):
        check("zoneSet", message)


def test_no_date_that_the_schema_refuses_is_let_through():
    message = sample(schema("connection"), schema("connection"), True) | {"version": "3.0.0"}
    for stamp in ("2026-13-01T00:00:00Z", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T24:00:00Z", "now"):
        with pytest.raises(BadInput, match="timestamp"):
            decode("connection", msgspec.json.encode(message | {"timestamp": stamp}))


def test_a_message_survives_the_wire():
    message = sample(schema("state"), schema("state"), True) | {"version": "3.0.0"}
    assert decode("state", encode("state", message)) == message


def test_what_is_malformed_is_named():
    message = sample(schema("connection"), schema("connection"), True) | {"version": "3.0.0", "serialNumber": "r7"}
    with pytest.raises(BadInput, match=r"malformed connection of r7.*connectionState"):
        encode("connection", message | {"connectionState": "ASLEEP"})
    with pytest.raises(BadInput, match=r"r7 speaks VDA 5050 version 2\.1\.0"):
        encode("connection", message | {"version": "2.1.0"})
    with pytest.raises(BadInput, match="not JSON"):
        decode("state", b"\xff\x00")
    with pytest.raises(BadInput, match="no topic 'orders'"):
        check("orders", message)
