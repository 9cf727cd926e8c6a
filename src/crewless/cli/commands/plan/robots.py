"""Simulate the robots, the stations and the site's record of a run that commands robots over a broker."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from crewless.core.errors import BadInput

if TYPE_CHECKING:
    from crewless.fleet.simulate.floor import Plant


@dataclass(frozen=True, kw_only=True)
class PlanRobotsConfig:
    """Options of ``crewless plan robots``."""

    folder: Positional[Path]
    """The folder of the run."""
    broker: str = ""
    """mqtt://[USER@]HOST[:PORT] (mqtts:// with TLS) of the broker; the run's own if not given. The password is read from
    CREWLESS_MQTT_PASSWORD."""
    robots: int | None = None
    """How many, as many as were planned if not given; 0: stations and the site's record only, beside real robots."""


def run(config: PlanRobotsConfig) -> int:
    """Simulate until the run ends. Returns 0 when no robot touched another."""
    from crewless.cli.commands.plan._dispatch import check_broker, mishaps_of, reopen
    from crewless.fleet.simulate.remote import simulate
    from crewless.fleet.vda5050.address import broker_address

    check_broker(config.broker)
    blueprint, shift, kept = reopen(config.folder, broker=config.broker)
    if not kept.broker:
        raise BadInput("robots need a broker to speak over", alternatives=["--broker mqtt://127.0.0.1:1883"])
    if config.robots is not None and config.robots < 0:
        raise BadInput(f"{config.robots} robots", alternatives=["0 or more"])
    folder = config.folder
    greeted = False

    def tell(plant: "Plant") -> None:
        nonlocal greeted
        if not greeted:
            greeted = True
            stations = len(plant.robots) - len(plant.fleet)
            print(f"on the floor {len(plant.fleet)} robots and {stations} stations that work by themselves", flush=True)

    print(f"broker       {broker_address(kept.broker)}; run {folder.resolve().name}", flush=True)
    plant = simulate(
        blueprint, shift, folder, broker_address(kept.broker), run=folder.resolve().name, mishaps=mishaps_of(kept),
        seed=kept.seed, pace=kept.pace or 1.0, robots=config.robots, tell=tell,
    )  # fmt: skip
    twice = len(plant.site.done) - len({operation for operation, _, _ in plant.site.done})
    print(
        f"recorded     {len(plant.site.done)} pieces of work, {twice} twice; {plant.motion.conflicts} conflicts in "
        f"{plant.motion.steps:,} steps, {plant.recharges} recharges, {plant.cooling_stops} stops to cool, "
        f"{plant.energy_kwh():,.1f} kWh"
    )
    return 1 if twice or plant.motion.conflicts else 0
