"""The real django-helpdesk on SQLite in a process of its own: the program that the tickets are worked in."""

from crewless.tasks.helpdesk.host.process import HelpdeskHost, HostConfig

__all__ = ["HelpdeskHost", "HostConfig"]
