"""Runs the choices and says what each human cell costs and gives, with paired intervals, and whether the claim holds.

The claim, from the picture of a spreadsheet: a sheet is only as quick as the cells that people compute by hand, so that a
few human cells hold the whole sheet back. It is tested, cell by cell and along the share, and may turn out false.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crewless.company.compare.designs import (
    Named,
    along_share,
    design,
    factorial,
    in_order,
    machine_of,
    one_at_a_time,
    with_people,
)
from crewless.company.sheet.model import Sheet
from crewless.company.simulate.compiled import chosen
from crewless.company.simulate.replications import MEASURES, SimulateConfig, SimulationOutcome, run_choices
from crewless.company.simulate.statistics import Interval, interval

BETTER = {"throughput": 1, "right": 1, "right_first_time": 1} | dict.fromkeys(
    ("lead_h", "lead_median_h", "lead_p95_h", "cost", "paid", "waiting_h", "work_h", "meeting_h", "handovers", "rework", "present", "turned_away"), -1
)  # fmt: skip
"""1: larger is better; -1: smaller is better."""
PARETO = ("cost", "lead_h", "right")
Design = Literal["one", "factorial", "all"]


@dataclass(frozen=True, kw_only=True)
class CellEffect:
    """What people at one cell change, in each measure of ``MEASURES``: people minus machine."""

    cell: str
    alone: dict[str, Interval]
    """Effect while machines perform all other cells: mean difference of replications with common random numbers."""
    among: dict[str, Interval]
    """Effect while people perform all other cells."""
    main: dict[str, float]
    """Averaged over the factorial's choices of the others; empty when it was not run."""
    verdict: str
    """``holds back``, ``helps``, ``both`` or ``neither``: lead time or throughput significantly worse, cases right
    significantly better."""


@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """The pool that a choice waits for most, and the proof: one member more, with common random numbers."""

    choice: str
    pool: str
    waiting_h: float
    """Hours per case spent waiting for it."""
    busy: float
    relief_h: Interval
    """How much shorter the lead time is with one member more."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The choices that were simulated, and what follows from them."""

    sheet: Sheet
    named: list[Named]
    outcomes: list[SimulationOutcome]
    effects: list[CellEffect]
    curve: list[int]
    """Places in ``named`` of the choices along the share, drawn at random."""
    kept_best: list[int]
    """Places of those that keep the cells first where people help most and hold back least."""
    pareto: list[int]
    """Places of the choices that no other beats in all of ``PARETO``."""
    bottlenecks: list[Bottleneck]
    findings: list[str]
    """Plain sentences, the claim's verdict first."""

    @property
    def events(self) -> int:
        """Simulated events of all replications."""
        return sum(one.events for one in self.outcomes)


def compare(
    sheet: Sheet,
    config: SimulateConfig,
    what: Design = "all",
    progress: Callable[[int, int], None] | None = None,
    run_with: Callable[..., list[SimulationOutcome]] = run_choices,
) -> Comparison:
    """Run the choices of a design and sum them up.

    Args:
        sheet: the company.
        config: how long and how often; at least two replications.
        what: ``one`` cell at a time, ``factorial``, or ``all`` with the curve over the share.
        progress: called with the replications done and the replications in all.
        run_with: what runs choices: :func:`run_choices` in threads, or one that
            :func:`crewless.company.simulate.ray_runs.on_ray` gives.

    Raises:
        BadInput: nothing can be chosen, or what :func:`run_choices` refuses.
    """
    machines = machine_of(sheet)
    cells = list(machines)
    single = one_at_a_time(sheet)
    many = factorial(sheet) if what in ("factorial", "all") else []
    drawn = along_share(sheet) if what == "all" else []
    named = [*single, *many, *drawn]
    lengths = len(named) + (len(cells) - 1 if what == "all" else 0)
    run = _Runner(sheet, config, progress, lengths, run_with)
    outcomes = run(named)
    effects = _effects(cells, outcomes, outcomes[len(single) : len(single) + len(many)])
    first_drawn = len(single) + len(many)
    curve = [0, *range(first_drawn, first_drawn + len(drawn)), len(cells) + 1] if drawn else []
    kept_best: list[int] = []
    if what == "all":
        order = [e.cell for e in sorted(effects, key=_worth, reverse=True)]
        best = in_order(sheet, order, "people where they help most")
        kept_best = [0, *range(len(named), len(named) + len(best)), len(cells) + 1]
        named, outcomes = [*named, *best], [*outcomes, *run(best)]
    pareto = nondominated(outcomes)
    looked_at = dict.fromkeys([0, len(cells) + 1])
    bottlenecks = [_bottleneck(sheet, config, named[i], outcomes[i], run_with) for i in looked_at]
    return Comparison(
        sheet=sheet, named=named, outcomes=outcomes, effects=effects, curve=curve, kept_best=kept_best, pareto=pareto,
        bottlenecks=bottlenecks, findings=_findings(named, outcomes, effects, curve, bottlenecks, len(cells)),
    )  # fmt: skip


