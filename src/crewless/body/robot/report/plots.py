"""The report's plots, as SVG. Colours tell apart without red against green; every line is named where it ends or in a legend."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from crewless.body.robot.design import Design, drive
from crewless.body.robot.limits import drives_of
from crewless.body.robot.report.figures import AMPLITUDE_RAD, LOAD_S, Figures

COLOURS = ("#2a5ca8", "#d9822b", "#4a9d8f", "#8a4f9e", "#6b6b6b", "#b8495a", "#9a8a2f")
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e5e8",
    "axes.axisbelow": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "crewless",
}


def figure(width: float = 5.2, height: float = 2.9) -> tuple[Any, Any]:
    """An empty figure and its axes in the report's style, without a display or any global state."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        made = Figure(figsize=(width, height), layout="constrained")
        return made, made.subplots()


def svg(made: Any) -> str:
    """The picture as an <svg> element. The same figure gives the same text."""
    import matplotlib

    text = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        made.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]


def torque_speed(design: Design, groups: Sequence[str], title: str) -> str:
    """Torque over speed of each group's joint: peak (line) and continuous (dots)."""
    made, axes = figure()
    for colour, group in zip(COLOURS, groups, strict=False):
        one = drive(design, group, name=group)
        torques = np.linspace(0.0, one.peak_torque_nm, 60)
        speeds = np.array([one.speed_at(torque) for torque in torques])
        axes.plot([*speeds, 0.0], [*torques, one.peak_torque_nm], color=colour, label=group)
        held = torques <= one.continuous_torque_nm
        axes.plot(
            [*speeds[held], 0.0],
            [*torques[held], one.continuous_torque_nm],
            color=colour,
            linestyle=":",
            linewidth=1.6,
        )
        axes.plot([0.0], [one.continuous_torque_nm], "o", color=colour, markersize=5, clip_on=False, zorder=5)
    axes.set(xlabel="speed of the joint, rad/s", ylabel="torque, N m", title=title)
    axes.set_xlim(left=0.0)
    axes.set_ylim(bottom=0.0)
    axes.legend(frameon=False, fontsize=8)
    return svg(made)


def winding(design: Design, group: str) -> str:
    """The winding of one group's drive under constant torques, from cold."""
    made, axes = figure()
    one = drive(design, group, name=group)
    times = np.geomspace(0.1, 3600.0, 300)
    continuous = one.continuous_current_a
    currents = [(factor * continuous, f"{factor:g} x continuous") for factor in (0.7, 1.0, 1.5)]
    currents.append((one.peak_current_a, "peak"))
    for colour, (current, name) in zip(COLOURS, currents, strict=False):
        if current > one.peak_current_a * (1 + 1e-9):
            continue
        celsius = one.held(current * one.torque_per_amp, times)[:, 0]
        shown = celsius <= 1.15 * one.motor.max_winding_c
        axes.plot(times[shown], celsius[shown], color=colour, label=f"{name}: {current * one.torque_per_amp:.3g} N m")
    axes.axhline(one.motor.max_winding_c, color="#b8495a", linewidth=1.0, linestyle="--")
    axes.annotate(
        "limit",
        (times[0], one.motor.max_winding_c),
        xytext=(2, 3),
        textcoords="offset points",
        color="#b8495a",
        fontsize=8,
    )
    axes.set_xscale("log")
    axes.set(
        xlabel="time, s", ylabel="winding, °C", title=f"{group}: winding under a constant torque ({one.motor.name})"
    )
    axes.set_ylim(top=1.2 * one.motor.max_winding_c)
    axes.legend(frameon=False, fontsize=8, loc="center left")
    return svg(made)


