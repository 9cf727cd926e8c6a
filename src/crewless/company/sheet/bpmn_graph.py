"""A BPMN model while it is read: nodes and flows by their ids; and the sheet that they make.

Boundary events and flows under conditions are implicit splits, which become gateways here. Nodes that only pass a case on, and have
no name of their own, are left out.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple
from xml.etree import ElementTree

from crewless.company.sheet.bpmn_times import SimulationData
from crewless.company.sheet.model import Arrival, Arrow, Cell, Duration, Gateway, Pool, Sheet, WorkProfile


class ModelFlow(NamedTuple):
    """From node to node, by ids."""

    source: str
    target: str
    label: str = ""
    key: str = ""
    """Of the sequence flow; empty where it is implied."""
    condition: bool = False
    default: bool = False
    attached: bool = False
    """From an activity to its boundary event."""
    share: float | None = None
    """Its probability after a choice, where that follows from the model."""


@dataclass
class ModelGraph:
    """Everything that was read, of all processes."""

    data: SimulationData = field(default_factory=SimulationData)
    kinds: dict[str, str] = field(default_factory=dict)
    """``task``, a kind of gateway, ``start``, ``end``, ``terminate`` or ``pass`` (an event: no choice), by id."""
    names: dict[str, str] = field(default_factory=dict)
    titled: set[str] = field(default_factory=set)
    """Nodes whose name is the model's own and no id."""
    roles: dict[str, str] = field(default_factory=dict)
    flows: list[ModelFlow] = field(default_factory=list)
    boundary: dict[str, bool] = field(default_factory=dict)
    """Events that are attached to an activity: whether they interrupt it."""
    delays: dict[str, Duration] = field(default_factory=dict)
    """Events that wait, and for how long."""
    called: dict[str, ElementTree.Element] = field(default_factory=dict)
    """Processes of the file that have not been called yet, by id."""
    senders: dict[str, list[str]] = field(default_factory=dict)
    """Start event to the nodes that send it a message or a signal."""
    sent: list[tuple[str, str]] = field(default_factory=list)
    """The same as flows, once the start event has been read."""
    guessed: Counter[str] = field(default_factory=Counter)
    """What the model does not say and was assumed, and how often."""
    dropped: Counter[str] = field(default_factory=Counter)
    """What a sheet has no word for, and how often."""

    def node(self, key: str, kind: str) -> str:
        """Add one. Returns its id."""
        self.kinds[key] = kind
        return key

    def join(self, source: str, target: str) -> None:
        """Add a flow that the model implies."""
        self.flows.append(ModelFlow(source, target))


class _Maker:
    """Makes the sheet's gateways and arrows of one graph."""

    def __init__(self, graph: ModelGraph) -> None:
        self.graph, self.data = graph, graph.data
        self.names: dict[str, str] = {}
        taken: set[str] = set()
        for key in graph.kinds:
            name = graph.names.get(key, key)
            while name in taken:
                name = f"{name} ({key})"
            self.names[key] = name
            taken.add(name)
        self.out: dict[str, list[ModelFlow]] = {key: [] for key in graph.kinds}
        for flow in graph.flows:
            self.out[flow.source].append(flow)
        self.gateways: list[Gateway] = []
        self.arrows: list[Arrow] = []

    def arrow(self, source: str, flow: ModelFlow, share: float = 1.0, delay: Duration | None = None) -> None:
        arrow = Arrow(source=source, target=self.names[flow.target], probability=share, label=flow.label)
        self.arrows.append(replace(arrow, delay=delay) if delay else arrow)

    def split(self, name: str, source: str, kind: Literal["xor", "and", "or"], share: float) -> str:
        """A gateway behind a node, reached from ``source`` with probability ``share``. Returns its name."""
        made = f"{name} / {'all' if kind == 'and' else 'split'}"
        self.gateways.append(Gateway(name=made, kind=kind))
        self.arrows.append(Arrow(source=source, target=made, probability=share))
        return made

    def shares(self, flows: list[ModelFlow], kind: str) -> list[float]:
        """Of the flows out of a choice: what the model says, else equal; of an inclusive one each by itself."""
        said = [self.data.shares.get(flow.key) if flow.share is None else flow.share for flow in flows]
        known = [share for share in said if share is not None]
        if kind == "or":
            scale = 100.0 if any(share > 1 for share in known) else 1.0
            if len(known) < len(flows):
                self.graph.guessed["inclusive choices, each branch taken half of the time"] += 1
            return [0.5 if share is None else min(1.0, share / scale) for share in said]
        if len(flows) > 1 and not known:
            self.graph.guessed["choices, all branches equally likely"] += 1
        rest = max(0.0, 1.0 - sum(known)) / max(1, len(flows) - len(known))
        filled = [rest if share is None else max(0.0, share) for share in said]
        total = sum(filled)
        return [share / total for share in filled] if total > 0 else [1 / len(flows)] * len(flows)

    def go_on(self, key: str) -> None:
        """The arrows out of an activity or an event, with what they mean besides one another.

        A boundary event that interrupts is instead of the normal way, one that does not is besides it. Several flows mean all of
        them, and one under a condition is taken besides those without (BPMN 2.0.2, section 13.3.1); where all but a default have
        conditions, one of them is taken.
        """
        graph, name, out = self.graph, self.names[key], self.out[key]
        instead = [flow for flow in out if flow.attached and graph.boundary[flow.target]]
        besides = [flow for flow in out if flow.attached and not graph.boundary[flow.target]]
        onward = [flow for flow in out if not flow.attached]
        source, share = name, 1.0
        if instead or besides:
            source = self.split(name, source, "xor", share)
            share = 1 / (len(instead) + len(besides) + bool(onward))
            for flow in instead:
                self.arrow(source, flow, share)
            graph.guessed["boundary events, as likely as the normal way"] += len(instead) + len(besides)
        if besides:
            merged = f"{name} / on"
            for flow in besides:
                both = self.split(f"{name} / {self.names[flow.target]}", source, "and", share)
                self.arrow(both, flow)
                self.arrows.append(Arrow(source=both, target=merged))
            if onward:
                self.arrows.append(Arrow(source=source, target=merged, probability=share))
            self.gateways.append(Gateway(name=merged, kind="xor"))
            source, share = merged, 1.0
        delay = graph.delays.get(key)
        if len(onward) < 2:
            for flow in onward:
                self.arrow(source, flow, share, delay)
            return
        conditional = [flow for flow in onward if flow.condition or flow.default]
        if not conditional:
            kind, shares = "and", [1.0] * len(onward)
        elif len(conditional) == len(onward) or not any(flow.condition for flow in onward):
            # Tools leave out the conditions besides a default.
            kind, shares = "xor", self.shares(onward, "xor")
        else:
            # A default goes on only where no condition holds: besides a plain flow it never does.
            onward = [flow for flow in onward if not flow.default]
            kind = "or"
            shares = [1.0 if not flow.condition else self.data.shares.get(flow.key, 0.5) for flow in onward]
            graph.guessed["flows under a condition besides plain ones, taken half of the time"] += sum(
                flow.condition and flow.key not in self.data.shares for flow in onward
            )
        source = self.split(name if kind == "and" else f"{name} / which", source, kind, share)
        for flow, chance in zip(onward, shares, strict=True):
            self.arrow(source, flow, chance, delay)


