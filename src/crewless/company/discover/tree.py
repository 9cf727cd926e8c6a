"""The control flow of a log as a process tree, found by the inductive miner.

Leemans, Fahland and van der Aalst, "Discovering block-structured process models from event logs" (2013) and "... containing
infrequent behaviour" (2014): the directly-follows graph is cut into a choice, a sequence, a parallel block or a loop, the log
is split along the cut, and each part is mined by itself. Every tree is sound: a case can always finish. Three things are our own:

- The shares of every choice and loop are counted while the log is split, so the tree is a stochastic model.
- Where no cut is found, the part stays a chain: its directly-follows graph with the shares of its arrows (a directly-follows
  model, Leemans, Poppe and Wynn 2019) instead of a flower, which would forget all order.
- Neighbours that the same cases leave out are left out together.
- However rare, no activity is lost: its strongest arrow in and out outlives the thinning of the graph, and a cut after which one is
  missing is not made.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

_TOGETHER = 0.95
"""Share of the cases that leave out a part which must leave out its neighbours too."""
_RARE = 0.02
"""An order that is seen less often than this share of its reverse is a slip, and the two steps are not side by side."""
Trace = tuple[str, ...]
Traces = Mapping[Trace, int]
Edges = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Leaf:
    """An activity."""

    name: str


@dataclass(frozen=True)
class Silent:
    """Nothing is done."""


@dataclass(frozen=True)
class Sequence:
    """One after the other."""

    children: tuple["Node", ...]


@dataclass(frozen=True)
class ExclusiveChoice:
    """One of the children, each with its share of the cases."""

    children: tuple["Node", ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Parallel:
    """All children, in any order and at the same time."""

    children: tuple["Node", ...]


@dataclass(frozen=True)
class Loop:
    """The body; then, with probability ``again``, one of the redos and the body again."""

    body: "Node"
    redos: tuple["Node", ...]
    shares: tuple[float, ...]
    again: float


@dataclass(frozen=True)
class Chain:
    """Each activity leads to the next by the share with which it did so. The empty name is the way in and the way out."""

    shares: Mapping[tuple[str, str], float]


Node = Leaf | Silent | Sequence | ExclusiveChoice | Parallel | Loop | Chain


def mine(traces: Traces, *, concurrent: Iterable[frozenset[str]] = (), noise: float = 0.2) -> Node:
    """The tree of a log.

    Args:
        traces: sequence of activities to number of cases.
        concurrent: pairs of activities that were seen to overlap in time; they count as seen in both orders.
        noise: when the whole graph has no cut, arrows below this share of the strongest arrow out of the same
            activity are left out, and it is tried again.
    """
    return _mine(Counter(traces), frozenset(concurrent), noise)


def _mine(log: Counter[Trace], concurrent: frozenset[frozenset[str]], noise: float) -> Node:
    total, empty = log.total(), log[()]
    if empty == total:
        return Silent()
    if empty:
        rest = Counter({trace: count for trace, count in log.items() if trace})
        return ExclusiveChoice((_mine(rest, concurrent, noise), Silent()), (1 - empty / total, empty / total))
    names = sorted({name for trace in log for name in trace})
    if len(names) == 1:
        visits = sum(len(trace) * count for trace, count in log.items())
        if visits == total:
            return Leaf(names[0])
        return Loop(Leaf(names[0]), (Silent(),), (1.0,), 1 - total / visits)
    for share in (0.0, noise):
        found = _cut(log, names, concurrent, share)
        tree = None if found is None else _split(log, *found, concurrent, noise)
        # A cut through a thinned graph can send all visits of a rare activity to a part without it: no activity may be lost.
        if tree is not None and names_of(tree) == set(names):
            return tree
    rounds = _rounds(log)
    if rounds.total() > total:
        body = _mine(rounds, concurrent, noise)
        # Without anything side by side in it, a chain says the same and also remembers what led back.
        if concurrent_pairs(body):
            return Loop(body, (Silent(),), (1.0,), 1 - total / rounds.total())
    once = _once_a_case(log, names)
    if once:
        parts = [{once}, set(names) - {once}]
        return _split(log, "parallel", parts, concurrent, noise)
    return _chain(log)


def directly_follows(
    log: Traces, concurrent: Iterable[frozenset[str]] = ()
) -> tuple[Edges, Counter[str], Counter[str]]:
    """(how often each activity follows another, how often each is first, last)."""
    edges: Edges = defaultdict(float)
    first, last = Counter[str](), Counter[str]()
    for trace, count in log.items():
        if not trace:
            continue
        first[trace[0]] += count
        last[trace[-1]] += count
        for pair in pairwise(trace):
            edges[pair] += count
    for pair in concurrent:
        a, b = sorted(pair)
        both = edges.get((a, b), 0.0) + edges.get((b, a), 0.0)
        if both:
            for ends in (first, last):
                ends[a] = ends[b] = max(ends[a], ends[b])
            edges[a, b] = max(edges.get((a, b), 0.0), both / 2)
            edges[b, a] = max(edges.get((b, a), 0.0), both / 2)
    return dict(edges), +first, +last


def _cut(
    log: Counter[Trace], names: list[str], concurrent: frozenset[frozenset[str]], noise: float
) -> tuple[str, list[set[str]]] | None:
    edges, first, last = directly_follows(log, concurrent)
    edges = {(a, b): n for (a, b), n in edges.items() if a == b or n >= _RARE * edges.get((b, a), 0.0)}
    if noise:
        strongest: dict[str, float] = defaultdict(float)
        for (a, _), count in edges.items():
            strongest[a] = max(strongest[a], count)
        for name in last:
            strongest[name] = max(strongest[name], last[name])
        into, onto = _strongest(edges, 1, first), _strongest(edges, 0, last)
        edges = {
            (a, b): n
            for (a, b), n in edges.items()
            if n >= noise * strongest[a] or onto.get(a) == b or into.get(b) == a
        }
        first = Counter({a: n for a, n in first.items() if n >= noise * max(first.values())})
        last = Counter({a: n for a, n in last.items() if n >= noise * strongest[a]})
    arrows = {pair for pair in edges if pair[0] != pair[1]}
    for kind, parts in (
        ("choice", _components(names, arrows)),
        ("sequence", _in_order(names, arrows)),
        ("parallel", _side_by_side(names, arrows, set(first), set(last))),
        ("loop", _looped(names, arrows, set(first), set(last))),
    ):
        if len(parts) > 1:
            return kind, parts
    return None


def _strongest(edges: Edges, end: int, limits: Counter[str]) -> dict[str, str]:
    """The other end of the strongest arrow out of each activity (``end`` 0) or into it (1); none where cases begin or end there
    more often."""
    best: dict[str, tuple[float, str]] = {}
    for pair, count in edges.items():
        here, there = pair[end], pair[1 - end]
        if here != there and count > max(limits[here], best.get(here, (0.0, ""))[0]):
            best[here] = (count, there)
    return {here: there for here, (_, there) in best.items()}


def _components(names: Iterable[str], arrows: Iterable[tuple[str, str]]) -> list[set[str]]:
    part = {name: {name} for name in names}
    for a, b in arrows:
        if part[a] is not part[b]:
            part[a] |= part[b]
            for name in part[b]:
                part[name] = part[a]
    found: list[set[str]] = []
    for one in part.values():
        if not any(one is other for other in found):
            found.append(one)
    return found


def _reach(names: list[str], arrows: set[tuple[str, str]]) -> dict[str, set[str]]:
    after: dict[str, set[str]] = {name: set() for name in names}
    for a, b in arrows:
        after[a].add(b)
    found = {}
    for name in names:
        seen, todo = set(), [name]
        while todo:
            for nxt in after[todo.pop()]:
                if nxt not in seen:
                    seen.add(nxt)
                    todo.append(nxt)
        found[name] = seen
    return found


def _in_order(names: list[str], arrows: set[tuple[str, str]]) -> list[set[str]]:
    """Parts such that each leads to the later ones and never back."""
    reach = _reach(names, arrows)
    same = [(a, b) for a in names for b in names if a < b and (b in reach[a]) == (a in reach[b])]
    parts = _components(names, same)
    # Joining what neither reaches may join too much or too little to be in order: join again until it is.
    while len(parts) > 1:
        ahead = [[any(b in reach[a] for a in p for b in q) for q in parts] for p in parts]
        pairs = [(i, j) for i in range(len(parts)) for j in range(i) if ahead[i][j] == ahead[j][i]]
        if not pairs:
            order = sorted(range(len(parts)), key=lambda i: -sum(ahead[i][:i] + ahead[i][i + 1 :]))
            return [parts[i] for i in order]
        i, j = pairs[0]
        parts[j] |= parts.pop(i)
    return parts


def _side_by_side(names: list[str], arrows: set[tuple[str, str]], first: set[str], last: set[str]) -> list[set[str]]:
    apart = [(a, b) for a in names for b in names if a < b and not ((a, b) in arrows and (b, a) in arrows)]
    parts = sorted(_components(names, apart), key=len, reverse=True)
    whole = [part for part in parts if part & first and part & last]
    if len(whole) < 2:
        return []
    for part in parts:
        if not any(part is one for one in whole):
            whole[0] |= part
    return whole


def _looped(names: list[str], arrows: set[tuple[str, str]], first: set[str], last: set[str]) -> list[set[str]]:
    """The body before the redos."""
    body = first | last
    outside = [name for name in names if name not in body]
    parts = _components(outside, [(a, b) for a, b in arrows if a not in body and b not in body])
    redos = []
    for part in parts:
        into = {(a, b) for a, b in arrows if b in part and a not in part}
        out = {(a, b) for a, b in arrows if a in part and b not in part}
        heads, tails = {b for _, b in into}, {a for a, _ in out}
        good = into and out and all(a in last for a, _ in into) and all(b in first for _, b in out)
        good = good and all((a, head) in arrows for a in last for head in heads)
        good = good and all((tail, b) in arrows for b in first for tail in tails)
        if good:
            redos.append(part)
        else:
            body |= part
    return [body, *redos] if redos else []


def _split(
    log: Counter[Trace], kind: str, parts: list[set[str]], concurrent: frozenset[frozenset[str]], noise: float
) -> Node:
    if kind == "loop":
        return _split_loop(log, parts, concurrent, noise)
    if kind == "sequence":
        parts = _skipped_together(log, parts)
    logs: list[Counter[Trace]] = [Counter() for _ in parts]
    for trace, count in log.items():
        shares = [tuple(name for name in trace if name in part) for part in parts]
        if kind == "choice":
            at = max(range(len(parts)), key=lambda i: len(shares[i]))
            logs[at][shares[at]] += count
            continue
        for one, share in zip(logs, shares, strict=True):
            one[share] += count
    children = tuple(_mine(one, concurrent, noise) for one in logs)
    if kind == "choice":
        return ExclusiveChoice(children, tuple(one.total() / log.total() for one in logs))
    return Sequence(children) if kind == "sequence" else Parallel(children)


def _skipped_together(log: Counter[Trace], parts: list[set[str]]) -> list[set[str]]:
    """Neighbours in a sequence that are left out by the same cases become one part, which is then left out as a whole. Each
    by itself would be skipped independently of the next, and cases would take ways that none has taken."""
    while len(parts) > 2:
        empty = [{trace for trace in log if not part & set(trace)} for part in parts]
        least = [sum(log[trace] for trace in one) for one in empty]
        spans = [(i, i + size) for size in range(len(parts) - 1, 1, -1) for i in range(len(parts) - size + 1)]
        for start, stop in spans:
            low = min(least[start:stop])
            both = sum(log[trace] for trace in set.intersection(*empty[start:stop])) if low else 0
            if low and both >= _TOGETHER * low:
                parts = [*parts[:start], set().union(*parts[start:stop]), *parts[stop:]]
                break
        else:
            return parts
    return parts


def _split_loop(
    log: Counter[Trace], parts: list[set[str]], concurrent: frozenset[frozenset[str]], noise: float
) -> Node:
    of = {name: at for at, part in enumerate(parts) for name in part}
    logs: list[Counter[Trace]] = [Counter() for _ in parts]
    for trace, count in log.items():
        runs: list[tuple[int, list[str]]] = []
        for name in trace:
            if not runs or runs[-1][0] != of[name]:
                if of[name] and (not runs or runs[-1][0]):
                    runs.append((0, []))
                runs.append((of[name], []))
            # Two rounds of the body without a redo between them are one run here: an arrow from the last to the first
            # activity of the body would have joined the redo to it otherwise.
            runs[-1][1].append(name)
        if runs[-1][0]:
            runs.append((0, []))
        for at, run in runs:
            logs[at][tuple(run)] += count
    redone = sum(one.total() for one in logs[1:])
    children = [_mine(one, concurrent, noise) for one in logs]
    shares = tuple(one.total() / redone for one in logs[1:])
    return Loop(children[0], tuple(children[1:]), shares, redone / logs[0].total())


def _rounds(log: Counter[Trace]) -> Counter[Trace]:
    """The traces cut wherever what ends a case is followed by what begins one; only where nothing does both."""
    first, last = {trace[0] for trace in log}, {trace[-1] for trace in log}
    if first & last:
        return log
    rounds: Counter[Trace] = Counter()
    for trace, count in log.items():
        at = 0
        for i, (a, b) in enumerate(pairwise(trace), 1):
            if a in last and b in first:
                rounds[trace[at:i]] += count
                at = i
        rounds[trace[at:]] += count
    return rounds


def _once_a_case(log: Counter[Trace], names: list[str]) -> str:
    """An activity that every case does exactly once and that is followed, and preceded, by all others: it runs beside
    them."""
    edges, _, _ = directly_follows(log)
    for name in names:
        if all(trace.count(name) == 1 for trace in log):
            others = [other for other in names if other != name]
            if (
                all((name, other) in edges or (other, name) in edges for other in others)
                and sum((name, other) in edges and (other, name) in edges for other in others) >= len(others) / 2
            ):
                return name
    return ""


def _chain(log: Counter[Trace]) -> Chain:
    counts: Counter[tuple[str, str]] = Counter()
    for trace, count in log.items():
        for pair in zip(("", *trace), (*trace, ""), strict=True):
            counts[pair] += count
    total: Counter[str] = Counter()
    for (a, _), count in counts.items():
        total[a] += count
    return Chain({(a, b): count / total[a] for (a, b), count in counts.items()})


def concurrent_pairs(node: Node) -> set[frozenset[str]]:
    """Pairs of activities that the tree lets run side by side."""
    if isinstance(node, Parallel):
        groups = [names_of(child) for child in node.children]
        pairs = {frozenset((a, b)) for i, one in enumerate(groups) for other in groups[:i] for a in one for b in other}
    else:
        pairs = set()
    return pairs.union(*(concurrent_pairs(child) for child in children_of(node)))


def children_of(node: Node) -> tuple[Node, ...]:
    """Direct children."""
    if isinstance(node, Loop):
        return (node.body, *node.redos)
    return node.children if isinstance(node, Sequence | ExclusiveChoice | Parallel) else ()


def names_of(node: Node) -> set[str]:
    """Every activity in it."""
    if isinstance(node, Leaf):
        return {node.name}
    if isinstance(node, Chain):
        return {name for pair in node.shares for name in pair if name}
    return set().union(*(names_of(child) for child in children_of(node)))
