"""The self-expanding site, year by year."""

from crewless.planner.expand.site import ExpandConfig, Month, expand

__all__ = ["ExpandConfig", "Month", "expand"]
