"""A kind of work: what a plugin that brings one must offer (entry-point group ``crewless.tasks``).

:mod:`crewless.core.installed_tasks` finds the installed ones by name and makes one of them from its options.
"""

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

    What a task *can* have besides, because not every task needs it:

    ``options`` (of the class)
        The frozen keyword-only dataclass of its options. The class is then made with an instance as its only argument, and
        without one it takes the defaults. Four names mean something to the commands, which set these fields themselves:
        ``num_cases`` (how many cases), ``seed`` (which ones), ``unseen`` (such as the same task with the same seed never shows
        without it: for a worker who learnt from those), ``num_archive`` (how many cases were solved before). All other
        fields become options of the command, with their docstrings as help.
    ``record``
        After :meth:`setup`, where the system of record lies in files: a sequence of paths. No worker is started that could
        read one of them.
    ``archive()``
        Cases that were solved before and are there to be read: a sequence, after :meth:`setup`.
    ``revive()``
        Start the program anew where it has ended by itself (a server, say; the body looks after what runs on its display), on the
        same system of record. Returns what was done in a few words, empty when all of it lives. Raises BodyFailure.
    ``max_steps``
        How many actions a case may take; 60 when it does not say.
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
