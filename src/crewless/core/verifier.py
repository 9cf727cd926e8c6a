"""The judge: reads the system of record from outside, never the worker's screen."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from crewless.core.messages import Case, Verdict


@runtime_checkable
class Verifier(Protocol):
    """Says whether the world really changed as it should have, and in no other way."""

    def before(self, case: Case) -> Mapping[str, Any]:
        """Read the state that the case starts from. Raises RecordUnreachable."""
        ...

    def judge(self, case: Case, before: Mapping[str, Any], *, claimed_done: bool) -> Verdict:
        """Compare the state now with the state before. Raises RecordUnreachable."""
        ...
