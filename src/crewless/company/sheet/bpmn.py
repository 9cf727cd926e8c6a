"""Reads a BPMN 2.0 model (OMG formal/2011-01-03) into a sheet.

What a sheet has no word for is put into those it has:

- Subprocesses are flattened, and so is a process of the same file that a call activity calls for the first time.
- A boundary event is another way out of its activity; one that does not interrupt, a way besides the normal one.
- An event subprocess is a detour at the end of its scope. A loop, or several instances, is a way back, half of the time.
- Link events are joined by their names. A message that starts another pool is a way into it; other messages are left out.
- Several start events mean one of them; several activities that nothing leads to mean all of them.
- What is done only to compensate is left out.

Pools and lanes become the roles. A model says nothing of time: durations are 0 and probabilities equal until they are edited,
or found from a log.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from crewless.company.sheet.model import Arrow, Cell, Duration, Gateway, Pool, Sheet, WorkProfile, check
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
_EVENTS = {
    "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "implicitThrowEvent", "boundaryEvent",
}  # fmt: skip
_ALL = ("task", "pass", None)
"""Kinds of nodes of which several flows mean all of them."""
_LOOPS = {"standardLoopCharacteristics", "multiInstanceLoopCharacteristics"}
_NODES = _TASKS | _SUBPROCESSES | set(_GATEWAYS) | _EVENTS
_Element = ElementTree.Element


@dataclass
class _Graph:
    kinds: dict[str, str] = field(default_factory=dict)
    """``task``, a kind of gateway, ``start``, ``end`` or ``pass`` (an event: no choice), by id."""
    names: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    flows: list[tuple[str, str]] = field(default_factory=list)
    boundary: dict[str, bool] = field(default_factory=dict)
    """Events that are attached to an activity: whether they interrupt it."""
    conditional: set[str] = field(default_factory=set)
    """Nodes of which a flow goes on only under a condition."""
    called: dict[str, _Element] = field(default_factory=dict)
    """Processes of the file that have not been called yet, by id."""
    messages: dict[str, list[str]] = field(default_factory=dict)
    """Start event to the nodes of other pools that send it a message."""
    messaged: list[tuple[str, str]] = field(default_factory=list)
    """The same as flows, once the start event has been read."""

    def node(self, key: str, kind: str) -> str:
        self.kinds[key] = kind
        return key


@dataclass
class _Scope:
    """One process or subprocess while it is read."""

    own: list[str] = field(default_factory=list)
    flows: list[tuple[str, str]] = field(default_factory=list)
    named: list[tuple[str, str, str]] = field(default_factory=list)
    """Id, source and target of its sequence flows."""
    attached: list[tuple[str, str]] = field(default_factory=list)
    inner: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Nodes that a flow into, and out of, a flattened element goes to."""
    starts: set[str] = field(default_factory=set)
    detours: list[tuple[str, str]] = field(default_factory=list)
    """Way in and way out of the event subprocesses."""
    throws: dict[str, str] = field(default_factory=dict)
    """Event to the name of the link that it leads to,"""
    catches: dict[str, str] = field(default_factory=dict)
    """and name of the link to the event where it goes on."""


