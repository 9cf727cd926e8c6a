"""Estimate the machines, memory, hours and money for a target, from the speed of this machine.

A simulated hand with random targets runs for a few seconds to measure the speed; no hardware is used.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AcademySizeConfig:
    """Options of ``crewless academy size``."""

    worlds: float = 1e6
    """Robots that are simulated at the same time."""
    steps: float = 18 * 3600.0
    """Control steps of each robot; 18 make a simulated second."""
    hours: float = 24.0
    """Hours within which the steps must be done."""
    cores: int = 64
    """CPU cores of one such machine."""
    memory: float = 256.0
    """Memory of one such machine, in GiB."""
    usd_per_hour: float = 2.0
    """Price of one such machine per hour. The default is an assumption: give your own price."""


def run(config: AcademySizeConfig) -> int:
    """Measure, calculate, print."""
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
    each = f"{simulated_hours(config.steps):,.1f} simulated hours each"
    print(
        f"measured    {measured.steps_per_cpu_s:,.0f} control steps a core second, {measured.bytes_per_world:,.0f} bytes a world"
    )
    print(f"target      {config.worlds:,.0f} worlds, {each}, within {config.hours:g} h")
    print(
        f"machines    {result.machines:,} of {config.cores} cores and {config.memory:g} GiB, bound by {result.bound_by}"
    )
    print(f"memory      {result.memory_gib:,.1f} GiB for all worlds")
    print(f"hours       {result.hours:,.1f}")
    print(f"cost        ${result.cost_usd:,.0f} at ${config.usd_per_hour:g} per machine hour")
    return 0
