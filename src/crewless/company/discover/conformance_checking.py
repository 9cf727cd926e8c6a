"""How well a sheet and a log agree.

*Fitness* is by alignments (van der Aalst, Adriansyah and van Dongen, "Replaying history on process models", 2012): of each
sequence of activities, the fewest steps that the log has and the sheet does not allow, or the sheet needs and the log lacks, as a
share of the worst case. *Precision* is by escaping edges along those alignments (Adriansyah and others, "Measuring precision of
modeled behavior", 2015): of what the sheet allows at each point that cases reached, the share that cases ever did.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from crewless.company.sheet.model import Sheet

Marking = tuple[int, ...]
"""Arrows that hold a token, sorted, one entry a token."""
_MOST_STATES = 20_000
"""Most states in the search for the alignment of one sequence."""
_MOST_BRANCHES = 6
"""Branches of an inclusive gateway up to which every subset is tried."""


@dataclass(frozen=True, kw_only=True)
class Conformance:
    """Agreement of a sheet and a log; fitness and precision are 0 to 1."""

    fitness: float
    precision: float
    fitting: float
    """Share of the cases that the sheet allows as they are."""
    unsolved: int
    """Cases whose alignment was not found in time; they are left out."""
    deviations: tuple[tuple[str, int], ...]
    """The most frequent disagreements and how many cases have them."""


def conformance(sheet: Sheet, variants: Mapping[tuple[str, ...], int]) -> Conformance:
    """How well a sheet agrees with a log, given as sequences of activities and how many cases took each."""
    net = _Net(sheet)
    found = {variant: net.align(variant) for variant in variants}
    shortest = net.align(())
    floor = shortest.cost if shortest else 0
    solved = {v: a for v, a in found.items() if a is not None}
    cases = sum(variants[v] for v in solved)
    cost = sum(a.cost / max(1, len(v) + floor) * variants[v] for v, a in solved.items())
    deviations: Counter[str] = Counter()
    for variant, alignment in solved.items():
        for what in set(alignment.deviations):
            deviations[what] += variants[variant]
    return Conformance(
        fitness=1 - cost / cases if cases else 0.0,
        precision=_precision(net, {a: variants[v] for v, a in solved.items()}),
        fitting=sum(variants[v] for v, a in solved.items() if not a.cost) / cases if cases else 0.0,
        unsolved=sum(variants.values()) - cases,
        deviations=tuple(deviations.most_common(10)),
    )


@dataclass(frozen=True, eq=False)
class _Alignment:
    cost: int
    run: tuple[tuple[Marking, str], ...]
    """What the sheet does: the marking before each cell, and the cell."""
    last: Marking
    deviations: tuple[str, ...]


def _precision(net: "_Net", alignments: Mapping[_Alignment, int]) -> float:
    weight: Counter[tuple[str, ...]] = Counter()
    allowed: dict[tuple[str, ...], frozenset[str]] = {}
    seen: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for alignment, count in alignments.items():
        prefix: tuple[str, ...] = ()
        for marking, name in (*alignment.run, (alignment.last, "")):
            weight[prefix] += count
            allowed[prefix] = allowed.get(prefix, frozenset()) | net.enabled(marking)
            seen[prefix].add(name)
            prefix += (name,)
    offered = sum(weight[p] * len(allowed[p] | seen[p]) for p in weight)
    taken = sum(weight[p] * len(seen[p]) for p in weight)
    return taken / offered if offered else 1.0


class _Net:
    """The sheet's token game. A token lies on an arrow; a cell takes one from any arrow into it and puts one on every arrow
    out of it."""

    def __init__(self, sheet: Sheet) -> None:
        self.kind = {cell.name: "cell" for cell in sheet.cells} | {g.name: g.kind for g in sheet.gateways}
        self.target = [arrow.target for arrow in sheet.arrows]
        self.into: dict[str, list[int]] = defaultdict(list)
        self.out: dict[str, list[int]] = defaultdict(list)
        for i, arrow in enumerate(sheet.arrows):
            self.into[arrow.target].append(i)
            if arrow.probability > 0 or self.kind[arrow.source] not in ("xor", "event", "or"):
                self.out[arrow.source].append(i)
        starts = [g.name for g in sheet.gateways if g.kind == "start"]
        self.first = self._settled(tuple(sorted(i for name in starts for i in self.out[name])))
        self._ahead = self._reach()
        self._enabled: dict[Marking, frozenset[str]] = {}

    def align(self, trace: tuple[str, ...]) -> _Alignment | None:
        """The cheapest; None when it is not found in time. 0-1 breadth-first search over (steps of the trace, marking)."""
        start: tuple[int, Marking] = (0, self.first)
        best: dict[tuple[int, Marking], int] = {start: 0}
        back: dict[tuple[int, Marking], tuple[tuple[int, Marking], str, str]] = {}
        todo: deque[tuple[int, Marking]] = deque([start])
        done: set[tuple[int, Marking]] = set()
        while todo and len(done) < _MOST_STATES:
            state = todo.popleft()
            if state in done:
                continue
            done.add(state)
            at, marking = state
            if at == len(trace) and self._over(marking):
                return self._walk_back(state, best[state], back)
            moves: list[tuple[tuple[int, Marking], int, str, str]] = []
            if at < len(trace):
                moves.append(((at + 1, marking), 1, "", f"{trace[at]} was not expected"))
            for name, after in self.steps(marking):
                if not name:
                    moves.append(((at, after), 0, "", ""))
                else:
                    moves.append(((at, after), 1, name, f"{name} is missing"))
                    if at < len(trace) and trace[at] == name:
                        moves.append(((at + 1, after), 0, name, ""))
            for nxt, cost, name, deviation in moves:
                total = best[state] + cost
                if total < best.get(nxt, 1 << 30):
                    best[nxt] = total
                    back[nxt] = (state, name, deviation)
                    (todo.append if cost else todo.appendleft)(nxt)
        return None

    def _walk_back(
        self,
        state: tuple[int, Marking],
        cost: int,
        back: Mapping[tuple[int, Marking], tuple[tuple[int, Marking], str, str]],
    ) -> _Alignment:
        run: list[tuple[Marking, str]] = []
        deviations = []
        last, after = state[1], True
        while state in back:
            state, name, deviation = back[state]
            if deviation:
                deviations.append(deviation)
            if name:
                run.append((state[1], name))
                after = False
            elif after:
                # Choices taken after the last cell belong to the end.
                last = state[1]
        # The marking before a cell is the one right behind the cell before it: choices come after that.
        marks = [self.first]
        for marking, name in reversed(run):
            marks.append(self._fired(marking, name))
        names = [name for _, name in reversed(run)]
        return _Alignment(cost, tuple(zip(marks, names, strict=False)), marks[-1] if names else last, tuple(deviations))

    def _fired(self, marking: Marking, name: str) -> Marking:
        return next(after for one, after in self.steps(marking) if one == name)

    def steps(self, marking: Marking) -> Iterator[tuple[str, Marking]]:
        """(cell, or "" for a choice; the marking afterwards)."""
        for token in dict.fromkeys(marking):
            node = self.target[token]
            kind = self.kind[node]
            if kind == "cell":
                yield node, self._settled(_moved(marking, [token], self.out[node]))
            elif kind in ("xor", "event"):
                for one in self.out[node]:
                    yield "", self._settled(_moved(marking, [token], [one]))
            elif kind == "or" and (inputs := self._or_ready(node, marking)):
                for some in _subsets(self.out[node]):
                    yield "", self._settled(_moved(marking, inputs, some))

    def enabled(self, marking: Marking) -> frozenset[str]:
        """Cells that can be next, after any choices; "" when the case can be over."""
        if marking not in self._enabled:
            found: set[str] = set()
            seen, todo = {marking}, [marking]
            while todo and len(seen) < _MOST_STATES:
                here = todo.pop()
                if self._over(here):
                    found.add("")
                for name, after in self.steps(here):
                    if name:
                        found.add(name)
                    elif after not in seen:
                        seen.add(after)
                        todo.append(after)
            self._enabled[marking] = frozenset(found)
        return self._enabled[marking]

    def _over(self, marking: Marking) -> bool:
        return not marking

    def _settled(self, marking: Marking) -> Marking:
        """Everything done that is no choice: ends, gateways with one way on, joins that are complete."""
        while True:
            for token in marking:
                node = self.target[token]
                kind, out = self.kind[node], self.out[node]
                if kind == "terminate":
                    return ()
                if kind == "end":
                    marking = _moved(marking, [token], [])
                elif kind in ("xor", "event") and len(out) == 1:
                    marking = _moved(marking, [token], out)
                elif kind == "and" and all(i in marking for i in self.into[node]):
                    marking = _moved(marking, self.into[node], out)
                else:
                    continue
                break
            else:
                return marking

    def _or_ready(self, node: str, marking: Marking) -> list[int]:
        """The tokens that an inclusive gateway takes: those there are, once no other can still come."""
        here = [i for i in self.into[node] if i in marking]
        waiting = set(self.into[node]) - set(here)
        for token in marking:
            if self.target[token] != node and waiting & self._ahead[token]:
                return []
        return here

    def _reach(self) -> list[set[int]]:
        """Arrows that a token on each arrow can come to."""
        found = []
        for i in range(len(self.target)):
            seen: set[int] = set()
            todo = [i]
            while todo:
                for nxt in self.out[self.target[todo.pop()]]:
                    if nxt not in seen:
                        seen.add(nxt)
                        todo.append(nxt)
            found.append(seen)
        return found


def _moved(marking: Marking, less: list[int], more: list[int]) -> Marking:
    left = list(marking)
    for one in less:
        left.remove(one)
    return tuple(sorted([*left, *more]))


def _subsets(arrows: list[int]) -> Iterator[list[int]]:
    if len(arrows) > _MOST_BRANCHES:
        yield from ([one] for one in arrows)
        yield arrows
        return
    for size in range(1, len(arrows) + 1):
        yield from map(list, combinations(arrows, size))
