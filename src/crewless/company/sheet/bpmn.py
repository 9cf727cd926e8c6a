"""Reads a BPMN 2.0 model (OMG formal/2011-01-03) into a sheet.

What a sheet has no word for is put into those it has, and what had to be assumed or was left out is counted and said:

- Subprocesses are flattened, and so is a process of the same file that a call activity calls for the first time.
- A boundary event is another way out of its activity; one that does not interrupt, a way besides the normal one. One that catches an
  error or an escalation which is thrown inside is taken exactly when that happens.
- An event subprocess is a detour at the end of its scope. A loop, or several instances, is a way back: as often as the model says,
  else half of the time.
- Link events are joined by their names. A message, or a signal, that starts another pool is a way into it; others are left out.
- Several start events mean one of them; several activities that nothing leads to mean all of them.
- A terminate end of a process ends the case. An event that waits for a known time is a delay.
- What is done only to compensate is left out.

Pools and lanes become the roles. Times, people and probabilities are those of the model's simulation data (QBP or BPSim); without,
durations are 0 and branches equally likely until they are edited, or found from a log.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from crewless.company.sheet.bpmn_graph import ModelFlow, ModelGraph, sheet_of
from crewless.company.sheet.bpmn_times import hours_of, simulation_data, tag_of
from crewless.company.sheet.model import Duration, Sheet, check
from crewless.core.errors import BadInput

_TASKS = {
    "task", "userTask", "manualTask", "serviceTask", "scriptTask", "sendTask", "receiveTask", "businessRuleTask",
    "callActivity", "callChoreography", "choreographyTask", "globalTask",
}  # fmt: skip
_SUBPROCESSES = {"subProcess", "adHocSubProcess", "transaction", "subChoreography"}
_GATEWAYS = {
    "exclusiveGateway": "xor", "parallelGateway": "and", "inclusiveGateway": "or", "eventBasedGateway": "event",
    "complexGateway": "or",
}  # fmt: skip
_EVENTS = {
    "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "implicitThrowEvent", "boundaryEvent",
}  # fmt: skip
_THROWS = {"endEvent", "intermediateThrowEvent", "implicitThrowEvent"}
_LABEL = 60
"""Letters of a condition up to which it is the label of a branch that has no name."""
_ALL = ("task", "pass", None)
"""Kinds of nodes of which several flows mean all of them."""
_LOOPS = {"standardLoopCharacteristics", "multiInstanceLoopCharacteristics"}
_NODES = _TASKS | _SUBPROCESSES | set(_GATEWAYS) | _EVENTS
_CAUGHT = {
    "errorEventDefinition": "errorRef",
    "escalationEventDefinition": "escalationRef",
    "cancelEventDefinition": "",
}
"""What an activity throws and a boundary event catches, and the attribute that says which."""
_Element = ElementTree.Element


class BpmnModel(NamedTuple):
    """A model that was read."""

    sheet: Sheet
    notes: tuple[str, ...]
    """What was assumed and what was left out, with how often."""


@dataclass
class _Scope:
    """One process or subprocess while it is read."""

    element: _Element
    own: list[str] = field(default_factory=list)
    flows: list[ModelFlow] = field(default_factory=list)
    attached: list[tuple[str, str]] = field(default_factory=list)
    """Activity and its boundary event."""
    inner: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Nodes that a flow into, and out of, a flattened element goes to."""
    starts: set[str] = field(default_factory=set)
    detours: list[tuple[str, str]] = field(default_factory=list)
    """Way in and way out of the event subprocesses."""
    throws: dict[str, str] = field(default_factory=dict)
    """Event to the name of the link that it leads to,"""
    catches: dict[str, str] = field(default_factory=dict)
    """and name of the link to the event where it goes on."""

    def way_in(self, node: str) -> str:
        """The node that a flow into ``node`` goes to."""
        return self.inner.get(node, (node, node))[0]

    def way_out(self, node: str) -> str:
        """The node that a flow out of ``node`` comes from."""
        return self.inner.get(node, (node, node))[1]


def read_bpmn(path: Path) -> Sheet:
    """The sheet of :func:`read_model`."""
    return read_model(path).sheet


