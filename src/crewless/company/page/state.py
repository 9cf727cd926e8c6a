"""Requests and answers of the page: a sheet with the sliders' changes, simulated, as JSON values."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from crewless.company.compare.compare import BETTER, compare, difference, significant
from crewless.company.compare.report import choice_report, report_page
from crewless.company.sheet.layout import layout
from crewless.company.sheet.model import PERFORMERS, Duration, Performer, Pool, Sheet, WorkProfile
from crewless.company.sheet.quantiles import quantiles_of, scaled
from crewless.company.sheet.write_bpmn import write_bpmn
from crewless.company.simulate.compiled import chosen
from crewless.company.simulate.replications import MEASURES, SimulateConfig, SimulationOutcome, run_choices
from crewless.core.errors import BadInput

_MADE = re.compile(r"(choice|merge|again|split|join) \d+|.*/.*|\w*\d\w*")
"""Names of gateways that say nothing: those of discovery, of implicit splits, and ids."""
AI_POOL = "ai worker"
"""The resource of a machine that the sheet does not know."""
QUICK = SimulateConfig(weeks=13.0, warmup_weeks=3.0, replications=8, batches=13)
"""Simulation behind one click: a few hundredths of a second per replication, so that the page answers quickly."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A state of the page: who does what, and the sliders."""

    choice: dict[str, Performer]
    demand: float = 1.0
    """Factor on the sheet's arrival rate."""
    errors: float = 1.0
    """Factor on all error probabilities."""
    members: dict[str, int] | None = None
    """Of pools; the others keep theirs."""
    machine: WorkProfile | None = None
    """How an AI worker does the cells that say only how people do them; None: it does none of them."""
    workers: int = 1
    """So many of it."""


