"""BPMN models become sheets, whatever their shape; one that hangs is refused by name."""

from collections import Counter
from pathlib import Path

import pytest

from crewless.company.sheet.bpmn import read_bpmn
from crewless.company.sheet.model import Sheet
from crewless.company.simulate.visits import simulate_visits
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
    "loop marker": (S + '<task id="a"><standardLoopCharacteristics/></task>' + E, "s>a a>e", {"a"}),
    "several instances, side by side": (S + '<task id="a"><multiInstanceLoopCharacteristics/></task>' + E, "s>a a>e", {"a"}),
    "several instances, one by one": (S + '<task id="a"><multiInstanceLoopCharacteristics isSequential="true"/></task>' + E, "s>a a>e", {"a"}),
    "several instances of a subprocess": (S + SUB.format("<multiInstanceLoopCharacteristics/>") + E, "s>u u>e", {"b"}),
    "ad hoc": (S + '<adHocSubProcess id="u"><task id="a"/><task id="b"/></adHocSubProcess>' + E, "s>u u>e", {"a", "b"}),
    "subprocess in a subprocess": (S + f'<subProcess id="v">{SUB.format("")}</subProcess>' + E, "s>v v>e", {"b"}),
    "event subprocess": (S + A + E + SUB.format("").replace('id="u"', 'id="u" triggeredByEvent="true"'), "s>a a>e", {"a", "b"}),
    "boundary that does not interrupt": (S + A + B + E + '<endEvent id="e4"/><boundaryEvent id="t" attachedToRef="a" cancelActivity="false"/>', "s>a a>e t>b b>e4", {"a", "b"}),
    "two boundary events": (S + A + B + E + '<boundaryEvent id="t" attachedToRef="a"/><boundaryEvent id="x" attachedToRef="a" cancelActivity="false"/>', "s>a a>e t>b x>b b>e", {"a", "b"}),
    "compensation": (S + A + E + '<boundaryEvent id="t" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><task id="undo" isForCompensation="true"/>', "s>a a>e", {"a"}),
    "links": (S + A + E + '<intermediateThrowEvent id="t"><linkEventDefinition name="L"/></intermediateThrowEvent><intermediateCatchEvent id="c"><linkEventDefinition name="L"/></intermediateCatchEvent>', "s>t c>a a>e", {"a"}),
    "terminate": (S + A + B + '<parallelGateway id="g"/><endEvent id="e"><terminateEventDefinition/></endEvent><endEvent id="e5"/>', "s>g g>a g>b a>e b>e5", {"a", "b"}),
    "conditional flows": (S + '<task id="a" default="f1"/>' + B + E, "s>a a>b a>e b>e", {"a", "b"}),
    "several flows out of a start": (S + A + B + E, "s>a s>b a>e b>e", {"a", "b"}),
    "nobody's start": (A + B + E, "a>e b>e", {"a", "b"}),
    "fork in a subprocess": (S + '<subProcess id="u"><parallelGateway id="g"/><task id="a"/><task id="b"/><sequenceFlow id="x" sourceRef="g" targetRef="a"/><sequenceFlow id="y" sourceRef="g" targetRef="b"/></subProcess><task id="c"/>' + E, "s>u u>c c>e", {"a", "b", "c"}),
    "error end of a transaction": (S + SUB.format("").replace("subProcess", "transaction").replace('<endEvent id="e2"/>', '<endEvent id="e2"><cancelEventDefinition/></endEvent>') + A + '<boundaryEvent id="t" attachedToRef="u"/>' + E, "s>u u>e t>a a>e", {"a", "b"}),
    "lanes in lanes": ('<laneSet id="l"><lane id="l1" name="x"><flowNodeRef>a</flowNodeRef><childLaneSet id="m"><lane id="l2" name="y"><flowNodeRef>a</flowNodeRef></lane></childLaneSet></lane></laneSet>' + S + A + E, "s>a a>e", {"a"}),
    "annotations and data": (S + A + E + '<dataObjectReference id="d"/><textAnnotation id="n"/><association id="o" sourceRef="n" targetRef="a"/>', "s>a a>e", {"a"}),
    "same name twice": (S + '<task id="a" name="n"/><task id="b" name="n"/>' + E, "s>a a>b b>e", {"n", "n (b)"}),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_read(tmp_path: Path, shape: str):
    nodes, flows, cells = SHAPES[shape]
    sheet = read_bpmn(model(tmp_path, nodes, flows))
    assert {cell.name for cell in sheet.cells} == cells
    # It runs: no case waits for ever, and no cell is out of reach.
    assert set(simulate_visits(sheet, 2).cell) == cells


def visited(sheet: Sheet, weeks: float = 4) -> Counter[str]:
    """Visits a case of each cell, over many cases, to one place after the point."""
    visits = simulate_visits(sheet, weeks)
    counts = Counter(visits.cell.tolist())
    return Counter({name: round(count / visits.case.max(), 1) for name, count in counts.items()})


