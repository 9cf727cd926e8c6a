"""The command line: one thin module per command, imported only when its command is called.

Each command module ``crewless.cli.<name>`` holds a frozen dataclass ``<Name>Config``, from which tyro makes the options, and
``run(config) -> int``, which does the work and gives the exit code.
"""

import sys
from collections.abc import Sequence

from crewless.cli.table import COMMANDS, help_text


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 it went wrong, 2 the input cannot be used, 130 stopped by Ctrl-C.

    An error of Crewless's own tree becomes one line on stderr; ``--debug`` adds the traceback.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from crewless import __version__

        print(__version__)
        return 0
    from crewless.cli.call import call

    return call(arguments)


__all__ = ["COMMANDS", "main"]
