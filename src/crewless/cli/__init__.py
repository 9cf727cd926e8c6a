"""The command line: one thin module per command, imported only when its command is called.

A module ``crewless.cli.commands.<name>`` is a command, and a package with modules is a command with subcommands. Each module
holds a frozen dataclass named by its path, such as ``RecordConfig`` or ``PlanDesignConfig``, from which tyro makes the options, and
``run(config) -> int``, which does the work and gives the exit code. A new command is one new file: nothing lists the commands
(:mod:`crewless.cli.command_tree` finds them).
"""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 failed, 2 the input cannot be used, 130 stopped by Ctrl-C.

    An error of Crewless's own tree becomes one line on stderr; ``--debug`` adds the traceback.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        from crewless.cli.command_tree import help_text

        print(help_text())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from crewless import __version__

        print(__version__)
        return 0
    from crewless.cli.call import call

    return call(arguments)


__all__ = ["main"]