def test_what_is_done_side_by_side_in_a_subprocess_leaves_it_once(tmp_path: Path):
    assert visited(read_bpmn(model(tmp_path, *SHAPES["fork in a subprocess"][:2]))) == {"a": 1, "b": 1, "c": 1}


def test_a_boundary_event_that_does_not_interrupt_is_besides_the_normal_way(tmp_path: Path):
    nodes, _, _ = SHAPES["boundary that does not interrupt"]
    sheet = read_bpmn(model(tmp_path, nodes + '<task id="c"/>', "s>a a>c c>e t>b b>e4"))
    assert visited(sheet) == {"a": 1, "b": 0.5, "c": 1}


def test_a_loop_marker_goes_back_half_of_the_time(tmp_path: Path):
    assert visited(read_bpmn(model(tmp_path, *SHAPES["loop marker"][:2])), 52)["a"] == 2


def test_one_of_several_starts_is_taken_and_all_that_nothing_leads_to(tmp_path: Path):
    nodes = S + '<startEvent id="s3"/>' + A + B + E
    assert visited(read_bpmn(model(tmp_path, nodes, "s>a s3>b a>e b>e"))) == {"a": 0.5, "b": 0.5}
    assert visited(read_bpmn(model(tmp_path, *SHAPES["nobody's start"][:2]))) == {"a": 1, "b": 1}


POOLS = f"""<definitions {NS}><collaboration id="k"><participant id="p1" name="shop" processRef="p"/>
<participant id="p2" name="store" processRef="q"/><participant id="p3" name="customer"/>
<messageFlow id="m" sourceRef="{{}}" targetRef="s2"/><messageFlow id="n" sourceRef="p3" targetRef="s"/></collaboration>
<process id="p">{S}{A}{E}<sequenceFlow id="f" sourceRef="s" targetRef="a"/><sequenceFlow id="g" sourceRef="a" targetRef="e"/>
</process><process id="q"><startEvent id="s2"/>{B}<sequenceFlow id="h" sourceRef="s2" targetRef="b"/></process></definitions>"""


def test_a_message_starts_another_pool(tmp_path: Path):
    path = tmp_path / "model.bpmn"
    path.write_text(POOLS.format("a"))
    sheet = read_bpmn(path)
    assert {cell.name: cell.role for cell in sheet.cells} == {"a": "shop", "b": "store"}
    assert visited(sheet) == {"a": 1, "b": 1}
    assert sum(gateway.kind == "start" for gateway in sheet.gateways) == 1


def test_a_process_that_is_called_is_put_in_its_place(tmp_path: Path):
    path = tmp_path / "model.bpmn"
    called = f'<process id="q">{B}</process></definitions>'
    call = S + '<callActivity id="c" calledElement="q"/>' + E
    path.write_text(model(tmp_path, call, "s>c c>e").read_text().replace("</definitions>", called))
    assert visited(read_bpmn(path)) == {"b": 1}


def test_what_a_called_process_does_side_by_side_leaves_it_once(tmp_path: Path):
    path = tmp_path / "model.bpmn"
    called = f'<process id="q">{A}{B}</process></definitions>'
    call = S + '<callActivity id="c" calledElement="q"/><task id="d"/>' + E
    path.write_text(model(tmp_path, call, "s>c c>d d>e").read_text().replace("</definitions>", called))
    assert visited(read_bpmn(path)) == {"a": 1, "b": 1, "d": 1}


@pytest.mark.parametrize(
    ("nodes", "flows", "words"),
    [
        (S + '<intermediateThrowEvent id="t"><linkEventDefinition name="L"/></intermediateThrowEvent>' + E, "s>t", "link 'L' of 't' leads nowhere"),
        (S + A + E + '<sequenceFlow id="loose" sourceRef="a"/>', "s>a a>e", "flow 'loose' from 'a' to ''"),
        (S + A + SUB.format("") + E, "s>a a>u u>e s>b", "flow 'f3' from 's' to 'b' is not connected"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_named_by_its_id(tmp_path: Path, nodes: str, flows: str, words: str):
    with pytest.raises(BadInput, match=words):
        read_bpmn(model(tmp_path, nodes, flows))


def test_a_message_flow_that_hangs_is_named(tmp_path: Path):
    path = tmp_path / "model.bpmn"
    path.write_text(POOLS.format("gone"))
    with pytest.raises(BadInput, match="message flow 'm' is not connected: there is no 'gone'"):
        read_bpmn(path)


def test_a_boundary_event_is_another_way_out(tmp_path: Path):
    sheet = read_bpmn(model(tmp_path, *SHAPES["boundary"][:2]))
    assert {(a.target, a.probability) for a in sheet.arrows if a.source == "a / split"} == {("p/end", 0.5), ("b", 0.5)}


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
