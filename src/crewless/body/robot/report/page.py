"""The report as one HTML file with everything in it, and the same printed to PDF by the system's Chromium."""

# MuJoCo makes its names when it is imported, where no type checker sees them.
# pyright: reportAttributeAccessIssue=false

import base64
import html
import io
import math
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from crewless.body.robot.report import plots
from crewless.body.robot.report.figures import LOAD_S, PAYLOAD_KG, Figures, too_hot
from crewless.core.errors import BodyFailure, MissingTool

_CSS = """
@page { size: A4; margin: 14mm }
body { font: 13px/1.5 "DejaVu Sans", system-ui, sans-serif; color: #1d2126; max-width: 900px; margin: 24px auto; padding: 0 16px }
h1 { font-size: 24px; margin: 0 0 2px } h2 { font-size: 16px; margin: 26px 0 6px; break-after: avoid }
p.note { color: #5b636c; margin: 4px 0 10px } table { border-collapse: collapse; width: 100%; font-size: 11.5px }
th { text-align: right; font-weight: 600; border-bottom: 1.5px solid #1d2126; padding: 3px 6px; vertical-align: bottom }
td { text-align: right; border-bottom: 1px solid #e3e5e8; padding: 3px 6px; font-variant-numeric: tabular-nums }
th:first-child, td:first-child, .bill :is(td, th):nth-child(2) { text-align: left } tr { break-inside: avoid }
.tiles { display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0 }
.tile { border: 1px solid #d8dce0; border-radius: 6px; padding: 7px 12px; min-width: 92px }
.tile b { display: block; font-size: 17px } .tile span { color: #5b636c; font-size: 11px }
.plots { display: grid; grid-template-columns: 1fr 1fr; gap: 10px } .plots > * { break-inside: avoid; min-width: 0 }
.plots svg, .wide svg { width: 100%; height: auto } .wide { max-width: 620px } .hot { color: #b0283c; font-weight: 600 }
img { width: 100%; border-radius: 6px; border: 1px solid #d8dce0 }
.pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 10px }
td { white-space: nowrap } .bill td:nth-child(2) { white-space: normal } thead { display: table-header-group }
@media print { table { font-size: 9.5px } th, td { padding: 2px 4px } h2.bill { break-before: page } }
"""


def page(
    figures: Figures, rows: list[dict[str, Any]], *, pictures: list[bytes], front: str = "", verdict: str = ""
) -> str:
    """The report.

    Args:
        figures: of the design.
        rows: its bill of parts.
        pictures: PNG files of the model.
        front: the search's plot, as SVG; left out when empty.
        verdict: what the search says of the design as given.
    """
    design = figures.design
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(design.name)}</title><style>{_CSS}</style>",
        f"<h1>{html.escape(design.name)}</h1>",
        f"<p class=note>{_what(figures)} No hardware was used: every number follows from the motor table by formula.</p>",
        _tiles(figures),
    ]
    if pictures:
        shown = "".join(
            f'<img alt="" src="data:image/png;base64,{base64.b64encode(one).decode()}">' for one in pictures
        )
        parts.append(f"<div class=pictures>{shown}</div>")
    parts += ["<h2>Drives</h2>", _drives(figures), "<h2>Force, speed and heat</h2>", _plots(figures)]
    if figures.load:
        parts += [f"<h2>{PAYLOAD_KG:g} kg for {LOAD_S / 60:g} minutes</h2>", _load(figures)]
    if front:
        parts += ["<h2>The search</h2>", f"<p class=note>{html.escape(verdict)}</p><div class=wide>{front}</div>"]
    parts += ["<h2 class=bill>Bill of parts</h2>", _bill(rows)]
    return "\n".join(parts) + "</html>\n"


