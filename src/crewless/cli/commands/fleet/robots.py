"""Simulate the robots, the stations and the site's record of a run that commands robots over a broker."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.fleet.simulate.floor import SimulatedFloor


@dataclass(frozen=True, kw_only=True)
class FleetRobotsConfig:
    """Options of ``crewless fleet robots``."""

    folder: Positional[Path]
    """The run folder."""
    broker: str = ""
    """mqtt://[USER@]HOST[:PORT] (mqtts:// with TLS) of the broker; default: the address stored in the run. The password is
    read from CREWLESS_MQTT_PASSWORD."""
    robots: int | None = None
    """How many robots; default: as many as the plan has. 0: only the stations and the site's record, for use with real robots."""


def run(config: FleetRobotsConfig) -> int:
    """Simulate until the run ends. Returns 0 when no two robots collided."""
    from crewless.cli.commands.fleet._dispatch import check_broker, mishaps_of, reopen
    from crewless.fleet.simulate.over_broker import simulate_floor
    from crewless.fleet.vda5050.address import broker_address

    check_broker(config.broker)
    plan, kept = reopen(config.folder, broker=config.broker)
    if not kept.broker:
        raise BadInput("this run has no broker", alternatives=["--broker mqtt://127.0.0.1:1883"])
    if config.robots is not None and config.robots < 0:
        raise BadInput(f"{config.robots} robots", alternatives=["0 or more"])
    folder, begun = config.folder, False

    def report_start(floor: "SimulatedFloor") -> None:
        nonlocal begun
        if not begun:
            begun = True
            stations = len(floor.robots) - len(floor.fleet)
            print(f"on the floor {len(floor.fleet)} robots and {stations} automatic stations", flush=True)

    print(f"broker       {broker_address(kept.broker)}; run {folder.resolve().name}", flush=True)
    floor = simulate_floor(
        plan, folder, broker_address(kept.broker), run=folder.resolve().name, mishaps=mishaps_of(kept),
        seed=kept.seed, pace=kept.pace or 1.0, robots=config.robots, progress=report_start,
    )  # fmt: skip
    twice = len(floor.site.done) - len({operation for operation, _, _ in floor.site.done})
    print(
        f"recorded     {len(floor.site.done)} operations, {twice} done twice; {floor.motion.conflicts} conflicts in "
        f"{floor.motion.steps:,} steps, {floor.recharges} recharges, {floor.cooling_stops} stops to cool, "
        f"{floor.energy_kwh():,.1f} kWh"
    )
    return 1 if twice or floor.motion.conflicts else 0