def scenario_of(sheet: Sheet, asked: Any, worker: WorkProfile | None = None) -> Scenario:
    """From JSON values; ``worker`` is the measured one, if there is any. Raises BadInput when they are not what the page sends."""
    if not isinstance(asked, dict):
        raise BadInput(f"the page sent {asked!r}", alternatives=["an object"])
    choice: dict[str, Performer] = {}
    for name, performer in dict(asked.get("choice") or {}).items():
        known: Performer | None = next((p for p in PERFORMERS if p == performer), None)
        if known is None:
            raise BadInput(f"{name}: performer {performer!r}", alternatives=PERFORMERS)
        choice[name] = known
    members = dict(asked.get("members") or {})
    pools = {r.name for r in sheet.resources}
    for name, count in members.items():
        if name not in pools:
            raise BadInput(f"there is no resource {name!r}", alternatives=sorted(pools))
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 10_000:
            raise BadInput(f"{name}: {count!r} members", alternatives=["1 to 10,000"])
    numbers = {}
    for name, low, high in (("demand", 0.05, 20.0), ("errors", 0.0, 20.0)):
        value = asked.get(name, 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise BadInput(f"{name} {value!r}", alternatives=[f"{low:g} to {high:g}"])
        numbers[name] = float(value)
    machine, workers = _machine(asked.get("machine"), worker)
    return Scenario(choice=choice, members=members, machine=machine, workers=workers, **numbers)


def _machine(asked: Any, worker: WorkProfile | None) -> tuple[WorkProfile | None, int]:
    if not asked:
        return None, 1
    if not isinstance(asked, dict):
        raise BadInput(f"machine {asked!r}", alternatives=["seconds, error and workers", "measured"])
    if asked.get("measured"):
        if worker is None:
            raise BadInput("no worker was measured", alternatives=["--worker run:DIR", "seconds and error"])
        return worker, 1
    found = {}
    for name, low, high in (("seconds", 0.0, 1e7), ("error", 0.0, 1.0), ("workers", 1.0, 10_000.0)):
        value = asked.get(name, 1.0 if name == "workers" else None)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise BadInput(f"a machine's {name} {value!r}", alternatives=[f"{low:g} to {high:g}"])
        found[name] = float(value)
    duration = Duration(numbers=(found["seconds"] / 3600,))
    return WorkProfile(resource=AI_POOL, duration=duration, error=found["error"]), int(found["workers"])


def changed(sheet: Sheet, scenario: Scenario) -> Sheet:
    """The sheet with the sliders' changes."""
    between = scaled(sheet.arrival.between, 1 / scenario.demand)
    members = scenario.members or {}
    sheet = with_machine(sheet, scenario.machine, scenario.workers) if scenario.machine else sheet
    cells = sheet.cells
    if scenario.errors != 1.0:
        cells = tuple(
            replace(
                cell, works={p: replace(w, error=min(1.0, w.error * scenario.errors)) for p, w in cell.works.items()}
            )
            for cell in cells
        )
    return replace(
        sheet,
        cells=cells,
        resources=tuple(replace(r, count=members.get(r.name, r.count)) for r in sheet.resources),
        arrival=replace(sheet.arrival, between=between),
    )


def with_machine(sheet: Sheet, machine: WorkProfile, workers: int = 1) -> Sheet:
    """The sheet in which an AI worker could do every cell that says only how people do it; who does it stays as it was."""
    pool = AI_POOL
    while any(one.name == pool for one in sheet.resources):
        pool += " too"
    work = replace(machine, resource=pool)
    return replace(
        sheet,
        cells=tuple(
            cell if set(cell.works) - {"person"} else replace(cell, works={**cell.works, "ai": work})
            for cell in sheet.cells
        ),
        resources=(*sheet.resources, Pool(name=pool, count=workers)),
    )


class Page:
    """The sheet as it was opened, and its outcome, with which every answer is compared."""

    def __init__(
        self,
        sheet: Sheet,
        choice: Mapping[str, Performer],
        name: str,
        seed: int = 0,
        worker: WorkProfile | None = None,
        measured: str = "",
    ) -> None:
        """``worker``: what an AI worker was measured to do; ``measured``: where."""
        self.worker, self.measured = worker, measured
        self.sheet = replace(sheet, cells=tuple(chosen(sheet, choice)))
        self.name = name
        self.config = replace(QUICK, seed=seed)
        self.base = run_choices(self.sheet, [{}], self.config)[0]

    def opening(self) -> dict[str, Any]:
        """What the page needs to draw itself."""
        return {
            "name": self.name,
            "measures": MEASURES,
            "better": BETTER,
            "cells": [
                {"name": c.name, "role": c.role, "performer": c.performer, "able": [p for p in PERFORMERS if p in c.works],
                 "meeting": c.meeting.people if c.meeting else 0, "pools": {p: w.resource for p, w in c.works.items()}}
                for c in self.sheet.cells
            ],
            "pools": [{"name": r.name, "count": r.count, "calendar": r.calendar} for r in self.sheet.resources],
            "map": map_of(self.sheet),
            "worker": self.worker and {"words": _worker_words(self.worker, self.measured)},
            "replications": self.config.replications,
            "weeks": self.config.weeks,
        }  # fmt: skip

    def answer(self, asked: Any) -> dict[str, Any]:
        """Simulate the scenario. Raises BadInput."""
        return self._as_json(self._run(scenario_of(self.sheet, asked, self.worker)))

    def report(self, asked: Any) -> str:
        """The scenario beside the sheet as it was opened, a page with plots."""
        scenario = scenario_of(self.sheet, asked, self.worker)
        cells = [(cell.name, cell.performer) for cell in chosen(changed(self.sheet, scenario), scenario.choice)]
        return choice_report(self.name, [("as opened", self.base), ("as chosen", self._run(scenario))], cells)

    def comparison(self, asked: Any) -> str:
        """All choices under the scenario's sliders, a page with plots: some seconds."""
        scenario = scenario_of(self.sheet, asked, self.worker)
        return report_page(compare(changed(self.sheet, scenario), self.config, "all"), self.name)

    def model(self, asked: Any) -> str:
        """The scenario as a BPMN model."""
        from tempfile import TemporaryDirectory

        scenario = scenario_of(self.sheet, asked, self.worker)
        sheet = changed(self.sheet, scenario)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.bpmn"
            write_bpmn(replace(sheet, cells=tuple(chosen(sheet, scenario.choice))), path)
            return path.read_text(encoding="utf-8")

    def _run(self, scenario: Scenario) -> SimulationOutcome:
        return run_choices(changed(self.sheet, scenario), [scenario.choice], self.config)[0]

    def _as_json(self, found: SimulationOutcome) -> dict[str, Any]:
        gaps = difference(found, self.base)
        return {
            "measures": {
                name: {"mean": _number(one.mean), "half": _number(one.half), "gap": _number(gaps[name].mean),
                       "gap_half": _number(gaps[name].half), "significant": significant(gaps[name], 1) or significant(gaps[name], -1)}
                for name, one in found.measures.items()
            },
            "cells": [[_number(value) for value in row] for row in found.cells.tolist()],
            "busy": [_number(value) for value in found.busy.tolist()],
            "waiting": [_number(value) for value in found.pool_waiting_h.tolist()],
            "overloaded": found.overloaded,
        }  # fmt: skip


def map_of(sheet: Sheet) -> dict[str, Any]:
    """Nodes with their layers and columns, and arrows with their shares, labels and delays: what the process map draws."""
    places = layout(sheet)
    kinds = {cell.name: "cell" for cell in sheet.cells} | {gateway.name: gateway.kind for gateway in sheet.gateways}
    splits = Counter(arrow.source for arrow in sheet.arrows)
    return {
        "layers": places.layers,
        "columns": places.columns,
        "nodes": [
            {"name": name, "kind": kind, "layer": places.layer[name], "column": places.column[name], "titled": not _MADE.fullmatch(name)}
            for name, kind in kinds.items()
        ],
        "arrows": [
            {"source": a.source, "target": a.target, "label": a.label, "delay_h": sum(quantiles_of(a.delay, 50)) / 50,
             "share": a.probability if kinds[a.source] in ("xor", "event", "or") else 1.0,
             "choice": kinds[a.source] in ("xor", "event", "or") and splits[a.source] > 1}
            for a in sheet.arrows
        ],
    }  # fmt: skip


def _worker_words(worker: WorkProfile, measured: str) -> str:
    seconds = 3600 * sum(quantiles_of(worker.duration, 100)) / 100
    return f"{seconds:.3g} s a visit, {worker.error:.1%} wrong" + (f" ({measured})" if measured else "")


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