def pictures(design: Any) -> list[bytes]:
    """The model from two sides as PNG; none where this machine cannot draw."""
    import mujoco
    import numpy as np
    from PIL import Image

    from crewless.body.robot.camera import Camera
    from crewless.body.robot.hand import hand_scene
    from crewless.body.robot.humanoid import humanoid

    found = []
    views = [(hand_scene(design), np.array([0.02, -0.10, 0.17]), np.array([0.36, 0.22, 0.36]))]
    if design.body is not None:
        views.insert(0, (humanoid(design), np.array([0.0, 0.0, 0.92]), np.array([1.75, 1.75, 0.4])))
    for spec, target, away in views:
        spec.worldbody.add_camera(name="report", pos=list(target + away), quat=_towards(-away))
        spec.add_texture(
            name="sky",
            type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
            builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
            rgb1=[0.93, 0.94, 0.95],
            width=32,
            height=192,
        )
        spec.visual.headlight.ambient[:] = 0.45
        try:
            model = spec.compile()
            data = mujoco.MjData(model)
            mujoco.mj_forward(model, data)
            camera = Camera(model, name="report", height=600, width=600)
            image = Image.fromarray(np.ascontiguousarray(camera.take(data)[:, :, 2::-1]))
            camera.close()
        except BodyFailure:
            return []
        packed = io.BytesIO()
        image.save(packed, "PNG")
        found.append(packed.getvalue())
    return found


def _towards(direction: Any) -> list[float]:
    """A camera's quaternion (it looks along -z, y up) for a direction."""
    import mujoco
    import numpy as np

    z = -direction / np.linalg.norm(direction)
    x = np.cross([0.0, 0.0, 1.0], z)
    x /= np.linalg.norm(x)
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, np.array([x, np.cross(z, x), z]).T.flatten())
    return quat.tolist()


def print_pdf(page_file: Path, pdf_file: Path) -> None:
    """Print a page. Raises MissingTool: there is no Chromium, or it does not print."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise MissingTool(
            "the PDF is printed by Chromium, which is not installed", alternatives=["apt-get install chromium"]
        )
    with tempfile.TemporaryDirectory(prefix="crewless-") as profile:
        done = subprocess.run(
            [
                program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-pdf-header-footer",
                f"--user-data-dir={profile}",
                f"--print-to-pdf={pdf_file.resolve()}",
                page_file.resolve().as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if done.returncode or not pdf_file.exists():
        raise MissingTool(f"{program} does not print: {' '.join(done.stderr.split())[-200:]}")


def _what(figures: Figures) -> str:
    design = figures.design
    hand = f"{len(design.hand.fingers)} fingers"
    if design.body is None:
        return f"A {design.hand.side} hand of {hand} with its forearm, for a body of {design.height_m:.2f} m, {design.bus_v:g} V."
    return (
        f"A humanoid of {design.height_m:.2f} m and {design.mass_kg:g} kg with two hands of {hand}, {design.bus_v:g} V."
    )


def _tiles(figures: Figures) -> str:
    weakest = min(force for _, force in figures.fingertips.values())
    strongest = max(force for force, _ in figures.fingertips.values())
    tiles = [
        (f"{figures.mass_kg:.3g} kg", "mass"),
        (f"{sum(one.count for one in figures.drives)}", "drives"),
        (f"{weakest:.0f} N", "weakest fingertip, continuous"),
        (f"{strongest:.0f} N", "strongest fingertip, peak"),
        (f"{figures.closing_s:.2f} s", "hand closes"),
        (f"{figures.standing_w:.0f} W", "electronics alone"),
        (f"{figures.continuous_w:.0f} W", "all drives, continuous torque"),
    ]
    if figures.runtime_h is not None:
        tiles.append((f"{figures.runtime_h:.1f} h", f"arms with {PAYLOAD_KG:g} kg, on the battery"))
    return (
        "<div class=tiles>" + "".join(f"<div class=tile><b>{a}</b><span>{b}</span></div>" for a, b in tiles) + "</div>"
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    top = "".join(f"<th>{one}</th>" for one in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _short(value: float) -> str:
    """Three digits, and no powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _drives(figures: Figures) -> str:
    head = [
        "joints",
        "n",
        "motor",
        "ratio",
        "eff.",
        "peak N m",
        "for",
        "cont. N m",
        "rad/s",
        "inertia g m²",
        "play °",
        "band Hz",
    ]
    head += ["bound by", "g", "W"]
    rows = [
        [
            one.group,
            str(one.count),
            one.motor,
            f"{one.ratio:.0f}",
            f"{one.efficiency:.2f}",
            f"{one.peak_nm:.3g}",
            "ever" if one.peak_s is None else f"{one.peak_s:.0f} s",
            f"{one.continuous_nm:.3g}",
            f"{one.speed_rad_s:.2f}",
            _short(1000 * one.inertia_kg_m2),
            f"{math.degrees(one.backlash_rad):.2f}",
            f"{one.bandwidth_hz:.1f}",
            one.bound_by,
            f"{1000 * one.mass_kg:.0f}",
            f"{one.continuous_w:.1f}",
        ]
        for one in figures.drives
    ]
    note = (
        "<p class=note>All at the joint. Peak: at standstill, from cold, for the stated time. Continuous: without time limit, winding "
        "at its limit. Inertia: the rotor's, reflected. Bandwidth: of a sinus of 0.2 rad. W: drawn at the continuous torque, hot.</p>"
    )
    return _table(head, rows) + note


