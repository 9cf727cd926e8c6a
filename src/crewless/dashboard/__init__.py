"""A web reader of run folders and of the live event stream. It changes nothing and knows no other room but core."""

from crewless.dashboard.app import Dashboard, DashboardConfig
from crewless.dashboard.folders import Run, Tail, list_runs

__all__ = ["Dashboard", "DashboardConfig", "Run", "Tail", "list_runs"]