def read_bpmn(path: Path) -> Sheet:
    """A sheet of every process in the file, side by side.

    Raises:
        BadInput: no XML, no process, a flow that hangs, an event attached to nothing, a link that leads nowhere, a cycle that
            cannot finish. Names the id.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise BadInput(f"{path.name} cannot be read as BPMN: {error}") from None
    processes = {e.get("id", ""): e for e in root if _tag(e) == "process"}
    pools = {e.get("processRef", ""): e.get("name", "") for e in root.iter() if _tag(e) == "participant"}
    calls = {e.get("calledElement", "").rsplit(":", 1)[-1] for e in root.iter() if _tag(e) == "callActivity"}
    graph = _Graph(called={key: p for key, p in processes.items() if key in calls and key not in pools})
    top = [key for key in processes if key not in graph.called]
    if not top:
        raise BadInput(
            f"{path.name} contains no process that is not called by another", alternatives=["a process to begin with"]
        )
    _read_messages(graph, root, processes, set(pools))
    for key in top:
        _read_process(graph, processes[key], pools.get(key, ""))
    for process in processes.values():
        for lane in (e for e in process.iter() if _tag(e) == "lane"):
            # The inner lane says more: it comes later.
            for node in (e for e in lane if _tag(e) == "flowNodeRef"):
                graph.roles[(node.text or "").strip()] = lane.get("name") or lane.get("id", "")
    if not graph.kinds:
        raise BadInput(f"{path.name} contains no process", alternatives=["a BPMN 2.0 file with a process in it"])
    for sender, start in graph.messaged:
        # A subprocess sends when it is over.
        sender = sender if sender in graph.kinds else f"{sender}/over"
        if sender in graph.kinds:
            graph.flows.append((sender, start))
    return check(_sheet(graph))


def _tag(element: _Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _read_messages(graph: _Graph, root: _Element, processes: dict[str, _Element], pools: set[str]) -> None:
    """Messages that start a pool, from a node of another."""
    home: dict[str, str] = {}
    starts: set[str] = set()
    for key, process in processes.items():
        for element in process.iter():
            home[element.get("id", "")] = key
            if _tag(element) == "startEvent":
                starts.add(element.get("id", ""))
    whole = pools | {e.get("id", "") for e in root.iter() if _tag(e) in ("participant", "process")}
    for flow in (e for e in root.iter() if _tag(e) == "messageFlow"):
        source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
        for end in (source, target):
            if end not in home and end.rsplit(":", 1)[-1] not in whole:
                raise BadInput(f"the message flow {flow.get('id', '')!r} is not connected: there is no {end!r}")
        if target in starts and source in home and home[source] != home[target]:
            graph.messages.setdefault(target, []).append(source)


def _read_process(graph: _Graph, process: _Element, role: str) -> None:
    if not any(_tag(e) in _NODES for e in process):
        return
    first, last = _read_scope(graph, process, role, top=True)
    key = process.get("id", "process")
    graph.node(f"{key}/end", "end")
    graph.flows.append((last, f"{key}/end"))
    if first:
        graph.node(f"{key}/start", "start")
        graph.flows.append((f"{key}/start", first))


def _read_scope(graph: _Graph, scope: _Element, role: str, *, top: bool = False) -> tuple[str, str]:
    """Add what a process or a subprocess holds. Returns its one way in, "" when only messages start it, and its way out."""
    found = _Scope()
    for element in scope:
        _read_element(graph, element, role, found)
    for flow, source, target in found.named:
        for end in (source, target):
            if end not in found.own:
                raise BadInput(
                    f"the flow {flow!r} from {source!r} to {target!r} is not connected: there is no node {end!r} in "
                    f"{scope.get('id', '')!r}",
                    alternatives=found.own[:20],
                )
        found.flows.append((source, target))
    for throw, name in found.throws.items():
        if name not in found.catches:
            raise BadInput(f"the link {name!r} of {throw!r} leads nowhere", alternatives=sorted(found.catches))
        found.flows.append((throw, found.catches[name]))
    for host, event in found.attached:
        if host not in found.own:
            raise BadInput(
                f"the boundary event {event!r} is attached to {host!r}, which does not exist", alternatives=found.own
            )
        found.flows.append((host, event))
    sources, targets = {s for s, _ in found.flows}, {t for _, t in found.flows}
    graph.flows += [(found.inner.get(s, (s, s))[1], found.inner.get(t, (t, t))[0]) for s, t in found.flows]
    key = scope.get("id", "scope")
    started = [n for n in found.own if n in found.starts and n not in graph.messages]
    messaged = [n for n in found.own if n in graph.messages]
    graph.messaged += [(sender, n) for n in messaged for sender in graph.messages[n]]
    others = [n for n in found.own if n not in targets and n not in found.starts]
    if started and others and not messaged:
        # Handlers without a way in are not begun with the process when it has a start of its own, unless they are activities.
        others = [n for n in others if graph.kinds.get(n) == "task" or n in found.inner]
    last = [found.inner.get(n, (n, n))[1] for n in found.own if n not in sources]
    ways = [graph.node(f"{key}/one of", "xor")] if len(started) > 1 else started[:1]
    if len(started) > 1:
        graph.flows += [(ways[0], n) for n in started]
    ways += [found.inner.get(n, (n, n))[0] for n in others]
    if not found.own:
        graph.node(f"{key}/in", "pass")
        return f"{key}/in", f"{key}/in"
    fork = len(ways) > 1 or any(
        graph.kinds.get(n) in ("and", "or") or (sum(s == n for s, _ in found.flows) > 1 and graph.kinds.get(n) in _ALL)
        for n in found.own
    )
    # Work inside that goes on side by side leaves a subprocess once, when all of it is done.
    out = graph.node(f"{key}/out", "or" if fork and len(last) > 1 and not top else "pass")
    graph.flows += [(n, out) for n in last]
    for number, (into, back) in enumerate(found.detours, 1):
        after = graph.node(f"{key}/event {number}", "xor")
        joined = graph.node(f"{key}/out {number}", "pass")
        graph.flows += [(out, after), (after, joined), (after, into), (back, joined)]
        out = joined
    if len(ways) < 2:
        return ways[0] if ways else "", out
    every = graph.node(f"{key}/all", "and")
    graph.flows += [(every, way) for way in ways]
    return every, out


def _read_element(graph: _Graph, element: _Element, role: str, found: _Scope) -> None:
    tag, key = _tag(element), element.get("id", "")
    children = {_tag(child): child for child in element}
    if tag == "sequenceFlow":
        source, target = element.get("sourceRef", ""), element.get("targetRef", "")
        found.named.append((key, source, target))
        if "conditionExpression" in children:
            graph.conditional.add(source)
        return
    if element.get("isForCompensation") == "true" or (
        tag == "boundaryEvent" and "compensateEventDefinition" in children
    ):
        return
    if tag in _SUBPROCESSES:
        first, last = _read_scope(graph, element, role)
        ways = graph.node(f"{key}/begin", "pass"), graph.node(f"{key}/over", "pass")
        graph.flows += [(ways[0], first or last), (last, ways[1])]
        if element.get("triggeredByEvent") == "true":
            found.detours.append(ways)
            return
        found.own.append(key)
        found.inner[key] = ways
    elif tag == "callActivity" and (
        called := graph.called.pop(element.get("calledElement", "").rsplit(":", 1)[-1], None)
    ):
        first, last = _read_scope(graph, called, role)
        found.own.append(key)
        found.inner[key] = graph.node(f"{key}/begin", "pass"), graph.node(f"{key}/over", "pass")
        graph.flows += [(f"{key}/begin", first or last), (last, f"{key}/over")]
    elif tag in _TASKS or tag in _GATEWAYS or tag in _EVENTS:
        found.own.append(key)
        graph.node(key, "task" if tag in _TASKS else _GATEWAYS.get(tag, "pass"))
        graph.names[key] = " ".join((element.get("name") or key).split())
        graph.roles[key] = role
        if tag == "startEvent":
            found.starts.add(key)
        elif tag == "boundaryEvent":
            found.attached.append((element.get("attachedToRef", ""), key))
            graph.boundary[key] = element.get("cancelActivity") != "false"
        elif "linkEventDefinition" in children:
            link = children["linkEventDefinition"].get("name") or element.get("name") or key
            if tag == "intermediateThrowEvent":
                found.throws[key] = link
            else:
                found.catches[link] = key
    else:
        return
    if _LOOPS & set(children) and (tag in _TASKS or tag in _SUBPROCESSES):
        into, over = found.inner.get(key, (key, key))
        again = graph.node(f"{key}/again", "xor")
        graph.names[again] = f"{graph.names.get(key, element.get('name') or key)} / again"
        graph.flows += [(over, again), (again, into)]
        found.inner[key] = into, again


def _sheet(graph: _Graph) -> Sheet:
    """Names made distinct; implicit splits made gateways."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for key in graph.kinds:
        name = graph.names.get(key, key)
        names[key] = name if name not in taken else f"{name} ({key})"
        taken.add(names[key])
    out: dict[str, list[str]] = {key: [] for key in graph.kinds}
    for source, target in graph.flows:
        out[source].append(target)
    cells, gateways, arrows = [], [], []
    for key, kind in graph.kinds.items():
        name = names[key]
        if kind == "task":
            role = graph.roles.get(key) or "people"
            cells.append(Cell(name=name, role=role, works={"person": WorkProfile(resource=role, duration=Duration())}))
        else:
            gateways.append(Gateway(name=name, kind="xor" if kind == "pass" else kind))
        if kind in ("task", "pass"):
            _go_on(graph, key, name, out[key], names, gateways, arrows)
            continue
        share = 1 / len(out[key]) if kind in ("xor", "event", "or") and out[key] else 1.0
        arrows += [Arrow(source=name, target=names[target], probability=share) for target in out[key]]
    roles = sorted({cell.role for cell in cells})
    return Sheet(
        cells=tuple(cells),
        gateways=tuple(gateways),
        arrows=tuple(arrows),
        resources=tuple(Pool(name=role) for role in roles),
    )


