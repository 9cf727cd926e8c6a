"""Continue a run that was killed, from its event log."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class FleetResumeConfig:
    """Options of ``crewless fleet resume``."""

    folder: Positional[Path]
    """The run folder."""
    pace: float = 0.0
    """Most simulated seconds per second, for watching with crewless dashboard; 0: as fast as possible. With a broker, the pace
    stored in the run is used."""
    broker: str = ""
    """mqtt://[USER@]HOST[:PORT] (mqtts:// with TLS) of the robots' broker; default: the address stored in the run. The
    password is read from CREWLESS_MQTT_PASSWORD."""


def run(config: FleetResumeConfig) -> int:
    """Carry out the remaining operations. Returns 0."""
    from crewless.cli.commands.fleet._dispatch import carry_out, check_broker, reopen
    from crewless.core.runs import RunFolder

    check_broker(config.broker)
    plan, kept = reopen(config.folder, broker=config.broker, pace=config.pace)
    if (config.folder / "outcome.json").is_file():
        raise BadInput(f"the run in {config.folder} has ended; there is nothing to continue")
    carry_out(plan, RunFolder(config.folder), kept, resume=True)
    print(f"run folder   {config.folder}")
    return 0
