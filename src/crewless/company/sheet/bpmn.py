"""Reads a BPMN 2.0 model (OMG formal/2011-01-03) into a sheet.

Subprocesses are flattened: what flows into one flows into its inner start, its inner end flows on. A boundary event is an
alternative way out of its activity. Pools and lanes become the roles. A model says nothing of time: durations are 0 and
probabilities equal until they are edited, or found from a log.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from crewless.company.sheet.model import Arrow, Cell, Duration, Gateway, Resource, Sheet, Work, check
from crewless.core.errors import BadInput

_TASKS = {
    "task", "userTask", "manualTask", "serviceTask", "scriptTask", "sendTask", "receiveTask", "businessRuleTask",
    "callActivity",
}  # fmt: skip
_SUBPROCESSES = {"subProcess", "adHocSubProcess", "transaction"}
_GATEWAYS = {
    "exclusiveGateway": "xor", "parallelGateway": "and", "inclusiveGateway": "or", "eventBasedGateway": "event",
    "complexGateway": "or",
}  # fmt: skip
_EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}


@dataclass
class _Graph:
    kinds: dict[str, str] = field(default_factory=dict)
    """``task``, a kind of gateway, ``event``, ``start``, ``end`` or ``pass``, by id."""
    names: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    flows: list[tuple[str, str]] = field(default_factory=list)
    boundary: set[str] = field(default_factory=set)
    """Events that are attached to an activity."""


def read_bpmn(path: Path) -> Sheet:
    """Of every process in the file, side by side.

    Raises:
        BadInput: no XML, no process, a flow that hangs, an event attached to nothing, a cycle that cannot finish.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise BadInput(f"{path.name} cannot be read as BPMN: {error}") from None
    processes = [e for e in root if _tag(e) == "process"]
    pools = {e.get("processRef", ""): e.get("name", "") for e in root.iter() if _tag(e) == "participant"}
    graph = _Graph()
    for process in processes:
        _read_scope(graph, process, pools.get(process.get("id", ""), ""), top=True)
        for lane in (e for e in process.iter() if _tag(e) == "lane"):
            for node in (e for e in lane if _tag(e) == "flowNodeRef"):
                graph.roles[(node.text or "").strip()] = lane.get("name") or lane.get("id", "")
    if not graph.kinds:
        raise BadInput(f"{path.name} holds no process", alternatives=["a BPMN 2.0 file with a process in it"])
    for source, target in graph.flows:
        for end in (source, target):
            if end not in graph.kinds:
                raise BadInput(f"{path.name}: the flow from {source!r} to {target!r} hangs, there is no node {end!r}")
    return check(_sheet(graph))


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _read_scope(graph: _Graph, scope: ElementTree.Element, role: str, *, top: bool) -> tuple[list[str], list[str]]:
    """Add what a process or a subprocess holds. Returns its first and its last nodes."""
    inner: dict[str, tuple[list[str], list[str]]] = {}
    flows: list[tuple[str, str]] = []
    own: list[str] = []
    attached: list[tuple[str, str]] = []
    for element in scope:
        tag, key = _tag(element), element.get("id", "")
        if tag == "sequenceFlow":
            flows.append((element.get("sourceRef", ""), element.get("targetRef", "")))
        elif tag in _SUBPROCESSES:
            own.append(key)
            first, last = _read_scope(graph, element, role, top=False)
            graph.kinds[f"{key}/in"], graph.kinds[f"{key}/out"] = "pass", "pass"
            graph.flows += [(f"{key}/in", n) for n in first] + [(n, f"{key}/out") for n in last]
            if not first:
                graph.flows.append((f"{key}/in", f"{key}/out"))
            inner[key] = [f"{key}/in"], [f"{key}/out"]
        elif tag in _TASKS or tag in _GATEWAYS or tag in _EVENTS:
            own.append(key)
            graph.kinds[key] = "task" if tag in _TASKS else _GATEWAYS.get(tag, "pass")
            graph.names[key] = " ".join((element.get("name") or key).split())
            graph.roles[key] = role
            if tag == "boundaryEvent":
                attached.append((element.get("attachedToRef", ""), key))
                graph.boundary.add(key)
    for host, event in attached:
        if host not in own:
            raise BadInput(
                f"the boundary event {event!r} is attached to {host!r}, which is not there", alternatives=own
            )
        flows.append((host, event))
    sources, targets = {s for s, _ in flows}, {t for _, t in flows}
    for source, target in flows:
        graph.flows.append((inner.get(source, ([], [source]))[1][0], inner.get(target, ([target], []))[0][0]))
    first = [inner.get(n, ([n], []))[0][0] for n in own if n not in targets]
    last = [inner.get(n, ([], [n]))[1][0] for n in own if n not in sources]
    if top and own:
        key = scope.get("id", "process")
        graph.kinds[f"{key}/start"], graph.kinds[f"{key}/end"] = "start", "end"
        graph.flows += [(f"{key}/start", n) for n in first] + [(n, f"{key}/end") for n in last]
    return first, last


def _sheet(graph: _Graph) -> Sheet:
    """Names made distinct; implicit splits and joins made gateways."""
    names: dict[str, str] = {}
    for key in graph.kinds:
        name = graph.names.get(key, key)
        names[key] = name if name not in names.values() else f"{name} ({key})"
    out: dict[str, list[str]] = {key: [] for key in graph.kinds}
    for source, target in graph.flows:
        out[source].append(target)
    cells, gateways, arrows = [], [], []
    for key, kind in graph.kinds.items():
        source, name = names[key], names[key]
        if kind == "task":
            role = graph.roles.get(key) or "people"
            cells.append(Cell(name=name, role=role, works={"person": Work(resource=role, duration=Duration())}))
            # A boundary event is an alternative to the normal way on.
            instead = [target for target in out[key] if target in graph.boundary]
            onward = [target for target in out[key] if target not in graph.boundary]
            if instead:
                share = 1 / (len(instead) + bool(onward))
                source = _split(name, source, "xor", 1.0, gateways, arrows)
                arrows += [Arrow(source=source, target=names[target], probability=share) for target in instead]
            else:
                share = 1.0
            if len(onward) > 1:
                # Several flows out of a task mean all of them (BPMN 2.0.2, section 13.3.1).
                source, share = _split(name, source, "and", share, gateways, arrows), 1.0
            arrows += [Arrow(source=source, target=names[target], probability=share) for target in onward]
            continue
        gateways.append(Gateway(name=name, kind="xor" if kind == "pass" else kind))
        one_of = kind in ("xor", "event", "or", "pass")
        share = 1 / len(out[key]) if one_of and out[key] else 1.0
        arrows += [Arrow(source=source, target=names[target], probability=share) for target in out[key]]
    roles = sorted({cell.role for cell in cells})
    return Sheet(
        cells=tuple(cells),
        gateways=tuple(gateways),
        arrows=tuple(arrows),
        resources=tuple(Resource(name=role) for role in roles),
    )


def _split(
    name: str, source: str, kind: Literal["xor", "and"], share: float, gateways: list[Gateway], arrows: list[Arrow]
) -> str:
    """A gateway behind a cell, reached from ``source`` with probability ``share``. Returns its name."""
    split = f"{name} / {'split' if kind == 'xor' else 'all'}"
    gateways.append(Gateway(name=split, kind=kind))
    arrows.append(Arrow(source=source, target=split, probability=share))
    return split