def load(figures: Figures) -> str:
    """The hottest windings while ten kilograms are carried."""
    made, axes = figure()
    by_name = {one.name: one for one in drives_of(figures.design)}
    times = np.linspace(0.0, LOAD_S, 300)
    hottest = sorted(figures.load, key=lambda row: row.winding_c / row.limit_c, reverse=True)
    seen: list[str] = []
    for row in hottest:
        bare = row.name.removeprefix("right_").removeprefix("left_")
        if bare in seen or len(seen) == 5:
            continue
        seen.append(bare)
        one = by_name[row.name]
        celsius = one.held(row.torque_nm, times)[:, 0]
        colour = COLOURS[len(seen) - 1]
        axes.plot(times, celsius, color=colour, label=f"{bare.replace('_', ' ')}, limit {row.limit_c:.0f} °C")
        if celsius.max() > row.limit_c:
            at = int(np.argmax(celsius > row.limit_c))
            axes.plot([times[at]], [celsius[at]], "x", color=colour, markersize=9, markeredgewidth=2)
    axes.set(xlabel="time, s", ylabel="winding, °C", title="10 kg on level forearms (x: over its limit)")
    axes.set_xlim(0.0, LOAD_S)
    axes.legend(frameon=False, fontsize=8)
    return svg(made)


def fingertips(figures: Figures) -> str:
    """Force of each fingertip."""
    made, axes = figure()
    names = list(figures.fingertips)
    at = np.arange(len(names))
    for offset, number, name, colour in ((-0.19, 0, "peak", COLOURS[1]), (0.19, 1, "continuous", COLOURS[0])):
        values = [figures.fingertips[finger][number] for finger in names]
        axes.bar(at + offset, values, width=0.36, color=colour, label=name)
        for place, value in zip(at + offset, values, strict=True):
            axes.text(place, value + 0.4, f"{value:.0f}", ha="center", fontsize=8)
    axes.set_xticks(at, names)
    axes.grid(axis="x", visible=False)
    axes.set(ylabel="force, N", title="Fingertip force, finger straight")
    axes.legend(frameon=False, fontsize=8)
    return svg(made)


def bandwidth(figures: Figures, groups: Sequence[str]) -> str:
    """The fastest sinus of a joint, by its amplitude."""
    from crewless.body.robot.report.figures import joint_inertias

    made, axes = figure()
    moved = joint_inertias(figures.design)
    of_group = {
        "spread": "index_spread",
        "base": "index_base",
        "curl": "index_curl",
        "thumb": "thumb_base",
        "wrist": "wrist_flexion",
        "elbow": "elbow",
        "shoulder": "shoulder_pitch",
        "knee": "knee",
        "hip": "hip_pitch",
    }
    amplitudes = np.geomspace(0.01, 1.0, 80)
    for colour, group in zip(COLOURS, groups, strict=False):
        name = of_group[group]
        load_kg_m2 = moved.get(name, moved.get(f"right_{name}"))
        if load_kg_m2 is None:
            continue
        one = drive(figures.design, group, name=group)
        axes.plot(
            amplitudes,
            [min(one.bandwidth_hz(load_kg_m2, float(amplitude)).values()) for amplitude in amplitudes],
            color=colour,
            label=group,
        )
    axes.axvline(AMPLITUDE_RAD, color="#9aa0a6", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(xlabel="amplitude, rad", ylabel="bandwidth, Hz", title="The fastest sinus of a joint")
    axes.legend(frameon=False, fontsize=8)
    return svg(made)


def front(points: np.ndarray, chosen: np.ndarray, everything: np.ndarray) -> str:
    """Mass against force, heat as colour.

    Args:
        points: the front, shape (n, 3): mass (kg), force (N), heat (W).
        chosen: the design that the search began with, shape (3,).
        everything: all designs that were tried and can be, shape (m, 3).
    """
    made, axes = figure(6.6, 3.9)
    axes.scatter(1000 * everything[:, 0], everything[:, 1], s=5, color="#d3d6da", label="tried", linewidths=0)
    shown = axes.scatter(
        1000 * points[:, 0], points[:, 1], c=points[:, 2], cmap="cividis_r", s=34, zorder=3, label="Pareto front"
    )
    axes.scatter(
        [1000 * chosen[0]],
        [chosen[1]],
        marker="*",
        s=150,
        color=COLOURS[1],
        zorder=4,
        label=f"as given ({chosen[2]:.1f} W)",
    )
    made.colorbar(shown, ax=axes, label="heat in the hand while each fingertip holds 5 N, W")
    axes.set(
        xlabel="drives of a hand, g", ylabel="weakest fingertip, continuous, N", title="Mass against force against heat"
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return svg(made)
