"""One page with the pictures and every check; it needs no network and no server."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from crewless.core.errors import StorageFull
from crewless.planner.blueprint.checker import Check
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.blueprint.pictures.svg import colours, draw_construction, draw_flow, draw_plan, plain
from crewless.planner.blueprint.sensitivity import SensitivityCase

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:1060px;margin:2rem auto;padding:0 1rem;color:#222}
h1{margin-bottom:.2rem}h2{margin-top:2.4rem}svg{width:100%;height:auto;border:1px solid #e4e0d8;background:#fff}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .6rem;border-bottom:1px solid #eee;text-align:left}
.assumed{background:#fff6df;border-left:4px solid #d9a300;padding:.5rem .9rem}td.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:#b00;font-weight:600}.ok{color:#177245}
button{font:inherit;font-size:13px;border:1px solid #ccc;background:#fff;border-radius:1rem;padding:.1rem .7rem;margin:.15rem;
cursor:pointer}button[aria-pressed=true]{background:#222;color:#fff}i{display:inline-block;width:.8em;height:.8em;
border-radius:2px;margin-right:.4em}.cards{display:flex;gap:.8rem;flex-wrap:wrap}.cards div{background:#f4f2ee;padding:.6rem 1rem;
border-radius:.5rem}.cards b{display:block;font-size:1.3rem}.dim{opacity:.08}.st{transition:opacity .15s}"""

_SCRIPT = """for(const b of document.querySelectorAll('button'))b.onclick=()=>{const on=b.getAttribute('aria-pressed')!='true';
for(const o of document.querySelectorAll('button'))o.setAttribute('aria-pressed',o===b&&on);
for(const r of document.querySelectorAll('.st'))r.classList.toggle('dim',on&&r.dataset.p!==b.dataset.p)}"""


_SCHEDULE = "<!-- schedule -->"
"""Where the chart of a schedule goes."""


def write_pictures(
    blueprint: Blueprint, checks: Sequence[Check], folder: Path, scenarios: Sequence[SensitivityCase] = ()
) -> Path:
    """Write ``plan.svg``, ``construction.svg``, ``flow.svg`` and ``blueprint.html``. Returns the page. Raises StorageFull."""
    drawings = {
        "plan": draw_plan(blueprint),
        "construction": draw_construction(blueprint),
        "flow": draw_flow(blueprint),
    }
    page = folder / "blueprint.html"
    try:
        for name, svg in drawings.items():
            (folder / f"{name}.svg").write_text(svg)
        page.write_text(_page(blueprint, checks, drawings, scenarios))
    except OSError as error:
        raise StorageFull(f"cannot write the pictures to {folder}: {error.strerror}") from error
    return page


def figure(value: float) -> str:
    """A number as a person reads it: thousands in full, four digits of what is smaller."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def add_schedule(page: Path, chart: str, words: str) -> None:
    """Put a schedule's chart into a page that :func:`write_pictures` wrote. Raises StorageFull."""
    try:
        before, _, after = page.read_text().partition(_SCHEDULE)
        page.write_text(f"{before}<h2>Schedule</h2><p>{escape(words)}</p>{chart}{after}")
    except OSError as error:
        raise StorageFull(f"cannot write {page}: {error.strerror}") from error


def _skills(b: Blueprint) -> str:
    """Every task's time and success, and whether somebody measured it."""
    measured = sum(w.tries_measured for w in b.work)
    rows = "".join(
        f'<tr class="st" data-p="{escape(w.process)}"><td>{escape(plain(w.process))}<td>{escape(plain(w.task))}'
        f'<td>{escape(plain(w.skill))}<td class="n">{figure(w.time_s)}<td>{_origin(w.time_measured, w.time_source)}'
        f'<td class="n">{w.tries:.3f}<td>{_origin(w.tries_measured, w.tries_source)}'
        for w in b.work
    )
    return (
        f"<p>{measured} of {len(b.work)} tasks have a success rate that was measured; the rest is assumed. "
        "Point at a word for its source.</p><table><tr><th>process<th>task<th>skill<th>seconds per attempt<th><th>attempts expected<th>"
        f"{rows}</table>"
    )


