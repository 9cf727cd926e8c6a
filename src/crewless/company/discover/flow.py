"""A process tree as the sheet's nodes and arrows: cells joined by gateways, each branch with its probability."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crewless.company.discover.tree import (
    Chain,
    ExclusiveChoice,
    Leaf,
    Loop,
    Node,
    Parallel,
    Sequence,
    Silent,
    names_of,
)
from crewless.company.sheet.model import Arrow, Gateway

Ends = list[tuple[str, float]]
"""Nodes from which the flow goes on, each with the probability of the arrow that will leave it there."""


@dataclass
class _Flow:
    taken: set[str]
    gateways: list[Gateway] = field(default_factory=list)
    arrows: dict[tuple[str, str], float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def gateway(self, kind: str, word: str, name: str = "") -> str:
        while not name or name in self.taken:
            self.counts[word] = self.counts.get(word, 0) + 1
            name = f"{word} {self.counts[word]}"
        self.taken.add(name)
        self.gateways.append(Gateway(name=name, kind=kind))
        return name

    def join(self, ends: Ends, target: str) -> None:
        for source, probability in ends:
            # Two ways from a choice to the same node are one arrow.
            self.arrows[source, target] = self.arrows.get((source, target), 0.0) + probability


def flow_of(tree: Node) -> tuple[tuple[Gateway, ...], tuple[Arrow, ...]]:
    """Gateways and arrows. Every activity of the tree is the name of a cell."""
    flow = _Flow(taken=set(names_of(tree)))
    start = flow.gateway("start", "start", "start")
    ends = _add(flow, tree, [(start, 1.0)])
    flow.join(ends, flow.gateway("end", "end", "end"))
    arrows = tuple(Arrow(source=a, target=b, probability=p) for (a, b), p in _exact(flow).items())
    return tuple(flow.gateways), arrows


def _add(flow: _Flow, node: Node, ends: Ends) -> Ends:
    if isinstance(node, Leaf):
        flow.join(ends, node.name)
        return [(node.name, 1.0)]
    if isinstance(node, Silent):
        return ends
    if isinstance(node, Sequence):
        for child in node.children:
            ends = _add(flow, child, ends)
        return ends
    if isinstance(node, ExclusiveChoice):
        at = flow.gateway("xor", "choice")
        flow.join(ends, at)
        return [
            end
            for child, share in zip(node.children, node.shares, strict=True)
            for end in _add(flow, child, [(at, share)])
        ]
    if isinstance(node, Parallel):
        split, join = flow.gateway("and", "split"), flow.gateway("and", "join")
        flow.join(_single(flow, ends), split)
        for child in node.children:
            flow.join(_single(flow, _add(flow, child, [(split, 1.0)])), join)
        return [(join, 1.0)]
    if isinstance(node, Loop):
        again, more = flow.gateway("xor", "merge"), flow.gateway("xor", "again")
        flow.join(ends, again)
        flow.join(_add(flow, node.body, [(again, 1.0)]), more)
        for redo, share in zip(node.redos, node.shares, strict=True):
            flow.join(_add(flow, redo, [(more, node.again * share)]), again)
        return [(more, 1 - node.again)]
    return _add_chain(flow, node, ends)


def _add_chain(flow: _Flow, chain: Chain, ends: Ends) -> Ends:
    out: dict[str, list[tuple[str, float]]] = {}
    for (a, b), share in chain.shares.items():
        out.setdefault(a, []).append((b, share))
    found: Ends = []
    for name, onward in out.items():
        at = flow.gateway("xor", "choice")
        flow.join([(name, 1.0)] if name else ends, at)
        for target, share in onward:
            if target:
                flow.join([(at, share)], target)
            else:
                found.append((at, share))
    return found


def _single(flow: _Flow, ends: Ends) -> Ends:
    """Several ways into an ``and`` would be waited for; they are merged before it."""
    if len(ends) == 1 and ends[0][1] == 1.0:
        return ends
    merge = flow.gateway("xor", "merge")
    flow.join(ends, merge)
    return [(merge, 1.0)]


def _exact(flow: _Flow) -> Mapping[tuple[str, str], float]:
    """Shares that were counted apart add up to one again."""
    choices = {gateway.name for gateway in flow.gateways if gateway.kind == "xor"}
    total: dict[str, float] = {}
    for (source, _), probability in flow.arrows.items():
        total[source] = total.get(source, 0.0) + probability
    return {
        (source, target): p / total[source] if source in choices else 1.0 for (source, target), p in flow.arrows.items()
    }
