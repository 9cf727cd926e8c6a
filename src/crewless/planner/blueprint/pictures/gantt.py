"""A schedule as a Gantt chart: a row for every station, and below how many robots are busy."""

from html import escape
from pathlib import Path

from crewless.core.errors import StorageFull
from crewless.fleet.plan import FleetPlan
from crewless.planner.blueprint.model import Blueprint
from crewless.planner.blueprint.pictures.svg import colours, nice

_LEFT, _WIDTH, _CURVE = 170, 810, 90


def draw_schedule(blueprint: Blueprint, plan: FleetPlan) -> str:
    """SVG text, 1000 pixels wide. Full colour: a robot tends; pale: the station works alone. Loads have no row: they count among
    what the robots are busy with."""
    colour = colours(blueprint)
    process = {station.name: line.process for line in blueprint.lines for station in line.stations}
    used = {one.station for one in plan.operations}
    order = {each.name: number for number, each in enumerate(blueprint.processes)}
    rows = sorted((name for name in process if name in used), key=lambda name: (order[process[name]], len(name), name))
    high = max(3.0, min(20.0, 900 / max(1, len(rows))))
    end = max(plan.makespan_s, 1e-9)
    body = high * len(rows)
    top = 26
    total = top + body + _CURVE + 58
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {total:.0f}" role="img" aria-label="schedule" '
        'font-family="system-ui,sans-serif">'
    ]
    tick, width = 0.0, nice(end / 8)
    while tick <= end:
        x = _LEFT + tick / end * _WIDTH
        out.append(f'<path d="M{x:.1f} {top}V{top + body + _CURVE + 24:.1f}" stroke="#e3e0da"/>')
        out.append(f'<text x="{x:.1f}" y="16" font-size="12" fill="#555" text-anchor="middle">{tick:,.0f} s</text>')
        tick += width
    place = {name: number for number, name in enumerate(rows)}
    # Bands of one process, named once.
    start = 0
    for number, name in enumerate([*rows, ""]):
        if number == len(rows) or process[name] != process[rows[start]]:
            y, tall = top + start * high, (number - start) * high
            kind = process[rows[start]]
            out.append(f'<rect x="{_LEFT - 6}" y="{y:.1f}" width="4" height="{tall:.1f}" fill="{colour[kind]}"/>')
            if tall >= 9:
                out.append(
                    f'<text x="{_LEFT - 12}" y="{y + tall / 2 + 4:.1f}" font-size="12" fill="#222" text-anchor="end">'
                    f"{escape(kind.replace('_', ' '))}</text>"
                )
            out.append(f'<path d="M{_LEFT - 6} {y + tall:.1f}H{_LEFT + _WIDTH}" stroke="#d8d4cb" stroke-width=".6"/>')
            start = number
    for one in plan.operations:
        y = top + place[one.station] * high
        doer = f"tended by {escape(one.robot or 'a robot')}" if one.by_hand else "the station alone"
        x, w = _LEFT + one.start_s / end * _WIDTH, max(0.6, (one.end_s - one.start_s) / end * _WIDTH)
        out.append(
            f'<rect class="st" data-p="{escape(process[one.station])}" x="{x:.1f}" y="{y + high * 0.08:.1f}" '
            f'width="{w:.1f}" height="{high * 0.84:.1f}" fill="{colour[process[one.station]]}" '
            f'fill-opacity="{1 if one.by_hand else 0.4}" stroke="#fff" stroke-width=".3">'
            f"<title>{escape(one.name)}: {one.start_s:,.0f} to {one.end_s:,.0f} s, "
            f"{doer}</title></rect>"
        )
    out += _curve(plan, end, top + body + 24)
    if plan.lower_bound_s < end:
        x = _LEFT + plan.lower_bound_s / end * _WIDTH
        out.append(
            f'<path d="M{x:.1f} {top}V{top + body:.1f}" stroke="#b3261e" stroke-dasharray="5 4" stroke-width="1.4"/>'
            f'<text x="{x - 5:.1f}" y="{top + body + 14:.1f}" font-size="12" fill="#b3261e" text-anchor="end">'
            f"no schedule is shorter than {plan.lower_bound_s:,.0f} s</text>"
        )
    return "".join(out) + "</svg>"


def _curve(plan: FleetPlan, end: float, top: float) -> list[str]:
    """Busy robots over time, as steps."""
    changes: dict[float, int] = {}
    robots = plan.robots.count
    for one in (*plan.operations, *plan.loads):
        if one.by_hand and one.start_s is not None:
            changes[one.start_s] = changes.get(one.start_s, 0) + 1
            changes[one.end_s] = changes.get(one.end_s, 0) - 1
    most = max(robots, 1)
    path, level = [f"M{_LEFT} {top + _CURVE:.1f}"], 0
    for at in sorted(changes):
        x = _LEFT + at / end * _WIDTH
        path.append(f"H{x:.1f}")
        level += changes[at]
        path.append(f"V{top + _CURVE - level / most * _CURVE:.1f}")
    path.append(f"H{_LEFT + _WIDTH}V{top + _CURVE:.1f}Z")
    return [
        f'<path d="M{_LEFT} {top:.1f}H{_LEFT + _WIDTH}" stroke="#999" stroke-dasharray="2 3"/>',
        f'<text x="{_LEFT - 12}" y="{top + 5:.1f}" font-size="12" fill="#555" text-anchor="end">{robots} robots</text>',
        f'<text x="{_LEFT - 12}" y="{top + _CURVE:.1f}" font-size="12" fill="#555" text-anchor="end">busy: 0</text>',
        f'<path d="{"".join(path)}" fill="#3b6ea5" fill-opacity=".35" stroke="#3b6ea5" stroke-width="1"/>',
    ]


def write_schedule_pictures(blueprint: Blueprint, plan: FleetPlan, folder: Path) -> Path:
    """Write ``schedule.svg``. Raises StorageFull."""
    path = folder / "schedule.svg"
    try:
        path.write_text(draw_schedule(blueprint, plan) + "\n")
    except OSError as error:
        raise StorageFull(f"cannot write {path}: {error.strerror}") from error
    return path
