"""A comparison as JSON, and as one page with plots that needs no network and no server."""

from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from math import isfinite
from typing import Any

from crewless.company.compare.charts import ChartLine, ChartPoint, bars, scatter
from crewless.company.compare.compare import Comparison, difference
from crewless.company.simulate.replications import MEASURES, SimulationOutcome
from crewless.company.simulate.statistics import Interval

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#222}
h1{margin-bottom:.2rem}h2{margin-top:2.4rem}svg{width:100%;height:auto;background:#fff;border:1px solid #e4e0d8;padding:.6rem;
box-sizing:border-box}table{border-collapse:collapse;width:100%;font-size:13px}
td,th{padding:.2rem .5rem;border-bottom:1px solid #eee;text-align:left;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.wide{overflow-x:auto}.note{color:#666;font-size:13px}
li{margin:.4rem 0}"""


def as_json(found: Comparison) -> dict[str, Any]:
    """Everything but the single replications."""
    return {
        "findings": found.findings,
        "choices": [
            asdict(named) | {"measures": _plain(one.measures), "overloaded": one.overloaded, "events": one.events}
            for named, one in zip(found.named, found.outcomes, strict=True)
        ],
        "effects": [
            {"cell": e.cell, "verdict": e.verdict, "alone": _plain(e.alone), "among": _plain(e.among), "main": e.main}
            for e in found.effects
        ],
        "curve": found.curve, "kept_best": found.kept_best, "pareto": found.pareto,
        "bottlenecks": [asdict(one) for one in found.bottlenecks],
    }  # fmt: skip


def _plain(measures: dict[str, Interval]) -> dict[str, dict[str, float | None]]:
    return {
        name: {"mean": one.mean if isfinite(one.mean) else None, "half": one.half if isfinite(one.half) else None}
        for name, one in measures.items()
    }


def report_page(found: Comparison, title: str) -> str:
    """HTML with the plots inside."""
    replications = len(found.outcomes[0].by_replication)
    parts = [
        f"<h1>{escape(title)}: who computes which cell</h1>",
        f'<p class="note">{len(found.named)} choices, {replications} replications each with common random numbers, {found.events:,} events. '
        "± and whiskers are 95 % confidence intervals; differences are taken replication by replication. "
        "Each cell is tested by itself at 95 %: one of twenty may look significant by chance.</p>",
        "<ul>", *(f"<li>{escape(line)}</li>" for line in found.findings), "</ul>",
        "<h2>People at one cell, machines at all others</h2>",
        "<h3>Lead time</h3>", bars("lead time", "hours more than without people", [(e.cell, e.alone["lead_h"]) for e in found.effects]),
        "<h3>Errors caught or avoided</h3>",
        bars("errors", "percentage points of cases that end wrong, more than without people", [(e.cell, _wrong(e.alone["right"])) for e in found.effects]),
        "<h3>Machines at one cell, people at all others</h3>",
        bars("among people", "hours of lead time that the people at this cell cost among people", [(e.cell, e.among["lead_h"]) for e in found.effects]),
    ]  # fmt: skip
    if found.curve:
        parts += ["<h2>Along the share of human cells</h2>"]
        for measure in ("lead_h", "throughput", "right", "cost", "meeting_h"):
            parts += [f"<h3>{escape(measure)}: {escape(MEASURES[measure])}</h3>", _curve(found, measure)]
    parts += ["<h2>Cost, lead time and cases right</h2>", _pareto(found)]
    parts += [
        '<p class="note">Pareto-optimal in cost, lead time and cases right:</p><div class="wide">',
        outcome_table([(found.named[i].name, found.outcomes[i]) for i in found.pareto]), "</div>",
        '<h2>No people, all people</h2><div class="wide">', outcome_table([(b.choice, o) for b, o in zip(found.bottlenecks, _ends(found), strict=True)]),
        "</div>",
    ]  # fmt: skip
    return document(title, parts)


def document(title: str, parts: Sequence[str]) -> str:
    """A whole page."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _wrong(right: Interval) -> Interval:
    return Interval(mean=-100 * right.mean, half=100 * right.half)


def _ends(found: Comparison) -> list[SimulationOutcome]:
    by = {named.name: one for named, one in zip(found.named, found.outcomes, strict=True)}
    return [by[b.choice] for b in found.bottlenecks]


def _curve(found: Comparison, measure: str) -> str:
    def points(places: Sequence[int]) -> tuple[ChartPoint, ...]:
        made = []
        for i in sorted(places, key=lambda i: found.named[i].share):
            one = found.outcomes[i].measures[measure]
            made.append(
                ChartPoint(
                    x=found.named[i].share,
                    y=one.mean,
                    half=one.half,
                    title=f"{found.named[i].name}: {one.mean:.4g} ± {one.half:.2g}",
                )
            )
        return tuple(made)

    return scatter(
        measure, "share of human cells", measure,
        [ChartLine(name="cells drawn at random", points=points(found.curve)),
         ChartLine(name="cells kept where people help most", points=points(found.kept_best), joined=True, colour="#4fa37a")],
        percent_x=True,
    )  # fmt: skip


def _pareto(found: Comparison) -> str:
    front = set(found.pareto)

    def points(on: bool) -> tuple[ChartPoint, ...]:
        return tuple(
            ChartPoint(
                x=one.measures["lead_h"].mean, y=100 * one.measures["right"].mean, half=100 * one.measures["right"].half,
                title=f"{named.name}: {one.measures['lead_h'].mean:.3g} h, {one.measures['right'].mean:.1%} right, {one.measures['cost'].mean:.4g} $",
                colour="#c8553d" if on else "#bbb",
            )
            for i, (named, one) in enumerate(zip(found.named, found.outcomes, strict=True))
            if (i in front) == on and not one.overloaded
        )  # fmt: skip

    return scatter(
        "pareto", "lead time, hours", "cases right, %",
        [ChartLine(name="dominated", points=points(False), colour="#bbb"), ChartLine(name="Pareto-optimal (cost counts too)", points=points(True), colour="#c8553d")],
    )  # fmt: skip


def outcome_table(rows: Sequence[tuple[str, SimulationOutcome]]) -> str:
    """The main measures of some choices."""
    shown = (
        "throughput",
        "lead_h",
        "lead_median_h",
        "lead_p95_h",
        "right",
        "right_first_time",
        "cost",
        "paid",
        "waiting_h",
        "meeting_h",
    )
    head = "".join(f'<th class="n" title="{escape(MEASURES[m])}">{m}</th>' for m in shown)
    body = "".join(
        f"<tr><td>{escape(name)}{' (overloaded)' if one.overloaded else ''}</td>"
        + "".join(f'<td class="n">{one.measures[m].mean:.4g} ± {one.measures[m].half:.2g}</td>' for m in shown)
        + "</tr>"
        for name, one in rows
    )
    return f"<table><tr><th>choice</th>{head}</tr>{body}</table>"


def choice_report(title: str, rows: Sequence[tuple[str, SimulationOutcome]], cells: Sequence[tuple[str, str]]) -> str:
    """A short page of a choice set beside the sheet as it is: the page's download.

    Args:
        title: of the sheet.
        rows: name and outcome; the last is the choice, the first what it is compared with.
        cells: name and performer under the choice.
    """
    base, last = rows[0][1], rows[-1][1]
    gaps = difference(last, base)
    parts = [
        f"<h1>{escape(title)}</h1>", f'<p class="note">{len(last.by_replication)} replications; ± are 95 % confidence intervals.</p>',
        '<div class="wide">', outcome_table(rows), "</div>", f"<h2>{escape(rows[-1][0])} against {escape(rows[0][0])}, common random numbers</h2>",
        "<table><tr><th>measure</th><th class=n>difference</th><th class=n>±</th><th>unit</th></tr>",
        *(f"<tr><td>{m}</td><td class=n>{gaps[m].mean:+.4g}</td><td class=n>{gaps[m].half:.2g}</td><td>{escape(u)}</td></tr>" for m, u in MEASURES.items()),
        "</table>",
    ]  # fmt: skip
    waits = [(name, Interval(mean=float(row[1]), half=0.0)) for (name, _), row in zip(cells, last.cells, strict=True)]
    works = [(name, Interval(mean=float(row[2]), half=0.0)) for (name, _), row in zip(cells, last.cells, strict=True)]
    parts += ["<h2>Waiting at each cell</h2>", bars("waiting", "hours a case", waits)]
    parts += ["<h2>Work at each cell</h2>", bars("work", "hours a case", works)]
    parts += [
        "<h2>Who computes</h2><table>",
        *(f"<tr><td>{escape(n)}</td><td>{p}</td></tr>" for n, p in cells),
        "</table>",
    ]
    return document(title, parts)