class _Runner:
    """Counts replications over several rounds of choices."""

    def __init__(
        self,
        sheet: Sheet,
        config: SimulateConfig,
        progress: Callable[[int, int], None] | None,
        choices: int,
        run_with: Callable[..., list[SimulationOutcome]],
    ) -> None:
        self.sheet, self.config, self.progress, self.run_with = sheet, config, progress, run_with
        self.done, self.whole = 0, choices * config.replications

    def __call__(self, named: Sequence[Named]) -> list[SimulationOutcome]:
        before, progress = self.done, self.progress
        self.done += len(named) * self.config.replications
        heard = (lambda done, _: progress(before + done, self.whole)) if progress else None
        return self.run_with(self.sheet, [one.choice for one in named], self.config, heard)


def difference(one: SimulationOutcome, other: SimulationOutcome) -> dict[str, Interval]:
    """``one`` minus ``other``, replication by replication, with common random numbers."""
    gap = one.by_replication - other.by_replication
    return {name: interval(gap[:, i]) for i, name in enumerate(MEASURES)}


def main_effects(signs: NDArray[np.int8], outcomes: Sequence[SimulationOutcome], measure: str) -> NDArray[np.float64]:
    """Main effect of each factor: mean where it is 1 minus mean where it is -1. Shape (factors,)."""
    values = np.array([one.measures[measure].mean for one in outcomes])
    return 2 * signs.T.astype(float) @ values / len(values)


def nondominated(outcomes: Sequence[SimulationOutcome]) -> list[int]:
    """Places of those that no other is at least as good as in all of ``PARETO`` and better in one; overloaded ones never."""
    points = np.array([[one.measures[m].mean * BETTER[m] for m in PARETO] for one in outcomes])
    points[[one.overloaded for one in outcomes]] = -np.inf
    front = []
    for i, point in enumerate(points):
        dominated = ((points >= point).all(axis=1) & (points > point).any(axis=1)).any()
        if not dominated and np.isfinite(point).all():
            front.append(i)
    return front


def _effects(cells: list[str], outcomes: list[SimulationOutcome], many: list[SimulationOutcome]) -> list[CellEffect]:
    n = len(cells)
    nobody, everybody = outcomes[0], outcomes[n + 1]
    mains = {m: main_effects(design(n), many, m) for m in MEASURES} if many else {}
    found = []
    for i, cell in enumerate(cells):
        alone = difference(outcomes[1 + i], nobody)
        found.append(
            CellEffect(
                cell=cell,
                alone=alone,
                among=difference(everybody, outcomes[n + 2 + i]),
                main={m: float(values[i]) for m, values in mains.items()},
                verdict=_verdict(alone),
            )
        )
    return found


def significant(one: Interval, sign: int) -> bool:
    """Whether the whole 95 % interval lies on that side of zero."""
    return one.mean * sign > one.half


def _verdict(alone: dict[str, Interval]) -> str:
    back = significant(alone["lead_h"], 1) or significant(alone["throughput"], -1)
    helps = significant(alone["right"], 1)
    return "both" if back and helps else "holds back" if back else "helps" if helps else "neither"


def _worth(effect: CellEffect) -> float:
    """Cases right for each hour of lead time that people at the cell cost: where they should be kept first."""
    right, lead = effect.alone["right"].mean, effect.alone["lead_h"].mean
    return right / max(lead, 0.05) if right > 0 else right - max(lead, 0.0)


def _bottleneck(
    sheet: Sheet,
    config: SimulateConfig,
    named: Named,
    before: SimulationOutcome,
    run_with: Callable[..., list[SimulationOutcome]],
) -> Bottleneck:
    pool = int(np.argmax(before.pool_waiting_h))
    resources = list(sheet.resources)
    resources[pool] = replace(resources[pool], count=resources[pool].count + 1)
    after = run_with(replace(sheet, resources=tuple(resources)), [named.choice], config)[0]
    return Bottleneck(
        choice=named.name,
        pool=resources[pool].name,
        waiting_h=float(before.pool_waiting_h[pool]),
        busy=float(before.busy[pool]),
        relief_h=difference(before, after)["lead_h"],
    )


