"""What is said about robots that cannot be understood or cannot be sent: once for the same words, in the log and to a person."""

from collections.abc import Callable

from crewless.core.events import EventLog

_MOST = 20
"""Different complaints about one robot that are noted."""


class Complaints:
    """Args:
    log: of events.
    warn: called with a robot's name and the words.
    """

    def __init__(self, log: EventLog, warn: Callable[[str, str], None] | None) -> None:
        self._log, self._warn = log, warn
        self._known: dict[str, set[str]] = {}
        self._said: set[tuple[str, str]] = set()

    def __call__(self, resource: str, text: str, about: str = "") -> None:
        """Note it once: a robot that sends nonsense ten times a second must not fill the disk. A person hears once of what is
        ``about`` the same, for instance of the first of many messages that cannot be read."""
        # Names and words come from the wire: nothing in them may steer a terminal or begin a line.
        resource, text = _printable(resource), _printable(text)
        known = self._known.setdefault(resource, set())
        if text in known or len(known) > _MOST:
            return
        known.add(text)
        if len(known) > _MOST:
            text = "more that cannot be understood"
        self._log.add(case="fleet", cell="dispatch", resource=resource, kind="note", outcome=text)
        if self._warn is not None and (resource, about or text) not in self._said:
            self._said.add((resource, about or text))
            self._warn(resource, text)


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)