def sheet_of(graph: ModelGraph) -> Sheet:
    """Names made distinct; implicit splits made gateways; what only passes a case on left out. Not checked yet."""
    make, data = _Maker(graph), graph.data
    cells, kept = [], set()
    pools: dict[str, Pool] = {}
    for key, kind in graph.kinds.items():
        name, out = make.names[key], make.out[key]
        if kind == "task":
            role = graph.roles.get(key) or "people"
            pool = data.pools.get(data.doers.get(key, "")) or Pool(name=role)
            pools.setdefault(pool.name, pool)
            work = WorkProfile(
                resource=pool.name,
                duration=data.durations.get(key, Duration()),
                cost=max(0.0, data.costs.get(key, 0.0)),
            )
            cells.append(Cell(name=name, role=role, works={"person": work}))
        else:
            make.gateways.append(Gateway(name=name, kind="xor" if kind == "pass" else kind))
            if key in graph.titled or kind != "pass":
                kept.add(name)
        if kind in ("task", "pass"):
            make.go_on(key)
            continue
        choice = kind in ("xor", "event", "or") and len(out) > 1
        shares = make.shares(out, kind) if choice else [1.0] * len(out)
        for flow, share in zip(out, shares, strict=True):
            make.arrow(name, flow, share, graph.delays.get(key))
    gateways, arrows = _without_passes(make.gateways, make.arrows, kept)
    calendars = {one.name: one for one in data.calendars.values()}
    used = {pool.calendar for pool in pools.values()} | {data.arrival_calendar}
    arrival = Arrival(calendar=data.arrival_calendar)
    return Sheet(
        cells=tuple(cells),
        gateways=tuple(gateways),
        arrows=tuple(arrows),
        resources=tuple(pools[name] for name in sorted(pools)),
        calendars=tuple(one for name, one in calendars.items() if name in used),
        arrival=replace(arrival, between=data.arrival) if data.arrival else arrival,
    )


def _without_passes(gateways: list[Gateway], arrows: list[Arrow], kept: set[str]) -> tuple[list[Gateway], list[Arrow]]:
    """An ``xor`` with one way on is left out, where that changes nothing: several ways into a join stay one way."""
    kinds = {one.name: one.kind for one in gateways}
    into: dict[str, list[Arrow]] = {}
    out: dict[str, list[Arrow]] = {}
    for arrow in arrows:
        out.setdefault(arrow.source, []).append(arrow)
        into.setdefault(arrow.target, []).append(arrow)
    gone: set[str] = set()
    for gateway in gateways:
        name = gateway.name
        if gateway.kind != "xor" or name in kept or len(out.get(name, ())) != 1 or not into.get(name):
            continue
        onward, before = out[name][0], into[name]
        target = onward.target
        waits = onward.delay != Duration() and any(one.delay != Duration() for one in before)
        joins = kinds.get(target) in ("and", "or") and len(before) > 1
        sources = {one.source for one in into[target]}
        doubled = any(one.source in sources for one in before) or len({one.source for one in before}) < len(before)
        if target == name or waits or joins or doubled:
            continue
        gone.add(name)
        made = [
            replace(
                one,
                target=target,
                delay=one.delay if onward.delay == Duration() else onward.delay,
                label=one.label or onward.label,
            )
            for one in before
        ]
        for old, new in zip(before, made, strict=True):
            out[old.source] = [new if one is old else one for one in out[old.source]]
        into[target] = [one for one in into[target] if one is not onward] + made
        del out[name], into[name]
    return [one for one in gateways if one.name not in gone], [one for found in out.values() for one in found]
