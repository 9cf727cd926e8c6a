"""BPMN models become sheets, whatever their shape; one that hangs is refused by name."""

from pathlib import Path

import pytest

from crewless.company.sheet.bpmn import read_bpmn
from crewless.core.errors import BadInput

NS = 'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
SHARED = next(
    (up / "shared/data/bpmn" for up in Path(__file__).resolve().parents if (up / "shared/data/bpmn").is_dir()), None
)


def model(tmp_path: Path, nodes: str, flows: str) -> Path:
    """``nodes`` as XML; ``flows`` as ``a>b b>c``."""
    arrows = "".join(
        f'<sequenceFlow id="f{i}" sourceRef="{f.split(">")[0]}" targetRef="{f.split(">")[1]}"/>'
        for i, f in enumerate(flows.split())
    )
    path = tmp_path / "model.bpmn"
    path.write_text(f'<definitions {NS}><process id="p">{nodes}{arrows}</process></definitions>')
    return path


S, E = '<startEvent id="s"/>', '<endEvent id="e"/>'
A, B = '<task id="a"/>', '<userTask id="b"/>'
GATE = '<{0}Gateway id="g"/><{0}Gateway id="j"/>'
SUB = '<subProcess id="u"><startEvent id="s2"/><task id="b"/><endEvent id="e2"/>{}<sequenceFlow id="x" sourceRef="s2" targetRef="b"/><sequenceFlow id="y" sourceRef="b" targetRef="e2"/></subProcess>'
SHAPES = {
    "line": (S + A + E, "s>a a>e", {"a"}),
    "no events": (A + B, "a>b", {"a", "b"}),
    **{
        kind: (S + A + B + E + GATE.format(kind), "s>g g>a g>b a>j b>j j>e", {"a", "b"})
        for kind in ("exclusive", "parallel", "inclusive", "complex")
    },
    "event based": (S + A + B + E + '<eventBasedGateway id="g"/>', "s>g g>a g>b a>e b>e", {"a", "b"}),
    "loop": (S + A + E + '<exclusiveGateway id="g"/>', "s>a a>g g>a g>e", {"a"}),
    "two ends": (S + A + B + E + '<endEvent id="e3"/>', "s>a a>b a>e b>e3", {"a", "b"}),
    "two starts": (S + A + E + '<startEvent id="s3"/>', "s>a s3>a a>e", {"a"}),
    "timer": (S + A + E + '<intermediateCatchEvent id="t"><timerEventDefinition/></intermediateCatchEvent>', "s>t t>a a>e", {"a"}),
    "throw": (S + A + E + '<intermediateThrowEvent id="t"/>', "s>a a>t t>e", {"a"}),
    "boundary": (S + A + B + E + '<boundaryEvent id="t" attachedToRef="a"/>', "s>a a>e t>b b>e", {"a", "b"}),
    "subprocess": (S + SUB.format("") + E, "s>u u>e", {"b"}),
    "empty subprocess": (S + A + '<subProcess id="u"/>' + E, "s>u u>a a>e", {"a"}),
    "boundary of a subprocess": (S + A + SUB.format("") + '<boundaryEvent id="t" attachedToRef="u"/>' + E, "s>u u>e t>a a>e", {"a", "b"}),
    "transaction": (S + SUB.format("").replace("subProcess", "transaction") + E, "s>u u>e", {"b"}),
    "call activity": (S + '<callActivity id="c"/>' + E, "s>c c>e", {"c"}),
    **{kind: (S + f'<{kind}Task id="b"/>' + E, "s>b b>e", {"b"}) for kind in ("manual", "service", "script", "send", "receive", "businessRule")},
    "same name twice": (S + '<task id="a" name="n"/><task id="b" name="n"/>' + E, "s>a a>b b>e", {"n", "n (b)"}),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_read(tmp_path: Path, shape: str):
    nodes, flows, cells = SHAPES[shape]
    assert {cell.name for cell in read_bpmn(model(tmp_path, nodes, flows)).cells} == cells


def test_a_boundary_event_is_another_way_out(tmp_path: Path):
    sheet = read_bpmn(model(tmp_path, *SHAPES["boundary"][:2]))
    assert {(a.target, a.probability) for a in sheet.arrows if a.source == "a / split"} == {("e", 0.5), ("t", 0.5)}


def test_lanes_are_roles(tmp_path: Path):
    lane = '<laneSet id="l"><lane id="l1" name="clerks"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    sheet = read_bpmn(model(tmp_path, lane + S + A + B + E, "s>a a>b b>e"))
    assert {cell.name: cell.role for cell in sheet.cells} == {"a": "clerks", "b": "people"}


@pytest.mark.parametrize(
    ("nodes", "flows", "words"),
    [
        (S + A + E, "s>a a>e a>gone", "'gone'"),
        (S + A + E + '<boundaryEvent id="t" attachedToRef="u"/>', "s>a a>e t>e", "'u'"),
        (S + A + B, "s>a a>b b>a", "no end"),
        ("", "", "no process"),
    ],
)
def test_a_model_that_hangs_is_refused_by_name(tmp_path: Path, nodes: str, flows: str, words: str):
    with pytest.raises(BadInput, match=words):
        read_bpmn(model(tmp_path, nodes, flows))


@pytest.mark.skipif(SHARED is None, reason="the shared models are not here")
@pytest.mark.parametrize(("name", "cells"), [("BPIC15_1", 398), ("LoanApp_simplified", 12), ("or", 19), ("xor", 19)])
def test_the_shared_models_are_read(name: str, cells: int):
    assert SHARED
    assert len(read_bpmn(SHARED / f"{name}.bpmn").cells) == cells