def _go_on(
    graph: _Graph,
    key: str,
    name: str,
    out: list[str],
    names: dict[str, str],
    gateways: list[Gateway],
    arrows: list[Arrow],
) -> None:
    """The arrows out of an activity or an event, with what they mean besides one another.

    A boundary event that interrupts is instead of the normal way, one that does not is besides it. Several flows mean all of
    them (BPMN 2.0.2, section 13.3.1), or one when they have conditions.
    """
    instead = [target for target in out if graph.boundary.get(target) is True]
    besides = [target for target in out if graph.boundary.get(target) is False]
    onward = [target for target in out if target not in graph.boundary]
    source, share = name, 1.0
    if instead or besides:
        source = _split(name, source, "xor", share, gateways, arrows)
        share = 1 / (len(instead) + len(besides) + bool(onward))
        arrows += [Arrow(source=source, target=names[target], probability=share) for target in instead]
    if besides:
        merged = f"{name} / on"
        for target in besides:
            both = _split(f"{name} / {names[target]}", source, "and", share, gateways, arrows)
            arrows += [Arrow(source=both, target=t) for t in (names[target], merged)]
        if onward:
            arrows.append(Arrow(source=source, target=merged, probability=share))
        gateways.append(Gateway(name=merged, kind="xor"))
        source, share = merged, 1.0
    if len(onward) > 1:
        if key in graph.conditional:
            source = _split(f"{name} / which", source, "xor", share, gateways, arrows)
            share = 1 / len(onward)
        else:
            source, share = _split(name, source, "and", share, gateways, arrows), 1.0
    arrows += [Arrow(source=source, target=names[target], probability=share) for target in onward]


def _split(
    name: str, source: str, kind: Literal["xor", "and"], share: float, gateways: list[Gateway], arrows: list[Arrow]
) -> str:
    """A gateway behind a node, reached from ``source`` with probability ``share``. Returns its name."""
    split = f"{name} / {'split' if kind == 'xor' else 'all'}"
    gateways.append(Gateway(name=split, kind=kind))
    arrows.append(Arrow(source=source, target=split, probability=share))
    return split
