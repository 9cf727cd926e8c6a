"""Dispatch a shift to simulated robots, or with --broker to whatever robots are there.

A goal is designed and scheduled first; a blueprint is scheduled, unless --schedule names a schedule.
"""

from crewless.cli.commands.plan._dispatch import PlanRunConfig, carry_out, check_broker


def run(config: PlanRunConfig) -> int:
    """Design, schedule, carry out. Returns 0 when every check holds."""
    from crewless.cli.commands.plan._steps import blueprint_of, write_design, write_schedule
    from crewless.core.runs import RunFolder
    from crewless.planner.schedule.shift import check_stations, read_schedule, schedule_shift

    check_broker(config.broker)
    blueprint = blueprint_of(config.what, config.skills, config.seed)
    folder = RunFolder.create(config.runs, "plan-run", config)
    good = write_design(blueprint, folder)
    if config.schedule is not None:
        shift = read_schedule(config.schedule)
        check_stations(shift, blueprint)
    else:
        shift = schedule_shift(blueprint, config.units, rounds=config.rounds, seed=config.seed)
    write_schedule(blueprint, folder, shift)
    carry_out(blueprint, shift, folder, config)
    print(f"run folder   {folder.path}")
    return 0 if good else 1