def _findings(named, outcomes, effects, curve, bottlenecks, cells: int) -> list[str]:
    nobody, everybody = outcomes[0], outcomes[cells + 1]
    by = {v: [e.cell for e in effects if e.verdict in (v, "both")] for v in ("holds back", "helps")}
    gap = difference(everybody, nobody)
    lines = []
    slower = significant(gap["lead_h"], 1)
    lines.append(
        f"All people against no people: lead time {gap['lead_h'].mean:+.3g} h (± {gap['lead_h'].half:.2g}), throughput "
        f"{gap['throughput'].mean:+.3g} a week (± {gap['throughput'].half:.2g}), right {100 * gap['right'].mean:+.2g} points "
        f"(± {100 * gap['right'].half:.2g}), cost {gap['cost'].mean:+.3g} $ a case (± {gap['cost'].half:.2g}). "
        + ("People slow this sheet down." if slower else "People do not slow this sheet down: here the claim is false.")
    )
    if not significant(gap["throughput"], -1):
        lines.append(
            "Throughput is not significantly lower with people: demand limits it, not the sheet. For throughput the claim is false."
        )
    if slower:
        alone = sum(e.alone["lead_h"].mean for e in effects)
        lines.append(
            f"The cells one by one add up to {alone:+.3g} h, all together to {gap['lead_h'].mean:+.3g} h: "
            + (
                "the first human cells cost the most."
                if alone > 1.1 * gap["lead_h"].mean
                else "human cells make each other wait."
                if alone < 0.9 * gap["lead_h"].mean
                else "they hardly affect each other."
            )
        )
        whole = gap["lead_h"].mean
        top = sorted(effects, key=lambda e: -e.alone["lead_h"].mean)[:3]
        for e in top:
            lines.append(
                f"One human cell alone, {e.cell}: lead time {e.alone['lead_h'].mean:+.3g} h (± {e.alone['lead_h'].half:.2g}), "
                f"{100 * e.alone['lead_h'].mean / whole:.0f} % of what all people together cost."
            )
    if curve:
        share = _first_share(named, outcomes, curve)
        lines.append(
            f"From a share of {share:.0%} human cells on, every drawn set of human cells is slower than no people."
            if share is not None
            else "At no share below 100 % is every drawn set of human cells slower than no people: it matters more which cells people keep than how many."
        )
    flat = [e.cell for e in effects if e.verdict in ("helps", "neither")]
    lines.append(
        f"People significantly slow down {len(by['holds back'])} of {cells} cells"
        + (f"; not in {', '.join(flat)}: there the claim is false." if flat else ".")
    )
    if by["helps"]:
        best = max(effects, key=lambda e: e.alone["right"].mean)
        lines.append(
            f"People significantly raise the share of cases right, by finding errors or making fewer, in {', '.join(by['helps'])}; most at {best.cell}: "
            f"{100 * best.alone['right'].mean:+.2g} points of cases right (± {100 * best.alone['right'].half:.2g})."
        )
    else:
        lines.append("In no cell do people, alone among machines, make significantly more cases right.")
    for b in bottlenecks:
        proof = "proved" if significant(b.relief_h, 1) else "not proved"
        lines.append(
            f"Bottleneck of {b.choice}: {b.pool}, cases wait {b.waiting_h:.3g} h each for it, {b.busy:.0%} busy; {proof} by one "
            f"member more: lead time {-b.relief_h.mean:+.3g} h (± {b.relief_h.half:.2g})."
        )
    crowded = [n.name for n, o in zip(named, outcomes, strict=True) if o.overloaded]
    if crowded:
        lines.append(
            f"{len(crowded)} of {len(named)} choices are overloaded: their queues grow, and their lead times only reflect how long was simulated."
        )
    return lines


def _first_share(named: list[Named], outcomes: list[SimulationOutcome], curve: list[int]) -> float | None:
    """The lowest share from which on all sets are significantly slower than none."""
    slow: dict[float, bool] = {}
    for i in curve[1:-1]:
        gap = difference(outcomes[i], outcomes[0])["lead_h"]
        slow[named[i].share] = slow.get(named[i].share, True) and significant(gap, 1)
    found = None
    for share in sorted(slow, reverse=True):
        if not slow[share]:
            break
        found = share
    return found


def performers(sheet: Sheet, named: Named) -> dict[str, str]:
    """The performer of every cell of the sheet under a choice."""
    return {cell.name: cell.performer for cell in chosen(sheet, named.choice)}


__all__ = ["BETTER", "PARETO", "Comparison", "compare", "difference", "nondominated", "performers", "with_people"]