def read_model(path: Path) -> BpmnModel:
    """Of every process in the file, side by side.

    Raises:
        BadInput: no XML, no process, a flow that is not connected, an event attached to nothing, a link that leads nowhere, a cycle that
            cannot finish. Names the id.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise BadInput(f"{path.name} cannot be read as BPMN: {error}") from None
    return _Reader(path.name, root).model()


def _id(text: str | None) -> str:
    """An id, or a reference to one; the prefix of a qualified name (xsd:QName) says only in which file it stands."""
    return (text or "").strip().rsplit(":", 1)[-1]


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


class _Reader:
    def __init__(self, name: str, root: _Element) -> None:
        self.name, self.root = name, root
        self.graph = ModelGraph(data=simulation_data(root))
        self.processes = {_id(e.get("id")): e for e in root if tag_of(e) in ("process", "choreography")}
        self.pools = {
            _id(e.get("processRef")): _words(e.get("name")) for e in root.iter() if tag_of(e) == "participant"
        }
        self.codes = {
            _id(e.get("id")): e.get("errorCode") or e.get("escalationCode") or ""
            for e in root.iter()
            if tag_of(e) in ("error", "escalation")
        }
        self.signals = {_id(e.get("id")): _words(e.get("name")) for e in root.iter() if tag_of(e) == "signal"}
        everything = list(root.iter())
        self.undone = {
            _id(e.get("id"))
            for e in everything
            if e.get("isForCompensation") == "true"
            or (tag_of(e) == "boundaryEvent" and any(tag_of(c) == "compensateEventDefinition" for c in e))
        }
        """What is done only to compensate."""
        self.stops = {_id(e.get("id")) for e in everything if any(tag_of(c) == "terminateEventDefinition" for c in e)}
        self.defaults = {_id(e.get("default")) for e in everything if e.get("default")}
        self.begins = {_id(e.get("id")) for e in everything if tag_of(e) == "startEvent"}
        self.ends = {_id(e.get("id")) for e in everything if tag_of(e) == "endEvent"}
        self.catchers: dict[str, str] = {}
        """Event that throws an error or an escalation to the node where that is caught;"""
        self.interrupts: dict[str, bool] = {}
        """and whether what throws it stops."""
        self.home = {id(child): scope for scope in root.iter() for child in scope}
        """Element to what it stands in."""
        self.place = {
            _id(e.get("id")): self.home[id(e)]
            for process in self.processes.values()
            for e in process.iter()
            if tag_of(e) in _NODES
        }
        """Node to the process or subprocess that it belongs to."""
        self.flows: dict[int, list[_Element]] = {}
        """Sequence flows of each scope, wherever in the file they stand."""
        for flow in (e for process in self.processes.values() for e in process.iter() if tag_of(e) == "sequenceFlow"):
            ends = [self.place.get(_id(flow.get(end))) for end in ("sourceRef", "targetRef")]
            home = ends[0] if ends[0] is not None and ends[0] is ends[1] else self.home[id(flow)]
            self.flows.setdefault(id(home), []).append(flow)

    def model(self) -> BpmnModel:
        graph = self.graph
        top = self._top()
        self._read_senders()
        self._read_throws()
        graph.dropped["activities and events that only compensate"] += len(self.undone)
        for key in top:
            self._read_process(self.processes[key], self.pools.get(key, ""))
        for process in self.processes.values():
            for lane in (e for e in process.iter() if tag_of(e) == "lane"):
                # The inner lane says more: it comes later.
                for node in (e for e in lane if tag_of(e) == "flowNodeRef"):
                    graph.roles[_id(node.text)] = _words(lane.get("name")) or lane.get("id", "")
        if not graph.kinds:
            raise BadInput(f"{self.name} contains no process", alternatives=["a BPMN 2.0 file with a process in it"])
        for sender, start in graph.sent:
            # A subprocess sends when it is over.
            sender = sender if sender in graph.kinds else f"{sender}/over"
            if sender in graph.kinds:
                graph.join(sender, start)
        return BpmnModel(check(sheet_of(graph)), self._notes())

    def _notes(self) -> tuple[str, ...]:
        graph, data = self.graph, self.graph.data
        tasks = [key for key, kind in graph.kinds.items() if kind == "task"]
        notes = []
        if data.kind:
            timed = sum(key in data.durations for key in tasks)
            notes.append(
                f"{data.kind} simulation data: times of {timed} of {len(tasks)} cells, {len(data.pools)} resources, "
                f"{len(data.shares)} probabilities, {'arrivals' if data.arrival else 'no arrivals'}"
            )
        else:
            notes.append(
                "the model has no simulation data: durations are 0 and a case comes every hour until you edit them"
            )
        notes += [f"assumed: {count} {what}" for what, count in graph.guessed.items() if count]
        notes += [f"left out: {count} {what}" for what, count in (graph.dropped + data.dropped).items() if count]
        starts = sum(kind == "start" for kind in graph.kinds.values())
        if starts > 1:
            notes.append(
                f"assumed: {starts} processes begin by themselves, and a case is in one of them, each equally likely"
            )
        return tuple(notes)

    def _top(self) -> list[str]:
        """Processes that begin by themselves: those that no other calls; where all are called, the first."""
        calls = {
            _id(e.get("calledElement"))
            for key, process in self.processes.items()
            for e in process.iter()
            if tag_of(e) == "callActivity" and _id(e.get("calledElement")) != key
        }
        called = {key: p for key, p in self.processes.items() if key in calls and key not in self.pools}
        if self.processes and len(called) == len(self.processes):
            called.pop(next(iter(self.processes)))
        self.graph.called = called
        return [key for key in self.processes if key not in called]

    def _read_senders(self) -> None:
        """Messages and signals that start a pool, from a node of another."""
        home: dict[str, str] = {}
        starts: dict[str, _Element] = {}
        for key, process in self.processes.items():
            for element in process.iter():
                home[_id(element.get("id"))] = key
                if tag_of(element) == "startEvent":
                    starts[_id(element.get("id"))] = element
        whole = {_id(e.get("id")) for e in self.root.iter() if tag_of(e) in ("participant", "process", "choreography")}
        senders = self.graph.senders
        for flow in (e for e in self.root.iter() if tag_of(e) == "messageFlow"):
            source, target = _id(flow.get("sourceRef")), _id(flow.get("targetRef"))
            for end in (source, target):
                if end not in home and end not in whole:
                    raise BadInput(f"the message flow {flow.get('id', '')!r} is not connected: there is no {end!r}")
            if target in starts and source in home and home[source] != home[target]:
                senders.setdefault(target, []).append(source)
            elif source in home and target in home:
                self.graph.dropped["messages that start nothing"] += 1
        thrown: dict[str, list[str]] = {}
        for element in (e for process in self.processes.values() for e in process.iter() if tag_of(e) in _THROWS):
            if signal := self._signal(element):
                thrown.setdefault(signal, []).append(_id(element.get("id")))
        for key, start in starts.items():
            if (signal := self._signal(start)) and tag_of(self.place[key]) in ("process", "choreography"):
                others = [one for one in thrown.get(signal, []) if home[one] != home[key]]
                if others:
                    senders.setdefault(key, []).extend(others)

    def _signal(self, event: _Element) -> str:
        """The name of the signal of an event, its id where it has no name, "" where it has none."""
        for child in event:
            if tag_of(child) == "signalEventDefinition":
                ref = _id(child.get("signalRef"))
                return self.signals.get(ref) or ref
        return ""

    def _read_process(self, process: _Element, role: str) -> None:
        if not any(tag_of(e) in _NODES for e in process):
            return
        graph = self.graph
        first, last = self._read_scope(process, role, top=True)
        key = _id(process.get("id")) or "process"
        if last:
            graph.node(f"{key}/end", "end")
            graph.join(last, f"{key}/end")
        if first in self.begins and first in graph.titled and not any(flow.target == first for flow in graph.flows):
            graph.kinds[first] = "start"
        elif first:
            graph.node(f"{key}/start", "start")
            graph.join(f"{key}/start", first)

    def _read_scope(self, scope: _Element, role: str, *, top: bool = False) -> tuple[str, str]:
        """Add what a process or a subprocess holds. Returns its one way in, "" when only messages start it, and its way out, ""
        when every way ends the case."""
        graph, found, key = self.graph, _Scope(scope), _id(scope.get("id")) or "scope"
        for element in scope:
            self._read_element(element, role, found, top)
        self._read_flows(found)
        if not found.own:
            graph.node(f"{key}/in", "pass")
            return f"{key}/in", f"{key}/in"
        ways = self._ways_in(found, key)
        fork = len(ways) > 1 or any(
            graph.kinds.get(n) in ("and", "or")
            or (sum(f.source == n for f in found.flows) > 1 and graph.kinds.get(n) in _ALL)
            for n in found.own
        )
        stopped = [n for n in found.own if graph.kinds.get(n) == "terminate"]
        # What a boundary event leads away from still ends where it has no flow of its own.
        leaving = {f.source for f in found.flows if not f.attached} | set(stopped)
        caught = [n for n in found.own if self.interrupts.get(n)]
        last = [found.way_out(n) for n in found.own if n not in leaving and n not in caught]
        if top and not found.detours:
            # An end that has a name is an end of the sheet.
            named = {n for n in last if n in self.ends and n in graph.titled}
            graph.kinds.update(dict.fromkeys(named, "end"))
            stopped += sorted(named)
            last = [n for n in last if n not in named]
        if fork and not top and (ends := [n for n in found.own if n in caught or n in self.stops]):
            graph.guessed["ends that stop a subprocess, while what is done beside them goes on"] += len(ends)
        out = ""
        if last or not stopped:
            # Work inside that goes on side by side leaves a subprocess once, when all of it is done.
            out = graph.node(f"{key}/out", "or" if fork and len(last) > 1 and not top else "pass")
            for n in last:
                graph.join(n, out)
            for n in [] if last else caught:
                # All ways are caught elsewhere: what follows is there and never reached.
                graph.kinds[n] = "xor"
                graph.flows.append(ModelFlow(n, out, share=0.0))
        out = self._detour(found, key, out)
        if len(ways) < 2:
            return ways[0] if ways else "", out
        every = graph.node(f"{key}/all", "and")
        for way in ways:
            graph.join(every, way)
        return every, out

    def _ways_in(self, found: _Scope, key: str) -> list[str]:
        """Where a scope begins; all of them are begun."""
        graph = self.graph
        targets = {f.target for f in found.flows} | {event for _, event in found.attached}
        started = [n for n in found.own if n in found.starts and n not in graph.senders]
        sent = [n for n in found.own if n in graph.senders]
        graph.sent += [(sender, n) for n in sent for sender in graph.senders[n]]
        others = [n for n in found.own if n not in targets and n not in found.starts]
        if started and others and not sent:
            # Handlers without a way in are not begun with the process when it has a start of its own, unless they are activities.
            idle = [n for n in others if graph.kinds.get(n) != "task" and n not in found.inner]
            others = [n for n in others if n not in idle]
            graph.dropped["events that nothing leads to"] += len(idle)
        ways = [graph.node(f"{key}/one of", "xor")] if len(started) > 1 else started[:1]
        for n in started if len(started) > 1 else ():
            graph.join(ways[0], n)
        return ways + [found.way_in(n) for n in others]

    def _detour(self, found: _Scope, key: str, out: str) -> str:
        """The event subprocesses of a scope, behind its way out. One that something inside throws to is run exactly then."""
        graph = self.graph
        for number, (into, back) in enumerate(found.detours, 1):
            joined = graph.node(f"{key}/out {number}", "pass")
            if out and into not in self.catchers.values():
                after = graph.node(f"{key}/event {number}", "xor")
                graph.join(out, after)
                out = after
                graph.flows += [ModelFlow(after, joined, share=0.5), ModelFlow(after, into, share=0.5)]
                graph.guessed["event subprocesses, run at the end of every other case"] += 1
            elif out:
                graph.join(out, joined)
            graph.join(back, joined)
            out = joined
        return out

    def _read_flows(self, found: _Scope) -> None:
        """The flows of a scope, also those that its events imply; into the graph, too."""
        for flow in self.flows.get(id(found.element), ()):
            source, target = _id(flow.get("sourceRef")), _id(flow.get("targetRef"))
            if source in self.undone or target in self.undone:
                continue
            for end in (source, target):
                if end not in found.own:
                    raise BadInput(
                        f"the flow {flow.get('id', '')!r} from {source!r} to {target!r} is not connected: there is no node {end!r} in "
                        f"{found.element.get('id', '')!r}",
                        alternatives=found.own[:20],
                    )
            condition = next(
                (_words("".join(e.itertext())) or "if" for e in flow if tag_of(e) == "conditionExpression"), ""
            )
            label = _words(flow.get("name")) or (condition if 2 < len(condition) <= _LABEL else "")
            key = _id(flow.get("id"))
            found.flows.append(
                ModelFlow(
                    source, target, label, key, condition=bool(condition), default=bool(key) and key in self.defaults
                )
            )
        for throw, name in found.throws.items():
            if name not in found.catches:
                raise BadInput(f"the link {name!r} of {throw!r} leads nowhere", alternatives=sorted(found.catches))
            found.flows.append(ModelFlow(throw, found.catches[name]))
        for host, event in found.attached:
            if host not in found.own:
                raise BadInput(
                    f"the boundary event {event!r} is attached to {host!r}, which does not exist",
                    alternatives=found.own,
                )
            if event not in self.catchers.values():
                found.flows.append(ModelFlow(host, event, attached=True))
        for flow in found.flows:
            share = None
            if self.interrupts.get(flow.source):
                # What is thrown and caught stops here: its own way on is there and never taken.
                self.graph.kinds[flow.source], share = "xor", 0.0
            self.graph.flows.append(
                flow._replace(source=found.way_out(flow.source), target=found.way_in(flow.target), share=share)
            )
        for node in found.own:
            if catcher := self.catchers.get(node):
                self.graph.join(node, catcher)

    def _read_element(self, element: _Element, role: str, found: _Scope, top: bool) -> None:
        graph, tag, key = self.graph, tag_of(element), _id(element.get("id"))
        children = {tag_of(child): child for child in element}
        if key in self.undone:
            return
        if tag in _SUBPROCESSES:
            self._flatten(element, element, role, found)
            if element.get("triggeredByEvent") == "true":
                return
        elif (
            tag == "callActivity" and (called := graph.called.pop(_id(element.get("calledElement")), None)) is not None
        ):
            self._flatten(element, called, role, found)
        elif tag in _TASKS or tag in _GATEWAYS or tag in _EVENTS:
            found.own.append(key)
            graph.node(key, "task" if tag in _TASKS else _GATEWAYS.get(tag, "pass"))
            graph.names[key] = _words(element.get("name")) or key
            graph.roles[key] = role
            if _words(element.get("name")):
                graph.titled.add(key)
            if tag == "callActivity" and _id(element.get("calledElement")) in self.processes:
                graph.guessed["calls of a process that is in the sheet already, each a cell"] += 1
            elif tag == "complexGateway":
                graph.guessed["complex gateways, read as inclusive ones"] += 1
            elif tag == "startEvent":
                found.starts.add(key)
            elif tag == "boundaryEvent":
                found.attached.append((_id(element.get("attachedToRef")), key))
                graph.boundary[key] = element.get("cancelActivity") != "false"
            elif key in self.stops and top and not graph.senders:
                graph.kinds[key] = "terminate"
            elif key in self.stops and top:
                graph.guessed["terminate ends of one of several pools, read as plain ends"] += 1
            elif "linkEventDefinition" in children:
                link = _words(children["linkEventDefinition"].get("name")) or _words(element.get("name")) or key
                if tag == "intermediateThrowEvent":
                    found.throws[key] = link
                else:
                    found.catches[link] = key
            if tag in _EVENTS:
                self._read_wait(element, tag, key, children, top)
        else:
            return
        if _LOOPS & set(children) and (tag in _TASKS or tag in _SUBPROCESSES):
            self._loop(element, key, children, found)

    def _flatten(self, element: _Element, scope: _Element, role: str, found: _Scope) -> None:
        """A subprocess, or a process that is called, in the place of ``element``."""
        graph, key = self.graph, _id(element.get("id"))
        first, last = self._read_scope(scope, role)
        into, over = graph.node(f"{key}/begin", "pass"), graph.node(f"{key}/over", "pass")
        graph.join(into, first or last)
        graph.join(last, over)
        if element.get("triggeredByEvent") == "true":
            found.detours.append((into, over))
            return
        found.own.append(key)
        found.inner[key] = into, over

    def _loop(self, element: _Element, key: str, children: dict[str, _Element], found: _Scope) -> None:
        """The way back of a loop marker: as often as its cardinality says, else half of the time."""
        graph = self.graph
        into, over = found.inner.get(key, (key, key))
        again = graph.node(f"{key}/again", "xor")
        graph.names[again] = f"{graph.names.get(key) or _words(element.get('name')) or key} / again"
        loop = children.get("multiInstanceLoopCharacteristics")
        text = next((_words(e.text) for e in loop if tag_of(e) == "loopCardinality"), "") if loop is not None else ""
        times = int(text) if text.isdigit() and int(text) > 0 else 0
        if not times:
            graph.guessed["loops and several instances, once more half of the time"] += 1
        graph.join(over, again)
        graph.flows.append(ModelFlow(again, into, share=1 - 1 / times if times else 0.5))
        found.inner[key] = into, again

    def _read_wait(self, element: _Element, tag: str, key: str, children: dict[str, _Element], top: bool) -> None:
        """How long an event waits: a timer's length, or the simulation data's time."""
        graph, timer = self.graph, children.get("timerEventDefinition")
        if key in graph.data.durations:
            graph.delays[key] = graph.data.durations[key]
            return
        if timer is None:
            return
        texts = {tag_of(e): _words("".join(e.itertext())) for e in timer}
        if tag == "startEvent":
            hours = hours_of(texts.get("timeCycle", "").rsplit("/", 1)[-1])
            if top and hours and graph.data.arrival is None:
                graph.data.arrival = Duration(kind="constant", numbers=(hours,))
            elif texts and not hours:
                graph.dropped["timers whose length cannot be read"] += 1
            return
        hours = hours_of(texts.get("timeDuration", ""))
        host = _id(element.get("attachedToRef"))
        if hours is None:
            graph.dropped["timers whose length cannot be read"] += 1
        elif host in graph.data.durations:
            graph.timers[key] = hours
        else:
            # Where the time of an activity is known, the wait beside it is in it.
            graph.delays[key] = Duration(kind="constant", numbers=(hours,))

    def _read_throws(self) -> None:
        """Which event of an activity, or event subprocess, catches what an event inside throws."""
        for process in self.processes.values():
            for event in (e for e in process.iter() if tag_of(e) in _THROWS):
                for kind, ref in _CAUGHT.items():
                    for thrown in (e for e in event if tag_of(e) == kind):
                        key = _id(event.get("id"))
                        code = self._code(thrown, ref)
                        catcher = self._catcher(self.place[key], kind, ref, code)
                        if catcher:
                            self.catchers[key], self.interrupts[key] = catcher
                        elif kind != "escalationEventDefinition":
                            self.graph.dropped["errors that nothing catches, read as plain ends"] += 1

    def _code(self, definition: _Element, ref: str) -> str:
        key = _id(definition.get(ref)) if ref else ""
        return self.codes.get(key) or key

    def _catcher(self, scope: _Element, kind: str, ref: str, code: str) -> tuple[str, bool] | None:
        """(node that it goes on at, whether it interrupts), from the innermost scope outwards."""
        inside: _Element | None = None
        while tag_of(scope) in _SUBPROCESSES | {"process"}:
            for handler in (e for e in scope if e.get("triggeredByEvent") == "true" and e is not inside):
                for start in (e for e in handler if tag_of(e) == "startEvent" and self._catches(e, kind, ref, code)):
                    return f"{_id(handler.get('id'))}/begin", start.get("isInterrupting") != "false"
            host, inside = scope, scope
            if tag_of(scope) == "process":
                callers = [e for p in self.processes.values() for e in p.iter() if tag_of(e) == "callActivity"]
                host = next((e for e in callers if _id(e.get("calledElement")) == _id(scope.get("id"))), None)
                if host is None or _id(scope.get("id")) not in self.graph.called:
                    return None
            outside = self.home[id(host)]
            for event in (e for e in outside if tag_of(e) == "boundaryEvent"):
                if _id(event.get("attachedToRef")) == _id(host.get("id")) and self._catches(event, kind, ref, code):
                    return _id(event.get("id")), event.get("cancelActivity") != "false"
            scope = outside
        return None

    def _catches(self, event: _Element, kind: str, ref: str, code: str) -> bool:
        return any(tag_of(e) == kind and self._code(e, ref) in ("", code) for e in event)
