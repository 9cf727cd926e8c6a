"""Design a robot from a specification: model, bill of parts, report as HTML and PDF.

The model opens in any MuJoCo viewer. Without a specification: the default robot.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

if TYPE_CHECKING:
    from crewless.body.robot.design import Design
    from crewless.core.runs import RunFolder


@dataclass(frozen=True, kw_only=True)
class RobotDesignConfig:
    """Options of ``crewless robot design``."""

    spec: Positional[Path | None] = None
    """The specification, a YAML file."""
    runs: Path = Path("runs")
    """Where the run folder goes."""
    optimize: bool = False
    """Search motors, gears and pulleys of the hand; shows the Pareto front of mass, force and heat."""
    generations: int = 40
    """Generations of the search, with --optimize."""
    pdf: bool = True
    """Also write the report as a PDF (needs Chromium)."""
    seed: int = 0
    """Seed of the search, with --optimize."""


def run(config: RobotDesignConfig) -> int:
    """Check the specification and design."""
    from crewless.body.robot.design import Design, load_design
    from crewless.body.robot.limits import check

    design = Design() if config.spec is None else load_design(config.spec)
    check(design)
    return _design(design, config)


def _design(design: "Design", config: RobotDesignConfig) -> int:
    from dataclasses import fields

    from crewless.body.robot.hand import hand_scene
    from crewless.body.robot.humanoid import humanoid
    from crewless.body.robot.report.bill import bill, to_csv
    from crewless.body.robot.report.figures import figures
    from crewless.body.robot.report.page import page, pictures, print_pdf
    from crewless.core.runs import RunFolder

    folder = RunFolder.create(config.runs, "robot-design", config)
    front, verdict = _optimize(design, folder, config) if config.optimize else ("", "")
    result, rows = figures(design), bill(design)
    spec = hand_scene(design) if design.body is None else humanoid(design)
    spec.compile()
    (folder.path / "robot.xml").write_text(spec.to_xml())
    (folder.path / "parts.csv").write_text(to_csv(rows))
    folder.write_json("figures.json", {one.name: _plain(getattr(result, one.name)) for one in fields(result)})
    report = folder.path / "report.html"
    report.write_text(page(result, rows, pictures=pictures(design), front=front, verdict=verdict))
    _print(result)
    for name, path in (("model", folder.path / "robot.xml"), ("parts", folder.path / "parts.csv"), ("report", report)):
        print(f"{name:<12} {path}")
    if config.pdf:
        print_pdf(report, folder.path / "report.pdf")
        print(f"{'pdf':<12} {folder.path / 'report.pdf'}")
    return 0


def _plain(value):
    """Numbers for a JSON file; of the design its name, the rest is in the specification."""
    from dataclasses import asdict

    from crewless.body.robot.design import Design
    from crewless.body.robot.report.figures import DriveFigures, LoadFigures

    if isinstance(value, Design):
        return value.name
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return asdict(value) if isinstance(value, (DriveFigures, LoadFigures)) else value


def _print(result) -> None:
    from rich.console import Console
    from rich.table import Table

    from crewless.body.robot.report.figures import too_hot

    table = Table(title=result.design.name, title_justify="left", header_style="bold", box=None)
    for name in ("joints", "n", "motor", "peak N m", "continuous N m", "rad/s", "Hz", "g"):
        table.add_column(name, justify="left" if name in ("joints", "motor") else "right")
    for one in result.drives:
        table.add_row(
            one.group,
            str(one.count),
            one.motor,
            f"{one.peak_nm:.3g}",
            f"{one.continuous_nm:.3g}",
            f"{one.speed_rad_s:.2f}",
            f"{one.bandwidth_hz:.1f}",
            f"{1000 * one.mass_kg:.0f}",
        )
    Console().print(table)
    weakest = min(force for _, force in result.fingertips.values())
    print(f"{'fingertip':<12} {weakest:.1f} N continuously, the hand closes in {result.closing_s:.2f} s")
    print(f"{'power':<12} {result.standing_w:.0f} W standing, {result.continuous_w:.0f} W at every continuous torque")
    if result.load:
        over = too_hot(result.load)
        said = "ten minutes" if over else "ten minutes, no winding over its limit"
        print(f"{'10 kg':<12} {result.load_w:.0f} W on level forearms for {said}")
        if over:
            print(f"{'warning':<12} overheats: {over}; change the posture, or choose stronger drives")


def _optimize(design: "Design", folder: "RunFolder", config: RobotDesignConfig) -> tuple[str, str]:
    """The search's plot as SVG, and how the given design compares."""
    import yaml
    from rich.progress import Progress

    from crewless.body.robot.report.optimise import as_spec, search
    from crewless.body.robot.report.plots import front

    with Progress(transient=True) as progress:
        bar = progress.add_task("search", total=config.generations)
        found = search(
            design,
            generations=config.generations,
            seed=config.seed,
            on_generation=lambda: progress.update(bar, advance=1),
        )
    rows = [
        {"drives_kg": float(one[0]), "fingertip_n": float(one[1]), "heat_w": float(one[2]), "hand": as_spec(choice)}
        for choice, one in zip(found.choices, found.points, strict=True)
    ]
    folder.write_json("front.json", rows)
    (folder.path / "best.yaml").write_text(yaml.safe_dump({"hand": {"drives": as_spec(found.knee)}}, sort_keys=False))
    print(
        f"{'search':<12} {found.tried:,} designs, {len(rows)} on the front; best.yaml is the best compromise of the three"
    )
    verdict = found.verdict()
    print(f"{'':<12} {verdict}")
    return front(found.points, found.start, found.everything), verdict[0].upper() + verdict[1:] + "."
