"""A web reader of run folders and of the live event stream. It changes nothing and knows no other room but core."""

from crewless.dashboard.folders import Run, Tail, list_runs
from crewless.dashboard.server import Dashboard, DashboardConfig

__all__ = ["Dashboard", "DashboardConfig", "Run", "Tail", "list_runs"]
