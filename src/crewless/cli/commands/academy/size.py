"""Say what a target costs in machines, memory, hours and money, from what this machine measures.

The hand is measured for a few seconds with random targets; no hardware is used.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AcademySizeConfig:
    """Options of ``crewless academy size``."""

    worlds: float = 1e6
    """Robots that live at the same time."""
    steps: float = 18 * 3600.0
    """Control steps that each is to make; 18 are a simulated second."""
    hours: float = 24.0
    """The longest that it may take."""
    cores: int = 64
    """Of one machine that is to be used."""
    memory: float = 256.0
    """GiB of one such machine."""
    usd_per_hour: float = 2.0
    """What one such machine costs; an assumption, put your own price here."""


def run(config: AcademySizeConfig) -> int:
    """Measure, reckon, print."""
    from crewless.body.robot.simple import CONTROL_SUBSTEPS, simple_hand
    from crewless.body.robot.sizing import MeasuredSpeed, measure, simulated_hours, size

    def sized(measured: MeasuredSpeed):
        return size(
            measured,
            num_worlds=config.worlds,
            steps_per_world=config.steps,
            cores=config.cores,
            memory_gib=config.memory,
            usd_per_hour=config.usd_per_hour,
            hours=config.hours,
        )

    # Impossible numbers are refused before anything is measured.
    sized(MeasuredSpeed(steps_per_cpu_s=1.0, bytes_per_world=1.0))
    measured = measure(simple_hand().compile(), substeps=CONTROL_SUBSTEPS)
    result = sized(measured)
    lives = f"{simulated_hours(config.steps):,.1f} simulated hours each"
    print(
        f"measured    {measured.steps_per_cpu_s:,.0f} control steps a core second, {measured.bytes_per_world:,.0f} bytes a world"
    )
    print(f"target      {config.worlds:,.0f} worlds, {lives}, within {config.hours:g} h")
    print(
        f"machines    {result.machines:,} of {config.cores} cores and {config.memory:g} GiB, bound by {result.bound_by}"
    )
    print(f"memory      {result.memory_gib:,.1f} GiB for all worlds")
    print(f"hours       {result.hours:,.1f}")
    print(f"cost        ${result.cost_usd:,.0f} at ${config.usd_per_hour:g} a machine hour")
    return 0
