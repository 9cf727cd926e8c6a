"""A kind of work: what a plugin that brings one must offer (entry-point group ``crewless.tasks``)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from crewless.core.body import Body
from crewless.core.messages import Case
from crewless.core.policy import Policy
from crewless.core.verifier import Verifier


@runtime_checkable
class Task(Protocol):
    """Everything needed to pose the work, to do it by script, and to judge it.

    Where the system of record lies in files, a task can say so after :meth:`setup` with an attribute or property ``record``,
    a sequence of paths: no worker is started that could read one of them. It is optional, because not every record is a file.
    """

    name: str

    def setup(self, folder: Path) -> None:
        """Start the real program and its system of record; everything it writes goes below ``folder``."""
        ...

    def cases(self) -> Sequence[Case]:
        """The work, in order. A case holds what the queue gives, never the answer."""
        ...

    def open(self, *, scripted: bool = False) -> Body:
        """A fresh body with the program on it, logged in, at the place where the work begins.

        Args:
            scripted: leave a door open behind the screen, where :meth:`oracle` needs one. Never for a worker.
        """
        ...

    def oracle(self, body: Body) -> Policy:
        """A scripted policy that knows the answers and must pass, for a body of ``open(scripted=True)``."""
        ...

    def verifier(self) -> Verifier:
        """The judge."""
        ...

    def teardown(self) -> None:
        """Stop everything that ``setup`` started. Safe to call twice."""
        ...
