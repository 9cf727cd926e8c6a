"""Which cells people keep: one at a time, factorial, and along the share of human cells.

A choice names the performer of every cell that can be done by more than one. The **machine** of a cell is AI where it can
do it, else the robot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from crewless.company.sheet.model import Performer, Sheet
from crewless.core.errors import BadInput

Choice = dict[str, Performer]


@dataclass(frozen=True, kw_only=True)
class Named:
    """A choice, and why it is simulated."""

    name: str
    choice: Choice
    share: float
    """Share of the open cells that people keep."""


def machine_of(sheet: Sheet) -> dict[str, Performer]:
    """The machine of each cell that both a person and a machine can do: the open cells, in the sheet's order.

    Raises:
        BadInput: there is none.
    """
    found: dict[str, Performer] = {}
    for cell in sheet.cells:
        machines: list[Performer] = [p for p in ("ai", "robot") if p in cell.works]
        if machines and "person" in cell.works:
            found[cell.name] = machines[0]
    if not found:
        raise BadInput(
            "no cell can be done by a person and by a machine, so there is nothing to choose",
            alternatives=["fill the columns ai resource and ai duration of a cell"],
        )
    return found


def with_people(machines: Mapping[str, Performer], kept: Sequence[str] | set[str], name: str) -> Named:
    """People keep the cells ``kept``, machines do the other open ones."""
    people = set(kept)
    choice: Choice = {cell: "person" if cell in people else machine for cell, machine in machines.items()}
    return Named(name=name, choice=choice, share=len(people) / len(machines))


def one_at_a_time(sheet: Sheet) -> list[Named]:
    """Nobody; each cell alone kept by people; everybody; each cell alone handed over: 2 (open cells + 1) choices."""
    machines = machine_of(sheet)
    cells = list(machines)
    return [
        with_people(machines, [], "no people"),
        *(with_people(machines, [cell], f"people only at {cell}") for cell in cells),
        with_people(machines, cells, "all people"),
        *(with_people(machines, set(cells) - {cell}, f"machine only at {cell}") for cell in cells),
    ]


def factorial(sheet: Sheet, most: int = 128) -> list[Named]:
    """All combinations while there are at most ``most``; else a two-level orthogonal design, folded over.

    The fraction is a Sylvester-Hadamard matrix and its negative (Plackett and Burman 1946; Box and Wilson 1951): in it the
    effect of a cell is mixed up with no other cell's and with no effect of a pair.
    """
    machines = machine_of(sheet)
    cells = list(machines)
    signs = design(len(cells), most)
    return [
        with_people(machines, [c for c, s in zip(cells, row, strict=True) if s > 0], f"factorial {i + 1}")
        for i, row in enumerate(signs)
    ]


def design(factors: int, most: int = 128) -> NDArray[np.int8]:
    """Shape (runs, factors), of -1 and 1; every column is balanced and at right angles to every other."""
    if 2**factors <= most:
        numbers = np.arange(2**factors)[:, None] >> np.arange(factors)
        return (2 * (numbers & 1) - 1).astype(np.int8)
    part = hadamard(1 << factors.bit_length())[:, 1 : factors + 1].astype(np.int8)
    return np.concatenate([part, -part])


def along_share(sheet: Sheet, levels: int = 9, draws: int = 3, seed: int = 0) -> list[Named]:
    """``levels`` shares of human cells between none and all, each with ``draws`` sets of cells drawn at random."""
    machines = machine_of(sheet)
    cells = list(machines)
    rng = np.random.default_rng(seed)
    sizes = sorted({round(share * len(cells)) for share in np.linspace(0, 1, levels + 2)[1:-1]} - {0, len(cells)})
    return [
        with_people(machines, [cells[i] for i in rng.permutation(len(cells))[:size]], f"{size} of {len(cells)} people, draw {d + 1}")
        for size in sizes for d in range(draws)
    ]  # fmt: skip


def in_order(sheet: Sheet, order: Sequence[str], name: str) -> list[Named]:
    """People keep the first, the first two, ... of ``order``."""
    machines = machine_of(sheet)
    return [with_people(machines, order[:k], f"{name}, {k}") for k in range(1, len(order))]
