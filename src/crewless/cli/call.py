"""Calls a command, and turns what goes wrong into one line and an exit code."""

import difflib
import errno
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType

from crewless.cli.table import COMMANDS
from crewless.core.errors import BadInput, CrewlessError, MissingTool, StorageFull


def call(arguments: Sequence[str]) -> int:
    """Run ``arguments[0]`` with the options after it. Returns the exit code."""
    name, options = arguments[0], [a for a in arguments[1:] if a != "--debug"]
    debug = "--debug" in arguments
    if threading.current_thread() is threading.main_thread():
        # Otherwise a killed command would leave its display and its browser running.
        signal.signal(signal.SIGTERM, _terminated)
        # A shell starts background jobs with Ctrl-C ignored, and Python leaves it so.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return _run(name, options)
    except CrewlessError as error:
        failure = error
    except KeyboardInterrupt:
        print(f"crewless {name}: stopped by Ctrl-C; what was written so far is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone, as in `crewless doctor | head -1`; what is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "crewless":
            raise
        mend = "make install", "python -m pip install -c constraints.txt -e '.[company,helpdesk,planner,robot,train]'"
        failure = MissingTool(f"this command needs the package {error.name}, which is not installed", alternatives=mend)
        failure.__cause__ = error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        failure = StorageFull(f"the disk is full: {error.filename or error}", alternatives=["free some space"])
        failure.__cause__ = error
    if debug:
        traceback.print_exception(failure)
    prefix = f"crewless {name}" if name in COMMANDS else "crewless"
    print(f"{prefix}: {' '.join(str(failure).split())}", file=sys.stderr)
    return failure.exit_code


def _run(name: str, options: Sequence[str]) -> int:
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
        raise BadInput(f"there is no command {name!r}", alternatives=[*(near or COMMANDS), "crewless --help"])
    import tyro

    module = importlib.import_module(f"crewless.cli.{name}")
    config = tyro.cli(
        getattr(module, f"{name.title()}Config"),
        prog=f"crewless {name}",
        description=module.__doc__,
        args=options,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff),
    )
    return module.run(config)


def _terminated(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)
