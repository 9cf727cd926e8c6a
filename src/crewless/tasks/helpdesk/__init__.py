"""A helpdesk's queue of tickets, worked in the real django-helpdesk: read, answer, set the status, pass to the team."""

from crewless.tasks.helpdesk.task import HelpdeskConfig, HelpdeskTask

__all__ = ["HelpdeskConfig", "HelpdeskTask"]
