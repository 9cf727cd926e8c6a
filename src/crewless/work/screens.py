"""Whether a task is worked on a screen: only such work can be recorded, and learnt by a sealed worker."""

from typing import Protocol, cast

from crewless.core.body import Body
from crewless.core.errors import BadInput
from crewless.core.photons import FrameRing
from crewless.core.task import Task


class ScreenOfTask(Body, Protocol):
    """A body with an X display, whoever made it."""

    @property
    def display(self) -> str:
        """Its name, such as ``:77``."""
        ...

    @property
    def ring(self) -> FrameRing:
        """Where its frames are."""
        ...


def open_screen(task: Task, *, scripted: bool = False) -> ScreenOfTask:
    """Open a task's body. Raises BadInput when it is no screen; it is closed again."""
    body = task.open(scripted=scripted)
    # A robot has a ring too, and no display.
    if isinstance(getattr(body, "display", None), str):
        return cast(ScreenOfTask, body)
    kind = type(body).__name__
    body.close()
    raise BadInput(
        f"the task {task.name!r} has no screen: its body is a {kind}",
        alternatives=[f"crewless work --oracle --task {task.name}", "a task that is worked on a screen"],
    )
