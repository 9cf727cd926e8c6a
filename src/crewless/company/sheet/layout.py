"""Where the nodes of a sheet are drawn: in layers from the start to the ends, as Sugiyama, Tagawa and Toda do it ("Methods for visual
understanding of hierarchical system structures", 1981), without dummy nodes on long arrows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from crewless.company.sheet.model import Sheet

_SWEEPS = 8


@dataclass(frozen=True, kw_only=True)
class SheetLayout:
    """Layer and place of each node. A node's place is the middle of its column; the columns of a layer are centred."""

    layer: Mapping[str, int]
    column: Mapping[str, float]
    layers: int
    columns: int
    """Nodes of the widest layer."""
    back: frozenset[int]
    """Numbers of the arrows that lead back to an earlier layer."""


def layout(sheet: Sheet) -> SheetLayout:
    """Of every node. Arrows that lead back are left out of the layers."""
    out: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, arrow in enumerate(sheet.arrows):
        out[arrow.source].append((arrow.target, number))
    names = [one.name for one in (*sheet.gateways, *sheet.cells)]
    starts = [one.name for one in sheet.gateways if one.kind == "start"]
    back = _back_arrows([*starts, *names], out)
    layer = _layers(names, out, back)
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for name in names:
        rows[layer[name]].append(name)
    column = _ordered(rows, sheet, back)
    return SheetLayout(
        layer=layer, column=column, layers=len(rows), columns=max(map(len, rows), default=0), back=frozenset(back)
    )


def _back_arrows(names: list[str], out: Mapping[str, list[tuple[str, int]]]) -> set[int]:
    """Arrows into a node that a depth-first search is still below."""
    back, done, below = set(), set(), set()
    for root in names:
        todo = [(root, iter(out[root]))] if root not in done else []
        below |= {root} if todo else set()
        done.add(root)
        while todo:
            name, arrows = todo[-1]
            step = next(arrows, None)
            if step is None:
                below.discard(name)
                todo.pop()
                continue
            target, number = step
            if target in below:
                back.add(number)
            elif target not in done:
                done.add(target)
                below.add(target)
                todo.append((target, iter(out[target])))
    return back


def _layers(names: list[str], out: Mapping[str, list[tuple[str, int]]], back: set[int]) -> dict[str, int]:
    """The longest way to each node."""
    waits: dict[str, int] = dict.fromkeys(names, 0)
    for name in names:
        for target, number in out[name]:
            waits[target] += number not in back
    layer = dict.fromkeys(names, 0)
    todo = [name for name in names if not waits[name]]
    for name in todo:
        for target, number in out[name]:
            if number not in back:
                layer[target] = max(layer[target], layer[name] + 1)
                waits[target] -= 1
                if not waits[target]:
                    todo.append(target)
    return layer


def _ordered(rows: list[list[str]], sheet: Sheet, back: set[int]) -> dict[str, float]:
    """Each layer in the order of the mean places of its neighbours, downwards and upwards in turn."""
    near: tuple[dict[str, list[str]], dict[str, list[str]]] = (defaultdict(list), defaultdict(list))
    for number, arrow in enumerate(sheet.arrows):
        if number not in back:
            near[0][arrow.target].append(arrow.source)
            near[1][arrow.source].append(arrow.target)
    place: dict[str, float] = {}

    def put(row: list[str]) -> None:
        for at, name in enumerate(row):
            place[name] = at - (len(row) - 1) / 2

    for row in rows:
        put(row)
    for sweep in range(_SWEEPS):
        side = near[sweep % 2]
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            row.sort(
                key=lambda name: sum(place[n] for n in side[name]) / len(side[name]) if side[name] else place[name]
            )
            put(row)
    return place
