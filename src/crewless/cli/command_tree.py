"""The table of commands. Imports nothing, so that ``crewless --help`` is quick."""

COMMANDS: dict[str, str] = {
    "demo": "the main job from end to end: watch a queue being worked, learn it, work the rest, prove it",
    "record": "record people at work, or the scripted operator",
    "train": "train a worker from recordings",
    "work": "let a trained worker work a queue, each case judged from the system of record",
    "verify": "judge a piece of work from a database: the right change, and no other",
    "open": "open any program on a display of its own, to look at what a worker would see",
    "replay": "make a video of a recorded episode, with what was decided drawn in",
    "plan": "from a goal to a running factory: blueprint, checks, pictures, schedule, simulated shift",
    "skill": "a skill card from results: measured success and time, for the planner",
    "company": "the company as a sheet of cells: what every human cell costs in time, money, errors and meetings",
    "robot": "a hand and a humanoid from motors, gears and heat: model, bill of parts, report; or live in the browser",
    "dashboard": "watch runs in a browser: a live floor map of the fleet, events, progress",
    "academy": "simulated robots by the million: machines, memory, hours and cost for a target",
    "doctor": "say what is missing on this machine, and the command that mends it",
}
"""Name to summary. The module of a command is ``crewless.cli.<name>``."""


def help_text() -> str:
    """What ``crewless --help`` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        [
            "usage: crewless COMMAND [OPTIONS]",
            "",
            "Watches a job being done on a screen, learns it, does it through the same screen, and proves every result.",
            "",
            "commands:",
            *lines,
            "",
            "crewless COMMAND --help   the options of a command",
            "crewless --version        the version",
            "--debug                   with any command: show the traceback of an error",
        ]
    )
