"""Show a simulated robot in the browser, with sliders, and motors coloured by temperature.

Without a specification: the default robot.
"""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class RobotViewConfig:
    """Options of ``crewless robot view``."""

    spec: Positional[Path | None] = None
    """The specification, a YAML file."""
    port: int = 8080
    """Port of the page, on this machine only."""
    seconds: float | None = None
    """Stop after this time; default: run until Ctrl-C."""


def run(config: RobotViewConfig) -> int:
    """Serve it. Returns 0."""
    from crewless.body.robot.design import Design, load_design
    from crewless.body.robot.limits import check
    from crewless.body.robot.view import view

    design = Design() if config.spec is None else load_design(config.spec)
    check(design)
    view(design, port=config.port, seconds=config.seconds)
    return 0
