"""Every error that Crewless raises on purpose.

CrewlessError
├── BadInput                 what the user gave cannot be used            exit 2
│   ├── CorruptRecording     an episode cannot be read back
│   └── CheckpointMismatch   a checkpoint of another version or task
├── MissingTool              a program or a package is not installed      exit 2
├── BodyFailure              the body died under the worker               retry is safe after a restart
│   ├── DisplayDied
│   └── ProgramCrashed       the program on the display ended by itself
├── ActionUncertain          an action was sent and its effect is unknown never retried blindly
├── RecordUnreachable        the system of record cannot be read          retry is safe
└── StorageFull              nothing more can be written to the disk      retry is safe after freeing space

Each says what was wrong, the value, and the alternatives, in one line. ``retry_safe`` says whether doing the same
thing again can do harm: the work queue reads it before it hands a case out a second time.
"""

from collections.abc import Iterable


class CrewlessError(Exception):
    """Base of the tree. ``str(error)`` is one line for a person.

    Args:
        message: what was wrong, with the value in it.
        alternatives: what would have been accepted, or the command that mends it.
    """

    retry_safe: bool = False
    exit_code: int = 1

    def __init__(self, message: str, *, alternatives: Iterable[str] = ()) -> None:
        self.message = message
        self.alternatives = tuple(alternatives)
        super().__init__(message)

    def __str__(self) -> str:
        if not self.alternatives:
            return self.message
        return f"{self.message} (try: {'; '.join(self.alternatives)})"


class BadInput(CrewlessError):
    """What the user gave cannot be used; nothing was changed."""

    retry_safe = True
    exit_code = 2


class CorruptRecording(BadInput):
    """An episode on disk cannot be read back."""


class CheckpointMismatch(BadInput):
    """A checkpoint was made by another version, for another task, or is damaged."""


class MissingTool(CrewlessError):
    """A program or a package that this command needs is not installed."""

    retry_safe = True
    exit_code = 2


class BodyFailure(CrewlessError):
    """The body died under the worker; the case goes back to the queue once reality has been looked at."""

    retry_safe = True


class DisplayDied(BodyFailure):
    """The X display is gone."""


class ProgramCrashed(BodyFailure):
    """The program on the display ended by itself."""


class ActionUncertain(CrewlessError):
    """An action was sent, and whether it took effect is not known. Look at the system of record before anything else."""


class RecordUnreachable(CrewlessError):
    """The system of record (a database, a file) cannot be read."""

    retry_safe = True
    exit_code = 2


class StorageFull(CrewlessError):
    """The disk is full; what was written so far is complete and readable."""

    retry_safe = True


_BY_NAME = {
    name: kind for name, kind in globals().items() if isinstance(kind, type) and issubclass(kind, CrewlessError)
}


def error_to_json(error: CrewlessError) -> dict[str, str | list[str]]:
    """An error in JSON values, for another process: the keys ``error``, ``message``, ``alternatives``."""
    return {"error": type(error).__name__, "message": error.message, "alternatives": list(error.alternatives)}


def error_from_json(error: str, message: str, alternatives: Iterable[str] = ()) -> CrewlessError:
    """The error of another process, from what :func:`error_to_json` made of it; of the base class when its name is not known."""
    return _BY_NAME.get(error, CrewlessError)(message, alternatives=alternatives)