def _origin(measured: bool, source: str) -> str:
    shown = "measured" if measured else "computed" if source.startswith("computed") else "assumed"
    return f'<span class="{"ok" if measured else ""}" title="{escape(source)}">{shown}</span>'


def _assumed(b: Blueprint, scenarios: Sequence[SensitivityCase]) -> str:
    """What stands and falls with the assumptions, before any figure that follows from them."""
    timed, tried = sum(w.time_measured for w in b.work), sum(w.tries_measured for w in b.work)
    words = (
        f'<p class="assumed"><b>These figures follow from assumptions.</b> Of {len(b.work)} task times {timed} were measured and '
        f"{len(b.work) - timed} are assumed, of as many success rates {tried} were measured; prices, power and areas are assumed, and the "
        "lines are taken to run in all of the planned hours."
    )
    if not scenarios:
        return f"{words}</p>"
    rows = "".join(
        f'<tr><td>{escape(one.name)}<td class="n">{one.stations:,}<td class="n">{one.robots:,}'
        f'<td class="n">{figure(one.power_kw)}<td class="n">{figure(one.build_usd / 1e6)}<td class="n">{figure(one.ground_m2)}'
        f'<td class="bad">{", ".join(one.breaks)}'
        for one in scenarios
    )
    return (
        f"{words} What they would be otherwise, no fewer than:</p><table><tr><th>assumptions<th>stations<th>robots<th>kW"
        f"<th>M USD to build<th>m2 under stations<th>limits broken{rows}</table>"
    )


def _page(b: Blueprint, checks: Sequence[Check], drawings: dict[str, str], scenarios: Sequence[SensitivityCase]) -> str:
    balance = b.balance
    cards = {
        "stations": f"{sum(len(line.stations) for line in b.lines):,}",
        "robots": f"{balance.robots:,}",
        "power": f"{(balance.stations_kw + balance.robots_kw + balance.building_kw) / 1000:,.2f} MW",
        "to build": f"{(balance.stations_usd + balance.robots_usd + balance.building_usd) / 1e6:,.1f} M USD",
        "material a year": f"{balance.material_usd_per_year / 1e6:,.0f} M USD",
        "construction": f"{max(s.end_h for s in b.construction):,.0f} h",
    }
    shown = "".join(f"<div>{name}<b>{value}</b></div>" for name, value in cards.items())
    wanted = ", ".join(f"{rate:,.0f} {plain(part)} a year" for part, rate in b.goal.products.items())
    buttons = "".join(
        f'<button aria-pressed="false" data-p="{escape(name)}"><i style="background:{colour}"></i>{escape(plain(name))}</button>'
        for name, colour in colours(b).items()
    )
    rows = "".join(
        f'<tr><td>{escape(c.name)}<td class="n">{figure(c.figure)}<td class="n">{figure(c.limit)}<td>{escape(c.unit)}'
        f'<td class="{"ok" if c.ok else "bad"}">{"holds" if c.ok else "BROKEN"}'
        for c in checks
    )
    layout = b.layout
    saved = 1 - layout.transport_tonne_m / layout.transport_before_tonne_m if layout.transport_before_tonne_m else 0.0
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(b.goal.name)}</title><style>{_STYLE}</style>'
        f'<h1>{escape(b.goal.name)}</h1><p>{escape(wanted)}</p>{_assumed(b, scenarios)}<h2>As assumed</h2><div class="cards">{shown}</div>'
        f"<h2>Floor plan</h2><p>Choose a process to highlight it in every picture; point at anything for its figures.</p><p>{buttons}</p>{drawings['plan']}<p>Material moves {layout.transport_tonne_m / 1e6:,.2f} "
        f"million tonne-metres a year; the search took {saved:.0%} off. Aisles are grey.</p>"
        f"<h2>Construction</h2><p>Upper bars: foundation; middle: installation; lower: commissioning.</p>"
        f"{drawings['construction']}<h2>Material flow</h2><p>Tonnes a year, from what is bought to what is shipped.</p>{drawings['flow']}"
        f"{_SCHEDULE}<h2>Skills</h2>{_skills(b)}<h2>Checks</h2><table><tr><th>check<th>figure<th>limit<th>unit<th>{rows}</table>"
        f"<script>{_SCRIPT}</script></html>\n"
    )
