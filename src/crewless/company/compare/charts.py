"""Plots as SVG text, without a library: points with intervals, and bars with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10

from crewless.company.simulate.statistics import Interval

COLOURS = {"person": "#e0a03c", "ai": "#5b8dd9", "robot": "#4fa37a"}
"""Colour of each performer; the same on the page and in the report."""
_FONT = 'font-family="system-ui,sans-serif" font-size="12" fill="#444"'


@dataclass(frozen=True, kw_only=True)
class ChartPoint:
    """One choice in a plot."""

    x: float
    y: float
    half: float = 0.0
    title: str = ""
    colour: str = "#5b8dd9"


@dataclass(frozen=True, kw_only=True)
class ChartLine:
    """Points that belong together."""

    name: str
    points: tuple[ChartPoint, ...]
    joined: bool = False
    colour: str = "#5b8dd9"


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round values from ``low`` to ``high``."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    size = 10.0 ** floor(log10(rough))
    step = next(m * size for m in (1, 2, 5, 10) if m * size >= rough)
    first = floor(low / step) + (low / step > floor(low / step))
    return [k * step for k in range(int(first), int(high / step + 1e-9) + 1)]


def scatter(name: str, x: str, y: str, lines: Sequence[ChartLine], *, percent_x: bool = False) -> str:
    """Points, joined where asked, with whiskers of their intervals. Both axes begin at the least value or at 0."""
    points = [p for line in lines for p in line.points if isfinite(p.x) and isfinite(p.y)]
    if not points:
        return ""
    low_x, high_x = _range([p.x for p in points])
    low_y, high_y = _range([p.y + s * (p.half if isfinite(p.half) else 0.0) for p in points for s in (-1, 1)])
    left, top, width, height = 64, 14, 600, 300

    def at(px: float, py: float) -> tuple[float, float]:
        return left + (px - low_x) / (high_x - low_x) * width, top + height - (py - low_y) / (high_y - low_y) * height

    out = [_open(left + width + 20, top + height + 74, name)]
    for tick in ticks(low_y, high_y):
        _, v = at(low_x, tick)
        out.append(
            f'<path d="M{left} {v:.1f}h{width}" stroke="#e8e4dc"/><text x="{left - 8}" y="{v + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for tick in ticks(low_x, high_x):
        u, _ = at(tick, low_y)
        words = f"{100 * tick:g} %" if percent_x else f"{tick:g}"
        out.append(f'<text x="{u:.1f}" y="{top + height + 18}" text-anchor="middle">{words}</text>')
    for line in lines:
        shown = [p for p in line.points if isfinite(p.x) and isfinite(p.y)]
        if line.joined and shown:
            path = "L".join(f"{u:.1f} {v:.1f}" for u, v in (at(p.x, p.y) for p in shown))
            out.append(f'<path d="M{path}" fill="none" stroke="{line.colour}" stroke-width="2" stroke-opacity=".7"/>')
        for p in shown:
            u, v = at(p.x, p.y)
            colour = line.colour if line.joined else p.colour
            if p.half and isfinite(p.half):
                a, b = at(p.x, p.y + p.half)[1], at(p.x, max(low_y, p.y - p.half))[1]
                out.append(f'<path d="M{u:.1f} {a:.1f}V{b:.1f}" stroke="{colour}" stroke-opacity=".5"/>')
            out.append(
                f'<circle cx="{u:.1f}" cy="{v:.1f}" r="3.6" fill="{colour}" fill-opacity=".8"><title>{escape(p.title)}</title></circle>'
            )
    out.append(f'<path d="M{left} {top}v{height}h{width}" fill="none" stroke="#999"/>')
    out.append(f'<text x="{left + width / 2}" y="{top + height + 38}" text-anchor="middle">{escape(x)}</text>')
    out.append(
        f'<text transform="translate(14 {top + height / 2}) rotate(-90)" text-anchor="middle">{escape(y)}</text>'
    )
    place = left
    for line in lines:
        if line.name:
            out.append(
                f'<circle cx="{place + 5}" cy="{top + height + 58}" r="5" fill="{line.colour}"/><text x="{place + 16}" y="{top + height + 62}">{escape(line.name)}</text>'
            )
            place += 34 + 7 * len(line.name)
    return "".join([*out, "</svg>"])


def bars(name: str, unit: str, rows: Sequence[tuple[str, Interval]]) -> str:
    """A bar a row, from zero, red to the right and green to the left, with the interval on it."""
    shown = [(label, one) for label, one in rows if isfinite(one.mean)]
    if not shown:
        return ""
    ends = [0.0] + [one.mean + s * (one.half if isfinite(one.half) else 0) for _, one in shown for s in (-1, 1)]
    low, high = min(ends), max(ends)
    span = (high - low) or 1.0
    left, width, row = 150, 510, 19
    height = row * len(shown)

    def at(value: float) -> float:
        return left + (value - low) / span * width

    out = [_open(left + width + 24, height + 52, name)]
    for tick in ticks(low, high):
        out.append(
            f'<path d="M{at(tick):.1f} 0v{height}" stroke="#e8e4dc"/><text x="{at(tick):.1f}" y="{height + 18}" text-anchor="middle">{tick:g}</text>'
        )
    for i, (label, one) in enumerate(shown):
        y = i * row
        a, b = sorted((at(0), at(one.mean)))
        colour = "#c8553d" if one.mean > 0 else "#4fa37a"
        out.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(_short(label))}</text>')
        out.append(
            f'<rect x="{a:.1f}" y="{y + 3}" width="{max(0.5, b - a):.1f}" height="{row - 6}" fill="{colour}" fill-opacity=".75"><title>{escape(label)}: {one.mean:+.3g} ± {one.half:.2g}</title></rect>'
        )
        if isfinite(one.half):
            out.append(
                f'<path d="M{at(one.mean - one.half):.1f} {y + row / 2}H{at(one.mean + one.half):.1f}" stroke="#222"/>'
            )
    out.append(f'<path d="M{at(0):.1f} 0v{height}" stroke="#666"/>')
    out.append(f'<text x="{left + width / 2}" y="{height + 40}" text-anchor="middle">{escape(unit)}</text></svg>')
    return "".join(out)


def _short(label: str) -> str:
    return label if len(label) <= 22 else label[:21] + "…"


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if min(values) <= 0 <= max(values) and min(values) > -0.05 * max(values):
        low = 0.0  # An interval that reaches a little below zero does not move the axis.
    if low > 0 and low < 0.5 * high:
        low = 0.0
    gap = (high - low) or abs(high) or 1.0
    return (low if low == 0 else low - 0.04 * gap), high + 0.04 * gap


def _open(width: float, height: float, name: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(name)}" {_FONT}>'
    )