def _plots(figures: Figures) -> str:
    design = figures.design
    shown = [
        plots.torque_speed(design, ("base", "curl", "thumb", "wrist", "roll"), "Hand: torque and speed"),
        plots.fingertips(figures),
        plots.winding(design, "base"),
        plots.winding(design, "knee" if design.body else "wrist"),
        plots.bandwidth(figures, ("base", "curl", "wrist", "elbow", "shoulder", "knee")),
    ]
    if design.body is not None:
        groups = ("hip", "ankle", "shoulder", "elbow", "neck")
        shown.insert(1, plots.torque_speed(design, groups, "Body: torque and speed"))
    note = "<p class=note>Lines: peak, from cold. Dotted: continuous, from standstill.</p>"
    return note + "<div class=plots>" + "".join(f"<div>{one}</div>" for one in shown) + "</div>"


def _load(figures: Figures) -> str:
    loaded = sorted((one for one in figures.load if one.share > 0.05), key=lambda one: -one.winding_c / one.limit_c)
    # Both sides carry the same: one row for the two.
    rows = [
        [
            one.name.removeprefix("right_").replace("_", " "),
            f"{one.torque_nm:.2f}",
            f"{100 * one.share:.0f} %",
            f'<span class="{"hot" if one.winding_c > one.limit_c else ""}">{one.winding_c:.0f}</span>',
            f"{one.limit_c:.0f}",
            f"{one.power_w:.1f}",
        ]
        for one in loaded
        if not one.name.startswith("left_")
    ]
    over = too_hot(figures.load)
    warning = (
        f"<p class=hot>Warning: in this posture, these joints overheat: {html.escape(over)}. To carry for long, change the posture, "
        "reduce the load, or choose stronger drives for these joints.</p>"
        if over
        else ""
    )
    said = "" if over else " No winding passes its limit."
    note = (
        f"<p class=note>Elbows at right angles, palms up, half the weight on each.{said} In all {figures.load_w:.0f} W; the legs, which "
        "stand straight, are not included.</p>"
    )
    table = _table(["drive", "torque N m", "of continuous", "winding °C", "limit °C", "W"], rows)
    return f"{warning}{note}<div class=plots><div>{plots.load(figures)}</div><div>{table}</div></div>"


def _bill(rows: list[dict[str, Any]]) -> str:
    shown = [
        [
            html.escape(str(one["part"])),
            html.escape(str(one["what"])),
            str(one["count"]),
            f"{1000 * one['mass_each_kg']:.0f}",
            f"{one['mass_kg']:.3f}",
        ]
        for one in rows
    ]
    total = sum(float(one["mass_kg"]) for one in rows)
    shown.append(["<b>in all</b>", "", "", "", f"<b>{total:.2f}</b>"])
    sources = sorted({str(one["source"]) for one in rows if one["kind"] == "motor"})
    listed = "".join(f"<li>{html.escape(one)}</li>" for one in sources)
    return (
        _table(["part", "what", "n", "each g", "kg"], shown).replace("<table>", "<table class=bill>")
        + f"<p class=note>Motors:</p><ul class=note>{listed}</ul>"
    )
