"""How a self-expanding site grows, and what binds it, as one picture."""

import math
from collections.abc import Sequence
from html import escape
from typing import Protocol

from crewless.planner.blueprint.pictures.svg import nice

_LEFT, _WIDTH, _HIGH = 70, 900, 300
_SHADES = ("#c9d7ea", "#f3d9b8", "#cfe6d3", "#ead0e6", "#f5e6a8", "#f2c9c5", "#cfe8ea", "#dddddd")
_LINES = (("stations", "#1f4e8c"), ("robots", "#188038"), ("panels_kw", "#d17a00"), ("scale", "#8c1d18"))


class SiteMonth(Protocol):
    """One month."""

    @property
    def month(self) -> int: ...  # noqa: D102
    @property
    def limits_growth(self) -> str: ...  # noqa: D102
    @property
    def limits_production(self) -> str: ...  # noqa: D102


def draw_growth(months: Sequence[SiteMonth]) -> str:
    """Stations, own robots, panels and output on a logarithmic axis, each relative to its first month; bands: what binds."""
    words = {"stations": "stations", "robots": "own robots", "panels_kw": "panels", "scale": "output"}
    first = {name: max(1e-9, float(getattr(months[0], name))) for name, _ in _LINES}
    ratio = {name: [max(1e-9, float(getattr(one, name))) / first[name] for one in months] for name, _ in _LINES}
    top = math.ceil(math.log10(max(10.0, *(max(values) for values in ratio.values()))))
    bottom = math.floor(min(0.0, *(math.log10(min(values)) for values in ratio.values())))

    def x(index: float) -> float:
        return _LEFT + index / len(months) * _WIDTH

    def y(value: float) -> float:
        return 20 + _HIGH - (math.log10(value) - bottom) / (top - bottom) * _HIGH

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {_HIGH + 180}" role="img" '
        'aria-label="growth of the site" font-family="system-ui,sans-serif">'
    ]
    for power in range(bottom, top + 1):
        at = y(10.0**power)
        out.append(f'<path d="M{_LEFT} {at:.1f}H{_LEFT + _WIDTH}" stroke="#ddd"/>')
        out.append(
            f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" font-size="12" fill="#555" text-anchor="end">{10.0**power:g} x</text>'
        )
    years, every = len(months) / 12, max(1, int(nice(len(months) / 12 / 10)))
    for year in range(0, int(years) + 1, every):
        out.append(
            f'<text x="{x(12 * year):.1f}" y="{_HIGH + 40}" font-size="12" fill="#555" text-anchor="middle">year {year}</text>'
        )
    for place, (name, colour) in enumerate(_LINES):
        points = " ".join(f"{x(i + 0.5):.1f},{y(value):.1f}" for i, value in enumerate(ratio[name]))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.2"/>')
        left = _LEFT + 14 + place * 130
        out.append(
            f'<path d="M{left} 12h18" stroke="{colour}" stroke-width="3"/>'
            f'<text x="{left + 24}" y="16" font-size="13" fill="#222">{words[name]}</text>'
        )
    reasons = list(dict.fromkeys([one.limits_growth for one in months] + [one.limits_production for one in months]))
    shade = {reason: _SHADES[i % len(_SHADES)] for i, reason in enumerate(reasons)}
    for row, (label, name) in enumerate((("growth", "limits_growth"), ("output", "limits_production"))):
        top_y = _HIGH + 56 + row * 34
        out.append(
            f'<text x="{_LEFT - 8}" y="{top_y + 17}" font-size="12" fill="#555" text-anchor="end">{label}</text>'
        )
        start = 0
        for i in range(1, len(months) + 1):
            if i < len(months) and getattr(months[i], name) == getattr(months[start], name):
                continue
            reason = getattr(months[start], name)
            wide = x(i) - x(start)
            out.append(
                f'<rect x="{x(start):.1f}" y="{top_y}" width="{wide:.1f}" height="26" fill="{shade[reason]}" stroke="#fff">'
                f"<title>months {start + 1} to {i}: {label} is limited by {escape(reason)}</title></rect>"
            )
            start = i
    for place, reason in enumerate(reasons):
        left, line = _LEFT + (place % 5) * 180, _HIGH + 140 + place // 5 * 20
        out.append(f'<rect x="{left}" y="{line - 11}" width="14" height="14" fill="{shade[reason]}"/>')
        out.append(f'<text x="{left + 20}" y="{line}" font-size="12" fill="#222">limited by {escape(reason)}</text>')
    return "".join(out) + "</svg>"
