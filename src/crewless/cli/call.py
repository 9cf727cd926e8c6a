"""Calls a command, and turns an error into one line and an exit code."""

import difflib
import errno
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from types import FrameType

from crewless.cli.command_tree import Command, command_tree, subcommands_text
from crewless.core.errors import BadInput, CrewlessError, MissingTool, StorageFull


def call(arguments: Sequence[str]) -> int:
    """Run the command that the first words of ``arguments`` name with the options after them. Returns the exit code."""
    options, debug = [a for a in arguments if a != "--debug"], "--debug" in arguments
    if threading.current_thread() is threading.main_thread():
        # Otherwise a killed command would leave its display and its browser running.
        signal.signal(signal.SIGTERM, _terminated)
        # A shell starts background jobs with Ctrl-C ignored, and Python leaves it so.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    found: list[Command] = []
    try:
        return _run(found, options)
    except CrewlessError as error:
        failure = error
    except KeyboardInterrupt:
        print(f"{_prefix(found)}: stopped by Ctrl-C; everything written so far is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone, as in `crewless doctor | head -1`; what is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "crewless":
            raise
        install = (
            "make install",
            "python -m pip install -c constraints.txt -e '.[company,helpdesk,planner,robot,train]'",
        )
        failure = MissingTool(
            f"this command needs the package {error.name}, which is not installed", alternatives=install
        )
        failure.__cause__ = error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        failure = StorageFull(f"the disk is full: {error.filename or error}", alternatives=["free some space"])
        failure.__cause__ = error
    if debug:
        traceback.print_exception(failure)
    print(f"{_prefix(found)}: {' '.join(str(failure).split())}", file=sys.stderr)
    return failure.exit_code


def _run(found: list[Command], arguments: Sequence[str]) -> int:
    """Find the command, parse its options, run it. The command and its subcommand are added to ``found``."""
    tree, words = command_tree(), list(arguments)
    while tree:
        if not words or (found and words[0] in ("-h", "--help", "help")):
            return _without_subcommand(found[-1], asked=bool(words))
        found.append(_command(tree, words.pop(0), found))
        tree = found[-1].subcommands
    import tyro

    command = found[-1]
    module = importlib.import_module(command.module)
    # A command whose options depend on what is asked for, as on a task, makes their dataclass when it is called.
    make_config = getattr(module, "config_for", lambda arguments: getattr(module, command.config))
    config = tyro.cli(
        make_config(words),
        prog=_prefix(found),
        description=module.__doc__,
        args=words,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff),
    )
    return module.run(config)


def _command(tree: Mapping[str, Command], word: str, found: Sequence[Command]) -> Command:
    if word in tree:
        return tree[word]
    if found:
        raise BadInput(f"there is no subcommand {word!r}", alternatives=[*tree, f"{_prefix(found)} --help"])
    near = difflib.get_close_matches(word, tree, n=1, cutoff=0.5)
    raise BadInput(f"there is no command {word!r}", alternatives=[*(near or tree), "crewless --help"])


def _without_subcommand(command: Command, *, asked: bool) -> int:
    if asked:
        print(subcommands_text(command))
        return 0
    raise BadInput("a subcommand is missing", alternatives=[*command.subcommands, f"crewless {command.name} --help"])


def _prefix(found: Sequence[Command]) -> str:
    return f"crewless {found[-1].name}" if found else "crewless"


def _terminated(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)
